"""The watch for precipitated withdrawal on the board and on the patient's page."""

import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import Dose, Vitals
from detox.reports import board
from detox.store import find
from detox.ui import tiles

MINUTE = timedelta(minutes=1)


@pytest.fixture
def scored(store, nurse, seen, now):
    def build(minutes_ago=9, **given):
        at = now - minutes_ago * MINUTE
        return care.record(store, nurse, seen(minutes_ago=minutes_ago, **given), at, confirmed=True)

    return build


@pytest.fixture
def dosed(store, nurse, admission, cows, scored, now):
    """dosed(50): a score of 5, then 4 mg of buprenorphine in a clinic so many minutes ago."""

    def build(minutes_ago):
        scored(minutes_ago + 5, vitals=Vitals(heart_rate_per_min=76), answers=cows(gi_upset=5))
        at = now - minutes_ago * MINUTE
        wanted = Dose(uuid.uuid4().hex, admission.id, None, "buprenorphine", 4, "given", at, "GP", elsewhere=True)
        care.chart_other_dose(store, nurse, wanted, at)

    return build


@pytest.fixture
def tile_html(store, admission, now):
    def read():
        with inside(store) as tx:
            found = board.tile(tx, find.admission(tx, admission.id), None, now)
        return tiles.tile_html(found, now, ZoneInfo("Europe/London"), "C")

    return read


def test_a_running_watch_counts_down_on_board_and_page(dosed, tile_html, open_page, nurse, admission):
    dosed(20)
    said = (
        "<b>Watch: buprenorphine 4 mg 22:21</b>", "until <b>Sun 02:21</b>, 3 h 40 min left", "COWS before <b>5</b>",
        "next look <b>22:51</b>",
    )  # fmt: skip
    page = html_of(open_page(nurse, "patient", admission=admission.id))
    for text in said:
        assert text in tile_html(), text
        assert text in page, text


def test_a_missed_look_stands_in_the_line(dosed, tile_html):
    dosed(45)
    assert "A look was missed after buprenorphine (sublingual): 30 min" in tile_html()


def test_a_window_that_passed_unseen_is_a_warning_on_board_and_card(
    dosed, tile_html, open_page, nurse, admission, cows, scored
):
    dosed(300)
    told = '<div class="dx-alert warning"><b>▲ buprenorphine 4 mg 17:41</b>: The window in which precipitated'
    assert told in tile_html()
    assert html_of(open_page(nurse, "patient", admission=admission.id)).count(told) == 2, "head and card"
    scored(1, vitals=Vitals(heart_rate_per_min=76), answers=cows(gi_upset=5))
    assert "has passed unseen" not in tile_html()
