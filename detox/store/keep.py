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

_OBSERVATION_COLUMNS = (
    "id", "admission_id", "taken_at", "recorded_at", "clinician_id", "role", *VITALS,
    "answers", "pulse_reason", "not_done", "note", "replaces", "replace_reason", "other",
)  # fmt: skip
_OBSERVATION = (
    f"INSERT INTO observation ({', '.join(_OBSERVATION_COLUMNS)}) "  # noqa: S608 - names of our own columns
    f"VALUES ({', '.join('?' * len(_OBSERVATION_COLUMNS))})"
)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


def _json(value: object) -> str:
    return _encode(value)


def ward(tx: Connection, ward: Ward, at: datetime) -> None:
    """A ward and its shifts."""
    tx.execute(
        "INSERT INTO ward VALUES (?, ?, ?, ?, ?, ?)",
        (ward.id, ward.name, ward.time_zone, ward.temperature_unit, ward.demo, to_text(at)),
    )
    tx.executemany("INSERT INTO shift VALUES (?, ?, ?)", [(ward.id, s.name, s.starts_at) for s in ward.shifts])


def bed(tx: Connection, bed_id: str, ward_id: str, label: str, place: int) -> None:
    """A bed; `place` orders the beds of a ward."""
    tx.execute("INSERT INTO bed VALUES (?, ?, ?, ?)", (bed_id, ward_id, label, place))


def clinician(tx: Connection, clinician: Clinician, password_hash: str, at: datetime) -> None:
    """An account."""
    tx.execute(
        "INSERT INTO clinician VALUES (?, ?, ?, ?, ?, ?, ?)",
        (clinician.id, clinician.username, clinician.name, clinician.role, password_hash, 1, to_text(at)),
    )


def patient(tx: Connection, patient: Patient, at: datetime) -> None:
    """A person."""
    tx.execute(
        "INSERT INTO patient VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            patient.id, patient.family_name, patient.given_name,
            patient.born_on.isoformat() if patient.born_on else None,
            patient.sex_at_birth, patient.external_id, to_text(at),
        ),
    )  # fmt: skip


def admission(tx: Connection, admission: Admission) -> None:
    """An admission."""
    tx.execute(
        "INSERT INTO admission (id, patient_id, ward_id, programme, setting, admitted_at, pregnancy, allergies, "
        "opioid, last_use_at, spo2_scale, planned_days, external_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            admission.id, admission.patient.id, admission.ward_id, admission.programme, admission.setting,
            to_text(admission.admitted_at), admission.pregnancy, admission.allergies, admission.opioid,
            _text(admission.last_use_at), admission.spo2_scale, admission.planned_days, admission.external_id,
        ),
    )  # fmt: skip


def discharge(tx: Connection, admission_id: str, at: datetime, by: Clinician, reason: str) -> None:
    """The end of an admission."""
    tx.execute(
        "UPDATE admission SET discharged_at = ?, discharged_by = ?, discharge_reason = ? WHERE id = ?",
        (to_text(at), by.id, reason, admission_id),
    )


def bed_stay(tx: Connection, stay_id: str, admission_id: str, bed_id: str, at: datetime) -> None:
    """Somebody lies in a bed from `at` on."""
    tx.execute("INSERT INTO bed_stay VALUES (?, ?, ?, ?, NULL)", (stay_id, admission_id, bed_id, to_text(at)))


def leave_bed(tx: Connection, admission_id: str, at: datetime) -> None:
    """The bed of this admission is free from `at` on."""
    tx.execute(
        "UPDATE bed_stay SET until_at = ? WHERE admission_id = ? AND until_at IS NULL", (to_text(at), admission_id)
    )


def observation(tx: Connection, seen: Observation, by: Clinician, at: datetime) -> None:
    """What was seen, as it was seen."""
    tx.execute(
        _OBSERVATION,
        (
            seen.id, seen.admission_id, to_text(seen.taken_at), to_text(at), by.id, by.role,
            *[getattr(seen.vitals, name) for name in VITALS],
            _json({scale: dict(items) for scale, items in seen.answers.items()}), seen.pulse_reason,
            seen.not_done, seen.note, seen.replaces, seen.replace_reason, _json(dict(seen.other)),
        ),
    )  # fmt: skip


