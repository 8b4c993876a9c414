"""Tapers as content: day lists under detox/protocols/tapers, and ladders.toml with what a ladder is held against."""

from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from detox.clinical import protocols
from detox.clinical.content import Content, Evidence, File, Text, read
from detox.clinical.model import TaperStep
from detox.errors import ProtocolError

Course = Literal["withdrawal", "after_maintenance"]
What = Literal["share", "fall", "last_fall", "days", "stopping_days"]
Shape = Literal["linear", "proportional"]

_UNITS: dict[What, str] = {"share": "%", "fall": "mg", "last_fall": "mg", "days": "d", "stopping_days": "d"}
_WITHIN: tuple[What, ...] = ("share", "fall")


class Said(Content):
    """What a shape of ladder is called and means."""

    label: Text
    says: Text
    source: Text
    evidence: Evidence


class Shapes(Content):
    """The two shapes that are drawn beside each other."""

    linear: Said
    proportional: Said


class Grain(Content):
    """The smallest amount, in mg, by which a daily dose of a drug can differ."""

    drug: Text
    grain_mg: float = Field(strict=False, gt=0)
    source: Text
    evidence: Evidence


class StepLimit(Content):
    """What a ladder's steps are held against: a share (%), a fall (mg) or a length (days), and on whose word.

    `at_most` and `at_least` are kept at the limit itself, `below` is not. `per_days` is the window in which falls add
    up. `cited` is the source in a word or two.
    """

    id: Text
    drugs: tuple[Text, ...] = Field(min_length=1)
    course: Course
    what: What
    at_most: float | None = Field(default=None, strict=False, gt=0)
    below: float | None = Field(default=None, strict=False, gt=0)
    at_least: float | None = Field(default=None, strict=False, gt=0)
    unit: Text
    per_days: int | None = Field(default=None, gt=0)
    cited: Text
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _whole(self) -> "StepLimit":
        if self.unit != _UNITS[self.what]:
            raise ValueError(f"{self.id}: {self.what} is counted in {_UNITS[self.what]}, not in {self.unit}")
        if (self.per_days is None) == (self.what in _WITHIN):
            raise ValueError(f"{self.id}: per_days belongs to {' and '.join(_WITHIN)}, and to them alone")
        if (self.at_most is None) == (self.below is None) and (self.at_least is None or self.at_most is not None):
            raise ValueError(f"{self.id}: give at_most or below (one of them), at_least, or at_least and at_most")
        if self.at_least is not None and self.what not in ("days", "stopping_days"):
            raise ValueError(f"{self.id}: at_least belongs to days and stopping_days")
        return self


class LaddersFile(File):
    """ladders.toml."""

    shapes: Shapes
    drugs: tuple[Grain, ...]
    step_limits: tuple[StepLimit, ...]

    @model_validator(mode="after")
    def _named(self) -> "LaddersFile":
        drugs, ids = [one.drug for one in self.drugs], [one.id for one in self.step_limits]
        if twice := sorted({name for name in (*drugs, *ids) if [*drugs, *ids].count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} stands twice")
        if unknown := sorted({drug for one in self.step_limits for drug in one.drugs} - set(drugs)):
            raise ValueError(f"a limit names {', '.join(unknown)}, which has no grain")
        return self

    def grain(self, drug: str) -> Grain | None:
        """What the drug can be given in; None for a drug whose ladder is not drawn."""
        return next((one for one in self.drugs if one.drug == drug), None)

    def limits_for(self, drug: str, course: str) -> tuple[StepLimit, ...]:
        """The limits that are cited for a drug on such a course; there may be none."""
        return tuple(one for one in self.step_limits if drug in one.drugs and one.course == course)

    def courses(self, drug: str) -> tuple[Course, ...]:
        """The courses for which any limit of the drug is cited."""
        return tuple(dict.fromkeys(one.course for one in self.step_limits if drug in one.drugs))


class Day(Content):
    """One day of a list: its doses in mg as they are given; `up_to_mg` where the source names a range for the day."""

    day: int = Field(ge=1)
    doses_mg: tuple[float, ...] = Field(min_length=1)
    up_to_mg: float | None = None
    note: str = ""
    evidence: Evidence

    @property
    def dose_mg(self) -> float:
        """The day's dose."""
        return round(sum(self.doses_mg), 6)  # 0.1 and 0.2 are 0.3


class Template(File):
    """A published or proposed list of days: a taper that falls to 0, or a start that rises."""

    drug: Text
    programme: Literal["taper", "alpha2", "bup_induction"]
    kind: Literal["taper", "start"]
    course: Course
    interval_h: float = Field(strict=False, gt=0)
    checked_against: tuple[Text, ...]
    days: tuple[Day, ...]

    @model_validator(mode="after")
    def _in_order(self) -> "Template":
        doses = [one.dose_mg for one in self.days]
        if [one.day for one in self.days] != list(range(1, len(doses) + 1)) or len(doses) < 2:
            raise ValueError("days: they count from 1, two at least, and none is left out")
        if any(mg < 0 for one in self.days for mg in one.doses_mg):
            raise ValueError("days: no dose is under 0 mg")
        falling = doses[doses.index(max(doses)) :]
        if self.kind == "taper" and (falling[-1] != 0 or falling != sorted(falling, reverse=True)):
            raise ValueError("days: a taper falls from its highest dose, and ends at 0 mg")
        if self.kind == "start" and doses != sorted(doses):
            raise ValueError("days: a start never falls")
        return self

    @property
    def falls(self) -> tuple[Day, ...]:
        """The days from the last one at the highest dose; the days before build up to it, or stand there."""
        doses = [one.dose_mg for one in self.days]
        return self.days[len(doses) - 1 - doses[::-1].index(max(doses)) :]

    def steps(self) -> tuple[TaperStep, ...]:
        """The dose levels of the fall, as a plan's steps: each once, however many days it stands."""
        levels = dict.fromkeys(one.dose_mg for one in self.falls)
        return tuple(TaperStep(number, mg) for number, mg in enumerate(levels, start=1))

    def longer(self) -> dict[float, int]:
        """The dose levels of the fall that stand for more than one day, with how many; a plan has one least time."""
        doses = [one.dose_mg for one in self.falls]
        return {mg: doses.count(mg) for mg in dict.fromkeys(doses) if doses.count(mg) > 1}


@cache
def ladders_file() -> LaddersFile:
    """ladders.toml. Read once a process: content changes with a release."""
    return read(protocols.ROOT / "ladders.toml", LaddersFile)


@cache
def templates() -> dict[str, Template]:
    """Every day list under detox/protocols/tapers, by id. Raises ProtocolError naming file, key and reason."""
    known = ladders_file()
    found: dict[str, Template] = {}
    for path in sorted((protocols.ROOT / "tapers").glob("*.toml")):
        one = read(path, Template)
        problems = [] if path.stem == one.id else [f"id: {one.id!r} is not the file's name"]
        if known.grain(one.drug) is None:
            problems.append(f"drug: {one.drug!r} stands nowhere in ladders.toml")
        cited = {limit.id for limit in known.limits_for(one.drug, one.course)}
        if unknown := sorted(set(one.checked_against) - cited):
            problems.append(f"checked_against: {', '.join(unknown)} is no limit of {one.drug} on this course")
        if problems:
            raise ProtocolError(f"tapers/{path.name}", problems)
        found[one.id] = one
    return found
