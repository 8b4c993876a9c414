"""Tier B: integrity rules. Missing, stale or contradictory data end in NO_SUGGESTION with what is needed."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

from detox.clinical.protocols import Item
from detox.clinical.suggestions.dose_limits import lofexidine_caps
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule, decide, no_suggestion
from detox.clinical.suggestions.readings import SHORT, Reading, ago, since
from detox.clinical.suggestions.words import found, named

STARTS = ("alpha2_start", "bup_induction", "methadone_start", "naltrexone_start")
TAPERS = ("taper", "alpha2")
MISSING = {
    "hr": "pulse missing: count it",
    "rr": "RR missing: count it",
    "poss": "POSS missing: assess sedation",
    "sbp": "BP missing: measure it",
    "dbp": "BP missing: measure it",
    "spo2": "SpO2 missing: measure it",
    "cows": "COWS missing: assess now",
    "breath_alcohol_pct": "breath alcohol missing: measure it",
}


def integrity(f: Facts) -> list[FiredRule]:
    """Every integrity rule that holds, the one that decides first."""
    fired = [one for rule in RULES for one in rule(f)]
    return sorted(fired, key=lambda one: one.suggestion_class != "HOLD_CALL")


def required(f: Facts) -> tuple[str, ...]:
    """The vitals without which nothing is suggested in this programme, and `cows`."""
    if f.case.programme == "hat":
        return ("hr", "rr", "poss", "sbp", "dbp", "spo2", "breath_alcohol_pct")
    names = ("cows", "hr", "rr", "poss", "sbp", "dbp")
    return (*names, "spo2") if f.inpatient else names


def cows_limit_min(f: Facts) -> float:
    """How old a COWS may be in this programme and setting, in minutes."""
    if f.case.programme in STARTS:
        return f.limits.cows_induction_min.value
    return f.limits.cows_inpatient_min.value if f.inpatient else f.limits.cows_outpatient_min.value


def limit_min(f: Facts, name: str) -> float:
    """How old a vital may be, in minutes."""
    if name == "cows":
        return cows_limit_min(f)
    if name in ("hr", "sbp", "dbp") and f.case.programme in ("alpha2", "alpha2_start"):
        return f.limits.alpha2_min.value
    if f.inpatient or f.case.programme in ("hat", "maintenance_dot"):
        return f.limits.breathing_min.value
    newest = f.past[0].min_ago if f.past else 0.0
    return min(newest + f.limits.visit_min.value, f.limits.cows_outpatient_min.value)


def reading_of(f: Facts, name: str) -> Reading | None:
    """The newest reading that holds a required item."""
    return f.latest if name == "cows" else f.newest(name)


def due(f: Facts) -> bool:
    """True when a step is due by flag and not ruled out by the clock of the plan."""
    return f.case.programme in TAPERS and bool(f.plan.step_due) and not too_soon(f)


def interval_h(f: Facts) -> float:
    """Least hours between two steps: the plan's, never under the label's one step a day."""
    return max(f.plan.min_step_interval_h or 0, f.limits.step_interval_h.value)


def too_soon(f: Facts) -> bool:
    """True when the last step lies within the interval."""
    since = f.plan.hours_since_last_step
    return since is not None and 0 <= since < interval_h(f)


def basis_changed(f: Facts) -> Iterator[FiredRule]:
    """B07: data behind an earlier suggestion were corrected; one that a dose was given on outranks the others."""
    for event in sorted(f.events("basis_corrected"), key=lambda e: not e.dose_given)[:1]:
        said = f"Basis changed {since(event.h_ago)}: the earlier suggestion" + (
            f" ({event.suggestion})" if event.suggestion else ""
        )
        if event.dose_given:
            yield decide(
                "B07",
                f"{said} is withdrawn, and a dose was already given on it.",
                text="Basis changed after the dose was given: physician review now.",
            )
        else:
            yield no_suggestion("B07", f"{said} is withdrawn; re-run on corrected data.")


def impossible(f: Facts) -> Iterator[FiredRule]:
    """B06: impossible values, units and times."""
    if f.problems:
        yield no_suggestion("B06", *sorted({f"{p}." for p in f.problems}))


def other_scale(f: Facts) -> Iterator[FiredRule]:
    """B08: another scale in the COWS field, or asleep."""
    latest = f.latest
    if f.case.programme != "hat" and latest and latest.cows and not latest.cows.named:
        scale, total = latest.cows.entry.scale or "an unnamed scale", latest.cows.entry.total
        yield no_suggestion(
            "B08",
            f"Scale mismatch: {scale} {total if total is not None else ''} {latest.when} stands in the COWS "
            "field; it is not a COWS: assess COWS.",
        )
        return
    reach = f.limits.asleep_min.value
    for event in f.events("cows_not_assessed_asleep"):
        at = (event.h_ago or 0) * 60
        if latest is None or at <= latest.min_ago + reach:
            said = since(None) if event.h_ago is None else ago(at)
            yield no_suggestion("B08", f"COWS not assessed, asleep, {said}: asleep is not 0; assess when awake.")
            return
    if f.poss == "S" and (reading := f.newest("poss")) and (latest is None or reading.min_ago <= latest.min_ago):
        yield no_suggestion(
            "B08", f"POSS S (asleep) {reading.when}: COWS not assessed; asleep is not 0; wake and assess."
        )


def wrong_score(f: Facts) -> Iterator[FiredRule]:
    """B04: a COWS that contradicts its items or the pulse, among the two newest of the last day."""
    recent = [r for r in f.scored if r.cows and r.cows.is_cows and r.min_ago <= f.limits.complete_cows_h.value * 60]
    errors = [f"{e} {r.when}: correct score." for r in recent[:2] if r.cows for e in r.cows.errors]
    if errors:
        yield no_suggestion("B04", *errors)


def conflict(f: Facts) -> Iterator[FiredRule]:
    """B05: raters who differ, entries that contradict each other."""
    yield from two_raters(f)
    latest = f.latest
    if latest and latest.cows and latest.cows.total is not None:
        low = latest.cows.total < f.limits.contradiction_cows.value
        near = [
            e
            for e in f.events("vomiting")
            if e.h_ago is None or abs(e.h_ago * 60 - latest.min_ago) <= f.limits.raters_min.value
        ]
        vomiting = bool(near) or found(f.words.vomiting, [latest.note]) is not None
        unrated = latest.cows.items.get("gi", 0) < f.limits.gi_vomiting.value
        fast = f.limits.hr_contradiction.holds(latest.number("hr") or 0)
        if low and vomiting and (unrated or fast):
            hr = f" and {latest.say('hr')}" if fast else ""
            yield no_suggestion(
                "B05", f"COWS {latest.cows.total} {latest.when} contradicts vomiting{hr}: re-assess together."
            )
    for event in f.events("mar_conflict"):
        yield no_suggestion(
            "B05", f"Dose record conflict {since(event.h_ago)} (given and refused): settle what was given."
        )
        return


def two_raters(f: Facts) -> Iterator[FiredRule]:
    """Two raters close in time and far apart in points, whatever the items that one of them left out."""
    newest = f.complete[0] if f.complete else None
    if newest is None or newest.cows is None or newest.cows.total is None:
        return
    total = newest.cows.total
    for other in f.scored:
        span = other.cows.span if other.cows else None
        if other is newest or span is None:
            continue
        apart = abs(other.min_ago - newest.min_ago)
        differ = max(span[0] - total, total - span[1])
        same_rater = bool(newest.rater) and newest.rater == other.rater
        if apart <= f.limits.raters_min.value and differ >= f.limits.raters_points.value and not same_rater:
            said = f"COWS {span[0]}" if span[0] == span[1] else f"COWS {span[0]}-{span[1]}"
            yield no_suggestion(
                "B05",
                f"Two raters conflict: COWS {total} {newest.when} and {said} {other.when}, {differ} points apart: "
                "re-assess together, do not average.",
            )
            return


def incomplete(f: Facts) -> Iterator[FiredRule]:
    """B02: the newest COWS lacks items."""
    latest = f.latest
    if f.case.programme == "hat" or not latest or not latest.cows or not latest.cows.named or not latest.cows.missing:
        return
    cows = latest.cows
    if cows.entry.items is None:
        total = cows.entry.total
        said = f"COWS {total}" if total is not None else "COWS"
        yield no_suggestion("B02", f"{said} {latest.when} has no items recorded (0 of 11): enter all items.")
        return
    names = ", ".join(item.short for item in cows.missing)
    yield no_suggestion(
        "B02",
        f"COWS {names} missing {latest.when}: COWS between {cows.at_least} and {cows.at_most} "
        f"(range {cows.at_least}-{cows.at_most}); assess {_labels(cows.missing)}.",
    )


def absent(f: Facts) -> Iterator[FiredRule]:
    """B01: a needed value is not there, or a due step has too few complete COWS."""
    gaps = [MISSING[name] for name in required(f) if left_out(f, name)]
    if f.past and f.latest is not None and f.latest.cows and "hr" in required(f) and f.newest("hr"):
        same = f.latest.vitals
        if "hr" not in same and f.latest.cows.named and "pulse" in f.latest.cows.items:
            gaps.append("pulse missing: the COWS pulse item has no charted HR beside it")
    gaps += unscored_set(f)
    if due(f) and f.latest and f.latest.cows and f.latest.cows.named:
        needed = int(f.limits.complete_cows.value)
        usable = usable_scores(f)
        if len(usable) < needed:
            gaps.append(
                f"a step is due with {len(usable)} complete COWS in {f.limits.complete_cows_h.value:g} h: "
                f"{needed} needed"
            )
    if gaps:
        yield no_suggestion("B01", *dict.fromkeys(f"{gap[:1].upper()}{gap[1:]}." for gap in gaps))


def newest_set(f: Facts) -> Reading | None:
    """The newest observation with any vital."""
    return next((r for r in f.past if r.vitals), None)


def left_out(f: Facts, name: str) -> bool:
    """True when nobody ever measured it, or the newest set lacks it and the last value is too old to stand in."""
    reading, newest = reading_of(f, name), newest_set(f)
    if reading is None or name == "cows" or newest is None:
        return reading is None
    return name not in newest.vitals and reading.min_ago > limit_min(f, name)


def unscored_set(f: Facts) -> Iterator[str]:
    """The newest set of vitals has no COWS of the same visit: an older, calmer score does not speak for it."""
    newest = newest_set(f)
    if "cows" not in required(f) or newest is None or f.latest is None or f.latest.min_ago > limit_min(f, "cows"):
        return
    if f.latest.min_ago - newest.min_ago > f.limits.visit_min.value:
        yield f"COWS missing in the newest set {newest.when}: the last one is from {ago(f.latest.min_ago)}, assess now"


def mistimed(f: Facts) -> Iterator[FiredRule]:
    """B03: rated before the last dose took effect."""
    if f.case.programme != "hat" and f.latest and (why := before_effect(f, f.latest)):
        score = f.latest.cows.at_least if f.latest.cows else ""
        said = f"COWS {score} {f.latest.when} {why}: {repeat(f)}."
        text = ""
        if (wait := effect_left(f)) > 0:
            text = f"Wait {wait:g} min for the last dose to take effect, then repeat. The standing order is unchanged."
        yield replace(no_suggestion("B03", said), text=text)


def stale(f: Facts) -> Iterator[FiredRule]:
    """B03: too old."""
    old = []
    for name in required(f):
        reading = reading_of(f, name)
        if reading and reading.min_ago > limit_min(f, name):
            word = "BP" if name in ("sbp", "dbp") else SHORT[name]
            again = repeat(f) if name == "cows" else "repeat now"
            old.append(f"{word} is stale: {ago(reading.min_ago)}, limit {limit_min(f, name):g} min: {again}.")
    if old:
        yield no_suggestion("B03", *dict.fromkeys(old))


def before_effect(f: Facts, reading: Reading) -> str | None:
    """Why a score was rated before the last dose took effect; None when it was not."""
    for drug, h_ago, window in _effects(f):
        at = (h_ago or 0) * 60
        if reading.min_ago > at - window:
            if h_ago is None:
                return f"may have been taken before {drug}, given {since(None)}, took effect ({window:g} min)"
            after = at - reading.min_ago
            when = f"{after:g} min after" if after >= 0 else "before"
            return f"was taken {when} {drug} given {ago(at)}, before its effect window ({window:g} min)"
    return None


def effect_left(f: Facts) -> float:
    """How many minutes are left until every opioid dose has taken effect; 0 where none is waited for."""
    return max((math.ceil(w - (h_ago or 0) * 60) for _, h_ago, w in _effects(f) if h_ago is not None), default=0)


def repeat(f: Facts) -> str:
    """When a score is to be repeated: now, or when the last dose has taken effect."""
    wait = effect_left(f)
    return f"repeat in {wait:g} min, when the dose has taken effect" if wait > 0 else "repeat now"


def usable_scores(f: Facts) -> list[Reading]:
    """Complete scores of the last day that no dose's effect window spoils, newest first; one entered twice is one."""
    spoilt = [((h_ago or 0) * 60, window) for _, h_ago, window in _effects(f)]
    usable = [r for r in f.complete if not any(at - window < r.min_ago < at for at, window in spoilt)]
    return list({(r.min_ago, r.rater): r for r in reversed(usable)}.values())[::-1]


