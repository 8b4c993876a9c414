"""What has happened on a stay, as events of the suggestion engine; and which dangers a physician has answered.

A decision answers the rules that it was shown, an answer to an alert what that alert measured, each up to its moment.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from detox.clinical.case import read_case
from detox.clinical.model import Admission, Decision, Dose, Observation
from detox.clinical.protocols import vitals_file
from detox.clinical.suggestions.danger import dangerous
from detox.clinical.suggestions.readings import MODEL
from detox.instants import CLOCK_TOLERANCE
from detox.store import find
from detox.store.connection import Connection

LOOK_BACK = timedelta(days=3)
"""How far back every reading is looked at; beyond it, one that shows a danger that nobody has answered."""
SHORT = {**MODEL, "poss": "sedation", "avpu": "consciousness"}
LASTING = ("chest_pain", "syncope", "seizure", "suicidal_intent", "overdose", "dehydration_signs")
"""Events that are a danger by themselves, at any age, until a physician has answered."""

Raw = dict[str, object]


def events_of(
    tx: Connection, admission: Admission, seen: Sequence[Observation], doses: Sequence[Dose], now: datetime
) -> list[Raw]:
    """Every event of the stay. `seen` are the observations that are read, replaced ones too."""
    current = [o for o in seen if o.replaced_by is None]
    decisions = find.decisions(tx, admission.id)
    wrong = [d for d in find.doses(tx, admission.id, corrected=True) if d.correction is not None]
    oldest = min((o.taken_at for o in current), default=now)
    return [
        *_from_elsewhere(doses, now),
        *_reversed(doses, now),
        *_vomited(doses, now),
        *_happened(current, now),
        *_asleep(current, now),
        *_answered(tx, admission, decisions, oldest, now),
        *_corrected(seen, doses, wrong, decisions, now),
    ]


def read_back(tx: Connection, admission: Admission, about: Raw, now: datetime) -> list[Observation]:
    """The observations that the engine reads, oldest first, replaced ones of the last days too.

    Older ones only where they show a danger that was kept after the newest decision, or a sign that lasts: what stood
    before that decision was shown to whoever made it. `about` are the fields of the case beside them.
    """
    start = now - LOOK_BACK
    seen = find.observations(tx, admission.id, start=start, replaced=True)
    shown = next((d.decided_at for d in find.decisions(tx, admission.id) if _rules(d)), None)
    older = [
        o
        for o in find.observations(tx, admission.id, end=start)
        if shown is None or o.recorded_at is None or o.recorded_at > shown
    ]
    return [*_still_dangerous(older, about, now), *seen]


def observed(seen: Observation, now: datetime, vitals: Raw, cows: Raw | None) -> Raw:
    """One observation as the engine reads it, with how long it has been known."""
    return known(
        min_ago=minutes(seen.taken_at, now),
        kept_min_ago=None if seen.recorded_at is None else _age(seen.recorded_at, now).total_seconds() / 60,
        by=seen.recorded_by or None,
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


def _happened(current: Sequence[Observation], now: datetime) -> Iterator[Raw]:
    """Signs and events of the sets, under the names that the rules know; vomits that were counted are vomiting."""
    named = {o.name: o.event for o in vitals_file().other if o.event}
    for seen in current:
        for name, event in named.items():
            if seen.other.get(name):
                yield known(type=event, h_ago=hours(seen.taken_at, now), **_kept(seen, seen.taken_at, now))
        if seen.other.get("vomits") and now - seen.taken_at <= LOOK_BACK:
            yield {"type": "vomiting", "h_ago": hours(seen.taken_at, now)}


def _kept(charted: Observation | Dose, at: datetime, now: datetime) -> Raw:
    """Since when it has been known, where it was charted later than it happened."""
    late = charted.recorded_at is not None and charted.recorded_at > at
    return {"kept_h_ago": hours(charted.recorded_at, now)} if late else {}


def _asleep(current: Sequence[Observation], now: datetime) -> Iterator[Raw]:
    for seen in current:
        if seen.not_done == "asleep":
            yield {"type": "cows_not_assessed_asleep", "h_ago": hours(seen.taken_at, now)}


def _answered(
    tx: Connection, admission: Admission, decisions: Sequence[Decision], oldest: datetime, now: datetime
) -> Iterator[Raw]:
    """What a physician answered, newest first: by a decision or to a critical alert. A nurse's clears nothing."""
    made = [(d.decided_at, rules) for d in decisions if (rules := _rules(d))]
    people = find.clinicians(tx)
    others = {c.name for c in people if c.role != "physician"}
    physicians = {c.name for c in people if c.role == "physician"} - others
    for alert in find.alerts(tx, admission.id, start=min(oldest, now - LOOK_BACK)):
        told = _told(alert.finding.values)
        if told and alert.finding.level == "critical" and alert.acknowledged_at is not None:
            made += [(at, told) for at, who, _ in find.acknowledgements(tx, alert.id) if who in physicians]
    for moment, answers in sorted(made, reverse=True):
        yield {
            "type": "danger_flag", "h_ago": hours(moment, now), "acknowledged_by_physician": True,
            "answers": list(answers),
        }  # fmt: skip


def _rules(made: Decision) -> tuple[str, ...]:
    """The rules of the suggestion that was shown to whoever decided."""
    rules = made.suggestion.get("rules")
    return tuple(map(str, rules)) if isinstance(rules, (list, tuple)) else ()


def _told(values: Mapping[str, object]) -> tuple[str, ...]:
    """What an alert spoke of: its vitals under the engine's names, and its events."""
    named = {o.name: o.event for o in vitals_file().other if o.event}
    short = [word for word, name in SHORT.items() if name in values]
    return (*short, *("cows" for name in values if name == "cows"), *(named[name] for name in values if name in named))


def _corrected(
    seen: Sequence[Observation], doses: Sequence[Dose], wrong: Sequence[Dose], decisions: Sequence[Decision],
    now: datetime,
) -> Iterator[Raw]:  # fmt: skip
    """Data behind the last decision were corrected after it: that decision's ground is gone until the next one."""
    if not decisions or decisions[0].verdict == "declined":
        return
    last = decisions[0]
    moments = [
        o.recorded_at
        for o in seen
        if o.replaces is not None and o.recorded_at is not None and o.recorded_at > last.decided_at >= o.taken_at
    ]
    moments += [
        d.correction.at
        for d in wrong
        if d.correction is not None and d.recorded_at is not None
        if d.correction.at > last.decided_at >= d.recorded_at
    ]
    if moments:
        yield {
            "type": "basis_corrected",
            "h_ago": hours(max(moments), now),
            "suggestion": last.chosen,
            "approved": True,
            "dose_given": any(d.status == "given" and d.given_at > last.decided_at for d in doses),
        }


def _age(moment: datetime, now: datetime) -> timedelta:
    """How long ago. A tablet's clock that runs a little ahead of the server's counts as now."""
    age = now - moment
    return timedelta(0) if -CLOCK_TOLERANCE <= age < timedelta(0) else age
