"""The checklist before the last dose and before the patient leaves: each line done, or declined with a reason."""

import streamlit as st

from detox import care
from detox.clinical.model import HistoryAnswer
from detox.clinical.situations import CHECKED, DECLINED, DONE, discharge_file, open_tasks
from detox.errors import DetoxError, Refused
from detox.reports.patient import PatientPage
from detox.ui import frame, saving, words
from detox.ui.words import esc


@st.fragment
def forms(page: PatientPage) -> None:
    """What is done, what is declined and why, what is open; one tap says that a line is done."""
    here, admission = frame.visit(), page.admission
    tasks = open_tasks(page.facts)
    first = sum(1 for one in tasks if one.before_last_step)
    said = f"{len(tasks)} open, {first} of them before the last dose" if tasks else "complete"
    st.html(f'<div class="dx-big">Before leaving: {said}</div>' + _done_html(page, here))
    may = here.may("state") and admission.discharged_at is None
    with frame.place():
        for task in tasks:
            with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"task-{task.name}"):
                before = ' <b class="dx-quiet">before the last dose</b>' if task.before_last_step else ""
                st.html(
                    f'<div><b>○ {esc(task.label)}</b>{before}<br><span class="dx-quiet">{esc(task.source)} '
                    f"[{esc(task.evidence)}]</span></div>"
                )
                if may:
                    key = saving.entry_id(here, admission.id, "task", task.name)
                    st.button("Done", key=f"done-{key}", on_click=_keep, args=(key, admission.id, task.name, DONE))
    if may and tasks:
        _decline_form(page, here, len(tasks))
    saving.problems(f"tasks-{admission.id}")
    saving.redrawn()


def _done_html(page: PatientPage, here: frame.Visit) -> str:
    rows = []
    for task in discharge_file().item:
        fact = page.facts.get(CHECKED + task.name)
        if fact is None:
            continue
        sign = "✓ done" if fact.value == DONE else f"▲ declined: {esc(fact.note)}"
        rows.append(
            f'<tr><td class="wrap">{esc(task.label)}</td><td class="wrap"><b>{sign}</b></td>'
            f"<td>{esc(fact.set_by)}, {esc(words.when(fact.set_at, here.zone, page.as_of))}</td></tr>"
        )
    return f'<div class="dx-table"><table><tbody>{"".join(rows)}</tbody></table></div>' if rows else ""


def _decline_form(page: PatientPage, here: frame.Visit, left: int) -> None:
    key = saving.entry_id(here, page.admission.id, "declined", left)
    labels = {one.name: one.label for one in open_tasks(page.facts)}
    with (
        st.expander("The patient declines a line", key=f"declines-{page.admission.id}"),
        st.form(f"decline-{key}", enter_to_submit=False, border=False),
    ):
        st.selectbox(
            "Line", list(labels), index=None, format_func=lambda n: labels[n], key=f"line-{key}",
            placeholder="choose",
        )  # fmt: skip
        st.text_input("Reason", key=f"why-{key}", placeholder="has a kit at home, shown on 20 Nov")
        saving.problems(key)
        st.form_submit_button("Keep as declined", key=f"save-{key}", on_click=_decline, args=(key, page))


def _keep(key: str, admission_id: str, name: str, value: str) -> None:
    here = frame.visit()
    try:
        care.state(here.store, here.by, HistoryAnswer(key, admission_id, CHECKED + name, value, "", here.now), here.now)
    except DetoxError as error:
        saving.told(f"tasks-{admission_id}", error)
    else:
        saving.settled(f"tasks-{admission_id}")


def _decline(key: str, page: PatientPage) -> None:
    name, why = st.session_state.get(f"line-{key}"), str(st.session_state.get(f"why-{key}") or "")
    here, admission = frame.visit(), page.admission
    try:
        if name is None:
            raise Refused("Choose the line that the patient declines.")
        fact = HistoryAnswer(key, admission.id, CHECKED + str(name), DECLINED, why, here.now)
        care.state(here.store, here.by, fact, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)
