"""The tablet in a patient's hands: what is kept, by whom, and who may take it back."""

import json
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.care import self_reporting
from detox.errors import Conflict, NotAllowed, NotFound, Refused
from detox.store import audit, find, self_reports

PIN = "482915"
BROWSER = "token hash of a browser"


@pytest.fixture
def later(now):
    return lambda minutes: now + timedelta(minutes=minutes)


@pytest.fixture
def handed(store, nurse, admission, now):
    return care.hand_over(store, nurse, "report", BROWSER, admission.id, "sows-gossop", now)


@pytest.fixture
def pin(store, nurse, physician, password, now):
    for who in (nurse, physician):
        care.set_pin(store, who, password, PIN, now)


def events(store, verb):
    with inside(store) as tx:
        rows = tx.execute("SELECT * FROM audit_event WHERE verb = ? ORDER BY seq", (verb,)).fetchall()
        assert audit.first_broken(tx) is None
    return [(r["clinician_id"], json.loads(r["detail"])) for r in rows]


def test_answers_become_one_observation_of_whoever_handed_over(store, nurse, physician, handed, later):
    care.answer(store, BROWSER, "feeling_sick", 1, later(1))
    care.answer(store, BROWSER, "feeling_sick", 3, later(2))
    care.answer(store, BROWSER, "stomach_cramps", 2, later(3))
    care.answer(store, BROWSER, "yawning", None, later(4))
    done = care.take_back(store, physician, handed.id, later(9))
    with inside(store) as tx:
        (kept,) = find.observations(tx, handed.admission_id)
    assert kept.id == done.observation_id
    assert kept.answers == {"sows-gossop": {"feeling_sick": 3, "stomach_cramps": 2}}
    assert (kept.recorded_by, kept.note) == (nurse.name, "self-report by the patient")
    assert (kept.taken_at, kept.recorded_at) == (later(4), later(9))
    made = kept.assessment("sows-gossop")
    assert (made.total, made.at_least, len(made.missing)) == (None, 5, 8)
    assert events(store, "hand_over")[0][0] == nurse.id
    assert events(store, "take_back")[0][0] == physician.id


def test_taking_back_twice_keeps_one(store, nurse, handed, later):
    care.answer(store, BROWSER, "yawning", 1, later(1))
    first = care.take_back(store, nurse, handed.id, later(2), here=True)
    assert care.take_back(store, nurse, handed.id, later(3), here=True).observation_id == first.observation_id
    with inside(store) as tx:
        assert len(find.observations(tx, handed.admission_id)) == 1
    assert len(events(store, "take_back")) == 1


