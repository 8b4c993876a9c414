"""One card a patient: board, inbox and dose word of a further critical problem beside a call that was answered."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.chart.judge import judge
from detox.clinical.alerts.escalation import quiet_time
from detox.clinical.model import HistoryAnswer, Observation
from detox.reports.board import tile
from detox.reports.inbox import inbox
from detox.store.context import read_context
from detox.ui.tiles import danger_html

MINUTE = timedelta(minutes=1)


@pytest.fixture
def seen(store, nurse, vitals, now, admit):
    """seen(30, systolic_mmhg=190): an admission, and sets of those values recorded so many minutes ago."""
    admission = admit("Cedar")

    def record(minutes_ago, **values):
        at = now - minutes_ago * MINUTE
        entry = Observation(uuid.uuid4().hex, admission.id, at, vitals(**values))
        return care.record(store, nurse, entry, at, confirmed=True).open_alerts

    return admission, record


@pytest.fixture
def answered_pressure(store, nurse, now, seen):
    """A red pressure of 50 minutes ago that was answered 40 minutes ago, and a fever charted since."""
    admission, record = seen
    record(57, systolic_mmhg=190)
    (pressure,) = record(50, systolic_mmhg=190)
    care.acknowledge(store, nurse, pressure.id, "physician called, comes", now - 40 * MINUTE)
    record(20, systolic_mmhg=190, temperature_c=38.6)
    alerts = record(10, systolic_mmhg=190, temperature_c=38.6)
    fever = next(a for a in alerts if a.finding.problem == "temperature")
    assert fever.finding.level == "critical"
    return admission, record, fever


def looked_at(store, ward, admission, moment):
    with inside(store) as tx:
        seen = tile(tx, admission, None, moment)
        return seen, inbox(tx, ward.id, moment), judge(read_context(tx, admission, moment))


def test_it_is_told_on_the_card_and_calls_nobody_anew(store, ward, now, answered_pressure) -> None:
    admission, _, fever = answered_pressure
    card, waiting, _ = looked_at(store, ward, admission, now)
    assert card.standing[fever.id].state == "told"
    assert card.rank == "critical_answered"
    assert fever.id in [a.id for a in card.unanswered]
    assert fever.id in [e.alert.id for e in waiting.told]
    assert fever.id not in [e.alert.id for e in waiting.critical]


def test_for_the_doses_it_means_what_it_always_means(store, ward, now, answered_pressure) -> None:
    admission, _, fever = answered_pressure
    _, _, found = looked_at(store, ward, admission, now)
    danger = next(d for d in found.dangers if d.alert_id == fever.id)
    assert danger.answered is None
    assert found.dose("methadone").may_give != "yes"


def test_after_the_quiet_time_it_waits_like_any_other(store, ward, now, answered_pressure) -> None:
    admission, _, fever = answered_pressure
    until = now - 50 * MINUTE + quiet_time()
    card, _, _ = looked_at(store, ward, admission, until - MINUTE)
    assert card.standing[fever.id].state == "told"
    card, waiting, _ = looked_at(store, ward, admission, until)
    assert card.standing[fever.id].state == "unanswered"
    assert card.rank == "critical"
    assert fever.id in [e.alert.id for e in waiting.critical]


def test_slow_breathing_calls_at_once_all_the_same(store, ward, now, answered_pressure) -> None:
    admission, record, _ = answered_pressure
    alerts = record(1, systolic_mmhg=190, temperature_c=38.6, respiratory_rate_per_min=8)
    breathing = next(a for a in alerts if a.finding.problem == "breathing")
    card, waiting, _ = looked_at(store, ward, admission, now)
    assert card.rank == "critical"
    assert card.standing[breathing.id].state == "unanswered"
    assert waiting.critical[0].alert.id == breathing.id


def test_beside_a_call_that_nobody_has_answered_everything_waits(store, ward, now, seen) -> None:
    admission, record = seen
    record(57, systolic_mmhg=190)
    record(50, systolic_mmhg=190)
    record(20, systolic_mmhg=190, temperature_c=38.6)
    record(10, systolic_mmhg=190, temperature_c=38.6)
    card, _, _ = looked_at(store, ward, admission, now)
    critical = [a for a in card.alerts if a.finding.level == "critical"]
    assert len(critical) > 1
    assert {card.standing[a.id].state for a in critical} == {"unanswered"}


def test_a_danger_without_a_moment_counts_no_minutes(store, ward, now, answered_pressure) -> None:
    """A condition that holds since nobody knows when is unanswered, and not "unanswered 0 min" after each set."""
    admission, _, fever = answered_pressure
    _, _, found = looked_at(store, ward, admission, now)
    danger = next(d for d in found.dangers if d.alert_id == fever.id)
    assert "unanswered 10 min" in danger_html(danger, now)
    assert "<b>unanswered</b>" in danger_html(replace(danger, timed=False), now)


def test_a_rule_on_a_condition_has_no_moment(admit, store, nurse, vitals, now) -> None:
    admission = admit("Birch")
    care.state(store, nurse, HistoryAnswer("f", admission.id, "sedatives", "alcohol", "", now), now)
    shaking = {"cows": {"tremor": 2}}
    care.record(store, nurse, Observation("s", admission.id, now, vitals(), answers=shaking), now, confirmed=True)
    with inside(store) as tx:
        found = judge(read_context(tx, admission, now))
    (dependence,) = [d for d in found.dangers if d.rule == "A07"]
    assert not dependence.timed
