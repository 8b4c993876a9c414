"""A page that is drawn anew while somebody types takes nothing away: the line to the server is held back meanwhile."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from help import Line, idle
from inside import inside
from walk import pick

from detox import care
from detox.clinical import drugs
from detox.clinical.model import Admission, Observation, Patient, Vitals
from detox.store import Store, find

pytestmark = pytest.mark.browser


@pytest.fixture
def patient(server):
    """Somebody in bed 7 who breathes slowly: what holds an opioid stands above the form for a dose."""
    store, now = Store(server.database), datetime.now(UTC)
    with inside(store) as tx:
        ward, nurse = find.wards(tx)[0], find.account(tx, "nurse")[0]
        bed = next(b.id for b in find.beds(tx, ward.id) if b.label == "Bed 7")
    person = Patient(uuid.uuid4().hex, "Silva", "Maria")
    came = now - timedelta(days=1)
    admission = care.admit(store, nurse, Admission(uuid.uuid4().hex, person, ward.id, None, "taper", came), bed, now)
    slow = Observation(uuid.uuid4().hex, admission.id, now, Vitals(respiratory_rate_per_min=8, spo2_percent=95))
    care.record(store, nurse, slow, now, confirmed=True)
    return admission


def test_an_amount_that_is_typed_while_the_holds_arrive_stays(server, patient, tablet, sign_in):
    page = tablet()
    line = Line(page)
    sign_in(page, server.url, "nurse")
    page.get_by_role("link", name="Open", exact=True).click()
    page.get_by_text("Give a dose", exact=True).click()
    page.get_by_text("Other medicine, or given elsewhere").click()
    idle(page)
    amount = page.get_by_label("Amount given, mg")
    amount.wait_for()
    line.wait()
    pick(page, "Medicine", drugs.drug("morphine").listed)
    amount.press_sequentially("2.5")
    assert line.kept, "the page was to be drawn anew meanwhile"
    line.go_on()
    page.locator(".st-key-dose").get_by_text("Respiratory rate 8").first.wait_for()
    idle(page)
    assert amount.input_value() == "2.5"
