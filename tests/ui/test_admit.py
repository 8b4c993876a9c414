"""Admitting on screen: every problem at once, the input stays, one patient from one form."""

import pytest
from inside import inside
from page_html import html_of

from detox.store import find, orders


def fill(at, **typed):
    widgets = [*at.text_input, *at.get("button_group"), *at.selectbox, *at.number_input, *at.date_input, *at.time_input]
    for name, value in typed.items():
        next(w for w in widgets if str(w.key).startswith(f"{name}-")).set_value(value)
    return next(b for b in at.button if b.label == "Admit").click().run()


@pytest.fixture
def bed_id(store, ward):
    with inside(store) as tx:
        return find.beds(tx, ward.id)[2].id


def test_every_problem_is_told_at_once_and_the_input_stays(open_page, nurse, store, ward):
    at = fill(open_page(nurse, "admit"), given="Maria", hours=12.0)
    assert len(at.error) == 1
    for word in ("family name", "programme", "bed", "Pregnancy", "Sex at birth"):
        assert word in at.error[0].value.replace("\\", "")
    assert next(w for w in at.text_input if str(w.key).startswith("given-")).value == "Maria"
    with inside(store) as tx:
        assert find.admissions_here(tx, ward.id) == []


def test_a_patient_is_admitted_once_and_the_form_is_empty_again(open_page, nurse, store, ward, bed_id, now):
    at = open_page(nurse, "admit")
    first = at.query_params["f"]
    fill(at, family="O'Brien <b>", given="Éva", sex="F", programme="taper", bed=bed_id, pregnancy="unknown",
         opioid="heroin", hours=18.5, allergies="NSAID", days=7.0)  # fmt: skip
    assert not at.exception
    with inside(store) as tx:
        (kept,) = find.admissions_here(tx, ward.id)
    assert (kept.patient.family_name, kept.bed, kept.planned_days) == ("O'Brien <b>", "Bed 3", 7)
    assert kept.admitted_at == now.replace(microsecond=0)
    assert kept.spo2_scale == 1
    assert kept.patient.born_on is None
    assert "✓ Admitted" in html_of(at)
    assert "O&#x27;BRIEN &lt;B&gt;" in html_of(at)
    assert at.query_params["f"] != first
    assert next(w for w in at.text_input if str(w.key).startswith("family-")).value == ""


WHO = {"family": "Osei", "sex": "F", "programme": "taper", "bed": "", "pregnancy": "negative"}


def test_several_answers_and_named_medicines_are_kept(open_page, nurse, store, ward):
    at = open_page(nurse, "admit")
    at.multiselect[0].set_value(["metoprolol", "clonidine"])
    fill(at, **WHO, **{"ask-sedatives": ["benzodiazepine", "alcohol"], "ask-heart": ["vascular", "long_qt"],
                       "medicines": "levodopa", "tap-conditions": "none", "tap-allergies": "none known"})  # fmt: skip
    assert not at.error
    with inside(store) as tx:
        (kept,) = find.admissions_here(tx, ward.id)
        said = {fact.name: fact.value for fact in orders.history_answers(tx, kept.id)}
    assert kept.allergies == "none known"
    assert said == {
        "heart": "long_qt vascular", "sedatives": "alcohol benzodiazepine", "conditions": "none",
        "medicines": "metoprolol, clonidine, levodopa",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"ask-sedatives": ["none", "alcohol"]}, "'Neither' stands beside 'Alcohol dependence'"),
        ({"tap-medicines": "none", "medicines": "metoprolol"}, "'Takes none' stands beside 'metoprolol'"),
        ({"tap-allergies": "none known", "allergies": "NSAID"}, "'None known' stands beside 'NSAID'"),
        ({"tap-allergies": "some"}, "write which"),
        ({"tap-allergies": "not_asked", "allergies": "NSAID"}, "'Not asked' stands beside 'NSAID'"),
    ],
)
def test_answers_that_exclude_each_other_are_asked_about_and_nobody_is_admitted(
    open_page, nurse, store, ward, typed, told
):
    at = fill(open_page(nurse, "admit"), **WHO, **typed)
    assert told in at.error[0].value.replace("\\", "")
    with inside(store) as tx:
        assert find.admissions_here(tx, ward.id) == []


@pytest.mark.parametrize(
    ("typed", "kept"),
    [({}, ""), ({"tap-allergies": "not_asked"}, ""), ({"tap-allergies": "none known"}, "none known"),
     ({"allergies": "nkda"}, "none known"), ({"tap-allergies": "some", "allergies": "NSAID"}, "NSAID")],
)  # fmt: skip
def test_allergies_have_three_answers(open_page, nurse, store, ward, typed, kept):
    at = fill(open_page(nurse, "admit"), **WHO, **typed)
    assert not at.error
    with inside(store) as tx:
        assert [one.allergies for one in find.admissions_here(tx, ward.id)] == [kept]


def test_only_a_physician_prescribes_scale_2(open_page, nurse, physician, store, ward, bed_id):
    at = open_page(nurse, "admit")
    assert not [w for w in at.get("button_group") if str(w.key).startswith("scale-")]
    at = open_page(physician, "admit")
    fill(at, family="Two", sex="", programme="taper", bed="", pregnancy="n/a", scale=2)
    with inside(store) as tx:
        (kept,) = find.admissions_here(tx, ward.id)
    assert (kept.spo2_scale, kept.bed, kept.patient.sex_at_birth) == (2, None, None)


def test_a_manager_does_not_admit(open_page, manager):
    at = open_page(manager, "board")
    assert not at.exception