def _effects(f: Facts) -> list[tuple[str, float | None, float]]:
    """Drug, hours ago and effect window in minutes of every opioid dose that a score must wait for."""
    given = [(d.drug or "", d.h_ago) for d in f.doses]
    given += [(e.drug or "", e.h_ago) for e in f.events("external_dose")]
    effects = []
    for drug, h_ago in given:
        if named(f.words.buprenorphine, drug):
            effects.append((drug, h_ago, f.limits.bup_effect_min.value))
        elif named(f.words.methadone, drug):
            effects.append((drug, h_ago, f.limits.methadone_effect_min.value))
    return effects


def no_plan(f: Facts) -> Iterator[FiredRule]:
    """B09: unsigned, of another programme's drug, or without what a step needs; a minor has a physician's own pathway.

    A start tells the age among its criteria.
    """
    gaps = []
    if f.plan.signed is not True:
        gaps.append(
            "No valid plan: it is unsigned or expired"
            if f.plan.signed is False
            else "No valid plan: it is not known to be signed"
        )
    if f.plan.drug is None:
        gaps.append("No valid plan: it names no drug")
    elif not f.content.belongs(f.plan.drug, f.case.programme):
        gaps.append(f"No valid plan: {f.plan.drug} does not belong to the programme {f.case.programme}")
    if f.plan.current_mg is None and (f.case.programme in ("taper", "maintenance_dot") or _unchecked(f)):
        gaps.append("No valid plan: the present level is missing")
    if f.case.programme in TAPERS:
        gaps += _step_gaps(f)
    if f.case.programme not in STARTS and f.age is not None and f.age < f.limits.adult.value:
        gaps.append(f"Age {f.age:g}: under {f.limits.adult.value:g}, physician pathway only")
    if gaps:
        yield no_suggestion("B09", *(f"{gap}." for gap in gaps))


