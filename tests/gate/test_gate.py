"""The gate: every cell of the table of acts, events in the same breath, and no way around it."""

import ast
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from inside import changing, inside

from detox import gate
from detox.care import authentication
from detox.clinical.model import ROLES, Clinician
from detox.errors import NotAllowed, NotFound, Refused, StoreError
from detox.gate import ACTS, OPERATOR, door, events
from detox.store import access, audit, find, keep
from detox.store.reach import COLUMNS, HOUSE

ROOT = Path(__file__).resolve().parents[2]
MINUTE = timedelta(minutes=1)
SHARED = ("_sqlite_migrations",)


@pytest.fixture(autouse=True)
def nothing_seen():
    """Each test begins with no event left."""
    events._seen.clear()


@pytest.fixture
def admission(admit):
    return admit("Cedar")


@pytest.fixture
def people(store, nurse, physician, manager):
    """Somebody of each role, and the command line."""
    return {one.role: one for one in (nurse, physician, manager, OPERATOR)}


@pytest.fixture
def elsewhere(store, ward, manager, now, admission):
    """A second ward on which nobody of the first works, with the patient of the first moved to it."""
    other = replace(ward, id=uuid.uuid4().hex, name="Ward 9")
    with changing(store) as tx:
        keep.ward(tx, other, now)
        tx.execute("DROP TRIGGER admission_keeps")
        tx.execute("UPDATE admission SET ward_id = ?", (other.id,))
    return other


def told(store, action=None):
    with inside(store) as tx:
        rows = tx.execute("SELECT * FROM access_event ORDER BY seq").fetchall()
    return [row for row in rows if action in (None, row["action"])]


# --- every cell of the table: role x act x ward


def check_cell(store, by: Clinician, act: str, admission_id: str, now, *, allowed: bool) -> None:
    """Reading and writing under an act is let through or refused; either leaves its event."""
    events._seen.clear()
    before = len(told(store))
    if allowed:
        with gate.read(store, by, act, now, admission_id=admission_id) as tx:
            assert find.admission(tx, admission_id).id == admission_id
        with gate.write(store, by, act, now, admission_id=admission_id) as tx:
            audit.event(tx, now, by, act, "admission", admission_id, admission_id=admission_id)
    else:
        with pytest.raises(NotAllowed), gate.read(store, by, act, now, admission_id=admission_id):
            raise AssertionError("let through")
        with pytest.raises(NotAllowed), gate.write(store, by, act, now, admission_id=admission_id):
            raise AssertionError("let through")
    left = told(store)[before:]
    assert [row["action"] for row in left] == ["read" if allowed else "denied"]
    assert (left[0]["clinician_id"], left[0]["role"], left[0]["act"]) == (by.id, by.role, act)


@pytest.mark.parametrize("act", ACTS)
def test_each_role_does_what_the_table_says_and_nothing_else(store, ward, people, admission, now, act):
    for n, (role, by) in enumerate(people.items()):
        check_cell(store, by, act, admission.id, now + n * 15 * MINUTE, allowed=role in ACTS[act].roles)
        check_cell(store, replace(by, active=False), act, admission.id, now + (n + 9) * 15 * MINUTE, allowed=False)


@pytest.mark.parametrize("act", ACTS)
def test_of_another_ward_nobody_reads_or_writes_but_the_command_line(store, people, admission, elsewhere, now, act):
    for n, (role, by) in enumerate(people.items()):
        allowed = role in ACTS[act].roles and by is OPERATOR
        check_cell(store, by, act, admission.id, now + n * 15 * MINUTE, allowed=allowed)


@pytest.mark.parametrize(
    ("module", "name", "mutant"),
    [
        (door, "permitted", lambda by, act: True),
        (door, "_own_ward", lambda tx, by, about, now: None),
        (events, "read", lambda *told: None),
        (events, "tell", lambda *told, **more: None),
        (access, "wards_of", lambda tx, clinician_id: frozenset({"every"})),
    ],
)
def test_a_gate_that_lost_a_check_is_found(
    store, people, admission, elsewhere, ward, now, monkeypatch, module, name, mutant
):
    """Each check taken out of the gate is missed by some cell."""
    if name in ("permitted", "wards_of"):
        with changing(store) as tx:
            tx.execute("UPDATE admission SET ward_id = ?", (ward.id,))
    cells = {
        "permitted": [("nurse", "decide", False)], "_own_ward": [("nurse", "see_patient", False)],
        "read": [("operator", "see_ward", True)], "tell": [("nurse", "see_patient", False)],
        "wards_of": [("nurse", "see_patient", True)],
    }  # fmt: skip
    monkeypatch.setattr(module, name, mutant)
    ((role, act, allowed),) = cells[name]
    with pytest.raises((AssertionError, NotAllowed, pytest.fail.Exception)):
        check_cell(store, people[role], act, admission.id, now, allowed=allowed)


