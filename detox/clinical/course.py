"""A stay in the eyes of the alert rules, fed one observation after the other.

One problem has one open alert, that of its worst rule; the others that hold with it are
told on the same card. An alert opens on data and is resolved by data alone: enough readings in a row inside the clear
limits. A value that was not measured neither raises nor clears; a score with a missing item is a lower bound, so it
can raise and cannot clear. A red reading that needs a second one to be believed opens as a warning that says so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple

from detox.clinical.measures import REACH, Measurer, Seen
from detox.clinical.messages import finding_of, message_of
from detox.clinical.model import LEVELS, Background, Finding, Observation
from detox.clinical.protocols import ROOT, read
from detox.clinical.rulebook import Compiled, RuleBook
from detox.clinical.rules import AlertsFile

WINDOW = 20
"""How many of the newest observations may hold or clear a rule."""

LOOKBACK = WINDOW + REACH
"""How many of the newest observations a caller needs to pass."""

NOTHING_KNOWN = Background()
Rank = tuple[int, int]
Act = tuple[Literal["opened", "escalated", "resolved"], Finding]
_WARNING = LEVELS.index("warning")
_UNCONFIRMED: Rank = (_WARNING, 1000)  # the worst of the warnings


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is open: the finding as it stands, and when this finding opened or escalated."""

    finding: Finding
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What an observation did to the alert of one problem; `finding` is what opened, is now worse, or has ended."""

    action: Literal["opened", "escalated", "resolved"]
    finding: Finding
    problem: str
    at: datetime
    observation_id: str


@cache
def alerts_file() -> AlertsFile:
    """alerts.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "alerts.toml", AlertsFile)


@cache
def rulebook() -> RuleBook:
    """The rules in force, compiled."""
    return RuleBook(alerts_file())


class _Moment(NamedTuple):
    """One observation with its measures, and which rules of the book it meets and does not meet; see `judged`."""

    seen: Seen
    book: RuleBook
    met: int
    not_met: int


class _Moments(dict[int, _Moment]):
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

    def taken_at(self, number: int) -> datetime:
        return self._seen[number - self._first].taken_at

    def __missing__(self, number: int) -> _Moment:
        place = number - self._first
        seen = self._measurer.measure(self._seen[place], self._seen[max(0, place - REACH) : place])
        book = self._book_at(seen.observation.taken_at)
        made = self[number] = _Moment(seen, book, *book.judged(seen.values, seen.partial))
        return made


class _Held(NamedTuple):
    """A rule that holds at a moment, and how bad that is: one that waits to be confirmed is a warning. The greater, the
    worse: by the rank that it has now, that of the rule, and its place in the file."""

    rank: Rank
    of_rule: Rank
    place: int
    rule: Compiled
    number: int

    @property
    def confirmed(self) -> bool:
        return self.rank is not _UNCONFIRMED


