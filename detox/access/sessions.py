"""Signed-in browsers. The cookie holds 32 random bytes; the database holds only their SHA-256.

A cookie reads `ward.<secret>.<end>` or `demo.<secret>.<end>`: the place says which database knows it, the end is when
it runs out (seconds since 1970). The hash covers all three, so none can be changed. The database has the last word.
"""

import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from detox import settings
from detox.care import passwords
from detox.clinical.model import Clinician
from detox.errors import DetoxError, NotAllowed, Refused
from detox.store import Store, audit, find, keep

COOKIE = "detox_session"
LASTS = timedelta(hours=12)
WINDOW = timedelta(minutes=15)
FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_NAME = 64
LONGEST_PASSWORD = 1024

Place = Literal["ward", "demo"]

_SHAPE = re.compile(r"(ward|demo)\.[A-Za-z0-9_-]{43}\.[0-9]{1,10}")
_WRONG = "User name and password do not belong together: check both and try again."

_turns = tuple(threading.Lock() for _ in range(64))  # one sign-in at a time for a name: failures are counted exactly
_ended: dict[str, float] = {}  # token hash -> when it may be forgotten
_ended_guard = threading.Lock()
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
    """Open a session for the account and return the cookie's value.

    Raises Refused, in the same words and after the same time for an unknown name and a wrong password. After five
    failures for a name within 15 minutes the next try has to wait, and the sentence says how long.
    """
    name = username.strip().lower()[:LONGEST_NAME]
    with _turns[hash(name) % len(_turns)]:
        with store.read() as tx:
            wait = _wait(find.failed_sign_ins(tx, name, now - WINDOW - LONGEST_WAIT), now)
            known = find.account(tx, name)
        if wait > timedelta(0):
            raise Refused({"password": f"Too many wrong tries for this user name: wait {_words(wait)} and try again."})
        right = passwords.verify(known[1] if known else None, password[:LONGEST_PASSWORD])
        if known is None or not right or not known[0].active:
            with store.write() as tx:
                keep.failed_sign_in(tx, name, now)
            raise Refused({"password": _WRONG})
    return _open(store, known[0], now)


def sign_in_to_demo(username: str, now: datetime) -> str:
    """Open a session in the demo ward without a password: everything in it is made up."""
    store = store_of("demo")
    with store.read() as tx:
        known = find.account(tx, username)
        if known is None or not all(ward.demo for ward in find.wards(tx)):
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
    """Whose session the cookie carries now; None when it is unknown, signed out, expired or switched off.

    Raises StoreError when the database cannot be asked.
    """
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


def on_end(listener: Callable[[str], None]) -> None:
    """Have `listener` called with the token hash of every session that is signed out."""
    _listeners.append(listener)


def announce_end(token_hash: str, now: datetime) -> None:
    """Tell the process that a session is over, before anything else is sent to its browser."""
    with _ended_guard:
        for old in [known for known, until in _ended.items() if until < now.timestamp()]:
            del _ended[old]
        _ended[token_hash] = (now + LASTS).timestamp()
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


def _wait(failures: list[datetime], now: datetime) -> timedelta:
    """How long the next try still has to wait. `failures` are newest first."""
    if not failures:
        return timedelta(0)
    count = sum(1 for failed_at in failures if failures[0] - failed_at < WINDOW)
    if count < FREE_FAILURES:
        return timedelta(0)
    doublings = min(count - FREE_FAILURES, 10)
    return failures[0] + min(FIRST_WAIT * float(2**doublings), LONGEST_WAIT) - now


def _words(wait: timedelta) -> str:
    seconds = int(-(-wait.total_seconds() // 1))
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = -(-seconds // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
