"""A stay as a case of the suggestion engine, built from what was kept and from nothing else.

What nobody has charted stays absent, so that the engine reads it as unknown. Used for what the protocol would suggest,
and for what holds a dose.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.clinical import situations
from detox.clinical.giving import ALLOWED
from detox.clinical.model import Admission, Assessment, Dose, Observation, StayFact, TaperPlan
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.suggestions.content import content
from detox.store import find, orders
from detox.store.case_events import Raw, events_of, hours, known, observed, read_back, short_vitals
from detox.store.connection import Connection

LABS = {"qtc_ms": "qtc_ms", "k": "potassium_mmol_l", "egfr": "egfr_ml_min"}
URINE = ("opiate", "fentanyl", "methadone", "buprenorphine")
SEDATIVE_SCALE = "ciwa-ar"
METHADONE_START = "methadone_start"
OBSERVED_DAILY = ("maintenance_dot", "hat")


def case_of(tx: Connection, admission: Admission, now: datetime) -> Raw:
    """The stay as a case of the suggestion engine: ages count back from `now`, absent is unknown."""
    plan = plan_in_force(find.plans(tx, admission.id))
    doses = find.doses(tx, admission.id)
    facts = situations.newest(orders.stay_facts(tx, admission.id))
    results = _results(tx, admission, now)
    fentanyl = facts.get("fentanyl")
    about = known(
        id=admission.id,
        setting=admission.setting,
        programme=admission.programme,
        patient=_patient(admission, now) | _situation(facts, results),
        plan=_plan(plan, admission, doses, now, _zone(tx, admission))
        | _asked(facts, results)
        | _allowed(tx, admission),
        opioid_use=known(
            opioid=admission.opioid or None,
            h_ago=hours(admission.last_use_at, now),
            fentanyl=fentanyl.value if fentanyl else None,
        ),
    )
    seen = read_back(tx, admission, about, now)
    return about | known(
        doses=[
            known(drug=d.drug, mg=d.dose_mg, h_ago=hours(d.given_at, now))
            for d in doses
            if d.status == "given" and not d.elsewhere
        ],
        events=events_of(tx, admission, seen, doses, now),
        observations=[_observation(o, now) for o in reversed(seen) if o.replaced_by is None],
    )


def _results(tx: Connection, admission: Admission, now: datetime) -> dict[str, float]:
    """The newest of each result. An old ECG no longer reassures; a dangerous one stands until there is a newer."""
    limits = content().limits
    found = {}
    for name in (*LABS.values(), *(o.name for o in vitals_file().other if o.kind == "result")):
        found_at = find.last_other(tx, admission.id, name)
        if found_at is None or found_at[0] > now:
            continue
        old = name == LABS["qtc_ms"] and now - found_at[0] > timedelta(days=limits.qtc_days.value)
        if not old or found_at[1] >= limits.qtc_stop.value:
            found[name] = found_at[1]
    return found


def _situation(facts: Mapping[str, StayFact], results: Mapping[str, float]) -> Raw:
    """Conditions, medicines and laboratory values. A list is empty only where somebody has answered."""
    asked = [one.name for one in situations.situations_file().situation if one.options]
    answered = all(name in facts for name in asked if name not in ("pregnancy", "fentanyl"))
    conditions = situations.conditions(facts)
    labs = known(**{short: results.get(name) for short, name in LABS.items()})
    if results.get("creatinine_high") == 1:
        labs["creatinine_flag"] = "high"
    told: Raw = {"labs": labs} if labs else {}
    if conditions or answered:
        told["conditions"] = conditions
    if "medicines" in facts:
        told["other_meds"] = situations.pieces(facts, "medicines")
    return told


def _asked(facts: Mapping[str, StayFact], results: Mapping[str, float]) -> Raw:
    """The checklist, the urine panel, the challenge and the liver tests, as far as they are known."""
    panel = {
        drug: "positive" if results[f"urine_{drug}"] else "negative" for drug in URINE if f"urine_{drug}" in results
    }
    challenge, liver = results.get("naloxone_challenge"), results.get("liver_tests_high")
    return known(
        discharge_checklist=situations.checklist(facts),
        urine=panel,
        challenge=None if challenge is None else "positive" if challenge else "negative",
        lft=None if liver is None else "high" if liver else "ok",
    )


def _allowed(tx: Connection, admission: Admission) -> Raw:
    """Whether methadone may be started here: said by the ward, and asked in that programme alone."""
    if admission.programme != METHADONE_START:
        return {}
    said = orders.ward_setting(tx, admission.ward_id, ALLOWED)
    return known(setting_authorised=None if said is None else METHADONE_START in said.split())


def plan_in_force(plans: Sequence[TaperPlan]) -> TaperPlan | None:
    """The signed plan that runs; without one the newest draft; None when there is neither. `plans` are newest first."""
    running = [p for p in plans if p.ended_at is None]
    return next((p for p in running if p.signed_at is not None), running[0] if running else None)


def _patient(admission: Admission, now: datetime) -> Raw:
    born = admission.patient.born_on
    today = now.date()
    age = None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return known(age=age, sex_at_birth=admission.patient.sex_at_birth, pregnancy=admission.pregnancy)


def _plan(plan: TaperPlan | None, admission: Admission, doses: Sequence[Dose], now: datetime, zone: ZoneInfo) -> Raw:
    """The plan where decisions have brought it. `previous_mg` is the step that a step up would return to."""
    # scale 1 is what every stay starts with; only 2 was set by somebody
    started = _started(plan, doses) or admission.admitted_at
    stay = known(day=(now - started).days + 1, spo2_scale=2 if admission.spo2_scale == 2 else None)
    if plan is None:
        return stay
    at, last = plan.current_step, len(plan.steps)
    falls = at < last and plan.step(at + 1).dose_mg < plan.step(at).dose_mg
    since = hours(plan.step_since, now)
    return stay | known(
        drug=plan.drug,
        signed=plan.signed_at is not None,
        daily_levels=True,
        current_mg=plan.step(at).dose_mg,
        next_mg=plan.step(at + 1).dose_mg if falls else None,
        previous_mg=plan.step(at - 1).dose_mg if at > 1 else None,
        step_due=None if since is None else falls and since >= plan.interval_h,
        hours_since_last_step=since,
        min_step_interval_h=plan.interval_h,
        failed_step_downs=plan.failed_step_downs,
        days_at_dose=None if since is None else int(since // 24),
        proposed_daily_mg=plan.step(at).dose_mg if admission.programme.endswith(("_start", "_induction")) else None,
        missed_days=_missed_days(plan, doses, now, zone, daily=admission.programme in OBSERVED_DAILY),
    )


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
    return observed(seen, now, _vitals(seen), _cows(seen.assessment("cows")))


def _cows(made: Assessment | None) -> Raw | None:
    if made is None:
        return None
    short = {item.id: item.short for item in scale(made.scale).items}
    return known(scale="COWS", total=made.total, items={short[item]: points for item, points in made.items.items()})


def _vitals(seen: Observation) -> Raw:
    other = seen.assessment(SEDATIVE_SCALE)
    return short_vitals(seen) | known(
        ciwa_ar=other.total if other else None,
        intoxicated=True if seen.other.get("intoxicated") else None,
        pupils="pinpoint" if seen.other.get("pinpoint_pupils") else None,
        pulse_item_reason=seen.pulse_reason or None,
    )


def _zone(tx: Connection, admission: Admission) -> ZoneInfo:
    return ZoneInfo(next(w.time_zone for w in find.wards(tx) if w.id == admission.ward_id))
