"""Tier C: start rules. They say whether the criteria for a first dose are met, never to give it."""

from collections.abc import Callable

from detox.clinical.drugs import mentioned
from detox.clinical.suggestions.criteria import Checks, adult, low_dose, signs, uses
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule, no_suggestion, withhold
from detox.clinical.suggestions.integrity import repeat
from detox.clinical.suggestions.readings import Reading, hours
from detox.clinical.suggestions.start_other import alpha2_start, hat, naltrexone_start
from detox.clinical.suggestions.trajectory import accumulation
from detox.clinical.suggestions.words import found, named


def start(f: Facts) -> list[FiredRule]:
    """What the start rule of the programme says; nothing for a programme without one."""
    rule = PROGRAMMES.get(f.case.programme)
    return [rule(f)] if rule else []


def missed(f: Facts) -> list[FiredRule]:
    """C10: tolerance may be lost after missed daily doses."""
    days = f.plan.missed_days
    limit = f.limits.missed_days_hat if f.case.programme == "hat" else f.limits.missed_days
    if days is None or days < limit.value:
        return []
    tables: tuple[str, ...] = (f.says.missed_australia.text, f.says.missed_bc.text)
    if f.case.programme == "hat":
        tables = (f.says.missed_hat.text,)
    many = "day" if days == 1 else "days"
    return [withhold("C10", f"Missed {days:g} {many} (limit {limit.value:g}): tolerance may be lost.", *tables)]


# --- buprenorphine


def bup_start(f: Facts) -> FiredRule:
    """C01-C04: buprenorphine after short-acting opioids, methadone, fentanyl or an unknown supply."""
    latest = f.latest
    if latest is None or latest.cows is None or latest.cows.total is None:
        return no_suggestion("B02", "COWS is not complete.")
    checks = Checks([], [])
    adult(f, checks)
    if low_dose(f):
        checks.met.append("Low-dose programme: the COWS threshold and hours of a standard start do not apply.")
        checks.met.append(f"COWS {latest.cows.total} {latest.when}.")
        return checks.answer(
            "C01",
            "C02",
            f.says.low_dose_start.text,
            "Physician pathway only.",
        )
    if any(named(f.words.buprenorphine, d.drug) for d in f.doses):
        return FiredRule(
            "C01",
            "HOLD_STEP",
            (
                f"Buprenorphine was already given; COWS {latest.cows.total} {latest.when}.",
                f.says.buprenorphine_given.text,
            ),
            text=f.says.buprenorphine_given.text,
        )
    rule = _bup_criteria(f, checks, latest, latest.cows.total)
    if latest.min_ago > f.limits.cows_bup_min.value:
        return no_suggestion(
            "B03",
            f"COWS {latest.cows.total} {latest.when} is older than {f.limits.cows_bup_min.value:g} min for a "
            f"buprenorphine start: {repeat(f)}.",
        )
    text = ""
    if rule == "C04":
        text = f.says.buprenorphine_unknown_supply.text
    elif rule == "C03":
        text = f.says.buprenorphine_after_methadone.text
    return checks.answer(rule if rule != "C02" else "C01", rule, text)


def _bup_criteria(f: Facts, checks: Checks, latest: Reading, total: int) -> str:
    """Files every criterion and answers the id of the rule that decides."""
    limits, use = f.limits, f.case.opioid_use
    said = uses(f)
    long_acting = any(named(f.words.long_acting, drug) for drug, _ in said)
    methadone = any(named(f.words.methadone, drug) for drug, _ in said)
    unsafe_supply = use.fentanyl != "negative" or any(named(f.words.unknown_supply, drug) for drug, _ in said)
    if not use.opioid:
        checks.failed.append("The opioid used is not known: physician plan.")
    threshold = limits.bup_long_cows if long_acting or unsafe_supply else limits.bup_cows
    checks.check(
        total >= threshold.value,
        f"COWS {total} {latest.when}, at least {threshold.value:g}.",
        f"COWS {total} {latest.when} is below {threshold.value:g}.",
    )
    for drug, h_ago in said:
        limit = limits.bup_hours
        if named(f.words.long_acting, drug):
            limit = limits.bup_methadone_hours
        elif unsafe_supply:
            limit = limits.bup_fentanyl_hours
        name = drug or "opioid"
        if h_ago is None:
            checks.failed.append(f"Hours since {name} are not known: ask.")
        else:
            checks.check(
                h_ago >= limit.value,
                f"{name} {hours(h_ago)} ago, at least {limit.value:g} h.",
                f"{name} {hours(h_ago)} ago is under {limit.value:g} h: too early.",
            )
    if methadone:
        _methadone_level(f, checks)
    signs(f, checks, latest, limits.bup_signs.value)
    first, top = f.plan.proposed_first_mg, limits.bup_first_mg.value
    if first is not None and first > top:
        checks.failed.append(f"Proposed first dose {first:g} mg is over {top:g} mg: check the unit, physician plan.")
    if unsafe_supply:
        fentanyl = use.fentanyl or "not tested"
        checks.met.append(f"Supply: fentanyl {fentanyl}, {use.opioid or 'opioid not known'}.")
    return "C03" if long_acting else "C04" if unsafe_supply else "C02"


