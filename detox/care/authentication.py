"""Proving who one is by a password: the same words and the same time for every wrong try, and guessing gets slow."""

import threading
from datetime import datetime, timedelta

from detox.care import passwords
from detox.clinical.model import Clinician
from detox.errors import Refused
from detox.gate import events
from detox.store import Store, find, keep
from detox.store.access import Subject

WINDOW = timedelta(minutes=15)
FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
LONGEST_NAME = 64
LONGEST_PASSWORD = 1024

_WRONG = "User name and password do not belong together: check both and try again."

_turns = tuple(threading.Lock() for _ in range(64))


def turn(name: str) -> threading.Lock:
    """One try at a time for a name: failures are counted exactly."""
    return _turns[hash(name) % len(_turns)]


def named(username: str) -> str:
    """A user name as accounts know it."""
    return username.strip().lower()[:LONGEST_NAME]


def by_password(store: Store, username: str, password: str, now: datetime) -> Clinician:
    """The account that the password belongs to.

    Raises Refused, in the same words and after the same time for an unknown name and a wrong password. After five
    failures for a name within 15 minutes the next try has to wait, and the sentence says how long.
    """
    name = named(username)
    with turn(name):
        with store.read() as tx:
            left = wait(find.failed_sign_ins(tx, name, now - WINDOW - LONGEST_WAIT), now)
            known = find.account(tx, name)
        if left > timedelta(0):
            _tell(store, "locked_out", known, now)
            raise Refused({"password": f"Too many wrong tries for this user name: wait {_words(left)} and try again."})
        right = passwords.verify(known[1] if known else None, password[:LONGEST_PASSWORD])
        if known is None or not right or not known[0].active:
            with store.write() as tx:
                keep.failed_sign_in(tx, name, now)
            _tell(store, "failed_sign_in", known, now)
            raise Refused({"password": _WRONG})
    return known[0]


def _tell(store: Store, action: events.Action, known: tuple[Clinician, str] | None, now: datetime) -> None:
    """Leave the event. A name that is nobody's is not kept: it may be a password typed into the wrong field."""
    about = Subject("account", known[0].id) if known is not None else None
    events.tell(store, action, known[0] if known is not None else None, "sign_in", about, now)


def wait(failures: list[datetime], now: datetime) -> timedelta:
    """How long the next try still has to wait. `failures` are newest first."""
    if not failures:
        return timedelta(0)
    count = sum(1 for failed_at in failures if failures[0] - failed_at < WINDOW)
    if count < FREE_FAILURES:
        return timedelta(0)
    doublings = min(count - FREE_FAILURES, 10)
    return failures[0] + min(FIRST_WAIT * float(2**doublings), LONGEST_WAIT) - now


def _words(left: timedelta) -> str:
    seconds = int(-(-left.total_seconds() // 1))
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = -(-seconds // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
