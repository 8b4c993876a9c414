"""A patient's page as values: everything it shows, read in one go from one snapshot of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.clinical import situations
from detox.clinical.looking_back import clock_tolerance
from detox.clinical.model import Admission, Alert, Decision, Dose, HistoryAnswer, Observation, TaperPlan, Ward
from detox.clinical.suggestions import Suggestion
from detox.reports import board
from detox.store import Connection, find, orders

LAST = 8  # sets that the strip "since the last set" looks back on
CHANGES = ("systolic_mmhg", "heart_rate_per_min", "temperature_c", "respiratory_rate_per_min", "spo2_percent")

Answer = tuple[datetime, str, str]
Level = tuple[datetime, datetime | None, str, float]  # from, until (None: it holds), drug, mg a day


@dataclass(frozen=True, slots=True)
class Change:
    """How a vital moved between its last two measurements."""

    vital: str
    then: float
    then_at: datetime
    now: float
    now_at: datetime

    @property
    def by(self) -> float:
        """What was added or lost."""
        return round(self.now - self.then, 2)


@dataclass(frozen=True, slots=True)
class DayOfPlan:
    """One day of the ward: what was ordered, what was given, held or refused, what was decided.

    `ordered` holds each daily dose in mg that was in force, with since when; empty where no plan was signed.
    `corrected` are the doses that were charted wrongly: they count no more.
    """

    day: date
    drug: str
    ordered: tuple[tuple[datetime, float], ...]
    doses: tuple[Dose, ...]
    decisions: tuple[Decision, ...]
    corrected: tuple[Dose, ...] = ()

    @property
    def given_mg(self) -> float:
        """What was given of the plan's drug."""
        return sum(d.dose_mg for d in self.doses if d.status == "given" and d.drug == self.drug)


@dataclass(frozen=True, slots=True)
class PatientPage:
    """One patient at `as_of`: now, the end of the admission, or the newest reading of one that lies in the future.

    `corrected` holds the doses that were charted wrongly, `doses` those that stand. `seen` holds the window's
    observations, replaced ones too, oldest first.
    """

    admission: Admission
    tile: board.Tile
    start: datetime | None
    as_of: datetime
    seen: tuple[Observation, ...]
    newest: Observation | None
    changes: tuple[Change, ...]
    doses: tuple[Dose, ...]
    alerts: tuple[Alert, ...]
    answers: dict[str, tuple[Answer, ...]]
    plans: tuple[TaperPlan, ...]
    days: tuple[DayOfPlan, ...]
    levels: tuple[Level, ...]
    decisions: tuple[Decision, ...]
    suggestion: Suggestion | None
    suggestion_problem: str
    basis: str
    facts: dict[str, HistoryAnswer]
    corrected: tuple[Dose, ...] = ()

    @property
    def plan(self) -> TaperPlan | None:
        """The signed plan that runs."""
        return next((p for p in self.plans if p.signed_at is not None and p.ended_at is None), None)

    @property
    def draft(self) -> TaperPlan | None:
        """The newest plan that waits for a signature."""
        newest = next((p for p in self.plans if p.ended_at is None), None)
        return newest if newest is not None and newest.signed_at is None else None

    @property
    def answered(self) -> bool:
        """True when nothing was recorded or given since the last decision."""
        if not self.decisions:
            return False
        kept = [o.recorded_at for o in self.seen] + [d.recorded_at for d in self.doses]
        kept += [d.correction.at for d in self.corrected if d.correction is not None]
        return all(at is None or at <= self.decisions[0].decided_at for at in kept)

    @property
    def current(self) -> tuple[Observation, ...]:
        """The window's observations without those that were replaced, and those that are dated ahead of the clock."""
        later = {o.id for o in self.tile.ahead}
        return tuple(o for o in self.seen if o.replaced_by is None and o.id not in later)

    @property
    def doses_shown(self) -> tuple[Dose, ...]:
        """The window's doses."""
        return tuple(d for d in self.doses if self.start is None or d.given_at >= self.start)


