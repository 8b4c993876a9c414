"""Charted vitals played through the rules in force: the alerts they would have raised, in the order of time.

Nothing is kept. Each observation is treated as if it had just been recorded; between two sets of one admission the
silence rule runs as it would have on the ward.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter

from detox.clinical.alerts import LOOKBACK, OpenAlert, applied, step
from detox.clinical.charted import Charted, Rejected
from detox.clinical.judgement import assessments
from detox.clinical.model import LEVELS, Finding, Level, Observation
from detox.clinical.schedule import Due, is_set, next_due, overdue, overdue_from

DAY_S = 86400
INSTANT = timedelta(microseconds=1)  # silence is over its limit just after it


@dataclass(frozen=True, slots=True)
class Row:
    """An observation and whose it is."""

    patient_id: str
    admission_id: str
    observation: Observation


@dataclass(frozen=True, slots=True)
class ChangeRow:
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
    """What a replay came to. `rows` counts every row, the rejected ones too.

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
    seconds: float

    def as_dict(self) -> dict[str, int | float | None]:
        """The summary as one JSON object."""
        return asdict(self)


def replay(rows: Iterable[Row | Charted | Rejected], on_change: Callable[[ChangeRow], object]) -> ReplaySummary:
    """Plays `rows`, in any order, and calls `on_change` for each change in the order of time.

    An alert that opens as a warning and is escalated to critical counts once in `alerts_opened` and once in
    `critical_opened`. Silence after the last row of an admission is unknown and raises nothing.
    """
    started = perf_counter()
    kept: list[Row | Charted] = []
    rejected = 0
    for row in rows:
        if isinstance(row, Rejected):
            rejected += 1
        else:
            kept.append(row)
    kept.sort(key=lambda row: row.observation.taken_at)
    admissions: dict[tuple[str, str], _Admission] = {}
    for row in kept:
        key = row.patient_id, row.admission_id
        if key not in admissions:
            admissions[key] = _Admission(*key, first=row.observation.taken_at)
        admissions[key].play(row.observation)
    changes = [change for admission in admissions.values() for change in admission.changes]
    changes.sort(key=lambda change: change.taken_at)
    for change in changes:
        on_change(change)
    days = sum((a.last - a.first).total_seconds() for a in admissions.values()) / DAY_S
    opened = sum(change.state == "opened" for change in changes)
    return ReplaySummary(
        rows=len(kept) + rejected,
        patients=len({patient_id for patient_id, _ in admissions}),
        patient_days=round(days, 3),
        alerts_opened=opened,
        critical_opened=sum(a.critical_opened for a in admissions.values()),
        per_100_patient_days=round(100 * opened / days, 1) if days else None,
        rows_rejected=rejected,
        seconds=round(perf_counter() - started, 3),
    )


class _Admission:
    """One admission as far as it has been played: the last few observations, what is open, when the next set is due."""

    def __init__(self, patient_id: str, admission_id: str, first: datetime) -> None:
        self.patient_id = patient_id
        self.admission_id = admission_id
        self.first = self.last = first
        self.changes: list[ChangeRow] = []
        self.critical_opened = 0
        self._seen: deque[Observation] = deque(maxlen=LOOKBACK)
        self._open: dict[str, OpenAlert] = {}
        self._silence: Finding | None = None
        self._due: Due | None = None

    def play(self, observation: Observation) -> None:
        """The next observation, in the order of time."""
        if self._due is not None:
            self._fall_silent(self._due, observation.taken_at)
        if self._silence is not None and is_set(observation):
            self._changed(observation.taken_at, self._silence, "resolved")
            self._silence = None
        if not observation.assessments:
            observation = replace(observation, assessments=assessments(observation))
        self._seen.append(observation)
        changes = step(self._open, tuple(self._seen))
        for change in changes:
            before = self._open.get(change.problem) if change.action == "escalated" else None
            self._changed(change.at, change.finding, change.action, before.finding.level if before else None)
        self._open = applied(self._open, changes)
        self._due = next_due(tuple(self._seen), [alert.finding for alert in self._open.values()], self.first)
        self.last = observation.taken_at

    def _fall_silent(self, due: Due, until: datetime) -> None:
        """The silence between the last observation and the one at `until`, at the moments when its level changes."""
        for at in sorted(overdue_from(due).values()):
            at = max(at, self.last)
            finding = overdue(due, at + INSTANT) if at < until else None
            before = self._silence.level if self._silence else None
            if finding is not None and (before is None or LEVELS.index(finding.level) > LEVELS.index(before)):
                self._changed(at, finding, "escalated" if before else "opened", before)
                self._silence = finding

    def _changed(self, at: datetime, finding: Finding, state: str, before: Level | None = None) -> None:
        if state != "resolved" and finding.level == "critical" and before != "critical":
            self.critical_opened += 1
        self.changes.append(
            ChangeRow(
                patient_id=self.patient_id,
                admission_id=self.admission_id,
                taken_at=at,
                rule=finding.rule,
                level=finding.level,
                kind=finding.kind,
                message=finding.message,
                state=state,
            )
        )
