"""Admitting a patient: who, why, which bed, since when, and what the rules need to know from the start."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from detox.care import admit
from detox.clinical.model import PROGRAMMES, Admission, Patient
from detox.clinical.situations import ALLERGIES
from detox.errors import DetoxError, Refused
from detox.store import find
from detox.ui import frame, saving, situation_forms, style_patient, words

EARLIEST_BIRTH = date(1920, 1, 1)
NOT_IN_A_BED = "no bed yet"
_SEX = {"F": "Female", "M": "Male", "": "Not known"}
_PREGNANCY = {
    "negative": "Negative test", "positive": "Positive", "unknown": "Not known", "n/a": "Cannot be pregnant",
}  # fmt: skip
_SETTINGS = ("inpatient", "outpatient", "OTP", "HAT clinic")


def _nonce() -> str:
    """Names this form in the address, so that a half-filled one outlives a restart of the server."""
    known = str(st.query_params.get("f") or "")
    if len(known) != 32 or not known.isalnum():
        known = uuid.uuid4().hex
        st.query_params["f"] = known
    return known


@st.fragment
def _form() -> None:
    here = frame.visit()
    key = _nonce()
    with frame.place():
        _saved(here)
    with here.see() as tx:
        beds = {b.id: b.label for b in find.beds(tx, here.ward.id) if b.admission_id is None}
    with st.form(f"admit-{key}", enter_to_submit=False, border=False):
        _who(key, here)
        _way_in(key, beds, here)
        _history(key)
        _spo2(key, here)
        st.markdown("**Special situations** (what stays open is shown as not asked)")
        situation_forms.draw(key, {}, situation_forms.at_admission())
        saving.problems(key)
        st.form_submit_button("Admit", key=f"save-{key}", type="primary", on_click=_admit, args=(key,))


def _who(key: str, here: frame.Visit) -> None:
    left, right = st.columns(2)
    left.text_input("Family name", key=f"family-{key}")
    right.text_input("Given name", key=f"given-{key}")
    left, right = st.columns(2)
    left.date_input(
        "Born (empty: not known)", value=None, min_value=EARLIEST_BIRTH,
        max_value=here.now.astimezone(here.zone).date(), format="YYYY-MM-DD", key=f"born-{key}",
    )  # fmt: skip
    with right:
        st.segmented_control("Sex at birth", list(_SEX), format_func=_SEX.__getitem__, key=f"sex-{key}")


def _way_in(key: str, beds: dict[str, str], here: frame.Visit) -> None:
    left, right = st.columns(2)
    left.selectbox(
        "Programme", PROGRAMMES, index=None, format_func=words.PROGRAMMES.__getitem__, key=f"programme-{key}",
        placeholder="choose",
    )  # fmt: skip
    right.selectbox(
        "Bed", ["", *beds], index=None, key=f"bed-{key}", placeholder="choose",
        format_func=lambda b: beds.get(b, NOT_IN_A_BED),
    )  # fmt: skip
    left, middle, right = st.columns(3)
    today = here.now.astimezone(here.zone).date()
    left.date_input(
        "Came on (empty: now)", value=None, min_value=today - timedelta(days=60), max_value=today, format="YYYY-MM-DD",
        key=f"day-{key}",
    )  # fmt: skip
    middle.time_input("at (empty: now)", value=None, step=60, key=f"time-{key}")
    right.number_input(
        "Planned days", min_value=1.0, max_value=365.0, value=None, step=1.0, format="%g", key=f"days-{key}"
    )
    st.segmented_control("Setting", _SETTINGS, default=_SETTINGS[0], required=True, key=f"setting-{key}")


def _history(key: str) -> None:
    left, right = st.columns(2)
    left.text_input("Opioid used", key=f"opioid-{key}", placeholder="heroin, fentanyl suspected")
    right.number_input(
        "Hours since the last use", min_value=0.0, max_value=2000.0, value=None, format="%g", key=f"hours-{key}"
    )
    st.segmented_control("Pregnancy", list(_PREGNANCY), format_func=_PREGNANCY.__getitem__, key=f"pregnancy-{key}")


def _spo2(key: str, here: frame.Visit) -> None:
    if here.by.role != "physician":
        st.caption("SpO2 is judged on scale 1. Scale 2 (target 88-92 %) is prescribed by a physician at admission.")
        return
    st.segmented_control(
        "SpO2 scale (2 only where a target of 88-92 % is prescribed, such as in known hypercapnic failure)",
        [1, 2], default=1, required=True, key=f"scale-{key}",
    )  # fmt: skip


def _admit(key: str) -> None:
    typed = {
        name: st.session_state.get(f"{name}-{key}")
        for name in (
            "family", "given", "born", "sex", "programme", "bed", "day", "time", "days", "setting", "opioid", "hours",
            "pregnancy", "scale",
        )
    }  # fmt: skip
    here = frame.visit()
    try:
        new, answers = _read(key, typed, here)
        kept = admit(here.store, here.by, new, typed["bed"] or None, here.now)
        situation_forms.save(here, key, kept.id, answers, {})
    except DetoxError as error:
        saving.told(key, error)
    else:
        st.session_state.pop(f"problem-{key}", None)
        st.session_state["admitted"] = kept.id
        st.query_params["f"] = uuid.uuid4().hex


def _read(key: str, typed: dict[str, object], here: frame.Visit) -> tuple[Admission, dict[str, str]]:
    """The admission and the answers about special situations. Raises Refused with the problems of both."""
    problems: dict[str, str] = {}
    answers: dict[str, str] = {}
    new = None
    try:
        new = _admission(key, typed, here)
    except Refused as refused:
        problems |= refused.problems
    try:
        answers = situation_forms.typed(key, situation_forms.at_admission(), {})
    except Refused as refused:
        problems |= refused.problems
    if new is None or problems:
        raise Refused(problems)
    return replace(new, allergies=answers.pop(ALLERGIES, "")), answers


def _admission(key: str, typed: dict[str, object], here: frame.Visit) -> Admission:
    """What was typed as an admission; what has to be chosen and was not is refused, with all of it at once."""
    wanted = {
        "sex": "Sex at birth was not chosen: choose one, or 'Not known'.",
        "programme": "No programme was chosen: choose why the patient is here.",
        "bed": f"No bed was chosen: choose a free one, or '{NOT_IN_A_BED}'.",
        "pregnancy": "Pregnancy was not answered: choose one, 'Not known' included.",
    }
    problems = {name: sentence for name, sentence in wanted.items() if typed[name] is None}
    if not str(typed["family"] or "").strip():
        problems["family"] = "The family name is missing: enter it, or 'Unknown'."
    days, hours, day, clock = typed["days"], typed["hours"], typed["day"], typed["time"]
    if isinstance(days, float) and not days.is_integer():
        problems["days"] = "Planned days is not a whole number: enter it again."
    if day is not None and clock is None:
        problems["time"] = "A day of arrival was given without its time: enter the time."
    if problems:
        raise Refused(problems)
    came = saving.moment(clock, here.now, here.zone, on=day)  # type: ignore[arg-type]
    person = Patient(
        uuid.uuid5(uuid.NAMESPACE_OID, key).hex, str(typed["family"] or ""), str(typed["given"] or ""),
        typed["born"], typed["sex"] or None,  # type: ignore[arg-type]
    )  # fmt: skip
    return Admission(
        id=key,
        patient=person,
        ward_id=here.ward.id,
        bed=None,
        programme=str(typed["programme"]),
        admitted_at=came,
        pregnancy=typed["pregnancy"],  # type: ignore[arg-type]
        setting=str(typed["setting"] or _SETTINGS[0]),
        opioid=str(typed["opioid"] or ""),
        last_use_at=here.now - timedelta(hours=hours) if isinstance(hours, float) else None,
        spo2_scale=2 if typed["scale"] == 2 and here.by.role == "physician" else 1,
        planned_days=int(days) if isinstance(days, float) else None,
    )


def _saved(here: frame.Visit) -> None:
    """Who was admitted from this screen last, as the database has it, and the way to the first set."""
    last = st.session_state.get("admitted")
    if not last:
        return
    with here.see(last) as tx:
        kept = find.admission(tx, last)
    where = f"bed {kept.bed}" if kept.bed else "no bed"
    came = words.when(kept.admitted_at, here.zone, here.now)
    with st.container(border=True, key="admitted-now"):
        st.html(
            f'<div class="px-saved">✓ Admitted: {words.esc(words.name(kept))}, {words.esc(where)}, '
            f"since {words.esc(came)}</div>"
        )
        with st.container(horizontal=True, key="actions"):
            query = {"admission": kept.id}
            st.page_link("pages/record.py", label="**Record the first set**", query_params=query)
            st.page_link("pages/patient.py", label="Open the patient", query_params=query)


def _page() -> None:
    here = frame.visit()
    st.subheader("Admit a patient")
    if not here.may("admit"):
        st.error("Nurses and physicians admit patients.")
        return
    _form()


st.html(style_patient.sheet())
_page()
