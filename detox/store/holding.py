"""Keeping a database open across many units of work."""

from collections.abc import Iterator
from contextlib import contextmanager

from detox.store.connection import Connection, Store


@contextmanager
def held_open(store: Store) -> Iterator[Connection]:
    """Hold one connection, for reading, while many short ones come and go; each question sees the latest state.

    Without it each of them is the last to close, and SQLite then writes back and drops its log every time. No snapshot
    is held, so the log is still written back as it grows.
    """
    with store.read() as tx:
        tx.execute("SELECT 1 FROM ward LIMIT 1").fetchone()
        tx.execute("COMMIT")
        yield tx
