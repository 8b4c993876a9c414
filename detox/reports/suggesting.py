"""What the protocol would suggest for a stay now: the case is built from what was kept, and from nothing else.

What nobody has charted stays absent, so that the engine reads it as unknown.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.clinical import situations
from detox.clinical.case import read_case
from detox.clinical.giving import ALLOWED
from detox.clinical.model import Admission, Assessment, Decision, Dose, Observation, StayFact, TaperPlan, Vitals
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.suggestions import Suggestion, suggest
from detox.clinical.suggestions.content import content
from detox.instants import CLOCK_TOLERANCE
from detox.store import Connection, find, orders

LOOK_BACK = timedelta(days=3)
SHORT = {
    "rr": "respiratory_rate_per_min",
    "spo2": "spo2_percent",
    "hr": "heart_rate_per_min",
    "sbp": "systolic_mmhg",
    "dbp": "diastolic_mmhg",
    "temp_c": "temperature_c",
    "poss": "sedation",
    "avpu": "consciousness",
    "breath_alcohol_pct": "breath_alcohol_percent",
}
LABS = {"qtc_ms": "qtc_ms", "k": "potassium_mmol_l", "egfr": "egfr_ml_min"}
URINE = ("opiate", "fentanyl", "methadone", "buprenorphine")
SEDATIVE_SCALE = "ciwa-ar"
METHADONE_START = "methadone_start"
OBSERVED_DAILY = ("maintenance_dot", "hat")

Raw = dict[str, object]


def current(tx: Connection, admission: Admission, now: datetime) -> Suggestion:
    """What the protocol would suggest now, from what is kept at this moment. Decides nothing and keeps nothing."""
    return suggest(read_case(case_of(tx, admission, now)))


def case_of(tx: Connection, admission: Admission, now: datetime) -> Raw:
    """The stay as a case of the suggestion engine: ages count back from `now`, absent is unknown."""
    plan = plan_in_force(find.plans(tx, admission.id))
    doses = find.doses(tx, admission.id)
    decisions = find.decisions(tx, admission.id)
    seen = find.observations(tx, admission.id, start=now - LOOK_BACK, replaced=True)
    standing = [o for o in seen if o.replaced_by is None]
    facts = situations.newest(orders.stay_facts(tx, admission.id))
    results = _results(tx, admission, now)
    fentanyl = facts.get("fentanyl")
    return _known(
        id=admission.id,
        setting=admission.setting,
        programme=admission.programme,
        patient=_patient(admission, now) | _situation(facts, results),
        plan=_plan(plan, admission, doses, now, _zone(tx, admission))
        | _asked(facts, results)
        | _allowed(tx, admission),
        opioid_use=_known(
            opioid=admission.opioid or None,
            h_ago=_hours(admission.last_use_at, now),
            fentanyl=fentanyl.value if fentanyl else None,
        ),
        doses=[
            _known(drug=d.drug, mg=d.dose_mg, h_ago=_hours(d.given_at, now))
            for d in doses
            if d.status == "given" and not d.elsewhere
        ],
        events=[
            *_from_elsewhere(doses, now),
            *_reversed(doses, now),
            *_vomited(doses, now),
            *_happened(standing, now),
            *_asleep(standing, now),
            *_cleared_by_physician(tx, admission, decisions, now),
            *_corrected(seen, doses, decisions, now),
        ],
        observations=[_observation(o, now) for o in reversed(standing)],
    )


def _results(tx: Connection, admission: Admission, now: datetime) -> dict[str, float]:
    """The newest of each result. An old ECG no longer reassures; a dangerous one stands until there is a newer."""
    limits = content().limits
    found = {}
    for name in (*LABS.values(), *(o.name for o in vitals_file().other if o.kind == "result")):
        known = find.last_other(tx, admission.id, name)
        if known is None or known[0] > now:
            continue
        old = name == LABS["qtc_ms"] and now - known[0] > timedelta(days=limits.qtc_days.value)
        if not old or known[1] >= limits.qtc_stop.value:
            found[name] = known[1]
    return found


def _situation(facts: Mapping[str, StayFact], results: Mapping[str, float]) -> Raw:
    """Conditions, medicines and laboratory values. A list is empty only where somebody has answered."""
    asked = [one.name for one in situations.situations_file().situation if one.options]
    answered = all(name in facts for name in asked if name not in ("pregnancy", "fentanyl"))
    conditions = situations.conditions(facts)
    labs = _known(**{short: results.get(name) for short, name in LABS.items()})
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
    return _known(
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
    return _known(setting_authorised=None if said is None else METHADONE_START in said.split())


def plan_in_force(plans: Sequence[TaperPlan]) -> TaperPlan | None:
    """The signed plan that runs; without one the newest draft; None when there is neither. `plans` are newest first."""
    running = [p for p in plans if p.ended_at is None]
    return next((p for p in running if p.signed_at is not None), running[0] if running else None)


def _known(**fields: object) -> Raw:
    """The fields that say something: None and empty forms are left out."""
    return {name: value for name, value in fields.items() if value is not None and value not in ({}, [])}


def _patient(admission: Admission, now: datetime) -> Raw:
    born = admission.patient.born_on
    today = now.date()
    age = None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return _known(age=age, sex_at_birth=admission.patient.sex_at_birth, pregnancy=admission.pregnancy)


def _plan(plan: TaperPlan | None, admission: Admission, doses: Sequence[Dose], now: datetime, zone: ZoneInfo) -> Raw:
    """The plan where decisions have brought it. `previous_mg` is the step that a step up would return to."""
    # scale 1 is what every stay starts with; only 2 was set by somebody
    started = _started(plan, doses) or admission.admitted_at
    stay = _known(day=(now - started).days + 1, spo2_scale=2 if admission.spo2_scale == 2 else None)
    if plan is None:
        return stay
    at, last = plan.current_step, len(plan.steps)
    falls = at < last and plan.step(at + 1).dose_mg < plan.step(at).dose_mg
    since = _hours(plan.step_since, now)
    return stay | _known(
        drug=plan.drug,
        signed=plan.signed_at is not None,
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
    return _known(
        min_ago=_minutes(seen.taken_at, now),
        by=seen.recorded_by or None,
        note=seen.note or None,
        cows=_cows(seen.assessment("cows")),
        vitals=_vitals(seen.vitals, seen),
    )


def _cows(made: Assessment | None) -> Raw | None:
    if made is None:
        return None
    short = {item.id: item.short for item in scale(made.scale).items}
    return _known(scale="COWS", total=made.total, items={short[item]: points for item, points in made.items.items()})


def _vitals(vitals: Vitals, seen: Observation) -> Raw:
    other = seen.assessment(SEDATIVE_SCALE)
    return _known(
        **{short: getattr(vitals, name) for short, name in SHORT.items()},
        ciwa_ar=other.total if other else None,
        intoxicated=True if seen.other.get("intoxicated") else None,
        pupils="pinpoint" if seen.other.get("pinpoint_pupils") else None,
        pulse_item_reason=seen.pulse_reason or None,
    )


def _from_elsewhere(doses: Sequence[Dose], now: datetime) -> Iterator[Raw]:
    for dose in doses:
        if dose.status == "given" and dose.elsewhere:
            yield _known(type="external_dose", drug=dose.drug, mg=dose.dose_mg, h_ago=_hours(dose.given_at, now))


def _reversed(doses: Sequence[Dose], now: datetime) -> Iterator[Raw]:
    """Naloxone and nalmefene that were given; a challenge before naltrexone is charted as a result, not as a dose."""
    for dose in doses:
        if dose.status == "given" and dose.drug in ("naloxone", "nalmefene"):
            yield {"type": "naloxone_given", "h_ago": _hours(dose.given_at, now)}


def _vomited(doses: Sequence[Dose], now: datetime) -> Iterator[Raw]:
    for dose in doses:
        if dose.vomited_at is not None:
            yield {"type": "vomiting", "h_ago": _hours(dose.vomited_at, now), "note": f"vomited dose of {dose.drug}"}


def _happened(standing: Sequence[Observation], now: datetime) -> Iterator[Raw]:
    """Signs and events of the sets, under the names that the rules know; vomits that were counted are vomiting."""
    named = {o.name: o.event for o in vitals_file().other if o.event}
    for seen in standing:
        for name, event in named.items():
            if seen.other.get(name):
                yield {"type": event, "h_ago": _hours(seen.taken_at, now)}
        if seen.other.get("vomits"):
            yield {"type": "vomiting", "h_ago": _hours(seen.taken_at, now)}


def _asleep(standing: Sequence[Observation], now: datetime) -> Iterator[Raw]:
    for seen in standing:
        if seen.not_done == "asleep":
            yield {"type": "cows_not_assessed_asleep", "h_ago": _hours(seen.taken_at, now)}


def _cleared_by_physician(
    tx: Connection, admission: Admission, decisions: Sequence[Decision], now: datetime
) -> Iterator[Raw]:
    """When a physician answered: by a decision or to a critical alert. A nurse's answer clears nothing."""
    moments = [d.decided_at for d in decisions]
    people = find.clinicians(tx)
    others = {c.name for c in people if c.role != "physician"}
    physicians = {c.name for c in people if c.role == "physician"} - others
    for alert in find.alerts(tx, admission.id, start=now - LOOK_BACK):
        if alert.finding.level == "critical" and alert.acknowledged_at is not None:
            moments += [at for at, who, _ in find.acknowledgements(tx, alert.id) if who in physicians]
    for moment in sorted(moments, reverse=True):
        yield {"type": "danger_flag", "h_ago": _hours(moment, now), "acknowledged_by_physician": True}


