"""Rows of self-reports and PINs: what was handed over, what was answered, who may take it back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from detox.instants import from_text, to_text
from detox.store.connection import Connection
from detox.store.rows import insert


@dataclass(frozen=True, slots=True)
class SelfReport:
    """A tablet in a patient's hands: which scale, for whom, by whom, and how far it is.

    `answers` maps item id to value, None where the patient would rather not answer; an item not reached is absent.
    """

    id: str
    token_hash: str
    admission_id: str
    scale: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    observation_id: str | None
    answers: Mapping[str, int | None]
    answered_at: datetime


def start(tx: Connection, report_id: str, token_hash: str, admission_id: str, scale: str, version: str, by: str,
          at: datetime) -> None:  # fmt: skip
    """The tablet changes hands."""
    insert(
        tx, "self_report", id=report_id, token_hash=token_hash, admission_id=admission_id, scale=scale,
        version=version, started_by=by, started_at=to_text(at),
    )  # fmt: skip


def answer(tx: Connection, report_id: str, item: str, value: int | None, at: datetime) -> None:
    """One answer; a later one to the same item counts in its place."""
    insert(tx, "self_report_answer", self_report_id=report_id, item=item, value=value, at=to_text(at))


def end(tx: Connection, report_id: str, at: datetime, by: str, observation_id: str | None) -> None:
    """The tablet is back."""
    tx.execute(
        "UPDATE self_report SET ended_at = ?, ended_by = ?, observation_id = ? WHERE id = ? AND ended_at IS NULL",
        (to_text(at), by, observation_id, report_id),
    )


def report(tx: Connection, report_id: str) -> SelfReport | None:
    """The self-report of that id, or None."""
    return _report(tx, tx.execute("SELECT * FROM self_report WHERE id = ?", (report_id,)).fetchone())


def open_on(tx: Connection, token_hash: str) -> SelfReport | None:
    """What the browser of that sign-in was handed over for, or None."""
    row = tx.execute("SELECT * FROM self_report WHERE token_hash = ? AND ended_at IS NULL", (token_hash,)).fetchone()
    return _report(tx, row)


def is_handed_over(tx: Connection, token_hash: str) -> bool:
    """True while the browser of that sign-in is in a patient's hands."""
    found = tx.execute("SELECT 1 FROM self_report WHERE token_hash = ? AND ended_at IS NULL", (token_hash,))
    return found.fetchone() is not None


def held(tx: Connection, token_hash: str) -> tuple[str, str] | None:
    """Who handed the browser of that sign-in over, and for which admission; None where nobody has."""
    row = tx.execute(
        "SELECT started_by, admission_id FROM self_report WHERE token_hash = :hash AND ended_at IS NULL",
        {"hash": token_hash},
    ).fetchone()
    return None if row is None else (row["started_by"], row["admission_id"])


def admission_of(tx: Connection, report_id: str) -> str | None:
    """The admission that a self-report belongs to; None where there is no such report."""
    row = tx.execute("SELECT admission_id FROM self_report WHERE id = :id", {"id": report_id}).fetchone()
    return None if row is None else str(row["admission_id"])


def open_of(tx: Connection, admission_id: str) -> list[SelfReport]:
    """The self-reports of an admission that nobody has taken back, oldest first."""
    rows = tx.execute(
        "SELECT * FROM self_report WHERE admission_id = ? AND ended_at IS NULL ORDER BY started_at", (admission_id,)
    ).fetchall()
    return [found for row in rows if (found := _report(tx, row)) is not None]


def set_pin(tx: Connection, clinician_id: str, pin_hash: str, at: datetime) -> None:
    """A new PIN; the newest counts."""
    insert(tx, "pin", clinician_id=clinician_id, pin_hash=pin_hash, set_at=to_text(at))


def pin(tx: Connection, clinician_id: str) -> tuple[str, datetime] | None:
    """The hash of a clinician's PIN and since when it stands, or None."""
    row = tx.execute("SELECT * FROM pin WHERE clinician_id = ? ORDER BY seq DESC LIMIT 1", (clinician_id,)).fetchone()
    return None if row is None else (row["pin_hash"], from_text(row["set_at"]))


def tried(tx: Connection, clinician_id: str, at: datetime, proven: bool) -> None:
    """A PIN that was typed: wrong, or proven (as the password proves as well)."""
    insert(tx, "pin_try", clinician_id=clinician_id, at=to_text(at), proven=int(proven))


def wrong_in_a_row(tx: Connection, clinician_id: str) -> int:
    """How many wrong PINs were typed since the last proof."""
    row = tx.execute(
        "SELECT count(*) FROM pin_try WHERE clinician_id = ? AND seq > "
        "(SELECT coalesce(max(seq), 0) FROM pin_try WHERE clinician_id = ? AND proven = 1)",
        (clinician_id, clinician_id),
    ).fetchone()
    return int(row[0])


def _report(tx: Connection, row: Connection) -> SelfReport | None:
    if row is None:
        return None
    given = tx.execute(
        "SELECT item, value, at FROM self_report_answer WHERE self_report_id = ? ORDER BY seq", (row["id"],)
    ).fetchall()
    return SelfReport(
        row["id"], row["token_hash"], row["admission_id"], row["scale"], row["started_by"],
        from_text(row["started_at"]),
        from_text(row["ended_at"]) if row["ended_at"] else None, row["observation_id"],
        {a["item"]: a["value"] for a in given},
        from_text(given[-1]["at"] if given else row["started_at"]),
    )  # fmt: skip
