"""The database as it stood at a moment: what was recorded by then, and nothing of what came later.

A connection of its own carries temporary views that shadow the tables by name, so that every question of this room is
answered as it would have been answered at that moment. The views are built from the columns the file has today.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlite_utils.utils import sqlite3

from detox.errors import StoreError
from detox.instants import from_text, to_text
from detox.store.connection import Connection, Kind, Store
from detox.store.migrations import ENDINGS, LATER_ENDINGS


@dataclass(frozen=True, slots=True)
class Cut:
    """How a table is cut at a moment; `t` stands for its row.

    `known` is SQL for the moment from which the row was known. `endings` maps SQL for the moment at which an ending was
    known to the columns that are empty until then.
    """

    known: str
    endings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that was kept about an admission: at what time (the keyboard's clock), by which verb, by whom."""

    at: datetime
    verb: str
    by: str


# An alert ends at the bedside time of the set that ended it: that was known once the set had been recorded.
_RESOLVED = (
    "CASE WHEN t.resolved_at = (SELECT o.taken_at FROM main.observation o WHERE o.id = t.resolved_by) "
    "THEN (SELECT o.recorded_at FROM main.observation o WHERE o.id = t.resolved_by) ELSE t.resolved_at END"
)
# An admission may begin before it is entered: it is known from its first event on.
_ADMITTED = (
    "coalesce((SELECT e.at FROM main.audit_event e WHERE e.admission_id = {0} ORDER BY e.seq LIMIT 1), "
    "(SELECT a.admitted_at FROM main.admission a WHERE a.id = {0}))"
)
CUTS: dict[str, Cut] = {
    "admission": Cut(
        _ADMITTED.format("t.id"), {"t.discharged_at": ("discharged_at", "discharged_by", "discharge_reason")}
    ),
    "bed_stay": Cut(f"max(t.from_at, {_ADMITTED.format('t.admission_id')})", {"t.until_at": ("until_at",)}),
    "observation": Cut(
        "t.recorded_at",
        {"(SELECT n.recorded_at FROM main.observation n WHERE n.id = t.replaced_by)": ("replaced_by",)},
    ),
    "assessment": Cut("(SELECT o.recorded_at FROM main.observation o WHERE o.id = t.observation_id)"),
    "alert": Cut("t.recorded_at", {_RESOLVED: ("resolved_at", "resolved_by", "resolution")}),
    "taper_plan": Cut(
        "t.written_at",
        {"t.signed_at": ("signed_at", "signed_by"), "t.ended_at": ("ended_at", "ended_by", "end_reason")},
    ),
    "protocol_review": Cut("t.reviewed_at"),
    "self_report": Cut("t.started_at", {"t.ended_at": ("ended_at", "ended_by", "observation_id")}),
}
KNOWN_BY = ("recorded_at", "at", "set_at")  # a table without a rule is cut at the first of these that it has
# Shown as they are today: places, accounts and sign-ins, and the person, who is reached through an admission only.
WHOLE = (
    "ward", "shift", "bed", "clinician", "clinician_ward", "session", "failed_sign_in", "patient", "access_event",
    "_sqlite_migrations",
)  # fmt: skip


@contextmanager
def as_of(store: Store, tx: Connection, at: datetime) -> Iterator[Connection]:
    """A connection that can only read, to the database as it stood at `at` (aware; that millisecond is included).

    Ask it with `now=at`. It reaches what `tx` reaches: whoever may read a record may read what it was. Accounts, places
    and the clinical content are those of today. Raises StoreError when the file cannot be read, or has a table of which
    it is not known how to cut it.
    """
    try:
        if not tx.patients:
            raise StoreError("What was kept about patients at a moment is behind the gate: ask it first.")
        connection = store._open(Kind(reading=False, patients=True))
        try:
            connection.execute("PRAGMA temp_store = MEMORY")
            for statement in views(connection, at):
                connection.execute(statement)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"The database {store.path.name} could not be read: {error}. Tell the ward manager."
        ) from error


def views(connection: Connection, at: datetime) -> list[str]:
    """The statements that make a view of each table that is cut. Raises StoreError for a table that cannot be."""
    made = []
    tables = connection.execute("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    for name, without_rowid in tables.fetchall():
        if name in WHOLE or name.startswith("sqlite_"):
            continue
        columns = [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))]
        made.append(_view(name, columns, cut_of(name, columns), f"'{to_text(at)}'", has_rowid=not without_rowid))
    return made


def cut_of(table: str, columns: list[str]) -> Cut:
    """How a table of these columns is cut. Raises StoreError when it has no moment, or an ending without one."""
    endings = {**ENDINGS, **LATER_ENDINGS}.get(table, ())
    cut = CUTS.get(table) or _by_column(columns, endings)
    if cut is None or {c for filled in cut.endings.values() for c in filled} != set(endings):
        raise StoreError(
            f"What table {table} held at an earlier moment cannot be told: say in detox/store/as_of.py how it is cut."
        )
    return cut


def moments(tx: Connection, admission_id: str) -> list[Moment]:
    """Everything that was kept about an admission, in the order in which it was kept."""
    rows = tx.execute(
        "SELECT e.at, e.verb, c.name FROM audit_event e JOIN clinician c ON c.id = e.clinician_id "
        "WHERE e.admission_id = ? ORDER BY e.at, e.seq",
        (admission_id,),
    )
    return [Moment(from_text(r["at"]), r["verb"], r["name"]) for r in rows]


def _by_column(columns: list[str], endings: tuple[str, ...]) -> Cut | None:
    known = next((c for c in KNOWN_BY if c in columns), None)
    ends = [c for c in endings if c.endswith("_at")]
    if known is None or (endings and len(ends) != 1):
        return None
    return Cut(f"t.{known}", {f"t.{ends[0]}": endings} if endings else {})


def _view(table: str, columns: list[str], cut: Cut, at: str, *, has_rowid: bool) -> str:
    """`rowid` is a column of the view, because questions order by it."""
    since = {column: moment for moment, filled in cut.endings.items() for column in filled}
    shown = [f'CASE WHEN {since[c]} <= {at} THEN t."{c}" END AS "{c}"' if c in since else f't."{c}"' for c in columns]
    if has_rowid:
        shown.insert(0, "t.rowid AS rowid")
    return (
        f'CREATE TEMP VIEW "{table}" AS SELECT {", ".join(shown)} '  # noqa: S608 - our own names, and a moment as text
        f'FROM main."{table}" t WHERE {cut.known} <= {at}'
    )
