"""What the commands share: where the database is, how errors end, how progress is told."""

import gzip
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from detox.errors import DetoxError, Refused, StoreError

Command = TypeVar("Command", bound=Callable[..., object])

CALL_WRONG = 2
SLOW_S = 2.0
GZIP = b"\x1f\x8b"

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True)


def lines_file(command: Command) -> Command:
    """FILE, or standard input without it."""
    return click.argument("file", metavar="[FILE]", default="-", type=_FILE)(command)


def csv_file(command: Command) -> Command:
    """FILE; `-` is standard input."""
    return click.argument("file", metavar="FILE", type=_FILE)(command)


class Commands(click.Group):
    """A group that loads a command when it is called: `where` names its module and object.

    On anything that people can mend it ends with a sentence and a status, never with a traceback.
    """

    where: Mapping[str, tuple[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order in which they are told."""
        return list(self.where)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self.where:
            return None
        module, name = self.where[cmd_name]
        found = getattr(import_module(module), name)
        return found if isinstance(found, click.Command) else None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that people are shown goes to standard error, with exit status 2."""
        try:
            return super().invoke(ctx)
        except DetoxError as error:
            for sentence in error.problems.values() if isinstance(error, Refused) else [str(error)]:
                click.echo(shown(sentence), err=True)
            ctx.exit(CALL_WRONG)


def shown(text: str) -> str:
    """Text from a file as a terminal can take it: no control characters, on one line."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def binary_in(file: str) -> io.BufferedReader:
    """The bytes of a file; `-` is standard input."""
    if file == "-":
        stream = sys.stdin.buffer
        return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(io.BytesIO(stream.read()))
    return Path(file).open("rb")


@contextmanager
def text_of(file: str) -> Iterator[io.TextIOBase]:
    """The lines of a CSV, gzipped or not; `-` is standard input. What is not UTF-8 reads as the replacement sign."""
    with binary_in(file) as raw:
        packed = raw.peek(2)[:2] == GZIP
        plain: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        with io.TextIOWrapper(plain, encoding="utf-8", errors="replace", newline="") as text:
            try:
                yield text
            except (gzip.BadGzipFile, EOFError, OSError) as error:
                raise Refused(f"{file} cannot be read: {error}.") from error


def write_whole(path: Path, content: bytes) -> None:
    """The file appears whole, or not at all."""
    with written_whole(path) as file:
        file.write(content)


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to that appears under `path` once all is written, or not at all."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.replace(name, path)
    except BaseException as error:
        os.unlink(name)
        if isinstance(error, OSError):
            raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
        raise


@contextmanager
def progress(what: str) -> Iterator[Callable[[float, str], None]]:
    """One line on standard error once the work has taken longer than a moment: `what`, how far, and a few words."""
    started = last = time.monotonic()
    told = False

    def tell(part: float, words: str) -> None:
        nonlocal last, told
        now = time.monotonic()
        if now - started < SLOW_S or (told and (not _live() or now - last < 0.25)):
            return
        last, told = now, True
        click.echo(f"\r{what}: {part:4.0%} {words}".ljust(78), err=True, nl=not _live())

    yield tell
    if told and _live():
        click.echo("", err=True)


def _live() -> bool:
    return sys.stderr.isatty()


def clock() -> datetime:
    """The present, for the verbs below, which never read it themselves."""
    return datetime.now(UTC)


def binary_out() -> IO[bytes]:
    """Standard output for bytes."""
    return sys.stdout.buffer
