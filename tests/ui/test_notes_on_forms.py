"""The notes since the last decision, on the card and on the dose form."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from page_html import html_of

from detox import care
from detox.clinical.model import TaperPlan, TaperStep
from detox.ui import note_words

MINUTE = timedelta(minutes=1)
HEAD = "Notes since the last decision (unread by a physician)"


@pytest.fixture
def wrote(store, nurse, seen, now):
    def build(note, minutes_ago=9, by=nurse, **given):
        at = now - minutes_ago * MINUTE
        return care.record(store, by, seen(note=note, minutes_ago=minutes_ago, **given), at, confirmed=True)

    return build


def _key(at, prefix):
    return next(w for w in [*at.get("button_group"), *at.text_input] if w.key and str(w.key).startswith(prefix))


def _unread(at):
    return html_of(at).count(HEAD)


def test_every_note_stands_on_the_card_with_time_and_author_escaped(open_page, nurse, wrote, admission):
    wrote("<b>hot</b> feet")
    text = html_of(open_page(nurse, "patient", admission=admission.id))
    assert HEAD in text
    assert "22:32 N. Test: &lt;b&gt;hot&lt;/b&gt; feet" in text


def test_no_note_no_head(open_page, nurse, wrote, vitals, admission):
    wrote("", vitals=vitals())
    assert "Notes since" not in html_of(open_page(nurse, "patient", admission=admission.id))


def test_the_dose_form_says_them_again(open_page, store, nurse, physician, wrote, admission, now):
    steps = (TaperStep(1, 30.0), TaperStep(2, 0.0))
    care.write_plan(store, physician, TaperPlan("p", admission.id, "methadone", steps, 24.0, "", now), now)
    care.sign_plan(store, physician, "p", now)
    wrote("hot feet")
    at = open_page(nurse, "patient", admission=admission.id)
    assert _unread(at) == 1
    at.toggle(key="give-dose").set_value(True).run()
    assert _unread(at) == 3, "the card, the dose of the plan, the other dose"


def test_accepting_says_that_they_were_read_and_then_they_are_gone(open_page, physician, wrote, admission, password):
    wrote("hot feet")
    at = open_page(physician, "patient", admission=admission.id)
    assert note_words.ACCEPTING not in [c.value for c in at.caption]
    _key(at, "verdict-").set_value("accepted").run()
    assert note_words.ACCEPTING in [c.value for c in at.caption]
    _key(at, "secret-").input(password)
    next(b for b in at.button if b.label.startswith("Sign as")).click().run()
    assert not at.error
    assert _unread(at) == 0


def test_a_physicians_own_note_is_not_called_unread(wrote, physician, now):
    zone = ZoneInfo("Europe/London")
    notes = [wrote("hot feet", 9).observation, wrote("seen, feet normal", 5, physician).observation]
    text = note_words.notes_html(notes, zone, now)
    assert HEAD not in text
    assert "hot feet <span" in text
    assert "P. Test, physician: seen, feet normal</li>" in text
