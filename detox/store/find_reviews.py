"""Reading the reviews of clinical content back."""

from detox.clinical.files import ProtocolReview
from detox.instants import from_text
from detox.store.connection import Connection

_REVIEW = (
    "SELECT r.id, r.file_id, r.version, r.sha256, r.reviewer_name, r.profession, r.statement, r.reviewed_at, r.role, "
    "c.name AS recorder FROM protocol_review r JOIN clinician c ON c.id = r.clinician_id "
)


def reviews(tx: Connection) -> list[ProtocolReview]:
    """Every review of every file, the newest first; without the texts."""
    return [_review(row) for row in tx.execute(_REVIEW + "ORDER BY r.reviewed_at DESC, r.rowid DESC")]


def review(tx: Connection, review_id: str) -> ProtocolReview | None:
    """The review of that id, or None."""
    row = tx.execute(_REVIEW + "WHERE r.id = ?", (review_id,)).fetchone()
    return None if row is None else _review(row)


def reviewed_text(tx: Connection, review_id: str) -> str | None:
    """The whole file as it stood when it was reviewed, or None when there is no such review."""
    row = tx.execute("SELECT content FROM protocol_review WHERE id = ?", (review_id,)).fetchone()
    return None if row is None else str(row["content"])


def _review(row: Connection) -> ProtocolReview:
    return ProtocolReview(
        row["id"], row["file_id"], row["version"], row["sha256"], row["reviewer_name"], row["profession"],
        row["statement"], from_text(row["reviewed_at"]), row["recorder"], row["role"],
    )  # fmt: skip
