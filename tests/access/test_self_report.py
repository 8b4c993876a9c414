"""A browser in a patient's hands reaches its questionnaire and nothing else, until a clinician takes it back."""

import re
import time
import uuid
from datetime import UTC, datetime

import pytest
from inside import inside
from sqlite_utils.utils import sqlite3 as engine
from test_guard import rest_of, session_id_of
from websockets.exceptions import InvalidStatus

from detox import care
from detox.access import sessions
from detox.clinical.model import Admission, Patient
from detox.store import Store, find

PASSWORD = "correct horse"
PIN = "482915"
PAGES = [
    "/", "/record?admission=x&f=y", "/patient?admission=x", "/scale", "/pin", "/export/x", "/demo", "/set-up",
    "/set-up?form=1", "/sign-in", "/sign-out", "/index.html", "/anything/below", "/routes",
]  # fmt: skip
MACHINES = ["/_stcore/host-config", "/_stcore/stream", "/static/js/index.js", "/ticket", "/favicon.png"]


@pytest.fixture
def store(server):
    return Store(server.database)


@pytest.fixture
def nurses(store):
    """Two nurses with a PIN, new for each test, so that no lock of one test is met in another."""
    now = datetime.now(UTC)
    with inside(store) as tx:
        manager = find.account(tx, "a.okoro")[0]
    found = []
    for _ in range(2):
        name = f"n{uuid.uuid4().hex[:8]}"
        who = care.add_clinician(store, manager, username=name, name=name, role="nurse", password=PASSWORD, now=now)
        care.set_pin(store, who, PASSWORD, PIN, now)
        found.append(who)
    return found


@pytest.fixture
def admission(store, nurses):
    with inside(store) as tx:
        ward = find.wards(tx)[0]
    now, person = datetime.now(UTC), Patient(uuid.uuid4().hex, "Silva", "Maria")
    stay = Admission(uuid.uuid4().hex, person, ward.id, None, "taper", now)
    return care.admit(store, nurses[0], stay, None, now)


@pytest.fixture
def signed_in(visitor, nurses):
    browser = visitor()
    assert browser.post("/sign-in", username=nurses[0].username, password=PASSWORD).location == "/"
    return browser


@pytest.fixture
def handed(signed_in, store, admission, nurses):
    hand(signed_in, store, admission, nurses[0])
    return signed_in


def hand(browser, store, admission, nurse, scale="sows-gossop"):
    token_hash = sessions.hash_of(browser.cookies["detox_session"])
    now = datetime.now(UTC)
    return care.hand_over(store, nurse, uuid.uuid4().hex, token_hash, admission.id, scale, now)


def settle(browser):
    """Until this process has asked the database again: a hand-over by another process is known within two seconds."""
    end = time.monotonic() + 4
    while browser.get("/record").location != "/self-report" and time.monotonic() < end:
        time.sleep(0.1)


def send(browser, path="/self-report", **fields):
    shown = browser.get("/self-report?q=1").text
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', shown)[1]
    return browser.ask("POST", path, {"form_token": token, **fields})


def kept(store, admission):
    with inside(store) as tx:
        return find.observations(tx, admission.id)


def test_every_page_leads_back_to_the_questionnaire(handed):
    settle(handed)
    for path in PAGES:
        answer = handed.get(path)
        assert (answer.status, answer.location) == (303, "/self-report"), path
        assert handed.ask("POST", path, {"as": "nurse"}).status == 403, path
    for path in MACHINES:
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert handed.ask(method, path, accept="*/*").status == 403, path
    assert handed.get("/_stcore/upload_file/a/b").status == 403


def test_the_websocket_closes_and_opens_no_more(signed_in, store, admission, nurses):
    line = signed_in.socket()
    shown = session_id_of(line)
    hand(signed_in, store, admission, nurses[0])
    frames = rest_of(line)
    assert frames[-1].HasField("auth_redirect")
    for session_id in (None, shown):
        with pytest.raises(InvalidStatus, match="403"):
            signed_in.socket(session_id)


def test_a_ticket_made_before_is_of_no_use(signed_in, store, admission, nurses):
    ticket = signed_in.get("/ticket")
    hand(signed_in, store, admission, nurses[0])
    settle(signed_in)
    answer = signed_in.get(ticket.text)
    assert answer.location == "/self-report"
    assert b"bed,cows" not in answer.bytes


def test_the_patient_answers_goes_back_and_leaves_out(handed, store, admission):
    settle(handed)
    start = handed.get("/self-report")
    assert "Hello, Maria." in start.text
    assert "Silva" not in start.text
    assert "no-store" in start.headers["cache-control"]
    assert "<script" not in start.text
    assert "1 of 10" in handed.get("/self-report?q=1").text
    assert send(handed, item="feeling_sick", answer="2").location == "/self-report?q=2"
    assert send(handed, item="stomach_cramps", answer="").location == "/self-report?q=3"
    assert 'value="2" aria-pressed="true"' in handed.get("/self-report?q=1").text
    assert "3 of 10" in handed.get("/self-report").text, "it goes on where it stopped"
    assert send(handed, item="feeling_sick", answer="9").status == 422
    assert send(handed, item="hiccups", answer="1").status == 403
    assert handed.ask("POST", "/self-report", {"item": "yawning", "answer": "1"}).status == 403
    assert "Please give the tablet back" in handed.get("/self-report?q=11").text
    assert kept(store, admission) == []


