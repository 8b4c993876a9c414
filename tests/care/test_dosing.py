"""Doses: held by what was measured, capped by the label, seen by two where the ward asks, brought up again."""

import uuid
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.care.dose_holds import look
from detox.clinical.model import Dose, HistoryAnswer, Observation, TaperPlan, TaperStep
from detox.errors import Conflict, NotFound, Refused

MINUTE = timedelta(minutes=1)


def test_a_clear_set_lets_a_dose_be_charted(on, take, give, kept):
    stay = on("lofexidine", 2.16, 1.44, 0, programme="alpha2")
    take(stay)
    give(stay, "lofexidine", 0.54)
    assert [(d.dose_mg, d.status, d.reason) for d in kept(stay)] == [(0.54, "given", "")]


def test_a_low_pressure_holds_an_alpha2_dose_and_says_so(on, take, give, kept):
    stay = on("lofexidine", 2.16, 0, programme="alpha2")
    take(stay, systolic_mmhg=88)
    with pytest.raises(Refused) as refused:
        give(stay, "lofexidine", 0.54)
    assert "88 mmHg 5 min ago: at or below 90 mmHg" in refused.value.problems["systolic_mmhg"]
    assert "call the physician" in refused.value.problems["reason"]
    assert kept(stay) == []


def test_old_vitals_have_to_be_taken_first(on, take, give, kept):
    stay = on("lofexidine", 2.16, 0, programme="alpha2")
    take(stay, minutes_ago=31)
    with pytest.raises(Refused) as refused:
        give(stay, "lofexidine", 0.54)
    assert "31 min old, at most 30 min" in refused.value.problems["systolic_mmhg"]
    assert "Take these vitals first" in refused.value.problems["reason"]
    assert kept(stay) == []


def test_only_a_physicians_signature_passes_over_a_hold_and_the_trail_tells_what_was_passed_over(
    on, take, give, kept, store, physician
):
    stay = on("methadone", 20, 0)
    take(stay, respiratory_rate_per_min=9)
    why = "Dr Lee at the bed: pain, breathing counted again 12"
    with pytest.raises(Refused, match="that physician signs here"):
        give(stay, "methadone", 20, reason=why)
    with pytest.raises(Refused, match="Say why it is given all the same"):
        give(stay, "methadone", 20, signed=True)
    assert kept(stay) == []
    give(stay, "methadone", 20, reason=why, signed=True)
    assert (kept(stay)[0].reason, kept(stay)[0].over_hold) == (why, physician.name)
    with inside(store) as tx:
        rows = tx.execute("SELECT detail FROM audit_event WHERE verb = 'chart_dose'").fetchall()
    assert "Respiratory rate 9 /min 5 min ago: below 10" in rows[0]["detail"]
    assert '"signed_with": "password"' in rows[0]["detail"]


def test_a_dose_charted_late_is_judged_by_what_was_known_when_it_was_given(on, take, give):
    stay = on("methadone", 20, 0)
    take(stay, minutes_ago=130)
    give(stay, "methadone", 10, ago=100)
    with pytest.raises(Refused, match="at most 60 min"):
        give(stay, "methadone", 10, ago=10, reason="no time")


@pytest.mark.parametrize("status", ["held", "refused"])
def test_what_is_not_given_needs_no_vitals(on, give, kept, status):
    stay = on("methadone", 20, 0)
    give(stay, "methadone", 0, reason="drowsy", status=status)
    assert kept(stay)[0].status == status


# --- caps ------------------------------------------------------------------------------------------------------------


def test_the_liver_lowers_the_cap_of_lofexidine(on, take, give, store, nurse, now):
    stay = on("lofexidine", 2.16, 0, programme="alpha2")
    take(stay)
    give(stay, "lofexidine", 0.54)
    care.state(store, nurse, HistoryAnswer("f", stay.id, "liver", "c", "", now), now)
    with pytest.raises(Refused, match="Child-Pugh C"):
        give(stay, "lofexidine", 0.54, reason="Dr Lee")


