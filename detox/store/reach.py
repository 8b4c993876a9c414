"""What a connection may reach by itself: the house and no patient. The database engine asks here before it runs a
statement, so that nothing that forgets the gate gets through, whatever table is added later."""

from typing import Any

from sqlite_utils.utils import sqlite3

HOUSE = frozenset(
    {
        "ward", "shift", "bed", "clinician", "clinician_ward", "session", "failed_sign_in", "pin", "pin_try",
        "ward_setting", "protocol_review",
    }
)  # fmt: skip
"""Tables about the house and its people. Every table that is not named here is about patients."""
COLUMNS = {
    "audit_event": frozenset({"", "seq", "chain"}),
    "access_event": frozenset({"", "seq"}),
    "self_report": frozenset({"id", "admission_id", "token_hash", "started_by", "ended_at"}),
}
"""Of tables about patients, what the house has to know, such as which browser is in a patient's hands. "" is a row that
is only counted."""
GROWS = frozenset({"audit_event", "access_event"})
"""Tables about patients that anybody may add an event to."""

_CHANGES = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_SCHEMA = "sqlite_"
_FUNCTIONS = ("pragma_", "json_")
_HARMLESS = frozenset(
    {
        sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_PRAGMA,
        sqlite3.SQLITE_SAVEPOINT, sqlite3.SQLITE_RECURSIVE,
    }
)  # fmt: skip


def house_only(action: int, first: str | None, second: str | None, _schema: str | None, _within: str | None) -> int:
    """The engine's question before it prepares a statement: SQLITE_OK, or SQLITE_DENY for whatever reaches a patient.

    `first` is the table, `second` the column that is read. It makes no difference by which view, trigger or named part
    of a statement it is read.
    """
    allowed = action in _HARMLESS
    if action == sqlite3.SQLITE_READ:
        allowed = _may_read(first or "", second or "")
    elif action in _CHANGES:
        allowed = first in HOUSE or (action == sqlite3.SQLITE_INSERT and first in GROWS)
    return int(sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY)


def _may_read(table: str, column: str) -> bool:
    if not table or table in HOUSE or table.startswith((_SCHEMA, "_sqlite_", *_FUNCTIONS)):
        return True
    return column in COLUMNS.get(table, ())


class Opened(sqlite3.Connection):
    """A connection that knows whether it was opened by the gate."""

    patients: bool = False


def closed_to_patients(connection: Any) -> None:
    """Let a connection reach the house alone, for as long as it is open."""
    connection.set_authorizer(house_only)
