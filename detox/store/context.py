"""Everything that is known of an admission, read in one go: what board, suggestion and dose form judge by."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from detox.chart.context import Order, PatientContext
from detox.clinical import situations
from detox.clinical.administration import ALLOWED
from detox.clinical.entry_times import judged
from detox.clinical.looking_back import event_span
from detox.clinical.model import Admission, Decision, HistoryAnswer, Observation, TaperPlan
from detox.clinical.protocols import vitals_file
from detox.store import find, orders
from detox.store.background import background, with_scores
from detox.store.connection import Connection


class Judged(NamedTuple):
    """The observations that are judged, and those dated later than now."""

    current: list[Observation]
    ahead: list[Observation]


def read_context(tx: Connection, admission: Admission, now: datetime) -> PatientContext:
    """What is known of the admission at `now`. Raises NotFound for a ward that is not kept."""
    decisions = find.decisions(tx, admission.id)
    span = judged(admission.admitted_at, now)
    every_dose = [d for d in find.doses(tx, admission.id, corrected=True) if not span.is_ahead(d.given_at)]
    plans = find.plans(tx, admission.id)
    facts = situations.newest(orders.history_answers(tx, admission.id))
    ward = next(w for w in find.wards(tx) if w.id == admission.ward_id)
    zone = ZoneInfo(ward.time_zone)
    allowed = orders.ward_setting(tx, admission.ward_id, ALLOWED)
    seen = _observations(tx, admission, decisions, now)
    since = seen.current[0].taken_at if seen.current else admission.admitted_at
    return PatientContext(
        now=now,
        admission=admission,
        zone=zone,
        background=with_scores(tx, admission.id, background(tx, admission, since, now=now)),
        observations=tuple(seen.current),
        ahead=tuple(seen.ahead),
        doses=tuple(d for d in every_dose if d.correction is None),
        corrected=tuple(d for d in every_dose if d.correction is not None),
        plans=tuple(plans),
        orders=tuple(orders_of(tx, plans)),
        facts=facts,
        results=_results(tx, admission, now),
        alerts=tuple(find.dangerous_alerts(tx, admission.id)),
        answers=tuple(find.answers(tx, admission.id)),
        decisions=tuple(decisions),
        conditions=_conditions(facts),
        medicines=_medicines(facts),
        allowed=None if allowed is None else tuple(allowed.split()),
        age=_age(admission.patient.born_on, now.astimezone(zone).date()),
    )


def orders_of(tx: Connection, plans: Sequence[TaperPlan]) -> list[Order]:
    """Which daily dose was in force from when until when, oldest first."""
    found = []
    for plan in plans:
        moves = find.step_changes(tx, plan.id)
        ends = [*(at for at, _, _ in moves[1:]), plan.ended_at]
        found += [
            Order(at, until, plan.drug, plan.step(to).dose_mg)
            for (at, _, to), until in zip(moves, ends[-len(moves) :] if moves else (), strict=True)
        ]
    return sorted(found, key=lambda one: one.since)


def _observations(tx: Connection, admission: Admission, decisions: Sequence[Decision], now: datetime) -> Judged:
    """Those within the admission. Older ones only where they were kept after the newest decision: what stood before it
    was shown to whoever made it."""
    start, span = now - event_span(), judged(admission.admitted_at, now)
    seen = find.observations(tx, admission.id, start=start)
    shown = next((d.decided_at for d in decisions if d.suggestion.get("rules")), None)
    older = find.observations(tx, admission.id, end=start, kept_after=shown)
    return Judged(
        [o for o in (*older, *seen) if span.holds(o.taken_at)],
        [o for o in seen if span.is_ahead(o.taken_at)],
    )


def _results(tx: Connection, admission: Admission, now: datetime) -> Mapping[str, tuple[datetime, float]]:
    """The newest of each laboratory value and result, and when it was taken."""
    names = [o.name for o in vitals_file().other if o.group == "laboratory"]
    return find.last_others(tx, admission.id, names, *judged(admission.admitted_at, now))


def _conditions(facts: Mapping[str, HistoryAnswer]) -> tuple[str, ...] | None:
    """What the rules read as conditions; empty only where somebody has answered every question."""
    asked = [one.name for one in situations.situations_file().situation if one.options]
    answered = all(name in facts for name in asked if name not in ("pregnancy", "fentanyl"))
    found = situations.conditions(facts)
    return tuple(found) if found or answered else None


def _medicines(facts: Mapping[str, HistoryAnswer]) -> tuple[str, ...] | None:
    found = situations.listed(facts, situations.MEDICINES)
    return None if found is None else tuple(found)


def _age(born: date | None, today: date) -> int | None:
    """Whole years."""
    return None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))
