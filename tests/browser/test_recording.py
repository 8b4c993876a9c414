"""What a person does on a tablet: record, tap twice, lose the server, come back."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from help import COWS_14, choose, fill_vitals, open_record, save
from inside import inside

from detox import care
from detox.clinical.model import Admission, Patient
from detox.store import Store, find

pytestmark = pytest.mark.browser


@pytest.fixture
def patient(server):
    """Somebody in bed 7 since yesterday."""
    store, now = Store(server.database), datetime.now(UTC)
    with inside(store) as tx:
        ward, nurse = find.wards(tx)[0], find.account(tx, "nurse")[0]
        bed = next(b.id for b in find.beds(tx, ward.id) if b.label == "Bed 7")
    person = Patient(uuid.uuid4().hex, "Silva", "Maria")
    admission = Admission(uuid.uuid4().hex, person, ward.id, None, "taper", now - timedelta(days=1))
    return care.admit(store, nurse, admission, bed, now)


def kept(server):
    with inside(Store(server.database)) as tx:
        return [dict(r) for r in tx.execute("SELECT * FROM observation ORDER BY recorded_at")]


def test_the_pulse_item_scores_itself_and_the_total_runs_along(server, patient, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    open_record(page)
    page.get_by_label("Heart rate /min", exact=True).fill("104")
    page.keyboard.press("Tab")
    page.get_by_text("from heart rate 104 → 2").wait_for()
    choose(page, {"Sweating": "2 moist"})
    page.get_by_text("COWS at least 4 (2 of 11)").wait_for()
    choose(page, COWS_14)
    page.get_by_text("COWS 14 moderate").wait_for()


def test_an_impossible_pulse_is_refused_with_a_sentence_and_the_rest_stays(server, patient, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    open_record(page)
    fill_vitals(page, {"Heart rate /min": "412", "Breaths /min": "18"})
    page.get_by_text("Pulse 412 /min is outside 0-300: check and enter again.").first.wait_for()
    page.get_by_role("button", name="Save set").click()
    page.get_by_text("Not saved").wait_for()
    assert kept(server) == []
    assert page.get_by_label("Breaths /min", exact=True).input_value() == "18"
    page.get_by_label("Heart rate /min", exact=True).fill("92")
    page.keyboard.press("Tab")
    save(page)
    assert [r["heart_rate_per_min"] for r in kept(server)] == [92.0]


def test_an_unusual_value_is_asked_about_and_kept_when_confirmed(server, patient, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    open_record(page)
    fill_vitals(page, {"Breaths /min": "3"})
    page.get_by_role("button", name="Save set").click()
    page.get_by_text("Respiratory rate 3 /min is unusual").first.wait_for()
    assert kept(server) == []
    page.get_by_role("button", name="Yes, right: save").click()
    page.get_by_text("Next set").wait_for()
    assert [r["respiratory_rate_per_min"] for r in kept(server)] == [3.0]


@pytest.mark.parametrize("gap_ms", [0, 30, 200])
def test_two_taps_on_save_keep_one_set(server, patient, tablet, sign_in, gap_ms):
    page = sign_in(tablet(), server.url, "nurse")
    open_record(page)
    fill_vitals(page)
    page.get_by_text("NEWS2 at least").wait_for()
    button = page.get_by_role("button", name="Save set").element_handle()
    page.evaluate("([b, gap]) => { b.click(); setTimeout(() => b.click(), gap) }", [button, gap_ms])
    page.get_by_text("Next set").wait_for()
    assert len(kept(server)) == 1


def test_a_half_filled_form_outlives_a_killed_server_and_saves(server, patient, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    open_record(page)
    fill_vitals(page)
    choose(page, {"Sweating": "2 moist", "Tremor": "1 felt"})
    page.get_by_text("COWS at least 5 (3 of 11)").wait_for()
    server.kill()
    cover = page.locator(".dx-cover")
    cover.wait_for(state="visible", timeout=30_000)
    server.start()
    cover.wait_for(state="hidden", timeout=60_000)
    page.get_by_text("COWS at least 5 (3 of 11)").wait_for()
    save(page)
    (row,) = kept(server)
    assert (row["systolic_mmhg"], row["diastolic_mmhg"], row["temperature_c"]) == (182.0, 104.0, 37.6)
    assert '"sweating": 2' in row["answers"]


def test_a_screen_whose_server_is_gone_covers_itself(server, patient, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    cover = page.locator(".dx-cover")
    assert not cover.is_visible()
    server.kill()
    cover.wait_for(state="visible", timeout=30_000)
    assert "NOT LIVE since" in cover.inner_text()
    server.start()
    cover.wait_for(state="hidden", timeout=60_000)


def test_another_tablet_sees_a_danger_within_five_seconds(server, patient, tablet, sign_in):
    board = sign_in(tablet(), server.url, "physician")
    page = sign_in(tablet(), server.url, "nurse")
    open_record(page)
    fill_vitals(page)
    choose(page, COWS_14)
    page.get_by_text("COWS 14 moderate").wait_for()
    save(page)
    board.get_by_text("Blood pressure 182/104").first.wait_for(timeout=5_000)
    assert "▲▲ critical" in board.locator(".dx-tile").first.inner_text()
