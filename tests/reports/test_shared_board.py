"""One board for all tablets of a ward, for a moment, and never an old one after something was kept."""

from collections.abc import Callable
from datetime import datetime, timedelta

from detox import care
from detox.clinical.model import Admission, Clinician, Observation, Vitals, Ward
from detox.gate import OPERATOR
from detox.reports.board import SHARED, shared_board
from detox.store import Store

Seen = Callable[..., Observation]


def test_two_tablets_look_at_one_board(store: Store, ward: Ward, admission: Admission, now: datetime) -> None:
    first = shared_board(store, OPERATOR, ward.id, now)
    assert shared_board(store, OPERATOR, ward.id, now + SHARED / 2) is first
    assert shared_board(store, OPERATOR, ward.id, now + SHARED) is not first


def test_what_was_kept_is_on_the_board_at_once(
    store: Store, ward: Ward, nurse: Clinician, admission: Admission, seen: Seen, now: datetime
) -> None:
    assert shared_board(store, OPERATOR, ward.id, now).tiles[0].last_seen is None
    care.record(store, nurse, seen(vitals=Vitals(heart_rate_per_min=76)), now, confirmed=True)
    assert any(tile.last_seen is not None for tile in shared_board(store, OPERATOR, ward.id, now).tiles)


def test_a_clock_that_was_set_back_shows_no_board_of_the_future(
    store: Store, ward: Ward, admission: Admission, now: datetime
) -> None:
    first = shared_board(store, OPERATOR, ward.id, now)
    assert shared_board(store, OPERATOR, ward.id, now - timedelta(seconds=1)) is not first
