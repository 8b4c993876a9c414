"""Which shift a moment belongs to: wall-clock starts in the ward's zone, right on the nights the clocks change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from detox.clinical.model import Shift, Ward
from detox.errors import NotFound


@dataclass(frozen=True, slots=True)
class ShiftPeriod:
    """One shift of one day: from `starts_at` up to but not including `ends_at`. The key's date is that of its start."""

    key: str
    name: str
    starts_at: datetime
    ends_at: datetime


def shift_of(ward: Ward, moment: datetime) -> ShiftPeriod:
    """The shift that `moment` lies in. Raises NotFound for a ward without shifts."""
    day = moment.astimezone(ZoneInfo(ward.time_zone)).date()
    found = [p for p in _periods(ward, day - timedelta(days=2), 4) if p.starts_at <= moment < p.ends_at]
    if not found:
        raise NotFound(f"Ward {ward.name} has no shifts: set up at least one.")
    return found[0]


def period(ward: Ward, key: str) -> ShiftPeriod:
    """The shift of a key such as 2026-11-21/night. Raises NotFound, listing the ward's shift names."""
    day, _, slug = key.strip().lower().partition("/")
    try:
        started = date.fromisoformat(day)
        for found in _periods(ward, started, 1):
            if found.key == f"{started}/{slug}":
                return found
    except (ValueError, OverflowError):
        pass
    names = [slug_of(s.name) for s in ward.shifts] or ["none"]
    raise NotFound(
        f"There is no shift {key!r}: write the date on which it starts and its name, such as "
        f"2026-11-21/{names[-1]}. This ward's shifts: {', '.join(names)}."
    )


def recent(ward: Ward, now: datetime, count: int) -> list[ShiftPeriod]:
    """The shift that runs now and those before it, newest first, `count` in all."""
    found = [shift_of(ward, now)]
    while len(found) < count:
        found.append(shift_of(ward, found[-1].starts_at - timedelta(milliseconds=1)))
    return found[:count]


def slug_of(name: str) -> str:
    """A shift's name as it stands in a key: lower case, hyphens for spaces."""
    return "-".join(name.lower().split())


def _periods(ward: Ward, first: date, days: int) -> Iterator[ShiftPeriod]:
    """The shifts that start on `days` days from `first` on, in the order of time."""
    starts = [
        (_at_wall_time(day, shift, ZoneInfo(ward.time_zone)), day, shift)
        for day in (first + timedelta(days=n) for n in range(days + 1))
        for shift in sorted(ward.shifts, key=lambda s: s.starts_at)
    ]
    for (start, day, shift), (end, _, _) in pairwise(starts):
        if day < first + timedelta(days=days):
            yield ShiftPeriod(f"{day}/{slug_of(shift.name)}", shift.name, start, end)


def _at_wall_time(day: date, shift: Shift, zone: ZoneInfo) -> datetime:
    """When the ward's clock first shows the shift's start that day; where the clocks skip it, the moment they jump."""
    wall = datetime.combine(day, time.fromisoformat(shift.starts_at), tzinfo=zone)
    moment = wall.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return moment
    after = moment.astimezone(zone).utcoffset()
    while (moment - timedelta(minutes=1)).astimezone(zone).utcoffset() == after:
        moment -= timedelta(minutes=1)
    return moment
