"""What every page stands in: the session checked on each run, the way around, and a cover for a screen gone stale."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from detox import gate
from detox.access import sessions
from detox.clinical.model import Clinician, Ward
from detox.errors import NotFound
from detox.gate import permitted
from detox.instants import wall
from detox.store import Connection, Store, find
from detox.ui import clock, style, words

TICK_S = 5
COVER_AFTER_S = 15


@dataclass(frozen=True)
class Visit:
    """One run of a page: who is here, on which ward, at what time."""

    session: sessions.Session
    ward: Ward
    now: datetime

    @property
    def by(self) -> Clinician:
        """Who acts."""
        return self.session.clinician

    @property
    def store(self) -> Store:
        """The ward's database, or the demo's."""
        return self.session.store

    @property
    def zone(self) -> ZoneInfo:
        """The ward's time zone."""
        return ZoneInfo(self.ward.time_zone)

    def see(self, admission_id: str | None = None) -> AbstractContextManager[Connection]:
        """A connection that reads the record of one patient, or without one what the ward knows of all of them.

        It leaves the event of a read. Raises NotAllowed.
        """
        now = clock.now()  # a page that looks back has an hour of its own; who reads, reads now
        if admission_id is None:
            return gate.read(self.store, self.by, "see_ward", now, ward_id=self.ward.id)
        return gate.read(self.store, self.by, "see_patient", now, admission_id=admission_id)

    def may(self, verb: str) -> bool:
        """True when this person's role carries the verb (the verb checks it again)."""
        return permitted(self.by, verb)


def visit() -> Visit:
    """Who is here now; stops the page with a way to sign in when the session has ended. Asked anew in each callback."""
    now = clock.now()
    session = sessions.current(st.context.cookies.get(sessions.COOKIE), now)
    if session is None:
        st.html('<p class="dx-gone">You are signed out. <a href="/sign-in" target="_self">Sign in</a></p>')
        st.stop()
    with session.store.read() as tx:
        wards = find.wards(tx)
    if not wards:
        raise NotFound("There is no ward in this database: set one up first.")
    return Visit(session, wards[0], now)


def place() -> DeltaGenerator:
    """A place of its own on the page: what comes and goes in it moves nothing below it.

    A form, a column or a popover that moves is built anew in the browser, and what was being typed or tapped in it is
    lost. So whatever stands above one and is not always there is drawn in a place.
    """
    return st.container()


def run() -> None:
    """Draw the frame and the page that was asked for."""
    st.set_page_config(page_title="Ward board", page_icon="🏥", layout="wide", initial_sidebar_state="collapsed")
    st.html(style.sheet(dark=st.context.theme.type == "dark"))
    here = visit()
    page = st.navigation(_pages(here), position="top")
    _heartbeat()
    page.run()


def _pages(here: Visit) -> list[st.Page]:
    pages = [
        st.Page("pages/board.py", title="Ward board", url_path="board", default=True),
        st.Page("pages/record.py", title="Record", url_path="record", visibility="hidden"),
        st.Page("pages/patient.py", title="Patient", url_path="patient", visibility="hidden"),
        st.Page("pages/scale.py", title="Other scale", url_path="scale", visibility="hidden"),
    ]
    if here.may("decide"):
        pages.append(st.Page("pages/inbox.py", title="Inbox", url_path="inbox"))
    if here.may("admit"):
        pages.append(st.Page("pages/admit.py", title="Admit", url_path="admit"))
    pages.append(st.Page("pages/shift.py", title="Shift summary", url_path="shift"))
    pages.append(st.Page("pages/look_back.py", title="Look back", url_path="look-back"))
    if here.may("record"):
        pages.append(st.Page("pages/plan_what_if.py", title="What if", url_path="what-if", visibility="hidden"))
    pages.append(st.Page("pages/protocols.py", title="Protocols", url_path="protocols"))
    if here.may("add_clinician"):
        pages.append(st.Page("pages/ward.py", title="Ward and accounts", url_path="ward"))
    if here.may("set_pin"):
        pages.append(st.Page("pages/pin.py", title="My PIN", url_path="pin"))
    return pages


def _banner(here: Visit) -> None:
    local = wall(here.now, here.zone, "%a %-d %b %H:%M")
    demo = '<span class="dx-demo">DEMO: invented patients, nothing here is real</span>' if here.ward.demo else ""
    st.html(
        f'<div class="dx-banner"><b>{words.esc(here.ward.name)}</b><span>{local}</span>{demo}'
        f'<span class="dx-who">{words.esc(here.by.name)}, {words.ROLES[here.by.role]}'
        '<a class="dx-button" href="/sign-out" target="_self">Sign out</a></span></div>'
    )


@st.fragment(run_every=TICK_S)
def _heartbeat() -> None:
    """Who is here and what time it is. Each tick proves that server and session live; without ticks a style alone
    covers the page."""
    here = visit()
    _banner(here)
    st.session_state["_tick"] = tick = st.session_state.get("_tick", 0) + 1
    st.html(style.cover(tick, wall(here.now, here.zone, "%H:%M:%S"), COVER_AFTER_S))
