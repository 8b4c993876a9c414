"""Answering alerts: it silences, is kept, and ends nothing; only data do."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Admission, Clinician, Observation, Vitals
from detox.errors import Conflict, NotFound, Refused
from detox.store import Store, find

Seen = Callable[..., Observation]
Build = Callable[..., Vitals]


def high(seen: Seen, vitals: Build, minutes: float, systolic: int = 190) -> Observation:
    return seen(vitals=vitals(systolic_mmhg=systolic), minutes_ago=minutes)


def test_acknowledging_silences_and_does_not_clear(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    opened = care.record(store, nurse, high(seen, vitals, 30), now).opened[0]
    answered = care.acknowledge(store, nurse, opened.id, "  physician   called ", now)
    assert (answered.state, answered.acknowledged_by, answered.what_was_done) == (
        "acknowledged", nurse.name, "physician called",
    )  # fmt: skip
    with inside(store) as tx:
        assert [a.state for a in find.open_alerts(tx, opened.admission_id)] == ["acknowledged"]


def test_only_enough_readings_inside_the_clear_limit_end_it(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    care.record(store, nurse, high(seen, vitals, 65), now)
    opened = care.record(store, nurse, high(seen, vitals, 60), now).opened[0]
    assert opened.finding.level == "critical"
    for minutes, systolic, still in ((50, 172, True), (40, 170, True), (30, 171, True), (20, 150, True)):
        recorded = care.record(store, nurse, high(seen, vitals, minutes, systolic), now)
        assert (opened.id in {a.id for a in recorded.open_alerts}) == still, minutes
    last = care.record(store, nurse, high(seen, vitals, 10, 150), now)
    assert opened.id in {a.id for a in last.resolved}
    with inside(store) as tx:
        ended = find.alert(tx, opened.id)
    assert (ended.state, ended.resolution, ended.resolved_by) == ("resolved", "data", last.observation.id)


def test_one_problem_has_one_card_and_a_worse_rule_takes_it_over(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    for minutes, temperature in ((30, 37.9), (20, 38.1), (15, 38.1), (10, 38.6)):
        entry = seen(vitals=vitals(temperature_c=temperature), minutes_ago=minutes)
        recorded = care.record(store, nurse, entry, now)
        standing = [a for a in recorded.open_alerts if a.finding.problem == "temperature"]
        assert len(standing) == 1
    assert standing[0].finding.rule == "temperature_high_emergency"
    with inside(store) as tx:
        every = [a for a in find.alerts(tx, standing[0].admission_id) if a.finding.problem == "temperature"]
    assert sorted(a.resolution for a in every) == ["", "escalated", "escalated", "escalated"]
    assert [a.finding.level for a in every] == ["critical", "critical", "warning", "warning"]


def test_an_escalated_alert_has_to_be_answered_anew(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    first = care.record(store, nurse, seen(vitals=vitals(temperature_c=37.9), minutes_ago=30), now).opened[0]
    care.acknowledge(store, nurse, first.id, "will look again", now)
    worse = care.record(store, nurse, seen(vitals=vitals(temperature_c=38.6)), now)
    assert {a.state for a in worse.open_alerts} == {"open"}


def test_an_answer_needs_words(store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime) -> None:
    opened = care.record(store, nurse, high(seen, vitals, 0), now).opened[0]
    for words in ("", "   ", "\u200b\n"):
        with pytest.raises(Refused, match="Say in a few words"):
            care.acknowledge(store, nurse, opened.id, words, now)


def test_a_double_tap_answers_once_and_a_second_person_may_add(
    store: Store, nurse: Clinician, physician: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    opened = care.record(store, nurse, high(seen, vitals, 0), now).opened[0]
    for _ in range(2):
        care.acknowledge(store, nurse, opened.id, "called", now, ack_id="tap")
    care.acknowledge(store, physician, opened.id, "seen, ECG", now + timedelta(minutes=5))
    with inside(store) as tx:
        answers = find.acknowledgements(tx, opened.id)
    assert [(who, words) for _, who, words in answers] == [(nurse.name, "called"), (physician.name, "seen, ECG")]


def test_what_the_data_ended_cannot_be_answered(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    opened = care.record(store, nurse, high(seen, vitals, 30), now).opened[0]
    for minutes in (20, 10):
        care.record(store, nurse, high(seen, vitals, minutes, 150), now)
    with pytest.raises(Conflict, match="already ended"):
        care.acknowledge(store, nurse, opened.id, "called", now)
    with pytest.raises(NotFound, match="no such alert"):
        care.acknowledge(store, nurse, "nothing", "called", now)


def test_a_discharge_ends_what_is_open_and_says_so(
    store: Store, nurse: Clinician, admission: Admission, seen: Seen, vitals: Build, now: datetime
) -> None:
    opened = care.record(store, nurse, high(seen, vitals, 0), now).opened[0]
    care.discharge(store, nurse, admission.id, "to hospital", now)
    with inside(store) as tx:
        assert find.alert(tx, opened.id).resolution == "discharged"
        assert find.open_alerts(tx, admission.id) == []


def test_an_alert_is_kept_as_it_was_said(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    opened = care.record(store, nurse, high(seen, vitals, 0), now).opened[0]
    with inside(store) as tx:
        assert find.alert(tx, opened.id) == opened
    assert opened.finding.values == {"systolic_mmhg": 190, "confirm_min": 5}
    assert opened.finding.protocol_version
    assert opened.finding.source


def test_a_late_set_and_a_correction_leave_nothing_open_that_the_data_end(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    """The alert was opened by a set that was wrong; a late one stands for it. Both readings after that are clear."""
    wrong = seen(vitals=vitals(sedation="3"), minutes_ago=30)
    opened = care.record(store, nurse, wrong, now).opened
    assert "sedation_red" in {a.finding.rule for a in opened}
    care.record(store, nurse, seen(vitals=vitals(sedation="3"), minutes_ago=40), now)
    right = seen(vitals=vitals(sedation="1"), minutes_ago=30)
    amended = care.amend(store, nurse, wrong.id, right, "typed wrong", now)
    assert "sedation_red" in {a.finding.rule for a in amended.open_alerts}
    last = care.record(store, nurse, seen(vitals=vitals(sedation="1"), minutes_ago=10), now)
    assert "sedation_red" in {a.finding.rule for a in last.resolved}
    assert "sedation" not in {a.finding.problem for a in last.open_alerts}
