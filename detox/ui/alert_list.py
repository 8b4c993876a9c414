"""The alerts of a patient: what holds, what was done about it, what the data have ended."""

from datetime import timedelta

import streamlit as st

from detox.care import acknowledge, acknowledge_overdue, answer_danger, snooze
from detox.chart.danger import Danger
from detox.clinical.alerts.escalation import Standing, snooze_rule
from detox.clinical.model import LEVELS, Alert, Snooze
from detox.errors import DetoxError
from detox.reports.patient import Answer, PatientPage
from detox.store import orders
from detox.ui import frame, saving, tiles, words
from detox.ui.words import esc

_ENDED = {
    "data": "ended by the data", "escalated": "replaced by a worse alert",
    "amended": "ended by a correction or a late entry", "discharged": "ended with the admission",
}  # fmt: skip


@st.fragment
def waiting(page: PatientPage) -> None:
    """Every alert that waits or is put aside, with a place to answer it; those answered in one line each."""
    here = frame.visit()
    unit, tile = here.ward.temperature_unit, page.tile
    standing = _in_order(page)
    for alert in standing:
        state = tile.standing[alert.id].state
        if state != "answered":
            told = tiles.alert_html(alert, here.now, tile, here.zone, unit)
            _with_answer(
                told, page.admission.id, alert.id, here, aside=alert if state in ("unanswered", "told") else None
            )
    for danger in tile.calls:
        _with_answer(tiles.danger_html(danger, here.now), page.admission.id, "", here, danger=danger)
    if answered := [_answered_html(a, page, here) for a in standing if tile.standing[a.id].state == "answered"]:
        st.html("".join(answered))
    silence = tile.overdue
    if silence is not None and tile.silence is None:
        told = f'<div class="dx-alert unknown"><b>? {esc(silence.message)}</b> {esc(silence.action)}</div>'
        due = tile.due.at.isoformat() if tile.due else ""
        _with_answer(told, page.admission.id, "", here, f"{silence.level} {due}")
    saving.redrawn()


def _in_order(page: PatientPage) -> list[Alert]:
    """The worst first, what is put aside last of its level, then the oldest."""
    standing = page.tile.standing
    return sorted(
        (a for a in page.alerts if a.resolved_at is None),
        key=lambda a: (-LEVELS.index(a.finding.level), standing[a.id].state == "aside", standing[a.id].since),
    )


def _answered_html(alert: Alert, page: PatientPage, here: frame.Visit) -> str:
    """One line: it still holds, somebody has answered, what its vitals did since, and when the next set is due.

    What was done stands in the list of alerts.
    """
    assert alert.acknowledged_at is not None
    sign = words.LEVELS[alert.finding.level].split()[0]
    since = tiles.since_html(page.tile, alert, here.zone, here.now, here.ward.temperature_unit)
    due, following = page.tile.due, ""
    if due is not None:
        word = "next set" if due.at > here.now else "next set due since"
        following = f" · {word} <b>{words.when(due.at, here.zone, here.now)}</b>"
    return (
        f'<div class="dx-alert {alert.finding.level} px-alert"><b>{sign} {esc(alert.finding.message)}</b> '
        f'<span class="dx-quiet">answered {esc(words.ago(alert.acknowledged_at, here.now))} ago by '
        f"{esc(alert.acknowledged_by)}{_ordered(alert, page)}{since}{following}</span>{tiles.also_html(alert)}</div>"
    )


def _ordered(alert: Alert, page: PatientPage) -> str:
    """That a physician's answer lets the doses go on: the nurse who gives them reads it here."""
    judgement = page.tile.judgement
    ordered = judgement is not None and any(d.alert_id == alert.id and d.ordered for d in judgement.dangers)
    return " · <b>give doses as ordered</b>" if ordered else ""


