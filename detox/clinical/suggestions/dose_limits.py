"""A14: doses given twice, from two sources, or over a limit. Reads doses, computes none to give."""

from collections.abc import Iterator

from detox.clinical.drugs import Drug, class_of, drug, mentioned
from detox.clinical.suggestions.content import Limit
from detox.clinical.suggestions.criteria import low_dose
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.readings import since
from detox.clinical.suggestions.words import found, named


def over_limit(f: Facts) -> Iterator[str]:
    """A sentence for each duplicate, second source and dose over its limit."""
    yield from second_source(f)
    yield from second_opioid(f)
    yield from given_twice(f)
    yield from already_given(f)
    yield from given_above_plan(f)
    yield from DRUG_LIMITS.get(f.plan.drug or "", _none)(f)


def second_source(f: Facts) -> Iterator[str]:
    """An opioid, or the plan's own drug, from elsewhere within the window."""
    for event in f.events("external_dose"):
        same = event.drug is None or named(f.words.agonists, event.drug) or f.of_plan(event.drug)
        alpha2 = f.takes_alpha2 and named(f.words.alpha2, event.drug)
        if (event.h_ago or 0) < f.limits.window_h.value and (same or alpha2):
            amount = f"{event.mg:g} mg " if event.mg is not None else ""
            yield f"Second source: {event.drug or 'a drug'} {amount}elsewhere {since(event.h_ago)}, possible duplicate."


def second_opioid(f: Facts) -> Iterator[str]:
    """Another opioid than the plan's, given on this ward within the window; than the last one, where no plan names one.

    Not so before the first dose of a buprenorphine start, whose hours the start rules judge, in a low-dose start, where
    the full agonist goes on, and in the diamorphine programme for what may be prescribed beside it.
    """
    plan: str | None = f.plan.drug
    if plan is None:
        plan = next((one.id for d in f.doses for one in opioids(d.drug)), None)
    if plan is None or class_of(plan) != "opioid":
        return
    own = [d.h_ago or 0 for d in f.plan_doses()]
    for d in f.doses:
        h_ago = d.h_ago or 0
        others = [one for one in opioids(d.drug) if one.id != plan]
        unnamed = named(f.words.opioid_phrases, d.drug) and not f.of_plan(d.drug)
        if f.case.programme == "hat":
            others = [one for one in others if not beside_diamorphine(f, one)]
        elif f.case.programme == "bup_induction" and (low_dose(f) or not own or h_ago > max(own)):
            continue
        if (others or unnamed) and h_ago < f.limits.window_h.value:
            amount = f"{d.mg:g} mg " if d.mg is not None else ""
            given = f"{d.drug} {amount}on this ward {since(d.h_ago)}"
            yield f"Second opioid source: {given} beside {'a plan of ' if f.plan.drug else ''}{plan}: verify."


def opioids(text: str | None) -> list[Drug]:
    """The full and partial opioid agonists that a text names."""
    return [mention.drug for mention in mentioned(text) if mention.drug.opioid]


def beside_diamorphine(f: Facts, one: Drug) -> bool:
    """True for an opioid that goes with the plan's in the diamorphine programme: diamorphine and what is beside it."""
    both = [one, *([drug(f.plan.drug)] if f.plan.drug else [])]
    return all(each.id == "diamorphine" or each.beside_diamorphine for each in both)


def given_twice(f: Facts) -> Iterator[str]:
    """Two full doses of the plan's drug too close together."""
    scheduled = _scheduled(f)
    if scheduled is None:
        return
    times = [d.h_ago for d in f.plan_doses(f.limits.window_h.value) if d.mg is not None and d.mg >= scheduled]
    closest = _interval(f) * f.limits.interval_share.value
    for later, earlier in zip(times, times[1:], strict=False):
        if (earlier or 0) - (later or 0) < closest:
            yield f"{f.plan.drug} given twice: {since(later)} and {since(earlier)}, possible duplicate."
            return


def already_given(f: Facts) -> Iterator[str]:
    """The observed daily dose was given already, and this is about giving it."""
    scheduled = _scheduled(f)
    if f.case.programme != "maintenance_dot" or scheduled is None or f.plan.dose_asked is False:
        return
    window = _interval(f) * f.limits.interval_share.value
    for d in f.plan_doses(window):
        if d.mg is not None and d.mg >= scheduled:
            yield f"{f.plan.drug} {d.mg:g} mg was already given {since(d.h_ago)}, possible duplicate."
            return


def given_above_plan(f: Facts) -> Iterator[str]:
    """A dose that was given stands far above the plan's levels."""
    levels = [v for v in (f.plan.current_mg, f.plan.previous_mg) if v]
    if not levels:
        return
    for d in f.plan_doses(f.checked_h):
        if d.mg is not None and d.mg >= max(levels) * f.limits.overdose_factor.value:
            yield f"{f.plan.drug} {d.mg:g} mg {since(d.h_ago)} against a plan of {levels[0]:g} mg: verify."


