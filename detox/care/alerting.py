"""Keeping alerts in step with what was seen.

Which alerts hold is worked out by detox.clinical.alerts alone; here they are kept. Only data ends an alert.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from detox.clinical import alerts as rules
from detox.clinical import schedule
from detox.clinical.model import LEVELS, Alert, Background, Finding, Observation
from detox.store import Connection, find, keep
from detox.store import background as backgrounds


def settle(
    tx: Connection, kept: Observation, earlier: Sequence[Observation], background: Background, now: datetime
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Open, escalate and resolve what a new observation changes; returns the alerts opened and resolved.

    A late entry (older than the newest one) may change what later ones meant: then the stay is worked out anew.
    """
    if earlier and earlier[-1].taken_at > kept.taken_at:
        return settle_anew(tx, kept.admission_id, now, "data", late=kept.id)
    standing = {a.finding.problem: a for a in find.open_alerts(tx, kept.admission_id)}
    silent = next((a for a in standing.values() if a.finding.kind == "silence"), None)
    if silent is not None:
        del standing[silent.finding.problem]
    open_now = {problem: rules.OpenAlert(a.finding, a.opened_at) for problem, a in standing.items()}
    changes = rules.step(open_now, [*earlier, kept], background)
    if silent is not None and schedule.is_set(kept):
        recent = [*earlier, kept][-schedule.RECENT :]
        due = schedule.next_due(recent, rules.applied(open_now, changes).values(), background)
        if schedule.overdue(due, kept.taken_at) is None:  # the other of the two clocks may still be overdue
            keep.resolve(tx, silent.id, kept.taken_at, kept.id, "data")
    return _keep_changes(tx, kept.admission_id, standing, changes, now)


def settle_anew(
    tx: Connection, admission_id: str, now: datetime, resolution: str, *, late: str | None = None
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Work out the whole stay from its current observations and bring the kept alerts in line with it.

    An open alert that the data no longer raise ends as `resolution`; what they raise and nobody has seen yet opens
    now. Alerts that were right at their time stay as they were. What a `late` observation would have opened and the
    data have ended since is kept too, opened and ended: it happened, though nobody was told.
    """
    standing = {a.finding.problem: a for a in find.open_alerts(tx, admission_id) if a.finding.kind != "silence"}
    seen = find.observations(tx, admission_id)
    changes = rules.fold(seen, backgrounds.background(tx, find.admission(tx, admission_id)))
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
        if wanted is not None and _same(wanted.finding, alert.finding):
            should_stand.pop(problem)
            continue
        worse = wanted is not None and LEVELS.index(wanted.finding.level) >= LEVELS.index(alert.finding.level)
        keep.resolve(tx, alert.id, now, by, "escalated" if worse else resolution)
        resolved.append(find.alert(tx, alert.id))
    for change in should_stand.values():
        opened.append(_open(tx, admission_id, change, now))
    return tuple(opened), tuple(resolved)


def _same(wanted: Finding, kept: Finding) -> bool:
    return (wanted.rule, wanted.level) == (kept.rule, kept.level)


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
    """The stay has ended: its open alerts end with it and say so."""
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
