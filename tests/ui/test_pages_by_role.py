"""Which role opens which page: a table over every page there is, so that none is opened by mistake."""

from pathlib import Path

import pytest

from detox.clinical.model import ROLES
from detox.gate import ACTS

FOLDER = Path(__file__).resolve().parents[2] / "detox" / "ui" / "pages"
PAGES = {
    "board": "see_ward", "patient": "see_patient", "shift": "see_ward", "look_back": "see_ward",
    "record": "record", "scale": "record", "plan_what_if": "record", "inbox": "decide", "admit": "admit",
    "ward": "add_clinician", "pin": "set_pin", "protocols": "see_ward",
}  # fmt: skip
"""Each page and the act that opens it."""


def test_every_page_stands_in_the_table():
    assert {path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__"} == set(PAGES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES)
def test_a_role_without_the_act_gets_one_sentence_or_no_such_page(request, open_page, admit, role, page):
    admission = admit("Cedar")
    allowed = role in ACTS[PAGES[page]].roles
    try:
        at = open_page(request.getfixturevalue(role), page, admission=admission.id)
    except ValueError as error:
        if allowed or "Could not find a navigation page" not in str(error):
            raise
        return
    if not allowed:
        text = " ".join(str(one.value) for one in (*at.info, *at.error)).lower()
        assert "physician" in text or "manager" in text
        assert not [*at.button, *at.text_input, *at.selectbox, *at.number_input, *at.get("form")]
        assert "Cedar" not in " ".join(str(one.value) for one in at.get("html"))


def test_each_role_opens_what_it_may(request, open_page, admit):
    admission = admit("Cedar")
    for role in ROLES:
        for page, act in PAGES.items():
            if role in ACTS[act].roles:
                assert not open_page(request.getfixturevalue(role), page, admission=admission.id).exception
