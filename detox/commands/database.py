"""Which database a command works on, and how long it stays open."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from detox import settings
from detox.errors import NotFound
from detox.store import Store

Command = TypeVar("Command", bound=Callable[..., object])


def takes_database(command: Command) -> Command:
    """`--database` may also stand behind the command's name; it then goes before the one in front."""

    def chosen(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.obj = value

    return click.option(
        "--database", metavar="PATH", callback=chosen, expose_value=False, help="The database (see `detox --help`)."
    )(command)


def store_of(context: click.Context) -> Store:
    """The database that was named, migrated to this version. Raises NotFound, saying what to do, when there is none."""
    path = database_path(context)
    if not path.is_file():
        raise NotFound(
            f"There is no database at {path}: make one with `python -m detox set-up-ward` (or `python -m detox demo` "
            "for invented patients), or name another one with --database or DETOX_DATABASE."
        )
    return Store.create(path)


def database_path(context: click.Context) -> Path:
    """The path of --database, else of DETOX_DATABASE, else data/ward.db."""
    return Path(context.obj).resolve() if context.obj else settings.ward_database()


@contextmanager
def staying_open(store: Store) -> Iterator[None]:
    """Connections stay open from one unit of work to the next; afterwards the file is one whole file again."""
    store.stay_open()
    try:
        yield
    finally:
        store.let_go()
