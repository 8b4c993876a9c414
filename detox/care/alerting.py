"""Keeping alerts in step with what was seen.

Which alerts hold is worked out by detox.clinical.alerts alone; here they are kept. Only data ends an alert.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from detox.clinical.alerts import folding as rules
from detox.clinical.entry_times import Span, judged
from detox.clinical.looking_back import recent_sets
from detox.clinical.model import LEVELS, Alert, Background, Finding, Observation
from detox.clinical.monitoring import schedule
from detox.store import Connection, find, keep
from detox.store import background as backgrounds


def settle(
    tx: Connection, kept: Observation, earlier: Sequence[Observation], background: Background, now: datetime
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Open, escalate and resolve what a new observation changes; returns the alerts opened and resolved.

    A late entry (older than the newest one) may change what later ones meant: then the admission is worked out anew.
    One of before the admission changes nothing.
    """
    span = judged(background.admitted_at, now)
    if not span.holds(kept.taken_at):
        return (), ()
    if earlier and earlier[-1].taken_at > kept.taken_at:
        return settle_anew(tx, kept.admission_id, now, "data", late=kept.id)
    standing = {a.finding.problem: a for a in find.open_alerts(tx, kept.admission_id)}
    silent = next((a for a in standing.values() if a.finding.kind == "silence"), None)
    if silent is not None:
        del standing[silent.finding.problem]
    ahead = {p: a for p, a in standing.items() if span.is_ahead(a.opened_at)}
    for problem in ahead:
        del standing[problem]
    if standing and _not_in_order(earlier):
        admission = find.admission(tx, kept.admission_id)
        before = [o for o in find.in_admission(tx, admission, now) if o.id != kept.id]
        open_now = rules.applied({}, rules.fold(before, background))
    else:
        open_now = {problem: rules.OpenAlert(a.finding, a.opened_at) for problem, a in standing.items()}
    changes = rules.step(open_now, [*earlier, kept], background)
    if silent is not None and schedule.is_set(kept):
        recent = [*earlier, kept][-recent_sets() :]
        due = schedule.next_due(recent, rules.applied(open_now, changes).values(), background)
        if schedule.overdue(due, kept.taken_at) is None:  # the other of the two clocks may still be overdue
            keep.resolve(tx, silent.id, kept.taken_at, kept.id, "data")
    left, replaced = _beside_those_ahead(tx, ahead, changes, kept, now)
    opened, resolved = _keep_changes(tx, kept.admission_id, standing, left, now)
    return opened, (*replaced, *resolved)


def _beside_those_ahead(
    tx: Connection, ahead: dict[str, Alert], changes: Sequence[rules.Change], kept: Observation, now: datetime
) -> tuple[list[rules.Change], list[Alert]]:
    """An alert of a set that is dated ahead stands until that set is corrected, or one as bad or worse takes its place.

    Returns the changes to keep, and the alerts that were replaced.
    """
    left, replaced = [], []
    for change in changes:
        alert = ahead.get(change.problem)
        if alert is not None and not _reaches(change.finding, alert.finding):
            continue
        if alert is not None:
            keep.resolve(tx, alert.id, now, kept.id, "escalated")
            replaced.append(find.alert(tx, alert.id))
        left.append(change)
    return left, replaced


def _not_in_order(seen: Sequence[Observation]) -> bool:
    """True where one of these came late or corrects another. An alert that was kept all the same may then have been
    opened by another set, and beside other rules, than the data tell now: what would end it or make it worse has to be
    taken from the data."""
    known = [o.recorded_at for o in seen if o.recorded_at is not None]
    return any(o.replaces is not None for o in seen) or known != sorted(known)


