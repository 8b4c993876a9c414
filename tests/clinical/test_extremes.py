"""True extremes: whatever a bedside can show raises an alarm, alone and whatever stands beside it."""

import pytest
from alert_help import WELL, observed
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical.alerts.folding import findings, fold
from detox.clinical.model import LEVELS, Vitals
from detox.clinical.protocols import vitals_file
from detox.clinical.vitals import impossible, possible

# breath alcohol has no alert: the dose form and the suggestion hold on it
ALARMING = [r for r in vitals_file().ranges if r.vital != "breath_alcohol_percent" and r.spo2_scale == 1]
EXTREMES = [
    (r.vital, value)
    for r in ALARMING
    for value in (r.absolute[0], r.plausible[0] - 1, r.plausible[1] + 1, r.absolute[1])
    if r.absolute[0] <= value <= r.absolute[1] and not r.normal[0] <= value <= r.normal[1]
]


def levels(**vitals):
    return {finding.level for finding in findings([observed(**vitals)])}


@pytest.mark.parametrize(("vital", "value"), EXTREMES)
def test_every_extreme_is_charted_and_alarms(vital, value):
    assert impossible(vitals_file(), Vitals(**{vital: value})) == {}
    assert levels(**{vital: value}) & {"warning", "critical"}


@pytest.mark.parametrize(
    "vitals",
    [
        {"respiratory_rate_per_min": 0}, {"heart_rate_per_min": 0}, {"heart_rate_per_min": 20}, {"spo2_percent": 45},
        {"systolic_mmhg": 45, "diastolic_mmhg": 20}, {"systolic_mmhg": 0},
        {"systolic_mmhg": 0, "heart_rate_per_min": 0},
        {"heart_rate_per_min": 18, "respiratory_rate_per_min": 6, "spo2_percent": 84},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_lethal_is_critical_at_once(vitals):
    assert "critical" in levels(**vitals)


def test_a_pulse_of_21_waits_for_a_second_reading_and_20_does_not():
    assert "critical" not in levels(heart_rate_per_min=21)
    assert "critical" in levels(heart_rate_per_min=20)


def test_no_pressure_at_all_has_no_index_and_breaks_no_baseline():
    """Pressures of nought stand in a baseline's place, and the next set is still judged."""
    seen = [observed(n, systolic_mmhg=0, heart_rate_per_min=0) for n in range(4)]
    seen.append(observed(5, systolic_mmhg=88, heart_rate_per_min=135))
    assert {c.action for c in fold(seen)} >= {"opened"}
    assert "systolic_low_red" in {f.rule for f in findings(seen)}


@given(st.data())
def test_a_value_that_cannot_be_silences_no_other(data):
    """What a set raises without a value that cannot be, it raises with it."""
    values = dict(WELL)
    for limits in ALARMING:
        low, high = (int(end) for end in limits.absolute)
        values[limits.vital] = data.draw(st.none() | st.integers(low, high).map(float), label=limits.vital)
    spoilt = data.draw(st.sampled_from([r.vital for r in ALARMING]))
    without = possible(vitals_file(), Vitals(**{**values, spoilt: None}))[0]
    wrong = data.draw(st.sampled_from([-1.0, 999.0, float("nan"), float("inf")]))
    left, problems = possible(vitals_file(), Vitals(**{**values, spoilt: wrong}))
    assert spoilt in problems
    assert left == without


@given(upper=st.integers(0, 300), lower=st.integers(0, 200))
def test_contradicting_pressures_alarm_no_less_than_the_worse_of_them(upper, lower):
    """By the colour of each; the other value is listed and reassures nobody."""
    left, problems = possible(vitals_file(), Vitals(systolic_mmhg=upper, diastolic_mmhg=lower))
    if not problems:
        return
    alone = [levels(systolic_mmhg=upper), levels(diastolic_mmhg=lower)]
    worst = [max((LEVELS.index(level) for level in found), default=-1) for found in alone]
    kept = max((LEVELS.index(level) for level in levels(**left.measured())), default=-1)
    if upper < 100:  # a low systolic is what a contradiction may not hide
        assert kept == max(worst)
    else:
        assert kept >= worst[1]
