"""What would turn the answer: the limits that stand nearest, with the value now, and the criteria that decide."""

from collections.abc import Iterator
from typing import NamedTuple

from detox.clinical.suggestions.content import Limit
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule, SuggestionClass
from detox.clinical.suggestions.integrity import due, interval_h
from detox.clinical.suggestions.readings import SHORT, UNITS, hours

NEAREST = 5
ALWAYS = ("rr", "spo2")


class Turn(NamedTuple):
    """What would turn the answer into another: that answer, None where it would be judged anew, and when."""

    answer: SuggestionClass | None
    when: str

    @property
    def sentence(self) -> str:
        """The whole of it, as it is read."""
        return f"Would be {self.answer}: {self.when}." if self.answer is not None else f"{self.when}."


def turns(f: Facts, deciding: FiredRule) -> tuple[Turn, ...]:
    """What would give another answer. A HOLD_CALL changes only by a physician."""
    answer = deciding.suggestion_class
    if answer == "HOLD_CALL":
        return (Turn(None, "A later normal reading does not change this: a physician clears it"),)
    if answer == "NO_SUGGESTION":
        first = [Turn(None, "Would be judged anew as soon as what is missing is recorded")]
    else:
        first = [*ANSWERS[answer](f, deciding)]
    return (*first, *_dangers(f))


def _dangers(f: Facts) -> Iterator[Turn]:
    """The danger limits that the newest values are nearest to, the nearest first, and always those of breathing."""
    limits = f.limits
    lowest = limits.spo2_emergency_scale2 if f.plan.spo2_scale == 2 else limits.spo2_emergency
    lines: list[tuple[str, Limit]] = [
        ("rr", limits.rr_hold), ("spo2", lowest), ("sbp", limits.sbp_low), ("sbp", limits.sbp_crisis),
        ("dbp", limits.dbp_crisis), ("hr", limits.hr_crisis), ("temp_c", limits.temp_high), ("temp_c", limits.temp_low),
    ]  # fmt: skip
    if f.on_alpha2:
        lines += [("dbp", limits.alpha2_dbp), ("hr", limits.alpha2_hr)]
    else:
        lines.append(("hr", limits.hr_low))
    edges = [(name, one.of_vital.where, one, f.value(name)) for name, one in lines]
    edges = [edge for edge in edges if edge[3] is None or not edge[2].holds(edge[3])]
    scores = (("cows", limits.cows_severe, f.cows), ("ciwa_ar", limits.ciwa_treat, f.value("ciwa_ar")))
    edges += [(name, "at or above", one, now) for name, one, now in scores if now is not None and now < one.value]
    told = []
    for name, where, limit, now in edges:
        said = Turn("HOLD_CALL", f"{SHORT[name]} {where} {limit.value:g} {UNITS.get(name, '')}{_now(now)}")
        told.append((1.0 if now is None else abs(now - limit.value) / limit.value, said, name))
    if f.poss not in ("3", "4"):
        yield Turn("HOLD_CALL", f"POSS 3 or 4{'' if f.poss is None else f' (now {f.poss})'}")
    for place, (_, said, name) in enumerate(sorted(told)):
        if place < NEAREST or name in ALWAYS:
            yield said
    if (alcohol := f.value("breath_alcohol_pct")) is not None and alcohol <= f.alcohol_limit:
        yield Turn("HOLD_CALL", f"breath alcohol above {f.alcohol_limit:g} %{_now(f.value('breath_alcohol_pct'))}")


def _now(value: float | None) -> str:
    return " (not known now)" if value is None else f" (now {value:g})"


def _step_down(f: Facts, deciding: FiredRule) -> Iterator[Turn]:
    limits = f.limits
    if f.case.programme == "alpha2" and (f.plan.day or 0) >= limits.lofexidine_wind_down_day.value:
        yield Turn("HOLD_STEP", f"COWS {limits.moderate_cows.value:g} or more{_now(f.cows)}")
        return
    yield Turn("HOLD_STEP", f"COWS {limits.step_cows.value:g} or more{_now(f.cows)}")
    yield Turn("HOLD_STEP", f"COWS rise of {limits.rise_points.value:g} or more against the previous step")
    rescue = f"{limits.rescue_doses.value:g} or more rescue doses in {limits.window_h.value:g} h"
    yield Turn("HOLD_STEP", f"{rescue}, or a wish to wait")


