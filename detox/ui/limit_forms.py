"""Limits and baselines of one patient: what holds, and the places to set, end or state them."""

from datetime import timedelta
from typing import Literal

import streamlit as st

from detox.care import end_limit, set_baseline, set_limit
from detox.clinical.alerts.escalation import answering_file, ward_limits
from detox.clinical.model import Admission, Baseline, PatientLimit
from detox.clinical.protocols import vitals_file
from detox.errors import DetoxError, Refused
from detox.reports.patient import PatientPage
from detox.store import orders
from detox.ui import frame, limit_words, saving, words
from detox.ui.words import esc

HOURS = (2, 4, 8, 12, 24)
KINDS = {"usual": "Usual, as the patient or the notes say", "anew": "Set anew: what counts as usual from now on"}


@st.fragment
def forms(page: PatientPage) -> None:
    """The limits that hold, with who set them; forms for whoever may change them."""
    here, admission = frame.visit(), page.admission
    with here.see(admission.id) as tx:
        limits, baselines = orders.patient_limits(tx, admission.id), orders.baselines(tx, admission.id)
    st.markdown("**Limits for this patient**")
    with frame.place():
        _limits_now(limits, here, admission)
    ended = admission.discharged_at is not None
    if here.may("set_limit") and not ended:
        _limit_form(here, admission, len(limits))
    elif not ended:
        st.caption("Physicians set limits for one patient.")
    st.markdown("**What is usual for this patient**")
    _baselines_known(baselines, here)
    if here.may("set_baseline") and not ended:
        _baseline_form(here, admission, len(baselines))
    saving.redrawn()


def _limits_now(limits: tuple[PatientLimit, ...], here: frame.Visit, admission: Admission) -> None:
    holding = [one for one in limits if one.holds_at(here.now)]
    if not holding:
        st.caption("None: the ward's limits hold.")
    for one in holding:
        told = limit_words.note([one], here.zone, here.now, here.ward.temperature_unit)
        with st.container(horizontal=True, vertical_alignment="center"):
            vital = esc(limit_words.label(one.vital))
            st.html(f'<div class="dx-note">⚑ <b>{vital}</b> {esc(told)}: {esc(one.reason)}</div>')
            if here.may("end_limit"):
                st.button("End this limit", key=f"lift-{one.id}", on_click=_end, args=(admission.id, one.id))
    saving.problems(f"limits-{admission.id}")


def _end(admission_id: str, limit_id: str) -> None:
    here = frame.visit()
    try:
        end_limit(here.store, here.by, admission_id, limit_id, here.now)
    except DetoxError as error:
        saving.told(f"limits-{admission_id}", error)
    else:
        saving.settled(f"limits-{admission_id}")


def _limit_form(here: frame.Visit, admission: Admission, before: int) -> None:
    key = saving.entry_id(here, admission.id, "limit", before)
    numbers = {r.vital: r.label for r in vitals_file().ranges}
    longest = answering_file().patient_limit.max_h
    with st.expander("Set a limit", key=f"limit-{key}"):
        left, right = st.columns(2)
        vital = left.selectbox(
            "Vital", list(numbers), index=None, placeholder="choose", key=f"vital-{key}",
            format_func=lambda v: numbers.get(v, v),
        )  # fmt: skip
        side = right.segmented_control("Which side?", ["high", "low"], key=f"side-{key}")
        with frame.place():
            if vital and side:
                unit = here.ward.temperature_unit
                st.html(_wards_html(str(vital), "high" if side == "high" else "low", admission, unit))
        left, right = st.columns(2)
        left.number_input("Warning from", value=None, step=None, format="%g", key=f"warning-{key}")
        right.number_input("Critical from", value=None, step=None, format="%g", key=f"critical-{key}")
        st.segmented_control(
            f"For how long? {longest} h at most", [h for h in HOURS if h <= longest], key=f"hours-{key}",
            format_func=lambda h: f"{h} h", wrap=True,
        )  # fmt: skip
        st.text_input("Why", key=f"because-{key}", placeholder="chronic hypertension, usual 170/95")
        st.caption("It counts for readings from now on: an alert that stands is ended by the next readings alone.")
        saving.problems(key)
        st.button("Set this limit", key=f"save-{key}", type="primary", on_click=_set, args=(key, admission.id))


