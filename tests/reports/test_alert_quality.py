"""The measures of alert quality on examples with known answers, and the laws of the cohort they are taken on."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from detox.clinical.model import Observation, Vitals
from detox.clinical.monitoring.schedule import Clock
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.vitals import impossible
from detox.reports.replay import ChangeRow

BENCH = Path(__file__).resolve().parents[1] / "bench"
if str(BENCH) not in sys.path:
    sys.path.insert(0, str(BENCH))

import alert_quality as quality  # noqa: E402
import cohort  # noqa: E402

START = datetime(2026, 3, 1, tzinfo=UTC)
KEY = ("p", "a")
WELL = {
    "systolic_mmhg": 120.0, "heart_rate_per_min": 70.0, "temperature_c": 36.8, "respiratory_rate_per_min": 14.0,
    "spo2_percent": 98.0, "on_oxygen": False, "consciousness": "A",
}  # fmt: skip


def at(hours):
    return START + timedelta(hours=hours)


def seen(hours, **vitals):
    return Observation(f"{hours}", "a", at(hours), Vitals(**vitals))


def spell(start, end=None, interruptive=True, news=True):
    level = "critical" if interruptive else "warning"
    return quality.Spell(at(start), None if end is None else at(end), interruptive, level, "limit", "r", news)


def event(start, end=None):
    return quality.Event("NEWS2 7", at(start), None if end is None else at(end))


def change(hours, rule, state, level="critical", kind="limit"):
    return ChangeRow(*KEY, at(hours), rule, level, kind, "", state)


# --- the cohort ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def admissions():
    return list(cohort.cohort(12, seed=3)) + list(cohort.cohort(18, seed=4, share=1.0))


def test_the_same_seed_gives_the_same_stays(admissions):
    assert list(cohort.cohort(3, seed=3)) == admissions[:3]
    assert cohort.admission(2, seed=5) != admissions[2]


def test_every_value_can_be_kept(admissions):
    items = {item.id: item.values for item in scale("cows").items}
    for one in admissions:
        for observation in one.observations:
            assert impossible(vitals_file(), observation.vitals) == {}
            assert observation.admission_id == one.admission_id
            for item, value in observation.answers.get("cows", {}).items():
                assert value in items[item]


def test_time_goes_forward_and_a_stay_lasts_five_to_ten_days(admissions):
    for one in admissions:
        times = [observation.taken_at for observation in one.observations]
        assert times == sorted(set(times))
        assert timedelta(days=4) < times[-1] - times[0] <= timedelta(days=10)


def test_every_kind_begins_before_it_crosses_and_crosses_within_the_stay(admissions):
    injected = [one for one in admissions if one.deterioration]
    assert {one.deterioration.kind for one in injected} == set(cohort.KINDS)
    for one in injected:
        first, last = one.observations[0].taken_at, one.observations[-1].taken_at
        assert first < one.deterioration.onset_at < one.deterioration.crossed_at < last


def test_about_the_wanted_share_deteriorates():
    assert [one.deterioration for one in cohort.cohort(5, share=0)] == [None] * 5
    assert sum(one.deterioration is not None for one in cohort.cohort(40)) in range(5, 20)


def test_a_red_reading_of_a_set_is_repeated_within_minutes(admissions):
    soon, reds = timedelta(minutes=9), 0
    for one in admissions:
        repeated = False
        for before, after in zip(one.observations, one.observations[1:], strict=False):
            if not repeated and cohort.red(before.vitals.measured()):
                assert after.taken_at - before.taken_at < soon
                reds += 1
            repeated = after.taken_at - before.taken_at < soon
    assert reds > 20


def test_asleep_only_the_breathing_is_counted_and_the_next_look_comes_within_hours(admissions):
    looks = 0
    for one in admissions:
        for seen, after in zip(one.observations, one.observations[1:], strict=False):
            if seen.not_done == "asleep":
                assert seen.vitals.measured().keys() == {"respiratory_rate_per_min", "sedation"}
                assert after.taken_at - seen.taken_at < timedelta(hours=6), "2 h, late, a look missed"
                looks += 1
    assert looks > 50


def test_nobody_waits_longer_than_the_clock_asks_but_for_being_late(admissions):
    late = timedelta(hours=4)
    for one in admissions:
        clock = Clock()
        for seen, after in zip(one.observations, one.observations[1:], strict=False):
            clock.add(seen)
            given = replace(one.background, doses=tuple(d for d in one.background.doses if d.given_at <= seen.taken_at))
            assert after.taken_at < max(clock.due((), given).at, seen.taken_at + timedelta(hours=2)) + late


def test_methadone_is_given_every_morning_of_the_stay(admissions):
    for one in admissions:
        first, last = one.observations[0].taken_at, one.observations[-1].taken_at
        times = [dose.given_at for dose in one.background.doses]
        assert {at.hour for at in times} == {9}
        assert all(two - at == timedelta(days=1) for at, two in zip(times, times[1:], strict=False))
        assert times[0] - first < timedelta(days=1)
        assert last - times[-1] < timedelta(days=1)


def test_the_course_of_withdrawal():
    person = cohort.Person(
        base=dict.fromkeys(cohort.NUMBERS, 0.0), rise={cohort.SBP: 12.0, cohort.TEMP: 0.5}, cows_peak=15,
        since_use_h=12, peak_h=48, pressure_peak_h=84, end_h=168, days=8,
    )  # fmt: skip
    assert cohort.course(person, 36)["cows"] == pytest.approx(15)
    assert cohort.course(person, 156)["cows"] == pytest.approx(0)
    assert cohort.course(person, 72)[cohort.SBP] == pytest.approx(12)
    assert cohort.course(person, 40)[cohort.TEMP] == pytest.approx(0.5)
    assert cohort.course(person, 100)[cohort.TEMP] == pytest.approx(0)


def test_red_is_told_of_what_was_measured_only():
    assert cohort.red({}) == ()
    assert cohort.red({"systolic_mmhg": 180, "sedation": "S"}) == ("systolic_mmhg",)
    assert cohort.red({"systolic_mmhg": 179, "spo2_percent": 91, "sedation": "3"}) == ("spo2_percent", "sedation")


# --- reference ----------------------------------------------------------------------------------------------------


def test_news2_is_from_values_known_for_four_hours_and_a_missing_one_counts_nothing():
    told = quality.news2_course(
        [seen(0, **{**WELL, "respiratory_rate_per_min": 25.0}), seen(4, spo2_percent=91.0), seen(5, spo2_percent=98.0)]
    )
    assert [score.points for score in told] == [3, 6, 0]
    assert told[1].measured == {"spo2": 3}
    assert quality.news2_course([Observation("x", "a", at(0), Vitals(sedation="1"))]) == []


def test_an_event_is_over_after_two_readings_and_a_single_vital_needs_two():
    def score(hours, points, rate):
        return quality.Score(at(hours), points, {"pulse": rate})

    told = [
        score(0, 3, 3), score(1, 7, 0), score(2, 6, 3), score(3, 8, 3), score(4, 1, 0), score(5, 2, 0), score(6, 7, 0)
    ]  # fmt: skip
    assert quality.reference_events(told) == [
        quality.Event("NEWS2 7", at(1), at(5)),
        quality.Event("pulse", at(3), at(5)),
        quality.Event("NEWS2 7", at(6), None),
    ]


def test_a_patient_stays_in_one_half():
    halves = [quality.half_of(str(number)) for number in range(200)]
    assert halves == [quality.half_of(str(number)) for number in range(200)]
    assert 70 < halves.count("reporting") < 130


# --- alerts -------------------------------------------------------------------------------------------------------


def test_a_policy_is_open_while_its_condition_holds():
    told = [(at(hour), holds) for hour, holds in enumerate([False, True, True, False, True])]
    assert [(s.start, s.end) for s in quality.policy_spells("x", told)] == [(at(1), at(3)), (at(4), None)]


def test_single_limits_are_alerts_of_their_own_and_a_gap_changes_nothing():
    spells = quality.single_limit_spells(
        [
            seen(0, systolic_mmhg=185.0, heart_rate_per_min=125.0),
            seen(1, heart_rate_per_min=90.0),
            seen(2, systolic_mmhg=180.0),
        ]
    )
    assert [(s.start, s.end) for s in spells] == [(at(0), None), (at(0), at(1))]


def test_the_changes_of_the_engine_as_alerts():
    rules = {"high": "pressure", "higher": "pressure", "late": "overdue"}
    told = [
        change(0, "high", "opened", "warning"),
        change(1, "higher", "escalated"),
        change(2, "late", "opened", kind="silence"),
        change(3, "higher", "resolved"),
        change(3, "high", "opened", "warning"),
        change(4, "high", "resolved", "warning"),
        change(5, "high", "opened", "warning"),
    ]
    found = quality.spells_of(told, rules)[KEY]
    assert [(s.start, s.end, s.interruptive, s.news) for s in found] == [
        (at(0), at(1), False, True),
        (at(1), at(3), True, True),
        (at(3), at(4), False, False),
        (at(5), None, False, True),
    ]


def test_problems_are_found_wherever_a_rule_stands():
    content = {"rules": [{"id": "a", "problem": "p"}], "more": {"drift": [{"id": "b", "problem": "q", "all": [{}]}]}}
    assert quality.problems_of(content) == {"a": "p", "b": "q"}


# --- measures -----------------------------------------------------------------------------------------------------


def test_found_new_standing_and_lead():
    spells = [spell(0, 30), spell(10), spell(20, 21)]
    starts = [s.start for s in spells]
    assert quality.found_by(at(29), starts, spells) == (True, True, 19)
    assert quality.found_by(at(34), starts, spells) == (True, False, 24)
    assert quality.found_by(at(50), starts, spells) == (False, True, None)
    assert quality.found_by(at(-1), starts, spells) == (False, False, None)
    assert quality.found_by(at(1), [at(0)], [spell(0, news=False)]) == (False, True, None)


def test_in_vain_is_judged_only_where_the_record_tells():
    events = [event(10, 12)]
    assert quality.in_vain([spell(0), spell(11), spell(12), spell(80)], events, last=at(90)) == [False, False, True]


def test_quality_of_one_patient():
    charts = {KEY: [seen(hour, **WELL) for hour in range(0, 97, 12)]}
    events = {KEY: [event(48, 60), event(60, 72)]}
    spells = {KEY: [spell(0, 1), spell(36, 37), spell(40, 41, interruptive=False)]}
    found = quality.quality(charts, events, spells, quality.interruptive)
    assert (found.load, found.moments) == (50, 50)
    assert (found.found, found.found_new, found.lead_h) == (1, 1, 18)
    assert (found.fresh, found.fresh_lead_h) == (1, 12)
    assert found.in_vain == 0.5
    assert found.quiet == pytest.approx(2 / 3), "quiet at 0, 12 and 72: the alert of hour 0 goes with the first two"
    assert quality.quality(charts, events, spells, quality.anything).load == 75


def test_between():
    points = [(0.0, 0.0), (10.0, 100.0), (0.0, 50.0)]
    assert quality.between(points, 5, min) == 50
    assert quality.between(points, 5, max) == 75
    assert quality.between(points, 11, min) is None


def test_caught_and_by_chance():
    observations = tuple(seen(hour, **WELL) for hour in range(0, 49, 4))
    ill = cohort.Admission("p", "a", observations, cohort.Deterioration("storm", at(9), at(14)))
    other = cohort.Admission("q", "b", observations, None)
    spells = {KEY: [spell(8), spell(12, 13, interruptive=False), spell(16.2)], ("q", "b"): [spell(15)]}
    found = quality.caught([ill, other], spells, "storm")
    assert (found.admissions, found.with_a_set, found.found, found.in_time, found.lead_h) == (1, 1, 1, 1, 2)
    late = {KEY: [spell(16.4)]}
    assert (quality.caught([ill], late, "storm").found, quality.caught([ill], late, "storm").in_time) == (0, 0)
    assert quality.before_limit(spells["q", "b"], at(9), at(14)) is None


def test_the_picture_is_sound():
    one = quality.Quality(10, 9, 0.9, 0.8, 0.1, 5, 0.7, 2, 0.5)
    names = [*quality.COLOURS, "engine, any level", *(f"NEWS2 >= {k}" for k in quality.CURVE)]
    kinds = {kind: quality.Caught(4, 4, 3, 3, 2, 1.5, 0.1) for kind in cohort.KINDS}
    drawn = quality.picture(dict.fromkeys(names, one), dict.fromkeys(quality.COLOURS, kinds))
    root = ElementTree.fromstring(drawn)
    assert root.get("viewBox") == "0 0 900 760"
    assert ElementTree.fromstring(quality.picture({}, dict.fromkeys(quality.COLOURS, kinds))) is not None
