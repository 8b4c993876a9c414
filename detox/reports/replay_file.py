"""A file of charted vitals of any size, replayed: memory stays flat, and large files use every core.

The rows are put aside on disk by admission and time, played one admission after the other, and the changes are
sorted on disk again into the order of time. The result is that of `replay`, row for row.
"""

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from heapq import merge
from itertools import groupby
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from detox.clinical.charted import Rejected, RowReader, raw_rows
from detox.errors import Refused
from detox.instants import parse
from detox.reports.replay import ChangeRow, Counts, Played, ReplaySummary, cells_of
from detox.store.sorting import Sorter

SMALL = 20_000
"""Up to so many rows one process is faster than starting others."""

_TOLD_EVERY = 10_000
_BETWEEN = "\x1f"
_START = datetime(1, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@dataclass
class _Spooled:
    """What was put aside: how many rows, and those that are no CSV at all."""

    header: list[str]
    rows: int = 0
    broken: list[Rejected] = field(default_factory=list)


@dataclass
class _Done:
    """What one part of the rows came to."""

    counts: Counts = field(default_factory=Counts)
    patients: int = 0
    rejected: int = 0
    cells: int = 0


def replay_file(
    lines: Iterable[str],
    on_change: Callable[[ChangeRow], object],
    on_rejected: Callable[[Rejected], object] = lambda rejected: None,
    on_progress: Callable[[float, str], object] = lambda part, words: None,
    *,
    processes: int | None = None,
    small: int = SMALL,
) -> ReplaySummary:
    """Plays a CSV of charted vitals. `on_rejected` hears, in the order of the file, of each row that was rejected or
    played without some of its cells, then `on_change` of each change in the order of time. Raises Refused for a
    header that cannot be read.

    `processes` is how many to use for a file of more than `small` rows: one a core unless told.
    """
    started = perf_counter()
    shards = processes or len(os.sched_getaffinity(0))
    with TemporaryDirectory(prefix="replay-") as name:
        folder = Path(name)
        spooled = _spool(lines, folder, shards, on_progress)
        play = partial(_play, folder, spooled.header)
        if shards == 1 or spooled.rows <= small:
            done = [play(shard) for shard in range(shards)]
        else:
            with ProcessPoolExecutor(shards, mp_context=get_context("spawn")) as pool:
                done = list(pool.map(play, range(shards)))
        on_progress(1.0, f"{spooled.rows} rows played")
        for row in merge(spooled.broken, *(_rejected(folder, s) for s in range(shards)), key=_line):
            on_rejected(row)
        for kept in merge(*(_changes(folder, s) for s in range(shards)), key=itemgetter(0, 1, 2)):
            on_change(_change(kept))
    counts = Counts(
        sum(d.counts.alerts_opened for d in done),
        sum(d.counts.critical_opened for d in done),
        sum(d.counts.seconds_of_admission for d in done),
    )
    rejected = len(spooled.broken) + sum(d.rejected for d in done)
    cells = sum(d.cells for d in done)
    return counts.summary(spooled.rows, sum(d.patients for d in done), rejected, cells, perf_counter() - started)


def _rows(folder: Path, shard: int) -> Sorter:
    return Sorter(folder / f"rows-{shard}", width=5, keys=4)


def _changed(folder: Path, shard: int) -> Sorter:
    return Sorter(folder / f"changes-{shard}", width=10, keys=3)


def _refused(folder: Path, shard: int) -> Sorter:
    return Sorter(folder / f"rejected-{shard}", width=5, keys=2)


def _spool(lines: Iterable[str], folder: Path, shards: int, tell: Callable[[float, str], object]) -> _Spooled:
    """Put every row aside, all of a patient in one part, with its time as a number that sorts."""
    header, rows = raw_rows(lines)
    patient_at, admission_at, taken_at = (header.index(n) for n in ("patient_id", "admission_id", "taken_at"))
    spooled = _Spooled(header)
    with ExitStack() as open_files:
        files = [open_files.enter_context(_rows(folder, shard)) for shard in range(shards)]
        for count, row in enumerate(rows, start=1):
            spooled.rows = count
            if count % _TOLD_EVERY == 0:
                tell(0.0, f"{count} rows read")
            if isinstance(row, Rejected):
                spooled.broken.append(row)
                continue
            line, cells = row
            patient, admission, time = "", "", ""
            if len(cells) == len(header):
                patient, admission, time = cells[patient_at].strip(), cells[admission_at].strip(), cells[taken_at]
            shard = zlib.crc32(patient.encode()) % shards
            files[shard].put(patient, admission, _ticks(time), line, _joined(cells))
    return spooled


def _play(folder: Path, header: list[str], shard: int) -> _Done:
    """Play the admissions of one part of the rows; what changes and what is rejected is put aside beside them."""
    done = _Done()
    read = RowReader(header)
    with _rows(folder, shard) as rows, _changed(folder, shard) as out, _refused(folder, shard) as refused:
        for _, of_patient in groupby(rows, key=itemgetter(0)):
            known = False
            for (patient, admission), of_admission in groupby(of_patient, key=itemgetter(0, 1)):
                played: Played | None = None
                for _, _, _, line, cells in of_admission:
                    row = read(line, cells.split(_BETWEEN))
                    problems = row.problems if isinstance(row, Rejected) else row.left_out
                    done.cells += cells_of(problems)
                    for number, problem in enumerate(problems):
                        refused.put(line, number, *problem)
                    if isinstance(row, Rejected):
                        done.rejected += 1
                        continue
                    if played is None:
                        played = Played(patient, admission, row.taken_at, done.counts)
                    for number, change in enumerate(played.play(row.observation)):
                        _keep(out, line, number, change)
                if played is not None:
                    known = True
                    played.end()
            done.patients += known
    return done


def _keep(out: Sorter, line: int, number: int, change: ChangeRow) -> None:
    c = change
    at = _since(c.taken_at)
    out.put(at, line, number, c.patient_id, c.admission_id, c.rule, c.level, c.kind, c.message, c.state)


def _changes(folder: Path, shard: int) -> Iterator[tuple[Any, ...]]:
    with _changed(folder, shard) as kept:
        yield from kept


def _change(kept: tuple[Any, ...]) -> ChangeRow:
    at, _, _, patient, admission, *words = kept
    return ChangeRow(patient, admission, _START + at * _TICK, *words)


def _rejected(folder: Path, shard: int) -> Iterator[Rejected]:
    with _refused(folder, shard) as kept:
        for line, problems in groupby(kept, key=itemgetter(0)):
            yield Rejected(line, tuple((name, value, why) for _, _, name, value, why in problems))


def _line(row: Rejected) -> int:
    return row.line_number


def _joined(cells: list[str]) -> str:
    joined = _BETWEEN.join(cells)
    if joined.count(_BETWEEN) < len(cells):
        return joined
    return _BETWEEN.join(cell.replace(_BETWEEN, "\ufffd") for cell in cells)  # somebody has charted the mark itself


def _ticks(text: str) -> int:
    """The time as a number that sorts; one that cannot be read comes first, to be told of."""
    try:
        return _since(parse(text))
    except Refused:
        return -1


def _since(moment: datetime) -> int:
    return (moment - _START) // _TICK
