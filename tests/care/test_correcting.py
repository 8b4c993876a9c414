"""Correcting a charted dose: the first entry stays readable, the right one is asked as a new dose is."""

import json
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from inside import as_it_stood, inside

from detox import care
from detox.clinical.model import Decision, Dose, Vitals
from detox.errors import Conflict, NotAllowed, NotFound, Refused
from detox.reports import inbox, patient, suggesting
from detox.store import check, find

MINUTE = timedelta(minutes=1)


@pytest.fixture
def amend(store, nurse, physician, now, password):
    """amend(dose, dose_mg=3): corrected by the nurse, signed by the physician where asked."""

    def build(dose, reason="typed wrong", by=nurse, signed=False, at=now, **change):
        right = replace(dose, id=uuid.uuid4().hex, **change)
        word = {"physician_id": physician.id, "secret": password} if signed else {}
        return care.amend_dose(store, by, dose.id, right, reason, at, **word)

    return build


@pytest.fixture
def given(on, take, give):
    """An admission on methadone 30 mg with a clear set, and 20 mg charted as given half an hour ago."""
    stay = on("methadone", 30, 0)
    take(stay, minutes_ago=40)
    return stay, give(stay, "methadone", 20, ago=30)


@pytest.fixture
def every(store):
    def read(stay):
        with inside(store) as tx:
            return find.doses(tx, stay.id, corrected=True)

    return read


def test_the_right_dose_stands_and_the_first_stays_readable(given, amend, kept, every, nurse, now, store):
    stay, first = given
    made = amend(first, "10 drawn up, 20 typed", dose_mg=10.0)
    assert [(d.dose_mg, d.replaces) for d in kept(stay)] == [(10.0, first.id)]
    wrong, right = every(stay)
    assert (wrong.dose_mg, right.id, right.plan_id) == (20.0, made.id, first.plan_id)
    told = wrong.correction
    assert (told.reason, told.by, told.at, told.replaced_by) == ("10 drawn up, 20 typed", nurse.name, now, made.id)
    with inside(store) as tx:
        (event,) = tx.execute("SELECT * FROM audit_event WHERE verb = 'amend_dose'").fetchall()
        assert check.unaudited(tx) == {}
    detail = json.loads(event["detail"])
    assert (event["subject_id"], detail["replaces"], detail["reason"]) == (made.id, first.id, "10 drawn up, 20 typed")
    assert (detail["was"]["dose_mg"], detail["is"]["dose_mg"]) == (20.0, 10.0)


@pytest.mark.parametrize("status", ["held", "refused"])
def test_given_becomes_held_or_refused_and_back(given, amend, kept, status):
    stay, first = given
    with pytest.raises(Refused, match="needs the reason"):
        amend(first, status=status)
    made = amend(replace(first, reason="drowsy"), status=status)
    assert [(d.status, d.dose_mg) for d in kept(stay)] == [(status, 0.0)]
    back = amend(made, "it was taken after all", status="given", dose_mg=20.0)
    assert [(d.status, d.dose_mg, d.replaces) for d in kept(stay)] == [("given", 20.0, made.id)]
    assert back.plan_id == first.plan_id


def test_a_correction_says_what_was_wrong_and_changes_something(given, amend, every):
    stay, first = given
    with pytest.raises(Refused, match="has no reason"):
        amend(first, " \u200b ", dose_mg=10.0)
    with pytest.raises(Refused, match="Nothing was changed"):
        amend(first)
    assert len(every(stay)) == 1


def test_another_drug_is_another_dose(given, amend):
    _, first = given
    with pytest.raises(Refused, match="entered in error"):
        amend(first, drug="buprenorphine")


