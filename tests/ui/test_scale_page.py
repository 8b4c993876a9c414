"""Any other scale: chosen, answered, told at once, kept once; the patient's page lists it."""

import uuid

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical import protocols, scales
from detox.clinical.model import Observation
from detox.store import find
from detox.ui import scale_words


def group(at, key_end):
    return next(w for w in at.get("button_group") if str(w.key).endswith(key_end))


def press(at, label):
    return next(b for b in at.button if label in b.label).click().run()


@pytest.fixture
def kept(store, admission):
    def read():
        with inside(store) as tx:
            return find.observations(tx, admission.id)

    return read


def test_every_other_scale_can_be_chosen_by_its_full_name(open_page, nurse, admission):
    at = open_page(nurse, "scale", admission=admission.id)
    assert not at.exception
    text = html_of(at)
    for scale in scale_words.others():
        assert f"{scale.title} · {scale.id}".replace("&", "&amp;") in text
    assert {"cows", "news2"}.isdisjoint(s.id for s in scale_words.others())


@pytest.mark.parametrize("scale_id", [s.id for s in scale_words.others()])
def test_every_scale_draws_its_items_and_saves_one_answer(open_page, nurse, admission, kept, scale_id):
    scale = protocols.scale(scale_id)
    at = open_page(nurse, "scale", admission=admission.id, scale=scale_id)
    assert not at.exception
    assert "NOT YET REVIEWED" in html_of(at)
    group(at, f"{scale_id}-{scale.items[0].id}").set_value(scale.items[0].values[-1]).run()
    press(at, "Save ")
    assert not at.exception
    (seen,) = kept()
    assert seen.answers == {scale_id: {scale.items[0].id: scale.items[0].values[-1]}}
    assert seen.recorded_by == nurse.name
    text = html_of(at)
    assert "Saved" in text
    assert f"· {scale_id}" in text


def test_item_nine_is_told_at_once_and_again_on_the_receipt(open_page, nurse, admission):
    at = open_page(nurse, "scale", admission=admission.id, scale="phq-9")
    group(at, "phq-9-better_off_dead").set_value(1).run()
    assert "PHQ-9 at least 1 (1 of 9)" in html_of(at)
    assert "Item 9 above 0" in html_of(at)
    press(at, "Save ")
    assert "Item 9 above 0" in html_of(at)


def test_a_triage_shows_a_level_and_never_a_total(open_page, nurse, admission, kept):
    at = open_page(nurse, "scale", admission=admission.id, scale="c-ssrs")
    assert not [w for w in at.get("button_group") if str(w.key).endswith("c-ssrs-intent")]
    group(at, "c-ssrs-suicidal_thoughts").set_value(1).run()
    assert "at least low" in html_of(at)
    group(at, "c-ssrs-intent").set_value(1).run()
    assert "Risk level high" in html_of(at)
    # an answer to a question that is no longer asked is not kept
    group(at, "c-ssrs-suicidal_thoughts").set_value(0).run()
    press(at, "Save ")
    assert kept()[0].answers == {"c-ssrs": {"suicidal_thoughts": 0}}


@pytest.fixture
def wrong(store, nurse, admission, now, vitals):
    """A PHQ-9 with a slip in it, in one set with vitals and another scale."""
    answers = {"phq-9": {"little_interest": 1, "better_off_dead": 3}, "gad-7": {"nervous": 2}}
    entry = Observation(uuid.uuid4().hex, admission.id, now, vitals=vitals(), answers=answers, note="alone")
    return care.record(store, nurse, entry, now).observation


def corrected(open_page, who, admission, wrong, scale="phq-9"):
    return open_page(who, "scale", admission=admission.id, scale=scale, amend=wrong.id)


def test_a_set_is_corrected_on_its_own_page_and_the_original_stays(open_page, nurse, admission, store, kept, wrong):
    at = open_page(nurse, "scale", admission=admission.id)
    assert "PHQ-9 at least 4 (2 of 9)" in html_of(at)
    at.button(key=f"correct-{wrong.id}-phq-9").click().run()
    assert not at.exception
    text = html_of(at)
    assert "Correcting the set of" in text
    assert "<s>PHQ-9 at least 4 (2 of 9)</s>" in text
    assert group(at, "phq-9-little_interest").value == 1
    group(at, "phq-9-better_off_dead").set_value(0).run()
    press(at, "Save correction")
    assert "The correction has no reason" in html_of(at)
    assert [o.id for o in kept()] == [wrong.id]
    next(t for t in at.text_input if t.label == "What was wrong?").input("read the <b>wrong</b> line").run()
    press(at, "Save correction")
    assert not at.exception
    (new,) = kept()
    assert new.replaces == wrong.id
    assert new.replace_reason == "read the <b>wrong</b> line"
    assert new.answers == {"phq-9": {"little_interest": 1, "better_off_dead": 0}, "gad-7": {"nervous": 2}}
    assert (new.vitals, new.note) == (wrong.vitals, "alone")
    with inside(store) as tx:
        assert find.observation(tx, wrong.id).answers["phq-9"]["better_off_dead"] == 3
    assert "corrects: read the &lt;b&gt;wrong" in html_of(at)
    at = open_page(nurse, "patient", admission=admission.id)
    next(w for w in at.get("button_group") if w.key == "section").set_value("Other scales").run()
    text = html_of(at)
    assert "PHQ-9 at least 4 (2 of 9)</b></s>" in text
    assert "PHQ-9 at least 1 (2 of 9)</b></td>" in text
    assert "replaced, see the corrected set" in text


