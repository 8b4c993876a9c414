"""Special situations: the questions at admission and later, what of them the header shows, and the programme.

A newer answer takes the place of an older one; nothing is filled in beforehand that nobody has said.
"""

import uuid
from collections.abc import Mapping

import streamlit as st

from detox import care
from detox.care.stating import is_locked
from detox.clinical.medicines import medicines_file
from detox.clinical.model import PROGRAMMES, HistoryAnswer
from detox.clinical.situations import (
    ALLERGIES,
    MEDICINES,
    PREGNANCY,
    PROGRAMME,
    SPO2_SCALE,
    Situation,
    allergies,
    is_known,
    says_none,
    situations_file,
)
from detox.clinical.understood import not_understood
from detox.errors import DetoxError, Refused
from detox.reports.patient import PatientPage
from detox.ui import frame, saving, situation_words, words
from detox.ui.words import esc

SOME, NOT_ASKED = "some", "not_asked"
"""Taps that are no answer by themselves: there is one, in own words; and nobody has asked."""


def at_admission() -> tuple[Situation, ...]:
    """What the admission form asks beside its own question about pregnancy."""
    return tuple(one for one in situations_file().situation if one.name != PREGNANCY)


def draw(key: str, facts: Mapping[str, HistoryAnswer], some: tuple[Situation, ...], allergies: str = "") -> None:
    """The questions, each with the answer that holds; without one nothing is chosen.

    `allergies` is what the admission says of them.
    """
    for asked in some:
        known = facts.get(asked.name)
        value = known.value if known is not None else allergies if asked.name == ALLERGIES else ""
        if asked.own_words:
            _draw_words(key, asked, value)
            continue
        labels = {one.value: one.label for one in asked.options}
        held = [v for v in asked.values(value) if v in labels]
        if asked.several:
            st.pills(
                f"{asked.asks} Choose all that are so.", list(labels), format_func=labels.__getitem__, default=held,
                key=f"ask-{asked.name}-{key}", selection_mode="multi", help=_help(asked),
            )  # fmt: skip
        else:
            st.segmented_control(
                asked.asks, list(labels), format_func=labels.__getitem__, default=held[0] if held else None,
                key=f"ask-{asked.name}-{key}", help=_help(asked),
            )  # fmt: skip


def _draw_words(key: str, asked: Situation, value: str) -> None:
    """A question with own words: none as a tap of its own, a list with search, and a field for what is on no list."""
    with st.container(key=f"own-{asked.name}-{key}"):
        taps, names, held = _taps(asked), _names(asked), asked.values(value) if is_known(value) else ()
        tapped = asked.none.value if asked.none and says_none(value) else SOME if held and asked.some else None
        st.segmented_control(
            asked.asks, list(taps), format_func=taps.__getitem__, default=tapped, key=f"tap-{asked.name}-{key}",
            help=_help(asked),
        )  # fmt: skip
        columns = st.columns([3, 2] if names else 1)
        if names:
            columns[0].multiselect(
                f"{asked.label}, from the list", list(names), format_func=names.__getitem__,
                default=[one for one in held if one in names], key=f"list-{asked.name}-{key}",
                placeholder="type to search",
                filter_mode="contains", select_all=False,  # one Enter never chooses all that match
            )  # fmt: skip
        columns[-1].text_input(
            asked.own_words, value=", ".join(one for one in held if one not in names), key=f"{asked.name}-{key}",
            placeholder="with commas between",
        )  # fmt: skip


def _help(asked: Situation) -> str:
    return words.plain(f"{asked.does} ({asked.source} [{asked.evidence}])")


def _taps(asked: Situation) -> dict[str, str]:
    taps = {asked.none.value: asked.none.label} if asked.none is not None else {}
    return taps | ({SOME: asked.some, NOT_ASKED: "Not asked"} if asked.some else {})


