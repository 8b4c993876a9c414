"""One SQLite file: how it is opened, who may write when, and what is checked before anybody trusts it.

A connection serves one unit of work at a time. Writers queue in the order in which they came (SQLite's own busy
handler is unfair: an unlucky nurse waits for seconds), begin IMMEDIATE and commit with synchronous=FULL: what was
acknowledged is on disk. What `read` and `write` give reaches no patient (`reach.py`): those are the gate's. A server
says `stay_open`: then idle connections wait for the next unit of work instead of being closed, which spares it the
opening, the reading of the schema and a checkpoint at every close.
"""

import contextlib
import os
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from sqlite_utils.utils import sqlite3

from detox.errors import StoreError
from detox.store.reach import Opened, closed_to_patients

Connection: TypeAlias = Any  # a sqlite3-shaped connection: pysqlite3 brings no types

FIRST_SOUND_ENGINE = (3, 51, 3)  # older ones can corrupt a WAL database when two connections checkpoint

_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA cell_size_check = ON",
)


class Kind(NamedTuple):
    """What a connection is for."""

    reading: bool
    patients: bool


class FairLock:
    """First come, first served. Within one process; other processes wait in SQLite's busy handler."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._queue: deque[threading.Event] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._queue.append(turn)
        turn.wait()

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._held = False


class _Idle:
    """Open connections to one file that nobody is using, for one kind of work each: reading or writing, of patients
    or of the house alone."""

    MOST = 8

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._waiting: dict[Kind, list[tuple[int, Connection]]] = defaultdict(list)

    def take(self, kind: Kind) -> Connection | None:
        """An idle connection to the file that now stands at the path; None when there is none."""
        with self._guard:
            while self._waiting[kind]:
                inode, connection = self._waiting[kind].pop()
                if inode == _inode(self._path):
                    return connection
                connection.close()  # the file was replaced or removed meanwhile
        return None

    def give_back(self, kind: Kind, connection: Connection, inode: int | None) -> None:
        """Keep a connection that no transaction is using for the next one, or close it."""
        with self._guard:
            if inode is not None and not connection.in_transaction and len(self._waiting[kind]) < self.MOST:
                self._waiting[kind].append((inode, connection))
                return
        connection.close()

    def close(self) -> None:
        """Close what is idle."""
        with self._guard:
            for waiting in self._waiting.values():
                while waiting:
                    waiting.pop()[1].close()


def _inode(path: Path) -> int | None:
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


_idle: dict[Path, _Idle] = {}
_locks: dict[Path, FairLock] = {}
_locks_guard = threading.Lock()


def _lock_of(path: Path) -> FairLock:
    with _locks_guard:
        return _locks.setdefault(path, FairLock())


class Store:
    """A database file. `Store.create(path)` makes or migrates it; `Store(path)` expects it to be there."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).resolve()
        self._lock = _lock_of(self.path)

    @classmethod
    def create(cls, path: Path | str) -> "Store":
        """The store at `path`, made and migrated as needed. Raises StoreError when it cannot be kept safely here."""
        from detox.store.migrations import migrate

        check_engine()
        store = cls(path)
        store.path.parent.mkdir(parents=True, exist_ok=True)
        with store._lock:
            migrate(store.path)
        return store

    @property
    def exists(self) -> bool:
        """True when the file is there."""
        return self.path.exists()

    def stay_open(self) -> None:
        """Keep idle connections open until `let_go`: for a process that serves many people from one file."""
        with _locks_guard:
            _idle.setdefault(self.path, _Idle(self.path))

    def let_go(self) -> None:
        """Close the idle connections, so that the file is one whole file again."""
        with _locks_guard:
            idle = _idle.pop(self.path, None)
        if idle is not None:
            idle.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that can only read, on one snapshot, and of the house alone: patients are behind the gate."""
        with self._reading(patients=False) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction about the house: all of it is on disk when the block ends, or none of it."""
        with self._writing(patients=False) as connection:
            yield connection

    def _patients(self, *, reading: bool) -> AbstractContextManager[Connection]:
        """The same as `read` or `write`, with every table. Only the gate calls it."""
        return self._reading(patients=True) if reading else self._writing(patients=True)

    @contextmanager
    def _reading(self, *, patients: bool) -> Iterator[Connection]:
        try:
            with self._connected(Kind(reading=True, patients=patients)) as connection:
                connection.execute("BEGIN")
                yield connection
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"The database {self.path.name} could not be read: {error}. Tell the ward manager."
            ) from error

    @contextmanager
    def _writing(self, *, patients: bool) -> Iterator[Connection]:
        with self._lock:
            before = _inode(self.path)
            try:
                with self._connected(Kind(reading=False, patients=patients)) as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    yield connection
                    if _inode(self.path) != before:  # SQLite would go on writing into a file without a name
                        raise StoreError(
                            f"Nothing was saved: the database {self.path.name} was removed or replaced while it was in "
                            "use. Keep the entry on the screen and tell the ward manager."
                        )
                    connection.commit()
            except sqlite3.DatabaseError as error:
                raise StoreError(
                    f"Nothing was saved: the database answered {error}. Keep the entry on the screen, "
                    "tell the ward manager, and save again."
                ) from error

    @contextmanager
    def _connected(self, kind: Kind) -> Iterator[Connection]:
        """A connection for one unit of work; whatever is not committed at its end is rolled back."""
        idle = _idle.get(self.path)
        connection = idle.take(kind) if idle is not None else None
        inode = _inode(self.path)
        if connection is None:
            connection = self._open(kind)
        try:
            yield connection
        finally:
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):  # a close rolls back as well
                    connection.rollback()
            if idle is not None and _idle.get(self.path) is idle:
                idle.give_back(kind, connection, inode)
            else:
                connection.close()

    def _open(self, kind: Kind) -> Connection:
        try:
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=10, check_same_thread=False,
                factory=Opened,
            )  # fmt: skip
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"The database {self.path.name} cannot be opened: {error}. Tell the ward manager; nothing was saved."
            ) from error
        connection.row_factory = sqlite3.Row
        for pragma in (*_PRAGMAS, "PRAGMA query_only = ON") if kind.reading else _PRAGMAS:
            connection.execute(pragma)
        connection.patients = kind.patients
        if not kind.patients:
            closed_to_patients(connection)
        return connection


def check_engine() -> None:
    """Raise StoreError on a SQLite engine that is known to corrupt databases of this kind."""
    if sqlite3.sqlite_version_info < FIRST_SOUND_ENGINE:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} can damage this database; install pysqlite3 of requirements.txt "
            f"(SQLite {'.'.join(map(str, FIRST_SOUND_ENGINE))} or newer) and start again."
        )