def _wards_html(vital: str, side: Literal["low", "high"], admission: Admission, unit: str) -> str:
    """Where the ward's own limits begin: left empty, they stay."""
    warning, critical = ward_limits(vitals_file().range(vital, admission.spo2_scale), side)
    wards = PatientLimit("", "", vital, side, warning, critical, "", admission.admitted_at, admission.admitted_at)
    return f'<div class="dx-quiet">The ward\'s: {esc(limit_words.values(wards, unit))}. An empty field keeps it.</div>'


def _set(key: str, admission_id: str) -> None:
    def field(name: str) -> object:
        return st.session_state.get(f"{name}-{key}")

    vital, side, hours, reason = field("vital"), field("side"), field("hours"), str(field("because") or "")
    warning, critical = field("warning"), field("critical")
    here = frame.visit()
    try:
        _ask({"vital": (vital, "Choose the vital."), "side": (side, "Choose high or low."),
              "hours": (hours, "Choose for how long.")})  # fmt: skip
        until = here.now + timedelta(hours=int(str(hours)))
        wanted = PatientLimit(
            key, admission_id, str(vital), "high" if side == "high" else "low", _kept(str(vital), warning, here),
            _kept(str(vital), critical, here), reason, here.now, until,
        )  # fmt: skip
        set_limit(here.store, here.by, wanted, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _baselines_known(baselines: tuple[Baseline, ...], here: frame.Visit) -> None:
    told = [
        f"<li>{esc(limit_words.label(b.vital))} <b>"
        f"{esc(limit_words.number(b.vital, b.value, here.ward.temperature_unit))}</b>, "
        f"{'set anew' if b.kind == 'anew' else 'usual'} since {words.when(b.set_at, here.zone, here.now)}, "
        f"{esc(b.set_by)}: {esc(b.reason)}</li>"
        for b in reversed(baselines)
    ]
    if told:
        st.html(f'<div class="px-block"><ul>{"".join(told)}</ul></div>')
    else:
        st.caption("Nobody has stated it: drift is held against the first readings of the admission.")


def _baseline_form(here: frame.Visit, admission: Admission, before: int) -> None:
    key = saving.entry_id(here, admission.id, "baseline", before)
    rule = answering_file().baseline
    with st.expander("State what is usual, or set the baseline anew", key=f"baseline-{key}"):
        kind = st.segmented_control(
            "Which", list(KINDS), format_func=KINDS.__getitem__, default="usual", required=True, key=f"kind-{key}",
            wrap=True,
        )  # fmt: skip
        names = rule.anew if kind == "anew" else rule.usual
        left, right = st.columns(2)
        left.selectbox("Vital", list(names), key=f"vital-{key}", format_func=lambda v: vitals_file().range(v).label)
        right.number_input("Value", value=None, step=None, format="%g", key=f"value-{key}")
        st.text_input(
            "Where it comes from, or why", key=f"because-{key}", placeholder="patient says 150, GP letter of May"
        )
        saving.problems(key)
        st.button("Keep", key=f"save-{key}", type="primary", on_click=_state, args=(key, admission.id))


def _state(key: str, admission_id: str) -> None:
    vital, kind = st.session_state.get(f"vital-{key}"), st.session_state.get(f"kind-{key}")
    value, reason = st.session_state.get(f"value-{key}"), str(st.session_state.get(f"because-{key}") or "")
    here = frame.visit()
    try:
        _ask({"vital": (vital, "Choose the vital."), "value": (value, "Enter the value.")})
        kept = _kept(str(vital), value, here)
        wanted = Baseline(
            key, admission_id, str(vital), float(kept or 0), "anew" if kind == "anew" else "usual", reason, here.now
        )
        set_baseline(here.store, here.by, wanted, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _ask(fields: dict[str, tuple[object, str]]) -> None:
    """Raises Refused for every field that was left empty."""
    if missing := {name: sentence for name, (value, sentence) in fields.items() if value is None}:
        raise Refused(missing)


def _kept(vital: str, value: object, here: frame.Visit) -> float | None:
    """What was typed as it is kept: a temperature in C."""
    if not isinstance(value, (int, float)):
        return None
    return words.to_celsius(float(value), here.ward.temperature_unit) if vital == "temperature_c" else float(value)