def test_a_correction_is_kept_once_and_not_of_what_was_replaced(open_page, nurse, admission, kept, wrong, store, now):
    at = corrected(open_page, nurse, admission, wrong)
    next(t for t in at.text_input if t.label == "What was wrong?").input("slip").run()
    press(at, "Save correction")
    (new,) = kept()
    at.button(key=f"correct-{new.id}-phq-9").click().run()
    assert at.query_params["amend"] in (new.id, [new.id])
    assert "Correcting the set of" in html_of(at)
    at = corrected(open_page, nurse, admission, wrong)
    assert "was corrected meanwhile" in at.error[0].value
    assert not [b for b in at.button if b.label == "Save correction"]


def test_no_correction_of_another_patients_set(open_page, nurse, admit, wrong):
    other = admit("Other")
    at = corrected(open_page, nurse, other, wrong)
    assert "is not there" in at.error[0].value


def test_nothing_answered_is_not_saved(open_page, nurse, admission, kept):
    at = open_page(nurse, "scale", admission=admission.id, scale="gad-7")
    press(at, "Save ")
    assert "Nothing was answered" in html_of(at)
    assert kept() == []


def test_only_those_who_record_may_and_a_left_patient_is_left_alone(open_page, nurse, manager, admission, store, now):
    at = open_page(manager, "scale", admission=admission.id)
    assert any("nurses and physicians" in i.value for i in at.info)
    care.discharge(store, nurse, admission.id, "went home", now)
    at = open_page(nurse, "scale", admission=admission.id, scale="phq-9")
    assert any("has left" in i.value for i in at.info)
    assert "no such admission" in open_page(nurse, "scale", admission="nobody").error[0].value


def test_bands_say_whose_they_are_and_points_are_those_that_count():
    gossop, handelsman = protocols.scale("sows-gossop"), protocols.scale("sows-handelsman")
    twos = {s.id: scales.assess(s, {i.id: 2 for i in s.items}) for s in (gossop, handelsman)}
    assert scale_words.total(twos["sows-handelsman"]) == "SOWS-Handelsman 32 severe (a band not the authors')"
    assert scale_words.total(twos["sows-gossop"]) == "SOWS-Gossop 20"
    backwards = next(i for i in protocols.scale("ciwa-b").items if i.reversed)
    assert [scale_words.button(backwards, o)[0] for o in backwards.options] == ["4", "3", "2", "1", "0"]
    rass = protocols.scale("rass").items[0]
    assert [scale_words.button(rass, o).split()[0] for o in rass.options][4:7] == ["-1", "0", "+1"]


def test_the_patient_page_lists_them_escaped(open_page, nurse, admission, store, now):
    entry = Observation(uuid.uuid4().hex, admission.id, now, answers={"phq-9": {"better_off_dead": 2}}, note="<b>x</b>")
    care.record(store, nurse, entry, now)
    at = open_page(nurse, "patient", admission=admission.id)
    next(w for w in at.get("button_group") if w.key == "section").set_value("Other scales").run()
    assert not at.exception
    text = html_of(at)
    assert "Patient Health Questionnaire, 9 items · phq-9" in text
    assert "PHQ-9 at least 2 (1 of 9)" in text
    assert "▲▲ Item 9 above 0" in text
    assert "&lt;b&gt;x" in text


def test_a_handed_over_browser_shows_nothing_and_another_can_take_it_back(
    open_page, nurse, physician, admission, kept, store, now
):
    at = open_page(nurse, "scale", admission=admission.id, scale="sows-gossop")
    press(at, "Hand the tablet")
    at.run()
    assert "You are signed out" in html_of(at)
    assert "SILVA" not in html_of(at)
    with inside(store) as tx:
        (token_hash,) = [r[0] for r in tx.execute("SELECT token_hash FROM self_report")]
    care.answer(store, token_hash, "yawning", 3, now)
    at = open_page(physician, "scale", admission=admission.id)
    assert "1 answered so far" in html_of(at)
    press(at, "Take it back from here")
    assert "SOWS-Gossop at least 3" in html_of(at)
    assert kept()[0].recorded_by == nurse.name


def test_my_pin_is_set_with_the_password(open_page, nurse, password, store, now):
    def fill(at, pin, again, secret):
        for end, value in (("pin", pin), ("again", again), ("password", secret)):
            next(t for t in at.text_input if str(t.key).endswith(f"-{end}")).input(value)
        return press(at, "Set this PIN")

    at = open_page(nurse, "pin")
    assert "You have no PIN yet" in html_of(at)
    for wrong, told in (
        (("482915", "482916", password), "differ"), (("123456", "123456", password), "anybody"),
        (("482915", "482915", "no"), "do not belong"),
    ):  # fmt: skip
        fill(at, *wrong)
        assert told in at.error[0].value
    fill(at, "482915", "482915", password)
    assert "Your PIN is set" in html_of(at)
    assert all(not t.value for t in at.text_input)
    assert care.check_pin(store, "nurse", "482915", now) == nurse
