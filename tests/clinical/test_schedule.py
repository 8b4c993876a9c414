"""When the next set is due, and when silence is a finding."""

from dataclasses import replace
from datetime import timedelta

import pytest
from alert_help import MIDNIGHT, WELL, cows_of, observed

from detox.clinical.model import Alert, Background, Finding
from detox.clinical.monitoring.schedule import (
    MonitoringFile,
    is_set,
    monitoring_file,
    next_due,
    overdue,
    overdue_from,
    overdue_level,
    tells_of_state,
    words,
)
from detox.clinical.protocols import ROOT, read
from detox.errors import ProtocolError


def due(*sets, open_alerts=(), **background):
    return next_due(sets, open_alerts, Background(**({"admitted_at": MIDNIGHT} | background)))


def alert(level="warning", hours=0.0, message="Pulse 58: below 60", kind="limit", **values):
    found = Finding("a_rule", "pulse", level, kind, message, "", "", values, "1", "B2", "P")
    return Alert("a1", "a", "o1", found, MIDNIGHT + timedelta(hours=hours))


def minutes(n):
    return timedelta(minutes=n)


def test_the_first_set_is_due_at_admission():
    first = due()
    assert first.at == MIDNIGHT
    assert first.why == "now: no set since admission"
    assert due(observed(1, not_done="asleep")).at == MIDNIGHT


COWS = [(0, 360), (12, 360), (13, 240), (24, 240), (25, 60), (26, 60)]


@pytest.mark.parametrize(("total", "interval"), COWS)
def test_the_score_sets_the_cadence(total, interval):
    # the NEWS2 of a well patient is 0 and asks for less
    assert due(observed(0, cows=cows_of(total), **WELL)).interval_min == interval


def test_the_reason_is_a_sentence():
    told = due(observed(2, cows=cows_of(14), **WELL))
    assert told.at == MIDNIGHT + minutes(120 + 240)
    assert told.why == "every 4 h because COWS 14 moderate"
    assert told.rule == "withdrawal_moderate"
    assert told.source
    assert told.evidence == "R"


NEWS2 = [
    ({}, 360, "withdrawal_mild"),
    ({"heart_rate_per_min": 91}, 240, "early_warning_low"),
    ({"on_oxygen": True, "heart_rate_per_min": 111}, 240, "early_warning_low"),
    ({"respiratory_rate_per_min": 25}, 60, "early_warning_single"),
    ({"on_oxygen": True, "heart_rate_per_min": 111, "systolic_mmhg": 110}, 60, "early_warning_medium"),
    ({"on_oxygen": True, "heart_rate_per_min": 111, "systolic_mmhg": 100}, 60, "early_warning_medium"),
    ({"on_oxygen": True, "heart_rate_per_min": 111, "systolic_mmhg": 90}, 30, "early_warning_high"),
]


@pytest.mark.parametrize(("changed", "interval", "rule"), NEWS2)
def test_the_shortest_interval_wins(changed, interval, rule):
    told = due(observed(0, cows=cows_of(2), **{**WELL, **changed}))
    assert (told.interval_min, told.rule) == (interval, rule)


def test_an_unknown_score_is_not_a_low_one():
    assert due(observed(0, **WELL)).rule == "withdrawal_unscored"
    partial = {"sweating": 1}
    assert due(observed(0, cows=partial, **WELL)).interval_min == 240
    no_pulse = {k: v for k, v in WELL.items() if k != "heart_rate_per_min"}
    assert due(observed(0, cows=cows_of(2), **no_pulse)).interval_min == 240


def test_an_incomplete_news2_is_not_taken_for_0():
    told = due(observed(0, cows=cows_of(2), **{**WELL, "spo2_percent": None}))
    assert (told.interval_min, told.why) == (240, "every 4 h because NEWS2 not complete")


def test_a_partial_score_past_a_limit_shortens_the_wait():
    partial = dict(list(cows_of(30).items())[:6])
    told = due(observed(0, cows=partial, heart_rate_per_min=76))
    assert told.interval_min == 60
    assert told.why.startswith("every 1 h because COWS at least ")


def test_a_later_partial_score_takes_nothing_back():
    severe = observed(0, cows=cows_of(30), **WELL)
    assert due(severe, observed(1, cows={"sweating": 1}, **WELL)).interval_min == 60
    assert due(severe, observed(1, cows=cows_of(3), **WELL)).interval_min == 360


@pytest.mark.parametrize("reason", ["asleep", "refused", "off_ward", "other"])
def test_a_set_not_taken_does_not_reset_the_clock(reason):
    before = due(observed(0, cows=cows_of(5), **WELL))
    after = due(observed(0, cows=cows_of(5), **WELL), observed(4, not_done=reason))
    assert after == before


def test_breathing_seen_in_sleep_is_kept_and_is_no_set():
    short = observed(4, not_done="asleep", respiratory_rate_per_min=14, sedation="S")
    assert not is_set(short)
    assert due(observed(0, cows=cows_of(5), **WELL), short).at == MIDNIGHT + minutes(360)


