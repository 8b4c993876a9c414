"""Charting one dose: given, held or refused, from the signed plan, below what was last seen of the patient.

Beside it a medicine without a plan of this ward, or a dose that somebody gave elsewhere.
"""

import streamlit as st

from detox.care import chart_dose
from detox.care.other_doses import chart_other_dose, other_drugs
from detox.clinical.model import Dose, TaperPlan
from detox.errors import Conflict, DetoxError, Refused
from detox.instants import wall
from detox.reports.patient import PatientPage
from detox.store import find
from detox.ui import frame, saving, words
from detox.ui.words import esc

_STATUS = {"given": "Given", "held": "Held", "refused": "Refused"}
_LOOK_AT = (
    "systolic_mmhg",
    "diastolic_mmhg",
    "heart_rate_per_min",
    "respiratory_rate_per_min",
    "spo2_percent",
    "sedation",
)


@st.fragment
def form(page: PatientPage) -> None:
    """The form and, above its button, the newest pressure, pulse, breathing and sedation with their ages."""
    here = frame.visit()
    _saved(here, page.admission.id)
    if page.plan is None:
        st.warning("There is no signed plan: a physician must write and sign one before a dose is given.")
    else:
        _plan_form(page, page.plan, here)
    with st.expander("Other medicine, or given elsewhere", key="other-dose"):
        _other_form(page, here)
    saving.redrawn()


