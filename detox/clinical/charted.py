"""Charted vitals in CSV form: one row is one set, units stand in the column names (docs/interfaces.md).

The replay and the import read the same way. Nothing is guessed, clamped or dropped in silence: a row is charted as it
stands; a value that cannot be is left out and listed, and costs itself alone; a row of which nothing can be kept is
rejected with every problem that it has.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from detox.clinical.judgement import from_vitals
from detox.clinical.model import VITALS, Observation, Vitals
from detox.clinical.protocols import vitals_file
from detox.clinical.vitals import contradict, impossible, impossible_other, possible, possible_other
from detox.errors import Refused
from detox.instants import parse

Value = TypeVar("Value")
CellProblem = tuple[str, str, str]
"""The column, the value as it stood, and why it was not taken."""

REQUIRED = ("patient_id", "admission_id", "taken_at")
COLUMNS = (*REQUIRED, *(f.name for f in fields(Vitals)))
"""The columns of every file; what vitals.toml lists beside the vitals may stand with them (`columns`)."""

REMEMBERED = 4096
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+", re.ASCII)
_YES_NO = {"0": False, "1": True, "false": False, "true": True}
_HOW_MEASURED = {"temperature_site", "spo2_scale"}
_PLACES = {name: place for place, name in enumerate(VITALS)}
_NO_VALUES = [None] * len(VITALS)


class Charted(NamedTuple):
    """One row that can be kept. `taken_at` is aware UTC; `other` is what was charted beside the vitals, by name.

    `left_out` are the cells that cannot be: they were not taken, the others stand.
    """

    line_number: int
    patient_id: str
    admission_id: str
    taken_at: datetime
    vitals: Vitals
    other: Mapping[str, float] = MappingProxyType({})
    left_out: tuple[CellProblem, ...] = ()

    @property
    def observation(self) -> Observation:
        """The row as an observation; its id names the line. It is judged by its vitals alone."""
        made = from_vitals(self.vitals)
        return Observation(
            f"line {self.line_number}", self.admission_id, self.taken_at, self.vitals, other=self.other,
            assessments=made,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rejected:
    """What of one row is not kept: column, value as it stood, and why. Of a row that is none at all, everything."""

    line_number: int
    problems: tuple[CellProblem, ...]


def columns() -> tuple[str, ...]:
    """Every column that a file may have: COLUMNS, and what vitals.toml lists beside the vitals (a sign as 0 or 1).

    A grade is written as its number."""
    return (*COLUMNS, *_others())


@cache
def _others() -> dict[str, Callable[[str], float]]:
    """How each value beside the vitals is read."""
    return {o.name: _number if o.kind in ("number", "grade") else _sign for o in vitals_file().other}


def read_csv(lines: Iterable[str]) -> Iterator[Charted | Rejected]:
    """Each row of a CSV of charted vitals, in the order of the file; a line without any cell is skipped.

    The header is judged before the first row. Raises Refused with a sentence for an empty file, a column that is
    missing, unknown or there twice. A time without an offset is UTC. A byte order mark is tolerated.
    """
    header, rows = raw_rows(lines)
    read = RowReader(header)
    return (row if isinstance(row, Rejected) else read(*row) for row in rows)


def raw_rows(lines: Iterable[str]) -> tuple[list[str], Iterator[tuple[int, list[str]] | Rejected]]:
    """The judged header, and each row as line number and cells, not yet read. Raises Refused as `read_csv` does."""
    rows = csv.reader(_without_mark(lines), strict=True)
    header = [name.strip() for name in next(rows, [])]
    _judge_header(header)
    return header, _cells(rows)


def _cells(rows: "csv._reader") -> Iterator[tuple[int, list[str]] | Rejected]:  # type: ignore[name-defined]
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
            yield line_number, cells


class RowReader:
    """Reads the rows under one judged header: where each column stands, and what it can hold, is looked up once."""

    def __init__(self, header: Sequence[str]) -> None:
        self._header = header
        self._patient, self._admission, self._taken_at = map(header.index, REQUIRED)
        rest = [(name, place, _READ[name]) for place, name in enumerate(header) if name not in REQUIRED]
        self._other = [column for column in rest if column[0] in _others()]
        self._how = [(_PLACES[name], place, known) for name, place, known in rest if name in _HOW_MEASURED]
        self._measured = [
            (_PLACES[name], place, known)
            for name, place, known in rest
            if name not in _others() and name not in _HOW_MEASURED
        ]

    def __call__(self, line_number: int, cells: Sequence[str]) -> Charted | Rejected:
        """One row, charted as far as it can be, or rejected with every problem that it has."""
        header = self._header
        if len(cells) != len(header):
            why = f"The row has {len(cells)} cells, the header {len(header)}: correct the row."
            return Rejected(line_number, (("", ",".join(cells), why),))
        texts = [cell.strip() for cell in cells]
        patient, admission = texts[self._patient], texts[self._admission]
        values: list[Any] = [None] * len(VITALS)
        other: dict[str, float] = {}
        try:
            taken_at = parse(texts[self._taken_at])
            for vital, place, known in self._measured:
                if text := texts[place]:
                    values[vital] = known[text]
            something = values != _NO_VALUES
            for vital, place, known in self._how:
                if text := texts[place]:
                    values[vital] = known[text]
            for name, place, known in self._other:
                if text := texts[place]:
                    other[name] = float(known[text])  # type: ignore[arg-type]
        except Refused:
            return _as_far_as_it_goes(line_number, header, texts)
        vitals = Vitals(*values)
        if not patient or not admission or not (something or other):
            return _as_far_as_it_goes(line_number, header, texts)
        if contradict(vitals.systolic_mmhg, vitals.diastolic_mmhg):
            return _as_far_as_it_goes(line_number, header, texts)
        if other and impossible_other(vitals_file(), other):
            return _as_far_as_it_goes(line_number, header, texts)
        return Charted(line_number, patient, admission, taken_at, vitals, other)


def _as_far_as_it_goes(line_number: int, header: Sequence[str], texts: Sequence[str]) -> Charted | Rejected:
    """A row that has a problem: without the cells that cannot be, or rejected where nothing is left to keep."""
    written = dict(zip(header, texts, strict=True))
    problems: dict[str, str] = {name: f"{name} is empty: fill it in." for name in REQUIRED if not written[name]}
    taken_at = _parsed("taken_at", written["taken_at"], parse, problems)
    of_row = bool(problems)
    values: dict[str, Any] = {
        name: value
        for name in header
        if name not in REQUIRED and (value := _parsed(name, written[name], _reader(name), problems)) is not None
    }
    other, of_other = possible_other(vitals_file(), {n: float(v) for n, v in values.items() if n in _others()})
    vitals, of_vitals = possible(vitals_file(), Vitals(**{n: v for n, v in values.items() if n not in _others()}))
    problems |= of_vitals | of_other
    nothing = not vitals.measured() and not other
    if nothing and not problems:
        problems[""] = "No vital sign was measured: leave the row out, or fill in what was."
    told = tuple((name, written.get(name, ""), why) for name, why in problems.items())
    if of_row or nothing or taken_at is None:
        return Rejected(line_number, told)
    return Charted(line_number, written["patient_id"], written["admission_id"], taken_at, vitals, other, told)


class _Possible(dict[str, object]):
    """The values of one column by their text: the same few are charted again and again. Refuses what cannot be."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._reader = _reader(name)

    def __missing__(self, text: str) -> object:
        value = self._reader(text)
        if self._name in _others():
            problems = impossible_other(vitals_file(), {self._name: value})  # type: ignore[dict-item]
        else:
            problems = impossible(vitals_file(), Vitals(**{self._name: value}))  # type: ignore[arg-type]
        if problems:
            raise Refused(problems)
        if len(self) < REMEMBERED:
            self[text] = value
        return value


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
    unknown = [name for name in header if name not in columns()]
    if unknown:
        raise Refused(f"Unknown column {', '.join(map(repr, unknown))}: the columns are {', '.join(columns())}.")
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


def _sign(text: str) -> float:
    return float(_yes_no(text))


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


def _reader(name: str) -> Callable[[str], object]:
    return _others().get(name) or _READERS.get(name, _number)


class _Columns(dict[str, _Possible]):
    """What each column was seen to hold."""

    def __missing__(self, name: str) -> _Possible:
        self[name] = found = _Possible(name)
        return found


_READ = _Columns()
