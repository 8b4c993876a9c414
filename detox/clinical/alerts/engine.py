"""An admission in the eyes of the alert rules, fed one observation after the other.

One problem has one open alert, that of its worst rule; the others that hold with it are
told on the same card. An alert opens on data and is resolved by data alone: enough readings in a row inside the clear
limits. A value that was not measured neither raises nor clears; a score with a missing item is a lower bound, so it
can raise and cannot clear. A red reading that needs a second one to be believed opens as a warning that says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, NamedTuple

from detox.clinical.alerts.book import CompiledRule, RuleBook
from detox.clinical.alerts.escalation import quiet_time
from detox.clinical.alerts.messages import finding_of, message_of
from detox.clinical.alerts.rules import AlertsFile
from detox.clinical.alerts.window import Moment, Window
from detox.clinical.measures import Measurer
from detox.clinical.model import LEVELS, Background, Finding, Observation
from detox.clinical.protocols import ROOT, read

NOTHING_KNOWN = Background()
Rank = tuple[int, int]
Act = tuple[Literal["opened", "escalated", "resolved"], Finding]
_WARNING, _CRITICAL = LEVELS.index("warning"), LEVELS.index("critical")
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


class _Held(NamedTuple):
    """A rule that holds at a moment, and how bad that is: one that waits to be confirmed is a warning. The greater, the
    worse: by the rank that it has now, that of the rule, and its place in the file."""

    rank: Rank
    of_rule: Rank
    place: int
    rule: CompiledRule
    number: int

    @property
    def confirmed(self) -> bool:
        return self.rank is not _UNCONFIRMED


class AlertEngine:
    """The observations of one admission in the order of time, fed one at a time; it keeps only what rules look back on.

    `book` are the rules in force unless others are to be tried.
    """

    def __init__(self, background: Background = NOTHING_KNOWN, book: RuleBook | None = None) -> None:
        self._book = book or rulebook()
        self._limits = background.limits
        self._together = timedelta(minutes=self._book.file.assembly.set_min)
        self._window = Window(Measurer(self._book.file, background), self._book_at)

    def add(self, observation: Observation) -> None:
        """The next observation."""
        self._window.add(observation)

    def _book_at(self, at: datetime) -> RuleBook:
        return self._book.with_limits(tuple(limit for limit in self._limits if limit.holds_at(at)))

    def findings(self) -> tuple[Finding, ...]:
        """What holds at the newest observation; see the function of that name."""
        if not self._window:
            return ()
        worst = (max(held) for held in self._held().values())
        return tuple(self._finding(h, ()) for h in sorted(worst, reverse=True))

    def step(self, open_alerts: Mapping[str, OpenAlert]) -> tuple[Change, ...]:
        """What the newest observation changes, given the alerts that were open before it.

        Opens an alert; escalates it to a worse rule, to another rule as bad that has not been told of yet, or when its
        own measure is worse by a tenth: a critical one by that only after the quiet time. Resolves it once its rule has
        cleared. When a worse rule clears and a lesser one of the same problem still stands, the first is resolved and
        the second opened in the same step. Problems without a rule (overdue) are left alone.
        """
        if not self._window:
            return ()
        newest, order = self._newest.observation, self._newest.book.order
        held = self._held()
        changes: list[Change] = []
        for problem in sorted({*held, *(order.keys() & open_alerts.keys())}, key=order.__getitem__):
            for action, finding in self._changes(problem, held.get(problem, []), open_alerts.get(problem)):
                changes.append(Change(action, finding, problem, newest.taken_at, newest.id))
        return tuple(changes)

    @property
    def _newest(self) -> Moment:
        return self._window[self._window.newest]

    def _held(self) -> dict[str, list[_Held]]:
        """By problem, the rules that hold at the newest moment by what was measured in it."""
        newest = self._window.newest
        found: dict[str, list[_Held]] = defaultdict(list)
        for rule, met in zip(self._newest.book.rules, self._newest.meets, strict=True):
            if met and self._holds(rule, newest):
                found[rule.problem].append(self._ranked(rule, newest))
        return found

    def _changes(self, problem: str, held: list[_Held], now: OpenAlert | None) -> list[Act]:
        if now is None:
            return [("opened", self._finding(max(held), held))]
        book, found = self._newest.book, now.finding
        current = book.named.get(found.rule)
        if current is not None and current.problem != problem:
            current = None
        waits = current is not None and _waits(found, current)
        rank = _UNCONFIRMED if waits else current.rank if current else (LEVELS.index(found.level), 0)
        if held and (worse := self._escalated(held, now, current, rank)):
            return [("escalated", self._finding(worse, held, found))]
        if book.measures_of[problem].isdisjoint(self._newest.measured.values):
            return []
        rules = book.by_problem[problem]
        if current is None:  # a rule that has left the protocol ends only when every rule of its problem has cleared
            ended = all(self._clear(rule, now.opened_at) for rule in rules)
        elif waits:  # one normal reading is enough where it was never confirmed
            ended = self._newest.observation.taken_at > now.opened_at and self._newest.meets[current.order] is False
        else:
            ended = self._clear(current, now.opened_at)
        if not ended:
            return []
        others = [rule for rule in rules if rule is not current]
        return self._after_doubt(others, now) if waits else self._after(others, rank, found)

    def _escalated(self, held: list[_Held], now: OpenAlert, current: CompiledRule | None, rank: Rank) -> _Held | None:
        """The rule that makes an open alert worse than it stands; None where none does."""
        worst, found = max(held), now.finding
        if worst.rank > rank:
            return worst
        news = [h for h in held if h.rank == rank and h.rule.id != found.rule and h.rule.id not in found.also]
        if news:
            return max(news)
        if rank[0] >= _CRITICAL and self._newest.observation.taken_at - now.opened_at < quiet_time():
            return None
        same = next((h for h in held if h.rule is current and h.rank == rank), None)
        return same if same is not None and self._much_worse(same.rule, found) else None

    def _much_worse(self, rule: CompiledRule, now: Finding) -> bool:
        """True when a vital of the rule is worse by a tenth than when the alert opened."""
        part = self._newest.book.file.worse_percent / 100
        values = self._newest.measured.values
        for measure, upward in rule.worsens:
            value, before = values.get(measure), now.values.get(measure)
            if value is None or before is None:
                continue
            limit = round(float(before) * (1 + part if upward else 1 - part), 6)  # 180 * 1.1 is a little over 198
            if float(value) >= limit if upward else float(value) <= limit:
                return True
        return False

    def _after(self, others: list[CompiledRule], rank: Rank, now: Finding) -> list[Act]:
        """What follows an alert that has ended: nothing, or the lesser rule that still stands."""
        still = [h for r in others if (h := self._standing(r)) is not None]
        following = max(still, default=None)
        if following is None or following.rank[0] < rank[0]:
            if any(self._latched(r) for r in others if r.rank[0] >= rank[0]):
                return []
            if following is None:
                return [("resolved", now)]
        return [("resolved", now), ("opened", self._finding(following, still))]

    def _after_doubt(self, others: list[CompiledRule], now: OpenAlert) -> list[Act]:
        """What follows a red reading that its repeat did not confirm: what stands beside it, or stood before it."""
        still = [h for r in others if (h := self._standing(r)) is not None]
        still = still or [h for r in others if (h := self._stood_before(r, now.opened_at)) is not None]
        if not still:
            return [("resolved", now.finding)]
        return [("resolved", now.finding), ("opened", self._finding(max(still), still))]

    def _ranked(self, rule: CompiledRule, number: int) -> _Held:
        confirmed = rule.rule.confirm_min is None or self._confirmed(rule, number)
        return _Held(rule.rank if confirmed else _UNCONFIRMED, rule.rank, -rule.order, rule, number)

    def _confirmed(self, rule: CompiledRule, number: int) -> bool:
        """True when the reading before said the same, or a sign makes the reading urgent by itself."""
        if self._window[number].is_urgent(rule):
            return True
        for earlier in self._window.before(number):
            if any(earlier.meets[place] for place in rule.confirmed_by):
                return True
            if earlier.meets[rule.order] is False:
                return False
        return False

    def _holds(self, rule: CompiledRule, number: int) -> bool | None:
        """Whether the rule holds at one moment: on as many readings in a row as it asks for. None: not told."""
        met = self._window[number].meets[rule.order]
        if not met:
            return met
        if rule.rule.of:
            return self._rests(rule, number)
        wanted = rule.rule.consecutive - 1
        if not wanted:
            return True
        for earlier in self._window.before(number):
            met = earlier.meets[rule.order]
            if met is False:
                return False
            wanted -= met is True
            if not wanted:
                return True
        return False

    def _rests(self, rule: CompiledRule, number: int) -> bool | None:
        """Whether rules of enough problems hold for a rule that rests on them."""
        named = self._window[number].book.named
        holding: set[str] = set()
        unknown: set[str] = set()
        for other in rule.rule.of:
            holds = self._holds_nearby(named[other], number)
            if holds is not False:
                (unknown if holds is None else holding).add(named[other].problem)
        if len(holding) >= rule.rule.of_problems:
            return True
        return None if len(holding | unknown) >= rule.rule.of_problems else False

    def _holds_nearby(self, rule: CompiledRule, number: int) -> bool | None:
        """Whether a rule that another rests on holds: by a set of minutes before too, where this one does not tell."""
        holds = self._holds(rule, number)
        if holds is not None:
            return holds
        since = self._window[number].observation.taken_at - self._together
        for earlier in range(number - 1, -1, -1):
            moment = self._window[earlier]
            if moment.observation.taken_at < since:
                return None
            if moment.meets[rule.order] is not None:
                return self._holds(rule, earlier) or None
        return None

    def _cleared(self, rule: CompiledRule, number: int) -> bool | None:
        """Whether a moment is inside the clear limits of a rule; None where that is not told."""
        moment = self._window[number]
        measured = moment.measured
        if rule.rule.of:
            lasting = rule.lasting(measured.values, measured.partial)
            holds = self._rests(rule, number) if lasting else lasting
            return None if holds is None else not holds
        if moment.meets[rule.order]:  # clear limits may lie on another measure
            return False
        return rule.cleared(measured.values, measured.partial)

    def _standing(self, rule: CompiledRule) -> _Held | None:
        """Where the rule's newest own reading stands, if the rule holds there; no later reading has told otherwise."""
        for number in self._window.backwards():
            met = self._window[number].meets[rule.order]
            if met is False:
                return None
            if met and (holds := self._holds(rule, number)) is not None:
                return self._ranked(rule, number) if holds else None
        return None

    def _clear(self, rule: CompiledRule, since: datetime) -> bool:
        """True when the newest readings of the rule, all later than `since`, are inside its clear limits.

        The newest observation need not be one of them: the alert may have waited for another rule of its problem.
        """
        found = 0
        for number in self._window.backwards():
            if self._window[number].observation.taken_at <= since:
                return False
            one = self._cleared(rule, number)
            if one is False:
                return False
            found += one is True
            if found == rule.clear_readings:
                return True
        return False

    def _latched(self, rule: CompiledRule) -> bool:
        """True when the rule held in the window and has not been cleared since."""
        last, cleared = self._last_held(rule, self._window.newest)
        return last is not None and (cleared == 0 or self._ranked(rule, last).confirmed)

    def _stood_before(self, rule: CompiledRule, at: datetime) -> _Held | None:
        """Where the rule last held before a time, if it was confirmed there and had not been cleared by then."""
        before = [n for n in self._window.backwards() if self._window[n].observation.taken_at < at]
        last, _ = self._last_held(rule, before[0]) if before else (None, 0)
        if last is None:
            return None
        held = self._ranked(rule, last)
        return held if held.confirmed else None

    def _last_held(self, rule: CompiledRule, newest: int) -> tuple[int | None, int]:
        """The last moment up to `newest` at which the rule held, None where it has been cleared since or never held in
        the window; and how many readings in a row after that are inside its clear limits."""
        found = 0
        for number in self._window.backwards(newest):
            if self._window[number].meets[rule.order] and self._holds(rule, number):
                return number, found
            one = self._cleared(rule, number)
            found = found + 1 if one else found if one is None else 0
            if found == rule.clear_readings:
                return None, found
        return None, found

    def _finding(self, held: _Held, with_it: Iterable[_Held], before: Finding | None = None) -> Finding:
        """The rule put into words with the values of its observation, and the other rules of the problem beside it."""
        also = dict(self._still_told(before)) if before is not None else {}
        for other in with_it:
            if other.rule is not held.rule:
                measured = self._window[other.number].told_by(other.rule)
                also[other.rule.id] = message_of(other.rule, measured, confirmed=other.confirmed)
        also.pop(held.rule.id, None)
        measured, file = self._window[held.number].told_by(held.rule), self._newest.book.file
        return finding_of(held.rule, measured, file, also, confirmed=held.confirmed)

    def _still_told(self, before: Finding) -> Iterable[tuple[str, str]]:
        for rule_id, message in {before.rule: before.message, **before.also}.items():
            rule = self._newest.book.named.get(rule_id)
            if rule is not None and (self._standing(rule) is not None or self._latched(rule)):
                yield rule_id, message


def _waits(found: Finding, rule: CompiledRule) -> bool:
    """True for a red finding that stands as a warning until a second reading confirms it."""
    return rule.rule.confirm_min is not None and found.level != rule.rule.level
