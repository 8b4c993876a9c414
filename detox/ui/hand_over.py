"""Handing the tablet to the patient, and taking back from here what nobody took back at the bedside."""

import streamlit as st

from detox.access import sessions
from detox.clinical import protocols
from detox.clinical.model import Admission
from detox.clinical.protocols import Scale
from detox.errors import DetoxError
from detox.store import self_reports
from detox.store.self_reports import SelfReport
from detox.ui import frame, saving, words


@st.fragment
def button(admission: Admission, scale: Scale, nonce: str) -> None:
    """One tap: this browser then shows the questionnaire and nothing else until a clinician takes it back."""
    here = frame.visit()
    if not here.may("hand_over"):
        return
    st.button(
        "**Hand the tablet to the patient**", key=f"{nonce}-hand-over", type="primary", width="stretch",
        on_click=_hand_over, args=(nonce, admission.id, scale.id),
    )  # fmt: skip
    with here.store.read() as tx:
        known = self_reports.pin(tx, here.by.id)
    if known is None and here.session.place == "ward":
        st.html('<div class="dx-quiet">You have no PIN yet: you will need your password to take it back.</div>')
    saving.problems(f"hand-over-{nonce}")


def _hand_over(nonce: str, admission_id: str, scale_id: str) -> None:
    here = frame.visit()
    try:
        sessions.hand_over(here.session, nonce, admission_id, scale_id, here.now)
    except DetoxError as error:
        saving.told(f"hand-over-{nonce}", error)


def left_open(here: frame.Visit, admission: Admission) -> None:
    """Self-reports of this admission that are still in the patient's hands; their answers can be kept from here."""
    with here.see(admission.id) as tx:
        reports = self_reports.open_of(tx, admission.id)
    for report in reports:
        _open_one(report)


@st.fragment
def _open_one(report: SelfReport) -> None:
    here = frame.visit()
    scale = protocols.scales().get(report.scale)
    name = scale.short_name if scale else report.scale
    answered = sum(value is not None for value in report.answers.values())
    since = words.when(report.started_at, here.zone, here.now)
    with st.container(border=True, key=f"open-{report.id}"):
        st.html(
            f"<div><b>A tablet is with this patient</b> for {words.esc(name)} since {since}: {answered} answered so "
            "far. Taking it back from here keeps the answers and signs that tablet out.</div>"
        )
        st.button(
            "Take it back from here", key=f"take-back-{report.id}", on_click=_take_back,
            args=(report.id, report.admission_id),
        )  # fmt: skip
        saving.problems(f"take-back-{report.id}")
    saving.redrawn()


def _take_back(report_id: str, admission_id: str) -> None:
    here = frame.visit()
    saved = None
    try:
        with here.see(admission_id) as tx:
            report = self_reports.report(tx, report_id)
        if report is not None:
            done, _ = sessions.take_back(here.store, here.by, report, here.now)
            saved = done.observation_id
    except DetoxError as error:
        saving.told(f"take-back-{report_id}", error)
        return
    if saved is not None:
        st.query_params.from_dict({"admission": admission_id, "saved": saved})
    saving.settled(f"take-back-{report_id}")
