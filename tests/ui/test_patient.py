"""The patient's page: readable, escaped, by role, and what its forms keep."""

from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import Dose, TaperPlan, TaperStep
from detox.reports import patient
from detox.store import find

DRUG = "buprenorphine"


@pytest.fixture
def plan(store, physician, admission, now):
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((8.0, 6.0, 4.0, 0.0), start=1))
    draft = TaperPlan("plan-1", admission.id, DRUG, steps, 24.0, physician.name, now)
    before = now - timedelta(hours=30)
    care.write_plan(store, physician, draft, before)
    return care.sign_plan(store, physician, draft.id, before)


@pytest.fixture
def recorded(store, nurse, seen, vitals, cows, now):
    def build(minutes_ago: float = 20, **given: object):
        whole = {"vitals": vitals(), "answers": cows(tremor=2, yawning=1)} | given
        return care.record(store, nurse, seen(minutes_ago=minutes_ago, **whole), now, confirmed=True)

    return build


def test_an_unknown_admission_gets_a_sentence(open_page, nurse):
    at = open_page(nurse, "patient", admission="nobody")
    assert not at.exception
    assert "no such admission" in at.error[0].value


def test_header_strip_and_card(open_page, nurse, admission, recorded):
    recorded(260)
    recorded(20)
    at = open_page(nurse, "patient", admission=admission.id)
    assert not at.exception
    text = html_of(at)
    for words in ("SILVA, Maria", "BED 7", "born 1991-04-02", "COWS", "124/78", "not pregnant"):
        assert words in text
    assert "Nothing changes a dose until a physician signs" in text
    assert "NOT YET REVIEWED" in text
    assert len(at.get("plotly_chart")) == 1


def test_hostile_names_and_notes_are_shown_not_obeyed(open_page, nurse, admit, recorded, seen, store, vitals, now):
    evil = "<img src=x onerror=alert(1)> ![x](http://evil/x.png)"
    who = admit("Evil" + evil, "X", bed="Bed 3", allergies=evil)
    entry = replace(seen(vitals=vitals(), minutes_ago=5), admission_id=who.id, note=evil)
    care.record(store, nurse, entry, now, confirmed=True)
    at = open_page(nurse, "patient", admission=who.id)
    assert not at.exception
    assert "<img" not in html_of(at).lower()
    assert "&lt;img" in html_of(at).lower()
    assert not any("![x]" in m.value for m in [*at.markdown, *at.caption])


def test_a_nurse_cannot_decide_a_physician_can(open_page, nurse, physician, admission, recorded, plan):
    recorded(20)
    at = open_page(nurse, "patient", admission=admission.id)
    assert any("A physician decides" in c.value for c in at.caption)
    assert not [w for w in at.get("button_group") if "verdict-" in str(w.key)]
    at = open_page(physician, "patient", admission=admission.id)
    verdict = next(w for w in at.get("button_group") if "verdict-" in str(w.key))
    assert verdict.value in (None, [], ())


def _key(at, prefix: str):
    every = [*at.get("button_group"), *at.text_input, *at.button, *at.number_input, *at.selectbox, *at.toggle]
    return next(w for w in every if w.key and str(w.key).startswith(prefix))


def _sign(at):
    return next(b for b in at.button if b.label.startswith("Sign as"))


def _press(at, label: str):
    return next(b for b in at.button if b.label.startswith(label)).click().run()


def test_decline_needs_a_reason_and_keeps_what_was_shown(
    open_page, physician, admission, recorded, plan, store, password
):
    recorded(20)
    at = open_page(physician, "patient", admission=admission.id)
    _key(at, "verdict-").set_value("declined").run()
    _key(at, "secret-").input(password)
    _sign(at).click().run()
    assert any("Say why" in e.value for e in at.error)
    assert _key(at, "verdict-").value == "declined"
    _key(at, "reason-").input("asked to wait")
    _sign(at).click().run()
    with inside(store) as tx:
        kept = find.decisions(tx, admission.id)
    assert [d.verdict for d in kept] == ["declined"]
    assert kept[0].reason == "asked to wait"
    assert kept[0].suggestion["class"]
    assert "asked to wait" in html_of(at)


@pytest.mark.parametrize(("secret", "said"), [("", "takes your PIN or your password"), ("not it", "do not belong")])
def test_nothing_is_signed_without_the_right_secret(
    open_page, physician, admission, recorded, plan, store, secret, said
):
    recorded(20)
    at = open_page(physician, "patient", admission=admission.id)
    _key(at, "verdict-").set_value("accepted").run()
    _key(at, "secret-").input(secret)
    _sign(at).click().run()
    assert any(said in e.value for e in at.error)
    assert _key(at, "verdict-").value == "accepted", "the input stays"
    with inside(store) as tx:
        assert find.decisions(tx, admission.id) == []


def test_data_kept_meanwhile_are_a_conflict(open_page, physician, admission, recorded, plan, store, password):
    recorded(40)
    at = open_page(physician, "patient", admission=admission.id)
    _key(at, "verdict-").set_value("accepted").run()
    _key(at, "secret-").input(password)
    # what the physician saw is older than what the button finds
    button = _sign(at)
    recorded(5)
    button.click().run()
    assert any("has changed since" in e.value for e in at.error)
    with inside(store) as tx:
        assert find.decisions(tx, admission.id) == []
    assert _key(at, "verdict-").value is None


