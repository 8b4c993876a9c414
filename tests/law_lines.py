"""Admissions for the laws, as lines of `judge`: drawn at random, with what makes a set worse, and how answers compare.

A law tries DETOX_LAWS examples: 250 unless it is set, 2,000 in CI, and 50,000 by
`DETOX_LAWS=50000 pytest tests/test_laws_*.py tests/test_one_judgement.py`.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from judge_lines import CALM, GOES_ON, NURSE, PHYSICIAN, at, dose, induction, one_set, taper

from detox.clinical.danger_content import WORDS

EXAMPLES = int(os.environ.get("DETOX_LAWS", "250"))
LAW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
SEVERITY = {"settled": 0, "info": 0, "unknown": 1, "warning": 2, "critical": 3}
DRUGS = ("methadone", "buprenorphine", "morphine", "diamorphine", "diazepam", "clonidine", "lofexidine", "naltrexone")

Line = dict[str, Any]

SIDES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "respiratory_rate_per_min": ((11, 9, 8, 6, 0),), "spo2_percent": ((93, 91, 84, 60),),
    "sedation": (("2", "3", "4"),), "consciousness": (("C", "V", "P", "U"),), "systolic_mmhg": ((180, 200), (90, 78)),
    "diastolic_mmhg": ((101, 120, 125),), "heart_rate_per_min": ((101, 121, 131, 150), (49, 40, 32)),
    "temperature_c": ((37.9, 38.0, 39.5), (35.0, 34.1)),
}  # fmt: skip
"""Values of a calm set made worse: each vital on either side, from the mildest on."""
WORSE = {name: tuple(value for side in sides for value in side) for name, sides in SIDES.items()}
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


def worse_or_same(draw: st.DrawFn, line: Line) -> Line:
    """Those vitals of the newest set that are beyond a limit, each at least as far out as it ever was: calm ones are
    left out, and so is a vital that was beyond a limit on its other side before, for it may have cleared that one."""
    found: Line = {}
    vitals = (newest(line) or {"vitals": {}})["vitals"]
    for name, sides in SIDES.items():
        charted = {one["vitals"].get(name) for one in line["observations"] if one.get("vitals")} - {CALM[name], None}
        side = next((one for one in sides if vitals.get(name) in one and charted <= set(one)), None)
        if side is not None and name != "diastolic_mmhg":  # its pair would have to fit, and is another law's
            found[name] = draw(st.sampled_from(side[max(map(side.index, charted)) :]))
    return found


def worst_of(told: list[Line]) -> dict[str, int]:
    """The worst level of each problem that alerts or dangers tell of."""
    found: dict[str, int] = {}
    for one in told:
        found[one["problem"]] = max(found.get(one["problem"], 0), SEVERITY[one["level"]])
    return found
