"""The rules compiled to quick tests over the measures of one set, and the book that holds them all.

A test answers True, False or None. None is "cannot be told from what was measured": it neither raises nor clears.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from detox.clinical.measures import TIMED, Value
from detox.clinical.model import VITALS, Level, PatientLimit
from detox.clinical.rules import AlertsFile, Condition, Rule, possible_codes

Test = Callable[[Mapping[str, Value], Set[str]], bool | None]

REMEMBERED = 4096
UPWARD = ("at_least", "above")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule, the part of it that is asked again and again, and its tests of one reading.

    `raised`: the reading meets the rule; `cleared`: it is inside the clear limits; `at_once`: it needs no second one.
    `order` is its place in the file; `bit` and `clear_bit` stand for the first two tests where a book has judged a
    reading; `rests_on` are the bits of the rules that it rests on, `confirmed_by` of those of the same vital and side
    that, met before, confirm it. `alone`: one reading that meets it is enough. `worsens`: its vitals, and whether up is
    worse.
    """

    rule: Rule
    id: str
    problem: str
    level: Level
    consecutive: int
    confirm_min: int | None
    rank: tuple[int, int]
    raised: Test
    cleared: Test
    at_once: Test | None
    clear_readings: int
    order: int
    bit: int
    clear_bit: int
    alone: bool
    worsens: tuple[tuple[str, bool], ...]
    rests_on: int = 0
    confirmed_by: int = 0


class _Judge:
    """Many questions answered at once. Each has conditions that must all be met, and others of which one must be.

    What a measure alone says of all questions is known beforehand for each place that its value can have, as bits of
    one number. It has four fields with a bit for each question: a condition of `all` is not met; one of `any` is met;
    one of `all`, and one of `any`, of which it cannot be told. For a reading those of its measures are laid together.
    """

    def __init__(self, questions: Sequence[tuple[Sequence[Condition], Sequence[Condition]]]) -> None:
        self._width = len(questions)
        self._every = (1 << self._width) - 1
        self._any = sum(1 << n for n, (_, some) in enumerate(questions) if some)
        by_measure: dict[str, list[_Line]] = defaultdict(list)
        for number, (every, some) in enumerate(questions):
            bit, met = 1 << number, 1 << number + self._width
            for condition in every:
                by_measure[condition.measure].append(_Line(bit, 0, condition, test_of(condition)))
            for condition in some:
                by_measure[condition.measure].append(_Line(0, met, condition, test_of(condition)))
        self._lines = dict(by_measure)
        self._tables: dict[tuple[str, bool], _Table] = {}
        self._plans: dict[tuple[tuple[str, ...], Set[str]], _Plan] = {}

    def answers(self, values: Mapping[str, Value], partial: frozenset[str]) -> tuple[int, int, int]:
        """Which questions a reading meets and which it does not, as bits; in neither: what cannot be told from it.

        And those of which something was measured: that time has passed alone ends nothing.
        """
        names = tuple(values)
        plan = self._plans.get((names, partial)) or self._plan(names, partial)
        found = plan.absent
        for name, table in plan.tables:
            found |= table[values[name]]
        width, every = self._width, self._every
        lacking = self._any & ~(found >> width)
        unsure = found >> 2 * width
        not_met = (found & every) | (lacking & ~(unsure >> width))
        return every & ~(not_met | unsure | lacking), not_met, plan.told

    def _plan(self, names: tuple[str, ...], partial: frozenset[str]) -> "_Plan":
        """What to look up for a reading of these measures. The same few sets of measures come again and again."""
        absent = told = 0
        for name, lines in self._lines.items():
            bits = sum({line.not_met | line.met for line in lines})
            if name not in names:
                absent |= bits
            elif name not in TIMED:
                told |= bits | bits >> self._width
        tables = tuple((name, self._table(name, name in partial)) for name in names if name in self._lines)
        plan = _Plan(absent << 2 * self._width, tables, told & self._every)
        if len(self._plans) < REMEMBERED:
            self._plans[names, partial] = plan
        return plan

    def _table(self, name: str, bound: bool) -> "_Table":
        if (name, bound) not in self._tables:
            self._tables[name, bound] = _Table(name, self._lines[name], bound, 2 * self._width)
        return self._tables[name, bound]


class _Line(NamedTuple):
    """A condition of a question, the bit that says that it is not met (of `all`) or that it is (of `any`), its test."""

    not_met: int
    met: int
    condition: Condition
    test: Test


class _Table(dict[Value, int]):
    """What one measure alone says of the questions that have a condition on it, by its value.

    A value falls on a limit or between two; for each such place it is known beforehand. Values that have been asked for
    are remembered: the same few are measured again and again.
    """

    def __init__(self, measure: str, lines: Sequence[_Line], bound: bool, unsure: int) -> None:
        super().__init__()
        self._measure = measure
        self._lines = lines
        self._partial = frozenset({measure} if bound else ())
        self._unsure = unsure
        self._edges: list[float] = []
        if not possible_codes(measure):
            conditions = [line.condition for line in lines]
            self._edges = sorted({float(getattr(c, c.operator)) for c in conditions})
            self._places = [self._says(place) for place in _places(self._edges)]

    def __missing__(self, value: Value) -> int:
        if self._edges:
            number = float(value)
            found = self._places[bisect_left(self._edges, number) + bisect_right(self._edges, number)]
        else:
            found = self._says(value)
        if len(self) < REMEMBERED:
            self[value] = found
        return found

    def _says(self, value: Value) -> int:
        found = 0
        for line in self._lines:
            one = line.test({self._measure: value}, self._partial)
            found |= (line.not_met | line.met) << self._unsure if one is None else line.met if one else line.not_met
        return found


