"""Who did what to which record when: one event for every kept thing, in the same transaction, each chained to the last.

The chain shows a changed, removed or reordered event to `verify`; it is no proof against somebody who can rewrite the
whole file.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from detox.clinical.model import Clinician
from detox.instants import to_text
from detox.store.connection import Connection
from detox.store.rows import insert

_LAST = "SELECT chain FROM audit_event ORDER BY seq DESC LIMIT 1"


def event(
    tx: Connection,
    at: datetime,
    by: Clinician,
    verb: str,
    subject: str,
    subject_id: str,
    *,
    admission_id: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> str:
    """Append one event to the trail inside the caller's transaction; returns its link of the chain."""
    body: dict[str, str | None] = {
        "at": to_text(at), "clinician_id": by.id, "role": by.role, "verb": verb, "subject": subject,
        "subject_id": subject_id, "admission_id": admission_id,
        "detail": json.dumps(detail or {}, ensure_ascii=False, sort_keys=True),
    }  # fmt: skip
    last = tx.execute(_LAST).fetchone()
    link = _link(last["chain"] if last else "", tuple(body.values()))
    insert(tx, "audit_event", **body, chain=link)
    return link


def first_broken(tx: Connection) -> int | None:
    """The number of the first event that does not follow from the one before it; None when all do."""
    chain, expected = "", 1
    for row in tx.execute("SELECT * FROM audit_event ORDER BY seq"):
        body = tuple(row[k] for k in row.keys() if k not in ("seq", "chain"))  # noqa: SIM118 - a Row is no dict
        chain = _link(chain, body)
        if row["seq"] != expected or row["chain"] != chain:
            return int(row["seq"])
        expected += 1
    return None


def _link(last: str, body: tuple[object, ...]) -> str:
    return hashlib.sha256("\x1f".join([last, *(str(part) for part in body)]).encode()).hexdigest()