def _step_up(f: Facts, deciding: FiredRule) -> Iterator[Turn]:
    yield Turn("HOLD_STEP", f"COWS below {f.limits.moderate_cows.value:g}{_now(f.cows)}")
    yield Turn("HOLD_STEP", f"fewer than {f.limits.up_signs.value:g} objective signs, POSS 2, or another cause found")


def _continue(f: Facts, deciding: FiredRule) -> Iterator[Turn]:
    limits = f.limits
    moderate = f"{limits.moderate_cows.value:g}-{limits.cows_severe.value - 1:g}"
    yield Turn("HOLD_STEP", f"COWS {moderate} once{_now(f.cows)}")
    if f.case.programme == "maintenance_dot":
        return
    yield Turn("STEP_UP", f"COWS {moderate} twice at least {limits.confirm_min.value:g} min apart, after a step down")
    since = f.plan.hours_since_last_step
    when = "once due" if since is None or since >= interval_h(f) else f"in {hours(interval_h(f) - since)}"
    yield Turn("STEP_DOWN", f"the step {when}, two COWS below {limits.step_cows.value:g}{_now(f.cows)}")


def _hold_step(f: Facts, deciding: FiredRule) -> Iterator[Turn]:
    limits, rule = f.limits, deciding.rule
    moderate = f"{limits.moderate_cows.value:g}-{limits.cows_severe.value - 1:g}"
    if rule == "D05" and f.case.programme != "alpha2":
        yield Turn(
            "STEP_UP",
            f"COWS {moderate} twice at least {limits.confirm_min.value:g} min apart since a step "
            f"down, {limits.up_signs.value:g} objective signs, POSS 1 and no other cause{_now(f.cows)}",
        )
    elif rule == "D09":
        yield Turn("STEP_DOWN", "checklist items 1-5 recorded")
    elif rule in ("D11", "D12"):
        yield Turn(
            None, f"Would be judged anew at POSS 1, RR {limits.rr_step.value:g} or more and no sign of over-medication"
        )
    elif rule in ("D08", "D13"):
        yield Turn(None, "Would be judged anew when the physician has decided on the plan")
    elif due(f):
        low = f"{limits.step_cows.value:g}"
        yield Turn(
            "STEP_DOWN",
            f"two complete COWS below {low}, fewer than {limits.rescue_doses.value:g} rescue "
            f"doses, POSS 1, the patient agrees{_now(f.cows)}",
        )


def _start_met(f: Facts, deciding: FiredRule) -> Iterator[Turn]:
    limits, programme = f.limits, f.case.programme
    if programme == "alpha2_start":
        yield Turn("START_NOT_MET", f"SBP below {limits.alpha2_start_sbp.value:g} mmHg{_now(f.value('sbp'))}")
        yield Turn("START_NOT_MET", f"HR below {limits.alpha2_start_hr.value:g} /min{_now(f.value('hr'))}")
    elif programme == "naltrexone_start":
        yield Turn("START_NOT_MET", f"COWS {limits.naltrexone_cows.value:g} or more{_now(f.cows)}")
        yield Turn("START_NOT_MET", "any urine of the panel positive or not tested, or a positive challenge")
    elif programme == "methadone_start":
        yield Turn("START_NOT_MET", f"COWS below {limits.methadone_cows.value:g}{_now(f.cows)}")
        yield Turn("START_NOT_MET", f"fewer than {limits.methadone_signs.value:g} objective signs")
    elif programme == "bup_induction" and deciding.text != f.says.low_dose_start.text:
        threshold = limits.bup_cows if deciding.rule == "C01" else limits.bup_long_cows
        yield Turn("START_NOT_MET", f"COWS below {threshold.value:g}{_now(f.cows)}")
        yield Turn("START_NOT_MET", f"fewer than {limits.bup_signs.value:g} objective signs")


def _start_not_met(f: Facts, deciding: FiredRule) -> Iterator[Turn]:
    if deciding.missing:
        failing = " ".join(deciding.missing).rstrip(".")
        yield Turn("START_MET", f"when none of this holds any more. {failing}")


ANSWERS = {
    "STEP_DOWN": _step_down,
    "STEP_UP": _step_up,
    "CONTINUE": _continue,
    "HOLD_STEP": _hold_step,
    "START_MET": _start_met,
    "START_NOT_MET": _start_not_met,
}
