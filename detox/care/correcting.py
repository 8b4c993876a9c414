"""Correcting doses that were charted wrongly. The first entry stays readable, struck through, with the reason."""

from dataclasses import replace
from datetime import datetime

from detox import gate
from detox.care import alerting, other_doses
from detox.care.dose_counts import amount_question, check_amount
from detox.care.dose_holds import Held, Word, held_at, keep_word, override_hold, proven
from detox.care.dosing import checked, running_plan, same, second_person
from detox.care.text import clean
from detox.clinical import entry_times
from detox.clinical.model import Admission, Clinician, Dose, TaperPlan
from detox.errors import Conflict, NeedsConfirmation, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, keep


def amend_dose(
    store: Store, by: Clinician, original_id: str, dose: Dose, reason: str, now: datetime, *,
    witness_id: str | None = None, physician_id: str | None = None, secret: str = "", confirmed: bool = False,
) -> Dose:  # fmt: skip
    """Replace a charted dose by a corrected one (amount, time, given, held or refused), with what was wrong.

    What the dose now says is asked against the order, the caps, doses given twice and what held it, as a new dose is;
    what held it is not asked anew where the time stays and no more was given. One that was given against a hold stays
    marked so unless nothing holds it as corrected; `dose.against_hold` marks one that turns out to have been. Alerts
    are worked out anew. Another drug is another dose. A time that is the bare minute of the original's, as a form shows
    it, is the original's to the millisecond; any other is a change of it. `dose.id` is made by whoever enters it.
    Raises as `chart_dose` does; Conflict when somebody was first.
    """
    permit(store, by, "chart_dose", now)
    reason = _reason(reason)
    word = proven(store, physician_id, secret, now) if dose.status == "given" else None
    with gate.write(store, by, "chart_dose", now, admission_id=dose.admission_id) as tx:
        if (known := find.dose(tx, dose.id)) is not None:
            return same(known, dose)
        original = _original(tx, original_id, dose.admission_id)
        admission = find.admission(tx, original.admission_id)
        dose = replace(dose, given_at=entry_times.same_unless_moved(dose.given_at, original.given_at))
        dose = _checked(original, dose, admission, now)
        held = held_at(store, tx, admission, dose, now, plain=not by_plan(original))
        witness = _seen_by(tx, by, admission, original, dose, now, witness_id)
        marked = dose.against_hold or original.against_hold
        dose = replace(dose, against_hold=marked and dose.status == "given" and not dose.elsewhere and not held.clear)
        passed = _passed(tx, original, dose, held, word)
        asked = {} if dose.dose_mg == original.dose_mg else amount_question(tx, dose, _plan_of(tx, admission, original))
        if dose.given_at != original.given_at:
            other_doses.check_time(dose, admission, now, confirmed=confirmed, also=asked)
        elif asked and not confirmed:
            raise NeedsConfirmation(asked)
        keep.dose(tx, dose, by, now, witness)
        keep.dose_correction(tx, original.id, dose.id, reason, by, now)
        keep.dose_carried(tx, original.id, dose.id, given=dose.status == "given", over_hold=passed is None)
        if passed is not None:
            keep_word(tx, dose, held, passed, now)
        _settle(tx, (original, dose), now)
        audit.event(
            tx, now, by, "amend_dose", "dose", dose.id, admission_id=dose.admission_id,
            detail={
                "replaces": original.id, "reason": reason, "was": _said(original), "is": _said(dose),
                "against": held.sentences, "physician": passed.physician.id if passed else None,
                "signed_with": passed.signed_with if passed else None, "against_hold": dose.against_hold,
            },
        )  # fmt: skip
        return find.dose(tx, dose.id) or dose


def dose_in_error(store: Store, by: Clinician, dose_id: str, reason: str, now: datetime) -> Dose:
    """Say that a dose was entered in error: it was never given, held or refused here. It stays readable.

    Saying it twice changes nothing. Raises Refused without a reason, Conflict for a dose that was corrected.
    """
    permit(store, by, "chart_dose", now)
    reason = _reason(reason)
    with gate.write(store, by, "chart_dose", now, of=("dose", dose_id)) as tx:
        dose = find.dose(tx, dose_id)
        if dose is not None and dose.correction is not None and dose.correction.replaced_by is None:
            return dose
        dose = _original(tx, dose_id, dose.admission_id if dose is not None else "")
        keep.dose_correction(tx, dose.id, None, reason, by, now)
        _settle(tx, (dose,), now)
        audit.event(
            tx, now, by, "dose_in_error", "dose", dose.id, admission_id=dose.admission_id,
            detail={"reason": reason, "was": _said(dose)},
        )  # fmt: skip
        return find.dose(tx, dose.id) or dose


