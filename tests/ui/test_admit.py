"""Admitting on screen: every problem at once, the input stays, one patient from one form."""

import pytest
from page_html import html_of

from detox.store import find


def fill(at, **typed):
    widgets = [*at.text_input, *at.get("button_group"), *at.selectbox, *at.number_input, *at.date_input, *at.time_input]
    for name, value in typed.items():
        next(w for w in widgets if str(w.key).startswith(f"{name}-")).set_value(value)
    return next(b for b in at.button if b.label == "Admit").click().run()


@pytest.fixture
def bed_id(store, ward):
    with store.read() as tx:
        return find.beds(tx, ward.id)[2].id


def test_every_problem_is_told_at_once_and_the_input_stays(open_page, nurse, store, ward):
    at = fill(open_page(nurse, "admit"), given="Maria", hours=12.0)
    assert len(at.error) == 1
    for word in ("family name", "programme", "bed", "Pregnancy", "Sex at birth"):
        assert word in at.error[0].value.replace("\\", "")
    assert next(w for w in at.text_input if str(w.key).startswith("given-")).value == "Maria"
    with store.read() as tx:
        assert find.admissions_here(tx, ward.id) == []


def test_a_patient_is_admitted_once_and_the_form_is_empty_again(open_page, nurse, store, ward, bed_id, now):
    at = open_page(nurse, "admit")
    first = at.query_params["f"]
    fill(at, family="O'Brien <b>", given="Éva", sex="F", programme="taper", bed=bed_id, pregnancy="unknown",
         opioid="heroin", hours=18.5, allergies="NSAID", days=7.0)  # fmt: skip
    assert not at.exception
    with store.read() as tx:
        (kept,) = find.admissions_here(tx, ward.id)
    assert (kept.patient.family_name, kept.bed, kept.planned_days) == ("O'Brien <b>", "Bed 3", 7)
    assert kept.admitted_at == now.replace(microsecond=0)
    assert kept.spo2_scale == 1
    assert kept.patient.born_on is None
    assert "✓ Admitted" in html_of(at)
    assert "O&#x27;BRIEN &lt;B&gt;" in html_of(at)
    assert at.query_params["f"] != first
    assert next(w for w in at.text_input if str(w.key).startswith("family-")).value == ""


def test_only_a_physician_prescribes_scale_2(open_page, nurse, physician, store, ward, bed_id):
    at = open_page(nurse, "admit")
    assert not [w for w in at.get("button_group") if str(w.key).startswith("scale-")]
    at = open_page(physician, "admit")
    fill(at, family="Two", sex="", programme="taper", bed="", pregnancy="n/a", scale=2)
    with store.read() as tx:
        (kept,) = find.admissions_here(tx, ward.id)
    assert (kept.spo2_scale, kept.bed, kept.patient.sex_at_birth) == (2, None, None)


def test_a_manager_does_not_admit(open_page, manager):
    at = open_page(manager, "board")
    assert not at.exception
