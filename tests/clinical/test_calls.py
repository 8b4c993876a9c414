"""Which critical alerts call somebody anew: one card a patient, the lethal class always, the quiet time at most."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical.alerts.calls import calls_of
from detox.clinical.alerts.escalation import answering_file, never_quiet, standing
from detox.clinical.model import Alert, Finding

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
QUIET = timedelta(hours=answering_file().calls.quiet_h)
AGAIN = timedelta(minutes=answering_file().calls.again_min)
MINUTE = timedelta(minutes=1)
PRESSURE, PULSE, FEVER = "systolic_high_red", "pulse_high_red", "temperature_high_red"
BREATHING = "breathing_low_red"
PROBLEMS = {
    PRESSURE: "blood_pressure", PULSE: "pulse", FEVER: "temperature", BREATHING: "breathing",
    "breathing_low_emergency": "breathing", "sedation_red": "sedation", "systolic_low_red": "blood_pressure",
}  # fmt: skip


def alert(rule, minutes, *, answered=None, ended=None, level="critical", kind="limit"):
    """An alert kept so many minutes after NOW, answered and ended so many minutes after NOW."""
    at = NOW + minutes * MINUTE
    finding = Finding(
        rule, PROBLEMS[rule], level, kind, rule, "", "", {}, protocol_version="1", source="", evidence="P"
    )
    made = Alert(f"{rule}{minutes}", "a", "o", finding, at, recorded_at=at)
    made = replace(made, acknowledged_at=None if answered is None else NOW + answered * MINUTE)
    return replace(made, resolved_at=None if ended is None else NOW + ended * MINUTE)


def interrupts(*alerts):
    return [call.interrupts for call in calls_of(alerts)]


def state(one, *alerts, minutes):
    quiet = {call.alert_id: call.quiet_until for call in calls_of(alerts)}
    return standing(one, (), NOW + minutes * MINUTE, quiet_until=quiet[one.id]).state


def test_the_first_calls_and_a_further_problem_is_told_on_the_card():
    assert interrupts(alert(PRESSURE, 0), alert(PULSE, 30)) == [True, False]


def test_a_new_problem_of_the_lethal_class_always_calls():
    assert interrupts(alert(PRESSURE, 0), alert(BREATHING, 1), alert(PULSE, 2), alert("sedation_red", 3)) == [
        True, True, False, True,
    ]  # fmt: skip


def test_a_lethal_problem_that_is_back_within_the_hour_is_no_new_call_but_waits():
    first, again = alert(BREATHING, 0, answered=2, ended=30), alert(BREATHING, 60)
    assert interrupts(first, again) == [True, False]
    assert state(again, first, again, minutes=61) == "unanswered"


def test_a_lethal_problem_that_is_worse_than_it_was_calls():
    assert interrupts(alert(BREATHING, 0, answered=2), alert("breathing_low_emergency", 10)) == [True, True]
    assert interrupts(alert("breathing_low_emergency", 0, answered=2), alert(BREATHING, 10)) == [True, False]


@pytest.mark.parametrize(("minutes", "calls"), [(239, False), (240, True), (241, True)])
def test_after_the_quiet_time_it_calls_anew(minutes, calls):
    assert interrupts(alert(PRESSURE, 0), alert(PULSE, minutes)) == [True, calls]


@pytest.mark.parametrize(("minutes", "calls"), [(89, False), (90, False), (91, True)])
def test_what_ended_an_hour_ago_has_left_the_card(minutes, calls):
    assert interrupts(alert(PRESSURE, 0, ended=30), alert(PRESSURE, minutes)) == [True, calls]


def test_warnings_and_overdue_sets_call_nobody_here():
    assert interrupts(alert(PRESSURE, 0, level="warning"), alert(PULSE, 5, kind="silence")) == []


def test_it_waits_for_an_answer_of_its_own_unless_the_card_was_answered():
    first, second = alert(PRESSURE, 0), alert(PULSE, 30)
    assert state(second, first, second, minutes=31) == "unanswered"
    first = alert(PRESSURE, 0, answered=31)  # the answer came after the second problem, and did not see it
    assert state(second, first, second, minutes=32) == "unanswered"
    first = alert(PRESSURE, 0, answered=29)
    assert [state(second, first, second, minutes=m) for m in (31, 239, 240)] == ["told", "told", "unanswered"]


def test_its_wait_goes_up_the_cascade_from_the_end_of_the_quiet_time():
    first, second = alert(PRESSURE, 0, answered=5), alert(PULSE, 30)
    until = calls_of([first, second])[1].quiet_until
    assert until == NOW + QUIET
    found = standing(second, (), until + 15 * MINUTE, quiet_until=until)
    assert (found.state, found.since, found.with_whom) == ("unanswered", until, "physician")


ALERTS = st.lists(
    st.builds(
        lambda rule, at, answered, ended: alert(
            rule, at, answered=None if answered is None else at + answered, ended=None if ended is None else at + ended
        ),
        st.sampled_from(sorted(PROBLEMS)), st.integers(0, 900), st.none() | st.integers(0, 300),
        st.none() | st.integers(0, 600),
    ),
    min_size=1, max_size=8, unique_by=lambda a: a.id,
)  # fmt: skip


@given(ALERTS)
def test_nothing_is_quiet_but_beside_an_answered_call_and_no_longer_than_the_quiet_time(alerts):
    by_id = {a.id: a for a in alerts}
    found = calls_of(alerts)
    for number, call in enumerate(found):
        if call.quiet_until is None:
            continue
        before = [one for one in found[:number] if one.interrupts]
        assert before
        assert before[-1].at + QUIET == call.quiet_until > call.at
        assert not never_quiet(by_id[call.alert_id].finding)
        beside = [by_id[one.alert_id] for one in found[:number]]
        here = [a for a in beside if a.resolved_at is None or call.at - a.resolved_at <= AGAIN]
        assert here
        assert all(a.acknowledged_at is not None and a.acknowledged_at <= call.at for a in here)


@given(ALERTS)
def test_the_first_and_every_new_lethal_one_calls(alerts):
    by_id = {a.id: a for a in alerts}
    found = calls_of(alerts)
    assert len(found) == len(alerts)
    assert found[0].interrupts
    for call in found:
        own = by_id[call.alert_id].finding
        assert not (never_quiet(own) and call.quiet_until)
        beside = [a for a in alerts if a.finding.problem == own.problem and a.id != call.alert_id]
        assert call.interrupts or not never_quiet(own) or beside


@given(ALERTS, st.integers(0, 1500))
def test_an_answer_that_is_taken_away_makes_nothing_quieter(alerts, minutes):
    now = NOW + minutes * MINUTE
    left = [replace(a, acknowledged_at=None) for a in alerts]
    for with_answers, without in zip(calls_of(alerts), calls_of(left), strict=True):
        assert without.is_quiet(now) <= with_answers.is_quiet(now)
