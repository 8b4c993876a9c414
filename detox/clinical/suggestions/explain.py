"""What a suggestion was based on, value by value."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from detox.clinical.suggestions.facts import Facts
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
    return (*found, *_of_patient(f), *_of_plan(f), *_of_history(f))


def _of_patient(f: Facts) -> Iterator[Input]:
    labs = (("QTc", f.qtc, "ms"), ("eGFR", f.egfr, "mL/min/1.73 m2"), ("K", f.k, "mmol/L"))
    yield from (Input(name, value, unit, None, "", "laboratory") for name, value, unit in labs if value is not None)
    if f.labs.creatinine_flag:
        yield Input("creatinine", f.labs.creatinine_flag, "", None, "", "laboratory")
    if f.age is not None:
        yield Input("age", f.age, "years", None, "", "patient")
    told = (("sex at birth", f.patient.sex_at_birth), ("pregnancy", f.patient.pregnancy))
    yield from (Input(name, value, "", None, "", "patient") for name, value in told if value is not None)
    yield from (Input("condition", said, "", None, "", "patient") for said in f.conditions)
    yield from (Input("other medicine", said, "", None, "", "patient") for said in f.meds)


def _of_plan(f: Facts) -> Iterator[Input]:
    plan = f.plan
    told = (
        ("drug", plan.drug, ""),
        ("signed", plan.signed, ""),
        ("step due", plan.step_due, ""),
        ("present level", plan.current_mg, "mg"),
        ("next level", plan.next_mg, "mg"),
        ("previous level", plan.previous_mg, "mg"),
        ("proposed first dose", plan.proposed_first_mg, "mg"),
        ("proposed daily dose", plan.proposed_daily_mg, "mg"),
        ("hours since last step", plan.hours_since_last_step, "h"),
        ("least interval between steps", plan.min_step_interval_h, "h"),
        ("failed step-downs", plan.failed_step_downs, ""),
        ("day of the programme", plan.day, ""),
        ("days at this dose", plan.days_at_dose, ""),
        ("missed days", plan.missed_days, "days"),
        ("naloxone challenge", plan.challenge, ""),
        ("liver tests", plan.lft, ""),
        ("site alcohol limit", plan.site_alcohol_limit_pct, "%"),
    )
    yield from (Input(name, value, unit, None, "", "plan") for name, value, unit in told if value is not None)
    forms = (("urine", plan.urine), ("checklist", plan.discharge_checklist))
    for word, form in forms:
        for name, value in form:
            if value is not None:
                yield Input(f"{word} {name.replace('_', ' ')}", value, "", None, "", "plan")


def _of_history(f: Facts) -> Iterator[Input]:
    for dose in f.doses[:3]:
        name = f"dose of {dose.drug or 'unnamed drug'}"
        yield Input(name, dose.mg, "mg", _minutes(dose.h_ago), "", "dose record")
    for event in sorted(f.case.events, key=lambda e: (e.h_ago or 0, repr(e))):
        value = f"{event.drug} {event.mg:g} mg" if event.drug and event.mg is not None else event.drug or "recorded"
        if event.acknowledged_by_physician is not None:
            value = "acknowledged by a physician" if event.acknowledged_by_physician else "not acknowledged"
        yield Input(event.type.replace("_", " "), value, "", _minutes(event.h_ago), event.by or "", "event")
    use = f.case.opioid_use
    if use.h_ago is not None:
        yield Input(f"last use of {use.opioid or 'opioid'}", use.h_ago, "h", None, "", "history")
    elif use.opioid:
        yield Input("opioid used", use.opioid, "", None, "", "history")
    if use.daily_mg is not None:
        yield Input("used a day", use.daily_mg, "mg", None, "", "history")
    if use.fentanyl is not None:
        yield Input("fentanyl", use.fentanyl, "", None, "", "history")


def _minutes(h_ago: float | None) -> float | None:
    return None if h_ago is None else h_ago * 60
