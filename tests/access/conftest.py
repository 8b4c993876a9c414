import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import hours
import pytest
from websockets.sync.client import connect

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FORM = {
    "name": "Ward 4B", "beds": "12", "time_zone": "Europe/London", "temperature_unit": "C",
    "shift_name_1": "Day", "shift_start_1": "07:30", "shift_name_2": "Night", "shift_start_2": "19:30",
    "manager_name": "A. Okoro", "username": "a.okoro", "password": "correct horse", "password_again": "correct horse",
}  # fmt: skip


class Answer:
    def __init__(self, raw):
        self.status, self.headers, self.bytes = raw.status, raw.headers, raw.read()
        self.text = self.bytes.decode("utf-8", "replace")
        self.location = raw.headers["location"]


class Browser:
    """A person's browser: keeps its cookies, follows nothing by itself."""

    def __init__(self, server):
        self.server, self.cookies = server, {}

    def ask(self, method, path, body=None, **headers):
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        sent = {"accept": "text/html", "cookie": self.cookie_line(), **headers}
        if body is not None:
            sent["content-type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request(method, path, urlencode(body) if body is not None else None, sent)
            answer = Answer(connection.getresponse())
        for line in answer.headers.get_all("set-cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, **fields):
        return self.ask("POST", path, {"form_token": self.token(), **fields})

    def token(self, path="/demo"):
        return re.search(r'name="form_token" value="([0-9a-f]+)"', self.get(path).text)[1] if path else ""

    def cookie_line(self):
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)

    def socket(self, session_id=None):
        protocols = ["streamlit", "x", *([session_id] if session_id else [])]
        return connect(
            f"ws://127.0.0.1:{self.server.port}/_stcore/stream", subprotocols=protocols, open_timeout=5, legacy=True,
            additional_headers={"cookie": self.cookie_line()} if self.cookies else None,
        )  # fmt: skip


class Server:
    def __init__(self, folder, *flags, script=HERE / "stub_server.py"):
        self.database = folder / "ward.db"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *hours.streamlit(), "run", str(script), "--server.port", str(self.port), *flags],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, "DETOX_DATABASE": str(self.database), "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def wait(self):
        for _ in range(1200):  # a minute, for a machine that is busy with other things
            with contextlib.suppress(OSError):
                if Browser(self).get("/_stcore/health").status == 200:
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    started = [Server(tmp_path_factory.mktemp(name)) for name in ("fresh", "ward")]
    yield started
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def fresh_server(servers):
    """A server on a database that nobody has set up yet."""
    return servers[0].wait()


@pytest.fixture(scope="session")
def server(servers):
    """A server whose ward is set up."""
    found = servers[1].wait()
    assert Browser(found).post("/set-up", **FORM).status == 303
    return found


@pytest.fixture
def start_server(tmp_path):
    started = []

    def start(*flags, **how):
        started.append(Server(tmp_path, *flags, **how))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def form():
    return dict(FORM)


@pytest.fixture
def visit():
    return Browser


@pytest.fixture
def visitor(server):
    return lambda: Browser(server)


@pytest.fixture
def stranger(server):
    return Browser(server)


@pytest.fixture
def member(server):
    browser = Browser(server)
    assert browser.post("/sign-in", username="a.okoro", password="correct horse").location == "/"
    return browser