def _unchecked(f: Facts) -> bool:
    """True when something has to be held against the present level: a neighbouring level, or a lowered cap.

    Kidneys or liver lower the cap of lofexidine. A start has no present level yet.
    """
    if f.case.programme in STARTS:
        return False
    neighbour = f.plan.previous_mg is not None or f.plan.next_mg is not None
    return neighbour or (f.case.programme == "alpha2" and f.plan.drug == "lofexidine" and lofexidine_caps(f)[2] != "")


def _step_gaps(f: Facts) -> Iterator[str]:
    plan = f.plan
    if plan.step_due is None and not too_soon(f):
        yield "No valid plan: whether a step is due is not known"
    if f.case.programme == "taper" and due(f) and plan.next_mg is None:
        yield "No valid plan: the next lower level is missing"
    if plan.current_mg is not None and plan.next_mg is not None and plan.next_mg >= max(plan.current_mg, 1e-9):
        yield f"No valid plan: next level {plan.next_mg:g} mg is not below {plan.current_mg:g} mg"


def test_first(f: Facts) -> Iterator[FiredRule]:
    """B10: pregnancy not known where possible; no QTc with risk factors before methadone; missed days not known."""
    gaps = []
    if f.case.programme not in ("maintenance_dot", "hat") and pregnancy_unknown(f):
        gaps.append("Pregnancy status unknown: test first.")
    if f.case.programme == "methadone_start" and f.qtc is None:
        if risk := qt_risk(f):
            gaps.append(f"QTc missing with risk factors ({risk}): ECG first.")
        elif f.history_unknown:
            gaps.append(f"QTc missing and {f.history_unknown} not recorded: risk factors not known, ECG first.")
    if f.case.programme in ("maintenance_dot", "hat") and missed_unknown(f):
        gaps.append("Missed days not known and no recent dose charted: check the dose record first.")
    if gaps:
        yield no_suggestion("B10", *gaps)