def test_entered_in_error_counts_no_more_and_stays_readable(given, give, kept, every, store, nurse, now):
    stay, first = given
    with pytest.raises(Refused, match="has no reason"):
        care.dose_in_error(store, nurse, first.id, "", now)
    wrong = care.dose_in_error(store, nurse, first.id, "another patient's", now)
    assert care.dose_in_error(store, nurse, first.id, "again", now) == wrong
    assert kept(stay) == []
    assert [(d.dose_mg, d.correction.replaced_by) for d in every(stay)] == [(20.0, None)]
    assert give(stay, "methadone", 30).dose_mg == 30
    with pytest.raises(Refused, match="Only a dose that was given"):
        care.chart_vomited(store, nurse, first.id, now, "", now)


def test_only_one_of_two_corrections_is_kept(given, amend, store, nurse, now):
    _, first = given
    amend(first, dose_mg=10.0)
    with pytest.raises(Conflict, match="corrected this dose already"):
        amend(first, dose_mg=15.0)
    with pytest.raises(Conflict, match="corrected this dose already"):
        care.dose_in_error(store, nurse, first.id, "wrong", now)


def test_sending_twice_keeps_one(given, store, nurse, now, every):
    stay, first = given
    right = replace(first, id="right", dose_mg=10.0)
    once = care.amend_dose(store, nurse, first.id, right, "typed wrong", now)
    assert care.amend_dose(store, nurse, first.id, right, "typed wrong", now) == once
    with pytest.raises(Conflict, match="another dose"):
        care.amend_dose(store, nurse, first.id, replace(right, dose_mg=5.0), "typed wrong", now)
    assert len(every(stay)) == 2


def test_another_patients_dose_cannot_be_corrected_into_this_one(given, admit, store, nurse, now):
    _, first = given
    other = admit("Other")
    with pytest.raises(Conflict, match="not this patient's"):
        care.amend_dose(store, nurse, first.id, replace(first, id="x", admission_id=other.id, dose_mg=5.0), "w", now)
    with pytest.raises(NotFound, match="no such dose"):
        care.dose_in_error(store, nurse, "nothing", "wrong", now)


def test_who_may_not_chart_may_not_correct(given, amend, store, manager, now):
    _, first = given
    with pytest.raises(NotAllowed):
        amend(first, by=manager, dose_mg=10.0)
    with pytest.raises(NotAllowed):
        care.dose_in_error(store, manager, first.id, "wrong", now)


# --- asked as a new dose is ------------------------------------------------------------------------------------------


def test_the_order_the_caps_and_doses_given_twice_are_asked_again(given, amend, give):
    stay, first = given
    assert give(stay, "methadone", 10, ago=1).dose_mg == 10
    with pytest.raises(Refused, match="over the signed 30 mg"):
        amend(first, dose_mg=20.5)
    amend(first, dose_mg=19.5)


def test_the_dose_that_is_corrected_does_not_count_against_itself(given, amend):
    _, first = given
    assert amend(first, dose_mg=30.0).dose_mg == 30


def test_a_cap_is_not_passed_by_a_correction(on, take, give, amend):
    stay = on("lofexidine", 2.16, 0, programme="alpha2")
    take(stay)
    with pytest.raises(Refused, match="cap 0.72"):
        amend(give(stay, "lofexidine", 0.54), dose_mg=0.73)


def test_what_held_it_is_asked_again_where_more_was_given_or_at_another_time(on, take, give, amend, physician):
    stay = on("methadone", 30, 0)
    take(stay, minutes_ago=40, sedation="3")
    first = give(stay, "methadone", 20, "by my order", ago=30, signed=True)
    less = amend(first, dose_mg=10.0)
    assert less.over_hold == physician.name, "the same word, for no more at the same time"
    with pytest.raises(Refused, match="Hold the dose"):
        amend(less, dose_mg=11.0)
    with pytest.raises(Refused, match="Hold the dose"):
        amend(less, given_at=less.given_at + MINUTE)
    assert amend(less, dose_mg=11.0, signed=True).over_hold == physician.name


