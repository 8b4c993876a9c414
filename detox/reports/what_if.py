"""What another limit would have done on this ward: the same admissions under the rule as it is and as it would be.

Nothing is kept and nothing is changed: two replays are compared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from detox.clinical.alerts.book import RuleBook, moved
from detox.clinical.alerts.folding import Change, alerts_file, fold
from detox.clinical.alerts.rules import Condition, Rule
from detox.clinical.model import Admission, Background, Observation
from detox.errors import Refused
from detox.store import Connection, find
from detox.store.background import background

LAST = timedelta(days=90)
DAY_S = 86400
NEAR_H = 24.0
"""An alert of the other replay counts as the same when it opened within so many hours."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a set of rules raised for one problem: how many alerts opened or became worse, by level."""

    warnings: int
    critical: int

    @property
    def alerts(self) -> int:
        """Both levels together."""
        return self.warnings + self.critical


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One problem's alerts with the rules in force and with one limit changed, over the same admissions.

    `earlier_h` is by how many hours the changed rules come first, in the median of the alerts that both raise; None
    where there is no such pair. `only_now` and `only_then` count the alerts that the other would not have raised.
    """

    rule: Rule
    condition: Condition
    value: float
    admissions: int
    sets: int
    patient_days: float
    now: Played
    then: Played
    earlier_h: float | None
    only_now: int
    only_then: int

    @property
    def extra_per_100(self) -> float | None:
        """Alerts more (or, below 0, fewer) per 100 patient-days; None without any time to count over."""
        return 100 * (self.then.alerts - self.now.alerts) / self.patient_days if self.patient_days else None


def limits_of(rule: Rule) -> tuple[Condition, ...]:
    """The limits of a rule that can be tried with another number."""
    return tuple(c for c in rule.all if not c.one_of)


def rules_to_try() -> tuple[Rule, ...]:
    """The rules in force that have such a limit."""
    return tuple(rule for rule in alerts_file().rules if limits_of(rule))


def what_if(tx: Connection, ward_id: str, rule_id: str, measure: str, value: float, now: datetime) -> WhatIf:
    """The ward's last 90 days with `value` as the limit of one measure of one rule.

    Raises Refused where the rule cannot have that limit.
    """
    file = alerts_file()
    rule = file.rule(rule_id)
    condition = next(c for c in limits_of(rule) if c.measure == measure)
    try:
        changed = moved(rule, measure, value)
    except ValueError as error:
        raise Refused({"value": f"This limit makes no sound rule: {_reason(error)} Choose another."}) from error
    of_problem = [r for r in file.rules if r.problem == rule.problem]
    needed = [r for r in file.rules if r in of_problem or any(r.id in other.of for other in of_problem)]
    books = [RuleBook(file, rules) for rules in (needed, [changed if r is rule else r for r in needed])]
    admissions = [_admission(tx, admission, now) for admission in find.admissions_between(tx, ward_id, now - LAST, now)]
    played = [_all(admissions, rule.problem, book, now - LAST) for book in books]
    pairs, only_now, only_then = _matched(*played)
    return WhatIf(
        rule=rule,
        condition=condition,
        value=value,
        admissions=len(admissions),
        sets=sum(len(seen) for _, seen, _ in admissions),
        patient_days=sum(_days(seen, now - LAST) for _, seen, _ in admissions),
        now=_count(played[0]),
        then=_count(played[1]),
        earlier_h=median(pairs) if pairs else None,
        only_now=only_now,
        only_then=only_then,
    )


PlayedAdmission = tuple[str, Sequence[Observation], Background]
Raised = list[tuple[str, Change]]


def _admission(tx: Connection, admission: Admission, now: datetime) -> PlayedAdmission:
    seen = [o for o in find.in_admission(tx, admission, now) if o.taken_at < now]
    return admission.id, seen, background(tx, admission, now=now)


def _all(admissions: Iterable[PlayedAdmission], problem: str, book: RuleBook, since: datetime) -> Raised:
    return [
        (admission_id, change)
        for admission_id, seen, known in admissions
        for change in fold(seen, known, book)
        if change.problem == problem and change.action != "resolved" and change.at >= since
    ]


def _count(raised: Raised) -> Played:
    critical = sum(change.finding.level == "critical" for _, change in raised)
    return Played(len(raised) - critical, critical)


def _days(seen: Sequence[Observation], since: datetime) -> float:
    """Days from the first set to the last, as far as they lie in the time that is looked at."""
    if not seen:
        return 0.0
    return max(0.0, (seen[-1].taken_at - max(seen[0].taken_at, since)).total_seconds() / DAY_S)


def _matched(now: Raised, then: Raised) -> tuple[list[float], int, int]:
    """Each alert of one replay with the nearest of that admission in the other: hours earlier; how many are alone."""
    left = list(now)
    earlier: list[float] = []
    for admission_id, change in then:
        near = [
            (abs((other.at - change.at).total_seconds()), place)
            for place, (whose, other) in enumerate(left)
            if whose == admission_id and other.finding.level == change.finding.level
        ]
        away, place = min(near, default=(NEAR_H * 3600 + 1, -1))
        if away <= NEAR_H * 3600:
            earlier.append((left.pop(place)[1].at - change.at).total_seconds() / 3600)
    return earlier, len(left), len(then) - len(earlier)


def _reason(error: ValueError) -> str:
    """The last sentence of a refusal of the content's own checks."""
    lines = [line.strip() for line in str(error).splitlines() if "Value error" in line]
    said = lines[0].split("Value error, ")[1].split(" [type=")[0] if lines else str(error).splitlines()[0]
    return f"{said}."