def test_the_pin_of_the_same_nurse_opens_the_same_session(handed, store, admission, nurses):
    settle(handed)
    before = dict(handed.cookies)
    send(handed, item="yawning", answer="3")
    back = send(handed, "/self-report/return", way="pin", username=nurses[0].username, secret=PIN)
    (seen,) = kept(store, admission)
    assert back.location == f"/scale?admission={admission.id}&saved={seen.id}"
    assert seen.answers == {"sows-gossop": {"yawning": 3}}
    assert handed.cookies["detox_session"] == before["detox_session"]
    assert handed.get("/record").status == 200
    handed.socket().close()
    assert handed.get("/self-report").location == "/"
    assert handed.ask("POST", "/self-report/return", {}).location == "/"


def test_another_nurse_takes_the_browser_over(handed, store, admission, nurses):
    settle(handed)
    first = dict(handed.cookies)
    send(handed, item="yawning", answer="3")
    assert send(handed, "/self-report/return", way="pin", username=nurses[1].username, secret=PIN).status == 303
    assert kept(store, admission)[0].recorded_by == nurses[0].name
    now = datetime.now(UTC)
    with inside(store) as tx:
        assert find.session(tx, sessions.hash_of(first["detox_session"]), now) is None
        assert find.session(tx, sessions.hash_of(handed.cookies["detox_session"]), now) == nurses[1]
    assert handed.get("/record").status == 200
    handed.cookies = first
    assert handed.get("/record").location == "/sign-in"


def test_wrong_pins_lock_and_the_password_opens(handed, store, admission, nurses):
    settle(handed)
    name = nurses[0].username
    for number in range(5):
        answer = send(handed, "/self-report/return", way="pin", username=name, secret="918273")
        assert answer.status == 403
        assert ("locked" in answer.text) == (number == 4)
    assert "locked" in send(handed, "/self-report/return", way="pin", username=name, secret=PIN).text
    assert send(handed, "/self-report/return", way="demo", username=name, secret="").status == 403
    assert send(handed, "/self-report/return", way="password", username="a.okoro", secret=PASSWORD).status == 403
    assert handed.get("/record").location == "/self-report"
    back = send(handed, "/self-report/return", way="password", username=name, secret=PASSWORD)
    assert back.location == f"/scale?admission={admission.id}"
    assert handed.get("/record").status == 200


def test_taken_back_from_elsewhere_the_tablet_is_signed_out(handed, store, nurses):
    settle(handed)
    with inside(store) as tx:
        report_id = tx.execute("SELECT id FROM self_report WHERE ended_at IS NULL ORDER BY rowid DESC").fetchone()[0]
    care.take_back(store, nurses[1], report_id, datetime.now(UTC))
    for path in ("/record", "/self-report", "/"):
        assert handed.get(path).location == "/sign-in"
    with pytest.raises(InvalidStatus, match="403"):
        handed.socket()


def test_nothing_of_a_self_report_is_changed_or_deleted(handed, store, server):
    settle(handed)
    send(handed, item="yawning", answer="3")
    connection = engine.connect(str(server.database))
    for table in ("self_report", "self_report_answer", "pin", "pin_try"):
        if connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:
            with pytest.raises(engine.DatabaseError, match="never deleted"):
                connection.execute(f"DELETE FROM {table}")
    with pytest.raises(engine.DatabaseError, match="never changed"):
        connection.execute("UPDATE self_report SET scale = 'phq-9'")
    connection.close()


def test_strangers_and_members_have_no_questionnaire(stranger, member):
    assert stranger.get("/self-report").location == "/sign-in"
    assert stranger.ask("POST", "/self-report", {}, accept="*/*").status == 401
    assert member.get("/self-report").location == "/"
    assert member.get("/self-report/return").location == "/"


def test_in_this_process_the_door_shuts_before_the_record_is_kept(store, nurses, admission, monkeypatch, server):
    monkeypatch.setenv("DETOX_DATABASE", str(server.database))
    now = datetime.now(UTC)
    token = sessions.sign_in(sessions.store_of("ward"), nurses[0].username, PASSWORD, now)
    session = sessions.current(token, now)
    heard = []
    monkeypatch.setattr(sessions, "_listeners", [heard.append])
    sessions.hand_over(session, uuid.uuid4().hex, admission.id, "phq-9", now)
    assert heard == [session.token_hash]
    assert sessions.current(token, now) is None
    assert sessions.is_shut(session.token_hash)
    waiting, report = sessions.handed_over(token, now)
    sessions.take_back(waiting.store, nurses[0], report, now, here=True)
    assert sessions.current(token, now).clinician == nurses[0]
    with pytest.raises(Exception, match="no such admission"):
        sessions.hand_over(session, uuid.uuid4().hex, "nobody", "phq-9", now)
    assert sessions.current(token, now) is not None, "what was refused shuts nothing"
