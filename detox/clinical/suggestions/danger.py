"""Tier A: danger rules. They run on any data there is, old data too, and outrank everything.

A value that was dangerous keeps standing after a normal reading, until a physician has acknowledged it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from detox.clinical.case import Case
from detox.clinical.danger_content import dangers_file, strictest_of
from detox.clinical.drugs import mentioned
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.dose_limits import over_limit
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule, decide, giving_of, withhold
from detox.clinical.suggestions.precipitated import precipitated
from detox.clinical.suggestions.readings import SHORT, Reading, since
from detox.clinical.suggestions.words import found

MOST_REASONS = 4


def danger(f: Facts) -> list[FiredRule]:
    """Every danger rule that holds, one a rule and problem, withholding ones first."""
    fired: dict[tuple[str, str], FiredRule] = {}
    for one in [*_from_readings(f), *(hit for rule in CASE_RULES for hit in rule(f))]:
        key = one.rule, _problem(one)
        known = fired.get(key)
        fired[key] = one if known is None else _merged(known, one)
    emergency_of = {name for (rule, _), one in fired.items() if rule == "A01" for name in one.names}
    fired = {key: one for key, one in fired.items() if key[0] != "A02" or not set(one.names) <= emergency_of}
    found = [_past_by_physician(f, one) for one in (*fired.values(), *unacknowledged(f, bool(fired)))]
    return sorted(found, key=lambda one: (one.dose_action != "withhold", _score_only(one), one.rule))


def _problem(one: FiredRule) -> str:
    """The problem of a rule; of one that holds on values of several, that of its first value. Empty where none."""
    file = dangers_file()
    row = file.row(one.row or one.rule)
    if row is None:
        return ""
    return next((p for p in map(file.of_vital, one.names) if p), row.problem) if row.spans else row.problem


def _by_problem(one: FiredRule) -> Iterator[FiredRule]:
    """A rule that holds on values of several problems, once for each: who answers one has not answered the others."""
    file, names = dangers_file(), defaultdict[str | None, list[str]](list)
    row = file.row(one.row or one.rule)
    for name in one.names:
        names[file.of_vital(name)].append(name)
    if row is None or not row.spans or len(names) < 2:
        yield one
        return
    for some in names.values():
        yield replace(one, names=tuple(some))


def _merged(known: FiredRule, one: FiredRule) -> FiredRule:
    """Two grounds of one rule as one: the stricter speaks, what stands goes before what is past, both are told.

    For each class of drug the stricter word of both holds.
    """
    first, second = (one, known) if _strictness(one) > _strictness(known) else (known, one)
    reasons = first.reasons
    if second.reasons[0] not in reasons and len(reasons) < MOST_REASONS:
        reasons = (*reasons, *second.reasons)
    ages = [x.min_ago for x in (first, second) if x.min_ago is not None]
    last = [x for x in (first.last_min_ago, second.last_min_ago) if x is not None]
    return replace(
        first, reasons=reasons, min_ago=max(ages, default=None), last_min_ago=min(last, default=None),
        giving=strictest_of(giving_of(replace(x, past=x.past and not first.past)) for x in (first, second)),
    )  # fmt: skip


def _strictness(one: FiredRule) -> tuple[bool, bool]:
    return not one.past, one.dose_action == "withhold"


def _past_by_physician(f: Facts, one: FiredRule) -> FiredRule:
    """What is over and was not answered is by a physician's word; where somebody raised a flag it stays withheld."""
    if not one.past:
        return one
    if any(not e.acknowledged_by_physician for e in f.events("danger_flag")):
        withheld = one.dose_action == "withhold"
        return replace(one, past=False, text=(f.says.over_withheld if withheld else f.says.over).text)
    return replace(one, dose_action="physician_decides", text=f.says.over.text)


def _score_only(one: FiredRule) -> bool:
    """True for an early-warning score with no sign of infection: what made it rise is named first."""
    return one.rule == "A04" and all(reason.removeprefix("Was ").startswith("NEWS2") for reason in one.reasons)


