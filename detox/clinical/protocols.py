"""Clinical content: reads, checks and types the TOML of detox/protocols/. Nothing is half-loaded.

Every file names its source, version, evidence tag and review state; an unknown key, a missing source, bands that do
not rise from the minimum, a rule that names an unknown measure are refused with file, key and reason.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from detox.clinical.model import VITALS
from detox.errors import ProtocolError

ROOT = Path(__file__).resolve().parent.parent / "protocols"

NOT_REVIEWED = "NOT YET REVIEWED"

Text = Annotated[str, Field(min_length=1)]
Evidence = Annotated[str, Field(pattern=r"^(R2|R|S|K|P|\?)( \+ (R2|R|S|K|P|\?))*$")]
Points = Annotated[int, Field(ge=0)]


class Content(BaseModel):
    """Strict, frozen clinical content: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Review(Content):
    """Who has read the numbers of a file, when, and which version; empty until somebody has."""

    by: str = ""
    on: str = ""
    version: str = ""


class File(Content):
    """What every content file says of itself."""

    id: Text
    version: Text
    title: Text
    source: Text
    url: str = ""
    evidence: Evidence
    licence: str = ""
    contested: tuple[str, ...] = ()
    review: Review = Review()

    @property
    def reviewed(self) -> bool:
        """True when a named person has reviewed just this version."""
        return bool(self.review.by and self.review.on) and self.review.version == self.version

    @property
    def review_state(self) -> str:
        """What a screen says: the review, or NOT YET REVIEWED."""
        return f"reviewed by {self.review.by} on {self.review.on}" if self.reviewed else NOT_REVIEWED


class Option(Content):
    """One answer: its points, the anchor in a word or two for a button, the anchor in full."""

    value: Points
    short: Text
    label: Text


class Step(Content):
    """Points from a lower bound on: the first step has none and reaches down without limit."""

    at_least: float | None = Field(default=None, strict=False)
    points: Points
    label: str = ""


class Variant(Content):
    """Points that apply when other vitals have stated values (SpO2 by scale and oxygen)."""

    when: dict[str, int | bool | str]
    points: tuple[Step, ...]


class Item(Content):
    """One line of a scale: chosen from `options`, or worked out from a vital by `points`, `variants` or `codes`."""

    id: Text
    label: Text
    short: str = ""
    window: str = ""
    seen_by: Literal["observed", "reported", "observed and reported", "measured"] = "observed"
    options: tuple[Option, ...] = ()
    vital: str = ""
    decimals: int = 0
    points: tuple[Step, ...] = ()
    variants: tuple[Variant, ...] = ()
    codes: dict[str, Points] = {}
    objective: bool = False
    objective_from: int = 1

    @property
    def measured(self) -> bool:
        """True when a vital gives the points and nobody chooses them."""
        return bool(self.vital)

    @property
    def values(self) -> tuple[int, ...]:
        """The points that this item can have, rising."""
        if self.options:
            return tuple(o.value for o in self.options)
        steps = [s.points for v in self.variants for s in v.points] + [s.points for s in self.points]
        return tuple(sorted({*steps, *self.codes.values()}))

    @model_validator(mode="after")
    def _one_way_to_score(self) -> "Item":
        ways = [name for name in ("options", "points", "variants", "codes") if getattr(self, name)]
        if len(ways) != 1:
            raise ValueError(f"item {self.id} needs exactly one of options, points, variants, codes; it has {ways}")
        if self.vital and self.vital not in VITALS:
            raise ValueError(f"item {self.id} names the unknown vital {self.vital!r}")
        if bool(self.vital) == bool(self.options):
            raise ValueError(f"item {self.id} needs either options or a vital")
        values = [o.value for o in self.options]
        if values != sorted(set(values)):
            raise ValueError(f"item {self.id} has a duplicate or unsorted option value: {values}")
        for steps in [self.points, *(v.points for v in self.variants)]:
            _rising(steps, f"item {self.id}")
        return self


class Band(Content):
    """A range of totals, written as its lower bound only, so that no gap or overlap can be."""

    at_least: Points
    id: Text
    label: Text
    authors: bool = True


class SingleItemRisk(Content):
    """One item at `points` or more lifts the risk to `risk` unless the total's band stands higher."""

    points: Points
    risk: Text


class Response(Content):
    """What a band or risk asks the ward to do."""

    risk: Text
    monitoring: Text
    response: Text