# --- no way around it


def test_no_table_about_patients_is_reached_without_the_gate(store, ward, admission):
    """Whatever table a later step adds is one of them until somebody names it as the house's."""
    with inside(store) as tx:
        tables = [row["name"] for row in tx.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {t: [c["name"] for c in tx.execute(f"PRAGMA table_info({t})")] for t in tables}
    about_patients = [t for t in tables if t not in (*HOUSE, *SHARED) and not t.startswith("sqlite_")]
    assert {"patient", "admission", "observation", "dose", "alert", "decision", "access_event"} <= set(about_patients)
    for table in about_patients:
        for column in columns[table]:
            if column in COLUMNS.get(table, ()):
                continue
            with pytest.raises(StoreError, match="prohibited|not authorized"), store.read() as tx:
                tx.execute(f"SELECT {column} FROM {table}").fetchall()
        changes = [f"DELETE FROM {table}", f"UPDATE {table} SET {columns[table][0]} = 1", f"DROP TABLE {table}"]
        if table not in ("audit_event", "access_event"):
            changes.append(f"INSERT INTO {table} DEFAULT VALUES")
        for change in changes:
            with pytest.raises(StoreError, match="not authorized|prohibited"), store.write() as tx:
                tx.execute(change)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT (SELECT family_name FROM patient)",
        "WITH p AS (SELECT family_name AS n FROM patient) SELECT n FROM p",
        "SELECT count(*) FROM observation",
        "SELECT c.name FROM clinician c JOIN observation o ON o.clinician_id = c.id",
        "CREATE TEMP VIEW v AS SELECT * FROM patient",
        "CREATE TEMP TABLE t AS SELECT * FROM patient",
        "ATTACH 'ward.db' AS other",
        "SELECT chain FROM audit_event WHERE admission_id = 'a'",
    ],
)
def test_nor_by_a_side_door(store, ward, admission, statement):
    with pytest.raises(StoreError, match="prohibited|not authorized"), store.write() as tx:
        tx.execute(statement)


def test_a_new_table_is_about_patients(store, ward):
    with changing(store) as tx:
        tx.execute("CREATE TABLE counselling_note (id TEXT, words TEXT)")
    with pytest.raises(StoreError, match="prohibited"), store.read() as tx:
        tx.execute("SELECT words FROM counselling_note")


def test_what_is_not_in_the_table_is_done_by_nobody(store, people, admission, now):
    for by in people.values():
        for way in (gate.read, gate.write):
            look_up = way(store, by, "look_up_a_neighbour", now, admission_id=admission.id)
            with pytest.raises(NotAllowed, match="not in the table of acts"), look_up:
                raise AssertionError("let through")


def test_a_read_names_whom_it_is_about(store, nurse, admission, now):
    with pytest.raises(NotAllowed, match="neither a patient nor a ward"), gate.read(store, nurse, "see_ward", now):
        raise AssertionError("let through")
    for way in (gate.read, gate.write):
        nobody = way(store, nurse, "amend" if way is gate.write else "see_patient", now, admission_id="nobody's")
        with pytest.raises(NotFound, match="no such admission"), nobody:
            raise AssertionError("let through")
    assert told(store) == []


def test_only_the_gate_opens_the_tables_about_patients():
    """`Store._patients` is called in one file, and no other file opens the database by itself."""
    wanted = {"_patients": {"gate/door.py"}, "_open": {"store/connection.py", "store/as_of.py"}}
    found: dict[str, set[str]] = {name: set() for name in wanted}
    for path in (ROOT / "detox").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in wanted:
                found[called.attr].add(str(path.relative_to(ROOT / "detox")))
    assert found["_patients"] == wanted["_patients"]
    assert found["_open"] <= wanted["_open"]


# --- events


def test_one_event_a_person_patient_and_quarter_of_an_hour(store, nurse, physician, admission, now):
    start = now.replace(minute=0)
    for minutes in range(0, 31, 5):
        for by in (nurse, physician):
            with gate.read(store, by, "see_patient", start + minutes * MINUTE, admission_id=admission.id):
                pass
        events._seen.clear()  # nor does another server leave a second one
    assert len(told(store, "read")) == 2 * 3


def test_the_board_is_one_event_and_not_one_a_patient(store, ward, nurse, admit, now):
    for name in ("Birch", "Cedar", "Elm"):
        admit(name)
    with gate.read(store, nurse, "see_ward", now, ward_id=ward.id):
        pass
    assert [(row["subject"], row["subject_id"]) for row in told(store, "read")] == [("ward", ward.id)]


