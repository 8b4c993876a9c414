"""When a patient can have been seen, and a dose given: each edge, and that a shown minute changes no time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical.entry_times import check_elsewhere, judged, question, same_unless_moved
from detox.clinical.looking_back import clock_tolerance
from detox.clinical.protocols import vitals_file
from detox.errors import Refused

NOW = datetime(2026, 11, 21, 22, 41, 7, tzinfo=UTC)
CAME = datetime(2026, 11, 19, 10, 30, 40, tzinfo=UTC)
MINUTE = CAME.replace(second=0)
MOST = timedelta(minutes=vitals_file().times.before_admission_min)
ELSEWHERE = timedelta(hours=vitals_file().times.elsewhere_before_admission_h)
INSTANT = timedelta(milliseconds=1)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_the_minute_of_a_time_is_the_time(kept: datetime) -> None:
    assert same_unless_moved(kept.replace(second=0, microsecond=0), kept) == kept
    assert same_unless_moved(kept, kept) == kept


@given(MOMENTS, MOMENTS)
def test_any_other_time_is_what_was_entered(entered: datetime, kept: datetime) -> None:
    if entered != kept.replace(second=0, microsecond=0):
        assert same_unless_moved(entered, kept) == entered


def test_what_is_judged_reaches_from_an_hour_before_the_admission_to_what_a_tablet_calls_now() -> None:
    span = judged(CAME, NOW)
    for inside in (MINUTE - MOST, CAME, NOW, NOW + clock_tolerance()):
        assert span.holds(inside)
        assert not span.is_ahead(inside)
    assert not span.holds(MINUTE - MOST - INSTANT)
    assert not span.is_ahead(MINUTE - MOST - INSTANT)
    assert not span.holds(NOW + clock_tolerance() + INSTANT)
    assert span.is_ahead(NOW + clock_tolerance() + INSTANT)


def test_of_a_stay_in_the_future_everything_is_judged() -> None:
    span = judged(NOW + timedelta(days=400), NOW)
    assert span.holds(NOW)
    assert span.holds(NOW + timedelta(days=500))


def test_from_the_minute_of_the_admission_on_nothing_is_asked() -> None:
    assert question("taken_at", MINUTE, CAME, NOW) == {}
    assert question("taken_at", CAME, CAME, NOW) == {}


@pytest.mark.parametrize(
    ("early", "said"),
    [(INSTANT, "1 min"), (timedelta(minutes=25), "25 min"), (MOST - INSTANT, "1 h"), (MOST, "1 h")],
)
def test_up_to_an_hour_before_it_is_asked(early: timedelta, said: str) -> None:
    assert question("taken_at", MINUTE - early, CAME, NOW) == {
        "taken_at": f"Taken {said} before the admission: is it right?"
    }


@pytest.mark.parametrize(
    ("early", "said"), [(MOST + INSTANT, "1 h 1 min"), (timedelta(hours=5), "5 h"), (timedelta(days=30), "30 days")]
)
def test_longer_before_it_is_refused(early: timedelta, said: str) -> None:
    with pytest.raises(Refused, match=f"Taken {said} before the admission; at most 1 h can be: correct the time") as no:
        question("taken_at", MINUTE - early, CAME, NOW)
    assert set(no.value.problems) == {"taken_at"}


def test_a_dose_from_elsewhere_lies_at_most_so_long_before() -> None:
    check_elsewhere("given_at", MINUTE - ELSEWHERE, CAME, NOW)
    with pytest.raises(Refused, match="72 h 1 min before the admission"):
        check_elsewhere("given_at", MINUTE - ELSEWHERE - timedelta(minutes=1), CAME, NOW)


def test_what_lies_before_a_stay_in_the_future_is_not_asked_about() -> None:
    """Such an admission was imported with shifted dates: the clock says nothing of it."""
    assert question("taken_at", NOW, NOW + timedelta(days=400), NOW) == {}
