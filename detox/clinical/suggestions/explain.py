"""What a suggestion was based on, value by value, and what would change it."""

from dataclasses import asdict, dataclass

from detox.clinical.suggestions.content import Limit
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import SuggestionClass
from detox.clinical.suggestions.readings import SHORT, UNITS, VITALS


@dataclass(frozen=True, slots=True)
class Input:
    """One value that the rules looked at: name, value, unit, age in minutes, recorder, where it comes from."""

    name: str
    value: float | int | str | bool | None
    unit: str
    age_min: float | None
    by: str
    source: str

    def as_dict(self) -> dict[str, object]:
        """The input as JSON takes it."""
        return asdict(self)


def inputs_of(f: Facts) -> tuple[Input, ...]:
    """The newest value of everything that was measured, the last scores, the laboratory and the plan's clock."""
    found = [
        Input(
            "COWS",
            r.cows.total if r.cows.total is not None else f"at least {r.cows.at_least}",
            "points",
            r.min_ago,
            r.by,
            "observation",
        )
        for r in f.scored[:2]
        if r.cows and r.cows.is_cows
    ]
    for name in VITALS:
        if reading := f.newest(name):
            found.append(
                Input(
                    SHORT[name], reading.vitals[name], UNITS.get(name, ""), reading.min_ago, reading.by, "observation"
                )
            )
    labs = (("QTc", f.qtc, "ms"), ("eGFR", f.egfr, "mL/min/1.73 m2"), ("K", f.k, "mmol/L"))
    found += [Input(name, value, unit, None, "", "laboratory") for name, value, unit in labs if value is not None]
    plan = (
        ("present level", f.plan.current_mg, "mg"),
        ("next level", f.plan.next_mg, "mg"),
        ("previous level", f.plan.previous_mg, "mg"),
        ("hours since last step", f.plan.hours_since_last_step, "h"),
    )
    found += [Input(name, value, unit, None, "", "plan") for name, value, unit in plan if value is not None]
    for dose in f.doses[:3]:
        age = None if dose.h_ago is None else dose.h_ago * 60
        found.append(Input(f"dose of {dose.drug or 'unnamed drug'}", dose.mg, "mg", age, "", "dose record"))
    if f.case.opioid_use.h_ago is not None:
        name = f"last use of {f.case.opioid_use.opioid or 'opioid'}"
        found.append(Input(name, f.case.opioid_use.h_ago, "h", None, "", "history"))
    return tuple(found)


def would_change(f: Facts, answer: SuggestionClass) -> tuple[str, ...]:
    """The limits that stand nearest to this answer, in words. A HOLD_CALL changes only by a physician."""
    limits = f.limits
    if answer == "HOLD_CALL":
        return ("A later normal reading does not change this: a physician clears it.",)
    said = [
        _at(limits.rr_hold, "HOLD_CALL"),
        _at(limits.spo2_emergency, "HOLD_CALL"),
        "Would be HOLD_CALL at POSS 3.",
        _at(limits.sbp_low, "HOLD_CALL"),
        _at(limits.temp_high, "HOLD_CALL"),
        _at(limits.cows_severe, "HOLD_CALL"),
    ]
    if f.on_alpha2:
        said += [_at(limits.alpha2_sbp, "HOLD_CALL"), _at(limits.alpha2_hr, "HOLD_CALL")]
    if answer == "STEP_DOWN":
        said.append(f"Would be HOLD_STEP at COWS {limits.step_cows.value:g} or more.")
    if answer in ("CONTINUE", "HOLD_STEP"):
        said.append(
            f"Would be looked at for a return to the previous step at COWS {limits.moderate_cows.value:g}-24, "
            f"twice at least {limits.confirm_min.value:g} min apart."
        )
    if answer == "NO_SUGGESTION":
        said.insert(0, "Would be judged anew as soon as what is missing is recorded.")
    return tuple(said)


def _at(limit: Limit, answer: str) -> str:
    return f"Would be {answer}: {limit.at} {limit.value:g} {limit.unit}."
