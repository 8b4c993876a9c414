"""The statistics of drift against other people's: scipy for the slope, pandas for the weighted mean, numpy for both."""

import statistics
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import theilslopes

from detox.clinical.drift import Slope, crossing_h, ewma, ewma_sigma, median, theil_sen

QUARTERS = st.integers(0, 4 * 24 * 7).map(lambda n: n / 4)  # a quarter of an hour within a week
WHOLE = st.integers(20, 260).map(float)
TENTHS = st.integers(300, 430).map(lambda n: n / 10)
ANY = st.floats(-1e4, 1e4, allow_subnormal=False)


def readings(hours, values, least=0, most=14):
    """Pairs of an hour and a value, in the order of time."""
    return st.lists(st.tuples(hours, values), min_size=least, max_size=most).map(
        lambda pairs: sorted(pairs, key=lambda pair: pair[0])
    )


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-9)


# --- the robust slope ---------------------------------------------------------------------------------------------


@given(readings(QUARTERS, WHOLE) | readings(QUARTERS, TENTHS) | readings(QUARTERS, ANY), st.sampled_from([0.8, 0.95]))
def test_theil_sen_is_that_of_scipy(pairs, confidence):
    hours, values = [h for h, _ in pairs], [v for _, v in pairs]
    slope = theil_sen(hours, values, confidence)
    if len(pairs) < 3 or len(set(hours)) == 1:
        assert slope is None
        return
    with np.errstate(invalid="ignore"):
        theirs = theilslopes(np.array(values), np.array(hours), alpha=confidence)
    if slope is None:  # so many ties that there is no variance to make an interval from
        assert np.isnan(theirs.low_slope)
        return
    assert slope.per_h == near(theirs.slope)
    assert slope.at_zero == near(theirs.intercept)
    assert slope.low == near(theirs.low_slope)
    assert slope.high == near(theirs.high_slope)


FEW = readings(st.sampled_from([0.0, 1.0, 1.5, 4.0]), st.sampled_from([120.0, 121.0, 140.0]), least=3, most=6)


@given(FEW)
def test_the_same_with_few_readings_and_many_ties(pairs):
    hours, values = [h for h, _ in pairs], [v for _, v in pairs]
    slope = theil_sen(hours, values)
    assume(slope is not None)
    theirs = theilslopes(values, hours, alpha=0.95)
    assert (slope.per_h, slope.at_zero) == (near(theirs.slope), near(theirs.intercept))
    assert (slope.low, slope.high) == (near(theirs.low_slope), near(theirs.high_slope))


@given(readings(QUARTERS, WHOLE, least=3))
def test_the_slope_lies_within_its_interval_and_more_confidence_is_wider(pairs):
    hours, values = [h for h, _ in pairs], [v for _, v in pairs]
    wide, narrow = theil_sen(hours, values, 0.99), theil_sen(hours, values, 0.5)
    assume(wide is not None and narrow is not None)
    assert wide.low <= narrow.low <= narrow.per_h <= narrow.high <= wide.high


@given(readings(QUARTERS, WHOLE, least=3), st.randoms(use_true_random=False))
def test_the_order_of_the_readings_does_not_matter(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)
    one, other = (theil_sen([h for h, _ in p], [v for _, v in p]) for p in (pairs, shuffled))
    assert one == other


def test_one_typing_error_in_six_does_not_turn_the_line():
    hours = [0.0, 4.0, 8.0, 13.0, 16.0, 21.0]
    values = [100 + 1.5 * h for h in hours]
    assert theil_sen(hours, values).per_h == near(1.5)
    values[3] = 12.0
    assert theil_sen(hours, values).per_h == near(1.5)


@pytest.mark.parametrize("pairs", [[], [(0, 1)], [(0, 1), (1, 2)], [(5, 1), (5, 2), (5, 3)]])
def test_too_little_is_no_slope(pairs):
    assert theil_sen([h for h, _ in pairs], [v for _, v in pairs]) is None


# --- the weighted mean --------------------------------------------------------------------------------------------


