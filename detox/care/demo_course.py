"""What happens to the invented patients of the demo ward, as plain values: what was seen, given, decided, and when.

Nobody here exists. A course follows what opioid withdrawal does (a rise within a day of the last use, the height on
days two to three, settling after), and is bent where a story on the board needs it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from detox.clinical import protocols
from detox.clinical.administration import giving_file
from detox.clinical.model import NotDone, Vitals
from detox.clinical.scales import implied_points

LOOKED_BEFORE = timedelta(minutes=8)  # the vitals that a dose depends on
ZONE = ZoneInfo("Europe/London")
SCALE = "cows"
LAST_USE_H = 9  # hours between the last use and the admission

# Hours since the last use, and how much of the withdrawal is there (scales reference, course of withdrawal).
COURSE = ((0, 0.15), (9, 0.45), (20, 0.75), (36, 1.0), (60, 0.85), (84, 0.5), (108, 0.25), (140, 0.15))


@dataclass(frozen=True, slots=True)
class Seen:
    """A set, or why it was not taken."""

    vitals: Vitals = Vitals()
    answers: dict[str, int] | None = None
    not_done: NotDone | None = None
    note: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The set of that key, entered again with another heart rate."""

    key: str
    heart_rate_per_min: float
    reason: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan is written, and signed unless it stays a draft."""

    signed: bool = True


@dataclass(frozen=True, slots=True)
class Dosed:
    """One administration of the plan's drug."""

    mg: float | None  # None: the part of the day's dose that the plan's step gives
    status: Literal["given", "held", "refused"] = "given"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """What the physician did with the suggestion to step down."""

    verdict: Literal["accepted", "declined"] = "accepted"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody acknowledges what stands open."""

    words: str
    by: Literal["nurse", "physician"] = "nurse"


@dataclass(frozen=True, slots=True)
class Left:
    """The patient goes home."""

    reason: str


What: TypeAlias = Seen | Corrected | Planned | Dosed | Decided | Answered | Left


@dataclass(frozen=True, slots=True)
class Person:
    """An invented patient: the admission, the plan, and how high the withdrawal goes.

    `slots` are the wall times of the doses; `story` is told in minutes before now; sets go on by themselves until
    `quiet_min` before now.
    """

    family_name: str
    given_name: str
    born_on: date
    sex: Literal["F", "M"]
    bed: int
    came_h: float
    programme: str = "taper"
    opioid: str = "heroin"
    allergies: str = "none known"
    planned_days: int | None = 7
    height: int = 13
    pulse: int = 72
    systolic: int = 122
    drug: str = "buprenorphine"
    steps_mg: tuple[float, ...] = (8, 6, 4, 2, 0)
    interval_h: float = 24
    slots: tuple[str, ...] = ("08:30", "20:30")
    signed: bool = True
    last_decision: Decided = Decided()
    quiet_min: float = 0
    left: tuple[float, str] | None = None
    story: tuple[tuple[float, What], ...] = ()

    def came_at(self, now: datetime) -> datetime:
        """When the admission began."""
        return now - timedelta(hours=self.came_h)


def events(person: Person, now: datetime, rng: random.Random) -> list[tuple[datetime, What]]:
    """Everything that happens to one person up to `now`, in the order of time."""
    told = [(now - timedelta(minutes=minutes), what) for minutes, what in person.story]
    end = now - timedelta(hours=person.left[0]) if person.left else now
    found = [*told, *_by_itself(person, now, min(end, now - timedelta(minutes=person.quiet_min)), told, rng)]
    if person.left:
        found.append((end, Left(person.left[1])))
    return sorted((pair for pair in found if pair[0] <= end), key=lambda pair: pair[0])


def vitals_at(person: Person, at: datetime, now: datetime, rng: random.Random) -> tuple[Vitals, int]:
    """A plausible set inside the ordinary limits, and the COWS points that go with it."""
    part = _part(person, at, now)
    systolic = _between(100 + 4, person.systolic + 22 * part + rng.gauss(0, 4), 150)
    made = Vitals(
        systolic_mmhg=systolic,
        diastolic_mmhg=_between(58, systolic * 0.62 + rng.gauss(0, 3), 94),
        heart_rate_per_min=_between(62, person.pulse + 22 * part + rng.gauss(0, 3), 98),
        temperature_c=round(min(36.5 + 0.5 * part + rng.gauss(0, 0.12), 37.4), 1),
        temperature_site="oral",
        respiratory_rate_per_min=_between(12, 14 + 3 * part + rng.gauss(0, 1), 19),
        spo2_percent=_between(96, 97.6 + rng.gauss(0, 0.8), 99),
        on_oxygen=False,
        consciousness="A",
        sedation="1",
    )
    return made, max(1, round(person.height * part + rng.gauss(0, 0.8)))


def rated(vitals: Vitals, points: int, rng: random.Random) -> dict[str, int]:
    """Answers to every chosen item of the scale that add up, with the measured item, to about `points`."""
    scale = protocols.scale(SCALE)
    left = points - sum(implied_points(i, vitals) or 0 for i in scale.items if i.measured)
    chosen = {item.id: item.values[0] for item in scale.items if not item.measured}
    for _ in range(60):
        item = scale.item(rng.choice(list(chosen)))
        more = next((v for v in item.values if v > chosen[item.id]), None)
        if left > 0 and more is not None and more - chosen[item.id] <= left:
            left -= more - chosen[item.id]
            chosen[item.id] = more
    return chosen


def _by_itself(
    person: Person, now: datetime, end: datetime, told: list[tuple[datetime, What]], rng: random.Random
) -> Iterator[tuple[datetime, What]]:
    came = person.came_at(now)
    at = came + timedelta(minutes=rng.uniform(20, 35))
    while at < end:
        if not _near(at, told, Seen, 25):
            yield at, _set(person, at, now, rng)
        at += timedelta(minutes=rng.uniform(212, 236))
    if not person.steps_mg:
        return
    signed = came + timedelta(minutes=40)
    if signed < now:
        yield signed, Planned(person.signed)
    if person.signed:
        yield from _rounds(person, signed, min(end, now))
        for given in _dose_times(person, signed, now):
            if not _near(given, told, Dosed, 150):
                looked = given - LOOKED_BEFORE
                yield looked, Seen(vitals_at(person, looked, now, rng)[0], None)
                yield given, Dosed(None)


def _set(person: Person, at: datetime, now: datetime, rng: random.Random) -> Seen:
    made, points = vitals_at(person, at, now, rng)
    night = 1 <= at.astimezone(ZONE).hour < 5
    if night and points < 7 and rng.random() < 0.5:
        breathing = Vitals(respiratory_rate_per_min=made.respiratory_rate_per_min, sedation="S")
        return Seen(breathing, not_done="asleep", note="Wakes easily, breathing seen")
    return Seen(made, rated(made, points, rng))


def _rounds(person: Person, signed: datetime, end: datetime) -> Iterator[tuple[datetime, What]]:
    """The morning rounds at which a step is due; the last of them may go another way."""
    if person.interval_h > 24:  # on these courses nobody has stepped down yet
        return
    due = _walls(("08:10",), signed + timedelta(hours=16), end)[: len(person.steps_mg) - 1]
    for at in due:
        yield at, person.last_decision if at == due[-1] else Decided()


def _dose_times(person: Person, signed: datetime, end: datetime) -> list[datetime]:
    """One dose on the day of the signature, then every slot of the days after it.

    Where one dose a day is given and the next slot comes too soon, the first dose is that of the day after.
    """
    first = signed + timedelta(minutes=25)
    if first >= end or not person.slots:
        return []
    tomorrow = (first.astimezone(ZONE) + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    later = _walls(person.slots, tomorrow.astimezone(UTC), end)
    soon = len(person.slots) == 1 and later and later[0] - first < giving_file().counting(person.drug).apart
    return later if soon else [first, *later]


def _walls(slots: tuple[str, ...], start: datetime, end: datetime) -> list[datetime]:
    """Every moment from `start` to `end` at which the ward's clock shows one of the wall times."""
    day, found = start.astimezone(ZONE).date(), []
    while day <= end.astimezone(ZONE).date():
        for slot in slots:
            hour, minute = map(int, slot.split(":"))
            found.append(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC))
        day += timedelta(days=1)
    return [at for at in found if start <= at < end]


def _part(person: Person, at: datetime, now: datetime) -> float:
    hours = (at - person.came_at(now)).total_seconds() / 3600 + LAST_USE_H
    for (from_h, low), (to_h, high) in zip(COURSE, COURSE[1:], strict=False):
        if from_h <= hours <= to_h:
            return low + (high - low) * (hours - from_h) / (to_h - from_h)
    return COURSE[-1][1]


def _near(at: datetime, told: list[tuple[datetime, What]], kind: type, minutes: float) -> bool:
    return any(isinstance(what, kind) and abs(other - at) < timedelta(minutes=minutes) for other, what in told)


def _between(low: float, value: float, high: float) -> float:
    return float(round(min(max(value, low), high)))


def change(vitals: Vitals, **given: float | str | bool | None) -> Vitals:
    """The set with some values put in."""
    return replace(vitals, **given)  # type: ignore[arg-type]
