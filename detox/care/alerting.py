"""Keeping alerts in step with what was seen, and answering them.

Which alerts hold is worked out by detox.clinical.alerts alone; here they are kept. An acknowledgement silences and is
kept; only data ends an alert.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from detox.care.roles import permit
from detox.care.text import clean
from detox.clinical import alerts as rules
from detox.clinical import schedule
from detox.clinical.model import Alert, Clinician, Finding, Observation
from detox.errors import Conflict, Refused
from detox.store import Connection, Store, audit, find, keep


def acknowledge(
    store: Store, by: Clinician, alert_id: str, what_was_done: str, now: datetime, *, ack_id: str | None = None
) -> Alert:
    """Say that an alert was seen and what was done. It goes quiet; it ends only when the data do.

    `ack_id` is made by the screen so that a double tap answers once. Raises Refused without words, Conflict when the
    data have ended the alert meanwhile.
    """
    permit(by, "acknowledge")
    done = clean(what_was_done)
    if not done:
        raise Refused({"what_was_done": "Say in a few words what was done, for the next shift."})
    ack_id = ack_id or uuid.uuid4().hex
    with store.write() as tx:
        alert = find.alert(tx, alert_id)
        if any(kept == ack_id for kept in find.acknowledgement_ids(tx, alert_id)):
            return alert
        if alert.resolved_at is not None:
            raise Conflict("The data have already ended this alert: nothing needs to be acknowledged.")
        keep.acknowledgement(tx, ack_id, alert_id, now, by, done)
        audit.event(
            tx, now, by, "acknowledge", "alert", alert_id, admission_id=alert.admission_id, detail={"done": done}
        )
        return find.alert(tx, alert_id)


def acknowledge_overdue(
    store: Store, by: Clinician, admission_id: str, what_was_done: str, now: datetime, *, ack_id: str | None = None
) -> Alert:
    """Answer that a set is overdue. The silence is kept as an alert at this moment; the next set ends it.

    Raises Refused without words, Conflict when a set has come meanwhile.
    """
    permit(by, "acknowledge")
    done = clean(what_was_done)
    if not done:
        raise Refused({"what_was_done": "Say in a few words what was done, for the next shift."})
    ack_id = ack_id or uuid.uuid4().hex
    with store.write() as tx:
        standing = [a for a in find.open_alerts(tx, admission_id) if a.finding.kind == "silence"]
        for alert in standing:
            if ack_id in find.acknowledgement_ids(tx, alert.id):
                return alert
        silence = overdue_now(tx, admission_id, now)
        if silence is None:
            raise Conflict("A set has come meanwhile: nothing is overdue.")
        same = [a for a in standing if a.finding.level == silence.level]
        if same:
            alert = same[0]
        else:
            for milder in standing:
                keep.resolve(tx, milder.id, now, None, "escalated")
            alert = Alert(uuid.uuid4().hex, admission_id, None, silence, now, recorded_at=now)
            keep.alert(tx, alert, now)
        keep.acknowledgement(tx, ack_id, alert.id, now, by, done)
        audit.event(
            tx,
            now,
            by,
            "acknowledge",
            "alert",
            alert.id,
            admission_id=admission_id,
            detail={"done": done, "overdue": True},
        )
        return find.alert(tx, alert.id)


def overdue_now(tx: Connection, admission_id: str, now: datetime) -> Finding | None:
    """The silence of this stay at `now`: worked out at each read, kept only when somebody answers it."""
    recent = find.last_observations(tx, admission_id, schedule.RECENT)
    open_findings = [a.finding for a in find.open_alerts(tx, admission_id)]
    due = schedule.next_due(recent, open_findings, find.admission(tx, admission_id).admitted_at)
    return schedule.overdue(due, now)


def history_before(tx: Connection, entry: Observation) -> list[Observation]:
    """The newest current observations of the stay, oldest first: what the rules look back on."""
    return find.last_observations(tx, entry.admission_id, rules.LOOKBACK)


def settle(
    tx: Connection, kept: Observation, earlier: Sequence[Observation], now: datetime
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Open, escalate and resolve what a new observation changes; returns the alerts opened and resolved.

    A late entry (older than the newest one) may change what later ones meant: then the stay is worked out anew.
    """
    if earlier and earlier[-1].taken_at > kept.taken_at:
        return settle_anew(tx, kept.admission_id, now, "data")
    standing = {a.finding.problem: a for a in find.open_alerts(tx, kept.admission_id)}
    silent = next((a for a in standing.values() if a.finding.kind == "silence"), None)
    if silent is not None:
        del standing[silent.finding.problem]
        if schedule.is_set(kept):
            keep.resolve(tx, silent.id, kept.taken_at, kept.id, "data")
    changes = rules.step(
        {problem: rules.OpenAlert(a.finding, a.opened_at) for problem, a in standing.items()}, [*earlier, kept]
    )
    return _keep_changes(tx, kept.admission_id, standing, changes, now)


def settle_anew(
    tx: Connection, admission_id: str, now: datetime, resolution: str
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """Work out the whole stay from its current observations and bring the kept alerts in line with it.

    An open alert that the corrected data no longer raise ends as `resolution`; what they raise and nobody has seen yet
    opens now. Alerts that were right at their time stay as they were.
    """
    standing = {a.finding.problem: a for a in find.open_alerts(tx, admission_id) if a.finding.kind != "silence"}
    seen = find.observations(tx, admission_id)
    should_stand: dict[str, rules.Change] = {}
    for change in rules.fold(seen):
        if change.action == "resolved":
            should_stand.pop(change.problem, None)
        else:
            should_stand[change.problem] = change
    opened, resolved = [], []
    newest = seen[-1].id if seen else None
    for problem, alert in standing.items():
        wanted = should_stand.get(problem)
        if wanted is None or wanted.finding.rule != alert.finding.rule:
            keep.resolve(tx, alert.id, now, newest, resolution)
            resolved.append(find.alert(tx, alert.id))
        else:
            should_stand.pop(problem)
    for change in should_stand.values():
        opened.append(_open(tx, admission_id, change, now))
    return tuple(opened), tuple(resolved)


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
