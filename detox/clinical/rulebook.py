"""The rules compiled to quick tests over the measures of one set, and the book that holds them all."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from string import Formatter
from typing import NamedTuple

from detox.clinical.conditions import REMEMBERED, UPWARD, Judge, Test, test_of
from detox.clinical.measures import TIMED, Value, told_by
from detox.clinical.model import VITALS, Level, PatientLimit
from detox.clinical.rules import AlertsFile, Condition, Rule


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule, the part of it that is asked again and again, and its tests of one reading.

    `raised`: the reading meets the rule; `cleared`: it is inside the clear limits; `at_once`: it needs no second one.
    `stays`: it meets the conditions that do not change by themselves as time passes: time alone ends nothing.
    `order` is its place in the file; `bit` and `clear_bit` stand for the first two tests where a book has judged a
    reading; `rests_on` are the bits of the rules that it rests on, `rests_by` the same problem by problem, of which
    `of_problems` must hold; `confirmed_by` are the bits of those of the same vital and side that, met before, confirm
    it. `alone`: one reading that meets it is enough. `worsens`: its vitals, and whether up is worse. `says` are the
    words of its message, each piece with the name of what follows it.
    """

    rule: Rule
    id: str
    problem: str
    level: Level
    consecutive: int
    confirm_min: int | None
    rank: tuple[int, int]
    raised: Test
    stays: Test
    cleared: Test
    at_once: Test | None
    clear_readings: int
    order: int
    bit: int
    clear_bit: int
    alone: bool
    worsens: tuple[tuple[str, bool], ...]
    says: tuple[tuple[str, str | None], ...]
    of_problems: int
    rests_on: int = 0
    rests_by: tuple[int, ...] = ()
    confirmed_by: int = 0

    def problems_in(self, bits: int) -> int:
        """Of how many problems a rule that it rests on has its bit there."""
        return len([one for one in self.rests_by if one & bits])


class Rested(NamedTuple):
    """Of the rules that rest on others, as bits: those that cannot hold at a reading; and as clear bits: all of them,
    those that may have ended by it, and those that certainly go on."""

    cannot_hold: int
    bits: int
    may_end: int
    goes_on: int


class RuleBook:
    """The rules of one file, compiled once; with limits that were set for a patient in the place of the ward's."""

    def __init__(self, file: AlertsFile, rules: Sequence[Rule] | None = None) -> None:
        self.file = file
        every = rules or file.rules
        bits = {rule.id: 1 << order for order, rule in enumerate(every)}
        self.rules = tuple(
            _compile(
                rule,
                file.clear_readings,
                order,
                clear_bit=1 << order + len(every),
                rests_on=tuple(r for r in every if r.id in rule.of),
                rests_by=_by_problem(rule, every),
                confirmed_by=sum(bits[r.id] for r in every if _confirms(r, rule)),
            )
            for order, rule in enumerate(every)
        )
        self.named = {r.rule.id: r for r in self.rules}
        by_problem: dict[str, list[CompiledRule]] = defaultdict(list)
        for rule in self.rules:
            by_problem[rule.rule.problem].append(rule)
        self.by_problem = {problem: tuple(rules) for problem, rules in by_problem.items()}
        self.order = {problem: order for order, problem in enumerate(by_problem)}
        self.told_by = {problem: self._measures_of(rules) for problem, rules in by_problem.items()}
        self._resting = tuple(r for r in self.rules if r.rests_on)
        self._of_resting = 0
        for rule in self._resting:
            self._of_resting |= rule.bit | rule.rests_on
        self._alone = sum(r.bit for r in self.rules if r.alone)
        self._rested: dict[tuple[int, int], Rested] = {}
        self.bits_of = {problem: sum(r.bit for r in rules) for problem, rules in by_problem.items()}
        self.most_readings = max(max(r.consecutive, r.clear_readings) for r in self.rules)
        self.raised = (1 << len(every)) - 1
        self._over = sum(r.bit for r in self.rules if not (r.rule.clear_all or r.rule.clear_any))
        self._judge = Judge([(r.all, r.any) for r in every] + [(r.clear_all, r.clear_any) for r in every])
        self._limited: dict[tuple[PatientLimit, ...], RuleBook] = {}

    def judged(self, values: Mapping[str, Value], partial: Set[str]) -> tuple[int, int]:
        """Which rules a reading meets and which it does not, as their bits; in neither: what cannot be told from it.

        And the same of their clear limits, as their clear bits. It is what asking `raised` and `cleared` of every rule
        gives, in a fraction of the time. A rule that rests on others is judged by its own conditions only.
        """
        met, not_met, told = self._judge.answers(values, frozenset(partial))
        told |= sum(r.bit for r in self._resting if told & r.rests_on and not told & r.bit)
        count, over = len(self.rules), self._over & told
        not_met &= told | ~self.raised
        met &= ~(self._over << count)
        return met | (not_met & over) << count, not_met | (met & over) << count

    def rested(self, met: int, not_met: int) -> Rested:
        """What the bits of a reading leave possible for the rules that rest on others, however far back it is seen
        from. Few rules have a part in it, so that the same few answers come again and again."""
        key = met & self._of_resting, not_met & self._of_resting
        found = self._rested.get(key)
        if found is None:
            found = self._worked_out(*key)
            if len(self._rested) < REMEMBERED:
                self._rested[key] = found
        return found

    def _worked_out(self, met: int, not_met: int) -> Rested:
        cannot_hold = bits = may_end = goes_on = 0
        unsure = ~(met | not_met)
        for rule in self._resting:
            bits |= rule.clear_bit
            if rule.problems_in(met) < rule.of_problems:
                cannot_hold |= rule.bit
            if not_met & rule.bit:
                may_end |= rule.clear_bit
            elif rule.problems_in(unsure) < rule.of_problems:
                if met & rule.bit and rule.problems_in(met & self._alone) >= rule.of_problems:
                    goes_on |= rule.clear_bit
                else:
                    may_end |= rule.clear_bit
        return Rested(cannot_hold, bits, may_end, goes_on)

    def among(self, met: int) -> Iterator[CompiledRule]:
        """The rules whose bits are there, in the order of the file."""
        met &= self.raised
        while met:
            yield self.rules[(met & -met).bit_length() - 1]
            met &= met - 1

    def _measures_of(self, rules: Sequence[CompiledRule]) -> frozenset[str]:
        """Every measure that can raise or clear one of the rules."""
        own = [*rules, *(self.named[name] for r in rules for name in r.rule.of)]
        return frozenset(
            c.measure for r in own for c in (*r.rule.all, *r.rule.any, *r.rule.clear_all, *r.rule.clear_any)
        )

    def with_limits(self, limits: tuple[PatientLimit, ...]) -> "RuleBook":
        """The book in which these limits stand; itself for none."""
        if not limits:
            return self
        known = self._limited.get(limits)
        if known is None:
            known = RuleBook(self.file, [_limited(rule, limits, self.file.rules) for rule in self.file.rules])
            self._limited[limits] = known
        return known


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


