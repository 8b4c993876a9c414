"""What has happened on an admission, as events of the suggestion engine; and which dangers a physician has answered.

A decision answers the rules that it was shown, an answer to an alert what that alert measured, an answer to a problem
what belongs to it: each up to its moment. People are told apart by their ids.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from detox.chart.context import Happened, PatientContext
from detox.clinical.alerts.escalation import UNCONFIRMED
from detox.clinical.case import read_case
from detox.clinical.danger_content import dangers_file
from detox.clinical.looking_back import clock_tolerance, event_span
from detox.clinical.model import Alert, Answer, Decision, Dose, Finding, Observation
from detox.clinical.protocols import vitals_file
from detox.clinical.suggestions.danger import dangerous
from detox.clinical.suggestions.readings import MODEL

SHORT = {**MODEL, "poss": "sedation", "avpu": "consciousness"}
LASTING = ("chest_pain", "syncope", "seizure", "suicidal_intent", "overdose", "dehydration_signs")
"""Events that are a danger by themselves, at any age, until a physician has answered."""

Raw = dict[str, object]


def events_of(known_of: PatientContext, seen: Sequence[Observation]) -> list[Raw]:
    """Every event of the admission. `seen` are the observations that the engine reads."""
    now = known_of.now
    return [
        *_from_elsewhere(known_of.doses, now),
        *_reversed(known_of.doses, now),
        *_vomited(known_of.doses, now),
        *_happened(seen, now),
        *_asleep(seen, now),
        *_besides(known_of.events, now),
        *_answered(known_of),
        *_corrected(known_of, seen),
    ]


def read_by_rules(known_of: PatientContext, about: Raw) -> list[Observation]:
    """The observations that the engine reads, oldest first.

    Those of the last days; older ones only where they show a danger by themselves, or a sign that lasts. `about` are
    the fields of the case beside them.
    """
    start = known_of.now - event_span()
    older = [o for o in known_of.observations if o.taken_at < start]
    recent = [o for o in known_of.observations if o.taken_at >= start]
    return [*_still_dangerous(older, about, known_of.now), *recent]


def observed(seen: Observation, now: datetime, vitals: Raw, cows: Raw | None) -> Raw:
    """One observation as the engine reads it, with how long it has been known."""
    return known(
        min_ago=minutes(seen.taken_at, now),
        kept_min_ago=None if seen.recorded_at is None else _age(seen.recorded_at, now).total_seconds() / 60,
        by=seen.recorded_by or None,
        by_id=seen.author.id if seen.author else None,
        note=seen.note or None,
        cows=cows,
        vitals=vitals,
    )


def short_vitals(seen: Observation) -> Raw:
    """The vitals that were measured, under the engine's names."""
    return known(**{short: getattr(seen.vitals, name) for short, name in SHORT.items()})


def known(**fields: object) -> Raw:
    """The fields that say something: None and empty forms are left out."""
    return {name: value for name, value in fields.items() if value is not None and value not in ({}, [])}


def minutes(moment: datetime, now: datetime) -> float:
    """How many minutes ago, counted up."""
    return math.ceil(_age(moment, now).total_seconds() / 60)


def hours(moment: datetime | None, now: datetime) -> float | None:
    """How many hours ago, to the thousandth."""
    return None if moment is None else round(_age(moment, now).total_seconds() / 3600, 3)


def _still_dangerous(older: Sequence[Observation], about: Raw, now: datetime) -> list[Observation]:
    """Which of them a rule of danger fires on by itself; a sign that lasts is always one."""
    named = {o.name for o in vitals_file().other if o.event in LASTING}
    signs = {o.id for o in older if any(o.other.get(name) for name in named)}
    rated = {o.id: o.assessment("cows") for o in older}
    case = about | {
        "observations": [
            observed(
                o, now, short_vitals(o), known(scale="COWS", total=made.at_least) if (made := rated[o.id]) else None
            )
            for o in older
        ]
    }
    ages = dangerous(read_case(case)) if older else set()
    return [o for o in older if o.id in signs or minutes(o.taken_at, now) in ages]


def _from_elsewhere(doses: Sequence[Dose], now: datetime) -> Iterator[Raw]:
    for dose in doses:
        if dose.status == "given" and dose.elsewhere:
            yield known(type="external_dose", drug=dose.drug, mg=dose.dose_mg, h_ago=hours(dose.given_at, now))


def _reversed(doses: Sequence[Dose], now: datetime) -> Iterator[Raw]:
    """Naloxone and nalmefene that were given; a challenge before naltrexone is charted as a result, not as a dose."""
    for dose in doses:
        if dose.status == "given" and dose.drug in ("naloxone", "nalmefene"):
            yield known(type="naloxone_given", h_ago=hours(dose.given_at, now), **_kept(dose, dose.given_at, now))


def _vomited(doses: Sequence[Dose], now: datetime) -> Iterator[Raw]:
    for dose in doses:
        if dose.vomited_at is not None:
            yield {"type": "vomiting", "h_ago": hours(dose.vomited_at, now), "note": f"vomited dose of {dose.drug}"}


