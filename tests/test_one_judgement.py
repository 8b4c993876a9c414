"""The laws that board, suggestion card and dose form keep together, over whole charted admissions.

Each admission is a line of `judge`: the same judgement that the screens show (tests/test_judge_alike.py holds the two
together). What is added, unknown, later or split is in tests/test_laws_*.py.
"""

import copy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from judge_lines import NURSE, PHYSICIAN, at, one_set, taper
from law_lines import DRUGS, LAW, Line, goes_on, lines, newest, not_milder, worse_or_same, worst_of

from detox.clinical.alerts.engine import alerts_file
from detox.clinical.danger_content import CLASSES, WORDS, dangers_file
from detox.clinical.drugs import class_of
from detox.commands.judging import answer


def standing_critical(found: Line) -> set[str]:
    """The problems of the dangers that stand and are critical."""
    return {d["problem"] for d in found["dangers"] if d["state"] == "standing" and d["level"] == "critical"}


# --- (a) and (j): the three never disagree


@LAW
@given(lines())
def test_board_card_and_form_agree(line: Line) -> None:
    found = answer(line)
    for danger in found["dangers"]:
        assert found["suggestion"]["class"] == "HOLD_CALL" or danger["level"] != "critical", danger
        for drug in DRUGS:
            may = found["doses"][drug]["may_give"]
            assert WORDS.index(may) >= WORDS.index(danger[class_of(drug)] if class_of(drug) in CLASSES else "yes")
    assert found["doses"]["naloxone"]["may_give"] == "yes"
    drug = line["plan"]["drug"]
    if found["suggestion"]["class"] == "HOLD_CALL":
        assert found["level"] in ("critical", "warning"), found["level"]
        assert found["alerts"], "what calls stands on the board"
        withheld = any(danger[class_of(drug)] == "no" for danger in found["dangers"])
        says_so = found["suggestion"]["dose_action"] == "withhold"
        assert says_so or not withheld
        # a vital may withhold it too, also beside a physician's order for what else stands
        assert not says_so or found["doses"][drug]["may_give"] == "no"
    if found["level"] == "settled":
        assert found["suggestion"]["class"] != "HOLD_CALL"
        assert not found["dangers"]
    if any(alert["level"] == "critical" for alert in found["alerts"]):
        assert found["level"] == "critical"


# --- (i): people are ids


@LAW
@given(lines())
def test_renaming_everybody_changes_nothing(line: Line) -> None:
    renamed = copy.deepcopy(line)

    def rename(value: Any) -> None:
        if isinstance(value, dict):
            if {"id", "name", "role"} <= value.keys():
                value["name"] = "Somebody Else"
            for inner in value.values():
                rename(inner)
        elif isinstance(value, list):
            for inner in value:
                rename(inner)

    rename(renamed)
    before, after = answer(line), answer(renamed)
    for part in ("level", "next_due", "watches"):
        assert before[part] == after[part]
    assert before["suggestion"]["class"] == after["suggestion"]["class"]
    assert [(d["rule"], d["level"]) for d in before["dangers"]] == [(d["rule"], d["level"]) for d in after["dangers"]]
    assert {k: v["may_give"] for k, v in before["doses"].items()} == {
        k: v["may_give"] for k, v in after["doses"].items()
    }


# --- (k) and (b): what was not taken changes nothing, and what is worse ends nothing


def but_the_clocks(found: Line) -> Line:
    """Everything that an answer says but when the next sets are due, and the age of what it shows."""
    told = {key: value for key, value in found.items() if key not in ("next_due", "suggestion", "watches")}
    told["card"] = {key: found["suggestion"][key] for key in ("class", "dose_action", "rules", "missing")}
    told["watches"] = [(one["drug"], one["since"], one["reference_cows"]) for one in found["watches"]]
    return told


