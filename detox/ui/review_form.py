"""A manager records that a named clinician has read a content file."""

import streamlit as st

from detox.care import review
from detox.errors import DetoxError
from detox.reports.protocols import FileReport
from detox.ui import frame, saving, words
from detox.ui.words import esc

_FIELDS = ("reviewer", "profession", "statement")
_KEPT = "review-kept"


def form(here: frame.Visit, report: FileReport) -> None:
    """Who has reviewed this version, and what they say of it; for managers. Others are told who does it."""
    if not here.may("review"):
        st.caption("A ward manager records who has reviewed this file.")
        return
    one = report.one
    kept = next((made for made in report.history if made.id == st.session_state.get(_KEPT)), None)
    if kept is not None:
        st.html(
            f'<div class="pt-reviewed" role="status">✓ Recorded: {esc(one.name)} version {esc(kept.version)}, '
            f"reviewed by {esc(kept.reviewer_name)}</div>"
        )
    key = saving.entry_id(here, "review", one.id, one.sha256, len(report.history))
    named = words.plain(f"{one.name} version {one.file.version}")
    with st.form(f"review-{key}", enter_to_submit=False):
        st.markdown(f"**Record a review of {named}**")
        st.caption(
            "For a clinician who has checked every value of this file against its source. It stays in the record."
        )
        left, right = st.columns(2)
        left.text_input("Name of the reviewer", key=f"reviewer-{key}", autocomplete="off")
        right.text_input("Profession", key=f"profession-{key}", autocomplete="off")
        st.text_area(
            "Statement of the reviewer", key=f"statement-{key}", height=100,
            placeholder="What was read, against what, and what is to be used on this ward with which reservation",
        )  # fmt: skip
        saving.problems(key)
        st.form_submit_button(
            f"Record review of {named}", key=f"save-{key}", type="primary", on_click=_save,
            args=(key, one.id, one.file.version, one.sha256),
        )  # fmt: skip


def _save(key: str, file_id: str, version: str, sha256: str) -> None:
    reviewer, profession, statement = (str(st.session_state.get(f"{name}-{key}") or "") for name in _FIELDS)
    here = frame.visit()
    try:
        made = review(
            here.store, here.by, file_id, version, reviewer, statement, here.now,
            profession=profession, sha256=sha256, review_id=key,
        )  # fmt: skip
    except DetoxError as error:
        saving.told(key, error)
    else:
        st.session_state[_KEPT] = made.id
        st.session_state.pop(f"problem-{key}", None)
