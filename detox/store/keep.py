"""Writing rows: plain inserts, and the few endings that a row may gain once. Always inside the caller's transaction."""

import json
from collections.abc import Sequence
from datetime import datetime

from detox.clinical.files import ProtocolReview
from detox.clinical.model import (
    VITALS,
    Admission,
    Alert,
    Answer,
    Assessment,
    Clinician,
    Decision,
    Dose,
    HistoryAnswer,
    Observation,
    Patient,
    TaperPlan,
    Ward,
)  # fmt: skip
from detox.instants import to_text
from detox.store.connection import Connection
from detox.store.rows import insert


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _json(value: object) -> str:
    return _encode(value)


def ward(tx: Connection, ward: Ward, at: datetime) -> None:
    """A ward and its shifts."""
    insert(
        tx, "ward", id=ward.id, name=ward.name, time_zone=ward.time_zone, temperature_unit=ward.temperature_unit,
        demo=ward.demo, created_at=to_text(at),
    )  # fmt: skip
    for one in ward.shifts:
        insert(tx, "shift", ward_id=ward.id, name=one.name, starts_at=one.starts_at)


def bed(tx: Connection, bed_id: str, ward_id: str, label: str, place: int) -> None:
    """A bed; `place` orders the beds of a ward."""
    insert(tx, "bed", id=bed_id, ward_id=ward_id, label=label, place=place)


def clinician(tx: Connection, clinician: Clinician, password_hash: str, at: datetime) -> None:
    """An account."""
    insert(
        tx, "clinician", id=clinician.id, username=clinician.username, name=clinician.name, role=clinician.role,
        password_hash=password_hash, active=1, created_at=to_text(at),
    )  # fmt: skip


def account_active(tx: Connection, clinician_id: str, active: bool) -> None:
    """An account in use, or switched off."""
    tx.execute("UPDATE clinician SET active = :active WHERE id = :id", {"active": active, "id": clinician_id})


def account_role(tx: Connection, clinician_id: str, role: str) -> None:
    """The role of an account from now on: what was done before keeps the role of its time."""
    tx.execute("UPDATE clinician SET role = :role WHERE id = :id", {"role": role, "id": clinician_id})


def account_password(tx: Connection, clinician_id: str, password_hash: str) -> None:
    """The hash of an account's new password."""
    tx.execute("UPDATE clinician SET password_hash = :hash WHERE id = :id", {"hash": password_hash, "id": clinician_id})


def patient(tx: Connection, patient: Patient, at: datetime) -> None:
    """A person."""
    insert(
        tx, "patient", id=patient.id, family_name=patient.family_name, given_name=patient.given_name,
        born_on=patient.born_on.isoformat() if patient.born_on else None, sex_at_birth=patient.sex_at_birth,
        external_id=patient.external_id, created_at=to_text(at),
    )  # fmt: skip


def admission(tx: Connection, admission: Admission) -> None:
    """An admission."""
    insert(
        tx, "admission", id=admission.id, patient_id=admission.patient.id, ward_id=admission.ward_id,
        programme=admission.programme, setting=admission.setting, admitted_at=to_text(admission.admitted_at),
        pregnancy=admission.pregnancy, allergies=admission.allergies, opioid=admission.opioid,
        last_use_at=_text(admission.last_use_at), spo2_scale=admission.spo2_scale,
        planned_days=admission.planned_days, external_id=admission.external_id,
    )  # fmt: skip


def discharge(tx: Connection, admission_id: str, at: datetime, by: Clinician, reason: str) -> None:
    """The end of an admission."""
    tx.execute(
        "UPDATE admission SET discharged_at = ?, discharged_by = ?, discharge_reason = ? WHERE id = ?",
        (to_text(at), by.id, reason, admission_id),
    )


def bed_stay(tx: Connection, stay_id: str, admission_id: str, bed_id: str, at: datetime) -> None:
    """Somebody lies in a bed from `at` on."""
    insert(tx, "bed_stay", id=stay_id, admission_id=admission_id, bed_id=bed_id, from_at=to_text(at))


def leave_bed(tx: Connection, admission_id: str, at: datetime) -> None:
    """The bed of this admission is free from `at` on."""
    tx.execute(
        "UPDATE bed_stay SET until_at = ? WHERE admission_id = ? AND until_at IS NULL", (to_text(at), admission_id)
    )


def observation(tx: Connection, seen: Observation, by: Clinician, at: datetime) -> None:
    """What was seen, as it was seen."""
    insert(
        tx, "observation", id=seen.id, admission_id=seen.admission_id, taken_at=to_text(seen.taken_at),
        recorded_at=to_text(at), clinician_id=by.id, role=by.role,
        **{name: getattr(seen.vitals, name) for name in VITALS},
        answers=_json({scale: dict(items) for scale, items in seen.answers.items()}), pulse_reason=seen.pulse_reason,
        not_done=seen.not_done, note=seen.note, replaces=seen.replaces, replace_reason=seen.replace_reason,
        other=_json(dict(seen.other)),
    )  # fmt: skip


