"""Every case of tests/cases/alerts: a night at one bed in sentences, and what the alerts did."""

import tomllib
from pathlib import Path

import pytest
from alert_help import cows_of, observed

from detox.clinical.alerts.folding import fold

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "alerts"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['sentence']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["cases"]
]


def hours(clock):
    hour, minute = clock.split(":")
    return int(hour) + int(minute) / 60


def as_observation(row):
    row = dict(row)
    answers = row.pop("cows", None)
    if "cows_of" in row:
        answers = cows_of(row.pop("cows_of"))
    return observed(hours(row.pop("at")), cows=answers, **row)


@pytest.mark.parametrize("case", CASES)
def test_case(case):
    changes = fold([as_observation(row) for row in case["sets"]])
    assert [f"{c.at:%H:%M} {c.finding.level} {c.action} {c.finding.rule}" for c in changes] == case["expect"]


def test_there_are_cases():
    assert len(CASES) > 20
