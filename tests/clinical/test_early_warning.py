"""The words for a NEWS2."""

import pytest
from alert_help import WELL, observed

from detox.clinical.early_warning import response, single_red


def news2(**changed):
    return observed(**{**WELL, **changed}).assessment("news2")


@pytest.mark.parametrize(
    ("changed", "risk"),
    [
        ({}, "low"),
        ({"respiratory_rate_per_min": 25}, "low-medium"),
        ({"respiratory_rate_per_min": 25, "on_oxygen": True}, "medium"),
        ({"respiratory_rate_per_min": 25, "on_oxygen": True, "heart_rate_per_min": 111}, "high"),
    ],
)
def test_the_response_follows_the_risk(changed, risk):
    assert response(news2(**changed)).risk == risk


def test_an_incomplete_score_is_never_low():
    found = response(news2(spo2_percent=None))
    assert found.risk == "not known"
    assert "not a normal one" in found.response


@pytest.mark.parametrize(
    ("changed", "risk"),
    [({"respiratory_rate_per_min": 25}, "low-medium"), ({"respiratory_rate_per_min": 25, "on_oxygen": True}, "medium")],
)
def test_an_incomplete_score_past_a_limit_is_answered_by_it(changed, risk):
    assert response(news2(consciousness=None, **changed)).risk == risk


def test_single_items_with_three_points():
    assert single_red(news2()) == ()
    assert single_red(news2(respiratory_rate_per_min=8, consciousness="C")) == ("respiratory_rate", "consciousness")
    assert single_red(observed(cows={"restlessness": 3}).assessment("cows")) == ()
