"""The measures that alert rules look at: their names and words, and the numbers that they are made with."""

from collections.abc import Mapping
from functools import cache

from pydantic import Field

from detox.clinical.baseline import BaselineContent
from detox.clinical.content import Content, Evidence, Text
from detox.clinical.model import VITALS
from detox.clinical.protocols import scales, vitals_file

SCORES: Mapping[str, str] = {
    "cows": "the COWS points; a partial sum is a lower bound",
    "cows_fall": "by how much COWS fell since the score before",
    "cows_fall_undosed": "the same, where no opioid or alpha-2 dose is charted that explains it",
    "cows_fall_possible": "the greatest undosed fall that is not excluded: items that are missing now leave it open",
    "cows_rise_in_watch": "COWS points above the score before the dose that a watch began with",
    "sows_rise_in_watch": "SOWS points above the score before that dose, the greatest of the SOWS scales",
    "risen_in_watch": "1 where this score shows precipitated withdrawal, 0 where none stands any more",
    "news2": "the NEWS2 points of the newest value of each vital; a partial sum is a lower bound",
    "news2_single": "the greatest NEWS2 points of one vital sign",
    "news2_rise": "NEWS2 points above the last complete NEWS2 before",
}
DERIVED: Mapping[str, str] = {
    "systolic_rise_mmhg": "systolic pressure above the baseline",
    "systolic_fall_mmhg": "systolic pressure below the baseline",
    "systolic_fall_percent": "systolic pressure below the baseline, as a part of it",
    "systolic_below_usual_mmhg": "systolic pressure below what somebody has said is usual",
    "systolic_ewma_rise_mmhg": "exponentially weighted mean of the systolic pressure above the baseline",
    "systolic_ewma_sigmas": "the same in standard deviations of that mean",
    "heart_rate_rise_per_min": "heart rate above the baseline",
    "heart_rate_ewma_rise_per_min": "exponentially weighted mean of the heart rate above the baseline",
    "heart_rate_ewma_sigmas": "the same in standard deviations of that mean",
    "respiratory_rate_fall_per_min": "respiratory rate below the baseline",
    "spo2_fall_percent": "SpO2 below the baseline",
    "temperature_rise_c": "temperature above the baseline of the same site",
    "shock_index": "heart rate through systolic pressure",
    "shock_index_rise": "shock index above that of the baseline",
    "residual_pulse_per_min": "heart rate without what the fever explains of it",
    "losses": "vomits and loose stools of the last hours",
    "weight_loss_percent": "weight below the first weight",
    "standing_systolic_fall_mmhg": "fall of the systolic pressure on standing",
    "standing_diastolic_fall_mmhg": "fall of the diastolic pressure on standing",
    "standing_pulse_rise_per_min": "rise of the pulse on standing",
    "day_of_admission": "day of the admission, the first being 1",
    "methadone_day": "day since the first methadone dose, the first being 1",
    "hours_since_methadone": "hours since the last methadone dose",
    "hours_since_alpha2": "hours since the last alpha-2 agonist",
    "hours_since_rate_limiting": "hours since the last drug that slows the pulse",
    "watch_minutes_left": "minutes until the window for precipitated withdrawal closes, below 0 after it",
}
TIMED: frozenset[str] = frozenset(
    name for name in DERIVED if name.startswith(("hours_", "day_", "methadone_", "watch_minutes_"))
)
"""What changes by itself as time passes."""
CARRIED: frozenset[str] = frozenset({"losses"})
"""What is known from earlier observations too; a lower bound where the newest one did not measure it."""
NAMES: Mapping[str, str] = {
    "cows": "COWS", "cows_fall": "COWS falling by", "cows_fall_undosed": "COWS falling without a dose by",
    "cows_fall_possible": "COWS falling without a dose by",
    "respiratory_rate_fall_per_min": "breathing below baseline by", "spo2_fall_percent": "SpO2 below baseline by",
    "systolic_fall_mmhg": "systolic below baseline by", "systolic_fall_percent": "percent of systolic lost",
    "heart_rate_rise_per_min": "pulse over baseline by", "shock_index_rise": "shock index up by",
    "losses": "vomits and loose stools", "standing_systolic_fall_mmhg": "systolic falls by",
    "standing_diastolic_fall_mmhg": "diastolic falls by", "standing_pulse_rise_per_min": "pulse rises by",
}  # fmt: skip
"""How a measure is called in the sentence of an alert, where its own name would not read well."""
DECIMALS: Mapping[str, int] = {
    "temperature_rise_c": 1, "systolic_ewma_sigmas": 1, "heart_rate_ewma_sigmas": 1, "shock_index": 2,
    "shock_index_rise": 2, "weight_loss_percent": 1,
}  # fmt: skip


class Ewma(Content):
    """The exponentially weighted mean: weight of the newest value, over how many readings, standard deviations."""

    weight: float
    readings: int
    systolic_sigma_mmhg: float
    heart_rate_sigma_per_min: float
    source: Text
    evidence: Evidence


class Trend(Content):
    """The slope shown as information: over how many readings, how sure, how far ahead it is followed.

    The readings lie in the last `longest_h` hours. No rule looks at it.
    """

    readings: int = Field(ge=3)
    confidence: float = Field(gt=0, lt=1)
    within_h: float = Field(gt=0)
    longest_h: float = Field(gt=0)
    source: Text
    evidence: Evidence


class Derived(Content):
    """The few numbers that measures are made with."""

    losses_h: float
    fever_pulse_per_c: float
    normal_temperature_c: float
    dose_explains_fall_h: float
    source: Text
    evidence: Evidence


class Assembly(Content):
    """How old a value may be that is still taken together with a newer one: in hours for a NEWS2 of the alert rules, in
    minutes for rules that combine several measures."""

    news2_h: float = Field(gt=0)
    set_min: float = Field(gt=0)
    source: Text
    evidence: Evidence


class MeasuresContent(Content):
    """The part of alerts.toml that measures are made with."""

    baseline: BaselineContent
    ewma: Ewma
    trend: Trend
    derived: Derived
    assembly: Assembly


@cache
def charted() -> tuple[tuple[str, int], ...]:
    """Every vital that is a number, with its decimals."""
    return tuple({limits.vital: limits.decimals for limits in vitals_file().ranges}.items())


@cache
def decimals(measure: str) -> int:
    """How many decimals a measure is charted or worked out with."""
    named: dict[str, int] = {**DECIMALS, **dict(charted()), **{o.name: o.decimals for o in vitals_file().other}}
    return named.get(measure, 0)


@cache
def measures() -> frozenset[str]:
    """The name of everything that a rule can look at: each scale and, as "scale.item", each of its items too."""
    other = {o.name for o in vitals_file().other}
    rated = {f"{scale.id}.{item.id}" for scale in scales().values() for item in scale.items}
    return frozenset({*VITALS, *SCORES, *DERIVED, *other, *scales(), *rated} - {"temperature_site"})
