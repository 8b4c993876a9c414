"""The rules compiled to tests of the measures of one observation, and the book that holds them all."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter

from detox.clinical.alerts.conditions import UPWARD, Test, any_of, both, over, where_told
from detox.clinical.alerts.rules import AlertsFile, Condition, Rule
from detox.clinical.measure_content import CARRIED, TIMED
from detox.clinical.model import VITALS, PatientLimit


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule and its tests of one observation.

    `raised`: the observation meets the rule; `cleared`: it is inside the clear limits; `at_once`: it needs no second
    one. `lasting`: it meets the conditions that do not change by themselves as time passes. `order` is the rule's place
    in the file. `confirmed_by` are the places of the rules of the same vital and side that, met before, confirm it.
    `worsens` are its vitals, and whether up is worse; `says` the words of its message, each piece with the name of what
    follows it. `urgent_by` is what makes it need no second reading; `combines` is True for a rule of several things,
    which are taken together where they were charted minutes apart.
    """

    rule: Rule
    id: str
    problem: str
    rank: tuple[int, int]
    order: int
    raised: Test
    lasting: Test
    cleared: Test
    at_once: Test | None
    clear_readings: int
    confirmed_by: tuple[int, ...]
    worsens: tuple[tuple[str, bool], ...]
    says: tuple[tuple[str, str | None], ...]
    urgent_by: frozenset[str]
    combines: bool


class RuleBook:
    """The rules of one file, compiled once; with limits that were set for a patient in the place of the ward's."""

    def __init__(self, file: AlertsFile, rules: Sequence[Rule] | None = None) -> None:
        self.file = file
        every = rules or file.rules
        self.rules = tuple(_compiled(rule, order, every, file.clear_readings) for order, rule in enumerate(every))
        self.named = {rule.id: rule for rule in self.rules}
        by_problem: dict[str, list[CompiledRule]] = defaultdict(list)
        for rule in self.rules:
            by_problem[rule.problem].append(rule)
        self.by_problem = {problem: tuple(rules) for problem, rules in by_problem.items()}
        self.order = {problem: order for order, problem in enumerate(by_problem)}
        self.measures_of = {problem: self._measures_of(rules) for problem, rules in by_problem.items()}

    def _measures_of(self, rules: Sequence[CompiledRule]) -> frozenset[str]:
        """Every measure that can raise or clear one of the rules."""
        own = [*rules, *(self.named[name] for r in rules for name in r.rule.of)]
        return frozenset(
            c.measure for r in own for c in (*r.rule.all, *r.rule.any, *r.rule.clear_all, *r.rule.clear_any)
        )

    def with_limits(self, limits: tuple[PatientLimit, ...]) -> "RuleBook":
        """The book in which these limits stand; itself for none."""
        return _with_limits(self, limits) if limits else self


@lru_cache(maxsize=64)
def _with_limits(book: RuleBook, limits: tuple[PatientLimit, ...]) -> RuleBook:
    return RuleBook(book.file, [_limited(rule, limits, book.file.rules) for rule in book.file.rules])


def moved(rule: Rule, measure: str, value: float, operator: str | None = None) -> Rule:
    """The rule with another limit for one of its measures; its clear limits move with it, by as much.

    Raises ValueError where the rule has no limit of that measure, or would be no sound rule with it.
    """
    old = next((c for c in rule.all if c.measure == measure and not c.one_of), None)
    if old is None:
        raise ValueError(f"rule {rule.id} has no limit of {measure}")
    gap = value - float(getattr(old, old.operator))
    return Rule.model_validate(
        {
            **rule.model_dump(),
            "all": tuple(_at(c, value, operator) if c is old else c for c in rule.all),
            "clear_all": tuple(_shifted(c, gap) if c.measure == measure else c for c in rule.clear_all),
            "clear_any": tuple(_shifted(c, gap) if c.measure == measure else c for c in rule.clear_any),
        }
    )


def _at(condition: Condition, value: float, operator: str | None = None) -> Condition:
    return Condition.model_validate({"measure": condition.measure, operator or condition.operator: float(value)})


def _shifted(condition: Condition, by: float) -> Condition:
    return _at(condition, round(float(getattr(condition, condition.operator)) + by, 6))


