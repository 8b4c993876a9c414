"""What waits for a physician: unanswered alerts and suggestions by risk and age, what was put aside, overdue sets."""

import streamlit as st

from detox.clinical.model import Admission
from detox.errors import DetoxError
from detox.instants import wall
from detox.reports import inbox as reading
from detox.reports.board import Tile
from detox.reports.inbox import Asked, Call, Entry, Inbox, Late
from detox.ui import frame, suggestion_card, tiles, words
from detox.ui.words import esc

REFRESH_S = 5
OPEN_PX = 130
REASONS = 2


def _entries(heading: str, entries: tuple[Entry, ...], here: frame.Visit) -> None:
    if not entries:
        return
    st.html(f'<div class="dx-big">{esc(heading)} ({len(entries)})</div>')
    for number, entry in enumerate(entries):
        told = tiles.alert_html(entry.alert, here.now, entry.tile, here.zone, here.ward.temperature_unit)
        _row(entry.tile, entry.admission, told, f"{heading}-{number}")


def _failed(admissions: tuple[Admission, ...]) -> None:
    for admission in admissions:
        st.error(f"The suggestion for {words.plain(words.name(admission))} cannot be worked out: decide without it.")


def _late(late: tuple[Late, ...]) -> None:
    if not late:
        return
    st.html(f'<div class="dx-big">Overdue sets ({len(late)})</div>')
    for number, one in enumerate(late):
        told = f'<div class="dx-alert unknown"><b>? {esc(one.overdue.message)}</b> {esc(one.overdue.action)}</div>'
        _row(one.tile, one.admission, told, f"late-{number}")


def _calls(calls: tuple[Call, ...], here: frame.Visit) -> None:
    """Dangers that no open alert tells of; they are answered on the patient's page."""
    if not calls:
        return
    st.html(f'<div class="dx-big">Dangers without a physician\'s answer ({len(calls)})</div>')
    for number, one in enumerate(calls):
        _row(one.tile, one.admission, tiles.danger_html(one.danger, here.now), f"call-{number}")


def _asked(asked: tuple[Asked, ...], here: frame.Visit) -> None:
    """Each suggestion that nobody has decided on; deciding is done beside the patient's course."""
    if not asked:
        return
    st.html(f'<div class="dx-big">Suggestions to decide on ({len(asked)})</div>')
    for number, one in enumerate(asked):
        _row(one.tile, one.admission, asked_html(one, here), f"asked-{number}", label="Decide")


def asked_html(one: Asked, here: frame.Visit) -> str:
    """What is suggested, the first reasons, and how long it has waited."""
    made = one.suggestion
    kind = made.suggestion_class
    action = words.DOSE_ACTIONS.get(str(made.dose_action), "")
    withdrawn = "<b>▲ The ground of an earlier decision was corrected.</b> " if one.withdrawn else ""
    why = " ".join(made.reasons[:REASONS])
    waited = f"waits {words.ago(one.since, here.now)}, rule {', '.join(made.rules)}"
    return (
        f'<div class="dx-alert {suggestion_card.look(kind)}">{withdrawn}<b>{suggestion_card.sign(kind)}'
        f"{esc(words.SUGGESTIONS[kind])}.</b> {esc(action)} {esc(why)} "
        f'<span class="dx-quiet">{esc(waited)}</span></div>'
    )


def _row(tile: Tile, admission: Admission, told: str, key: str, label: str = "Open") -> None:
    """Whom it is about, what it is, and the way to the patient's page."""
    where = esc(words.bed(tile.bed))
    who = (
        f'<div class="dx-head"><span class="dx-bed">{where}</span><span class="dx-name">{esc(words.name(admission))}'
        f'</span><span class="dx-quiet">day {tile.day} · {esc(words.PROGRAMMES[admission.programme])}</span></div>'
    )
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small", key=f"row-{key}"):
        st.html(who + told)
        with st.container(width=OPEN_PX):
            st.page_link("pages/patient.py", label=label, query_params={"admission": admission.id}, width="stretch")


@st.fragment(run_every=REFRESH_S)
def _inbox() -> None:
    here = frame.visit()
    try:
        with here.see() as tx:
            seen: Inbox = reading.inbox(tx, here.ward.id, here.now)
    except DetoxError as error:
        st.error(f"The inbox cannot be read: {words.plain(error)} Look at the patients themselves until it can.")
        return
    as_of = wall(here.now, here.zone, "%H:%M:%S")
    st.html(f'<div class="dx-quiet">data as of <b>{as_of}</b>, live</div>')
    if seen.empty:
        st.html(
            '<div class="dx-note">Nothing waits: no alert is unanswered or put aside, and no set is overdue. '
            "It tells of what was recorded, and of nothing else.</div>"
        )
    _entries("Critical, unanswered", seen.critical, here)
    _calls(seen.calls, here)
    _failed(seen.failed)
    _asked(seen.asked, here)
    _entries("Warnings, unanswered", seen.warning, here)
    _entries("Told on a card that was answered", seen.told, here)
    _entries("Put aside", seen.aside, here)
    _late(seen.overdue)
    if seen.silent:
        beds = ", ".join(words.bed(one.tile.bed) if one.tile.bed else words.name(one.admission) for one in seen.silent)
        st.html(
            f'<div class="dx-note">? For {len(seen.silent)} patients nothing can be suggested: data are missing or too '
            f"old: {esc(beds)}. That says nothing about how they are.</div>"
        )


if frame.visit().may("decide"):
    _inbox()
else:
    st.error("Physicians see this page.")