def _by_problem(rule: Rule, every: Sequence[Rule]) -> tuple[int, ...]:
    """The bits of the rules that a rule rests on, together for each of their problems."""
    found: dict[str, int] = defaultdict(int)
    for order, other in enumerate(every):
        if other.id in rule.of:
            found[other.problem] |= 1 << order
    return tuple(found.values())


def _compile(
    rule: Rule,
    clear_readings: int,
    order: int,
    *,
    clear_bit: int,
    rests_on: tuple[Rule, ...],
    rests_by: tuple[int, ...],
    confirmed_by: int,
) -> CompiledRule:
    measured = frozenset(name for r in (rule, *rests_on) for name in r.measures) - TIMED
    raised = _where_told(_both(rule.all, rule.any), measured)
    lasting = [tuple(c for c in conditions if c.measure not in TIMED) for conditions in (rule.all, rule.any)]
    return CompiledRule(
        rule,
        rule.id,
        rule.problem,
        rule.level,
        rule.consecutive,
        rule.confirm_min,
        rule.rank,
        raised,
        stays=_both(*lasting),
        cleared=_both(rule.clear_all, rule.clear_any) if rule.clear_all or rule.clear_any else _over(raised, measured),
        at_once=_any([test_of(c) for c in rule.at_once_if]) if rule.at_once_if else None,
        clear_readings=rule.clear_readings or clear_readings,
        order=order,
        bit=1 << order,
        clear_bit=clear_bit,
        alone=rule.consecutive == 1 and rule.confirm_min is None and not rule.of,
        worsens=tuple(
            (c.measure, c.operator in UPWARD) for c in (*rule.all, *rule.any) if c.measure in VITALS and not c.one_of
        ),
        says=tuple(_pieces(rule)),
        of_problems=rule.of_problems,
        rests_on=sum(rests_by),
        rests_by=rests_by,
        confirmed_by=confirmed_by,
    )


def _always(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
    return True


def _both(every: tuple[Condition, ...], some: tuple[Condition, ...]) -> Test:
    if not every and not some:
        return _always
    tests = [test_of(c) for c in every]
    if some:
        tests.append(_any([test_of(c) for c in some]))
    return tests[0] if len(tests) == 1 else _all(tests)


def _all(tests: list[Test]) -> Test:
    def every(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        result: bool | None = True
        for test in tests:
            one = test(values, partial)
            if one is False:
                return False
            if one is None:
                result = None
        return result

    return every


def _any(tests: list[Test]) -> Test:
    def some(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        result: bool | None = False
        for test in tests:
            one = test(values, partial)
            if one:
                return True
            if one is None:
                result = None
        return result

    return some


def _where_told(raised: Test, measured: Set[str]) -> Test:
    """Not met only where something of the rule was measured: that time has passed alone says nothing of it."""

    def told(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        one = raised(values, partial)
        return None if one is False and measured.isdisjoint(told_by(values, partial)) else one

    return told


def _over(raised: Test, measured: Set[str]) -> Test:
    """The rule no longer holds, and something of it was measured."""

    def over(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        one = raised(values, partial)
        return None if one is None or measured.isdisjoint(told_by(values, partial)) else not one

    return over
