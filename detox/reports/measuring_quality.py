"""Does the ward measure or guess? Habits that show in its own numbers, for the ward as a whole and never by person.

A high share is no accusation: it says that measuring needs time, thermometers that work, or a timer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from detox.clinical.looking_back import clock_tolerance
from detox.clinical.measuring_quality import Rates, habits_file
from detox.clinical.protocols import vitals_file
from detox.store import Connection
from detox.store.find_measuring_quality import MEASURED, readings

Row = tuple[int, tuple[float | None, ...]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One habit: how many of how many readings (or pairs, or triples) show it, and a share to compare with.

    `expected` is a share from 0 to 1, None where there is none. `longest` are the longest runs of one
    patient, in readings. `source` says where the habit or the comparison comes from.
    """

    habit: str
    count: int
    of: int
    unit: str
    expected: float | None
    source: str
    longest: tuple[int, ...] = ()

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where there are too few readings to tell one."""
        return self.count / self.of if self.of >= least_readings() else None


@dataclass(frozen=True, slots=True)
class Honesty:
    """The habits of a ward in one period, from `start` up to `end`, over so many sets."""

    start: datetime
    end: datetime
    sets: int
    figures: tuple[Figure, ...]


def least_readings() -> int:
    """Under so many readings no share is told."""
    return habits_file().period.least_readings


def ward_honesty(tx: Connection, ward_id: str, now: datetime) -> Honesty:
    """The habits of the ward in the days that honesty.toml looks back on."""
    start = now - timedelta(days=habits_file().period.days)
    rows = list(readings(tx, ward_id, start, now + clock_tolerance()))
    return Honesty(start, now, len(rows), figures(rows))


def figures(rows: Iterable[Row]) -> tuple[Figure, ...]:
    """Every habit over `rows`: (admission, MEASURED), admission by admission, each in the order of time."""
    admissions = [[values for _, values in some] for _, some in groupby(rows, key=lambda row: row[0])]
    return (
        _copied_temperature(admissions),
        *(_rates(admissions, some) for some in habits_file().rates),
        *(_rounded(admissions, name) for name in habits_file().rounded.vitals),
        _same_sets(admissions),
        _same_rates(admissions),
    )


Admissions = Sequence[Sequence[tuple[float | None, ...]]]


def _series(admissions: Admissions, name: str) -> Iterator[list[float]]:
    """The readings of one vital, admission by admission; sets without it are passed over."""
    at = MEASURED.index(name)
    for admission in admissions:
        yield [value for values in admission if (value := values[at]) is not None]


def _all(admissions: Admissions, name: str) -> list[float]:
    return [value for one in _series(admissions, name) for value in one]


def _copied_temperature(admissions: Admissions) -> Figure:
    copied, least = habits_file().copied, habits_file().run.readings
    taken = [round(value, 1) for value in _all(admissions, "temperature_c")]
    sides = {round(copied.temperature_c + by, 1) for by in (-copied.beside_c, copied.beside_c)}
    beside = sum(value in sides for value in taken) / len(sides)
    runs = (
        sum(1 for _ in same)
        for one in _series(admissions, "temperature_c")
        for value, same in groupby(round(v, 1) for v in one)
        if value == copied.temperature_c
    )
    longest = tuple(sorted((n for n in runs if n >= least), reverse=True)[: copied.runs_shown])
    expected = beside / len(taken) if taken else None
    return Figure(
        f"Temperature exactly {copied.temperature_c:.1f} °C", taken.count(copied.temperature_c), len(taken), "readings",
        expected, copied.compared_with, longest,
    )  # fmt: skip


def _rates(admissions: Admissions, some: Rates) -> Figure:
    rates = _all(admissions, "respiratory_rate_per_min")
    low, high = vitals_file().range("respiratory_rate_per_min").normal
    even = [n for n in range(int(low), int(high) + 1) if n % 2 == 0]
    return Figure(
        f"Respiratory rate {' or '.join(map(str, some.per_min))}", sum(rate in some.per_min for rate in rates),
        len(rates), "readings", len(some.per_min) / len(even), some.compared_with,
    )  # fmt: skip


def _rounded(admissions: Admissions, name: str) -> Figure:
    rounded, taken = habits_file().rounded, _all(admissions, name)
    return Figure(
        f"{vitals_file().range(name).label} in whole {rounded.step_mmhg}s",
        sum(value % rounded.step_mmhg == 0 for value in taken), len(taken), "readings", 1 / rounded.step_mmhg,
        rounded.compared_with,
    )  # fmt: skip


def _same_sets(admissions: Admissions) -> Figure:
    """Sets with all six vitals that say exactly what the patient's whole set before said."""
    whole = [[values for values in admission if None not in values] for admission in admissions]
    pairs = [(one, two) for admission in whole for one, two in pairwise(admission)]
    return Figure(
        "Whole set the same as the one before, in all six vitals", sum(one == two for one, two in pairs), len(pairs),
        "pairs", None, habits_file().same_set.compared_with,
    )  # fmt: skip


def _same_rates(admissions: Admissions) -> Figure:
    run = habits_file().run
    rates = list(_series(admissions, "respiratory_rate_per_min"))
    some = [tuple(one[n : n + run.readings]) for one in rates for n in range(len(one) - run.readings + 1)]
    return Figure(
        f"{run.readings} respiratory rates in a row the same", sum(len(set(each)) == 1 for each in some), len(some),
        f"runs of {run.readings}", None, run.compared_with,
    )  # fmt: skip
