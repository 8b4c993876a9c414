"""The conditions of all rules asked at once of the measures of one reading.

A test answers True, False or None. None is "cannot be told from what was measured": it neither raises nor clears.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from functools import reduce
from operator import getitem, or_
from typing import NamedTuple

from detox.clinical.measures import Value, told_by
from detox.clinical.rules import Condition, possible_codes

Test = Callable[[Mapping[str, Value], Set[str]], bool | None]

REMEMBERED = 4096
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


class Judge:
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
        found = reduce(or_, map(getitem, plan.tables, values.values()), plan.absent)  # each measure in its own table
        width, every = self._width, self._every
        lacking = self._any & ~(found >> width)
        unsure = found >> 2 * width
        not_met = (found & every) | (lacking & ~(unsure >> width))
        return every & ~(not_met | unsure | lacking), not_met, plan.told

    def _plan(self, names: tuple[str, ...], partial: frozenset[str]) -> "_Plan":
        """What to look up for a reading of these measures. The same few sets of measures come again and again."""
        absent = told = 0
        measured = told_by(dict.fromkeys(names, 0), partial)
        for name, lines in self._lines.items():
            bits = sum({line.not_met | line.met for line in lines})
            if name not in names:
                absent |= bits
            elif name in measured:
                told |= bits | bits >> self._width
        tables = tuple(self._table(name, name in partial) for name in names)
        plan = _Plan(absent << 2 * self._width, tables, told & self._every)
        if len(self._plans) < REMEMBERED:
            self._plans[names, partial] = plan
        return plan

    def _table(self, name: str, bound: bool) -> "_Table":
        if (name, bound) not in self._tables:
            self._tables[name, bound] = _Table(name, self._lines.get(name, ()), bound, 2 * self._width)
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
        if lines and not possible_codes(measure):
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
    """What is unsure because a measure is absent, the tables of those that are there in the order of the reading, and
    of what they tell at all."""

    absent: int
    tables: tuple[_Table, ...]
    told: int


def _places(edges: Sequence[float]) -> list[float]:
    """A value below the first limit, on it, between it and the next, and so on to one above the last."""
    places = [edges[0] - 1]
    for edge, following in zip(edges, [*edges[1:], edges[-1] + 2], strict=True):
        places += [edge, (edge + following) / 2]
    return places
