"""The frame around the pages: it stands on direct links, keeps its place as it refreshes, and calls nobody outside."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from help import idle
from inside import inside

from detox import care
from detox.clinical.model import Admission, Observation, Patient, Vitals
from detox.store import Store, find

pytestmark = pytest.mark.browser


@pytest.fixture
def full_ward(server):
    """Ten patients, each with one settled set."""
    store, now = Store(server.database), datetime.now(UTC)
    with inside(store) as tx:
        ward, nurse = find.wards(tx)[0], find.account(tx, "nurse")[0]
        beds = find.beds(tx, ward.id)
    admissions = []
    for bed in beds[:10]:
        person = Patient(uuid.uuid4().hex, f"Demo-{bed.label}", "**Kim** <b>x</b>")
        admission = Admission(uuid.uuid4().hex, person, ward.id, None, "taper", now - timedelta(days=1))
        admissions.append(care.admit(store, nurse, admission, bed.id, now))
        seen = Vitals(124, 78, 76, 36.8, "oral", 14, 98, None, False, "A", "1")
        care.record(store, nurse, Observation(uuid.uuid4().hex, admissions[-1].id, now, seen), now)
    return admissions


def test_the_board_refreshes_without_losing_its_place(server, full_ward, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    main = page.get_by_test_id("stMain")
    main.evaluate("m => { m.scrollTop = 700 }")
    before = page.locator(".dx-counts b").last.inner_text()
    page.wait_for_function("was => [...document.querySelectorAll('.dx-counts b')].at(-1).innerText !== was", arg=before)
    idle(page)
    assert main.evaluate("m => m.scrollTop") == 700


def test_a_direct_link_after_a_restart_stands_in_its_frame(server, full_ward, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    server.kill()
    server.start()
    page.goto(f"{server.url}/patient?admission={full_ward[0].id}")
    page.wait_for_selector(".js-plotly-plot")
    assert "N. Test, nurse" in page.locator(".dx-banner").inner_text()
    assert page.locator(".dx-cover").count() == 1


def test_a_name_is_shown_as_it_is_written(server, full_ward, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    assert "**Kim** <b>x</b>" in page.locator(".dx-name").first.inner_text()


def test_no_page_calls_anybody_outside(server, full_ward, tablet, sign_in):
    page, asked = tablet(), []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, server.url, "nurse")
    for path in (f"record?admission={full_ward[0].id}", f"patient?admission={full_ward[0].id}", "shift", "admit"):
        page.goto(f"{server.url}/{path}")
        page.wait_for_selector(".dx-banner")
        idle(page)
    outside = [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    assert outside == []