def test_nothing_is_read_where_its_event_cannot_be_kept(store, nurse, admission, now):
    with changing(store) as tx:
        tx.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON access_event BEGIN SELECT RAISE(ABORT, 'the disk is tired'); END"
        )
    for _ in range(2):
        reading = gate.read(store, nurse, "see_patient", now, admission_id=admission.id)
        with pytest.raises(StoreError, match="the disk is tired"), reading:
            raise AssertionError("read without an event")


def test_what_leaves_no_event_is_not_kept(store, nurse, admission, now):
    moving = gate.write(store, nurse, "move", now, admission_id=admission.id)
    with pytest.raises(StoreError, match="left no event"), moving as tx:
        tx.execute("UPDATE admission SET discharged_at = admitted_at")
    with inside(store) as tx:
        assert find.admission(tx, admission.id).discharged_at is None


def test_a_burst_of_refusals_is_a_few_lines(store, nurse, admission, now):
    for _ in range(150):
        with pytest.raises(NotAllowed):
            gate.permit(store, nurse, "decide", now)
    assert [row["detail"] for row in told(store, "denied")] == ["{}", '{"count": 10}', '{"count": 100}']


@pytest.mark.parametrize("table", ["access_event", "clinician_ward"])
def test_events_and_wards_are_only_added(store, nurse, admission, ward, now, table):
    with gate.read(store, nurse, "see_patient", now, admission_id=admission.id):
        pass
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET clinician_id = 'x'"):
        with pytest.raises(StoreError, match="never"), changing(store) as tx:
            tx.execute(change)


# --- another ward, in an emergency


def test_broken_glass_opens_one_record_for_an_hour(store, nurse, physician, admission, elsewhere, now):
    def reads(by: Clinician, at) -> bool:
        try:
            with gate.read(store, by, "see_patient", at, admission_id=admission.id):
                return True
        except NotAllowed:
            return False

    assert not reads(nurse, now)
    with pytest.raises(Refused, match="Say why"):
        gate.break_glass(store, nurse, admission.id, "  ", now)
    gate.break_glass(store, nurse, admission.id, "found on the stairs", now)
    assert reads(nurse, now)
    assert not reads(physician, now)
    assert reads(nurse, now + 60 * MINUTE)
    assert not reads(nurse, now + 61 * MINUTE)
    assert [(row["purpose"], row["admission_id"]) for row in told(store, "break_glass")] == [
        ("found on the stairs", admission.id)
    ]


# --- who saw


def test_who_saw_a_record_is_everybody_who_did(store, ward, nurse, physician, admission, now):
    with gate.read(store, nurse, "see_ward", now, ward_id=ward.id):
        pass
    with gate.read(store, physician, "see_patient", now + MINUTE, admission_id=admission.id):
        pass
    with pytest.raises(NotAllowed):
        gate.permit(store, nurse, "decide", now)  # of nobody: it is in nobody's record
    with inside(store) as tx:
        seen = list(access.who_saw(tx, admission.patient.id))
        late = list(access.who_saw(tx, admission.patient.id, now + MINUTE))
    assert [(one.action, one.what, one.by_id) for one in seen if one.action == "read"] == [
        ("read", "see_ward", nurse.id), ("read", "see_patient", physician.id),
    ]  # fmt: skip
    assert [(one.action, one.what) for one in seen][0] == ("write", "admit")
    assert [one.what for one in late] == ["see_patient"]


def test_a_ward_that_was_looked_at_before_the_admission_or_after_it_saw_nobody(store, ward, nurse, admission, now):
    for at in (admission.admitted_at - MINUTE, now):
        with gate.read(store, nurse, "see_ward", at, ward_id=ward.id):
            pass
    with inside(store) as tx:
        reads = [one.at for one in access.who_saw(tx, admission.patient.id) if one.action == "read"]
    assert reads == [now.replace(microsecond=0)]


ROLE_NAMES = set(ROLES) | {"operator"}


def test_the_table_names_only_roles_that_there_are():
    assert {role for act in ACTS.values() for role in act.roles} == ROLE_NAMES


# --- secrets


def test_wrong_secrets_and_lockouts_leave_events_and_no_names_of_strangers(store, nurse, now):
    for n in range(7):
        for name in (nurse.username, "hunter2 typed into the wrong field"):
            with pytest.raises(Refused):
                authentication.by_password(store, name, "wrong", now + n * timedelta(seconds=1))
    rows = told(store)
    assert {(row["action"], row["subject_id"]) for row in rows} == {
        ("failed_sign_in", nurse.id), ("locked_out", nurse.id), ("failed_sign_in", None), ("locked_out", None),
    }  # fmt: skip
    assert not any("hunter2" in str(tuple(row)) for row in rows)