@given(ANY, st.lists(ANY, max_size=20), st.floats(0.01, 1))
def test_ewma_is_that_of_pandas_from_the_baseline_on(start, values, weight):
    theirs = pd.Series([start, *values]).ewm(alpha=weight, adjust=False).mean().iloc[-1]
    assert ewma(start, values, weight) == near(theirs)


def test_ewma_by_hand():
    assert ewma(120, [], 0.3) == 120
    assert ewma(120, [130], 0.3) == near(123)
    assert ewma(120, [130, 140], 0.3) == near(128.1)
    assert ewma(120, [130, 140], 1) == 140


@given(st.floats(0.1, 50), st.floats(0.01, 1), st.integers(1, 30))
def test_its_standard_deviation_is_that_of_the_weighted_sum(sigma, weight, count):
    weights = [weight * (1 - weight) ** i for i in range(count)]
    assert ewma_sigma(sigma, weight, count) == near(sigma * sqrt(sum(w * w for w in weights)))


def test_within_six_readings_three_sigmas_are_less_than_the_rise_that_is_asked_for_as_well():
    assert max(3 * ewma_sigma(10, 0.3, count) for count in range(1, 7)) == pytest.approx(12.5, abs=0.05)


@given(st.lists(ANY, min_size=1, max_size=20))
def test_the_median(values):
    assert median(values) == statistics.median(values) == near(float(np.median(values)))


# --- when a limit will be reached ---------------------------------------------------------------------------------

RISING = Slope(per_h=2.0, at_zero=120.0, low=1.0, high=3.0)
FALLING = Slope(per_h=-2.0, at_zero=120.0, low=-3.0, high=-1.0)


@pytest.mark.parametrize(
    ("slope", "limit", "expected"),
    [(RISING, 160, 20), (FALLING, 90, 15), (RISING, 141, 10.5), (FALLING, 99, 10.5)],
)
def test_a_line_that_points_to_the_limit_says_when(slope, limit, expected):
    assert crossing_h(slope, limit, 10, 24) == near(expected)


@pytest.mark.parametrize(("within", "said"), [(9.9, False), (10, True), (10.1, True)])
def test_not_when_it_is_too_far(within, said):
    assert (crossing_h(RISING, 160, 10, within) is not None) is said


@pytest.mark.parametrize(
    ("slope", "limit"),
    [
        (RISING, 140),  # reached at this moment
        (RISING, 130),  # passed: it rises away from it
        (RISING, 90),
        (FALLING, 100),
        (FALLING, 110),
        (FALLING, 160),
    ],
)
def test_not_when_it_is_already_past_or_on_its_way_from_it(slope, limit):
    assert crossing_h(slope, limit, 10, 1000) is None


@pytest.mark.parametrize(
    ("low", "high", "said"), [(-0.1, 3, False), (0, 3, False), (0.1, 3, True), (-1, 0.0, False), (0.0, 0.0, False)]
)
def test_not_when_the_interval_holds_a_line_that_does_not_rise(low, high, said):
    slope = Slope(per_h=(low + high) / 2, at_zero=100, low=low, high=high)
    assert (crossing_h(slope, 120, 0, 1000) is not None) is said


@given(readings(QUARTERS, WHOLE, least=3), WHOLE, st.floats(0, 200), st.floats(0.5, 48))
def test_what_is_said_is_where_the_line_meets_the_limit(pairs, limit, now_h, within_h):
    slope = theil_sen([h for h, _ in pairs], [v for _, v in pairs])
    assume(slope is not None)
    at = crossing_h(slope, limit, now_h, within_h)
    if at is None:
        return
    assert now_h <= at <= now_h + within_h
    assert slope.at(at) == pytest.approx(limit, abs=1e-6)
    assert slope.low > 0 or slope.high < 0
    assert (slope.at(now_h) < limit) == (slope.per_h > 0)


@given(readings(QUARTERS, WHOLE, least=3), WHOLE, st.floats(0, 200))
def test_nothing_is_said_whose_interval_holds_zero(pairs, limit, now_h):
    slope = theil_sen([h for h, _ in pairs], [v for _, v in pairs])
    assume(slope is not None and slope.low <= 0 <= slope.high)
    assert crossing_h(slope, limit, now_h, 1e6) is None
