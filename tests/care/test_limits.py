"""Limits and baselines of one patient: each limit one below, at and above; refused whole; a double tap keeps one."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Baseline, PatientLimit
from detox.errors import Conflict, DetoxError, NotFound, Refused
from detox.store import orders

HOUR = timedelta(hours=1)


@pytest.fixture
def limit(admission, now) -> Callable[..., PatientLimit]:
    """limit(critical=200): a sound limit of systolic pressure on the high side with what is given instead."""

    def build(**given: object) -> PatientLimit:
        whole = {
            "id": "l", "admission_id": admission.id, "vital": "systolic_mmhg", "side": "high", "warning": 180.0,
            "critical": 200.0, "reason": "usual 170/95", "set_at": now, "until_at": now + 8 * HOUR,
        }  # fmt: skip
        return PatientLimit(**(whole | given))  # type: ignore[arg-type]

    return build


@pytest.fixture
def said(admission, now) -> Callable[..., Baseline]:
    def build(**given: object) -> Baseline:
        whole = {
            "id": "b", "admission_id": admission.id, "vital": "systolic_mmhg", "value": 150.0, "kind": "usual",
            "reason": "patient says so", "set_at": now,
        }  # fmt: skip
        return Baseline(**(whole | given))  # type: ignore[arg-type]

    return build


def kept(store, admission) -> tuple[PatientLimit, ...]:
    with inside(store) as tx:
        return orders.patient_limits(tx, admission.id)


def test_it_is_kept_with_name_reason_and_event(store, physician, admission, limit, now) -> None:
    made = care.set_limit(store, physician, limit(), now)
    assert kept(store, admission) == (made,)
    assert made.set_by == physician.name
    assert made.holds_at(now)
    with inside(store) as tx:
        row = tx.execute("SELECT * FROM audit_event WHERE verb = 'set_limit'").fetchone()
    assert json.loads(row["detail"])["critical"] == 200
    assert row["subject_id"] == made.id


def test_a_double_tap_keeps_one(store, physician, admission, limit, now) -> None:
    for _ in range(2):
        care.set_limit(store, physician, limit(), now)
    assert [one.ended_at for one in kept(store, admission)] == [None]


def test_a_nurse_does_not(store, nurse, admission, limit, now) -> None:
    with pytest.raises(DetoxError, match="ask a physician"):
        care.set_limit(store, nurse, limit(), now)
    assert kept(store, admission) == ()


@pytest.mark.parametrize(
    ("ahead", "sound"),
    [(timedelta(0), False), (timedelta(seconds=1), True), (24 * HOUR, True), (24 * HOUR + timedelta(seconds=1), False)],
)
def test_it_ends_within_a_day(store, physician, limit, now, ahead, sound) -> None:
    if sound:
        care.set_limit(store, physician, limit(until_at=now + ahead), now)
    else:
        with pytest.raises(Refused) as refused:
            care.set_limit(store, physician, limit(until_at=now + ahead), now)
        assert set(refused.value.problems) == {"until_at"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"critical": 260.0}, None),
        ({"critical": 261.0}, "critical"),
        ({"vital": "heart_rate_per_min", "side": "low", "warning": 55.0, "critical": 20.0}, None),
        ({"vital": "heart_rate_per_min", "side": "low", "warning": 55.0, "critical": 19.0}, "critical"),
        ({"vital": "heart_rate_per_min", "side": "low", "warning": 55.0, "critical": 0.0}, "critical"),
        ({"critical": 200.5}, "critical"),
        ({"critical": float("nan")}, "critical"),
        ({"warning": 199.0}, None),
        ({"warning": 200.0}, "critical"),
        ({"warning": 201.0}, "critical"),
        ({"warning": None, "critical": None}, "warning"),
        ({"warning": 179.0, "critical": None}, None),
        ({"warning": 180.0, "critical": None}, "critical"),
        ({"warning": None, "critical": 161.0}, None),
        ({"warning": None, "critical": 160.0}, "critical"),
        ({"warning": 101.0}, None),
        ({"warning": 100.0}, "warning"),
        ({"reason": " "}, "reason"),
        ({"vital": "sedation"}, "vital"),
        ({"vital": "news2"}, "vital"),
        ({"side": "up"}, "side"),
        ({"vital": "temperature_c", "warning": 38.1, "critical": 38.6}, None),
        ({"vital": "temperature_c", "warning": 38.15, "critical": 38.6}, "warning"),
        ({"vital": "heart_rate_per_min", "side": "low", "warning": 55.0, "critical": 40.0}, None),
        ({"vital": "heart_rate_per_min", "side": "low", "warning": 40.0, "critical": 55.0}, "critical"),
    ],
)
def test_the_values(store, physician, admission, limit, now, given, field) -> None:
    if field is None:
        care.set_limit(store, physician, limit(**given), now)
        return
    with pytest.raises(Refused) as refused:
        care.set_limit(store, physician, limit(**given), now)
    assert set(refused.value.problems) == {field}
    assert kept(store, admission) == ()


@pytest.mark.parametrize(
    ("vital", "side", "warning", "critical", "sound"),
    [
        ("respiratory_rate_per_min", "low", 10.0, None, False),
        ("respiratory_rate_per_min", "low", 11.0, None, True),
        ("respiratory_rate_per_min", "low", 12.0, None, True),
        ("respiratory_rate_per_min", "low", None, 8.0, False),
        ("respiratory_rate_per_min", "low", None, 9.0, True),
        ("respiratory_rate_per_min", "low", None, 10.0, True),
        ("respiratory_rate_per_min", "high", 22.0, None, False),
        ("respiratory_rate_per_min", "high", 21.0, None, True),
        ("spo2_percent", "low", None, 90.0, False),
        ("spo2_percent", "low", None, 91.0, True),
        ("spo2_percent", "low", None, 92.0, True),
        ("systolic_mmhg", "low", None, 89.0, False),
        ("systolic_mmhg", "low", None, 90.0, True),
        ("systolic_mmhg", "low", 110.0, 95.0, True),
        ("diastolic_mmhg", "high", 110.0, 130.0, True),
    ],
)
def test_what_kills_may_be_made_stricter_only(
    store, physician, limit, now, vital, side, warning, critical, sound
) -> None:
    wanted = limit(vital=vital, side=side, warning=warning, critical=critical)
    if sound:
        care.set_limit(store, physician, wanted, now)
    else:
        with pytest.raises(Refused, match="stricter, not looser"):
            care.set_limit(store, physician, wanted, now)


def test_spo2_by_the_scale_of_the_stay(store, physician, admit, limit, now) -> None:
    stay = admit("Two", "Scale", spo2_scale=2)
    wanted = limit(admission_id=stay.id, vital="spo2_percent", side="low", warning=None)
    with pytest.raises(Refused, match="from 83 %"):
        care.set_limit(store, physician, replace(wanted, critical=82.0), now)
    care.set_limit(store, physician, replace(wanted, critical=83.0), now)


def test_a_new_one_ends_the_old_one_of_the_same_side(store, physician, admission, limit, now) -> None:
    care.set_limit(store, physician, limit(), now)
    care.set_limit(store, physician, limit(id="low", side="low", warning=110.0, critical=95.0), now)
    later = now + HOUR
    care.set_limit(store, physician, limit(id="new", critical=210.0), later)
    assert {one.id: one.holds_at(later) for one in kept(store, admission)} == {"l": False, "low": True, "new": True}
    assert {one.id: one.ended_by for one in kept(store, admission)}["l"] == physician.name


def test_it_is_taken_back_once(store, physician, admission, limit, now) -> None:
    care.set_limit(store, physician, limit(), now)
    later = now + HOUR
    for _ in range(2):
        ended = care.end_limit(store, physician, admission.id, "l", later)
    assert (ended.ended_at, ended.holds_at(later)) == (later, False)
    with inside(store) as tx:
        assert tx.execute("SELECT count(*) FROM audit_event WHERE verb = 'end_limit'").fetchone()[0] == 1
    with pytest.raises(NotFound):
        care.end_limit(store, physician, admission.id, "none", later)


def test_nothing_is_set_after_the_stay(store, nurse, physician, admission, limit, said, now) -> None:
    care.discharge(store, nurse, admission.id, "goes home", now)
    with pytest.raises(Conflict, match="has ended"):
        care.set_limit(store, physician, limit(), now)
    with pytest.raises(Conflict, match="has ended"):
        care.set_baseline(store, nurse, said(), now)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, None),
        ({"value": 50.0}, None),
        ({"value": 49.0}, "value"),
        ({"value": 260.0}, None),
        ({"value": 261.0}, "value"),
        ({"reason": ""}, "reason"),
        ({"vital": "heart_rate_per_min", "value": 80.0}, "vital"),
        ({"kind": "anew", "vital": "heart_rate_per_min", "value": 80.0}, None),
        ({"kind": "anew", "vital": "temperature_c", "value": 37.1}, None),
        ({"kind": "anew", "vital": "spo2_percent", "value": 95.0}, "vital"),
        ({"kind": "guessed"}, "vital"),
    ],
)
def test_baselines(store, nurse, admission, said, now, given, field) -> None:
    wanted = said(**given)
    if field is not None:
        with pytest.raises(Refused) as refused:
            care.set_baseline(store, nurse, wanted, now)
        assert set(refused.value.problems) == {field}
        return
    for _ in range(2):
        made = care.set_baseline(store, nurse, wanted, now)
    with inside(store) as tx:
        assert orders.baselines(tx, admission.id) == (made,)
        rows = tx.execute("SELECT count(*) FROM audit_event WHERE verb = 'set_baseline'").fetchone()[0]
    assert (rows, made.set_by) == (1, nurse.name)