def by_plan(dose: Dose) -> bool:
    """True for a dose of a plan of this ward, held and refused too; False for other medicine and from elsewhere."""
    return dose.plan_id is not None or dose.status != "given"


def _reason(reason: str) -> str:
    reason = clean(reason)
    if not reason:
        raise Refused({"replace_reason": "The correction has no reason: say what was wrong."})
    return reason


def _original(tx: Connection, dose_id: str, admission_id: str) -> Dose:
    original = find.dose(tx, dose_id)
    if original is None or original.admission_id != admission_id:
        raise Conflict("The dose to correct is not this patient's: open the patient again.")
    if original.correction is not None:
        raise Conflict("Somebody else has corrected this dose already: open the patient again and look.")
    return original


def _checked(original: Dose, dose: Dose, admission: Admission, now: datetime) -> Dose:
    """The entry as it would be kept, or Refused with every problem of it."""
    if dose.drug != original.drug:
        raise Refused(
            {"drug": "Another drug is another dose: mark this one as entered in error and chart the right one."}
        )
    own = by_plan(original)
    dose = checked(dose, now) if own else other_doses.checked(replace(dose, elsewhere=original.elsewhere), now)
    if admission.discharged_at is not None and dose.given_at > admission.discharged_at:
        raise Refused({"given_at": "The patient had left by then: set the time back."})
    if original.vomited_at is not None and dose.status == "given" and dose.given_at > original.vomited_at:
        raise Refused({"given_at": "It was brought up before that time: correct the time again."})
    if _said(dose) == _said(original):
        raise Refused("Nothing was changed: enter what is right, or mark the dose as entered in error.")
    return replace(dose, plan_id=original.plan_id)


def _seen_by(
    tx: Connection,
    by: Clinician,
    admission: Admission,
    original: Dose,
    dose: Dose,
    now: datetime,
    witness_id: str | None,
) -> Clinician | None:
    """The second person of a dose of a plan that was given; asks its amount against the order and the caps."""
    if dose.status != "given" or not by_plan(original):
        return None
    check_amount(tx, admission, dose, _plan_of(tx, admission, original), now, original)
    seen_by = None if original.witness_id == by.id else original.witness_id
    return second_person(tx, by, admission, dose.drug, witness_id or seen_by)


def _passed(tx: Connection, original: Dose, dose: Dose, held: Held, word: Word | None) -> Word | None:
    """By whose word what holds the corrected dose is passed over.

    Nobody's is asked for where it stays as it was judged, or was given against the hold.
    """
    judged = original.status == "given" and dose.given_at == original.given_at and dose.dose_mg <= original.dose_mg
    if dose.status != "given" or dose.elsewhere or judged or (dose.against_hold and word is None):
        return None
    return override_hold(tx, dose, held, word)


def _plan_of(tx: Connection, admission: Admission, original: Dose) -> TaperPlan | None:
    """The plan that the dose was charted on; for a held or refused one the plan that runs, None for other medicine."""
    if original.plan_id is not None:
        return find.plan(tx, original.plan_id)
    return running_plan(tx, admission) if by_plan(original) else None


def _settle(tx: Connection, doses: tuple[Dose, ...], now: datetime) -> None:
    """Work the alerts out anew where readings came after a dose that stands no longer, or stands otherwise."""
    given = [d.given_at for d in doses if d.status == "given"]
    newest = find.last_observations(tx, doses[0].admission_id, 1, judged=False)
    if given and newest and newest[-1].taken_at >= min(given):
        alerting.settle_anew(tx, doses[0].admission_id, now, "amended")


def _said(dose: Dose) -> dict[str, object]:
    return {
        "drug": dose.drug, "dose_mg": dose.dose_mg, "status": dose.status, "given_at": dose.given_at.isoformat(),
        "reason": dose.reason,
    }  # fmt: skip