def test_what_is_a_set():
    assert is_set(observed(heart_rate_per_min=70))
    assert is_set(observed(systolic_mmhg=120))
    assert is_set(observed(cows={"sweating": 0}))
    assert not is_set(observed(temperature_c=37))
    assert not is_set(observed())


def test_a_new_alert_asks_for_a_recheck():
    first = observed(0, cows=cows_of(5), **WELL)
    told = due(first, open_alerts=[alert()])
    assert (told.interval_min, told.rule) == (30, "recheck_amber")
    assert told.why == "every 30 min because Pulse 58: below 60"
    assert due(first, open_alerts=[alert("critical")]).interval_min == 15


def test_once_rechecked_a_standing_alert_asks_for_less():
    sets = [observed(h, cows=cows_of(5), **WELL) for h in (0, 0.5)]
    told = due(*sets, open_alerts=[alert()])
    assert (told.interval_min, told.rule) == (240, "recheck_amber")
    assert "still open" in told.why
    assert due(*sets, open_alerts=[alert("critical")]).interval_min == 30


def test_an_alert_is_new_while_nothing_was_seen_since_it_opened():
    sets = [observed(h, cows=cows_of(5), **WELL) for h in (0, 2)]
    assert due(*sets, open_alerts=[alert(hours=2)]).interval_min == 30
    asked = replace(observed(3), answers={"phq-9": {"feeling_down": 1}})
    assert due(*sets, asked, open_alerts=[alert(hours=2)]).interval_min == 30


def test_a_short_look_that_finds_danger_is_rechecked_from_when_it_was():
    sets = [observed(0, cows=cows_of(5), **WELL), observed(3, respiratory_rate_per_min=9)]
    told = due(*sets, open_alerts=[alert("critical", 3)])
    assert told.at == MIDNIGHT + minutes(195)


def test_a_mood_questionnaire_postpones_no_recheck():
    high = observed(0, **WELL | {"systolic_mmhg": 188.0})
    asked = replace(observed(0.2), answers={"phq-9": {"feeling_down": 1}})
    assert not tells_of_state(asked)
    red = [alert("critical")]
    assert due(high, asked, open_alerts=red).at == due(high, open_alerts=red).at


def test_an_overdue_alert_does_not_shorten_the_wait_for_itself():
    first = observed(0, cows=cows_of(5), **WELL)
    silence = replace(alert(), finding=overdue(due(first), MIDNIGHT + minutes(1000)))
    assert due(first, open_alerts=[silence]) == due(first)


@pytest.mark.parametrize(
    ("late", "level"),
    [
        (-1, None),
        (0, None),
        (29, None),
        (30, None),
        (31, "warning"),
        (239, "warning"),
        (240, "warning"),
        (241, "critical"),
    ],
)
def test_overdue_at_its_edges(late, level):
    told = due(observed(0, cows=cows_of(14), **WELL))
    found = overdue(told, told.at + minutes(late))
    assert (found.level if found else None) == level
    assert overdue_level(told, told.at + minutes(late)) == level


def test_with_a_short_interval_the_red_comes_first():
    red = observed(0, **{**WELL, "systolic_mmhg": 185})
    told = due(red, open_alerts=[alert("critical")])
    assert overdue(told, told.at + minutes(15)) is None
    assert overdue(told, told.at + minutes(16)).level == "critical"
    assert overdue_from(told)["critical"] < overdue_from(told)["warning"]


def test_the_overdue_message():
    told = due(observed(0, cows=cows_of(14), **WELL))
    found = overdue(told, told.at + minutes(80))
    assert found.message == "Set overdue by 1 h 20 min (every 4 h)"
    assert (found.kind, found.problem, found.rule) == ("silence", "overdue", "overdue_warning")
    assert found.values == {"overdue_min": 80, "interval_min": 240}
    assert overdue(due(), MIDNIGHT + minutes(45)).message == "Set overdue by 45 min (now: no set since admission)"


@pytest.mark.parametrize(("n", "text"), [(0, "0 min"), (59, "59 min"), (60, "1 h"), (80, "1 h 20 min"), (240, "4 h")])
def test_minutes_in_words(n, text):
    assert words(n) == text


def test_the_file_is_not_yet_reviewed_and_every_row_has_a_source():
    file = monitoring_file()
    assert not file.reviewed
    assert all(row.source for row in (*file.cadence, *file.alerts))


BROKEN = {
    "must not mean a longer wait": ('interval_min = 60\nsource = "Severe', 'interval_min = 600\nsource = "Severe'),
    "must rise from 0": (
        'id = "withdrawal_moderate"\nmeasure = "cows"\nat_least = 13',
        'id = "x"\nmeasure = "cows"\nat_least = 0',
    ),
    "no vital is called pulse": ('vitals = ["heart_rate_per_min"', 'vitals = ["pulse"'),
    "one row for warning": ('level = "critical"', 'level = "warning"'),
    "Extra inputs": ("[overdue]\n", "[overdue]\nbeep = true\n"),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_file_is_refused(tmp_path, why):
    text = (ROOT / "monitoring.toml").read_text(encoding="utf-8")
    old, new = BROKEN[why]
    assert old in text
    path = tmp_path / "monitoring.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProtocolError, match=why):
        read(path, MonitoringFile)
