"""Every branch of a dose limit at its edge and a little above it; how old a vital may be, by programme and setting."""

from typing import Any

import pytest
from suggestion_cases import base, changed

from detox.clinical.case import read_case
from detox.clinical.suggestions import Suggestion, suggest

GOES_ON = {"CONTINUE", "STEP_DOWN", "STEP_UP", "START_MET"}


def answer(case: dict[str, Any]) -> Suggestion:
    return suggest(read_case(case))


def plan(programme: str, drug: str | None = None, **values: Any) -> dict[str, Any]:
    """The calm case of a programme with other values in its plan."""
    return changed(base(programme), {"plan": values | ({"drug": drug} if drug else {})})


def daily(mg: float, **patient: Any) -> dict[str, Any]:
    """Lofexidine with daily levels: this one now, and half of it next."""
    levels = {"current_mg": mg, "previous_mg": mg, "next_mg": mg / 2, "daily_levels": True}
    return changed(plan("alpha2", **levels), {"patient": patient})


def given(case: dict[str, Any], *doses: tuple[float, float]) -> dict[str, Any]:
    """With doses of the plan's drug charted, as (mg, hours ago)."""
    drug = case["plan"]["drug"]
    return changed(case, {"doses": [{"drug": drug, "mg": mg, "h_ago": h_ago} for mg, h_ago in doses]})


def single(mg: float, **patient: Any) -> dict[str, Any]:
    """A first dose of lofexidine."""
    return changed(plan("alpha2_start", proposed_first_mg=mg, doses_per_day=1), {"patient": patient})


def first(programme: str, name: str, at: float, beyond: float, drug: str | None = None) -> tuple[Any, Any]:
    """A start with that one amount proposed, at its limit and beyond it."""
    nothing = {"proposed_first_mg": None}
    return plan(programme, drug, **(nothing | {name: at})), plan(programme, drug, **(nothing | {name: beyond}))


A, B, C = ({"conditions": [f"Child-Pugh {letter}"]} for letter in "ABC")
CLONIDINE = {"previous_mg": None, "next_mg": None}
TWICE = plan("taper")
MANY = plan("alpha2", "clonidine", current_mg=1.2, **CLONIDINE)