def _methadone_level(f: Facts, checks: Checks) -> None:
    """The criterion of the methadone level that a buprenorphine start may follow."""
    use, cap = f.case.opioid_use, f.limits.bup_methadone_mg.value
    mg, taken = use.daily_mg, [use.opioid]
    if mg is None and not named(f.words.methadone, use.opioid):
        given = [d.mg for d in f.doses if named(f.words.methadone, d.drug)]
        mg = None if None in given else max((mg for mg in given if mg is not None), default=None)
        taken = [d.drug for d in f.doses]
    if any(mention.other_mg for drug in taken for mention in mentioned(drug) if mention.drug.id == "methadone"):
        mg = None  # milligrams of levomethadone say nothing of the cap
    checks.check(
        mg is not None and mg <= cap,
        f"Methadone {mg or 0:g} mg a day, at most {cap:g} mg.",
        f"Methadone {'dose not known' if mg is None else f'{mg:g} mg a day is over {cap:g} mg'}: "
        "low-dose start, or physician plan.",
    )


# --- methadone


def methadone_start(f: Facts) -> FiredRule:
    """C05, C06: the first dose of methadone."""
    latest, limits = f.latest, f.limits
    if latest is None or latest.cows is None or latest.cows.total is None:
        return no_suggestion("B02", "COWS is not complete.")
    begun = bool(f.plan_doses()) or f.plan.days_at_dose is not None or f.plan.day is not None
    if begun and (piling_up := next(accumulation(f, latest, latest.cows.total), None)):
        return piling_up
    if f.plan_doses(limits.window_h.value):
        return FiredRule(
            "C05",
            "HOLD_STEP",
            (f"Methadone was already given; COWS {latest.cows.total} {latest.when}.", f.says.methadone_given.text),
            text=f.says.methadone_given.text,
        )
    checks = Checks([], [])
    adult(f, checks)
    checks.check(
        f.plan.setting_authorised is True,
        "Methadone may be started in this setting.",
        "Setting not authorised for a methadone start, or not known to be.",
    )
    total, low = latest.cows.total, limits.methadone_cows.value
    checks.check(
        total >= low,
        f"COWS {total} {latest.when}.",
        f"COWS {total} {latest.when} is below {low:g}: no objective withdrawal, tolerance unverified.",
    )
    signs(f, checks, latest, limits.methadone_signs.value)
    checks.check(f.poss in ("1", "2"), f"POSS {f.poss}.", f"POSS {f.poss} is not 1-2.")
    rr = f.value("rr")
    checks.check(rr is not None and not limits.rr_hold.holds(rr), f"RR {rr or 0:g}.", "RR too low.")
    _qtc_known(f, checks)
    words = _first_dose(f, checks)
    return checks.answer("C05", "C06", text=f"Methadone first dose criteria met: {words}; recheck 2-4 h.")


def _first_dose(f: Facts, checks: Checks) -> str:
    """The criterion of the proposed first dose, if there is one; answers the range in words."""
    words, top = first_range(f)
    first = f.plan.proposed_first_mg
    if first is not None:
        least = f.limits.methadone_least_mg.value
        checks.check(
            least <= first <= top,
            f"Proposed first dose {first:g} mg, range {words}.",
            f"Proposed first dose {first:g} mg is {'above' if first > top else 'below'} the range {words} "
            "for this patient.",
        )
    else:
        checks.met.append(f"First dose range {words}.")
    return words


def _qtc_known(f: Facts, checks: Checks) -> None:
    limits = f.limits
    if f.qtc is None:
        days = limits.qtc_days.value
        checks.met.append(f"QTc missing, no risk factor recorded: baseline ECG within {days:g} days.")
    else:
        noted = found(f.words.ecg_note, f.notes)
        fine = f.qtc < limits.qtc_note.value or noted is not None
        checks.check(
            fine,
            f"QTc {f.qtc:g} ms{'' if noted is None else f', physician note: {noted!r}'}.",
            f"QTc {f.qtc:g} ms is {limits.qtc_note.value:g}-{limits.qtc_stop.value - 1:g}: needs a physician note "
            "before the first dose.",
        )


def first_range(f: Facts) -> tuple[str, float]:
    """The range of the first methadone dose for this patient in words, and its top in mg."""
    limits, use = f.limits, f.case.opioid_use
    if use.h_ago is None or use.h_ago > limits.tolerance_lost_days.value * 24:
        used = "tolerance unverified: last use not known" if use.h_ago is None else f"last use {hours(use.h_ago)} ago"
        return f"{f.says.methadone_first_low.text} ({used})", limits.methadone_low_tolerance_mg.value
    why = (
        found(f.words.respiratory, f.conditions)
        or found(f.words.sedatives, f.meds)
        or found(f.words.sedative_dependence, f.conditions)
        or found(("alcohol",), f.conditions)
    )
    if f.age is not None and f.age >= limits.older.value:
        why = why or f"age {f.age:g}"
    if why:
        return f"{f.says.methadone_first_lower.text} ({why})", limits.methadone_lower_first_mg.value
    return f.says.methadone_first.text, limits.methadone_first_mg.value


PROGRAMMES: dict[str, Callable[[Facts], FiredRule]] = {
    "bup_induction": bup_start,
    "methadone_start": methadone_start,
    "alpha2_start": alpha2_start,
    "naltrexone_start": naltrexone_start,
    "hat": hat,
}