def replaced(tx: Connection, original_id: str, new_id: str) -> bool:
    """Mark the original as replaced; False when somebody else was first."""
    done = tx.execute(
        "UPDATE observation SET replaced_by = ? WHERE id = ? AND replaced_by IS NULL", (new_id, original_id)
    )
    return bool(done.rowcount == 1)


def assessment(tx: Connection, observation_id: str, made: Assessment) -> None:
    """What one version of a scale made of an observation."""
    insert(
        tx, "assessment", observation_id=observation_id, scale=made.scale, version=made.version, total=made.total,
        band=made.band, at_least=made.at_least, risk=made.risk, items=_json(dict(made.items)),
        missing=_json(list(made.missing)),
    )  # fmt: skip


def alert(tx: Connection, alert: Alert, at: datetime) -> None:
    """An alert that opens, as the rule said it."""
    found = alert.finding
    insert(
        tx, "alert", id=alert.id, admission_id=alert.admission_id, observation_id=alert.observation_id,
        problem=found.problem, rule=found.rule, level=found.level, kind=found.kind, message=found.message,
        reason=found.reason, action=found.action, measured=_json(dict(found.values)),
        protocol_version=found.protocol_version, source=found.source, evidence=found.evidence,
        opened_at=to_text(alert.opened_at), recorded_at=to_text(at), also=_json(dict(found.also)),
    )  # fmt: skip


def resolve(tx: Connection, alert_id: str, at: datetime, observation_id: str | None, resolution: str) -> None:
    """The end of an alert: by data, by a worse one in its place, by a correction, or by discharge."""
    tx.execute(
        "UPDATE alert SET resolved_at = ?, resolved_by = ?, resolution = ? WHERE id = ?",
        (to_text(at), observation_id, resolution, alert_id),
    )


def acknowledgement(tx: Connection, answer: Answer) -> None:
    """Who saw an alert, what was done, and what that means for the doses."""
    insert(
        tx, "acknowledgement", id=answer.id, alert_id=answer.alert_id, at=to_text(answer.at),
        clinician_id=answer.by.id, role=answer.by.role, what_was_done=answer.done, giving=answer.giving,
        closes=answer.closes,
    )  # fmt: skip


def answer(tx: Connection, answer: Answer) -> None:
    """What was done about a danger that is no open alert, and what that means for the doses."""
    insert(
        tx, "answer", id=answer.id, admission_id=answer.admission_id, problem=answer.problem, at=to_text(answer.at),
        clinician_id=answer.by.id, role=answer.by.role, done=answer.done, giving=answer.giving, closes=answer.closes,
    )  # fmt: skip


def taper_plan(tx: Connection, plan: TaperPlan, by: Clinician, note: str) -> None:
    """A plan, not yet signed."""
    insert(
        tx, "taper_plan", id=plan.id, admission_id=plan.admission_id, drug=plan.drug,
        steps=_json([s.dose_mg for s in plan.steps]), interval_h=plan.interval_h, written_by=by.id,
        written_at=to_text(plan.written_at), note=note,
    )  # fmt: skip


def sign_plan(tx: Connection, plan_id: str, at: datetime, by: Clinician) -> None:
    """A physician's signature under a plan."""
    tx.execute("UPDATE taper_plan SET signed_at = ?, signed_by = ? WHERE id = ?", (to_text(at), by.id, plan_id))


def end_plan(tx: Connection, plan_id: str, at: datetime, by: Clinician, reason: str) -> None:
    """The end of a plan, with the reason."""
    tx.execute(
        "UPDATE taper_plan SET ended_at = ?, ended_by = ?, end_reason = ? WHERE id = ? AND ended_at IS NULL",
        (to_text(at), by.id, reason, plan_id),
    )


def step_change(
    tx: Connection,
    change_id: str,
    plan_id: str,
    at: datetime,
    step_from: int | None,
    step_to: int,
    decision_id: str | None,
) -> None:
    """The plan stands at another step from `at` on."""
    insert(
        tx, "step_change", id=change_id, plan_id=plan_id, at=to_text(at), step_from=step_from, step_to=step_to,
        decision_id=decision_id,
    )  # fmt: skip