def settle_anew(
    tx: Connection, admission_id: str, now: datetime, resolution: str, *, late: str | None = None
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Work out the whole admission from its current observations and bring the kept alerts in line with it.

    An open alert that the data no longer raise ends as `resolution`; what they raise and nobody has seen yet opens
    now. Alerts that were right at their time stay as they were. What a `late` observation would have opened and the
    data have ended since is kept too, opened and ended: it happened, though nobody was told.

    Only what is judged at `now` counts. The alert of a set that is dated ahead stands until that set is corrected.
    """
    admission = find.admission(tx, admission_id)
    span = judged(admission.admitted_at, now)
    ahead = {o.id for o in find.ahead(tx, admission, now)}
    standing = {a.finding.problem: a for a in find.open_alerts(tx, admission_id) if a.finding.kind != "silence"}
    seen = find.in_admission(tx, admission, now)
    changes = rules.fold(seen, backgrounds.background(tx, admission, now=now))
    should_stand: dict[str, rules.Change] = {}
    for change in changes:
        if change.action == "resolved":
            should_stand.pop(change.problem, None)
        else:
            should_stand[change.problem] = change
    opened, resolved = [], []
    for number, change in enumerate(changes):
        of_late = late is not None and change.observation_id == late and change.action != "resolved"
        if of_late and should_stand.get(change.problem) is not change:
            opened.append(_past(tx, admission_id, change, changes[number + 1 :], now))
    by = late or (seen[-1].id if seen else None)  # a late set ends what it shows to have been otherwise
    for problem, alert in standing.items():
        wanted = should_stand.get(problem)
        if _goes_on(alert, wanted, ahead, span):
            should_stand.pop(problem, None)
            continue
        worse = wanted is not None and _reaches(wanted.finding, alert.finding) and not _moved(alert, ahead, span)
        keep.resolve(tx, alert.id, now, by, "escalated" if worse else resolution)
        resolved.append(find.alert(tx, alert.id))
    for change in should_stand.values():
        opened.append(_open(tx, admission_id, change, now))
    return tuple(opened), tuple(resolved)


def _goes_on(alert: Alert, wanted: rules.Change | None, ahead: set[str], span: Span) -> bool:
    """Whether an open alert stands as it is: what the data raise is no other, or its own set is dated ahead."""
    if alert.observation_id in ahead:
        return wanted is None or not _reaches(wanted.finding, alert.finding)
    return wanted is not None and _same(wanted.finding, alert.finding) and not _moved(alert, ahead, span)


def _moved(alert: Alert, ahead: set[str], span: Span) -> bool:
    """True when it was opened ahead of the clock by a set that has been corrected: it opens anew at its right time."""
    return span.is_ahead(alert.opened_at) and alert.observation_id not in ahead


def _same(wanted: Finding, kept: Finding) -> bool:
    return (wanted.rule, wanted.level) == (kept.rule, kept.level)


def _reaches(found: Finding, kept: Finding) -> bool:
    """True when it is at least as bad."""
    return LEVELS.index(found.level) >= LEVELS.index(kept.level)


def _past(
    tx: Connection, admission_id: str, change: rules.Change, later: Sequence[rules.Change], now: datetime
) -> Alert:
    """An alert of the past, kept with its end: the next change of its problem.

    It was replaced by a worse one only where such a one was kept; otherwise what was entered late ended it.
    """
    level = LEVELS.index(change.finding.level)
    worse = any(
        a.finding.problem == change.problem and LEVELS.index(a.finding.level) >= level
        for a in find.alerts(tx, admission_id)
    )
    alert = _open(tx, admission_id, change, now)
    end = next(c for c in later if c.problem == change.problem)
    how = "data" if end.action != "escalated" else "escalated" if worse else "amended"
    keep.resolve(tx, alert.id, end.at, end.observation_id, how)
    return find.alert(tx, alert.id)


def close_all(tx: Connection, admission_id: str, now: datetime) -> None:
    """The admission has ended: its open alerts end with it and say so."""
    for alert in find.open_alerts(tx, admission_id):
        keep.resolve(tx, alert.id, now, None, "discharged")


def _keep_changes(
    tx: Connection, admission_id: str, standing: dict[str, Alert], changes: Sequence[rules.Change], now: datetime
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    opened: list[Alert] = []
    resolved: list[Alert] = []
    for change in changes:
        before = standing.pop(change.problem, None)
        if before is not None:
            how = "escalated" if change.action == "escalated" else "data"
            keep.resolve(tx, before.id, change.at, change.observation_id, how)
            resolved.append(replace(before, resolved_at=change.at, resolved_by=change.observation_id, resolution=how))
        if change.action != "resolved":
            opened.append(_open(tx, admission_id, change, now))
    return tuple(opened), tuple(resolved)


def _open(tx: Connection, admission_id: str, change: rules.Change, now: datetime) -> Alert:
    alert = Alert(uuid.uuid4().hex, admission_id, change.observation_id, change.finding, change.at, recorded_at=now)
    keep.alert(tx, alert, now)
    return alert
