"""The whole job once, by hand: set up, admit, record, be seen, answer, plan, decide, export, compare."""

import csv
import io
import re

import pytest
from help import CODES, COWS_14, choose, fill_vitals, idle, open_record, save
from inside import inside

from detox.store import Store

pytestmark = pytest.mark.browser
SECRET = "a long enough secret"


def set_up(page, url):
    page.goto(url)
    page.get_by_role("link", name="Set up this ward").click()
    for label, value in {"Ward name": "Ward 4B", "Beds": "4", "Name": "M. Okafor", "User name": "m.okafor"}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.locator("#time_zone").fill("Europe/London")
    page.get_by_label("°C").check()
    page.get_by_label("Password", exact=True).fill(SECRET)
    page.get_by_label("Password again").fill(SECRET)
    page.get_by_role("button", name="Set up this ward").click()
    page.wait_for_selector(".dx-counts")


def add_account(page, name, username, role):
    page.get_by_label("Name, as colleagues know it").fill(name)
    page.get_by_label("User name", exact=True).fill(username)
    page.get_by_role("radiogroup", name="Role").get_by_role("radio", name=role, exact=True).click()
    page.get_by_label("Password", exact=True).fill(SECRET)
    page.get_by_label("Password again", exact=True).fill(SECRET)
    page.get_by_role("button", name="Add account").click()
    page.get_by_text(f"Added: {name}").wait_for()


def pick(page, label, option):
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def admit(page):
    page.get_by_role("link", name="Admit", exact=True).click()
    page.get_by_label("Family name").fill("Silva")
    page.get_by_label("Given name").fill("Maria")
    pick(page, "Programme", "Detox taper")
    pick(page, "Bed", "1")
    choose(page, {"Sex at birth": "Female", "Pregnancy": "Negative test"})
    page.get_by_role("button", name="Admit", exact=True).click()
    page.get_by_text("SILVA").first.wait_for()


def write_and_sign_a_plan(page):
    page.get_by_role("radiogroup", name="More").get_by_role("radio", name="Plan and doses").click()
    pick(page, "Drug", "buprenorphine")
    page.get_by_label("Daily doses in mg, from the first step to the last").fill("8, 6, 4, 2, 0")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_label("Your PIN or password, to sign").last.fill(SECRET)
    page.get_by_role("button", name=re.compile(r"Sign as .*8 → 6 → 4 → 2 → 0 mg")).click()
    page.get_by_text(re.compile("signed", re.IGNORECASE)).first.wait_for()


def decline_the_suggestion(page):
    page.get_by_role("radiogroup", name="Your decision").get_by_role("radio", name="Decline").click()
    page.get_by_label("Reason in your words").fill("pressure first, seen at the bed")
    page.locator(".st-key-suggestion").get_by_label("Your PIN or password, to sign").fill(SECRET)
    page.get_by_role("button", name=re.compile("^Sign as .*decline")).click()
    page.get_by_text("pressure first, seen at the bed").first.wait_for()


def test_one_night_on_a_new_ward(empty_server, tablet, sign_in):
    url = empty_server.url
    manager = tablet()
    set_up(manager, url)
    manager.get_by_role("link", name="Ward and accounts").click()
    add_account(manager, "A. Okoro", "a.okoro", "nurse")
    add_account(manager, "B. Reyes", "b.reyes", "physician")

    nurse = sign_in(tablet(), url, "a.okoro", SECRET)
    admit(nurse)
    board = sign_in(tablet(), url, "b.reyes", SECRET)
    nurse.get_by_role("link", name="Ward board", exact=True).first.click()
    open_record(nurse)
    fill_vitals(nurse)
    choose(nurse, CODES | COWS_14)
    nurse.get_by_text("COWS 14 moderate").wait_for()
    save(nurse)

    board.get_by_text("Blood pressure 182/104").first.wait_for(timeout=5_000)
    board.get_by_role("button", name="Acknowledge").first.click()
    board.get_by_label("What was done?").fill("seen, repeating in 5 min")
    board.get_by_test_id("stPopoverBody").get_by_role("button", name="Acknowledge").click()
    board.get_by_text("acknowledged by B. Reyes").wait_for()

    board.get_by_role("link", name="Open", exact=True).first.click()
    board.wait_for_selector(".js-plotly-plot")
    write_and_sign_a_plan(board)
    decline_the_suggestion(board)

    board.get_by_role("link", name="Shift summary").click()
    idle(board)
    with board.expect_download() as coming:
        board.get_by_role("link", name=re.compile("CSV")).click()
    text = coming.value.path().read_bytes().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    compare(row, Store(empty_server.database))


def compare(row, store):
    """What the file says is what was entered, and what the database holds."""
    assert (row["family_name"], row["given_name"], row["bed"]) == ("Silva", "Maria", "1")
    assert float(row["highest_systolic_mmhg"]) == 182
    assert float(row["highest_heart_rate_per_min"]) == 104
    assert row["cows_last_total"] == "14"
    assert row["cows_last_band"] == "moderate"
    assert "seen, repeating in 5 min" in " ".join(row.values())
    assert "pressure first, seen at the bed" in " ".join(row.values())
    with inside(store) as tx:
        kept = tx.execute("SELECT count(*) FROM observation").fetchone()[0]
    assert kept == 1 == int(row["count_sets_done"])
