"""The list of dangers of an admission. Board, suggestion, dose forms, receipt, inbox and shift read it and no other.

A danger comes from a critical alert, from a danger rule of the suggestions, or from a dose that was given against a
hold. It *stands* while its values are beyond their limit; it is *past* once they are not and no physician has answered
it; it is closed, and on the list no more, when both are so. Events end by a physician's word alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from detox.chart.context import PatientContext
from detox.chart.events import rules_of
from detox.clinical.danger_content import WORDS, DangerRow, Giving, dangers_file, strictest_of
from detox.clinical.model import LEVELS, Alert, Answer, Author, Finding, Level, Word
from detox.clinical.suggestions.fired import FiredRule, giving_of

State = Literal["standing", "past"]

UNSTATED = Giving()
BY_ANSWER = "a physician answers it"


@dataclass(frozen=True, slots=True)
class Danger:
    """One danger: which rule, of what problem, how bad, since when, in words, and what it means for the next dose.

    `answered` is the newest answer to it, a nurse's too; `alert_id` the alert where it is one. `how` says how it ends.
    `names` are the values, in the rules' names, that it was seen on. `timed` is False for a rule on facts that have no
    moment (a condition, a dependence): `since` is now for it, and no wait is counted.
    """

    rule: str
    problem: str
    level: Level
    state: State
    since: datetime
    message: str
    action: str
    giving: Giving
    how: str
    answered: Answer | None = None
    alert_id: str | None = None
    names: tuple[str, ...] = ()
    timed: bool = True

    @property
    def answered_by(self) -> Author | None:
        """Who has answered it last."""
        return self.answered.by if self.answered is not None else None

    @property
    def ordered(self) -> bool:
        """True when a physician has seen it and orders the doses all the same."""
        made = self.answered
        return made is not None and made.by.role == "physician" and made.giving == "as_ordered"


def of_alerts(known: PatientContext) -> tuple[Danger, ...]:
    """The dangers among the kept alerts: critical ones that are open, and ended ones that no physician has answered."""
    found = []
    for alert in known.alerts:
        if alert.finding.level != "critical" or alert.finding.kind == "silence":
            continue
        danger = _open(known, alert) if alert.resolved_at is None else _ended(known, alert)
        if danger is not None:
            found.append(danger)
    return (*_once_a_problem(found), *_against_hold(known))


def of_rules(known: PatientContext, fired: Iterable[FiredRule]) -> tuple[Danger, ...]:
    """The dangers among the rules of the suggestion that hold: each that calls for a physician."""
    return tuple(_of_rule(known, one) for one in fired if one.suggestion_class == "HOLD_CALL")


def strictest(dangers: Iterable[Danger], drug_class: str) -> Word:
    """The strictest word of the dangers on a class of drug; none lifts another's."""
    return max((one.giving.to(drug_class) for one in dangers), key=WORDS.index, default="yes")


def level_of(dangers: Iterable[Danger]) -> Level | None:
    """The worst level on the list; None for an empty one."""
    return max((one.level for one in dangers), key=LEVELS.index, default=None)


def in_order(dangers: Sequence[Danger]) -> tuple[Danger, ...]:
    """The worst first: by level, what stands before what is past, what bars an opioid first, then the oldest."""
    return tuple(
        sorted(
            dangers,
            key=lambda d: (-LEVELS.index(d.level), d.state == "past", -WORDS.index(d.giving.opioid), d.since, d.rule),
        )
    )


def one_a_problem(dangers: Sequence[Danger]) -> list[Danger]:
    """One of each problem, the worst first: an alert, which says what to do, before a rule of the same level."""
    best: dict[str, Danger] = {}
    for one in dangers:
        known = best.get(one.problem)
        if known is None or (one.level == known.level and one.alert_id and not known.alert_id):
            best[one.problem] = one
    return [one for one in dangers if best[one.problem] is one]


