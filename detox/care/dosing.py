"""Charting doses: what was given, held, refused, or brought up again. Nothing here decides how much."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from detox import gate
from detox.care.dose_counts import amount_question, check_amount
from detox.care.dose_holds import held_at, keep_word, override_hold, proven
from detox.care.other_doses import check_time, settle_after
from detox.care.text import clean
from detox.clinical import administration, entry_times
from detox.clinical.looking_back import clock_tolerance
from detox.clinical.model import Admission, Clinician, Dose, TaperPlan
from detox.errors import Conflict, Refused
from detox.gate import permit, permitted
from detox.store import Connection, Store, audit, find, keep, orders

DRUGS = ("methadone", "buprenorphine", "lofexidine", "clonidine", "diamorphine", "naltrexone_xr")


def chart_dose(
    store: Store, by: Clinician, dose: Dose, now: datetime, *, witness_id: str | None = None,
    physician_id: str | None = None, secret: str = "", confirmed: bool = False,
) -> Dose:  # fmt: skip
    """Keep one administration: given, held or refused. Never more than the signed step, never twice, never over a cap.

    A dose that its vitals or the suggestion hold, or before which something had to be measured first, is charted as
    given only by a physician's word: `physician_id` with that person's PIN or password as `secret` and a reason, or a
    decision or an answer on record that covers all of it. One that had been given already (`dose.against_hold`) is
    kept as it happened, marked so, and calls a physician. `dose.id` is made by whoever enters it, so that sending twice
    keeps one; `witness_id` is the second person, where the ward asks for one. Raises Refused with every problem,
    NeedsConfirmation for a time shortly before the admission or far less than is signed until it is `confirmed`,
    Conflict, NotAllowed, NotFound.
    """
    permit(store, by, "chart_dose", now)
    dose = checked(dose, now)
    word = proven(store, physician_id, secret, now) if dose.status == "given" else None
    with gate.write(store, by, "chart_dose", now, admission_id=dose.admission_id) as tx:
        if (known := find.dose(tx, dose.id)) is not None:
            return same(known, dose)
        admission = find.admission(tx, dose.admission_id)
        if admission.discharged_at is not None:
            raise Conflict("The patient has been discharged: nothing more can be charted as given here.")
        plan = running_plan(tx, admission)
        held = held_at(store, tx, admission, dose, now)
        witness = passed = None
        if dose.status == "given":
            check_amount(tx, admission, dose, plan, now)
        check_time(dose, admission, now, confirmed=confirmed, also=amount_question(tx, dose, plan))
        if dose.status == "given":
            witness = second_person(tx, by, admission, dose.drug, witness_id)
            dose = replace(dose, against_hold=dose.against_hold and not held.clear)
            passed = None if dose.against_hold else override_hold(tx, dose, held, word)
        dose = replace(dose, plan_id=plan.id if plan is not None and plan.drug == dose.drug else None)
        keep.dose(tx, dose, by, now, witness)
        if passed is not None:
            keep_word(tx, dose, held, passed, now)
        settle_after(tx, dose, now)
        audit.event(
            tx, now, by, "chart_dose", "dose", dose.id, admission_id=dose.admission_id,
            detail={
                "drug": dose.drug, "dose_mg": dose.dose_mg, "status": dose.status, "against": held.sentences,
                "witness": witness.id if witness else None, "physician": passed.physician.id if passed else None,
                "signed_with": passed.signed_with if passed else None,
            },
        )  # fmt: skip
        return find.dose(tx, dose.id) or dose


def chart_vomited(store: Store, by: Clinician, dose_id: str, vomited_at: datetime, note: str, now: datetime) -> Dose:
    """Keep that a given dose was brought up again, and when. Whether to give again is a physician's question.

    A time that is the bare minute of the dose's is that of the dose. Keeping it twice changes nothing. Raises Refused
    for a time before the dose or ahead, and for a dose not given.
    """
    permit(store, by, "chart_dose", now)
    with gate.write(store, by, "chart_dose", now, of=("dose", dose_id)) as tx:
        dose = find.dose(tx, dose_id)
        if dose is None or dose.status != "given" or dose.correction is not None:
            raise Refused("Only a dose that was given can be brought up again: choose one.")
        if dose.vomited_at is not None:
            return dose
        vomited_at = entry_times.same_unless_moved(vomited_at, dose.given_at)
        if not dose.given_at <= vomited_at <= now + clock_tolerance():
            raise Refused({"vomited_at": "The time must lie between the dose and now: enter it again."})
        keep.dose_vomited(tx, dose_id, vomited_at, clean(note), by, now)
        audit.event(
            tx, now, by, "chart_vomited", "dose", dose_id, admission_id=dose.admission_id, detail={"note": clean(note)}
        )
        return find.dose(tx, dose_id) or dose


def running_plan(tx: Connection, admission: Admission) -> TaperPlan | None:
    """The signed plan that runs, or None."""
    return next((p for p in find.plans(tx, admission.id) if p.signed_at and p.ended_at is None), None)


def same(known: Dose, dose: Dose) -> Dose:
    """The dose that stands under this id already. Raises Conflict when it is another one."""
    if (known.admission_id, known.drug, known.dose_mg, known.status) != (
        dose.admission_id, dose.drug, dose.dose_mg, dose.status,
    ):  # fmt: skip
        raise Conflict("This form was already charted with another dose: look at the chart first.")
    return known


def checked(dose: Dose, now: datetime) -> Dose:
    """The entry with clean text, or Refused with every problem of it at once."""
    reason = clean(dose.reason)
    problems: dict[str, str] = {}
    if dose.drug not in DRUGS:
        problems["drug"] = f"Drug {dose.drug!r} is not one of {', '.join(DRUGS)}: choose one of them."
    if dose.given_at > now + clock_tolerance():
        problems["given_at"] = "The time lies in the future: set it to when the dose was given."
    if dose.status == "given" and not 0 < dose.dose_mg < float("inf"):
        problems["dose_mg"] = "A given dose needs its amount in mg: enter it."
    if dose.status != "given" and not reason:
        problems["reason"] = f"A dose that was {dose.status} needs the reason: say why."
    if dose.against_hold and not reason:
        problems["reason"] = "A dose that was given against a hold needs the reason: say what happened."
    if problems:
        raise Refused(problems)
    return replace(dose, reason=reason, dose_mg=dose.dose_mg if dose.status == "given" else 0.0, elsewhere=False)


def second_person(
    tx: Connection, by: Clinician, admission: Admission, drug: str, witness_id: str | None
) -> Clinician | None:
    """The second person, where the ward asks for one: somebody else who may chart a dose. Raises Refused."""
    wanted = (orders.ward_setting(tx, admission.ward_id, administration.TWO_PEOPLE) or "").split()
    if witness_id is None:
        if drug in wanted:
            raise Refused({"witness": f"On this ward {drug} takes two people: choose who saw it given."})
        return None
    witness = find.clinician(tx, witness_id)
    if witness.id == by.id or not permitted(witness, "chart_dose"):
        raise Refused({"witness": "The second person is another nurse or physician: choose who saw it given."})
    return witness


def second_people(tx: Connection, by: Clinician) -> Sequence[Clinician]:
    """Who else may have seen a dose given."""
    return [c for c in find.clinicians(tx) if c.id != by.id and permitted(c, "chart_dose")]
