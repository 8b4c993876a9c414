"""Where a vital is heading: the robust slope of its last readings, and when it would reach the next limit.

Information only: no rule looks at it (alerts.toml, [trend]). Where the readings do not bear it, nothing is said.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import factorial

from detox.clinical.alerts.folding import alerts_file, rulebook
from detox.clinical.alerts.rules import Condition, Rule
from detox.clinical.drift import Slope, crossing_h, theil_sen
from detox.clinical.entry_times import judged
from detox.clinical.measure_content import Trend
from detox.clinical.model import LEVELS, Level, Observation, PatientLimit, Vitals
from detox.store import Connection, find, orders

VITALS = ("systolic_mmhg", "heart_rate_per_min", "temperature_c", "respiratory_rate_per_min", "spo2_percent")
HOUR = timedelta(hours=1)

_MEASURED_ALIKE = {"temperature_c": "temperature_site", "spo2_percent": "on_oxygen"}
"""What must be the same in all readings of a slope: another site, or oxygen given, is not the patient's trend."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The slope of one vital over its last `count` readings, from `since` (hour 0 of the slope) to `until`.

    `limit` is the next one that the line reaches, `level` that of its rule, `crosses_at` when; all None where it would
    not be honest to say.
    """

    vital: str
    slope: Slope
    count: int
    since: datetime
    until: datetime
    limit: Condition | None = None
    level: Level | None = None
    crosses_at: datetime | None = None

    @property
    def clear(self) -> bool:
        """True when the whole confidence interval points one way."""
        return self.slope.low > 0 or self.slope.high < 0


def outlooks_of(tx: Connection, admission_id: str, now: datetime) -> tuple[Outlook, ...]:
    """The clear trends of an admission as they stand at `now`, whatever part of the admission is shown."""
    start = now - alerts_file().trend.longest_h * HOUR
    span = judged(find.admission(tx, admission_id).admitted_at, now)
    seen = find.observations(tx, admission_id, start=start, end=now + timedelta(seconds=1))
    seen = [o for o in seen if span.holds(o.taken_at)]
    return outlooks(seen, now, orders.patient_limits(tx, admission_id))


def outlooks(
    seen: Iterable[Observation], now: datetime, limits: Iterable[PatientLimit] = (), *, unclear: bool = False
) -> tuple[Outlook, ...]:
    """What can be said of each vital from the observations up to `now`; without a clear trend only if asked for."""
    current = sorted((o for o in seen if o.replaced_by is None and o.taken_at <= now), key=lambda o: o.taken_at)
    holding = tuple(limit for limit in limits if limit.holds_at(now))
    rules = [compiled.rule for compiled in rulebook().with_limits(holding).rules]
    found = (outlook(vital, current, now, rules) for vital in VITALS)
    return tuple(one for one in found if one is not None and (one.clear or unclear))


def outlook(vital: str, current: Sequence[Observation], now: datetime, rules: Iterable[Rule]) -> Outlook | None:
    """One vital's slope and next limit; `current` are oldest first. None for too few, too old or too similar readings.

    The line is followed no further beyond the newest reading than the readings themselves reach back.
    """
    trend = alerts_file().trend
    used = _last(vital, [o for o in current if o.taken_at >= now - trend.longest_h * HOUR], trend)
    if not _enough(len(used), trend):
        return None
    since, until = used[0].taken_at, used[-1].taken_at
    hours = [(o.taken_at - since) / HOUR for o in used]
    slope = theil_sen(hours, [_value(o, vital) for o in used], trend.confidence)
    ahead_h = min(trend.within_h, hours[-1])
    if slope is None or now - until > ahead_h * HOUR:
        return None
    found = Outlook(vital, slope, len(used), since, until)
    line, newest = slope.at(hours[-1]), _value(used[-1], vital)
    upward = slope.per_h > 0
    furthest = max(line, newest) if upward else min(line, newest)
    following = _next(_limits(vital, used[-1].vitals, rules), furthest, upward=upward)
    if following is None:
        return found
    limit, level = following
    at_h = crossing_h(slope, _number(limit), hours[-1], ahead_h)
    crosses_at = None if at_h is None else since + at_h * HOUR
    if crosses_at is None or crosses_at <= now:
        return found
    return Outlook(vital, slope, len(used), since, until, limit, level, crosses_at)


def _last(vital: str, seen: Sequence[Observation], trend: Trend) -> list[Observation]:
    """The last readings of a vital, all measured as the newest of them was."""
    measured = [o for o in seen if getattr(o.vitals, vital) is not None]
    how = _MEASURED_ALIKE.get(vital)
    if how is not None and measured:
        alike = getattr(measured[-1].vitals, how)
        measured = [o for o in measured if getattr(o.vitals, how) == alike]
    return measured[-trend.readings :]


def _enough(count: int, trend: Trend) -> bool:
    """Whether so many readings can bear the confidence at all.

    By chance alone all of n readings rise, or all fall, in 2 of n! orders: of three readings in every third admission.
    """
    return count >= 3 and 2 / factorial(count) <= 1 - trend.confidence


def _limits(vital: str, newest: Vitals, rules: Iterable[Rule]) -> Iterator[tuple[Condition, Level]]:
    """The plain limits of a vital with the level of their rule.

    A rule may name beside the limit how the vital is measured (the SpO2 scale): it counts where that is so now.
    """
    scale = newest.spo2_scale or 1
    for rule in rules:
        if rule.kind != "limit" or rule.any or rule.of or rule.level == "info":
            continue
        own = [c for c in rule.all if c.measure == vital]
        others = [c for c in rule.all if c.measure != vital]
        if len(own) == 1 and all(c.measure == "spo2_scale" and scale in c.one_of for c in others):
            yield own[0], rule.level


def _next(limits: Iterable[tuple[Condition, Level]], value: float, *, upward: bool) -> tuple[Condition, Level] | None:
    """The nearest limit beyond a value on its way up or down; of several at one place the worst."""
    side = ("at_least", "above") if upward else ("at_most", "below")
    ahead = [
        (limit, level)
        for limit, level in limits
        if limit.operator in side and (_number(limit) > value if upward else _number(limit) < value)
    ]
    return min(ahead, key=lambda one: (abs(_number(one[0]) - value), -LEVELS.index(one[1])), default=None)


def _number(limit: Condition) -> float:
    return float(getattr(limit, limit.operator))


def _value(observation: Observation, vital: str) -> float:
    return float(getattr(observation.vitals, vital))
