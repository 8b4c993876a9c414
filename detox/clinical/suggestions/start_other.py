"""C07-C09: starts that are no opioid taper: alpha-2 agonist, naltrexone, supervised diamorphine."""

from detox.clinical.protocols import vitals_file
from detox.clinical.suggestions.criteria import Checks, adult, history_known, uses
from detox.clinical.suggestions.dose_limits import beside_diamorphine, lofexidine_caps, opioids
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule, no_suggestion, withhold
from detox.clinical.suggestions.integrity import qt_risk
from detox.clinical.suggestions.readings import MODEL, hours
from detox.clinical.suggestions.words import found, named

LONG = ("methadone", "buprenorphine")


def alpha2_start(f: Facts) -> FiredRule:
    """C07: blood pressure, pulse, QT, heart, kidneys, potassium, age."""
    limits, checks = f.limits, Checks([], [])
    adult(f, checks)
    for name, limit in (("sbp", limits.alpha2_start_sbp), ("hr", limits.alpha2_start_hr)):
        reading = f.newest(name)
        value = reading.number(name) if reading else None
        said = reading.say(name) if reading else f"{name} missing"
        checks.check(
            value is not None and not limit.holds(value),
            f"{said}, at least {limit.value:g}.",
            f"{said} is below {limit.value:g}.",
        )
    history_known(f, checks)
    long_qt = found(f.words.long_qt, f.conditions)
    checks.check(long_qt is None, "No long QT recorded.", f"Long QT: {long_qt}.")
    note = limits.qtc_note.value
    checks.check(
        f.qtc is not None and f.qtc < note,
        f"QTc {f.qtc or 0:g} ms.",
        f"QTc missing{_risk(f)}: ECG first." if f.qtc is None else f"QTc {f.qtc:g} ms is {note:g} or more.",
    )
    vascular = found(f.words.recent_vascular, f.conditions)
    checks.check(vascular is None, "No recent MI or stroke recorded.", f"Recent MI or stroke: {vascular}.")
    normal = f.k is not None and limits.k_low.value <= f.k <= limits.k_high.value
    checks.check(
        normal,
        f"K {f.k or 0:g} mmol/L.",
        "K missing: check K/Mg first." if f.k is None else f"K {f.k:g} mmol/L: correct K/Mg first.",
    )
    single, day, why = lofexidine_caps(f)
    text = "Alpha-2 start criteria met; BP and pulse before every dose, lying and standing."
    if why and f.plan.drug == "lofexidine":
        said = f"Reduced cap for {why}: {single.value:g} mg a dose, {day.value:g} mg a day."
        checks.met.append(said)
        text = f"{text} {said}"
    return checks.answer("C07", "C07", text=text, failed_text="Alpha-2 start criteria not met: physician review.")


def _risk(f: Facts) -> str:
    risk = qt_risk(f)
    return f" with risk factors ({risk})" if risk else ""


# --- naltrexone


def naltrexone_start(f: Facts) -> FiredRule:
    """C08: time, score, named urine panel, challenge, liver, pregnancy, analgesia."""
    latest, checks, limits = f.latest, Checks([], []), f.limits
    if latest is None or latest.cows is None or latest.cows.total is None:
        return no_suggestion("B02", "COWS is not complete.")
    adult(f, checks)
    total = latest.cows.total
    checks.check(
        total < limits.naltrexone_cows.value,
        f"COWS {total} {latest.when}.",
        f"COWS {total} {latest.when}: withdrawal signs, must be below {limits.naltrexone_cows.value:g}.",
    )
    _opioid_free(f, checks)
    for drug in ("opiate", "fentanyl", *LONG):
        result = getattr(f.plan.urine, drug) or "not_tested"
        checks.check(
            result == "negative",
            f"Urine {drug} negative.",
            f"Urine {drug} {result.replace('_', ' ')}: a named panel must be negative.",
        )
    checks.check(f.plan.lft == "ok", "LFT ok.", f"LFT {f.plan.lft or 'missing'}.")
    if any(getattr(f.plan.urine, drug) not in ("negative", "positive") for drug in ("fentanyl", *LONG)):
        checks.failed.append(f.says.urine_panel.text)
    history_known(f, checks)
    acute = found(f.words.acute_liver, f.conditions)
    checks.check(acute is None, "No acute liver disease recorded.", f"Liver: {acute}.")
    checks.check(f.pregnant is None, "Not pregnant.", f"{f.pregnant}: naltrexone not started.")
    pain = found(f.words.opioid_analgesia, (*f.meds, *f.conditions))
    checks.check(pain is None, "Opioid analgesia: none recorded.", f"Opioid analgesia need: {pain}.")
    return checks.answer(
        "C08", "C08", failed_text="Naltrexone start criteria not met: precipitated withdrawal risk; physician review."
    )