def _happened(seen: Sequence[Observation], now: datetime) -> Iterator[Raw]:
    """Signs and events of the sets, under the names that the rules know; vomits that were counted are vomiting."""
    named = {o.name: o.event for o in vitals_file().other if o.event}
    for one in seen:
        for name, event in named.items():
            if one.other.get(name):
                yield known(type=event, h_ago=hours(one.taken_at, now), **_kept(one, one.taken_at, now))
        if one.other.get("vomits") and now - one.taken_at <= event_span():
            yield {"type": "vomiting", "h_ago": hours(one.taken_at, now)}


def _kept(charted: Observation | Dose, at: datetime, now: datetime) -> Raw:
    """Since when it has been known, where it was charted later than it happened."""
    late = charted.recorded_at is not None and charted.recorded_at > at
    return {"kept_h_ago": hours(charted.recorded_at, now)} if late else {}


def _asleep(seen: Sequence[Observation], now: datetime) -> Iterator[Raw]:
    for one in seen:
        if one.not_done == "asleep":
            yield {"type": "cows_not_assessed_asleep", "h_ago": hours(one.taken_at, now)}


def _besides(events: Sequence[Happened], now: datetime) -> Iterator[Raw]:
    for one in events:
        yield known(
            type=one.type,
            h_ago=hours(one.at, now),
            note=one.note or None,
            acknowledged_by_physician=one.acknowledged_by_physician,
            suggestion=one.suggestion,
            approved=one.approved,
            dose_given=one.dose_given,
        )


def _answered(known_of: PatientContext) -> Iterator[Raw]:
    """What a physician answered, newest first: by a decision or to a danger. A nurse's clears nothing."""
    alerts = {a.id: a for a in known_of.alerts}
    made = [(d.decided_at, rules) for d in known_of.decisions if (rules := rules_of(d))]
    made += [
        (a.at, told) for a in known_of.answers if a.by.role == "physician" and (told := _about(a, alerts, known_of))
    ]
    for moment, answers in sorted(made, reverse=True):
        yield {
            "type": "danger_flag", "h_ago": hours(moment, known_of.now), "acknowledged_by_physician": True,
            "answers": list(answers),
        }  # fmt: skip


def rules_of(made: Decision) -> tuple[str, ...]:
    """The rules of the suggestion that was shown to whoever decided."""
    rules = made.suggestion.get("rules")
    return tuple(map(str, rules)) if isinstance(rules, (list, tuple)) else ()


def _about(answer: Answer, alerts: Mapping[str, Alert], known_of: PatientContext) -> tuple[str, ...]:
    """What an answer speaks of, in the engine's names: what its alert measured, else all that belongs to its problem.

    An answer to a lesser warning speaks of no danger.
    """
    if answer.alert_id is None:
        return _of_problem(answer.problem, with_vitals=True)
    alert = alerts.get(answer.alert_id)
    if alert is None or not red(alert.finding):
        return ()
    return (*_told(alert.finding.values), *_of_problem(answer.problem, with_vitals=False))


def red(finding: Finding) -> bool:
    """True for a critical finding, and for a red reading that still waits to be repeated."""
    return finding.level == "critical" or UNCONFIRMED in finding.values


def _of_problem(problem: str, *, with_vitals: bool) -> tuple[str, ...]:
    """The rules, events and vitals that belong to a problem."""
    file = dangers_file()
    row = file.named(problem)
    rules = file.rules_of(problem)
    if row is None:
        return rules
    return (*rules, *row.events, *(row.vitals if with_vitals else ()))


def _told(values: Mapping[str, object]) -> tuple[str, ...]:
    """What an alert spoke of: its vitals under the engine's names, and its events."""
    named = {o.name: o.event for o in vitals_file().other if o.event}
    short = [word for word, name in SHORT.items() if name in values]
    return (*short, *("cows" for name in values if name == "cows"), *(named[name] for name in values if name in named))


def _corrected(known_of: PatientContext, seen: Sequence[Observation]) -> Iterator[Raw]:
    """Data behind the last decision were corrected after it: that decision's ground is gone until the next one."""
    if not known_of.decisions or known_of.decisions[0].verdict == "declined":
        return
    last = known_of.decisions[0]
    moments = [
        o.recorded_at
        for o in seen
        if o.replaces is not None and o.recorded_at is not None and o.recorded_at > last.decided_at >= o.taken_at
    ]
    moments += [
        d.correction.at
        for d in known_of.corrected
        if d.correction is not None and d.recorded_at is not None
        if d.correction.at > last.decided_at >= d.recorded_at
    ]
    if moments:
        yield {
            "type": "basis_corrected",
            "h_ago": hours(max(moments), known_of.now),
            "suggestion": last.chosen,
            "approved": True,
            "dose_given": any(d.status == "given" and d.given_at > last.decided_at for d in known_of.doses),
        }


def _age(moment: datetime, now: datetime) -> timedelta:
    """How long ago. A tablet's clock that runs a little ahead of the server's counts as now."""
    age = now - moment
    return timedelta(0) if -clock_tolerance() <= age < timedelta(0) else age