def _names(asked: Situation) -> dict[str, str]:
    """What can be chosen, and how the list says it; a medicine with its brands, so that they are found too."""
    if asked.name != MEDICINES:
        return {name: name for name in asked.names}
    listed = sorted(medicines_file().medicine, key=lambda one: one.name)
    return {one.name: f"{one.name} ({', '.join(one.brands)})" if one.brands else one.name for one in listed}


def typed(
    key: str, some: tuple[Situation, ...], facts: Mapping[str, HistoryAnswer], allergies: str = ""
) -> dict[str, str]:
    """The answers that say something new, by name; read before anything is saved.

    A question that nobody has answered and that was left alone is not among them. `allergies` is what the admission
    says of them. Raises Refused with every problem: answers that exclude each other, an answer that was taken away.
    """
    found: dict[str, str] = {}
    problems: dict[str, str] = {}
    for asked in some:
        known = facts.get(asked.name)
        before = known.value if known is not None else allergies if asked.name == ALLERGIES else ""
        before = "" if asked.own_words and not is_known(before) else before
        value, problem = _typed(key, asked)
        if problem or (not value and not before) or value == asked.value_of([before]):
            problems |= {asked.name: problem} if problem else {}
        elif problem := asked.problem(value):
            problems[asked.name] = problem
        else:
            found[asked.name] = value
    if problems:
        raise Refused(problems)
    return found


def _typed(key: str, asked: Situation) -> tuple[str, str]:
    """The answer as it stands in the form, and what is wrong between its fields."""
    if not asked.own_words:
        said = st.session_state.get(f"ask-{asked.name}-{key}")
        return asked.value_of(said if isinstance(said, list) else [said] if said else []), ""
    tapped = st.session_state.get(f"tap-{asked.name}-{key}")
    written = [*(st.session_state.get(f"list-{asked.name}-{key}") or ())]
    written.append(str(st.session_state.get(f"{asked.name}-{key}") or ""))
    value = asked.value_of([tapped, *written] if tapped not in (None, SOME, NOT_ASKED) else written)
    if tapped == SOME and not value:
        return "", f"{asked.label}: '{asked.some}' was chosen: write which, or choose another answer."
    if tapped == NOT_ASKED and value:
        return "", f"{asked.label}: 'Not asked' stands beside '{value}': take away what is not so."
    return value, ""


def save(
    here: frame.Visit, key: str, admission_id: str, answers: Mapping[str, str], facts: Mapping[str, HistoryAnswer]
) -> None:
    """Keep the answers, all or none, over those in `facts`. Raises Refused and Conflict as the verb does."""
    shown = {name: fact.id for name, fact in facts.items()}
    made = [
        HistoryAnswer(
            uuid.uuid5(uuid.NAMESPACE_OID, f"{key}/{name}/{shown.get(name, '')}/{value}").hex, admission_id, name,
            value, "", here.now,
        )
        for name, value in answers.items()
    ]  # fmt: skip
    care.state_all(here.store, here.by, made, shown, here.now)


@st.fragment
def forms(page: PatientPage) -> None:
    """The questions with what holds now, who said so and when; then the programme and the SpO2 scale."""
    here, admission = frame.visit(), page.admission
    may = here.may("state") and admission.discharged_at is None
    st.html(_answers_html(page, here))
    if not may:
        saving.redrawn()
        return
    newest = max((fact.set_at for fact in page.facts.values()), default=None)
    key = saving.entry_id(here, admission.id, "situation", newest or "")
    with st.form(f"situation-{key}", enter_to_submit=False):
        st.markdown("**Special situations**")
        draw(key, page.facts, situations_file().situation, admission.allergies)
        saving.problems(key)
        st.form_submit_button(
            "Save these answers",
            key=f"save-{key}",
            type="primary",
            on_click=_save,
            args=(key, admission.id, page.facts, admission.allergies),
        )
    if here.may("change_programme"):
        _programme_form(page, here)
        _scale_form(page, here)
    saving.redrawn()