def methadone(f: Facts) -> Iterator[str]:
    """First dose and first day of methadone."""
    if f.case.programme != "methadone_start":
        return
    limits = f.limits
    day = limits.methadone_day_otp_mg if f.case.setting == "OTP" else limits.methadone_day_mg
    first, daily = f.plan.proposed_first_mg, f.plan.proposed_daily_mg
    yield from _above("methadone first dose", first, limits.methadone_first_mg)
    yield from _above("methadone day-1 total", daily, day)
    given = sum(d.mg or 0 for d in f.plan_doses(limits.window_h.value))
    if given and first is not None and given + first > day.value:
        total = f"methadone {given:g} mg given today plus {first:g} mg proposed"
        yield f"{total} is over the day cap {day.value:g} mg ({day.source} [{day.evidence}])."


def lofexidine_caps(f: Facts) -> tuple[Limit, Limit, str]:
    """The single and daily maximum of lofexidine for this patient's kidneys and liver, and why."""
    limits, words = f.limits, f.words
    severe = found(words.renal_severe, f.conditions) or found(words.hepatic_severe, f.conditions)
    moderate = found(words.renal_some, f.conditions) or found(words.hepatic_moderate, f.conditions)
    if f.egfr is not None and f.egfr < limits.egfr_severe.value:
        severe = severe or f"eGFR {f.egfr:g}"
    if f.egfr is not None and f.egfr < limits.egfr_moderate.value:
        moderate = moderate or f"eGFR {f.egfr:g}"
    if f.egfr is None and (f.labs.creatinine_flag or "").strip().lower() == "high":
        moderate = moderate or "creatinine high, eGFR missing"
    if severe:
        return limits.lofexidine_severe_single_mg, limits.lofexidine_severe_day_mg, severe
    if moderate:
        return limits.lofexidine_moderate_single_mg, limits.lofexidine_moderate_day_mg, moderate
    if mild := found(words.hepatic_mild, f.conditions):
        return limits.lofexidine_mild_single_mg, limits.lofexidine_mild_day_mg, mild
    return limits.lofexidine_single_mg, limits.lofexidine_day_mg, ""


def lofexidine(f: Facts) -> Iterator[str]:
    """Lofexidine against its label and the organ-adjusted cap. A level that is not said to be daily may be one dose."""
    single, day, why = lofexidine_caps(f)
    per_day = f.plan.doses_per_day or f.limits.lofexidine_per_day.value
    because = f" for {why}" if why else ""
    yield from _above(f"lofexidine single dose{because}", f.plan.proposed_first_mg, single)
    yield from _above(f"lofexidine daily dose{because}", f.plan.proposed_daily_mg, day)
    if f.plan.proposed_first_mg is not None:
        total = round(f.plan.proposed_first_mg * per_day, 6)
        yield from _above(f"lofexidine {f.plan.proposed_first_mg:g} mg x {per_day:g} a day{because}", total, day)
    yield from _given_above("lofexidine", f, single, day, because)
    current = f.plan.current_mg
    if current is None:
        return
    if f.plan.daily_levels or current > f.limits.lofexidine_single_mg.value:
        yield from _above(f"lofexidine daily dose{because}", current, day)
    else:
        yield from _above(f"lofexidine single dose{because}", current, single)


def clonidine(f: Facts) -> Iterator[str]:
    """Clonidine against its usual maximum."""
    yield from _above("clonidine single dose", f.plan.proposed_first_mg, f.limits.clonidine_single_mg)
    yield from _above("clonidine daily dose", f.plan.proposed_daily_mg, f.limits.clonidine_day_mg)
    yield from _above("clonidine dose", f.plan.current_mg, f.limits.clonidine_day_mg)
    yield from _given_above("clonidine", f, f.limits.clonidine_single_mg, f.limits.clonidine_day_mg)


def buprenorphine(f: Facts) -> Iterator[str]:
    """Buprenorphine against the greatest daily dose of any source."""
    for amount in (f.plan.proposed_first_mg, f.plan.proposed_daily_mg):
        yield from _above("buprenorphine a day", amount, f.limits.buprenorphine_day_mg)


def naltrexone(f: Facts) -> Iterator[str]:
    """Extended-release naltrexone against its one dose."""
    yield from _above("naltrexone", f.plan.proposed_first_mg, f.limits.naltrexone_mg)


def _none(f: Facts) -> Iterator[str]:
    yield from ()


DRUG_LIMITS = {
    "methadone": methadone,
    "lofexidine": lofexidine,
    "clonidine": clonidine,
    "buprenorphine": buprenorphine,
    "naltrexone_xr": naltrexone,
}


def _above(what: str, mg: float | None, cap: Limit) -> Iterator[str]:
    if mg is not None and mg > cap.value:
        yield f"Over limit: {what} {mg:g} mg, cap {cap.value:g} mg ({cap.source} [{cap.evidence}])."


def _given_above(drug: str, f: Facts, single: Limit, day: Limit, because: str = "") -> Iterator[str]:
    """The greatest single dose and the day's total of what was charted, against their caps."""
    given = [d.mg for d in f.plan_doses(f.limits.window_h.value) if d.mg is not None]
    yield from _above(f"{drug} dose given{because}", max(given, default=None), single)
    yield from _above(f"{drug} given in 24 h{because}", round(sum(given), 6), day)


def _interval(f: Facts) -> float:
    return f.limits.window_h.value / (f.plan.doses_per_day or 1)


def _scheduled(f: Facts) -> float | None:
    """One scheduled dose of the plan, in mg."""
    if not f.plan.current_mg or f.plan.drug not in ("methadone", "buprenorphine", "diamorphine"):
        return None
    return f.plan.current_mg / (f.plan.doses_per_day or 1)
