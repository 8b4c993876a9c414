"""The card of a suggestion: ages and lengths of time in words, values as their fields have them."""

import pytest

from detox.clinical.suggestions.readings import ago, hours
from detox.ui.suggestion_card import _amount, _inputs


def line(**one):
    return _inputs([{"name": "x", "unit": "", "age_min": None, "by": "", "source": "plan"} | one])


@pytest.mark.parametrize(
    ("age", "said"), [(11.76, "12 min ago"), (0.4, "0 min ago"), (59.4, "59 min ago"), (59.6, "1 h ago"),
                      (52.74, "53 min ago"), (95, "1 h 35 min ago")],
)  # fmt: skip
def test_an_age_is_said_in_words(age, said):
    assert said in line(name="COWS", value=7, age_min=age, source="observation")
    assert said in line(name="dose of methadone", value=20.0, unit="mg", age_min=age, source="dose record")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.879, "h", ("53 min", "")), (26.0, "h", ("1 d 2 h", "")), (7.5, "h", ("7 h 30 min", "")),
        (37.0, "°C", ("37.0", "°C")), (36.84, "°C", ("36.8", "°C")), (128.0, "mmHg", ("128", "mmHg")),
        (0.54, "mg", ("0.54", "mg")), (4.1, "mmol/L", ("4.1", "mmol/L")), (0.05, "%", ("0.05", "%")),
        (True, "", ("yes", "")), (False, "", ("no", "")), ("at least 9", "points", ("at least 9", "points")),
    ],
)  # fmt: skip
def test_a_value_has_the_precision_of_its_field(value, unit, said):
    assert _amount(value, unit) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 h"),
        (0.879, "53 min"),
        (1, "1 h"),
        (3.5, "3.5 h"),
        (23.9, "23.9 h"),
        (23.96, "23 h 58 min"),
        (0.004, "0 min"),
    ],
)
def test_hours_have_one_decimal_where_it_says_all(value, said):
    assert hours(value) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(11.76, "12 min ago"), (120, "120 min ago"), (120.6, "2 h 1 min ago"), (-3, "3 min in the future")],
)
def test_how_long_ago(minutes, said):
    assert ago(minutes) == said
