"""When the next set is due, why, and when it is overdue. Intervals are data (monitoring.toml); the shortest wins.

Content: content; the clocks: clocks; doses and phases: after_doses; words: due.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Literal, NamedTuple

from detox.clinical.model import Background, Finding, Level, Observation, Vitals
from detox.clinical.monitoring.clocks import Clock, Raised, breathing_asleep, has_vitals
from detox.clinical.monitoring.content import Cadence, Interval, MonitoringFile, Recheck, monitoring_file
from detox.clinical.monitoring.due import WHAT, Due, Line, known_words, late_words, line_words, words

__all__ = [
    "WHAT", "Cadence", "Clock", "Due", "Interval", "Line", "MonitoringFile", "Recheck", "asked",
    "breathing_asleep", "due_by_clock", "is_set", "line_words", "monitoring_file", "next_due", "overdue",
    "overdue_from", "overdue_level", "silence", "tells_of_state", "words",
]  # fmt: skip

NOTHING = Vitals()


def is_set(observation: Observation) -> bool:
    """True when enough was seen to set a clock back: heart rate, blood pressure, or a COWS answer.

    Asleep, refused, off the ward, or a breathing rate alone are kept as they are and are no set.
    """
    return has_vitals(observation.vitals) or any(observation.answers.get(n) for n in monitoring_file().set.scales)


def tells_of_state(observation: Observation) -> bool:
    """True when a vital or an answer to a scale of the set was seen, be it only one.

    A questionnaire of another kind (mood, self-report) says nothing of blood pressure or breathing: it neither
    postpones a recheck nor makes a bed look seen.
    """
    scales = monitoring_file().set.scales
    rated = any(observation.answers.get(scale_id) or observation.assessment(scale_id) for scale_id in scales)
    return rated or observation.vitals != NOTHING


def next_due(observations: Sequence[Observation], open_alerts: Iterable[Raised], background: Background) -> Due:
    """When the next set is due: at admission for the first, then by the shortest interval that applies.

    Observations are oldest first, replaced ones left out; the newest recent_sets() are enough. COWS and vitals have a
    clock each; an open alert counts from the last observation in which anything was measured, since a short look at
    the patient answers it. A partial score can only shorten the wait: it is taken together with the last complete one.
    """
    return _fed(observations, background).due(open_alerts, background)


def due_by_clock(
    observations: Sequence[Observation], open_alerts: Iterable[Raised], background: Background
) -> dict[str, datetime]:
    """When each of the two clocks falls due, `vitals` and `cows`; the arguments are those of `next_due`."""
    clock, alerts = _fed(observations, background), tuple(open_alerts)
    return {name: clock.due_at(name, alerts, background) for name in ("vitals", "cows")}


def asked(observations: Sequence[Observation], background: Background) -> Line:
    """What the protocol asks by schedule alone, before any order: the shortest interval, and why."""
    return _fed(observations, background).asked(background)


def _fed(observations: Sequence[Observation], background: Background) -> Clock:
    clock = Clock()
    for observation in observations:
        clock.add(observation)
    if observations and any(_rated_before(o, observations[0].taken_at) for o in background.first):
        clock.unscored_since = observations[0].taken_at
    return clock


class Silence(NamedTuple):
    """A set that is not there: what there is to say first of the silence alert. `overdue` tells all of it."""

    rule: str
    level: Level
    message: str
    line: Line
    overdue_min: int
    kind: Literal["silence"] = "silence"


def silence(due: Due, now: datetime, zone: tzinfo | None = None) -> Silence | None:
    """The silence of a set that is not there `now`; None while there is still time. The words are as in `overdue`."""
    level = overdue_level(due, now)
    if level is None:
        return None
    line = due.red_line if level == "critical" else due.line
    late = int((now - due.at) / timedelta(minutes=1))
    return Silence(f"{monitoring_file().overdue.id}_{level}", level, late_words(due, line, late, now, zone), line, late)


def overdue(due: Due, now: datetime, zone: tzinfo | None = None) -> Finding | None:
    """The silence alert for a set that is not there `now`; None while there is still time.

    Times of the clock are told in the ward's `zone`; without one it is told how long ago.
    """
    found = silence(due, now, zone)
    if found is None:
        return None
    file = monitoring_file()
    return Finding(
        rule=found.rule,
        problem="overdue",
        level=found.level,
        kind=found.kind,
        message=found.message,
        reason=f"{file.overdue.reason} {known_words(due.known, now, zone)}.",
        action=file.overdue.action,
        values={"overdue_min": found.overdue_min, "interval_min": found.line.interval_min},
        protocol_version=file.version,
        source=file.overdue.source,
        evidence=file.overdue.evidence,
    )


def overdue_level(due: Due, now: datetime) -> Level | None:
    """critical once `now` is past twice an interval, warning past the grace after it, else None."""
    if now > due.red_at:
        return "critical"
    return "warning" if now > due.at + _grace() else None


def overdue_from(due: Due) -> dict[Level, datetime]:
    """The moments after which the missing set is a warning, and critical. For short intervals critical comes first."""
    return {"warning": due.at + _grace(), "critical": due.red_at}


@cache
def _grace() -> timedelta:
    return timedelta(minutes=monitoring_file().overdue.warning_after_min)


def _rated_before(observation: Observation, moment: datetime) -> bool:
    rated = any(observation.answers.get(name) for name in monitoring_file().set.scales)
    return rated and observation.taken_at < moment
