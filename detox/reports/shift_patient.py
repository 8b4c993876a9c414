"""One patient in one shift, as values: what was done, not done, refused, and what nobody recorded. Never merged.

Pure: rows in, values out. detox.reports.shift reads the rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Literal

from detox.chart.danger import Danger
from detox.clinical import protocols
from detox.clinical import vitals as vital_signs
from detox.clinical.looking_back import recent_sets
from detox.clinical.model import (
    Admission,
    Alert,
    Assessment,
    Background,
    Decision,
    Dose,
    Interpretation,
    Level,
    NotDone,
    Observation,
)  # fmt: skip
from detox.clinical.monitoring.schedule import Due, next_due, overdue_from
from detox.reports.suggesting import Judged

Kind = Literal["done", "partial", "not_done", "refused", "note"]

_SEVERITY = {"normal": 0, "high": 1, "low": 1, "critically_high": 2, "critically_low": 2}


@dataclass(frozen=True, slots=True)
class SetTaken:
    """One entry of the shift in one of the blocks; `missing` says in words what a partial set lacks."""

    observation: Observation
    kind: Kind
    missing: tuple[str, ...] = ()

    @property
    def why(self) -> NotDone | None:
        """asleep, refused, off_ward or other, where somebody said why a set or a part of it was not taken."""
        return self.observation.not_done


@dataclass(frozen=True, slots=True)
class Score:
    """What a scale made of one entry, and when."""

    observation_id: str
    taken_at: datetime
    assessment: Assessment

    @property
    def words(self) -> str:
        """ "14 moderate", or "at least 9 (7 of 11)" while items are missing: then there is no band."""
        made, scale = self.assessment, protocols.scale(self.assessment.scale)
        if made.complete:
            return f"{made.total} {scale.band_of(made.total or 0).label if made.risk is None else made.risk}"
        return f"at least {made.at_least} ({len(made.items)} of {len(scale.items)})"


@dataclass(frozen=True, slots=True)
class Scored:
    """A scale over the shift: its worst rating (an incomplete one counts with its lower bound) and its last."""

    scale: str
    worst: Score
    last: Score


@dataclass(frozen=True, slots=True)
class Reading:
    """One charted value, what it means, and when it was taken."""

    observation_id: str
    taken_at: datetime
    interpretation: Interpretation


@dataclass(frozen=True, slots=True)
class Course:
    """A vital over the shift: worst by its meaning; lowest and highest for a number, None for a code."""

    vital: str
    worst: Reading
    lowest: Reading | None
    highest: Reading | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered an alert, when, and what was done."""

    at: datetime
    by: str
    what_was_done: str


@dataclass(frozen=True, slots=True)
class ShiftAlert:
    """An alert of the shift: opened in it or carried in, with every answer, and whether it stood at the end."""

    alert: Alert
    answers: tuple[Answer, ...]
    carried_in: bool
    still_open: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry of this shift that was replaced: which, by whom, when and why.

    `dose` is the dose as it was charted, where it was one; `replaced_by_id` is empty where none stands instead.
    """

    original_id: str
    taken_at: datetime
    replaced_by_id: str
    corrected_at: datetime
    by: str
    reason: str
    dose: Dose | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What can be counted again in the database. Zero is "none were recorded"; only `due_unrecorded` is worked out."""

    sets_done: int = 0
    sets_partial: int = 0
    sets_not_done: int = 0
    sets_refused: int = 0
    notes: int = 0
    due_unrecorded: int = 0
    cows_complete: int = 0
    cows_incomplete: int = 0
    alerts_info: int = 0
    alerts_warning: int = 0
    alerts_critical: int = 0
    alerts_unanswered: int = 0
    alerts_still_open: int = 0
    doses_given: int = 0
    doses_held: int = 0
    doses_refused: int = 0
    decisions: int = 0
    corrections: int = 0

    @staticmethod
    def total(each: Iterable["Counts"]) -> "Counts":
        """The sum of many."""
        rows = list(each)
        return Counts(*(sum(getattr(row, f.name) for row in rows) for f in fields(Counts)))


