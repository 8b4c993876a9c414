"""An admission as a case of the suggestion engine, built from what is known of it and from nothing else.

What nobody has charted stays absent, so that the engine reads it as unknown.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.chart.context import PatientContext
from detox.chart.events import Raw, events_of, hours, known, observed, read_by_rules, short_vitals
from detox.clinical import situations
from detox.clinical.model import Assessment, Dose, Observation, TaperPlan
from detox.clinical.protocols import scale
from detox.clinical.suggestions.content import content

LABS = {"qtc_ms": "qtc_ms", "k": "potassium_mmol_l", "egfr": "egfr_ml_min"}
URINE = ("opiate", "fentanyl", "methadone", "buprenorphine")
SEDATIVE_SCALE = "ciwa-ar"
SOWS = ("sows-gossop", "sows-handelsman")
METHADONE_START = "methadone_start"
OBSERVED_DAILY = ("maintenance_dot", "hat")


def case_of(known_of: PatientContext) -> Raw:
    """The admission as a case of the suggestion engine: ages count back from now, absent is unknown."""
    admission, now = known_of.admission, known_of.now
    results = _results(known_of)
    fentanyl = known_of.facts.get("fentanyl")
    about = known(
        id=admission.id,
        setting=admission.setting or None,
        programme=admission.programme,
        patient=known(age=known_of.age, sex_at_birth=admission.patient.sex_at_birth, pregnancy=admission.pregnancy)
        | _situation(known_of, results),
        plan=_plan(known_of) | _asked(known_of, results) | _allowed(known_of),
        opioid_use=known(
            opioid=admission.opioid or None,
            h_ago=hours(admission.last_use_at, now),
            daily_mg=known_of.daily_use_mg,
            fentanyl=fentanyl.value if fentanyl else None,
        ),
    )
    seen = read_by_rules(known_of, about)
    return about | known(
        doses=[
            known(drug=d.drug, mg=d.dose_mg, h_ago=hours(d.given_at, now)) for d in known_of.given if not d.elsewhere
        ],
        events=events_of(known_of, seen),
        observations=[_observation(o, now) for o in reversed(seen)],
    )


def _results(known_of: PatientContext) -> dict[str, float]:
    """The newest of each result. An old ECG no longer reassures; a dangerous one stands until there is a newer."""
    limits = content().limits
    found = {}
    for name, (at, value) in known_of.results.items():
        old = name == LABS["qtc_ms"] and known_of.now - at > timedelta(days=limits.qtc_days.value)
        if not old or value >= limits.qtc_stop.value:
            found[name] = value
    return found


def _situation(known_of: PatientContext, results: Mapping[str, float]) -> Raw:
    """Conditions, medicines and laboratory values. An empty list says that there are none; no list, not recorded."""
    labs = known(**{short: results.get(name) for short, name in LABS.items()})
    if results.get("creatinine_high") == 1:
        labs["creatinine_flag"] = "high"
    told: Raw = {"labs": labs} if labs else {}
    if known_of.conditions is not None:
        told["conditions"] = list(known_of.conditions)
    if known_of.medicines is not None:
        told["other_meds"] = list(known_of.medicines)
    return told


def _asked(known_of: PatientContext, results: Mapping[str, float]) -> Raw:
    """The checklist, the urine panel, the challenge and the liver tests, as far as they are known."""
    panel = {
        drug: "positive" if results[f"urine_{drug}"] else "negative" for drug in URINE if f"urine_{drug}" in results
    }
    challenge, liver = results.get("naloxone_challenge"), results.get("liver_tests_high")
    return known(
        discharge_checklist=situations.checklist(known_of.facts),
        urine=panel,
        challenge=None if challenge is None else "positive" if challenge else "negative",
        lft=None if liver is None else "high" if liver else "ok",
    )


def _allowed(known_of: PatientContext) -> Raw:
    """Whether methadone may be started here: said by the ward, and asked in that programme alone."""
    if known_of.admission.programme != METHADONE_START:
        return {}
    return known(setting_authorised=None if known_of.allowed is None else METHADONE_START in known_of.allowed)


def _plan(known_of: PatientContext) -> Raw:
    """The plan where decisions have brought it. `previous_mg` is the step that a step up would return to."""
    plan, admission, now = known_of.plan, known_of.admission, known_of.now
    # scale 1 is what every admission starts with; only 2 was set by somebody
    started = _started(plan, known_of.doses) or admission.admitted_at
    known_plan = known(
        day=day_number(started, now),
        spo2_scale=2 if admission.spo2_scale == 2 else None,
        proposed_first_mg=known_of.proposed.first_mg,
        proposed_daily_mg=known_of.proposed.daily_mg,
    )
    if plan is None:
        return known_plan
    at, last = plan.current_step, len(plan.steps)
    falls = at < last and plan.step(at + 1).dose_mg < plan.step(at).dose_mg
    since = hours(plan.step_since, now)
    starting = admission.programme.endswith(("_start", "_induction"))
    return known_plan | known(
        drug=plan.drug,
        dose_asked=False,
        signed=plan.signed_at is not None,
        daily_levels=True,
        current_mg=plan.step(at).dose_mg,
        next_mg=plan.step(at + 1).dose_mg if falls else None,
        previous_mg=plan.step(at - 1).dose_mg if at > 1 else None,
        step_due=None if since is None else falls and since >= plan.interval_h,
        hours_since_last_step=since,
        min_step_interval_h=plan.interval_h,
        failed_step_downs=plan.failed_step_downs,
        days_at_dose=None if plan.step_since is None else day_number(plan.step_since, now),
        proposed_daily_mg=known_plan.get("proposed_daily_mg") or (plan.step(at).dose_mg if starting else None),
        missed_days=_missed_days(plan, known_of.doses, now, known_of.zone, daily=admission.programme in OBSERVED_DAILY),
    )


def day_number(since: datetime, now: datetime) -> int:
    """Which day of 24 hours it is since a moment, the first being 1: of an admission, of a course, at a dose."""
    return max((now - since).days, 0) + 1


def _started(plan: TaperPlan | None, doses: Sequence[Dose]) -> datetime | None:
    """When the first dose of the plan's drug was given: its day 1. `doses` are oldest first."""
    return next((d.given_at for d in doses if plan and d.drug == plan.drug and d.status == "given"), None)