def test_a_crash_between_keeping_and_ending_leaves_one_observation_and_no_late_answer(
    store, nurse, handed, later, monkeypatch
):
    care.answer(store, BROWSER, "yawning", 1, later(1))
    with monkeypatch.context() as broken:
        broken.setattr(self_reports, "end", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            care.take_back(store, nurse, handed.id, later(2), here=True)
    with pytest.raises(NotFound, match="give the tablet back"):
        care.answer(store, BROWSER, "yawning", 3, later(3))
    care.take_back(store, nurse, handed.id, later(60), here=True)
    with inside(store) as tx:
        (kept,) = find.observations(tx, handed.admission_id)
    assert kept.answers == {"sows-gossop": {"yawning": 1}}


def test_nothing_answered_keeps_no_observation_and_says_so_in_the_trail(store, nurse, handed, later):
    care.answer(store, BROWSER, "yawning", None, later(1))
    assert care.take_back(store, nurse, handed.id, later(2), here=True).observation_id is None
    with inside(store) as tx:
        assert find.observations(tx, handed.admission_id) == []
    assert events(store, "take_back")[0][1]["answered"] == 0


def test_a_patient_who_left_meanwhile_does_not_lock_the_tablet(store, nurse, physician, handed, later):
    care.answer(store, BROWSER, "yawning", 1, later(5))
    care.discharge(store, nurse, handed.admission_id, "went home", later(3))
    assert care.take_back(store, physician, handed.id, later(6)).observation_id == handed.id


@pytest.mark.parametrize(
    ("who", "here", "ends"), [("nurse", True, False), ("nurse", False, True), ("physician", True, True)]
)
def test_the_sign_in_lives_on_only_for_its_owner_at_that_browser(request, store, handed, later, who, here, ends):
    by = request.getfixturevalue(who)
    assert care.take_back(store, by, handed.id, later(2), here=here).signed_out is ends


def test_what_cannot_be_handed_over(store, nurse, manager, admission, handed, admit, now):
    with pytest.raises(Refused, match="rated by a clinician"):
        care.hand_over(store, nurse, "a", "other", admission.id, "c-ssrs", now)
    with pytest.raises(NotAllowed):
        care.hand_over(store, manager, "a", "other", admission.id, "phq-9", now)
    with pytest.raises(Conflict):
        care.hand_over(store, nurse, "a", BROWSER, admission.id, "phq-9", now)
    assert care.hand_over(store, nurse, handed.id, BROWSER, admission.id, "sows-gossop", now) == handed
    gone = admit("Osei", "Daniel")
    care.discharge(store, nurse, gone.id, "went home", now)
    with pytest.raises(Refused, match="has left"):
        care.hand_over(store, nurse, "b", "other", gone.id, "phq-9", now)


@pytest.mark.parametrize(("item", "value"), [("hiccups", 1), ("yawning", 4), ("yawning", -1)])
def test_only_the_scales_own_answers_are_kept(store, handed, now, item, value):
    with pytest.raises(Refused):
        care.answer(store, BROWSER, item, value, now)
    with pytest.raises(NotFound):
        care.answer(store, "another browser", "yawning", 1, now)
    with inside(store) as tx:
        assert self_reports.report(tx, handed.id).answers == {}


@pytest.mark.parametrize(
    "pin",
    ["", "12345", "1234567", "12a456", "٣٤١٢٩٥", "000000", "777777", "123456", "654321", "890123", "121212", "482482"],
)
def test_a_pin_that_anybody_tries_first_is_refused(store, nurse, password, now, pin):
    with pytest.raises(Refused):
        care.set_pin(store, nurse, password, pin, now)
    with inside(store) as tx:
        assert self_reports.pin(tx, nurse.id) is None


def test_a_pin_needs_the_password_and_is_kept_as_a_hash(store, nurse, password, now):
    with pytest.raises(Refused, match="do not belong together"):
        care.set_pin(store, nurse, "not the password", PIN, now)
    care.set_pin(store, nurse, password, PIN, now)
    with inside(store) as tx:
        assert self_reports.pin(tx, nurse.id)[0].startswith("$argon2id$")
    assert care.check_pin(store, " Nurse ", PIN, now) == nurse
    assert PIN not in json.dumps(events(store, "set_pin"))


def test_five_wrong_tries_lock_the_pin_until_the_password_is_proven(store, nurse, password, pin, now):
    for _ in range(4):
        with pytest.raises(Refused, match="do not belong together"):
            care.check_pin(store, "nurse", "918273", now, where="report")
    with pytest.raises(Refused, match="locked"):
        care.check_pin(store, "nurse", "918273", now)
    with pytest.raises(Refused, match="locked"):
        care.check_pin(store, "nurse", PIN, now + timedelta(days=3))
    assert care.check_pin(store, "physician", PIN, now).username == "physician"
    assert [(who, told["try"]) for who, told in events(store, "wrong_pin")] == [(nurse.id, n) for n in range(1, 6)]
    assert events(store, "wrong_pin")[0][1]["self_report"] == "report"
    with pytest.raises(Refused):
        self_reporting.check_password(store, "nurse", "wrong", now)
    assert self_reporting.check_password(store, "nurse", password, now) == nurse
    assert care.check_pin(store, "nurse", PIN, now) == nurse


def test_a_right_pin_forgets_earlier_slips(store, pin, now):
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(Refused):
                care.check_pin(store, "nurse", "918273", now)
        assert care.check_pin(store, "nurse", PIN, now)


def test_strangers_managers_and_people_without_a_pin_get_the_same_words(store, ward, now):
    said = set()
    for name in ("nobody", "manager", "nurse"):
        with pytest.raises(Refused) as refused:
            care.check_pin(store, name, PIN, now)
        said.add(str(refused.value))
    assert len(said) == 1


def test_a_manager_cannot_take_back_by_password(store, ward, password, now):
    with pytest.raises(NotAllowed):
        self_reporting.check_password(store, "manager", password, now)
