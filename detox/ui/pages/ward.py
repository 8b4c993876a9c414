"""The ward manager's page: accounts, beds, and how much of the clinical content is reviewed."""

import streamlit as st

from detox.care import allow_programmes, ask_two_people, set_escalation
from detox.clinical.administration import ALLOWED, TWO_PEOPLE, giving_file
from detox.clinical.alerts.escalation import SETTING, answering_file
from detox.errors import DetoxError, Refused
from detox.reports.protocols import count_words, review_states
from detox.reports.since import escalation_minutes
from detox.store import find, orders
from detox.ui import (
    account_forms,
    frame,
    measuring_quality_section,
    protocol_tables,
    saving,
    style_patient,
    who_saw_section,
    words,
)
from detox.ui.words import esc


@st.fragment
def _escalation() -> None:
    """After how many minutes an unanswered critical alert is with whom."""
    here = frame.visit()
    rule = answering_file().escalation
    with here.store.read() as tx:
        minutes, own = escalation_minutes(tx, here.ward.id), orders.ward_setting(tx, here.ward.id, SETTING)
    key = saving.entry_id(here, "escalation", own or "")
    st.caption("A critical alert that nobody has answered is, after so many minutes, with:")
    with st.form(f"escalation-{key}", enter_to_submit=False):
        for stage, wait, column in zip(rule.stages, minutes, st.columns(len(minutes)), strict=True):
            column.number_input(
                f"{stage.who.capitalize()}, minutes", value=wait, min_value=1, max_value=rule.ward_most_min,
                key=f"{stage.who}-{key}",
            )  # fmt: skip
        saving.problems(key)
        st.form_submit_button("Set for this ward", key=f"save-{key}", on_click=_escalate, args=(key,))
    first = ", ".join(f"{one.who} {one.after_min}" for one in rule.stages)
    state = "Set by this ward; proposed are" if own else "As proposed:"
    st.caption(words.plain(f"{state} {first} ({rule.source})."))


def _escalate(key: str) -> None:
    minutes = [st.session_state.get(f"{one.who}-{key}") for one in answering_file().escalation.stages]
    here = frame.visit()
    try:
        if None in minutes:
            raise Refused("A time is missing: enter the minutes of every stage.")
        set_escalation(here.store, here.by, here.ward.id, [int(one) for one in minutes if one is not None], here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


@st.fragment
def _treatments() -> None:
    """Which treatments are lawful here, and which drugs take two people."""
    here = frame.visit()
    file = giving_file()
    with here.store.read() as tx:
        allowed = orders.ward_setting(tx, here.ward.id, ALLOWED)
        two = orders.ward_setting(tx, here.ward.id, TWO_PEOPLE)
    key = saving.entry_id(here, "treatments", allowed or "", two or "")
    choices = (*file.jurisdiction.locked, *file.jurisdiction.asked)
    with st.form(f"treatments-{key}", enter_to_submit=False):
        st.pills(
            "Lawful and authorised here (nothing is, until somebody says so)", choices, selection_mode="multi",
            format_func=words.PROGRAMMES.__getitem__, default=[c for c in choices if c in (allowed or "").split()],
            key=f"allowed-{key}",
        )  # fmt: skip
        st.caption(words.plain(f"{file.jurisdiction.source} [{file.jurisdiction.evidence}]"))
        st.pills(
            "Drugs that take two people: the second one is charted with the dose", file.witness.choices,
            selection_mode="multi", default=[c for c in file.witness.choices if c in (two or "").split()],
            key=f"two-{key}",
        )  # fmt: skip
        st.caption(words.plain(f"{file.witness.source} [{file.witness.evidence}]"))
        saving.problems(key)
        st.form_submit_button("Set for this ward", key=f"save-{key}", on_click=_set_treatments, args=(key,))


def _set_treatments(key: str) -> None:
    allowed = list(st.session_state.get(f"allowed-{key}") or ())
    two = list(st.session_state.get(f"two-{key}") or ())
    here = frame.visit()
    try:
        allow_programmes(here.store, here.by, here.ward.id, allowed, here.now)
        ask_two_people(here.store, here.by, here.ward.id, two, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _beds(here: frame.Visit) -> None:
    with here.see() as tx:
        beds = find.beds(tx, here.ward.id)
        names = {a.id: words.name(a) for a in find.admissions_here(tx, here.ward.id)}
    rows = [
        f"<tr><td><b>{esc(b.label)}</b></td><td>{esc(names.get(b.admission_id or '', 'free'))}</td></tr>" for b in beds
    ]
    st.html(words.table(("Bed", "Who lies in it"), rows))
    shifts = ", ".join(f"{s.name} from {s.starts_at}" for s in here.ward.shifts)
    st.caption(words.plain(f"{here.ward.name}; {here.ward.time_zone}; shifts: {shifts}."))


def _protocols(here: frame.Visit) -> None:
    """How much of the clinical content nobody has reviewed, and the way to it."""
    with here.store.read() as tx:
        states = review_states(tx)
    st.html(protocol_tables.count_html(states, count_words(states.values())))
    st.page_link("pages/protocols.py", label="Read, check and sign every number")


def _page() -> None:
    here = frame.visit()
    if not here.may("add_clinician"):
        st.error("Ward managers see this page.")
        return
    st.subheader("Accounts")
    account_forms.accounts()
    account_forms.changes()
    st.subheader("Clinical content")
    _protocols(here)
    st.subheader("Unanswered alerts")
    _escalation()
    st.subheader("Treatments")
    _treatments()
    st.subheader("Beds")
    _beds(here)
    who_saw_section.draw()
    measuring_quality_section.draw(here)


st.html(style_patient.sheet())
_page()
