import time

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus

DOORS = {"/sign-in", "/set-up", "/demo"}
STREAMLIT = [
    "/", "/index.html", "/favicon.png", "/manifest.json", "/record", "/static/js/index.js", "/static/",
    "/anything/below",
    "/_stcore/host-config", "/_stcore/metrics", "/_stcore/upload_file/a/b", "/_stcore/script-health-check",
    "/_stcore/agent/openapi.json", "/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/bidi-components/x",
    "/_stcore/stream", "/_stcore/allowed-message-origins", "/media/abc.csv", "/component/x/y.js", "/app/static/x",
    "/auth/login", "/auth/logout", "/oauth2callback", "//sign-in", "/sign-in/", "/SIGN-IN", "/static/../sign-in",
    "/healthz", "/demo/x",
]  # fmt: skip
NEVER = [
    "/_stcore/metrics", "/_stcore/upload_file/a/b", "/media/abc.csv", "/_stcore/agent/openapi.json",
    "/_stcore/agent/mcp", "/component/x/y.js", "/auth/login", "/oauth2callback", "/app/static/x",
    "/_stcore/script-health-check",
]  # fmt: skip


def test_without_a_session_only_the_door_answers(stranger, member):
    routed = member.get("/routes").text.split()
    assert {"/sign-in", "/export/{ticket}", "/_stcore/stream", "/media/{file_id:path}"} <= set(routed)
    for path in sorted({*routed, *STREAMLIT}):
        path = path.replace("{ticket}", "x").replace("{file_id:path}", "x").replace("{path:path}", "x")
        path = path.replace("{session_id}", "x").replace("{file_id}", "x")
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            answer = stranger.ask(method, path, accept="*/*")
            if path == "/_stcore/health" and method == "GET":
                assert answer.status == 200
            elif path in DOORS and method in ("GET", "POST"):
                assert answer.status in (200, 303, 403), (method, path, answer.status)
            elif path == "/sign-out":
                assert answer.location == "/sign-in"
            else:
                assert answer.status in (401, 403), (method, path, answer.status)
            assert "streamlit" not in answer.text.lower(), path


def test_a_page_leads_to_the_door(stranger):
    assert stranger.get("/record?patient=7").location == "/sign-in"
    assert stranger.get("/").status == 303


def test_shut_for_members_too(member):
    for path in NEVER:
        for method in ("GET", "PUT", "POST"):
            assert member.ask(method, path).status == 403


def test_members_get_the_dashboard_and_nothing_beyond(member):
    assert "<title>Streamlit</title>" in member.get("/").text
    assert member.get("/record").status == 200
    assert member.get("/_stcore/host-config").status == 200
    assert member.get("/anything/below").status == 404
    assert member.ask("POST", "/").status == 404


def test_every_answer_carries_the_headers(stranger, member):
    for answer in (
        stranger.get("/sign-in"),
        stranger.get("/x", accept="*/*"),
        member.get("/"),
        stranger.get("/media/x"),
    ):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["strict-transport-security"] is None
    assert "'unsafe-inline'" not in stranger.get("/sign-in").headers["content-security-policy"]
    assert "script-src 'self' 'sha256-" in member.get("/").headers["content-security-policy"]


def test_an_anonymous_websocket_is_refused(stranger):
    with pytest.raises(InvalidStatus, match="403"):
        stranger.socket()
    stranger.cookies["detox_session"] = "ward." + "A" * 43 + ".9999999999"
    with pytest.raises(InvalidStatus, match="403"):
        stranger.socket()


def test_a_stolen_session_id_is_refused(visitor, member):
    line = member.socket()
    shown = session_id_of(line)
    other = visitor()
    with pytest.raises(InvalidStatus, match="403"):
        other.socket(shown)
    assert other.post("/sign-in", username="a.okoro", password="correct horse").status == 303
    with pytest.raises(InvalidStatus, match="403"):
        other.socket(shown)
    line.close()
    with pytest.raises(InvalidStatus, match="403"):
        other.socket(shown)
    again = member.socket(shown)
    assert session_id_of(again) == shown
    again.close()


def test_an_unknown_session_id_gets_a_new_session(member):
    line = member.socket("12345678-1234-1234-1234-123456789abc")
    assert session_id_of(line) != "12345678-1234-1234-1234-123456789abc"
    line.close()


def test_signing_out_kills_the_websocket_at_once(member):
    line = member.socket()
    shown = session_id_of(line)
    began = time.monotonic()
    cookie = dict(member.cookies)
    assert member.get("/sign-out").location == "/sign-in"
    frames = rest_of(line)
    assert frames[-1].auth_redirect.url == "/sign-in"
    assert time.monotonic() - began < 1
    member.cookies = cookie
    assert member.get("/").location == "/sign-in"
    with pytest.raises(InvalidStatus, match="403"):
        member.socket(shown)


def test_a_session_that_the_database_ended_loses_its_websocket(server, member):
    from sqlite_utils.utils import sqlite3 as engine

    line = member.socket()
    session_id_of(line)
    connection = engine.connect(str(server.database))
    connection.execute("UPDATE session SET expires_at = '2020-01-01T00:00:00.000Z'")
    connection.commit()
    connection.close()
    began = time.monotonic()
    assert rest_of(line)[-1].auth_redirect.url == "/sign-in"
    assert time.monotonic() - began < 7


def session_id_of(line):
    message = BackMsg()
    message.rerun_script.query_string = ""
    line.send(message.SerializeToString())
    for frame in line:
        found = ForwardMsg.FromString(frame)
        if found.HasField("new_session"):
            return found.new_session.initialize.session_id
    raise AssertionError("no session")


def rest_of(line):
    frames = []
    try:
        while True:
            frames.append(ForwardMsg.FromString(line.recv(timeout=10)))
    except ConnectionClosed:
        return frames
