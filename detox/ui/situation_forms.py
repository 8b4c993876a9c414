"""Special situations: the questions at admission and later, what of them the header shows, and the programme.

A newer answer takes the place of an older one; nothing is filled in beforehand that nobody has said.
"""

import uuid
from collections.abc import Mapping

import streamlit as st

from detox import care
from detox.care.stating import is_locked
from detox.clinical.model import PROGRAMMES, Admission, StayFact
from detox.clinical.situations import PROGRAMME, SPO2_SCALE, Situation, not_asked, situations_file
from detox.errors import DetoxError, Refused
from detox.reports.patient import PatientPage
from detox.ui import frame, saving, words
from detox.ui.words import esc


def at_admission() -> tuple[Situation, ...]:
    """What the admission form asks beside its own question about pregnancy."""
    return tuple(one for one in situations_file().situation if one.name != "pregnancy")


def band_html(facts: Mapping[str, StayFact], stay: Admission) -> str:
    """What changes the care of this patient, in the header; and what nobody has asked yet."""
    shown = []
    for asked in situations_file().situation:
        fact = facts.get(asked.name)
        answer = asked.answer(fact.value) if fact is not None else None
        if fact is not None and answer is not None and answer.header and asked.name != "pregnancy":
            loud = "px-allergy" if answer.loud else "dx-quiet"
            shown.append(f'<span class="{loud}">{"▲ " if answer.loud else ""}{esc(answer.header)}</span>')
        elif fact is not None and not asked.options and fact.value:
            shown.append(f'<span class="dx-quiet">{esc(asked.label.lower())}: {esc(fact.value)}</span>')
    if stay.discharged_at is None and (gaps := [g for g in not_asked(facts) if g != "Pregnancy"]):
        shown.append(f'<span class="dx-val not_assessed px-gaps">? not asked: {esc(", ".join(gaps).lower())}</span>')
    return f'<div class="px-facts">{"".join(shown)}</div>' if shown else ""


def draw(key: str, facts: Mapping[str, StayFact], some: tuple[Situation, ...]) -> None:
    """The questions, each with the answer that holds; without one nothing is chosen."""
    for asked in some:
        known = facts.get(asked.name)
        if asked.options:
            labels = {one.value: one.label for one in asked.options}
            st.segmented_control(
                asked.asks, list(labels), format_func=labels.__getitem__, key=f"ask-{asked.name}-{key}",
                default=known.value if known is not None and known.value in labels else None,
                help=words.plain(f"{asked.does} ({asked.source} [{asked.evidence}])"),
            )  # fmt: skip
        else:
            st.text_area(
                asked.asks, value=known.value if known is not None else "", key=f"ask-{asked.name}-{key}", height=80,
                help=words.plain(f"{asked.does} ({asked.source} [{asked.evidence}])"),
            )  # fmt: skip


def typed(key: str, some: tuple[Situation, ...]) -> dict[str, str]:
    """What was answered, by name; read before anything is saved."""
    found = {asked.name: st.session_state.get(f"ask-{asked.name}-{key}") for asked in some}
    return {name: str(value).strip() for name, value in found.items() if value is not None}


def save(
    here: frame.Visit, key: str, admission_id: str, answers: Mapping[str, str], facts: Mapping[str, StayFact]
) -> None:
    """Keep each answer that says something new. Raises Refused and Conflict as the verb does."""
    for name, value in answers.items():
        known = facts.get(name)
        if (known is None and not value) or (known is not None and known.value == value):
            continue
        fact_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{key}/{name}/{known.id if known else ''}/{value}").hex
        care.state(here.store, here.by, StayFact(fact_id, admission_id, name, value, "", here.now), here.now)


@st.fragment
def forms(page: PatientPage) -> None:
    """The questions with what holds now, who said so and when; then the programme and the SpO2 scale."""
    here, stay = frame.visit(), page.admission
    may = here.may("state") and stay.discharged_at is None
    st.html(_answers_html(page, here))
    if not may:
        saving.redrawn()
        return
    newest = max((fact.set_at for fact in page.facts.values()), default=None)
    key = saving.entry_id(here, stay.id, "situation", newest or "")
    with st.form(f"situation-{key}", enter_to_submit=False):
        st.markdown("**Special situations**")
        draw(key, page.facts, situations_file().situation)
        saving.problems(key)
        st.form_submit_button(
            "Save these answers", key=f"save-{key}", type="primary", on_click=_save, args=(key, stay.id, page.facts)
        )
    if here.may("change_programme"):
        _programme_form(page, here)
        _scale_form(page, here)
    saving.redrawn()