def replaced(tx: Connection, original_id: str, new_id: str) -> bool:
    """Mark the original as replaced; False when somebody else was first."""
    done = tx.execute(
        "UPDATE observation SET replaced_by = ? WHERE id = ? AND replaced_by IS NULL", (new_id, original_id)
    )
    return bool(done.rowcount == 1)


def assessment(tx: Connection, observation_id: str, made: Assessment) -> None:
    """What one version of a scale made of an observation."""
    tx.execute(
        "INSERT INTO assessment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            observation_id, made.scale, made.version, made.total, made.band, made.at_least, made.risk,
            _json(dict(made.items)), _json(list(made.missing)),
        ),
    )  # fmt: skip


def alert(tx: Connection, alert: Alert, at: datetime) -> None:
    """An alert that opens, as the rule said it."""
    found = alert.finding
    tx.execute(
        "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?)",
        (
            alert.id, alert.admission_id, alert.observation_id, found.problem, found.rule, found.level, found.kind,
            found.message, found.reason, found.action, _json(dict(found.values)), found.protocol_version, found.source,
            found.evidence, to_text(alert.opened_at), to_text(at), _json(dict(found.also)),
        ),
    )  # fmt: skip


def resolve(tx: Connection, alert_id: str, at: datetime, observation_id: str | None, resolution: str) -> None:
    """The end of an alert: by data, by a worse one in its place, by a correction, or by discharge."""
    tx.execute(
        "UPDATE alert SET resolved_at = ?, resolved_by = ?, resolution = ? WHERE id = ?",
        (to_text(at), observation_id, resolution, alert_id),
    )


def acknowledgement(tx: Connection, answer: Answer) -> None:
    """Who saw an alert, what was done, and what that means for the doses."""
    tx.execute(
        "INSERT INTO acknowledgement (id, alert_id, at, clinician_id, role, what_was_done, giving, closes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            answer.id, answer.alert_id, to_text(answer.at), answer.by.id, answer.by.role, answer.done, answer.giving,
            answer.closes,
        ),
    )  # fmt: skip


def answer(tx: Connection, answer: Answer) -> None:
    """What was done about a danger that is no open alert, and what that means for the doses."""
    tx.execute(
        "INSERT INTO answer (id, admission_id, problem, at, clinician_id, role, done, giving, closes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            answer.id, answer.admission_id, answer.problem, to_text(answer.at), answer.by.id, answer.by.role,
            answer.done, answer.giving, answer.closes,
        ),
    )  # fmt: skip


def taper_plan(tx: Connection, plan: TaperPlan, by: Clinician, note: str) -> None:
    """A plan, not yet signed."""
    tx.execute(
        "INSERT INTO taper_plan (id, admission_id, drug, steps, interval_h, written_by, written_at, note) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            plan.id, plan.admission_id, plan.drug, _json([s.dose_mg for s in plan.steps]), plan.interval_h,
            by.id, to_text(plan.written_at), note,
        ),
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
    tx.execute(
        "INSERT INTO step_change VALUES (?, ?, ?, ?, ?, ?)",
        (change_id, plan_id, to_text(at), step_from, step_to, decision_id),
    )


def dose(tx: Connection, dose: Dose, by: Clinician, at: datetime, witness: Clinician | None = None) -> None:
    """One administration: given, held or refused; and who saw it beside the one who gave it."""
    tx.execute(
        "INSERT INTO dose (id, admission_id, plan_id, drug, dose_mg, status, reason, given_at, recorded_at, "
        "clinician_id, role, elsewhere, witness, form, against_hold) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            dose.id, dose.admission_id, dose.plan_id, dose.drug, dose.dose_mg, dose.status, dose.reason,
            to_text(dose.given_at), to_text(at), by.id, by.role, dose.elsewhere, witness.id if witness else None,
            dose.form, dose.against_hold,
        ),
    )  # fmt: skip


