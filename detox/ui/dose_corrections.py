"""Correcting a charted dose: what is right and what was wrong, or that it was entered in error."""

from datetime import date, datetime, time

import streamlit as st

from detox.care import amend_dose, dose_in_error
from detox.care.correcting import by_plan
from detox.care.dose_holds import physicians
from detox.care.dosing import second_people
from detox.clinical.administration import TWO_PEOPLE
from detox.clinical.model import Dose
from detox.errors import DetoxError, Refused
from detox.reports.patient import PatientPage
from detox.store import orders
from detox.ui import frame, saving, words

ERROR = "error"
_NOW = {"given": "Was given", "held": "Was held", "refused": "Was refused", ERROR: "Entered in error"}


@st.fragment
def form(page: PatientPage) -> None:
    """Choose a charted dose and say what is right. Nothing of the first entry is lost."""
    here = frame.visit()
    if not here.may("chart_dose"):
        return
    charted = {d.id: d for d in reversed(page.doses)}
    if not charted:
        st.caption("No dose is charted that could be corrected.")
        return
    key = saving.entry_id(here, page.admission.id, "dose-correction", len(page.corrected))
    chosen = st.selectbox(
        "Charted entry to correct", list(charted), index=None, key=f"wrong-{key}", placeholder="choose by its time",
        format_func=lambda i: said(charted[i], here),
    )  # fmt: skip
    if chosen:
        _form(page, charted[chosen], key, here)
    saving.redrawn()


def said(dose: Dose, here: frame.Visit) -> str:
    """A dose in a line: when, what, by whom."""
    amount = f"{dose.dose_mg:g} mg given" if dose.status == "given" else dose.status
    where = " elsewhere" if dose.elsewhere else ""
    when = words.when(dose.given_at, here.zone, here.now)
    against = f", {words.AGAINST_HOLD}" if dose.against_hold else ""
    return f"{when} {dose.drug.replace('_', ' ')} {amount}{where}{against}, charted by {dose.recorded_by}"


def _form(page: PatientPage, dose: Dose, key: str, here: frame.Visit) -> None:
    form_key = f"{key}-{dose.id}"
    choices = list(_NOW) if by_plan(dose) else ["given", ERROR]
    with here.see(page.admission.id) as tx:
        signers = {c.id: c.name for c in physicians(tx, here.by)}
        two = dose.drug in (orders.ward_setting(tx, here.ward.id, TWO_PEOPLE) or "").split()
        people = {c.id: c.name for c in second_people(tx, here.by)}
    with st.form(f"amend-dose-{form_key}", enter_to_submit=False, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.segmented_control("What is right", choices, format_func=_NOW.__getitem__, key=f"right-{form_key}")
            today = here.now.astimezone(here.zone).date()
            st.number_input("Right amount in mg (empty: as charted)", min_value=0.0, value=None, step=None, format="%g",
                            key=f"fixed-mg-{form_key}", width=280)  # fmt: skip
            st.date_input("Right day (empty: as charted)", value=None, format="YYYY-MM-DD", max_value=today,
                          key=f"fixed-day-{form_key}", width=220)  # fmt: skip
            st.time_input("Right time (empty: as charted)", value=None, step=60, key=f"fixed-at-{form_key}", width=220)
        if by_plan(dose):
            st.text_input("Why it was held or refused, or given all the same", key=f"fixed-why-{form_key}")
        st.text_input("What was wrong", key=f"mistake-{form_key}", placeholder="typed 30 for 3, wrong patient")
        if by_plan(dose) and two and not dose.witness:
            st.selectbox(
                "Second person of this dose, if it was given", list(people), index=None, key=f"seen-by-{form_key}",
                placeholder="choose", format_func=lambda i: people.get(i, i),
            )  # fmt: skip
        if not dose.elsewhere:
            _signature(form_key, signers, here)
            st.checkbox("It was given already, against what held it then", key=f"against-{form_key}")
        saving.problems(key)
        st.form_submit_button("Correct this dose", key=f"amend-{form_key}", on_click=_save, args=(key, dose))


def _signature(form_key: str, signers: dict[str, str], here: frame.Visit) -> None:
    """Where the corrected dose was given over a hold: whose order it was."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "If something held it: by order of (only a physician)", list(signers), index=None, key=f"signer-{form_key}",
            placeholder="only where it was given over a hold", format_func=lambda i: signers.get(i, i),
        )  # fmt: skip
        if not here.ward.demo:
            st.text_input(
                "That physician's PIN or password", type="password", key=f"signed-pin-{form_key}", width=320,
                autocomplete="off",
            )  # fmt: skip


def _save(key: str, dose: Dose) -> None:
    form_key = f"{key}-{dose.id}"
    right = st.session_state.get(f"right-{form_key}")
    amount = st.session_state.get(f"fixed-mg-{form_key}")
    day, clock = st.session_state.get(f"fixed-day-{form_key}"), st.session_state.get(f"fixed-at-{form_key}")
    why = st.session_state.get(f"fixed-why-{form_key}")
    wrong = str(st.session_state.get(f"mistake-{form_key}") or "")
    physician, secret = (
        st.session_state.get(f"signer-{form_key}"),
        str(st.session_state.get(f"signed-pin-{form_key}") or ""),
    )
    seen_by = st.session_state.get(f"seen-by-{form_key}")
    against = bool(st.session_state.get(f"against-{form_key}"))
    here = frame.visit()
    try:
        if right is None:
            raise Refused("Say what is right: was given, was held, was refused, or entered in error.")
        if right == ERROR:
            dose_in_error(here.store, here.by, dose.id, wrong, here.now)
        else:
            at = _given_at(dose, day, clock, here)
            given_mg = float(amount) if amount is not None else dose.dose_mg
            wanted = Dose(
                key, dose.admission_id, None, dose.drug, given_mg if right == "given" else 0.0, right, at,
                str(why) if why else dose.reason if right == dose.status else "", elsewhere=dose.elsewhere,
                against_hold=against and right == "given",
            )  # fmt: skip
            saving.agreed(
                key,
                lambda sure: amend_dose(
                    here.store, here.by, dose.id, wanted, wrong, here.now, witness_id=seen_by, physician_id=physician,
                    secret=secret, confirmed=sure,
                ),
            )  # fmt: skip
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _given_at(dose: Dose, day: date | None, clock: time | None, here: frame.Visit) -> datetime:
    """When the dose was given by what was typed: as charted, to the instant, where that is the minute it shows."""
    charted = dose.given_at.astimezone(here.zone)
    shown = charted.time().replace(second=0, microsecond=0)
    if day in (None, charted.date()) and clock in (None, shown):
        return dose.given_at
    return saving.moment(clock or charted.time(), here.now, here.zone, on=day or charted.date())
