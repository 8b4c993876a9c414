"""The two clocks of an admission, COWS and vitals, fed one observation at a time. They keep only what they need."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter, itemgetter
from typing import Protocol

from detox.clinical.looking_back import recent_sets
from detox.clinical.model import VITALS, Assessment, Background, Finding, IntervalOrder, Observation, Vitals
from detox.clinical.monitoring import after_doses as doses
from detox.clinical.monitoring.content import POINTS, Cadence, Interval, Recheck, cadence, monitoring_file
from detox.clinical.monitoring.due import CONFIRM, SHORT, STANDING, Because, Due, Known, Line

UNKNOWN = Background()
Scheduled = Interval | Cadence
_OF_SCALE = {"cows": ("cows",), "news2": ("news2", "news2_single")}
_COWS = (("cows", "cows"),)
_VITALS = (("news2", "news2"), ("news2_single", "news2_single"), ("cows", "vitals"))
_EVERY = attrgetter(*VITALS)
_NO_VITALS = _EVERY(Vitals())


class Raised(Protocol):
    """What the clock asks of an alert that is open."""

    @property
    def finding(self) -> Finding:
        """What it says."""

    @property
    def opened_at(self) -> datetime:
        """When the observation that opened it was taken."""


class Worst:
    """The worst assessment by one measure, back to the last complete one; partial ones are lower bounds.

    A partial one counts for recent_sets() observations, a complete one until the next.
    """

    __slots__ = ("points_of", "base", "partial")

    def __init__(self, points_of: Callable[[Assessment], int]) -> None:
        self.points_of = points_of
        self.base: tuple[int, Assessment] | None = None
        self.partial: deque[tuple[int, int, Assessment]] = deque()

    def add(self, number: int, found: Assessment) -> None:
        """The assessment made of the observation of that number."""
        points = self.points_of(found)
        if found.complete:
            self.base = points, found
            self.partial.clear()
            return
        while self.partial and self.partial[-1][1] <= points:
            self.partial.pop()
        self.partial.append((number, points, found))

    def now(self, number: int) -> tuple[int, Assessment] | None:
        """Points and assessment of the worst, where `number` observations have been seen."""
        while self.partial and self.partial[0][0] <= number - recent_sets():
            self.partial.popleft()
        if self.partial and (self.base is None or self.partial[0][1] >= self.base[0]):
            return self.partial[0][1:]
        return self.base


class Clock:
    """When the next set is due, asked at any time: `add` each observation in the order of time, then ask `due`."""

    __slots__ = (
        "_asleep", "_asked", "_background", "_count", "_cows_at", "_first_at", "_known_cows", "_known_news2",
        "_file", "_known_vitals", "_measured", "_said", "_set_at", "_state_at", "_vitals_at", "_worst",
        "unscored_since",
    )  # fmt: skip

    def __init__(self) -> None:
        self._file = monitoring_file()
        self._count = 0
        self._first_at: datetime | None = None
        self._set_at: datetime | None = None
        self._cows_at: datetime | None = None
        self._vitals_at: datetime | None = None
        self._state_at: datetime | None = None
        self._asleep: Observation | None = None
        self._said: Observation | None = None
        self._measured: deque[tuple[datetime, tuple[object, ...]]] = deque(maxlen=recent_sets())
        self._worst = {measure: Worst(points_of) for measure, points_of in POINTS.items()}
        self._known_cows: tuple[datetime, Assessment] | None = None
        self._known_news2: tuple[datetime, Assessment] | None = None
        self._known_vitals: tuple[datetime, Vitals] | None = None
        self._background: Background | None = None
        self._asked = doses.NOTHING
        self.unscored_since: datetime | None = None
        """Since when no COWS is known, where an earlier one is known to be out of sight."""

    def add(self, observation: Observation) -> None:
        """The next observation, no earlier than the one before."""
        at, vitals = observation.taken_at, observation.vitals
        self._count += 1
        if self._first_at is None:
            self._first_at = at
        measured = _EVERY(vitals)
        rated = _rated(observation)
        full = False
        if measured != _NO_VITALS:
            self._state_at = at
            self._measured.append((at, measured))
            of_set, nothing = _of_set()
            full = of_set(measured) != nothing
        elif rated or any(observation.assessment(name) for name in self._file.set.scales):
            self._state_at = at
        if rated:
            self._cows_at = self._set_at = at
        if full:
            self._vitals_at = self._set_at = at
            self._known_vitals = at, vitals
        if observation.assessments:
            self._judge(observation)
        if rated or full or observation.not_done is not None:
            self._say(observation, awake=rated or full)

    def _judge(self, observation: Observation) -> None:
        for made in observation.assessments:
            if made.items and made.scale in _OF_SCALE:
                for measure in _OF_SCALE[made.scale]:
                    self._worst[measure].add(self._count, made)
                if made.scale == "cows":
                    self._known_cows = observation.taken_at, made
                else:
                    self._known_news2 = observation.taken_at, made

    def _say(self, observation: Observation, *, awake: bool) -> None:
        if awake or observation.not_done != "asleep":
            self._asleep = None
        if observation.not_done is not None:
            self._said = observation
            if breathing_asleep(observation):
                self._asleep = observation

    def due(self, open_alerts: Iterable[Raised] = (), background: Background = UNKNOWN) -> Due:
        """When the next set is due: at admission for the first, then by the shortest interval that applies."""
        lines = self._lines(open_alerts, background)
        line, soonest = lines[0], lines[0].at
        for other in lines:
            at = other.at
            if at < soonest or (at == soonest and other.interval_min < line.interval_min):
                line, soonest = other, at
        red_line, red_at = line, self._red(line)
        for other in lines:
            if other is not line and other.at < red_at and (red := self._red(other)) < red_at:
                red_at, red_line = red, other
        known = Known(self._known_cows, self._known_vitals, self._known_news2)
        said = self._said
        if said is not None and (said.taken_at <= line.since or (self._set_at and said.taken_at < self._set_at)):
            said = None
        return Due(line.at, line.interval_min, _what(line, lines), line, red_at, red_line, known, said)

    def due_at(self, clock: str, open_alerts: Iterable[Raised] = (), background: Background = UNKNOWN) -> datetime:
        """When one of the two clocks, cows or vitals, falls due by itself: a line of both counts for each."""
        return min(line.at for line in self._lines(open_alerts, background) if line.clock in (clock, "set"))

    def _lines(self, open_alerts: Iterable[Raised], background: Background) -> list[Line]:
        if background is not self._background:
            self._asked, self._background = doses.asked_by(background), background
        lines = self._scheduled(background)
        if self._asked.watches:
            lines.extend(self._after_doses())
        self._by_alerts(open_alerts, lines)
        return lines

    def asked(self, background: Background) -> Line:
        """What the protocol asks by schedule alone: the shortest interval without orders, alerts and doses' looks."""
        self._asked, self._background = doses.asked_by(background), background
        return min(self._scheduled(replace(background, intervals=())), key=lambda line: line.interval_min)

    def _scheduled(self, background: Background) -> list[Line]:
        if self._set_at is None:
            since = background.admitted_at or self._first_at
            if since is None:
                raise ValueError("Neither the admission nor an observation is known: no set can be due.")
            first = self._file.first_set
            return [Line(since, first.interval_min, "set", first, first.because, since)]
        cows_since = self._cows_at or self.unscored_since or self._set_at
        cows_clock = "set" if self._cows_at is None else "cows"
        if self._asked.visits:
            return [
                self._visit(cows_since, cows_clock, background),
                self._visit(self._vitals_at or self._set_at, "vitals", background),
            ]
        found = self._line(self._shortest(_COWS, self._file.unscored), cows_since, cows_clock, background)
        guess = self._file.early_warning_incomplete
        vitals = self._line(self._shortest(_VITALS, guess), self._vitals_at or self._set_at, "vitals", background)
        return [found, vitals if self._asleep is None else self._in_sleep(vitals)]

    def _visit(self, since: datetime, clock: str, background: Background) -> Line:
        """The next visit of somebody who does not stay, as an order may have shortened the wait for it."""
        row = self._asked.visit(background.admitted_at, since)
        line = Line(since + _minutes(row.interval_min), row.interval_min, clock, row, row.because, since)
        return ordered(line, background.intervals) if background.intervals else line

    def _shortest(self, rows: tuple[tuple[str, str], ...], guess: Interval) -> tuple[Scheduled, Because]:
        """The row with the shortest interval; the guess counts while the first measure was never complete."""
        row: Scheduled = guess
        because: Because = guess.because
        minutes = guess.interval_min
        known = self._worst[rows[0][0]].base is not None
        for measure, table in rows:
            worst = self._worst[measure]
            found = worst.now(self._count) if worst.partial else worst.base
            if found is not None:
                other = cadence(table, found[0])
                if known or other.interval_min < minutes:
                    row, because, minutes, known = other, found[1], other.interval_min, False
        return row, because

    def _line(self, best: tuple[Scheduled, Because], since: datetime, clock: str, background: Background) -> Line:
        """The scheduled line of one clock, as its phase and an order may have shortened or lengthened it."""
        row, because = best
        minutes = row.interval_min
        line = Line(since + _minutes(minutes), minutes, clock, row, because, since)
        for stage in self._asked.stages:
            asked = stage.row
            at = since + timedelta(minutes=asked.interval_min)
            if asked.interval_min < line.interval_min and _sets(asked.clocks, clock) and stage.holds_at(at):
                line = Line(at, asked.interval_min, clock, asked, asked.because, since)
        return ordered(line, background.intervals) if background.intervals else line

    def _in_sleep(self, line: Line) -> Line:
        """The vitals' line where breathing was seen in sleep since: no later than the short set holds."""
        asleep, row = self._asleep, self._file.short_set
        if asleep is None or asleep.taken_at <= line.since:
            return line
        minutes = min(row.interval_min, line.interval_min)
        at = asleep.taken_at + timedelta(minutes=minutes)
        if at <= line.at:
            return line
        return Line(at, minutes, line.clock, row, row.because, asleep.taken_at, SHORT)

    def _after_doses(self) -> Iterator[Line]:
        asleep = None if self._asleep is None else self._asleep.taken_at
        for watch in self._asked.watches:
            row, cause, since, looks = watch
            for clock in row.clocks:
                last = self._cows_at if clock == "cows" else self._vitals_at
                if clock == "vitals" and row.asleep_counts and asleep is not None:
                    last = asleep if last is None else max(last, asleep)
                if last is not None and last >= looks[-1].done_from:
                    continue
                look = watch.pending(last)
                if look is not None:
                    yield Line(look.at, look.interval_min, clock, row, cause, since)

    def _by_alerts(self, open_alerts: Iterable[Raised], lines: list[Line]) -> None:
        """A line for each alert, and one for each that asks to be confirmed.

        All that are as bad, and as new, are due at the same moment: the first of them speaks for the others.
        """
        state_at, rechecks = self._state_at, _rechecks()
        told: list[tuple[str, bool]] = []
        for alert in open_alerts:
            finding, opened_at = alert.finding, alert.opened_at
            row = rechecks.get(finding.level)
            if row is None or finding.kind == "silence":
                continue
            new = state_at is None or opened_at >= state_at
            if state_at is None or (finding.level, new) not in told:
                told.append((finding.level, new))
                lines.append(self._recheck(row, finding, new, state_at or opened_at))
            confirm = finding.values.get("confirm_min")
            if confirm and not self._repeated(alert):
                minutes = int(confirm)
                lines.append(Line(opened_at + _minutes(minutes), minutes, "set", row, finding, opened_at, CONFIRM))

    def _recheck(self, row: Recheck, finding: Finding, new: bool, since: datetime) -> Line:
        standing = row.visits_min if self._asked.visits else row.standing_min
        minutes = row.recheck_min if new else standing
        return Line(since + _minutes(minutes), minutes, "set", row, finding, since, "" if new else STANDING)

    def _repeated(self, alert: Raised) -> bool:
        """True once a vital of the alert was measured again, or anything where the alert names none."""
        places = [n for n, name in enumerate(VITALS) if name in alert.finding.values] or range(len(VITALS))
        return any(
            at > alert.opened_at and any(measured[n] is not None for n in places) for at, measured in self._measured
        )

    def _red(self, line: Line) -> datetime:
        """When the line's absence is critical: never for COWS while the breathing seen in sleep holds."""
        at = line.at + _minutes(line.interval_min * (self._file.overdue.critical_after_intervals - 1))
        if line.clock == "cows" and self._asleep is not None:
            return max(at, self._asleep.taken_at + _minutes(self._file.short_set.interval_min))
        return at


