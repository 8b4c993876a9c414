"""An alert on screen: put aside, gone up to the physician, answered, looked back on; and a limit tried out."""

import re

import pytest
from help import idle
from inside import inside
from playwright.sync_api import expect
from walk import answer, pick

pytestmark = pytest.mark.browser


def test_from_its_opening_to_the_look_back(walk, people):
    nurse, physician = people()
    walk.admit(nurse, "Detox taper", **{"Opioid used": "heroin", "Hours since the last use": "14"})
    walk.see(5, temperature_c=37.9)
    walk.open(nurse)
    answer(nurse, "Temperature 37.9", "Put aside", "Why can it wait?", "known to Dr Test, again at two")
    nurse.get_by_text(re.compile("put aside until .* by N. Test: known to Dr Test")).wait_for()

    walk.clock.forward(minutes=20)
    walk.see(5, temperature_c=37.9, respiratory_rate_per_min=8)
    physician.get_by_role("link", name="Inbox").click()
    first, last = physician.get_by_text("Critical, unanswered (1)"), physician.get_by_text("Put aside (1)")
    first.wait_for()
    assert first.bounding_box()["y"] < last.bounding_box()["y"], "the worst is not first"
    assert physician.get_by_text(re.compile("unanswered 0 min")).count()
    walk.clock.forward(minutes=16)  # nobody answers: the page says with whom it is, without being asked
    physician.get_by_text(re.compile("unanswered 16 min: now with the physician")).wait_for()
    walk.shot(physician, "inbox")

    physician.locator(".st-key-row-Criticalunanswered-0, [class*=st-key-row-Critical]").first.get_by_role(
        "link", name="Open"
    ).click()
    physician.locator(".px-says").wait_for()
    answer(physician, "Respiratory rate 8", "Acknowledge", "What was done?", "woken, naloxone at hand, stay beside")
    physician.get_by_text(re.compile("answered 0 min ago by P. Test")).wait_for()
    walk.clock.forward(minutes=10)
    walk.see(5, respiratory_rate_per_min=11)
    walk.open(physician)
    physician.get_by_text(re.compile("RR 8 → 11 since")).wait_for()

    physician.get_by_role("link", name="Look back").last.click()
    physician.get_by_text("As it stood on").wait_for()
    stood = physician.get_by_text(re.compile("^As it stood on"))
    while not physician.get_by_text(re.compile("^unanswered 0 min$")).count():
        moment = stood.inner_text()
        physician.get_by_role("button", name=re.compile("^◀ Previous")).click()
        expect(stood).not_to_have_text(moment)  # or the page that has not moved yet would be read, and the way overshot
        idle(physician)
    assert "Respiratory rate 8" in physician.locator(".st-key-tile").inner_text()
    assert physician.get_by_role("button", name="Acknowledge").count() == 0, "the past can be answered"
    walk.shot(physician, "look-back")


def test_a_limit_is_tried_out_and_nothing_is_changed(walk, people):
    nurse, physician = people()
    walk.admit(nurse, "Detox taper", **{"Opioid used": "heroin", "Hours since the last use": "14"})
    for degrees in (36.8, 37.6, 37.7, 36.9, 36.8):
        walk.see(5, temperature_c=degrees)
        walk.clock.forward(minutes=30)
    with inside(walk.store) as tx:
        before = tx.execute("SELECT count(*) FROM audit_event").fetchone()[0]
    physician.get_by_role("link", name="Protocols").click()
    physician.locator(".st-key-protocol-file").get_by_text("Alerts", exact=True).click()
    physician.get_by_text("What if a limit were another?").click()
    pick(physician, "Rule", "temperature high amber (▲ warning)")
    physician.get_by_label("Instead of 37.8").fill("37.5")
    physician.keyboard.press("Tab")
    physician.get_by_role("button", name="Try it").click()
    physician.get_by_text(re.compile(r"^\d+\.\d more alerts per 100 patient-days")).wait_for()
    walk.shot(physician, "what-if")
    with inside(walk.store) as tx:
        assert tx.execute("SELECT count(*) FROM audit_event").fetchone()[0] == before
