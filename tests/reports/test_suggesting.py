"""The case built from the database: what is kept arrives, what is not charted stays absent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.case import read_case
from detox.clinical.model import Decision, Dose, TaperPlan, TaperStep
from detox.reports import suggesting
from detox.store import find


@pytest.fixture
def case(store, admission, now):
    def build(at=None):
        with inside(store) as tx:
            return suggesting.case_of(tx, find.admission(tx, admission.id), at or now)

    return build


@pytest.fixture
def plan(store, physician, admission, now):
    def build(signed_h_ago=30.0, mg=(8.0, 6.0, 4.0, 0.0)):
        at = now - timedelta(hours=signed_h_ago)
        steps = tuple(TaperStep(n, m) for n, m in enumerate(mg, start=1))
        care.write_plan(store, physician, TaperPlan("p", admission.id, "buprenorphine", steps, 24.0, "", at), at)
        return care.sign_plan(store, physician, "p", at)

    return build


@pytest.fixture
def recorded(store, nurse, seen, vitals, cows, now):
    def build(minutes_ago=20.0, by=None, **given):
        whole = {"vitals": vitals(), "answers": cows(tremor=2)} | given
        entry = seen(minutes_ago=minutes_ago, **whole)
        return care.record(store, by or nurse, entry, now - timedelta(minutes=minutes_ago), confirmed=True).observation

    return build


def test_nothing_charted_stays_absent(case, admission):
    raw = case()
    assert raw["id"] == admission.id
    assert raw["patient"] == {"age": 35, "sex_at_birth": "F", "pregnancy": "negative"}
    assert raw["plan"] == {"day": 3}
    assert not {"doses", "events", "observations"} & raw.keys()
    assert raw["opioid_use"] == {"opioid": "heroin"}
    assert read_case(raw).plan.drug is None


def test_nothing_charted_suggests_nothing(store, admission, now):
    with inside(store) as tx:
        found = suggesting.current(tx, admission, now)
    assert found.suggestion_class == "NO_SUGGESTION"
    assert found.as_dict(now)["expires_at"] is None


def test_scale_1_is_a_default_and_is_not_said(case, admit, store, now):
    assert "spo2_scale" not in case()["plan"]
    other = admit("Two", bed="Bed 2", spo2_scale=2)
    with inside(store) as tx:
        assert suggesting.case_of(tx, other, now)["plan"]["spo2_scale"] == 2


def test_an_observation_arrives_under_its_short_names(case, recorded, vitals, cows):
    recorded(34.2, vitals=vitals(heart_rate_per_min=104.0), answers=cows(tremor=2, gi_upset=3))
    (found,) = case()["observations"]
    assert found["min_ago"] == 35
    assert found["by"] == "N. Test"
    assert found["vitals"] == {
        "rr": 14.0, "spo2": 98.0, "hr": 104.0, "sbp": 124.0, "dbp": 78.0, "temp_c": 36.8, "poss": "1", "avpu": "A",
    }  # fmt: skip
    assert found["cows"]["total"] == 7
    assert found["cows"]["items"]["pulse"] == 2
    assert found["cows"]["items"]["gi"] == 3
    assert len(found["cows"]["items"]) == 11


def test_a_missing_item_and_a_missing_vital_are_absent(case, recorded, vitals, cows):
    recorded(5, vitals=vitals(spo2_percent=None), answers=cows(tremor=2, yawning=None))
    (found,) = case()["observations"]
    assert "total" not in found["cows"]
    assert "yawning" not in found["cows"]["items"]
    assert "spo2" not in found["vitals"]


def test_asleep_is_an_event_and_no_score(case, recorded, vitals):
    recorded(12, vitals=vitals(systolic_mmhg=None, diastolic_mmhg=None), answers={}, not_done="asleep")
    raw = case()
    assert raw["events"] == [{"type": "cows_not_assessed_asleep", "h_ago": 0.2}]
    assert "cows" not in raw["observations"][0]


def test_a_replaced_set_does_not_count(case, recorded, store, nurse, seen, vitals, cows, now):
    wrong = recorded(30, vitals=vitals(heart_rate_per_min=176.0))
    right = replace(seen(minutes_ago=30, vitals=vitals(), answers=cows(tremor=2)))
    care.amend(store, nurse, wrong.id, right, "typed 176 for 76", now, confirmed=True)
    assert [o["vitals"]["hr"] for o in case()["observations"]] == [76.0]


@pytest.mark.parametrize(("hours", "due"), [(23.9, False), (24.0, True), (24.1, True)])
def test_a_step_is_due_once_its_hours_are_over(case, plan, hours, due):
    plan(hours)
    assert case()["plan"]["step_due"] is due


def test_the_signed_plan_where_it_stands(case, plan):
    plan(30)
    assert case()["plan"] == {
        "day": 3, "drug": "buprenorphine", "dose_asked": False, "daily_levels": True, "signed": True,
        "current_mg": 8.0, "next_mg": 6.0,
        "step_due": True,
        "hours_since_last_step": 30.0, "min_step_interval_h": 24.0, "failed_step_downs": 0, "days_at_dose": 2,
    }  # fmt: skip


def decide(store, physician, admission, now, chosen, plan_id="p"):
    with inside(store) as tx:
        basis = find.basis_of(tx, admission.id)
    shown = {"class": chosen, "rules": ["D02"]}
    made = Decision(f"d{now}", admission.id, "accepted", chosen, "", now, "", shown)
    return care.decide(store, physician, made, plan_id, basis, now)


def test_after_a_step_down_the_step_above_is_the_previous_one(case, plan, store, physician, admission, now):
    plan(50)
    decide(store, physician, admission, now - timedelta(hours=2), "STEP_DOWN")
    found = case()["plan"]
    assert (found["previous_mg"], found["current_mg"], found["next_mg"]) == (8.0, 6.0, 4.0)
    assert found["step_due"] is False
    decide(store, physician, admission, now - timedelta(hours=1), "STEP_UP")
    found = case()["plan"]
    assert (found["current_mg"], found["failed_step_downs"]) == (8.0, 1)
    assert "previous_mg" not in found


def test_a_draft_is_not_signed_and_the_signed_one_goes_first(case, plan, store, physician, admission, now):
    plan(30)
    steps = (TaperStep(1, 2.0), TaperStep(2, 0.0))
    care.write_plan(store, physician, TaperPlan("q", admission.id, "methadone", steps, 24.0, "", now), now)
    assert case()["plan"]["drug"] == "buprenorphine"
    care.end_plan(store, physician, "p", "other drug", now)
    assert (case()["plan"]["drug"], case()["plan"]["signed"]) == ("methadone", False)


def dose(chart, admission, at, status="given", mg=8.0):
    entry = Dose(
        f"dose {at}",
        admission.id,
        None,
        "buprenorphine",
        mg,
        status,
        at,
        "asleep" if status != "given" else "ordered by Dr Lee",
    )
    return chart(entry, at)


def test_only_given_doses_were_given(case, plan, chart, admission, now):
    plan(40)
    dose(chart, admission, now - timedelta(hours=5))
    dose(chart, admission, now - timedelta(hours=3), "held")
    assert case()["doses"] == [{"drug": "buprenorphine", "mg": 8.0, "h_ago": 5.0}]


def test_missed_days_are_charted_days_and_nothing_else(case, plan, chart, admission, now):
    plan(46)
    assert "missed_days" not in case()["plan"]
    dose(chart, admission, now - timedelta(hours=24), "refused")
    assert case()["plan"]["missed_days"] == 1
    dose(chart, admission, now - timedelta(hours=1))
    assert case()["plan"]["missed_days"] == 0


def test_a_physicians_answer_clears_a_danger_a_nurses_does_not(
    case, recorded, vitals, store, nurse, physician, admission, now
):
    recorded(60, vitals=vitals(respiratory_rate_per_min=7.0))
    with inside(store) as tx:
        worst = next(a for a in find.open_alerts(tx, admission.id) if a.finding.level == "critical")
    care.acknowledge(store, nurse, worst.id, "called", now - timedelta(minutes=50))
    assert "events" not in case()
    care.acknowledge(store, physician, worst.id, "seen", now - timedelta(minutes=30))
    assert case()["events"] == [
        {"type": "danger_flag", "h_ago": 0.5, "acknowledged_by_physician": True, "answers": ["rr"]}
    ]


def test_a_correction_after_a_decision_takes_its_ground(
    case, recorded, plan, store, nurse, physician, admission, seen, vitals, cows, now
):
    plan(30)
    wrong = recorded(120)
    decide(store, physician, admission, now - timedelta(minutes=90), "CONTINUE")
    assert {e["type"] for e in case()["events"]} == {"danger_flag"}
    right = seen(minutes_ago=120, vitals=vitals(), answers=cows(tremor=4))
    care.amend(store, nurse, wrong.id, right, "tremor was 4", now - timedelta(minutes=60), confirmed=True)
    (found,) = [e for e in case()["events"] if e["type"] == "basis_corrected"]
    assert found == {
        "type": "basis_corrected",
        "h_ago": 1.0,
        "suggestion": "CONTINUE",
        "approved": True,
        "dose_given": False,
    }
    decide(store, physician, admission, now - timedelta(minutes=30), "HOLD_STEP")
    assert not [e for e in case()["events"] if e["type"] == "basis_corrected"]


def test_a_tablet_a_minute_ahead_counts_as_now(case, recorded, now):
    recorded(-1)
    assert case()["observations"][0]["min_ago"] == 0


def test_hours_since_the_last_use(store, admit, now):
    used = admit("Use", bed="Bed 9", last_use_at=now - timedelta(hours=60))
    with inside(store) as tx:
        assert suggesting.case_of(tx, used, now)["opioid_use"] == {"opioid": "heroin", "h_ago": 60.0}


def test_every_case_can_be_read(case, recorded, plan):
    plan()
    recorded(300)
    recorded(20, not_done="refused")
    assert read_case(case()).programme == "taper"


# --- what an answer speaks of ----------------------------------------------------------------------------------------


def rules(store, admission, at):
    with inside(store) as tx:
        return set(suggesting.current(tx, find.admission(tx, admission.id), at).rules)


def decide_on_it(store, physician, admission, at, verdict="declined"):
    with inside(store) as tx:
        shown = suggesting.current(tx, find.admission(tx, admission.id), at).as_dict(at)
        basis = find.basis_of(tx, admission.id)
    made = Decision(f"s{at}", admission.id, verdict, "DECLINED", "seen", at, "", shown)
    return care.decide(store, physician, made, None, basis, at)


def test_an_answer_to_one_alert_leaves_other_dangers_standing(recorded, vitals, store, physician, admission, now):
    recorded(60, vitals=vitals(respiratory_rate_per_min=7.0, systolic_mmhg=192.0))
    recorded(52, vitals=vitals(respiratory_rate_per_min=7.0, systolic_mmhg=192.0))
    recorded(5)
    assert {"A01", "A06"} <= rules(store, admission, now)
    with inside(store) as tx:
        alerts = [a for a in find.alerts(tx, admission.id) if a.finding.level == "critical"]
    breathing = next(a for a in alerts if a.finding.problem == "breathing")
    care.acknowledge(store, physician, breathing.id, "naloxone ready", now - timedelta(minutes=4))
    left = rules(store, admission, now)
    assert "A06" in left
    assert not {"A01", "A02"} & left


def test_a_decision_answers_what_it_was_shown_and_nothing_that_came_later(
    recorded, vitals, store, physician, admission, now
):
    recorded(120, vitals=vitals(systolic_mmhg=192.0))
    decide_on_it(store, physician, admission, now - timedelta(minutes=100))
    recorded(90)
    assert "A06" not in rules(store, admission, now - timedelta(minutes=90))
    recorded(80, vitals=vitals(systolic_mmhg=194.0))
    recorded(70)
    assert "A06" in rules(store, admission, now), "the same rule, a later reading"


def test_a_reading_typed_in_after_the_decision_was_not_shown(
    recorded, vitals, seen, store, nurse, physician, admission, now
):
    recorded(120)
    decide_on_it(store, physician, admission, now - timedelta(minutes=60))
    late = seen(minutes_ago=90, vitals=vitals(systolic_mmhg=192.0))
    care.record(store, nurse, late, now - timedelta(minutes=30), confirmed=True)
    decided = now - timedelta(minutes=60)
    recorded(5)
    assert "A06" in rules(store, admission, now), decided


@pytest.mark.parametrize("days", [2, 4, 9])
def test_a_danger_that_nobody_answered_stays_at_any_age(admit, store, nurse, physician, vitals, seen, now, days):
    stay = admit("Old", days_ago=10)
    for at, values in ((now - timedelta(days=days), {"systolic_mmhg": 192.0}), (now - timedelta(minutes=5), {})):
        care.record(
            store, nurse, replace(seen(vitals=vitals(**values)), admission_id=stay.id, taken_at=at), at, confirmed=True
        )
    assert "A06" in rules(store, stay, now)
    decide_on_it(store, physician, stay, now)
    assert "A06" not in rules(store, stay, now)


@pytest.mark.parametrize("days", [2, 5])
def test_so_does_a_sign_that_is_not_measured_again(admit, store, nurse, physician, seen, now, days):
    stay = admit("Old", days_ago=10)
    at = now - timedelta(days=days)
    care.record(store, nurse, replace(seen(other={"seizure": 1}), admission_id=stay.id, taken_at=at), at)
    assert "A05" in rules(store, stay, now)
    decide_on_it(store, physician, stay, now)
    assert "A05" not in rules(store, stay, now)


def test_what_was_no_danger_is_not_read_for_ever(admit, store, nurse, vitals, cows, seen, now):
    stay = admit("Calm", days_ago=10)
    at = now - timedelta(days=4)
    calm = replace(seen(vitals=vitals(), answers=cows(tremor=2)), admission_id=stay.id, taken_at=at)
    care.record(store, nurse, calm, at)
    with inside(store) as tx:
        assert "observations" not in suggesting.case_of(tx, stay, now)


def test_a_corrected_danger_is_gone(admit, store, nurse, vitals, seen, now):
    stay = admit("Slip", days_ago=10)
    at = now - timedelta(days=4)
    wrong = replace(seen(vitals=vitals(systolic_mmhg=192.0)), admission_id=stay.id, taken_at=at)
    care.record(store, nurse, wrong, at, confirmed=True)
    assert "A06" in rules(store, stay, now)
    right = replace(wrong, id="right", vitals=vitals())
    care.amend(store, nurse, wrong.id, right, "typed 192 for 129", now, confirmed=True)
    assert "A06" not in rules(store, stay, now)
