"""When the next set is due, why, and when it is overdue. Intervals are data (monitoring.toml); the shortest wins."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from detox.clinical.alerts import LOOKBACK, newly_raised
from detox.clinical.messages import points_words
from detox.clinical.model import LEVELS, VITALS, Assessment, Finding, Level, Observation, Vitals
from detox.clinical.protocols import ROOT, Content, Evidence, File, Response, Scale, Text, read, scale

Minutes = Annotated[int, Field(gt=0)]
POINTS: Mapping[str, Callable[[Assessment], int]] = {
    "cows": attrgetter("at_least"),
    "news2": attrgetter("at_least"),
    "news2_single": lambda assessment: max(assessment.items.values()),
}
NOTHING = Vitals()

RECENT = 16
"""How many of the newest observations `next_due` looks back on: a caller need not pass more."""


class WhatIsASet(Content):
    """What an observation must hold, at least one of them, to set the clock back."""

    vitals: tuple[Text, ...]
    scales: tuple[Text, ...]
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _known(self) -> "WhatIsASet":
        if unknown := [name for name in self.vitals if name not in VITALS]:
            raise ValueError(f"no vital is called {', '.join(unknown)}")
        for name in self.scales:
            scale(name)
        return self


class Interval(Content):
    """An interval that holds until something better is known."""

    id: Text
    interval_min: Minutes
    because: Text
    source: Text
    evidence: Evidence


class Cadence(Content):
    """An interval for a score from a lower bound on."""

    id: Text
    measure: Literal["cows", "news2", "news2_single"]
    at_least: Annotated[int, Field(ge=0)]
    interval_min: Minutes
    source: Text
    evidence: Evidence


class Recheck(Content):
    """How soon to look again at an open alert: when it is new, and while it stands."""

    id: Text
    level: Level
    recheck_min: Minutes
    standing_min: Minutes
    source: Text
    evidence: Evidence


class Overdue(Content):
    """When a set that was not taken is an alert of its own."""

    id: Text
    warning_after_min: Minutes
    critical_after_intervals: Annotated[int, Field(ge=2)]
    reason: Text
    action: Text
    source: Text
    evidence: Evidence


class MonitoringFile(File):
    """monitoring.toml."""

    set: WhatIsASet
    first_set: Interval
    unscored: Interval
    early_warning_incomplete: Interval
    cadence: tuple[Cadence, ...]
    alerts: tuple[Recheck, ...]
    overdue: Overdue
    news2_unknown: Response

    def of(self, measure: str, points: int) -> Cadence:
        """The row of a measure that `points` fall in."""
        return [row for row in self.cadence if row.measure == measure and points >= row.at_least][-1]

    @model_validator(mode="after")
    def _rising_and_tightening(self) -> "MonitoringFile":
        for measure in POINTS:
            rows = [row for row in self.cadence if row.measure == measure]
            lows = [row.at_least for row in rows]
            if not lows or lows[0] != 0 or lows != sorted({*lows}):
                raise ValueError(f"cadence of {measure} must rise from 0: {lows}")
            intervals = [row.interval_min for row in rows]
            if intervals != sorted(intervals, reverse=True):
                raise ValueError(f"cadence of {measure}: a worse score must not mean a longer wait: {intervals}")
        levels = [row.level for row in self.alerts]
        if sorted(levels) != sorted({"warning", "critical"}):
            raise ValueError(f"alerts needs one row for warning and one for critical: {levels}")
        return self


@dataclass(frozen=True, slots=True)
class Due:
    """When the next set is due and why; `interval_min` is the interval in minutes that decided it."""

    at: datetime
    interval_min: int
    why: str
    rule: str
    source: str
    evidence: str = ""


@cache
def monitoring_file() -> MonitoringFile:
    """monitoring.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "monitoring.toml", MonitoringFile)


def is_set(observation: Observation) -> bool:
    """True when enough was seen to set the clock back: heart rate, blood pressure, or a COWS answer.

    Asleep, refused, off the ward, or a breathing rate alone are kept as they are and are no set.
    """
    wanted = monitoring_file().set
    return any(getattr(observation.vitals, name) is not None for name in wanted.vitals) or any(
        observation.answers.get(name) for name in wanted.scales
    )


def tells_of_state(observation: Observation) -> bool:
    """True when a vital or an answer to a scale of the set was seen, be it only one.

    A questionnaire of another kind (mood, self-report) says nothing of blood pressure or breathing: it neither
    postpones a recheck nor makes a bed look seen.
    """
    scales = monitoring_file().set.scales
    rated = any(observation.answers.get(scale_id) or observation.assessment(scale_id) for scale_id in scales)
    return rated or observation.vitals != NOTHING