def ordered(line: Line, orders: Sequence[IntervalOrder]) -> Line:
    """The line as it has been ordered. A physician's order with an end lengthens what may be; anybody's then shortens.

    Of several orders the shortest in force counts, also against one that lengthens.
    """
    row, found = monitoring_file().orders, _lengthened(line, orders)
    for order in orders:
        if order.interval_min >= found.interval_min:
            continue
        at = max(line.since + timedelta(minutes=order.interval_min), order.set_at)
        held = order.ended_at is None and (order.until_at is None or at < order.until_at)
        if held and (at, order.interval_min) < (found.at, found.interval_min):
            found = Line(at, order.interval_min, line.clock, row, order, line.since)
    return found


def _lengthened(line: Line, orders: Sequence[IntervalOrder]) -> Line:
    row, longest = monitoring_file().orders, line
    for order in orders:
        if order.role != "physician" or order.until_at is None or line.interval_min < row.from_min:
            continue
        end = min(order.until_at, order.ended_at or order.until_at)
        at = min(line.since + timedelta(minutes=order.interval_min), max(line.at, end))
        if order.interval_min >= line.interval_min and at > longest.at:
            minutes = int((at - line.since) / timedelta(minutes=1))
            longest = Line(at, minutes, line.clock, row, order, line.since)
    return longest


