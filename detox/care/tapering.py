"""Plans, doses and decisions. A dose level changes by a physician's decision alone."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.care.other_doses import settle_after
from detox.care.roles import permit
from detox.care.text import clean
from detox.clinical.model import Clinician, Decision, Dose, TaperPlan
from detox.errors import Conflict, Refused
from detox.instants import CLOCK_TOLERANCE
from detox.store import Connection, Store, audit, find, keep

DRUGS = ("methadone", "buprenorphine", "lofexidine", "clonidine", "diamorphine", "naltrexone_xr")


def write_plan(store: Store, by: Clinician, plan: TaperPlan, now: datetime, *, note: str = "") -> TaperPlan:
    """Keep a draft plan: drug, falling daily doses in mg, least hours at a step. It acts only once signed.

    Raises Refused with every problem, NotAllowed unless a physician writes it.
    """
    permit(by, "write_plan")
    _check_plan(plan)
    with store.write() as tx:
        if find.admission(tx, plan.admission_id).discharged_at is not None:
            raise Conflict("The patient has been discharged: admit the patient again first.")
        if any(p.id == plan.id for p in find.plans(tx, plan.admission_id)):
            return find.plan(tx, plan.id)
        keep.taper_plan(tx, replace(plan, written_at=now), by, clean(note))
        audit.event(
            tx, now, by, "write_plan", "taper_plan", plan.id, admission_id=plan.admission_id,
            detail={"drug": plan.drug, "steps_mg": [s.dose_mg for s in plan.steps], "interval_h": plan.interval_h},
        )  # fmt: skip
        return find.plan(tx, plan.id)


def sign_plan(store: Store, by: Clinician, plan_id: str, now: datetime) -> TaperPlan:
    """A physician's signature: from now on the plan stands at its first step. An older signed plan ends with it."""
    permit(by, "sign_plan")
    with store.write() as tx:
        plan = find.plan(tx, plan_id)
        if plan.ended_at is not None:
            raise Conflict("This plan has ended: write a new one.")
        if plan.signed_at is not None:
            return plan
        for other in find.plans(tx, plan.admission_id):
            if other.id != plan_id and other.ended_at is None:
                keep.end_plan(tx, other.id, now, by, "replaced by a newly signed plan")
        keep.sign_plan(tx, plan_id, now, by)
        keep.step_change(tx, uuid.uuid4().hex, plan_id, now, None, 1, None)
        audit.event(tx, now, by, "sign_plan", "taper_plan", plan_id, admission_id=plan.admission_id)
        return find.plan(tx, plan_id)


def end_plan(store: Store, by: Clinician, plan_id: str, reason: str, now: datetime) -> TaperPlan:
    """Stop a plan, with the reason. What was given stays charted."""
    permit(by, "end_plan")
    reason = clean(reason)
    if not reason:
        raise Refused({"reason": "The plan's end has no reason: say why it stops."})
    with store.write() as tx:
        plan = find.plan(tx, plan_id)
        keep.end_plan(tx, plan_id, now, by, reason)
        audit.event(
            tx, now, by, "end_plan", "taper_plan", plan_id, admission_id=plan.admission_id, detail={"reason": reason}
        )
        return find.plan(tx, plan_id)


def chart_dose(store: Store, by: Clinician, dose: Dose, now: datetime) -> Dose:
    """Keep one administration: given, held or refused. Never more in a day than the signed step.

    `dose.id` is made by whoever enters it, so that sending twice keeps one. Raises Refused with every problem.
    """
    permit(by, "chart_dose")
    dose = _checked_dose(dose, now)
    with store.write() as tx:
        if (known := find.dose(tx, dose.id)) is not None:
            if (known.admission_id, known.drug, known.dose_mg, known.status) != (
                dose.admission_id, dose.drug, dose.dose_mg, dose.status,
            ):  # fmt: skip
                raise Conflict("This form was already charted with another dose: look at the chart first.")
            return known
        if find.admission(tx, dose.admission_id).discharged_at is not None:
            raise Conflict("The patient has been discharged: nothing more can be charted as given here.")
        plan = next((p for p in find.plans(tx, dose.admission_id) if p.signed_at and p.ended_at is None), None)
        if dose.status == "given":
            _check_against_plan(tx, dose, plan)
        dose = replace(dose, plan_id=plan.id if plan is not None and plan.drug == dose.drug else None)
        keep.dose(tx, dose, by, now)
        settle_after(tx, dose, now)
        audit.event(
            tx, now, by, "chart_dose", "dose", dose.id, admission_id=dose.admission_id,
            detail={"drug": dose.drug, "dose_mg": dose.dose_mg, "status": dose.status},
        )  # fmt: skip
        return find.dose(tx, dose.id) or dose


def decide(
    store: Store,
    by: Clinician,
    decision: Decision,
    plan_id: str | None,
    basis: str,
    now: datetime,
) -> Decision:
    """Accept, change or decline a suggestion, with the suggestion kept as it was shown. Only this moves a plan's step.

    `basis` is what `find.basis_of` said when the suggestion was shown. Raises Conflict when the data behind it have
    changed since or it has expired, Refused when a change or decline has no reason, NotAllowed unless a physician
    decides.
    """
    permit(by, "decide")
    decision = _checked_decision(decision, now)
    with store.write() as tx:
        if (known := find.decision(tx, decision.id)) is not None:
            return known
        if basis != find.basis_of(tx, decision.admission_id):
            raise Conflict("What this suggestion was based on has changed since: read the new one, then decide.")
        plan = find.plan(tx, plan_id) if plan_id else None
        if plan is not None and plan.admission_id != decision.admission_id:
            raise Conflict("That plan is another patient's: open the patient again.")
        step = _step_after(plan, decision) if decision.verdict != "declined" else None
        if plan is not None and step is not None:
            decision = replace(decision, step_from=plan.current_step, step_to=step)
        keep.decision(tx, decision, plan_id, by)
        if plan is not None and step is not None:
            keep.step_change(tx, uuid.uuid4().hex, plan.id, now, plan.current_step, step, decision.id)
        audit.event(
            tx, now, by, "decide", "decision", decision.id, admission_id=decision.admission_id,
            detail={"verdict": decision.verdict, "chosen": decision.chosen, "step_to": step},
        )  # fmt: skip
        return find.decision(tx, decision.id) or decision