def _from_readings(f: Facts) -> Iterator[FiredRule]:
    for reading in f.readings:
        for rule in READING_RULES:
            for one in rule(f, reading):
                over = bool(one.names) and not any(_newest(f, name) is reading for name in one.names)
                if over:
                    one = replace(one, reasons=(_was(f, one),), text="")
                one = replace(one, min_ago=reading.min_ago, last_min_ago=reading.min_ago, past=over)
                yield from (part for part in _by_problem(one) if not _cleared(f, reading, part))
    together = _together(f)
    if together.by:
        for one in (*sedated(f, together), *infection(f, together)):
            yield from _by_problem(one)


def _was(f: Facts, one: FiredRule) -> str:
    """What held, in the past tense, with the values that were measured since."""
    now: dict[int, tuple[Reading, list[str]]] = {}
    for name in one.names:
        if (r := _newest(f, name)) is not None:
            now.setdefault(id(r), (r, []))[1].append(name)
    said = [r.say(*names) for r, names in now.values() if names != ["cows"]]
    said += [f"COWS {r.cows.at_least} {r.when}" for r, names in now.values() if "cows" in names and r.cows]
    return f"Was {one.reasons[0].rstrip('.')}; now {', '.join(said)}: no physician has seen it."


def _newest(f: Facts, name: str) -> Reading | None:
    """The newest observation with that vital; a time that has not come yet is the newest."""
    return next((r for r in f.readings if name in r.vitals or (name == "cows" and r.cows is not None)), None)


def dangerous(case: Case) -> set[float]:
    """The ages, in minutes, of the observations on which a rule of danger fires by itself, answered or not."""
    f = Facts(case, content())
    return {r.min_ago for r in f.readings if any(True for rule in READING_RULES for _ in rule(f, r))}


def _cleared(f: Facts, reading: Reading, one: FiredRule) -> bool:
    """A physician answered it, and every value that made it hold was measured again since."""
    if not f.cleared(one.rule, reading.min_ago, one.names, kept=reading.kept_min_ago):
        return False
    newer = [r for r in f.past if r.min_ago < reading.min_ago]
    return bool(newer) and all(
        any(name in r.vitals or (name == "cows" and r.cows is not None) for r in newer) for name in one.names
    )


def _together(f: Facts) -> Reading:
    """The newest value of each vital, though charted in several observations."""
    vitals = {
        name: r.vitals[name]
        for name in ("rr", "spo2", "hr", "sbp", "dbp", "temp_c", "poss", "avpu")
        if (r := f.newest(name))
    }
    age = max((r.min_ago for name in vitals if (r := f.newest(name))), default=0.0)
    several = len({id(f.newest(name)) for name in vitals}) > 1
    return Reading(age, "newest value of each" if several else "", "", vitals, None, None, "", "")


# --- rules on one observation


