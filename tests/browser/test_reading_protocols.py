"""The source of a number, found by a person at a tablet; and a review recorded by a manager."""

import pytest
from help import idle

pytestmark = pytest.mark.browser
SOURCE = "B2 and updates: 180/120 crisis convention, rule A06 follows it; clear limit B6.2"


def on_screen(page, locator):
    box = locator.bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


@pytest.mark.parametrize("size", [(1180, 820), (820, 1180), (1600, 1000)])
def test_the_source_of_systolic_180_is_two_taps_away(server, tablet, sign_in, size):
    page = sign_in(tablet(viewport={"width": size[0], "height": size[1]}), server.url, "nurse")
    page.get_by_role("link", name="Protocols").click()
    page.get_by_label("Find a number, a word or a rule in every file").fill("180")
    source = page.get_by_text(SOURCE).first
    source.wait_for()
    idle(page)
    row = page.locator("tr", has_text="systolic_red_high").first
    assert "180 mmHg or more" in row.inner_text()
    assert SOURCE in row.inner_text()
    assert on_screen(page, source)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_or_by_choosing_the_file(server, tablet, sign_in):
    page = sign_in(tablet(), server.url, "physician")
    page.get_by_role("link", name="Protocols").click()
    page.locator(".st-key-protocol-file").get_by_text("Limits", exact=True).click()
    source = page.get_by_text(SOURCE).first
    source.wait_for()
    idle(page)
    assert on_screen(page, source)


def test_a_source_opens_elsewhere_and_tells_nobody_where_it_was_tapped(server, tablet, sign_in):
    page = sign_in(tablet(), server.url, "nurse")
    page.get_by_role("link", name="Protocols").click()
    page.locator(".st-key-protocol-file").get_by_text("COWS", exact=True).click()
    link = page.get_by_role("link", name="doi:10.1080/02791072.2003.10400007").first
    link.wait_for()
    assert link.get_attribute("href") == "https://doi.org/10.1080/02791072.2003.10400007"
    assert link.get_attribute("target") == "_blank"
    assert set(link.get_attribute("rel").split()) >= {"noreferrer", "noopener"}


def test_a_manager_records_a_review_and_a_refresh_shows_it(server, tablet, sign_in):
    page = sign_in(tablet(), server.url, "manager")
    page.get_by_role("link", name="Protocols").click()
    page.locator(".st-key-protocol-file").get_by_text("Pain", exact=True).click()
    page.get_by_label("Name of the reviewer").fill("Dr A. Jones")
    page.get_by_label("Profession").fill("consultant")
    page.get_by_label("Statement of the reviewer").fill("Read against the source <b>whole</b>.")
    page.get_by_role("button", name="Record review of Pain").click()
    page.get_by_text("✓ Recorded: Pain").wait_for()
    page.reload()
    page.get_by_text("“Read against the source <b>whole</b>.”").wait_for()
    assert page.get_by_text("reviewed by Dr A. Jones, consultant, on").count() >= 1
