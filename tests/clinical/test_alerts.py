"""The alert engine: every limit at its edge, what missing means, and laws that no rule may break."""

from dataclasses import replace
from datetime import timedelta

import pytest
from alert_help import MIDNIGHT, WELL, cows_of, observed, rules
from hypothesis import given, settings
from hypothesis import strategies as st

from detox.clinical.alerts.folding import Change, OpenAlert, alerts_file, applied, findings, fold, step
from detox.clinical.looking_back import lookback_sets
from detox.clinical.model import LEVELS, Background
from detox.clinical.protocols import scale

# rule, measure, the value just outside, at and inside the limit; twice where the rule asks for two readings
EDGES = [
    ("systolic_high_red", "systolic_mmhg", 179, 180, 181, 1),
    ("systolic_high_amber", "systolic_mmhg", 159, 160, 161, 2),
    ("diastolic_high_red", "diastolic_mmhg", 119, 120, 121, 1),
    ("diastolic_high_amber", "diastolic_mmhg", 99, 100, 101, 1),
    ("systolic_low_red", "systolic_mmhg", 91, 90, 89, 1),
    ("systolic_low_amber", "systolic_mmhg", 100, 99, 98, 1),
    ("pulse_high_emergency", "heart_rate_per_min", 130, 131, 132, 1),
    ("pulse_high_red", "heart_rate_per_min", 119, 120, 121, 1),
    ("pulse_high_amber", "heart_rate_per_min", 99, 100, 101, 2),
    ("pulse_low_emergency", "heart_rate_per_min", 41, 40, 39, 1),
    ("pulse_low_red", "heart_rate_per_min", 50, 49, 48, 1),
    ("pulse_low_amber", "heart_rate_per_min", 60, 59, 58, 1),
    ("temperature_high_emergency", "temperature_c", 38.4, 38.5, 38.6, 1),
    ("temperature_high_red", "temperature_c", 37.9, 38.0, 38.1, 1),
    ("temperature_high_amber", "temperature_c", 37.7, 37.8, 37.9, 1),
    ("temperature_low_red", "temperature_c", 35.1, 35.0, 34.9, 1),
    ("breathing_low_emergency", "respiratory_rate_per_min", 9, 8, 7, 1),
    ("breathing_low_red", "respiratory_rate_per_min", 10, 9, None, 1),
    ("breathing_low_amber", "respiratory_rate_per_min", 12, 11, 10, 1),
    ("oxygen_low_red", "spo2_percent", 92, 91, 90, 1),
    ("oxygen_low_amber", "spo2_percent", 96, 95, 94, 1),
]


@pytest.mark.parametrize(("rule", "measure", "before", "at", "past", "times"), EDGES, ids=str)
def test_each_limit_at_its_edge(rule, measure, before, at, past, times):
    def worst(value):
        # within one problem only the worst rule is found
        sets = [observed(i, **{measure: value}) for i in range(times)]
        return rules(findings(sets))

    assert rule not in worst(before)
    assert rule in worst(at)
    assert past is None or rule in worst(past)


@pytest.mark.parametrize(("rule", "measure", "before", "at", "past", "times"), EDGES, ids=str)
def test_a_rule_for_two_readings_says_nothing_on_one(rule, measure, before, at, past, times):
    assert (rule in rules(findings([observed(**{measure: at})]))) is (times == 1)


CLEARS = [
    ("systolic_mmhg", 180, 171, 170),
    ("systolic_mmhg", 89, 99, 100),
    ("heart_rate_per_min", 120, 111, 110),
    ("heart_rate_per_min", 131, 111, 110),
    ("heart_rate_per_min", 49, 55, 56),
    ("temperature_c", 38.0, 37.7, 37.6),
    ("temperature_c", 38.5, 37.7, 37.6),
    ("respiratory_rate_per_min", 9, 11, 12),
    ("respiratory_rate_per_min", 8, 11, 12),
    ("spo2_percent", 91, 93, 94),
]