def test_so_does_a_charted_egfr(on, take, give, store, nurse, now):
    stay = on("lofexidine", 0.72, 0, programme="alpha2")
    take(stay)
    care.record(store, nurse, Observation("lab", stay.id, now, other={"egfr_ml_min": 24}), now)
    with pytest.raises(Refused, match="eGFR 24"):
        give(stay, "lofexidine", 0.36)
    assert give(stay, "lofexidine", 0.18).dose_mg == 0.18


@pytest.mark.parametrize(("setting", "day", "over"), [("inpatient", 40, 41), ("OTP", 50, 51)])
def test_the_first_day_of_methadone_is_capped_by_setting(on, take, give, setting, day, over):
    stay = on("methadone", day, programme="methadone_start", setting=setting)
    take(stay)
    with pytest.raises(Refused, match="first dose 31 mg, cap 30"):
        give(stay, "methadone", 31)
    give(stay, "methadone", 30)
    with pytest.raises(Refused, match=f"{over - 30} mg is over the signed {day} mg a day"):
        give(stay, "methadone", over - 30)
    give(stay, "methadone", day - 30)


@pytest.mark.parametrize(("setting", "over"), [("inpatient", 41), ("OTP", 51)])
def test_no_plan_and_no_signature_passes_the_cap_of_the_first_day(on, take, give, setting, over):
    stay = on("methadone", 60, programme="methadone_start", setting=setting)
    take(stay)
    give(stay, "methadone", 30, "by my order", signed=True)  # a plan over the cap is held by the suggestion
    with pytest.raises(Refused, match="day-1 total"):
        give(stay, "methadone", over - 30, "by my order", signed=True)


def test_what_was_given_elsewhere_counts_and_is_named(on, take, give, store, nurse, now):
    stay = on("methadone", 30, 0)
    take(stay)
    clinic = Dose("e", stay.id, None, "methadone", 20, "given", now - 300 * MINUTE, "clinic, Dr Ode", elsewhere=True)
    care.chart_other_dose(store, nurse, clinic, now)
    with pytest.raises(Refused, match=r"20 mg were already given today, last elsewhere \(clinic, Dr Ode\)"):
        give(stay, "methadone", 15)
    with pytest.raises(Refused, match="Second source: methadone 20 mg elsewhere 5 h ago"):
        give(stay, "methadone", 10, "the clinic was called")
    give(stay, "methadone", 10, "the clinic was called", signed=True)


# --- two people ------------------------------------------------------------------------------------------------------


def test_two_people_where_the_ward_asks_for_them(on, take, give, kept, store, manager, nurse, physician, now):
    stay = on("methadone", 20, 0)
    take(stay)
    care.ask_two_people(store, manager, stay.ward_id, ["methadone"], now)
    with pytest.raises(Refused, match="takes two people"):
        give(stay, "methadone", 10)
    for nobody in (nurse, manager):
        with pytest.raises(Refused, match="another nurse or physician"):
            give(stay, "methadone", 10, witness=nobody.id)
    assert give(stay, "methadone", 10, witness=physician.id).witness == physician.name
    care.ask_two_people(store, manager, stay.ward_id, [], now)
    assert give(stay, "methadone", 10).witness == ""
    assert [d.witness for d in kept(stay)] == [physician.name, ""]


def test_only_drugs_of_the_list_can_take_two(store, manager, ward, now):
    with pytest.raises(Refused, match="aspirin"):
        care.ask_two_people(store, manager, ward.id, ["aspirin"], now)


# --- brought up again ------------------------------------------------------------------------------------------------


