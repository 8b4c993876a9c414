"""Trying another limit: two replays of what the ward charted, and nothing changed by looking."""

from collections.abc import Callable
from datetime import datetime

import pytest
from inside import inside

from detox import care
from detox.clinical.alerts.folding import alerts_file
from detox.clinical.model import Clinician, Observation, Vitals, Ward
from detox.reports.what_if import limits_of, rules_to_try, what_if
from detox.store import Store, find

Seen = Callable[..., Observation]
Build = Callable[..., Vitals]
MEASURE = "spo2_percent"
RULE = "oxygen_low_red"


@pytest.fixture
def charted(store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime) -> Store:
    for minutes, spo2 in ((600, 98), (480, 93), (360, 91), (240, 91), (120, 97), (60, 97)):
        entry = seen(vitals=vitals(spo2_percent=spo2), minutes_ago=minutes)
        care.record(store, nurse, entry, now, confirmed=True)
    return store


def test_a_wider_limit_warns_earlier_and_nothing_is_changed(charted: Store, ward: Ward, now: datetime) -> None:
    before = charted.path.read_bytes()
    with inside(charted) as tx:
        found = what_if(tx, ward.id, RULE, MEASURE, 93, now)
        alerts = {a.id for admission in find.admissions_here(tx, ward.id) for a in find.alerts(tx, admission.id)}
    assert (found.now.critical, found.then.critical) == (1, 1)
    assert found.earlier_h == 2
    assert (found.only_now, found.only_then) == (1, 0)  # the amber that came first is not needed any more
    assert found.sets == 6
    assert found.patient_days == pytest.approx(9 / 24)
    assert charted.path.read_bytes() == before
    assert alerts
    assert alerts_file().rule(RULE).all[0].at_most == 91


def test_the_limit_in_force_changes_nothing(charted: Store, ward: Ward, now: datetime) -> None:
    with inside(charted) as tx:
        found = what_if(tx, ward.id, RULE, MEASURE, 91, now)
    assert found.now == found.then
    assert (found.only_now, found.only_then, found.extra_per_100, found.earlier_h) == (0, 0, 0, 0)


def test_a_narrower_limit_warns_less(charted: Store, ward: Ward, now: datetime) -> None:
    with inside(charted) as tx:
        found = what_if(tx, ward.id, RULE, MEASURE, 90, now)
    assert (found.now.critical, found.then.critical) == (1, 0)
    assert found.extra_per_100 is not None
    assert found.extra_per_100 < 0


def test_an_empty_ward_has_nothing_to_try_it_on(store: Store, ward: Ward, now: datetime) -> None:
    with inside(store) as tx:
        found = what_if(tx, ward.id, "systolic_high_red", "systolic_mmhg", 170, now)
    assert (found.sets, found.extra_per_100) == (0, None)


def test_every_limit_offered_can_be_tried_a_step_further(store: Store, ward: Ward, now: datetime) -> None:
    with inside(store) as tx:
        for rule in rules_to_try():
            for condition in limits_of(rule):
                value = float(getattr(condition, condition.operator)) + 1
                assert what_if(tx, ward.id, rule.id, condition.measure, value, now).value == value