def _opioid_free(f: Facts, checks: Checks) -> None:
    limits, challenge = f.limits, f.plan.challenge
    said = [*uses(f), *((d.drug or "", d.h_ago) for d in f.doses if named(f.words.buprenorphine, d.drug))]
    passed = challenge == "negative"
    if challenge == "positive":
        checks.failed.append(f.says.challenge_positive.text)
    elif challenge is None:
        checks.failed.append("Naloxone challenge: whether it was done is not recorded.")
    for drug, h_ago in said:
        is_long = named(f.words.long_acting, drug) or not drug
        needed = limits.naltrexone_long_h if is_long else limits.naltrexone_short_h
        unchallenged = limits.naltrexone_long_unchallenged_h if is_long else limits.naltrexone_unchallenged_h
        name = drug or "opioid not known"
        if h_ago is None:
            checks.failed.append(f"Time since last use ({name}) is not known: ask.")
            continue
        checks.check(
            h_ago >= needed.value,
            f"{name} {h_ago / 24:.3g} days ago, at least {needed.value / 24:g} days.",
            f"{name} {h_ago / 24:.3g} days ago is under {needed.value / 24:g} days.",
        )
        if challenge != "positive":
            checks.check(
                passed or h_ago >= unchallenged.value,
                "Naloxone challenge negative." if passed else "Naloxone challenge not indicated.",
                f"Naloxone challenge not done, under {unchallenged.value / 24:g} days.",
            )


# --- supervised diamorphine


def hat(f: Facts) -> FiredRule:
    """C09: the check before each supervised dose is normal."""
    limits, checks = f.limits, Checks([], [])
    checks.check(f.poss == "1", f"POSS {f.poss}.", f"POSS {f.poss} is not 1 (awake and alert).")
    alert = f.newest("avpu")
    level = alert.vitals["avpu"] if alert else None
    checks.check(level in (None, "A"), f"AVPU {level or 'not recorded'}.", f"AVPU {level}.")
    lowest_spo2 = limits.hat_spo2 if f.plan.spo2_scale != 2 else limits.hat_spo2_scale2
    for name, least in (("rr", limits.rr_step), ("spo2", lowest_spo2)):
        reading = f.newest(name)
        value = reading.number(name) if reading else None
        said = reading.say(name) if reading else f"{name} missing"
        checks.check(value is not None and not least.holds(value), f"{said}.", f"{said} is below {least.value:g}.")
    for name in ("hr", "sbp", "dbp"):
        low, high = vitals_file().range(MODEL[name]).critical
        reading = f.newest(name)
        value = reading.number(name) if reading else None
        said = reading.say(name) if reading else f"{name} missing"
        fine = value is not None and low <= value <= high
        checks.check(fine, f"{said}.", f"{said} is outside {low:g}-{high:g}.")
    pupils = next((r for r in f.past if r.pupils or found(f.words.pinpoint, [r.note])), None)
    pinpoint = pupils is not None and bool(found(f.words.pinpoint, [pupils.pupils, pupils.note]))
    checks.check(not pinpoint, "Pupils not pinpoint.", "Pinpoint pupils: recent use?")
    alcohol = f.newest("breath_alcohol_pct")
    value = alcohol.number("breath_alcohol_pct") if alcohol else None
    said = alcohol.say("breath_alcohol_pct") if alcohol else "breath alcohol missing"
    checks.check(
        value is not None and value < f.alcohol_limit,
        f"{said}, under {f.alcohol_limit:g} %.",
        f"{said} is not under the site limit {f.alcohol_limit:g} %.",
    )
    days = f.plan.missed_days
    recent = "Missed days not recorded: the last dose is recent."
    checks.met.append(recent if days is None else f"Missed days: {days:g}.")
    checks.met[:0] = _beside(f)
    if checks.failed:
        return withhold("C09", *checks.failed, *checks.met, text=f.says.hat_not_normal.text)
    return checks.answer("C09", "C09")


def _beside(f: Facts) -> list[str]:
    """A warning for each other opioid that was given here within the window and may be prescribed beside the plan's."""
    return [
        f"Caution: {d.drug} {'' if d.mg is None else f'{d.mg:g} mg '}{hours(d.h_ago or 0)} ago on this ward too: "
        "sedation adds up; check that it is prescribed beside the supervised dose."
        for d in f.doses
        if (d.h_ago or 0) < f.limits.window_h.value
        and any(one.id != f.plan.drug and beside_diamorphine(f, one) for one in opioids(d.drug))
    ]
