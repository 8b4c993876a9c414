"""Plans and decisions. A dose level changes by a physician's signed word alone."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from detox import gate
from detox.care.dosing import DRUGS
from detox.care.text import clean
from detox.clinical import situations
from detox.clinical.model import Clinician, Decision, TaperPlan
from detox.clinical.suggestions import content
from detox.errors import Conflict, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, keep, orders

TAPERED = ("taper", "alpha2")
"""The programmes whose plans fall with every step."""


def write_plan(store: Store, by: Clinician, plan: TaperPlan, now: datetime, *, note: str = "") -> TaperPlan:
    """Keep a draft plan: drug, daily doses in mg, least hours at a step. It acts only once signed.

    The doses of a taper fall with every step; observed maintenance, medical heroin and starts may stay at one or rise.
    Its drug belongs to the programme that the admission is on when it is written. Raises Refused with every problem,
    NotAllowed unless a physician writes it.
    """
    permit(store, by, "write_plan", now)
    with gate.write(store, by, "write_plan", now, admission_id=plan.admission_id) as tx:
        admission = find.admission(tx, plan.admission_id)
        _check_plan(plan, admission.programme)
        if admission.discharged_at is not None:
            raise Conflict("The patient has been discharged: admit the patient again first.")
        if any(p.id == plan.id for p in find.plans(tx, plan.admission_id)):
            return find.plan(tx, plan.id)
        keep.taper_plan(tx, replace(plan, written_at=now), by, clean(note))
        audit.event(
            tx, now, by, "write_plan", "taper_plan", plan.id, admission_id=plan.admission_id,
            detail={"drug": plan.drug, "steps_mg": [s.dose_mg for s in plan.steps], "interval_h": plan.interval_h},
        )  # fmt: skip
        return find.plan(tx, plan.id)


def sign_plan(store: Store, by: Clinician, plan_id: str, now: datetime, *, signed_with: str = "") -> TaperPlan:
    """A physician's signature: from now on the plan stands at its first step. An older signed plan ends with it.

    `signed_with` is what `signing.prove` said; it is kept in the audit event.
    """
    permit(store, by, "sign_plan", now)
    with gate.write(store, by, "sign_plan", now, of=("taper_plan", plan_id)) as tx:
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
        audit.event(
            tx, now, by, "sign_plan", "taper_plan", plan_id, admission_id=plan.admission_id,
            detail={"signed_with": signed_with},
        )  # fmt: skip
        return find.plan(tx, plan_id)


def move_plan(
    store: Store, by: Clinician, plan_id: str, step: int, reason: str, now: datetime, *, signed_with: str = ""
) -> TaperPlan:
    """Move a signed plan to another of its steps by a physician's own word, with the reason; counted from 1.

    Raises Refused for a step that the plan does not have or no reason, Conflict for a plan that does not run.
    """
    permit(store, by, "move_plan", now)
    reason = clean(reason)
    with gate.write(store, by, "move_plan", now, of=("taper_plan", plan_id)) as tx:
        plan = find.plan(tx, plan_id)
        if plan.signed_at is None or plan.ended_at is not None:
            raise Conflict("This plan does not run: sign one first.")
        problems: dict[str, str] = {}
        if not 1 <= step <= len(plan.steps):
            problems["step"] = f"The plan has steps 1 to {len(plan.steps)}: choose one of them."
        if not reason:
            problems["reason"] = "Moving the plan has no reason: say why."
        if problems:
            raise Refused(problems)
        if step == plan.current_step:
            return plan
        _check_last_step(tx, plan, step)
        keep.step_change(tx, uuid.uuid4().hex, plan.id, now, plan.current_step, step, None)
        audit.event(
            tx, now, by, "move_plan", "taper_plan", plan_id, admission_id=plan.admission_id,
            detail={"from": plan.current_step, "to": step, "reason": reason, "signed_with": signed_with},
        )  # fmt: skip
        return find.plan(tx, plan_id)


def end_plan(store: Store, by: Clinician, plan_id: str, reason: str, now: datetime) -> TaperPlan:
    """Stop a plan, with the reason. What was given stays charted."""
    permit(store, by, "end_plan", now)
    reason = clean(reason)
    if not reason:
        raise Refused({"reason": "The plan's end has no reason: say why it stops."})
    with gate.write(store, by, "end_plan", now, of=("taper_plan", plan_id)) as tx:
        plan = find.plan(tx, plan_id)
        keep.end_plan(tx, plan_id, now, by, reason)
        audit.event(
            tx, now, by, "end_plan", "taper_plan", plan_id, admission_id=plan.admission_id, detail={"reason": reason}
        )
        return find.plan(tx, plan_id)


def decide(
    store: Store,
    by: Clinician,
    decision: Decision,
    plan_id: str | None,
    basis: str,
    now: datetime,
    *,
    signed_with: str = "",
) -> Decision:
    """Accept, change or decline a suggestion, with the suggestion kept as it was shown. What was chosen moves the plan.

    `basis` is what `find.basis_of` said when the suggestion was shown, `signed_with` what `signing.prove` said; that is
    kept in the audit event. Raises Conflict when the data behind it have changed since or it has expired, Refused when
    a change or decline has no reason, NotAllowed unless a physician decides.
    """
    permit(store, by, "decide", now)
    decision = _checked_decision(decision, now)
    with gate.write(store, by, "decide", now, admission_id=decision.admission_id) as tx:
        if (known := find.decision(tx, decision.id)) is not None:
            return known
        if basis != find.basis_of(tx, decision.admission_id):
            raise Conflict("What this suggestion was based on has changed since: read the new one, then decide.")
        plan = find.plan(tx, plan_id) if plan_id else None
        if plan is not None and plan.admission_id != decision.admission_id:
            raise Conflict("That plan is another patient's: open the patient again.")
        step = _step_after(plan, decision) if decision.verdict != "declined" else None
        if plan is not None and step is not None:
            _check_last_step(tx, plan, step)
        if plan is not None and step is not None:
            decision = replace(decision, step_from=plan.current_step, step_to=step)
        keep.decision(tx, decision, plan_id, by)
        if plan is not None and step is not None:
            keep.step_change(tx, uuid.uuid4().hex, plan.id, now, plan.current_step, step, decision.id)
        audit.event(
            tx, now, by, "decide", "decision", decision.id, admission_id=decision.admission_id,
            detail={
                "verdict": decision.verdict, "chosen": decision.chosen, "step_to": step, "signed_with": signed_with,
            },
        )  # fmt: skip
        return find.decision(tx, decision.id) or decision


def _check_plan(plan: TaperPlan, programme: str) -> None:
    doses = [s.dose_mg for s in plan.steps]
    problems: dict[str, str] = {}
    if plan.drug not in DRUGS:
        problems["drug"] = f"Drug {plan.drug!r} is not one of {', '.join(DRUGS)}: choose one of them."
    elif not content().belongs(plan.drug, programme):
        listed = content().programmes.get(programme)
        fitting = " or ".join(d for d in listed.drugs if d in DRUGS) if listed else "another"
        problems["drug"] = (
            f"{plan.drug.capitalize()} does not belong to the programme {programme}: choose {fitting}, or change the "
            "programme first."
        )
    if programme not in TAPERED:
        if not doses or min(doses) < 0 or max(doses) <= 0:
            problems["steps"] = "The plan has no dose: enter the daily doses in mg, such as 60, or 4, 8."
    elif len(doses) < 2:
        problems["steps"] = "A plan needs at least two steps: enter the daily doses, such as 8, 6, 4, 2, 0."
    elif any(later >= earlier for earlier, later in zip(doses, doses[1:], strict=False)) or doses[-1] < 0:
        problems["steps"] = "A taper falls with every step, to 0 at the least: correct the doses."
    if not plan.interval_h > 0:
        problems["interval_h"] = "The hours at a step must be more than 0: enter them."
    if problems:
        raise Refused(problems)


def _check_last_step(tx: Connection, plan: TaperPlan, step: int) -> None:
    """No step to 0 mg before the lines of the checklist that stand before it are done, or declined with a reason."""
    if plan.step(step).dose_mg > 0:
        return
    known = situations.newest(orders.history_answers(tx, plan.admission_id))
    if left := [one.label for one in situations.open_tasks(known) if one.before_last_step]:
        raise Refused({"checklist": f"The step to 0 mg waits for the checklist: {'; '.join(left)}."})


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
    if (plan.step(to).dose_mg - plan.step(plan.current_step).dose_mg) * change >= 0:
        raise Refused({"verdict": "The doses of this plan do not fall: move the plan to the step meant."})
    return to