@LAW
@given(lines(), st.lists(st.sampled_from(["refused", "off ward", "asleep"]), min_size=1, max_size=3))
def test_sets_that_were_not_taken_change_nothing(line: Line, reasons: list[str]) -> None:
    more = copy.deepcopy(line)
    more["observations"] += [
        {"id": f"not{n}", "at": at(2 - n / 2), "by": NURSE, "not_done": why} for n, why in enumerate(reasons)
    ]
    before, after = but_the_clocks(answer(line)), but_the_clocks(answer(more))
    if "asleep" in reasons:  # that nobody could score the patient is said, and may hold a step
        assert goes_on(answer(line)) or not goes_on(answer(more))
        before.pop("card"), after.pop("card")
    assert after == before


@LAW
@given(lines(), st.data())
def test_values_as_bad_or_worse_end_nothing(line: Line, data: st.DataObject) -> None:
    """A newer set in which every value is where it was or further out, and nothing calm: all that stood stands."""
    assume(newest(line) is not None)
    again = copy.deepcopy(line)
    again["observations"].append(
        {"id": "again", "at": at(1), "by": NURSE, "vitals": data.draw(st.composite(worse_or_same)(line))}
    )
    before, after = answer(line), answer(again)
    for told in ("alerts", "dangers"):
        stood, stands = worst_of(before[told]), worst_of(after[told])
        assert all(stands.get(problem, -1) >= level for problem, level in stood.items()), (told, stood, stands)
    was, now = ({d["problem"] for d in a["dangers"] if d["state"] == "standing"} for a in (before, after))
    assert was <= now, was - now
    not_milder(before, after)


@LAW
@given(lines())
def test_the_same_values_again_end_no_danger(line: Line) -> None:
    one = newest(line)
    assume(one is not None)
    assert one is not None
    again = copy.deepcopy(line)
    again["observations"].append({"id": "again", "at": at(0), "by": NURSE, "vitals": dict(one["vitals"])})
    # what an older set showed may end by a second calm one: these values show it by themselves
    alone = copy.deepcopy(line) | {"answers": []}
    alone["observations"] = [dict(one, id=str(minutes), at=at(minutes)) for minutes in (20, 10)]
    shown = standing_critical(answer(alone)) & standing_critical(answer(line))
    assert shown <= {d["problem"] for d in answer(again)["dangers"]}


# --- calm stays calm


def test_calm_stays_calm() -> None:
    """For each danger a twin that must go on."""
    twins = {
        "pressure 158/94 twice": [one_set(age, systolic_mmhg=158, diastolic_mmhg=94) for age in (60, 8)],
        "pulse 104": [one_set(290), one_set(8, 2, heart_rate_per_min=104)],
        "temperature 37.7": [one_set(290), one_set(8, temperature_c=37.7)],
        "breathing 12": [one_set(290), one_set(8, respiratory_rate_per_min=12)],
        "a refused set between two normal ones": [
            one_set(290), {"id": "r", "at": at(60), "by": NURSE, "not_done": "refused"}, one_set(8),
        ],
        "slept well": [one_set(290), one_set(8, note="slept well")],
    }  # fmt: skip
    for name, taken in twins.items():
        found = answer(taper(*taken))
        assert goes_on(found), (name, found["suggestion"]["text"])
        assert found["doses"]["methadone"]["may_give"] == "yes", (name, found["doses"]["methadone"]["because"])


def test_slow_breathing_hours_ago_is_past_until_a_physician_has_answered() -> None:
    past = [one_set(700), one_set(360, respiratory_rate_per_min=8), one_set(240), one_set(120), one_set(8)]
    waiting = answer(taper(*past))
    assert (waiting["level"], waiting["suggestion"]["class"]) == ("warning", "HOLD_CALL")
    assert waiting["doses"]["methadone"]["may_give"] == "physician"
    word = {"at": at(100), "by": PHYSICIAN, "problem": "breathing", "done": "seen", "giving": "as_ordered"}
    answered = answer(taper(*past, answers=[word]))
    assert goes_on(answered)
    assert answered["doses"]["methadone"]["may_give"] == "yes"
    nurse = answer(taper(*past, answers=[word | {"by": NURSE, "giving": "withhold"}]))
    assert nurse["suggestion"]["class"] == "HOLD_CALL"


