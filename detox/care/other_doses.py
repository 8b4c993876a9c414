"""Doses without a plan of this ward: emergency medicine, medicine on a prescription from elsewhere, a dose in a clinic.

They are charted because alert rules ask for them, and because a dose from elsewhere counts towards the day's total.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from detox import gate
from detox.care import alerting
from detox.care.dose_holds import held_at, keep_word, override_hold, proven
from detox.care.text import clean
from detox.clinical import drugs, entry_times
from detox.clinical.looking_back import clock_tolerance
from detox.clinical.model import Admission, Clinician, Dose
from detox.errors import Conflict, NeedsConfirmation, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, keep


def other_drugs() -> tuple[str, ...]:
    """Every medicine that can be charted, by the id of its substance; sorted."""
    return drugs.chartable()


def chart_other_dose(
    store: Store, by: Clinician, dose: Dose, now: datetime, *, physician_id: str | None = None, secret: str = "",
    confirmed: bool = False,
) -> Dose:  # fmt: skip
    """Keep one dose that was given without a plan of this ward; `dose.reason` says where or by whose order.

    `dose.elsewhere` marks one that was given outside the ward, such as in a clinic this morning: that has happened,
    and nothing holds it. One on this ward that a danger holds is charted only by a physician's word, as a dose of a
    plan is; one that had been given already (`dose.against_hold`) is kept as it happened, marked so, and calls a
    physician. Naloxone is never held.

    The amount is in mg. No plan limits it, and it leaves less of the signed daily dose of the same drug to be given. A
    brand is kept under its substance. `dose.id` is made by whoever enters it, so that sending twice keeps one. Alerts
    follow where readings were charted since the dose. Raises Refused with every problem, NeedsConfirmation for one
    given here shortly before the admission until it is `confirmed`, Conflict after discharge or when the id stands for
    another dose, NotAllowed, NotFound.
    """
    permit(store, by, "chart_dose", now)
    dose = checked(dose, now)
    word = None if dose.elsewhere else proven(store, physician_id, secret, now)
    with gate.write(store, by, "chart_dose", now, admission_id=dose.admission_id) as tx:
        admission = find.admission(tx, dose.admission_id)
        if (known := find.dose(tx, dose.id)) is not None:
            if _told(known) != _told(dose):
                raise Conflict("This form was already charted with another dose: look at the chart first.")
            return known
        if admission.discharged_at is not None:
            raise Conflict("The patient has been discharged: nothing more can be charted as given here.")
        check_time(dose, admission, now, confirmed=confirmed)
        held = None if dose.elsewhere else held_at(store, tx, admission, dose, now, plain=True)
        dose = replace(dose, against_hold=dose.against_hold and held is not None and not held.clear)
        passed = None if held is None or dose.against_hold else override_hold(tx, dose, held, word)
        keep.dose(tx, dose, by, now)
        if held is not None and passed is not None:
            keep_word(tx, dose, held, passed, now)
        settle_after(tx, dose, now)
        audit.event(
            tx, now, by, "chart_other_dose", "dose", dose.id, admission_id=dose.admission_id,
            detail={
                "drug": dose.drug, "dose_mg": dose.dose_mg, "order": dose.reason, "elsewhere": dose.elsewhere,
                "against": held.sentences if held else [], "against_hold": dose.against_hold,
                "physician": passed.physician.id if passed else None,
            },
        )  # fmt: skip
        return find.dose(tx, dose.id) or dose


def settle_after(tx: Connection, dose: Dose, now: datetime) -> None:
    """Work the admission's alerts out anew where a dose was charted after readings that it comes before.

    A dose that was held or refused changes no alert, nor does one that is newer than every reading.
    """
    newest = find.last_observations(tx, dose.admission_id, 1, judged=False)
    if dose.status == "given" and newest and newest[-1].taken_at >= dose.given_at:
        alerting.settle_anew(tx, dose.admission_id, now, "amended")


def check_time(
    dose: Dose, admission: Admission, now: datetime, *, confirmed: bool, also: Mapping[str, str] | None = None
) -> None:
    """Whether the dose can have been given then: here from the admission on, elsewhere in the days before it too.

    Raises Refused, and NeedsConfirmation for one given here shortly before the admission that nobody has confirmed;
    `also` are further questions of the same entry by field, so that one yes answers no question that was not shown.
    """
    if dose.elsewhere:
        entry_times.check_elsewhere("given_at", dose.given_at, admission.admitted_at, now)
        return
    asked = dict(entry_times.question("given_at", dose.given_at, admission.admitted_at, now, dose.status.capitalize()))
    asked |= also or {}
    if asked and not confirmed:
        raise NeedsConfirmation(asked)


def _told(dose: Dose) -> tuple[object, ...]:
    return dose.admission_id, dose.drug, dose.dose_mg, dose.status, dose.plan_id, dose.reason


def checked(dose: Dose, now: datetime) -> Dose:
    """The entry under its substance and with clean text, or Refused with every problem of it at once.

    A name that is not the substance's own is kept in the reason: it may say the form or which of several it was.
    """
    reason, called = clean(dose.reason), clean(dose.drug)
    problems: dict[str, str] = {}
    one = drugs.substance(called)
    if not called:
        problems["drug"] = "Say which medicine it was: choose one."
    elif one is None:
        problems["drug"] = f"Medicine {called!r} is not one of {', '.join(other_drugs())}: choose one of them."
    elif any(mention.other_mg for mention in drugs.mentioned(called)):
        problems["drug"] = (
            f"The milligrams of {called} are not those of {one.label}: ask the physician how much {one.label} it "
            f"equals, chart that, and write {called} where it was given."
        )
    if dose.status != "given":
        problems["status"] = "Without a plan of this ward only what was given is charted: write the rest in a note."
    if not 0 < dose.dose_mg < float("inf"):
        problems["dose_mg"] = "A given dose needs its amount in mg: enter it."
    if dose.given_at > now + clock_tolerance():
        problems["given_at"] = "The time lies in the future: set it to when the dose was given."
    if not reason:
        problems["reason"] = "Say where it was given, or by whose order: the next shift reads it."
    if problems or one is None:
        raise Refused(problems)
    if called not in (one.id, one.label):
        reason = f"{reason} (charted as {called})"
    return replace(dose, drug=one.id, reason=reason, plan_id=None)
