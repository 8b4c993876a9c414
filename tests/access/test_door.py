import hashlib
import json
import threading
import time

from sqlite_utils.utils import sqlite3


def rows(server, statement, name="ward.db"):
    connection = sqlite3.connect(str(server.database.with_name(name)))
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_first_run(fresh_server, visit, form):
    person = visit(fresh_server)
    assert person.get("/").location == "/set-up"
    assert person.get("/sign-in").location == "/set-up"
    doors = person.get("/set-up").text
    assert "Set up this ward" in doors
    assert "Look around the demo ward" in doors

    wrong = person.post("/set-up", **form | {"beds": "0", "password": "xyz", "username": "A B", "name": "4B <i>"})
    assert wrong.status == 422
    for problem in (
        "at least one bed",
        "has 3 characters",
        "passwords differ",
        "2 to 40 letters",
        "4 fields need a look",
    ):
        assert problem in wrong.text
    assert 'value="4B &lt;i&gt;"' in wrong.text
    assert "xyz" not in wrong.text
    assert rows(fresh_server, "SELECT 1 FROM ward") == []

    right = person.post("/set-up", **form)
    assert (right.status, right.location) == (303, "/")
    assert "HttpOnly" in right.headers.get_all("set-cookie")[0]
    assert "samesite=strict" in right.headers.get_all("set-cookie")[0].lower()
    assert person.get("/").status == 200
    assert person.get("/set-up").location == "/sign-in"
    assert visit(fresh_server).post("/set-up", **form).location == "/sign-in"
    assert visit(fresh_server).get("/").location == "/sign-in"
    assert len(rows(fresh_server, "SELECT 1 FROM bed")) == 12
    secret = person.cookies["detox_session"]
    kept = [row["token_hash"] for row in rows(fresh_server, "SELECT token_hash FROM session")]
    assert kept == [hashlib.sha256(secret.encode()).hexdigest()]


def test_a_form_that_was_not_shown_to_this_browser_is_refused(visitor, form):
    password = {"username": "a.okoro", "password": "correct horse"}
    assert visitor().ask("POST", "/sign-in", password).status == 403
    stranger, other = visitor(), visitor()
    stranger.token()
    assert stranger.ask("POST", "/sign-in", {**password, "form_token": other.token()}).status == 403
    assert stranger.ask("POST", "/demo", {"as": "nurse", "form_token": "é"}).status == 403
    foreign = {"sec-fetch-site": "cross-site"}
    assert stranger.ask("POST", "/sign-in", {**password, "form_token": stranger.token()}, **foreign).status == 403
    assert "detox_session" not in stranger.cookies
    assert stranger.ask("POST", "/sign-in", {**password, "form_token": stranger.token()}).location == "/"


def test_a_body_without_end_is_not_read(visitor):
    assert visitor().ask("POST", "/sign-in", {"username": "x" * 100_000}).status == 403


def test_five_failures_make_the_next_try_wait(visitor):
    person = visitor()
    answers = [person.post("/sign-in", username="nobody", password=f"wrong {n}") for n in range(6)]
    assert all("do not belong together" in answer.text for answer in answers[:5])
    assert "wait 30 seconds" in answers[5].text
    assert {answer.status for answer in answers} == {403}


def test_signing_in_and_out_are_in_the_trail(server, member):
    assert member.get("/sign-in").location == "/"
    old = dict(member.cookies)
    assert member.get("/sign-out", **{"sec-fetch-site": "cross-site"}).location == "/sign-in"
    assert member.get("/").status == 200
    assert member.ask("POST", "/sign-out", {}).location == "/sign-in"
    assert member.cookies["detox_session"] == ""
    member.cookies = old
    assert member.get("/").location == "/sign-in"
    verbs = [row["verb"] for row in rows(server, "SELECT verb FROM audit_event ORDER BY seq DESC LIMIT 2")]
    assert verbs == ["sign_out", "sign_in"]


def test_an_export_leaves_once_and_is_in_the_trail(server, member):
    address = member.get("/ticket").text
    answer = member.get(address)
    assert answer.status == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="shift_day.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    again = member.get(address)
    assert (again.status, "already fetched" in again.text) == (410, True)
    event = rows(server, "SELECT * FROM audit_event WHERE verb = 'export' ORDER BY seq DESC LIMIT 1")[0]
    detail = json.loads(event["detail"])
    assert detail["rows"] == 2
    assert detail["sha256"] == hashlib.sha256(answer.bytes).hexdigest()


def test_an_export_is_refused_to_another_sign_in_when_old_and_after_signing_out(visitor, member):
    address = member.get("/ticket").text
    assert visitor().get(address).status == 403
    other = visitor()
    other.post("/demo")
    wait_for_demo(other)
    other.post("/demo", **{"as": "nurse"})
    refused = other.get(address)
    assert (refused.status, "another sign-in" in refused.text) == (403, True)
    time.sleep(0.6)
    old = member.get(address)
    assert (old.status, "older than 60 seconds" in old.text) == (410, True)
    assert member.get("/export/nothing").status == 410
    fresh = member.get("/ticket").text
    member.get("/sign-out")
    assert member.get(fresh).status == 403


def test_two_people_at_the_demo_door_build_once(visitor):
    people = [visitor() for _ in range(6)]
    tokens = [(person, person.token()) for person in people]
    threads = [threading.Thread(target=p.ask, args=("POST", "/demo", {"form_token": t})) for p, t in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for person in people:
        wait_for_demo(person)
    assert people[0].post("/demo", **{"as": "stranger"}).location == "/demo"
    assert people[0].post("/demo", **{"as": "nurse"}).location == "/"
    assert people[0].cookies["detox_session"].startswith("demo.")
    assert people[0].get("/built").text == "1"


def test_what_an_error_says_stays_out_of_the_log(server):
    text = server.log.read_text()
    assert "Traceback" not in text
    assert "correct horse" not in text


def wait_for_demo(person):
    for _ in range(100):
        page = person.get("/demo").text
        if "As a nurse" in page:
            return
        assert "failed" not in page
        time.sleep(0.05)
    raise AssertionError(page)
