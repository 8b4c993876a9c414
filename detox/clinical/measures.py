"""What rules look at: the vitals and scores of one observation, and what follows from those before it.

Everything is worked out from what was measured; what was not is absent, and a score with missing items is a lower
bound. A measure of one observation looks back on measure_sets() before it and no further, so that it is the
same whether the whole admission is at hand or only its newest part.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from detox.clinical.baseline import Baselines
from detox.clinical.drift import ewma, ewma_sigma
from detox.clinical.drugs import Drug, mentioned
from detox.clinical.measure_content import CARRIED, TIMED, Ewma, MeasuresContent, charted
from detox.clinical.model import VITALS, Assessment, Background, Observation, Score, Vitals
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.scales import assess
from detox.clinical.vitals import as_banded
from detox.clinical.watch import COWS, Given, Watch, Watcher, precipitant, rises

Value = float | int | bool | str
Values = dict[str, Value]
Reading = tuple[Values, Set[str]]
"""The measures of one observation by name, and the names of those that are only a lower bound."""

RETURN_TO_USE = "return_to_use"
"""The sign of a set that an opioid was used again."""

_NONE: frozenset[str] = frozenset()
_UNWATCHED: tuple[Values, Set[str]] = {}, _NONE
_LOSSES = frozenset({"losses"})
_NEWS2 = frozenset({"news2", "news2_single", "news2_rise"})
_SIGNS = ("consciousness", "sedation", "on_oxygen")
_COMES_WITH = {"temperature_site": "temperature_c", "spo2_scale": "spo2_percent"}
"""How a vital was measured goes with its value."""


class AssembledNews2(NamedTuple):
    """A NEWS2 from the newest value of each vital; `oldest` is the age of the oldest of them."""

    assessment: Assessment
    oldest: timedelta


class MeasuredObservation(NamedTuple):
    """One observation with its measures. `news2` is the NEWS2 that they hold, None where it measured nothing of it."""

    observation: Observation
    values: Values
    partial: Set[str]
    news2: AssembledNews2 | None = None


class _Weighted(NamedTuple):
    """The two measures of a vital that has a weighted mean, and the deviation of the mean of one reading, two, and so
    on."""

    rise: str
    sigmas: str
    deviations: tuple[float, ...]


class Measurer:
    """Makes the measures of one admission, one observation after the other in the order of time."""

    def __init__(self, content: MeasuresContent, background: Background) -> None:
        self._content = content
        self._background = background
        self._baselines = Baselines(content.baseline, background)
        self._pressure = _Weighted(
            "systolic_ewma_rise_mmhg",
            "systolic_ewma_sigmas",
            _deviations(content.ewma, content.ewma.systolic_sigma_mmhg),
        )
        self._pulse = _Weighted(
            "heart_rate_ewma_rise_per_min",
            "heart_rate_ewma_sigmas",
            _deviations(content.ewma, content.ewma.heart_rate_sigma_per_min),
        )
        self._doses = _by_group(background)
        self._admitted_at = background.admitted_at
        self._first_weight = background.first_weight
        self._news2_within = timedelta(hours=content.assembly.news2_h)
        self._set_within = timedelta(minutes=content.assembly.set_min)
        self._losses_since = timedelta(hours=content.derived.losses_h)
        self._other = False
        self._watcher = _watcher(background)
        self._watched: dict[str, Reading] = {}
        self._begun = False

    def add(self, observation: Observation) -> None:
        """The next observation of the admission: what those that follow are held against."""
        if self._admitted_at is None:
            self._admitted_at = observation.taken_at
        if self._first_weight is None and "weight_kg" in observation.other:
            self._first_weight = observation.taken_at, float(observation.other["weight_kg"])
        self._other = self._other or bool(observation.other)
        self._baselines.add(observation)
        if self._watcher is not None:
            self._watch(self._watcher, observation)

    def measure(self, observation: Observation, earlier: Sequence[Observation]) -> MeasuredObservation:
        """The measures of an observation, its vitals rounded as every band reads them; `earlier` are the measure_sets()
        observations before it, oldest first.

        All of them have been added before.
        """
        vitals = as_banded(observation.vitals)
        if vitals is not observation.vitals:
            observation = replace(observation, vitals=vitals)
        values = _vitals(vitals)
        values["day_of_admission"] = (observation.taken_at - (self._admitted_at or observation.taken_at)).days + 1
        self._against_baseline(values, observation, earlier)
        self._circulation(values, observation)
        if self._doses:
            self._since_doses(values, observation.taken_at)
        if observation.other:
            values.update(observation.other)
            self._standing(values, observation.taken_at)
        partial = self._losses(values, observation, earlier) if self._other else _NONE
        news2 = None
        if observation.assessments:
            news2 = self._news2(observation, earlier)
            partial = partial | self._scores(values, observation, earlier, news2)
        watched, bounds = self._watched.get(observation.id, _UNWATCHED)
        values.update(watched)
        if bounds:
            partial = partial | bounds
        return MeasuredObservation(observation, values, partial, news2)

    def together(self, observation: Observation, earlier: Sequence[Observation]) -> MeasuredObservation | None:
        """The measures of an observation with the vitals and signs that it left out taken from those before it, charted
        minutes apart; None where there is nothing to take. A value that was measured again is never taken."""
        vitals, other = observation.vitals, dict(observation.other)
        for seen in reversed(earlier):
            if observation.taken_at - seen.taken_at > self._set_within:
                break
            vitals = _filled(vitals, seen.vitals)
            other = {name: value for name, value in seen.other.items() if name in _seen_signs()} | other
        if vitals == observation.vitals and other == observation.other:
            return None
        return self.measure(replace(observation, vitals=vitals, other=other), earlier)

    def _news2(self, observation: Observation, earlier: Sequence[Observation]) -> AssembledNews2 | None:
        """The NEWS2 with what the observation itself left out taken from those before it, where it is young enough."""
        own = observation.assessment("news2")
        if own is None or not own.items:
            return None
        found, oldest = observation.vitals, timedelta(0)
        for seen in reversed(earlier):
            age = observation.taken_at - seen.taken_at
            lacking = [name for name in _of_news2() if getattr(found, name) is None]
            if not lacking or age > self._news2_within:
                break
            taken = {name: value for name in lacking if (value := getattr(seen.vitals, name)) is not None}
            if "spo2_percent" in taken:
                taken["spo2_scale"] = seen.vitals.spo2_scale
            if taken:
                found, oldest = replace(found, **taken), age
        return AssembledNews2(own if found is observation.vitals else assess(scale("news2"), {}, found), oldest)

    def _against_baseline(self, values: Values, observation: Observation, earlier: Sequence[Observation]) -> None:
        vitals = observation.vitals
        usual = self._baselines.at(observation.taken_at, vitals.temperature_site)
        systolic, heart_rate = vitals.systolic_mmhg, vitals.heart_rate_per_min
        pressure = usual.get(("systolic_mmhg", None))
        pulse = usual.get(("heart_rate_per_min", None))
        if pressure is not None and systolic is not None:
            values["systolic_rise_mmhg"] = systolic - pressure.low
            values["systolic_fall_mmhg"] = fall = pressure.high - systolic
            if pressure.high:
                values["systolic_fall_percent"] = 100 * fall / pressure.high
            if pressure.stated is not None:
                values["systolic_below_usual_mmhg"] = pressure.stated - systolic
            before = [value for seen in earlier if (value := seen.vitals.systolic_mmhg) is not None]
            self._weigh(values, self._pressure, systolic, pressure.low, before)
        if pulse is not None and heart_rate is not None:
            values["heart_rate_rise_per_min"] = heart_rate - pulse.low
            before = [value for seen in earlier if (value := seen.vitals.heart_rate_per_min) is not None]
            self._weigh(values, self._pulse, heart_rate, pulse.low, before)
            if pressure is not None and systolic and pressure.low:
                values["shock_index_rise"] = heart_rate / systolic - pulse.high / pressure.low
        if vitals.respiratory_rate_per_min is not None:
            breathing = usual.get(("respiratory_rate_per_min", None))
            if breathing is not None:
                values["respiratory_rate_fall_per_min"] = breathing.high - vitals.respiratory_rate_per_min
        if vitals.spo2_percent is not None:
            oxygen = usual.get(("spo2_percent", None))
            if oxygen is not None:
                values["spo2_fall_percent"] = oxygen.high - vitals.spo2_percent
        if vitals.temperature_c is not None:
            warmth = usual.get(("temperature_c", vitals.temperature_site))
            if warmth is not None:
                values["temperature_rise_c"] = round(vitals.temperature_c - warmth.low, 2)

    def _weigh(self, values: Values, measure: _Weighted, newest: float, baseline: float, before: list[float]) -> None:
        content = self._content.ewma
        taken = [*before, newest][-content.readings :]
        rise = ewma(baseline, taken, content.weight) - baseline
        values[measure.rise] = rise
        values[measure.sigmas] = rise / measure.deviations[len(taken) - 1]

    def _circulation(self, values: Values, observation: Observation) -> None:
        vitals = observation.vitals
        pulse = vitals.heart_rate_per_min
        if pulse is not None:
            if vitals.systolic_mmhg:  # no pressure at all is red by itself, and has no index
                values["shock_index"] = pulse / vitals.systolic_mmhg
            if vitals.temperature_c is not None:
                derived = self._content.derived
                fever = max(vitals.temperature_c - derived.normal_temperature_c, 0)
                values["residual_pulse_per_min"] = pulse - derived.fever_pulse_per_c * fever

    def _since_doses(self, values: Values, at: datetime) -> None:
        for group, name in (("alpha2", "hours_since_alpha2"), ("rate_limiting", "hours_since_rate_limiting")):
            since = self._last(group, at)
            if since is not None:
                values[name] = (at - since).total_seconds() / 3600
        since = self._last("methadone", at)
        if since is not None:
            values["hours_since_methadone"] = (at - since).total_seconds() / 3600
            values["methadone_day"] = (at - self._doses["methadone"][0]).days + 1

    def _watch(self, watcher: Watcher, observation: Observation) -> None:
        """Let the watch for precipitated withdrawal see the scores, and keep what it makes of them."""
        if not self._begun:
            self._begun = True
            _look_back(watcher, self._background, observation.taken_at)
        if observation.other.get(RETURN_TO_USE):
            watcher.use(observation.taken_at)
        scores = scores_of(observation)
        for score in scores:
            watch = watcher.see(score)
        if scores and watch is not None:
            self._watched[observation.id] = _in_watch(watch, scores)

    def _last(self, group: str, at: datetime) -> datetime | None:
        """When the newest dose of a group before `at` was given."""
        given = self._doses.get(group)
        place = bisect_right(given, at) if given else 0
        return given[place - 1] if given and place else None

    def _standing(self, values: Values, at: datetime) -> None:
        for standing, lying, name in (
            ("standing_systolic_mmhg", "systolic_mmhg", "standing_systolic_fall_mmhg"),
            ("standing_diastolic_mmhg", "diastolic_mmhg", "standing_diastolic_fall_mmhg"),
        ):
            if standing in values and lying in values:
                values[name] = float(values[lying]) - float(values[standing])
        if "standing_heart_rate_per_min" in values and "heart_rate_per_min" in values:
            rise = float(values["standing_heart_rate_per_min"]) - float(values["heart_rate_per_min"])
            values["standing_pulse_rise_per_min"] = rise
        weight = values.get("weight_kg")
        if weight is not None and self._first_weight is not None:
            since, first = self._first_weight
            if since <= at:
                values["weight_loss_percent"] = 100 * (first - float(weight)) / first

    def _losses(self, values: Values, observation: Observation, earlier: Sequence[Observation]) -> Set[str]:
        """The losses of the last hours; where this observation did not count them they are a lower bound."""
        since = observation.taken_at - self._losses_since
        counted = [o.other for o in earlier if o.other and o.taken_at > since]
        if observation.other:
            counted.append(observation.other)
        found = [float(o[name]) for o in counted for name in ("vomits", "loose_stools") if name in o]
        if not found:
            return _NONE
        values["losses"] = sum(found)
        return _NONE if "vomits" in observation.other or "loose_stools" in observation.other else _LOSSES

    def _scores(
        self, values: Values, observation: Observation, earlier: Sequence[Observation], news2: AssembledNews2 | None
    ) -> Set[str]:
        """A NEWS2 of this observation alone may end an alert, so that one which it did not complete is a lower bound,
        whatever older values have been added: those may raise, and nothing that was not measured again ends."""
        partial: Set[str] = _NONE
        for made in observation.assessments:
            if not made.items:
                continue
            if made.scale == "news2":
                whole = news2.assessment if news2 is not None else made
                values["news2"], values["news2_single"] = whole.at_least, max(whole.items.values())
                if not made.complete:
                    partial = partial | _NEWS2 if partial else _NEWS2
                before = _news2_before(earlier)
                if before is not None:
                    values["news2_rise"] = whole.at_least - before
            elif made.scale == "cows":
                partial = partial | self._withdrawal(values, observation, earlier)
            else:
                values[made.scale] = made.at_least
                partial = partial if made.complete else partial | {made.scale}
            if made.scale != "news2":
                values.update({f"{made.scale}.{item}": points for item, points in made.items.items()})
        return partial

    def _withdrawal(self, values: Values, observation: Observation, earlier: Sequence[Observation]) -> Set[str]:
        made = observation.assessment("cows")
        assert made is not None
        values["cows"] = points = made.at_least
        rated = [(seen, found) for seen in earlier if (found := _rated(seen)) is not None]
        partial: set[str] = set() if made.complete else {"cows"}
        if not rated:
            return partial
        before, found = rated[-1]
        fall, names = found.at_least - points, set()
        if made.complete:
            values["cows_fall"] = fall
            names.add("cows_fall")
        if not self._dosed_since(before.taken_at, observation.taken_at):
            if made.complete:
                values["cows_fall_undosed"] = fall
                names.add("cows_fall_undosed")
            if made.complete or found.complete:
                values["cows_fall_possible"] = fall
                names.add("cows_fall_possible")
        return partial if found.complete else partial | names

    def _dosed_since(self, before: datetime, now: datetime) -> bool:
        """True when a dose is charted that can explain a fall between two scores."""
        earliest = before - timedelta(hours=self._content.derived.dose_explains_fall_h)
        newest = [given for group in ("opioid", "alpha2") if (given := self._last(group, now)) is not None]
        return any(given >= earliest for given in newest)


def told_by(values: Mapping[str, Value], partial: Set[str]) -> Set[str]:
    """The measures that an observation itself tells something of: not the time, and not what was carried along."""
    return values.keys() - TIMED - (CARRIED & partial)


def _by_group(background: Background) -> dict[str, list[datetime]]:
    """When the doses of each group were given, oldest first; methadone is a group of its own."""
    given: dict[str, list[datetime]] = {}
    for dose in sorted(background.doses, key=lambda dose: dose.given_at):
        for group in {group for mention in mentioned(dose.drug) for group in _groups(mention.drug)}:
            given.setdefault(group, []).append(dose.given_at)
    return given


def _groups(drug: Drug) -> Iterator[str]:
    """The groups of doses that a drug belongs to."""
    if drug.drug_class in ("opioid", "alpha2"):
        yield drug.drug_class
    if drug.rate_limiting:
        yield "rate_limiting"
    if drug.id == "methadone":
        yield "methadone"


def scores_of(observation: Observation) -> list[Score]:
    """The scores of an observation that a watch looks at; one of which nothing was rated is none."""
    return [
        Score(observation.taken_at, made.scale, made.at_least, made.complete, observation.recorded_at)
        for made in observation.assessments
        if made.scale in rises() and made.items
    ]


def watched_doses(background: Background) -> list[Given]:
    """The doses that a watch for precipitated withdrawal asks for: what can precipitate it, and opioids.

    A dose from elsewhere of which nobody knows that it is no opioid counts as one.
    """
    found = []
    for dose in background.doses:
        named = mentioned(dose.drug)
        if any(one.drug.opioid or one.drug.precipitant for one in named) or (dose.elsewhere and not named):
            found.append(Given(dose.given_at, dose.drug, dose.form))
    return found


def _watcher(background: Background) -> Watcher | None:
    """What follows the watches of an admission; None where no dose can begin one."""
    given = watched_doses(background)
    return Watcher(given) if any(precipitant(one.drug) for one in given) else None


def _look_back(watcher: Watcher, background: Background, first: datetime) -> None:
    """Let the watch see what lies before the first observation at hand."""
    seen: list[tuple[datetime, Score | None]] = [
        *((at, None) for at in background.used_again),
        *((score.at, score) for score in background.scores),
    ]
    for at, score in sorted(seen, key=itemgetter(0)):
        if at >= first:
            return
        if score is None:
            watcher.use(at)
        else:
            watcher.see(score)


def _in_watch(watch: Watch, scores: Sequence[Score]) -> Reading:
    """What the scores of one observation say in a watch. Between a rise and its end they say neither."""
    at = scores[0].at
    values: Values = {} if watch.risen else {"risen_in_watch": 0}
    if watch.state == "over" and watch.closed_at != at:
        return values, _NONE
    values["watch_minutes_left"] = (watch.until - at).total_seconds() / 60
    bounds: set[str] = set()
    told = []
    for score in scores:
        if (rise := watch.rise_of(score)) is None:
            continue
        name = "cows_rise_in_watch" if score.scale == COWS else "sows_rise_in_watch"
        values[name] = max(rise, int(values.get(name, rise)))
        bounds.update({name} if not score.complete else ())
        before = watch.reference[score.scale]
        told.append(f"{scale(score.scale).short_name} {score.words} against {before.words}")
        if watch.risen and watch.rises(score):
            values["risen_in_watch"] = 1
    values["watched_rise"] = " and ".join(told)
    values["watched_dose"] = f"{watch.words} {(at - watch.since).total_seconds() / 60:.0f} min ago"
    return values, bounds


def _news2_before(earlier: Sequence[Observation]) -> int | None:
    """The points of the newest complete NEWS2 before."""
    for seen in reversed(earlier):
        for made in seen.assessments:
            if made.complete and made.scale == "news2" and made.items:
                return made.at_least
    return None


def _rated(seen: Observation) -> Assessment | None:
    """The COWS of an observation, if any of its items was rated."""
    for made in seen.assessments:
        if made.scale == "cows" and made.items:
            return made
    return None


@cache
def _deviations(content: Ewma, sigma: float) -> tuple[float, ...]:
    return tuple(ewma_sigma(sigma, content.weight, count) for count in range(1, content.readings + 1))


@cache
def _of_news2() -> tuple[str, ...]:
    """The vitals that a NEWS2 is made of."""
    return tuple(item.vital for item in scale("news2").items)


@cache
def _seen_signs() -> frozenset[str]:
    """What is there or not, and is not counted."""
    return frozenset(one.name for one in vitals_file().other if one.kind == "sign")


def _filled(vitals: Vitals, before: Vitals) -> Vitals:
    """The vitals, those that were not measured as they were before."""
    taken = {
        name: value
        for name in VITALS
        if name not in _COMES_WITH and getattr(vitals, name) is None and (value := getattr(before, name)) is not None
    }
    taken |= {with_it: getattr(before, with_it) for with_it, name in _COMES_WITH.items() if name in taken}
    return replace(vitals, **taken) if taken else vitals


def _vitals(vitals: Vitals) -> Values:
    """The vitals that were measured. SpO2 is on scale 1 until a clinician sets 2."""
    values: Values = {"spo2_scale": vitals.spo2_scale or 1} if vitals.spo2_percent is not None else {}
    for name, _ in charted():
        value = getattr(vitals, name)
        if value is not None:
            values[name] = value
    for name in _SIGNS:
        value = getattr(vitals, name)
        if value is not None:
            values[name] = value
    return values
