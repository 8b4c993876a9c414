"""The ward board as values: one tile a bed, worst first. Unknown is never fine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detox import gate
from detox.chart.danger import Danger
from detox.chart.judge import Judgement
from detox.chart.standing import level_of, rank_of, whole
from detox.clinical import protocols
from detox.clinical import vitals as vital_signs
from detox.clinical.alerts.escalation import Standing, limits_now
from detox.clinical.looking_back import clock_tolerance, recent_sets
from detox.clinical.model import (
    Admission,
    Alert,
    Assessment,
    Bed,
    Clinician,
    Finding,
    Interpretation,
    Level,
    Observation,
    PatientLimit,
    TaperPlan,
)
from detox.clinical.monitoring import schedule
from detox.clinical.patient_limits import by_limits
from detox.reports import suggesting
from detox.reports.since import Course, courses, escalation_minutes, standings
from detox.store import Connection, Store, find, orders
from detox.store.background import background

LOOK_AHEAD = timedelta(hours=1)
RANKS_OF_THEIR_OWN = ("incomplete", "settled", "free")
"""Ranks that are shown as a level of their own."""

RANKS = (
    "critical", "critical_answered", "unknown", "warning", "overdue", "overdue_answered", "warning_answered",
    "incomplete", "settled", "free",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """The last known value of a vital: what it means, when it was taken, whether it is older than the last set.

    It means what the limits in force at `taken_at` say; `limits` are those of the patient among them.
    """

    interpretation: Interpretation
    taken_at: datetime
    stale: bool
    limits: tuple[PatientLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class Graded:
    """The newest grade of what is charted in grades (the nurse's worry), when, and whether a later set did not ask."""

    value: float
    taken_at: datetime
    stale: bool


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The last COWS and how it compares with the one before: `change` only between two complete ones."""

    assessment: Assessment
    taken_at: datetime
    before: Assessment | None
    before_at: datetime | None
    stale: bool

    @property
    def change(self) -> int | None:
        """Points since the one before; None where either is incomplete."""
        if self.assessment.total is None or self.before is None or self.before.total is None:
            return None
        return self.assessment.total - self.before.total

    @property
    def moved(self) -> dict[str, int]:
        """Which items moved by how much since the one before, the largest first; only items rated both times."""
        if self.before is None:
            return {}
        now, then = self.assessment.items, self.before.items
        moved = {item: now[item] - then[item] for item in now if item in then and now[item] != then[item]}
        return dict(sorted(moved.items(), key=lambda pair: -abs(pair[1])))


@dataclass(frozen=True, slots=True)
class Tile:
    """One bed at one moment. `rank` orders the board; `level` is critical, warning, unknown, incomplete, settled or
    free. Nobody is settled whose withdrawal score or one of EXPECTED is missing, or who has a set `ahead`.

    `ahead` are the sets that are dated ahead of the clock, oldest first: nobody judges them until their time has been
    corrected. `dated_ahead` is an admission that lies in the future as a whole.

    `overdue` is the silence at this moment; `silence` is its kept alert once somebody has answered it. By alert id,
    `standing` says whether it waits, is put aside or answered, and `courses` what its vitals did since it was answered.
    `limits` are those set for this patient that hold now, by vital; `every_limit` are all, oldest first.
    `judgement` is the one that card and dose form show too; `failed` says why there is none where a rule failed.
    `graded` are the newest grades (the nurse's worry) by name.
    """

    bed: str
    rank: str
    level: str
    admission: Admission | None = None
    alerts: tuple[Alert, ...] = ()
    overdue: Finding | None = None
    silence: Alert | None = None
    due: schedule.Due | None = None
    withdrawal: Withdrawal | None = None
    vitals: dict[str, Value] | None = None
    last_seen: datetime | None = None
    not_done: Observation | None = None
    plan: TaperPlan | None = None
    day: int = 0
    dated_ahead: bool = False
    standing: Mapping[str, Standing] = field(default_factory=dict)
    courses: Mapping[str, tuple[Course, ...]] = field(default_factory=dict)
    limits: Mapping[str, tuple[PatientLimit, ...]] = field(default_factory=dict)
    every_limit: tuple[PatientLimit, ...] = ()
    judgement: Judgement | None = None
    failed: str = ""
    ahead: tuple[Observation, ...] = ()
    graded: Mapping[str, Graded] = field(default_factory=dict)

    @property
    def calls(self) -> tuple[Danger, ...]:
        """The dangers that no open alert tells of, the worst first."""
        return self.judgement.calls if self.judgement is not None else ()

    @property
    def unanswered_calls(self) -> tuple[Danger, ...]:
        """Those of them that nobody has answered."""
        return tuple(d for d in self.calls if d.answered is None)

    @property
    def unanswered(self) -> tuple[Alert, ...]:
        """The alerts that nobody has answered, the worst first; those told on an answered card last."""
        found = [a for a in self.alerts if self.standing[a.id].state in ("unanswered", "told")]
        return tuple(sorted(found, key=lambda a: self.standing[a.id].state == "told"))

    @property
    def unanswered_since(self) -> datetime | None:
        """Since when the oldest unanswered alert or other danger has been waiting."""
        alerts = [self.standing[a.id] for a in self.alerts]
        waits = [s.since for s in alerts if s.state == "unanswered"] + [d.since for d in self.unanswered_calls]
        return min(waits, default=None)


@dataclass(frozen=True, slots=True)
class Board:
    """The whole ward at `as_of`."""

    tiles: tuple[Tile, ...]
    as_of: datetime

    @property
    def need_you(self) -> int:
        """Beds with an unanswered alert."""
        return sum(1 for t in self.tiles if t.rank in ("critical", "warning"))

    @property
    def unknown(self) -> int:
        """Beds whose state is not known: overdue or never seen."""
        return sum(1 for t in self.tiles if t.overdue is not None or t.rank == "unknown")

    @property
    def due_soon(self) -> int:
        """Beds whose next set falls due within the hour."""
        return sum(
            1
            for t in self.tiles
            if t.due and t.overdue is None and t.due.at <= self.as_of + LOOK_AHEAD and t.rank != "unknown"
        )


_shared: dict[tuple[str, str], tuple[int, Board]] = {}
SHARED = timedelta(seconds=2)
"""For how long every tablet of a ward looks at one and the same board, as long as nothing is kept meanwhile."""


def shared_board(store: Store, by: Clinician, ward_id: str, now: datetime) -> Board:
    """The board as `board` gives it, worked out once for all tablets that ask within two seconds.

    Forty tablets would otherwise judge forty beds forty times at each tick. Anything that is kept makes it anew.
    """
    with gate.read(store, by, "see_ward", now, ward_id=ward_id) as tx:
        change = find.last_change(tx)
        known = _shared.get((str(store.path), ward_id))
        if known is not None and known[0] == change and timedelta(0) <= now - known[1].as_of < SHARED:
            return known[1]
        made = board(tx, ward_id, now)
    _shared[str(store.path), ward_id] = change, made
    return made


def board(tx: Connection, ward_id: str, now: datetime) -> Board:
    """Every bed of the ward, worst first; patients without a bed follow the same order."""
    beds = {b.admission_id: b for b in find.beds(tx, ward_id) if b.admission_id}
    tiles = [tile(tx, admission, beds.get(admission.id), now) for admission in find.admissions_here(tx, ward_id)]
    tiles += [Tile(b.label, "free", "free") for b in find.beds(tx, ward_id) if b.admission_id is None]
    places = {b.label: n for n, b in enumerate(find.beds(tx, ward_id))}
    tiles.sort(key=lambda t: (RANKS.index(t.rank), _waiting(t), places.get(t.bed, len(places)), t.bed))
    return Board(tuple(tiles), now)


def tile(tx: Connection, admission: Admission, bed: Bed | None, now: datetime) -> Tile:
    """What the board says of one patient now."""
    recent = find.last_in_admission(tx, admission, recent_sets(), now)
    later = tuple(find.ahead(tx, admission, now))
    holding = find.open_alerts(tx, admission.id)
    silence = next((a for a in holding if a.finding.kind == "silence"), None)
    standing = standings(tx, holding, now, escalation_minutes(tx, admission.ward_id)) if holding else {}
    alerts = tuple(sorted((a for a in holding if a is not silence), key=lambda a: _first(a, standing[a.id])))
    at = recent[-1].taken_at if recent else admission.admitted_at
    due = schedule.next_due(recent, alerts, background(tx, admission, at, first=len(recent) >= recent_sets(), now=now))
    ahead = bool(recent) and recent[-1].taken_at > now + clock_tolerance()
    overdue = None if ahead else schedule.overdue(due, now)
    seen = [o for o in recent if schedule.tells_of_state(o)]
    answered = silence if silence and overdue and silence.finding.level == overdue.level else None
    own = orders.patient_limits(tx, admission.id)
    withdrawal, values = _withdrawal(seen), _values(seen, own)
    found = suggesting.judged(tx, admission, now) if admission.discharged_at is None else suggesting.Judged(None)
    calls = found.judgement.calls if found.judgement is not None else ()
    told: list[tuple[Level, bool]] = [(a.finding.level, standing[a.id].state == "unanswered") for a in alerts]
    told += [(d.level, d.answered is None) for d in calls]
    told += [("warning", False)] if found.judgement is not None and found.judgement.unseen else []
    known = bool(seen) and not ahead and not found.problem
    complete, late = whole(seen) and not later, overdue.level if overdue is not None else None
    rank = rank_of(told, late, seen=known, whole=complete, overdue_answered=answered is not None)
    level = level_of([level for level, _ in told if level != "info"], late, seen=known, whole=complete)
    return Tile(
        bed=bed.label if bed else "",
        rank=rank,
        level=rank if rank in RANKS_OF_THEIR_OWN else level,
        admission=admission,
        alerts=alerts,
        overdue=overdue,
        silence=answered,
        due=due,
        withdrawal=withdrawal,
        vitals=values,
        last_seen=seen[-1].taken_at if seen else None,
        not_done=_not_done(recent, seen),
        plan=find.current_plan(tx, admission.id),
        day=day_of_admission(admission, now),
        dated_ahead=ahead,
        standing=standing,
        courses=_courses(tx, alerts, recent),
        limits=limits_now(own, now),
        every_limit=own,
        judgement=found.judgement,
        failed=found.problem,
        ahead=later,
        graded=_graded(recent),
    )


def day_of_admission(admission: Admission, now: datetime) -> int:
    """1 on the first 24 hours of an admission, 2 on the next."""
    return max(1, (now - admission.admitted_at).days + 1)


def _first(alert: Alert, standing: Standing) -> tuple[bool, bool, datetime]:
    """The order of a card: critical first, what is put aside last of its level, then by age."""
    return alert.finding.level != "critical", standing.state == "aside", alert.opened_at


def _courses(tx: Connection, alerts: Sequence[Alert], recent: Sequence[Observation]) -> dict[str, tuple[Course, ...]]:
    answered = [a.acknowledged_at for a in alerts if a.acknowledged_at is not None]
    if not answered:
        return {}
    doses = find.doses(tx, alerts[0].admission_id, start=min(answered))
    return {a.id: made for a in alerts if (made := courses(a, recent, doses))}


def _waiting(t: Tile) -> float:
    since = t.unanswered_since
    return since.timestamp() if since else 0.0


def _withdrawal(seen: Sequence[Observation]) -> Withdrawal | None:
    rated = [(o, made) for o in seen if (made := o.assessment("cows")) is not None]
    if not rated:
        return None
    last, made = rated[-1]
    before, before_made = rated[-2] if len(rated) > 1 else (None, None)
    return Withdrawal(
        assessment=made,
        taken_at=last.taken_at,
        before=before_made,
        before_at=before.taken_at if before else None,
        stale=last.taken_at < seen[-1].taken_at,
    )


def _graded(recent: Sequence[Observation]) -> dict[str, Graded]:
    """The newest grade of each; where nobody has charted one it is absent."""
    found: dict[str, Graded] = {}
    for known in protocols.vitals_file().other:
        newest = next((o for o in reversed(recent) if known.kind == "grade" and known.name in o.other), None)
        if newest is not None:
            found[known.name] = Graded(newest.other[known.name], newest.taken_at, newest is not recent[-1])
    return found


def _not_done(recent: Sequence[Observation], seen: Sequence[Observation]) -> Observation | None:
    """The newest set that was not, or only in part, taken, unless a later set has told more."""
    since = seen[-1].taken_at if seen else None
    return next((o for o in reversed(recent) if o.not_done and (since is None or o.taken_at >= since)), None)


def _values(seen: Sequence[Observation], limits: Sequence[PatientLimit]) -> dict[str, Value]:
    file = protocols.vitals_file()
    found: dict[str, Value] = {}
    for vital in dict.fromkeys([*(r.vital for r in file.ranges), *(c.vital for c in file.coded)]):
        for o in reversed(seen):
            value = getattr(o.vitals, vital)
            if value is not None:
                meaning = vital_signs.interpret(file, vital, value, o.vitals.spo2_scale)
                meaning, own = by_limits(meaning, limits, o.taken_at, o.vitals.spo2_scale)
                found[vital] = Value(meaning, o.taken_at, o.taken_at < seen[-1].taken_at, own)
                break
    return found
