"""The inbox page, putting aside on the patient's page, and the ward's minutes of escalation."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inside import changing, inside
from page_html import html_of

from detox import care
from detox.clinical.model import Snooze
from detox.reports.since import escalation_minutes
from detox.store import find, keep, orders


@pytest.fixture
def high(store, nurse, seen, vitals, now):
    for minutes_ago in (19, 12):
        entry = seen(vitals=vitals(systolic_mmhg=190), minutes_ago=minutes_ago)
        (opened,) = care.record(store, nurse, entry, now).open_alerts
    return opened


def _key(at, prefix: str):
    every = [*at.get("button_group"), *at.text_input, *at.button, *at.number_input, *at.selectbox]
    return next(w for w in every if w.key and str(w.key).startswith(prefix))


def test_an_empty_inbox_says_so_plainly(open_page, physician):
    at = open_page(physician, "inbox")
    assert not at.exception
    assert "Nothing waits" in html_of(at)


def test_a_nurse_has_no_inbox(open_page, nurse, high):
    at = open_page(nurse, "board")
    assert not at.exception
    assert "Critical, unanswered" not in html_of(at)


def test_it_names_patient_stage_and_action_and_links(open_page, physician, store, high, now):
    at = open_page(physician, "inbox")
    assert not at.exception
    text = html_of(at)
    for words in ("Critical, unanswered (1)", "SILVA, Maria", "BED 7", "Blood pressure 190/78", "unanswered 0 min"):
        assert words in text
    assert [link.label for link in at.get("page_link")] == ["Open", "Decide"]
    assert "Suggestions to decide on (1)" in text
    assert "Do not withhold on this ground" in text


def test_hostile_words_are_shown_not_obeyed(open_page, physician, nurse, store, high, admit, now):
    evil = "<img src=x onerror=alert(1)>"
    care.snooze(store, nurse, Snooze("s", high.id, now, now + timedelta(minutes=10), evil), now)
    also = replace(high.finding, also={"x": evil}, problem="pulse")
    with changing(store) as tx:
        keep.alert(tx, replace(high, id="other", finding=also), now)
    text = html_of(open_page(physician, "inbox"))
    assert "<img" not in text
    assert text.count("&lt;img") == 2
    assert "also: &lt;img" in text


def test_an_alert_is_put_aside_and_stays_on_screen(open_page, nurse, admission, store, high):
    at = open_page(nurse, "patient", admission=admission.id)
    _key(at, "keep-").click().run()
    assert any("why this can wait" in e.value for e in at.error)
    _key(at, "long-").set_value(30).run()
    _key(at, "because-").input("known to Dr Reyes").run()
    _key(at, "keep-").click().run()
    assert not at.exception
    with inside(store) as tx:
        (kept,) = orders.snoozes(tx, [high.id])[high.id]
        assert find.alert(tx, high.id).state == "open"
    assert kept.reason == "known to Dr Reyes"
    assert "put aside until 23:11" in html_of(at)
    assert not [b for b in at.button if str(b.key).startswith("keep-")], "a critical one is put aside once only"
    assert [b for b in at.button if b.label == "Acknowledge"]


def test_what_kills_has_no_place_to_put_it_aside(open_page, nurse, admission, store, seen, vitals, now):
    care.record(store, nurse, seen(vitals=vitals(respiratory_rate_per_min=9)), now, confirmed=True)
    at = open_page(nurse, "patient", admission=admission.id)
    assert [b for b in at.button if b.label == "Acknowledge"]
    with inside(store) as tx:
        never = {a.id for a in find.open_alerts(tx, admission.id) if a.finding.level == "critical"}
    assert never
    assert not [b for b in at.button if str(b.key).startswith("keep-")]


def test_an_answered_alert_tells_what_happened_since_and_what_is_due(
    open_page, nurse, admission, store, seen, vitals, high, now
):
    care.acknowledge(store, nurse, high.id, "called", now - timedelta(minutes=10))
    care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=176), minutes_ago=2), now)
    text = html_of(open_page(nurse, "patient", admission=admission.id))
    assert "BP syst <b>190 → 176</b> since 22:31" in text
    assert "next set <b>" in text
    assert "190 → 176" in html_of(open_page(nurse, "board"))


def test_the_manager_sets_the_minutes_of_escalation(open_page, manager, store, ward):
    at = open_page(manager, "ward")
    _key(at, "nurse-").set_value(10)
    next(b for b in at.button if b.label == "Set for this ward").click().run()
    assert any("later than the one before" in e.value for e in at.error)
    _key(at, "nurse-").set_value(3)
    next(b for b in at.button if b.label == "Set for this ward").click().run()
    assert not at.exception
    with inside(store) as tx:
        assert escalation_minutes(tx, ward.id) == (3, 10, 15)
    assert any("Set by this ward" in c.value for c in at.caption)
