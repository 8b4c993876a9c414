"""Law: what is added, and a value that is made worse, never moves board, card or form toward giving."""

import copy

from hypothesis import assume, given
from hypothesis import strategies as st
from judge_lines import CALM, NURSE, at, dose
from law_lines import LAW, SIGNS, WORSE, Line, goes_on, lines, not_milder

from detox.commands.judging import answer


@LAW
@given(lines(), st.sampled_from(SIGNS[:-1]), st.integers(1, 600))
def test_a_sign_that_is_added_never_gives(line: Line, sign: str, age: int) -> None:
    more = copy.deepcopy(line)
    more["observations"].append({"id": "sign", "at": at(age), "by": NURSE, "signs": {sign: 1}})
    not_milder(answer(line), answer(more))


@LAW
@given(lines(), st.sampled_from(["cannot be woken", "overdose in the toilet", "slept well", "new systolic murmur"]))
def test_a_note_that_is_added_never_gives(line: Line, note: str) -> None:
    more = copy.deepcopy(line)
    more["observations"].append({"id": "note", "at": at(1), "by": NURSE, "note": note})
    found = answer(more)
    not_milder(answer(line), found)
    assert any(note in said for said in found["notes_unread"])


@LAW
@given(lines(), st.sampled_from(sorted(WORSE)), st.data())
def test_a_value_made_worse_never_gives(line: Line, name: str, data: st.DataObject) -> None:
    taken = [n for n, one in enumerate(line["observations"]) if one.get("vitals", {}).get(name) == CALM[name]]
    assume(taken and not line.get("answers"))
    worse = copy.deepcopy(line)
    vitals = worse["observations"][data.draw(st.sampled_from(taken))]["vitals"]
    vitals[name] = data.draw(st.sampled_from(WORSE[name]))
    systolic, diastolic = vitals["systolic_mmhg"], vitals["diastolic_mmhg"]
    assume(systolic is None or diastolic is None or diastolic < systolic)
    not_milder(answer(line), answer(worse))


@LAW
@given(lines(), st.sampled_from(["methadone", "Subutex", "morphine", "oxycodone", "naloxone"]), st.integers(5, 1300))
def test_a_dose_from_elsewhere_never_gives(line: Line, drug: str, age: int) -> None:
    more = copy.deepcopy(line)
    assume(line["admission"]["programme"] != "maintenance_dot")  # there a dose is what says that no day was missed
    more["doses"].append(dose(age, drug, 8, elsewhere=True))
    after = answer(more)
    assert goes_on(answer(line)) or not goes_on(after)
