"""The watch for precipitated withdrawal: it begins with the first dose that can precipitate it, and no later one.

The reference is the newest score before that dose, and no later dose moves it. A rise that was seen inside the window
stands until a complete score has come back near the reference or a physician has answered, whatever the clock says.
Times are those of the bedside; all are taken to the whole minute, and a score in the very minute of a dose was before
it. Plain values in, plain values out; every number stands in watch.toml.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.clinical.drugs import mentioned
from detox.clinical.model import Score
from detox.clinical.protocols import scales

__all__ = [
    "COWS", "Given", "Look", "Score", "Watch", "WatchFile", "Watcher", "precipitant", "rises", "unseen", "watch_at",
    "watch_file", "watches",
]  # fmt: skip

Positive = Annotated[float, Field(gt=0)]
MINUTE = timedelta(minutes=1)
COWS = "cows"
DEPOT = "_xr"
"""How the id of a drug ends that is the depot form of another."""
DOSES = 1024
"""So many different names of doses are remembered."""


class ReferenceContent(Content):
    """How old the score before the first dose may be, in hours."""

    oldest_h: Positive
    source: Text
    evidence: Evidence


class Steady(Content):
    """When a drug is in steady use: its doses go back so many days, with no gap of more hours than that."""

    days: Positive
    gap_h: Positive
    source: Text
    evidence: Evidence


class Rise(Content):
    """By how many points a scale has to rise, and within how many of the reference it has come back."""

    scale: Text
    points: Annotated[int, Field(gt=0)]
    back_within: Annotated[int, Field(ge=0)]
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _known_and_apart(self) -> "Rise":
        if self.scale not in scales():
            raise ValueError(f"unknown scale {self.scale!r}: the scales are {', '.join(sorted(scales()))}")
        if self.back_within >= self.points:
            raise ValueError(f"{self.scale} would have come back while it is risen")
        return self


class After(Content):
    """One drug in one form: for how many hours it is watched, and at which minutes after a dose somebody looks."""

    drug: Text
    form: Text
    window_h: Positive
    looks_min: Annotated[tuple[int, ...], Field(min_length=1)]
    near_min: Annotated[int, Field(gt=0)]
    source: Text
    evidence: Evidence

    @property
    def window(self) -> timedelta:
        """For how long a dose is watched."""
        return timedelta(hours=self.window_h)

    @property
    def words(self) -> str:
        """buprenorphine (sublingual)."""
        return f"{self.drug} ({self.form})"

    @model_validator(mode="after")
    def _looks_inside(self) -> "After":
        if list(self.looks_min) != sorted(set(self.looks_min)):
            raise ValueError(f"{self.words}: the looks stand in the order of time, each once")
        if not 0 < self.looks_min[0] <= self.looks_min[-1] <= self.window_h * 60:
            raise ValueError(f"{self.words}: a look lies outside the window")
        return self


class Likelier(Content):
    """What makes precipitated withdrawal likelier: shown beside the watch where it is known.

    By a positive `result`, or by the `answer` to the question `fact` of situations.toml.
    """

    id: Text
    says: Text
    result: str = ""
    fact: str = ""
    answer: str = ""
    source: Text
    evidence: Evidence


class WatchFile(File):
    """watch.toml."""

    reference: ReferenceContent
    steady: Steady
    rise: Annotated[tuple[Rise, ...], Field(min_length=1)]
    after: Annotated[tuple[After, ...], Field(min_length=1)]
    likelier: tuple[Likelier, ...]

    @model_validator(mode="after")
    def _each_once(self) -> "WatchFile":
        for what in (
            [one.scale for one in self.rise], [one.words for one in self.after], [o.id for o in self.likelier],
        ):  # fmt: skip
            if twice := sorted({one for one in what if what.count(one) > 1}):
                raise ValueError(f"{', '.join(twice)} stands twice")
        return self


@cache
def watch_file() -> WatchFile:
    """watch.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "watch.toml", WatchFile)


