"""Which scales an observation gives cause to, and for whom a score is not made."""

from datetime import UTC, date, datetime

import pytest

from detox.clinical.judgement import assessments, not_valid
from detox.clinical.model import Admission, Observation, Patient, Vitals
from detox.clinical.protocols import scale

AT = datetime(2026, 11, 21, 22, 41, tzinfo=UTC)


def admission(born=None, pregnancy="unknown"):
    return Admission("a", Patient("p", "Silva", "Maria", born), "w", None, "taper", AT, pregnancy=pregnancy)


def entry(**vitals):
    return Observation("o", "a", AT, Vitals(**vitals))


@pytest.mark.parametrize(
    ("born", "why"),
    [(date(2010, 11, 20), ""), (date(2010, 11, 21), ""), (date(2010, 11, 22), "under 16 years"), (None, "")],
)
def test_news2_is_not_made_under_16(born, why):
    assert not_valid(scale("news2"), admission(born), AT) == why
    assert bool(assessments(entry(heart_rate_per_min=90.0), admission(born))) is (why == "")


@pytest.mark.parametrize(
    ("pregnancy", "why"), [("positive", "pregnancy"), ("negative", ""), ("unknown", ""), ("n/a", "")]
)
def test_news2_is_not_made_in_pregnancy(pregnancy, why):
    assert not_valid(scale("news2"), admission(pregnancy=pregnancy), AT) == why


def test_cows_is_made_for_everybody_who_was_rated():
    rated = Observation("o", "a", AT, Vitals(heart_rate_per_min=90.0), {"cows": {"tremor": 2}})
    (made,) = assessments(rated, admission(pregnancy="positive"))
    assert (made.scale, made.at_least) == ("cows", 3)


def test_a_heart_rate_alone_is_no_withdrawal_score():
    assert [a.scale for a in assessments(entry(heart_rate_per_min=90.0))] == ["news2"]
