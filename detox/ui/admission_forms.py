"""Moving a patient to another bed, and ending the admission."""

import streamlit as st

from detox.care import discharge, move
from detox.errors import DetoxError
from detox.reports.patient import PatientPage
from detox.store import find
from detox.ui import frame, saving, words


@st.fragment
def forms(page: PatientPage) -> None:
    """Move and discharge, for nurses and physicians."""
    here = frame.visit()
    admission = page.admission
    if admission.discharged_at is not None:
        st.caption("The admission has ended; its records stay readable.")
        return
    if not here.may("move"):
        st.caption("Nurses and physicians move and discharge patients.")
        return
    with here.see() as tx:
        free = {b.id: b.label for b in find.beds(tx, here.ward.id) if b.admission_id is None}
    move_key, end_key = f"move-{admission.id}-{page.tile.bed}", f"end-{admission.id}"
    with st.form(move_key, enter_to_submit=False):
        st.selectbox(
            "Move to a free bed", list(free), index=None, placeholder="choose", key=f"bed-{move_key}",
            format_func=lambda b: free.get(b, b),
        )  # fmt: skip
        saving.problems(move_key)
        st.form_submit_button("Move", key=f"save-{move_key}", on_click=_move, args=(move_key, admission.id))
    with st.form(end_key, enter_to_submit=False):
        st.text_input(
            "Discharge: how the admission ended",
            key=f"why-{end_key}",
            placeholder="completed, to outpatient care on Monday",
        )
        st.checkbox(
            f"Discharge {words.plain(words.name(admission))} now: frees the bed, ends plan and alerts",
            key=f"sure-{end_key}",
        )
        saving.problems(end_key)
        st.form_submit_button("Discharge", key=f"save-{end_key}", on_click=_discharge, args=(end_key, admission.id))
    saving.redrawn()


def _move(key: str, admission_id: str) -> None:
    bed_id = st.session_state.get(f"bed-{key}")
    if bed_id is None:
        st.session_state[f"problem-{key}"] = ["Choose the bed to move to."]
        return
    here = frame.visit()
    try:
        move(here.store, here.by, admission_id, str(bed_id), here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _discharge(key: str, admission_id: str) -> None:
    reason = str(st.session_state.get(f"why-{key}") or "")
    if not st.session_state.get(f"sure-{key}"):
        st.session_state[f"problem-{key}"] = ["Tick the box to say that this patient is to be discharged now."]
        return
    here = frame.visit()
    try:
        discharge(here.store, here.by, admission_id, reason, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)
