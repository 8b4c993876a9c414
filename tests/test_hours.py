"""The hour of a test run: what it names, and that nothing but the clock follows it."""

from datetime import UTC, datetime, timedelta

import hours
import pytest
import time_machine

SUMMER = datetime(2026, 7, 20, 21, 30, tzinfo=UTC)  # 22:30 on the ward


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("22:31", datetime(2026, 7, 20, 21, 31, tzinfo=UTC)),
        ("22:30", SUMMER),
        ("22:29", datetime(2026, 7, 21, 21, 29, tzinfo=UTC)),
        ("7", datetime(2026, 7, 21, 6, 0, tzinfo=UTC)),
        ("00:30", datetime(2026, 7, 20, 23, 30, tzinfo=UTC)),
        ("2026-03-29T01:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # skipped: 02:30 on the ward
        ("2026-10-25T01:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the first of two
    ],
)
def test_an_hour_of_the_ward_is_the_next_one(text: str, named: datetime) -> None:
    assert hours.moment(text, SUMMER) == named


def test_a_server_has_the_clock_of_this_process() -> None:
    start = hours.real_now() + timedelta(hours=5)
    with time_machine.travel(start, tick=False):
        ahead = float(hours.streamlit()[1])
        assert abs(hours.real_now() - start) > timedelta(hours=4)
    assert ahead == pytest.approx(5 * 3600, abs=60)


def test_a_clock_of_its_own_counts_from_the_real_one() -> None:
    assert hours.streamlit(timedelta(hours=-2))[1] == "-7200.0"
