"""The front door before a page of no importance: what the tests of this folder start."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import streamlit as st
from argon2 import PasswordHasher
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from detox import care
from detox.access import exports, sessions, start
from detox.access.guard import Guard
from detox.access.routes import routes
from detox.access.start import lifespan, on_script_error
from detox.care import passwords
from detox.clinical.model import Shift
from detox.store import Store

DAY = [Shift("Day", "07:30"), Shift("Night", "19:30")]
built = []


def build(path, now, on_progress):
    built.append(now)
    on_progress(0.4, "Admitting")
    time.sleep(0.3)
    store = Store.create(path)
    manager = care.set_up_ward(
        store, name="Demo", beds=["1"], shifts=DAY, time_zone="Europe/London", temperature_unit="C",
        username="manager", manager_name="M. Demo", password="synthetic-1", now=now, demo=True,
    )  # fmt: skip
    for role in ("nurse", "physician"):
        care.add_clinician(store, manager, username=role, name=role, role=role, password="synthetic-1", now=now)


sys.modules["detox.care.demo"] = SimpleNamespace(build=build)  # type: ignore[assignment]
care.demo = sys.modules["detox.care.demo"]
exports.PRODUCERS["shift"] = lambda store, by, params, now: ("shift day.csv", b"bed,cows\r\n1,4\r\n2,19\r\n")
exports.LASTS_S = 0.5
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # as it is, it takes a tenth of a second
start.import_rooms = lambda: None  # the door alone is under test


def ticket(request: Request) -> Response:
    session = sessions.current(request.cookies[sessions.COOKIE], datetime.now(UTC))
    return PlainTextResponse(exports.ticket(session, "shift", datetime.now(UTC), ward_id="w", shift_key="day"))


def count(request: Request) -> Response:
    return PlainTextResponse(str(len(built)))


def addresses(request: Request) -> Response:
    return PlainTextResponse("\n".join(route.path or "/" for route in request.app.routes))


app = st.App(
    str(Path(__file__).with_name("stub_page.py")),
    routes=[*routes(), Route("/ticket", ticket), Route("/built", count), Route("/routes", addresses)],
    middleware=[Middleware(Guard)],
    lifespan=lifespan,
    on_script_error=on_script_error,
)
