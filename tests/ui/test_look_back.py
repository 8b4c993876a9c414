"""Looking back: from the patient's page or the list, step by step, read-only, for every role."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import TaperPlan, TaperStep
from detox.instants import to_text
from detox.reports import look_back
from detox.store import find
from detox.store.as_of import Moment


@pytest.fixture
def stay(store, nurse, seen, vitals, cows, admission, now):
    """A calm set 90 minutes ago, slow breathing 60 minutes ago, answered at 50, corrected at 20."""

    def at(minutes_ago):
        return now - timedelta(minutes=minutes_ago)

    care.record(store, nurse, seen(vitals=vitals(), answers=cows(), minutes_ago=90), at(90), confirmed=True)
    slow = seen(vitals=vitals(respiratory_rate_per_min=7.0), answers=cows(), minutes_ago=60)
    care.record(store, nurse, slow, at(60), confirmed=True)
    with inside(store) as tx:
        alert = next(a for a in find.open_alerts(tx, admission.id) if a.finding.problem == "breathing")
    care.acknowledge(store, nurse, alert.id, "told Dr Test", at(50))
    right = replace(slow, id="right", vitals=vitals())
    care.amend(store, nurse, slow.id, right, "read 7 for 17", at(20), confirmed=True)
    return admission


def button(at, key):
    return next(b for b in at.button if b.key == key)


def test_it_opens_on_the_newest_moment_and_says_that_nothing_can_be_changed(open_page, physician, stay, now):
    at = open_page(physician, "look_back", admission=stay.id)
    assert not at.exception
    text = html_of(at)
    assert "As it stood on Sat 21 Nov 22:41. Nothing can be changed here." in text
    assert "SILVA, Maria" in text
    assert "RR <b>14</b>" in text
    assert button(at, "Next").disabled


def test_previous_and_next_go_from_step_to_step(open_page, physician, stay):
    at = open_page(physician, "look_back", admission=stay.id)
    button(at, "Previous").click().run()
    assert "As it stood on Sat 21 Nov 22:21." in html_of(at)
    assert "set corrected" in html_of(at)
    button(at, "Previous").click().run()
    text = html_of(at)
    assert "As it stood on Sat 21 Nov 21:51." in text
    assert "RR <b>7</b>" in text
    assert "told Dr Test" in text
    button(at, "Previous").click().run()
    text = html_of(at)
    assert "As it stood on Sat 21 Nov 21:41." in text
    assert "open, unanswered" in text
    assert "told Dr Test" not in text
    button(at, "Next").click().run()
    assert "told Dr Test" in html_of(at)


def test_the_slider_and_the_address_say_the_same(open_page, physician, stay, now):
    at = open_page(physician, "look_back", admission=stay.id, at=to_text(now - timedelta(minutes=75)))
    slider = at.select_slider[0]
    assert slider.value == now - timedelta(minutes=75)
    assert "RR <b>14</b>" in html_of(at)
    slider.set_value(now - timedelta(minutes=60)).run()
    assert at.query_params["at"] in (to_text(now - timedelta(minutes=60)), [to_text(now - timedelta(minutes=60))])
    assert "RR <b>7</b>" in html_of(at)


@pytest.mark.parametrize(
    "asked", ["", "nonsense", "2026-11-21", "1999-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"]
)
def test_any_address_is_answered(open_page, physician, stay, asked):
    at = open_page(physician, "look_back", admission=stay.id, at=asked)
    assert not at.exception
    assert "As it stood on" in html_of(at)


@pytest.mark.parametrize("role", ["nurse", "physician", "manager"])
def test_every_role_may_read_and_nobody_can_write(request, open_page, stay, role):
    at = open_page(request.getfixturevalue(role), "look_back", admission=stay.id)
    assert not at.exception
    assert {b.key or b.label for b in at.button} == {"Previous", "Next", "Another admission"}
    assert not at.text_input
    assert not at.get("button_group")


def test_the_suggestion_stands_as_it_would_have_then(open_page, physician, store, stay, now):
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((8.0, 6.0, 0.0), start=1))
    plan = TaperPlan("plan-1", stay.id, "buprenorphine", steps, 24.0, physician.name, now)
    care.write_plan(store, physician, plan, now - timedelta(minutes=80))
    care.sign_plan(store, physician, plan.id, now - timedelta(minutes=80))
    danger = open_page(physician, "look_back", admission=stay.id, at=to_text(now - timedelta(minutes=55)))
    assert "Hold and call the physician now</h3>" in html_of(danger)
    corrected = open_page(physician, "look_back", admission=stay.id, at=to_text(now - timedelta(minutes=10)))
    assert "Hold and call the physician now</h3>" not in html_of(corrected)


def test_the_course_is_drawn_when_asked_for(open_page, physician, stay):
    at = open_page(physician, "look_back", admission=stay.id)
    assert not at.get("plotly_chart")
    at.toggle(key="course-then").set_value(True).run()
    assert len(at.get("plotly_chart")) == 1
    assert "Flowsheet" in html_of(at)


def _links(at):
    return [link.proto.label for link in at.get("page_link")]


def test_a_stay_that_has_ended_is_found_and_opens(open_page, store, nurse, physician, stay, admit, now):
    admit("Okoro", "Ben", bed="Bed 2")
    care.discharge(store, nurse, stay.id, "went home", now - timedelta(minutes=5))
    at = open_page(physician, "look_back")
    assert not at.exception
    left, here = _links(at)
    assert left.startswith("SILVA, Maria")
    assert "left 22:36" in left.replace("\\", "")
    assert here.startswith("OKORO, Ben")
    at = open_page(physician, "look_back", admission=stay.id)
    assert "The admission has ended" in html_of(at)
    button(at, "Previous").click().run()
    assert "BED 7" in html_of(at)


def test_the_patients_page_leads_there(open_page, nurse, stay):
    assert "Look back" in _links(open_page(nurse, "patient", admission=stay.id))


def test_an_unknown_admission_gets_a_sentence(open_page, nurse):
    at = open_page(nurse, "look_back", admission="nobody")
    assert not at.exception
    assert "no such admission" in at.error[0].value


def test_hostile_words_are_shown_not_obeyed(open_page, nurse, admit):
    evil = "<img src=x onerror=alert(1)> ![x](http://evil/x.png)"
    who = admit("Evil" + evil, "X", bed="Bed 3", allergies=evil)
    for at in (open_page(nurse, "look_back"), open_page(nurse, "look_back", admission=who.id)):
        assert not at.exception
        assert "<img" not in html_of(at).lower()
        assert not any("![x]" in label for label in _links(at))


def test_steps_are_whole_seconds(now):
    kept = [Moment(now + timedelta(milliseconds=ms), "record", "N") for ms in (0, 400, 1200)]
    steps = look_back.steps_of(kept)
    assert [(s.at, len(s.moments)) for s in steps] == [(kept[1].at, 2), (kept[2].at, 1)]


@pytest.mark.parametrize("days", [0, 0.01, 3, 40, 50_000])
def test_the_stops_of_a_stay_are_ordered_distinct_and_not_too_many(admission, now, days):
    start = now - timedelta(days=days)
    look = look_back.LookBack(admission, look_back.steps_of([Moment(start, "admit", "N")]), now)
    stops = look.stops(look.within(None))
    assert stops == sorted(set(stops))
    assert (stops[0], stops[-1]) == (start, now)
    assert len(stops) <= look_back.MOST_STOPS + 10
