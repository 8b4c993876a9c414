"""What waits for a physician, in its order: lethal first, then by age; what was put aside; overdue sets."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Admission, Alert, Decision, HistoryAnswer, Observation, PatientLimit, Snooze
from detox.reports import board, suggesting
from detox.reports.inbox import Inbox, inbox
from detox.store import find

MINUTE = timedelta(minutes=1)


@pytest.fixture
def read(store, ward, now) -> Callable[..., Inbox]:
    def at(moment=now) -> Inbox:
        with inside(store) as tx:
            return inbox(tx, ward.id, moment)

    return at


@pytest.fixture
def seen_of(store, nurse, vitals, now) -> Callable[..., tuple[Alert, ...]]:
    """seen_of(stay, minutes_ago=5, systolic_mmhg=190): the alerts of those values, seen twice and kept at once."""

    def record(admission: Admission, minutes_ago: float = 0, **values: object) -> tuple[Alert, ...]:
        for minutes in (minutes_ago + 7, minutes_ago):
            at = now - minutes * MINUTE
            entry = Observation(uuid.uuid4().hex, admission.id, at, vitals(**values))
            kept = care.record(store, nurse, entry, at, confirmed=True)
        return kept.open_alerts

    return record


def test_an_empty_ward_has_an_empty_inbox(read) -> None:
    assert read().empty


def test_a_settled_patient_does_not_stand_in_it(read, admit, seen_of) -> None:
    seen_of(admit("Calm"))
    assert read().empty


def test_critical_ones_by_risk_and_age_with_their_stage(read, admit, seen_of) -> None:
    pressure, pulse, breathing = (admit(name) for name in ("Pressure", "Pulse", "Breathing"))
    seen_of(pressure, 12, systolic_mmhg=190)
    seen_of(pulse, 16, heart_rate_per_min=125, systolic_mmhg=155)
    seen_of(breathing, 2, respiratory_rate_per_min=9)
    found = [
        (e.admission.patient.family_name, e.standing.with_whom)
        for e in read().critical
        if e.alert.finding.problem in ("blood_pressure", "pulse", "breathing")
    ]
    assert found == [("Breathing", "nurse"), ("Pulse", "physician"), ("Pressure", "charge nurse")]


def test_answered_ones_leave_it_and_warnings_stand_apart(read, store, nurse, admit, seen_of, now) -> None:
    red, amber = admit("Red"), admit("Amber")
    (alert,) = seen_of(red, 3, systolic_mmhg=190)
    seen_of(amber, 3, temperature_c=37.9)
    assert [e.admission.id for e in read().warning] == [amber.id]
    care.acknowledge(store, nurse, alert.id, "called", now)
    assert read().critical == ()


def test_what_is_put_aside_stands_apart_and_comes_back(read, store, nurse, admit, seen_of, now) -> None:
    admission = admit("Red")
    (alert,) = seen_of(admission, 3, systolic_mmhg=190)
    care.snooze(store, nurse, Snooze("s", alert.id, now, now + 10 * MINUTE, "known"), now)
    assert [e.alert.id for e in read().aside] == [alert.id]
    assert read().critical == ()
    assert not read().empty
    later = read(now + 10 * MINUTE)
    assert [e.standing.came_back for e in later.critical] == [True]
    assert later.aside == ()


def test_overdue_sets_the_worst_and_longest_first_until_answered(read, store, nurse, admit, now) -> None:
    long_ago, lately = admit("Long", days_ago=2), admit("Lately", days_ago=1)
    assert [one.admission.id for one in read().overdue] == [long_ago.id, lately.id]
    care.acknowledge_overdue(store, nurse, long_ago.id, "on my way", now)
    assert [one.admission.id for one in read().overdue] == [lately.id]


def test_who_has_left_is_not_in_it(read, store, nurse, admit, seen_of, now) -> None:
    admission = admit("Gone")
    seen_of(admission, 3, systolic_mmhg=190)
    care.discharge(store, nurse, admission.id, "to hospital", now)
    assert read().empty


def test_the_board_sorts_what_is_put_aside_below_and_ranks_it_as_answered(
    store, ward, nurse, physician, admit, seen_of, now
) -> None:
    admission = admit("Red")
    seen_of(admission, 9, systolic_mmhg=190)
    seen_of(admission, 3, systolic_mmhg=190, heart_rate_per_min=125)
    limit = PatientLimit("l", admission.id, "heart_rate_per_min", "high", 110, 130, "known", now, now + 60 * MINUTE)
    with inside(store) as tx:
        before = next(t for t in board.board(tx, ward.id, now).tiles if t.admission)
    first = next(a for a in before.alerts if a.finding.problem == "blood_pressure")
    care.snooze(store, nurse, Snooze("s", first.id, now, now + 10 * MINUTE, "known"), now)
    for number, alert in enumerate(a for a in before.alerts if a.id != first.id):
        care.acknowledge(store, nurse, alert.id, "called", now, ack_id=str(number))
    care.set_limit(store, physician, limit, now - 0 * MINUTE)
    with inside(store) as tx:
        tile = next(t for t in board.board(tx, ward.id, now).tiles if t.admission)
        later = next(t for t in board.board(tx, ward.id, now + 10 * MINUTE).tiles if t.admission)
    reds = [a for a in tile.alerts if a.finding.level == "critical"]
    assert reds[-1].id == first.id
    assert (tile.rank, later.rank) == ("critical_answered", "critical")
    assert later.unanswered_since == now + 10 * MINUTE
    assert [one.id for one in tile.limits["heart_rate_per_min"]] == ["l"]


# --- suggestions -----------------------------------------------------------------------------------------------------


def decline(store, physician, admission, now):
    with inside(store) as tx:
        shown = suggesting.current(tx, admission, now).as_dict(now)
        basis = find.basis_of(tx, admission.id)
    made = Decision(uuid.uuid4().hex, admission.id, "declined", "DECLINED", "seen at the bed", now, "", shown)
    return care.decide(store, physician, made, None, basis, now)


def test_suggestions_stand_by_risk_and_then_by_age(read, admit, seen_of) -> None:
    for name, minutes, values in (
        ("Calm", 30, {}), ("Fever", 5, {"temperature_c": 38.4}), ("Sedated", 20, {"sedation": "4"}),
    ):  # fmt: skip
        seen_of(admit(name), minutes, **values)
    found = [(a.admission.patient.family_name, a.suggestion.suggestion_class) for a in read().asked]
    assert found == [("Sedated", "HOLD_CALL"), ("Fever", "HOLD_CALL")]
    assert [a.admission.patient.family_name for a in read().silent] == ["Calm"], "no plan and no COWS is not stable"


def test_a_decision_settles_it_until_something_is_kept(read, admit, seen_of, store, physician, now) -> None:
    admission = admit("Fever")
    seen_of(admission, 5, temperature_c=38.4)
    decline(store, physician, admission, now)
    assert read().asked == ()
    seen_of(admission, 0, temperature_c=38.6)
    assert [a.since for a in read().asked] == [now]


def test_a_correction_after_a_decision_brings_it_back_as_withdrawn(
    read, admit, seen_of, store, nurse, physician, vitals, now
) -> None:
    admission = admit("Novak")
    seen_of(admission, 5, temperature_c=38.4)
    with inside(store) as tx:
        shown = suggesting.current(tx, admission, now).as_dict(now)
        basis = find.basis_of(tx, admission.id)
        wrong = find.last_observations(tx, admission.id, 1)[-1]
    made = Decision(uuid.uuid4().hex, admission.id, "accepted", str(shown["class"]), "", now, "", shown)
    care.decide(store, physician, made, None, basis, now)
    right = replace(wrong, id=uuid.uuid4().hex, vitals=vitals(temperature_c=36.9))
    later = now + MINUTE
    care.amend(store, nurse, wrong.id, right, "typed wrong", later, confirmed=True)
    (back,) = read(later).asked
    assert back.withdrawn
    assert "B07" in back.suggestion.rules


def test_a_danger_that_the_decision_was_not_shown_waits_though_nothing_was_charted(
    read, admit, seen_of, store, nurse, physician, now
) -> None:
    admission = admit("Fever")
    seen_of(admission, 5, temperature_c=38.4)
    decline(store, physician, admission, now)
    assert read().asked == ()
    care.state(store, nurse, HistoryAnswer("f", admission.id, "conditions", "wants to die", "", now), now + MINUTE)
    (back,) = read(now + MINUTE).asked
    assert "A10" in back.suggestion.rules


def test_a_correction_of_an_older_set_is_told_too(read, admit, seen_of, store, nurse, physician, vitals, now) -> None:
    admission = admit("Novak")
    seen_of(admission, 5, temperature_c=38.4)
    with inside(store) as tx:
        shown = suggesting.current(tx, admission, now).as_dict(now)
        basis = find.basis_of(tx, admission.id)
        older = find.last_observations(tx, admission.id, 2)[0]
    made = Decision(uuid.uuid4().hex, admission.id, "accepted", str(shown["class"]), "", now, "", shown)
    care.decide(store, physician, made, None, basis, now)
    right = replace(older, id=uuid.uuid4().hex, vitals=vitals(temperature_c=38.2))
    care.amend(store, nurse, older.id, right, "typed wrong", now + MINUTE, confirmed=True)
    (back,) = read(now + MINUTE).asked
    assert back.withdrawn
