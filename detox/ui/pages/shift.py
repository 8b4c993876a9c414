"""The shift summary: what was done, not done, refused and not recorded; the file beside the counts it must match."""

import streamlit as st

from detox.access import exports
from detox.errors import DetoxError
from detox.instants import wall
from detox.reports import shift as reading
from detox.reports.shift import ShiftPeriod, ShiftSummary
from detox.ui import frame, shift_html, style_patient, words

BACK = 6
TICKET_S = 30  # a ticket lives for 60 seconds: the link on the screen is always a fresh one


def _label(found: ShiftPeriod, here: frame.Visit) -> str:
    start = wall(found.starts_at, here.zone, "%a %-d %b")
    now = " (now)" if found.starts_at <= here.now < found.ends_at else ""
    return words.plain(f"{start} {found.name}{now}")


@st.fragment(run_every=TICKET_S)
def _file(key: str) -> None:
    """The link to the file, made anew before its ticket runs out; fetching it is written into the audit trail."""
    here = frame.visit()
    if not here.may("export"):
        return
    address = exports.ticket(here.session, "shift", here.now, ward_id=here.ward.id, shift_key=key)
    st.html(f'<a class="dx-button" href="{words.esc(address)}" target="_blank" rel="noopener">Shift summary as CSV</a>')


def _head(found: ShiftSummary, here: frame.Visit) -> None:
    start, end = (wall(at, here.zone, "%a %-d %b %H:%M") for at in (found.period.starts_at, found.period.ends_at))
    state = f"still running, as of {wall(found.as_of, here.zone)}" if found.running else "over"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(
            f'<span class="dx-big">{words.esc(found.period.name)}</span> <span class="dx-quiet">{start} to {end}, '
            f"{state}; times of {words.esc(here.ward.time_zone)}</span>"
        )
        _file(found.period.key)
    st.html(shift_html.counts_html(found))
    st.caption("The file holds one line a patient; the sums of its count columns are the numbers above.")


def _page() -> None:
    here = frame.visit()
    st.subheader("Shift summary")
    try:
        periods = {p.key: p for p in reading.recent(here.ward, here.now, BACK)}
        newest = next(iter(periods))
        key = st.segmented_control(
            "Shift", list(periods), default=newest, required=True, key="shift", wrap=True,
            format_func=lambda k: _label(periods[k], here) if k in periods else k,
        )  # fmt: skip
        found = reading.summary(
            here.store, here.by, here.ward.id, periods.get(key or newest, periods[newest]), here.now
        )
    except DetoxError as error:
        st.error(words.plain(error))
        return
    _head(found, here)
    st.html(shift_html.dangers_html(found, here.zone))
    st.html(shift_html.blocks_html(found, here.zone))
    st.caption(f"Unknown: {reading.UNRECORDED}")
    st.html(shift_html.table_html(found, here.zone, here.now, here.ward.temperature_unit))


st.html(style_patient.sheet())
_page()
