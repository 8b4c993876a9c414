"""Reading plans, doses and decisions back as the ward's nouns."""

import json
from datetime import datetime

from detox.clinical.model import Author, Decision, Dose, DoseCorrection, TaperPlan, TaperStep
from detox.errors import NotFound
from detox.instants import from_text, to_text
from detox.store.connection import Connection

_PLAN = (
    "SELECT p.*, w.name AS writer, s.name AS signer FROM taper_plan p JOIN clinician w ON w.id = p.written_by "
    "LEFT JOIN clinician s ON s.id = p.signed_by "
)
_DOSE = (
    "SELECT d.*, c.name AS recorder, w.name AS witness_name, v.vomited_at, p.name AS over_hold, "
    "r.dose_id AS replaces, x.dose_id AS wrong, x.reason AS wrong_reason, x.at AS wrong_at, x.replaced_by, "
    "y.name AS wrong_by FROM dose d "
    "JOIN clinician c ON c.id = d.clinician_id LEFT JOIN clinician w ON w.id = d.witness "
    "LEFT JOIN dose_vomited v ON v.dose_id = d.id "
    "LEFT JOIN dose_over_hold h ON h.dose_id = d.id LEFT JOIN clinician p ON p.id = h.clinician_id "
    "LEFT JOIN dose_correction r ON r.replaced_by = d.id "
    "LEFT JOIN dose_correction x ON x.dose_id = d.id LEFT JOIN clinician y ON y.id = x.clinician_id "
)
_STANDS = "AND x.dose_id IS NULL "
_DECISION = "SELECT d.*, c.name AS decider FROM decision d JOIN clinician c ON c.id = d.clinician_id "


def plans(tx: Connection, admission_id: str) -> list[TaperPlan]:
    """Every plan of an admission, newest first, each standing where decisions have brought it."""
    rows = tx.execute(
        _PLAN + "WHERE p.admission_id = ? ORDER BY p.written_at DESC, p.rowid DESC",
        (admission_id,),
    ).fetchall()
    return [_plan(tx, r) for r in rows]


