"""alerts.toml is refused whole, with file, key and reason, when one thing in it is wrong."""

import tomllib

import pytest

from detox.clinical.alerts.folding import alerts_file
from detox.clinical.alerts.rules import AlertsFile
from detox.clinical.measure_content import measures
from detox.clinical.protocols import ROOT, read
from detox.errors import ProtocolError

HEAD = """
id = "alerts"
version = "1"
title = "t"
source = "s"
evidence = "P"
clear_readings = 2
unconfirmed = "u {minutes}"
worse_percent = 10

[baseline]
most = 6
least = 3
within_sets = 12
source = "s"
evidence = "P"

[assembly]
news2_h = 4.0
set_min = 30.0
source = "s"
evidence = "P"

[ewma]
weight = 0.3
readings = 6
systolic_sigma_mmhg = 10.0
heart_rate_sigma_per_min = 10.0
source = "s"
evidence = "P"

[trend]
readings = 6
confidence = 0.95
within_h = 12.0
longest_h = 36.0
source = "s"
evidence = "P"

[derived]
losses_h = 8.0
fever_pulse_per_c = 8.0
normal_temperature_c = 37.0
dose_explains_fall_h = 6.0
source = "s"
evidence = "P"

[[rules]]
id = "one"
problem = "pulse"
level = "warning"
kind = "limit"
reason = "r"
action = "a"
source = "s"
evidence = "P"
"""
GOOD = 'says = "Pulse {heart_rate_per_min}: {limit}"\nall = [{ measure = "heart_rate_per_min", at_least = 120 }]\n'


def load(tmp_path, text):
    path = tmp_path / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    return read(path, AlertsFile)


def test_the_form_of_these_tests_is_itself_accepted(tmp_path):
    assert load(tmp_path, HEAD + GOOD).rule("one").measures == ("heart_rate_per_min",)


BROKEN = {
    "unknown measure 'heart_rate'": GOOD.replace('measure = "heart_rate_per_min"', 'measure = "heart_rate"'),
    "exactly one of": GOOD.replace("at_least = 120", "at_least = 120, below = 130"),
    "has []": GOOD.replace(", at_least = 120", ""),
    "extra_forbidden": GOOD + "confirm = true\n",
    "names the unknown pulse": GOOD.replace("{heart_rate_per_min}", "{pulse}"),
    "would clear while it holds": GOOD + 'clear_all = [{ measure = "heart_rate_per_min", at_most = 125 }]\n',
    "has no condition": 'says = "x"\n',
    "is a number: not one_of": GOOD.replace("at_least = 120", "one_of = [120]"),
    "is chosen: use one_of": 'says = "x"\nall = [{ measure = "sedation", at_least = 3 }]\n',
    "is never ['5']": 'says = "x"\nall = [{ measure = "sedation", one_of = ["5"] }]\n',
    "never [3]": 'says = "x"\nall = [{ measure = "sedation", one_of = [3] }]\n',
    "needs either action or action_of_news2": GOOD + 'action_of_news2 = "high"\n',
    "stands twice": GOOD + HEAD[HEAD.index("[[rules]]") :] + GOOD,
    "consecutive": GOOD + "consecutive = 0\n",
    "only a critical rule is confirmed": GOOD + "confirm_min = 5\n",
    "at_once_if needs confirm_min": GOOD + 'at_once_if = [{ measure = "chest_pain", at_least = 1 }]\n',
    "no such rule": 'says = "x"\nof = ["two"]\n',
    "rests on other rules": GOOD + 'of = ["one"]\nconsecutive = 2\n',
    "can never hold": GOOD
    + HEAD[HEAD.index("[[rules]]") :].replace('"one"', '"two"')
    + 'says = "x"\nof = ["one"]\nof_problems = 2\n',
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_rule_is_refused(tmp_path, why):
    with pytest.raises(ProtocolError) as refused:
        load(tmp_path, HEAD + BROKEN[why])
    said = str(refused.value)
    assert "alerts.toml" in said
    assert (why if why != "extra_forbidden" else "confirm: Extra inputs") in said


def test_a_rule_without_a_source_is_refused(tmp_path):
    without = HEAD.replace('action = "a"\nsource = "s"\n', 'action = "a"\n')
    with pytest.raises(ProtocolError, match=r"rules\.0\.source"):
        load(tmp_path, without + GOOD)


def test_an_unknown_news2_response_is_refused(tmp_path):
    with pytest.raises(ProtocolError, match="no response 'grave'"):
        load(tmp_path, HEAD.replace('action = "a"', 'action_of_news2 = "grave"') + GOOD)


def test_every_rule_says_what_to_do_and_why_from_where():
    file = alerts_file()
    for rule in file.rules:
        assert rule.what_to_do, rule.id
        assert set(rule.measures) <= measures()
    assert not file.reviewed


def test_every_rule_has_a_limit_of_its_own():
    raw = tomllib.loads((ROOT / "alerts.toml").read_text(encoding="utf-8"))
    told = [str([rule.get(key) for key in ("all", "any", "of", "consecutive")]) for rule in raw["rules"]]
    assert len(told) == len(set(told))
