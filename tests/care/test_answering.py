"""Putting alerts aside and passing them on: each limit of answering.toml one below, at and above."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inside import inside

from detox import care
from detox.clinical.alerts import escalation
from detox.clinical.alerts.folding import alerts_file
from detox.clinical.model import Alert, Finding, Snooze
from detox.errors import Conflict, NotFound, Refused
from detox.reports import since
from detox.store import find, orders

MINUTE = timedelta(minutes=1)
KNOWN = "known to the physician"


@pytest.fixture
def raised(store, nurse, seen, vitals, now) -> Callable[..., Alert]:
    """raised("blood_pressure", systolic_mmhg=190): the alert of that problem that the values, seen twice, open."""

    def build(problem: str, minutes_ago: float = 3, **values: object) -> Alert:
        for minutes in (minutes_ago + 7, minutes_ago):
            entry = seen(vitals=vitals(**values), minutes_ago=minutes)
            standing = care.record(store, nurse, entry, now, confirmed=True).open_alerts
        return next(a for a in standing if a.finding.problem == problem)

    return build


def aside(alert: Alert, now, minutes: float, snooze_id: str = "s", reason: str = KNOWN) -> Snooze:
    return Snooze(snooze_id, alert.id, now, now + timedelta(minutes=minutes), reason)


def finding(rule: str, problem: str, level: str, also: dict[str, str] | None = None) -> Finding:
    return Finding(rule, problem, level, "limit", "m", "r", "a", {}, "v", "s", "P", also or {})  # type: ignore[arg-type]


# --- for how long, how often, which -------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "kept"), [(239, True), (240, True), (241, False), (0, False), (1, True)])
def test_a_warning_is_put_aside_for_four_hours_at_most(store, nurse, raised, now, minutes, kept) -> None:
    alert = raised("temperature", temperature_c=37.9)
    assert alert.finding.level == "warning"
    if kept:
        care.snooze(store, nurse, aside(alert, now, minutes), now)
    else:
        with pytest.raises(Refused, match="4 h at most|has passed"):
            care.snooze(store, nurse, aside(alert, now, minutes), now)
    with inside(store) as tx:
        assert bool(orders.snoozes(tx, [alert.id])) == kept


@pytest.mark.parametrize(("minutes", "kept"), [(29, True), (30, True), (31, False)])
@pytest.mark.parametrize(
    ("problem", "values"),
    [
        ("blood_pressure", {"systolic_mmhg": 190}),
        ("pulse", {"heart_rate_per_min": 125}),
        ("temperature", {"temperature_c": 38.2}),
    ],
)
def test_a_critical_one_for_half_an_hour_at_most(store, nurse, raised, now, problem, values, minutes, kept) -> None:
    alert = raised(problem, **values)
    assert alert.finding.level == "critical"
    if kept:
        assert care.snooze(store, nurse, aside(alert, now, minutes), now).by == nurse.name
    else:
        with pytest.raises(Refused, match="30 min at most"):
            care.snooze(store, nurse, aside(alert, now, minutes), now)


def test_a_critical_one_once_only_and_a_warning_again(store, nurse, raised, now) -> None:
    red = raised("blood_pressure", systolic_mmhg=190)
    care.snooze(store, nurse, aside(red, now, 10), now)
    later = now + 20 * MINUTE
    with pytest.raises(Refused, match="once only"):
        care.snooze(store, nurse, aside(red, later, 10, "t"), later)
    amber = raised("temperature", minutes_ago=2, temperature_c=37.9)
    for number in range(3):
        care.snooze(store, nurse, aside(amber, now, 10, f"a{number}"), now)


@pytest.mark.parametrize(
    ("problem", "values"),
    [
        ("breathing", {"respiratory_rate_per_min": 9}),
        ("breathing", {"respiratory_rate_per_min": 8}),
        ("oxygen", {"spo2_percent": 91}),
        ("sedation", {"sedation": "3"}),
        ("sedation", {"sedation": "4"}),
        ("blood_pressure", {"systolic_mmhg": 89}),
        ("consciousness", {"consciousness": "C"}),
        ("storm", {"systolic_mmhg": 165, "heart_rate_per_min": 125}),
        ("early_warning", {"respiratory_rate_per_min": 26, "spo2_percent": 90, "heart_rate_per_min": 131}),
    ],
)
def test_what_kills_is_never_put_aside(store, nurse, raised, now, problem, values) -> None:
    alert = raised(problem, **values)
    with pytest.raises(Refused, match="never put aside"):
        care.snooze(store, nurse, aside(alert, now, 1), now)


@pytest.mark.parametrize(
    ("problem", "values"),
    [
        ("breathing", {"respiratory_rate_per_min": 10}),
        ("oxygen", {"spo2_percent": 92}),
        ("sedation", {"sedation": "2"}),
        ("blood_pressure", {"systolic_mmhg": 91}),
    ],
)
def test_the_warning_just_above_may_be(store, nurse, raised, now, problem, values) -> None:
    care.snooze(store, nurse, aside(raised(problem, **values), now, 1), now)


def test_another_rule_on_the_same_card_forbids_it_too() -> None:
    both = finding("systolic_high_red", "blood_pressure", "critical", {"systolic_low_red": "low"})
    assert escalation.snooze_rule(replace(both, also={})) is not None
    assert escalation.snooze_rule(both) is None
    assert escalation.snooze_rule(finding("overdue_warning", "overdue", "warning")) is None
    assert escalation.snooze_rule(finding("drift_slope", "drift", "warning")) is not None
    assert escalation.snooze_rule(finding("drift_slope", "drift", "critical")) is None
    assert escalation.snooze_rule(finding("seizure", "consciousness", "warning")) is None


def test_a_red_reading_that_waits_to_be_repeated_is_not_put_aside(store, nurse, seen, vitals, now) -> None:
    entry = seen(vitals=vitals(systolic_mmhg=190), minutes_ago=1)
    (alert,) = care.record(store, nurse, entry, now).opened
    assert alert.finding.level == "warning"
    with pytest.raises(Refused, match="never put aside: repeat it"):
        care.snooze(store, nurse, aside(alert, now, 1), now)


def test_every_name_of_the_file_stands_in_the_alert_rules() -> None:
    file = escalation.answering_file()
    ids, problems = [r.id for r in alerts_file().rules], {r.problem for r in alerts_file().rules}
    for start in file.never_snoozed.rules:
        assert any(one.startswith(start) for one in ids), start
    named = {p for row in file.snooze for p in row.problems} | {*file.never_snoozed.problems}
    assert named - {"overdue"} <= problems


def test_it_needs_a_reason_an_open_alert_and_an_alert(store, nurse, raised, seen, vitals, now) -> None:
    alert = raised("temperature", minutes_ago=30, temperature_c=37.9)
    with pytest.raises(Refused, match="why this can wait"):
        care.snooze(store, nurse, aside(alert, now, 10, reason=" \u200b "), now)
    with pytest.raises(NotFound):
        care.snooze(store, nurse, replace(aside(alert, now, 10), alert_id="none"), now)
    for minutes in (20, 10):
        care.record(store, nurse, seen(vitals=vitals(), minutes_ago=minutes), now)
    with pytest.raises(Conflict, match="already ended"):
        care.snooze(store, nurse, aside(alert, now, 10), now)


def test_a_double_tap_keeps_one(store, nurse, physician, raised, now) -> None:
    alert = raised("blood_pressure", systolic_mmhg=190)
    first = care.snooze(store, nurse, aside(alert, now, 10), now)
    second = care.snooze(store, nurse, aside(alert, now + MINUTE, 20), now + MINUTE)
    assert second == first
    with inside(store) as tx:
        assert orders.snoozes(tx, [alert.id]) == {alert.id: (first,)}
        told = tx.execute("SELECT detail FROM audit_event WHERE verb = 'snooze'").fetchall()
    assert [json.loads(row["detail"])["reason"] for row in told] == [KNOWN]


# --- how it stands ------------------------------------------------------------------------------------------------


def test_it_comes_back_when_the_time_is_over(store, nurse, raised, now) -> None:
    alert = raised("blood_pressure", systolic_mmhg=190)
    care.acknowledge(store, nurse, alert.id, "told the physician", now)
    care.snooze(store, nurse, aside(alert, now, 30), now)

    def stands(at):
        with inside(store) as tx:
            return since.standings(tx, find.open_alerts(tx, alert.admission_id), at, ())[alert.id]

    assert stands(now + 30 * MINUTE - timedelta(seconds=1)).state == "aside"
    back = stands(now + 30 * MINUTE)
    assert (back.state, back.came_back, back.with_whom) == ("unanswered", True, "")
    assert stands(now + 40 * MINUTE).with_whom == "charge nurse"
    care.acknowledge(store, nurse, alert.id, "again", now + 41 * MINUTE)
    assert stands(now + 50 * MINUTE).state == "answered"


def test_an_escalated_alert_is_not_put_aside_with_the_milder_one(store, nurse, raised, now) -> None:
    milder = raised("temperature", minutes_ago=20, temperature_c=37.9)
    care.snooze(store, nurse, aside(milder, now, 60), now)
    worse = raised("temperature", minutes_ago=1, temperature_c=38.2)
    with inside(store) as tx:
        standing = since.standings(tx, find.open_alerts(tx, worse.admission_id), now, ())
    assert standing[worse.id].state == "unanswered"


def test_acknowledging_keeps_when_the_next_set_is_due(store, nurse, raised, now) -> None:
    alert = raised("blood_pressure", systolic_mmhg=190)
    care.acknowledge(store, nurse, alert.id, "called", now)
    with inside(store) as tx:
        row = tx.execute("SELECT detail FROM audit_event WHERE verb = 'acknowledge'").fetchone()
    due = datetime.fromisoformat(json.loads(row["detail"])["next_due"])
    assert now < due <= now + 15 * MINUTE


# --- with whom it is by now ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "whom"),
    [(0, ""), (4.99, ""), (5, "nurse"), (9.99, "nurse"), (10, "charge nurse"), (14.99, "charge nurse"),
     (15, "physician"), (600, "physician")],
)  # fmt: skip
def test_the_stages_as_proposed(minutes, whom) -> None:
    assert escalation.stage(timedelta(minutes=minutes)) == whom


rising = st.lists(st.integers(1, 60), min_size=3, max_size=3, unique=True).map(sorted)


@given(rising, st.floats(0, 200), st.floats(0, 200))
def test_the_stage_never_goes_down_while_nobody_answers(minutes, earlier, more) -> None:
    order = ["", *(one.who for one in escalation.answering_file().escalation.stages)]
    first = escalation.stage(timedelta(minutes=earlier), minutes)
    then = escalation.stage(timedelta(minutes=earlier + more), minutes)
    assert order.index(first) <= order.index(then)


def test_only_a_critical_alert_is_passed_on(now) -> None:
    kept = now - 60 * MINUTE
    for level, whom in (("critical", "physician"), ("warning", "")):
        alert = Alert("a", "s", None, finding("x", "pulse", level), kept, recorded_at=kept)
        assert escalation.standing(alert, (), now).with_whom == whom


def test_an_alert_entered_late_waits_since_it_was_kept(now) -> None:
    alert = Alert("a", "s", None, finding("x", "pulse", "critical"), now - 60 * MINUTE, recorded_at=now - 6 * MINUTE)
    assert escalation.standing(alert, (), now).with_whom == "nurse"


@pytest.mark.parametrize(
    ("minutes", "kept"),
    [((1, 2, 3), True), ((58, 59, 60), True), ((59, 60, 61), False), ((0, 2, 3), False), ((5, 5, 10), False),
     ((10, 5, 15), False), ((5, 10), False), ((5, 10, 15, 20), False)],
)  # fmt: skip
def test_a_ward_sets_its_own_minutes(store, ward, manager, now, minutes, kept) -> None:
    if not kept:
        with pytest.raises(Refused):
            care.set_escalation(store, manager, ward.id, minutes, now)
    else:
        for _ in range(2):
            care.set_escalation(store, manager, ward.id, minutes, now)
    with inside(store) as tx:
        assert since.escalation_minutes(tx, ward.id) == (minutes if kept else (5, 10, 15))
        rows = tx.execute("SELECT count(*) FROM audit_event WHERE verb = 'set_escalation'").fetchone()[0]
    assert rows == (1 if kept else 0)


def test_the_ward_minutes_count(store, ward, manager, raised, now) -> None:
    care.set_escalation(store, manager, ward.id, (2, 3, 60), now)
    alert = raised("pulse", heart_rate_per_min=125)
    with inside(store) as tx:
        minutes = since.escalation_minutes(tx, ward.id)
        standing = since.standings(tx, [find.alert(tx, alert.id)], now + 3 * MINUTE, minutes)
    assert standing[alert.id].with_whom == "charge nurse"


def test_other_words_under_one_key_are_refused_and_not_dropped(store, nurse, raised, now) -> None:
    first = raised("blood_pressure", systolic_mmhg=190)
    second = raised("temperature", minutes_ago=1, systolic_mmhg=190, temperature_c=38.9)
    care.acknowledge(store, nurse, first.id, "oxygen, seen", now, ack_id="k")
    for alert, words in ((first, "physician called"), (second, "oxygen, seen")):
        with pytest.raises(Conflict, match="not these words"):
            care.acknowledge(store, nurse, alert.id, words, now, ack_id="k")
    care.answer_danger(store, nurse, first.admission_id, "breathing", "seen", now, answer_id="w")
    for problem, words in (("breathing", "physician called"), ("pulse", "seen")):
        with pytest.raises(Conflict, match="not these words"):
            care.answer_danger(store, nurse, first.admission_id, problem, words, now, answer_id="w")
    assert care.answer_danger(store, nurse, first.admission_id, "breathing", "seen", now, answer_id="w").id == "w"
    with inside(store) as tx:
        assert [a.done for a in find.answers(tx, first.admission_id)] == ["oxygen, seen", "seen"]