def fired_of(danger: Danger) -> FiredRule:
    """A danger from elsewhere as a rule of the suggestion engine: it calls for a physician."""
    withheld = danger.giving.opioid == "no"
    return FiredRule(
        danger.rule,
        "HOLD_CALL",
        (danger.message,),
        "withhold" if withheld else "physician_decides",
        text=danger.action or f"{danger.message}. Physician now.",
        names=danger.names,
        giving=danger.giving,
    )


def _open(known: PatientContext, alert: Alert) -> Danger:
    finding = alert.finding
    row, answered = dangers_file().row(finding.rule), _answer(known, alert)
    made = Danger(
        rule=finding.rule,
        problem=finding.problem,
        level="critical",
        state="standing",
        since=alert.opened_at,
        message=_message(alert),
        action=finding.action,
        giving=_giving(alert.finding),
        how=_how(row),
        answered=answered,
        alert_id=alert.id,
    )
    return _as_ordered(made)


def of_finding(known: PatientContext, finding: Finding, since: datetime) -> Danger:
    """A danger that no alert was kept of: it is worked out from what is known, and stands since that moment."""
    row = dangers_file().row(finding.rule)
    said = [a for a in known.answers if a.problem == finding.problem and a.at >= since]
    made = Danger(
        rule=finding.rule,
        problem=finding.problem,
        level=finding.level,
        state="standing",
        since=since,
        message=finding.message,
        action=finding.action,
        giving=_giving(finding),
        how=_how(row),
        answered=next(reversed([a for a in said if a.by.role == "physician"] or said), None),
    )
    return _as_ordered(made)


def _message(alert: Alert) -> str:
    """What the alert says, and what else on its card is stricter for the doses than its own rule."""
    finding, file = alert.finding, dangers_file()
    own = file.row(finding.rule)
    mild = own.giving if own is not None else UNSTATED
    stricter = [
        said for rule, said in finding.also.items()
        if (row := file.row(rule)) is not None and strictest_of([mild, row.giving]) != mild
    ]  # fmt: skip
    return "; ".join([finding.message, *stricter])


def _giving(finding: Finding) -> Giving:
    """What an alert means for the doses: the strictest of its rule and of the others that are told on its card."""
    file = dangers_file()
    beside = [row.giving for rule in finding.also if (row := file.row(rule)) is not None]
    own = file.row(finding.rule)
    return strictest_of([own.giving if own is not None else UNSTATED, *beside])


def _as_ordered(danger: Danger) -> Danger:
    """With a physician's order to give all the same, what was withheld is by that physician's word."""
    if not danger.ordered:
        return danger
    return replace(danger, giving=danger.giving.at_most("physician"))


def _ended(known: PatientContext, alert: Alert) -> Danger | None:
    """A critical alert that data have ended: past until a physician has answered it, then closed."""
    finding = alert.finding
    if alert.resolution != "data" or _closed(known, alert):
        return None
    return Danger(
        rule=finding.rule,
        problem=finding.problem,
        level="warning",
        state="past",
        since=alert.opened_at,
        message=f"Was: {finding.message}. Clear since {_at(known, alert.resolved_at)}, no physician has seen it",
        action="Call the physician: it is over, but nobody has answered it. The next dose waits for that word.",
        giving=_giving(alert.finding).at_most("physician"),
        how=BY_ANSWER,
        answered=_answer(known, alert),
        alert_id=alert.id,
    )


def _once_a_problem(found: Sequence[Danger]) -> list[Danger]:
    """All that stand; and of the past ones those that are alone with their problem, or hold a dose that the others of
    it do not hold: the newest before the older."""
    kept = [one for one in found if one.state == "standing"]
    for one in reversed([one for one in found if one.state == "past"]):
        beside = strictest_of(other.giving for other in kept if other.problem == one.problem)
        if one.problem not in {other.problem for other in kept} or strictest_of([beside, one.giving]) != beside:
            kept.append(one)
    return kept


def _answers(known: PatientContext, alert: Alert) -> list[Answer]:
    """Who answered the alert itself, or its problem once it had been kept; oldest first."""
    since = alert.recorded_at or alert.opened_at
    return [
        a
        for a in known.answers
        if a.alert_id == alert.id or (a.problem == alert.finding.problem and a.at >= min(since, alert.opened_at))
    ]


