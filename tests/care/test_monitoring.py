"""Ordering how often an admission is observed: who may, what is refused, what it does to the next due time."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from inside import changing, inside

from detox import care
from detox.care.monitoring import end_interval, order_interval, protocol_line
from detox.clinical.model import Admission, Clinician, Dose, IntervalOrder, Observation, Vitals
from detox.errors import Conflict, NotAllowed, NotFound, Refused
from detox.reports import board
from detox.store import Store, keep, orders

Seen = Callable[..., Observation]
Build = Callable[..., Vitals]
Cows = Callable[..., dict[str, dict[str, int]]]
Order = Callable[..., IntervalOrder]


@pytest.fixture
def moderate(store: Store, nurse: Clinician, seen: Seen, vitals: Build, cows: Cows, now: datetime) -> None:
    """COWS 13 half an hour ago: the protocol asks for a set every 4 hours."""
    answers = cows(sweating=4, gi_upset=5, tremor=4)
    care.record(store, nurse, seen(minutes_ago=30, vitals=vitals(), answers=answers), now, confirmed=True)


@pytest.fixture
def order(admission: Admission, now: datetime) -> Order:
    def build(minutes: int, hours: float | None = None, reason: str = "vomiting", **given: object) -> IntervalOrder:
        until = None if hours is None else now + timedelta(hours=hours)
        made = IntervalOrder(uuid.uuid4().hex, admission.id, minutes, reason, now, until)
        return replace(made, **given)  # type: ignore[arg-type]

    return build


def due(store: Store, admission: Admission, now: datetime) -> board.schedule.Due:
    with inside(store) as tx:
        found = board.tile(tx, admission, None, now).due
    assert found is not None
    return found


@pytest.mark.usefixtures("moderate")
def test_a_nurse_shortens_without_an_end(
    store: Store, nurse: Clinician, admission: Admission, order: Order, now: datetime
) -> None:
    kept = order_interval(store, nurse, order(60, reason="  pulse   rising "), now)
    assert (kept.role, kept.set_by, kept.reason, kept.until_at) == ("nurse", nurse.name, "pulse rising", None)
    found = due(store, admission, now)
    assert found.at == now + timedelta(minutes=30)
    assert found.why == f"every 1 h, ordered by {nurse.name}: pulse rising"
    with inside(store) as tx:
        assert orders.interval_orders(tx, admission.id) == (kept,)
        assert protocol_line(tx, admission, now).interval_min == 240


@pytest.mark.usefixtures("moderate")
def test_it_is_in_the_audit_trail_and_sending_twice_keeps_one(
    store: Store, nurse: Clinician, admission: Admission, order: Order, now: datetime
) -> None:
    wanted = order(60)
    assert order_interval(store, nurse, wanted, now) == order_interval(store, nurse, wanted, now)
    with pytest.raises(Conflict, match="other values"):
        order_interval(store, nurse, replace(wanted, interval_min=30), now)
    end_interval(store, nurse, wanted.id, now, admission_id=admission.id)
    with inside(store) as tx:
        rows = tx.execute("SELECT verb, detail FROM audit_event WHERE verb LIKE '%interval' ORDER BY seq").fetchall()
    assert [r["verb"] for r in rows] == ["order_interval", "end_interval"]
    detail = json.loads(rows[0]["detail"])
    assert (detail["interval_min"], detail["asked_min"], detail["reason"]) == (60, 240, "vomiting")


@pytest.mark.usefixtures("moderate")
def test_a_nurse_cannot_lengthen(store: Store, nurse: Clinician, order: Order, now: datetime) -> None:
    with pytest.raises(
        NotAllowed, match="every 4 h because COWS 13 moderate. A nurse can shorten that: ask a physician"
    ):
        order_interval(store, nurse, order(480, 8), now)


@pytest.mark.usefixtures("moderate")
def test_a_physician_lengthens_until_a_time(
    store: Store, physician: Clinician, admission: Admission, order: Order, now: datetime
) -> None:
    order_interval(store, physician, order(600, 8, "let her sleep"), now)
    found = due(store, admission, now)
    assert found.at == now + timedelta(hours=8)
    assert found.why == f"every 10 h, ordered by {physician.name}: let her sleep"


@pytest.mark.usefixtures("moderate")
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"minutes": 480, "hours": None}, "needs an end"),
        ({"minutes": 480, "hours": 25}, "24 hours at most"),
        ({"minutes": 480, "hours": -1}, "ended already"),
        ({"minutes": 480, "hours": 8, "reason": "  "}, "no reason"),
        ({"minutes": 1, "hours": 8}, "between 5 min and 24 h"),
        ({"minutes": 100000, "hours": 8}, "between 5 min and 24 h"),
    ],
)
def test_what_is_refused(
    store: Store, physician: Clinician, order: Order, now: datetime, given: dict[str, object], told: str
) -> None:
    with pytest.raises(Refused, match=told):
        order_interval(store, physician, order(**given), now)


def test_a_watch_that_stands_for_a_danger_is_not_lengthened(
    store: Store, physician: Clinician, nurse: Clinician, order: Order, seen: Seen, vitals: Build, cows: Cows,
    now: datetime,
) -> None:  # fmt: skip
    answers = cows(sweating=4, gi_upset=5, tremor=4, restlessness=5, pupil_size=5, bone_joint_aches=4)
    care.record(store, nurse, seen(minutes_ago=30, vitals=vitals(), answers=answers), now, confirmed=True)
    with pytest.raises(Refused, match="stands for a danger: it is not lengthened"):
        order_interval(store, physician, order(240, 8), now)


@pytest.mark.usefixtures("moderate")
def test_an_ended_order_holds_no_more(
    store: Store, nurse: Clinician, admission: Admission, order: Order, now: datetime
) -> None:
    before = due(store, admission, now)
    kept = order_interval(store, nurse, order(60), now)
    ended = end_interval(store, nurse, kept.id, now + timedelta(minutes=5), admission_id=admission.id)
    assert ended.ended_by == nurse.name
    assert due(store, admission, now + timedelta(minutes=6)) == before
    again = end_interval(store, nurse, kept.id, now + timedelta(minutes=9), admission_id=admission.id)
    assert again.ended_at == now + timedelta(minutes=5)
    with pytest.raises(NotFound):
        end_interval(store, nurse, "nothing", now, admission_id=admission.id)


@pytest.mark.usefixtures("moderate")
def test_a_nurse_does_not_end_a_physicians_closer_watch_but_ends_a_wider_one(
    store: Store, nurse: Clinician, physician: Clinician, admission: Admission, order: Order, now: datetime
) -> None:
    closer = order_interval(store, physician, order(60, 8), now)
    wider = order_interval(store, physician, order(480, 8), now)
    with pytest.raises(Refused, match="ask a physician to end it"):
        end_interval(store, nurse, closer.id, now, admission_id=admission.id)
    assert end_interval(store, nurse, wider.id, now, admission_id=admission.id).ended_at == now


def test_who_may_and_when(
    store: Store, manager: Clinician, nurse: Clinician, admission: Admission, order: Order, now: datetime
) -> None:
    with pytest.raises(NotAllowed):
        order_interval(store, manager, order(60), now)
    care.discharge(store, nurse, admission.id, "home", now)
    with pytest.raises(Conflict, match="admission has ended"):
        order_interval(store, nurse, order(60), now)


def test_a_dose_starts_its_watch_on_the_board(
    store: Store, nurse: Clinician, admit: Callable[..., Admission], seen: Seen, vitals: Build, cows: Cows,
    now: datetime,
) -> None:  # fmt: skip
    stay = admit("Osei", bed="Bed 2", programme="bup_induction")
    entry = replace(seen(minutes_ago=30, vitals=vitals(), answers=cows(sweating=4)), admission_id=stay.id)
    care.record(store, nurse, entry, now, confirmed=True)
    dose = Dose(uuid.uuid4().hex, stay.id, None, "buprenorphine", 4.0, "given", now - timedelta(minutes=20))
    with changing(store) as tx:
        keep.dose(tx, dose, nurse, now)
    found = due(store, stay, now)
    assert (found.at, found.rule) == (now + timedelta(minutes=10), "after_first_buprenorphine")


@pytest.mark.usefixtures("moderate")
def test_not_an_order_of_another_stay(
    store: Store, nurse: Clinician, admit: Callable[..., Admission], order: Order, now: datetime
) -> None:
    kept = order_interval(store, nurse, order(60), now)
    other = admit("Osei", bed="Bed 2")
    with pytest.raises(NotFound):
        end_interval(store, nurse, kept.id, now, admission_id=other.id)
