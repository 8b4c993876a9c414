"""Signed-in browsers. The cookie holds 32 random bytes; the database holds only their SHA-256.

A cookie reads `ward.<secret>.<end>` or `demo.<secret>.<end>`: the place says which database knows it, the end is when
it runs out (seconds since 1970). The hash covers all three, so none can be changed. The database has the last word.

A browser that was handed to a patient has no session until it is taken back: `current` answers None for it, and only
`handed_over` knows what it may show.
"""

import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from detox import care, gate, settings
from detox.care import authentication
from detox.care.self_reporting import TakenBack
from detox.clinical.model import Clinician
from detox.errors import DetoxError, NotAllowed
from detox.store import Store, audit, find, keep, self_reports
from detox.store.self_reports import SelfReport

COOKIE = "detox_session"
LASTS = timedelta(hours=12)

Place = Literal["ward", "demo"]

_SHAPE = re.compile(r"(ward|demo)\.[A-Za-z0-9_-]{43}\.[0-9]{1,10}")
_ended: dict[str, float] = {}  # token hash -> when it may be forgotten
_ended_guard = threading.Lock()
_handed_over: set[str] = set()
_listeners: list[Callable[[str], None]] = []


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser: who, in which database, until when."""

    clinician: Clinician
    store: Store
    place: Place
    token_hash: str
    expires_at: datetime


def store_of(place: Place) -> Store:
    """The database of the ward or of the demo ward."""
    return Store(settings.demo_database() if place == "demo" else settings.ward_database())


def place_of(store: Store) -> Place:
    """Which of the two databases `store` is."""
    return "demo" if store.path == settings.demo_database() else "ward"


def hash_of(token: str) -> str:
    """What the database and the audit trail know of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(store: Store, username: str, password: str, now: datetime) -> str:
    """Open a session for the account and return the cookie's value. Raises Refused as `by_password` does."""
    return _open(store, authentication.by_password(store, username, password, now), now)


def sign_in_to_demo(username: str, now: datetime) -> str:
    """Open a session in the demo ward without a password: everything in it is made up."""
    store = store_of("demo")
    with store.read() as tx:
        known = find.account(tx, username)
        if known is None or not known[0].active or not all(ward.demo for ward in find.wards(tx)):
            raise NotAllowed("This is not a demo account: choose one of the three buttons.")
    return _open(store, known[0], now)


def sign_out(token: str | None, now: datetime) -> None:
    """End the session of that cookie everywhere, at once. Without a live session nothing happens."""
    session = current(token, now)
    if session is None:
        return
    with session.store.write() as tx:
        keep.end_session(tx, session.token_hash, now)
        audit.event(tx, now, session.clinician, "sign_out", "clinician", session.clinician.id)
    announce_end(session.token_hash, now)


def current(cookie: str | None, now: datetime) -> Session | None:
    """Whose session the cookie carries now; None when it is unknown, signed out, expired or switched off, and while
    the browser is in a patient's hands.

    Raises StoreError when the database cannot be asked.
    """
    session = _known(cookie, now)
    if session is None or is_handed_over(session.token_hash):
        return None
    with session.store.read() as tx:
        return None if self_reports.is_handed_over(tx, session.token_hash) else session


def handed_over(cookie: str | None, now: datetime) -> tuple[Session, SelfReport] | None:
    """For whom and what this browser is in a patient's hands, and the sign-in that waits behind it; None otherwise."""
    session = _known(cookie, now)
    if session is None:
        return None
    held = care.held_by(session.store, session.token_hash)
    if held is None:
        return None
    giver, admission_id = held
    with gate.read(session.store, giver, "answer", now, admission_id=admission_id) as tx:
        report = self_reports.open_on(tx, session.token_hash)
    return None if report is None else (session, report)


def _known(cookie: str | None, now: datetime) -> Session | None:
    if not cookie or not _SHAPE.fullmatch(cookie):
        return None
    place: Place = "demo" if cookie.startswith("demo.") else "ward"
    token_hash = hash_of(cookie)
    expires_at = datetime.fromtimestamp(int(cookie.rpartition(".")[2]), UTC)
    if has_ended(token_hash) or expires_at <= now:
        return None
    store = store_of(place)
    if place == "demo" and not store.exists:
        return None
    with store.read() as tx:
        clinician = find.session(tx, token_hash, now)
    return None if clinician is None else Session(clinician, store, place, token_hash, expires_at)


def has_ended(token_hash: str) -> bool:
    """True when the session was signed out in this process: known without asking the database."""
    return token_hash in _ended


def is_handed_over(token_hash: str) -> bool:
    """True when the browser was handed to a patient in this process: known without asking the database."""
    return token_hash in _handed_over


def is_shut(token_hash: str) -> bool:
    """True when nothing of the dashboard may reach that browser any more, or for now."""
    return has_ended(token_hash) or is_handed_over(token_hash)


def end_all(token_hashes: Iterable[str], now: datetime) -> None:
    """Tell the process that these sessions are over, as a change of their account has ended them in the database."""
    for token_hash in token_hashes:
        announce_end(token_hash, now)


def hand_over(session: Session, report_id: str, admission_id: str, scale_id: str, now: datetime) -> None:
    """Give this browser to the patient: from this moment it reaches the questionnaire and nothing else.

    It is shut before the record is kept, and opened again if that fails: in between nothing gets through. Raises as
    `care.hand_over` does.
    """
    _handed_over.add(session.token_hash)
    try:
        care.hand_over(session.store, session.clinician, report_id, session.token_hash, admission_id, scale_id, now)
    except BaseException:
        with session.store.read() as tx:
            if not self_reports.is_handed_over(tx, session.token_hash):
                _handed_over.discard(session.token_hash)
        raise
    _tell(session.token_hash)


def take_back(
    store: Store, by: Clinician, report: SelfReport, now: datetime, *, here: bool = False
) -> tuple[TakenBack, str | None]:
    """End the self-report; `here` is True on the browser that was handed over, after `by` has proven who they are.

    Also returns the cookie's value of a new sign-in where the browser has to change hands. Raises as `care.take_back`.
    """
    done = care.take_back(store, by, report.id, now, here=here)
    if done.signed_out:
        announce_end(report.token_hash, now)
    _handed_over.discard(report.token_hash)
    return done, _open(store, by, now) if here and done.signed_out else None


def on_end(listener: Callable[[str], None]) -> None:
    """Have `listener` called with the token hash of every session that is signed out or handed to a patient."""
    _listeners.append(listener)


def announce_end(token_hash: str, now: datetime) -> None:
    """Tell the process that a session is over, before anything else is sent to its browser."""
    with _ended_guard:
        for old in [known for known, until in _ended.items() if until < now.timestamp()]:
            del _ended[old]
        _ended[token_hash] = (now + LASTS).timestamp()
    _tell(token_hash)


def _tell(token_hash: str) -> None:
    for listener in _listeners:
        with suppress(DetoxError, RuntimeError):
            listener(token_hash)


def _open(store: Store, clinician: Clinician, now: datetime) -> str:
    until = (now + LASTS).replace(microsecond=0)
    token = f"{place_of(store)}.{secrets.token_urlsafe(32)}.{int(until.timestamp())}"
    with store.write() as tx:
        keep.session(tx, hash_of(token), clinician.id, now, until)
        audit.event(tx, now, clinician, "sign_in", "clinician", clinician.id)
    return token
