"""D04, D05, D13: COWS in the moderate band. Is it confirmed, is it withdrawal, and was a higher level tolerated?"""

from collections.abc import Iterator

from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule
from detox.clinical.suggestions.integrity import usable_scores
from detox.clinical.suggestions.readings import Reading, hours, since
from detox.clinical.suggestions.words import found


def moderate(f: Facts, latest: Reading, total: int) -> Iterator[FiredRule]:
    """D04, D05, D13: COWS 13-24."""
    if total < f.limits.moderate_cows.value:
        return
    confirmed = confirmed_since(f, latest)
    previous, current = f.plan.previous_mg, f.plan.current_mg
    higher = previous is not None and current is not None and previous > current
    why_not = doubts(f, latest, confirmed is not None)
    if higher and f.plan.hours_since_last_step is None:
        why_not.append("time of the last step not known")
    if f.case.programme == "alpha2":
        why_not = [*why_not, "an alpha-2 agonist is not stepped up for withdrawal: physician considers an agonist"]
    said = f"COWS {total} {latest.when}"
    both = (
        f"Two scores: {said} and COWS {confirmed.cows.total} {confirmed.when}" if confirmed and confirmed.cows else said
    )
    if why_not:
        again = f"Repeat in {hours(f.limits.confirm_min.value / 60)}, look for cause, comfort meds."
        yield FiredRule("D05", "HOLD_STEP", (f"{both}: {'; '.join(why_not)}.", again))
    elif f.case.programme == "maintenance_dot" or not higher:
        yield FiredRule(
            "D13", "HOLD_STEP", (f"{both}.", "No earlier higher step: do not start taper; physician re-titrates.")
        )
    else:
        yield FiredRule(
            "D04",
            "STEP_UP",
            (
                f"{both}: moderate withdrawal confirmed, last step {since(f.plan.hours_since_last_step)}.",
                f"Objective signs: {', '.join(latest.cows.objective if latest.cows else ())}.",
                f"{previous:g} mg = last tolerated; never above it.",
            ),
            to_mg=previous,
            text=f"Return to previous tolerated step: {previous:g} mg = last tolerated, never above it.",
        )


def confirmed_since(f: Facts, latest: Reading) -> Reading | None:
    """The oldest score of an unbroken run of moderate scores since the last step, far enough back to confirm."""
    since = f.plan.hours_since_last_step
    run: Reading | None = None
    for r in usable_scores(f):
        if r.cows is None or r.cows.total is None or r.cows.total < f.limits.moderate_cows.value:
            break
        if since is not None and r.min_ago > since * 60:
            break
        if r.min_ago - latest.min_ago >= f.limits.confirm_min.value:
            run = run or r
    return run


def doubts(f: Facts, latest: Reading, confirmed: bool) -> list[str]:
    """Why a moderate score is not yet to be answered with a higher dose."""
    limits, reasons = f.limits, []
    signs = len(latest.cows.objective) if latest.cows else 0
    if signs < limits.up_signs.value:
        reasons.append(f"subjective only, {signs} objective signs")
    if not confirmed and not at_trough(f):
        reasons.append(f.says.single_score.text)
    if f.poss != "1":
        reasons.append(f"POSS {f.poss}")
    if slow := slow_breathing(f):
        reasons.append(slow)
    return [*reasons, *other_causes(f, latest)]


def other_causes(f: Facts, latest: Reading) -> list[str]:
    """What else could raise the score."""
    reasons = []
    temp = f.newest("temp_c")
    if temp is None or temp.min_ago > f.limits.cows_inpatient_min.value and f.inpatient:
        reasons.append("temp missing or old: infection not excluded")
    rr = f.value("rr")
    if rr is not None and f.limits.rr_red_high.holds(rr):
        reasons.append(f"RR {rr:g}")
    for event in f.events("vomiting"):
        if (event.h_ago or 0) <= f.limits.complete_cows_h.value:
            reasons.append(f"vomiting {since(event.h_ago)} (dose lost or other cause)")
    if said := found(f.words.vomiting, [latest.note]):
        reasons.append(f"noted {said!r}")
    if said := found(f.words.other_cause, (*f.conditions, *f.notes)):
        reasons.append(f"other cause possible: {said}")
    if said := found(f.words.sedative_dependence, f.conditions):
        reasons.append(f"{said}: CIWA-Ar {f.value('ciwa_ar') if f.value('ciwa_ar') is not None else 'missing'}")
    if f.plan.drug == "methadone" and f.qtc is not None and f.qtc >= f.limits.qtc_note.value:
        reasons.append(f"QTc {f.qtc:g} ms: discuss with physician before more methadone")
    if f.history_unknown:
        reasons.append(f"{f.history_unknown} not recorded: another cause not excluded")
    if f.age is None:
        reasons.append("age not known")
    return reasons


def at_trough(f: Facts) -> bool:
    """True when the last dose of the plan's drug lies nearly a dosing interval back."""
    given = f.plan_doses()
    interval = f.limits.window_h.value / (f.plan.doses_per_day or 1)
    return bool(given) and (given[0].h_ago or 0) >= interval * f.limits.trough_share.value


def slow_breathing(f: Facts) -> str | None:
    """RR under the line for a step, in words."""
    reading = f.newest("rr")
    return reading.say("rr") if reading and f.limits.rr_step.holds(reading.number("rr") or 0) else None


def scores(f: Facts) -> str:
    """The last scores in words, newest first."""
    said = [f"COWS {r.cows.total} {r.when}" for r in f.complete[:2] if r.cows]
    return " and ".join(said)
