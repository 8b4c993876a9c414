"""Board and patient head colour a value by the limit of this patient that held when it was taken, and say so."""

import uuid
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import PatientLimit
from detox.reports import board
from detox.store import find
from detox.ui import tiles


@pytest.fixture
def limited(store, physician, nurse, admit, seen, vitals, now):
    """170/78 was taken half an hour ago; from an hour ago on 185 is high for this patient."""
    admission = admit()
    wanted = PatientLimit(
        uuid.uuid4().hex, admission.id, "systolic_mmhg", "high", 185, 205, "usual 170", now, now + timedelta(hours=6)
    )
    care.set_limit(store, physician, wanted, now - timedelta(hours=1))
    entry = replace(seen(minutes_ago=30, vitals=vitals(systolic_mmhg=170.0)), admission_id=admission.id)
    care.record(store, nurse, entry, now, confirmed=True)
    return admission


def tile(store, admission, at):
    with inside(store) as tx:
        return board.tile(tx, find.admission(tx, admission.id), None, at)


def test_the_tile_says_by_whose_limit(store, ward, limited, now):
    for at in (now, now + timedelta(hours=12)):  # also when the limit has run out since
        found = tile(store, limited, at)
        text = tiles.values_html(found.vitals, ZoneInfo(ward.time_zone), at, "C")
        assert '<span class="dx-val normal">BP <b>170/78</b> <span title="limit for this patient: ▲ 185' in text
        assert text.count("⚑ own limit") == 1
    assert tile(store, limited, now + timedelta(hours=12)).limits == {}


def test_a_value_from_before_the_limit_keeps_the_wards_colour(store, nurse, limited, seen, vitals, now):
    early = replace(seen(minutes_ago=90, vitals=vitals(systolic_mmhg=170.0)), admission_id=limited.id)
    care.record(store, nurse, early, now, confirmed=True)
    with inside(store) as tx:
        first = find.observations(tx, limited.id)[:1]
    found = board._values(first, tile(store, limited, now).every_limit)
    assert found["systolic_mmhg"].interpretation.meaning == "high"
    assert found["systolic_mmhg"].limits == ()


@pytest.mark.parametrize("page", ["board", "patient"])
def test_the_pages_show_it(open_page, nurse, limited, page):
    at = open_page(nurse, page, admission=limited.id)
    assert not at.exception
    assert "⚑ own limit" in html_of(at)