def _answer(known: PatientContext, alert: Alert) -> Answer | None:
    """The newest answer; a physician's before a nurse's."""
    made = _answers(known, alert)
    of_physicians = [a for a in made if a.by.role == "physician"]
    return next(reversed(of_physicians or made), None)


def _closed(known: PatientContext, alert: Alert) -> bool:
    """A physician has answered the alert, or decided on a suggestion that showed it."""
    if any(a.by.role == "physician" for a in _answers(known, alert)):
        return True
    since = alert.recorded_at or alert.opened_at
    return any(alert.finding.rule in rules_of(d) and d.decided_at >= since for d in known.decisions)


def _against_hold(known: PatientContext) -> list[Danger]:
    """Doses that were given although something held them, until a physician has answered."""
    row = dangers_file().row("against_hold")
    found = []
    for dose in known.given:
        kept = dose.recorded_at or dose.given_at
        answered = [a for a in known.answers if a.problem == "against_hold" and a.at >= kept]
        decided = any("against_hold" in rules_of(d) and d.decided_at >= kept for d in known.decisions)
        if not dose.against_hold or row is None or decided or any(a.by.role == "physician" for a in answered):
            continue
        found.append(
            Danger(
                rule="against_hold",
                problem=row.problem,
                level=row.level,
                state="standing",
                since=dose.given_at,
                message=f"{dose.drug} {dose.dose_mg:g} mg was given against a hold at {_at(known, dose.given_at)}",
                action="Physician now. Watch breathing and sedation; no further dose until the physician decides.",
                giving=row.giving,
                how=_how(row),
                answered=answered[-1] if answered else None,
            )
        )
    return found


def _of_rule(known: PatientContext, one: FiredRule) -> Danger:
    row = dangers_file().row(one.row or one.rule)
    by_value = next((p for p in map(dangers_file().of_vital, one.names) if p), None)
    problem = by_value if row is None or row.spans else row.problem
    level: Level = row.level if row is not None else "critical"
    since = known.now if one.min_ago is None else known.now - timedelta(minutes=max(one.min_ago, 0))
    last = since if one.min_ago is not None else _newest_charted(known)
    if one.last_min_ago is not None:
        last = known.now - timedelta(minutes=max(one.last_min_ago, 0))
    belongs = problem or (row.problem if row is not None else "danger_flag")
    answers = [a for a in known.answers if a.problem == belongs and a.at >= last]
    of_physicians = [a for a in answers if a.by.role == "physician"]
    said = one.reasons[0] if one.reasons else one.text
    made = Danger(
        rule=one.rule,
        problem=belongs,
        level="warning" if one.past else level,
        state="past" if one.past else "standing",
        since=since,
        message=said,
        action=one.text,
        giving=giving_of(one),
        how=BY_ANSWER if one.past else _how(row),
        answered=next(reversed(of_physicians or answers), None),
        names=one.names,
        timed=one.min_ago is not None,
    )
    return _as_ordered(made)


def _newest_charted(known: PatientContext) -> datetime:
    """When anything was charted last: only an answer after it can speak of a rule that has no time of its own."""
    moments = [known.admission.admitted_at]
    moments += [o.recorded_at or o.taken_at for o in known.observations]
    moments += [d.recorded_at or d.given_at for d in known.doses]
    moments += [at for at, _ in known.results.values()]
    moments += [fact.set_at for fact in known.facts.values()]
    return max(moments)


def _how(row: DangerRow | None) -> str:
    if row is not None and row.ends == "word":
        return "a physician's answer ends it; no reading does"
    return "clear on the next readings, and answered by a physician"


def _at(known: PatientContext, moment: datetime | None) -> str:
    if moment is None:
        return "an unknown time"
    local = moment.astimezone(known.zone)
    return f"{local:%H:%M}" if local.date() == known.now.astimezone(known.zone).date() else f"{local:%a %-d %b %H:%M}"