def _answers_html(page: PatientPage, here: frame.Visit) -> str:
    rows = []
    for asked in situations_file().situation:
        fact = page.facts.get(asked.name)
        if fact is None:
            said = f"{page.admission.pregnancy}, at admission" if asked.name == "pregnancy" else "? not asked"
            rows.append(f'<tr><th scope="row">{esc(asked.label)}</th><td colspan="2">{esc(said)}</td></tr>')
            continue
        answer = asked.answer(fact.value)
        said = answer.label if answer is not None else fact.value or "nothing"
        rows.append(
            f'<tr><th scope="row">{esc(asked.label)}</th><td class="wrap"><b>{esc(said)}</b></td>'
            f"<td>{esc(fact.set_by)}, {esc(words.when(fact.set_at, here.zone, page.as_of))}</td></tr>"
        )
    return f'<div class="dx-table"><table><tbody>{"".join(rows)}</tbody></table></div>'


def _save(key: str, admission_id: str, facts: Mapping[str, StayFact]) -> None:
    answers = typed(key, situations_file().situation)
    here = frame.visit()
    try:
        save(here, key, admission_id, answers, facts)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _programme_form(page: PatientPage, here: frame.Visit) -> None:
    stay = page.admission
    known = page.facts.get(PROGRAMME)
    key = saving.entry_id(here, stay.id, "programme", known.id if known else "")
    with here.store.read() as tx:
        others = [p for p in PROGRAMMES if p != stay.programme and not is_locked(tx, stay.ward_id, p)]
    with st.form(f"programme-{key}", enter_to_submit=False):
        st.markdown(f"**Programme: {words.plain(words.PROGRAMMES[stay.programme])}**")
        st.selectbox(
            "Go on with", others, index=None, format_func=words.PROGRAMMES.__getitem__, key=f"to-{key}",
            placeholder="choose",
        )  # fmt: skip
        st.text_input("Reason", key=f"why-{key}", placeholder="start criteria met, first dose tolerated")
        saving.problems(key)
        st.form_submit_button("Change the programme", key=f"save-{key}", on_click=_change, args=(key, stay.id))


def _change(key: str, admission_id: str) -> None:
    to, why = st.session_state.get(f"to-{key}"), str(st.session_state.get(f"why-{key}") or "")
    here = frame.visit()
    try:
        fact = StayFact(key, admission_id, PROGRAMME, str(to or ""), why, here.now)
        care.change_programme(here.store, here.by, fact, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _scale_form(page: PatientPage, here: frame.Visit) -> None:
    stay = page.admission
    known = page.facts.get(SPO2_SCALE)
    key = saving.entry_id(here, stay.id, "spo2-scale", known.id if known else "")
    with st.form(f"scale-{key}", enter_to_submit=False):
        st.markdown(f"**SpO2 scale: {stay.spo2_scale}**")
        st.segmented_control(
            "Scale 2 only where a target of 88-92 % is prescribed", ["1", "2"], key=f"to-{key}", default=None
        )
        st.text_input("Reason", key=f"why-{key}", placeholder="known hypercapnic failure, target 88-92 %")
        saving.problems(key)
        st.form_submit_button("Prescribe this scale", key=f"save-{key}", on_click=_prescribe, args=(key, stay.id))


def _prescribe(key: str, admission_id: str) -> None:
    to, why = st.session_state.get(f"to-{key}"), str(st.session_state.get(f"why-{key}") or "")
    here = frame.visit()
    try:
        if to is None:
            raise Refused({"spo2_scale": "Choose scale 1 or scale 2."})
        fact = StayFact(key, admission_id, SPO2_SCALE, str(to), why, here.now)
        care.prescribe_spo2_scale(here.store, here.by, fact, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)