def page(tx: Connection, ward: Ward, admission_id: str, now: datetime, hours: int | None) -> PatientPage:
    """The page of an admission; charts and flowsheet reach back `hours` (None: all of it). Raises NotFound."""
    admission = find.admission(tx, admission_id)
    bed = next((b for b in find.beds(tx, ward.id) if b.admission_id == admission_id), None)
    last = find.last_in_admission(tx, admission, LAST, now, judged=False)
    now = _as_of(admission, last[-1] if last else None, now)
    start = None if hours is None else window_start(now, hours)
    shown = _alerts(tx, admission_id, start)
    plans = tuple(find.plans(tx, admission_id))
    every = find.doses(tx, admission_id, corrected=True)
    doses, corrected = tuple(d for d in every if not d.correction), tuple(d for d in every if d.correction)
    decisions = tuple(find.decisions(tx, admission_id))
    levels = tuple(_levels(tx, plans))
    tile = board.tile(tx, admission, bed, now)
    suggestion, problem = _suggestion(tile)
    return PatientPage(
        admission=admission,
        tile=tile,
        start=start,
        as_of=now,
        seen=tuple(find.observations(tx, admission_id, start=start, replaced=True)),
        newest=last[-1] if last else None,
        changes=tuple(_changes(last)),
        doses=doses,
        alerts=shown,
        answers={a.id: tuple(find.acknowledgements(tx, a.id)) for a in shown if a.acknowledged_at is not None},
        plans=plans,
        days=_days(levels, doses, corrected, decisions, ZoneInfo(ward.time_zone), now),
        levels=levels,
        decisions=decisions,
        suggestion=suggestion,
        suggestion_problem=problem,
        basis=find.basis_of(tx, admission_id),
        facts=situations.newest(orders.history_answers(tx, admission_id)),
        corrected=corrected,
    )


def _as_of(admission: Admission, newest: Observation | None, now: datetime) -> datetime:
    """Now; of an admission that has ended its end; of one whose dates were shifted ahead its newest reading."""
    if newest is not None and newest.taken_at > now + clock_tolerance():
        return newest.taken_at
    return min(now, admission.discharged_at or now)


def window_start(now: datetime, hours: int) -> datetime:
    """A full hour, so that the figure stays the same while nothing is recorded."""
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)


def _suggestion(tile: board.Tile) -> tuple[Suggestion | None, str]:
    """The suggestion of the one judgement, or why there is none."""
    if tile.admission is not None and tile.admission.discharged_at is not None:
        return None, "The admission has ended: nothing is suggested."
    if tile.judgement is None:
        return None, f"No suggestion. {tile.failed}"
    return tile.judgement.suggestion, ""


def _alerts(tx: Connection, admission_id: str, start: datetime | None) -> tuple[Alert, ...]:
    """Open ones first, unanswered before answered, the worst first; then what has ended, the newest first."""
    levels = ("critical", "warning", "info")
    standing = find.open_alerts(tx, admission_id)
    standing.sort(key=lambda a: (a.acknowledged_at is not None, levels.index(a.finding.level), a.opened_at))
    ended = [a for a in find.alerts(tx, admission_id, start=start) if a.resolved_at is not None]
    return (*standing, *ended)


def _changes(last: Sequence[Observation]) -> list[Change]:
    """Each vital's newest value and the one before it; a temperature's one before it at the same site."""
    found: list[Change] = []
    for vital in CHANGES:
        measured = [(o, float(value)) for o in last if (value := getattr(o.vitals, vital)) is not None]
        if vital == "temperature_c" and measured:
            site = measured[-1][0].vitals.temperature_site
            measured = [(o, value) for o, value in measured if o.vitals.temperature_site == site]
        if len(measured) > 1:
            (then, was), (now, value) = measured[-2:]
            found.append(Change(vital, was, then.taken_at, value, now.taken_at))
    return found


def _days(
    levels: Sequence[Level],
    doses: Sequence[Dose],
    corrected: Sequence[Dose],
    decisions: Sequence[Decision],
    zone: ZoneInfo,
    now: datetime,
) -> tuple[DayOfPlan, ...]:
    """Each day since the first signature or dose, the newest first."""
    moments = [at for at, _, _, _ in levels] + [d.given_at for d in (*doses, *corrected)]
    moments += [d.decided_at for d in decisions]
    if not moments:
        return ()
    first, day = min(moments).astimezone(zone).date(), now.astimezone(zone).date()
    found = []
    while day >= first:
        start = datetime(day.year, day.month, day.day, tzinfo=zone)
        after = day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=zone)
        ordered = tuple((at, mg) for at, until, _, mg in levels if at < end and (until is None or until > start))
        drugs = [drug for at, until, drug, _ in levels if at < end and (until is None or until > start)]
        today = tuple(d for d in doses if start <= d.given_at < end)
        found.append(
            DayOfPlan(
                day,
                drugs[-1] if drugs else (today[-1].drug if today else ""),
                ordered,
                today,
                tuple(d for d in reversed(decisions) if start <= d.decided_at < end),
                tuple(d for d in corrected if start <= d.given_at < end),
            )
        )
        day -= timedelta(days=1)
    return tuple(found)


def _levels(tx: Connection, plans: Sequence[TaperPlan]) -> list[Level]:
    """Which daily dose was in force from when until when, oldest first."""
    levels: list[Level] = []
    for plan in reversed(plans):
        moves = find.step_changes(tx, plan.id)
        for number, (at, _, to) in enumerate(moves):
            until = moves[number + 1][0] if number + 1 < len(moves) else plan.ended_at
            levels.append((at, until, plan.drug, plan.step(to).dose_mg))
    return sorted(levels, key=lambda level: level[0])
