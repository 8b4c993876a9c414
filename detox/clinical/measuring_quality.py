"""honesty.toml: which habits of measuring are looked for in a ward's numbers, and what they are compared with."""

from functools import cache
from typing import Annotated

from pydantic import Field

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read

Count = Annotated[int, Field(gt=0)]


class Habit(Content):
    """What a habit is compared with, in the words of the page, and where the habit comes from."""

    compared_with: Text
    source: Text
    evidence: Evidence


class Period(Content):
    """How many days are looked back on; under so many readings no share is told."""

    days: Count
    least_readings: Count
    source: Text
    evidence: Evidence


class Copied(Habit):
    """A temperature in °C that is looked for, its neighbours on both sides, and how many of its runs are shown."""

    temperature_c: float
    beside_c: float
    runs_shown: Count


class Run(Habit):
    """So many equal readings in a row are looked at."""

    readings: Annotated[int, Field(gt=1)]


class Rates(Habit):
    """Respiratory rates, breaths a minute, that are counted together."""

    per_min: Annotated[tuple[int, ...], Field(min_length=1)]


class Rounded(Habit):
    """Pressures that are whole multiples of a step in mmHg."""

    step_mmhg: Annotated[int, Field(gt=1)]
    vitals: tuple[Text, ...]


class HabitsFile(File):
    """honesty.toml."""

    period: Period
    copied: Copied
    run: Run
    rates: tuple[Rates, ...]
    rounded: Rounded
    same_set: Habit


@cache
def habits_file() -> HabitsFile:
    """honesty.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "honesty.toml", HabitsFile)
