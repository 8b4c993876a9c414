"""Admitting, moving and discharging: who lies where, and why."""

import uuid
from dataclasses import replace
from datetime import date, datetime

from detox import gate
from detox.care import alerting
from detox.care.stating import LOCKED, is_locked
from detox.care.text import clean
from detox.clinical import situations
from detox.clinical.model import PROGRAMMES, Admission, Clinician, Patient
from detox.errors import Conflict, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, keep


def admit(store: Store, by: Clinician, admission: Admission, bed_id: str | None, now: datetime) -> Admission:
    """Keep a patient and the admission, in a free bed of the ward (None for somebody without one).

    `admission.id` is made by whoever enters it, so that sending twice keeps one. Raises Refused with every problem.
    """
    permit(store, by, "admit", now)
    admission = _checked(admission, now)
    with gate.write(store, by, "admit", now, ward_id=admission.ward_id) as tx:
        if find.is_admission(tx, admission.id):
            return find.admission(tx, admission.id)
        if is_locked(tx, admission.ward_id, admission.programme):
            raise Refused({"programme": LOCKED})
        admission = replace(admission, patient=_known_or_new(tx, admission.patient, now))
        keep.admission(tx, admission)
        if bed_id is not None:
            _take_bed(tx, admission.id, admission.ward_id, bed_id, admission.admitted_at)
        audit.event(
            tx, now, by, "admit", "admission", admission.id, admission_id=admission.id,
            detail={"programme": admission.programme},
        )  # fmt: skip
        return find.admission(tx, admission.id)


def move(store: Store, by: Clinician, admission_id: str, bed_id: str, now: datetime) -> Admission:
    """Move a patient into a free bed of the ward. Raises Refused when it is taken."""
    permit(store, by, "move", now)
    with gate.write(store, by, "move", now, admission_id=admission_id) as tx:
        admission = find.admission(tx, admission_id)
        if admission.discharged_at is not None:
            raise Conflict("The patient has been discharged: there is nobody to move.")
        keep.leave_bed(tx, admission_id, now)
        _take_bed(tx, admission_id, admission.ward_id, bed_id, now)
        audit.event(tx, now, by, "move", "admission", admission_id, admission_id=admission_id, detail={"bed": bed_id})
        return find.admission(tx, admission_id)


def discharge(store: Store, by: Clinician, admission_id: str, reason: str, now: datetime) -> Admission:
    """End a stay with the reason; frees the bed, ends the plan and the open alerts, all of it at once."""
    permit(store, by, "discharge", now)
    reason = clean(reason)
    if not reason:
        raise Refused({"reason": "The discharge has no reason: say how the admission ended."})
    with gate.write(store, by, "discharge", now, admission_id=admission_id) as tx:
        admission = find.admission(tx, admission_id)
        if admission.discharged_at is not None:
            return admission
        keep.discharge(tx, admission_id, now, by, reason)
        keep.leave_bed(tx, admission_id, now)
        alerting.close_all(tx, admission_id, now)
        if (plan := find.current_plan(tx, admission_id)) is not None:
            keep.end_plan(tx, plan.id, now, by, "discharged")
        audit.event(
            tx, now, by, "discharge", "admission", admission_id, admission_id=admission_id, detail={"reason": reason}
        )
        return find.admission(tx, admission_id)


def _known_or_new(tx: Connection, patient: Patient, now: datetime) -> Patient:
    """The person that another system knows under this id already, or the new one, kept now."""
    known = None if patient.external_id is None else find.patient_by_external_id(tx, patient.external_id)
    if known is None:
        keep.patient(tx, patient, now)
        return patient
    if patient.born_on is not None and known.born_on is not None and patient.born_on != known.born_on:
        raise Conflict(
            f"The number {patient.external_id} belongs to somebody born on {known.born_on}: check who this is."
        )
    return known


def _take_bed(tx: Connection, admission_id: str, ward_id: str, bed_id: str, at: datetime) -> None:
    bed = next((b for b in find.beds(tx, ward_id) if b.id == bed_id), None)
    if bed is None:
        raise Refused({"bed": "That bed is not on this ward: choose another one."})
    if bed.admission_id is not None:
        raise Refused({"bed": f"Bed {bed.label} is taken meanwhile: choose another one."})
    keep.bed_stay(tx, uuid.uuid4().hex, admission_id, bed_id, at)


def _checked(admission: Admission, now: datetime) -> Admission:
    patient = admission.patient
    family, given = clean(patient.family_name), clean(patient.given_name)
    problems: dict[str, str] = {}
    if not family:
        problems["family_name"] = "The family name is missing: enter it, or 'Unknown'."
    if patient.born_on is not None and not date(1900, 1, 1) <= patient.born_on <= now.date():
        problems["born_on"] = f"Born on {patient.born_on} cannot be: check the date."
    if admission.programme not in PROGRAMMES:
        problems["programme"] = f"Programme {admission.programme!r} does not exist: choose one of the list."
    if admission.admitted_at > now:
        problems["admitted_at"] = "The admission lies in the future: set it to when the patient came."
    if admission.last_use_at is not None and admission.last_use_at > now:
        problems["last_use_at"] = "The last use lies in the future: check the time."
    if problems:
        raise Refused(problems)
    return Admission(
        id=admission.id,
        patient=Patient(patient.id, family, given, patient.born_on, patient.sex_at_birth, patient.external_id),
        ward_id=admission.ward_id,
        bed=None,
        programme=admission.programme,
        admitted_at=admission.admitted_at,
        external_id=admission.external_id,
        pregnancy=admission.pregnancy,
        setting=admission.setting,
        allergies=_allergies(clean(admission.allergies)),
        opioid=clean(admission.opioid),
        last_use_at=admission.last_use_at,
        spo2_scale=admission.spo2_scale,
        planned_days=admission.planned_days,
    )


def _allergies(text: str) -> str:
    """A text that says nothing but none, as the answer "none known"; any other as it was written."""
    asked = situations.situations_file().named(situations.ALLERGIES)
    return asked.value_of([text]) if asked is not None and situations.says_none(text) else text
