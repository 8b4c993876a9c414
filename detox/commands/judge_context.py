"""One line of `judge` as what is known of an admission: the same values that the store would hold after charting it.

Pure. What cannot be is left out by itself and named; of what nobody understands, that which bears on the next dose also
keeps every suggestion from going on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from detox.care.dosing import DRUGS
from detox.care.limits import limit_problems
from detox.chart.case import URINE
from detox.chart.context import Happened, Order, PatientContext, Proposed
from detox.chart.events import red
from detox.chart.judge import judge
from detox.clinical import entry_times, protocols, situations
from detox.clinical.alerts import folding
from detox.clinical.alerts.engine import alerts_file
from detox.clinical.alerts.folding import Change
from detox.clinical.danger_content import dangers_file
from detox.clinical.looking_back import clock_tolerance, event_span
from detox.clinical.model import (
    Admission,
    Alert,
    Answer,
    Author,
    Background,
    Decision,
    Dose,
    HistoryAnswer,
    IntervalOrder,
    Observation,
    Patient,
    PatientLimit,
    StepDown,
    TaperPlan,
    TaperStep,
)
from detox.clinical.suggestions.content import content
from detox.commands.judge_form import (
    RULES_EVENTS,
    AdmissionLine,
    AnswerForm,
    DecisionForm,
    LimitForm,
    Person,
    PlanForm,
)
from detox.commands.judge_sets import observations, others, said_in, sign_of
from detox.commands.judge_words import Unread, opioid_known, substance, understand
from detox.errors import Refused

ZONE = ZoneInfo("UTC")
"""A line names no ward: its days are those of UTC, whatever the offsets of its times."""


class Charted(NamedTuple):
    """What is known of the admission, and every observation that is judged, oldest first, however old."""

    context: PatientContext
    observations: tuple[Observation, ...]


def charted(line: AdmissionLine) -> Charted:
    """What the line says is known at its `now`. Raises Refused for what makes no sense at all, such as two sets of one
    id."""
    made: list[Decision] = []
    for number, one in enumerate(sorted(line.decisions, key=lambda d: d.at)):
        if not _why_not(line, one):
            made.append(_decision(line, number, one, made))
    return _charted(line, made)


def _charted(line: AdmissionLine, made: Sequence[Decision]) -> Charted:
    """With the decisions that were made so far, oldest first."""
    unread = Unread()
    for one in line.decisions:
        if why := _why_not(line, one):
            unread.tell(f"The decision of {one.at:%Y-%m-%d %H:%M} {why}: it counts for nothing")
    admission = _admission(line, unread)
    plan = _plan(line, admission, unread)
    doses = _doses(line, unread)
    events = _events(line, unread)
    seen = observations(line, admission, unread)
    current, ahead = _judged(admission.admitted_at, line.now, seen, unread)
    _stop_at_lost(current, unread)
    background = _background(line, admission, plan, doses, current, unread)
    recorded = {o.id: o.recorded_at or o.taken_at for o in current}
    every_alert = alerts_of(admission.id, folding.fold(current, background), recorded)
    answers = _answers(line, every_alert, unread)
    decisions = tuple(reversed(made))
    facts, results = _facts(line, admission, unread), _results(line, current, unread)
    understand(line, unread)
    context = PatientContext(
        now=line.now,
        admission=admission,
        zone=ZONE,
        background=background,
        observations=_looked_at(current, decisions, line.now),
        ahead=ahead,
        doses=doses,
        plans=(plan,) if plan is not None else (),
        orders=_orders_of(plan),
        facts=facts,
        results=results,
        alerts=tuple(a for a in every_alert if _dangerous(a) or any(said.alert_id == a.id for said in answers)),
        answers=answers,
        decisions=decisions,
        conditions=line.admission.patient.conditions,
        medicines=line.admission.patient.medicines,
        age=line.admission.patient.age,
        proposed=Proposed(line.proposed.first_mg, line.proposed.daily_mg),
        daily_use_mg=line.opioid_use.daily_mg,
        events=events,
        not_understood=tuple(unread.told),
        problems=tuple(unread.problems),
    )
    return Charted(context, current)


# --- who, and the plan


def _admission(line: AdmissionLine, unread: Unread) -> Admission:
    about, person = line.admission, line.admission.patient
    if about.admitted_at > line.now + clock_tolerance():
        raise Refused("admission.admitted_at lies after now: correct one of them.")
    opioid = line.opioid_use.opioid or ""
    if opioid and not opioid_known(opioid):
        unread.tell(f"opioid_use.opioid {opioid!r} is no opioid that the rules know", stops=True)
    return Admission(
        id=str(line.id),
        patient=Patient("", "", "", _born(person.age, line.now), person.sex_at_birth),
        ward_id="",
        bed=None,
        programme=about.programme,
        admitted_at=about.admitted_at,
        pregnancy=person.pregnancy or "unknown",
        setting=about.setting or "",
        opioid=opioid,
        last_use_at=line.opioid_use.last_at,
        spo2_scale=about.spo2_scale or 1,
    )


def _born(age: float | None, now: datetime) -> date | None:
    """A day of birth that gives that age now and for the half year before; None for an age that nobody has."""
    if age is None or not 0 <= age <= content().limits.age_possible_high.value:
        return None
    return (now - timedelta(days=round((int(age) + 0.5) * 365.25))).date()


def _plan(line: AdmissionLine, admission: Admission, unread: Unread) -> TaperPlan | None:
    form = line.plan
    if form is None:
        return None
    drug = _plan_drug(form, unread)
    step = 1 if form.step is None else form.step
    if form.step is None and len(form.steps_mg) > 1:
        unread.tell("plan.step is absent: where the plan stands is not known", stops=True)
    if not 1 <= step <= len(form.steps_mg):
        unread.tell(
            f"plan.step {step} is none of its steps 1 to {len(form.steps_mg)}: the plan is left out", stops=True
        )
        return None
    if drug is None:
        return None
    signed = form.signed_at
    if signed is not None and signed > line.now + clock_tolerance():
        unread.tell("plan.signed_at lies after now: the plan counts as not signed", stops=True)
        signed = None
    if form.interval_h is None:
        unread.tell("plan.interval_h is absent: the least time at a step is not known", stops=True)
    if (proposed := line.proposed.drug) and substance(proposed) != drug:
        unread.tell(f"proposed.drug {proposed!r} is not the plan's {drug}", stops=True)
    since = form.step_since
    if since is None and step == 1:
        since = signed  # a plan stands at its first step from its signature on
    return TaperPlan(
        id="plan",
        admission_id=admission.id,
        drug=drug,
        steps=tuple(TaperStep(n, mg) for n, mg in enumerate(form.steps_mg, start=1)),
        interval_h=form.interval_h or 0.0,
        written_by="",
        written_at=signed or line.now,
        signed_at=signed,
        current_step=step,
        step_since=since,
        previous_step=step - 1 if step > 1 else None,
    )


def _plan_drug(form: PlanForm, unread: Unread) -> str | None:
    found = substance(form.drug)
    if found not in DRUGS:
        unread.tell(f"plan.drug {form.drug!r} is none of {', '.join(DRUGS)}: the plan is left out", stops=True)
        return None
    return found


def _orders_of(plan: TaperPlan | None) -> tuple[Order, ...]:
    """Which signed daily dose was in force since when, as far as the line tells."""
    if plan is None or plan.signed_at is None or plan.step_since is None:
        return ()
    present = Order(plan.step_since, None, plan.drug, plan.step(plan.current_step).dose_mg)
    if plan.current_step != 2 or plan.step_since < plan.signed_at:
        return (present,)
    return (Order(plan.signed_at, plan.step_since, plan.drug, plan.step(1).dose_mg), present)


# --- doses and events


def _doses(line: AdmissionLine, unread: Unread) -> tuple[Dose, ...]:
    found = []
    for number, one in enumerate(line.doses, start=1):
        if one.at > line.now + clock_tolerance():
            unread.tell(f"The dose of {one.drug} at {one.at:%Y-%m-%d %H:%M} is dated ahead: it is left out", stops=True)
            continue
        made = _dose(
            line, f"dose-{number}", one.at, one.drug, one.form, one.mg if one.status == "given" else 0.0, one.by, unread
        )
        vomited = one.vomited_at
        if vomited is not None and not one.at <= vomited <= line.now + clock_tolerance():
            unread.tell(
                f"The dose of {one.drug} at {one.at:%Y-%m-%d %H:%M} was vomited before it or ahead: check", stops=True
            )
            vomited = None
        found.append(replace(made, status=one.status, elsewhere=one.elsewhere, vomited_at=vomited))
    for number, event in enumerate(line.events, start=1):
        if event.at > line.now + clock_tolerance():
            continue  # told with the events
        if event.type == "naloxone_given":
            # the rules ask that it was given, not how much
            made = _dose(line, f"event-{number}", event.at, "naloxone", event.form, event.mg or 0.0, event.by, unread)
            found.append(made)
        elif event.type == "external_dose":
            made = _dose(line, f"event-{number}", event.at, event.drug or "", event.form, event.mg, event.by, unread)
            found.append(replace(made, elsewhere=True))
    return tuple(sorted(found, key=lambda d: d.given_at))


def _dose(
    line: AdmissionLine, dose_id: str, at: datetime, drug: str, form: str | None, mg: float | None, by: Person | None,
    unread: Unread,
) -> Dose:  # fmt: skip
    known = substance(drug, form or "")
    if known is None:
        unread.tell(f"The dose of {drug!r} at {at:%Y-%m-%d %H:%M} is of no drug that is charted", stops=True)
    if mg is None:
        unread.tell(f"The dose of {drug or 'an unnamed drug'} at {at:%Y-%m-%d %H:%M} has no amount", stops=True)
    author = by.author if by is not None else None
    return Dose(
        dose_id, str(line.id), None, known or drug.strip().lower(), mg or 0.0, "given", at,
        recorded_at=at, recorded_by=author.name if author else "", role=author.role if author else "",
        form=form or "", author=author,
    )  # fmt: skip


def _events(line: AdmissionLine, unread: Unread) -> tuple[Happened, ...]:
    """What is neither a sign of a set nor a dose; those are read with the sets and doses."""
    found = []
    for one in line.events:
        if one.at > line.now + clock_tolerance():
            unread.tell(f"The event {one.type} at {one.at:%Y-%m-%d %H:%M} is dated ahead: it is left out", stops=True)
        elif sign_of(one) is None and one.type not in _OTHERWISE:
            if one.type not in RULES_EVENTS:
                unread.tell(f"The event {one.type!r} is none that is charted", stops=True)
                continue
            found.append(
                Happened(
                    one.type, one.at, one.note, one.acknowledged_by_physician, one.suggestion, one.approved,
                    one.dose_given,
                )
            )  # fmt: skip
    return tuple(found)


_OTHERWISE = ("naloxone_given", "external_dose", "cows_not_assessed_asleep")


def _judged(
    admitted_at: datetime, now: datetime, seen: Sequence[Observation], unread: Unread
) -> tuple[tuple[Observation, ...], tuple[Observation, ...]]:
    """The observations that are judged, and those dated later than now.

    A correction that is dated ahead is judged by nobody: what it was to replace still stands.
    """
    ahead = tuple(o for o in seen if o.taken_at > now + clock_tolerance())
    there = [o for o in seen if o.taken_at <= now + clock_tolerance()]
    by = {o.replaces: o.id for o in there if o.replaces is not None}
    marked = [replace(o, replaced_by=by.get(o.id)) for o in there]
    within = entry_times.judged(admitted_at, now)
    current = tuple(o for o in marked if o.replaced_by is None and within.holds(o.taken_at))
    for one in marked:
        if one.replaced_by is None and not within.holds(one.taken_at):
            unread.tell(f"The set of {one.taken_at:%Y-%m-%d %H:%M} lies before the admission: it is judged by nobody")
    return current, ahead


def _stop_at_lost(current: Sequence[Observation], unread: Unread) -> None:
    """A value that was left out speaks against going on until the same vital was measured after it."""
    for at, name, said in unread.lost:
        if not any(o.taken_at > at and getattr(o.vitals, name) is not None for o in current):
            unread.problems[said] = None


def _looked_at(current: Sequence[Observation], decisions: Sequence[Decision], now: datetime) -> tuple[Observation, ...]:
    """Those of the last days, and every older one that no decision has been shown, as the store reads them."""
    start = now - event_span()
    shown = decisions[0].decided_at if decisions else None
    return tuple(o for o in current if o.taken_at >= start or shown is None or (o.recorded_at or o.taken_at) > shown)


# --- what the rules ask beside the observations, and the alerts that follow


def _background(
    line: AdmissionLine, admission: Admission, plan: TaperPlan | None, doses: Sequence[Dose],
    current: Sequence[Observation], unread: Unread,
) -> Background:  # fmt: skip
    return Background(
        admitted_at=admission.admitted_at,
        programme=admission.programme,
        doses=tuple(d for d in doses if d.status == "given"),
        limits=_limits(line, admission, unread),
        intervals=_intervals(line, admission, unread),
        first=tuple(replace(o, assessments=()) for o in current[: alerts_file().baseline.within_sets]),
        first_weight=_first_weight(line, current, unread),
        setting=admission.setting,
        steps=_steps_down(plan),
        not_given=tuple(d for d in doses if d.status != "given"),
    )


def _first_weight(line: AdmissionLine, current: Sequence[Observation], unread: Unread) -> tuple[datetime, float] | None:
    """The weight of the admission, else the first that was charted in a set."""
    weight = line.admission.patient.weight_kg
    if weight is not None and (kept := others({"weight_kg": weight}, "admission", unread)):
        return line.admission.admitted_at, kept["weight_kg"]
    return next(((o.taken_at, o.other["weight_kg"]) for o in current if "weight_kg" in o.other), None)


def _steps_down(plan: TaperPlan | None) -> tuple[StepDown, ...]:
    """The last step down; when the ones before it were, the line does not tell."""
    if plan is None or plan.signed_at is None or plan.step_since is None or plan.current_step == 1:
        return ()
    before, present = plan.step(plan.current_step - 1).dose_mg, plan.step(plan.current_step).dose_mg
    return (StepDown(plan.step_since, plan.drug, before, present),) if present < before else ()


class _Named(NamedTuple):
    vital: str
    side: Literal["low", "high"]
    level: str


def _named_limit(name: str) -> _Named | None:
    """systolic_mmhg_high_critical, or the id of an alert rule that is one limit of one vital."""
    for one in protocols.vitals_file().ranges:
        for side in ("low", "high"):
            for level in ("warning", "critical"):
                if name == f"{one.vital}_{side}_{level}":
                    return _Named(one.vital, "low" if side == "low" else "high", level)
    rule = next((r for r in folding.alerts_file().rules if r.id == name), None)
    if rule is None or rule.kind != "limit" or rule.any or rule.of or len(rule.all) != 1:
        return None
    only = rule.all[0]
    if only.one_of or only.measure not in {one.vital for one in protocols.vitals_file().ranges}:
        return None
    return _Named(only.measure, "high" if only.operator in ("at_least", "above") else "low", rule.level)


def _limits(line: AdmissionLine, admission: Admission, unread: Unread) -> tuple[PatientLimit, ...]:
    """The limits that a physician has set for this patient and that the ward would have kept, oldest first."""
    groups: dict[tuple[datetime, str, str], tuple[PatientLimit, LimitForm]] = {}
    for one in line.limits:
        named_one = _named_limit(one.limit)
        if named_one is None:
            unread.tell(f"The limit {one.limit!r} is none that can be set for a patient: the ward's holds")
        elif one.by.role != "physician":
            unread.tell(f"The limit {one.limit} is not a physician's: the ward's holds")
        elif one.until is None:
            unread.tell(f"The limit {one.limit} has no end: the ward's holds")
        elif one.at <= line.now + clock_tolerance():
            key = (one.at, named_one.vital, named_one.side)
            made = groups[key][0] if key in groups else PatientLimit(
                f"limit-{len(groups)}", admission.id, named_one.vital, named_one.side, None, None, "as ordered",
                one.at, one.until, one.by.name,
            )  # fmt: skip
            made = replace(made, until_at=min(made.until_at, one.until))
            critical = named_one.level == "critical"
            made = replace(made, critical=one.value) if critical else replace(made, warning=one.value)
            groups[key] = made, one
    kept: list[PatientLimit] = []
    for made, one in sorted(groups.values(), key=lambda pair: pair[0].set_at):
        if problems := limit_problems(made, admission, made.set_at):
            unread.tell(f"The limit {one.limit}: {said_in(' '.join(problems.values()))}; the ward's holds")
            continue
        kept = [
            replace(o, ended_at=made.set_at)
            if (o.vital, o.side) == (made.vital, made.side) and o.holds_at(made.set_at)
            else o
            for o in kept
        ]
        kept.append(made)
    return tuple(kept)


def _intervals(line: AdmissionLine, admission: Admission, unread: Unread) -> tuple[IntervalOrder, ...]:
    """The intervals that were ordered. An order without an end only shortens."""
    found = []
    for number, one in enumerate(sorted(line.orders, key=lambda o: o.at), start=1):
        if one.at > line.now + clock_tolerance():
            unread.tell(f"The order of {one.at:%Y-%m-%d %H:%M} is dated ahead: it counts for nothing")
            continue
        found.append(
            IntervalOrder(
                f"order-{number}", admission.id, one.every_min, "as ordered", one.at, None, one.by.name, one.by.role
            )
        )
    return tuple(found)


def alerts_of(admission_id: str, changes: Iterable[Change], recorded: Mapping[str, datetime]) -> tuple[Alert, ...]:
    """Every alert that the changes opened, oldest first, with its end where it has one: as the ward keeps them.

    `recorded` says when each observation was kept; the id of an alert follows from its rule and time.
    """
    standing: dict[str, Alert] = {}
    every: list[Alert] = []
    for change in changes:
        before = standing.pop(change.problem, None)
        if before is not None:
            how = "escalated" if change.action == "escalated" else "data"
            every.append(replace(before, resolved_at=change.at, resolved_by=change.observation_id, resolution=how))
        if change.action != "resolved":
            standing[change.problem] = Alert(
                f"{change.finding.rule}@{change.at:%Y-%m-%dT%H:%M:%S.%f}", admission_id, change.observation_id,
                change.finding, change.at, recorded_at=recorded[change.observation_id],
            )  # fmt: skip
    return tuple(sorted([*every, *standing.values()], key=lambda a: a.opened_at))


def _dangerous(alert: Alert) -> bool:
    """Open, or critical and ended by data."""
    return alert.resolved_at is None or (alert.finding.level == "critical" and alert.resolution == "data")


# --- what people said


def _answers(line: AdmissionLine, every: Sequence[Alert], unread: Unread) -> tuple[Answer, ...]:
    found = []
    for number, one in enumerate(sorted(line.answers, key=lambda a: a.at), start=1):
        if one.at > line.now + clock_tolerance():
            unread.tell(f"The answer of {one.at:%Y-%m-%d %H:%M} is dated ahead: it counts for nothing")
        elif dangers_file().named(one.problem) is None:
            unread.tell(f"The answer of {one.at:%Y-%m-%d %H:%M}: there is no problem {one.problem!r}")
        else:
            alert = _answered_alert(one, every)
            found.append(
                Answer(
                    f"answer-{number}", str(line.id), one.problem, one.at, one.by.author, one.done, one.giving,
                    one.closes, alert.id if alert else None,
                )
            )  # fmt: skip
    return tuple(found)


def _answered_alert(one: AnswerForm, every: Sequence[Alert]) -> Alert | None:
    """The red alert of that problem that could be answered then: open, or ended by data. Else the danger itself was."""
    return next(
        (
            a
            for a in reversed(every)
            if a.finding.problem == one.problem
            and red(a.finding)
            and (a.recorded_at or a.opened_at) <= one.at
            and (a.resolved_at is None or a.resolved_at > one.at or _dangerous(a))
        ),
        None,
    )


def _why_not(line: AdmissionLine, one: DecisionForm) -> str:
    """Why a decision counts for nothing; empty where it counts."""
    if one.by.role != "physician":
        return "is not a physician's"
    if one.at > line.now + clock_tolerance():
        return "is dated ahead"
    return "was before the admission" if one.at < line.admission.admitted_at else ""


def _decision(line: AdmissionLine, number: int, form: DecisionForm, before: Sequence[Decision]) -> Decision:
    """With the rules that stood at its moment: the admission is judged as it was known then."""
    stood = judge(_charted(_as_of(line, form.at), before).context).suggestion
    author: Author = form.by.author
    return Decision(
        f"decision-{number}", str(line.id), form.verdict, form.chosen or stood.suggestion_class, form.reason, form.at,
        author.name, {"class": form.chosen or stood.suggestion_class, "rules": list(stood.rules)}, author=author,
    )  # fmt: skip


def _as_of(line: AdmissionLine, moment: datetime) -> AdmissionLine:
    """The line as it could have been written then: what was charted later is left out."""
    plan = line.plan
    if plan is not None and plan.signed_at is not None and plan.signed_at > moment:
        plan = None
    elif plan is not None and plan.step_since is not None and plan.step_since > moment and (plan.step or 1) > 1:
        plan = plan.model_copy(update={"step": (plan.step or 1) - 1, "step_since": None})
    return line.model_copy(
        update={
            "now": moment,
            "plan": plan,
            "observations": tuple(o for o in line.observations if o.at <= moment and (o.recorded_at or o.at) <= moment),
            "decisions": (),
            **{
                name: tuple(one for one in getattr(line, name) if one.at <= moment)
                for name in ("doses", "events", "labs", "answers", "limits", "orders")
            },
        }
    )


# --- facts, results, and words that nobody knows


def _facts(line: AdmissionLine, admission: Admission, unread: Unread) -> dict[str, HistoryAnswer]:
    tasks = [one.name for one in situations.discharge_file().item]
    if unknown := sorted(line.checklist.keys() - set(tasks)):
        raise Refused(f"The checklist has no {', '.join(map(repr, unknown))}: its lines are {', '.join(tasks)}.")
    told = {situations.CHECKED + name: situations.DONE for name, done in line.checklist.items() if done}
    if line.opioid_use.fentanyl is not None:
        told["fentanyl"] = line.opioid_use.fentanyl
    return {
        name: HistoryAnswer(name, admission.id, name, value, "", admission.admitted_at) for name, value in told.items()
    }


def _results(line: AdmissionLine, current: Sequence[Observation], unread: Unread) -> dict[str, tuple[datetime, float]]:
    """The newest of each laboratory value; what the urine panel of the line says counts as of now."""
    names = [one.name for one in protocols.vitals_file().other if one.group == "laboratory"]
    found = {name: (o.taken_at, o.other[name]) for o in current for name in names if name in o.other}
    for drug, result in line.urine.items():
        if drug not in URINE:
            unread.tell(f"The urine test {drug!r} is none of {', '.join(URINE)}", stops=result == "positive")
        elif result in ("positive", "negative"):
            found[f"urine_{drug}"] = line.now, 1.0 if result == "positive" else 0.0
    return found
