"""What only the shift summary looks up."""

from datetime import datetime

from detox.clinical.model import Alert
from detox.instants import to_text
from detox.store import find
from detox.store.connection import Connection


def alerts_carried_in(tx: Connection, admission_id: str, start: datetime) -> list[Alert]:
    """The alerts of an admission that had opened before `start` and had not ended by then, in the order of opening."""
    ids = tx.execute(
        "SELECT id, opened_at FROM alert WHERE admission_id = ? AND opened_at < ? AND resolved_at > ? "
        "UNION ALL SELECT id, opened_at FROM alert WHERE admission_id = ? AND resolved_at IS NULL AND opened_at < ? "
        "ORDER BY opened_at, id",
        (admission_id, to_text(start), to_text(start), admission_id, to_text(start)),
    ).fetchall()
    return [find.alert(tx, row["id"]) for row in ids]


def bed_before(tx: Connection, admission_id: str, moment: datetime) -> tuple[str, int] | None:
    """The label and place of the bed that an admission had last taken before `moment`; None without a bed."""
    row = tx.execute(
        "SELECT b.label, b.place FROM bed_stay s JOIN bed b ON b.id = s.bed_id "
        "WHERE s.admission_id = ? AND s.from_at < ? ORDER BY s.from_at DESC LIMIT 1",
        (admission_id, to_text(moment)),
    ).fetchone()
    return None if row is None else (row["label"], row["place"])
