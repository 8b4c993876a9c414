"""What is looked at before a dose: each limit one below, at and above it; ages; missing is never clear."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical.administration import Counted, check_before, giving_file
from detox.clinical.dose_caps import most_within, over_caps, unanswered
from detox.clinical.model import Dose, HistoryAnswer, Observation, Vitals
from detox.errors import ProtocolError

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
WELL = Vitals(
    systolic_mmhg=122, diastolic_mmhg=78, heart_rate_per_min=72, temperature_c=36.8, respiratory_rate_per_min=16,
    spo2_percent=97, on_oxygen=False, consciousness="A", sedation="1", breath_alcohol_percent=0.0,
)  # fmt: skip
DRUGS = [drug for row in giving_file().before for drug in row.drugs]


def seen(minutes_ago=5, **values):
    return Observation(f"o{minutes_ago}", "a", NOW - timedelta(minutes=minutes_ago), replace(WELL, **values))


@pytest.mark.parametrize("drug", DRUGS)
def test_a_whole_normal_set_is_clear(drug):
    found = check_before(drug, [seen()], NOW)
    assert found.clear, [one.sentence for one in (*found.holds, *found.gaps)]
    assert {one.vital for one in found.checks} >= set(found.row.needs)


@pytest.mark.parametrize(
    ("drug", "vital", "holds", "clear"),
    [
        ("lofexidine", "systolic_mmhg", [89, 90], [91, 92]),
        ("lofexidine", "diastolic_mmhg", [48, 49], [50, 51]),
        ("clonidine", "heart_rate_per_min", [48, 49], [50, 51]),
        ("clonidine", "sedation", ["3", "4"], ["S", "1", "2"]),
        ("methadone", "respiratory_rate_per_min", [0, 8, 9], [10, 11]),
        ("buprenorphine", "spo2_percent", [90, 91], [92, 93]),
        ("methadone", "sedation", ["3", "4"], ["S", "1", "2"]),
        ("methadone", "consciousness", ["C", "V", "P", "U"], ["A"]),
        ("methadone", "systolic_mmhg", [89, 90], [91, 92]),
        ("methadone", "heart_rate_per_min", [39, 40], [41, 42]),
        ("methadone", "breath_alcohol_percent", [0.06, 0.051], [0.05, 0.04]),
        ("diamorphine", "respiratory_rate_per_min", [10, 11], [12, 13]),
        ("diamorphine", "spo2_percent", [92, 93], [94, 95]),
        ("diamorphine", "sedation", ["S", "2", "3", "4"], ["1"]),
        ("diamorphine", "breath_alcohol_percent", [0.051], [0.05, 0.0]),
    ],
)
def test_each_hold_at_its_edge(drug, vital, holds, clear):
    for value in holds:
        found = check_before(drug, [seen(**{vital: value})], NOW)
        assert [one.vital for one in found.holds] == [vital], value
    for value in clear:
        assert check_before(drug, [seen(**{vital: value})], NOW).clear, value


@pytest.mark.parametrize(("drug", "oldest"), [("lofexidine", 30), ("methadone", 60), ("diamorphine", 60)])
def test_a_reading_counts_up_to_its_age(drug, oldest):
    assert check_before(drug, [seen(oldest)], NOW).clear
    late = check_before(drug, [seen(oldest + 1)], NOW)
    assert {one.vital for one in late.gaps} == set(late.row.needs)
    assert not late.holds
    assert all("measure it first" in one.sentence for one in late.gaps)


@pytest.mark.parametrize("drug", DRUGS)
def test_nothing_measured_is_never_clear(drug):
    found = check_before(drug, [], NOW)
    assert {one.vital for one in found.gaps} == set(found.row.needs)
    assert not found.clear


def test_an_old_danger_still_holds_until_it_is_measured_again():
    low = seen(200, systolic_mmhg=80)
    assert [one.vital for one in check_before("lofexidine", [low], NOW).holds] == ["systolic_mmhg"]
    assert check_before("lofexidine", [low, seen(5)], NOW).clear


def test_a_reading_after_the_dose_says_nothing_about_it():
    at = NOW - timedelta(minutes=20)
    assert not check_before("methadone", [seen(5)], at).clear


def test_a_replaced_reading_says_nothing():
    wrong = replace(seen(5, respiratory_rate_per_min=6), replaced_by="later")
    assert check_before("methadone", [wrong, seen(6)], NOW).clear


def test_scale_two_moves_the_saturation_only_for_whom_it_is_prescribed():
    low = seen(spo2_percent=89)
    assert check_before("methadone", [low], NOW, 1).holds
    assert check_before("methadone", [low], NOW, 2).clear
    assert check_before("methadone", [seen(spo2_percent=83)], NOW, 2).holds


def test_a_drug_without_a_line_is_not_looked_at():
    found = check_before("naltrexone_xr", [], NOW)
    assert found.row is None
    assert found.clear


@given(st.sampled_from(DRUGS), st.lists(st.integers(0, 400), max_size=4), st.data())
def test_leaving_a_value_out_never_clears_a_dose(drug, ages, data):
    sets = [seen(age, heart_rate_per_min=data.draw(st.integers(35, 60))) for age in ages]
    whole = check_before(drug, sets, NOW)
    vital = data.draw(st.sampled_from(sorted(whole.row.needs)))
    without = [replace(o, vitals=replace(o.vitals, **{vital: None})) for o in sets]
    assert not check_before(drug, without, NOW).clear


# --- caps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drug", "programme", "setting", "conditions", "egfr", "given", "fine", "over"),
    [
        ("methadone", "methadone_start", "inpatient", [], None, 0, 30, 30.5),
        ("methadone", "methadone_start", "inpatient", [], None, 30, 10, 10.5),
        ("methadone", "methadone_start", "OTP", [], None, 30, 20, 20.5),
        ("lofexidine", "alpha2", "inpatient", [], None, 0, 0.72, 0.73),
        ("lofexidine", "alpha2", "inpatient", [], None, 2.16, 0.72, 0.73),
        ("lofexidine", "alpha2", "inpatient", [], 29, 0, 0.18, 0.19),
        ("lofexidine", "alpha2", "inpatient", [], 30, 0, 0.36, 0.37),
        ("lofexidine", "alpha2", "inpatient", [], 89, 0, 0.36, 0.37),
        ("lofexidine", "alpha2", "inpatient", ["Child-Pugh B"], None, 0, 0.36, 0.37),
        ("lofexidine", "alpha2", "inpatient", ["Child-Pugh C"], None, 0.54, 0.18, 0.19),
        ("lofexidine", "alpha2", "inpatient", ["severe renal impairment"], None, 0, 0.18, 0.19),
    ],
)
def test_each_cap_at_its_edge(drug, programme, setting, conditions, egfr, given, fine, over):
    assert over_caps(drug, fine, given, programme, setting, conditions, egfr, []) == []
    found = over_caps(drug, over, given, programme, setting, conditions, egfr, [])
    assert found
    assert all("cap" in sentence for sentence in found)


def test_a_maintained_patient_is_not_held_to_the_caps_of_a_start():
    assert over_caps("methadone", 90, 0, "maintenance_dot", "OTP", [], None, []) == []


# --- how doses are counted -------------------------------------------------------------------------------------------


def test_every_drug_of_a_plan_says_how_it_is_counted():
    for drug in ("methadone", "buprenorphine", "lofexidine", "clonidine", "diamorphine", "naltrexone_xr"):
        row = giving_file().counting(drug)
        assert timedelta(0) < row.apart <= timedelta(hours=row.every_h)
        assert row.source
    with pytest.raises(ProtocolError, match="aspirin"):
        giving_file().counting("aspirin")


def test_a_line_that_contradicts_itself_is_refused():
    line = {"drugs": ("x",), "every_h": 24.0, "early_h": 4.0, "source": "s", "evidence": "P"}
    assert Counted.model_validate(line).apart == timedelta(hours=20)
    for wrong in ({"early_h": 24.0}, {"first_day": True}, {"every_h": 0.0}):
        with pytest.raises(ValueError, match="x|greater"):
            Counted.model_validate(line | wrong)


def test_diamorphine_alone_has_no_cap_and_says_so():
    said = {drug for row in giving_file().counted for drug in row.drugs if row.no_cap}
    assert said == {"diamorphine"}


@given(st.lists(st.tuples(st.integers(-3000, 3000), st.integers(1, 9)), max_size=8), st.integers(1, 2000))
def test_the_most_within_a_span_is_what_some_span_around_the_dose_holds(doses, minutes):
    span = timedelta(minutes=minutes)
    given_doses = [
        Dose(str(n), "a", None, "x", mg, "given", NOW + timedelta(minutes=at)) for n, (at, mg) in enumerate(doses)
    ]
    slow = max(sum(mg for at, mg in doses if start <= at < start + minutes) for start in range(1 - minutes, 1))
    assert most_within(given_doses, NOW, span) == slow


# --- liver and kidneys unknown ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given_mg", "fine", "over"), [(0, 0.18, 0.19), (0.54, 0.18, 0.19), (0.6, 0.12, 0.13)])
@pytest.mark.parametrize("unknown", [["Liver"], ["Kidneys"], ["Liver", "Kidneys"]])
def test_unknown_is_the_strictest_row(given_mg, fine, over, unknown):
    assert over_caps("lofexidine", fine, given_mg, "alpha2", "inpatient", [], None, unknown) == []
    found = over_caps("lofexidine", over, given_mg, "alpha2", "inpatient", [], None, unknown)
    assert any("not answered" in sentence for sentence in found)
    assert over_caps("lofexidine", over, given_mg, "alpha2", "inpatient", [], None, []) == []


def test_unknown_lowers_no_other_drug():
    assert over_caps("clonidine", 0.3, 0, "alpha2", "inpatient", [], None, ["Liver", "Kidneys"]) == []


def test_who_has_answered_is_known():
    def fact(name, value):
        return HistoryAnswer(name, "a", name, value, "", NOW)

    assert unanswered({}, None) == ["Liver", "Kidneys"]
    assert unanswered({}, 90.0) == ["Liver"]
    assert unanswered({"liver": fact("liver", "c")}, None) == ["Kidneys"]
    assert unanswered({"liver": fact("liver", "acute"), "kidneys": fact("kidneys", "some")}, None) == ["Liver"]
    assert unanswered({"liver": fact("liver", "none"), "kidneys": fact("kidneys", "none")}, None) == []