def pregnancy_unknown(f: Facts) -> bool:
    """True when pregnancy is possible by sex and age, as far as they are known, and nobody has tested."""
    if f.pregnant or f.patient.sex_at_birth == "M" or f.patient.pregnancy in ("negative", "n/a"):
        return False
    return f.age is None or f.limits.pregnancy_age_low.value <= f.age <= f.limits.pregnancy_age_high.value


def qt_risk(f: Facts) -> str | None:
    """A reason to expect a long QT: condition, other QT drug, low potassium."""
    other = found(f.words.qt_risk, f.conditions) or found(f.words.prolong_qt, f.meds)
    if other is None and f.k is not None and f.k < f.limits.k_low.value:
        other = f"K {f.k:g}"
    return other


def missed_unknown(f: Facts) -> bool:
    """True when neither the plan nor a recent dose says that days were not missed."""
    if f.plan.missed_days is not None:
        return False
    recent = f.limits.recent_dose_hat_h if f.case.programme == "hat" else f.limits.recent_dose_h
    return not any(d.h_ago is not None and d.h_ago <= recent.value for d in f.plan_doses())


def _labels(items: tuple[Item, ...]) -> str:
    return ", ".join(item.label.lower() for item in items)


RULES: tuple[Callable[[Facts], Iterator[FiredRule]], ...] = (
    basis_changed,
    impossible,
    other_scale,
    wrong_score,
    conflict,
    incomplete,
    mistimed,
    absent,
    stale,
    no_plan,
    test_first,
)
