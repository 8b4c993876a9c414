"""Rows of the gate: events of reads and refusals, who works on which ward, and whose record a kept thing belongs to."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from detox.clinical.model import Clinician
from detox.instants import from_text, to_text
from detox.store.connection import Connection
from detox.store.rows import insert, insert_once

_ADMISSION_OF = {
    table: f"SELECT admission_id FROM {table} WHERE id = :id"  # noqa: S608 - names of our own tables
    for table in ("observation", "alert", "taper_plan", "dose", "self_report", "patient_limit", "interval_order")
}


class Subject(NamedTuple):
    """Whom an event is about: a patient, with the admission where there is one, or a ward, or an account."""

    kind: Literal["patient", "ward", "account"]
    id: str
    admission_id: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """One line of who saw or changed a record: when, who in which role, what was done, to what, and why."""

    at: datetime
    by_id: str
    name: str
    role: str
    action: str
    what: str
    purpose: str


def read(
    tx: Connection, by: Clinician, act: str, about: Subject, purpose: str, now: datetime, quarter: datetime
) -> None:  # fmt: skip
    """That somebody has read; once a person, subject and quarter of an hour, whoever asks how often."""
    _insert(tx, "read", by, act, about, now, purpose=purpose, quarter=to_text(quarter))


def event(
    tx: Connection, action: str, by: Clinician | None, act: str, about: Subject | None, now: datetime, *, why: str = "",
    count: int = 1,
) -> None:  # fmt: skip
    """A refusal, a wrong secret, broken glass; `count` says how many alike there were in the quarter of an hour."""
    _insert(tx, action, by, act, about, now, purpose=why, detail={"count": count} if count > 1 else {})


def _insert(
    tx: Connection, action: str, by: Clinician | None, act: str, about: Subject | None, now: datetime, *, purpose: str,
    quarter: str | None = None, detail: dict[str, object] | None = None,
) -> None:  # fmt: skip
    insert_once(
        tx, "access_event", at=to_text(now), action=action, act=act, clinician_id=by.id if by else None,
        role=by.role if by else None, subject=about.kind if about else None, subject_id=about.id if about else None,
        admission_id=about.admission_id if about else None, purpose=purpose, quarter=quarter,
        detail=json.dumps(detail or {}, ensure_ascii=False, sort_keys=True),
    )  # fmt: skip


def last_event(tx: Connection) -> int:
    """The number of the newest event of the trail; 0 before the first."""
    return int(tx.execute("SELECT coalesce(max(seq), 0) AS seq FROM audit_event").fetchone()["seq"])


def patient_of(tx: Connection, admission_id: str) -> str | None:
    """Whose admission it is; None where there is no such admission."""
    row = tx.execute("SELECT patient_id FROM admission WHERE id = :id", {"id": admission_id}).fetchone()
    return None if row is None else str(row["patient_id"])


def patient_called(tx: Connection, name: str) -> str | None:
    """The id of the patient whose id that is, here or in another system; None where there is no such patient."""
    row = tx.execute(
        "SELECT id FROM patient WHERE id = :name OR external_id = :name ORDER BY id <> :name", {"name": name}
    ).fetchone()
    return None if row is None else str(row["id"])


def wards_of_patient(tx: Connection, patient_id: str) -> frozenset[str]:
    """The wards on which a patient is or was."""
    rows = tx.execute("SELECT DISTINCT ward_id FROM admission WHERE patient_id = :id", {"id": patient_id})
    return frozenset(row["ward_id"] for row in rows)


def ward_of(tx: Connection, admission_id: str) -> str | None:
    """The ward of an admission; None where there is no such admission."""
    row = tx.execute("SELECT ward_id FROM admission WHERE id = :id", {"id": admission_id}).fetchone()
    return None if row is None else str(row["ward_id"])


def admission_of(tx: Connection, table: str, row_id: str) -> str | None:
    """The admission that a kept thing belongs to; None where there is no such thing. Raises KeyError for a table whose
    rows name none."""
    row = tx.execute(_ADMISSION_OF[table], {"id": row_id}).fetchone()
    return None if row is None else str(row["admission_id"])


def wards_of(tx: Connection, clinician_id: str) -> frozenset[str]:
    """The wards on which somebody works now."""
    rows = tx.execute(
        "SELECT ward_id FROM clinician_ward WHERE clinician_id = :id AND until_at IS NULL", {"id": clinician_id}
    )
    return frozenset(row["ward_id"] for row in rows)


def works_on(tx: Connection, clinician_id: str, ward_id: str, by: Clinician, now: datetime) -> None:
    """Somebody works on that ward from now on."""
    insert(tx, "clinician_ward", clinician_id=clinician_id, ward_id=ward_id, from_at=to_text(now), added_by=by.id)


def broken_glass(tx: Connection, clinician_id: str, admission_id: str, since: datetime) -> bool:
    """True where this person opened that record with a reason since then."""
    row = tx.execute(
        "SELECT 1 FROM access_event WHERE clinician_id = :by AND admission_id = :admission AND at >= :since "
        "AND action = 'break_glass'",
        {"by": clinician_id, "admission": admission_id, "since": to_text(since)},
    ).fetchone()
    return row is not None


def who_saw(tx: Connection, patient_id: str, since: datetime | None = None) -> Iterator[Access]:
    """Everybody who read, changed, exported or was refused this patient's record, oldest first.

    A read of a ward counts for whoever was admitted there at that time, an export for whoever had been. Events of
    accounts that are gone keep the id.
    """
    rows = tx.execute(
        """
        WITH stay AS (
            SELECT id, ward_id, admitted_at, discharged_at FROM admission WHERE patient_id = :patient
        ), told AS (
            SELECT at, clinician_id, role, action, act AS what, purpose, 0 AS trail, seq FROM access_event
            WHERE subject = 'patient' AND subject_id = :patient
            UNION ALL
            SELECT e.at, e.clinician_id, e.role, e.action, e.act, e.purpose, 0, e.seq
            FROM access_event e JOIN stay s ON s.ward_id = e.subject_id AND e.subject = 'ward'
                AND e.at >= s.admitted_at AND (s.discharged_at IS NULL OR e.at <= s.discharged_at)
            UNION ALL
            SELECT e.at, e.clinician_id, e.role, CASE WHEN e.verb LIKE 'export%' THEN 'export' ELSE 'write' END,
                e.verb, '', 1, e.seq
            FROM audit_event e JOIN stay s ON s.id = e.admission_id
            UNION ALL
            SELECT e.at, e.clinician_id, e.role, 'export', 'export', '', 1, e.seq
            FROM audit_event e JOIN stay s ON e.verb = 'export' AND e.subject = 'ward' AND e.subject_id = s.ward_id
                AND e.at >= s.admitted_at
        )
        SELECT t.*, c.name FROM told t LEFT JOIN clinician c ON c.id = t.clinician_id
        WHERE t.at >= :since ORDER BY t.at, t.trail, t.seq
        """,
        {"patient": patient_id, "since": to_text(since) if since else ""},
    )
    for row in rows:
        yield Access(
            at=from_text(row["at"]),
            by_id=row["clinician_id"] or "",
            name=row["name"] or row["clinician_id"] or "not known",
            role=row["role"] or "",
            action=row["action"],
            what=row["what"],
            purpose=row["purpose"],
        )
