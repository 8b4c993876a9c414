"""What is made quickly is what the class itself makes, and as frozen."""

import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime

import pytest

from detox.clinical.frozen import quick
from detox.clinical.model import Assessment, Finding, Observation, Vitals

AT = datetime(2026, 11, 21, 22, 41, tzinfo=UTC)
MADE = [
    (Vitals, (120.0, 80.0), {"consciousness": "A"}),
    (Observation, ("o1", "a1", AT, Vitals(heart_rate_per_min=80.0)), {"note": "quiet", "other": {"vomits": 1.0}}),
    (Assessment, ("news2", "1", 3, "low", True, (), 3, {"pulse": 3}), {"risk": "low"}),
    (Finding, ("r", "p", "warning", "limit", "m", "why", "do", {"x": 1.0}, "1", "s", "S"), {}),
]


@pytest.mark.parametrize(("kind", "values", "named"), MADE, ids=lambda one: getattr(one, "__name__", ""))
def test_it_is_the_same_as_made_by_the_class(kind, values, named):
    slow, fast = kind(*values, **named), quick(kind)(*values, **named)
    assert type(fast) is kind
    assert fast == slow
    assert repr(fast) == repr(slow)
    assert replace(fast) == slow
    assert pickle.loads(pickle.dumps(fast)) == slow


@pytest.mark.parametrize(("kind", "values", "named"), MADE, ids=lambda one: getattr(one, "__name__", ""))
def test_it_is_frozen(kind, values, named):
    fast = quick(kind)(*values, **named)
    with pytest.raises(FrozenInstanceError):
        setattr(fast, fields(kind)[0].name, "other")
    with pytest.raises(AttributeError):
        object.__setattr__(fast, "unheard_of", 1)


def test_what_is_left_out_is_made_anew_each_time():
    make = quick(Observation)
    assert make("o1", "a1", AT).answers is not make("o2", "a1", AT).answers
