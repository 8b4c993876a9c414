"""Tier D: trajectory rules, for a patient whose data are whole and show no danger."""

from collections.abc import Iterator

from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule, decide
from detox.clinical.suggestions.integrity import due, interval_h, too_soon, usable_scores
from detox.clinical.suggestions.moderate import moderate, scores, slow_breathing
from detox.clinical.suggestions.readings import Reading, hours, since
from detox.clinical.suggestions.words import found

CHECKLIST = {
    "maintenance_offer": "maintenance offer",
    "naloxone_kit": "naloxone kit",
    "tolerance_talk": "tolerance talk",
    "relapse_plan": "relapse plan",
    "first_appointment": "first appointment",
}


def trajectory(f: Facts) -> list[FiredRule]:
    """Every trajectory rule that holds, the one that decides first."""
    if f.case.programme not in ("taper", "alpha2", "maintenance_dot"):
        return []
    if f.latest is None or f.latest.cows is None or f.latest.cows.total is None:
        return []
    rules = (
        stop_taper,
        accumulation,
        over_medicated,
        wind_down,
        moderate,
        hold_step,
        last_step,
        masked,
        too_early,
        amber,
        step_down,
        carry_on,
    )
    return [one for rule in rules for one in rule(f, f.latest, f.latest.cows.total)]


def course_over(f: Facts) -> Iterator[FiredRule]:
    """D10, past the label's course: physician now."""
    last = f.limits.lofexidine_last_day.value
    if f.case.programme == "alpha2" and f.plan.drug == "lofexidine" and f.plan.day is not None and f.plan.day > last:
        yield decide(
            "D10",
            f"Lofexidine day {f.plan.day:g}, past day {last:g}: never an abrupt stop, rebound BP.",
            text=f"Lofexidine is past day {last:g}: physician now; taper over 2-4 days, never stop abruptly.",
        )


