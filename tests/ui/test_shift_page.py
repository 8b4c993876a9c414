"""The shift's page: four blocks, counts that the file repeats; and the manager's page."""

import csv
import io
from datetime import timedelta

from inside import inside
from page_html import html_of

from detox import care, gate
from detox.clinical.model import Observation, Vitals
from detox.gate import OPERATOR
from detox.reports import shift
from detox.store import find, keep


def test_four_blocks_and_counts_that_the_file_repeats(open_page, nurse, store, ward, admission, vitals, cows, now):
    for n, given in enumerate(
        (
            {"vitals": vitals(), "answers": cows()},
            {"vitals": Vitals(), "not_done": "asleep"},
            {"vitals": Vitals(), "not_done": "refused", "note": "<i>no</i>"},
        )
    ):
        entry = Observation(f"o{n}", admission.id, now - timedelta(minutes=90 - 20 * n), **given)
        care.record(store, nurse, entry, now, confirmed=True)
    at = open_page(nurse, "shift")
    assert not at.exception
    text = html_of(at)
    assert text.count('class="px-block') == 4
    assert "Done: 1 complete set" in text
    assert "Not done, with why: 1 set" in text
    assert "Refused: 1 set" in text
    assert "Unknown" in text
    assert "&lt;i&gt;no&lt;/i&gt;" in text
    _, content = shift.shift_csv(store, OPERATOR, ward.id, shift.recent(ward, now, 1)[0].key, now)
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert f"sets done <b>{row['count_sets_done']}</b>" in text
    assert f"sets refused <b>{row['count_sets_refused']}</b>" in text
    assert 'href="/export/' in text


def test_the_dangers_stand_above_the_blocks_at_their_level(open_page, nurse, store, admission, now):
    entry = Observation("s", admission.id, now - timedelta(minutes=9), other={"suicidal_intent": 1}, note="<i>x</i>")
    care.record(store, nurse, entry, now, confirmed=True)
    text = html_of(open_page(nurse, "shift"))
    head, danger = text.split("Dangers as of Sat 22:41: ")[1].split("</h3>")[:2]
    assert head == "1 critical"
    assert '<div class="dx-alert critical"><b>▲▲ Suicidal intent' in danger
    assert text.index("Dangers as of") < text.index('class="px-block')


def test_no_danger_is_said(open_page, nurse, store, admission, vitals, now):
    care.record(store, nurse, Observation("s", admission.id, now, vitals()), now, confirmed=True)
    assert "Dangers as of Sat 22:41: none found" in html_of(open_page(nurse, "shift"))


def test_the_last_six_shifts_can_be_chosen(open_page, nurse, admission):
    at = open_page(nurse, "shift")
    choice = next(w for w in at.get("button_group") if w.key == "shift")
    assert len(choice.options) == 6
    choice.set_value("2026-11-20/day").run()
    assert not at.exception
    assert "Fri 20 Nov 07:30" in html_of(at)


def test_a_manager_adds_an_account(open_page, manager, store):
    at = open_page(manager, "ward")
    assert "NOT YET REVIEWED" in html_of(at)
    typed = {"name": "N. <b>New</b>", "username": "new", "first": "a long enough word 1", "second": "another"}
    for name, value in typed.items():
        next(w for w in at.text_input if str(w.key).startswith(f"{name}-")).set_value(value)
    next(b for b in at.button if b.label == "Add account").click().run()
    assert "The two passwords differ" in at.error[0].value
    next(w for w in at.text_input if str(w.key).startswith("second-")).set_value(typed["first"])
    next(w for w in at.get("button_group") if str(w.key).startswith("role-")).set_value("nurse")
    next(b for b in at.button if b.label == "Add account").click().run()
    with inside(store) as tx:
        assert find.account(tx, "new") is not None
    assert "N. &lt;b&gt;New&lt;/b&gt;" in html_of(at)
    assert not [w for w in at.text_input if w.value == typed["first"]]


def test_a_manager_switches_an_account_off_and_it_is_signed_out(open_page, manager, nurse, store, now):
    with store.write() as tx:
        keep.session(tx, "of-the-nurse", nurse.id, now, now + timedelta(hours=12))
    at = open_page(manager, "ward")
    change = next(b for b in at.button if b.label == "Change account")
    change.click().run()
    assert any("Choose an account" in one.value for one in at.error)
    next(s for s in at.selectbox if s.label == "Account").set_value(nurse.id)
    next(s for s in at.selectbox if s.label == "What").set_value("Switch it off")
    next(b for b in at.button if b.label == "Change account").click().run()
    assert any("switched off, signed out of 1" in one.value for one in at.get("html"))
    with store.read() as tx:
        assert not find.clinician(tx, nurse.id).active
        assert find.session(tx, "of-the-nurse", now) is None


def test_a_manager_sees_who_saw_a_record(open_page, manager, nurse, physician, admission, store, ward, now):
    with gate.read(store, physician, "see_patient", now, admission_id=admission.id):
        pass
    at = open_page(manager, "ward")
    next(s for s in at.selectbox if s.label == "Patient").set_value(admission.patient.id).run()
    assert not at.exception
    shown = html_of(at)
    assert f"<b>{physician.name}</b>, physician</td><td>read</td><td>the record</td><td>care" in shown
    assert "the whole ward</td><td>management" in shown
