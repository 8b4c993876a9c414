"""The clinical content of the suggestion engine: limits, words, texts and sources of suggestions.toml, typed.

Naming every limit here lets a type checker see a misspelt one, and loading refuses a limit that is missing or extra.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import Field, model_validator

from detox.clinical.drugs import names_of, names_where
from detox.clinical.limits import VitalLimit, limit
from detox.clinical.protocols import ROOT, Content, Evidence, File, Text, read


class Limit(Content):
    """One number: what it bounds, its unit, source and evidence tag; `named` is the limit of a vital that it is."""

    value: float = Field(strict=False)
    unit: str
    at: Text
    named: str = ""
    source: Text
    evidence: Evidence

    @model_validator(mode="before")
    @classmethod
    def _of_a_vital(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or "limit" not in raw:
            return raw
        own = limit(str(raw["limit"]))
        rest = {key: value for key, value in raw.items() if key != "limit"}
        taken = {"value": own.value, "unit": own.unit, "source": own.source, "evidence": own.evidence}
        return {**taken, **rest, "named": own.id}

    @property
    def of_vital(self) -> VitalLimit:
        """The limit of a vital that it names. Raises ValueError where it names none."""
        return limit(self.named)

    def holds(self, number: float) -> bool:
        """True for a value of the vital that is beyond it."""
        return self.of_vital.holds(number)


class Rule(Content):
    """What a rule of the table says, why, and on whose word.

    `ground` names it in a sentence that several rules share; `dose` is added where no rule withholds the dose, and
    `withheld` stands in place of `text` where one does; `need` says what an integrity rule asks for.
    """

    text: Text
    why: Text
    ground: str = ""
    dose: str = ""
    withheld: str = ""
    need: str = ""
    source: Text
    evidence: Evidence


class Alternatives(Content):
    """What else the physician can choose, in sentences."""

    there_is: Text
    maintain: Text
    maintain_withheld: Text
    hold: Text
    previous: Text
    own: Text
    later: Text
    other_treatment: Text


class Programme(Content):
    """The drugs that a plan of a programme can be of, by their ids."""

    drugs: tuple[Text, ...]
    source: Text
    evidence: Evidence


class Words(Content):
    """Free words by meaning, in lower case: a text means it when it contains one of them."""

    qt_drugs: tuple[Text, ...]
    qt_risk: tuple[Text, ...]
    sedative_treatment: tuple[Text, ...]
    sedative_phrases: tuple[Text, ...]
    sedative_dependence: tuple[Text, ...]
    infection: tuple[Text, ...]
    neurological: tuple[Text, ...]
    seizure_seen: tuple[Text, ...]
    palpitations: tuple[Text, ...]
    syncope: tuple[Text, ...]
    postural: tuple[Text, ...]
    suicidal: tuple[Text, ...]
    intoxicated: tuple[Text, ...]
    dehydration: tuple[Text, ...]
    vomiting: tuple[Text, ...]
    asks_to_wait: tuple[Text, ...]
    wants_maintenance: tuple[Text, ...]
    other_cause: tuple[Text, ...]
    pinpoint: tuple[Text, ...]
    respiratory: tuple[Text, ...]
    recent_vascular: tuple[Text, ...]
    long_qt: tuple[Text, ...]
    renal_severe: tuple[Text, ...]
    renal_some: tuple[Text, ...]
    hepatic_severe: tuple[Text, ...]
    hepatic_moderate: tuple[Text, ...]
    hepatic_mild: tuple[Text, ...]
    opioid_analgesia: tuple[Text, ...]
    pregnant: tuple[Text, ...]
    pregnant_denied: tuple[Text, ...]
    acute_liver: tuple[Text, ...]
    opioid_phrases: tuple[Text, ...]
    long_acting_phrases: tuple[Text, ...]
    unknown_supply: tuple[Text, ...]
    low_dose_start: tuple[Text, ...]
    rescue: tuple[Text, ...]
    ecg_note: tuple[Text, ...]
    harmless: tuple[Text, ...]

    @property
    def prolong_qt(self) -> tuple[str, ...]:
        """Every name of the drugs that prolong the QT interval."""
        return (*self.qt_drugs, *(name for drug in self.qt_drugs for name in names_of(drug_id=drug)))

    @property
    def alpha2(self) -> tuple[str, ...]:
        """The names of every alpha-2 agonist."""
        return names_of(drug_class="alpha2")

    @property
    def slows_the_pulse(self) -> tuple[str, ...]:
        """The names of every drug that slows the pulse: alpha-2 agonists, beta-blockers and others."""
        return names_where("rate_limiting")

    @property
    def sedatives(self) -> tuple[str, ...]:
        """The names of every sedative, and other words for what sedates."""
        return (*self.sedative_phrases, *names_of(drug_class="sedative"))

    @property
    def agonists(self) -> tuple[str, ...]:
        """The names of every full and partial opioid agonist, and other words for one."""
        return (*self.opioid_phrases, *names_of(drug_class="opioid"))

    @property
    def buprenorphine(self) -> tuple[str, ...]:
        """The names of buprenorphine."""
        return names_of(drug_id="buprenorphine")

    @property
    def methadone(self) -> tuple[str, ...]:
        """The names of methadone."""
        return names_of(drug_id="methadone")

    @property
    def full_agonists(self) -> tuple[str, ...]:
        """The names of every full opioid agonist."""
        return names_where("full")

    @property
    def long_acting(self) -> tuple[str, ...]:
        """The names of long-acting opioids and slow products of others, and words that say so of any."""
        return (*self.long_acting_phrases, *names_where("long_acting"))


class Said(Content):
    """A sentence that holds numbers of its source: shown as it stands, never worked out."""

    text: Text
    source: Text
    evidence: Evidence


class Says(Content):
    """The sentences that rules add to their own text."""

    missed_australia: Said
    missed_bc: Said
    low_dose_start: Said
    buprenorphine_given: Said
    buprenorphine_unknown_supply: Said
    buprenorphine_after_methadone: Said
    methadone_given: Said
    methadone_first: Said
    methadone_first_lower: Said
    methadone_first_low: Said
    accumulation: Said
    challenge_positive: Said
    single_score: Said
    hat_not_normal: Said
    missed_hat: Said
    urine_panel: Said
    fever: Said
    over: Said
    over_withheld: Said


class Limits(Content):
    """Every number that the engine compares with."""

    rr_emergency: Limit
    rr_hold: Limit
    rr_low_top: Limit
    rr_step: Limit
    spo2_emergency: Limit
    spo2_emergency_scale2: Limit
    spo2_amber_top: Limit
    reversal_h: Limit
    temp_high: Limit
    temp_low: Limit
    news2_urgent: Limit
    hr_crisis: Limit
    sbp_crisis: Limit
    dbp_crisis: Limit
    ciwa_treat: Limit
    tremor_sign: Limit
    hr_sign: Limit
    qtc_stop: Limit
    qtc_note: Limit
    qtc_days: Limit
    sbp_low: Limit
    hr_low: Limit
    alpha2_dbp: Limit
    alpha2_hr: Limit
    alpha2_sbp_amber: Limit
    alpha2_hr_amber: Limit
    alcohol_pct: Limit
    k_low: Limit
    k_high: Limit
    k_critical: Limit
    cows_severe: Limit
    window_h: Limit
    interval_share: Limit
    overdose_factor: Limit
    methadone_first_mg: Limit
    methadone_day_mg: Limit
    methadone_day_otp_mg: Limit
    lofexidine_single_mg: Limit
    lofexidine_day_mg: Limit
    lofexidine_mild_single_mg: Limit
    lofexidine_mild_day_mg: Limit
    lofexidine_moderate_single_mg: Limit
    lofexidine_moderate_day_mg: Limit
    lofexidine_severe_single_mg: Limit
    lofexidine_severe_day_mg: Limit
    lofexidine_per_day: Limit
    egfr_severe: Limit
    egfr_moderate: Limit
    clonidine_single_mg: Limit
    clonidine_day_mg: Limit
    buprenorphine_day_mg: Limit
    naltrexone_mg: Limit
    ciwa_possible_high: Limit
    qtc_possible_low: Limit
    qtc_possible_high: Limit
    egfr_possible_high: Limit
    k_possible_low: Limit
    k_possible_high: Limit
    age_possible_high: Limit
    methadone_possible_mg: Limit
    diamorphine_possible_mg: Limit
    alcohol_limit_possible_pct: Limit
    step_share: Limit
    mg_ml_factor: Limit
    complete_cows: Limit
    complete_cows_h: Limit
    raters_min: Limit
    raters_points: Limit
    contradiction_cows: Limit
    gi_vomiting: Limit
    hr_contradiction: Limit
    cows_induction_min: Limit
    cows_bup_min: Limit
    cows_inpatient_min: Limit
    cows_outpatient_min: Limit
    breathing_min: Limit
    alpha2_min: Limit
    visit_min: Limit
    asleep_min: Limit
    same_moment_min: Limit
    bup_effect_min: Limit
    methadone_effect_min: Limit
    pregnancy_age_low: Limit
    pregnancy_age_high: Limit
    adult: Limit
    bup_cows: Limit
    bup_hours: Limit
    bup_signs: Limit
    bup_first_mg: Limit
    bup_long_cows: Limit
    bup_methadone_mg: Limit
    bup_methadone_hours: Limit
    bup_fentanyl_hours: Limit
    low_dose_mg: Limit
    methadone_signs: Limit
    methadone_cows: Limit
    methadone_least_mg: Limit
    older: Limit
    methadone_lower_first_mg: Limit
    methadone_low_tolerance_mg: Limit
    tolerance_lost_days: Limit
    alpha2_start_sbp: Limit
    alpha2_start_hr: Limit
    naltrexone_short_h: Limit
    naltrexone_unchallenged_h: Limit
    naltrexone_long_h: Limit
    naltrexone_long_unchallenged_h: Limit
    naltrexone_cows: Limit
    hat_spo2: Limit
    hat_spo2_scale2: Limit
    missed_days: Limit
    missed_days_hat: Limit
    recent_dose_h: Limit
    recent_dose_hat_h: Limit
    step_cows: Limit
    continue_cows: Limit
    moderate_cows: Limit
    rise_points: Limit
    rescue_doses: Limit
    confirm_min: Limit
    up_signs: Limit
    trough_share: Limit
    rr_red_high: Limit
    step_interval_h: Limit
    failed_steps: Limit
    low_cows: Limit
    fall_points: Limit
    lofexidine_wind_down_day: Limit
    lofexidine_last_day: Limit
    accumulation_from_day: Limit
    accumulation_to_day: Limit
    qt_stack: Limit
    recheck_dose_min: Limit
    recheck_dose_most_min: Limit
    recheck_wait_h: Limit
    recheck_wait_most_h: Limit
    recheck_methadone_h: Limit
    recheck_methadone_most_h: Limit
    recheck_sedated_min: Limit
    observe_dose_min: Limit
    challenge_again_h: Limit
    bup_start_mg: Limit
    bup_start_most_mg: Limit


class SuggestionsFile(File):
    """suggestions.toml."""

    intended_use: Text
    alternatives: Alternatives
    words: Words
    says: Says
    limits: Limits
    programmes: dict[str, Programme]
    rules: dict[str, Rule]

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, raw: Any) -> Any:
        return filled(raw) if isinstance(raw, dict) else raw

    def belongs(self, drug: str, programme: str) -> bool:
        """True where a plan of that programme can be of that drug, by id; False for a programme that is not listed."""
        known = self.programmes.get(programme)
        return known is not None and drug in known.drugs


def filled(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The file as read, each sentence with the limits that it names in braces; `{name_h}` is a limit in min as hours.

    Raises ValueError for a name that is no limit.
    """
    limits = raw.get("limits", {})
    given = {n: one for n, one in limits.items() if isinstance(one, dict) and one.keys() & {"value", "limit"}}
    known = {n: f"{_number(one):g}" for n, one in given.items()}
    known |= {f"{n.removesuffix('_min')}_h": f"{float(v) / 60:g}" for n, v in known.items() if n.endswith("_min")}
    return {**raw, **{part: _filled(raw[part], known) for part in ("rules", "says", "alternatives") if part in raw}}


def _number(one: Mapping[str, Any]) -> float:
    return limit(str(one["limit"])).value if "limit" in one else float(one["value"])


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, known) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    try:
        return value.format_map(known)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"{value!r} names no limit: {error}") from None


@cache
def content() -> SuggestionsFile:
    """suggestions.toml. Read once a process: content changes with a release."""
    return read(ROOT / "suggestions.toml", SuggestionsFile)