def plan(tx: Connection, plan_id: str) -> TaperPlan:
    """The plan of that id. Raises NotFound."""
    row = tx.execute(
        _PLAN + "WHERE p.id = ?",
        (plan_id,),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such plan: open the patient again.")
    return _plan(tx, row)


def current_plan(tx: Connection, admission_id: str) -> TaperPlan | None:
    """The newest plan that has not ended, signed or not, or None."""
    return next((p for p in plans(tx, admission_id) if p.ended_at is None), None)


def step_changes(tx: Connection, plan_id: str) -> list[tuple[datetime, int | None, int]]:
    """When a plan moved from which step to which, oldest first."""
    rows = tx.execute("SELECT * FROM step_change WHERE plan_id = ? ORDER BY at, rowid", (plan_id,))
    return [(from_text(r["at"]), r["step_from"], r["step_to"]) for r in rows]


def doses(
    tx: Connection, admission_id: str, start: datetime | None = None, end: datetime | None = None, *,
    corrected: bool = False,
) -> list[Dose]:  # fmt: skip
    """The doses of an admission, given, held and refused, from `start` up to but not including `end`, oldest first.

    Those that were corrected or entered in error are left out unless `corrected`.
    """
    rows = tx.execute(
        _DOSE
        + "WHERE d.admission_id = ? AND d.given_at >= ? AND d.given_at < ? "
        + ("" if corrected else _STANDS)
        + "ORDER BY d.given_at, d.rowid",
        (admission_id, to_text(start) if start else "", to_text(end) if end else "9999"),
    )
    return [_dose(r) for r in rows]


def first_doses(tx: Connection, admission_id: str, count: int) -> list[Dose]:
    """The first `count` doses of an admission, oldest first."""
    rows = tx.execute(
        _DOSE + "WHERE d.admission_id = ? " + _STANDS + "ORDER BY d.given_at, d.rowid LIMIT ?",
        (admission_id, count),
    )
    return [_dose(r) for r in rows]


def dose(tx: Connection, dose_id: str) -> Dose | None:
    """The dose of that id, one that was corrected too, or None."""
    row = tx.execute(
        _DOSE + "WHERE d.id = ?",
        (dose_id,),
    ).fetchone()
    return None if row is None else _dose(row)


def decisions(
    tx: Connection, admission_id: str, start: datetime | None = None, end: datetime | None = None
) -> list[Decision]:
    """The decisions of an admission from `start` up to but not including `end`, newest first."""
    rows = tx.execute(
        _DECISION + "WHERE d.admission_id = ? AND d.at >= ? AND d.at < ? ORDER BY d.at DESC, d.rowid DESC",
        (admission_id, to_text(start) if start else "", to_text(end) if end else "9999"),
    )
    return [_decision(r) for r in rows]


def decision(tx: Connection, decision_id: str) -> Decision | None:
    """The decision of that id, or None."""
    row = tx.execute(
        _DECISION + "WHERE d.id = ?",
        (decision_id,),
    ).fetchone()
    return None if row is None else _decision(row)


def decider(tx: Connection, decision_id: str) -> str:
    """The id of whoever made a decision. Raises NotFound."""
    row = tx.execute("SELECT clinician_id FROM decision WHERE id = ?", (decision_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such decision: open the patient again.")
    return str(row["clinician_id"])


def last_recorded(tx: Connection, admission_id: str) -> datetime | None:
    """When a set was last kept for an admission, a corrected one too. None: never yet."""
    row = tx.execute(
        "SELECT max(recorded_at) AS at FROM observation WHERE admission_id = ?", (admission_id,)
    ).fetchone()
    return _at(row["at"])


def last_charted(tx: Connection, admission_id: str) -> datetime | None:
    """When something was last charted for an admission: a set, a dose, or a correction of either. None: never yet."""
    row = tx.execute(
        "SELECT max(at) AS at FROM ("
        "SELECT max(recorded_at) AS at FROM observation WHERE admission_id = :admission "
        "UNION ALL SELECT max(recorded_at) FROM dose WHERE admission_id = :admission "
        "UNION ALL SELECT max(c.at) FROM dose_correction c JOIN dose d ON d.id = c.dose_id "
        "WHERE d.admission_id = :admission "
        "UNION ALL SELECT max(v.at) FROM dose_vomited v JOIN dose d ON d.id = v.dose_id "
        "WHERE d.admission_id = :admission)",
        {"admission": admission_id},
    ).fetchone()
    return _at(row["at"])


def _plan(tx: Connection, row: Connection) -> TaperPlan:
    changes = step_changes(tx, row["id"])
    at, before, current = changes[-1] if changes else (None, None, 1)
    return TaperPlan(
        id=row["id"],
        admission_id=row["admission_id"],
        drug=row["drug"],
        steps=tuple(TaperStep(n, mg) for n, mg in enumerate(json.loads(row["steps"]), start=1)),
        interval_h=row["interval_h"],
        written_by=row["writer"],
        written_at=from_text(row["written_at"]),
        signed_by=row["signer"] or "",
        signed_at=_at(row["signed_at"]),
        ended_at=_at(row["ended_at"]),
        current_step=current,
        step_since=at,
        previous_step=before,
        failed_step_downs=sum(1 for _, start, to in changes if start is not None and to < start),
    )


def _dose(row: Connection) -> Dose:
    return Dose(
        row["id"], row["admission_id"], row["plan_id"], row["drug"], row["dose_mg"], row["status"],
        from_text(row["given_at"]), row["reason"], from_text(row["recorded_at"]), row["recorder"], row["role"],
        bool(row["elsewhere"]), row["witness_name"] or "", _at(row["vomited_at"]), row["over_hold"] or "",
        row["replaces"], _correction(row), row["form"], bool(row["against_hold"]),
        Author(row["clinician_id"], row["recorder"], row["role"]), row["witness"],
    )  # fmt: skip


def _correction(row: Connection) -> DoseCorrection | None:
    if row["wrong"] is None:
        return None
    return DoseCorrection(row["wrong_reason"], from_text(row["wrong_at"]), row["wrong_by"], row["replaced_by"])


def _decision(row: Connection) -> Decision:
    return Decision(
        id=row["id"],
        admission_id=row["admission_id"],
        verdict=row["verdict"],
        chosen=row["chosen"],
        reason=row["reason"],
        decided_at=from_text(row["at"]),
        decided_by=row["decider"],
        suggestion=json.loads(row["suggestion"]),
        step_from=row["step_from"],
        step_to=row["step_to"],
        author=Author(row["clinician_id"], row["decider"], row["role"]),
    )


def _at(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
