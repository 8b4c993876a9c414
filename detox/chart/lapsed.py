"""What has been beyond the ward's limits since a limit of the patient's own ended.

A set is judged by the limits that held when it was taken. Once a limit of the patient's own has run out or was taken
back, the value that it excused is a danger by the ward's limit: at once, and not only after the next set.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from detox.chart.context import PatientContext
from detox.chart.danger import Danger, of_finding
from detox.clinical.alerts.engine import OpenAlert
from detox.clinical.alerts.folding import applied, fold
from detox.clinical.model import PatientLimit


def lapsed_dangers(known: PatientContext) -> tuple[Danger, ...]:
    """The critical dangers that the newest values are by the ward's limits, under limits that have ended since."""
    ended = {limit.vital: min(limit.until_at, limit.ended_at or limit.until_at) for limit in _ended(known)}
    if not ended:
        return ()
    holding = tuple(limit for limit in known.background.limits if limit.vital not in ended)
    standing: dict[str, OpenAlert] = applied({}, fold(known.observations, replace(known.background, limits=holding)))
    told = {a.finding.problem for a in known.alerts if a.resolved_at is None and a.finding.level == "critical"}
    return tuple(_dangers(known, standing, ended, told))


def _ended(known: PatientContext) -> Iterator[PatientLimit]:
    """The limits that held when the newest value of their vital was taken, and hold no longer."""
    for limit in known.background.limits:
        newest = next((o for o in reversed(known.observations) if getattr(o.vitals, limit.vital) is not None), None)
        if newest is not None and limit.holds_at(newest.taken_at) and not limit.holds_at(known.now):
            yield limit


def _dangers(
    known: PatientContext, standing: dict[str, OpenAlert], ended: dict[str, datetime], told: set[str]
) -> Iterator[Danger]:
    for problem, alert in standing.items():
        finding = alert.finding
        since = max((at for vital, at in ended.items() if vital in finding.values), default=None)
        if finding.level != "critical" or problem in told or since is None:
            continue
        local = since.astimezone(known.zone)
        message = f"{finding.message}; the patient's own limit ended {local:%a %H:%M}"
        yield of_finding(known, replace(finding, message=message), since)
