"""Laws: what is made unknown, the clock alone, and a set that is split into several never move toward giving."""

import copy
import random
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from judge_lines import CALM, NOW, PHYSICIAN, at
from law_lines import DRUGS, LAW, SEVERITY, WORSE, Line, goes_on, lines, newest, worst_of

from detox.clinical.danger_content import WORDS
from detox.commands.judging import answer

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


@LAW
@given(lines(), st.sampled_from(WORSE["heart_rate_per_min"]), st.integers(0, 2))
def test_a_limit_of_the_patient_that_has_ended_falls_back_to_the_wards(line: Line, pulse: int, ended: int) -> None:
    one = newest(line)
    assume(one is not None)
    for other in line["observations"]:
        if other.get("vitals"):
            other["vitals"]["heart_rate_per_min"] = CALM["heart_rate_per_min"]
    one["vitals"]["heart_rate_per_min"] = pulse
    side, values = ("high", (160, 180)) if pulse > 100 else ("low", (35, 30))
    own = copy.deepcopy(line) | {
        "limits": [
            {
                "limit": f"heart_rate_per_min_{side}_{level}", "value": value, "by": PHYSICIAN, "at": at(1200),
                "until": at(ended),
            }
            for level, value in zip(("warning", "critical"), values, strict=True)
        ]
    }  # fmt: skip
    before, after = answer(line), answer(own)
    assert after["not_understood"] == before["not_understood"]
    worst = worst_of([d for d in before["dangers"] if d["problem"] == "pulse"])
    assert worst_of(after["dangers"]).get("pulse", -1) >= worst.get("pulse", -1)
    assert goes_on(before) or not goes_on(after)
    for drug in DRUGS:
        assert WORDS.index(after["doses"][drug]["may_give"]) >= WORDS.index(before["doses"][drug]["may_give"]), drug


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