@dataclass(frozen=True, slots=True)
class PatientShift:
    """One patient in one shift. `bed` is the last bed taken before the shift's end, `unrecorded_at` the due times
    that passed with no entry at all, `due` the next set as of the summary's `as_of` (None after the discharge).

    `judged` is the judgement as of then, by what was known then; None for somebody who had left, or who was entered
    only later.
    """

    admission: Admission
    bed: str
    bed_place: int | None
    sets: tuple[SetTaken, ...]
    unrecorded_at: tuple[datetime, ...]
    scores: dict[str, Scored]
    vitals: dict[str, Course]
    alerts: tuple[ShiftAlert, ...]
    doses: tuple[Dose, ...]
    decisions: tuple[Decision, ...]
    corrections: tuple[Correction, ...]
    due: Due | None
    judged: Judged | None = None

    @property
    def dangers(self) -> tuple[Danger, ...]:
        """The dangers of that judgement, the worst first."""
        made = self.judged.judgement if self.judged is not None else None
        return made.dangers if made is not None else ()

    def of(self, kind: Kind) -> tuple[SetTaken, ...]:
        """The entries of one block."""
        return tuple(s for s in self.sets if s.kind == kind)

    def dosed(self, status: Literal["given", "held", "refused"]) -> tuple[Dose, ...]:
        """The doses given, held or refused."""
        return tuple(d for d in self.doses if d.status == status)

    def opened(self, level: Level | None = None) -> tuple[ShiftAlert, ...]:
        """The alerts that opened in this shift, of one level or of all."""
        return tuple(a for a in self.alerts if not a.carried_in and level in (None, a.alert.finding.level))

    @property
    def still_open(self) -> tuple[ShiftAlert, ...]:
        """The alerts that stood at the end, whenever they had opened."""
        return tuple(a for a in self.alerts if a.still_open)

    @property
    def counts(self) -> Counts:
        """The line's numbers."""
        rated = [a for s in self.sets if (a := s.observation.assessment("cows"))]
        return Counts(
            sets_done=len(self.of("done")),
            sets_partial=len(self.of("partial")),
            sets_not_done=len(self.of("not_done")),
            sets_refused=len(self.of("refused")),
            notes=len(self.of("note")),
            due_unrecorded=len(self.unrecorded_at),
            cows_complete=sum(a.complete for a in rated),
            cows_incomplete=sum(not a.complete for a in rated),
            alerts_info=len(self.opened("info")),
            alerts_warning=len(self.opened("warning")),
            alerts_critical=len(self.opened("critical")),
            alerts_unanswered=sum(not a.answers for a in self.opened()),
            alerts_still_open=len(self.still_open),
            doses_given=len(self.dosed("given")),
            doses_held=len(self.dosed("held")),
            doses_refused=len(self.dosed("refused")),
            decisions=len(self.decisions),
            corrections=len(self.corrections),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database holds of one admission for one shift; `before` are the last few entries before its start."""

    admission: Admission
    bed: tuple[str, int] | None
    before: tuple[Observation, ...]
    seen: tuple[Observation, ...]
    alerts: tuple[tuple[Alert, tuple[Answer, ...]], ...]
    doses: tuple[Dose, ...]
    decisions: tuple[Decision, ...]
    corrections: tuple[Correction, ...]
    background: Background = Background()
    current: tuple[Observation, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "current", tuple(o for o in self.seen if o.replaced_by is None))


def patient_shift(rows: Rows, start: datetime, as_of: datetime) -> PatientShift:
    """One patient's line, from the rows of the shift that began at `start`, as it stood at `as_of`."""
    admission, current = rows.admission, rows.current
    left = admission.discharged_at is not None and admission.discharged_at <= as_of
    known = [*rows.before, *current][-recent_sets() :]
    return PatientShift(
        admission=admission,
        bed=rows.bed[0] if rows.bed else "",
        bed_place=rows.bed[1] if rows.bed else None,
        sets=tuple(set_taken(o) for o in current),
        unrecorded_at=_unrecorded(rows, start, as_of),
        scores=_scores(current),
        vitals=_courses(current),
        alerts=tuple(ShiftAlert(a, said, a.opened_at < start, _stood(a, as_of)) for a, said in rows.alerts),
        doses=rows.doses,
        decisions=rows.decisions,
        corrections=rows.corrections,
        due=None if left else next_due(known, _standing(rows, as_of), _known(rows, as_of)),
    )


def set_taken(observation: Observation) -> SetTaken:
    """The block an entry belongs to.

    Done: at least one scale is complete and none that was begun is not. Partial: something was seen, but a begun
    scale has missing items, or somebody said why the rest was not taken.
    """
    if observation.vitals.measured() or any(observation.answers.values()):
        missing = _missing(observation)
        return SetTaken(observation, "partial" if missing or observation.not_done else "done", missing)
    if observation.not_done is None:
        return SetTaken(observation, "note")
    return SetTaken(observation, "refused" if observation.not_done == "refused" else "not_done")


def _missing(observation: Observation) -> tuple[str, ...]:
    if not observation.assessments:
        return (f"only {', '.join(observation.vitals.measured())}",)
    words = []
    for made in observation.assessments:
        if not made.complete:
            scale = protocols.scale(made.scale)
            lacking = ", ".join(scale.item(i).short or scale.item(i).label.lower() for i in made.missing)
            words.append(f"{scale.short_name} without {lacking}")
    return tuple(words)


def _scores(current: Sequence[Observation]) -> dict[str, Scored]:
    found: dict[str, list[Score]] = {}
    for o in current:
        for made in o.assessments:
            found.setdefault(made.scale, []).append(Score(o.id, o.taken_at, made))
    return {scale: Scored(scale, max(scores, key=_worse), scores[-1]) for scale, scores in sorted(found.items())}


def _worse(score: Score) -> tuple[int, int, int, bool, datetime]:
    """Worst first by band (of the lower bound, while incomplete), then one item past its own limit, then points."""
    made, scale = score.assessment, protocols.scale(score.assessment.scale)
    band = scale.bands.index(scale.band_of(made.at_least))
    single = scale.single_item
    alone = band == 0 and single is not None and max(made.items.values(), default=0) >= single.points
    return band, int(alone), made.at_least, not made.complete, score.taken_at


def _courses(current: Sequence[Observation]) -> dict[str, Course]:
    file = protocols.vitals_file()
    numbers = {r.vital for r in file.ranges}
    found: dict[str, Course] = {}
    for vital in dict.fromkeys([*(r.vital for r in file.ranges), *(c.vital for c in file.coded)]):
        readings = [
            Reading(o.id, o.taken_at, vital_signs.interpret(file, vital, value, o.vitals.spo2_scale))
            for o in current
            if (value := getattr(o.vitals, vital)) is not None
        ]
        if not readings:
            continue
        lowest = highest = None
        if vital in numbers:
            lowest, highest = min(readings, key=_value), max(readings, key=_value)
        found[vital] = Course(vital, max(readings, key=_graver), lowest, highest)
    return found


def _value(reading: Reading) -> float:
    return float(reading.interpretation.value or 0)


def _graver(reading: Reading) -> tuple[float, float, datetime]:
    """By meaning; within one meaning the farther outside the normal range (of codes the later one); else the last."""
    found = reading.interpretation
    for limits in protocols.vitals_file().ranges:
        if limits.vital == found.vital and found.meaning != "normal":
            low = found.meaning in ("low", "critically_low")
            side = 0 if low else 1
            room = abs(limits.absolute[side] - limits.normal[side])
            return _SEVERITY[found.meaning], abs(_value(reading) - limits.normal[side]) / room, reading.taken_at
    for coded in protocols.vitals_file().coded:
        if coded.vital == found.vital:
            place = [c.value for c in coded.codes].index(str(found.value))
            return _SEVERITY[found.meaning], float(place), reading.taken_at
    return _SEVERITY[found.meaning], 0.0, reading.taken_at


def _stood(alert: Alert, at: datetime) -> bool:
    return alert.opened_at <= at and (alert.resolved_at is None or alert.resolved_at > at)


def _standing(rows: Rows, at: datetime) -> list[Alert]:
    return [alert for alert, _ in rows.alerts if _stood(alert, at)]


def _known(rows: Rows, at: datetime) -> Background:
    """What was known at a moment: doses given and intervals ordered by then, an order not ended before its time."""
    known = rows.background
    return replace(
        known,
        admitted_at=rows.admission.admitted_at,
        doses=tuple(d for d in known.doses if d.given_at <= at),
        steps=tuple(s for s in known.steps if s.at <= at),
        not_given=tuple(d for d in known.not_given if d.given_at <= at),
        intervals=tuple(
            o if o.ended_at is None or o.ended_at <= at else replace(o, ended_at=None)
            for o in known.intervals if o.set_at <= at
        ),
    )  # fmt: skip


def _unrecorded(rows: Rows, start: datetime, as_of: datetime) -> tuple[datetime, ...]:
    """The due times that passed without any entry, by the schedule as it follows from what is kept now.

    An entry of any kind (also asleep or refused) answers the latest due time before it, or one that is less than the
    grace ahead. A due time belongs to the shift in which its grace ran out. This is an approximation: corrections and
    late entries count as if they had been there at their bedside time.
    """
    since = max(start, rows.admission.admitted_at)
    until = min(as_of, rows.admission.discharged_at or as_of)
    seen = list(rows.before)
    due = next_due(seen[-recent_sets() :], _standing(rows, since), _known(rows, since))
    at, found = _first_that_counts(due, since), list[datetime]()
    for entry in (o for o in rows.current if set_taken(o).kind != "note"):
        interval, before = timedelta(minutes=due.repeat_min), due
        while at + interval <= entry.taken_at:
            found.append(at)
            at += interval
        answered = at - _grace(due) <= entry.taken_at
        seen.append(entry)
        due = next_due(seen[-recent_sets() :], _standing(rows, entry.taken_at), _known(rows, as_of))
        if due.at != before.at:
            at = due.at
        elif answered:
            at += interval
    interval, grace = timedelta(minutes=due.repeat_min), _grace(due)
    while at + grace < until:
        found.append(at)
        at += interval
    return tuple(found)


def _first_that_counts(due: Due, since: datetime) -> datetime:
    """The first due time whose grace had not yet run out at `since`: earlier ones belong to an earlier shift."""
    late = since - _grace(due) - due.at
    if late <= timedelta(0):
        return due.at
    interval = timedelta(minutes=due.repeat_min)
    return due.at + -(-late // interval) * interval


def _grace(due: Due) -> timedelta:
    """How long a set may be late before the schedule calls it overdue."""
    return min(overdue_from(due).values()) - due.at
