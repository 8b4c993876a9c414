"""The newest observations of a stay as rules look back on them: each judged once, and how many in a row said what."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from detox.clinical.measures import REACH, MeasuredObservation, Measurer
from detox.clinical.model import Observation
from detox.clinical.rulebook import RuleBook

WINDOW = 20
"""How many of the newest observations may hold or clear a rule."""

LOOKBACK = WINDOW + REACH
"""How many of the newest observations a caller needs to pass."""

_TAKEN_AT = attrgetter("taken_at")


class Moment(NamedTuple):
    """One observation with its measures, and which rules of the book it meets and does not meet; see `judged`."""

    seen: MeasuredObservation
    book: RuleBook
    met: int
    not_met: int


class Window(dict[int, Moment]):
    """The moments of the newest observations by number. Each is worked out when first asked for: most never are."""

    def __init__(self, measurer: Measurer, book_at: Callable[[datetime], RuleBook]) -> None:
        super().__init__()
        self.newest = -1
        self.oldest = 0
        self._measurer = measurer
        self._book_at = book_at
        self._seen: list[Observation] = []
        self._first = 0

    def add(self, observation: Observation) -> None:
        """The next observation."""
        self._measurer.add(observation)
        self._seen.append(observation)
        self.newest += 1
        self.oldest = max(self._first, self.newest - WINDOW + 1)
        if len(self._seen) > 2 * LOOKBACK:
            for number in range(self._first, self.newest - LOOKBACK + 1):
                self.pop(number, None)
            self._first = self.newest - LOOKBACK + 1
            del self._seen[:-LOOKBACK]

    def backwards(self, newest: int | None = None) -> range:
        """The numbers from the newest, or from another, to the oldest."""
        return range(self.newest if newest is None else newest, self.oldest - 1, -1)

    def first_from(self, moment: datetime) -> int:
        """The number of the first observation at `moment` or later."""
        return self._first + bisect_left(self._seen, moment, key=_TAKEN_AT)

    def first_after(self, moment: datetime) -> int:
        """The number of the first observation later than `moment`."""
        return self._first + bisect_right(self._seen, moment, key=_TAKEN_AT)

    def __missing__(self, number: int) -> Moment:
        place = number - self._first
        seen = self._measurer.measure(self._seen[place], self._seen[max(0, place - REACH) : place])
        book = self._book_at(seen.observation.taken_at)
        made = self[number] = Moment(seen, book, *book.judged(seen.values, seen.partial))
        return made


class Runs:
    """On how many of its newest readings each test of the book may have come out true in a row, counted to a few.

    `may[n]` holds the bits of the tests for which more than `n` in a row are possible; a reading that cannot be told
    neither counts nor ends the row. `holds` are the bits of the rules that may hold at the newest reading. A line of
    arithmetic keeps each for every rule at once, where looking back rule by rule costs more than all else. They only
    ever err towards "may": where readings were passed over, everything may be. Who finds a bit here looks back to be
    sure; who does not need not.
    """

    __slots__ = ("may", "holds", "_later", "_earlier", "_number")

    def __init__(self, most: int) -> None:
        self.may = [0] * most
        self.holds = self._later = self._earlier = 0
        self._number = -1

    @property
    def lately(self) -> int:
        """The bits of the tests that have been met in the window, and a little before it."""
        return self._later | self._earlier

    def follow(self, number: int, moment: Moment) -> None:
        """The reading of that number. The same one again changes nothing."""
        if number == self._number:
            return
        if number != self._number + 1:
            self.may, self._later = [-1] * len(self.may), -1
        self._number = number
        if number % WINDOW == 0:
            self._earlier, self._later = self._later, 0
        self._later |= moment.met
        rested = moment.book.rested(moment.met, moment.not_met)
        self.holds = moment.met & ~rested.cannot_hold
        met = moment.met & ~rested.bits | rested.may_end
        may, going_on = self.may, ~(moment.not_met & ~rested.bits | rested.goes_on)
        for count in range(len(may) - 1, 0, -1):
            may[count] = (may[count] | may[count - 1] & met) & going_on
        may[0] = (may[0] | met) & going_on