def next_due(observations: Sequence[Observation], open_findings: Iterable[Finding], admitted_at: datetime) -> Due:
    """When the next set is due: at admission for the first, then by the shortest interval that applies.

    Observations are oldest first, replaced ones left out. Scores count from the last set; an open alert counts from
    the last observation in which anything was measured, since a short look at the patient answers it. A partial score
    can only shorten the wait: it is taken together with the last complete one.
    """
    file = monitoring_file()
    last = next((o for o in reversed(observations) if is_set(o)), None)
    if last is None:
        first = file.first_set
        return Due(admitted_at, first.interval_min, f"now: {first.because}", first.id, first.source, first.evidence)
    found = [*_by_score(observations, last.taken_at), *_by_alert(observations, tuple(open_findings))]
    return min(found, key=lambda candidate: (candidate.at, candidate.interval_min)).due()


def overdue(due: Due, now: datetime) -> Finding | None:
    """The silence alert for a set that is not there `now`; None while there is still time."""
    level = overdue_level(due, now)
    if level is None:
        return None
    file = monitoring_file()
    late = int((now - due.at).total_seconds() // 60)
    first = due.rule == file.first_set.id
    return Finding(
        rule=f"{file.overdue.id}_{level}",
        problem="overdue",
        level=level,
        kind="silence",
        message=f"Set overdue by {words(late)} ({due.why if first else f'every {words(due.interval_min)}'})",
        reason=file.overdue.reason,
        action=file.overdue.action,
        values={"overdue_min": late, "interval_min": due.interval_min},
        protocol_version=file.version,
        source=file.overdue.source,
        evidence=file.overdue.evidence,
    )


def overdue_level(due: Due, now: datetime) -> Level | None:
    """critical once `now` is past twice the interval, warning past the grace after it, else None."""
    levels = [level for level, at in overdue_from(due).items() if now > at]
    return max(levels, key=LEVELS.index, default=None)


def overdue_from(due: Due) -> dict[Level, datetime]:
    """The moments after which the missing set is a warning, and critical. For short intervals critical comes first."""
    rule = monitoring_file().overdue
    waits = rule.critical_after_intervals - 1
    return {
        "warning": due.at + timedelta(minutes=rule.warning_after_min),
        "critical": due.at + timedelta(minutes=due.interval_min * waits),
    }


def words(minutes: int) -> str:
    """1 h 20 min."""
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One interval that applies; its reason is put into words only if it wins."""

    since: datetime
    interval_min: int
    row: Interval | Cadence | Recheck
    because: str | Finding | Assessment
    new: bool = True

    @property
    def at(self) -> datetime:
        return self.since + timedelta(minutes=self.interval_min)

    def due(self) -> Due:
        why = f"every {words(self.interval_min)} because {self._words()}"
        return Due(self.at, self.interval_min, why, self.row.id, self.row.source, self.row.evidence)

    def _words(self) -> str:
        if isinstance(self.because, str):
            return self.because
        if isinstance(self.because, Finding):
            return self.because.message if self.new else f"still open: {self.because.message}"
        found, of_scale = self.because, scale(self.because.scale)
        text = f"{of_scale.short_name} {points_words(found)}"
        if isinstance(self.row, Cadence) and self.row.measure == "news2_single":
            return f"{text} with {POINTS[self.row.measure](found)} points for one vital sign"
        return text if found.scale == "news2" else f"{text} {_band(of_scale, found)}"


def _band(of_scale: Scale, found: Assessment) -> str:
    """The band's label; of a partial score the band of its lower bound."""
    return of_scale.band_of(found.at_least).label


def _by_score(observations: Sequence[Observation], since: datetime) -> Iterator[_Candidate]:
    file = monitoring_file()
    cows = _known(observations, "cows")
    if not any(a.complete for a in cows):
        yield _Candidate(since, file.unscored.interval_min, file.unscored, file.unscored.because)
    news2 = _known(observations, "news2")
    if news2 and not any(a.complete for a in news2):
        guess = file.early_warning_incomplete
        yield _Candidate(since, guess.interval_min, guess, guess.because)
    for measure, found in (("cows", cows), ("news2_single", news2), ("news2", news2)):
        if found:
            points = POINTS[measure]
            worst = max(found, key=points)
            row = _row(measure, points(worst))
            yield _Candidate(since, row.interval_min, row, worst)


@cache
def _row(measure: str, points: int) -> Cadence:
    return monitoring_file().of(measure, points)


def _known(observations: Sequence[Observation], scale_id: str) -> list[Assessment]:
    """The newest assessments back to the last complete one: partial ones are lower bounds and take nothing back."""
    found: list[Assessment] = []
    for observation in reversed(observations):
        for assessment in observation.assessments:
            if assessment.scale == scale_id and assessment.items:
                found.append(assessment)
                if assessment.complete:
                    return found
    return found


def _by_alert(observations: Sequence[Observation], open_findings: Iterable[Finding]) -> Iterator[_Candidate]:
    rows = {row.level: row for row in monitoring_file().alerts}
    asking = [f for f in open_findings if f.kind != "silence" and f.level in rows]
    if not asking:
        return
    seen = [o for o in observations[-2 * LOOKBACK :] if tells_of_state(o)]
    if not seen:
        return
    new = newly_raised(asking, seen)
    for finding in asking:
        row, is_new = rows[finding.level], finding.problem in new
        minutes = row.recheck_min if is_new else row.standing_min
        yield _Candidate(seen[-1].taken_at, minutes, row, finding, is_new)
