"""Charted vitals played through the rules in force: the alerts they would have raised, in the order of time.

Nothing is kept. Each observation is treated as if it had just been recorded; between two sets of one admission the
silence rule runs as it would have on the ward. For files of any size see replay_file.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import NamedTuple

from detox.clinical.alerts.book import RuleBook
from detox.clinical.alerts.folding import AlertEngine, OpenAlert, applied
from detox.clinical.charted import CellProblem, Charted, Rejected
from detox.clinical.judgement import assessments
from detox.clinical.model import LEVELS, Background, Finding, Level, Observation
from detox.clinical.monitoring.schedule import Clock, Due, Silence, is_set, overdue_from, overdue_level, silence

DAY_S = 86400
INSTANT = timedelta(microseconds=1)  # silence is over its limit just after it


@dataclass(frozen=True, slots=True)
class Row:
    """An observation and whose it is."""

    patient_id: str
    admission_id: str
    observation: Observation


class ChangeRow(NamedTuple):
    """One line of the replay's output, in the order of its columns. `taken_at` is when the change came about."""

    patient_id: str
    admission_id: str
    taken_at: datetime
    rule: str
    level: Level
    kind: str
    message: str
    state: str


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay came to. `rows` counts every row, the rejected ones too: those of which nothing was taken.

    `cells_rejected` counts every cell that was not taken, of rows that were played and of rows that were not.

    `patient_days` is the sum over admissions of the time from the first to the last row, in days; an admission with
    one row counts 0. `per_100_patient_days` is None where that sum is 0.
    """

    rows: int
    patients: int
    patient_days: float
    alerts_opened: int
    critical_opened: int
    per_100_patient_days: float | None
    rows_rejected: int
    cells_rejected: int
    seconds: float

    def as_dict(self) -> dict[str, int | float | None]:
        """The summary as one JSON object."""
        return asdict(self)


@dataclass
class Counts:
    """What is counted while admissions are played."""

    alerts_opened: int = 0
    critical_opened: int = 0
    seconds_of_admission: float = 0.0

    def summary(self, rows: int, patients: int, rejected: int, cells: int, seconds: float) -> ReplaySummary:
        """The counts as they are reported. An alert that opens as a warning and is escalated to critical counts once
        in `alerts_opened` and once in `critical_opened`."""
        days = self.seconds_of_admission / DAY_S
        return ReplaySummary(
            rows=rows,
            patients=patients,
            patient_days=round(days, 3),
            alerts_opened=self.alerts_opened,
            critical_opened=self.critical_opened,
            per_100_patient_days=round(100 * self.alerts_opened / days, 1) if days else None,
            rows_rejected=rejected,
            cells_rejected=cells,
            seconds=round(seconds, 3),
        )


def replay(
    rows: Iterable[Row | Charted | Rejected],
    on_change: Callable[[ChangeRow], object],
    *,
    backgrounds: Mapping[str, Background] | None = None,
    book: RuleBook | None = None,
) -> ReplaySummary:
    """Plays `rows`, in any order, and calls `on_change` for each change in the order of time.

    `backgrounds` tells by admission what is known beside the rows (doses, limits); `book` holds other rules than those
    in force. Silence after the last row of an admission is unknown and raises nothing.
    """
    started = perf_counter()
    kept: list[Row | Charted] = []
    rejected = cells = 0
    for row in rows:
        if isinstance(row, Rejected):
            rejected += 1
            cells += cells_of(row.problems)
        else:
            kept.append(row)
            cells += cells_of(row.left_out) if isinstance(row, Charted) else 0
    kept.sort(key=lambda row: row.taken_at if isinstance(row, Charted) else row.observation.taken_at)
    counts = Counts()
    admissions: dict[tuple[str, str], Played] = {}
    changes: list[ChangeRow] = []
    for row in kept:
        key, seen = (row.patient_id, row.admission_id), row.observation
        if key not in admissions:
            known = (backgrounds or {}).get(row.admission_id)
            admissions[key] = Played(*key, seen.taken_at, counts, known, book)
        changes += admissions[key].play(seen)
    for played in admissions.values():
        played.end()
    changes.sort(key=lambda change: change.taken_at)
    for change in changes:
        on_change(change)
    patients = len({patient_id for patient_id, _ in admissions})
    return counts.summary(len(kept) + rejected, patients, rejected, cells, perf_counter() - started)


def cells_of(problems: Iterable[CellProblem]) -> int:
    """How many of these problems are those of one cell; the others are of a whole row."""
    return sum(bool(column) for column, _, _ in problems)


class Played:
    """One admission as far as it has been played: its alert engine, what is open, when the next set is due."""

    def __init__(
        self,
        patient_id: str,
        admission_id: str,
        first: datetime,
        counts: Counts,
        background: Background | None = None,
        book: RuleBook | None = None,
    ) -> None:
        self.patient_id = patient_id
        self.admission_id = admission_id
        self._first = self._last = first
        self._counts = counts
        self._background = background or Background(admitted_at=first)
        self._engine = AlertEngine(self._background, book)
        self._clock = Clock()
        self._open: dict[str, OpenAlert] = {}
        self._silence: Silence | None = None
        self._due: Due | None = None

    def play(self, observation: Observation) -> list[ChangeRow]:
        """What the next observation, in the order of time, changes, and what the silence before it did."""
        made: list[ChangeRow] = []
        if self._due is not None and self._due.at < observation.taken_at:
            self._fall_silent(self._due, observation.taken_at, made)
        if not observation.assessments:
            observation = replace(observation, assessments=assessments(observation))
        self._engine.add(observation)
        self._clock.add(observation)
        if changes := self._engine.step(self._open):
            for change in changes:
                before = self._open.get(change.problem) if change.action == "escalated" else None
                level = before.finding.level if before else None
                made.append(self._changed(change.at, change.finding, change.action, level))
            self._open = applied(self._open, changes)
        self._due = self._clock.due(self._open.values(), self._background)
        if self._silence and is_set(observation) and overdue_level(self._due, observation.taken_at) is None:
            made.append(self._changed(observation.taken_at, self._silence, "resolved"))
            self._silence = None
        self._last = observation.taken_at
        return made

    def end(self) -> None:
        """The last row has been played."""
        self._counts.seconds_of_admission += (self._last - self._first).total_seconds()

    def _fall_silent(self, due: Due, until: datetime, made: list[ChangeRow]) -> None:
        """The silence between the last observation and the one at `until`, at the moments when its level changes."""
        from_moments = overdue_from(due).values()
        if min(from_moments) >= until:
            return
        for at in sorted(from_moments):
            at = max(at, self._last)
            level = overdue_level(due, at + INSTANT) if at < until else None
            before = self._silence.level if self._silence else None
            worse = level is not None and (before is None or LEVELS.index(level) > LEVELS.index(before))
            if worse and (found := silence(due, at + INSTANT)) is not None:
                made.append(self._changed(at, found, "escalated" if before else "opened", before))
                self._silence = found

    def _changed(self, at: datetime, finding: Finding | Silence, state: str, before: Level | None = None) -> ChangeRow:
        self._counts.alerts_opened += state == "opened"
        if state != "resolved" and finding.level == "critical" and before != "critical":
            self._counts.critical_opened += 1
        return ChangeRow(
            self.patient_id, self.admission_id, at, finding.rule, finding.level, finding.kind, finding.message, state
        )
