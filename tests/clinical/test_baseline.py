"""What is usual for this person: which readings make it, from when on it counts, and what somebody said of it."""

import statistics
from dataclasses import replace
from datetime import timedelta

import pytest
from alert_help import MIDNIGHT, observed
from hypothesis import given, settings
from hypothesis import strategies as st

from detox.clinical.alerts.folding import alerts_file
from detox.clinical.baseline import BASED, Baselines, Usual
from detox.clinical.looking_back import lookback_sets, measure_sets
from detox.clinical.measures import Measurer
from detox.clinical.model import Background, Baseline, Dose

CONTENT = alerts_file().baseline
SYSTOLIC = "systolic_mmhg"


def at(hours):
    return MIDNIGHT + timedelta(hours=hours)


def fed(sets, background=None):
    found = Baselines(CONTENT, background or Background())
    for one in sets:
        found.add(one)
    return found


def pressures(*values):
    return [observed(hour, systolic_mmhg=value) for hour, value in enumerate(values)]


def dose(hours, drug="methadone"):
    return Dose(f"{drug}{hours}", "a", None, drug, 10, "given", at(hours))


def said(value, hours=0, kind="usual", vital=SYSTOLIC):
    return Baseline(f"{vital}{kind}{hours}", "a", vital, value, kind, "said so", at(hours))


def level(background, *values, moment=50):
    found = fed(pressures(*values), background).usual(SYSTOLIC, None, at(moment))
    return None if found is None else found.low


# --- the first readings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), None),
        ((120,), None),
        ((120, 130), None),
        ((120, 130, 170), 130),
        ((120, 130, 170, 180), 150),
        ((120, 130, 170, 180, 190), 170),
        ((120, 130, 170, 180, 190, 200), 175),
        ((120, 130, 170, 180, 190, 200, 90), 175),
        ((120, 130, 170, 180, 190, 200, 90, 90, 90, 90), 175),
    ],
)
def test_the_median_of_the_first_three_to_six(values, expected):
    assert level(None, *values) == expected


@pytest.mark.parametrize("vital", BASED)
def test_each_vital_has_its_own(vital):
    found = fed([observed(hour, **{vital: value}) for hour, value in enumerate((90, 91, 95))])
    assert found.usual(vital, None, at(9)) == Usual(91, 91)
    assert all(found.usual(other, None, at(9)) is None for other in BASED if other != vital)


def test_readings_count_only_after_their_own_time():
    found = fed(pressures(120, 130, 140, 150))
    assert [found.usual(SYSTOLIC, None, at(h)) for h in (0, 1, 2)] == [None] * 3
    assert [found.usual(SYSTOLIC, None, at(h)).low for h in (3, 4)] == [130, 135]
    assert found.usual(SYSTOLIC, None, at(2) + timedelta(seconds=1)).low == 130


def measured(sets, background=None):
    measurer, seen = Measurer(alerts_file(), background or Background()), []
    for number, one in enumerate(sets):
        measurer.add(one)
        seen.append(measurer.measure(one, sets[max(0, number - measure_sets()) : number]))
    return [s.values for s in seen]


def test_a_reading_is_never_held_against_a_baseline_that_it_is_part_of():
    rises = [values.get("systolic_rise_mmhg") for values in measured(pressures(120, 120, 120, 160, 200))]
    assert rises == [None, None, None, 40, 80]


def test_nor_is_another_set_of_the_same_minute():
    sets = [*pressures(120, 120), replace(observed(2, systolic_mmhg=120), id="x"), observed(2, systolic_mmhg=180)]
    assert "systolic_rise_mmhg" not in measured(sets)[-1]
    assert measured([*sets, observed(3, systolic_mmhg=150)])[-1]["systolic_rise_mmhg"] == 30


