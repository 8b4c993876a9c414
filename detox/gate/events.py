"""What passes the gate besides what is kept: reads, refusals, wrong secrets, and broken glass, an event each.

One event a person, subject and quarter of an hour tells of reads; of refusals and wrong secrets the first, the tenth,
the hundredth of a quarter of an hour, each with its count: a burst is a few lines and no flood.
"""

import threading
from datetime import datetime, timedelta
from typing import Literal

from detox.clinical.model import Clinician
from detox.errors import StoreError
from detox.store import Store, access
from detox.store.access import Subject

QUARTER = timedelta(minutes=15)
TOLD_AT = frozenset({1, 10, 100, 1000, 10_000})
"""Which of many alike in one quarter of an hour are told."""
OPERATOR = Clinician("command-line", "command-line", "Command line", "operator")
"""Who reads by the command line: whoever the machine lets at the file."""

Action = Literal["read", "denied", "failed_sign_in", "locked_out", "break_glass"]


_guard = threading.Lock()
_seen: dict[tuple[str, ...], int] = {}


def quarter(now: datetime) -> datetime:
    """The start of the quarter of an hour."""
    return now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)


def read(store: Store, by: Clinician, act: str, about: Subject, purpose: str, now: datetime) -> None:
    """Leave the event of a read, unless this person has left one for this subject in this quarter of an hour.

    Raises StoreError where it cannot be kept: then nothing is read.
    """
    key = (str(store.path), "read", by.id, about.id, quarter(now).isoformat())
    if _count(key) > 1:
        return
    try:
        with store.write() as tx:
            access.read(tx, by, act, about, purpose, now, quarter(now))
    except StoreError as error:
        _forget(key)
        said = f"Nothing is shown, because it cannot be kept who reads it: go on with paper. {error}"
        raise StoreError(said) from error


def tell(
    store: Store, action: Action, by: Clinician | None, act: str, about: Subject | None, now: datetime, why: str = ""
) -> None:
    """Leave the event of a refusal or a wrong secret; of many alike in a quarter of an hour only a few are told."""
    key = (str(store.path), action, by.id if by else "", act, about.id if about else "", quarter(now).isoformat())
    count = _count(key)
    if count in TOLD_AT:
        with store.write() as tx:
            access.event(tx, action, by, act, about, now, why=why, count=count)


def _count(key: tuple[str, ...]) -> int:
    with _guard:
        if len(_seen) > 20_000:
            _seen.clear()
        _seen[key] = _seen.get(key, 0) + 1
        return _seen[key]


def _forget(key: tuple[str, ...]) -> None:
    with _guard:
        _seen.pop(key, None)