def dose_vomited(tx: Connection, dose_id: str, vomited_at: datetime, note: str, by: Clinician, at: datetime) -> None:
    """That a given dose was brought up again."""
    tx.execute(
        "INSERT INTO dose_vomited VALUES (?, ?, ?, ?, ?, ?)",
        (dose_id, to_text(vomited_at), note, to_text(at), by.id, by.role),
    )


def dose_correction(
    tx: Connection, dose_id: str, replaced_by: str | None, reason: str, by: Clinician, at: datetime
) -> None:
    """That a dose was charted wrongly; None as `replaced_by`: it was entered in error and none stands instead."""
    tx.execute(
        "INSERT INTO dose_correction VALUES (?, ?, ?, ?, ?, ?)",
        (dose_id, replaced_by, reason, to_text(at), by.id, by.role),
    )


def dose_carried(tx: Connection, original_id: str, dose_id: str, *, given: bool, over_hold: bool) -> None:
    """What was said about a given dose holds for the one that corrects it: brought up again, given over a hold."""
    if given:
        tx.execute(
            "INSERT INTO dose_vomited SELECT ?, vomited_at, note, at, clinician_id, role FROM dose_vomited "
            "WHERE dose_id = ?",
            (dose_id, original_id),
        )
    if given and over_hold:
        tx.execute(
            "INSERT INTO dose_over_hold SELECT ?, held, signed_with, decision_id, at, clinician_id "
            "FROM dose_over_hold WHERE dose_id = ?",
            (dose_id, original_id),
        )


def dose_over_hold(
    tx: Connection, dose_id: str, held: Sequence[str], signed_with: str, decision_id: str | None, by: Clinician,
    at: datetime,
) -> None:  # fmt: skip
    """By which physician's word a dose was given over what held it, and how that word was proven."""
    tx.execute(
        "INSERT INTO dose_over_hold VALUES (?, ?, ?, ?, ?, ?)",
        (dose_id, _json(list(held)), signed_with, decision_id, to_text(at), by.id),
    )


def history_answer(tx: Connection, fact: HistoryAnswer, by: Clinician) -> None:
    """What was answered about an admission, from now on."""
    tx.execute(
        "INSERT INTO stay_fact VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (fact.id, fact.admission_id, fact.name, fact.value, fact.note, to_text(fact.set_at), by.id, by.role),
    )


def decision(tx: Connection, made: Decision, plan_id: str | None, by: Clinician) -> None:
    """What a physician decided, with the suggestion as it was shown."""
    tx.execute(
        "INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.id, made.admission_id, plan_id, made.verdict, made.chosen, made.reason, _json(dict(made.suggestion)),
            made.step_from, made.step_to, to_text(made.decided_at), by.id, by.role,
        ),
    )  # fmt: skip


def session(tx: Connection, token_hash: str, clinician_id: str, at: datetime, until: datetime) -> None:
    """A signed-in browser, known by the hash of its token."""
    tx.execute("INSERT INTO session VALUES (?, ?, ?, ?, NULL)", (token_hash, clinician_id, to_text(at), to_text(until)))


def end_session(tx: Connection, token_hash: str, at: datetime) -> None:
    """Signed out."""
    tx.execute("UPDATE session SET ended_at = ? WHERE token_hash = ? AND ended_at IS NULL", (to_text(at), token_hash))


def failed_sign_in(tx: Connection, username: str, at: datetime) -> None:
    """A wrong name or password, counted so that guessing gets slow."""
    tx.execute("INSERT INTO failed_sign_in VALUES (?, ?)", (username, to_text(at)))


def protocol_review(tx: Connection, made: ProtocolReview, text: str, by: Clinician) -> None:
    """That somebody has reviewed a content file, with the whole text that was reviewed."""
    tx.execute(
        "INSERT INTO protocol_review VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.id, made.file_id, made.version, made.sha256, text, made.reviewer_name, made.profession,
            made.statement, to_text(made.reviewed_at), by.id, by.role,
        ),
    )  # fmt: skip