# what, a case at the limit, and one beyond it: that one withholds
LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "lofexidine a day": (daily(2.88), daily(2.89)),
    "lofexidine a day, Child-Pugh A": (daily(2.16, **A), daily(2.17, **A)),
    "lofexidine a day, Child-Pugh B": (daily(1.44, **B), daily(1.45, **B)),
    "lofexidine a day, Child-Pugh C": (daily(0.72, **C), daily(0.73, **C)),
    "lofexidine a day, eGFR 30": (daily(1.44, labs={"egfr": 30}), daily(1.44, labs={"egfr": 29.9})),
    "lofexidine a day, eGFR 90": (daily(2.88, labs={"egfr": 90}), daily(2.88, labs={"egfr": 89.9})),
    "lofexidine a day, creatinine high": (
        daily(1.44, labs={"creatinine_flag": "high"}), daily(1.45, labs={"creatinine_flag": "high"}),
    ),
    "lofexidine, a level of one dose": (
        changed(plan("alpha2", current_mg=0.36, previous_mg=0.36, next_mg=0.18), {"patient": B}),
        changed(plan("alpha2", current_mg=0.37, previous_mg=0.37, next_mg=0.18), {"patient": B}),
    ),
    "lofexidine first dose": (single(0.72), single(0.73)),
    "lofexidine first dose, Child-Pugh A": (single(0.54, **A), single(0.55, **A)),
    "lofexidine first dose, Child-Pugh B": (single(0.36, **B), single(0.37, **B)),
    "lofexidine first dose, Child-Pugh C": (single(0.18, **C), single(0.19, **C)),
    "lofexidine first day": first("alpha2_start", "proposed_daily_mg", 2.88, 2.89),
    "lofexidine doses a day": (
        plan("alpha2_start", proposed_first_mg=0.72, doses_per_day=4),
        plan("alpha2_start", proposed_first_mg=0.72, doses_per_day=5),
    ),
    "lofexidine given at once": (given(plan("alpha2"), (0.72, 5)), given(plan("alpha2"), (0.73, 5))),
    "lofexidine given in a day": (
        given(plan("alpha2"), *((0.72, h) for h in (3, 9, 15, 21))),
        given(plan("alpha2"), *((0.72, h) for h in (3, 9, 15, 21)), (0.1, 23)),
    ),
    "clonidine first dose": first("alpha2_start", "proposed_first_mg", 0.3, 0.31, "clonidine"),
    "clonidine first day": first("alpha2_start", "proposed_daily_mg", 1.2, 1.21, "clonidine"),
    "clonidine a day": (MANY, plan("alpha2", "clonidine", current_mg=1.21, **CLONIDINE)),
    "clonidine given at once": (given(MANY, (0.3, 5)), given(MANY, (0.31, 5))),
    "clonidine given in a day": (
        given(MANY, *((0.3, h) for h in (3, 9, 15, 21))), given(MANY, *((0.3, h) for h in (3, 9, 15, 21)), (0.1, 23)),
    ),
    "methadone first dose": first("methadone_start", "proposed_first_mg", 30, 31),
    "methadone first day": first("methadone_start", "proposed_daily_mg", 40, 41),
    "methadone first day in an OTP": (
        changed(plan("methadone_start", proposed_daily_mg=50), {"setting": "OTP"}),
        changed(plan("methadone_start", proposed_daily_mg=51), {"setting": "OTP"}),
    ),
    "methadone given and proposed": (
        given(plan("methadone_start", proposed_first_mg=10), (30, 5)),
        given(plan("methadone_start", proposed_first_mg=10), (31, 5)),
    ),
    "buprenorphine first dose": first("bup_induction", "proposed_first_mg", 32, 32.1),
    "buprenorphine first day": first("bup_induction", "proposed_daily_mg", 32, 32.1),
    "naltrexone": first("naltrexone_start", "proposed_first_mg", 380, 381),
    "two whole doses": (given(TWICE, (8, 9), (8, 21)), given(TWICE, (8, 9), (8, 20.9))),
    "two doses, one of them not whole": (given(TWICE, (7.9, 9), (8, 12)), given(TWICE, (8, 9), (8, 12))),
    "a dose of twice the plan": (given(TWICE, (19.9, 9)), given(TWICE, (20, 9))),
    "an observed dose already given": (
        given(plan("maintenance_dot"), (80, 12)), given(plan("maintenance_dot"), (80, 11.9)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LIMITS)
def test_a_dose_is_over_its_limit_only_above_it(what: str) -> None:
    at, beyond = LIMITS[what]
    fine, over = answer(at), answer(beyond)
    assert "A14" not in fine.rules, fine.reasons
    assert "A14" in over.rules
    assert (over.suggestion_class, over.dose_action) == ("HOLD_CALL", "withhold")


VITALS = ("hr", "rr", "poss", "sbp", "dbp")
HOUR, VISIT = 60, 60
LIMIT_MIN = {  # of breathing and sedation, of pulse and pressure; an outpatient's vitals count from the newest set
    ("taper", "inpatient"): (HOUR, HOUR),
    ("taper", "outpatient"): (15 + VISIT, 15 + VISIT),
    ("alpha2", "inpatient"): (HOUR, HOUR),
    ("alpha2", "outpatient"): (15 + VISIT, HOUR),
    ("alpha2_start", "inpatient"): (HOUR, HOUR),
    ("alpha2_start", "outpatient"): (15 + VISIT, HOUR),
    ("bup_induction", "inpatient"): (HOUR, HOUR),
    ("bup_induction", "outpatient"): (15 + VISIT, 15 + VISIT),
    ("methadone_start", "outpatient"): (15 + VISIT, 15 + VISIT),
    ("naltrexone_start", "outpatient"): (15 + VISIT, 15 + VISIT),
    ("maintenance_dot", "OTP"): (HOUR, HOUR),
    ("hat", "HAT clinic"): (HOUR, HOUR),
}


@pytest.mark.parametrize("name", VITALS)
@pytest.mark.parametrize(("programme", "setting"), LIMIT_MIN)
def test_a_vital_stands_in_for_the_newest_set_only_while_it_is_fresh(programme: str, setting: str, name: str) -> None:
    """The newest set, 15 min old, lacks the vital; an older one has it, at the limit and a minute past it."""
    limit = LIMIT_MIN[programme, setting][name in ("hr", "sbp", "dbp")]
    found = []
    for min_ago in (limit, limit + 1):
        case = changed(base(programme), {"setting": setting})
        newest, second = case["observations"]
        del newest["vitals"][name]
        if name == "hr" and newest["cows"]:
            del newest["cows"]["items"]["pulse"]
            newest["cows"]["total"] = None
        second["min_ago"] = min_ago
        found.append(answer(case))
    fresh, old = found
    assert old.suggestion_class == "NO_SUGGESTION"
    assert "B01" in old.rules
    if name != "hr":  # a COWS without its pulse item is not whole, and that is told by itself
        assert "B01" not in fresh.rules
        assert "B03" not in fresh.rules
    assert "B03" in old.rules
