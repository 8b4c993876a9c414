"""A stay in the eyes of the alert rules, fed one observation after the other.

One problem has one open alert, that of its worst rule; the others that hold with it are
told on the same card. An alert opens on data and is resolved by data alone: enough readings in a row inside the clear
limits. A value that was not measured neither raises nor clears; a score with a missing item is a lower bound, so it
can raise and cannot clear. A red reading that needs a second one to be believed opens as a warning that says so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Literal

from detox.clinical.measures import REACH, Measurer, Seen
from detox.clinical.messages import finding_of
from detox.clinical.model import LEVELS, VITALS, Background, Finding, Observation
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


@dataclass(frozen=True, slots=True)
class _Moment:
    """One observation with its measures, and which rules of the book it meets and does not meet, as bits; which of
    them it clears is worked out when first asked for."""

    seen: Seen
    book: RuleBook
    raised: int
    not_raised: int
    clears: dict[str, bool | None] = field(default_factory=dict)


class _Moments:
    """The moments of the newest observations. Each is worked out when first asked for: most never are."""

    def __init__(self, measurer: Measurer, book_at: Callable[[datetime], RuleBook]) -> None:
        self._measurer = measurer
        self._book_at = book_at
        self._seen: list[Observation] = []
        self._made: list[_Moment | None] = []

    def add(self, observation: Observation) -> None:
        self._measurer.add(observation)
        self._seen.append(observation)
        self._made.append(None)
        if len(self._seen) > 2 * LOOKBACK:
            del self._seen[:-LOOKBACK], self._made[:-LOOKBACK]

    def __len__(self) -> int:
        return len(self._seen)

    def taken_at(self, index: int) -> datetime:
        return self._seen[index].taken_at

    def __getitem__(self, index: int) -> _Moment:
        made = self._made[index]
        if made is None:
            index %= len(self._seen)
            seen = self._measurer.measure(self._seen[index], self._seen[max(0, index - REACH) : index])
            book = self._book_at(seen.observation.taken_at)
            made = self._made[index] = _Moment(seen, book, *book.judged(seen.values, seen.partial))
        return made


@dataclass(frozen=True, slots=True)
class _Held:
    """A rule that holds at a moment, and how bad that is: one that waits to be confirmed is a warning."""

    rule: Compiled
    rank: Rank
    index: int

    @property
    def confirmed(self) -> bool:
        return self.rank is not _UNCONFIRMED

    @property
    def worse(self) -> tuple[Rank, Rank, int]:
        return self.rank, self.rule.rank, -self.rule.order


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
        return self._book.with_limits(tuple(x for x in self._limits if x.holds_at(moment)))

    def findings(self) -> tuple[Finding, ...]:
        """What holds at the newest observation; see the function of that name."""
        if not self._moments:
            return ()
        held = [max(rules, key=lambda h: h.worse) for rules in self._held().values()]
        return tuple(self._finding(h, ()) for h in sorted(held, key=lambda h: h.worse, reverse=True))

    def step(self, open_alerts: Mapping[str, OpenAlert]) -> tuple[Change, ...]:
        """What the newest observation changes, given the alerts that were open before it.

        Opens an alert; escalates it to a worse rule, to another rule as bad that has not been told of yet, or when its
        own measure is worse by a tenth; resolves it once its rule has cleared. When a worse rule clears and a lesser
        one of the same problem still stands, the first is resolved and the second opened in the same step. Problems
        without a rule (overdue) are left alone.
        """
        if not self._moments:
            return ()
        held = self._held()
        if not held and not open_alerts:
            return ()
        newest = self._moments[-1].seen.observation
        changes: list[Change] = []
        for problem, rules in self._newest_book.by_problem.items():
            if problem in held or problem in open_alerts:
                for action, finding in self._changes(rules, held.get(problem, []), open_alerts.get(problem)):
                    changes.append(Change(action, finding, problem, newest.taken_at, newest.id))
        return tuple(changes)

    @property
    def _newest_book(self) -> RuleBook:
        return self._moments[-1].book

    def _changes(self, rules: tuple[Compiled, ...], held: list[_Held], now: OpenAlert | None) -> list[Act]:
        worst = max(held, key=lambda h: h.worse, default=None)
        if now is None:
            return [("opened", self._finding(worst, held))] if worst else []
        current = next((r for r in rules if r.rule.id == now.finding.rule), None)
        rank = _rank_of(now.finding, current)
        if worst is not None and (worse := self._escalated(worst, held, now.finding, current, rank)):
            return [("escalated", self._finding(worse, held, now.finding))]
        moment = self._moments[-1]
        told = not moment.book.told_by[rules[0].rule.problem].isdisjoint(moment.seen.values)
        if not told or not self._ended(rules, current, now):
            return []
        if current is not None and _waits(now.finding, current):
            return self._after_doubt(rules, current, now)
        return self._after(rules, current, rank, now.finding)

    def _escalated(
        self, worst: _Held, held: list[_Held], now: Finding, current: Compiled | None, rank: Rank
    ) -> _Held | None:
        """The rule that makes an open alert worse than it stands; None where none does."""
        if worst.rank > rank:
            return worst
        told = {now.rule, *now.also}
        news = [h for h in held if h.rank == rank and h.rule.rule.id not in told]
        if news:
            return max(news, key=lambda h: h.worse)
        same = next((h for h in held if h.rule is current and h.rank == rank), None)
        return same if same is not None and self._much_worse(same, now) else None

    def _much_worse(self, held: _Held, now: Finding) -> bool:
        """True when a vital of the rule is worse by a tenth than when the alert opened."""
        part = self._newest_book.file.worse_percent / 100
        values = self._moments[-1].seen.values
        for condition in (*held.rule.rule.all, *held.rule.rule.any):
            value, before = values.get(condition.measure), now.values.get(condition.measure)
            if condition.measure not in VITALS or condition.one_of or value is None or before is None:
                continue
            upward = condition.operator in ("at_least", "above")
            limit = round(float(before) * (1 + part if upward else 1 - part), 6)  # 180 * 1.1 is a little over 198
            if float(value) >= limit if upward else float(value) <= limit:
                return True
        return False

    def _ended(self, rules: tuple[Compiled, ...], current: Compiled | None, now: OpenAlert) -> bool:
        """True when the data have ended the open alert: one normal reading where it was never confirmed."""
        newest = len(self._moments) - 1
        if current is not None and _waits(now.finding, current):
            later = self._moments[newest].seen.observation.taken_at > now.opened_at
            return later and self._raised(current, newest) is False
        # a rule that has left the protocol ends only when every rule of its problem has cleared
        return all(self._clear(rule, now.opened_at) for rule in ([current] if current else rules))

    def _after(self, rules: tuple[Compiled, ...], current: Compiled | None, rank: Rank, now: Finding) -> list[Act]:
        """What follows an alert that has ended: nothing, or the lesser rule that still stands."""
        others = [r for r in rules if r is not current]
        still = [h for r in others if (h := self._standing(r)) is not None]
        following = max(still, key=lambda h: h.worse, default=None)
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
        following = max(still, key=lambda h: h.worse)
        return [("resolved", now.finding), ("opened", self._finding(following, still))]

    def _held(self) -> dict[str, list[_Held]]:
        """By problem, the rules that hold at the newest observation by what was measured in it."""
        newest = len(self._moments) - 1
        found: dict[str, list[_Held]] = {}
        raised, rules = self._moments[newest].raised, self._newest_book.rules
        while raised:
            rule = rules[(raised & -raised).bit_length() - 1]
            raised &= raised - 1
            if rule.rests_on and not rule.rests_on & self._moments[newest].raised:
                continue
            if self._holds(rule, newest):
                found.setdefault(rule.rule.problem, []).append(self._ranked(rule, newest))
        return found

    def _ranked(self, rule: Compiled, index: int) -> _Held:
        confirmed = rule.rule.confirm_min is None or self._confirmed(rule, index)
        return _Held(rule, rule.rank if confirmed else _UNCONFIRMED, index)

    def _confirmed(self, rule: Compiled, index: int) -> bool:
        """True when the reading before said the same, or a sign makes the reading urgent by itself."""
        seen = self._moments[index].seen
        if rule.at_once is not None and rule.at_once(seen.values, seen.partial):
            return True
        for earlier in range(index - 1, self._oldest - 1, -1):
            if self._moments[earlier].raised & rule.confirmed_by:
                return True
            if self._raised(rule, earlier) is False:
                return False
        return False

    @property
    def _oldest(self) -> int:
        return max(0, len(self._moments) - WINDOW)

    def _raised(self, rule: Compiled, index: int) -> bool | None:
        moment = self._moments[index]
        return True if moment.raised & rule.bit else False if moment.not_raised & rule.bit else None

    def _holds(self, rule: Compiled, index: int) -> bool | None:
        """Whether the rule holds at one observation: on as many readings in a row as it asks for. None: not told."""
        first = self._raised(rule, index)
        if rule.rule.of:
            return self._rests(rule, index) if first else first
        if not first or rule.rule.consecutive == 1:
            return first
        found = 1
        for earlier in range(index - 1, self._oldest - 1, -1):
            one = self._raised(rule, earlier)
            if one is False:
                return False
            found += one is True
            if found == rule.rule.consecutive:
                return True
        return False

    def _rests(self, rule: Compiled, index: int) -> bool | None:
        """Whether rules of enough problems hold for a rule that rests on them."""
        named = self._moments[index].book.named
        holding: set[str] = set()
        unknown: set[str] = set()
        for rule_id in rule.rule.of:
            other = named[rule_id]
            holds = self._holds(other, index)
            if holds is not False:
                (unknown if holds is None else holding).add(other.rule.problem)
        if len(holding) >= rule.rule.of_problems:
            return True
        return None if len(holding | unknown) >= rule.rule.of_problems else False

    def _cleared(self, rule: Compiled, index: int) -> bool | None:
        if rule.rule.of:
            holds = self._holds(rule, index)
            return None if holds is None else not holds
        moment = self._moments[index]
        if rule.rule.id not in moment.clears:
            moment.clears[rule.rule.id] = rule.cleared(moment.seen.values, moment.seen.partial)
        return moment.clears[rule.rule.id]

    def _standing(self, rule: Compiled) -> _Held | None:
        """Where the rule's newest own reading stands, if the rule holds there; no later reading has told otherwise."""
        for index in range(len(self._moments) - 1, self._oldest - 1, -1):
            held = self._holds(rule, index)
            if held is not None:
                return self._ranked(rule, index) if held else None
        return None

    def _clear(self, rule: Compiled, since: datetime) -> bool:
        """True when the newest readings of the rule, all later than `since`, are inside its clear limits.

        The newest observation must be one of them: what it does not tell of was judged with an earlier one.
        """
        if self._cleared(rule, len(self._moments) - 1) is not True:
            return False
        found = 0
        for index in range(len(self._moments) - 1, self._oldest - 1, -1):
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
        for index in range(len(self._moments) - 1, self._oldest - 1, -1):
            if self._holds(rule, index):
                return found == 0 or self._ranked(rule, index).confirmed
            one = self._cleared(rule, index)
            found = found + 1 if one else found if one is None else 0
            if found == rule.clear_readings:
                return False
        return False

    def _stood_before(self, rule: Compiled, moment: datetime) -> _Held | None:
        """Where the rule last held before `moment`, if it had not been cleared by then."""
        found = 0
        for index in range(len(self._moments) - 1, self._oldest - 1, -1):
            if self._moments.taken_at(index) >= moment:
                continue
            if self._holds(rule, index):
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
        also |= {h.rule.rule.id: self._words(h).message for h in with_it}
        also.pop(held.rule.rule.id, None)
        return replace(self._words(held), also=also)

    def _still_told(self, before: Finding) -> Iterable[tuple[str, str]]:
        for rule_id, message in {before.rule: before.message, **before.also}.items():
            rule = self._newest_book.named.get(rule_id)
            if rule is not None and self._standing(rule) is not None:
                yield rule_id, message

    def _words(self, held: _Held) -> Finding:
        seen, file = self._moments[held.index].seen, self._newest_book.file
        found = finding_of(held.rule, (seen.values, seen.partial), seen.observation, file.version)
        if held.confirmed:
            return found
        wait = held.rule.rule.confirm_min
        assert wait is not None
        return replace(
            found,
            level="warning",
            message=f"{found.message}, not confirmed yet",
            action=file.unconfirmed.format(minutes=wait),
            values={**found.values, "confirm_min": wait},
        )


def _waits(found: Finding, rule: Compiled) -> bool:
    """True for a red finding that stands as a warning until a second reading confirms it."""
    return rule.rule.confirm_min is not None and found.level != rule.rule.level


def _rank_of(found: Finding, rule: Compiled | None) -> Rank:
    if rule is None:
        return LEVELS.index(found.level), 0
    return _UNCONFIRMED if _waits(found, rule) else rule.rank
