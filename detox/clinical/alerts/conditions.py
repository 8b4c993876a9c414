"""The conditions of rules, asked of the measures of one observation.

A test answers True, False or None. None is "cannot be told from what was measured": it neither raises nor clears.
"""

from collections.abc import Callable, Mapping, Sequence, Set

from detox.clinical.alerts.rules import Condition
from detox.clinical.measures import Value, told_by

Test = Callable[[Mapping[str, Value], Set[str]], bool | None]
"""Asked of the measures by name, and of the names of those that are only a lower bound."""

UPWARD = ("at_least", "above")


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


def both(every: Sequence[Condition], some: Sequence[Condition]) -> Test:
    """All of `every`, and one of `some` where there are any. Of no condition at all: always True."""
    tests = [test_of(c) for c in every]
    if some:
        tests.append(any_of(some))
    if len(tests) == 1:
        return tests[0]

    def all_of(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        result: bool | None = True
        for test in tests:
            one = test(values, partial)
            if one is False:
                return False
            if one is None:
                result = None
        return result

    return all_of


def any_of(conditions: Sequence[Condition]) -> Test:
    """One of the conditions. Of none: always False."""
    tests = [test_of(c) for c in conditions]

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


def where_told(test: Test, measured: Set[str]) -> Test:
    """False only where one of `measured` was: that time has passed alone says nothing of a rule."""

    def told(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        one = test(values, partial)
        return None if one is False and measured.isdisjoint(told_by(values, partial)) else one

    return told


def over(raised: Test, measured: Set[str]) -> Test:
    """The rule no longer holds, and something of it was measured."""

    def ended(values: Mapping[str, Value], partial: Set[str]) -> bool | None:
        one = raised(values, partial)
        return None if one is None or measured.isdisjoint(told_by(values, partial)) else not one

    return ended
