"""Reading rows back as the ward's nouns. Every query here goes by an index and reads what it returns and no more."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from detox.clinical.entry_times import judged as judged_between
from detox.clinical.model import (
    VITALS,
    Admission,
    Alert,
    Answer,
    Assessment,
    Author,
    Bed,
    Clinician,
    Finding,
    Observation,
    Patient,
    Shift,
    Vitals,
    Ward,
)  # fmt: skip
from detox.errors import NotFound
from detox.instants import from_text, to_text
from detox.store.connection import Connection
from detox.store.find_treatment import (
    current_plan,
    decider,
    decision,
    decisions,
    dose,
    doses,
    first_doses,
    last_charted,
    last_recorded,
    plan,
    plans,
    step_changes,
)

__all__ = [
    "account", "acknowledgements", "admission", "admission_by_external_id", "admissions_between", "admissions_here",
    "ahead", "alert", "alerts", "answers", "basis_of", "beds", "clinician", "clinicians", "current_plan",
    "dangerous_alerts", "decider", "decision", "decisions", "dose", "doses", "failed_sign_ins", "first_doses",
    "first_observations", "first_weight", "has_accounts", "in_admission", "is_admission", "last_change",
    "last_charted", "last_in_admission", "last_observations", "last_other", "last_others", "last_recorded",
    "observation", "observations", "open_alerts", "open_sessions", "patient_by_external_id", "plan", "plans",
    "session", "step_changes", "wards",
]  # fmt: skip

_OBSERVATION = "SELECT o.*, c.name AS recorder FROM observation o JOIN clinician c ON c.id = o.clinician_id "
CHANGEABLE = ("programme", "pregnancy", "spo2_scale", "allergies")
"""What is answered at admission and may be answered anew: the newest answer is what the admission says."""

_PREGNANCY = {"cannot": "n/a"}  # as the question answers it, and as the admission keeps it
_NOW = (
    "(SELECT f.value FROM stay_fact f WHERE f.admission_id = a.id AND f.name = '{0}' "
    "ORDER BY f.set_at DESC, f.rowid DESC LIMIT 1) AS {0}_now, "
)
_ADMISSION = "".join(
    (
        "SELECT a.*, p.family_name, p.given_name, p.born_on, p.sex_at_birth, p.external_id AS patient_external_id, ",
        *map(_NOW.format, CHANGEABLE),
        "(SELECT b.label FROM bed_stay s JOIN bed b ON b.id = s.bed_id WHERE s.admission_id = a.id "
        " ORDER BY s.from_at DESC LIMIT 1) AS bed ",
        "FROM admission a JOIN patient p ON p.id = a.patient_id ",
    )
)
_ALERT = (
    "SELECT a.*, k.at AS acknowledged_at, k.what_was_done, c.name AS acknowledged_by FROM alert a "
    "LEFT JOIN acknowledgement k ON k.id = "
    "(SELECT id FROM acknowledgement WHERE alert_id = a.id ORDER BY at DESC, id LIMIT 1) "
    "LEFT JOIN clinician c ON c.id = k.clinician_id "
)


_decode = json.JSONDecoder().raw_decode  # json.loads looks for white space that our own texts do not have


def _loaded(text: str) -> Any:
    return _decode(text)[0]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)


def _between(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    """Two moments, both inclusive, as the texts to compare with; every time where there is no end."""
    return to_text(since) if since else "", to_text(until) if until else "9999"


def wards(tx: Connection) -> list[Ward]:
    """Every ward with its shifts, in the order of the day."""
    return [
        Ward(
            row["id"], row["name"], row["time_zone"], row["temperature_unit"],
            tuple(
                Shift(s["name"], s["starts_at"])
                for s in tx.execute("SELECT * FROM shift WHERE ward_id = ? ORDER BY starts_at", (row["id"],))
            ),
            bool(row["demo"]),
        )
        for row in tx.execute("SELECT * FROM ward ORDER BY name")
    ]  # fmt: skip


def beds(tx: Connection, ward_id: str) -> list[Bed]:
    """The beds of a ward with who lies in them."""
    rows = tx.execute(
        "SELECT b.*, s.admission_id FROM bed b LEFT JOIN bed_stay s ON s.bed_id = b.id AND s.until_at IS NULL "
        "WHERE b.ward_id = ? ORDER BY b.place",
        (ward_id,),
    )
    return [Bed(r["id"], r["ward_id"], r["label"], r["admission_id"]) for r in rows]


def clinician(tx: Connection, clinician_id: str) -> Clinician:
    """The account of that id. Raises NotFound."""
    row = tx.execute("SELECT * FROM clinician WHERE id = ?", (clinician_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such account.")
    return _clinician(row)


def clinicians(tx: Connection) -> list[Clinician]:
    """Every account, by name."""
    return [_clinician(r) for r in tx.execute("SELECT * FROM clinician ORDER BY name")]


def account(tx: Connection, username: str) -> tuple[Clinician, str] | None:
    """The account of that user name with its password hash, or None."""
    row = tx.execute("SELECT * FROM clinician WHERE username = ?", (username,)).fetchone()
    return None if row is None else (_clinician(row), row["password_hash"])


def has_accounts(tx: Connection) -> bool:
    """False on a database that nobody has set up yet."""
    return tx.execute("SELECT 1 FROM clinician LIMIT 1").fetchone() is not None


def session(tx: Connection, token_hash: str, now: datetime) -> Clinician | None:
    """Who is signed in under that token now: None when signed out, expired or switched off."""
    row = tx.execute(
        "SELECT c.* FROM session s JOIN clinician c ON c.id = s.clinician_id "
        "WHERE s.token_hash = ? AND s.ended_at IS NULL AND s.expires_at > ? AND c.active = 1",
        (token_hash, to_text(now)),
    ).fetchone()
    return None if row is None else _clinician(row)


def open_sessions(tx: Connection, clinician_id: str, now: datetime) -> list[str]:
    """The token hashes of an account's sessions that are open now."""
    rows = tx.execute(
        "SELECT token_hash FROM session WHERE clinician_id = :id AND ended_at IS NULL AND expires_at > :now",
        {"id": clinician_id, "now": to_text(now)},
    )
    return [row["token_hash"] for row in rows]


