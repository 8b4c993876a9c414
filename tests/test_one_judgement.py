"""The laws that board, suggestion card and dose form keep together, over whole charted admissions.

Each admission is a line of `judge`: the same judgement that the screens show (tests/test_judge_alike.py holds the two
together). `DETOX_LAWS=50000 pytest tests/test_one_judgement.py` draws so many examples of each law.
"""

import copy
import os
import random
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from judge_lines import CALM, GOES_ON, NOW, NURSE, PHYSICIAN, at, dose, induction, one_set, taper

from detox.clinical.alerts.folding import alerts_file
from detox.clinical.danger_content import CLASSES, WORDS, dangers_file
from detox.clinical.drugs import class_of
from detox.commands.judging import answer

EXAMPLES = int(os.environ.get("DETOX_LAWS", "250"))
LAW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
SEVERITY = {"settled": 0, "info": 0, "unknown": 1, "warning": 2, "critical": 3}
DRUGS = ("methadone", "buprenorphine", "morphine", "diamorphine", "diazepam", "clonidine", "lofexidine", "naltrexone")

Line = dict[str, Any]

WORSE: dict[str, tuple[Any, ...]] = {
    "respiratory_rate_per_min": (11, 9, 8, 6, 0), "spo2_percent": (93, 91, 84, 60), "sedation": ("2", "3", "4"),
    "consciousness": ("C", "V", "P", "U"), "systolic_mmhg": (180, 200, 90, 78), "diastolic_mmhg": (101, 120, 125),
    "heart_rate_per_min": (101, 121, 131, 150, 49, 40, 32), "temperature_c": (37.9, 38.0, 39.5, 35.0, 34.1),
}  # fmt: skip
"""Values of a calm set made worse, each vital on either side from the mildest on."""
SIGNS = ("pinpoint_pupils", "suicidal_intent", "overdose", "intoxicated", "seizure", "chest_pain", "syncope", "worry")


@st.composite
def sets(draw: st.DrawFn, minutes_ago: int) -> Line:
    """One set: mostly calm, with up to two values beyond their limits, a score, a sign, a note, or not taken at all."""
    if draw(st.integers(0, 11)) == 0:
        why = draw(st.sampled_from(["refused", "asleep", "off ward"]))
        return {"id": f"x{minutes_ago}", "at": at(minutes_ago), "by": NURSE, "not_done": why}
    vitals = {}
    for name in draw(st.lists(st.sampled_from(sorted(WORSE)), max_size=2, unique=True)):
        vitals[name] = draw(st.sampled_from(WORSE[name]))
    if vitals.get("systolic_mmhg", 999) <= 90:
        vitals["diastolic_mmhg"] = 50
    if vitals.get("diastolic_mmhg", 0) >= 101 and "systolic_mmhg" not in vitals:
        vitals["systolic_mmhg"] = 158
    more: Line = {}
    if draw(st.integers(0, 5)) == 0:
        more["signs"] = {draw(st.sampled_from(SIGNS[:-1])): 1}
    if draw(st.integers(0, 7)) == 0:
        more["worry"] = draw(st.integers(0, 3))
    if draw(st.integers(0, 7)) == 0:
        more["note"] = draw(st.sampled_from(["slept well", "cannot be woken", "new systolic murmur", "ate a little"]))
    return one_set(minutes_ago, draw(st.sampled_from([2, 4, 4, 7, 13, 19, 26, None])), **vitals, **more)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """An admission with up to four sets, in one of five programmes, with answers and decisions here and there."""
    ages = sorted(draw(st.lists(st.integers(3, 700), min_size=1, max_size=4, unique=True)), reverse=True)
    taken = [draw(sets(age)) for age in ages]
    kind = draw(st.sampled_from(["taper", "taper", "buprenorphine", "induction", "alpha2", "maintenance"]))
    if kind == "induction":
        given_at = draw(st.lists(st.integers(5, 300), min_size=1, max_size=3, unique=True))
        line = induction(*taken, doses=tuple(dose(age, "buprenorphine", 4) for age in given_at))
    elif kind == "buprenorphine":
        line = taper(*taken, drug="buprenorphine", steps=(8, 6, 4, 0))
    elif kind == "alpha2":
        line = taper(*taken, drug="lofexidine", steps=(2.16, 1.44, 0))
        line["admission"] = line["admission"] | {"programme": "alpha2"}
    else:
        line = taper(*taken)
        if kind == "maintenance":
            line["admission"] = line["admission"] | {"programme": "maintenance_dot", "setting": "OTP"}
            line["plan"] = line["plan"] | {"steps_mg": [30], "step": 1}
    line["admission"]["spo2_scale"] = draw(st.sampled_from([1, 1, 1, 2]))
    if draw(st.integers(0, 3)) == 0:
        by, problem = (
            draw(st.sampled_from([NURSE, PHYSICIAN])),
            draw(st.sampled_from(["breathing", "pulse", "withdrawal"])),
        )
        giving = draw(st.sampled_from(["withhold", "as_ordered"])) if by is PHYSICIAN else "withhold"
        line["answers"] = [{
            "at": at(draw(st.integers(0, 600))), "by": by, "problem": problem, "done": "seen", "giving": giving,
            "closes": False,
        }]  # fmt: skip
    return line


