"""The statistics that see a drift: median, exponentially weighted mean, and a robust slope. Numbers in, numbers out.

What counts as drift is said by rules (alerts.toml); nothing here knows a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, median

__all__ = ["Slope", "crossing_h", "ewma", "ewma_sigma", "median", "theil_sen"]


@dataclass(frozen=True, slots=True)
class Slope:
    """A straight line through the medians, in units per hour, with the limits of its confidence interval."""

    per_h: float
    at_zero: float
    low: float
    high: float

    def at(self, hours: float) -> float:
        """The value of the line."""
        return self.at_zero + self.per_h * hours


def ewma(start: float, values: Sequence[float], weight: float) -> float:
    """The exponentially weighted mean of `values` (oldest first) that sets out from `start`.

    `weight` (0-1] is that of the newest value. Roberts 1959; NIST/SEMATECH e-Handbook 6.3.2.4.
    """
    mean = start
    for value in values:
        mean += weight * (value - mean)
    return mean


def ewma_sigma(sigma: float, weight: float, count: int) -> float:
    """The standard deviation of that mean after `count` independent values of standard deviation `sigma`."""
    return sigma * sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * count)))


def theil_sen(hours: Sequence[float], values: Sequence[float], confidence: float = 0.95) -> Slope | None:
    """The median of the slopes between all pairs, with its confidence interval (Sen 1968, by Kendall's variance).

    Real times are used, so uneven intervals and one typing error in four do little harm. None for fewer than three
    readings, or where all share one time.
    """
    count = len(values)
    if count < 3:
        return None
    slopes = sorted(
        (values[j] - values[i]) / (hours[j] - hours[i])
        for i in range(count)
        for j in range(count)
        if hours[j] > hours[i]
    )
    variance = (_ties_free(count) - _tied(hours) - _tied(values)) / 18
    if not slopes or variance < 0:
        return None
    middle = median(slopes)
    reach = NormalDist().inv_cdf((1 - confidence) / 2) * sqrt(variance)  # negative
    low = max(round((len(slopes) + reach) / 2) - 1, 0)
    high = min(round((len(slopes) - reach) / 2), len(slopes) - 1)
    return Slope(middle, median(values) - middle * median(hours), slopes[low], slopes[high])


def crossing_h(slope: Slope, limit: float, now_h: float, within_h: float) -> float | None:
    """At which hour the line reaches `limit` from below or above; None where it would not be honest to say.

    It is said only when the whole confidence interval points towards the limit, the line has not reached it yet, and
    gets there within `within_h` hours.
    """
    distance = limit - slope.at(now_h)
    towards = slope.low > 0 if distance > 0 else slope.high < 0
    if distance == 0 or not towards:
        return None
    wait = distance / slope.per_h
    return now_h + wait if wait <= within_h else None


def _ties_free(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)


def _tied(values: Sequence[float]) -> int:
    return sum(_ties_free(n) for n in (list(values).count(v) for v in set(values)) if n > 1)