def failed_sign_ins(tx: Connection, username: str, since: datetime) -> list[datetime]:
    """When sign-ins under that name failed since `since`, newest first."""
    rows = tx.execute(
        "SELECT failed_at FROM failed_sign_in WHERE username = ? AND failed_at >= ? ORDER BY failed_at DESC",
        (username, to_text(since)),
    )
    return [from_text(r["failed_at"]) for r in rows]


def admission(tx: Connection, admission_id: str) -> Admission:
    """The admission of that id, present or past. Raises NotFound."""
    row = tx.execute(_ADMISSION + "WHERE a.id = ?", (admission_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such admission: go back to the board and open the patient again.")
    return _admission(row)


def is_admission(tx: Connection, admission_id: str) -> bool:
    """True when an admission of that id is kept."""
    return tx.execute("SELECT 1 FROM admission WHERE id = ?", (admission_id,)).fetchone() is not None


def admission_by_external_id(tx: Connection, external_id: str) -> Admission | None:
    """The admission that another system knows under that id, or None."""
    row = tx.execute(_ADMISSION + "WHERE a.external_id = ?", (external_id,)).fetchone()
    return None if row is None else _admission(row)


def patient_by_external_id(tx: Connection, external_id: str) -> Patient | None:
    """The person that another system knows under that id, or None."""
    row = tx.execute("SELECT * FROM patient WHERE external_id = ?", (external_id,)).fetchone()
    return None if row is None else _patient(row, row["external_id"], row["id"])


def admissions_here(tx: Connection, ward_id: str) -> list[Admission]:
    """Who is on the ward now."""
    rows = tx.execute(_ADMISSION + "WHERE a.ward_id = ? AND a.discharged_at IS NULL", (ward_id,))
    return [_admission(r) for r in rows]


def admissions_between(tx: Connection, ward_id: str, start: datetime, end: datetime) -> list[Admission]:
    """Who was on the ward at any time from `start` up to but not including `end`."""
    rows = tx.execute(
        _ADMISSION + "WHERE a.ward_id = ? AND a.discharged_at IS NULL AND a.admitted_at < ? "
        "UNION ALL " + _ADMISSION + "WHERE a.ward_id = ? AND a.discharged_at >= ? AND a.admitted_at < ?",
        (ward_id, to_text(end), ward_id, to_text(start), to_text(end)),
    )
    return [_admission(r) for r in rows]


def observation(tx: Connection, observation_id: str) -> Observation | None:
    """The observation of that id, replaced or not, or None."""
    row = tx.execute(_OBSERVATION + "WHERE o.id = ?", (observation_id,)).fetchone()
    return None if row is None else _observations(tx, [row])[0]


def last_observations(
    tx: Connection,
    admission_id: str,
    count: int,
    before: datetime | None = None,
    *,
    since: datetime | None = None,
    judged: bool = True,
) -> list[Observation]:
    """The newest `count` current observations of an admission (from `since` to `before`, inclusive), oldest first.

    With `judged` False the assessments are left out.
    """
    rows = tx.execute(
        _OBSERVATION + "WHERE o.admission_id = ? AND o.replaced_by IS NULL AND o.taken_at >= ? AND o.taken_at <= ? "
        "ORDER BY o.taken_at DESC, o.recorded_at DESC, o.rowid DESC LIMIT ?",
        (admission_id, *_between(since, before), count),
    ).fetchall()
    rows.reverse()
    return _observations(tx, rows, judged=judged)


def last_in_admission(
    tx: Connection, admission: Admission, count: int, now: datetime, *, judged: bool = True
) -> list[Observation]:
    """The newest `count` current observations that are judged at `now`, oldest first: within the admission, and none
    that is dated ahead. With `judged` False the assessments are left out."""
    since, until = judged_between(admission.admitted_at, now)
    return last_observations(tx, admission.id, count, until, since=since, judged=judged)


def in_admission(tx: Connection, admission: Admission, now: datetime) -> list[Observation]:
    """Every current observation that is judged at `now`, oldest first."""
    span = judged_between(admission.admitted_at, now)
    return [o for o in observations(tx, admission.id) if span.holds(o.taken_at)]


def ahead(tx: Connection, admission: Admission, now: datetime) -> list[Observation]:
    """The current observations that are dated ahead of `now`, oldest first: somebody's clock was wrong."""
    until = judged_between(admission.admitted_at, now).until
    return [] if until is None else [o for o in observations(tx, admission.id, start=until) if o.taken_at > until]


def first_observations(
    tx: Connection, admission_id: str, count: int, since: datetime | None = None, until: datetime | None = None
) -> list[Observation]:
    """The first `count` current observations of an admission (from `since` to `until`, inclusive), oldest first,
    without their assessments."""
    rows = tx.execute(
        _OBSERVATION + "WHERE o.admission_id = ? AND o.replaced_by IS NULL AND o.taken_at >= ? AND o.taken_at <= ? "
        "ORDER BY o.taken_at, o.recorded_at, o.rowid LIMIT ?",
        (admission_id, *_between(since, until), count),
    ).fetchall()
    return _observations(tx, rows, judged=False)


def first_weight(
    tx: Connection, admission_id: str, since: datetime | None = None, until: datetime | None = None
) -> tuple[datetime, float] | None:
    """The first weight of an admission in kg (from `since` to `until`, inclusive), and when it was taken."""
    row = tx.execute(
        "SELECT o.taken_at, json_extract(o.other, '$.weight_kg') AS kg FROM observation o WHERE o.admission_id = ? "
        "AND o.replaced_by IS NULL AND json_extract(o.other, '$.weight_kg') IS NOT NULL "
        "AND o.taken_at >= ? AND o.taken_at <= ? ORDER BY o.taken_at LIMIT 1",
        (admission_id, *_between(since, until)),
    ).fetchone()
    return None if row is None else (from_text(row["taken_at"]), row["kg"])


def last_other(
    tx: Connection, admission_id: str, name: str, since: datetime | None = None, before: datetime | None = None
) -> tuple[datetime, float] | None:
    """The newest value of what is charted beside the vitals under that name (from `since` to `before`, inclusive), and
    when it was taken; None for none."""
    row = tx.execute(
        "SELECT o.taken_at, json_extract(o.other, '$.' || ?) AS value FROM observation o WHERE o.admission_id = ? "
        "AND o.replaced_by IS NULL AND o.other <> '{}' AND json_extract(o.other, '$.' || ?) NOT NULL "
        "AND o.taken_at >= ? AND o.taken_at <= ? ORDER BY o.taken_at DESC, o.recorded_at DESC LIMIT 1",
        (name, admission_id, name, *_between(since, before)),
    ).fetchone()
    return None if row is None else (from_text(row["taken_at"]), row["value"])


def last_others(
    tx: Connection, admission_id: str, names: Sequence[str], since: datetime | None, before: datetime | None
) -> dict[str, tuple[datetime, float]]:
    """The newest of each of these values charted beside the vitals (from `since` to `before`, inclusive), and when it
    was taken."""
    found: dict[str, tuple[datetime, float]] = {}
    rows = tx.execute(
        "SELECT taken_at, other FROM observation WHERE admission_id = ? AND replaced_by IS NULL AND other <> '{}' "
        "AND taken_at >= ? AND taken_at <= ? ORDER BY taken_at, recorded_at, rowid",
        (admission_id, *_between(since, before)),
    )
    for row in rows:
        charted = _loaded(row["other"])
        found.update({name: (from_text(row["taken_at"]), charted[name]) for name in names if name in charted})
    return found


def observations(
    tx: Connection,
    admission_id: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    replaced: bool = False,
    kept_after: datetime | None = None,
) -> list[Observation]:
    """The observations of an admission from `start` up to but not including `end`, oldest first.

    Replaced ones are left out unless `replaced` is True; with `kept_after` those that had been kept by then, too.
    """
    current = "" if replaced else "AND o.replaced_by IS NULL "
    rows = tx.execute(
        _OBSERVATION + f"WHERE o.admission_id = ? {current}AND o.taken_at >= ? AND o.taken_at < ? "
        "AND o.recorded_at > ? ORDER BY o.taken_at, o.recorded_at, o.rowid",
        (
            admission_id, to_text(start) if start else "", to_text(end) if end else "9999",
            to_text(kept_after) if kept_after else "",
        ),
    ).fetchall()  # fmt: skip
    return _observations(tx, rows)


def open_alerts(tx: Connection, admission_id: str) -> list[Alert]:
    """What holds now, acknowledged or not."""
    rows = tx.execute(_ALERT + "WHERE a.admission_id = ? AND a.resolved_at IS NULL", (admission_id,))
    return [_alert(r) for r in rows]


def dangerous_alerts(tx: Connection, admission_id: str) -> list[Alert]:
    """The open alerts of an admission, the critical ones that data have ended, and every answered one, oldest first.

    An answer goes on speaking of what its alert had seen after the alert has ended.
    """
    rows = tx.execute(
        _ALERT + "WHERE a.admission_id = ? AND (a.resolved_at IS NULL OR (a.level = 'critical' "  # noqa: S608 - our own names
        "AND a.resolution = 'data') OR EXISTS (SELECT 1 FROM acknowledgement k WHERE k.alert_id = a.id)) "
        "ORDER BY a.opened_at, a.rowid",
        (admission_id,),
    )
    return [_alert(r) for r in rows]


def alerts(
    tx: Connection, admission_id: str, start: datetime | None = None, end: datetime | None = None
) -> list[Alert]:
    """Every alert of an admission opened from `start` up to but not including `end`, newest first."""
    rows = tx.execute(
        _ALERT
        + "WHERE a.admission_id = ? AND a.opened_at >= ? AND a.opened_at < ? ORDER BY a.opened_at DESC, a.rowid DESC",
        (admission_id, to_text(start) if start else "", to_text(end) if end else "9999"),
    )
    return [_alert(r) for r in rows]


def alert(tx: Connection, alert_id: str) -> Alert:
    """The alert of that id. Raises NotFound."""
    row = tx.execute(_ALERT + "WHERE a.id = ?", (alert_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such alert: the page is out of date, go back to the board.")
    return _alert(row)


def acknowledgements(tx: Connection, alert_id: str) -> list[tuple[datetime, str, str]]:
    """When, by whom and with what an alert was answered, oldest first."""
    rows = tx.execute(
        "SELECT k.at, c.name, k.what_was_done FROM acknowledgement k JOIN clinician c ON c.id = k.clinician_id "
        "WHERE k.alert_id = ? ORDER BY k.at",
        (alert_id,),
    )
    return [(from_text(r["at"]), r["name"], r["what_was_done"]) for r in rows]


def answers(tx: Connection, admission_id: str) -> list[Answer]:
    """Every answer to an alert or another danger of an admission, oldest first."""
    rows = tx.execute(
        "SELECT k.id, a.problem, k.at, k.clinician_id, c.name, k.role, k.what_was_done AS done, k.giving, k.closes, "
        "a.id AS alert_id FROM alert a JOIN acknowledgement k ON k.alert_id = a.id "
        "JOIN clinician c ON c.id = k.clinician_id WHERE a.admission_id = ? "
        "UNION ALL SELECT w.id, w.problem, w.at, w.clinician_id, c.name, w.role, w.done, w.giving, w.closes, NULL "
        "FROM answer w JOIN clinician c ON c.id = w.clinician_id WHERE w.admission_id = ? ORDER BY 3, 1",
        (admission_id, admission_id),
    )
    return [
        Answer(
            r["id"], admission_id, r["problem"], from_text(r["at"]), Author(r["clinician_id"], r["name"], r["role"]),
            r["done"], r["giving"], bool(r["closes"]), r["alert_id"],
        )
        for r in rows
    ]  # fmt: skip


def last_change(tx: Connection) -> int:
    """A number that grows with every kept thing: what a screen compares to know whether it is out of date."""
    return int(tx.execute("SELECT coalesce(max(seq), 0) FROM audit_event").fetchone()[0])


def basis_of(tx: Connection, admission_id: str) -> str:
    """What a suggestion for this admission rests on, in one word: it changes as soon as anything about it is kept.

    An acknowledgement or putting an alert aside changes no data and does not count.
    """
    row = tx.execute(
        "SELECT coalesce(max(seq), 0) FROM audit_event "
        "WHERE admission_id = ? AND verb NOT IN ('acknowledge', 'snooze')",
        (admission_id,),
    ).fetchone()
    return str(row[0])


def _clinician(row: Connection) -> Clinician:
    return Clinician(row["id"], row["username"], row["name"], row["role"], bool(row["active"]))


def _patient(row: Connection, external_id: str | None, patient_id: str) -> Patient:
    born = row["born_on"]
    return Patient(
        patient_id, row["family_name"], row["given_name"], date.fromisoformat(born) if born else None,
        row["sex_at_birth"], external_id,
    )  # fmt: skip


def _admission(row: Connection) -> Admission:
    return Admission(
        id=row["id"],
        patient=_patient(row, row["patient_external_id"], row["patient_id"]),
        ward_id=row["ward_id"],
        bed=row["bed"],
        programme=row["programme_now"] or row["programme"],
        admitted_at=from_text(row["admitted_at"]),
        discharged_at=_moment(row["discharged_at"]),
        external_id=row["external_id"],
        pregnancy=_PREGNANCY.get(row["pregnancy_now"], row["pregnancy_now"]) or row["pregnancy"],
        setting=row["setting"],
        allergies=row["allergies_now"] or row["allergies"],
        opioid=row["opioid"],
        last_use_at=_moment(row["last_use_at"]),
        spo2_scale=int(row["spo2_scale_now"] or row["spo2_scale"]),
        planned_days=row["planned_days"],
    )


def _observations(tx: Connection, rows: Sequence[Connection], *, judged: bool = True) -> list[Observation]:
    made = _assessments(tx, [r["id"] for r in rows]) if judged else {}
    return [_observation(r, tuple(made.get(r["id"], ()))) for r in rows]


def _observation(row: Connection, assessments: tuple[Assessment, ...]) -> Observation:
    vitals = {name: row[name] for name in VITALS}
    if vitals["on_oxygen"] is not None:
        vitals["on_oxygen"] = bool(vitals["on_oxygen"])
    return Observation(
        id=row["id"],
        admission_id=row["admission_id"],
        taken_at=from_text(row["taken_at"]),
        vitals=Vitals(**vitals),
        answers=_loaded(row["answers"]),
        not_done=row["not_done"],
        note=row["note"],
        pulse_reason=row["pulse_reason"],
        other={} if row["other"] == "{}" else _loaded(row["other"]),
        recorded_at=from_text(row["recorded_at"]),
        recorded_by=row["recorder"],
        role=row["role"],
        replaces=row["replaces"],
        replace_reason=row["replace_reason"],
        replaced_by=row["replaced_by"],
        assessments=assessments,
        author=Author(row["clinician_id"], row["recorder"], row["role"]),
    )


def _assessments(tx: Connection, ids: Iterable[str]) -> dict[str, list[Assessment]]:
    ids = list(ids)
    found: dict[str, list[Assessment]] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        rows = tx.execute(
            f"SELECT * FROM assessment WHERE observation_id IN ({', '.join('?' * len(part))})",  # noqa: S608 - marks only
            part,
        )
        for r in rows:
            missing = () if r["missing"] == "[]" else tuple(_loaded(r["missing"]))
            found.setdefault(r["observation_id"], []).append(
                Assessment(
                    r["scale"], r["version"], r["total"], r["band"], not missing, missing, r["at_least"],
                    _loaded(r["items"]), r["risk"],
                )
            )  # fmt: skip
    return found


def _alert(row: Connection) -> Alert:
    finding = Finding(
        rule=row["rule"], problem=row["problem"], level=row["level"], kind=row["kind"], message=row["message"],
        reason=row["reason"], action=row["action"], values=_loaded(row["measured"]),
        protocol_version=row["protocol_version"], source=row["source"], evidence=row["evidence"],
        also=_loaded(row["also"]),
    )  # fmt: skip
    return Alert(
        id=row["id"],
        admission_id=row["admission_id"],
        observation_id=row["observation_id"],
        finding=finding,
        opened_at=from_text(row["opened_at"]),
        acknowledged_at=_moment(row["acknowledged_at"]),
        acknowledged_by=row["acknowledged_by"] or "",
        what_was_done=row["what_was_done"] or "",
        resolved_at=_moment(row["resolved_at"]),
        resolved_by=row["resolved_by"],
        resolution=row["resolution"] or "",
        recorded_at=from_text(row["recorded_at"]),
    )