@cache
def rises() -> Mapping[str, Rise]:
    """What a rise is, by scale."""
    return MappingProxyType({one.scale: one for one in watch_file().rise})


@lru_cache(maxsize=DOSES)
def precipitant(drug: str, form: str = "") -> After | None:
    """How a dose is watched, by its drug (an id or a name in words) and its form; None: it precipitates nothing.

    Without a form it is the form of that name, for the drug's own id its usual one; a form that is not known is watched
    as the one that is watched longest. Of several drugs in one name the one that is watched longest counts.
    """
    found = [_of_form(one.drug.id, form or one.form) for one in mentioned(drug, form) if one.drug.precipitant]
    return max(filter(None, found), key=lambda one: one.window_h, default=None)


def _of_form(drug_id: str, form: str) -> After | None:
    depot = drug_id.endswith(DEPOT)
    same = [one for one in watch_file().after if one.drug == drug_id.removesuffix(DEPOT)]
    if not same:
        return None
    wanted = "depot" if depot else form.strip().lower()
    if not wanted:
        return same[0]
    return next((one for one in same if one.form == wanted), max(same, key=lambda one: one.window_h))


@dataclass(frozen=True, slots=True)
class Given:
    """One dose of an opioid or of what precipitates withdrawal: when, which drug, in which form ("": the usual one).

    A drug that watch.toml does not know counts as a full agonist: hand in no others.
    """

    at: datetime
    drug: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A look that is due after a dose, and when the score was taken that counts for it; None: none so far.

    `near` is by how much that may be early or late.
    """

    due: datetime
    done_at: datetime | None
    near: timedelta


State = Literal["watching", "risen", "over"]


@dataclass(frozen=True, slots=True)
class Watch:
    """One watch as it stands at `now`.

    `drug` and `form` are those of the first dose, given at `since`; `doses` are all of the watch. Its window is open to
    `until`; while a rise stands it goes on. `reference` is the score before it, by scale; a scale without one cannot
    rise. `scores` are those taken since, oldest first. `risen` are the scales whose rise stands, since `risen_since`,
    shown to people by `shown_at`; `closed_at` is when the last rise came back or was answered, `answered` that it was
    by a physician's word.
    """

    drug: str
    form: str
    since: datetime
    until: datetime
    now: datetime
    doses: tuple[Given, ...]
    reference: Mapping[str, Score]
    scores: tuple[Score, ...] = ()
    risen: frozenset[str] = frozenset()
    risen_since: datetime | None = None
    shown_at: datetime | None = None
    closed_at: datetime | None = None
    answered: bool = False

    @property
    def state(self) -> State:
        """risen: a rise stands; watching: none does, and the window is open; over: neither."""
        if self.risen:
            return "risen"
        return "watching" if self.open_at(self.now) else "over"

    @property
    def words(self) -> str:
        """The first dose: buprenorphine (sublingual)."""
        return f"{self.drug} ({self.form})"

    def open_at(self, moment: datetime) -> bool:
        """True while the window is open."""
        return _minute(moment) <= _minute(self.until)

    def rise_of(self, score: Score) -> int | None:
        """By how many points a score lies above the reference of its scale; None without one."""
        reference = self.reference.get(score.scale)
        return None if reference is None else score.at_least - reference.at_least

    def rise(self, scale: str, at: datetime | None = None) -> int | None:
        """The rise of a scale by its newest score of the watch, up to `at`; None where there is none."""
        taken = [s for s in self.scores if s.scale == scale and (at is None or s.at <= at)]
        return self.rise_of(taken[-1]) if taken else None

    def rises(self, score: Score) -> bool:
        """True for a score that lies as far above its reference as a rise asks for."""
        rise = self.rise_of(score)
        return rise is not None and rise >= rises()[score.scale].points

    def is_back(self, score: Score) -> bool:
        """True for a complete score that is near its reference."""
        rise = self.rise_of(score)
        return score.complete and rise is not None and rise <= rises()[score.scale].back_within

    @property
    def looks(self) -> tuple[Look, ...]:
        """Every look that the doses of the watch ask for, in the order of time; those of one minute are one."""
        due: dict[datetime, timedelta] = {}
        for dose in self.doses:
            row = _row(dose)
            for minutes in row.looks_min:
                due.setdefault(_minute(dose.at) + timedelta(minutes=minutes), timedelta(minutes=row.near_min))
        taken = [score.at for score in self.scores]
        return tuple(
            Look(moment, next((at for at in taken if abs(_minute(at) - moment) <= near), None), near)
            for moment, near in sorted(due.items())
        )

    def missed(self) -> tuple[Look, ...]:
        """The looks whose time has passed with no score near it."""
        return tuple(one for one in self.looks if one.done_at is None and _minute(self.now) > one.due + one.near)


def watches(
    given: Iterable[Given],
    scores: Iterable[Score],
    now: datetime,
    *,
    answered: Iterable[datetime] = (),
    agonist_use: Iterable[datetime] = (),
) -> tuple[Watch, ...]:
    """Every watch up to `now`, oldest first; only the last can still run. What lies after `now` is not looked at.

    `answered` is when a physician answered: a rise that was shown by then is closed. `agonist_use` is when another
    opioid was taken that is no charted dose: a return to use.
    """
    watcher = Watcher(given)
    events: list[tuple[datetime, bool, datetime, Callable[[], object]]] = [
        *((_minute(s.at), False, s.at, partial(watcher.see, s)) for s in scores),
        *((_minute(at), False, at, partial(watcher.use, at)) for at in agonist_use),
        *((_minute(at), True, at, partial(watcher.answer, at)) for at in answered),
    ]
    for minute, _, _, happens in sorted(events, key=lambda event: event[:3]):
        if minute <= _minute(now):
            happens()
    last = watcher.at(now)
    return (*watcher.past, last) if last else ()


def watch_at(
    given: Iterable[Given],
    scores: Iterable[Score],
    now: datetime,
    *,
    answered: Iterable[datetime] = (),
    agonist_use: Iterable[datetime] = (),
) -> Watch | None:
    """The watch that runs at `now`: its window is open, or a rise stands. None where none does. See `watches`."""
    found = watches(given, scores, now, answered=answered, agonist_use=agonist_use)
    return found[-1] if found and found[-1].state != "over" else None


def unseen(watch: Watch, now: datetime) -> str | None:
    """What of a watch nobody looked at, in a sentence; None where nothing was missed.

    A window that has passed with no score in it is told until a complete score says that nothing has risen.
    """
    watch = replace(watch, now=now)
    if not watch.open_at(now):
        inside = any(watch.open_at(score.at) for score in watch.scores)
        if inside or any(score.complete and not watch.rises(score) for score in watch.scores):
            return None
        return (
            f"The window in which precipitated withdrawal would have shown after {watch.words} has passed unseen: "
            "no score was charted in it. Score now, and tell the physician if it is higher than before the dose."
        )
    missed = [f"{(one.due - _minute(watch.since)) // timedelta(minutes=1)} min" for one in watch.missed()]
    if not missed:
        return None
    said = f"{len(missed)} looks were missed" if len(missed) > 1 else "A look was missed"
    return f"{said} after {watch.words}: {', '.join(missed)} after its first dose. Score now."


class Watcher:
    """Follows the watches of one admission: all doses are known beforehand, the rest comes in the order of time.

    `past` are the watches that a later one has followed.
    """

    def __init__(self, given: Iterable[Given]) -> None:
        self.past: tuple[Watch, ...] = ()
        self._doses = sorted(given, key=lambda dose: dose.at)
        self._taken = 0
        self._newest: dict[str, Score] = {}
        self._runs: dict[str, tuple[datetime, datetime]] = {}
        self._watch: Watch | None = None

    def see(self, score: Score) -> Watch | None:
        """The next score; returns the watch that it belongs to. One of a scale that is not watched changes nothing."""
        self._take_doses_before(score.at)
        if score.scale not in rises():
            return self._watch
        self._newest[score.scale] = score
        if self._watch is not None:
            self._watch = _with(replace(self._watch, now=score.at, scores=(*self._watch.scores, score)), score)
        return self._watch

    def use(self, at: datetime) -> None:
        """Another opioid was taken: no dose before it is steady use."""
        self._take_doses_before(at)
        self._runs.clear()

    def answer(self, at: datetime) -> None:
        """A physician answered: a rise that was shown by then is closed."""
        self._take_doses_before(at)
        watch = self._watch
        if watch is not None and watch.shown_at is not None and watch.shown_at <= at:
            self._watch = _closed(watch, at, answered=True)

    def at(self, now: datetime) -> Watch | None:
        """The newest watch as it stands at `now`, which is no earlier than what came last; None where there was none.

        A dose of the minute of `now` has been given.
        """
        self._take_doses_before(_minute(now) + MINUTE)
        return None if self._watch is None else replace(self._watch, now=now)

    def _take_doses_before(self, moment: datetime) -> None:
        """Take in the doses of the minutes before."""
        while self._taken < len(self._doses) and _minute(self._doses[self._taken].at) < _minute(moment):
            self._taken += 1
            self._take(self._doses[self._taken - 1])

    def _take(self, dose: Given) -> None:
        row = precipitant(dose.drug, dose.form)
        if row is None:
            self._runs.clear()
            return
        if self._in_steady_use(row, dose.at):
            return
        watch, until, reference = self._watch, dose.at + row.window, self._reference(dose.at)
        if watch is not None and (watch.risen or watch.open_at(dose.at)):
            # a later dose gives a reference to a scale that had none, and moves none
            self._watch = replace(
                watch,
                until=max(watch.until, until),
                doses=(*watch.doses, dose),
                reference=MappingProxyType(reference | dict(watch.reference)),
            )
            return
        if watch is not None:
            self.past = (*self.past, replace(watch, now=dose.at))
        self._watch = Watch(row.drug, row.form, dose.at, until, dose.at, (dose,), MappingProxyType(reference))

    def _in_steady_use(self, row: After, at: datetime) -> bool:
        """True when the doses of the drug go back far enough without a gap; notes this dose among them."""
        steady = watch_file().steady
        began, last = self._runs.get(row.drug, (at, at))
        if at - last > timedelta(hours=steady.gap_h):
            began = at
        self._runs[row.drug] = began, at
        return at - began >= timedelta(days=steady.days)

    def _reference(self, at: datetime) -> dict[str, Score]:
        oldest = timedelta(hours=watch_file().reference.oldest_h)
        return {n: score for n, score in self._newest.items() if _minute(at) - _minute(score.at) <= oldest}


def _with(watch: Watch, score: Score) -> Watch:
    """The watch after its newest score: risen, come back, or as it was."""
    if watch.rises(score) and (watch.risen or watch.open_at(score.at)):
        return replace(
            watch,
            risen=watch.risen | {score.scale},
            risen_since=watch.risen_since or score.at,
            shown_at=max(watch.shown_at or score.shown_at, score.shown_at),
            closed_at=None,
            answered=False,
        )
    if score.scale in watch.risen and watch.is_back(score):
        still = watch.risen - {score.scale}
        return replace(watch, risen=still) if still else _closed(watch, score.at, answered=False)
    return watch


def _closed(watch: Watch, at: datetime, *, answered: bool) -> Watch:
    return replace(watch, risen=frozenset(), risen_since=None, shown_at=None, closed_at=at, answered=answered)


def _row(dose: Given) -> After:
    row = precipitant(dose.drug, dose.form)
    assert row is not None, "only what precipitates is in a watch"
    return row


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
