"""Doses without a plan: charted with where they came from, counted in the day's total, followed by the alerts."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.care.other_doses import chart_other_dose, other_drugs
from detox.clinical.model import Admission, Clinician, Dose, Observation, TaperPlan, TaperStep, Vitals
from detox.errors import Conflict, NotAllowed, Refused
from detox.reports import patient as reading
from detox.reports import suggesting
from detox.store import Store, find

Seen = Callable[..., Observation]
Answers = Callable[..., dict[str, dict[str, int]]]

Chart = Callable[..., Dose]

WORD = "ordered by Dr Lee"


def other(admission: Admission, at: datetime, drug: str = "naloxone", mg: float = 0.4, **change: object) -> Dose:
    whole = Dose(uuid.uuid4().hex, admission.id, None, drug, mg, "given", at, "ambulance, on the way")
    return replace(whole, **change)  # type: ignore[arg-type]


def open_rules(store: Store, admission: Admission) -> set[str]:
    with inside(store) as tx:
        return {a.finding.rule for a in find.open_alerts(tx, admission.id)}


@pytest.fixture
def plan(store: Store, physician: Clinician, admission: Admission, now: datetime) -> TaperPlan:
    """Methadone 30, 25, 0 mg, signed."""
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((30.0, 25.0, 0.0), start=1))
    wanted = TaperPlan(uuid.uuid4().hex, admission.id, "methadone", steps, 24, "", now)
    written = care.write_plan(store, physician, wanted, now)
    return care.sign_plan(store, physician, written.id, now)


@pytest.mark.parametrize(
    "drug", ["naloxone", "naltrexone", "morphine", "beta_blocker", "clonidine", "lofexidine", "methadone",
             "buprenorphine"],
)  # fmt: skip
def test_every_medicine_that_a_rule_asks_for_can_be_charted_without_a_plan(
    store: Store, nurse: Clinician, admission: Admission, now: datetime, drug: str
) -> None:
    kept = chart_other_dose(store, nurse, other(admission, now, drug, plan_id="p", reason="  GP   Dr Lee "), now)
    assert (kept.drug, kept.dose_mg, kept.plan_id, kept.reason) == (drug, 0.4, None, "GP Dr Lee")
    assert kept.recorded_by == nurse.name
    with inside(store) as tx:
        (event,) = tx.execute("SELECT * FROM audit_event WHERE verb = 'chart_other_dose'").fetchall()
    assert (event["subject_id"], event["admission_id"]) == (kept.id, admission.id)
    assert "GP Dr Lee" in event["detail"]


@pytest.mark.parametrize("drug", other_drugs())
def test_a_drug_is_charted_under_its_own_id(
    store: Store, nurse: Clinician, admission: Admission, now: datetime, drug: str
) -> None:
    kept = chart_other_dose(store, nurse, other(admission, now, drug), now)
    assert (kept.drug, kept.reason) == (drug, "ambulance, on the way")


@pytest.mark.parametrize(
    ("called", "drug"),
    [("Subutex", "buprenorphine"), ("Physeptone", "methadone"), ("Catapres", "clonidine"),
     ("Vivitrol", "naltrexone_xr"), ("Valium", "diazepam"), ("heroin", "diamorphine"), ("metoprolol", "beta_blocker"),
     ("OxyContin", "oxycodone")],
)  # fmt: skip
def test_a_brand_is_kept_under_its_substance_and_stays_readable(
    store: Store, nurse: Clinician, admission: Admission, now: datetime, called: str, drug: str
) -> None:
    dose = other(admission, now, called)
    kept = chart_other_dose(store, nurse, dose, now)
    assert (kept.drug, kept.reason) == (drug, f"ambulance, on the way (charted as {called})")
    assert chart_other_dose(store, nurse, dose, now) == kept


@pytest.mark.parametrize("called", ["aspirin", "Subutex and Valium", "methadone or morphine"])
def test_what_is_not_one_drug_of_the_list_is_refused_with_what_can_be_chosen(
    store: Store, nurse: Clinician, admission: Admission, now: datetime, called: str
) -> None:
    with pytest.raises(Refused) as refused:
        chart_other_dose(store, nurse, other(admission, now, called), now)
    assert called in refused.value.problems["drug"]
    assert all(name in refused.value.problems["drug"] for name in other_drugs())


def test_a_name_whose_milligrams_are_others_is_not_charted_under_the_substance(
    store: Store, nurse: Clinician, admission: Admission, now: datetime
) -> None:
    with pytest.raises(Refused, match="milligrams of L-Polamidon are not those of methadone"):
        chart_other_dose(store, nurse, other(admission, now, "L-Polamidon", 30), now)


def test_methadone_given_here_holds_a_plan_of_buprenorphine(
    store: Store, nurse: Clinician, physician: Clinician, admission: Admission, seen: Seen,
    vitals: Callable[..., Vitals], cows: Answers, now: datetime,
) -> None:  # fmt: skip
    steps = (TaperStep(1, 8), TaperStep(2, 0))
    written = care.write_plan(store, physician, TaperPlan("b", admission.id, "buprenorphine", steps, 24, "", now), now)
    care.sign_plan(store, physician, written.id, now)
    care.record(store, nurse, seen(vitals=vitals(), answers=cows(), minutes_ago=20), now, confirmed=True)
    chart_other_dose(store, nurse, other(admission, now - timedelta(hours=3), "Physeptone", 60), now)
    with inside(store) as tx:
        found = suggesting.current(tx, admission, now)
    assert (found.suggestion_class, found.dose_action) == ("HOLD_CALL", "withhold")
    assert "A14" in found.rules


def test_every_problem_is_told_at_once_and_nothing_is_kept(
    store: Store, nurse: Clinician, admission: Admission, now: datetime
) -> None:
    wrong = other(admission, now + timedelta(hours=1), "aspirin", 0, status="held", reason=" \u200b ")
    with pytest.raises(Refused) as refused:
        chart_other_dose(store, nurse, wrong, now)
    assert set(refused.value.problems) == {"drug", "status", "dose_mg", "given_at", "reason"}
    assert all(name in refused.value.problems["drug"] for name in other_drugs())
    with inside(store) as tx:
        assert find.doses(tx, admission.id) == []


@pytest.mark.parametrize("mg", [-1.0, 0.0, float("nan"), float("inf")])
def test_an_amount_is_an_amount(store: Store, nurse: Clinician, admission: Admission, now: datetime, mg: float) -> None:
    with pytest.raises(Refused, match="amount in mg"):
        chart_other_dose(store, nurse, other(admission, now, mg=mg), now)


def test_a_manager_charts_none(store: Store, manager: Clinician, admission: Admission, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        chart_other_dose(store, manager, other(admission, now), now)


def test_sending_twice_keeps_one_and_another_dose_under_the_id_is_a_conflict(
    store: Store, nurse: Clinician, admission: Admission, now: datetime
) -> None:
    dose = other(admission, now)
    first = chart_other_dose(store, nurse, dose, now)
    assert chart_other_dose(store, nurse, dose, now + timedelta(minutes=1)) == first
    for changed in (replace(dose, dose_mg=0.8), replace(dose, reason="ward stock"), replace(dose, drug="morphine")):
        with pytest.raises(Conflict, match="another dose"):
            chart_other_dose(store, nurse, changed, now)
    with inside(store) as tx:
        assert find.doses(tx, admission.id) == [first]


def test_nothing_is_charted_after_discharge(
    store: Store, nurse: Clinician, admission: Admission, now: datetime
) -> None:
    care.discharge(store, nurse, admission.id, "goes home", now)
    with pytest.raises(Conflict, match="discharged"):
        chart_other_dose(store, nurse, other(admission, now), now)


def test_a_dose_from_elsewhere_counts_towards_the_signed_daily_dose(
    store: Store, nurse: Clinician, admission: Admission, plan: TaperPlan, now: datetime, chart: Chart
) -> None:
    morning = now - timedelta(hours=12)
    kept = chart_other_dose(store, nurse, other(admission, morning, "methadone", 20, reason="clinic"), now)
    assert kept.plan_id is None
    with pytest.raises(Refused, match=r"15 mg is over the signed 30 mg a day. 20 mg were already given today"):
        chart(Dose("d", admission.id, None, "methadone", 15, "given", now, WORD), now)
    rest = chart(Dose("e", admission.id, None, "methadone", 10, "given", now, WORD), now)
    assert rest.plan_id == plan.id
    with inside(store) as tx:
        ward = find.wards(tx)[0]
        today = reading.page(tx, ward, admission.id, now, 24).days[0]
    assert today.given_mg == 30


def test_another_medicine_leaves_the_signed_daily_dose_alone(
    store: Store, nurse: Clinician, admission: Admission, plan: TaperPlan, now: datetime, chart: Chart
) -> None:
    chart_other_dose(store, nurse, other(admission, now, "morphine", 20), now)
    kept = chart(Dose("d", admission.id, None, "methadone", 30, "given", now, WORD), now)
    assert kept.dose_mg == 30


def test_a_dose_from_elsewhere_may_be_over_the_order_because_it_happened(
    store: Store, nurse: Clinician, admission: Admission, plan: TaperPlan, now: datetime, chart: Chart
) -> None:
    kept = chart_other_dose(store, nurse, other(admission, now, "methadone", 80, reason="clinic"), now)
    assert kept.dose_mg == 80
    with pytest.raises(Refused, match="80 mg were already given"):
        chart(Dose("d", admission.id, None, "methadone", 5, "given", now, WORD), now)


@pytest.mark.parametrize("late", [False, True])
def test_alerts_follow_a_dose_whether_it_was_charted_before_the_readings_or_after(
    store: Store, nurse: Clinician, admission: Admission, seen: Seen, cows: Answers, now: datetime, late: bool
) -> None:
    before = seen(vitals=Vitals(heart_rate_per_min=76), answers=cows(), minutes_ago=90)
    after = seen(vitals=Vitals(heart_rate_per_min=76), answers=cows(sweating=4, gi_upset=5, tremor=4), minutes_ago=10)
    dose = other(admission, now - timedelta(minutes=50))
    care.record(store, nurse, before, now, confirmed=True)
    if not late:
        chart_other_dose(store, nurse, dose, now)
    care.record(store, nurse, after, now, confirmed=True)
    if late:
        assert "precipitated" not in open_rules(store, admission)
        chart_other_dose(store, nurse, dose, now)
    assert "precipitated" in open_rules(store, admission)


def test_alerts_follow_a_dose_of_the_plan_that_is_charted_late(
    store: Store, nurse: Clinician, physician: Clinician, admission: Admission, seen: Seen, cows: Answers,
    now: datetime, chart: Chart,
) -> None:  # fmt: skip
    steps = (TaperStep(1, 8), TaperStep(2, 0))
    written = care.write_plan(store, physician, TaperPlan("b", admission.id, "buprenorphine", steps, 24, "", now), now)
    care.sign_plan(store, physician, written.id, now)
    for answers, ago in ((cows(), 90), (cows(sweating=4, gi_upset=5, tremor=4), 10)):
        entry = seen(vitals=Vitals(heart_rate_per_min=76), answers=answers, minutes_ago=ago)
        care.record(store, nurse, entry, now, confirmed=True)
    at = now - timedelta(minutes=50)
    chart(Dose("r", admission.id, None, "buprenorphine", 0, "refused", at, "not now"), now)
    assert "precipitated" not in open_rules(store, admission)
    chart(Dose("g", admission.id, None, "buprenorphine", 8, "given", at, WORD), now)
    assert "precipitated" in open_rules(store, admission)


def test_a_dose_newer_than_every_reading_changes_no_alert(
    store: Store, nurse: Clinician, admission: Admission, seen: Seen, now: datetime
) -> None:
    care.record(store, nurse, seen(vitals=Vitals(systolic_mmhg=190), minutes_ago=20), now)
    before = open_rules(store, admission)
    chart_other_dose(store, nurse, other(admission, now), now)
    assert open_rules(store, admission) == before


def test_the_suggestion_sees_the_plans_doses_as_before_and_the_others_beside_them(
    store: Store, nurse: Clinician, admission: Admission, plan: TaperPlan, seen: Seen,
    vitals: Callable[..., Vitals], cows: Answers, now: datetime, chart: Chart,
) -> None:  # fmt: skip
    def suggested() -> tuple[list[tuple[object, object]], str, set[str]]:
        with inside(store) as tx:
            case = suggesting.case_of(tx, admission, now)
            made = suggesting.current(tx, admission, now)
        doses: list[dict[str, object]] = case["doses"]  # type: ignore[assignment]
        return [(d["drug"], d["mg"]) for d in doses], made.suggestion_class, set(made.rules)

    care.record(store, nurse, seen(vitals=vitals(), answers=cows(), minutes_ago=20), now, confirmed=True)
    given = now - timedelta(hours=3)
    chart(Dose("d", admission.id, None, "methadone", 30, "given", given, WORD), now)
    before = suggested()
    assert before[0] == [("methadone", 30)]
    chart_other_dose(store, nurse, other(admission, now - timedelta(hours=2), "beta_blocker", 40), now)
    assert suggested() == ([("methadone", 30), ("beta_blocker", 40)], *before[1:])
    chart_other_dose(store, nurse, other(admission, now - timedelta(hours=1), "naloxone", 0.4), now)
    assert "A03" in suggested()[2]