@pytest.mark.parametrize(("measure", "enter", "not_yet", "clear"), CLEARS)
def test_clear_limits_need_two_readings_in_a_row(measure, enter, not_yet, clear):
    def ends(*values):
        # twice, so that a red reading is confirmed; the clock counts from the second
        sets = [observed(i, **{measure: value}) for i, value in enumerate((enter, enter, *values))]
        rule = fold(sets[:1])[0].finding.rule
        return [c.at.hour - 1 for c in fold(sets) if c.action == "resolved" and c.finding.rule == rule]

    assert ends(clear) == []
    assert ends(clear, clear) == [2]
    assert ends(not_yet, not_yet, not_yet) == []
    assert ends(clear, not_yet, clear) == []
    assert ends(clear, not_yet, clear, clear) == [4]


SEDATION = [
    ("S", set()),
    ("1", set()),
    ("2", {"sedation_amber"}),
    ("3", {"sedation_red"}),
    ("4", {"sedation_emergency"}),
]


@pytest.mark.parametrize(("level", "expected"), SEDATION)
def test_sedation(level, expected):
    assert rules(findings([observed(sedation=level)])) == expected


@pytest.mark.parametrize(("code", "rule"), [("C", "red"), ("V", "red"), ("P", "emergency"), ("U", "emergency")])
def test_consciousness(code, rule):
    found = findings([observed(consciousness=code)])
    assert rules(found) == {f"consciousness_{rule}", "early_warning_single"}
    assert next(f for f in found if f.problem == "consciousness").level == "critical"


@pytest.mark.parametrize(("total", "holds"), [(24, False), (25, True), (26, True)])
def test_cows_at_its_edge(total, holds):
    found = findings([observed(cows=cows_of(total), heart_rate_per_min=76)])
    assert ("withdrawal_severe" in rules(found)) is holds


def test_a_partial_cows_past_the_limit_alerts_and_says_that_it_is_partial():
    answers = {i.id: max(i.values) for i in scale("cows").items[1:8]}
    (found,) = findings([observed(cows=answers)])
    assert found.message == f"COWS at least {sum(answers.values())} (7 of 11): 25 or more"


NEWS2 = [
    ({"on_oxygen": True, "heart_rate_per_min": 111}, 4, None),
    ({"on_oxygen": True, "heart_rate_per_min": 111, "systolic_mmhg": 110}, 5, "early_warning_medium"),
    ({"on_oxygen": True, "heart_rate_per_min": 111, "systolic_mmhg": 100}, 6, "early_warning_medium"),
    ({"on_oxygen": True, "heart_rate_per_min": 111, "systolic_mmhg": 90}, 7, "early_warning_high"),
    ({"respiratory_rate_per_min": 21}, 2, None),
    ({"respiratory_rate_per_min": 25}, 3, "early_warning_single"),
    ({"on_oxygen": True, "respiratory_rate_per_min": 25}, 5, "early_warning_medium"),
]


@pytest.mark.parametrize(("changed", "total", "rule"), NEWS2)
def test_news2_at_its_edges(changed, total, rule):
    taken = observed(**{**WELL, **changed})
    assert taken.assessment("news2").total == total
    early = [f for f in findings([taken]) if f.problem == "early_warning"]
    assert [f.rule for f in early] == ([rule] if rule else [])
    risk = {"early_warning_high": "high", "early_warning_medium": "medium", "early_warning_single": "low-medium"}
    for finding in early:
        assert finding.action == next(r.response for r in scale("news2").responses if r.risk == risk[finding.rule])


def test_nothing_measured_finds_nothing_and_is_not_called_normal():
    assert findings([]) == ()
    assert step({}, []) == ()
    assert findings([observed(not_done="asleep")]) == ()


def test_a_well_patient_has_no_alert():
    assert findings([observed(i, cows=cows_of(6), **WELL) for i in range(5)]) == ()


def test_an_old_value_does_not_raise_again():
    assert findings([observed(0, systolic_mmhg=190), observed(1, heart_rate_per_min=80)]) == ()


def test_the_message_carries_values_limit_action_and_source():
    sets = [observed(i, systolic_mmhg=188, diastolic_mmhg=112) for i in range(2)]
    (found,) = [f for f in findings(sets) if f.problem == "blood_pressure"]
    assert found.message == "Blood pressure 188/112: systolic 180 or more"
    assert found.values == {"systolic_mmhg": 188}
    assert found.action
    assert found.source
    assert found.evidence == "S + P"
    assert found.protocol_version == alerts_file().version


