"""Files leave through here alone: a ticket is good once, for 60 seconds, for the session that asked for it."""

import csv
import hashlib
import io
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from detox.access.sessions import Session
from detox.clinical.model import Clinician
from detox.errors import NotAllowed, NotFound
from detox.gate import permit
from detox.store import Store, audit

LASTS_S = 60.0
REMEMBERED_S = 600.0

Producer = Callable[[Store, Clinician, Mapping[str, str], datetime], tuple[str, bytes]]


@dataclass(slots=True)
class _Ticket:
    token_hash: str
    kind: str
    params: Mapping[str, str]
    made_at: float
    used: bool = False


_tickets: dict[str, _Ticket] = {}
_guard = threading.Lock()


class Gone(NotFound):
    """The ticket was used, is too old, or never was."""


def _shift(store: Store, by: Clinician, params: Mapping[str, str], now: datetime) -> tuple[str, bytes]:
    from detox.reports.shift import shift_csv

    name, content = shift_csv(store, by, params["ward_id"], params["shift_key"], now)
    return name, content


PRODUCERS: dict[str, Producer] = {"shift": _shift}


def ticket(session: Session, kind: str, at: datetime, **params: str) -> str:
    """The address of a file that this session may fetch once within 60 seconds: `/export/<ticket>`."""
    permit(session.store, session.clinician, "export", at)
    if kind not in PRODUCERS:
        raise NotFound(f"There is no export {kind!r}: choose {', '.join(sorted(PRODUCERS))}.")
    now = time.monotonic()
    number = secrets.token_urlsafe(32)
    with _guard:
        for old in [n for n, t in _tickets.items() if now - t.made_at > REMEMBERED_S]:
            del _tickets[old]
        _tickets[number] = _Ticket(session.token_hash, kind, dict(params), now)
    return f"/export/{number}"


def redeem(session: Session, number: str, now: datetime) -> tuple[str, bytes]:
    """The file's name and bytes, with its audit event. Raises NotAllowed, Gone, or what the producer raises."""
    ticket = _take(session, number)
    permit(session.store, session.clinician, "export", now)
    name, content = PRODUCERS[ticket.kind](session.store, session.clinician, ticket.params, now)
    detail: dict[str, object] = {
        **ticket.params,
        "kind": ticket.kind,
        "file": name,
        "rows": rows(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    ward_id = ticket.params.get("ward_id", "")
    with session.store.write() as tx:
        audit.event(tx, now, session.clinician, "export", "ward", ward_id, detail=detail)
    return safe_name(name), content


def rows(content: bytes) -> int:
    """How many records a CSV holds, its heading not counted."""
    records = sum(1 for record in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if any(record))
    return max(records - 1, 0)


def safe_name(name: str) -> str:
    """A file name that no header and no file system can take for anything else."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "export.csv"


def _take(session: Session, number: str) -> _Ticket:
    with _guard:
        ticket = _tickets.get(number)
        if ticket is None:
            raise Gone("This export link is not known: go back to the summary and press the export button again.")
        if ticket.token_hash != session.token_hash:
            raise NotAllowed("This export was made for another sign-in: go back and press the export button yourself.")
        if ticket.used:
            raise Gone("This export was already fetched: press the export button again for a new one.")
        if time.monotonic() - ticket.made_at > LASTS_S:
            raise Gone("This export link is older than 60 seconds: press the export button again.")
        ticket.used = True
        return ticket