def _plan_form(page: PatientPage, plan: TaperPlan, here: frame.Visit) -> None:
    """The dose that the signed plan orders."""
    own = sum(1 for d in page.doses if d.recorded_by == here.by.name and d.plan_id is not None)
    key = saving.entry_id(here, page.admission.id, "dose", own)
    ordered = plan.step(plan.current_step).dose_mg
    today = page.days[0] if page.days else None
    given = today.given_mg if today and today.day == here.now.astimezone(here.zone).date() else 0.0
    st.html(
        f'<div class="px-strip"><b class="dx-big">{esc(plan.drug)}</b> ordered <b class="dx-big">{ordered:g} mg</b> '
        f"a day "
        f"(step {plan.current_step} of {len(plan.steps)}), charted as given today: <b>{given:g} mg</b></div>"
    )
    with st.form(f"dose-{key}", enter_to_submit=False, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.segmented_control("What happened", list(_STATUS), format_func=_STATUS.__getitem__, key=f"status-{key}")
            st.number_input("Amount, mg (if given)", min_value=0.0, value=None, step=None, format="%g", key=f"mg-{key}",
                            width=220)  # fmt: skip
            st.time_input("At (empty: now)", value=None, step=60, key=f"at-{key}", width=180)
        st.text_input(
            "Reason (if held or refused)", key=f"reason-{key}", placeholder="drowsy, sedation 3, told Dr Reyes"
        )
        st.html(_last_seen(page, here))
        saving.problems(key)
        st.form_submit_button(
            "Chart this dose",
            key=f"save-{key}",
            type="primary",
            on_click=_save,
            args=(key, page.admission.id, plan.drug),
        )


def _other_form(page: PatientPage, here: frame.Visit) -> None:
    """Emergency medicine, medicine on a prescription from elsewhere, this morning's dose in a clinic."""
    own = sum(1 for d in page.doses if d.recorded_by == here.by.name and d.plan_id is None)
    key = saving.entry_id(here, page.admission.id, "other-dose", own)
    today = here.now.astimezone(here.zone).date()
    if page.plan is not None:
        st.caption(
            words.plain(f"{_named(page.plan.drug).capitalize()} from elsewhere counts towards the day's signed dose.")
        )
    with st.form(f"other-dose-{key}", enter_to_submit=False, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Medicine", other_drugs(), index=None, format_func=_named, key=f"drug-{key}", width=240)
            st.number_input("Amount given, mg", min_value=0.0, value=None, step=None, format="%g", key=f"mg-{key}",
                            width=200)  # fmt: skip
            st.date_input("Day (if not today)", value=None, max_value=today, format="YYYY-MM-DD", key=f"day-{key}",
                          width=200)  # fmt: skip
            st.time_input("At (empty: now)", value=None, step=60, key=f"at-{key}", width=180)
        st.text_input("Where, or by whose order", key=f"reason-{key}", placeholder="clinic this morning, Dr Lee")
        saving.problems(key)
        st.form_submit_button("Chart this other dose", key=f"save-{key}", on_click=_save_other,
                              args=(key, page.admission.id))  # fmt: skip


def _named(drug: str) -> str:
    return drug.replace("_", " ")


def _last_seen(page: PatientPage, here: frame.Visit) -> str:
    """What a nurse looks at before giving an opioid; what was never measured says so."""
    names = {
        "heart_rate_per_min": "HR",
        "respiratory_rate_per_min": "RR",
        "spo2_percent": "SpO2",
        "sedation": "Sedation",
    }
    values = page.tile.vitals or {}
    parts = []
    upper, lower = values.get("systolic_mmhg"), values.get("diastolic_mmhg")
    if upper and lower and upper.taken_at == lower.taken_at:
        worst = min((upper, lower), key=lambda v: v.interpretation.meaning == "normal").interpretation
        text = f"{upper.interpretation.value:g}/{lower.interpretation.value:g} {worst.sign}"
        parts.append(_part("BP", text, worst.meaning, words.ago(upper.taken_at, here.now)))
    else:
        parts.append(_part("BP", "? not measured", "not_assessed", ""))
    for name, short in names.items():
        if name not in values:
            parts.append(_part(short, "? not measured", "not_assessed", ""))
            continue
        found = values[name]
        value = found.interpretation.value
        text = f"{value:g}" if isinstance(value, (int, float)) else str(value)
        parts.append(
            _part(
                short,
                f"{text} {found.interpretation.sign}",
                found.interpretation.meaning,
                words.ago(found.taken_at, here.now),
            )
        )
    return f'<div class="dx-vitals">{"".join(parts)}</div>'


def _part(short: str, text: str, meaning: str, age: str) -> str:
    old = f' <span class="dx-quiet">{age} ago</span>' if age else ""
    return f'<span class="dx-val {meaning}">{short} <b>{esc(text.strip())}</b>{old}</span>'


def _save(key: str, admission_id: str, drug: str) -> None:
    status = st.session_state.get(f"status-{key}")
    amount = st.session_state.get(f"mg-{key}")
    clock = st.session_state.get(f"at-{key}")
    reason = str(st.session_state.get(f"reason-{key}") or "")
    if status is None:
        st.session_state[f"problem-{key}"] = ["Say what happened: given, held or refused."]
        return
    here = frame.visit()
    given_at = saving.moment(clock, here.now, here.zone)
    wanted = Dose(key, admission_id, None, drug, float(amount or 0), status, given_at, reason)
    try:
        kept = chart_dose(here.store, here.by, wanted, here.now)
        if (kept.status, kept.drug) != (status, drug) or (status == "given" and kept.dose_mg != amount):
            raise Conflict(
                f"This form was saved as {kept.dose_mg:g} mg {kept.status} before: look at the list of doses first."
            )
    except DetoxError as error:
        saving.told(key, error)
    else:
        st.session_state[f"saved-dose-{admission_id}"] = key
        saving.settled(key)


def _save_other(key: str, admission_id: str) -> None:
    drug = str(st.session_state.get(f"drug-{key}") or "")
    amount = float(st.session_state.get(f"mg-{key}") or 0)
    day, clock = st.session_state.get(f"day-{key}"), st.session_state.get(f"at-{key}")
    reason = str(st.session_state.get(f"reason-{key}") or "")
    here = frame.visit()
    try:
        if day is not None and clock is None:
            raise Refused("Enter the time at which it was given on that day.")
        given_at = saving.moment(clock, here.now, here.zone, on=day)
        wanted = Dose(key, admission_id, None, drug, amount, "given", given_at, reason)
        chart_other_dose(here.store, here.by, wanted, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        st.session_state[f"saved-dose-{admission_id}"] = key
        saving.settled(key)


def _saved(here: frame.Visit, admission_id: str) -> None:
    """The last dose charted from this screen, as the database has it."""
    last = st.session_state.get(f"saved-dose-{admission_id}")
    if not last:
        return
    with here.store.read() as tx:
        kept = find.dose(tx, last)
    if kept is not None and kept.recorded_at is not None:
        amount = f"{kept.dose_mg:g} mg {kept.drug} given" if kept.status == "given" else f"{kept.drug} {kept.status}"
        st.html(
            f'<div class="px-saved">✓ Saved {wall(kept.recorded_at, here.zone)} by {esc(kept.recorded_by)}: '
            f"{esc(amount)} at {wall(kept.given_at, here.zone, '%H:%M on %a %-d %b')}"
            f"{': ' + esc(kept.reason) if kept.reason else ''}</div>"
        )