def _missed_days(plan: TaperPlan, doses: Sequence[Dose], now: datetime, zone: ZoneInfo, *, daily: bool) -> int | None:
    """Days in a row before today on which the dose is charted as held or refused and none as given.

    A day on which nothing is charted is unknown. Under daily observed dosing it counts as missed, back to the last
    day with a dose; in other programmes it ends the count.
    """
    by_day: dict[date, set[str]] = {}
    for dose in doses:
        if dose.drug == plan.drug:
            by_day.setdefault(dose.given_at.astimezone(zone).date(), set()).add(dose.status)
    day = now.astimezone(zone).date()
    if "given" in by_day.get(day, ()):
        return 0
    missed = 0
    day -= timedelta(days=1)
    given = [one for one, charted in by_day.items() if "given" in charted]
    if daily and given:
        return max((day - max(given)).days, 0)
    while (charted := by_day.get(day)) and "given" not in charted:
        missed += 1
        day -= timedelta(days=1)
    return missed if missed or day in by_day else None


def _observation(seen: Observation, now: datetime) -> Raw:
    return observed(seen, now, _vitals(seen), _cows(seen.assessment("cows"))) | known(sows=_sows(seen))


def _sows(seen: Observation) -> list[Raw]:
    """Every SOWS of which an item was rated."""
    return [
        {"scale": made.scale, "at_least": made.at_least, "complete": made.complete}
        for made in seen.assessments
        if made.scale in SOWS and made.items
    ]


def _cows(made: Assessment | None) -> Raw | None:
    if made is None:
        return None
    short = {item.id: item.short for item in scale(made.scale).items}
    return known(scale="COWS", total=made.total, items={short[item]: points for item, points in made.items.items()})


def _vitals(seen: Observation) -> Raw:
    other = seen.assessment(SEDATIVE_SCALE)
    return short_vitals(seen) | known(
        ciwa_ar=_sedative_score(other),
        intoxicated=True if seen.other.get("intoxicated") else None,
        pupils="pinpoint" if seen.other.get("pinpoint_pupils") else None,
        pulse_item_reason=seen.pulse_reason or None,
    )


def _sedative_score(made: Assessment | None) -> int | None:
    """The total; of one that lacks items the lower bound, where that alone calls for treatment already."""
    if made is None or made.total is not None:
        return made.total if made else None
    return made.at_least if made.at_least >= content().limits.ciwa_treat.value else None