@pytest.mark.parametrize(("without", "known"), [(8, True), (9, True), (10, False), (12, False)])
def test_only_the_first_twelve_sets_of_the_stay_are_looked_at(without, known):
    sets = [observed(h, heart_rate_per_min=70) for h in range(without)]
    sets += [observed(without + h, systolic_mmhg=120) for h in range(4)]
    assert (fed(sets).usual(SYSTOLIC, None, at(90)) is not None) is known


# --- before the first dose ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_at", "expected"),
    [
        (10, 150),  # all six came before it
        (3.5, 135),  # 120, 130, 140, 150
        (3, 135),  # the set at the time of the dose was taken before it took effect
        (2.5, 130),
        (1.5, 150),  # two are too few: then all six
        (-1, 150),
    ],
)
def test_where_there_are_enough_only_those_before_the_first_dose(given_at, expected):
    background = Background(doses=(dose(given_at), dose(given_at + 24)))
    assert level(background, 120, 130, 140, 160 if expected == 150 else 150, 170, 180) == expected


@pytest.mark.parametrize(
    "drug",
    ["methadone", "buprenorphine", "diamorphine", "morphine", "lofexidine", "clonidine", "oxycodone", "Subutex 8 mg sl",
     "Physeptone", "Catapresan"],
)  # fmt: skip
def test_every_opioid_and_alpha2_agonist_counts(drug):
    assert level(Background(doses=(dose(2.5, drug),)), 120, 120, 120, 180, 180, 180, 180) == 120


def test_another_drug_does_not():
    for drug in ("paracetamol", "naloxone", "beta_blocker", "diazepam"):
        assert level(Background(doses=(dose(2.5, drug),)), 120, 120, 120, 180, 180, 180) == 150


# --- sites --------------------------------------------------------------------------------------------------------


def test_temperatures_of_different_sites_do_not_mix():
    sets = [observed(h, temperature_c=36.5, temperature_site="oral") for h in range(3)]
    sets += [observed(3 + h, temperature_c=37.4, temperature_site="rectal") for h in range(3)]
    sets += [observed(6 + h, temperature_c=36.9) for h in range(2)]
    found = fed(sets)
    oral, rectal = (found.usual("temperature_c", site, at(20)) for site in ("oral", "rectal"))
    assert (oral.low, rectal.low) == (36.5, 37.4)
    assert found.usual("temperature_c", None, at(20)) is None


def test_a_site_given_with_another_vital_is_not_looked_at():
    assert fed(pressures(120, 120, 120)).usual(SYSTOLIC, "oral", at(9)).low == 120


# --- what somebody said -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("usual", "low", "high"), [(150, 120, 150), (100, 100, 120), (120, 120, 120)])
def test_a_usual_pressure_stands_beside_the_readings(usual, low, high):
    found = fed(pressures(120, 120, 120), Background(baselines=(said(usual),))).usual(SYSTOLIC, None, at(9))
    assert found == Usual(low, high, usual)


def test_a_rise_counts_from_the_lower_and_a_fall_from_the_higher():
    values = measured(pressures(120, 120, 120, 130), Background(baselines=(said(150),)))[-1]
    assert values["systolic_rise_mmhg"] == 10
    assert values["systolic_fall_mmhg"] == values["systolic_below_usual_mmhg"] == 20
    assert values["systolic_fall_percent"] == pytest.approx(100 * 20 / 150)


def test_below_usual_is_known_only_where_somebody_has_said_what_is_usual():
    assert "systolic_below_usual_mmhg" not in measured(pressures(160, 160, 160, 100))[-1]


def test_what_is_usual_counts_from_the_first_set_on():
    assert measured(pressures(110), Background(baselines=(said(160),)))[0]["systolic_fall_mmhg"] == 50


def test_anew_stands_in_the_place_of_the_readings():
    found = fed(pressures(120, 120, 120), Background(baselines=(said(150, kind="anew"),)))
    assert found.usual(SYSTOLIC, None, at(9)) == Usual(150, 150, 150)