def test_a_pressure_without_its_diastolic_says_so():
    (found,) = findings([observed(0, systolic_mmhg=188), observed(1, systolic_mmhg=188)])
    assert found.message == "Blood pressure 188/?: systolic 180 or more"


def test_temperature_is_rounded_before_it_is_judged():
    assert "temperature_high_amber" in rules(findings([observed(temperature_c=37.76)]))
    assert findings([observed(temperature_c=37.74)]) == ()


def test_one_problem_shows_its_worst_rule_and_the_worst_comes_first():
    ill = {**WELL, "temperature_c": 38.6, "diastolic_mmhg": 105}
    found = findings([observed(0, **WELL), observed(1, **ill), observed(2, **ill)])
    assert [f.problem for f in found] == ["temperature", "blood_pressure"]
    assert [f.level for f in found] == ["critical", "warning"]


def test_an_alert_that_is_open_is_not_opened_again():
    sets = [observed(i, respiratory_rate_per_min=9) for i in range(4)]
    assert [c.action for c in fold(sets)] == ["opened"]


def test_readings_before_the_opening_do_not_clear():
    (opened,) = step({}, [observed(2, respiratory_rate_per_min=9)])
    still = {"breathing": OpenAlert(opened.finding, opened.at)}

    def at(*hours):
        return step(still, [observed(hour, respiratory_rate_per_min=16) for hour in hours])

    # the reading that opened it has been replaced: two good ones from before stand alone
    assert at(0, 1) == at(1, 3) == ()
    assert at(3, 4) == (Change("resolved", opened.finding, "breathing", MIDNIGHT + timedelta(hours=4), "o4"),)


def test_an_alert_that_has_waited_for_another_rule_ends_when_that_one_has_cleared():
    """The last reading need not tell of its own rule again: that has cleared before, on two readings."""
    high, half = {"systolic_mmhg": 165, "diastolic_mmhg": 105}, {"systolic_mmhg": 150, "diastolic_mmhg": 105}
    sets = [observed(0, **high), observed(1, **high), observed(2, **half)]
    sets.append(observed(3, systolic_mmhg=150, diastolic_mmhg=80))  # the systolic has cleared, the diastolic not yet
    standing = fold(sets)
    assert standing[-1].action != "resolved"
    assert fold([*sets, observed(4, heart_rate_per_min=80)]) == standing
    *_, last = fold([*sets, observed(4, diastolic_mmhg=80)])
    assert (last.action, last.observation_id) == ("resolved", "o4")


def test_an_alert_of_a_rule_that_has_left_the_protocol_ends_when_its_whole_problem_is_clear():
    (opened,) = step({}, [observed(0, sedation="3")])
    gone = {"sedation": OpenAlert(replace(opened.finding, rule="sedation_2019"), opened.at)}
    assert step(gone, [observed(0, sedation="3"), observed(1, sedation="1")]) == ()
    clear = [observed(i, sedation="1") for i in (1, 2)]
    assert [c.action for c in step(gone, clear)] == ["resolved"]


def test_a_silence_alert_is_none_of_the_engines_business():
    (opened,) = step({}, [observed(systolic_mmhg=190)])
    assert step({"overdue": OpenAlert(opened.finding, opened.at)}, [observed(1, **WELL), observed(2, **WELL)]) == ()


VITALS = st.fixed_dictionaries(
    {},
    optional={
        "systolic_mmhg": st.integers(60, 240),
        "diastolic_mmhg": st.integers(30, 140),
        "heart_rate_per_min": st.integers(30, 180),
        "temperature_c": st.integers(340, 410).map(lambda t: t / 10),
        "respiratory_rate_per_min": st.integers(4, 40),
        "spo2_percent": st.integers(80, 100),
        "on_oxygen": st.booleans(),
        "consciousness": st.sampled_from("ACVPU"),
        "sedation": st.sampled_from("S1234"),
    },
)
SETS = st.lists(st.tuples(VITALS, st.none() | st.integers(0, 48)), min_size=1, max_size=40)


