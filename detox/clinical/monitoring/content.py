"""What monitoring.toml holds: intervals by score, phase, dose and alert, and when a set is overdue."""

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from detox.clinical.case import Setting
from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.clinical.model import PROGRAMMES, VITALS, Assessment, Level
from detox.clinical.protocols import Response, scale

Minutes = Annotated[int, Field(gt=0)]
Clocks = Literal["cows", "vitals", "both"]
Settings = tuple[Setting, ...]
SETTINGS: tuple[str, ...] = get_args(Setting)
POINTS: Mapping[str, Callable[[Assessment], int]] = {
    "cows": attrgetter("at_least"),
    "news2": attrgetter("at_least"),
    "news2_single": lambda assessment: max(assessment.items.values()),
}


class WhatIsASet(Content):
    """What an observation must hold, at least one of them, to set a clock back: vitals one, a scale the other.

    Two that fall due within `together_min` are called a set and taken at one visit.
    """

    vitals: tuple[Text, ...]
    scales: tuple[Text, ...]
    together_min: Minutes
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


class ForPatients(Content):
    """A line for some programmes and settings: none named is every one, and one that nobody has named counts as any."""

    id: Text
    programmes: tuple[Text, ...] = ()
    except_programmes: tuple[Text, ...] = ()
    settings: Settings = ()
    clock: Clocks
    because: Text
    source: Text
    evidence: Evidence

    def applies_to(self, programme: str, setting: str) -> bool:
        """True for the programme and the setting of an admission; what is not known leaves no line out."""
        if setting and self.settings and setting not in self.settings:
            return False
        return not programme or (
            programme not in self.except_programmes and (not self.programmes or programme in self.programmes)
        )

    @property
    def clocks(self) -> tuple[str, ...]:
        """The clocks that the line sets."""
        return ("cows", "vitals") if self.clock == "both" else (self.clock,)

    @model_validator(mode="after")
    def _programmes(self) -> "ForPatients":
        if unknown := {*self.programmes, *self.except_programmes} - set(PROGRAMMES):
            raise ValueError(f"{self.id}: no programme is called {', '.join(sorted(unknown))}")
        return self


class Phase(ForPatients):
    """An interval while a phase lasts: until the first dose of some drugs, or between two times after it."""

    interval_min: Minutes
    until_first: tuple[Text, ...] = ()
    after_first: tuple[Text, ...] = ()
    from_min: Annotated[int, Field(ge=0)] = 0
    until_min: Minutes | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Phase":
        if bool(self.until_first) == bool(self.after_first):
            raise ValueError(f"{self.id}: either until_first or after_first names the drugs")
        if bool(self.after_first) != (self.until_min is not None):
            raise ValueError(f"{self.id}: a phase after a first dose has an end (until_min), another has none")
        return self


class Visits(Content):
    """How long from one visit to the next, in settings where patients do not stay; `until_min` after the admission."""

    id: Text
    settings: Annotated[Settings, Field(min_length=1)]
    interval_min: Minutes
    until_min: Minutes | None = None
    because: Text
    source: Text
    evidence: Evidence


class Looks(ForPatients):
    """Looks at fixed times after something. One is done by a look from `tolerance_min` before its time on.

    `asleep_counts` lets breathing seen in sleep stand for the vitals.
    """

    drugs: tuple[Text, ...]
    at_min: tuple[Minutes, ...]
    tolerance_min: Annotated[int, Field(ge=0)]
    asleep_counts: bool = False

    @model_validator(mode="after")
    def _rising(self) -> "Looks":
        if not self.drugs or not self.at_min or list(self.at_min) != sorted({*self.at_min}):
            raise ValueError(f"{self.id}: drugs must be named and at_min must rise: {self.at_min}")
        if self.tolerance_min >= self.at_min[0]:
            raise ValueError(f"{self.id}: with such a tolerance a look before the dose would answer it")
        return self


