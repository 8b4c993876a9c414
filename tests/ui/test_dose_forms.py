"""Charting and correcting doses on the patient's page: what holds a dose, who signs, what stays readable."""

import uuid
from datetime import time, timedelta

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import Dose, Observation, TaperPlan, TaperStep
from detox.store import find

MINUTE = timedelta(minutes=1)


@pytest.fixture
def plan(store, physician, admission, now):
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((30.0, 20.0, 0.0), start=1))
    before = now - 40 * timedelta(hours=1)
    draft = TaperPlan("p", admission.id, "methadone", steps, 24.0, "", before)
    care.write_plan(store, physician, draft, before)
    return care.sign_plan(store, physician, "p", before)


@pytest.fixture
def take(store, nurse, admission, vitals, now):
    def record(minutes_ago=5, **values):
        at = now - minutes_ago * MINUTE
        entry = Observation(uuid.uuid4().hex, admission.id, at, vitals(**values))
        return care.record(store, nurse, entry, at, confirmed=True)

    return record


@pytest.fixture
def dose_form(open_page, nurse, admission, plan):
    def opened(who=nurse):
        at = open_page(who, "patient", admission=admission.id)
        return at.toggle(key="give-dose").set_value(True).run()

    return opened


def _key(at, prefix):
    every = [*at.get("button_group"), *at.text_input, *at.number_input, *at.selectbox, *at.time_input]
    return next(w for w in every if w.key and str(w.key).startswith(prefix))


def _press(at, label):
    return next(b for b in at.button if b.label.startswith(label)).click().run()


def kept(store, admission):
    with inside(store) as tx:
        return find.doses(tx, admission.id, corrected=True)


def test_a_clear_dose_asks_for_no_physician(dose_form, take):
    take()
    at = dose_form()
    assert not [s for s in at.selectbox if "over the hold" in s.label]
    assert [b.label for b in at.button if "dose" in b.label][:1] == ["Chart this dose"]


def test_words_alone_do_not_pass_a_hold_and_the_physicians_secret_does(
    dose_form, take, store, admission, physician, password
):
    take(sedation="3")
    at = dose_form()
    _key(at, "status-").set_value("given")
    _key(at, "mg-").set_value(20.0)
    _key(at, "reason-").input("Dr Lee said so")
    _press(at, "Chart this dose")
    assert any("that physician signs here" in e.value for e in at.error)
    assert kept(store, admission) == []
    _key(at, "signer-").select(physician.id)
    _press(at, "Chart this dose")
    assert any("PIN or your password" in e.value for e in at.error)
    _key(at, "signed-pin-").input(password)
    _press(at, "Chart this dose")
    assert [(d.dose_mg, d.over_hold) for d in kept(store, admission)] == [(20.0, physician.name)]
    assert "over a hold by the word of P. Test" in html_of(at)


def test_the_suggestion_to_withhold_stands_above_the_form(dose_form, take, store, nurse, admission, now):
    care.record(store, nurse, Observation("s", admission.id, now - 9 * MINUTE, other={"seizure": 1}), now)
    take()
    text = html_of(dose_form())
    assert "Withhold the next dose until a physician has decided" in text
    assert "Seizure 9 min ago" in text


def _correct(open_page, who, admission):
    at = open_page(who, "patient", admission=admission.id)
    _key(at, "section").set_value("Corrections").run()
    return at


def test_a_dose_is_corrected_and_the_first_entry_struck_through(
    open_page, nurse, plan, take, chart, store, admission, now
):
    take(40)
    first = chart(Dose("d", admission.id, None, "methadone", 20, "given", now - 30 * MINUTE, ""), now)
    at = _correct(open_page, nurse, admission)
    _key(at, "wrong-").select(first.id).run()
    _press(at, "Correct this dose")
    assert any("Say what is right" in e.value for e in at.error)
    _key(at, "right-").set_value("given")
    _key(at, "fixed-mg-").set_value(10.0)
    _press(at, "Correct this dose")
    assert any("has no reason" in e.value for e in at.error)
    _key(at, "mistake-").input("<b>10</b> drawn up")
    _press(at, "Correct this dose")
    assert [(d.dose_mg, bool(d.correction)) for d in kept(store, admission)] == [(20.0, True), (10.0, False)]
    _key(at, "section").set_value("Plan and doses").run()
    text = html_of(at)
    assert "<s>methadone 20 mg given at 22:11 by N. Test</s> corrected" in text
    assert "&lt;b&gt;10&lt;/b&gt; drawn up" in text
    assert "<b>10 mg</b> at 22:11 by N. Test, corrected" in text