def _answers_html(page: PatientPage, here: frame.Visit) -> str:
    rows = []
    unread = not_understood(page.facts)
    for asked in situations_file().situation:
        fact = page.facts.get(asked.name)
        if fact is None:
            at_first = _said_at_admission(asked, page)
            rows.append(f'<tr><th scope="row">{esc(asked.label)}</th><td colspan="2">{at_first}</td></tr>')
            continue
        said = esc(situation_words.said(asked, fact.value))
        rows.append(
            f'<tr><th scope="row">{esc(asked.label)}</th><td class="wrap"><b>{said}</b>'
            f"{situation_words.unread_html(unread.get(asked.name, ()))}</td>"
            f"<td>{esc(fact.set_by)}, {esc(words.when(fact.set_at, here.zone, page.as_of))}</td></tr>"
        )
    return f'<div class="dx-table"><table><tbody>{"".join(rows)}</tbody></table></div>'


def _said_at_admission(asked: Situation, page: PatientPage) -> str:
    admission = page.admission
    if asked.name == PREGNANCY:
        return f"{esc(admission.pregnancy)}, at admission"
    if asked.name == ALLERGIES and allergies(admission.allergies) != "not_asked":
        return f"<b>{esc(situation_words.said(asked, admission.allergies))}</b>, at admission"
    return "? not asked"


def _save(key: str, admission_id: str, facts: Mapping[str, HistoryAnswer], said_of_allergies: str) -> None:
    here = frame.visit()
    try:
        answers = typed(key, situations_file().situation, facts, said_of_allergies)
        save(here, key, admission_id, answers, facts)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _programme_form(page: PatientPage, here: frame.Visit) -> None:
    admission = page.admission
    known = page.facts.get(PROGRAMME)
    key = saving.entry_id(here, admission.id, "programme", known.id if known else "")
    with here.see(admission.id) as tx:
        others = [p for p in PROGRAMMES if p != admission.programme and not is_locked(tx, admission.ward_id, p)]
    with st.form(f"programme-{key}", enter_to_submit=False):
        st.markdown(f"**Programme: {words.plain(words.PROGRAMMES[admission.programme])}**")
        st.selectbox(
            "Go on with", others, index=None, format_func=words.PROGRAMMES.__getitem__, key=f"to-{key}",
            placeholder="choose",
        )  # fmt: skip
        st.text_input("Reason", key=f"why-{key}", placeholder="start criteria met, first dose tolerated")
        saving.problems(key)
        st.form_submit_button("Change the programme", key=f"save-{key}", on_click=_change, args=(key, admission.id))


def _change(key: str, admission_id: str) -> None:
    to, why = st.session_state.get(f"to-{key}"), str(st.session_state.get(f"why-{key}") or "")
    here = frame.visit()
    try:
        fact = HistoryAnswer(key, admission_id, PROGRAMME, str(to or ""), why, here.now)
        care.change_programme(here.store, here.by, fact, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _scale_form(page: PatientPage, here: frame.Visit) -> None:
    admission = page.admission
    known = page.facts.get(SPO2_SCALE)
    key = saving.entry_id(here, admission.id, "spo2-scale", known.id if known else "")
    with st.form(f"scale-{key}", enter_to_submit=False):
        st.markdown(f"**SpO2 scale: {admission.spo2_scale}**")
        st.segmented_control(
            "Scale 2 only where a target of 88-92 % is prescribed", ["1", "2"], key=f"to-{key}", default=None
        )
        st.text_input("Reason", key=f"why-{key}", placeholder="known hypercapnic failure, target 88-92 %")
        saving.problems(key)
        st.form_submit_button("Prescribe this scale", key=f"save-{key}", on_click=_prescribe, args=(key, admission.id))


def _prescribe(key: str, admission_id: str) -> None:
    to, why = st.session_state.get(f"to-{key}"), str(st.session_state.get(f"why-{key}") or "")
    here = frame.visit()
    try:
        if to is None:
            raise Refused({"spo2_scale": "Choose scale 1 or scale 2."})
        fact = HistoryAnswer(key, admission_id, SPO2_SCALE, str(to), why, here.now)
        care.prescribe_spo2_scale(here.store, here.by, fact, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)