def test_a_held_dose_becomes_given_only_past_what_holds_it(on, take, give, amend):
    stay = on("methadone", 30, 0)
    take(stay, minutes_ago=10, sedation="3")
    held = give(stay, "methadone", 0, "drowsy", status="held")
    with pytest.raises(Refused, match="Hold the dose"):
        amend(held, "it was given", status="given", dose_mg=10.0)
    assert amend(held, "it was given", status="given", dose_mg=10.0, signed=True).over_hold


def test_medicine_from_elsewhere_is_corrected_by_its_own_rules(on, store, nurse, now, amend, kept):
    stay = on("methadone", 30, 0)
    clinic = Dose("e", stay.id, None, "methadone", 80, "given", now - 300 * MINUTE, "clinic", elsewhere=True)
    first = care.chart_other_dose(store, nurse, clinic, now)
    amend(first, "the clinic says 90", dose_mg=90.0)
    assert [(d.dose_mg, d.elsewhere, d.plan_id) for d in kept(stay)] == [(90.0, True, None)]
    with pytest.raises(Refused, match="only what was given"):
        amend(kept(stay)[0], status="held")


@pytest.mark.parametrize(("minutes", "fine"), [(-1, True), (0, True), (1, False)])
def test_what_was_brought_up_was_given_before(given, amend, store, nurse, now, minutes, fine):
    stay, first = given
    up = now - 10 * MINUTE
    dose = care.chart_vomited(store, nurse, first.id, up, "tablet seen", now)
    at = up + minutes * MINUTE
    if not fine:
        with pytest.raises(Refused, match="brought up before that time"):
            amend(dose, given_at=at)
        return
    made = amend(dose, given_at=at)
    assert (made.given_at, made.vomited_at) == (at, up)


def test_the_second_person_stays(on, take, give, amend, store, manager, physician, now):
    stay = on("methadone", 30, 0)
    take(stay)
    care.ask_two_people(store, manager, stay.ward_id, ["methadone"], now)
    made = amend(give(stay, "methadone", 20, witness=physician.id), dose_mg=10.0)
    assert (made.witness, made.witness_id) == (physician.name, physician.id)


def test_the_second_person_is_known_by_id_where_two_have_one_name(
    on, take, give, amend, store, manager, nurse, now, password
):
    namesake = care.add_clinician(
        store, manager, username="nurse2", name=nurse.name, role="nurse", password=password, now=now
    )
    stay = on("methadone", 30, 0)
    take(stay)
    care.ask_two_people(store, manager, stay.ward_id, ["methadone"], now)
    made = amend(give(stay, "methadone", 20, witness=namesake.id), dose_mg=10.0)
    assert (made.witness_id, made.author.id) == (namesake.id, nurse.id)


def test_after_the_stay_it_is_still_corrected_but_not_into_a_later_time(given, amend, store, nurse, now, kept):
    stay, first = given
    care.discharge(store, nurse, stay.id, "goes home", now - 5 * MINUTE)
    with pytest.raises(Refused, match="had left by then"):
        amend(first, given_at=now - 4 * MINUTE)
    amend(first, dose_mg=10.0)
    assert [d.dose_mg for d in kept(stay)] == [10.0]


# --- what follows ----------------------------------------------------------------------------------------------------


def decide(store, physician, stay, at, verdict="accepted"):
    with inside(store) as tx:
        shown = suggesting.current(tx, stay, at).as_dict(at)
        basis = find.basis_of(tx, stay.id)
    made = Decision(uuid.uuid4().hex, stay.id, verdict, str(shown["class"]), "", at, "", shown)
    return care.decide(store, physician, made, None, basis, at)


@pytest.mark.parametrize("error", [False, True])
def test_a_physician_who_decided_on_it_is_told(given, amend, store, ward, nurse, physician, now, error):
    stay, first = given
    decide(store, physician, stay, now)
    with inside(store) as tx:
        assert inbox.inbox(tx, ward.id, now).asked == ()
    later = now + MINUTE
    if error:
        care.dose_in_error(store, nurse, first.id, "another patient's", later)
    else:
        amend(first, dose_mg=10.0, at=later)
    with inside(store) as tx:
        (back,) = inbox.inbox(tx, ward.id, later).asked
        page = patient.page(tx, ward, stay.id, later, 24)
    assert back.withdrawn
    assert "B07" in back.suggestion.rules
    assert not page.answered