def test_the_time_is_corrected_on_the_wards_clock(open_page, nurse, plan, take, chart, store, admission, now):
    take(40)
    first = chart(Dose("d", admission.id, None, "methadone", 20, "given", now - 30 * MINUTE, ""), now)
    at = _correct(open_page, nurse, admission)
    _key(at, "wrong-").select(first.id).run()
    _key(at, "right-").set_value("given")
    _key(at, "fixed-at-").set_value((now - 35 * MINUTE).time().replace(second=0, microsecond=0))
    _key(at, "mistake-").input("wrong time")
    _press(at, "Correct this dose")
    assert not at.error
    assert kept(store, admission)[0].given_at.strftime("%H:%M") == "22:06"


def test_entered_in_error(open_page, nurse, plan, take, chart, store, admission, now):
    take(40)
    first = chart(Dose("d", admission.id, None, "methadone", 20, "given", now - 30 * MINUTE, ""), now)
    at = _correct(open_page, nurse, admission)
    _key(at, "wrong-").select(first.id).run()
    _key(at, "right-").set_value("error")
    _key(at, "mistake-").input("another patient's")
    _press(at, "Correct this dose")
    (only,) = kept(store, admission)
    assert only.correction.replaced_by is None
    _key(at, "section").set_value("Plan and doses").run()
    assert "entered in error 22:41 by N. Test: another patient" in html_of(at)


def test_held_becomes_given_with_the_second_person_that_the_ward_asks_for(
    open_page, nurse, manager, physician, plan, take, chart, store, ward, admission, now
):
    care.ask_two_people(store, manager, ward.id, ["methadone"], now)
    take(40)
    held = chart(Dose("d", admission.id, None, "methadone", 0, "held", now - 30 * MINUTE, "drowsy"), now)
    at = _correct(open_page, nurse, admission)
    _key(at, "wrong-").select(held.id).run()
    _key(at, "right-").set_value("given")
    _key(at, "fixed-mg-").set_value(20.0)
    _key(at, "mistake-").input("it was given")
    _press(at, "Correct this dose")
    assert any("takes two people" in e.value for e in at.error)
    _key(at, "seen-by-").select(physician.id)
    _press(at, "Correct this dose")
    (made,) = [d for d in kept(store, admission) if d.correction is None]
    assert (made.status, made.witness, made.reason) == ("given", physician.name, "")


def test_after_an_entry_in_error_the_form_charts_anew(dose_form, take, store, nurse, admission, now):
    take()
    for amount in (20.0, 10.0):
        at = dose_form()
        _key(at, "status-").set_value("given")
        _key(at, "mg-").set_value(amount)
        _press(at, "Chart this dose")
        assert not at.error
        last = next(d for d in kept(store, admission) if d.correction is None)
        assert last.dose_mg == amount
        care.dose_in_error(store, nurse, last.id, "another patient's", now)
    assert len(kept(store, admission)) == 2


def test_a_manager_corrects_no_dose(open_page, manager, plan, take, chart, admission, now):
    take(40)
    chart(Dose("d", admission.id, None, "methadone", 20, "given", now - 30 * MINUTE, ""), now)
    at = _correct(open_page, manager, admission)
    assert not at.exception
    assert not [s for s in at.selectbox if "Charted entry" in s.label]


def test_the_receipt_of_the_dose_before_is_gone_when_the_form_is_opened_anew(dose_form, take):
    take()
    at = dose_form()
    _key(at, "status-").set_value("given")
    _key(at, "mg-").set_value(20.0)
    _press(at, "Chart this dose")
    assert "✓ Saved" in html_of(at)
    at.toggle(key="give-dose").set_value(False).run()
    at.toggle(key="give-dose").set_value(True).run()
    assert "✓ Saved" not in html_of(at)


def _checkbox(at, label):
    return [c for c in at.checkbox if c.label.startswith(label)]


def test_a_dose_given_already_against_the_hold_is_kept_marked_and_calls(dose_form, take, store, admission, open_page):
    take(sedation="3")
    at = dose_form()
    (already,) = _checkbox(at, "It was given already")
    already.check()
    _key(at, "status-").set_value("given")
    _key(at, "mg-").set_value(20.0)
    _press(at, "Chart this dose")
    assert any("given against a hold needs the reason" in e.value for e in at.error)
    _key(at, "reason-").input("given at 22:30, <b>before</b> the set")
    _press(at, "Chart this dose")
    assert not at.error
    assert [(d.dose_mg, d.against_hold, d.over_hold) for d in kept(store, admission)] == [(20.0, True, "")]
    text = html_of(at)
    assert "✓ Saved" in text
    assert "against a hold, physician called" in text
    assert "methadone 20 mg was given against a hold" in text
    _key(at, "section").set_value("Plan and doses").run()
    assert "against a hold, physician called</b> (given at 22:30, &lt;b&gt;before" in html_of(at)


