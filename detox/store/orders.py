"""What is set for one admission (limits, baselines, intervals), alerts put aside, and the ward's own settings."""

from collections.abc import Iterable
from datetime import datetime

from detox.clinical.model import Baseline, Clinician, HistoryAnswer, IntervalOrder, PatientLimit, Snooze
from detox.instants import from_text, to_text
from detox.store.connection import Connection
from detox.store.rows import insert

_NAMED = "SELECT t.*, c.name AS setter, e.name AS ender FROM {0} t JOIN clinician c ON c.id = t.clinician_id "
_ENDED = "LEFT JOIN clinician e ON e.id = t.ended_by WHERE t.admission_id = ? ORDER BY t.set_at, t.rowid"


def patient_limits(tx: Connection, admission_id: str) -> tuple[PatientLimit, ...]:
    """Every limit ever set for an admission, oldest first."""
    return tuple(
        PatientLimit(
            r["id"], r["admission_id"], r["vital"], r["side"], r["warning"], r["critical"], r["reason"],
            from_text(r["set_at"]), from_text(r["until_at"]), r["setter"], _moment(r["ended_at"]), r["ender"] or "",
        )
        for r in tx.execute(_NAMED.format("patient_limit") + _ENDED, (admission_id,))
    )  # fmt: skip


def keep_patient_limit(tx: Connection, limit: PatientLimit, by: Clinician) -> None:
    """A limit that holds from now on."""
    insert(
        tx, "patient_limit", id=limit.id, admission_id=limit.admission_id, vital=limit.vital, side=limit.side,
        warning=limit.warning, critical=limit.critical, reason=limit.reason, until_at=to_text(limit.until_at),
        set_at=to_text(limit.set_at), clinician_id=by.id, role=by.role,
    )  # fmt: skip


def end_patient_limit(tx: Connection, limit_id: str, at: datetime, by: Clinician) -> None:
    """A limit taken back before its time."""
    tx.execute(
        "UPDATE patient_limit SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL",
        (to_text(at), by.id, limit_id),
    )


def baselines(tx: Connection, admission_id: str) -> tuple[Baseline, ...]:
    """Every baseline that somebody has said or set for an admission, oldest first."""
    rows = tx.execute(
        "SELECT b.*, c.name AS setter FROM baseline b JOIN clinician c ON c.id = b.clinician_id "
        "WHERE b.admission_id = ? ORDER BY b.set_at, b.rowid",
        (admission_id,),
    )
    return tuple(
        Baseline(
            r["id"], r["admission_id"], r["vital"], r["value"], r["kind"], r["reason"], from_text(r["set_at"]),
            r["setter"],
        )
        for r in rows
    )  # fmt: skip


def keep_baseline(tx: Connection, said: Baseline, by: Clinician) -> None:
    """A baseline that counts from now on."""
    insert(
        tx, "baseline", id=said.id, admission_id=said.admission_id, vital=said.vital, value=said.value,
        kind=said.kind, reason=said.reason, set_at=to_text(said.set_at), clinician_id=by.id, role=by.role,
    )  # fmt: skip


def interval_orders(tx: Connection, admission_id: str) -> tuple[IntervalOrder, ...]:
    """Every interval ever ordered for an admission, oldest first."""
    return tuple(
        IntervalOrder(
            r["id"], r["admission_id"], r["interval_min"], r["reason"], from_text(r["set_at"]),
            _moment(r["until_at"]), r["setter"], r["role"], _moment(r["ended_at"]), r["ender"] or "",
        )
        for r in tx.execute(_NAMED.format("interval_order") + _ENDED, (admission_id,))
    )  # fmt: skip


def keep_interval_order(tx: Connection, order: IntervalOrder, by: Clinician) -> None:
    """An interval that holds from now on."""
    insert(
        tx, "interval_order", id=order.id, admission_id=order.admission_id, interval_min=order.interval_min,
        reason=order.reason, until_at=to_text(order.until_at) if order.until_at else None,
        set_at=to_text(order.set_at), clinician_id=by.id, role=by.role,
    )  # fmt: skip


def end_interval_order(tx: Connection, order_id: str, at: datetime, by: Clinician) -> None:
    """An interval taken back."""
    tx.execute(
        "UPDATE interval_order SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL",
        (to_text(at), by.id, order_id),
    )


def snoozes(tx: Connection, alert_ids: Iterable[str]) -> dict[str, tuple[Snooze, ...]]:
    """Every snooze of these alerts, oldest first, by alert."""
    found: dict[str, tuple[Snooze, ...]] = {}
    for alert_id in alert_ids:
        rows = tx.execute(
            "SELECT s.*, c.name AS setter FROM snooze s JOIN clinician c ON c.id = s.clinician_id "
            "WHERE s.alert_id = ? ORDER BY s.at, s.rowid",
            (alert_id,),
        )
        if made := tuple(
            Snooze(r["id"], alert_id, from_text(r["at"]), from_text(r["until_at"]), r["reason"], r["setter"])
            for r in rows
        ):
            found[alert_id] = made
    return found


def keep_snooze(tx: Connection, snooze: Snooze, by: Clinician) -> None:
    """An alert put aside until a time."""
    insert(
        tx, "snooze", id=snooze.id, alert_id=snooze.alert_id, at=to_text(snooze.at),
        until_at=to_text(snooze.until_at), reason=snooze.reason, clinician_id=by.id, role=by.role,
    )  # fmt: skip


def history_answers(tx: Connection, admission_id: str) -> list[HistoryAnswer]:
    """Everything that was answered about an admission, oldest first."""
    rows = tx.execute(
        "SELECT f.*, c.name AS setter FROM stay_fact f JOIN clinician c ON c.id = f.clinician_id "
        "WHERE f.admission_id = ? ORDER BY f.set_at, f.rowid",
        (admission_id,),
    )
    return [
        HistoryAnswer(
            r["id"], r["admission_id"], r["name"], r["value"], r["note"], from_text(r["set_at"]), r["setter"], r["role"]
        )
        for r in rows
    ]


def ward_setting(tx: Connection, ward_id: str, name: str) -> str | None:
    """The newest value of a setting of the ward; None where nobody has set it."""
    row = tx.execute(
        "SELECT value FROM ward_setting WHERE ward_id = ? AND name = ? ORDER BY seq DESC LIMIT 1", (ward_id, name)
    ).fetchone()
    return None if row is None else str(row["value"])


def keep_ward_setting(tx: Connection, ward_id: str, name: str, value: str, at: datetime, by: Clinician) -> None:
    """A setting of the ward, from now on."""
    insert(
        tx, "ward_setting", ward_id=ward_id, name=name, value=value, at=to_text(at), clinician_id=by.id,
        role=by.role,
    )  # fmt: skip


def _moment(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