def _with_answer(
    told: str, admission_id: str, alert_id: str, here: frame.Visit, silence: str = "", *, aside: Alert | None = None,
    danger: Danger | None = None,
) -> None:  # fmt: skip
    """What holds, and beside it the place to say what was done; for `aside` also the one to put it aside, if it may be.

    Without an `alert_id` and a `danger` it is a set that is overdue; `silence` names which, so that a longer one is
    answered anew. A physician's answer also says what it means for the doses, and may end what no reading can.
    """
    if not here.may("acknowledge"):
        st.html(told)
        return
    last = danger.answered.id if danger is not None and danger.answered is not None else ""
    about = f"{danger.problem}{last}" if danger is not None else silence
    key = saving.entry_id(here, admission_id, "acknowledge", alert_id or about)
    with st.container(key=f"waits-{key}"):  # by its key it stays what it is where another comes above it
        left, right = st.columns([5, 1.2], vertical_alignment="center")
    left.html(told)
    with right.popover("Acknowledge", key=f"ack-{key}", width="stretch"):
        st.html(told)
        st.text_input("What was done?", key=f"done-{key}", placeholder="told Dr Reyes, repeating in 5 min")
        if alert_id or danger is not None:
            saving.ask_giving(here, key)
        if danger is not None and here.by.role == "physician":
            st.checkbox("This danger is over: close it", key=f"closes-{key}")
        saving.problems(key)
        st.button(
            "Acknowledge", key=f"save-{key}", type="primary", on_click=_acknowledge,
            args=(key, admission_id, alert_id, danger.problem if danger is not None else ""),
        )  # fmt: skip
    if aside is not None and here.may("snooze"):
        with right:
            _put_aside(told, aside, here)


def _put_aside(told: str, alert: Alert, here: frame.Visit) -> None:
    """The place to put an alert aside for a while, where the rules allow it."""
    with here.see(alert.admission_id) as tx:
        before = len(orders.snoozes(tx, [alert.id]).get(alert.id, ()))
    rule = snooze_rule(alert.finding, before)
    if rule is None:
        return
    key = saving.entry_id(here, alert.id, "snooze", before)
    with st.popover("Put aside", key=f"aside-{key}", width="stretch"):
        st.html(told)
        st.segmented_control(
            "For how long?", list(rule.choices_min), key=f"long-{key}", required=True, default=rule.choices_min[0],
            format_func=lambda minutes: words.span(timedelta(minutes=minutes)), wrap=True,
        )  # fmt: skip
        st.text_input("Why can it wait?", key=f"because-{key}", placeholder="known to Dr Reyes, repeat at 14:30")
        saving.problems(key)
        st.button("Put aside", key=f"keep-{key}", type="primary", on_click=_snooze, args=(key, alert.id))


def _snooze(key: str, alert_id: str) -> None:
    minutes, reason = st.session_state.get(f"long-{key}"), str(st.session_state.get(f"because-{key}") or "")
    here = frame.visit()
    until = here.now + timedelta(minutes=int(minutes or 0))
    try:
        snooze(here.store, here.by, Snooze(key, alert_id, here.now, until, reason), here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _acknowledge(key: str, admission_id: str, alert_id: str, problem: str) -> None:
    done = str(st.session_state.get(f"done-{key}") or "")
    closes = bool(st.session_state.get(f"closes-{key}"))
    here, giving = frame.visit(), saving.giving(key)
    try:
        if alert_id:
            acknowledge(here.store, here.by, alert_id, done, here.now, ack_id=key, giving=giving)
        elif problem:
            answer_danger(
                here.store, here.by, admission_id, problem, done, here.now, answer_id=key, giving=giving, closes=closes
            )
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
            state = _open_html(alert, page.tile.standing.get(alert.id), here)
        sign = {"critical": "critically_high", "warning": "high"}.get(found.level, "")
        nobody = '<span class="dx-quiet">nobody</span>'
        rows.append(
            f'<tr><td><b class="dx-val {sign}">{esc(words.LEVELS[found.level])}</b><br>'
            f"{esc(words.when(alert.opened_at, here.zone, here.now))}</td>"
            f'<td class="wrap px-narrow">{state}</td>'
            f'<td class="wrap"><b>{esc(found.message)}</b>{tiles.also_html(alert)}<br>{esc(found.reason)} '
            f'<span class="dx-quiet">Rule {esc(found.rule)}, {esc(found.protocol_version)}; {esc(found.source)}'
            f' [{esc(found.evidence)}]</span></td><td class="wrap">{esc(found.action)}</td>'
            f'<td class="wrap">{answers or nobody}</td></tr>'
        )
    head = "".join(
        f"<th>{h}</th>" for h in ("Since", "State", "What and why", "What to do", "Who answered, what was done")
    )
    return f'<div class="dx-table"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _open_html(alert: Alert, standing: Standing | None, here: frame.Visit) -> str:
    if standing is not None and standing.state == "aside":
        return f"<b>open</b>, {tiles.standing_html(alert, standing, here.zone, here.now)}"
    answered = alert.acknowledged_at is not None if standing is None else standing.state == "answered"
    return "<b>open, answered</b>" if answered else "<b>open, unanswered</b>"


def _answer_html(answer: Answer, here: frame.Visit) -> str:
    at, who, done = answer
    return f"{esc(words.when(at, here.zone, here.now))} <b>{esc(who)}</b>: {esc(done)}"