class _Plan(NamedTuple):
    """What is unsure because a measure is absent, the tables of those that are there, and of what they tell at all."""

    absent: int
    tables: tuple[tuple[str, _Table], ...]
    told: int


def _places(edges: Sequence[float]) -> list[float]:
    """A value below the first limit, on it, between it and the next, and so on to one above the last."""
    places = [edges[0] - 1]
    for edge, following in zip(edges, [*edges[1:], edges[-1] + 2], strict=True):
        places += [edge, (edge + following) / 2]
    return places


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
                rests_on=sum(bits[name] for name in rule.of),
                confirmed_by=sum(bits[r.id] for r in every if _confirms(r, rule)),
            )
            for order, rule in enumerate(every)
        )
        self.named = {r.rule.id: r for r in self.rules}
        by_problem: dict[str, list[Compiled]] = defaultdict(list)
        for rule in self.rules:
            by_problem[rule.rule.problem].append(rule)
        self.by_problem = {problem: tuple(rules) for problem, rules in by_problem.items()}
        self.order = {problem: order for order, problem in enumerate(by_problem)}
        self.told_by = {problem: self._measures_of(rules) for problem, rules in by_problem.items()}
        self._raised = (1 << len(every)) - 1
        self._over = sum(r.bit for r in self.rules if not (r.rule.clear_all or r.rule.clear_any))
        self._judge = _Judge([(r.all, r.any) for r in every] + [(r.clear_all, r.clear_any) for r in every])
        self._limited: dict[tuple[PatientLimit, ...], RuleBook] = {}

    def judged(self, values: Mapping[str, Value], partial: Set[str]) -> tuple[int, int]:
        """Which rules a reading meets and which it does not, as their bits; in neither: what cannot be told from it.

        And the same of their clear limits, as their clear bits. It is what asking `raised` and `cleared` of every rule
        gives, in a fraction of the time. A rule that rests on others is judged by its own conditions only.
        """
        met, not_met, told = self._judge.answers(values, frozenset(partial))
        count, over = len(self.rules), self._over & told
        met &= ~(self._over << count)
        return met | (not_met & over) << count, not_met | (met & over) << count

    def among(self, met: int) -> Iterator[Compiled]:
        """The rules whose bits are there, in the order of the file."""
        met &= self._raised
        while met:
            yield self.rules[(met & -met).bit_length() - 1]
            met &= met - 1

    def _measures_of(self, rules: Sequence[Compiled]) -> frozenset[str]:
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
        peers = [p[2] for r in every if r.level == rule.level and (p := _plain_limit(r)) and p[:2] == at[:2]]
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


def test_of(condition: Condition) -> Test:
    """The test of one condition: True, False, or None where the measure is absent or only a lower bound is known."""
    name, operator = condition.measure, condition.operator
    if operator == "one_of":
        chosen = frozenset(condition.one_of)

        def among(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
            return None if (value := values.get(name)) is None else value in chosen

        return among
    limit = float(getattr(condition, operator))
    inclusive = operator in ("at_least", "at_most")
    upward = operator in UPWARD

    def against(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        value = values.get(name)
        if value is None:
            return None
        past = value > limit or (value == limit and inclusive == upward)  # type: ignore[operator]
        if not past and name in partial:  # the missing items could still lift it
            return None
        return past if upward else not past

    return against


def _confirms(other: Rule, rule: Rule) -> bool:
    """True when a reading that met `other` confirms one that meets `rule`: the same red vital on the same side."""
    sides = {(c.measure, c.operator in UPWARD) for c in rule.all}
    same = {(c.measure, c.operator in UPWARD) for c in other.all} == sides
    return rule.confirm_min is not None and other.confirm_min is not None and same and other.problem == rule.problem


def _compile(
    rule: Rule, clear_readings: int, order: int, *, clear_bit: int, rests_on: int, confirmed_by: int
) -> Compiled:
    raised = _both(rule.all, rule.any) if rule.all or rule.any else _always
    return Compiled(
        rule,
        rule.id,
        rule.problem,
        rule.level,
        rule.consecutive,
        rule.confirm_min,
        rule.rank,
        raised,
        cleared=_both(rule.clear_all, rule.clear_any) if rule.clear_all or rule.clear_any else _over(rule, raised),
        at_once=_any([test_of(c) for c in rule.at_once_if]) if rule.at_once_if else None,
        clear_readings=rule.clear_readings or clear_readings,
        order=order,
        bit=1 << order,
        clear_bit=clear_bit,
        alone=rule.consecutive == 1 and rule.confirm_min is None and not rule.of,
        worsens=tuple(
            (c.measure, c.operator in UPWARD) for c in (*rule.all, *rule.any) if c.measure in VITALS and not c.one_of
        ),
        rests_on=rests_on,
        confirmed_by=confirmed_by,
    )


def _always(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
    return True


def _both(every: tuple[Condition, ...], some: tuple[Condition, ...]) -> Test:
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


def _over(rule: Rule, raised: Test) -> Test:
    """The rule no longer holds, and something of it was measured: that time has passed alone ends nothing."""
    measured = frozenset(rule.measures) - TIMED

    def over(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        one = raised(values, partial)
        return None if one is None or measured.isdisjoint(values) else not one

    return over
