"""What was answered about a patient: several true answers, none, not known, and values kept by older versions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical.model import HistoryAnswer
from detox.clinical.situations import (
    ALLERGIES,
    MEDICINES,
    allergies,
    conditions,
    is_known,
    listed,
    not_asked,
    says_none,
    situations_file,
)
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.words import found
from detox.clinical.understood import is_understood, not_understood

AT = datetime(2026, 3, 3, 8, tzinfo=UTC)
FILE = situations_file()
SEVERAL = [one for one in FILE.situation if one.several]
OWN = [one for one in FILE.situation if one.own_words]


def facts(**values):
    return {name: HistoryAnswer(name, "a", name, value, "", AT) for name, value in values.items()}


def asked(name):
    one = FILE.named(name)
    assert one is not None
    return one


def test_alcohol_and_benzodiazepines_are_both_kept():
    value = asked("sedatives").value_of(["benzodiazepine", "alcohol"])
    assert value == "alcohol benzodiazepine"
    assert conditions(facts(sedatives=value)) == ["alcohol dependence", "benzodiazepine dependence"]


def test_long_qt_and_a_recent_infarction_are_both_kept():
    said = conditions(facts(heart="long_qt vascular"))
    assert found(content().words.long_qt, said)
    assert found(content().words.recent_vascular, said)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("sedatives", "benzodiazepine", ["benzodiazepine dependence"]),
        ("breathing", "yes", ["respiratory disease"]),
        ("heart", "long_qt", ["long QT"]),
        ("heart", "none", []),
        ("liver", "b", ["Child-Pugh B"]),
        ("conditions", "COPD, CKD 4", ["COPD", "CKD 4"]),
    ],
)
def test_a_value_of_an_older_version_reads_as_before(name, value, said):
    assert conditions(facts(**{name: value})) == said


@given(st.data())
def test_an_added_condition_never_removes_another(data):
    held, more = {}, {}
    for one in SEVERAL:
        values = [a.value for a in one.options if not a.alone]
        some = data.draw(st.lists(st.sampled_from(values), unique=True))
        others = data.draw(st.lists(st.sampled_from(values), unique=True))
        held[one.name], more[one.name] = one.value_of(some), one.value_of([*others, one.value_of(some)])
        assert one.problem(more[one.name]) == "" or not more[one.name]
    words = data.draw(st.lists(st.sampled_from(["COPD", "pregnant", "gout"]), unique=True))
    extra = data.draw(st.lists(st.sampled_from(["CKD 4", "none", "unknown"]), unique=True))
    held["conditions"], more["conditions"] = ", ".join(words), ", ".join([*extra, *words])
    assert set(conditions(facts(**held))) <= set(conditions(facts(**more)))


@pytest.mark.parametrize("one", SEVERAL, ids=lambda one: one.name)
def test_the_order_of_taps_changes_nothing(one):
    values = [a.value for a in one.options]
    assert one.value_of(reversed(values)) == one.value_of([" ".join(values)]) == " ".join(values)


@pytest.mark.parametrize("one", SEVERAL, ids=lambda one: one.name)
def test_none_beside_another_is_asked_about(one):
    alone = next(a for a in one.options if a.alone)
    other = next(a for a in one.options if not a.alone)
    problem = one.problem(one.value_of([other.value, alone.value]))
    assert alone.label in problem
    assert other.label in problem
    assert one.problem(alone.value) == ""
    assert one.problem("") != ""
    assert one.problem(f"{other.value} cake") != ""


@pytest.mark.parametrize("one", OWN, ids=lambda one: one.name)
def test_none_beside_own_words_is_asked_about(one):
    assert "stands beside 'latex'" in one.problem(one.value_of([one.none.value, "latex"]))
    assert one.problem(one.value_of([one.none.value])) == ""
    assert one.problem(one.value_of(["latex"])) == ""
    assert one.problem("") != ""


def test_liver_and_kidney_stages_exclude_each_other():
    assert not asked("liver").several
    assert not asked("kidneys").several
    assert asked("liver").problem("a b") != ""


# --- none, not known -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["none known", "None known.", "nil", "NKDA", "nkda;", "no known", "No known drug allergies", "keine",
     "Keine bekannten Allergien", "NKDA, nil"],
)  # fmt: skip
def test_a_text_that_says_none_is_none_and_kept_in_one_form(text):
    assert allergies(text) == "none"
    assert asked(ALLERGIES).value_of([text]) == "none known"


@pytest.mark.parametrize("text", ["", "  ", "unknown", "Not known", "?", "n/a", "-", "unbekannt", "not asked"])
def test_what_nobody_knows_is_not_none(text):
    assert allergies(text) == "not_asked"
    assert not says_none(text)
    assert not is_known(text)


@pytest.mark.parametrize(
    "text",
    ["penicillin", "NKDA, latex", "none known except penicillin", "nil by mouth", "no penicillin", "none. Latex",
     "unknown antibiotic", "Keine Ahnung, Penicillin?", "nickel"],
)  # fmt: skip
def test_any_other_text_is_an_allergy(text):
    assert allergies(text) == "some"


@given(st.text(max_size=30), st.sampled_from(["penicillin", "latex", "nuts"]))
def test_words_beside_an_allergy_never_hide_it(text, allergy):
    assert allergies(f"{text}, {allergy}") == allergies(f"{allergy}; {text}") == "some"


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, None), ("", None), ("unknown", None), ("none", []), ("nil", []), ("sotalol, Beloc", ["sotalol", "Beloc"])],
)
def test_medicines_never_recorded_are_unknown_and_none_is_an_answer(value, said):
    known = facts() if value is None else facts(medicines=value)
    assert listed(known, MEDICINES) == said
    assert (asked(MEDICINES).label in not_asked(known)) == (said is None)


# --- what the rules know ---------------------------------------------------------------------------------------------


def test_words_that_no_rule_knows_are_listed_as_they_were_written():
    known = facts(
        medicines="metoprolol, Catapres 0.1 mg, levodopa",
        conditions="COPD, gout",
        allergies="nuts",
        heart="long_qt cake",
    )
    assert not_understood(known) == {"medicines": ["levodopa"], "conditions": ["gout"], "heart": ["cake"]}
    assert conditions(known) == ["long QT", "COPD", "gout"]


@pytest.mark.parametrize("name", asked("conditions").names)
def test_the_rules_know_every_condition_of_the_list(name):
    assert is_understood("conditions", name)


@pytest.mark.parametrize(
    ("name", "value", "word_list"),
    [
        ("breathing", "lung", "respiratory"),
        ("breathing", "apnoea", "respiratory"),
        ("breathing", "bmi", "respiratory"),
        ("breathing", "yes", "respiratory"),
        ("heart", "risk", "qt_risk"),
        ("heart", "long_qt", "long_qt"),
        ("heart", "vascular", "recent_vascular"),
        ("sedatives", "alcohol", "sedative_dependence"),
        ("sedatives", "benzodiazepine", "sedative_dependence"),
    ],
)
def test_the_rules_know_every_answer_that_is_loud(name, value, word_list):
    assert found(getattr(content().words, word_list), conditions(facts(**{name: value})))