class Course:
    """The observations of one admission in the order of time, fed one at a time; it keeps only what rules look back on.

    `book` are the rules in force unless others are to be tried.
    """

    def __init__(self, background: Background = NOTHING_KNOWN, book: RuleBook | None = None) -> None:
        self._book = book or rulebook()
        self._limits = background.limits
        self._moments = _Moments(Measurer(self._book.file, background), self._book_at)

    def add(self, observation: Observation) -> None:
        """The next observation."""
        self._moments.add(observation)

    def _book_at(self, moment: datetime) -> RuleBook:
        return (
            self._book.with_limits(tuple(x for x in self._limits if x.holds_at(moment))) if self._limits else self._book
        )

    def findings(self) -> tuple[Finding, ...]:
        """What holds at the newest observation; see the function of that name."""
        if self._moments.newest < 0:
            return ()
        worst = (max(held) for held in self._held().values())
        return tuple(self._finding(h, ()) for h in sorted(worst, reverse=True))

    def step(self, open_alerts: Mapping[str, OpenAlert]) -> tuple[Change, ...]:
        """What the newest observation changes, given the alerts that were open before it.

        Opens an alert; escalates it to a worse rule, to another rule as bad that has not been told of yet, or when its
        own measure is worse by a tenth; resolves it once its rule has cleared. When a worse rule clears and a lesser
        one of the same problem still stands, the first is resolved and the second opened in the same step. Problems
        without a rule (overdue) are left alone.
        """
        if self._moments.newest < 0:
            return ()
        held = self._held()
        if not held and not open_alerts:
            return ()
        moment = self._newest
        places, newest = moment.book.order, moment.seen.observation
        changes: list[Change] = []
        for problem in sorted({*held, *open_alerts} & places.keys(), key=places.__getitem__):
            for action, finding in self._changes(moment, problem, held.get(problem, []), open_alerts.get(problem)):
                changes.append(Change(action, finding, problem, newest.taken_at, newest.id))
        return tuple(changes)

    @property
    def _newest(self) -> _Moment:
        return self._moments[self._moments.newest]

    def _changes(self, moment: _Moment, problem: str, held: list[_Held], now: OpenAlert | None) -> list[Act]:
        if now is None:
            return [("opened", self._finding(max(held), held))]
        book, found = moment.book, now.finding
        current = book.named.get(found.rule)
        if current is not None and current.rule.problem != problem:
            current = None
        waits = current is not None and _waits(found, current)
        rank = _UNCONFIRMED if waits else current.rank if current else (LEVELS.index(found.level), 0)
        if held and (worse := self._escalated(held, found, current, rank)):
            return [("escalated", self._finding(worse, held, found))]
        if book.told_by[problem].isdisjoint(moment.seen.values):
            return []
        rules = book.by_problem[problem]
        if current is None:  # a rule that has left the protocol ends only when every rule of its problem has cleared
            ended = all(self._clear(rule, now.opened_at) for rule in rules)
        elif waits:  # one normal reading is enough where it was never confirmed
            ended = moment.seen.observation.taken_at > now.opened_at and bool(moment.not_met & current.bit)
        else:
            ended = self._clear(current, now.opened_at)
        if not ended:
            return []
        if waits and current is not None:
            return self._after_doubt(rules, current, now)
        return self._after(rules, current, rank, found)

    def _escalated(self, held: list[_Held], now: Finding, current: Compiled | None, rank: Rank) -> _Held | None:
        """The rule that makes an open alert worse than it stands; None where none does."""
        worst = max(held)
        if worst.rank > rank:
            return worst
        news = [h for h in held if h.rank == rank and h.rule.id != now.rule and h.rule.id not in now.also]
        if news:
            return max(news)
        same = next((h for h in held if h.rule is current and h.rank == rank), None)
        return same if same is not None and self._much_worse(same, now) else None

    def _much_worse(self, held: _Held, now: Finding) -> bool:
        """True when a vital of the rule is worse by a tenth than when the alert opened."""
        part = self._newest.book.file.worse_percent / 100
        values = self._newest.seen.values
        for measure, upward in held.rule.worsens:
            value, before = values.get(measure), now.values.get(measure)
            if value is None or before is None:
                continue
            limit = round(float(before) * (1 + part if upward else 1 - part), 6)  # 180 * 1.1 is a little over 198
            if float(value) >= limit if upward else float(value) <= limit:
                return True
        return False

    def _after(self, rules: tuple[Compiled, ...], current: Compiled | None, rank: Rank, now: Finding) -> list[Act]:
        """What follows an alert that has ended: nothing, or the lesser rule that still stands."""
        others = [r for r in rules if r is not current]
        still = [h for r in others if (h := self._standing(r)) is not None]
        following = max(still, default=None)
        if following is None or following.rank[0] < rank[0]:
            if any(self._latched(r) for r in others if r.rank[0] >= rank[0]):
                return []
            if following is None:
                return [("resolved", now)]
        return [("resolved", now), ("opened", self._finding(following, still))]

    def _after_doubt(self, rules: tuple[Compiled, ...], current: Compiled, now: OpenAlert) -> list[Act]:
        """What follows a red reading that its repeat did not confirm: what stands beside it, or stood before it."""
        others = [r for r in rules if r is not current]
        still = [h for r in others if (h := self._standing(r)) is not None]
        still = still or [h for r in others if (h := self._stood_before(r, now.opened_at)) is not None]
        if not still:
            return [("resolved", now.finding)]
        following = max(still)
        return [("resolved", now.finding), ("opened", self._finding(following, still))]

    def _held(self) -> dict[str, list[_Held]]:
        """By problem, the rules that hold at the newest observation by what was measured in it."""
        moment, newest = self._newest, self._moments.newest
        found: dict[str, list[_Held]] = {}
        for rule in moment.book.among(moment.met):
            if rule.rests_on and not rule.rests_on & moment.met:
                continue
            if rule.alone:
                held = _Held(rule.rank, rule.rank, -rule.order, rule, newest)
            elif self._holds(rule, newest):
                held = self._ranked(rule, newest)
            else:
                continue
            found.setdefault(rule.problem, []).append(held)
        return found

    def _ranked(self, rule: Compiled, index: int) -> _Held:
        confirmed = rule.confirm_min is None or self._confirmed(rule, index)
        return _Held(rule.rank if confirmed else _UNCONFIRMED, rule.rank, -rule.order, rule, index)

    def _confirmed(self, rule: Compiled, index: int) -> bool:
        """True when the reading before said the same, or a sign makes the reading urgent by itself."""
        seen = self._moments[index].seen
        if rule.at_once is not None and rule.at_once(seen.values, seen.partial):
            return True
        for earlier in self._moments.backwards(index - 1):
            moment = self._moments[earlier]
            if moment.met & rule.confirmed_by:
                return True
            if moment.not_met & rule.bit:
                return False
        return False

    def _holds(self, rule: Compiled, index: int) -> bool | None:
        """Whether the rule holds at one observation: on as many readings in a row as it asks for. None: not told."""
        bit, moment = rule.bit, self._moments[index]
        if not moment.met & bit:
            return False if moment.not_met & bit else None
        if rule.rests_on:
            return self._rests(rule, index)
        wanted = rule.consecutive - 1
        if not wanted:
            return True
        for earlier in self._moments.backwards(index - 1):
            moment = self._moments[earlier]
            if moment.not_met & bit:
                return False
            if moment.met & bit:
                wanted -= 1
                if not wanted:
                    return True
        return False

    def _rests(self, rule: Compiled, index: int) -> bool | None:
        """Whether rules of enough problems hold for a rule that rests on them."""
        moment = self._moments[index]
        holding: set[str] = set()
        unknown: set[str] = set()
        for other in moment.book.among(rule.rests_on & ~moment.not_met):
            holds = self._holds(other, index)
            if holds is not False:
                (unknown if holds is None else holding).add(other.rule.problem)
        if len(holding) >= rule.rule.of_problems:
            return True
        return None if len(holding | unknown) >= rule.rule.of_problems else False

    def _cleared(self, rule: Compiled, index: int) -> bool | None:
        if rule.rests_on:
            holds = self._holds(rule, index)
            return None if holds is None else not holds
        moment = self._moments[index]
        return True if moment.met & rule.clear_bit else False if moment.not_met & rule.clear_bit else None

    def _standing(self, rule: Compiled) -> _Held | None:
        """Where the rule's newest own reading stands, if the rule holds there; no later reading has told otherwise."""
        for index in self._moments.backwards():
            moment = self._moments[index]
            if moment.not_met & rule.bit:
                return None
            if moment.met & rule.bit and (held := self._holds(rule, index)) is not None:
                return self._ranked(rule, index) if held else None
        return None

    def _clear(self, rule: Compiled, since: datetime) -> bool:
        """True when the newest readings of the rule, all later than `since`, are inside its clear limits.

        The newest observation need not be one of them: the alert may have waited for another rule of its problem.
        """
        if not rule.rests_on and self._newest.not_met & rule.clear_bit:
            return False
        found = 0
        for index in self._moments.backwards():
            if self._moments.taken_at(index) <= since:
                return False
            one = self._cleared(rule, index)
            if one is False:
                return False
            found += one is True
            if found == rule.clear_readings:
                return True
        return False

    def _latched(self, rule: Compiled) -> bool:
        """True when the rule held in the window and has not been cleared since."""
        found = 0
        for index in self._moments.backwards():
            if self._moments[index].met & rule.bit and self._holds(rule, index):
                return found == 0 or self._ranked(rule, index).confirmed
            one = self._cleared(rule, index)
            found = found + 1 if one else found if one is None else 0
            if found == rule.clear_readings:
                return False
        return False

    def _stood_before(self, rule: Compiled, moment: datetime) -> _Held | None:
        """Where the rule last held before `moment`, if it had not been cleared by then."""
        found = 0
        for index in self._moments.backwards():
            if self._moments.taken_at(index) >= moment:
                continue
            if self._moments[index].met & rule.bit and self._holds(rule, index):
                held = self._ranked(rule, index)
                return held if held.confirmed else None
            one = self._cleared(rule, index)
            found = found + 1 if one else found if one is None else 0
            if found == rule.clear_readings:
                return None
        return None

    def _finding(self, held: _Held, with_it: Iterable[_Held], before: Finding | None = None) -> Finding:
        """The rule put into words with the values of its observation, and the other rules of the problem beside it."""
        also = dict(self._still_told(before)) if before is not None else {}
        for other in with_it:
            if other.rule is not held.rule:
                seen = self._moments[other.number].seen
                also[other.rule.id] = message_of(other.rule, seen, confirmed=other.confirmed)
        also.pop(held.rule.id, None)
        seen, file = self._moments[held.number].seen, self._newest.book.file
        return finding_of(held.rule, seen, file, also, confirmed=held.confirmed)

    def _still_told(self, before: Finding) -> Iterable[tuple[str, str]]:
        for rule_id, message in {before.rule: before.message, **before.also}.items():
            rule = self._newest.book.named.get(rule_id)
            if rule is not None and self._standing(rule) is not None:
                yield rule_id, message


def _waits(found: Finding, rule: Compiled) -> bool:
    """True for a red finding that stands as a warning until a second reading confirms it."""
    return rule.confirm_min is not None and found.level != rule.level
