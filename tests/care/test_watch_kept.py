"""Precipitated withdrawal as it is charted: the score before the dose is found however many sets lie between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from inside import inside

from detox import care
from detox.care.other_doses import chart_other_dose
from detox.clinical.looking_back import lookback_sets
from detox.clinical.model import Admission, Clinician, Dose, Observation, Vitals
from detox.clinical.protocols import scale
from detox.reports import suggesting
from detox.store import Store, find

Seen = Callable[..., Observation]
Answers = Callable[..., dict[str, dict[str, int]]]
CALM = Vitals(heart_rate_per_min=76)
WORSE = {"sweating": 4, "gi_upset": 5, "tremor": 4}


def open_rules(store: Store, admission: Admission) -> set[str]:
    with inside(store) as tx:
        return {a.finding.rule for a in find.open_alerts(tx, admission.id)}


def test_a_set_every_quarter_of_an_hour_hides_no_reference(
    store: Store, nurse: Clinician, admission: Admission, seen: Seen, cows: Answers, now: datetime
) -> None:
    count = lookback_sets() + 4
    sets = [seen(vitals=CALM, answers=cows(), minutes_ago=15 * n + 15) for n in range(count, 0, -1)]
    care.record(store, nurse, sets[0], sets[0].taken_at, confirmed=True)
    at = sets[0].taken_at + timedelta(minutes=5)
    chart_other_dose(store, nurse, Dose("n", admission.id, None, "naltrexone", 25, "given", at, "clinic"), at)
    for entry in sets[1:]:
        care.record(store, nurse, replace(entry, vitals=CALM), entry.taken_at, confirmed=True)
    assert "precipitated" not in open_rules(store, admission)
    care.record(store, nurse, seen(vitals=CALM, answers=cows(**WORSE)), now, confirmed=True)
    assert "precipitated" in open_rules(store, admission)


def test_a_sows_that_rises_calls_on_the_board_and_on_the_card(
    store: Store, nurse: Clinician, admission: Admission, seen: Seen, cows: Answers, now: datetime
) -> None:
    def sows(points: int) -> dict[str, dict[str, int]]:
        return {"sows-gossop": {item.id: points for item in scale("sows-gossop").items}}

    at = now - timedelta(minutes=60)
    for points, ago in ((0, 90), (2, 10)):
        entry = seen(vitals=CALM, answers=cows() | sows(points), minutes_ago=ago)
        care.record(store, nurse, entry, now - timedelta(minutes=ago), confirmed=True)
        if points == 0:
            chart_other_dose(store, nurse, Dose("b", admission.id, None, "buprenorphine", 4, "given", at, "GP"), at)
    assert "precipitated" in open_rules(store, admission)
    with inside(store) as tx:
        assert "A15" in suggesting.current(tx, admission, now).rules


def test_nor_does_a_rise_end_because_it_lies_many_sets_back(
    store: Store, nurse: Clinician, admission: Admission, seen: Seen, cows: Answers, now: datetime
) -> None:
    after = lookback_sets() + 18  # the window of 4 hours is 16 sets
    for n in range(after + lookback_sets() + 2, -1, -1):
        high = n <= after
        entry = seen(vitals=CALM, answers=cows(**WORSE if high else {}), minutes_ago=15 * n)
        care.record(store, nurse, entry, entry.taken_at, confirmed=True)
        if n == after + 1:
            at = entry.taken_at + timedelta(minutes=5)
            chart_other_dose(store, nurse, Dose("b", admission.id, None, "buprenorphine", 4, "given", at, "GP"), at)
    assert "precipitated" in open_rules(store, admission)
    with inside(store) as tx:
        assert [a.resolved_at for a in find.alerts(tx, admission.id) if a.finding.rule == "precipitated"] == [None]
        assert "A15" in suggesting.current(tx, admission, now).rules
