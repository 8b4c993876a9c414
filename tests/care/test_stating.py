"""What is answered about an admission: the newest holds, nothing is overwritten; checklist; programmes; signatures."""

from dataclasses import replace

import pytest
from inside import changing, inside

from detox import care
from detox.care import e_signature
from detox.clinical import situations
from detox.clinical.model import HistoryAnswer
from detox.clinical.situations import CHECKED, discharge_file, situations_file
from detox.errors import Conflict, NotAllowed, Refused
from detox.reports import suggesting
from detox.store import find, keep, orders


@pytest.fixture
def say(store, nurse, admission, now):
    count = iter(range(1000))

    def state(name, value, note="", by=None):
        fact = HistoryAnswer(f"f{next(count)}", admission.id, name, value, note, now)
        return care.state(store, by or nurse, fact, now)

    return state


@pytest.fixture
def facts(store, admission):
    def read():
        with inside(store) as tx:
            return orders.history_answers(tx, admission.id)

    return read


@pytest.fixture
def case(store, admission, now):
    def read():
        with inside(store) as tx:
            return suggesting.case_of(tx, find.admission(tx, admission.id), now)

    return read


def test_a_newer_answer_holds_and_the_older_stays_readable(say, facts):
    say("liver", "none")
    say("liver", "b")
    assert [f.value for f in facts()] == ["none", "b"]
    assert situations.newest(facts())["liver"].value == "b"
    assert {f.set_by for f in facts()} == {"N. Test"}


def test_the_same_answer_again_adds_nothing(say, facts):
    say("liver", "b")
    say("liver", "b")
    assert len(facts()) == 1


@pytest.mark.parametrize("asked", [one for one in situations_file().situation if one.options], ids=lambda one: one.name)
def test_each_question_takes_its_answers_and_no_other(say, facts, asked):
    for answer in asked.options:
        say(asked.name, answer.value)
    assert [f.value for f in facts()] == [one.value for one in asked.options]
    with pytest.raises(Refused, match="choose one of the answers"):
        say(asked.name, "perhaps")


def test_what_nobody_asks_is_refused(say, facts):
    with pytest.raises(Refused, match="Nobody asks"):
        say("shoe_size", "42")
    with pytest.raises(Refused, match="no line"):
        say(CHECKED + "cake", "done")
    with pytest.raises(Refused, match="shorten it"):
        say("medicines", "x" * 2001)
    assert facts() == []


def test_a_declined_line_needs_its_reason(say, facts):
    with pytest.raises(Refused, match="say why"):
        say(CHECKED + "naloxone_kit", "declined")
    say(CHECKED + "naloxone_kit", "declined", "has one at home")
    say(CHECKED + "tolerance_talk", "done")
    known = situations.newest(facts())
    assert situations.checklist(known) == {"naloxone_kit": True, "tolerance_talk": True}
    assert len(situations.open_tasks(known)) == len(discharge_file().item) - 2


def test_nothing_is_answered_after_the_stay(store, nurse, admission, now, say):
    care.discharge(store, nurse, admission.id, "goes home", now)
    with pytest.raises(Conflict, match="has ended"):
        say("liver", "b")


def test_answers_reach_the_suggestion_in_its_words(say, case):
    assert "conditions" not in case()["patient"], "nobody has asked: that is not the same as none"
    say("liver", "b")
    say("kidneys", "severe")
    say("medicines", "metoprolol, ondansetron 4 mg")
    say("fentanyl", "positive")
    say(CHECKED + "naloxone_kit", "done")
    found = case()
    assert found["patient"]["conditions"] == ["Child-Pugh B", "severe renal impairment"]
    assert found["patient"]["other_meds"] == ["metoprolol", "ondansetron 4 mg"]
    assert found["opioid_use"]["fentanyl"] == "positive"
    assert found["plan"]["discharge_checklist"] == {"naloxone_kit": True}


def test_when_all_was_asked_and_nothing_is_there_the_list_is_empty(say, case):
    for one in situations_file().situation:
        if one.options:
            say(one.name, one.options[0].value)
    assert case()["patient"]["conditions"] == []


