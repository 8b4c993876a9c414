"""The card of a suggestion: ages and lengths of time in words, values as their fields have them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from detox.clinical.suggestions.readings import ago, hours
from detox.reports.protocols import ReviewState
from detox.ui.suggestion_card import card_html, details_html
from detox.ui.suggestion_words import MOST_WORDS, amount_of, brief, inputs


def line(**one):
    return inputs([{"name": "x", "unit": "", "age_min": None, "by": "", "source": "plan"} | one])


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
    assert amount_of(value, unit) == said


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


SHOWN = {
    "class": "CONTINUE", "rules": ["D02"], "text": "Continue: give the scheduled dose, no step now.",
    "reasons": ["Step not yet due.", "COWS 3 (15 min ago, RN-A).", "Newest vitals: RR 15."],
    "beside": ["QTc 460 ms on methadone, 450-499: discuss and monitor."], "missing": ["Age missing: enter it."],
    "alternatives": ["Stay at the present dose and assess again."], "would_change": [], "expires_at": "",
}  # fmt: skip
NOT_REVIEWED = ReviewState(False, "NOT YET REVIEWED")


def test_first_what_to_do_then_why():
    assert brief(SHOWN) == (SHOWN["text"], "Step not yet due. COWS 3 (15 min ago, RN-A).")


@pytest.mark.parametrize(("words", "kept"), [(52, True), (53, False)])
def test_a_reason_that_does_not_fit_is_cut_and_stands_whole_behind(words, kept):
    long = " ".join(["word"] * words)
    do, why = brief(SHOWN | {"reasons": [long]})
    assert len(f"{do} {why}".split()) == MOST_WORDS
    assert (why == long) is kept
    assert why.endswith("…") is not kept
    assert long in details_html(SHOWN | {"reasons": [long]})


def test_what_limits_the_answer_and_what_is_missing_are_not_folded():
    html = card_html(SHOWN, ZoneInfo("Europe/Berlin"), datetime(2026, 3, 1, tzinfo=UTC), NOT_REVIEWED)
    assert "QTc 460 ms" in html
    assert "Age missing" in html
    assert "Stay at the present dose" not in html