@pytest.mark.parametrize("status", ["held", "refused"])
def test_only_a_given_dose_is_against_a_hold(dose_form, take, store, admission, status):
    take(sedation="3")
    at = dose_form()
    _checkbox(at, "It was given already")[0].check()
    _key(at, "status-").set_value(status)
    _key(at, "reason-").input("drowsy")
    _press(at, "Chart this dose")
    assert [(d.status, d.against_hold) for d in kept(store, admission)] == [(status, False)]


def test_a_clear_dose_does_not_ask_whether_it_was_against_a_hold(dose_form, take):
    take()
    assert not _checkbox(dose_form(), "It was given already")


def test_what_held_it_at_its_time_brings_the_ways_over_it(dose_form, take, store, admission):
    take(minutes_ago=90, sedation="3")
    take(minutes_ago=61, sedation="3")
    take(minutes_ago=2)
    at = dose_form()
    _key(at, "status-").set_value("given")
    _key(at, "mg-").set_value(20.0)
    _key(at, "at-").set_value(time(21, 41))
    _press(at, "Chart this dose")
    assert any("sedation" in e.value.lower() for e in at.error)
    assert _checkbox(at, "It was given already")
    assert kept(store, admission) == []


def _other(at, drug, where="here", mg=10.0):
    next(s for s in at.selectbox if s.label == "Medicine").select(drug)
    next(b for b in at.get("button_group") if b.label == "Where").set_value(where).run()
    next(n for n in at.number_input if n.label == "Amount given, mg").set_value(mg)
    next(t for t in at.text_input if t.label == "Where, or by whose order").input("by telephone")


def test_another_dose_shows_what_holds_the_chosen_drug_and_takes_the_same_word(
    open_page, nurse, take, store, admission, physician, password
):
    take(sedation="3")
    at = open_page(nurse, "patient", admission=admission.id).toggle(key="give-dose").set_value(True).run()
    assert not _checkbox(at, "It was given already")
    _other(at, "morphine")
    assert "sedation" in html_of(at).split("Withhold the next dose")[1].lower()
    _press(at, "Chart this other dose")
    assert any("that physician signs here" in e.value for e in at.error)
    _key(at, "signer-").select(physician.id)
    _key(at, "signed-pin-").input(password)
    _press(at, "Chart this other dose")
    assert not at.error
    assert [(d.drug, d.over_hold) for d in kept(store, admission)] == [("morphine", physician.name)]


def test_another_dose_given_already_is_marked(open_page, nurse, take, store, admission):
    take(sedation="3")
    at = open_page(nurse, "patient", admission=admission.id).toggle(key="give-dose").set_value(True).run()
    _other(at, "morphine")
    _checkbox(at, "It was given already")[0].check()
    _press(at, "Chart this other dose")
    assert [(d.drug, d.against_hold) for d in kept(store, admission)] == [("morphine", True)]


@pytest.mark.parametrize(("drug", "where"), [("naloxone", "here"), ("morphine", "elsewhere")])
def test_naloxone_and_what_has_happened_elsewhere_ask_for_nobody(open_page, nurse, take, store, admission, drug, where):
    take(sedation="3")
    at = open_page(nurse, "patient", admission=admission.id).toggle(key="give-dose").set_value(True).run()
    _other(at, drug, where, 0.4)
    assert not _checkbox(at, "It was given already")
    _press(at, "Chart this other dose")
    assert [(d.drug, d.against_hold) for d in kept(store, admission)] == [(drug, False)]


def test_a_correction_keeps_the_mark_and_can_set_it(open_page, nurse, plan, take, chart, store, admission, now):
    take(40, sedation="3")
    held = chart(Dose("d", admission.id, None, "methadone", 0, "held", now - 30 * MINUTE, "drowsy"), now)
    at = _correct(open_page, nurse, admission)
    _key(at, "wrong-").select(held.id).run()
    _key(at, "right-").set_value("given")
    _key(at, "fixed-mg-").set_value(20.0)
    _key(at, "fixed-why-").input("the other nurse had given it")
    _key(at, "mistake-").input("it was given")
    _checkbox(at, "It was given already")[0].check()
    _press(at, "Correct this dose")
    (made,) = [d for d in kept(store, admission) if d.correction is None]
    assert (made.status, made.against_hold) == ("given", True)
    assert any("against a hold" in o for s in at.selectbox if "Charted entry" in s.label for o in s.options)
