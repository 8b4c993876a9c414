"""What a value means while a limit of one patient holds, at the edges of the limit and of its time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical.model import PatientLimit
from detox.clinical.patient_limits import by_limits
from detox.clinical.protocols import vitals_file
from detox.clinical.vitals import interpret

AT = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
HIGH = PatientLimit(
    "l", "a", "systolic_mmhg", "high", 185, 205, "chronic", AT - timedelta(hours=1), AT + timedelta(hours=1), "Dr R"
)
LOW = replace(HIGH, id="m", side="low", warning=85, critical=70)


def meaning(value, *limits, at=AT, vital="systolic_mmhg"):
    return by_limits(interpret(vitals_file(), vital, value), limits, at)[0].meaning


@pytest.mark.parametrize(
    ("value", "means"),
    [(184, "normal"), (185, "high"), (186, "high"), (204, "high"), (205, "critically_high"), (206, "critically_high")],
)
def test_the_patients_limit_stands_in_for_the_wards(value, means):
    assert meaning(value) == "critically_high"
    assert meaning(value, HIGH) == means


@pytest.mark.parametrize(("value", "means"), [(86, "normal"), (85, "low"), (71, "low"), (70, "critically_low")])
def test_downwards_it_is_the_same(value, means):
    assert meaning(value, HIGH, LOW) == means
    assert meaning(value, HIGH) == meaning(value)


def test_a_side_left_open_stays_the_wards():
    assert meaning(190, replace(HIGH, critical=None)) == "critically_high"
    assert meaning(170, replace(HIGH, critical=None)) == "normal"
    assert meaning(190, replace(HIGH, warning=None)) == "high"
    assert meaning(120, replace(HIGH, warning=None)) == "normal"
    assert meaning(120, replace(HIGH, warning=110)) == "high"


@pytest.mark.parametrize(("minutes", "holds"), [(-61, False), (-60, True), (59, True), (60, False)])
def test_it_counts_when_the_value_was_taken(minutes, holds):
    assert meaning(170, HIGH, at=AT + timedelta(minutes=minutes)) == ("normal" if holds else "high")


def test_one_taken_back_holds_no_more_and_another_vital_is_left_alone():
    assert meaning(170, replace(HIGH, ended_at=AT)) == "high"
    assert meaning(130, HIGH, vital="heart_rate_per_min") == "critically_high"
    assert meaning(None, HIGH) == "not_assessed"


def test_it_says_by_which_limit():
    found, own = by_limits(interpret(vitals_file(), "systolic_mmhg", 190), [HIGH], AT)
    assert (found.limit, found.sign, own) == ("185 or more for this patient", "▲", (HIGH,))


LIMITS = st.none() | st.integers(60, 260)


@given(st.integers(50, 300), st.integers(0, 20), LIMITS, LIMITS)
def test_a_higher_value_never_means_less(value, more, warning, critical):
    order = ("normal", "high", "critically_high")
    own = replace(HIGH, warning=warning, critical=critical)
    lower, higher = meaning(value, own), meaning(value + more, own)
    if lower in order:
        assert order.index(higher) >= order.index(lower)
    if critical is not None and value >= critical:
        assert lower == "critically_high"
