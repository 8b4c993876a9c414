"""A cohort of invented detox stays with known deteriorations, to measure the alert rules against. Seeded, no clock.

Tags: [S] read in the source named, [K] from general knowledge of it, [P] proposed here: an assumption, to be replaced
by a ward's own data. Section numbers are those of the clinical reference that the protocols cite.

**The person.** Between people systolic 125 +/- 12, within one person SD 10, successive readings correlated with
phi 0.4 (B5, [P] there). All else about spread is [P] here: diastolic 78 + 0.4 x (systolic - 125) +/- 5, within 6;
pulse 76 +/- 9, within 7; temperature 36.7 +/- 0.2, within 0.2; breathing 15 +/- 1.2, within 1.3; SpO2 97.5 +/- 0.7,
within 0.7; the noise of systolic and diastolic correlates 0.6, of systolic and pulse 0.3. phi 0.4 holds for all, from
one reading to the next, however soon: the noise of a repeat is drawn anew.

**Expected withdrawal** (B1). Admission 6-24 h after the last use, peak at 24-72 h, over at 4-10 days [S]. Pressure
rises moderately and most on days 3 to 4 [S]: by 12 +/- 4 over 7 +/- 3 [P]. Temperature rises by 0.5 on average and
subsides after day 3 [S], person to person +/- 0.15 [P]. Breathing rises [S], by 2 +/- 0.7 [P]; pulse by 10 +/- 4 [P].
COWS peaks at 15 +/- 5, at least 6 [P]; who would reach 25 is drawn anew: a physician is called then (danger rule A16),
so it is no stable course. Its chosen items are rated around that course, its pulse item is measured.

**Charting.** Stays of 5-10 days [P]. Everybody is on methadone, once a day at 9, from the first morning on [P]. A set
is taken when the ward's own clock asks for it (monitoring.toml: by COWS, NEWS2, phase and dose), at least 4-hourly for
the first 72 h (A1 [K]). What an open alert would ask for is left out: the charting must not hang on the rules that are
measured. In its place: a reading past a red limit (RED), or a jump that the form asks about (B6.11), is repeated after
about 5 min (B6.1 [P]); if it is still red the next set comes after an hour, six times at most (A8: hourly [S]). An
amber value (AMBER) is rechecked once after 15-30 min (B2 [P]); if it still is, the next set comes within 4 h (B2: more
frequent; B6.5 [P]). [P]: SD of the time 10 min, 5 % late by 1-2.5 h, 3 % not taken at all and noticed after half an
hour (B6.9), 5 % only pressure and pulse, 2 % of values missing, sedation 2 without meaning in 1 %. At half the looks of
the night the patient sleeps, unless sedated or in a storm (agitated: B2): only the breathing is counted, and the next
look is due 2 hours later (the clock's short set). Breathing is put down as 16, 18 or 20 in half the sets between 14
and 21 (clusters: B2, Badawy [S]; the half [P]).
Typing errors hit 0.1 % of the numbers [P] (of some 45,000 numbers of a real unit 18 were impossible; those that stay
plausible nobody can count): two neighbouring digits change places. What the form refuses or asks about, as implausible
or as a jump, is then typed right; the rest is charted.

**Deteriorations**, one kind in 30 % of the admissions [P]. Each starts at `onset_at` and adds to the course;
`crossed_at` is when the course itself, without noise and typing errors, passes a red limit (RED), a shock index of 1.0
(B3), or 160 with a pulse of 120 (B2 "storm"). Nobody treats before: an hour after the first set past `crossed_at` the
effect starts to fade. Rates are [P] but for the first:
- hypertension: +3 mmHg a 4-hourly reading (B5), diastolic half of it;
- tachycardia: +0.3 within-SD a reading, as the pressure does;
- sepsis: temperature +0.06 to 0.12 /h, pulse +8 per degree (7-10 [S]) and 0.6 /h, breathing +0.35, systolic -0.8 /h;
- breathing: over 5-10 h to a rate of 9 and an SpO2 near 92, sedation 2 from half way, 3 at its end; it starts in the
  nights of days 2 to 5 (when methadone accumulates, B2 [P]);
- volume: pulse +0.8 to 1.4 /h, systolic -0.6 to -1.0 /h, the diastolic follows little; vomiting shows in COWS;
- storm: within hours, pulse +10 to 20 /h, systolic +15 to 30 /h, temperature and breathing up.

**Left out**: what a dose does to the course (the withdrawal above is that of somebody treated), alpha-2 agonists, so
rebound, their slow pulse and low pressure; standing pressures, QTc, urine, stool counts, weight. No day and night in
the vitals, no oxygen, no confusion, no comorbidity, no discharge against advice. The course of an admission does not
answer to alerts, and neither does the charting.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import ge, le, lt
from typing import Any, NamedTuple

from detox.clinical import protocols
from detox.clinical.judgement import assessments
from detox.clinical.model import Background, Dose, Observation, Vitals
from detox.clinical.monitoring.schedule import Clock, monitoring_file
from detox.clinical.protocols import vitals_file
from detox.clinical.vitals import impossible, unusual

KINDS = ("hypertension", "tachycardia", "sepsis", "breathing", "volume", "storm")
SHARE = 0.30
FIRST = datetime(2026, 1, 5, tzinfo=UTC)

SBP, DBP, HR, TEMP = "systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "temperature_c"
RR, SPO2, SEDATION = "respiratory_rate_per_min", "spo2_percent", "sedation"
NUMBERS = (SBP, DBP, HR, TEMP, RR, SPO2)

WITHIN = {SBP: 10.0, DBP: 6.0, HR: 7.0, TEMP: 0.2, RR: 1.3, SPO2: 0.7}
PHI = 0.4
TYPED_WRONG = 0.001
Past = Callable[[Any, Any], bool]
RED: tuple[tuple[str, Past, float], ...] = (
    (SBP, ge, 180), (SBP, lt, 90), (DBP, ge, 120), (HR, ge, 120), (HR, lt, 50), (TEMP, ge, 38.0), (RR, lt, 10),
    (SPO2, le, 91), (SEDATION, ge, 3),
)  # fmt: skip
"""The red limits of the threshold table (B2) that one reading can pass."""
AMBER: tuple[tuple[str, Past, float], ...] = (
    (SBP, ge, 160), (SBP, lt, 100), (DBP, ge, 100), (HR, ge, 100), (HR, lt, 60), (TEMP, ge, 37.8), (RR, le, 11),
    (SPO2, le, 95), (SEDATION, ge, 2),
)  # fmt: skip
"""The amber limits of the same table."""
SEVERE = 25
"""COWS from which on a physician is called (danger rule A16): an expected course that gets there is not stable."""
DOSE_HOUR = 9
STILL_AMBER_H = 4.0
OWED_H = 0.5
JUMPS = {SBP: 40, HR: 40, TEMP: 1.5}

Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Deterioration:
    """What was added to an admission, when it began, and when the course passed a red limit."""

    kind: str
    onset_at: datetime
    crossed_at: datetime


@dataclass(frozen=True, slots=True)
class Admission:
    """One invented admission. `deterioration` is None in a stable one."""

    patient_id: str
    admission_id: str
    observations: tuple[Observation, ...]
    deterioration: Deterioration | None
    background: Background = Background()


class Person(NamedTuple):
    """Baselines, the size of each rise, and the times (hours since the last use) that shape them."""

    base: Values
    rise: Values
    cows_peak: float
    since_use_h: float
    peak_h: float
    pressure_peak_h: float
    end_h: float
    days: float


class Added(NamedTuple):
    """A deterioration in hours: per hour of progress what it adds, and when it starts to fade (infinite: not yet)."""

    kind: str
    onset_h: float
    rates: Values
    full_h: float
    crossed_h: float = math.inf
    treated_h: float = math.inf


def cohort(admissions: int = 1000, seed: int = 1, share: float = SHARE) -> Iterator[Admission]:
    """The admissions, one after the other. Each depends on seed and number alone, however many are asked for."""
    for number in range(admissions):
        yield admission(number, seed, share)


def admission(number: int, seed: int = 1, share: float = SHARE) -> Admission:
    """The admission of that number."""
    rng = random.Random(f"{seed}/{number}")
    kind = KINDS[number % len(KINDS)] if rng.random() < share else None
    person, added = _stable(rng), None
    while kind is not None and added is None:
        person = _stable(rng)
        added = next(filter(None, (_added(kind, person, rng) for _ in range(20))), None)
    started = FIRST + timedelta(hours=rng.uniform(0, 364 * 24))
    background = Background(admitted_at=started, doses=_doses(f"a{number}", started, person.days))
    charted, added = _Chart(f"a{number}", person, added, started, rng, background).kept()
    found = None
    if added is not None:
        found = Deterioration(
            added.kind, started + timedelta(hours=added.onset_h), started + timedelta(hours=added.crossed_h)
        )
    return Admission(f"p{number}", f"a{number}", charted, found, background)


def _doses(admission_id: str, started: datetime, days: float) -> tuple[Dose, ...]:
    """Methadone once a day at DOSE_HOUR, from the first morning on."""
    first = started.replace(hour=DOSE_HOUR, minute=0, second=0, microsecond=0)
    first += timedelta(days=first < started)
    times = (first + timedelta(days=day) for day in range(11))
    last = started + timedelta(days=days)
    return tuple(
        Dose(f"{admission_id}-d{n}", admission_id, None, "methadone", 30.0, "given", at)
        for n, at in enumerate(times)
        if at <= last
    )


def red(values: Mapping[str, object], limits: tuple[tuple[str, Past, float], ...] = RED) -> tuple[str, ...]:
    """The vitals of one reading that are past a red limit (or other `limits`); what was not measured is not."""
    return tuple(
        name
        for name, past, limit in limits
        if (value := values.get(name)) not in (None, "S") and past(float(value), limit)  # type: ignore[arg-type]
    )


def course(person: Person, at_h: float, added: Added | None = None) -> Values:
    """What the vitals and COWS are at `at_h` hours of the admission, without noise."""
    hours = at_h + person.since_use_h
    withdrawal = _up_and_down(hours, person.peak_h, person.end_h)
    pressure = _up_and_down(hours, person.pressure_peak_h, person.pressure_peak_h + 96)
    shape = {SBP: pressure, DBP: pressure, HR: withdrawal, RR: withdrawal, SPO2: 0.0, TEMP: _warmth(hours)}
    values = {name: person.base[name] + person.rise.get(name, 0.0) * shape[name] for name in NUMBERS}
    values["cows"] = person.cows_peak * withdrawal
    values[SEDATION] = 1
    if added is not None:
        done = _progress(added, at_h)
        for name, rate in added.rates.items():
            values[name] += rate * done
        if added.kind == "breathing":
            values[SEDATION] = 3 if done >= added.full_h else 2 if done >= added.full_h / 2 else 1
    return values


def critical(values: Values) -> bool:
    """Whether a course is past a limit that ends the time to find it in."""
    return bool(red(values)) or values[HR] / values[SBP] >= 1.0 or (values[SBP] >= 160 and values[HR] >= 120)


def _stable(rng: random.Random) -> Person:
    """Somebody whose expected course is never critical, nor a severe withdrawal."""
    while True:
        person = _person(rng)
        expected = (course(person, at_h) for at_h in range(0, int(person.days * 24) + 3, 3))
        if not any(critical(values) or values["cows"] >= SEVERE for values in expected):
            return person


def _person(rng: random.Random) -> Person:
    systolic = _within(rng.gauss(125, 12), 98, 155)
    peak_h = rng.uniform(24, 72)
    return Person(
        base={
            SBP: systolic,
            DBP: _within(78 + 0.4 * (systolic - 125) + rng.gauss(0, 5), 58, 96),
            HR: _within(rng.gauss(76, 9), 56, 98),
            TEMP: rng.gauss(36.7, 0.2),
            RR: _within(rng.gauss(15, 1.2), 12.5, 18),
            SPO2: _within(rng.gauss(97.5, 0.7), 96, 99),
        },
        rise={
            SBP: _within(rng.gauss(12, 4), 0, 25),
            DBP: _within(rng.gauss(7, 3), 0, 15),
            HR: _within(rng.gauss(10, 4), 0, 20),
            TEMP: _within(rng.gauss(0.5, 0.15), 0.1, 0.9),
            RR: _within(rng.gauss(2, 0.7), 0, 4),
        },
        cows_peak=max(rng.gauss(15, 5), 6.0),
        since_use_h=rng.uniform(6, 24),
        peak_h=peak_h,
        pressure_peak_h=rng.uniform(60, 96),
        end_h=max(rng.uniform(96, 240), peak_h + 48),
        days=rng.uniform(5, 10),
    )


def _added(kind: str, person: Person, rng: random.Random) -> Added | None:
    """A deterioration that crosses within the admission; None where it does not fit this person."""
    full_h = 72.0
    rates: Values
    if kind == "hypertension":
        rates = {SBP: 3 / 4, DBP: 1.5 / 4}
    elif kind == "tachycardia":
        rates = {HR: 0.3 * WITHIN[HR] / 4}
    elif kind == "sepsis":
        warming = rng.uniform(0.06, 0.12)
        rates = {TEMP: warming, HR: 8 * warming + 0.6, RR: 0.35, SBP: -0.8, DBP: -0.5}
    elif kind == "breathing":
        full_h = rng.uniform(5, 10)
        rates = {RR: (9 - person.base[RR]) / full_h, SPO2: (92 - person.base[SPO2]) / full_h, HR: -0.5}
    elif kind == "volume":
        rates = {HR: rng.uniform(0.8, 1.4), SBP: -rng.uniform(0.6, 1.0), DBP: -0.25}
    else:
        pressure = rng.uniform(15, 30)
        rates = {HR: rng.uniform(10, 20), SBP: pressure, DBP: pressure / 2, TEMP: 0.15, RR: 1.0}
    last_h = person.days * 24 - 6
    night = 24 * rng.randint(1, 4) + rng.uniform(-2, 4)
    onset_h = night if kind == "breathing" else rng.uniform(8, last_h)
    if onset_h >= last_h:
        return None
    found = Added(kind, onset_h, rates, full_h)
    for step in range(1, int((last_h - onset_h) * 10)):
        if critical(course(person, onset_h + step / 10, found)):
            return found._replace(crossed_h=onset_h + step / 10)
    return None


def _progress(added: Added, at_h: float) -> float:
    """Hours of progress at `at_h`: until 8 h past the crossing (breathing, storm: 2 h); treated, it fades."""
    if at_h <= added.onset_h:
        return 0.0
    fast = added.kind in ("breathing", "storm")
    stop_h = min(added.crossed_h + (2 if fast else 8), added.treated_h)
    grown = min(at_h, stop_h) - added.onset_h
    if at_h <= added.treated_h:
        return grown
    return grown * max(0.0, 1 - (at_h - added.treated_h) / (4 if fast else 12))


class _Chart:
    """The nurse: takes the sets of one admission, repeats what is red, mistypes now and then."""

    def __init__(
        self,
        admission_id: str,
        person: Person,
        added: Added | None,
        started: datetime,
        rng: random.Random,
        background: Background,
    ) -> None:
        self.admission_id, self.person, self.added, self.started, self.rng = admission_id, person, added, started, rng
        self.background, self.clock = background, Clock()
        self.seen: list[Observation] = []
        self.before: Values = {}
        self.noise = dict.fromkeys(NUMBERS, 0.0)

    def kept(self) -> tuple[tuple[Observation, ...], Added | None]:
        """Every set of the admission, and the deterioration with the time it was treated from."""
        rng, at_h, hourly = self.rng, self.rng.uniform(0, 1 / 3), 0
        while at_h <= self.person.days * 24:
            if self.seen and rng.random() < 0.03:
                at_h += OWED_H
                continue
            again = self._set(at_h)
            if again:
                at_h += (rng.uniform(4, 8) if again == "red" else rng.uniform(15, 30)) / 60
                was, again = again, self._set(at_h, repeat=True)
                if again == "red" and was == "amber":
                    at_h += rng.uniform(4, 8) / 60
                    again = self._set(at_h, repeat=True)
            hourly = hourly + 1 if again == "red" else 0
            wait_h = self._wait(at_h)
            if 0 < hourly <= 6:
                wait_h = min(wait_h, 1 + rng.uniform(-0.1, 0.2))
            elif again:
                wait_h = min(wait_h, STILL_AMBER_H)
            at_h += wait_h
        return tuple(self.seen), self.added

    def _wait(self, at_h: float) -> float:
        """Hours to the next set: until the ward's clock asks for it, as punctual as people are."""
        due_h = at_h + OWED_H
        doses = self.background.doses
        for count in range(len(doses) + 1):  # a dose that is given before the next set can ask for an earlier one
            known = replace(self.background, doses=doses[:count])
            if count == len(doses) or self._hour_of(doses[count].given_at) > at_h:
                due_h = max(at_h + OWED_H, self._hour_of(self.clock.due((), known).at))
                if count == len(doses) or self._hour_of(doses[count].given_at) >= due_h:
                    break
        newest = self.seen[-1]
        if newest.not_done == "asleep":
            due_h = max(due_h, at_h + monitoring_file().short_set.interval_min / 60)
        elif at_h < 72:
            due_h = min(due_h, at_h + 4)
        late = self.rng.uniform(1, 2.5) if self.rng.random() < 0.05 else 0.0
        return due_h - at_h + max(self.rng.gauss(0, 1 / 6), -OWED_H / 2) + late

    def _hour_of(self, at: datetime) -> float:
        return (at - self.started).total_seconds() / 3600

    def _set(self, at_h: float, repeat: bool = False) -> str:
        """Charts a set; "red" or "amber" where the ward's rule wants it repeated; a jump is repeated as red is."""
        values = course(self.person, at_h, self.added)
        at = self.started + timedelta(hours=at_h)
        night = at.hour >= 23 or at.hour < 6
        awake = values[SEDATION] > 1 or self._storms(at_h) or repeat or not self.seen
        asleep = night and self.rng.random() < 0.5 and not awake
        numbers = self._mistyped(self._charted(values))
        kept: dict[str, object] = dict(numbers)
        kept |= {"temperature_site": "oral", "on_oxygen": False, "consciousness": "A"}
        drowsy = values[SEDATION] == 1 and self.rng.random() < 0.01
        kept[SEDATION] = "S" if asleep else "2" if drowsy else str(int(values[SEDATION]))
        if asleep:
            kept = {RR: kept[RR], SEDATION: "S"}
        elif not repeat:
            self._leave_out(kept)
        answers = {} if repeat or asleep or TEMP not in kept else {"cows": self._rated(values)}
        vitals = Vitals(**kept)  # type: ignore[arg-type]
        self._keep(at.replace(microsecond=0), vitals, answers, asleep=asleep)
        added = self.added
        if added is not None and at_h >= added.crossed_h and math.isinf(added.treated_h):
            self.added = added._replace(treated_h=at_h + 1)
        told = {name: value for name, value in numbers.items() if name in kept}
        jumped = any(
            abs(told[name] - self.before.get(name, told[name])) > by for name, by in JUMPS.items() if name in told
        )
        self.before |= told
        if red(kept) or (jumped and not repeat):
            return "red"
        return "amber" if red(kept, AMBER) else ""

    def _storms(self, at_h: float) -> bool:
        return self.added is not None and self.added.kind == "storm" and _progress(self.added, at_h) > 0

    def _keep(self, at: datetime, vitals: Vitals, answers: Mapping[str, Mapping[str, int]], *, asleep: bool) -> None:
        name = f"{self.admission_id}-{len(self.seen)}"
        seen = Observation(name, self.admission_id, at, vitals, answers, "asleep" if asleep else None)
        seen = replace(seen, assessments=assessments(seen))
        self.seen.append(seen)
        self.clock.add(seen)

    def _charted(self, values: Values) -> Values:
        """The course with the noise of this reading, as it is written down."""
        draw = {name: self.rng.gauss(0, 1) for name in NUMBERS}
        draw[DBP] = 0.6 * draw[SBP] + 0.8 * draw[DBP]
        draw[HR] = 0.3 * draw[SBP] + math.sqrt(1 - 0.09) * draw[HR]
        fresh = math.sqrt(1 - PHI**2)
        written: Values = {}
        for name in NUMBERS:
            self.noise[name] = PHI * self.noise[name] + fresh * draw[name]
            places = 1 if name == TEMP else 0
            written[name] = round(values[name] + WITHIN[name] * self.noise[name], places) + 0.0
        written[SPO2] = _within(written[SPO2], 70, 100)
        written[RR] = max(written[RR], 3.0)
        if 14 <= written[RR] <= 21 and self.rng.random() < 0.5:
            written[RR] = min((16.0, 18.0, 20.0), key=lambda common: abs(common - written[RR]))
        written[DBP] = min(written[DBP], written[SBP] - 15)
        return written

    def _mistyped(self, written: Values) -> Values:
        """Now and then two neighbouring digits change places; what the form would ask about is typed right."""
        for name in NUMBERS:
            if self.rng.random() < TYPED_WRONG:
                digits = list(f"{written[name] * (10 if name == TEMP else 1):.0f}")
                where = self.rng.randrange(max(1, len(digits) - 1))
                digits[where : where + 2] = reversed(digits[where : where + 2])
                typed = written | {name: int("".join(digits)) / (10 if name == TEMP else 1)}
                vitals, before = Vitals(**typed), Vitals(**self.before)  # type: ignore[arg-type]
                if not impossible(vitals_file(), vitals) and name not in unusual(vitals_file(), vitals, before):
                    written = typed
        return written

    def _leave_out(self, kept: dict[str, object]) -> None:
        if self.rng.random() < 0.05:
            for name in (TEMP, "temperature_site", RR, SPO2, "on_oxygen", "consciousness", SEDATION):
                kept.pop(name)
            return
        for name in (TEMP, RR, SPO2, SEDATION, HR):
            if self.rng.random() < 0.02:
                kept.pop(name)

    def _rated(self, values: Values) -> dict[str, int]:
        """The ten chosen items of COWS around the course; a storm and a loss of volume show in their own items."""
        target = max(0.0, values["cows"] - _pulse_points(values[HR]))
        more = dict.fromkeys(_items(), 0.0)
        added = self.added
        if added is not None and _progress(added, self._hours()) > 0:
            more |= {"gi_upset": 0.7} if added.kind == "volume" else {}
            more |= {"tremor": 0.6, "anxiety_irritability": 0.6} if added.kind == "storm" else {}
        whole = sum(max(values) for values in _items().values())
        rated: dict[str, int] = {}
        for item, possible in _items().items():
            wanted = max(possible) * (target / whole + more[item] + self.rng.gauss(0, 0.12))
            rated[item] = min((abs(value - wanted), value) for value in possible)[1]
        return rated

    def _hours(self) -> float:
        """The time of the set before: what a patient has shown so far."""
        return (self.seen[-1].taken_at - self.started).total_seconds() / 3600 if self.seen else 0.0


@cache
def _items() -> dict[str, tuple[int, ...]]:
    return {item.id: item.values for item in protocols.scale("cows").items if not item.measured}


def _pulse_points(rate: float) -> int:
    return 0 if rate <= 80 else 1 if rate <= 100 else 2 if rate <= 120 else 4


def _up_and_down(hours: float, peak: float, end: float) -> float:
    """0 at the last use, 1 at the peak, 0 from the end on, without corners."""
    return _smooth(hours / peak) if hours < peak else 1 - _smooth((hours - peak) / (end - peak))


def _warmth(hours: float) -> float:
    """Full from 24 h after the last use to the end of day 3, gone a day and a half later."""
    return _smooth(hours / 24) if hours < 72 else 1 - _smooth((hours - 72) / 36)


def _smooth(x: float) -> float:
    x = _within(x, 0, 1)
    return x * x * (3 - 2 * x)


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