def test_it_counts_from_when_it_was_said():
    found = fed(pressures(120, 120, 120), Background(baselines=(said(150, 5, "anew"),)))
    assert [found.usual(SYSTOLIC, None, at(h)).low for h in (4.99, 5, 6)] == [120, 150, 150]


def test_the_newest_word_counts():
    words = (said(150, 4, "anew"), said(140, 6), said(160, 8, "anew"))
    found = fed(pressures(120, 120, 120), Background(baselines=words))
    expected = [(120, 120, None), (150, 150, 150), (120, 140, 140), (160, 160, 160)]
    assert [found.usual(SYSTOLIC, None, at(h)) for h in (3, 5, 7, 9)] == [Usual(*e) for e in expected]


def test_what_was_said_of_one_vital_says_nothing_of_another():
    found = fed([], Background(baselines=(said(150),)))
    assert found.usual("heart_rate_per_min", None, at(9)) is None


# --- laws ---------------------------------------------------------------------------------------------------------

VITALS = st.fixed_dictionaries(
    {},
    optional={
        "systolic_mmhg": st.integers(80, 200),
        "heart_rate_per_min": st.integers(40, 150),
        "temperature_c": st.integers(350, 400).map(lambda t: t / 10),
        "temperature_site": st.sampled_from(["oral", "rectal"]),
        "respiratory_rate_per_min": st.integers(6, 30),
        "spo2_percent": st.integers(85, 100),
    },
)
HOURS = st.integers(0, 40).map(lambda n: n / 2)
ADMISSIONS = st.lists(st.tuples(HOURS, VITALS), min_size=1, max_size=24).map(
    lambda rows: [
        replace(observed(hours, **vitals), id=f"o{i}") for i, (hours, vitals) in enumerate(sorted(rows, key=first))
    ]
)
DOSES = st.lists(st.builds(dose, HOURS, st.sampled_from(["methadone", "clonidine", "paracetamol"])), max_size=3)
SAID = st.lists(st.builds(said, st.integers(100, 170), HOURS, st.sampled_from(["usual", "anew"])), max_size=2)


def first(row):
    return row[0]


@settings(max_examples=150, deadline=None)
@given(ADMISSIONS, DOSES, SAID)
def test_given_beforehand_or_fed_it_is_the_same(sets, doses, words):
    whole = Background(
        doses=tuple(sorted(doses, key=lambda d: d.given_at)), baselines=tuple(sorted(words, key=lambda b: b.set_at))
    )
    beforehand = replace(whole, first=tuple(sets[: CONTENT.within_sets]))
    assert measured(sets, beforehand) == measured(sets, whole)


@settings(max_examples=60, deadline=None)
@given(ADMISSIONS, st.integers(0, lookback_sets()))
def test_given_beforehand_it_is_the_same_for_the_end_of_a_stay(sets, left_out):
    left_out = min(left_out, len(sets) - 1)
    beforehand = Background(first=tuple(sets[: CONTENT.within_sets]), admitted_at=MIDNIGHT)
    of_all, of_end = Baselines(CONTENT, beforehand), Baselines(CONTENT, beforehand)
    for one in sets:
        of_all.add(one)
    for one in sets[left_out:]:
        of_end.add(one)
    moment = sets[-1].taken_at
    for vital in BASED:
        assert of_all.usual(vital, "oral", moment) == of_end.usual(vital, "oral", moment)


@settings(max_examples=100, deadline=None)
@given(ADMISSIONS)
def test_by_the_definition(sets):
    found = fed(sets)
    for moment in sorted({s.taken_at for s in sets}):
        early = [s.vitals.systolic_mmhg for s in sets[:12] if s.taken_at < moment]
        known = [value for value in early if value is not None][:6]
        expected = statistics.median(known) if len(known) >= 3 else None
        usual = found.usual(SYSTOLIC, None, moment)
        assert (usual.low if usual else None) == expected
