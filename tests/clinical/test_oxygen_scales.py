"""SpO2 on its two scales: colour, alert, suggestion and dose hold agree, value for value."""

from datetime import timedelta

import pytest
from alert_help import MIDNIGHT, observed
from suggestion_cases import base

from detox.clinical import vitals
from detox.clinical.administration import check_before
from detox.clinical.alerts.folding import AlertEngine, findings, fold
from detox.clinical.case import read_case
from detox.clinical.model import Background, PatientLimit
from detox.clinical.protocols import vitals_file
from detox.clinical.suggestions import suggest

SCALES = (1, 2)


def alert_level(spo2, scale):
    """The level of the alert that is about oxygen, None for none."""
    found = findings([observed(spo2_percent=spo2, spo2_scale=scale)])
    return next((f.level for f in found if f.problem == "oxygen"), None)


def suggested(spo2, scale):
    case = base("taper")
    case["plan"]["spo2_scale"] = scale
    case["observations"][0]["vitals"]["spo2"] = spo2
    return suggest(read_case(case))


def colour(spo2, scale):
    return vitals.interpret(vitals_file(), "spo2_percent", spo2, scale).meaning


def holds(spo2, scale):
    """What of the oxygen holds methadone."""
    seen = [observed(spo2_percent=spo2, spo2_scale=scale)]
    return [
        c for c in check_before("methadone", seen, MIDNIGHT + timedelta(minutes=5)).holds if c.vital == "spo2_percent"
    ]


@pytest.mark.parametrize("scale", SCALES)
def test_critical_in_one_is_critical_in_all(scale):
    for spo2 in range(101):
        critical = colour(spo2, scale) == "critically_low"
        assert (alert_level(spo2, scale) == "critical") == critical, spo2
        assert ("A01" in suggested(spo2, scale).rules) == critical, spo2
        assert bool(holds(spo2, scale)) == critical, spo2
        assert (alert_level(spo2, scale) == "warning") == (colour(spo2, scale) == "low"), spo2


@pytest.mark.parametrize(
    ("spo2", "level"), [(75, "critical"), (83, "critical"), (84, "warning"), (87, "warning"), (88, None), (92, None)]
)
def test_the_limits_of_scale_2(spo2, level):
    assert alert_level(spo2, 2) == level


def test_a_red_of_scale_2_ends_in_the_target_on_two_readings():
    def ends(*values):
        sets = [observed(n, spo2_percent=value, spo2_scale=2) for n, value in enumerate((83, *values))]
        done = [c for c in fold(sets) if c.finding.problem == "oxygen" and c.action == "resolved"]
        return [c.at.hour for c in done if c.finding.rule == "oxygen_low_scale2_red"]

    assert ends(87, 87, 87) == []
    assert ends(88) == []
    assert ends(88, 87, 88) == []
    assert ends(88, 88) == [2]


@pytest.mark.parametrize("before", SCALES)
def test_another_scale_does_not_end_a_red_that_is_red_on_it_too(before):
    after = 3 - before
    sets = [observed(n, spo2_percent=80, spo2_scale=before if n == 0 else after) for n in range(4)]
    assert [c.action for c in fold(sets) if c.finding.problem == "oxygen"] == ["opened", "escalated"]


def test_a_patients_own_limit_moves_the_rule_of_the_scale_it_is_for():
    """Set where scale 2 is prescribed, it is not held to the limits of scale 1."""
    limit = PatientLimit(
        id="l", admission_id="a", vital="spo2_percent", side="low", warning=86.0, critical=85.0, reason="",
        set_at=MIDNIGHT, until_at=MIDNIGHT + timedelta(hours=8),
    )  # fmt: skip
    for spo2, level in ((85, "critical"), (86, "warning"), (87, None)):
        course = AlertEngine(Background(limits=(limit,)))
        course.add(observed(1, spo2_percent=spo2, spo2_scale=2))
        assert next((f.level for f in course.findings() if f.problem == "oxygen"), None) == level, spo2
