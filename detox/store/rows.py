"""Adding a row by the names of its columns: a column that is added to a table later shifts nothing."""

from functools import cache

from detox.store.connection import Connection

Value = str | int | float | bool | None


def insert(tx: Connection, table: str, **values: Value) -> None:
    """Add one row to one of our own tables; a column that is not named keeps its default."""
    tx.execute(_text(table, tuple(values)), values)


def insert_once(tx: Connection, table: str, **values: Value) -> None:
    """The same; where a unique index knows such a row already, that one stays and nothing is added."""
    tx.execute(f"{_text(table, tuple(values))} ON CONFLICT DO NOTHING", values)


@cache
def _text(table: str, columns: tuple[str, ...]) -> str:
    named = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({named})"  # noqa: S608 - names of our own columns
