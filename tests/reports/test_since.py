"""What a vital did since its alert was answered, as the tile and the patient's page tell it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Alert, Dose, Finding, Observation, Vitals
from detox.reports import board
from detox.reports.since import courses, numeric
from detox.store import find


@pytest.fixture
def alert(now) -> Alert:
    values = {"systolic_mmhg": 188, "sedation": "2", "on_oxygen": True, "spo2_scale": 1}
    found = Finding("r", "blood_pressure", "critical", "limit", "m", "r", "a", values, "v", "s", "P")
    return Alert("a", "s", "o", found, now - timedelta(hours=2), acknowledged_at=now - timedelta(hours=1))


def sets(now, *readings: tuple[float, float | None]) -> list[Observation]:
    return [
        Observation(str(n), "s", now - timedelta(minutes=ago), Vitals(systolic_mmhg=value, heart_rate_per_min=80))
        for n, (ago, value) in enumerate(readings)
    ]


def test_the_last_value_by_then_and_every_later_one(alert, now) -> None:
    (course,) = courses(alert, sets(now, (120, 188), (61, 186), (60, 184), (59, 172), (30, None), (5, 160)))
    assert (course.vital, course.values, course.since) == ("systolic_mmhg", (184, 172, 160), alert.acknowledged_at)


def test_where_readings_do_not_reach_back_the_alert_says_it(alert, now) -> None:
    (course,) = courses(alert, sets(now, (5, 160)))
    assert course.values == (188, 160)


def test_nobody_has_measured_again(alert, now) -> None:
    (course,) = courses(alert, sets(now, (120, 188)))
    assert (course.values, course.again) == ((188,), False)


def test_an_unanswered_alert_has_no_course(alert, now) -> None:
    assert courses(replace(alert, acknowledged_at=None), sets(now, (5, 160))) == ()


def test_only_doses_given_since_then_are_told(alert, now) -> None:
    def dose(name: str, minutes_ago: float, status: str = "given") -> Dose:
        return Dose(name, "s", None, "clonidine", 0.1, status, now - timedelta(minutes=minutes_ago))  # type: ignore[arg-type]

    given = [dose("before", 60), dose("held", 30, "held"), dose("after", 20)]
    (course,) = courses(alert, sets(now, (5, 160)), given)
    assert [d.id for d in course.doses] == ["after"]


def test_a_drift_tells_of_the_vital_that_its_problem_is_about(alert, now) -> None:
    drift = replace(alert, finding=replace(alert.finding, values={"systolic_rise_mmhg": 45}))
    (course,) = courses(drift, sets(now, (120, 188), (5, 160)))
    assert (course.vital, course.values, course.again) == ("systolic_mmhg", (188, 160), True)
    assert courses(drift, []) == ()


def test_only_numbers_that_are_vitals_have_a_course() -> None:
    assert numeric({"cows": 30, "sedation": "3", "on_oxygen": True, "spo2_scale": 1}) == ()
    assert numeric({"heart_rate_per_min": 125, "systolic_mmhg": 165}) == ("systolic_mmhg", "heart_rate_per_min")


def test_the_board_tells_it(store, nurse, admission, now, seen, vitals) -> None:
    for minutes_ago in (50, 40):
        entry = seen(vitals=vitals(systolic_mmhg=188), minutes_ago=minutes_ago)
        (opened,) = care.record(store, nurse, entry, now).open_alerts
    care.acknowledge(store, nurse, opened.id, "called", now - timedelta(minutes=30))
    for minutes_ago, systolic in ((20, 182), (10, 176)):
        care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=systolic), minutes_ago=minutes_ago), now)
    with inside(store) as tx:
        tile = board.tile(tx, find.admission(tx, admission.id), None, now)
    assert [c.values for c in tile.courses[opened.id]] == [(188, 182, 176)]
