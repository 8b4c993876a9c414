"""A look into a database past the gate, and a hand in it: for tests that check what was kept, and for nothing else."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from detox.store import Connection, Store
from detox.store.as_of import as_of


def inside(store: Store) -> AbstractContextManager[Connection]:
    """A connection that reads every table."""
    return store._patients(reading=True)


def changing(store: Store) -> AbstractContextManager[Connection]:
    """A transaction that changes whatever a test wants changed."""
    return store._patients(reading=False)


@contextmanager
def as_it_stood(store: Store, at: datetime) -> Iterator[Connection]:
    """The database as it stood at a moment."""
    with inside(store) as tx, as_of(store, tx, at) as then:
        yield then
