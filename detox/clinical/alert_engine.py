"""A stay in the eyes of the alert rules, fed one observation after the other.

One problem has one open alert, that of its worst rule; the others that hold with it are
told on the same card. An alert opens on data and is resolved by data alone: enough readings in a row inside the clear
limits. A value that was not measured neither raises nor clears; a score with a missing item is a lower bound, so it
can raise and cannot clear. A red reading that needs a second one to be believed opens as a warning that says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple

from detox.clinical.frozen import quick
from detox.clinical.measures import Measurer
from detox.clinical.messages import finding_of, message_of
from detox.clinical.model import LEVELS, Background, Finding, Observation
from detox.clinical.protocols import ROOT, read
from detox.clinical.rulebook import CompiledRule, RuleBook
from detox.clinical.rules import AlertsFile
from detox.clinical.window import Moment, Runs, Window

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


_change = quick(Change)


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


class _Watch(NamedTuple):
    """What there is to watch while an alert stays as it is; worked out once for each finding.

    `current` is its rule, None where it has left the protocol; `rank` is how bad it stands, `waits` that it waits to be
    confirmed. As bits: `problem` all rules of its problem, `louder` those that would escalate it if they held,
    `worsens` its own where a vital can make it worse, `ends` its clear bit, where more than `readings` may end it.
    """

    alert: OpenAlert
    book: RuleBook
    current: CompiledRule | None
    waits: bool
    rank: Rank
    problem: int
    louder: int
    worsens: int
    ends: int
    readings: int


class AlertEngine:
    """The observations of one admission in the order of time, fed one at a time; it keeps only what rules look back on.

    `book` are the rules in force unless others are to be tried.
    """

    def __init__(self, background: Background = NOTHING_KNOWN, book: RuleBook | None = None) -> None:
        self._book = book or rulebook()
        self._limits = background.limits
        self._window = Window(Measurer(self._book.file, background), self._book_at)
        self._runs = Runs(self._book.most_readings)
        self._watches: dict[str, _Watch] = {}

    def add(self, observation: Observation) -> None:
        """The next observation."""
        self._window.add(observation)

    def _book_at(self, moment: datetime) -> RuleBook:
        return (
            self._book.with_limits(tuple(x for x in self._limits if x.holds_at(moment))) if self._limits else self._book
        )

    def findings(self) -> tuple[Finding, ...]:
        """What holds at the newest observation; see the function of that name."""
        if self._window.newest < 0:
            return ()
        worst = (max(held) for held in self._held(self._look(), ~0).values())
        return tuple(self._finding(h, ()) for h in sorted(worst, reverse=True))

    def step(self, open_alerts: Mapping[str, OpenAlert]) -> tuple[Change, ...]:
        """What the newest observation changes, given the alerts that were open before it.

        Opens an alert; escalates it to a worse rule, to another rule as bad that has not been told of yet, or when its
        own measure is worse by a tenth; resolves it once its rule has cleared. When a worse rule clears and a lesser
        one of the same problem still stands, the first is resolved and the second opened in the same step. Problems
        without a rule (overdue) are left alone.
        """
        if self._window.newest < 0:
            return ()
        moment = self._look()
        book, newest = moment.book, moment.seen.observation
        moving: set[str] = set()
        settled = 0
        for problem, alert in open_alerts.items():
            if problem in book.order:
                watch = self._watched(problem, alert, book)
                if self._stays(moment, watch):
                    settled |= watch.problem
                else:
                    moving.add(problem)
        if not moving and not self._runs.holds & book.raised & ~settled:
            return ()
        held = self._held(moment, ~settled)
        changes: list[Change] = []
        for problem in sorted({*held, *moving}, key=book.order.__getitem__):
            for action, finding in self._changes(moment, problem, held.get(problem, []), open_alerts.get(problem)):
                changes.append(_change(action, finding, problem, newest.taken_at, newest.id))
        return tuple(changes)

    def _look(self) -> Moment:
        """The newest moment, noted in the runs."""
        number = self._window.newest
        moment = self._window[number]
        self._runs.follow(number, moment)
        return moment

    def _watched(self, problem: str, alert: OpenAlert, book: RuleBook) -> _Watch:
        known = self._watches.get(problem)
        if known is not None and known.alert is alert and known.book is book:
            return known
        found = alert.finding
        current = book.named.get(found.rule)
        if current is not None and current.problem != problem:
            current = None
        waits = current is not None and _waits(found, current)
        rank = _UNCONFIRMED if waits else current.rank if current else (LEVELS.index(found.level), 0)
        louder = sum(
            rule.bit
            for rule in book.by_problem[problem]
            if rule.rank > rank or (rule.rank == rank and rule.id != found.rule and rule.id not in found.also)
        )
        worsens, ends, readings = 0, 0, 1
        if current is not None:
            worsens, ends, readings = current.bit if current.worsens else 0, current.clear_bit, current.clear_readings
        made = _Watch(
            alert, book, current, waits, rank, book.bits_of[problem], louder, worsens, ends, readings - 1
        )  # fmt: skip
        self._watches[problem] = made
        return made

    def _stays(self, moment: Moment, watch: _Watch) -> bool:
        """True where the newest reading certainly leaves an open alert as it is. False: it must be looked at."""
        runs, current = self._runs, watch.current
        if current is None or watch.waits or runs.holds & watch.louder or runs.may[watch.readings] & watch.ends:
            return False
        return not (moment.met & watch.worsens and self._much_worse(current, watch.alert.finding))

    @property
    def _newest(self) -> Moment:
        return self._window[self._window.newest]

    def _changes(self, moment: Moment, problem: str, held: list[_Held], now: OpenAlert | None) -> list[Act]:
        if now is None:
            return [("opened", self._finding(max(held), held))]
        book, found = moment.book, now.finding
        watch = self._watched(problem, now, book)
        current, waits, rank = watch.current, watch.waits, watch.rank
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

    def _escalated(self, held: list[_Held], now: Finding, current: CompiledRule | None, rank: Rank) -> _Held | None:
        """The rule that makes an open alert worse than it stands; None where none does."""
        worst = max(held)
        if worst.rank > rank:
            return worst
        news = [h for h in held if h.rank == rank and h.rule.id != now.rule and h.rule.id not in now.also]
        if news:
            return max(news)
        same = next((h for h in held if h.rule is current and h.rank == rank), None)
        return same if same is not None and self._much_worse(same.rule, now) else None

    def _much_worse(self, rule: CompiledRule, now: Finding) -> bool:
        """True when a vital of the rule is worse by a tenth than when the alert opened."""
        part = self._newest.book.file.worse_percent / 100
        values = self._newest.seen.values
        for measure, upward in rule.worsens:
            value, before = values.get(measure), now.values.get(measure)
            if value is None or before is None:
                continue
            limit = round(float(before) * (1 + part if upward else 1 - part), 6)  # 180 * 1.1 is a little over 198
            if float(value) >= limit if upward else float(value) <= limit:
                return True
        return False

    def _after(
        self, rules: tuple[CompiledRule, ...], current: CompiledRule | None, rank: Rank, now: Finding
    ) -> list[Act]:
        """What follows an alert that has ended: nothing, or the lesser rule that still stands."""
        others = [r for r in rules if r is not current]
        may, lately = self._runs.may[0], self._runs.lately
        still = [h for r in others if may & r.bit and (h := self._standing(r)) is not None]
        following = max(still, default=None)
        if following is None or following.rank[0] < rank[0]:
            if any(self._latched(r) for r in others if lately & r.bit and r.rank[0] >= rank[0]):
                return []
            if following is None:
                return [("resolved", now)]
        return [("resolved", now), ("opened", self._finding(following, still))]

    def _after_doubt(self, rules: tuple[CompiledRule, ...], current: CompiledRule, now: OpenAlert) -> list[Act]:
        """What follows a red reading that its repeat did not confirm: what stands beside it, or stood before it."""
        others = [r for r in rules if r is not current]
        still = [h for r in others if (h := self._standing(r)) is not None]
        still = still or [h for r in others if (h := self._stood_before(r, now.opened_at)) is not None]
        if not still:
            return [("resolved", now.finding)]
        following = max(still)
        return [("resolved", now.finding), ("opened", self._finding(following, still))]

    def _held(self, moment: Moment, within: int) -> dict[str, list[_Held]]:
        """By problem, the rules with a bit in `within` that hold at the newest moment by what was measured in it."""
        newest, may = self._window.newest, self._runs.may
        found: dict[str, list[_Held]] = {}
        for rule in moment.book.among(self._runs.holds & within):
            if rule.alone:
                held = _Held(rule.rank, rule.rank, -rule.order, rule, newest)
            elif may[rule.consecutive - 1] & rule.bit and self._holds(rule, newest):
                held = self._ranked(rule, newest)
            else:
                continue
            found.setdefault(rule.problem, []).append(held)
        return found

    def _ranked(self, rule: CompiledRule, index: int) -> _Held:
        confirmed = rule.confirm_min is None or self._confirmed(rule, index)
        return _Held(rule.rank if confirmed else _UNCONFIRMED, rule.rank, -rule.order, rule, index)

    def _confirmed(self, rule: CompiledRule, index: int) -> bool:
        """True when the reading before said the same, or a sign makes the reading urgent by itself."""
        seen = self._window[index].seen
        if rule.at_once is not None and rule.at_once(seen.values, seen.partial):
            return True
        for earlier in self._window.backwards(index - 1):
            moment = self._window[earlier]
            if moment.met & rule.confirmed_by:
                return True
            if moment.not_met & rule.bit:
                return False
        return False

    def _holds(self, rule: CompiledRule, index: int) -> bool | None:
        """Whether the rule holds at one observation: on as many readings in a row as it asks for. None: not told."""
        bit, moment = rule.bit, self._window[index]
        if not moment.met & bit:
            return False if moment.not_met & bit else None
        if rule.rests_on:
            return self._rests(rule, index)
        wanted = rule.consecutive - 1
        if not wanted:
            return True
        for earlier in self._window.backwards(index - 1):
            moment = self._window[earlier]
            if moment.not_met & bit:
                return False
            if moment.met & bit:
                wanted -= 1
                if not wanted:
                    return True
        return False

    def _rests(self, rule: CompiledRule, index: int) -> bool | None:
        """Whether rules of enough problems hold for a rule that rests on them."""
        moment = self._window[index]
        wanted = rule.of_problems
        unsure = ~(moment.met | moment.not_met)
        if rule.problems_in(moment.met | unsure) < wanted:
            return False
        if rule.problems_in(moment.met) < wanted <= rule.problems_in(unsure):
            return None
        holding: set[str] = set()
        unknown: set[str] = set()
        for other in moment.book.among(rule.rests_on & ~moment.not_met):
            holds = self._holds(other, index)
            if holds is not False:
                (unknown if holds is None else holding).add(other.rule.problem)
        if len(holding) >= wanted:
            return True
        return None if len(holding | unknown) >= wanted else False

    def _cleared(self, rule: CompiledRule, index: int) -> bool | None:
        moment = self._window[index]
        if rule.rests_on:
            stays = rule.stays(moment.seen.values, moment.seen.partial)
            holds = self._rests(rule, index) if stays else stays
            return None if holds is None else not holds
        if moment.met & rule.bit:  # clear limits may lie on another measure
            return False
        return True if moment.met & rule.clear_bit else False if moment.not_met & rule.clear_bit else None

    def _standing(self, rule: CompiledRule) -> _Held | None:
        """Where the rule's newest own reading stands, if the rule holds there; no later reading has told otherwise."""
        for index in self._window.backwards():
            moment = self._window[index]
            if moment.not_met & rule.bit:
                return None
            if moment.met & rule.bit and (held := self._holds(rule, index)) is not None:
                return self._ranked(rule, index) if held else None
        return None

    def _clear(self, rule: CompiledRule, since: datetime) -> bool:
        """True when the newest readings of the rule, all later than `since`, are inside its clear limits.

        The newest observation need not be one of them: the alert may have waited for another rule of its problem.
        """
        moments, found = self._window, 0
        for index in range(moments.newest, max(moments.oldest, moments.first_after(since)) - 1, -1):
            one = self._cleared(rule, index)
            if one is False:
                return False
            found += one is True
            if found == rule.clear_readings:
                return True
        return False

    def _latched(self, rule: CompiledRule) -> bool:
        """True when the rule held in the window and has not been cleared since."""
        found = 0
        for index in self._window.backwards():
            if self._window[index].met & rule.bit and self._holds(rule, index):
                return found == 0 or self._ranked(rule, index).confirmed
            one = self._cleared(rule, index)
            found = found + 1 if one else found if one is None else 0
            if found == rule.clear_readings:
                return False
        return False

    def _stood_before(self, rule: CompiledRule, moment: datetime) -> _Held | None:
        """Where the rule last held before `moment`, if it had not been cleared by then."""
        found = 0
        for index in self._window.backwards(min(self._window.newest, self._window.first_from(moment) - 1)):
            if self._window[index].met & rule.bit and self._holds(rule, index):
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
                seen = self._window[other.number].seen
                also[other.rule.id] = message_of(other.rule, seen, confirmed=other.confirmed)
        also.pop(held.rule.id, None)
        seen, file = self._window[held.number].seen, self._newest.book.file
        return finding_of(held.rule, seen, file, also, confirmed=held.confirmed)

    def _still_told(self, before: Finding) -> Iterable[tuple[str, str]]:
        for rule_id, message in {before.rule: before.message, **before.also}.items():
            rule = self._newest.book.named.get(rule_id)
            if rule is not None and self._standing(rule) is not None:
                yield rule_id, message


def _waits(found: Finding, rule: CompiledRule) -> bool:
    """True for a red finding that stands as a warning until a second reading confirms it."""
    return rule.confirm_min is not None and found.level != rule.level
