"""Clinical content: the vitals' ranges and codes, and every scale, read and checked once a process.

Every file names its source, version, evidence tag and review state; an unknown key, a missing source, bands that do
not rise from the minimum, a rule that names an unknown measure are refused with file, key and reason.
"""

import math
from functools import cache, cached_property
from typing import Annotated, Literal

from pydantic import Field, model_validator

from detox.clinical.content import NOT_REVIEWED, ROOT, Content, Evidence, File, Review, Text, read
from detox.clinical.limits import limit
from detox.clinical.model import VITALS
from detox.clinical.scale_form import (
    Band,
    Flag,
    Item,
    Option,
    Response,
    Scale,
    Scheme,
    SingleItemRisk,
    Step,
    TriageRule,
    Variant,
)
from detox.clinical.scales import round_half_up
from detox.errors import ProtocolError, Refused

__all__ = [
    "NOT_REVIEWED", "ROOT", "Band", "Code", "Coded", "Content", "Evidence", "File", "Flag", "Grade", "Item", "Jump",
    "Option", "Other", "Range", "Response", "Review", "Scale", "Scheme", "SingleItemRisk", "Step", "Text", "TriageRule",
    "Variant", "VitalsFile", "read", "scale", "scales", "vitals_file",
]  # fmt: skip


class OtherUnit(Content):
    """What a value of a vital looks like that is smaller than `below` and finer than the vital is ever charted."""

    what: Text
    below: float = Field(strict=False)


class Sides(Content):
    """The limits of a vital to both sides, by their names; empty where there is none."""

    low: str = ""
    high: str = ""

    def inside(self, bounds: tuple[float, float], decimals: int) -> tuple[float, float]:
        """The first and the last value inside them, within `bounds`."""
        low = limit(self.low).inside(decimals) if self.low else bounds[0]
        high = limit(self.high).inside(decimals) if self.high else bounds[1]
        return low, high


class Range(Content):
    """What values of a vital can be (absolute: refuse), usually are (plausible: ask) and mean (interpret).

    `amber` and `red` name the limits of limits.toml, low before high, from which a value is coloured.
    `banded_decimals` are those that a band reads, where they are more than those that are charted.
    """

    vital: Text
    spo2_scale: Literal[1, 2] = 1
    label: Text
    word: Text
    unit: str
    decimals: int
    banded_decimals: int | None = None
    looks_like: OtherUnit | None = None
    absolute: tuple[float, float]
    plausible: tuple[float, float]
    amber: Sides
    red: Sides
    source: Text
    evidence: Evidence

    @model_validator(mode="before")
    @classmethod
    def _pairs(cls, raw: dict[str, object]) -> dict[str, object]:
        pairs = {k: tuple(float(x) for x in v) for k, v in raw.items() if isinstance(v, list)}
        return {**raw, **pairs}

    @model_validator(mode="after")
    def _nested(self) -> "Range":
        if self.vital not in VITALS:
            raise ValueError(f"{self.vital!r} is no vital")
        named = [name for side in (self.amber, self.red) for name in (side.low, side.high) if name]
        for one in map(limit, named):
            if (one.measure, one.scale or 1) != (self.vital, self.spo2_scale):
                raise ValueError(f"{self.vital}: {one.id} is a limit of {one.measure}, scale {one.scale or 1}")
        bounds = [self.absolute, self.plausible, self.critical, self.normal]
        for outer, inner in zip(bounds, bounds[1:], strict=False):
            if not outer[0] <= inner[0] < inner[1] <= outer[1]:
                raise ValueError(f"{self.vital}: {inner} does not lie inside {outer}")
        return self

    @cached_property
    def normal(self) -> tuple[float, float]:
        """The lowest and the highest value that is normal."""
        return self.amber.inside(self.absolute, self.decimals)

    @cached_property
    def critical(self) -> tuple[float, float]:
        """The lowest and the highest value that is not critical."""
        return self.red.inside(self.absolute, self.decimals)

    def banded(self, value: float) -> float:
        """The value as every band reads it: rounded as it is charted, halves up. Raises Refused for no number."""
        if not math.isfinite(value):
            raise Refused({self.vital: f"{self.word} {value} is no number: enter what was measured."})
        return round_half_up(value, self.decimals if self.banded_decimals is None else self.banded_decimals)

    def too_fine(self, value: float) -> bool:
        """True for a value with more decimals than this vital is charted with."""
        return round_half_up(value, self.decimals) != value

    def other_unit(self, value: float) -> str:
        """In what other unit a value was measured that is too small, and finer than this vital is charted; else ""."""
        unit = self.looks_like
        return unit.what if unit is not None and 0 < value < unit.below and self.too_fine(value) else ""


class Code(Content):
    """One code of a coded vital (consciousness, sedation): its words and what it means."""

    value: Text
    short: Text
    label: Text
    meaning: Literal["normal", "high", "critically_high"]


class Coded(Content):
    """A vital that is chosen from a few codes."""

    vital: Text
    spo2_scale: Literal[1, 2] = 1
    label: Text
    codes: tuple[Code, ...]
    source: Text
    evidence: Evidence


class Jump(Content):
    """A change against the last reading that is asked about."""

    vital: Text
    spo2_scale: Literal[1, 2] = 1
    more_than: float = Field(strict=False)


