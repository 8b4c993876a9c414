"""How an open alert stands, and what has happened to its vital since somebody answered it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from detox.clinical.alerts import escalation
from detox.clinical.alerts.calls import calls_of
from detox.clinical.alerts.escalation import Standing
from detox.clinical.model import Alert, Dose, Observation
from detox.clinical.protocols import vitals_file
from detox.store import Connection, find, orders

ABOUT = {
    "blood_pressure": ("systolic_mmhg",), "pulse": ("heart_rate_per_min",), "temperature": ("temperature_c",),
    "breathing": ("respiratory_rate_per_min",), "oxygen": ("spo2_percent",),
    "drift": ("systolic_mmhg", "heart_rate_per_min", "temperature_c"),
    "volume": ("systolic_mmhg", "heart_rate_per_min"), "orthostatic": ("systolic_mmhg", "heart_rate_per_min"),
}  # fmt: skip
"""The vitals that a problem is about, for a rule whose own measures (a rise, a slope) are none."""


@dataclass(frozen=True, slots=True)
class Course:
    """The values of one vital since a moment: the last one by then, and every later one, oldest first.

    `doses` are those given since then; `again` is False while nobody has measured it again.
    """

    vital: str
    since: datetime
    values: tuple[float, ...]
    doses: tuple[Dose, ...] = ()
    again: bool = True


def escalation_minutes(tx: Connection, ward_id: str) -> tuple[int, ...]:
    """After how many minutes an unanswered critical alert is with each stage: the ward's own, or answering.toml's."""
    return escalation.ward_minutes(orders.ward_setting(tx, ward_id, escalation.SETTING))


def standings(tx: Connection, alerts: Sequence[Alert], now: datetime, minutes: Sequence[int]) -> dict[str, Standing]:
    """How each open alert of one admission stands at `now`, by its id; `minutes` as of `escalation_minutes`."""
    snoozes = orders.snoozes(tx, [a.id for a in alerts])
    quiet = _quiet(tx, alerts)
    return {a.id: escalation.standing(a, snoozes.get(a.id, ()), now, minutes, quiet.get(a.id)) for a in alerts}


def _quiet(tx: Connection, alerts: Sequence[Alert]) -> dict[str, datetime | None]:
    """Until when critical alerts are told on a card that was answered, by id."""
    critical = [a for a in alerts if a.finding.level == "critical" and a.finding.kind != "silence"]
    if all(a.acknowledged_at is not None for a in critical):
        return {}
    every = find.alerts(tx, critical[0].admission_id)
    return {call.alert_id: call.quiet_until for call in calls_of(every)}


def courses(alert: Alert, observations: Iterable[Observation], doses: Iterable[Dose] = ()) -> tuple[Course, ...]:
    """What happened to each vital of an answered alert since it was answered; empty for one that nobody answered.

    Observations are oldest first, replaced ones left out. The first value is the last one taken by then: where the
    observations do not reach back to it, the one that the alert was kept with.
    """
    since = alert.acknowledged_at
    if since is None:
        return ()
    seen = sorted(observations, key=lambda o: o.taken_at)
    given = tuple(d for d in doses if d.status == "given" and d.given_at > since)
    found = []
    kept = alert.finding.values
    for vital in numeric(kept) or ABOUT.get(alert.finding.problem, ()):
        measured = [(o.taken_at, float(v)) for o in seen if (v := getattr(o.vitals, vital)) is not None]
        before = [value for at, value in measured if at <= since][-1:] or [float(kept[v]) for v in [vital] if v in kept]
        later = [value for at, value in measured if at > since]
        if before or later:
            found.append(Course(vital, since, (*before, *later), given, again=bool(later)))
    return tuple(found)


def numeric(values: Mapping[str, float | int | bool | str]) -> tuple[str, ...]:
    """The measures of a finding that are vitals with a number, in the order of vitals.toml."""
    vitals = dict.fromkeys(limits.vital for limits in vitals_file().ranges)
    return tuple(v for v in vitals if isinstance(values.get(v), (int, float)) and not isinstance(values[v], bool))