def _limited(rule: Rule, limits: Sequence[PatientLimit], every: Sequence[Rule]) -> Rule:
    """The rule with the patient's limit in it, if it is one plain limit of that vital on that side.

    Of several as bad, the mildest takes the patient's limit; a worse one moves only where that limit has passed it.
    """
    at = _plain_limit(rule)
    if at is None:
        return rule
    vital, side, old = at
    for limit in limits:
        value = limit.critical if rule.level == "critical" else limit.warning
        if (limit.vital, limit.side) != (vital, side) or value is None:
            continue
        worse = max if side == "high" else min
        alike = [r for r in every if r.level == rule.level and _measured_as(r) == _measured_as(rule)]
        peers = [p[2] for r in alike if (p := _plain_limit(r)) and p[:2] == at[:2]]
        if old != (min(peers) if side == "high" else max(peers)):
            value = worse(old, value)
        made = moved(rule, vital, value, "at_least" if side == "high" else "at_most")
        said = f"Limit for this patient, set by {limit.set_by}: {limit.reason}. Otherwise: {rule.source}"
        return made.model_copy(update={"source": said})
    return rule


def _plain_limit(rule: Rule) -> tuple[str, str, float] | None:
    """Vital, side and limit of a rule that is one limit of one measure, on the SpO2 scale that it is for."""
    numbers = [c for c in rule.all if not c.one_of]
    if rule.kind != "limit" or len(numbers) != 1 or rule.any or rule.of:
        return None
    one = numbers[0]
    return one.measure, "high" if one.operator in UPWARD else "low", float(getattr(one, one.operator))


def _measured_as(rule: Rule) -> frozenset[tuple[str, tuple[bool | int | str, ...]]]:
    """For which way of measuring a rule is: the SpO2 scale. Limits of two scales have nothing to do with each other."""
    return frozenset((c.measure, c.one_of) for c in rule.all if c.one_of)


def _confirms(other: Rule, rule: Rule) -> bool:
    """True when a reading that met `other` confirms one that meets `rule`: the same red vital on the same side."""
    sides = {(c.measure, c.operator in UPWARD) for c in rule.all}
    same = {(c.measure, c.operator in UPWARD) for c in other.all} == sides
    return rule.confirm_min is not None and other.confirm_min is not None and same and other.problem == rule.problem


def _pieces(rule: Rule) -> Iterator[tuple[str, str | None]]:
    """The message in pieces: words that are always the same, its limits with them, and the name of what follows."""
    said = ""
    for text, name, _, _ in Formatter().parse(rule.says):
        said += text
        if name == "limit" or (name or "").startswith("limit_"):
            measure = (name or "").removeprefix("limit").removeprefix("_")
            said += next(c.limit for c in (*rule.all, *rule.any) if measure in ("", c.measure))
        elif name is not None:
            yield said, name
            said = ""
    yield said, None


def _compiled(rule: Rule, order: int, every: Sequence[Rule], clear_readings: int) -> CompiledRule:
    rests_on = [other for other in every if other.id in rule.of]
    measured = frozenset(name for r in (rule, *rests_on) for name in r.measures) - TIMED
    raised = both(rule.all, rule.any)
    if not (TIMED | CARRIED).isdisjoint(rule.measures):
        raised = where_told(raised, measured)
    clears = both(rule.clear_all, rule.clear_any) if rule.clear_all or rule.clear_any else over(raised, measured)
    lasting = [[c for c in conditions if c.measure not in TIMED] for conditions in (rule.all, rule.any)]
    return CompiledRule(
        rule,
        rule.id,
        rule.problem,
        rule.rank,
        order,
        raised,
        lasting=both(*lasting),
        cleared=clears,
        at_once=any_of(rule.at_once_if) if rule.at_once_if else None,
        clear_readings=rule.clear_readings or clear_readings,
        confirmed_by=tuple(place for place, other in enumerate(every) if _confirms(other, rule)),
        worsens=tuple(
            (c.measure, c.operator in UPWARD) for c in (*rule.all, *rule.any) if c.measure in VITALS and not c.one_of
        ),
        says=tuple(_pieces(rule)),
        urgent_by=frozenset(condition.measure for condition in rule.at_once_if),
        combines=rule.kind == "combination" and not rule.of,
    )
