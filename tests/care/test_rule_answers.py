"""A danger rule that has no time of its own (pregnancy, a result) can be answered, until something newer is charted."""

import uuid
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.chart.judge import judge
from detox.clinical.model import HistoryAnswer, Observation
from detox.store import find
from detox.store.context import read_context

MINUTE = timedelta(minutes=1)


@pytest.fixture
def pregnant(store, nurse, admission, vitals, now):
    at = now - 20 * MINUTE
    care.state(store, nurse, HistoryAnswer("f", admission.id, "pregnancy", "positive", "", at), at)

    def danger(at):
        with inside(store) as tx:
            found = judge(read_context(tx, find.admission(tx, admission.id), at)).dangers
        return next(d for d in found if d.rule == "A13")

    def take(at):
        care.record(store, nurse, Observation(uuid.uuid4().hex, admission.id, at, vitals()), at, confirmed=True)

    take(now - 10 * MINUTE)
    return danger, take


def test_a_physicians_order_counts_until_the_next_set(store, physician, admission, pregnant, now) -> None:
    danger, take = pregnant
    assert danger(now).answered is None
    care.answer_danger(store, physician, admission.id, "pregnancy", "obstetrics called", now, giving="as_ordered")
    assert danger(now).ordered
    assert danger(now + 5 * MINUTE).ordered
    take(now + 5 * MINUTE)
    assert not danger(now + 6 * MINUTE).ordered


def test_a_nurses_answer_is_no_order(store, nurse, admission, pregnant, now) -> None:
    danger, _ = pregnant
    care.answer_danger(store, nurse, admission.id, "pregnancy", "told Dr Test", now)
    made = danger(now)
    assert made.answered is not None
    assert made.answered.by.id == nurse.id
    assert not made.ordered


def test_an_answer_before_the_newest_set_is_none(store, physician, admission, pregnant, now) -> None:
    danger, take = pregnant
    at = now - 5 * MINUTE
    care.answer_danger(store, physician, admission.id, "pregnancy", "obstetrics called", at, giving="as_ordered")
    take(now)
    assert danger(now).answered is None


def test_what_is_over_and_unanswered_says_so(store, nurse, physician, admission, vitals, now) -> None:
    for minutes, degrees in ((60, 38.4), (30, 36.8), (10, 36.8)):
        at = now - minutes * MINUTE
        hot = Observation(uuid.uuid4().hex, admission.id, at, vitals(temperature_c=degrees))
        care.record(store, nurse, hot, at, confirmed=True)

    def fevers():
        with inside(store) as tx:
            found = judge(read_context(tx, find.admission(tx, admission.id), now)).dangers
        return [d for d in found if d.problem == "temperature"]

    (fever,) = fevers()
    assert fever.state == "past"
    assert fever.message.startswith("Was temp 38.4")
    assert fever.how == "a physician answers it"
    care.answer_danger(store, physician, admission.id, "temperature", "seen, a cold", now)
    assert fevers() == []


def test_an_answer_to_a_red_reading_counts_after_its_alert_has_ended(
    store, physician, nurse, admission, vitals, now
) -> None:
    for minutes, degrees in ((60, 38.4), (30, 36.8), (10, 36.8)):
        at = now - minutes * MINUTE
        hot = Observation(uuid.uuid4().hex, admission.id, at, vitals(temperature_c=degrees))
        opened = care.record(store, nurse, hot, at, confirmed=True).opened
        for alert in opened:
            care.acknowledge(store, physician, alert.id, "seen, a cold", at + MINUTE)
    with inside(store) as tx:
        known = read_context(tx, find.admission(tx, admission.id), now)
    assert [d.rule for d in judge(known).dangers if d.problem == "temperature"] == []
