"""The ward's measuring habits: counted over the ward, said only over enough readings, and never about a person."""

import uuid
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Observation, Vitals
from detox.reports.measuring_quality import figures, least_readings, ward_honesty
from detox.store.find_measuring_quality import MEASURED, readings

SET = {
    "systolic_mmhg": 123, "diastolic_mmhg": 77, "heart_rate_per_min": 71, "temperature_c": 36.7,
    "respiratory_rate_per_min": 15, "spo2_percent": 97,
}  # fmt: skip


def row(stay=0, **given):
    whole = SET | given
    return stay, tuple(whole[name] for name in MEASURED)


def figure(rows, habit):
    return next(f for f in figures(rows) if f.habit.startswith(habit))


def test_nothing_is_said_under_the_least_number_of_readings():
    assert all(f.share is None for f in figures([]))
    few = [row(temperature_c=36.0)] * (least_readings() - 1)
    assert figure(few, "Temperature").share is None
    assert figure([*few, row(temperature_c=36.0)], "Temperature").share == 1


def test_the_number_of_readings_behind_a_share_leaves_out_what_was_not_measured():
    rows = [row(temperature_c=None, systolic_mmhg=120)] * 40
    assert (figure(rows, "Temperature").of, figure(rows, "Systolic").of) == (0, 40)
    assert figure(rows, "Temperature").expected is None


def test_temperatures_of_exactly_36_against_their_neighbours_and_the_longest_runs():
    values = [36.0] * 5 + [35.9, 36.1, 36.1, 36.1] + [36.0] * 4 + [36.7] * 17 + [36.0] * 2
    found = figure([row(temperature_c=v) for v in values], "Temperature")
    assert (found.count, found.of) == (11, 32)
    assert found.expected == pytest.approx(2 / 32)
    assert found.longest == (5, 4), "two in a row are no run"


def test_a_run_does_not_go_on_from_one_patient_to_the_next():
    rows = [row(1, temperature_c=36.0, respiratory_rate_per_min=18)] * 2
    rows += [row(2, temperature_c=36.0, respiratory_rate_per_min=18)] * 2
    assert figure(rows, "Temperature").longest == ()
    assert figure(rows, "3 resp").of == 0
    assert (figure(rows, "Whole set").count, figure(rows, "Whole set").of) == (2, 2)


def test_a_set_without_the_vital_is_passed_over_and_does_not_break_a_run():
    rows = [row(temperature_c=t) for t in (36.0, None, 36.0, 36.0)]
    assert figure(rows, "Temperature").longest == (3,)


@pytest.mark.parametrize(("habit", "count", "expected"), [("Respiratory rate 18 or 20", 30, 0.4),
                                                         ("Respiratory rate 16", 10, 0.2)])  # fmt: skip
def test_rates_against_what_counting_would_give(habit, count, expected):
    rates = [18] * 20 + [20] * 10 + [16] * 10 + [17] * 10
    found = figure([row(respiratory_rate_per_min=float(r)) for r in rates], habit)
    assert (found.count, found.of, found.expected) == (count, 50, pytest.approx(expected))
    assert ("Badawy" in found.source) == (count == 30)


def test_last_digits():
    rows = [row(systolic_mmhg=s, diastolic_mmhg=d) for s, d in [(120, 80)] * 20 + [(121, 80)] * 20]
    assert figure(rows, "Systolic").share == 0.5
    assert figure(rows, "Diastolic").share == 1
    assert figure(rows, "Systolic").expected == 0.1


def test_the_same_set_again_counts_only_where_every_vital_was_measured():
    rows = [row(heart_rate_per_min=70)] * 3 + [
        row(heart_rate_per_min=72),
        row(heart_rate_per_min=72, spo2_percent=None),
    ]
    found = figure(rows, "Whole set")
    assert (found.count, found.of, found.share) == (2, 3, None)


def test_three_rates_in_a_row():
    rows = [row(respiratory_rate_per_min=float(r)) for r in (18, 18, 18, 18, 16, 18, 18, 18)]
    assert (figure(rows, "3 resp").count, figure(rows, "3 resp").of) == (3, 6)


def test_the_ward_is_read_for_thirty_days_without_replaced_sets(store, nurse, admit, ward, now):
    stay, gone = admit("Silva", bed="Bed 1", days_ago=60), admit("Osei", bed="Bed 2", days_ago=60)

    def keep(admission, days_ago, rate, **more):
        at = now - timedelta(days=days_ago)
        entry = Observation(uuid.uuid4().hex, admission.id, at, Vitals(respiratory_rate_per_min=rate), **more)
        return care.record(store, nurse, entry, now, confirmed=True).observation

    keep(stay, 31, 12)
    keep(stay, 3, 14)
    wrong = keep(stay, 2, 41)
    right = Observation(uuid.uuid4().hex, stay.id, wrong.taken_at, Vitals(respiratory_rate_per_min=14))
    care.amend(store, nurse, wrong.id, right, "digits", now, confirmed=True)
    keep(gone, 5, 16)
    care.discharge(store, nurse, gone.id, "home", now)
    at = MEASURED.index("respiratory_rate_per_min")
    with inside(store) as tx:
        read = [(number, values[at]) for number, values in readings(tx, ward.id, now - timedelta(days=30), now)]
        found = ward_honesty(tx, ward.id, now)
    by_stay = {}
    for number, rate in read:
        by_stay.setdefault(number, []).append(rate)
    assert sorted(by_stay.values()) == [[14, 14], [16]]
    assert found.sets == 3
    told = repr(found)
    assert not any(text in told for text in (nurse.name, nurse.id, "Silva", stay.id, stay.patient.id))


def test_another_wards_numbers_are_not_read(store, nurse, admission, now):
    with inside(store) as tx:
        assert list(readings(tx, "another", now - timedelta(days=30), now)) == []


def test_the_rows_are_found_by_an_index(store, ward, now):
    asked = []

    class Explaining:
        def execute(self, sql, values):
            asked.extend(r["detail"] for r in tx.execute(f"EXPLAIN QUERY PLAN {sql}", values))
            return tx.execute(sql, values)

    with inside(store) as tx:
        list(readings(Explaining(), ward.id, now - timedelta(days=30), now))
    assert asked
    assert not [line for line in asked if line.startswith("SCAN")]
