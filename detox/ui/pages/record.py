"""Record one observation set, or correct one: enter, see at once what it means, save, see what follows."""

import uuid
from dataclasses import replace

import streamlit as st

from detox import care
from detox.care import observing
from detox.clinical.judgement import assessments
from detox.clinical.model import Observation
from detox.errors import DetoxError, NeedsConfirmation, NotFound, Refused
from detox.reports import board as reading
from detox.store import find
from detox.ui import frame, other_measures, receipt, record_form, tiles, words
from detox.ui.record_form import Form


def _form(nonce: str) -> Form:
    here = frame.visit()
    with here.see(str(st.query_params.get("admission") or "")) as tx:
        admission = find.admission(tx, str(st.query_params.get("admission") or ""))
        tile = reading.tile(tx, admission, None, here.now)
    return Form(nonce, here, replace(tile, bed=admission.bed or ""), st.session_state.get(f"{nonce}-problems", {}))


def _save(nonce: str, admission_id: str, amends: str, sure: bool) -> None:
    """One tap on save. Everything is read first; between the verb's start and its commit no screen is touched."""
    form = _form(nonce)
    asked = st.session_state.get(f"{nonce}-questions", {})
    reason = form.value("replace_reason") or ""
    problems, questions, saved = {}, {}, None
    try:
        seen = record_form.entry(form, admission_id)
        saved = _keep(form, seen, amends, reason, asked if sure else None)
    except NeedsConfirmation as ask:
        questions = ask.questions
    except Refused as refused:
        problems = refused.problems
    except DetoxError as error:
        problems = {"": str(error)}
    st.session_state[f"{nonce}-problems"] = problems
    st.session_state[f"{nonce}-questions"] = questions
    if saved is not None:
        st.query_params.from_dict({"admission": admission_id, "saved": saved})


def _keep(form: Form, seen: Observation, amends: str, reason: str, agreed: dict[str, str] | None) -> str:
    """Keep the set; values that a person has just called right are kept, others are asked about anew."""

    if amends:
        seen = _with_other_answers(form, seen, amends)

    def keep(confirmed: bool) -> observing.Recorded:
        if amends:
            return care.amend(form.here.store, form.here.by, amends, seen, reason, form.here.now, confirmed=confirmed)
        return care.record(form.here.store, form.here.by, seen, form.here.now, confirmed=confirmed)

    try:
        return keep(False).observation.id
    except NeedsConfirmation as ask:
        if agreed is None or ask.questions != agreed:
            raise
        return keep(True).observation.id


def _with_other_answers(form: Form, seen: Observation, amends: str) -> Observation:
    """This page asks for COWS alone: what the corrected set holds of other scales goes along unchanged."""
    with form.here.see(seen.admission_id) as tx:
        original = find.observation(tx, amends)
    others = {} if original is None else {k: v for k, v in original.answers.items() if k != "cows"}
    return replace(seen, answers={**others, **seen.answers})


def _running(form: Form, admission_id: str) -> None:
    """What the entry adds up to so far: never more certain than it is."""
    try:
        seen = record_form.entry(form, admission_id)
        made = assessments(seen, form.tile.admission)
    except Refused as refused:
        st.html(f'<div class="dx-alert critical">{words.esc(refused)}</div>')
        return
    parts = [f"<b>{words.esc(words.total(a))}</b>{f' {words.esc(a.risk)}' if a.risk else ''}" for a in made if a.items]
    said = " · ".join(parts) or words.esc(other_measures.said(seen.other)) or "Nothing entered yet"
    st.html(f'<div class="dx-cows">{said}</div>')


@st.fragment
def _entry() -> None:
    if st.query_params.get("saved"):
        st.rerun()  # the whole page: the receipt stands where the form stood
    nonce = str(st.query_params.get("f") or "")
    if not nonce:
        return
    form = _form(nonce)
    admission = form.tile.admission
    if admission is None:
        return
    amends = str(st.query_params.get("amend") or "")
    if amends:
        _correcting(form, admission.id, amends)
    record_form.when(form)
    record_form.draw(form)
    with st.container(key="save-bar"):
        left, right = st.columns([7, 3], vertical_alignment="center")
        with left:
            _running(form, admission.id)
            if "" in form.problems:
                st.html(f'<div class="dx-alert critical">{words.esc(form.problems[""])}</div>')
            elif form.problems:
                st.html('<div class="dx-alert critical">Not saved: mend what is marked above, then save again.</div>')
        questions: dict[str, str] = st.session_state.get(f"{nonce}-questions", {})
        with right:
            if questions:
                for question in questions.values():
                    st.html(f'<div class="dx-alert warning">{words.esc(question)}</div>')
                st.button(
                    "Yes, right: save", key=f"{nonce}-sure", type="primary", width="stretch", on_click=_save,
                    args=(nonce, admission.id, amends, True),
                )  # fmt: skip
            else:
                st.button(
                    "Save correction" if amends else "Save set", key=f"{nonce}-save", type="primary", width="stretch",
                    on_click=_save, args=(nonce, admission.id, amends, False),
                )  # fmt: skip


def _correcting(form: Form, admission_id: str, amends: str) -> None:
    with form.here.see(admission_id) as tx:
        original = find.observation(tx, amends)
    if original is None:
        raise NotFound("The set to correct is not there: open the patient again.")
    record_form.prefill(form, original)
    at = words.when(original.taken_at, form.here.zone, form.here.now)
    st.html(
        f'<div class="dx-alert warning"><b>Correcting the set of {at}</b> by {words.esc(original.recorded_by)}. '
        "The original stays readable, struck through.</div>"
    )
    st.text_input("What was wrong?", key=form.key("replace_reason"), placeholder="digits swapped")
    with frame.place():
        if "replace_reason" in form.problems:
            st.html(f'<div class="dx-alert critical">{words.esc(form.problems["replace_reason"])}</div>')


def _page() -> None:
    here = frame.visit()
    if not here.may("record"):
        st.info("Recording is for nurses and physicians.")
        return
    try:
        with here.see(str(st.query_params.get("admission") or "")) as tx:
            admission = find.admission(tx, str(st.query_params.get("admission") or ""))
    except NotFound as missing:
        st.error(words.plain(missing))
        st.page_link("pages/board.py", label="Ward board")
        return
    st.html(tiles.person_html(admission, here.now))
    if saved := st.query_params.get("saved"):
        receipt.draw(here, admission.id, str(saved))
        return
    if not st.query_params.get("f"):
        st.query_params["f"] = uuid.uuid4().hex
    _entry()


_page()