def goes_on(found: Line) -> bool:
    return found["suggestion"]["class"] in GOES_ON


def told(found: Line) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """The dangers and the word on each drug."""
    dangers = [(one["rule"], one["level"]) for one in found["dangers"]]
    return dangers, {drug: one["may_give"] for drug, one in found["doses"].items()}


def not_milder(before: Line, after: Line, *, level: bool = True) -> None:
    """Board, card and form of `after` are nowhere nearer to giving than those of `before`."""
    assert goes_on(before) or not goes_on(after), after["suggestion"]["text"]
    if before["suggestion"]["class"] == "HOLD_CALL":
        assert after["suggestion"]["class"] == "HOLD_CALL"
    if before["suggestion"]["dose_action"] == "withhold":
        assert after["suggestion"]["dose_action"] == "withhold"
    for drug in DRUGS:
        was, now = before["doses"][drug]["may_give"], after["doses"][drug]["may_give"]
        assert WORDS.index(now) >= WORDS.index(was), (drug, was, now, after["doses"][drug]["because"])
    if level:
        assert SEVERITY[after["level"]] >= SEVERITY[before["level"]]


def newest(line: Line) -> Line | None:
    """The newest set that was taken."""
    taken = [one for one in line["observations"] if one.get("vitals")]
    return max(taken, key=lambda one: one["at"], default=None)


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
        assert (found["suggestion"]["dose_action"] == "withhold") == withheld
    if found["level"] == "settled":
        assert found["suggestion"]["class"] != "HOLD_CALL"
        assert not found["dangers"]
    if any(alert["level"] == "critical" for alert in found["alerts"]):
        assert found["level"] == "critical"


# --- (c): what is added never moves an answer toward giving


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
    one = newest(line)
    assume(one is not None and one["vitals"].get(name) == CALM[name] and not line.get("answers"))
    worse = copy.deepcopy(line)
    changed = newest(worse)
    assert changed is not None
    changed["vitals"][name] = data.draw(st.sampled_from(WORSE[name]))
    systolic, diastolic = changed["vitals"]["systolic_mmhg"], changed["vitals"]["diastolic_mmhg"]
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


# --- (d): what is made unknown never moves an answer toward giving


@LAW
@given(lines(), st.sampled_from([*sorted(WORSE), "cows", "sweating", "conditions", "medicines"]))
def test_what_is_made_unknown_never_gives(line: Line, name: str) -> None:
    one = newest(line)
    assume(one is not None)
    before = answer(line)
    less = copy.deepcopy(line)
    taken = newest(less)
    assert taken is not None
    if name in ("conditions", "medicines"):
        del less["admission"]["patient"][name]
    elif name == "cows":
        taken.pop("cows", None)
    elif name == "sweating":
        taken.get("cows", {}).pop("sweating", None)
    else:
        assume(taken["vitals"].get(name) == CALM[name])  # a value that was the ground may take its answer with it
        del taken["vitals"][name]
    after = answer(less)
    assert goes_on(before) or not goes_on(after)
    if {d["rule"] for d in before["dangers"]} & OF_TWO_VALUES:
        return
    for drug in DRUGS:
        was, now = before["doses"][drug]["may_give"], after["doses"][drug]["may_give"]
        assert WORDS.index(now) >= WORDS.index(was) or name in ("cows", "sweating"), (drug, was, now)


