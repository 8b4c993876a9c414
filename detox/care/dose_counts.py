"""How much of a drug may still be charted as given: against the signed daily dose and the caps of the labels."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.clinical import situations
from detox.clinical.administration import Counted, giving_file
from detox.clinical.dose_caps import most_within, over_caps, unanswered
from detox.clinical.entry_times import judged
from detox.clinical.model import Admission, Dose, TaperPlan
from detox.errors import Refused
from detox.instants import wall
from detox.store import Connection, find, orders

STOP = "Do not give it; ask a physician if more is meant."
HAPPENED = "Do not give it; call the physician. If it was given already, chart it under other medicine."


def check_amount(
    tx: Connection, admission: Admission, dose: Dose, plan: TaperPlan | None, now: datetime, wrong: Dose | None = None
) -> None:
    """Refuse a given dose that is more than the signed plan orders, twice what was given already, or over a cap.

    `wrong` is the dose that this one corrects: it does not count. Raises Refused.
    """
    if plan is None or plan.drug != dose.drug:
        raise Refused({"drug": f"No signed plan for {dose.drug}: a physician must write and sign one first."})
    row = giving_file().counting(dose.drug)
    every = [
        d
        for d in find.doses(tx, admission.id)
        if d.status == "given" and d.drug == dose.drug and (wrong is None or d.id != wrong.id)
    ]
    _check_day(tx, dose, plan, row, every)
    _check_apart(tx, dose, plan, row, every)
    _check_caps(tx, admission, dose, row, every, now)


def amount_question(tx: Connection, dose: Dose, plan: TaperPlan | None) -> dict[str, str]:
    """What to ask of a given dose that is far under the signed daily dose, by its field; empty where nothing is odd.

    Parts of a day's dose are usual: only an amount under the share in giving.toml is asked about.
    """
    if dose.status != "given" or plan is None or plan.drug != dose.drug:
        return {}
    ordered = _ordered_at(tx, plan, dose.given_at)
    share = next((row.share for row in giving_file().asked if dose.drug in row.drugs), 0.0)
    if round(dose.dose_mg, 6) >= round(ordered * share, 6):  # a tenth of 0.3 is 0.03
        return {}
    said = f"{dose.dose_mg:g} mg is less than {share:.0%} of the signed {ordered:g} mg a day: is it right?"
    return {"dose_mg": said}


def day_of(tx: Connection, admission_id: str, at: datetime) -> tuple[datetime, datetime]:
    """The ward's midnights before and after a moment: 23 or 25 hours apart when the clocks change."""
    midnight = at.astimezone(zone_of(tx, admission_id)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def zone_of(tx: Connection, admission_id: str) -> ZoneInfo:
    """The time zone of the admission's ward."""
    ward_id = find.admission(tx, admission_id).ward_id
    return ZoneInfo(next(w.time_zone for w in find.wards(tx) if w.id == ward_id))


def still_counts(doses: Sequence[Dose], drug: str, at: datetime) -> tuple[float, datetime] | None:
    """What was given of the drug within the hours that count at `at`, and until when any of it does; None: nothing.

    `doses` are those of the admission; the amount is in mg.
    """
    apart = giving_file().counting(drug).apart
    near = [d for d in doses if d.status == "given" and d.drug == drug and at - apart < d.given_at <= at]
    return (sum(d.dose_mg for d in near), max(d.given_at for d in near) + apart) if near else None


def _check_day(tx: Connection, dose: Dose, plan: TaperPlan, row: Counted, every: Sequence[Dose]) -> None:
    """Never more on one day of the ward than the step in force orders."""
    today = _on_day(tx, dose, every)
    ordered, given = _ordered_at(tx, plan, dose.given_at), sum(d.dose_mg for d in today)
    if round(given + dose.dose_mg, 6) > ordered:  # three times 0.1 is not more than 0.3
        already = f" {given:g} mg were already given today, last {_where(today[-1])}." if today else ""
        raise Refused({"dose_mg": _told(f"{dose.dose_mg:g} mg is over the signed {ordered:g} mg a day.{already}", row)})


def _check_apart(tx: Connection, dose: Dose, plan: TaperPlan, row: Counted, every: Sequence[Dose]) -> None:
    """Nor within the hours of the drug, whatever day it is; while the step changes the higher order counts."""
    near = [d for d in every if abs(d.given_at - dose.given_at) < row.apart]
    given = most_within(near, dose.given_at, row.apart)
    ordered = max(_ordered_at(tx, plan, dose.given_at), *_orders_since(tx, dose, dose.given_at - row.apart), 0.0)
    if not near or round(given + dose.dose_mg, 6) <= ordered:
        return
    zone = zone_of(tx, dose.admission_id)
    last = max(near, key=lambda d: d.given_at)
    after = wall(last.given_at + row.apart, zone, "%a %-d %b %H:%M")
    said = (
        f"{dose.dose_mg:g} mg would be a dose given twice: {given:g} mg were already given within "
        f"{row.every_h - row.early_h:g} h, last {wall(last.given_at, zone, '%a %H:%M')} {_where(last)}; "
        f"{ordered:g} mg are signed for {row.every_h:g} h. It can be given from {after} on."
    )
    raise Refused({"dose_mg": _told(said, row)})


def _told(said: str, row: Counted) -> str:
    return " ".join(part for part in (said, row.no_cap, STOP) if part)


def _check_caps(
    tx: Connection, admission: Admission, dose: Dose, row: Counted, every: Sequence[Dose], now: datetime
) -> None:
    """The first-day, single and daily caps of the labels, lower where liver or kidneys ask for it."""
    facts = situations.newest(orders.history_answers(tx, admission.id))
    measured = find.last_other(tx, admission.id, "egfr_ml_min", *judged(admission.admitted_at, now))
    egfr = measured[1] if measured else None
    over = over_caps(
        dose.drug, dose.dose_mg, _towards_cap(tx, dose, row, every), admission.programme, admission.setting,
        situations.conditions(facts), egfr, unanswered(facts, egfr),
    )  # fmt: skip
    if over:
        raise Refused({"dose_mg": f"{' '.join(over)} {HAPPENED}"})


def _towards_cap(tx: Connection, dose: Dose, row: Counted, every: Sequence[Dose]) -> float:
    """What of the drug counts towards the daily cap beside this dose, in mg."""
    today = sum(d.dose_mg for d in _on_day(tx, dose, every))
    span = row.cap_span
    if span is None:
        return today
    if not row.first_day:
        return max(today, most_within(every, dose.given_at, span))
    first = min((d.given_at for d in every), default=dose.given_at)
    if not first <= dose.given_at < first + span:
        return today
    return max(today, sum(d.dose_mg for d in every if d.given_at < first + span))


def _on_day(tx: Connection, dose: Dose, every: Sequence[Dose]) -> list[Dose]:
    start, end = day_of(tx, dose.admission_id, dose.given_at)
    return [d for d in every if start <= d.given_at < end]


def _where(dose: Dose) -> str:
    return f"elsewhere ({dose.reason})" if dose.elsewhere else f"by {dose.recorded_by}"


def _ordered_at(tx: Connection, plan: TaperPlan, at: datetime) -> float:
    """The daily dose of the step in force at a moment: a dose may be charted after the step has changed.

    Before the signature it is the first step's: an order by word of mouth is signed later in the day.
    """
    steps = [to for changed_at, _, to in find.step_changes(tx, plan.id) if changed_at <= at]
    return plan.step(steps[-1] if steps else 1).dose_mg


def _orders_since(tx: Connection, dose: Dose, since: datetime) -> list[float]:
    """Every daily dose of the drug that was in force between `since` and the dose, by whatever signed plan."""
    found = []
    for plan in find.plans(tx, dose.admission_id):
        moves = find.step_changes(tx, plan.id) if plan.drug == dose.drug else []
        ends = [*(at for at, _, _ in moves[1:]), plan.ended_at]
        for (at, _, to), until in zip(moves, ends, strict=True) if moves else ():
            if at <= dose.given_at and (until is None or until > since):
                found.append(plan.step(to).dose_mg)
    return found