def _check_plan(plan: TaperPlan) -> None:
    doses = [s.dose_mg for s in plan.steps]
    problems: dict[str, str] = {}
    if plan.drug not in DRUGS:
        problems["drug"] = f"Drug {plan.drug!r} is not one of {', '.join(DRUGS)}: choose one of them."
    if len(doses) < 2:
        problems["steps"] = "A plan needs at least two steps: enter the daily doses, such as 8, 6, 4, 2, 0."
    elif any(later >= earlier for earlier, later in zip(doses, doses[1:], strict=False)) or doses[-1] < 0:
        problems["steps"] = "A taper falls with every step, to 0 at the least: correct the doses."
    if not plan.interval_h > 0:
        problems["interval_h"] = "The hours at a step must be more than 0: enter them."
    if problems:
        raise Refused(problems)


def _checked_dose(dose: Dose, now: datetime) -> Dose:
    reason = clean(dose.reason)
    problems: dict[str, str] = {}
    if dose.drug not in DRUGS:
        problems["drug"] = f"Drug {dose.drug!r} is not one of {', '.join(DRUGS)}: choose one of them."
    if dose.given_at > now + CLOCK_TOLERANCE:
        problems["given_at"] = "The time lies in the future: set it to when the dose was given."
    if dose.status == "given" and not 0 < dose.dose_mg < float("inf"):
        problems["dose_mg"] = "A given dose needs its amount in mg: enter it."
    if dose.status != "given" and not reason:
        problems["reason"] = f"A dose that was {dose.status} needs the reason: say why."
    if problems:
        raise Refused(problems)
    return replace(dose, reason=reason, dose_mg=dose.dose_mg if dose.status == "given" else 0.0)


def _check_against_plan(tx: Connection, dose: Dose, plan: TaperPlan | None) -> None:
    if plan is None or plan.drug != dose.drug:
        raise Refused({"drug": f"No signed plan for {dose.drug}: a physician must write and sign one first."})
    ordered = _ordered_at(tx, plan, dose.given_at)
    today = [
        d
        for d in find.doses(tx, dose.admission_id, *_day_of(tx, dose.admission_id, dose.given_at))
        if d.status == "given" and d.drug == dose.drug
    ]
    given = sum(d.dose_mg for d in today)
    if round(given + dose.dose_mg, 6) > ordered:  # three times 0.1 is not more than 0.3
        already = f" {given:g} mg were already given today, last by {today[-1].recorded_by}." if today else ""
        raise Refused(
            {
                "dose_mg": f"{dose.dose_mg:g} mg is over the signed {ordered:g} mg a day.{already} "
                "Do not give it; ask a physician if more is meant."
            }
        )


def _ordered_at(tx: Connection, plan: TaperPlan, at: datetime) -> float:
    """The daily dose of the step in force at a moment: a dose may be charted after the step has changed.

    Before the signature it is the first step's: an order by word of mouth is signed later in the day.
    """
    steps = [to for changed_at, _, to in find.step_changes(tx, plan.id) if changed_at <= at]
    return plan.step(steps[-1] if steps else 1).dose_mg


def _day_of(tx: Connection, admission_id: str, at: datetime) -> tuple[datetime, datetime]:
    """The ward's midnights before and after a moment: 23 or 25 hours apart when the clocks change."""
    ward_id = find.admission(tx, admission_id).ward_id
    zone = ZoneInfo(next(w.time_zone for w in find.wards(tx) if w.id == ward_id))
    midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def _checked_decision(decision: Decision, now: datetime) -> Decision:
    reason = clean(decision.reason)
    if decision.verdict != "accepted" and not reason:
        raise Refused({"reason": f"Say why the suggestion is {decision.verdict}: the next shift reads it."})
    if decision.verdict == "accepted" and decision.chosen != decision.suggestion.get("class"):
        raise Refused({"verdict": "Accepting keeps the suggestion as it is: use Change for another answer."})
    expires = decision.suggestion.get("expires_at")
    if isinstance(expires, str) and datetime.fromisoformat(expires) < now:
        raise Conflict("This suggestion has expired, because its data are too old: record a new set first.")
    return replace(decision, reason=reason, decided_at=now)


def _step_after(plan: TaperPlan | None, decision: Decision) -> int | None:
    """The step a decision moves the plan to; None where it stays. One step at a time, down or back up."""
    step: Mapping[str, int] = {"STEP_DOWN": 1, "STEP_UP": -1}
    change = step.get(decision.chosen, 0)
    if change == 0:
        return None
    if plan is None or plan.signed_at is None or plan.ended_at is not None:
        raise Conflict("There is no signed plan whose step could change: write and sign one first.")
    to = plan.current_step + change
    if not 1 <= to <= len(plan.steps):
        raise Refused(
            {"verdict": f"The plan has no step {'below' if change > 0 else 'above'} this one: choose another."}
        )
    return to
