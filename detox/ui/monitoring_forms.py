"""How often this patient is observed: the line in force with its source, what was ordered, and the form to order."""

from datetime import timedelta

import streamlit as st

from detox.care.monitoring import end_interval, order_interval, protocol_line
from detox.clinical.model import Admission, IntervalOrder
from detox.clinical.monitoring import schedule
from detox.errors import DetoxError, Refused
from detox.reports.patient import PatientPage
from detox.store import orders
from detox.ui import frame, saving, words
from detox.ui.words import esc

MINUTES = (15, 30, 60, 120, 180, 240, 360, 480, 720)
HOURS = (2, 4, 8, 12, 24)


@st.fragment
def forms(page: PatientPage) -> None:
    """The interval in force and its source; the orders that hold; a form for whoever may order."""
    here, admission = frame.visit(), page.admission
    if admission.discharged_at is not None:
        return
    with here.see(admission.id) as tx:
        every = orders.interval_orders(tx, admission.id)
        asked = protocol_line(tx, admission, here.now)
    st.markdown("**How often this patient is observed**")
    st.html(_in_force_html(page.tile.due, asked, here))
    with frame.place():
        _holding([o for o in every if o.holds_at(here.now)], admission, here)
    if here.may("order_interval"):
        _order_form(here, admission, asked, len(every))
    else:
        st.caption("Nurses shorten the interval, physicians also lengthen it for a time.")
    saving.redrawn()


def _in_force_html(due: schedule.Due | None, asked: schedule.Line, here: frame.Visit) -> str:
    """What is due next and by which line, and what the protocol asks by schedule alone."""
    told = []
    if due is not None:
        at = words.when(due.at, here.zone, here.now)
        told.append(
            f"Next: {esc(schedule.WHAT[due.what])} <b>{at}</b>, {esc(due.words(here.zone))} "
            f'<span class="dx-quiet">[{esc(due.evidence)}] {esc(due.source)}</span>'
        )
    told.append(
        f"By schedule alone: {esc(schedule.line_words(asked, here.zone))} "
        f'<span class="dx-quiet">[{esc(asked.row.evidence)}] {esc(asked.row.source)}</span>'
    )
    return "".join(f"<div>{line}</div>" for line in told)


def _holding(holding: list[IntervalOrder], admission: Admission, here: frame.Visit) -> None:
    for one in holding:
        until = f"until {words.when(one.until_at, here.zone, here.now)}" if one.until_at else "until somebody ends it"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(
                f'<div class="dx-note">⚑ <b>every {schedule.words(one.interval_min)}</b>, ordered by {esc(one.set_by)} '
                f"{words.when(one.set_at, here.zone, here.now)}, {until}: {esc(one.reason)}</div>"
            )
            if here.may("order_interval"):
                st.button("End this order", key=f"cease-{one.id}", on_click=_end, args=(admission.id, one.id))
    saving.problems(f"intervals-{admission.id}")


def _end(admission_id: str, order_id: str) -> None:
    here, key = frame.visit(), f"intervals-{admission_id}"
    try:
        end_interval(here.store, here.by, order_id, here.now, admission_id=admission_id)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _order_form(here: frame.Visit, admission: Admission, asked: schedule.Line, before: int) -> None:
    key = saving.entry_id(here, admission.id, "interval", before)
    rule = schedule.monitoring_file().orders
    minutes = [m for m in MINUTES if rule.shortest_min <= m <= rule.longest_min]
    if not here.may("lengthen"):
        minutes = [m for m in minutes if m <= asked.interval_min]
    with st.expander("Order another interval", key=f"interval-{key}"):
        st.segmented_control("Every", minutes, format_func=schedule.words, key=f"every-{key}", wrap=True)
        st.segmented_control(
            f"Until: a longer interval than {schedule.words(asked.interval_min)} needs an end",
            [h for h in HOURS if h <= rule.longest_hours], format_func=lambda h: f"in {h} h", key=f"until-{key}",
            wrap=True,
        )  # fmt: skip
        st.text_input("Why", key=f"interval-why-{key}", placeholder="vomiting, pulse rising")
        saving.problems(key)
        st.button("Order", key=f"save-{key}", type="primary", on_click=_order, args=(key, admission.id))


def _order(key: str, admission_id: str) -> None:
    every, hours = st.session_state.get(f"every-{key}"), st.session_state.get(f"until-{key}")
    reason = str(st.session_state.get(f"interval-why-{key}") or "")
    here = frame.visit()
    try:
        if every is None:
            raise Refused({"interval_min": "Choose how often the patient is to be observed."})
        until = None if hours is None else here.now + timedelta(hours=int(str(hours)))
        wanted = IntervalOrder(key, admission_id, int(str(every)), reason, here.now, until)
        order_interval(here.store, here.by, wanted, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)
