"""CSV that a spreadsheet can open without running anything: text can never become a formula, numbers stay numbers."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

Cell = str | int | float | None

_STARTS_A_FORMULA = frozenset("=+-@|%")
_NEVER_FIRST = frozenset("\t\r\n\0")


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark, every text in quotes, lines ending in CR LF. None is an empty cell."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([safe(name) for name in header])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig", "replace")


def safe(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would read a formula; `unsafe` takes it off again."""
    return f"'{text}" if _needs_apostrophe(text) else text


def unsafe(text: str) -> str:
    """The text as it was before `safe`."""
    return text[1:] if text.startswith("'") and _needs_apostrophe(text[1:]) else text


def _needs_apostrophe(text: str) -> bool:
    """True for text that starts a formula, once blanks and invisible characters before it are passed over.

    Full-width and small forms of a sign count as the sign. A text that only looks as if it had been made safe gets
    an apostrophe of its own, so that taking one off always gives the text back.
    """
    for character in text.lstrip("'"):
        if character in _NEVER_FIRST:
            return True
        if character.isspace() or unicodedata.category(character) in ("Cc", "Cf"):
            continue
        return unicodedata.normalize("NFKC", character)[0] in _STARTS_A_FORMULA
    return False


def _cell(value: Cell) -> Cell:
    if isinstance(value, str):
        return safe(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