OF_TWO_VALUES = {"shock_index_red", "storm", "infection_emergency", "methadone_accumulates_red", "A02"}
"""Dangers that two values make together: each of them is a part of the ground, though it is calm by itself."""


# --- (e): the clock alone makes nothing milder


@LAW
@given(lines(), st.integers(1, 900))
def test_the_clock_alone_makes_nothing_urgent_milder(line: Line, minutes: int) -> None:
    later = copy.deepcopy(line) | {"now": (NOW + timedelta(minutes=minutes)).isoformat()}
    before, after = answer(line), answer(later)
    waits = {"A03", "A14"}  # hours since naloxone, and the hours in which doses count, are waiting times themselves
    for danger in before["dangers"]:
        if danger["rule"] not in waits:
            assert any(d["rule"] == danger["rule"] and d["level"] == danger["level"] for d in after["dangers"]), danger
    if before["suggestion"]["class"] == "HOLD_CALL" and not set(before["suggestion"]["rules"]) <= waits:
        assert after["suggestion"]["class"] == "HOLD_CALL"
    assert SEVERITY[after["level"]] >= SEVERITY[before["level"]] or not before["dangers"]


# --- (f): splitting a set into several minutes apart lowers nothing


@LAW
@given(lines(), st.randoms(use_true_random=False))
def test_a_set_split_into_several_lowers_nothing(line: Line, chance: random.Random) -> None:
    one = newest(line)
    assume(one is not None and one["at"] <= at(8))
    split = copy.deepcopy(line)
    whole = newest(split)
    assert whole is not None
    split["observations"].remove(whole)
    parts: list[Line] = [{} for _ in range(chance.randint(2, 3))]
    for name, value in whole["vitals"].items():
        if name == "diastolic_mmhg":
            continue
        part = chance.choice(parts)
        part[name] = value
        if name == "systolic_mmhg":
            part["diastolic_mmhg"] = whole["vitals"]["diastolic_mmhg"]
    first = datetime.fromisoformat(whole["at"])
    for number, part in enumerate(parts):
        made = {
            "id": f"{whole['id']}-{number}", "at": (first + timedelta(minutes=3 * number)).isoformat(),
            "by": whole["by"], "vitals": part,
        }  # fmt: skip
        if number == len(parts) - 1:
            made |= {key: whole[key] for key in ("cows", "signs", "note", "worry") if key in whole}
        if part or number == len(parts) - 1:
            split["observations"].append(made)
    before, after = answer(line), answer(split)
    red = {d["problem"] for d in before["dangers"] if d["level"] == "critical" and d["rule"] in ALONE}
    assert red <= {d["problem"] for d in after["dangers"] if d["level"] == "critical"}
    assert goes_on(before) or not goes_on(after)
    if before["level"] == "critical" and red:
        assert after["level"] == "critical"


ALONE = {
    "breathing_low_emergency", "breathing_low_red", "oxygen_low_red", "sedation_red", "sedation_emergency",
    "consciousness_red", "consciousness_emergency", "systolic_low_red", "early_warning_high", "A01", "A02",
}  # fmt: skip
"""Rules of one vital that is red at once, and the early-warning score, which is put together."""


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


@LAW
@given(lines(), st.lists(st.sampled_from(["refused", "off ward"]), min_size=1, max_size=3))
def test_sets_that_were_not_taken_change_nothing(line: Line, reasons: list[str]) -> None:
    more = copy.deepcopy(line)
    more["observations"] += [
        {"id": f"not{n}", "at": at(2 - n / 2), "by": NURSE, "not_done": why} for n, why in enumerate(reasons)
    ]
    before, after = answer(line), answer(more)
    assert before["suggestion"]["class"] == after["suggestion"]["class"]
    assert [(d["rule"], d["level"]) for d in before["dangers"]] == [(d["rule"], d["level"]) for d in after["dangers"]]
    assert {k: v["may_give"] for k, v in before["doses"].items()} == {
        k: v["may_give"] for k, v in after["doses"].items()
    }


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
