"""The rules compiled to quick tests over the measures of one set, and the book that holds them all.

A test answers True, False or None. None is "cannot be told from what was measured": it neither raises nor clears.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from detox.clinical.measures import TIMED, Value
from detox.clinical.model import PatientLimit
from detox.clinical.rules import AlertsFile, Condition, Rule, possible_codes

Test = Callable[[Mapping[str, Value], Set[str]], bool | None]

REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule with its tests of one reading: `raised`: it meets the rule; `cleared`: it is inside the clear limits;
    `at_once`: it needs no second reading. `order` is its place in the file, `bit` the same as a bit; `rests_on` are the
    bits of the rules that it rests on, `confirmed_by` of those of the same vital and side that, met before, confirm it.
    """

    rule: Rule
    rank: tuple[int, int]
    bit: int
    raised: Test
    some: Test | None
    cleared: Test
    at_once: Test | None
    clear_readings: int
    order: int
    rests_on: int = 0
    confirmed_by: int = 0


class _Table(dict[Value, int]):
    """What one measure alone says of every rule that has a condition on it: which of them it rules out, by its value.

    A value falls on a limit or between two; for each such place the rules are known beforehand, as bits. Values that
    have been asked for are remembered: the same few are measured again and again.
    """

    def __init__(self, measure: str, rules: Sequence[Compiled]) -> None:
        super().__init__()
        conditions = [(r.bit, c) for r in rules for c in r.rule.all if c.measure == measure]
        self.measure = measure
        self.asked = 0
        for bit, _ in conditions:
            self.asked |= bit
        self._edges: list[float] = []
        if possible := possible_codes(measure):
            self.update({code: _ruled_out(conditions, measure, code, frozenset())[0] for code in possible})
            return
        self._edges = sorted({float(getattr(c, c.operator)) for _, c in conditions})
        places = list(_places(self._edges))
        self._whole = [_ruled_out(conditions, measure, place, frozenset())[0] for place in places]
        self._partial = [_ruled_out(conditions, measure, place, frozenset({measure})) for place in places]

    def __missing__(self, value: Value) -> int:
        if not self._edges:
            return self.asked
        found = self._whole[self._place(float(value))]
        if len(self) < REMEMBERED:
            self[value] = found
        return found

    def of_lower_bound(self, value: Value) -> tuple[int, int]:
        """The rules that a lower bound rules out, and those that it leaves open."""
        return self._partial[self._place(float(value))]

    def _place(self, number: float) -> int:
        below = bisect_left(self._edges, number)
        return 2 * below + (below < len(self._edges) and self._edges[below] == number)


def _places(edges: Sequence[float]) -> list[float]:
    """A value below the first limit, on it, between it and the next, and so on to one above the last."""
    places = [edges[0] - 1]
    for edge, following in zip(edges, [*edges[1:], edges[-1] + 2], strict=True):
        places += [edge, (edge + following) / 2]
    return places


def _ruled_out(
    conditions: Sequence[tuple[int, Condition]], measure: str, value: Value, partial: Set[str]
) -> tuple[int, int]:
    false = unknown = 0
    for bit, condition in conditions:
        one = test_of(condition)({measure: value}, partial)
        false |= bit if one is False else 0
        unknown |= bit if one is None else 0
    return false, unknown


class RuleBook:
    """The rules of one file, compiled once; with limits that were set for a patient in the place of the ward's."""

    def __init__(self, file: AlertsFile, rules: Sequence[Rule] | None = None) -> None:
        self.file = file
        bits = {rule.id: 1 << order for order, rule in enumerate(rules or file.rules)}
        self.rules = tuple(
            _compile(
                rule,
                file.clear_readings,
                order,
                rests_on=sum(bits[name] for name in rule.of),
                confirmed_by=sum(bits[r.id] for r in rules or file.rules if _confirms(r, rule)),
            )
            for order, rule in enumerate(rules or file.rules)
        )
        self.named = {r.rule.id: r for r in self.rules}
        by_problem: dict[str, list[Compiled]] = defaultdict(list)
        for rule in self.rules:
            by_problem[rule.rule.problem].append(rule)
        self.by_problem = {problem: tuple(rules) for problem, rules in by_problem.items()}
        self.told_by = {problem: self._measures_of(rules) for problem, rules in by_problem.items()}
        self._all = (1 << len(self.rules)) - 1
        self._some = tuple(r for r in self.rules if r.some is not None)
        asked = sorted({c.measure for r in self.rules for c in r.rule.all})
        self._tables = tuple((measure, _Table(measure, self.rules)) for measure in asked)
        self._limited: dict[tuple[PatientLimit, ...], RuleBook] = {}

    def judged(self, values: Mapping[str, Value], partial: Set[str]) -> tuple[int, int]:
        """Which rules a reading meets and which it does not, as bits; in neither: what cannot be told from it.

        The same as asking `raised` of every rule, in a fraction of the time: most readings meet none. A rule that
        rests on others is judged by its own conditions only.
        """
        false = unknown = 0
        for measure, table in self._tables:
            value = values.get(measure)
            if value is None:
                unknown |= table.asked
            elif measure in partial:
                ruled_out, left_open = table.of_lower_bound(value)
                false |= ruled_out
                unknown |= left_open
            else:
                false |= table[value]
        for rule in self._some:
            if not false & rule.bit:
                one = rule.some(values, partial)  # type: ignore[misc]
                if one is False:
                    false |= rule.bit
                elif one is None:
                    unknown |= rule.bit
        return self._all & ~(false | unknown), false

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
    return one.measure, "high" if one.operator in ("at_least", "above") else "low", float(getattr(one, one.operator))


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
    upward = operator in ("at_least", "above")

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
    sides = {(c.measure, c.operator in ("at_least", "above")) for c in rule.all}
    same = {(c.measure, c.operator in ("at_least", "above")) for c in other.all} == sides
    return rule.confirm_min is not None and other.confirm_min is not None and same and other.problem == rule.problem


def _compile(rule: Rule, clear_readings: int, order: int, *, rests_on: int, confirmed_by: int) -> Compiled:
    raised = _both(rule.all, rule.any) if rule.all or rule.any else _always
    cleared = _both(rule.clear_all, rule.clear_any) if rule.clear_all or rule.clear_any else _over(rule, raised)
    at_once = _any([test_of(c) for c in rule.at_once_if]) if rule.at_once_if else None
    some = _any([test_of(c) for c in rule.any]) if rule.any else None
    ends = rule.clear_readings or clear_readings
    return Compiled(rule, rule.rank, 1 << order, raised, some, cleared, at_once, ends, order, rests_on, confirmed_by)


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
