"""What is usual for this person: the median of the first readings, what was said to be usual, what was set anew."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from detox.clinical.content import Content, Evidence, Text
from detox.clinical.drift import median
from detox.clinical.drugs import mentioned
from detox.clinical.model import Background, Baseline, Observation

BASED = ("systolic_mmhg", "heart_rate_per_min", "temperature_c", "respiratory_rate_per_min", "spo2_percent")


class BaselineContent(Content):
    """How a baseline is made: the median of the first `most` readings, once there are `least` of them.

    Only the first `within_sets` observations of an admission may give them, before the first dose of an opioid or an
    alpha-2 agonist where there are enough.
    """

    most: int
    least: int
    within_sets: int
    source: Text
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Usual:
    """The baseline at one moment. A rise counts from `low`, a fall from `high`: they differ where somebody has said
    what is usual beside the first readings. `stated` is what a person has said, None where only readings tell."""

    low: float
    high: float
    stated: float | None = None


class Baselines:
    """The baselines of one admission, fed with its observations in the order of time.

    A reading is never held against a baseline that it is itself part of. Temperatures of different sites have
    baselines of their own.
    """

    def __init__(self, content: BaselineContent, background: Background) -> None:
        self._content = content
        self._said = background.baselines
        self._dosed_at = min((d.given_at for d in background.doses if _changes_vitals(d.drug)), default=None)
        self._taken: dict[tuple[str, str | None], list[tuple[datetime, float]]] = {}
        self._memo: dict[tuple[str, str | None], tuple[int, Usual | None]] = {}
        self._final: dict[tuple[str, str | None], Usual | None] = {}
        self._final_after: datetime | None = None
        self._sets = 0
        self._given = bool(background.first)
        for observation in background.first[: content.within_sets]:
            self._take(observation)

    def add(self, observation: Observation) -> None:
        """The next observation of the admission; it counts for those that follow."""
        if not self._given and self._sets < self._content.within_sets:
            self._take(observation)
            if self._sets == self._content.within_sets:
                self._finish(observation.taken_at)

    def _finish(self, last: datetime) -> None:
        """No later reading counts: after the last one the baseline is what it is, but for what a person says."""
        for key, taken in self._taken.items():
            middle = self._median(taken)
            self._final[key] = None if middle is None else Usual(middle, middle)
        self._final_after = last

    def usual(self, vital: str, site: str | None, moment: datetime) -> Usual | None:
        """The baseline of a vital at a moment; None while too little is known."""
        key = vital, site if vital == "temperature_c" else None
        if self._final_after is not None and moment > self._final_after:
            from_readings = self._final.get(key)
        else:
            from_readings = self._from_readings(key, moment)
        if not self._said:
            return from_readings
        return _with(from_readings, [b for b in self._said if b.vital == vital and b.set_at <= moment])

    def at(self, moment: datetime, site: str | None) -> Mapping[tuple[str, str | None], Usual | None]:
        """Every baseline at a moment by vital and site, that of the temperature for `site`; see `usual`."""
        if self._final_after is not None and moment > self._final_after and not self._said:
            return self._final
        keys = [(vital, site if vital == "temperature_c" else None) for vital in BASED]
        return {key: self.usual(*key, moment) for key in keys}

    def _take(self, observation: Observation) -> None:
        self._sets += 1
        vitals = observation.vitals
        for vital in BASED:
            value = getattr(vitals, vital)
            if value is not None:
                site = vitals.temperature_site if vital == "temperature_c" else None
                self._taken.setdefault((vital, site), []).append((observation.taken_at, value))

    def _from_readings(self, key: tuple[str, str | None], moment: datetime) -> Usual | None:
        taken = self._taken.get(key)
        if taken is None:
            return None
        before = len(taken) if taken[-1][0] < moment else bisect_left(taken, (moment, float("-inf")))
        known = self._memo.get(key)
        if known is None or known[0] != before:
            middle = self._median(taken[:before])
            known = self._memo[key] = (before, None if middle is None else Usual(middle, middle))
        return known[1]

    def _median(self, taken: Sequence[tuple[datetime, float]]) -> float | None:
        dosed = self._dosed_at
        undosed = [value for at, value in taken if dosed is None or at <= dosed]
        values = undosed if len(undosed) >= self._content.least else [value for _, value in taken]
        return median(values[: self._content.most]) if len(values) >= self._content.least else None


def _changes_vitals(drug: str) -> bool:
    """True for an opioid or an alpha-2 agonist."""
    return any(mention.drug.drug_class in ("opioid", "alpha2") for mention in mentioned(drug))


def _with(from_readings: Usual | None, said: Sequence[Baseline]) -> Usual | None:
    """The newest word counts: "anew" stands in the place of the readings, "usual" beside them."""
    if not said:
        return from_readings
    newest = said[-1].value
    if said[-1].kind == "anew" or from_readings is None:
        return Usual(newest, newest, newest)
    return Usual(min(from_readings.low, newest), max(from_readings.high, newest), newest)