def test_two_dependences_are_kept_and_both_reach_the_rules(say, facts, case):
    say("sedatives", "benzodiazepine")
    say("sedatives", "benzodiazepine alcohol")
    say("heart", "vascular long_qt")
    assert [f.value for f in facts()] == ["benzodiazepine", "alcohol benzodiazepine", "long_qt vascular"]
    assert case()["patient"]["conditions"] == [
        "long QT", "recent MI or stroke", "alcohol dependence", "benzodiazepine dependence",
    ]  # fmt: skip


def test_none_beside_another_answer_is_refused_and_nothing_is_kept(say, facts):
    with pytest.raises(Refused, match="'Neither' stands beside 'Alcohol dependence'"):
        say("sedatives", "none alcohol")
    with pytest.raises(Refused, match="'Takes none' stands beside 'metoprolol'"):
        say("medicines", "none, metoprolol")
    assert facts() == []


def test_answers_of_one_form_are_kept_whole_or_not_at_all(store, nurse, admission, now, facts):
    made = [
        HistoryAnswer(f"f{n}", admission.id, *said, "", now) for n, said in enumerate([("liver", "b"), ("heart", "?")])
    ]
    with pytest.raises(Refused, match="Heart and QT"):
        care.state_all(store, nurse, made, {}, now)
    assert facts() == []
    assert care.state_all(store, nurse, [], {}, now) == []


def test_an_answer_that_nobody_saw_is_not_replaced(store, nurse, admission, now, say, facts):
    first = say("sedatives", "alcohol")
    made = HistoryAnswer("late", admission.id, "sedatives", "benzodiazepine", "", now)
    with pytest.raises(Conflict, match=r"answered meanwhile by N\. Test"):
        care.state_all(store, nurse, [made], {}, now)
    assert [f.value for f in facts()] == ["alcohol"]
    care.state_all(store, nurse, [made], {"sedatives": first.id}, now)
    care.state_all(store, nurse, [made], {"sedatives": first.id}, now)
    assert [f.value for f in facts()] == ["alcohol", "benzodiazepine"]


def test_medicines_never_recorded_are_unknown_and_none_is_none(say, case):
    assert "other_meds" not in case()["patient"]
    say("medicines", "unknown")
    assert "other_meds" not in case()["patient"]
    say("medicines", "None")
    assert case()["patient"]["other_meds"] == []
    say("medicines", "Catapres 0.1 mg, levodopa")
    assert case()["patient"]["other_meds"] == ["Catapres 0.1 mg", "levodopa"]


def test_allergies_are_answered_anew_and_none_known_is_kept_in_one_form(say, store, admit):
    def allergies_of(stay_id):
        with inside(store) as tx:
            return find.admission(tx, stay_id).allergies

    stay = admit("Osei", allergies="Keine bekannten Allergien")
    assert allergies_of(stay.id) == "none known"
    here = say("allergies", "penicillin; latex").admission_id
    assert allergies_of(here) == "penicillin, latex"
    say("allergies", "NKDA")
    assert allergies_of(here) == "none known"
    assert allergies_of(stay.id) == "none known", "one patient's answer is no other's"


def test_rows_of_an_older_version_read_as_before(store, nurse, admission, now, case):
    old = {"breathing": "yes", "sedatives": "benzodiazepine", "medicines": "metoprolol, ondansetron 4 mg",
           "conditions": "gout; CKD 4"}  # fmt: skip
    with changing(store) as tx:
        for name, value in old.items():
            keep.history_answer(tx, HistoryAnswer(name, admission.id, name, value, "", now), nurse)
    assert case()["patient"]["conditions"] == ["respiratory disease", "benzodiazepine dependence", "gout", "CKD 4"]
    assert case()["patient"]["other_meds"] == ["metoprolol", "ondansetron 4 mg"]


def test_a_test_found_positive_changes_the_stay(say, store, admission, case):
    say("pregnancy", "positive")
    with inside(store) as tx:
        assert find.admission(tx, admission.id).pregnancy == "positive"
    assert case()["patient"]["pregnancy"] == "positive"
    say("pregnancy", "cannot")
    with inside(store) as tx:
        assert find.admission(tx, admission.id).pregnancy == "n/a"


