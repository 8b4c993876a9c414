"""Answering alerts: acknowledging, putting aside, and after how long who else is told. None of it ends an alert."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from detox import gate
from detox.care.text import clean
from detox.clinical.alerts import escalation as rules
from detox.clinical.danger_content import dangers_file
from detox.clinical.looking_back import recent_sets
from detox.clinical.model import Alert, Answer, Author, Clinician, Finding, Snooze
from detox.clinical.monitoring import schedule
from detox.errors import Conflict, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, keep, orders
from detox.store.background import background

GIVING = ("withhold", "as_ordered")
"""What an answer to a danger means for the doses."""
_OTHER_WORDS = "This form has kept another answer already, and not these words: open the patient again and answer."
_NO_WORDS = "Say in a few words what was done, for the next shift."
_ONLY_PHYSICIANS = "Only a physician orders doses beside a danger, or closes one: a nurse's answer says what was done."


def acknowledge(
    store: Store, by: Clinician, alert_id: str, what_was_done: str, now: datetime, *, ack_id: str | None = None,
    giving: str = "withhold", closes: bool = False,
) -> Alert:  # fmt: skip
    """Say that an alert was seen and what was done. It goes quiet; it ends only when the data do.

    A critical alert that data have ended is answered by a physician only: that closes it. `giving` says what a
    physician's answer means for the doses, "withhold" or "as_ordered". `ack_id` is made by the screen so that a double
    tap answers once. Raises Refused without words, Conflict when the data have ended the alert and nothing waits.
    """
    permit(store, by, "acknowledge", now)
    answer = _checked(by, what_was_done, giving, closes, ack_id, now)
    with gate.write(store, by, "acknowledge", now, of=("alert", alert_id)) as tx:
        alert = find.alert(tx, alert_id)
        if _said_before(tx, alert.admission_id, replace(answer, alert_id=alert_id)) is not None:
            return alert
        if alert.resolved_at is not None and not _waits_for(by, alert):
            raise Conflict("The data have already ended this alert: nothing needs to be acknowledged.")
        answer = replace(answer, admission_id=alert.admission_id, problem=alert.finding.problem, alert_id=alert.id)
        keep.acknowledgement(tx, answer)
        audit.event(
            tx, now, by, "acknowledge", "alert", alert_id, admission_id=alert.admission_id,
            detail={
                "done": answer.done, "giving": answer.giving,
                "next_due": _due(tx, alert.admission_id, now).at.isoformat(),
            },
        )  # fmt: skip
        return find.alert(tx, alert_id)


def answer_danger(
    store: Store, by: Clinician, admission_id: str, problem: str, what_was_done: str, now: datetime, *,
    answer_id: str | None = None, giving: str = "withhold", closes: bool = False,
) -> Answer:  # fmt: skip
    """Say what was done about a danger that is no open alert: what only the suggestion sees, what is past, an event.

    `problem` is one of dangers.toml. A nurse's answer makes it quiet and ends nothing; a physician's counts as that
    person's word, `giving` for the doses, `closes` for what no reading can end. `answer_id` is made by the screen so
    that a double tap answers once. Raises Refused, NotAllowed, NotFound, Conflict after discharge.
    """
    permit(store, by, "acknowledge", now)
    answer = _checked(by, what_was_done, giving, closes, answer_id, now)
    if dangers_file().named(problem) is None:
        raise Refused({"problem": f"There is no danger {problem!r}: open the patient again and choose one."})
    with gate.write(store, by, "acknowledge", now, admission_id=admission_id) as tx:
        answer = replace(answer, admission_id=admission_id, problem=problem)
        if (known := _said_before(tx, admission_id, answer)) is not None:
            return known
        if find.admission(tx, admission_id).discharged_at is not None:
            raise Conflict("The patient has been discharged: nothing waits for an answer any more.")
        keep.answer(tx, answer)
        audit.event(
            tx, now, by, "answer", "danger", answer.id, admission_id=admission_id,
            detail={"problem": problem, "done": answer.done, "giving": giving, "closes": closes},
        )  # fmt: skip
    return answer


def _said_before(tx: Connection, admission_id: str, answer: Answer) -> Answer | None:
    """The answer that is kept under this id: the same said twice, as by a double tap. Raises Conflict where that form
    has kept other words, or words about something else: nothing that was typed is dropped without a sentence."""
    known = next((a for a in find.answers(tx, admission_id) if a.id == answer.id), None)
    if known is None:
        return None
    same = (known.done, known.giving, known.closes) == (answer.done, answer.giving, answer.closes)
    if not same or (answer.alert_id or known.alert_id) != known.alert_id or answer.problem not in ("", known.problem):
        raise Conflict(_OTHER_WORDS)
    return known


def _checked(
    by: Clinician, what_was_done: str, giving: str, closes: bool, answer_id: str | None, now: datetime
) -> Answer:
    """The answer with clean words, or Refused with every problem of it."""
    done = clean(what_was_done)
    problems: dict[str, str] = {}
    if not done:
        problems["what_was_done"] = _NO_WORDS
    if giving not in GIVING:
        problems["giving"] = f"{giving!r} is no answer for the doses: choose withhold or as_ordered."
    elif by.role != "physician" and (giving == "as_ordered" or closes):
        problems["giving"] = _ONLY_PHYSICIANS
    if problems:
        raise Refused(problems)
    return Answer(
        answer_id or uuid.uuid4().hex, "", "", now, Author(by.id, by.name, by.role), done,
        giving,  # type: ignore[arg-type]
        closes,
    )  # fmt: skip


def _waits_for(by: Clinician, alert: Alert) -> bool:
    """True for a critical alert that data have ended and that this physician may still answer."""
    return by.role == "physician" and alert.finding.level == "critical" and alert.resolution == "data"


def acknowledge_overdue(
    store: Store, by: Clinician, admission_id: str, what_was_done: str, now: datetime, *, ack_id: str | None = None
) -> Alert:
    """Answer that a set is overdue. The silence is kept as an alert at this moment; the next set ends it.

    Raises Refused without words, Conflict when a set has come meanwhile.
    """
    permit(store, by, "acknowledge", now)
    done = clean(what_was_done)
    if not done:
        raise Refused({"what_was_done": _NO_WORDS})
    ack_id = ack_id or uuid.uuid4().hex
    with gate.write(store, by, "acknowledge", now, admission_id=admission_id) as tx:
        standing = [a for a in find.open_alerts(tx, admission_id) if a.finding.kind == "silence"]
        wanted = Answer(ack_id, admission_id, "", now, Author(by.id, by.name, by.role), done)
        if (known := _said_before(tx, admission_id, wanted)) is not None:
            return find.alert(tx, known.alert_id or "")
        silence = overdue_now(tx, admission_id, now)
        if silence is None:
            raise Conflict("A set has come meanwhile: nothing is overdue.")
        same = [a for a in standing if a.finding.level == silence.level]
        if same:
            alert = same[0]
        else:
            for milder in standing:
                keep.resolve(tx, milder.id, now, None, "escalated")
            alert = Alert(uuid.uuid4().hex, admission_id, None, silence, now, recorded_at=now)
            keep.alert(tx, alert, now)
        said = Answer(
            ack_id, admission_id, silence.problem, now, Author(by.id, by.name, by.role), done, alert_id=alert.id
        )
        keep.acknowledgement(tx, said)
        audit.event(
            tx, now, by, "acknowledge", "alert", alert.id, admission_id=admission_id,
            detail={"done": done, "overdue": True},
        )  # fmt: skip
        return find.alert(tx, alert.id)


def snooze(store: Store, by: Clinician, wanted: Snooze, now: datetime) -> Snooze:
    """Put an open alert aside until a time, with a reason. It stays open and on screen and comes back by itself.

    `wanted.id` is made by the screen so that a double tap keeps one. Raises Refused outside the limits of
    answering.toml, Conflict when the data have ended the alert meanwhile, NotFound.
    """
    permit(store, by, "snooze", now)
    wanted = replace(wanted, reason=clean(wanted.reason), at=now, by=by.name)
    with gate.write(store, by, "snooze", now, of=("alert", wanted.alert_id)) as tx:
        alert = find.alert(tx, wanted.alert_id)
        before = orders.snoozes(tx, [alert.id]).get(alert.id, ())
        if (kept := next((one for one in before if one.id == wanted.id), None)) is not None:
            return kept
        if alert.resolved_at is not None:
            raise Conflict("The data have already ended this alert: there is nothing to put aside.")
        _check_snooze(alert.finding, wanted, len(before), now)
        orders.keep_snooze(tx, wanted, by)
        audit.event(
            tx, now, by, "snooze", "snooze", wanted.id, admission_id=alert.admission_id,
            detail={"alert": alert.id, "until": wanted.until_at.isoformat(), "reason": wanted.reason},
        )  # fmt: skip
    return wanted


def set_escalation(store: Store, by: Clinician, ward_id: str, minutes: Sequence[int], now: datetime) -> tuple[int, ...]:
    """After how many minutes an unanswered critical alert is with whom, one number a stage, for this ward from now on.

    The same minutes again change nothing. Raises Refused when they do not rise or are longer than allowed.
    """
    permit(store, by, "set_escalation", now)
    if wrong := rules.wrong_minutes(minutes):
        raise Refused({"minutes": wrong})
    chosen = tuple(int(one) for one in minutes)
    value = json.dumps(chosen)
    with store.write() as tx:
        before = orders.ward_setting(tx, ward_id, rules.SETTING)
        if before != value:
            orders.keep_ward_setting(tx, ward_id, rules.SETTING, value, now, by)
            detail = {"minutes": chosen, "before": rules.ward_minutes(before)}
            audit.event(tx, now, by, "set_escalation", "ward_setting", rules.SETTING, detail=detail)
    return chosen


def _check_snooze(finding: Finding, wanted: Snooze, before: int, now: datetime) -> None:
    rule = rules.snooze_rule(finding, before)
    if rule is None:
        raise Refused({"alert": rules.why_not_snoozed(finding, before)})
    problems: dict[str, str] = {}
    if not wanted.reason:
        problems["reason"] = "Say in a few words why this can wait, for the next shift."
    if wanted.until_at <= now:
        problems["until_at"] = "The time until which it is put aside has passed: choose a later one."
    if wanted.until_at > now + timedelta(minutes=rule.max_min):
        problems["until_at"] = (
            f"This alert can be put aside for {schedule.words(rule.max_min)} at most: choose a shorter time."
        )
    if problems:
        raise Refused(problems)


def _due(tx: Connection, admission_id: str, now: datetime) -> schedule.Due:
    admission = find.admission(tx, admission_id)
    recent = find.last_in_admission(tx, admission, recent_sets(), now)
    at = recent[-1].taken_at if recent else admission.admitted_at
    known = background(tx, admission, at, first=len(recent) >= recent_sets(), now=now)
    return schedule.next_due(recent, find.open_alerts(tx, admission_id), known)


def overdue_now(tx: Connection, admission_id: str, now: datetime) -> Finding | None:
    """The silence of this stay at `now`: worked out at each read, kept only when somebody answers it."""
    return schedule.overdue(_due(tx, admission_id, now), now)
