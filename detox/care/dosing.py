"""Charting doses: what was given, held, refused, or brought up again. Nothing here decides how much."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.care.other_doses import settle_after
from detox.care.roles import permit, permitted
from detox.care.text import clean
from detox.clinical import giving, situations
from detox.clinical.dose_caps import over_caps
from detox.clinical.model import Admission, Clinician, Dose, TaperPlan
from detox.errors import Conflict, Refused
from detox.instants import CLOCK_TOLERANCE
from detox.store import Connection, Store, audit, find, keep, orders

DRUGS = ("methadone", "buprenorphine", "lofexidine", "clonidine", "diamorphine", "naltrexone_xr")
LOOKED_BACK = 24
"""How many of the newest observations are looked at before a dose."""


def chart_dose(store: Store, by: Clinician, dose: Dose, now: datetime, *, witness_id: str | None = None) -> Dose:
    """Keep one administration: given, held or refused. Never more in a day than the signed step, never over a cap.

    A dose that something holds, or before which something had to be measured first, is charted as given only with a
    reason: by whose word. `dose.id` is made by whoever enters it, so that sending twice keeps one; `witness_id` is the
    second person, where the ward asks for one. Raises Refused with every problem, Conflict, NotAllowed, NotFound.
    """
    permit(by, "chart_dose")
    dose = _checked(dose, now)
    with store.write() as tx:
        if (known := find.dose(tx, dose.id)) is not None:
            if (known.admission_id, known.drug, known.dose_mg, known.status) != (
                dose.admission_id, dose.drug, dose.dose_mg, dose.status,
            ):  # fmt: skip
                raise Conflict("This form was already charted with another dose: look at the chart first.")
            return known
        stay = find.admission(tx, dose.admission_id)
        if stay.discharged_at is not None:
            raise Conflict("The patient has been discharged: nothing more can be charted as given here.")
        plan = next((p for p in find.plans(tx, dose.admission_id) if p.signed_at and p.ended_at is None), None)
        looked_at = look(tx, stay, dose.drug, dose.given_at)
        witness = None
        if dose.status == "given":
            _check_against_plan(tx, dose, plan)
            _check_caps(tx, stay, dose)
            witness = _witness(tx, by, stay, dose.drug, witness_id)
            _check_looked_at(dose, looked_at)
        dose = replace(dose, plan_id=plan.id if plan is not None and plan.drug == dose.drug else None)
        keep.dose(tx, dose, by, now, witness)
        settle_after(tx, dose, now)
        audit.event(
            tx, now, by, "chart_dose", "dose", dose.id, admission_id=dose.admission_id,
            detail={
                "drug": dose.drug, "dose_mg": dose.dose_mg, "status": dose.status,
                "against": [one.sentence for one in (*looked_at.holds, *looked_at.gaps)],
                "witness": witness.id if witness else None,
            },
        )  # fmt: skip
        return find.dose(tx, dose.id) or dose


def chart_vomited(store: Store, by: Clinician, dose_id: str, vomited_at: datetime, note: str, now: datetime) -> Dose:
    """Keep that a given dose was brought up again, and when. Whether to give again is a physician's question.

    Keeping it twice changes nothing. Raises Refused for a time before the dose or ahead, and for a dose not given.
    """
    permit(by, "chart_dose")
    with store.write() as tx:
        dose = find.dose(tx, dose_id)
        if dose is None or dose.status != "given":
            raise Refused("Only a dose that was given can be brought up again: choose one.")
        if dose.vomited_at is not None:
            return dose
        if not dose.given_at <= vomited_at <= now + CLOCK_TOLERANCE:
            raise Refused({"vomited_at": "The time must lie between the dose and now: enter it again."})
        keep.dose_vomited(tx, dose_id, vomited_at, clean(note), by, now)
        audit.event(
            tx, now, by, "chart_vomited", "dose", dose_id, admission_id=dose.admission_id, detail={"note": clean(note)}
        )
        return find.dose(tx, dose_id) or dose


def look(tx: Connection, stay: Admission, drug: str, at: datetime) -> giving.PreFlight:
    """What the readings at that time say about a dose of the drug."""
    seen = find.last_observations(tx, stay.id, LOOKED_BACK, at, judged=False)
    return giving.pre_flight(drug, seen, at, stay.spo2_scale)


def given_on(tx: Connection, dose: Dose) -> list[Dose]:
    """What of the drug was given on the dose's day of the ward, elsewhere too, oldest first."""
    today = find.doses(tx, dose.admission_id, *day_of(tx, dose.admission_id, dose.given_at))
    return [d for d in today if d.status == "given" and d.drug == dose.drug]


