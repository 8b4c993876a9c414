"""A case made ready for the rules: impossible values set aside, newest values found, COWS entries checked.

What is set aside is told in `Facts.problems`: it neither alarms nor reassures, and it costs itself alone: every other
value of its observation stands.
"""

import math
from functools import cached_property

from detox.clinical.case import Case, CaseObservation, Event, GivenDose, SowsEntry
from detox.clinical.drugs import mentioned
from detox.clinical.medicines import with_substances
from detox.clinical.model import Vitals
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.scales import assess
from detox.clinical.situations import is_known
from detox.clinical.suggestions.content import SuggestionsFile
from detox.clinical.suggestions.readings import (
    MODEL,
    SHORT,
    UNITS,
    VITALS,
    Reading,
    Value,
    ago,
    check_cows,
)
from detox.clinical.suggestions.words import found, found_but, named
from detox.clinical.vitals import better_pressure, contradict

ROUNDED_MIN = 0.05
"""Hours come to the thousandth: so much later, in minutes, an answer may seem than what it answers."""
ANSWERED_WITH = {"A02": "A01"}
"""Sedation that is an emergency too is told as the emergency alone: who answers that answers both."""


class Facts:
    """What the rules ask. Built once a case; holds no state of its own."""

    def __init__(self, case: Case, content: SuggestionsFile) -> None:
        self.case, self.plan, self.patient, self.labs = case, case.plan, case.patient, case.patient.labs
        self.content, self.limits, self.words, self.says = content, content.limits, content.words, content.says
        self.problems: list[str] = []
        everything = [self._reading(o) for o in case.observations]
        self.readings = sorted(everything, key=lambda r: (r.min_ago, repr(r)))
        self.past = [r for r in self.readings if r.min_ago >= 0]
        self._check_times_and_doses()
        self.qtc = self._lab(
            "QTc", self.labs.qtc_ms, self.limits.qtc_possible_low.value, self.limits.qtc_possible_high.value
        )
        self.egfr = self._lab("eGFR", self.labs.egfr, 0, self.limits.egfr_possible_high.value)
        self.k = self._lab("K", self.labs.k, self.limits.k_possible_low.value, self.limits.k_possible_high.value)
        self.age = self._lab("Age", self.patient.age, 0, self.limits.age_possible_high.value)
        self.alcohol_limit = (
            self.limits.alcohol_pct.value
            if self.plan.site_alcohol_limit_pct is None
            else self.plan.site_alcohol_limit_pct
        )

    # --- what was observed

    def newest(self, name: str) -> Reading | None:
        """The newest past reading that measured this vital."""
        return next((r for r in self.past if name in r.vitals), None)

    def value(self, name: str) -> float | None:
        """The newest measured number of a vital, or None."""
        reading = self.newest(name)
        return reading.number(name) if reading else None

    @cached_property
    def poss(self) -> str | None:
        """The newest POSS level."""
        reading = self.newest("poss")
        return str(reading.vitals["poss"]) if reading else None

    @cached_property
    def scored(self) -> list[Reading]:
        """Readings with anything in the COWS field, newest first."""
        return [r for r in self.past if r.cows is not None]

    @cached_property
    def latest(self) -> Reading | None:
        """The newest reading with anything in the COWS field."""
        return self.scored[0] if self.scored else None

    @cached_property
    def complete(self) -> list[Reading]:
        """Readings with a complete, consistent COWS within the hours that count, newest first."""
        oldest = self.limits.complete_cows_h.value * 60
        return [r for r in self.scored if r.cows and r.cows.total is not None and r.min_ago <= oldest]

    @property
    def cows(self) -> int | None:
        """The newest COWS total, or None where the newest entry has none."""
        return self.latest.cows.total if self.latest and self.latest.cows else None

    # --- what was said, taken and given

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """Conditions in free words, in an order of their own."""
        return tuple(sorted(self.patient.conditions or ()))

    @cached_property
    def meds(self) -> tuple[str, ...]:
        """Other medicines in free words, in an order of their own; behind a brand name stands its substance."""
        return tuple(sorted(map(with_substances, self.patient.other_meds or ())))

    @cached_property
    def pregnant(self) -> str | None:
        """On whose word the patient is pregnant, or None: the answer says so, or words among the conditions do.

        Words only raise: no condition makes a positive answer milder.
        """
        if self.patient.pregnancy == "positive":
            return "Pregnancy test positive"
        said = found_but(self.words.pregnant, self.words.pregnant_denied, self.conditions)
        return f"{said!r} among the conditions" if said else None

    @property
    def history_unknown(self) -> str | None:
        """What of conditions and other medicines nobody has recorded, in words; an empty list is a record of none.

        A list that holds nothing but "not known" records nothing.
        """
        lists = (("conditions", self.patient.conditions), ("other medicines", self.patient.other_meds))
        unknown = [word for word, said in lists if said is None or (said and not any(map(is_known, said)))]
        return " and ".join(unknown) or None

    @property
    def notes(self) -> tuple[str, ...]:
        """Every note of the observations."""
        return tuple(r.note for r in self.readings)

    def standing_conditions(self, rule: str) -> tuple[str, ...]:
        """The conditions, until a physician has answered that rule of danger: they have no time of their own."""
        return () if self.cleared(rule, math.inf) else self.conditions

    def standing_words(self, rule: str) -> tuple[str, ...]:
        """Notes and conditions that no physician has answered since, for that rule of danger."""
        notes = (r.note for r in self.readings if not self.cleared(rule, r.min_ago, kept=r.kept_min_ago))
        return (*notes, *self.standing_conditions(rule))

    def events(self, *types: str) -> list[Event]:
        """Events of these types, newest first; one without a time counts as now."""
        return [e for e in self._events if e.type in types]

    @cached_property
    def _events(self) -> list[Event]:
        return sorted(self.case.events, key=lambda e: (e.h_ago or 0.0, repr(e)))

    @cached_property
    def doses(self) -> list[GivenDose]:
        """Doses given on this ward, newest first; one without a time counts as now."""
        return sorted(self.case.doses, key=lambda d: (d.h_ago or 0.0, repr(d)))

    @property
    def checked_h(self) -> float:
        """How many hours back a charted dose is held against the plan: further where the plan's dose stays the same."""
        steady = self.case.programme in ("maintenance_dot", "hat")
        return self.limits.recent_dose_h.value if steady else self.limits.window_h.value

    def plan_doses(self, within_h: float | None = None) -> list[GivenDose]:
        """Doses of the plan's drug on this ward, newest first, under whatever name they were charted."""
        return [d for d in self.doses if self.of_plan(d.drug) and (within_h is None or (d.h_ago or 0) < within_h)]

    def of_plan(self, text: str | None) -> bool:
        """True when a text names the plan's drug, in any form of it."""
        drug = self.plan.drug
        same = {drug, "naltrexone"} if drug == "naltrexone_xr" else {drug}
        return any(mention.drug.id in same for mention in mentioned(text))

    @cached_property
    def takes_alpha2(self) -> bool:
        """True when an alpha-2 agonist is the plan, stands among the other medicines, or was given here in 24 h."""
        return (
            self.case.programme in ("alpha2", "alpha2_start")
            or named(self.words.alpha2, self.plan.drug)
            or bool(found(self.words.alpha2, self.meds))
            or self._given(self.words.alpha2, [(d.drug, d.h_ago) for d in self.doses]) is not None
        )

    @cached_property
    def on_alpha2(self) -> bool:
        """The same, or one was given elsewhere in 24 h."""
        elsewhere = [(e.drug, e.h_ago) for e in self.events("external_dose")]
        return self.takes_alpha2 or self._given(self.words.alpha2, elsewhere) is not None

    @cached_property
    def pulse_masked_by(self) -> str | None:
        """The drug that slows the pulse and so makes the COWS pulse item unreliable, or None."""
        if self.plan.drug and named(self.words.alpha2, self.plan.drug):
            return self.plan.drug
        slow = self.words.slows_the_pulse
        given = [(d.drug, d.h_ago) for d in self.doses] + [(e.drug, e.h_ago) for e in self.events("external_dose")]
        return found(self.words.alpha2, self.meds) or found(slow, self.meds) or self._given(slow, given)

    def _given(self, words: tuple[str, ...], given: list[tuple[str | None, float | None]]) -> str | None:
        """The first drug of these that was given within 24 h; one without a time counts as now."""
        within = self.limits.window_h.value
        return next((drug for drug, h_ago in given if named(words, drug) and (h_ago or 0) < within), None)

    @cached_property
    def qt_drugs(self) -> tuple[str, ...]:
        """Every QT-prolonging drug of the plan and the other medicines."""
        drugs = (self.plan.drug or "", *self.meds)
        return tuple(d for d in drugs if d and found(self.words.prolong_qt, [d]))

    @property
    def inpatient(self) -> bool:
        """True unless another setting is named: the stricter limits hold where it is unknown."""
        return self.case.setting in (None, "inpatient")

    def cleared(self, rule: str, min_ago: float, names: tuple[str, ...] = (), *, kept: float | None = None) -> bool:
        """True when a physician has answered a danger of that time: its rule, or all that made it hold, by `names`.

        What was kept after the answer (`kept` minutes ago) was not shown to whoever gave it. An answer without a time
        may have been given before the danger, and clears none.
        """
        reach = min_ago + self.limits.same_moment_min.value
        shown = (min_ago if kept is None else min(min_ago, kept)) + ROUNDED_MIN
        for event in self.events("danger_flag"):
            if not event.acknowledged_by_physician or event.h_ago is None:
                continue
            at, answers = event.h_ago * 60, event.answers
            if answers is None:
                if at <= reach:
                    return True
            elif at <= shown and (
                {rule, ANSWERED_WITH.get(rule, rule)} & set(answers) or (names and set(names) <= set(answers))
            ):
                return True
        return False

    def happened(self, rule: str, *types: str) -> list[Event]:
        """Events of these types that no physician has answered, newest first."""
        return [
            e
            for e in self.events(*types)
            if not self.cleared(
                rule, (e.h_ago or 0) * 60, (e.type,), kept=None if e.kept_h_ago is None else e.kept_h_ago * 60
            )
        ]

    def news2_at_least(self, reading: Reading) -> int:
        """The NEWS2 points that the reading is sure to have; a missing vital can only add."""
        vitals = reading.model
        if self.plan.spo2_scale in (1, 2):
            vitals = Vitals(
                **{
                    **{n: getattr(vitals, n) for n in MODEL.values()},
                    "consciousness": vitals.consciousness,
                    "spo2_scale": self.plan.spo2_scale,
                }
            )
        return assess(scale("news2"), None, vitals).at_least

    # --- reading one observation

    def _reading(self, observation: CaseObservation) -> Reading:
        entry = observation.vitals
        vitals = {name: value for name in VITALS if (value := getattr(entry, name)) is not None}
        for name in list(vitals):
            problem = self._impossible(name, vitals[name])
            if problem:
                self.problems.append(
                    f"{problem} ({ago(observation.min_ago)}, {observation.by or 'recorder not stated'})"
                )
                del vitals[name]
        upper, lower = vitals.get("sbp"), vitals.get("dbp")
        if isinstance(upper, (int, float)) and isinstance(lower, (int, float)) and contradict(upper, lower):
            self.problems.append(f"BP {upper:g}/{lower:g}: diastolic is not below systolic: check both")
            # one of them is wrong: what is dangerous by itself still calls, the other reassures nobody
            del vitals["sbp" if better_pressure(vitals_file(), upper, lower) == MODEL["sbp"] else "dbp"]
        hr = vitals.get("hr")
        return Reading(
            observation.min_ago,
            observation.by or "",
            observation.note or "",
            vitals,
            check_cows(observation.cows, hr, entry.pulse_item_reason or "") if observation.cows else None,
            entry.intoxicated,
            entry.pupils or "",
            entry.pulse_item_reason or "",
            observation.kept_min_ago,
            observation.by_id or observation.by or "",
            tuple(one for one in observation.sows if self._possible_points(one)),
        )

    def _possible_points(self, entry: SowsEntry) -> bool:
        known = scale(entry.scale)
        if known.minimum <= entry.at_least <= known.maximum:
            return True
        self.problems.append(f"{known.short_name} {entry.at_least} is outside {known.minimum}-{known.maximum}")
        return False

    def _impossible(self, name: str, value: Value) -> str | None:
        if not isinstance(value, (int, float)):
            return None
        limits = vitals_file().range(MODEL[name]) if name in MODEL else None
        low, high = limits.absolute if limits else (0, self.limits.ciwa_possible_high.value)
        if low <= value <= high:
            unit = limits.other_unit(value) if limits else ""
            return f"{SHORT[name]} {value:g} {UNITS[name]} looks like {unit}: check the unit" if unit else None
        hint = ": looks like degrees Fahrenheit, enter degrees Celsius" if name == "temp_c" and value > high else ""
        return f"{SHORT[name]} {value:g} {UNITS[name]} is impossible (possible {low:g}-{high:g}){hint}"

    def _lab(self, word: str, value: float | None, low: float, high: float) -> float | None:
        if value is None or low <= value <= high:
            return value
        self.problems.append(f"{word} {value:g} is impossible (possible {low:g}-{high:g}): check the unit")
        return None

    def _check_times_and_doses(self) -> None:
        for reading in self.readings:
            if reading.min_ago < 0:
                self.problems.append(f"An observation lies {-reading.min_ago:g} min in the future: correct its time")
        timed = [(f"dose of {d.drug or 'unnamed drug'}", d.h_ago, d.mg) for d in self.case.doses]
        timed += [(f"event {e.type}", e.h_ago, e.mg) for e in self.case.events]
        timed.append(("last opioid use", self.case.opioid_use.h_ago, self.case.opioid_use.daily_mg))
        for word, h_ago, mg in timed:
            if h_ago is not None and h_ago < 0:
                self.problems.append(f"The {word} lies {-h_ago:g} h in the future: correct its time")
            if mg is not None and mg < 0:
                self.problems.append(f"The {word} has {mg:g} mg: correct the amount")
        for d in self.case.doses:
            if d.h_ago is None or d.mg is None or d.drug is None:
                self.problems.append(f"The dose of {d.drug or 'unnamed drug'} lacks drug, mg or time: complete it")
        for word in (
            "current_mg",
            "next_mg",
            "previous_mg",
            "proposed_first_mg",
            "proposed_daily_mg",
            "hours_since_last_step",
            "min_step_interval_h",
            "failed_step_downs",
            "day",
            "days_at_dose",
            "doses_per_day",
            "missed_days",
        ):
            amount = getattr(self.plan, word)
            if amount is not None and amount < 0:
                self.problems.append(f"plan.{word} is {amount:g}: correct it")
        self._check_levels()
        self._check_mg_ml()
        self._check_plan()

    def _check_levels(self) -> None:
        """Neighbouring levels of the plan that are too far apart to be in one unit."""
        current, following = self.plan.current_mg, self.plan.next_mg
        if current and following and 0 < following < current * self.limits.step_share.value:
            self.problems.append(f"A step from {current:g} to {following:g} mg: check the units of the plan")
        previous = self.plan.previous_mg
        if current and previous and current < previous * self.limits.step_share.value:
            self.problems.append(f"A step back from {current:g} to {previous:g} mg: check the units of the plan")
        if current and previous and previous < current * self.limits.step_share.value:
            self.problems.append(
                f"The previous level {previous:g} mg against {current:g} mg: check the units of the plan"
            )

    def _check_plan(self) -> None:
        """What no plan holds: a dose level or an alcohol limit that looks like another unit."""
        top = {
            "methadone": self.limits.methadone_possible_mg,
            "buprenorphine": self.limits.buprenorphine_day_mg,
            "diamorphine": self.limits.diamorphine_possible_mg,
        }
        limit = top.get(self.plan.drug or "")
        for word, mg in (("present", self.plan.current_mg), ("previous", self.plan.previous_mg)):
            if limit and mg is not None and mg > limit.value:
                self.problems.append(f"The plan's {word} level {mg:g} mg is over {limit.value:g} mg: check the unit")
        if self.plan.doses_per_day == 0:
            self.problems.append("plan.doses_per_day is 0: correct it")
        alcohol, most = self.plan.site_alcohol_limit_pct, self.limits.alcohol_limit_possible_pct.value
        if alcohol is not None and not 0 <= alcohol <= most:
            self.problems.append(
                f"The site alcohol limit {alcohol:g} % is impossible (possible 0-{most:g} %): g/L? Check the unit"
            )

    def _check_mg_ml(self) -> None:
        levels = [v for v in (self.plan.current_mg, self.plan.previous_mg) if v]
        factor = self.limits.mg_ml_factor.value
        for d in self.plan_doses(self.checked_h):
            if self.plan.doses_per_day in (None, 1) and d.mg and any(abs(d.mg * factor - v) < 1e-6 for v in levels):
                self.problems.append(f"Dose {d.mg:g} mg against a plan of {levels[0]:g} mg: mg or mL? Check the unit")
