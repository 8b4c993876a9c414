"""Does the ward measure or guess? Habits that show in its own numbers, for the ward as a whole and never by person.

A high share is no accusation: it says that measuring needs time, thermometers that work, or a timer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from detox.clinical.protocols import vitals_file
from detox.instants import CLOCK_TOLERANCE
from detox.store import Connection
from detox.store.find_honesty import MEASURED, readings

WINDOW = timedelta(days=30)
LEAST = 30
"""Under so many readings nothing is said: a share of a handful means nothing. Proposed."""

COPIED_C = 36.0
"""The temperature that is written down when none was taken; proposed, a round number in the normal range."""

RUN = 3
"""So many equal readings in a row are looked at: "flag three identical rates" (measurement truth, Badawy)."""

BADAWY = "Rates cluster at 18 and 20 in 36,966 hospital stays (Badawy)"
EVENLY = (
    "To compare with: an even spread over what counting 30 s and doubling can give within the normal range; proposed, "
    "true rates lie closer together"
)
DIGITS = "To compare with: ten last digits, equally often"
NEIGHBOURS = "To compare with: the temperatures 0.1 °C above and below, on average; proposed"

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
        """From 0 to 1; None under LEAST readings."""
        return self.count / self.of if self.of >= LEAST else None


@dataclass(frozen=True, slots=True)
class Honesty:
    """The habits of a ward in one period, from `start` up to `end`, over so many sets."""

    start: datetime
    end: datetime
    sets: int
    figures: tuple[Figure, ...]


def ward_honesty(tx: Connection, ward_id: str, now: datetime) -> Honesty:
    """The habits of the ward's last 30 days."""
    start = now - WINDOW
    rows = list(readings(tx, ward_id, start, now + CLOCK_TOLERANCE))
    return Honesty(start, now, len(rows), figures(rows))


def figures(rows: Iterable[Row]) -> tuple[Figure, ...]:
    """Every habit over `rows`: (stay, MEASURED), stay by stay, each in the order of time."""
    stays = [[values for _, values in some] for _, some in groupby(rows, key=lambda row: row[0])]
    return (
        _copied_temperature(stays),
        _rates(stays, (18, 20), f"{BADAWY}. {EVENLY}"),
        _rates(stays, (16,), EVENLY),
        *(_last_digit(stays, name, label) for name, label in _PRESSURES),
        _same_sets(stays),
        _same_rates(stays),
    )


_PRESSURES = (("systolic_mmhg", "Systolic"), ("diastolic_mmhg", "Diastolic"))
Stays = Sequence[Sequence[tuple[float | None, ...]]]


def _series(stays: Stays, name: str) -> Iterator[list[float]]:
    """The readings of one vital, stay by stay; sets without it are passed over."""
    at = MEASURED.index(name)
    for stay in stays:
        yield [value for values in stay if (value := values[at]) is not None]


def _all(stays: Stays, name: str) -> list[float]:
    return [value for one in _series(stays, name) for value in one]


def _copied_temperature(stays: Stays) -> Figure:
    taken = [round(value, 1) for value in _all(stays, "temperature_c")]
    beside = sum(value in (round(COPIED_C - 0.1, 1), round(COPIED_C + 0.1, 1)) for value in taken) / 2
    runs = (
        sum(1 for _ in same)
        for one in _series(stays, "temperature_c")
        for value, same in groupby(round(v, 1) for v in one)
        if value == COPIED_C
    )
    longest = tuple(sorted((n for n in runs if n >= RUN), reverse=True)[:3])
    expected = beside / len(taken) if taken else None
    return Figure(
        f"Temperature exactly {COPIED_C:.1f} °C", taken.count(COPIED_C), len(taken), "readings", expected, NEIGHBOURS,
        longest,
    )  # fmt: skip


def _rates(stays: Stays, some: tuple[int, ...], source: str) -> Figure:
    rates = _all(stays, "respiratory_rate_per_min")
    low, high = vitals_file().range("respiratory_rate_per_min").normal
    even = [n for n in range(int(low), int(high) + 1) if n % 2 == 0]
    return Figure(
        f"Respiratory rate {' or '.join(map(str, some))}", sum(rate in some for rate in rates), len(rates), "readings",
        len(some) / len(even), source,
    )  # fmt: skip


def _last_digit(stays: Stays, name: str, label: str) -> Figure:
    taken = _all(stays, name)
    return Figure(
        f"{label} pressure that ends in 0", sum(value % 10 == 0 for value in taken), len(taken), "readings", 0.1, DIGITS
    )


def _same_sets(stays: Stays) -> Figure:
    """Sets with all six vitals that say exactly what the patient's whole set before said."""
    whole = [[values for values in stay if None not in values] for stay in stays]
    pairs = [(one, two) for stay in whole for one, two in pairwise(stay)]
    return Figure(
        "Whole set the same as the one before, in all six vitals", sum(one == two for one, two in pairs), len(pairs),
        "pairs", None, "Nothing says how often this happens by chance",
    )  # fmt: skip


def _same_rates(stays: Stays) -> Figure:
    rates = list(_series(stays, "respiratory_rate_per_min"))
    triples = [tuple(one[n : n + RUN]) for one in rates for n in range(len(one) - RUN + 1)]
    return Figure(
        "Three respiratory rates in a row the same", sum(len(set(some)) == 1 for some in triples), len(triples),
        "threes", None, BADAWY,
    )  # fmt: skip
