"""The alerts of a patient: what holds, what was done about it, what the data have ended."""

import streamlit as st

from detox.care import acknowledge, acknowledge_overdue
from detox.clinical.model import Alert
from detox.errors import DetoxError
from detox.reports.patient import Answer, PatientPage
from detox.ui import frame, saving, tiles, words
from detox.ui.words import esc

_ENDED = {
    "data": "ended by the data", "escalated": "replaced by a worse alert", "amended": "ended by a correction",
    "discharged": "ended with the stay",
}  # fmt: skip


@st.fragment
def waiting(page: PatientPage) -> None:
    """Every alert that nobody has answered, with a place to answer it; the others in one line each."""
    here = frame.visit()
    standing = [a for a in page.alerts if a.resolved_at is None]
    for alert in (a for a in standing if a.acknowledged_at is None):
        _with_answer(tiles.alert_html(alert, here.now), page.admission.id, alert.id, here)
    if answered := [_answered_html(a, here) for a in standing if a.acknowledged_at is not None]:
        st.html("".join(answered))
    silence = page.tile.overdue
    if silence is not None and page.tile.silence is None:
        told = f'<div class="dx-alert unknown"><b>? {esc(silence.message)}</b> {esc(silence.action)}</div>'
        due = page.tile.due.at.isoformat() if page.tile.due else ""
        _with_answer(told, page.admission.id, "", here, f"{silence.level} {due}")
    saving.redrawn()


def _answered_html(alert: Alert, here: frame.Visit) -> str:
    """One line: it still holds, and somebody has answered. What was done stands in the list of alerts."""
    assert alert.acknowledged_at is not None
    sign = words.LEVELS[alert.finding.level].split()[0]
    return (
        f'<div class="dx-alert {alert.finding.level} px-alert"><b>{sign} {esc(alert.finding.message)}</b> '
        f'<span class="dx-quiet">answered {esc(words.ago(alert.acknowledged_at, here.now))} ago by '
        f"{esc(alert.acknowledged_by)}</span></div>"
    )


def _with_answer(told: str, admission_id: str, alert_id: str, here: frame.Visit, silence: str = "") -> None:
    """What holds, and beside it the place to say what was done.

    Without an `alert_id` it is a set that is overdue; `silence` names which, so that a longer one is answered anew.
    """
    if not here.may("acknowledge"):
        st.html(told)
        return
    key = saving.entry_id(here, admission_id, "acknowledge", alert_id or silence)
    left, right = st.columns([5, 1.2], vertical_alignment="center")
    left.html(told)
    with right.popover("Acknowledge", key=f"ack-{key}", width="stretch"):
        st.html(told)
        st.text_input("What was done?", key=f"done-{key}", placeholder="told Dr Reyes, repeating in 5 min")
        saving.problems(key)
        st.button(
            "Acknowledge", key=f"save-{key}", type="primary", on_click=_acknowledge, args=(key, admission_id, alert_id)
        )


def _acknowledge(key: str, admission_id: str, alert_id: str) -> None:
    done = str(st.session_state.get(f"done-{key}") or "")
    here = frame.visit()
    try:
        if alert_id:
            acknowledge(here.store, here.by, alert_id, done, here.now, ack_id=key)
        else:
            acknowledge_overdue(here.store, here.by, admission_id, done, here.now, ack_id=key)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def history_html(page: PatientPage, here: frame.Visit) -> str:
    """All alerts of the window: open ones first, each with every answer it got and how it ended."""
    if not page.alerts:
        return '<p class="dx-quiet">No alert in this window.</p>'
    rows = []
    for alert in page.alerts:
        found = alert.finding
        answers = "<br>".join(_answer_html(a, here) for a in page.answers.get(alert.id, ()))
        if alert.resolved_at is not None:
            state = f"{_ENDED.get(alert.resolution, 'ended')} {words.when(alert.resolved_at, here.zone, here.now)}"
        else:
            state = "<b>open, answered</b>" if alert.acknowledged_at is not None else "<b>open, unanswered</b>"
        sign = {"critical": "critically_high", "warning": "high"}.get(found.level, "")
        nobody = '<span class="dx-quiet">nobody</span>'
        rows.append(
            f'<tr><td><b class="dx-val {sign}">{esc(words.LEVELS[found.level])}</b><br>'
            f"{esc(words.when(alert.opened_at, here.zone, here.now))}</td>"
            f'<td class="wrap px-narrow">{state}</td>'
            f'<td class="wrap"><b>{esc(found.message)}</b><br>{esc(found.reason)} '
            f'<span class="dx-quiet">Rule {esc(found.rule)}, {esc(found.protocol_version)}; {esc(found.source)}'
            f' [{esc(found.evidence)}]</span></td><td class="wrap">{esc(found.action)}</td>'
            f'<td class="wrap">{answers or nobody}</td></tr>'
        )
    head = "".join(
        f"<th>{h}</th>" for h in ("Since", "State", "What and why", "What to do", "Who answered, what was done")
    )
    return f'<div class="dx-table"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _answer_html(answer: Answer, here: frame.Visit) -> str:
    at, who, done = answer
    return f"{esc(words.when(at, here.zone, here.now))} <b>{esc(who)}</b>: {esc(done)}"