def test_a_dose_charted_after_the_decision_was_no_ground_of_it(on, take, give, amend, store, ward, physician, now):
    stay = on("methadone", 30, 0)
    take(stay, minutes_ago=20)
    decide(store, physician, stay, now - 10 * MINUTE)
    first = give(stay, "methadone", 20, ago=1)
    amend(first, dose_mg=10.0)
    with inside(store) as tx:
        assert "B07" not in suggesting.current(tx, stay, now).rules


def test_alerts_follow_a_dose_that_was_never_given(store, nurse, admission, seen, cows, now):
    dose = Dose("n", admission.id, None, "naloxone", 0.4, "given", now - 50 * MINUTE, "ambulance")
    for answers, ago in ((cows(), 90), (cows(sweating=4, gi_upset=5, tremor=4), 10)):
        entry = seen(vitals=Vitals(heart_rate_per_min=76), answers=answers, minutes_ago=ago)
        care.record(store, nurse, entry, now, confirmed=True)
    care.chart_other_dose(store, nurse, dose, now)

    def rules():
        with inside(store) as tx:
            return {a.finding.rule for a in find.open_alerts(tx, admission.id)}

    assert "precipitated" in rules()
    care.dose_in_error(store, nurse, "n", "another patient's", now)
    assert "precipitated" not in rules()


def test_an_earlier_moment_shows_what_stood_then(given, amend, store, now):
    stay, first = given
    amend(first, dose_mg=10.0)
    with as_it_stood(store, now - MINUTE) as then:
        assert find.doses(then, stay.id) == []
    with as_it_stood(store, now) as then:
        assert [d.dose_mg for d in find.doses(then, stay.id)] == [10.0]
    with inside(store) as tx:
        page = patient.page(tx, find.wards(tx)[0], stay.id, now, 24)
    assert [d.dose_mg for d in page.corrected] == [20.0]
    assert (page.days[0].given_mg, [d.dose_mg for d in page.days[0].corrected]) == (10.0, [20.0])


def test_a_dose_given_against_a_hold_stays_marked_when_it_is_corrected(on, take, give, amend, kept):
    stay = on("methadone", 30, 0)
    take(stay, minutes_ago=40, sedation="3")
    first = give(stay, "methadone", 20, "before the set was read", ago=30, against_hold=True)
    less = amend(first, dose_mg=10.0, against_hold=False)
    assert (less.against_hold, less.over_hold) == (True, "")
    more = amend(less, dose_mg=25.0)
    assert [(d.dose_mg, d.against_hold) for d in kept(stay)] == [(25.0, True)]
    assert not amend(more, reason="it was left", status="refused").against_hold


def test_nothing_holds_it_any_more_and_the_mark_goes(on, take, give, amend):
    stay = on("methadone", 30, 0)
    take(stay, minutes_ago=70)
    take(stay, minutes_ago=40, sedation="3")
    first = give(stay, "methadone", 20, "before the set was read", ago=30, against_hold=True)
    assert not amend(first, given_at=first.given_at - 35 * MINUTE).against_hold


def test_another_dose_is_not_raised_over_a_hold_by_a_correction(on, take, amend, store, nurse, now):
    stay = on("methadone", 30, 0)
    take(stay, minutes_ago=70)
    at = now - 60 * MINUTE
    first = care.chart_other_dose(store, nurse, Dose("o", stay.id, None, "morphine", 1, "given", at, "Dr Lee"), at)
    take(stay, minutes_ago=40, sedation="3")
    with pytest.raises(Refused, match="that physician signs here"):
        amend(first, dose_mg=60.0, given_at=now - 30 * MINUTE)
    assert amend(first, dose_mg=60.0, given_at=now - 30 * MINUTE, signed=True).over_hold
