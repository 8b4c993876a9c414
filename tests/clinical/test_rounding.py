"""One rounding before any band: the same value means the same to colour, alert, score, suggestion and dose hold."""

from datetime import timedelta

import pytest
from alert_help import MIDNIGHT, observed
from hypothesis import given
from hypothesis import strategies as st
from suggestion_cases import base, cows
from test_oxygen_scales import SCALES, alert_level, colour, holds, suggested

from detox.clinical import vitals
from detox.clinical.administration import check_before
from detox.clinical.alerts.folding import findings
from detox.clinical.case import read_case
from detox.clinical.model import PatientLimit, Vitals
from detox.clinical.patient_limits import by_limits
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.scales import assess
from detox.clinical.suggestions import suggest
from detox.errors import Refused


@pytest.mark.parametrize(("typed", "read"), [(91.4, 91), (91.5, 92), (91.6, 92), (90.5, 91), (91, 91)])
def test_oxygen(typed, read):
    critical = read <= 91
    assert vitals.banded("spo2_percent", typed) == read
    assert (colour(typed, 1) == "critically_low") == critical
    assert (alert_level(typed, 1) == "critical") == critical
    assert (assess(scale("news2"), None, Vitals(spo2_percent=typed, spo2_scale=1)).items["spo2"] == 3) == critical
    assert ("A01" in suggested(typed, 1).rules) == critical
    assert bool(holds(typed, 1)) == critical


@pytest.mark.parametrize(("typed", "read"), [(37.949, 37.9), (37.95, 38.0), (37.94, 37.9), (38.0, 38.0)])
def test_temperature(typed, read):
    fever = read >= 38.0
    case = base("taper")
    case["observations"][0]["vitals"]["temp_c"] = typed
    found = {f.rule for f in findings([observed(temperature_c=typed)])}
    assert vitals.banded("temperature_c", typed) == read
    assert (vitals.interpret(vitals_file(), "temperature_c", typed).meaning == "critically_high") == fever
    assert ("temperature_high_red" in found) == fever
    assert ("temperature_high_amber" in found) != fever
    assert ("A04" in suggest(read_case(case)).rules) == fever


@pytest.mark.parametrize(
    ("vital", "short", "typed", "rule", "alarms"),
    [
        ("respiratory_rate_per_min", "rr", 8.4, "A01", True), ("respiratory_rate_per_min", "rr", 8.5, "A01", False),
        ("respiratory_rate_per_min", "rr", 9.4, "A02", True), ("respiratory_rate_per_min", "rr", 9.5, "A02", False),
        ("systolic_mmhg", "sbp", 90.4, "A09", True), ("systolic_mmhg", "sbp", 90.5, "A09", False),
        ("heart_rate_per_min", "hr", 40.4, "A09", True), ("heart_rate_per_min", "hr", 40.5, "A09", False),
    ],
)  # fmt: skip
def test_suggestion_and_dose_hold_round_alike(vital, short, typed, rule, alarms):
    case = base("taper")
    case["observations"][0]["vitals"] |= {short: typed}
    seen = [observed(**{vital: typed})]
    held = check_before("methadone", seen, MIDNIGHT + timedelta(minutes=5)).holds
    assert (rule in suggest(read_case(case)).rules) == alarms
    assert (vital in {c.vital for c in held}) == (alarms or typed == 8.5), "below 10 holds at any rate"


@given(st.integers(0, 1000).map(lambda n: n / 10), st.sampled_from(SCALES))
def test_critical_oxygen_in_one_is_critical_in_all(spo2, on_scale):
    critical = colour(spo2, on_scale) == "critically_low"
    assert (alert_level(spo2, on_scale) == "critical") == critical
    assert bool(holds(spo2, on_scale)) == critical
    if vitals_file().range("spo2_percent").other_unit(spo2):
        assert "B06" in suggested(spo2, on_scale).rules
    else:
        assert ("A01" in suggested(spo2, on_scale).rules) == critical


@given(st.integers(0, 60_000).map(lambda n: n / 1000), st.sampled_from(["respiratory_rate_per_min", "temperature_c"]))
def test_a_finer_value_raises_what_its_rounded_one_raises(value, vital):
    rounded = vitals.banded(vital, value)
    finer, plain = ({f.rule for f in findings([observed(**{vital: v})])} for v in (value, rounded))
    assert finer == plain


def test_what_follows_from_a_value_is_rounded_too():
    """A pulse of 94.6 over a pressure of 95.4 is 95 over 95."""
    found = findings([observed(heart_rate_per_min=94.6, systolic_mmhg=95.4)])
    assert "1.00" in next(f for f in found if f.problem == "blood_pressure").message


def test_a_patients_own_limit_reads_the_rounded_value():
    limit = PatientLimit(
        id="l", admission_id="a", vital="spo2_percent", side="low", warning=90.0, critical=88.0, reason="",
        set_at=MIDNIGHT, until_at=MIDNIGHT + timedelta(hours=8),
    )  # fmt: skip
    for typed, meaning in ((88.4, "critically_low"), (88.5, "low"), (90.4, "low"), (90.5, "normal")):
        found, _ = by_limits(
            vitals.interpret(vitals_file(), "spo2_percent", typed), [limit], MIDNIGHT + timedelta(hours=1)
        )
        assert (found.meaning, found.value) == (meaning, typed)


def test_what_is_kept_and_said_stays_as_it_was_typed():
    assert any("91.4" in reason for reason in suggested(91.4, 1).reasons)
    kept = Vitals(spo2_percent=91.4)
    assert vitals.as_banded(kept) == Vitals(spo2_percent=91)
    assert kept.spo2_percent == 91.4


def test_a_set_that_is_no_finer_than_charted_is_itself():
    same = Vitals(systolic_mmhg=120, temperature_c=37.9, consciousness="A")
    assert vitals.as_banded(same) is same


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_reaches_a_rule(value):
    with pytest.raises(Refused, match="no number"):
        findings([observed(consciousness="A", breath_alcohol_percent=value)])


def test_breath_alcohol_is_not_rounded_into_a_dose():
    assert vitals.banded("breath_alcohol_percent", 0.051) == 0.051
    assert vitals.banded("breath_alcohol_percent", 0.0505) == 0.051


def test_scores_round_as_the_vitals_do():
    """NEWS2 and COWS say themselves how they round: as the vital they come from."""
    for name in ("news2", "cows"):
        for item in scale(name).items:
            if item.measured and not item.codes:
                assert item.decimals == vitals_file().range(item.vital).decimals, item.id


@pytest.mark.parametrize(("total", "severe"), [(24.4, False), (24.5, True), (25, True)])
def test_a_typed_total_is_rounded_before_its_band(total, severe):
    case = base("taper")
    case["observations"][0]["cows"] = {"scale": "COWS", "total": total}
    assert ("A16" in suggest(read_case(case)).rules) == severe


def test_a_typed_total_that_rounds_to_its_items_agrees_with_them():
    case = base("taper")
    rated = case["observations"][0]["cows"]
    plain = suggest(read_case(case)).suggestion_class
    rated["total"] = rated["total"] + 0.4
    assert suggest(read_case(case)).suggestion_class == plain
    rated["total"] = cows(0)["total"] + rated["total"] + 0.2
    assert "B04" in suggest(read_case(case)).rules
