"""Special situations on the patient's page: what the header shows of them, and answering them anew."""

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import HistoryAnswer
from detox.store import find, orders


@pytest.fixture
def say(store, nurse, now):
    def state(stay, **answers):
        made = [HistoryAnswer(f"{stay.id}{name}", stay.id, name, value, "", now) for name, value in answers.items()]
        return care.state_all(store, nurse, made, None, now)

    return state


@pytest.fixture
def head(open_page, nurse):
    return lambda stay: html_of(open_page(nurse, "patient", admission=stay.id))


RED, QUIET, GAP = 'px-allergy">▲ allergy: ', 'dx-quiet">no known allergies', 'not_assessed">? allergies not '


@pytest.mark.parametrize(
    ("allergies", "shown", "never"),
    [
        ("penicillin", RED + "penicillin", GAP),
        ("NKDA, latex", RED + "NKDA, latex", QUIET),
        ("none known", QUIET, "allergy:"),
        ("Nil", QUIET, "allergy:"),
        ("", GAP + "asked", "allergy:"),
        ("unknown", GAP + "known", "allergy:"),
    ],
)
def test_allergies_in_the_header(admit, head, allergies, shown, never):
    text = head(admit("Osei", allergies=allergies))
    assert shown in text
    assert never not in text


def test_every_true_answer_stands_in_the_header(admit, say, head):
    stay = admit("Osei")
    say(stay, sedatives="alcohol benzodiazepine", heart="long_qt vascular", medicines="metoprolol, levodopa")
    text = head(stay)
    for words in ("▲ alcohol dependence", "▲ benzodiazepine dependence", "▲ LONG QT", "▲ recent infarction or stroke",
                  "medicines on board: metoprolol, levodopa", "? not understood by the rules: levodopa"):  # fmt: skip
        assert words in text


def test_none_and_never_asked_differ_in_the_header(admit, say, head):
    stay = admit("Osei")
    assert "medicines on board" in head(stay).split("? not asked: ")[1].split("<")[0]
    say(stay, medicines="none")
    text = head(stay)
    assert "medicines: none" in text
    assert "medicines on board" not in text.split("? not asked: ")[1].split("<")[0]


@pytest.mark.parametrize(("pregnancy", "says"), [("negative", "negative"), ("unknown", "not known")])
def test_a_pregnancy_among_the_conditions_stands_in_the_header(admit, say, head, pregnancy, says):
    stay = admit("Osei", pregnancy=pregnancy)
    say(stay, conditions="pregnant 20 weeks")
    assert f"PREGNANT by &#x27;pregnant 20 weeks&#x27;; the answer says {says}: settle which" in head(stay)


def opened(open_page, nurse, stay):
    at = open_page(nurse, "patient", admission=stay.id)
    section = next(w for w in at.get("button_group") if w.key == "section")
    return section.set_value("Situation").run()


def put(at, **typed):
    widgets = [*at.text_input, *at.get("button_group"), *at.multiselect]
    for name, value in typed.items():
        next(w for w in widgets if str(w.key).startswith(f"{name}-")).set_value(value)
    return next(b for b in at.button if b.label == "Save these answers").click().run()


def kept(store, stay, name):
    with inside(store) as tx:
        return [fact.value for fact in orders.history_answers(tx, stay.id) if fact.name == name]


def test_an_answer_is_added_to_the_one_that_holds(open_page, nurse, store, admit, say):
    stay = admit("Osei", allergies="penicillin")
    say(stay, sedatives="benzodiazepine", medicines="metoprolol, levodopa 100 mg")
    at = opened(open_page, nurse, stay)
    shown = {str(w.key).rsplit("-", 1)[0]: w.value for w in [*at.get("button_group"), *at.multiselect, *at.text_input]}
    assert shown["ask-sedatives"] == ["benzodiazepine"]
    assert (shown["list-medicines"], shown["medicines"]) == (["metoprolol"], "levodopa 100 mg")
    assert (shown["tap-allergies"], shown["allergies"]) == ("some", "penicillin")
    at = put(at, **{"ask-sedatives": ["benzodiazepine", "alcohol"]})
    assert not at.error
    assert kept(store, stay, "sedatives") == ["benzodiazepine", "alcohol benzodiazepine"]
    assert kept(store, stay, "medicines") == ["metoprolol, levodopa 100 mg"]
    assert kept(store, stay, "allergies") == []


def test_taking_every_answer_away_is_asked_about(open_page, nurse, store, admit, say):
    stay = admit("Osei")
    say(stay, sedatives="benzodiazepine", medicines="metoprolol")
    at = put(opened(open_page, nurse, stay), **{"ask-sedatives": [], "list-medicines": [], "ask-liver": "b"})
    told = at.error[0].value.replace("\\", "")
    assert "Alcohol and sedatives: choose one of the answers" in told
    assert "Medicines on board: choose one of the answers" in told
    assert kept(store, stay, "sedatives") == ["benzodiazepine"]
    assert kept(store, stay, "liver") == []


def test_allergies_are_answered_after_admission(open_page, nurse, store, admit):
    stay = admit("Osei")
    put(opened(open_page, nurse, stay), **{"tap-allergies": "none known"})
    with inside(store) as tx:
        assert find.admission(tx, stay.id).allergies == "none known"