class AfterDose(Looks):
    """Looks after a dose. `start_min` keeps them to the doses so soon after the first of a course, `last_only` to the
    newest dose; `until_next` ends them with a dose, given or not, at the time of the first look or later."""

    start_min: Minutes | None = None
    last_only: bool = False
    until_next: bool = False


class AfterStep(Looks):
    """Looks after a step down, from the first dose of the lower step on."""


class Course(Content):
    """After how long without a dose the next one counts as a first."""

    gap_min: Minutes
    source: Text
    evidence: Evidence


class ShortSet(Content):
    """Asleep, breathing seen: how long that stands for the vitals, and keeps a late COWS from being a red alert."""

    id: Text
    interval_min: Minutes
    needs: tuple[Text, ...]
    because: Text
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _known(self) -> "ShortSet":
        if not self.needs or not set(self.needs) <= set(VITALS):
            raise ValueError(f"{self.id}: needs must name vitals: {', '.join(self.needs)}")
        return self


class Orders(Content):
    """What an ordered interval may be. Lengthening has an end and leaves every interval under `from_min` alone."""

    id: Text
    shortest_min: Minutes
    longest_min: Minutes
    from_min: Minutes
    longest_hours: Minutes
    source: Text
    evidence: Evidence


class Recheck(Content):
    """How soon to look again at an open alert: when it is new, while it stands, and then of one who comes to visits."""

    id: Text
    level: Level
    recheck_min: Minutes
    standing_min: Minutes
    visits_min: Minutes
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
    short_set: ShortSet
    first_set: Interval
    unscored: Interval
    early_warning_incomplete: Interval
    cadence: tuple[Cadence, ...]
    vitals_by_cows: tuple[Cadence, ...]
    phase: tuple[Phase, ...]
    visits: tuple[Visits, ...]
    after_dose: tuple[AfterDose, ...]
    after_step: tuple[AfterStep, ...]
    course: Course
    alerts: tuple[Recheck, ...]
    orders: Orders
    overdue: Overdue
    news2_unknown: Response

    def of(self, measure: str, points: int) -> Cadence:
        """The row of a measure that `points` fall in; "vitals" asks for the vitals' interval by COWS."""
        if measure == "vitals":
            return [row for row in self.vitals_by_cows if points >= row.at_least][-1]
        return [row for row in self.cadence if row.measure == measure and points >= row.at_least][-1]

    @model_validator(mode="after")
    def _rising_and_tightening(self) -> "MonitoringFile":
        of_measure = {m: [row for row in self.cadence if row.measure == m] for m in POINTS}
        for name, rows in (of_measure | {"vitals by COWS": list(self.vitals_by_cows)}).items():
            lows = [row.at_least for row in rows]
            if not lows or lows[0] != 0 or lows != sorted({*lows}):
                raise ValueError(f"cadence of {name} must rise from 0: {lows}")
            intervals = [row.interval_min for row in rows]
            if intervals != sorted(intervals, reverse=True):
                raise ValueError(f"cadence of {name}: a worse score must not mean a longer wait: {intervals}")
        if any(row.measure != "cows" for row in self.vitals_by_cows):
            raise ValueError("vitals_by_cows goes by COWS alone")
        return self

    @model_validator(mode="after")
    def _visits_without_a_gap(self) -> "MonitoringFile":
        for name in SETTINGS:
            ends = [row.until_min for row in self.visits if name in row.settings]
            if ends and (None in ends[:-1] or ends[-1] is not None):
                raise ValueError(f"visits: the last line of {name} has no until_min, each before it has one")
        return self

    @model_validator(mode="after")
    def _one_row_a_level(self) -> "MonitoringFile":
        levels = [row.level for row in self.alerts]
        if sorted(levels) != sorted({"warning", "critical"}):
            raise ValueError(f"alerts needs one row for warning and one for critical: {levels}")
        return self


@cache
def monitoring_file() -> MonitoringFile:
    """monitoring.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "monitoring.toml", MonitoringFile)


@cache
def cadence(measure: str, points: int) -> Cadence:
    """The row of a measure that `points` fall in."""
    return monitoring_file().of(measure, points)
