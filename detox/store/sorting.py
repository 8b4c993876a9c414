"""Rows put aside on disk and handed back in order, so that memory stays flat however many there are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils.utils import sqlite3

_MANY = 2000


class Sorter:
    """A scratch file of rows of `width` cells (numbers and texts), in the order of their first `keys` cells,
    which no two rows share.

    Write with `put`, then `close`; open the same path again to read, in this process or another. Nothing in it
    outlives a crash: it is no database, only a place to sort.
    """

    def __init__(self, path: Path, width: int, keys: int) -> None:
        self._names = [f"c{number}" for number in range(width)]
        self._order = ", ".join(self._names[:keys])
        self._waiting: list[tuple[Any, ...]] = []
        self._file = sqlite3.connect(str(path), isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000", "temp_store = FILE"):
            self._file.execute(f"PRAGMA {setting}")
        # kept in order from the start: this engine is built to sort in memory, whatever it is told
        self._file.execute(
            f"CREATE TABLE IF NOT EXISTS kept ({', '.join(self._names)}, PRIMARY KEY ({self._order})) WITHOUT ROWID"
        )

    def put(self, *row: object) -> None:
        """One more row."""
        self._waiting.append(row)
        if len(self._waiting) == _MANY:
            self._write()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Every row, in order."""
        self._write()
        yield from self._file.execute(f"SELECT {', '.join(self._names)} FROM kept ORDER BY {self._order}")  # noqa: S608 - our own names

    def close(self) -> None:
        """Everything is in the file."""
        self._write()
        self._file.close()

    def __enter__(self) -> "Sorter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self) -> None:
        if self._waiting:
            self._file.execute("BEGIN")
            self._file.executemany(
                f"INSERT INTO kept VALUES ({', '.join('?' * len(self._names))})",  # noqa: S608 - marks only
                self._waiting,
            )
            self._file.execute("COMMIT")
            self._waiting.clear()