def day_of(tx: Connection, admission_id: str, at: datetime) -> tuple[datetime, datetime]:
    """The ward's midnights before and after a moment: 23 or 25 hours apart when the clocks change."""
    ward_id = find.admission(tx, admission_id).ward_id
    zone = ZoneInfo(next(w.time_zone for w in find.wards(tx) if w.id == ward_id))
    midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def _checked(dose: Dose, now: datetime) -> Dose:
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
    return replace(dose, reason=reason, dose_mg=dose.dose_mg if dose.status == "given" else 0.0, elsewhere=False)


def _check_against_plan(tx: Connection, dose: Dose, plan: TaperPlan | None) -> None:
    if plan is None or plan.drug != dose.drug:
        raise Refused({"drug": f"No signed plan for {dose.drug}: a physician must write and sign one first."})
    ordered = _ordered_at(tx, plan, dose.given_at)
    today = given_on(tx, dose)
    given = sum(d.dose_mg for d in today)
    if round(given + dose.dose_mg, 6) > ordered:  # three times 0.1 is not more than 0.3
        already = f" {given:g} mg were already given today, last {_where(today[-1])}." if today else ""
        raise Refused(
            {
                "dose_mg": f"{dose.dose_mg:g} mg is over the signed {ordered:g} mg a day.{already} "
                "Do not give it; ask a physician if more is meant."
            }
        )


def _where(dose: Dose) -> str:
    return f"elsewhere ({dose.reason})" if dose.elsewhere else f"by {dose.recorded_by}"


def _ordered_at(tx: Connection, plan: TaperPlan, at: datetime) -> float:
    """The daily dose of the step in force at a moment: a dose may be charted after the step has changed.

    Before the signature it is the first step's: an order by word of mouth is signed later in the day.
    """
    steps = [to for changed_at, _, to in find.step_changes(tx, plan.id) if changed_at <= at]
    return plan.step(steps[-1] if steps else 1).dose_mg


def _check_caps(tx: Connection, stay: Admission, dose: Dose) -> None:
    """The first-day, single and daily caps of the labels, lower where liver or kidneys ask for it."""
    facts = situations.newest(orders.stay_facts(tx, stay.id))
    given = sum(d.dose_mg for d in given_on(tx, dose))
    egfr = find.last_other(tx, stay.id, "egfr_ml_min")
    over = over_caps(
        dose.drug, dose.dose_mg, given, stay.programme, stay.setting, situations.conditions(facts),
        egfr[1] if egfr else None,
    )  # fmt: skip
    if over:
        raise Refused(
            {
                "dose_mg": f"{' '.join(over)} Do not give it; call the physician. If it was given already, "
                "chart it under other medicine."
            }
        )


def _witness(tx: Connection, by: Clinician, stay: Admission, drug: str, witness_id: str | None) -> Clinician | None:
    """The second person, where the ward asks for one: somebody else who may chart a dose."""
    wanted = (orders.ward_setting(tx, stay.ward_id, giving.TWO_PEOPLE) or "").split()
    if witness_id is None:
        if drug in wanted:
            raise Refused({"witness": f"On this ward {drug} takes two people: choose who saw it given."})
        return None
    witness = find.clinician(tx, witness_id)
    if witness.id == by.id or not permitted(witness, "chart_dose"):
        raise Refused({"witness": "The second person is another nurse or physician: choose who saw it given."})
    return witness


def _check_looked_at(dose: Dose, looked_at: giving.PreFlight) -> None:
    """What holds the dose, or has to be measured first, is passed over by a named person's word only."""
    if looked_at.clear or dose.reason:
        return
    problems = {one.vital: one.sentence for one in (*looked_at.holds, *looked_at.gaps)}
    problems["reason"] = (
        "Hold the dose and call the physician. If a physician orders it all the same, say who and why as the reason."
        if looked_at.holds
        else "Take these vitals first. If the dose was given without them, say why as the reason."
    )
    raise Refused(problems)


def second_people(tx: Connection, by: Clinician) -> Sequence[Clinician]:
    """Who else may have seen a dose given."""
    return [c for c in find.clinicians(tx) if c.id != by.id and permitted(c, "chart_dose")]
