"""The notes since the last decision, as card and dose form show them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from detox.clinical.model import Observation
from detox.ui import words
from detox.ui.words import esc

ACCEPTING = "Accepting says that these notes were read."
_UNREAD = ' <span class="dx-val not_assessed">? unread by a physician</span>'


def notes_html(notes: Sequence[Observation], zone: ZoneInfo, now: datetime) -> str:
    """Each note with its time and author, the newest first; marked until a physician has written or read it."""
    if not notes:
        return ""
    all_unread = all(one.role != "physician" for one in notes)
    head = "Notes since the last decision" + (" (unread by a physician)" if all_unread else "")
    listed = "".join(_line(one, zone, now, mark=not all_unread) for one in notes)
    return f'<div class="dx-note"><b>{head}</b><ul class="px-notes">{listed}</ul></div>'


def _line(one: Observation, zone: ZoneInfo, now: datetime, *, mark: bool) -> str:
    """`mark` is False where the head has said of all of them that no physician has read them."""
    by = f"{esc(one.recorded_by)}{', physician' if one.role == 'physician' else ''}"
    unread = _UNREAD if mark and one.role != "physician" else ""
    return f"<li>{words.when(one.taken_at, zone, now)} {by}: {esc(one.note)}{unread}</li>"