def test_a_dose_that_was_brought_up_stays_charted_as_given(on, take, give, kept, store, nurse, now):
    stay = on("methadone", 20, 0)
    take(stay, minutes_ago=40)
    dose = give(stay, "methadone", 20, ago=30)
    made = care.chart_vomited(store, nurse, dose.id, now - 10 * MINUTE, "tablet seen", now)
    assert (made.status, made.dose_mg, made.vomited_at) == ("given", 20, now - 10 * MINUTE)
    again = care.chart_vomited(store, nurse, dose.id, now, "second tap", now)
    assert again.vomited_at == now - 10 * MINUTE
    with pytest.raises(Refused, match="over the signed 20 mg"):
        give(stay, "methadone", 20)
    assert len(kept(stay)) == 1


@pytest.mark.parametrize("ago", [31, -5])
def test_it_is_brought_up_between_the_dose_and_now(on, take, give, store, nurse, now, ago):
    stay = on("methadone", 20, 0)
    take(stay, minutes_ago=40)
    dose = give(stay, "methadone", 20, ago=30)
    with pytest.raises(Refused, match="between the dose and now"):
        care.chart_vomited(store, nurse, dose.id, now - ago * MINUTE, "", now)


def test_only_a_given_dose_can_be(on, give, store, nurse, now):
    stay = on("methadone", 20, 0)
    held = give(stay, "methadone", 0, reason="drowsy", status="held")
    with pytest.raises(Refused, match="Only a dose that was given"):
        care.chart_vomited(store, nurse, held.id, now, "", now)
    with pytest.raises(NotFound, match="no such dose"):
        care.chart_vomited(store, nurse, "nothing", now, "", now)


def test_the_look_is_the_same_that_the_form_shows(on, take, store, now):
    stay = on("lofexidine", 2.16, 0, programme="alpha2")
    take(stay, diastolic_mmhg=48)
    with inside(store) as tx:
        found = look(tx, stay, "lofexidine", now)
    assert [one.vital for one in found.holds] == ["diastolic_mmhg"]


# --- plans that do not fall ------------------------------------------------------------------------------------------


def plan_of(stay, now, drug, *doses):
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate(doses, start=1))
    return TaperPlan(uuid.uuid4().hex, stay.id, drug, steps, 24, "", now)


@pytest.mark.parametrize(("programme", "doses"), [("maintenance_dot", (60,)), ("bup_induction", (4, 8, 16))])
def test_maintenance_and_starts_may_stay_or_rise(store, physician, admit, now, programme, doses):
    stay = admit(programme=programme)
    assert (
        care.write_plan(store, physician, plan_of(stay, now, "buprenorphine", *doses), now).steps[-1].dose_mg
        == doses[-1]
    )
    for none in ((), (0,), (-1, 4)):
        with pytest.raises(Refused, match="has no dose"):
            care.write_plan(store, physician, plan_of(stay, now, "buprenorphine", *none), now)


def test_a_taper_still_falls(store, physician, admission, now):
    with pytest.raises(Refused, match="falls with every step"):
        care.write_plan(store, physician, plan_of(admission, now, "methadone", 20, 20, 0), now)


def test_a_physician_moves_a_plan_by_a_signed_word(store, physician, admit, now):
    stay = admit(programme="bup_induction")
    plan = care.write_plan(store, physician, plan_of(stay, now, "buprenorphine", 4, 8, 16), now)
    with pytest.raises(Conflict, match="does not run"):
        care.move_plan(store, physician, plan.id, 2, "tolerated", now)
    care.sign_plan(store, physician, plan.id, now, signed_with="pin")
    with pytest.raises(Refused) as refused:
        care.move_plan(store, physician, plan.id, 4, " ", now)
    assert set(refused.value.problems) == {"step", "reason"}
    moved = care.move_plan(store, physician, plan.id, 2, "tolerated", now, signed_with="pin")
    assert moved.current_step == 2
    with inside(store) as tx:
        last = tx.execute("SELECT verb, detail FROM audit_event ORDER BY seq DESC LIMIT 1").fetchone()
    assert last["verb"] == "move_plan"
    assert '"signed_with":"pin"' in last["detail"].replace(" ", "")