def breathing_asleep(observation: Observation) -> bool:
    """True for somebody asleep whose breathing was seen: a legal short set. Asleep alone is none."""
    needs = monitoring_file().short_set.needs
    return observation.not_done == "asleep" and all(getattr(observation.vitals, n) is not None for n in needs)


def has_vitals(vitals: Vitals) -> bool:
    """True when enough was measured to set the vitals' clock back: heart rate or blood pressure."""
    return any(getattr(vitals, name) is not None for name in monitoring_file().set.vitals)


def _rated(observation: Observation) -> bool:
    answers = observation.answers
    if not answers:
        return False
    return any(answers.get(name) for name in monitoring_file().set.scales)


def _sets(clocks: Sequence[str], clock: str) -> bool:
    return clock in clocks or (clock == "set" and "cows" in clocks)


def _what(line: Line, lines: Sequence[Line]) -> str:
    """A set where the other clock falls due at the same visit, else the clock of the line."""
    if line.clock == "set":
        return "set"
    together = line.at + _minutes(monitoring_file().set.together_min)
    for other in lines:
        if other.at <= together and other.clock != line.clock:
            return "set"
    return line.clock


@cache
def _of_set() -> tuple[Callable[[tuple[object, ...]], object], object]:
    """What takes, of every vital, those that set a clock back, and what it takes where none was measured."""
    take = itemgetter(*(VITALS.index(name) for name in monitoring_file().set.vitals))
    return take, take(_NO_VITALS)


@cache
def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


@cache
def _rechecks() -> dict[str, Recheck]:
    return {row.level: row for row in monitoring_file().alerts}