class Grade(Content):
    """One grade of a judgement that is charted in grades (the nurse's worry): its words and what it means."""

    value: int
    short: Text
    label: Text
    meaning: Literal["normal", "high", "critically_high"]


class Other(Content):
    """What can be charted beside the vitals, by kind.

    A number between two limits; a sign that is there (1) or not (0); a result that is positive (1) or negative (0); a
    grade from 0 up, each with its words; an event that happened (1), which nobody charts as not happened. `event` is
    its name among the suggestion rules.
    """

    name: Text
    label: Text
    unit: str = ""
    kind: Literal["number", "sign", "result", "grade", "event"] = "number"
    group: Literal["now", "since", "laboratory"] = "now"
    event: str = ""
    decimals: int = 0
    absolute: tuple[float, float] = (0.0, 1.0)
    grades: tuple[Grade, ...] = ()
    source: Text
    evidence: Evidence

    @model_validator(mode="before")
    @classmethod
    def _pair(cls, raw: dict[str, object]) -> dict[str, object]:
        absolute = raw.get("absolute")
        return {**raw, "absolute": tuple(float(x) for x in absolute)} if isinstance(absolute, list) else raw

    @model_validator(mode="after")
    def _whole(self) -> "Other":
        if self.name in VITALS:
            raise ValueError(f"{self.name!r} is a vital already")
        if not self.absolute[0] < self.absolute[1]:
            raise ValueError(f"{self.name}: {self.absolute} is no range")
        if self.kind != "number" and (self.unit or self.absolute != (0.0, 1.0)):
            raise ValueError(f"{self.name} is a {self.kind}: it has neither unit nor range")
        if [grade.value for grade in self.grades] != list(range(len(self.grades))):
            raise ValueError(f"{self.name}: its grades do not rise from 0 by 1")
        if (self.kind == "grade") != (len(self.grades) > 1):
            raise ValueError(f"{self.name} is a {self.kind}: a grade alone has grades, two or more")
        return self

    def grade(self, value: float) -> Grade:
        """The grade of that value. Raises KeyError for none."""
        for grade in self.grades:
            if grade.value == value:
                return grade
        raise KeyError(value)


class Times(Content):
    """How long before the admission a set may lie that somebody has called right, and a dose from elsewhere."""

    before_admission_min: int = Field(gt=0)
    elsewhere_before_admission_h: int = Field(gt=0)
    source: Text
    evidence: Evidence


class Noted(Content):
    """Phrases of a note that a sign exists for: whoever writes one without charting the sign is asked about it.

    `signs` are names of what is charted beside the vitals, or of coded vitals: any of them charted is enough. `words`
    name lists of suggestions.toml whose phrases count too.
    """

    signs: Annotated[tuple[Text, ...], Field(min_length=1)]
    phrases: tuple[Text, ...] = ()
    words: tuple[Text, ...] = ()
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _something(self) -> "Noted":
        if not self.phrases and not self.words:
            raise ValueError(f"{', '.join(self.signs)}: no phrase is asked about")
        return self


class VitalsFile(File):
    """vitals.toml."""

    ranges: tuple[Range, ...]
    coded: tuple[Coded, ...]
    other: tuple[Other, ...]
    noted: tuple[Noted, ...]
    jumps: tuple[Jump, ...]
    times: Times
    temperature_sites: tuple[Text, ...]

    @model_validator(mode="after")
    def _noted_signs(self) -> "VitalsFile":
        known = {one.name for one in self.other if one.kind in ("sign", "event")} | {one.vital for one in self.coded}
        if unknown := sorted({sign for one in self.noted for sign in one.signs} - known):
            raise ValueError(f"noted: {', '.join(unknown)} is no sign, no event and no coded vital")
        return self

    def range(self, vital: str, spo2_scale: int | None = None) -> Range:
        """The ranges of a vital, for oxygen saturation by the SpO2 scale (1 unless set). Raises KeyError for none."""
        wanted = 2 if vital == "spo2_percent" and spo2_scale == 2 else 1
        for r in self.ranges:
            if r.vital == vital and r.spo2_scale == wanted:
                return r
        raise KeyError(vital)

    def other_named(self, name: str) -> Other:
        """What is charted under that name beside the vitals. Raises KeyError for none."""
        for other in self.other:
            if other.name == name:
                return other
        raise KeyError(name)


@cache
def scales() -> dict[str, Scale]:
    """Every scale under detox/protocols/scales, by id. Read once a process: content changes with a release."""
    found = [read(path, Scale) for path in sorted((ROOT / "scales").glob("*.toml"))]
    for scale, path in zip(found, sorted((ROOT / "scales").glob("*.toml")), strict=True):
        if path.stem != scale.id:
            raise ProtocolError(f"scales/{path.name}", [f"id: {scale.id!r} is not the file's name"])
    return {scale.id: scale for scale in found}


@cache
def vitals_file() -> VitalsFile:
    """vitals.toml: what each vital can be, usually is, and means."""
    return read(ROOT / "vitals.toml", VitalsFile)


def scale(scale_id: str) -> Scale:
    """The scale of that id. Raises ProtocolError listing the ids that there are."""
    try:
        return scales()[scale_id]
    except KeyError:
        raise ProtocolError(
            "scales", [f"there is no scale {scale_id!r}: choose one of {', '.join(scales())}"]
        ) from None
