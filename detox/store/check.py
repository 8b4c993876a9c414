"""Is this database whole? What `verify` asks of the file itself; each answer is a list of what is wrong."""

from sqlite_utils.utils import sqlite3

from detox.store import audit
from detox.store.connection import Connection

AUDITED = {
    "observation": "SELECT id FROM observation r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'observation' AND e.subject_id = r.id)",
    "alert": "SELECT id FROM alert r WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE "
    "(e.subject = 'observation' AND e.subject_id = r.observation_id) OR (e.subject = 'alert' AND e.subject_id = r.id))",
    "acknowledgement": "SELECT id FROM acknowledgement r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'alert' AND e.subject_id = r.alert_id)",
    "dose": "SELECT id FROM dose r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'dose' AND e.subject_id = r.id)",
    "dose_correction": "SELECT dose_id FROM dose_correction r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'dose' AND e.subject_id = coalesce(r.replaced_by, r.dose_id) "
    "AND e.verb IN ('amend_dose', 'dose_in_error'))",
    "decision": "SELECT id FROM decision r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'decision' AND e.subject_id = r.id)",
    "taper_plan": "SELECT id FROM taper_plan r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'taper_plan' AND e.subject_id = r.id)",
    "admission": "SELECT id FROM admission r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'admission' AND e.subject_id = r.id)",
    "protocol_review": "SELECT id FROM protocol_review r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.subject = 'protocol_review' AND e.subject_id = r.id)",
    **{
        table: f"SELECT id FROM {table} r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "  # noqa: S608 - our own names
        f"WHERE e.subject = '{table}' AND e.subject_id = r.id)"
        for table in ("patient_limit", "baseline", "interval_order", "snooze")
    },
    "clinician": "SELECT id FROM clinician r WHERE NOT EXISTS (SELECT 1 FROM audit_event e "
    "WHERE e.clinician_id = r.id OR (e.subject = 'clinician' AND e.subject_id = r.id))",
}
"""For each kind of record, the query that names those that no audit event tells of."""


def damaged_pages(tx: Connection) -> list[str]:
    """What SQLite's own integrity check finds; empty when the file is sound."""
    try:
        found = [str(row[0]) for row in tx.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def dangling_rows(tx: Connection) -> list[str]:
    """Rows that point at a row that is not there."""
    return [f"{row[0]} row {row[1]} has no {row[2]}" for row in tx.execute("PRAGMA foreign_key_check")]


def broken_event(tx: Connection) -> int | None:
    """The first audit event that does not follow from the one before it, or None."""
    return audit.first_broken(tx)


def events(tx: Connection) -> int:
    """How many audit events there are."""
    return int(tx.execute("SELECT count(*) FROM audit_event").fetchone()[0])


def unaudited(tx: Connection) -> dict[str, list[str]]:
    """By kind of record, the ids that no audit event tells of; kinds without any are left out."""
    there = {kind: query for kind, query in AUDITED.items() if has_table(tx, kind)}
    found = {kind: [str(row[0]) for row in tx.execute(query)] for kind, query in there.items()}
    return {kind: ids for kind, ids in found.items() if ids}


def has_table(tx: Connection, table: str) -> bool:
    """False for a table of a later step than the last that this file has seen."""
    found = tx.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
    return found.fetchone() is not None