def stop_taper(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D08: failed step-downs, return to use, or the patient wants to stop the taper."""
    if f.case.programme == "maintenance_dot":
        return
    reasons = []
    failed = f.plan.failed_step_downs or 0
    if failed >= f.limits.failed_steps.value:
        reasons.append(f"{failed} failed step-downs.")
    reasons += used_again(f)
    for event in f.events("patient_requests_maintenance")[:1]:
        reasons.append(f"Patient requests maintenance ({since(event.h_ago)}).")
    if said := found(f.words.wants_maintenance, f.notes):
        reasons.append(f"Patient wants to stop the taper: {said!r}.")
    if reasons:
        yield FiredRule("D08", "HOLD_STEP", (*reasons, f"{scores(f)}.", "Offer maintenance; physician review."))


def used_again(f: Facts) -> Iterator[str]:
    """Return to use and a positive urine, in words: never a reason to punish."""
    for event in f.events("return_to_use")[:1]:
        yield f"Return to use {since(event.h_ago)}: review dose and support, do not taper faster."
    positive = [d for d in ("opiate", "fentanyl") if getattr(f.plan.urine, d) == "positive"]
    if positive:
        yield (
            f"Urine {', '.join(positive)} positive (presumptive): a reason to review dose and support, "
            "not to taper faster."
        )


def accumulation(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D11: methadone on days 2-5 of a constant dose, or on a day not known, with drowsiness or slow breathing."""
    days = days_at_dose(f)
    first, last = f.limits.accumulation_from_day.value, f.limits.accumulation_to_day.value
    if f.plan.drug != "methadone" or (days is not None and not first <= days <= last):
        return
    reasons = []
    if f.poss == "2" and (reading := f.newest("poss")):
        reasons.append(reading.say("poss"))
    if slow := slow_breathing(f):
        reasons.append(slow)
    if rising := poss_rising(f):
        reasons.append(rising)
    if reasons:
        yield FiredRule(
            "D11",
            "HOLD_STEP",
            (
                f"Methadone day {'not known' if days is None else f'{days:g}'} at this dose: {', '.join(reasons)}.",
                f.says.accumulation.text,
                f"{scores(f)}.",
            ),
        )


def days_at_dose(f: Facts) -> float | None:
    """The day of this dose: as said, else of the programme, else by the time since the last step."""
    since = f.plan.hours_since_last_step
    known = (f.plan.days_at_dose, f.plan.day, None if since is None else since // 24 + 1)
    return next((days for days in known if days is not None), None)


def poss_rising(f: Facts) -> str | None:
    """The last two awake POSS levels, where they rise."""
    levels = [(str(r.vitals["poss"]), r) for r in f.past if r.vitals.get("poss") in ("1", "2", "3", "4")][:2]
    if len(levels) == 2 and levels[0][0] > levels[1][0]:
        return f"POSS rising {levels[1][0]} to {levels[0][0]} {levels[0][1].when}"
    return None


def over_medicated(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D12: a low COWS with drowsiness, pinpoint pupils, or after an unexplained fall."""
    reasons = []
    low = total < f.limits.low_cows.value
    pupils = next((r for r in f.past if r.pupils or found(f.words.pinpoint, [r.note])), None)
    if low and f.poss == "2" and (reading := f.newest("poss")):
        reasons.append(f"COWS {total} with {reading.say('poss')}")
    if low and pupils and found(f.words.pinpoint, [pupils.pupils, pupils.note]):
        reasons.append(f"COWS {total} with pinpoint pupils {pupils.when}")
    fall = unexplained_fall(f, latest, total)
    if fall:
        reasons.append(fall)
    if reasons:
        yield FiredRule("D12", "HOLD_STEP", (f"{'; '.join(reasons)}.", "Check over-medication or extra use."))


def unexplained_fall(f: Facts, latest: Reading, total: int) -> str | None:
    """A fall since the score before, by the most that its entry allows, with no dose between that would explain it."""
    oldest = f.limits.complete_cows_h.value * 60
    older = (r for r in f.scored if r.cows and r.cows.span and latest.min_ago < r.min_ago <= oldest)
    before = next(older, None)
    if before is None or before.cows is None or before.cows.span is None:
        return None
    between = [d for d in f.doses if latest.min_ago <= (d.h_ago or 0) * 60 <= before.min_ago]
    fell = before.cows.span[1] - total
    if fell < f.limits.fall_points.value or between:
        return None
    if before.cows.missing and before.cows.span[0] != before.cows.span[1]:
        return f"a fall of up to {fell} is not excluded: the score {before.when} lacks items, no dose between"
    return f"unexplained fall of {fell}: {scores(f)}, no dose between"


def wind_down(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D10: lofexidine is wound down from its twelfth day, whatever the score."""
    first = f.limits.lofexidine_wind_down_day.value
    day = f.plan.day
    if f.case.programme != "alpha2" or f.plan.drug != "lofexidine" or day is None or day < first or too_soon(f):
        return
    if f.plan.hours_since_last_step is None:
        yield FiredRule("D07", "HOLD_STEP", ("Time of the last step is not known: check it before a further step.",))
        return
    if f.plan.next_mg == 0 and unrecorded(f):
        return
    yield FiredRule(
        "D10",
        "STEP_DOWN",
        (
            f"Lofexidine day {day:g} (from day {first:g}).",
            f"{scores(f)}.",
            "Over 2-4 days, never abrupt stop; BP daily for 3 days after.",
        ),
        to_mg=f.plan.next_mg,
    )


def hold_step(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D03: the step is due, but withdrawal, rescue doses or the patient say wait."""
    if not due(f) or total >= f.limits.moderate_cows.value:
        return
    reasons = []
    low = f.limits.step_cows.value
    recent = [r for r in usable_scores(f)[:2] if r.cows and r.cows.total is not None]
    if any(r.cows and r.cows.total is not None and r.cows.total >= low for r in recent):
        reasons.append(f"{scores(f)}: not both below {low:g}")
    if said := rise(f, latest, total):
        reasons.append(said)
    rescue = rescue_doses(f)
    if rescue >= f.limits.rescue_doses.value:
        reasons.append(f"{rescue} rescue doses in {f.limits.window_h.value:g} h")
    if said := found(f.words.asks_to_wait, f.notes):
        reasons.append(f"patient asks to wait: {said!r}")
    if f.case.programme == "taper" and f.poss != "1":
        reasons.append(f"POSS {f.poss}: drowsy")
    if f.case.programme == "taper" and (slow := slow_breathing(f)):
        reasons.append(f"{slow}: slow")
    if reasons:
        yield FiredRule("D03", "HOLD_STEP", tuple(f"{reason}." for reason in reasons))


def rise(f: Facts, latest: Reading, total: int) -> str | None:
    """A rise against the previous step's score, or against the score before where none of that step is known.

    A score that lacks items counts with those that are there: a rise that is not excluded holds the step too.
    """
    since = f.plan.hours_since_last_step
    scored = [r for r in f.scored if r.cows and r.cows.span and r.min_ago > latest.min_ago]
    older = [r for r in scored if since is not None and r.min_ago > since * 60] or scored
    if not older or older[0].cows is None or older[0].cows.span is None:
        return None
    least, most = older[0].cows.span
    rose = total - least
    if rose < f.limits.rise_points.value:
        return None
    before = f"{least}" if least == most else f"at least {least}"
    return f"COWS rise of {rose}: {total} {latest.when} from {before} {older[0].when}"


def rescue_doses(f: Facts) -> int:
    """Doses of the last day beyond the plan: named so, or smaller than the plan's dose and no parts of its day."""
    day = f.limits.window_h.value
    said = [d for d in f.doses if (d.h_ago or 0) < day and found(f.words.rescue, [d.drug])]
    current = f.plan.current_mg or 0
    given = [d for d in f.plan_doses(day) if d not in said]
    small = [d for d in given if (d.mg or 0) < current / (f.plan.doses_per_day or 1) - 1e-9]
    divided = abs(sum(d.mg or 0 for d in given) - current) < 1e-9
    return len(said) + (0 if divided else len(small))


def last_step(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D09: no step to 0 mg before the discharge checklist is recorded."""
    winding = (
        f.case.programme == "alpha2"
        and not too_soon(f)
        and f.plan.day is not None
        and f.plan.day >= f.limits.lofexidine_wind_down_day.value
    )
    if f.plan.next_mg == 0 and (due(f) or winding) and (gaps := unrecorded(f)):
        yield FiredRule(
            "D09",
            "HOLD_STEP",
            (
                f"Last step to 0 mg: discharge checklist not complete, {', '.join(gaps)} not recorded.",
                f"{scores(f)}.",
                "Loss of tolerance: overdose risk after detox.",
            ),
        )


def unrecorded(f: Facts) -> list[str]:
    """What of the first five checklist items is not recorded as done."""
    return [word for name, word in CHECKLIST.items() if getattr(f.plan.discharge_checklist, name) is not True]


def masked(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D06: on an alpha-2 agonist or beta-blocker a low COWS counts only without objective signs."""
    masking = f.pulse_masked_by
    if f.case.programme != "taper" or not masking or not due(f) or total >= f.limits.step_cows.value:
        return
    for r in usable_scores(f)[:2]:
        if r.cows and r.cows.objective:
            yield FiredRule(
                "D06",
                "HOLD_STEP",
                (
                    f"Pulse masked by {masking}: the pulse item is unreliable; COWS {r.cows.total} {r.when} has "
                    f"objective signs ({', '.join(r.cows.objective)}).",
                ),
            )
            return


def too_early(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D07: a second step within the interval; or the time of the last step is not known."""
    plan = f.plan
    if due(f) and plan.hours_since_last_step is None:
        yield FiredRule("D07", "HOLD_STEP", ("Time of the last step is not known: check it before a further step.",))
    elif due(f) and not f.inpatient and plan.min_step_interval_h is None:
        yield FiredRule("D07", "HOLD_STEP", ("The plan's interval between steps is not known: check it first.",))
    elif f.case.programme != "maintenance_dot" and plan.step_due and too_soon(f) and calm(f, total):
        yield FiredRule(
            "D07",
            "CONTINUE",
            (
                f"Last step {since(plan.hours_since_last_step)}: one step per {interval_h(f):g} h; the due "
                "flag is wrong.",
                f"{scores(f)}.",
            ),
        )


def amber(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D10 amber: low-normal pressure or pulse on an alpha-2 agonist is checked again before anything moves."""
    if f.case.programme != "alpha2":
        return
    sbp, hr = f.newest("sbp"), f.newest("hr")
    low = [
        r.say(n)
        for n, r, limit in (("sbp", sbp, f.limits.alpha2_sbp_amber), ("hr", hr, f.limits.alpha2_hr_amber))
        if r and (v := r.number(n)) is not None and limit.holds(v)
    ]
    if low:
        yield FiredRule(
            "D10",
            "HOLD_STEP",
            (f"Amber on an alpha-2 agonist: {', '.join(low)}: recheck.",),
            text="Recheck BP and pulse before the alpha-2 dose; nurse and physician decide together.",
        )


def step_down(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D01, or D10 for an alpha-2 agonist: the step is due and tolerated."""
    low = f.limits.step_cows.value
    if total >= low or any(r.cows and (r.cows.total or 0) >= low for r in usable_scores(f)[:2]):
        return
    if f.plan.hours_since_last_step is None:
        return
    if not due(f) and not (f.case.programme == "alpha2" and settled_a_day(f) and not too_soon(f)):
        return
    rule = "D10" if f.case.programme == "alpha2" else "D01"
    current, following = f.plan.current_mg, f.plan.next_mg
    mg = "as the plan says" if current is None or following is None else f"{current:g} to {following:g} mg"
    text = f"Step down to the next lower level of the plan: {f.plan.drug} {mg}."
    if rule == "D10":
        text = f"Step down over 2-4 days, never abrupt stop: {f.plan.drug} {mg}."
    asked = "ask whether the patient agrees"
    yield FiredRule(
        rule,
        "STEP_DOWN",
        (
            f"Both scores below {f.limits.step_cows.value:g}: {scores(f)}.",
            f"{rescue_doses(f)} rescue doses in {f.limits.window_h.value:g} h; {asked}.",
            f"Last step {since(f.plan.hours_since_last_step)}.",
        ),
        to_mg=f.plan.next_mg,
        text=text,
    )


def settled_a_day(f: Facts) -> bool:
    """True when every score of a whole day is low: the run reaches back at least that far."""
    day = f.limits.complete_cows_h.value * 60
    for r in f.scored:
        if r.cows is None or r.cows.total is None or r.cows.total >= f.limits.step_cows.value:
            return False
        if r.min_ago >= day:
            return True
    return False


def carry_on(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D02: the step is not yet due and nothing speaks against the scheduled dose."""
    not_due = f.plan.step_due is False or f.case.programme == "maintenance_dot"
    not_due = not_due or (f.plan.step_due is None and too_soon(f))
    if not_due and f.case.programme == "alpha2" and f.plan.drug == "lofexidine" and f.plan.day is None:
        last = f.limits.lofexidine_last_day.value
        yield FiredRule("D10", "HOLD_STEP", (f"Day of lofexidine not known (at most {last:g}): check it first.",))
        return
    if not_due and calm(f, total):
        clock = (
            f"last step {hours(f.plan.hours_since_last_step)} ago, " if f.plan.hours_since_last_step is not None else ""
        )
        said = f"Step not yet due ({clock}plan interval {interval_h(f):g} h)."
        if f.case.programme == "maintenance_dot":
            said = "Observed maintenance dose: no step is planned."
        support = used_again(f) if f.case.programme == "maintenance_dot" else ()
        yield FiredRule("D02", "CONTINUE", (said, f"{scores(f)}.", *support))
    elif not_due and total <= f.limits.continue_cows.value:
        yield FiredRule("D03", "HOLD_STEP", (f"{slow_breathing(f)}: breathing slow, recheck before the dose.",))


def calm(f: Facts, total: int) -> bool:
    """A COWS of at most the mild band's top and breathing at step level."""
    return total <= f.limits.continue_cows.value and slow_breathing(f) is None