def dose(tx: Connection, dose: Dose, by: Clinician, at: datetime, witness: Clinician | None = None) -> None:
    """One administration: given, held or refused; and who saw it beside the one who gave it."""
    insert(
        tx, "dose", id=dose.id, admission_id=dose.admission_id, plan_id=dose.plan_id, drug=dose.drug,
        dose_mg=dose.dose_mg, status=dose.status, reason=dose.reason, given_at=to_text(dose.given_at),
        recorded_at=to_text(at), clinician_id=by.id, role=by.role, elsewhere=dose.elsewhere,
        witness=witness.id if witness else None, form=dose.form, against_hold=dose.against_hold,
    )  # fmt: skip


def dose_vomited(tx: Connection, dose_id: str, vomited_at: datetime, note: str, by: Clinician, at: datetime) -> None:
    """That a given dose was brought up again."""
    insert(
        tx, "dose_vomited", dose_id=dose_id, vomited_at=to_text(vomited_at), note=note, at=to_text(at),
        clinician_id=by.id, role=by.role,
    )  # fmt: skip


def dose_correction(
    tx: Connection, dose_id: str, replaced_by: str | None, reason: str, by: Clinician, at: datetime
) -> None:
    """That a dose was charted wrongly; None as `replaced_by`: it was entered in error and none stands instead."""
    insert(
        tx, "dose_correction", dose_id=dose_id, replaced_by=replaced_by, reason=reason, at=to_text(at),
        clinician_id=by.id, role=by.role,
    )  # fmt: skip


def dose_carried(tx: Connection, original_id: str, dose_id: str, *, given: bool, over_hold: bool) -> None:
    """What was said about a given dose holds for the one that corrects it: brought up again, given over a hold."""
    if given:
        tx.execute(
            "INSERT INTO dose_vomited (dose_id, vomited_at, note, at, clinician_id, role) "
            "SELECT :to, vomited_at, note, at, clinician_id, role FROM dose_vomited WHERE dose_id = :of",
            {"to": dose_id, "of": original_id},
        )
    if given and over_hold:
        tx.execute(
            "INSERT INTO dose_over_hold (dose_id, held, signed_with, decision_id, at, clinician_id) "
            "SELECT :to, held, signed_with, decision_id, at, clinician_id FROM dose_over_hold WHERE dose_id = :of",
            {"to": dose_id, "of": original_id},
        )


def dose_over_hold(
    tx: Connection, dose_id: str, held: Sequence[str], signed_with: str, decision_id: str | None, by: Clinician,
    at: datetime,
) -> None:  # fmt: skip
    """By which physician's word a dose was given over what held it, and how that word was proven."""
    insert(
        tx, "dose_over_hold", dose_id=dose_id, held=_json(list(held)), signed_with=signed_with,
        decision_id=decision_id, at=to_text(at), clinician_id=by.id,
    )  # fmt: skip


def history_answer(tx: Connection, fact: HistoryAnswer, by: Clinician) -> None:
    """What was answered about an admission, from now on."""
    insert(
        tx, "stay_fact", id=fact.id, admission_id=fact.admission_id, name=fact.name, value=fact.value,
        note=fact.note, set_at=to_text(fact.set_at), clinician_id=by.id, role=by.role,
    )  # fmt: skip


def decision(tx: Connection, made: Decision, plan_id: str | None, by: Clinician) -> None:
    """What a physician decided, with the suggestion as it was shown."""
    insert(
        tx, "decision", id=made.id, admission_id=made.admission_id, plan_id=plan_id, verdict=made.verdict,
        chosen=made.chosen, reason=made.reason, suggestion=_json(dict(made.suggestion)), step_from=made.step_from,
        step_to=made.step_to, at=to_text(made.decided_at), clinician_id=by.id, role=by.role,
    )  # fmt: skip


def session(tx: Connection, token_hash: str, clinician_id: str, at: datetime, until: datetime) -> None:
    """A signed-in browser, known by the hash of its token."""
    insert(
        tx, "session", token_hash=token_hash, clinician_id=clinician_id, created_at=to_text(at),
        expires_at=to_text(until),
    )  # fmt: skip


def end_session(tx: Connection, token_hash: str, at: datetime) -> None:
    """Signed out."""
    tx.execute("UPDATE session SET ended_at = ? WHERE token_hash = ? AND ended_at IS NULL", (to_text(at), token_hash))


def failed_sign_in(tx: Connection, username: str, at: datetime) -> None:
    """A wrong name or password, counted so that guessing gets slow."""
    insert(tx, "failed_sign_in", username=username, failed_at=to_text(at))


def protocol_review(tx: Connection, made: ProtocolReview, text: str, by: Clinician) -> None:
    """That somebody has reviewed a content file, with the whole text that was reviewed."""
    insert(
        tx, "protocol_review", id=made.id, file_id=made.file_id, version=made.version, sha256=made.sha256,
        content=text, reviewer_name=made.reviewer_name, profession=made.profession, statement=made.statement,
        reviewed_at=to_text(made.reviewed_at), clinician_id=by.id, role=by.role,
    )  # fmt: skip