class Scale(File):
    """A questionnaire or score: items, bands, provenance."""

    short_name: Text
    observer: Literal["clinician", "self-report", "vitals"]
    bands: tuple[Band, ...]
    items: tuple[Item, ...]
    important_change: int | None = None
    important_change_source: str = ""
    does_not_measure: tuple[str, ...] = ()
    single_item: SingleItemRisk | None = None
    responses: tuple[Response, ...] = ()
    min_age: int | None = None

    @property
    def minimum(self) -> int:
        """The least total."""
        return sum(min(i.values) for i in self.items)

    @property
    def maximum(self) -> int:
        """The greatest total."""
        return sum(max(i.values) for i in self.items)

    def item(self, item_id: str) -> Item:
        """The item of that id. Raises KeyError."""
        return next(i for i in self.items if i.id == item_id)

    def band_of(self, total: int) -> Band:
        """The band a total falls in."""
        return [b for b in self.bands if total >= b.at_least][-1]

    @model_validator(mode="after")
    def _bands_and_items(self) -> "Scale":
        lows = [b.at_least for b in self.bands]
        if not lows or lows != sorted(set(lows)) or lows[0] != self.minimum:
            raise ValueError(f"bands must rise from the minimum {self.minimum}: {lows}")
        if lows[-1] > self.maximum:
            raise ValueError(f"band from {lows[-1]} cannot be reached: the greatest total is {self.maximum}")
        ids = [i.id for i in self.items]
        if len(ids) != len(set(ids)):
            raise ValueError(f"an item id stands twice: {ids}")
        return self


class Range(Content):
    """What values of a vital can be (absolute: refuse), usually are (plausible: ask) and mean (interpret).

    `normal` and `critical` are inclusive lower and upper limits of the normal and the not-critical range.
    """

    vital: Text
    label: Text
    word: Text
    unit: str
    decimals: int
    absolute: tuple[float, float]
    plausible: tuple[float, float]
    normal: tuple[float, float]
    critical: tuple[float, float]
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
        bounds = [self.absolute, self.plausible, self.critical, self.normal]
        for outer, inner in zip(bounds, bounds[1:], strict=False):
            if not outer[0] <= inner[0] < inner[1] <= outer[1]:
                raise ValueError(f"{self.vital}: {inner} does not lie inside {outer}")
        return self


class Code(Content):
    """One code of a coded vital (consciousness, sedation): its words and what it means."""

    value: Text
    short: Text
    label: Text
    meaning: Literal["normal", "high", "critically_high"]


class Coded(Content):
    """A vital that is chosen from a few codes."""

    vital: Text
    label: Text
    codes: tuple[Code, ...]
    source: Text
    evidence: Evidence


class Jump(Content):
    """A change against the last reading that is asked about."""

    vital: Text
    more_than: float = Field(strict=False)


class VitalsFile(File):
    """vitals.toml."""

    ranges: tuple[Range, ...]
    coded: tuple[Coded, ...]
    jumps: tuple[Jump, ...]
    temperature_sites: tuple[Text, ...]

    def range(self, vital: str) -> Range:
        """The ranges of a vital. Raises KeyError for one without."""
        for r in self.ranges:
            if r.vital == vital:
                return r
        raise KeyError(vital)


def _rising(steps: tuple[Step, ...], where: str) -> None:
    if not steps:
        return
    if steps[0].at_least is not None:
        raise ValueError(f"{where}: the first step has no lower bound, so that nothing lies below it")
    lows = [s.at_least for s in steps[1:]]
    if any(low is None for low in lows) or lows != sorted(set(lows)):  # type: ignore[type-var]
        raise ValueError(f"{where}: steps must rise by their lower bounds: {lows}")


Kind = TypeVar("Kind", bound=File)


def read(path: Path, kind: type[Kind]) -> Kind:
    """One content file as `kind`. Raises ProtocolError naming file, key and reason."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProtocolError(name, ["the file is missing"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(name, [f"it is not TOML: {error}"]) from None
    placeholders = [key for key, text in _texts(raw) if text.strip().lower() in {"todo", "tbd", "n/a", "xxx", "?"}]
    if placeholders:
        raise ProtocolError(name, [f"{key} holds placeholder text" for key in placeholders])
    try:
        return kind.model_validate(_tuples(raw))
    except ValidationError as error:
        raise ProtocolError(name, [_sentence(e) for e in error.errors()]) from None


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


def _sentence(error: object) -> str:
    where = ".".join(str(part) for part in error["loc"])  # type: ignore[index]
    return f"{where or 'file'}: {error['msg']}"  # type: ignore[index]


def _tuples(value: object) -> object:
    """TOML arrays as tuples: content is frozen, and pydantic's strict mode takes no list for one."""
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(inner) for inner in value)
    return value


def _texts(value: object, key: str = "") -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{key}[{number}]")
