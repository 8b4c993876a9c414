"""How much may still be given: by the hours of the drug and the day of the ward, by the caps, with organs unknown."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.care.dose_counts import still_counts
from detox.clinical.model import Dose, HistoryAnswer, Observation
from detox.errors import NeedsConfirmation, Refused
from detox.store import find

HOUR = timedelta(hours=1)


@pytest.fixture
def by_order(give):
    """A dose signed by a physician, so that only amounts decide."""
    return lambda admission, drug, mg, **more: give(admission, drug, mg, "by my order", signed=True, **more)


# --- a daily dose given twice ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "twice"), [(20 * 60 - 1, True), (20 * 60, False), (20 * 60 + 1, False)])
def test_a_second_daily_dose_counts_by_the_hours_and_not_by_midnight(on, by_order, now, minutes, twice):
    admission = on("methadone", 30, 0)
    first = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)  # the evening before, 21:00 on the ward
    by_order(admission, "methadone", 30, at=first)
    second = first + timedelta(minutes=minutes)
    if twice:
        with pytest.raises(Refused, match="given twice: 30 mg were already given within 20 h, last Fri 21:00"):
            by_order(admission, "methadone", 30, at=second)
    else:
        assert by_order(admission, "methadone", 30, at=second).dose_mg == 30


def test_it_says_from_when_it_can_be_given(on, by_order):
    admission = on("methadone", 30, 0)
    by_order(admission, "methadone", 30, at=datetime(2026, 11, 20, 21, 0, tzinfo=UTC))
    with pytest.raises(Refused, match=r"can be given from Sat 21 Nov 17:00 on"):
        by_order(admission, "methadone", 30, at=datetime(2026, 11, 21, 7, 0, tzinfo=UTC))


def test_two_on_one_day_of_the_ward_are_too_many_though_hours_lie_between(on, by_order):
    admission = on("methadone", 30, 0)
    by_order(admission, "methadone", 30, at=datetime(2026, 11, 21, 0, 30, tzinfo=UTC))
    with pytest.raises(Refused, match="already given today"):
        by_order(admission, "methadone", 30, at=datetime(2026, 11, 21, 22, 30, tzinfo=UTC))


def test_a_dose_charted_late_counts_against_the_one_after_it(on, by_order, now):
    admission = on("methadone", 30, 0)
    by_order(admission, "methadone", 30, at=datetime(2026, 11, 21, 7, 0, tzinfo=UTC))
    with pytest.raises(Refused, match="given twice"):
        by_order(admission, "methadone", 30, at=now, given_at=datetime(2026, 11, 20, 21, 0, tzinfo=UTC))


def test_parts_of_a_day_go_on_over_a_step_down(on, by_order, store, physician):
    admission = on("buprenorphine", 8, 4, 0)
    evening = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    by_order(admission, "buprenorphine", 4, at=evening)
    with inside(store) as tx:
        plan = find.plans(tx, admission.id)[0]
    care.move_plan(store, physician, plan.id, 2, "settled", evening + 10 * HOUR)
    by_order(admission, "buprenorphine", 2, at=evening + 12 * HOUR)
    with pytest.raises(Refused, match="over the signed 4 mg"):
        by_order(admission, "buprenorphine", 4, at=evening + 13 * HOUR)


def test_what_was_given_elsewhere_the_evening_before_counts(on, by_order, store, nurse, now):
    admission = on("methadone", 30, 0)
    clinic = Dose("e", admission.id, None, "methadone", 30, "given", now - 19 * HOUR, "clinic", elsewhere=True)
    care.chart_other_dose(store, nurse, clinic, now)
    with pytest.raises(Refused, match=r"elsewhere \(clinic\)"):
        by_order(admission, "methadone", 30)


@pytest.mark.parametrize(("days", "twice"), [(1, True), (26.9, True), (27, False), (28, False)])
def test_an_injection_is_given_every_four_weeks(on, by_order, admit, store, physician, now, days, twice):
    admission = on("naltrexone_xr", 380, programme="naltrexone_start", days_ago=40)
    by_order(admission, "naltrexone_xr", 380, at=now - timedelta(days=days))
    if twice:
        with pytest.raises(Refused, match="380 mg are signed for 672 h"):
            by_order(admission, "naltrexone_xr", 380)
    else:
        by_order(admission, "naltrexone_xr", 380)


def test_what_still_counts_and_until_when():
    at = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)

    def given(hours, mg, drug="methadone", status="given"):
        return Dose(str(hours), "a", None, drug, mg, status, at - hours * HOUR)

    doses = [given(20, 5), given(19, 10), given(9, 20), given(8, 3, "clonidine"), given(7, 0, status="held")]
    assert still_counts(doses, "methadone", at) == (30, at + 11 * HOUR)
    assert still_counts(doses[:1], "methadone", at) is None


# --- caps ------------------------------------------------------------------------------------------------------------


def test_the_first_day_of_methadone_goes_on_over_midnight_and_the_next_day_is_another(on, by_order):
    admission = on("methadone", 60, programme="methadone_start")
    first = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    by_order(admission, "methadone", 30, at=first)
    with pytest.raises(Refused, match="day-1 total 41 mg, cap 40 mg"):
        by_order(admission, "methadone", 11, at=first + 4 * HOUR)
    by_order(admission, "methadone", 10, at=first + 4 * HOUR)
    by_order(admission, "methadone", 30, at=first + 24 * HOUR)


@pytest.mark.parametrize(("hours", "over"), [(23.9, True), (24, False)])
def test_the_daily_cap_of_lofexidine_counts_over_24_hours(on, by_order, hours, over):
    admission = on("lofexidine", 5.0, 0, programme="alpha2")
    start = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    for later in (0, 5, 10, 15):
        by_order(admission, "lofexidine", 0.72, at=start + later * HOUR)
    at = start + hours * HOUR
    if over:
        with pytest.raises(Refused, match=r"daily dose 3.6 mg, cap 2.88 mg"):
            by_order(admission, "lofexidine", 0.72, at=at)
    else:
        by_order(admission, "lofexidine", 0.72, at=at)


def test_medical_heroin_has_its_signed_plan_as_the_cap_and_says_so(on, by_order, store, manager, ward, now):
    care.allow_programmes(store, manager, ward.id, ["hat"], now - 48 * HOUR)
    admission = on("diamorphine", 200, programme="hat")
    with pytest.raises(Refused, match="no single and no daily maximum of diamorphine: the signed plan is the cap"):
        by_order(admission, "diamorphine", 201)
    assert by_order(admission, "diamorphine", 200).dose_mg == 200


# --- far less than is signed


@pytest.mark.parametrize(("mg", "asked"), [(0.02, True), (1.99, True), (2.0, False), (5.0, False), (20.0, False)])
def test_far_less_than_the_signed_dose_is_asked_about(on, take, store, nurse, now, mg, asked):
    admission = on("methadone", 20, 0)
    take(admission)
    dose = Dose(uuid.uuid4().hex, admission.id, None, "methadone", mg, "given", now, "")
    if asked:
        with pytest.raises(NeedsConfirmation, match=f"{mg:g} mg is less than 10% of the signed 20 mg a day"):
            care.chart_dose(store, nurse, dose, now)
    assert care.chart_dose(store, nurse, dose, now, confirmed=asked).dose_mg == mg


@pytest.mark.parametrize(("mg", "asked"), [(0.1, True), (0.18, False), (0.72, False)])
def test_the_usual_parts_of_an_alpha2_day_are_not_asked_about(on, take, give, mg, asked):
    admission = on("lofexidine", 2.88, 0, programme="alpha2")
    take(admission)
    if asked:
        with pytest.raises(NeedsConfirmation, match="0.1 mg is less than 5% of the signed 2.88 mg"):
            give(admission, "lofexidine", mg)
    else:
        assert give(admission, "lofexidine", mg).dose_mg == mg


def test_a_correction_to_far_less_is_asked_about_too(on, take, store, nurse, now):
    admission = on("methadone", 20, 0)
    take(admission)
    dose = care.chart_dose(store, nurse, Dose("d", admission.id, None, "methadone", 20, "given", now, ""), now)
    less = replace(dose, id="e", dose_mg=0.2)
    with pytest.raises(NeedsConfirmation, match="0.2 mg is less than"):
        care.amend_dose(store, nurse, dose.id, less, "typed wrong", now)
    assert care.amend_dose(store, nurse, dose.id, less, "typed wrong", now, confirmed=True).dose_mg == 0.2


# --- liver and kidneys unknown ---------------------------------------------------------------------------------------


def test_unknown_liver_and_kidneys_hold_lofexidine_to_the_strictest_row(on, take, give):
    admission = on("lofexidine", 2.16, 0, programme="alpha2", asked=False)
    take(admission)
    with pytest.raises(Refused, match="cap 0.18 mg while liver and kidneys not answered") as refused:
        give(admission, "lofexidine", 0.19, "Dr Lee", signed=True)
    assert "Answer it on the patient's page under Situation" in str(refused.value)
    for _ in range(4):
        give(admission, "lofexidine", 0.18)
    with pytest.raises(Refused, match="daily dose 0.9 mg, cap 0.72 mg"):
        give(admission, "lofexidine", 0.18)


@pytest.mark.parametrize(
    ("liver", "kidneys", "egfr", "fine"),
    [
        (None, "none", None, 0.18), ("none", None, None, 0.18), ("acute", "none", None, 0.18),
        ("none", None, 96.0, 0.72), ("none", "none", None, 0.72), ("a", "none", None, 0.54), (None, None, 96.0, 0.18),
    ],
)  # fmt: skip
def test_each_organ_has_to_be_answered(on, take, give, store, nurse, now, liver, kidneys, egfr, fine):
    admission = on("lofexidine", 2.16, 0, programme="alpha2", asked=False)
    take(admission)
    for name, value in (("liver", liver), ("kidneys", kidneys)):
        if value:
            care.state(store, nurse, HistoryAnswer(name, admission.id, name, value, "", now), now)
    if egfr:
        care.record(store, nurse, Observation("lab", admission.id, now, other={"egfr_ml_min": egfr}), now)
    with pytest.raises(Refused, match="Over limit"):
        give(admission, "lofexidine", round(fine + 0.01, 2))
    assert give(admission, "lofexidine", fine).dose_mg == fine


def test_other_drugs_do_not_ask_for_them(on, take, give):
    admission = on("clonidine", 0.3, 0, programme="alpha2", asked=False)
    take(admission)
    assert give(admission, "clonidine", 0.1).dose_mg == 0.1
