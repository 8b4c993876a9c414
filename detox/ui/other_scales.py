"""Every assessment of an admission by a scale other than COWS and NEWS2: when, who, which scale, what it says."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from detox.clinical.model import Assessment, Observation
from detox.store import Connection, find
from detox.ui import scale_words, words
from detox.ui.words import esc

TITLE = "Other scales"


def section_html(tx: Connection, admission_id: str, zone: ZoneInfo, now: datetime) -> str:
    """The whole admission as a table, newest first; replaced ones struck through. All text is escaped here."""
    seen = find.observations(tx, admission_id, replaced=True)
    rows = [_row(o, made, zone, now) for o, made in _newest_first(seen)]
    if not rows:
        return '<p class="dx-quiet">No other scale was recorded during this admission.</p>'
    head = "".join(f'<th scope="col">{name}</th>' for name in ("When", "Scale", "Says", "Asks for", "By", "Note"))
    return (
        '<p class="dx-quiet">All of them, newest first. No decision or dose follows from these numbers alone.</p>'
        f'<div class="dx-table" tabindex="0" role="region" aria-label="{TITLE}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _newest_first(seen: list[Observation]) -> Iterator[tuple[Observation, Assessment]]:
    for observation in reversed(seen):
        for made in scale_words.other(observation):
            yield observation, made


def _row(seen: Observation, made: Assessment, zone: ZoneInfo, now: datetime) -> str:
    unknown = " not_assessed" if not made.complete else ""
    says = f'<b class="dx-val wraps{unknown}">{esc(scale_words.total(made))}</b>'
    asks = "<br>".join(
        f'<b class="dx-val wraps critically_high">▲▲ {esc(f.label)}</b>' for f in scale_words.flags(made)
    )
    cells = [
        f"<td>{words.when(seen.taken_at, zone, now)}</td>",
        f'<td class="wrap">{esc(scale_words.full_name(made.scale))}</td>',
        f'<td class="wrap">{_struck(says, seen)}</td>',
        f'<td class="px-narrow">{_struck(asks, seen)}</td>',
        f'<td>{esc(seen.recorded_by)}<br><span class="dx-quiet">{esc(seen.role)}</span></td>',
        f'<td class="wrap">{"<br>".join(part for part in (esc(seen.note), _corrects(seen)) if part)}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _corrects(seen: Observation) -> str:
    if seen.replaced_by is not None:
        return '<span class="dx-quiet">replaced, see the corrected set</span>'
    return f'<span class="dx-quiet">corrects: {esc(seen.replace_reason)}</span>' if seen.replaces else ""


def _struck(text: str, seen: Observation) -> str:
    return f"<s>{text}</s>" if seen.replaced_by is not None and text else text
