"""A note at entry that names a sign which nobody charted is asked about once; it changes nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox import care
from detox.clinical.model import Observation, Vitals
from detox.clinical.noted import phrases_of, question
from detox.clinical.protocols import vitals_file
from detox.errors import NeedsConfirmation

WRITTEN = [
    ("patient cannot be woken", "cannot be woken", "Consciousness or Sedation"),
    ("Unresponsive!", "Unresponsive", "Consciousness or Sedation"),
    ("had a seizure at 4", "seizure", "Seizure"),
    ("complains of Chest Pain", "Chest Pain", "Chest pain"),
    ("fainted in the hall", "fainted", "Fainted"),
    ("overdose in the toilet", "overdose", "Overdose"),
    ("feels suicidal", "suicidal", "Suicidal intent"),
    ("smells of alcohol", "smells of alcohol", "Looks intoxicated"),
    ("looks dehydrated", "dehydrat", "Looks dehydrated"),
    ("shaking chills", "shaking chill", "Shaking chills"),
    ("pupils pinpoint", "pinpoint", "Pinpoint pupils"),
]


@pytest.mark.parametrize(("note", "phrase", "sign"), WRITTEN)
def test_a_phrase_without_its_sign_is_asked_about_and_kept_once_confirmed(
    store, nurse, seen, vitals, now, note, phrase, sign
):
    entry = seen(vitals=vitals(), note=note)
    with pytest.raises(NeedsConfirmation) as ask:
        care.record(store, nurse, entry, now)
    assert ask.value.questions == {
        "note": f"You wrote {phrase!r}: chart it as a sign? If it is there, mark {sign} first: no rule reads a note."
    }
    assert care.record(store, nurse, entry, now, confirmed=True).observation.note == note


@pytest.mark.parametrize(
    "note", ["slept well", "denies chest pain", "no seizure, no overdose", "never suicidal", "wakes easily", ""]
)
def test_a_calm_note_is_kept_without_a_question(store, nurse, seen, vitals, now, note):
    assert care.record(store, nurse, seen(vitals=vitals(), note=note), now).observation.note == note


@pytest.mark.parametrize(
    ("charted", "asked"),
    [
        ({"other": {"seizure": 1}}, False), ({"other": {"seizure": 0}}, True), ({"other": {"headache": 1}}, True),
        ({"vitals": Vitals(sedation="4")}, True),
    ],
)  # fmt: skip
def test_the_sign_itself_answers_the_question_and_no_other_does(charted, asked, seen):
    assert bool(question(replace(seen(note="seizure just now"), **charted))) is asked


@pytest.mark.parametrize(
    ("charted", "asked"),
    [
        ({"sedation": "4"}, False), ({"sedation": "2"}, False), ({"sedation": "1"}, True), ({"sedation": "S"}, True),
        ({"consciousness": "U"}, False), ({"consciousness": "A"}, True), ({}, True),
        ({"sedation": "4", "consciousness": "A"}, False),
    ],
)  # fmt: skip
def test_only_a_value_that_is_not_normal_answers_for_cannot_be_woken(charted, asked, seen):
    assert bool(question(seen(note="cannot be woken", vitals=Vitals(**charted)))) is asked


def test_two_phrases_are_asked_in_one_question(seen):
    (sentence,) = question(seen(note="chest pain, then fainted")).values()
    assert sentence.count("You wrote") == 2


def test_a_correction_is_asked_too(store, nurse, seen, vitals, now):
    first = care.record(store, nurse, seen(vitals=vitals(), note="calm"), now).observation
    with pytest.raises(NeedsConfirmation, match="seizure"):
        care.amend(store, nurse, first.id, replace(first, id="n", note="seizure"), "left out", now)


def test_every_row_has_phrases_and_each_of_them_asks(seen):
    for row in vitals_file().noted:
        assert phrases_of(row)
        for phrase in phrases_of(row):
            assert question(seen(note=f"patient {phrase}")), phrase


@given(st.text(max_size=40))
def test_charting_every_sign_silences_every_question(note):
    signs = {one.name: 1.0 for one in vitals_file().other if one.kind in ("sign", "event")}
    entry = Observation("o", "a", None, Vitals(sedation="4", consciousness="U"), note=note, other=signs)  # type: ignore[arg-type]
    assert question(entry) == {}
    assert question(replace(entry, note=f"{note} seizure overdose cannot be woken")) == {}