def emergency(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A01: breathing, saturation or consciousness at emergency level."""
    limits = f.limits
    lowest = limits.spo2_emergency_scale2 if f.plan.spo2_scale == 2 else limits.spo2_emergency
    names = []
    if (rr := r.number("rr")) is not None and limits.rr_emergency.holds(rr):
        names.append("rr")
    if (spo2 := r.number("spo2")) is not None and lowest.holds(spo2):
        names.append("spo2")
    if r.vitals.get("poss") == "4":
        names.append("poss")
    if r.vitals.get("avpu") in ("P", "U"):
        names.append("avpu")
    if names:
        yield withhold("A01", f"{r.say(*names)}: emergency criteria.", names=tuple(names))


def sedated(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A02: sedation, or breathing on the way down."""
    limits, names = f.limits, []
    rr, spo2 = r.number("rr"), r.number("spo2")
    if r.vitals.get("poss") == "3":
        names.append("poss")
    if rr is not None and limits.rr_hold.holds(rr):
        names.append("rr")
    amber = spo2 is not None and limits.spo2_amber_top.holds(spo2) and f.plan.spo2_scale != 2
    if rr is not None and limits.rr_low_top.holds(rr) and amber:
        names += ["rr", "spo2"]
    if names:
        yield withhold("A02", f"{r.say(*dict.fromkeys(names))}: sedated.", names=tuple(names))


def infection(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A04: temperature, early-warning score or words of infection."""
    temp = r.number("temp_c")
    if temp is not None and (f.limits.temp_high.holds(temp) or f.limits.temp_low.holds(temp)):
        why = [f.says.fever.text] if f.limits.temp_high.holds(temp) else []
        measured = f"{r.say('temp_c')}: assess for infection."
        yield decide("A04", measured, *why, names=("temp_c",), row="A04_temperature")
    news2 = f.news2_at_least(r)
    if news2 >= f.limits.news2_urgent.value:
        names = tuple(n for n in ("rr", "spo2", "hr", "sbp", "temp_c", "avpu") if n in r.vitals)
        yield decide("A04", f"NEWS2 at least {news2}: {r.say(*names)}.", names=names, row="A04_score")
    if said := found(f.words.infection, [r.note]):
        yield decide("A04", f"Suspected infection: {said!r} {r.when}.")


def neurological(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A05: new confusion, loss of alertness, or words of a neurological or cardiac sign."""
    if r.vitals.get("avpu") in ("C", "V"):
        words = "new confusion" if r.vitals["avpu"] == "C" else "responds to voice only"
        yield withhold("A05", f"{r.say('avpu')}: {words}.", names=("avpu",))
    if said := found((*f.words.neurological, *f.words.seizure_seen), [r.note]):
        yield withhold("A05", f"Noted: {said!r} {r.when}.")


def pressure_crisis(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A06: heart rate or blood pressure beyond what opioid withdrawal explains."""
    limits = (("hr", f.limits.hr_crisis), ("sbp", f.limits.sbp_crisis), ("dbp", f.limits.dbp_crisis))
    names = tuple(name for name, limit in limits if (v := r.number(name)) is not None and limit.holds(v))
    if names:
        yield decide("A06", f"{r.say('hr', 'sbp', 'dbp')}, beyond limits: {_short(r, names)}.", names=names)


def _short(r: Reading, names: Iterable[str]) -> str:
    """The values that crossed a limit, one by one: 'HR 138, SBP 190'."""
    return ", ".join(f"{SHORT[name]} {r.vitals[name]:g}" for name in names)


def sedative_withdrawal(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A07 by score: CIWA-Ar at treatment level."""
    ciwa = r.number("ciwa_ar")
    if ciwa is not None and ciwa >= f.limits.ciwa_treat.value:
        yield decide("A07", f"{r.say('ciwa_ar')}: at CIWA {ciwa:g} treat alcohol withdrawal first.", names=("ciwa_ar",))


def too_low(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A09: blood pressure or pulse too low; stricter on an alpha-2 agonist."""
    limits, names = f.limits, []
    sbp, dbp, hr = r.number("sbp"), r.number("dbp"), r.number("hr")
    if sbp is not None and limits.sbp_low.holds(sbp):
        names.append("sbp")
    if dbp is not None and f.on_alpha2 and limits.alpha2_dbp.holds(dbp):
        names.append("dbp")
    if hr is not None and (limits.hr_low.holds(hr) or (f.on_alpha2 and limits.alpha2_hr.holds(hr))):
        names.append("hr")
    if names:
        text = "" if f.on_alpha2 else "BP or pulse too low: lie down, recheck, withhold the next dose, physician now."
        yield withhold(
            "A09", f"{r.say('sbp', 'dbp', 'hr')}, too low: {_short(r, names)}.", names=tuple(names), text=text
        )
    if f.on_alpha2 and (said := found(f.words.postural, [r.note])):
        yield withhold("A09", f"Postural drop with symptoms: {said!r} {r.when}.")


def intoxicated(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A11: intoxicated, or breath alcohol above the site limit."""
    alcohol = r.number("breath_alcohol_pct")
    if alcohol is not None and alcohol > f.alcohol_limit:
        said = r.say("breath_alcohol_pct")
        yield withhold("A11", f"{said}: above the site limit {f.alcohol_limit:g} %.", names=("breath_alcohol_pct",))
    if r.intoxicated:
        yield withhold("A11", f"Intoxicated {r.when}.")
    elif noted := found(f.words.intoxicated, [r.note]):
        yield withhold("A11", f"Intoxicated: {noted!r} {r.when}.")


def severe_withdrawal(f: Facts, r: Reading) -> Iterator[FiredRule]:
    """A16: COWS in the moderately severe band, even if an item is missing. Another scale's number never alarms."""
    if r.cows is None or not r.cows.is_cows or (not r.cows.named and r.cows.entry.items is None):
        return
    least, typed = r.cows.at_least, r.cows.entry.total
    if r.cows.entry.items is None and r.cows.errors:
        return
    if typed is not None and r.cows.missing and least <= typed <= r.cows.at_most and not r.cows.errors:
        least = typed
    if r.cows.entry.items is not None and r.cows.errors and least < f.limits.cows_severe.value <= r.cows.worst:
        said = f"COWS between {least} and {r.cows.worst} {r.when}: moderately severe, unless the entry is corrected."
        yield decide("A16", said, names=("cows",))
    elif least >= f.limits.cows_severe.value:
        words = "COWS at least" if r.cows.missing else "COWS"
        yield decide("A16", f"{words} {least} {r.when}: moderately severe.", names=("cows",))


# --- rules on the whole case


def unacknowledged(f: Facts, explained: bool) -> Iterator[FiredRule]:
    """A00: a danger flag that no physician has acknowledged and that no charted value explains."""
    if explained:
        return
    for event in f.events("danger_flag"):
        if not event.acknowledged_by_physician and not f.cleared("A00", (event.h_ago or 0) * 60):
            yield withhold("A00", f"Danger flag raised {since(event.h_ago)}, not acknowledged by a physician.")
            return


def reversal(f: Facts) -> Iterator[FiredRule]:
    """A03: naloxone or nalmefene within a day."""
    given = [(e.h_ago, "naloxone") for e in f.happened("A03", "naloxone_given")]
    if f.case.programme != "naltrexone_start":
        given += [
            (d.h_ago, d.drug or "") for d in f.doses if (first := mentioned(d.drug)[:1]) and first[0].drug.reversal
        ]
    for h_ago, drug in given:
        if (h_ago or 0) <= f.limits.reversal_h.value and not f.cleared("A03", (h_ago or 0) * 60):
            yield withhold(
                "A03", f"{drug} {since(h_ago)}: COWS not valid, renarcotisation risk.", min_ago=(h_ago or 0) * 60
            )


def suspected_infection(f: Facts) -> Iterator[FiredRule]:
    """A04 by history: a condition that says infection."""
    if said := found(f.words.infection, f.standing_conditions("A04")):
        yield decide("A04", f"Suspected infection: {said}.")


def acute_events(f: Facts) -> Iterator[FiredRule]:
    """A05 by event or condition."""
    for event in f.happened("A05", "new_confusion", "seizure", "chest_pain", "syncope"):
        yield withhold(
            "A05", f"{event.type.replace('_', ' ').capitalize()} {since(event.h_ago)}.",
            min_ago=(event.h_ago or 0) * 60, row="seizure" if event.type == "seizure" else "",
        )  # fmt: skip
    if said := found(f.words.neurological, f.standing_conditions("A05")):
        yield withhold("A05", f"Recorded: {said}.")


def untreated_dependence(f: Facts) -> Iterator[FiredRule]:
    """A07 by signs: alcohol or benzodiazepine dependence, untreated, no CIWA-Ar, and tremor or a fast pulse."""
    said = found(f.words.sedative_dependence, f.conditions)
    # a treatment makes the answer milder: it counts by its own name only, not by a brand
    if not said or found(f.words.sedative_treatment, f.patient.other_meds or ()) or f.value("ciwa_ar") is not None:
        return
    signs = []
    if (hr := f.newest("hr")) and f.limits.hr_sign.holds(hr.number("hr") or 0):
        signs.append(hr.say("hr"))
    if f.latest and f.latest.cows and f.latest.cows.items.get("tremor", 0) >= f.limits.tremor_sign.value:
        signs.append(f"tremor item {f.latest.cows.items['tremor']} {f.latest.when}")
    if signs:
        yield decide("A07", f"{said}, untreated, with signs: {', '.join(signs)}; CIWA-Ar missing.")


def qt(f: Facts) -> Iterator[FiredRule]:
    """A08: long QTc; palpitations or syncope on a QT drug."""
    if f.qtc is not None and f.qtc >= f.limits.qtc_stop.value:
        optional = ", ".join(f.qt_drugs) or "none listed"
        yield decide("A08", f"QTc {f.qtc:g} ms; QT drugs: {optional}.")
    if not f.qt_drugs:
        return
    if f.happened("A08", "syncope") or found(f.words.syncope, f.standing_words("A08")):
        yield withhold("A08", f"Syncope on a QT drug ({', '.join(f.qt_drugs)}).")
    if palpitations := found(f.words.palpitations, f.standing_words("A08")):
        yield decide("A08", f"Palpitations on a QT drug ({', '.join(f.qt_drugs)}): {palpitations!r}.")


def safety_first(f: Facts) -> Iterator[FiredRule]:
    """A10: suicidal intent, or an overdose during this admission."""
    for event in f.happened("A10", "suicidal_intent"):
        yield decide("A10", f"Suicidal intent {since(event.h_ago)}: safety first.", min_ago=(event.h_ago or 0) * 60)
    for event in f.happened("A10", "overdose"):
        yield withhold(
            "A10", f"Overdose this admission, {since(event.h_ago)}.", min_ago=(event.h_ago or 0) * 60,
            row="A10_overdose",
        )  # fmt: skip
    if said := found(f.words.suicidal, f.standing_words("A10")):
        yield decide("A10", f"Suicidal intent noted: {said!r}.")


def dehydration(f: Facts) -> Iterator[FiredRule]:
    """A12: vomiting or diarrhoea with dehydration or abnormal potassium or creatinine; dehydration alone counts."""
    gi = f.latest.cows.items.get("gi", 0) if f.latest and f.latest.cows and f.latest.cows.is_cows else 0
    standing = [r for r in f.readings if not f.cleared("A12", r.min_ago, kept=r.kept_min_ago)]
    losing = [f"vomiting {since(e.h_ago)}" for e in f.happened("A12", "vomiting")]
    losing += [f"noted {r.note!r} {r.when}" for r in standing if found(f.words.vomiting, [r.note])]
    if f.latest and gi >= f.limits.gi_vomiting.value:
        losing.append(f"GI item {gi} {f.latest.when}")
    dry = [f"dehydration signs {since(e.h_ago)}" for e in f.happened("A12", "dehydration_signs")]
    dry += [f"noted {r.note!r} {r.when}" for r in standing if found(f.words.dehydration, [r.note])]
    labs = []
    if f.k is not None and not f.limits.k_low.value <= f.k <= f.limits.k_high.value:
        labs.append(f"K {f.k:g} mmol/L")
    if (f.labs.creatinine_flag or "").strip().lower() in ("high", "h", "raised", "abnormal"):
        labs.append("creatinine high")
    if dry or (losing and labs):
        yield decide("A12", f"{', '.join(dict.fromkeys([*losing[:2], *dry, *labs]))}: dehydration risk.")


def potassium(f: Facts) -> Iterator[FiredRule]:
    """A17: a potassium so high that the heart may stop."""
    if f.k is not None and f.k >= f.limits.k_critical.value and not f.cleared("A17", 0):
        yield decide("A17", f"K {f.k:g} mmol/L: at or above {f.limits.k_critical.value:g}.")


def pregnant(f: Facts) -> Iterator[FiredRule]:
    """A13: a positive pregnancy test, or a pregnancy among the conditions, during any taper."""
    if f.pregnant and f.case.programme in ("taper", "alpha2", "alpha2_start"):
        yield decide("A13", f"{f.pregnant}.")


def duplicate_or_over(f: Facts) -> Iterator[FiredRule]:
    """A14: a duplicate, a second source, or a dose over its limit."""
    for reason in over_limit(f):
        yield withhold("A14", reason)


ReadingRule = Callable[[Facts, Reading], Iterator[FiredRule]]
CaseRule = Callable[[Facts], Iterator[FiredRule]]
READING_RULES: tuple[ReadingRule, ...] = (
    emergency,
    sedated,
    infection,
    neurological,
    pressure_crisis,
    sedative_withdrawal,
    too_low,
    intoxicated,
    severe_withdrawal,
)
CASE_RULES: tuple[CaseRule, ...] = (
    reversal,
    suspected_infection,
    acute_events,
    untreated_dependence,
    qt,
    safety_first,
    dehydration,
    potassium,
    pregnant,
    duplicate_or_over,
    precipitated,
)