def _corrected(
    seen: Sequence[Observation], doses: Sequence[Dose], decisions: Sequence[Decision], now: datetime
) -> Iterator[Raw]:
    """Data behind the last decision were corrected after it: that decision's ground is gone until the next one."""
    if not decisions or decisions[0].verdict == "declined":
        return
    last = decisions[0]
    for entry in seen:
        if entry.replaces is None or entry.recorded_at is None:
            continue
        if entry.recorded_at > last.decided_at >= entry.taken_at:
            yield {
                "type": "basis_corrected",
                "h_ago": _hours(entry.recorded_at, now),
                "suggestion": last.chosen,
                "approved": True,
                "dose_given": any(d.status == "given" and d.given_at > last.decided_at for d in doses),
            }
            return


def _zone(tx: Connection, admission: Admission) -> ZoneInfo:
    return ZoneInfo(next(w.time_zone for w in find.wards(tx) if w.id == admission.ward_id))


def _minutes(moment: datetime, now: datetime) -> float:
    return math.ceil(_age(moment, now).total_seconds() / 60)


def _hours(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round(_age(moment, now).total_seconds() / 3600, 3)


def _age(moment: datetime, now: datetime) -> timedelta:
    """How long ago. A tablet's clock that runs a little ahead of the server's counts as now."""
    age = now - moment
    return timedelta(0) if -CLOCK_TOLERANCE <= age < timedelta(0) else age
