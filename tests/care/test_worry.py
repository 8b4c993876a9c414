"""The nurse's worry: charted as a grade, 2 calls for a look, 3 alarms like a red, and only a lower grade ends it."""

from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Vitals
from detox.errors import Refused
from detox.reports.board import tile
from detox.store import find

WELL = {"systolic_mmhg": 120.0, "diastolic_mmhg": 78.0, "heart_rate_per_min": 76.0}


@pytest.fixture
def charted(store, nurse, seen, now):
    """charted(3, minutes_ago=60): one set with that worry; None charts none."""

    def record(worry, minutes_ago):
        at = now - timedelta(minutes=minutes_ago)
        other = {} if worry is None else {"worry": worry}
        entry = seen(vitals=Vitals(**WELL), other=other, minutes_ago=minutes_ago)
        return care.record(store, nurse, entry, at, confirmed=True)

    return record


def open_levels(store, admission):
    with inside(store) as tx:
        return {
            a.finding.rule: a.finding.level for a in find.open_alerts(tx, admission.id) if "worry" in a.finding.rule
        }


@pytest.mark.parametrize(
    ("worry", "rules"), [(0, {}), (1, {}), (2, {"worry_amber": "warning"}), (3, {"worry_red": "critical"})]
)
def test_what_each_grade_raises(store, admission, charted, worry, rules):
    kept = charted(worry, 10).observation
    assert kept.other == {"worry": worry}
    assert open_levels(store, admission) == rules


def test_the_message_says_it_in_words(charted):
    messages = [a.finding.message for a in charted(3, 10).opened]
    assert messages == ["Nurse's worry: sure that something is wrong (3 or more)"]


@pytest.mark.parametrize(
    ("later", "left"),
    [
        ([0], {"worry_red"}),  # one look is not enough
        ([0, 1], set()),
        ([None, None, None], {"worry_red"}),  # nobody asked: a normal set ends nothing
        ([0, 2, 0], {"worry_red"}),
        ([2, 2], {"worry_red"}),  # less worried is not unworried
    ],
)
def test_only_a_lower_grade_on_two_sets_ends_it(store, admission, charted, later, left):
    for number, worry in enumerate([3, *later]):
        charted(worry, 100 - 20 * number)
    assert open_levels(store, admission).keys() == left


def test_more_worry_makes_it_worse_at_once(store, admission, charted):
    charted(2, 60)
    charted(3, 40)
    assert open_levels(store, admission) == {"worry_red": "critical"}


@pytest.mark.parametrize("worry", [-1, 4, 2.5, float("nan")])
def test_what_is_no_grade_is_refused_with_a_sentence(charted, worry):
    with pytest.raises(Refused, match="no grade"):
        charted(worry, 10)


def test_the_board_keeps_the_newest_grade_and_says_when_nobody_asked_since(store, admission, charted, now):
    def graded():
        with inside(store) as tx:
            return tile(tx, admission, None, now).graded

    assert graded() == {}
    charted(1, 60)
    charted(2, 40)
    found = graded()["worry"]
    assert (found.value, found.taken_at, found.stale) == (2, now - timedelta(minutes=40), False)
    charted(None, 20)
    assert (graded()["worry"].value, graded()["worry"].stale) == (2, True)
