"""A nurse hands the tablet to a patient, and nothing but the questionnaire can be reached until a PIN takes it back."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Admission, Patient
from detox.store import Store, find

pytestmark = pytest.mark.browser
PIN = "482915"


@pytest.fixture
def patient(server, password):
    """Somebody in bed 7 since yesterday; the nurse has a PIN."""
    store, now = Store(server.database), datetime.now(UTC)
    with inside(store) as tx:
        ward, nurse = find.wards(tx)[0], find.account(tx, "nurse")[0]
        bed = next(b.id for b in find.beds(tx, ward.id) if b.label == "Bed 7")
    care.set_pin(store, nurse, password, PIN, now)
    admission = Admission(
        uuid.uuid4().hex, Patient(uuid.uuid4().hex, "Silva", "Maria"), ward.id, None, "taper", now - timedelta(days=1)
    )
    return care.admit(store, nurse, admission, bed, now)


def hand_over(page, server, patient):
    page.goto(f"{server.url}/patient?admission={patient.id}")
    page.wait_for_selector(".js-plotly-plot")
    page.get_by_role("link", name="Other scale").click()
    page.get_by_role("button", name="SOWS-Gossop").click()
    page.get_by_role("button", name="Hand the tablet to the patient").click()
    page.wait_for_url("**/self-report")


def test_the_whole_way_of_a_self_report(server, patient, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    old_tab = page.context.new_page()
    old_tab.goto(f"{server.url}/patient?admission={patient.id}")
    old_tab.get_by_text("SILVA, Maria").first.wait_for()
    hand_over(page, server, patient)
    old_tab.wait_for_url("**/self-report")
    old_tab.go_back()
    old_tab.wait_for_url("**/self-report")
    old_tab.close()
    page.get_by_text("Hello, Maria.").wait_for()
    assert "Silva" not in page.content()
    page.get_by_role("link", name="Begin").click()
    for number, button in enumerate(["Severe", "Mild", "I’d rather not answer", "None"], 1):
        page.get_by_text(f"{number} of 10").wait_for()
        page.get_by_role("button", name=button).click()
    page.get_by_text("5 of 10").wait_for()
    for address in (
        f"/patient?admission={patient.id}",
        f"/record?admission={patient.id}",
        "/board",
        "/sign-in",
        "/demo",
    ):
        page.goto(server.url + address)
        assert page.url == f"{server.url}/self-report", address
        page.get_by_text("5 of 10").wait_for()
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_role("button", name="Moderate").click()
    for _ in range(6):
        page.get_by_role("button", name="Mild").click()
    page.get_by_text("Please give the tablet back to the nurse.").wait_for()
    page.go_back()
    assert page.url.startswith(f"{server.url}/self-report")
    page.goto(f"{server.url}/self-report/return")
    page.get_by_label("PIN").fill("918273")
    page.get_by_role("button", name="Take the tablet back").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Take the tablet back").click()
    page.get_by_text("SOWS-Gossop at least 12 (9 of 10, not answered: spasms)").wait_for()
    page.get_by_role("link", name="Open patient").click()
    page.get_by_role("radio", name="Other scales").click()
    region = page.get_by_role("region", name="Other scales")
    region.get_by_text("Short Opiate Withdrawal Scale (Gossop, 10 items) · sows-gossop").wait_for()
    region.get_by_text("self-report by the patient").wait_for()
    region.get_by_text("N. Test").wait_for()


def test_answers_outlive_a_killed_server_and_the_tablet_stays_shut(server, patient, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    hand_over(page, server, patient)
    page.get_by_role("link", name="Begin").click()
    page.get_by_role("button", name="Severe").click()
    page.get_by_text("2 of 10").wait_for()
    server.kill()
    server.start()
    page.goto(f"{server.url}/patient?admission={patient.id}")
    assert page.url == f"{server.url}/self-report"
    page.get_by_text("2 of 10").wait_for()
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_text("your answer").or_(page.locator("[aria-pressed=true]")).first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1180, 820), (820, 1180)])
def test_everything_on_the_questionnaire_is_large(server, patient, tablet, sign_in, scheme, size):
    view = {"width": size[0], "height": size[1]}
    page = sign_in(tablet(viewport=view, color_scheme=scheme), server.url, "nurse")
    hand_over(page, server, patient)
    page.get_by_role("link", name="Begin").click()
    page.get_by_text("1 of 10").wait_for()
    small = page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(e => [...e.childNodes].some(
            n => n.nodeType === 3 && n.textContent.trim()) && e.checkVisibility()).filter(
            e => parseFloat(getComputedStyle(e).fontSize) < 22).map(e => e.outerHTML)"""
    )
    low = page.evaluate(
        """() => [...document.querySelectorAll('button, a')].filter(
            e => e.getBoundingClientRect().height < 64).map(e => e.outerHTML)"""
    )
    wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
    assert (small, low, wide) == ([], [], False)
