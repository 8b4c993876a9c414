"""Who saw a record: on the command line and on the manager's page."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from inside import changing

from detox import gate
from detox.__main__ import main
from detox.errors import NotAllowed, NotFound
from detox.gate import events

KEYS = {"at", "by", "device", "action", "what", "purpose"}
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nothing_seen():
    events._seen.clear()


@pytest.fixture
def admission(admit):
    return admit("Cedar")


@pytest.fixture
def looked_at(store, ward, admission, nurse, physician, now):
    """A record that a physician has opened, on a board that a nurse has seen."""
    with gate.read(store, nurse, "see_ward", now - 40 * MINUTE, ward_id=ward.id):
        pass
    with gate.read(store, physician, "see_patient", now - 20 * MINUTE, admission_id=admission.id):
        pass
    return admission


def test_the_manager_sees_it_and_asking_is_a_read_of_its_own(store, looked_at, manager, nurse, physician, now):
    patient = looked_at.patient.id
    first = gate.who_saw(store, manager, patient, now)
    assert [(one.action, one.by_id) for one in first][-2:] == [("read", nurse.id), ("read", physician.id)]
    again = gate.who_saw(store, manager, patient, now + MINUTE)
    assert [(one.what, one.by_id) for one in again if one not in first] == [("who_saw", manager.id)]
    assert gate.who_saw(store, manager, patient, now, since=now + 60 * MINUTE) == []


def test_nobody_else_does(store, looked_at, nurse, physician, manager, ward, now):
    for by in (nurse, physician):
        with pytest.raises(NotAllowed, match="ask a manager"):
            gate.who_saw(store, by, looked_at.patient.id, now)
    with pytest.raises(NotFound, match="no patient 'nobody'"):
        gate.who_saw(store, manager, "nobody", now)
    with changing(store) as tx:
        tx.execute("UPDATE clinician_ward SET until_at = from_at")
    with pytest.raises(NotAllowed, match="does not work on this patient's ward"):
        gate.who_saw(store, manager, looked_at.patient.id, now)


def test_by_the_command_line(store, looked_at, physician):
    def run(*args):
        return CliRunner().invoke(main, [str(one) for one in args])

    shown = run("who-saw", "--patient", looked_at.patient.id, "--database", store.path)
    assert shown.exit_code == 0, shown.output
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert all(set(line) == KEYS for line in lines)
    assert {line["action"] for line in lines} == {"write", "read"}
    assert lines[-1]["by"] == {"id": physician.id, "name": physician.name, "role": "physician"}
    again = run("who-saw", "--patient", looked_at.patient.id, "--since", lines[-1]["at"], "--database", store.path)
    assert [json.loads(line)["by"]["role"] for line in again.stdout.splitlines()] == ["physician", "operator"]
    for wrong, says in (
        (("--patient", "nobody"), "no patient 'nobody'"),
        (("--patient", looked_at.patient.id, "--since", "yesterday"), "is no time"),
    ):
        refused = run("who-saw", *wrong, "--database", store.path)
        assert refused.exit_code == 2
        assert says in refused.stderr
        assert "Traceback" not in refused.stderr