def test_a_worse_rule_on_the_same_card_lifts_no_hold_of_the_first() -> None:
    """A seizure may want a sedative; for somebody who did not respond hours ago it is withheld all the same."""
    sets = [one_set(452, consciousness="U"), one_set(3)]
    seizure = {"id": "seizure", "at": at(37), "by": NURSE, "signs": {"seizure": 1}}
    before, after = answer(taper(*sets)), answer(taper(*sets, seizure))
    assert before["doses"]["diazepam"]["may_give"] == "no"
    assert after["doses"]["diazepam"]["may_give"] == "no"
    assert any("does not respond" in said for said in after["doses"]["diazepam"]["because"])
    alone = answer(taper(one_set(452), one_set(3), seizure))
    assert alone["doses"]["diazepam"]["may_give"] == "physician"


def test_two_grounds_of_one_rule_hold_by_the_stricter_word_of_both() -> None:
    """Chest pain bars a sedative, a seizure alone does not: both are the rule A05."""
    pain = one_set(3) | {"signs": {"chest_pain": 1}}
    seizure = {"id": "seizure", "at": at(1), "by": NURSE, "signs": {"seizure": 1}}
    assert answer(taper(pain))["doses"]["diazepam"]["may_give"] == "no"
    assert answer(taper(one_set(3), seizure))["doses"]["diazepam"]["may_give"] == "physician"
    for sets in ((pain, seizure), (one_set(3) | {"signs": {"seizure": 1}}, seizure | {"signs": {"chest_pain": 1}})):
        assert answer(taper(*sets))["doses"]["diazepam"]["may_give"] == "no"


def test_every_critical_rule_says_what_it_means_for_a_dose() -> None:
    rows = {rule for row in dangers_file().danger for rule in row.rules}
    critical = {rule.id for rule in alerts_file().rules if rule.level == "critical"}
    assert critical <= rows, sorted(critical - rows)


def test_confusion_of_minutes_ago_withholds_a_sedative_beside_a_seizure() -> None:
    """One calm look ends no confusion; that a seizure is told on its card since lifts nothing."""
    confused = [one_set(4, consciousness="C"), one_set(3)]
    seizure = {"id": "seizure", "at": at(1), "by": NURSE, "signs": {"seizure": 1}}
    found = answer(taper(*confused, seizure))
    assert found["doses"]["diazepam"]["may_give"] == "no"
    assert any("confused" in said for said in found["doses"]["diazepam"]["because"])


def test_pressure_and_pulse_are_two_problems_and_each_is_answered_by_itself() -> None:
    """A pulse that comes later hides no pressure that nobody has answered, and an answer speaks of its own problem."""
    sets = [one_set(321, systolic_mmhg=182), one_set(20, heart_rate_per_min=131), one_set(3, heart_rate_per_min=132)]
    told = {(d["problem"], d["state"]) for d in answer(taper(*sets))["dangers"] if d["rule"] == "A06"}
    assert told == {("blood_pressure", "past"), ("pulse", "standing")}
    both = [one_set(321, systolic_mmhg=182, heart_rate_per_min=131), one_set(200), one_set(100), one_set(3)]
    word = {"at": at(1), "by": PHYSICIAN, "done": "seen", "giving": "as_ordered"}
    for problems, left in (
        ((), {"storm", "pulse", "blood_pressure"}),
        (("pulse",), {"storm", "blood_pressure"}),
        (("pulse", "blood_pressure"), {"storm"}),
        (("storm",), set()),  # what is charted of pressure and pulse together speaks of both
    ):
        found = answer(taper(*both, answers=[word | {"problem": problem} for problem in problems]))
        assert {d["problem"] for d in found["dangers"]} == left, problems
        assert goes_on(found) == (not left), problems