@pytest.mark.parametrize(
    ("days", "qtc_ms", "told"), [(29, 430, 430), (30, 430, 430), (30.01, 430, None), (31, 499, None), (31, 500, 500)]
)
def test_an_old_ecg_no_longer_reassures_and_a_dangerous_one_stands(store, nurse, admit, seen, now, days, qtc_ms, told):
    stay = admit("Osei", days_ago=40)
    entry = replace(seen(minutes_ago=days * 24 * 60), admission_id=stay.id, other={"qtc_ms": qtc_ms})
    care.record(store, nurse, entry, now, confirmed=True)
    with inside(store) as tx:
        labs = suggesting.case_of(tx, stay, now)["patient"].get("labs", {})
    assert labs.get("qtc_ms") == told


# --- programme, scale, locks -----------------------------------------------------------------------------------------


def test_a_physician_changes_the_programme_with_a_reason(store, physician, nurse, admission, now):
    fact = HistoryAnswer("p", admission.id, "programme", "maintenance_dot", "", now)
    with pytest.raises(Refused, match="no reason"):
        care.change_programme(store, physician, fact, now)
    with pytest.raises(NotAllowed):
        care.change_programme(store, nurse, fact, now)
    with pytest.raises(Refused, match="Choose the programme"):
        care.change_programme(store, physician, HistoryAnswer("q", admission.id, "programme", "spa", "x", now), now)
    why = HistoryAnswer("p", admission.id, "programme", "maintenance_dot", "asks for maintenance", now)
    assert care.change_programme(store, physician, why, now).programme == "maintenance_dot"
    with inside(store) as tx:
        assert [a.programme for a in find.admissions_here(tx, admission.ward_id)] == ["maintenance_dot"]


def test_medical_heroin_is_locked_until_the_manager_says_it_is_lawful(store, manager, physician, admit, admission, now):
    with pytest.raises(Refused, match="locked"):
        admit("Osei", programme="hat")
    change = HistoryAnswer("p", admission.id, "programme", "hat", "tried everything else", now)
    with pytest.raises(Refused, match="locked"):
        care.change_programme(store, physician, change, now)
    care.allow_programmes(store, manager, admission.ward_id, ["hat"], now)
    assert admit("Osei", programme="hat").programme == "hat"
    assert care.change_programme(store, physician, change, now).programme == "hat"
    care.allow_programmes(store, manager, admission.ward_id, [], now)
    with pytest.raises(Refused, match="locked"):
        admit("Novak", programme="hat")


@pytest.mark.parametrize(("allowed", "told"), [(None, None), ([], False), (["methadone_start"], True)])
def test_methadone_is_started_where_the_ward_may(store, manager, admit, now, allowed, told):
    stay = admit("Osei", programme="methadone_start")
    if allowed is not None:
        care.allow_programmes(store, manager, stay.ward_id, allowed, now)
    with inside(store) as tx:
        assert suggesting.case_of(tx, stay, now)["plan"].get("setting_authorised") is told


def test_the_saturation_scale_is_an_order(store, physician, nurse, admission, now):
    fact = HistoryAnswer("s", admission.id, "spo2_scale", "2", "hypercapnic failure", now)
    with pytest.raises(NotAllowed):
        care.prescribe_spo2_scale(store, nurse, fact, now)
    care.prescribe_spo2_scale(store, physician, fact, now)
    with inside(store) as tx:
        assert find.admission(tx, admission.id).spo2_scale == 2


# --- signatures ------------------------------------------------------------------------------------------------------


def test_a_signature_takes_the_password_or_the_pin(store, physician, password, now):
    assert e_signature.prove(store, physician, password, now) == "password"
    care.set_pin(store, physician, password, "482915", now)
    assert e_signature.prove(store, physician, "482915", now) == "pin"


@pytest.mark.parametrize("secret", ["", "wrong", "482915", "000000"])
def test_and_nothing_else(store, physician, now, secret):
    with pytest.raises(Refused):
        e_signature.prove(store, physician, secret, now)


def test_wrong_pins_lock_it_and_the_password_unlocks(store, physician, password, now):
    care.set_pin(store, physician, password, "482915", now)
    for _ in range(5):
        with pytest.raises(Refused):
            e_signature.prove(store, physician, "111222", now)
    with pytest.raises(Refused, match="locked"):
        e_signature.prove(store, physician, "482915", now)
    assert e_signature.prove(store, physician, password, now) == "password"
    assert e_signature.prove(store, physician, "482915", now) == "pin"