def as_sets(drawn):
    made = []
    for i, (vitals, total) in enumerate(drawn):
        answers = None
        if total is not None:
            try:
                answers = cows_of(total)
            except AssertionError:
                answers = dict(list(cows_of(24).items())[:5])
        made.append(observed(i, cows=answers, **vitals))
    return made


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_folding_is_stepping_again_and_again_and_looks_no_further_back_than_it_says(drawn):
    sets = as_sets(drawn)
    open_alerts, every = {}, []
    for i in range(len(sets)):
        first = Background(first=tuple(sets[: i + 1]))  # what an admission's baseline is made of, however long it is
        changes = step(open_alerts, sets[: i + 1], first)
        assert changes == step(open_alerts, sets[max(0, i + 1 - lookback_sets()) : i + 1], first)
        open_alerts = applied(open_alerts, changes)
        every.extend(changes)
    assert every == fold(sets)


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_after_every_set_what_holds_is_open_at_that_level_or_worse(drawn):
    sets, open_alerts = as_sets(drawn), {}
    for i in range(len(sets)):
        open_alerts = applied(open_alerts, step(open_alerts, sets[: i + 1]))
        for finding in findings(sets[: i + 1]):
            now = open_alerts[finding.problem].finding
            assert LEVELS.index(now.level) >= LEVELS.index(finding.level)


WORSE = {
    "systolic_mmhg": (120, (60, 240)),
    "diastolic_mmhg": (80, (30, 140)),
    "heart_rate_per_min": (76, (30, 180)),
    "temperature_c": (36.8, (34.0, 41.0)),
    "respiratory_rate_per_min": (16, (4, 40)),
    "spo2_percent": (98, (80, 98)),
}


def worst(vitals):
    return max((LEVELS.index(f.level) for f in findings([observed(i, **vitals) for i in (0, 1)])), default=-1)


@settings(max_examples=200, deadline=None)
@given(VITALS, st.data())
def test_a_more_dangerous_vital_never_lowers_the_worst_level(vitals, data):
    name = data.draw(st.sampled_from(sorted(WORSE)))
    usual, (low, high) = WORSE[name]
    value = vitals.get(name, usual)
    if name == "systolic_mmhg":  # with a low diastolic a higher systolic lifts the mean pressure: that is better
        vitals = {**vitals, "diastolic_mmhg": max(vitals.get("diastolic_mmhg", 80), 60)}
    if value >= usual:
        worse = data.draw(st.integers(int(value * 10), int(max(high, value) * 10)))
    else:
        worse = data.draw(st.integers(int(low * 10), int(value * 10)))
    worse = worse / 10 if name == "temperature_c" else (-(-worse // 10) if value >= usual else worse // 10)
    assert worst({**vitals, name: worse}) >= worst({**vitals, name: value})


@settings(max_examples=100, deadline=None)
@given(VITALS, st.sampled_from(sorted(WORSE)))
def test_leaving_a_vital_out_makes_nothing_worse(vitals, name):
    def levels(charted):
        return {f.problem: LEVELS.index(f.level) for f in findings([observed(**charted)])}

    whole, without = levels(vitals), levels({k: v for k, v in vitals.items() if k != name})
    assert all(level <= whole.get(problem, -1) for problem, level in without.items())


MESSAGES = [
    ({"temperature_c": 38.2, "respiratory_rate_per_min": 24}, "Temperature 38.2 with respiratory rate 24 (22 or more)"),
    ({"cows": 4, "sedation": "3"}, "COWS 4 but sedated: drowsy, falls asleep while talking"),
    ({"systolic_mmhg": 165, "heart_rate_per_min": 124}, "in one set: systolic 160 or more, pulse 120 or more"),
    ({"consciousness": "C"}, "Consciousness: confused, and it is new"),
    ({"respiratory_rate_per_min": 26}, "NEWS2 at least 3 (1 of 7), 3 points for respiratory rate"),
    ({"spo2_percent": 91}, "SpO2 91 %: 91 or less"),
    ({"temperature_c": 38}, "Temperature 38.0: 38.0 or more, not confirmed yet"),
]


@pytest.mark.parametrize(("charted", "message"), MESSAGES)
def test_messages_in_plain_words(charted, message):
    given = dict(charted)
    answers = cows_of(given.pop("cows")) if "cows" in given else None
    if answers:
        given["heart_rate_per_min"] = 76
    cards = [change.finding for change in fold([observed(cows=answers, **given)])]
    assert any(told.endswith(message) for card in cards for told in (card.message, *card.also.values()))
