"""Charted vitals in CSV form: one row is one set, units stand in the column names (docs/interfaces.md).

The replay and the import read the same way. Nothing is guessed, clamped or dropped: a row is charted as it stands, or
rejected with every problem that it has.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar

from detox.clinical.model import Observation, Vitals
from detox.clinical.protocols import vitals_file
from detox.clinical.vitals import impossible
from detox.errors import Refused
from detox.instants import parse

Value = TypeVar("Value")

REQUIRED = ("patient_id", "admission_id", "taken_at")
COLUMNS = (*REQUIRED, *(f.name for f in fields(Vitals)))

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+", re.ASCII)
_YES_NO = {"0": False, "1": True, "false": False, "true": True}
_HOW_MEASURED = {"temperature_site", "spo2_scale"}


@dataclass(frozen=True, slots=True)
class Charted:
    """One row that can be kept. `taken_at` is aware UTC."""

    line_number: int
    patient_id: str
    admission_id: str
    taken_at: datetime
    vitals: Vitals

    @property
    def observation(self) -> Observation:
        """The row as an observation; its id names the line."""
        return Observation(f"line {self.line_number}", self.admission_id, self.taken_at, self.vitals)


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that cannot be kept, with all its problems: column, value as it stood, and why."""

    line_number: int
    problems: tuple[tuple[str, str, str], ...]


def read_csv(lines: Iterable[str]) -> Iterator[Charted | Rejected]:
    """Each row of a CSV of charted vitals, in the order of the file; a line without any cell is skipped.

    The header is judged before the first row. Raises Refused with a sentence for an empty file, a column that is
    missing, unknown or there twice. A time without an offset is UTC. A byte order mark is tolerated.
    """
    rows = csv.reader(_without_mark(lines), strict=True)
    header = [name.strip() for name in next(rows, [])]
    _judge_header(header)
    return _rows(rows, header)


def _rows(rows: "csv._reader", header: list[str]) -> Iterator[Charted | Rejected]:  # type: ignore[name-defined]
    while True:
        line_number = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Rejected(line_number, (("", "", f"The row is not CSV ({error}): correct its quotes."),))
            continue
        if cells:
            yield _row(line_number, header, cells)


def _row(line_number: int, header: Sequence[str], cells: Sequence[str]) -> Charted | Rejected:
    if len(cells) != len(header):
        why = f"The row has {len(cells)} cells, the header {len(header)}: correct the row."
        return Rejected(line_number, (("", ",".join(cells), why),))
    written = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    problems: dict[str, str] = {name: f"{name} is empty: fill it in." for name in REQUIRED if not written[name]}
    taken_at = _parsed("taken_at", written["taken_at"], parse, problems)
    values = {
        name: _parsed(name, written[name], _READERS.get(name, _number), problems)
        for name in header
        if name not in REQUIRED and written[name]
    }
    vitals = Vitals(**values)  # type: ignore[arg-type]
    problems |= impossible(vitals_file(), vitals)
    if not problems and not values.keys() - _HOW_MEASURED:
        problems[""] = "No vital sign was measured: leave the row out, or fill in what was."
    if problems or taken_at is None:
        return Rejected(line_number, tuple((name, written.get(name, ""), why) for name, why in problems.items()))
    return Charted(line_number, written["patient_id"], written["admission_id"], taken_at, vitals)


def _parsed(name: str, text: str, reader: Callable[[str], Value], problems: dict[str, str]) -> Value | None:
    """The cell's value; None, and the problem noted, where it is none."""
    try:
        return reader(text) if text else None
    except Refused as refused:
        problems[name] = " ".join(refused.problems.values())
        return None


def _judge_header(header: list[str]) -> None:
    if not header:
        raise Refused("The file is empty: its first line must name the columns.")
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        raise Refused(f"Unknown column {', '.join(map(repr, unknown))}: the columns are {', '.join(COLUMNS)}.")
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise Refused(f"The column {', '.join(missing)} is missing: add it.")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise Refused(f"The column {', '.join(twice)} is there twice: keep one.")


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise Refused(f"{text!r} is not a number: write digits with a point.")
    return float(text)


def _yes_no(text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise Refused(f"{text!r} is neither yes nor no: write 0, 1, false or true.")
    return _YES_NO[text.lower()]


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII):
        raise Refused(f"{text!r} is not a whole number: write digits only.")
    return int(text)


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if number == 0 else line


_READERS: dict[str, Callable[[str], object]] = {
    "on_oxygen": _yes_no,
    "spo2_scale": _whole,
    "consciousness": str,
    "sedation": str,
    "temperature_site": str,
}