def test_a_dose_over_the_order_is_refused_and_the_input_stays(open_page, nurse, admission, recorded, plan, store):
    recorded(20)
    at = open_page(nurse, "patient", admission=admission.id)
    at.toggle(key="give-dose").set_value(True).run()
    _key(at, "status-").set_value("given")
    _key(at, "mg-").set_value(16.0)
    _key(at, "reason-").input("ordered by Dr Lee")
    _press(at, "Chart this dose")
    assert any("over the signed 8 mg" in e.value for e in at.error)
    assert _key(at, "mg-").value == 16.0
    _key(at, "mg-").set_value(8.0)
    _press(at, "Chart this dose")
    with inside(store) as tx:
        assert [(d.dose_mg, d.status) for d in find.doses(tx, admission.id)] == [(8.0, "given")]
    assert "✓ Saved" in html_of(at)
    assert _key(at, "mg-").value is None


def test_held_needs_a_reason(open_page, nurse, admission, plan, store):
    at = open_page(nurse, "patient", admission=admission.id)
    at.toggle(key="give-dose").set_value(True).run()
    _key(at, "status-").set_value("held")
    _press(at, "Chart this dose")
    assert any("needs the reason" in e.value for e in at.error)
    with inside(store) as tx:
        assert find.doses(tx, admission.id) == []


def test_writing_and_signing_a_plan(open_page, physician, admission, store, password):
    at = open_page(physician, "patient", admission=admission.id)
    _key(at, "section").set_value("Plan and doses").run()
    _key(at, "drug-").select(DRUG)
    _key(at, "steps-").input("8, six, 4, -1")
    _press(at, "Save draft")
    assert any("six" in e.value for e in at.error)
    assert _key(at, "steps-").value == "8, six, 4, -1"
    _key(at, "steps-").input("8, 6, 4, 0")
    _press(at, "Save draft")
    assert "NOT SIGNED" in html_of(at)
    _key(at, "secret-").input(password)
    _press(at, "Sign as")
    with inside(store) as tx:
        kept = find.plans(tx, admission.id)
    assert len(kept) == 1
    assert kept[0].signed_by == physician.name
    assert kept[0].interval_h == 24.0


def test_nurses_do_not_see_the_plan_form(open_page, nurse, admission):
    at = open_page(nurse, "patient", admission=admission.id)
    _key(at, "section").set_value("Plan and doses").run()
    assert not [t for t in at.text_input if "steps-" in str(t.key)]


def test_an_alert_is_answered_once(open_page, nurse, admission, recorded, vitals, store):
    recorded(10, vitals=vitals(respiratory_rate_per_min=7.0))
    at = open_page(nurse, "patient", admission=admission.id)
    _key(at, "done-").input("told Dr Test").run()
    _press(at, "Acknowledge")
    with inside(store) as tx:
        answered = [a for a in find.open_alerts(tx, admission.id) if a.acknowledged_at is not None]
    assert len(answered) == 1
    assert "answered" in html_of(at)


@pytest.mark.parametrize("section", ["Flowsheet", "Alerts", "Plan and doses", "Corrections", "Stay"])
def test_every_section_draws(open_page, physician, admission, recorded, plan, section: str):
    recorded(60)
    at = open_page(physician, "patient", admission=admission.id)
    _key(at, "section").set_value(section).run()
    assert not at.exception


def test_discharge_needs_the_box_and_frees_the_bed(open_page, nurse, admission, store):
    at = open_page(nurse, "patient", admission=admission.id)
    _key(at, "section").set_value("Stay").run()
    _key(at, "why-").input("completed")
    _press(at, "Discharge")
    assert any("Tick the box" in e.value for e in at.error)
    at.checkbox[0].check()
    _press(at, "Discharge")
    with inside(store) as tx:
        assert find.admission(tx, admission.id).discharged_at is not None
    assert not at.exception


def test_an_overdue_set_is_answered_and_a_longer_silence_is_asked_anew(open_page, nurse, admission, recorded, store):
    recorded(60 * 7)
    at = open_page(nurse, "patient", admission=admission.id)
    assert "overdue" in html_of(at)
    _key(at, "done-").input("at dialysis, back at 23:30").run()
    _press(at, "Acknowledge")
    with inside(store) as tx:
        (kept,) = [a for a in find.open_alerts(tx, admission.id) if a.finding.kind == "silence"]
    assert kept.what_was_done == "at dialysis, back at 23:30"
    assert not [b for b in at.button if b.label == "Acknowledge"]


def test_the_window_starts_on_a_full_hour(now):
    assert patient.window_start(now, 24) == patient.window_start(now + timedelta(minutes=15), 24)


def test_a_dose_between_two_scores_is_told_even_when_vitals_were_taken_since(
    open_page, nurse, admission, recorded, plan, chart, vitals, now
):
    recorded(180)
    at = now - timedelta(minutes=150)
    chart(Dose("d", admission.id, None, DRUG, 8.0, "given", at, "ordered by Dr Lee"), now)
    recorded(60)
    recorded(20, answers={}, vitals=vitals(heart_rate_per_min=88.0))
    page = open_page(nurse, "patient", admission=admission.id)
    assert f"dose <b>{DRUG} 8 mg given</b>" in html_of(page)
