"""The form of a scale: items, options, bands, and how they make a total or a level. docs/scales.md shows how to use it.

A scale whose `kind` is `sum` adds the points of its items. A `level` is one item, named by its band and never a number
to add. A `triage` answers with the highest band that one of its rules gives; it has no total at all.
"""

from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from detox.clinical.content import Content, Evidence, File, Text
from detox.clinical.model import VITALS

Points = Annotated[int, Field(ge=0)]
WAYS = ("options", "points", "variants", "codes")


class Option(Content):
    """One answer: its value, the anchor in a word or two for a button, the anchor in full."""

    value: int
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
    """One line of a scale: chosen from `options`, or worked out from a vital by `points`, `variants` or `codes`.

    A `reversed` item counts from the other end: the highest answer gives the fewest points. One with `asked_if` is
    asked only when that earlier item was answered above its lowest value. `objective_from` is the points from which
    an `objective` item counts as a sign that was seen.
    """

    id: Text
    label: Text
    short: str = ""
    window: str = ""
    seen_by: Literal["observed", "reported", "observed and reported", "measured"] = "observed"
    options: tuple[Option, ...] = ()
    reversed: bool = False
    asked_if: str = ""
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

    @cached_property
    def values(self) -> tuple[int, ...]:
        """The points that this item can have, rising: of a chosen item also the values that can be chosen."""
        if self.options:
            return tuple(o.value for o in self.options)
        steps = [s.points for v in self.variants for s in v.points] + [s.points for s in self.points]
        return tuple(sorted({*steps, *self.codes.values()}))

    @cached_property
    def points_of(self) -> dict[int, int]:
        """The points of each value that can be chosen; of a measured item, each number of points itself."""
        ends = self.values[0] + self.values[-1]
        return {value: ends - value if self.reversed else value for value in self.values}

    @model_validator(mode="after")
    def _one_way_to_score(self) -> "Item":
        ways = [name for name in WAYS if getattr(self, name)]
        if len(ways) != 1:
            raise ValueError(f"item {self.id} needs exactly one of options, points, variants, codes; it has {ways}")
        if self.vital and self.vital not in VITALS:
            raise ValueError(f"item {self.id} names the unknown vital {self.vital!r}")
        if bool(self.vital) == bool(self.options):
            raise ValueError(f"item {self.id} needs either options or a vital")
        for name in (name for v in self.variants for name in v.when):
            if name not in VITALS:
                raise ValueError(f"item {self.id} has a variant for the unknown vital {name!r}")
        for steps in [self.points, *(v.points for v in self.variants)]:
            _rising(steps, f"item {self.id}")
        return self

    @model_validator(mode="after")
    def _options_apart(self) -> "Item":
        values = [o.value for o in self.options]
        if values != sorted(set(values)):
            raise ValueError(f"item {self.id} has a duplicate or unsorted option value: {values}")
        if twice := _twice(o.short for o in self.options):
            raise ValueError(f"item {self.id} has two options that read {twice!r}")
        if self.reversed and set(self.points_of.values()) != set(values):
            raise ValueError(f"item {self.id} cannot be reversed: its values {values} are no mirror of themselves")
        return self


class Band(Content):
    """A range of totals, written as its lower bound only, so that no gap or overlap can be.

    `authors` is False where the band, or its name, is not from the authors of the scale.
    """

    at_least: int
    id: Text
    label: Text
    authors: bool = True


class Scheme(Content):
    """One way among several to cut a total into bands, with its own source."""

    id: Text
    source: Text
    evidence: Evidence
    bands: tuple[Band, ...]


class SingleItemRisk(Content):
    """One item at `points` or more lifts the risk to `risk` unless the total's band stands higher."""

    points: Points
    risk: Text


class Response(Content):
    """What a band or risk asks the ward to do."""

    risk: Text
    monitoring: Text
    response: Text


class Flag(Content):
    """One item at `at_least` points or more asks for `action` whatever the total is, and even when it is incomplete."""

    id: Text
    item: Text
    at_least: int
    label: Text
    action: Text
    source: Text
    evidence: Evidence


class TriageRule(Content):
    """`band` is reached as soon as one item of `any_of` is answered above its lowest value."""

    band: Text
    any_of: tuple[Text, ...]


class Scale(File):
    """A questionnaire or score: items, bands, provenance.

    `options` are shared by every item that brings none. `bands` may instead be one of several `schemes`, named by
    `band_scheme`. A scale without bands says why in `unbanded`. `use = "trend"` marks a scale that never drives a
    decision. `important_change` is in points; with `important_change_up_to` it is a range.
    """

    short_name: Text
    observer: Literal["clinician", "self-report", "vitals"]
    kind: Literal["sum", "level", "triage"] = "sum"
    use: Literal["care", "trend"] = "care"
    window: str = ""
    interval: str = ""
    bands: tuple[Band, ...]
    bands_source: str = ""
    bands_evidence: Evidence | None = None
    band_scheme: str = ""
    schemes: tuple[Scheme, ...] = ()
    unbanded: str = ""
    options: tuple[Option, ...] = ()
    items: tuple[Item, ...] = Field(min_length=1)
    triage: tuple[TriageRule, ...] = ()
    flags: tuple[Flag, ...] = ()
    important_change: int | None = None
    important_change_up_to: int | None = None
    important_change_source: str = ""
    does_not_measure: tuple[str, ...] = ()
    single_item: SingleItemRisk | None = None
    responses: tuple[Response, ...] = ()
    min_age: int | None = None
    not_in_pregnancy: bool = False

    @cached_property
    def minimum(self) -> int:
        """The least total, or the rank of the lowest level."""
        return 0 if self.kind == "triage" else sum(i.values[0] for i in self.items)

    @cached_property
    def maximum(self) -> int:
        """The greatest total, or the rank of the highest level."""
        return self.bands[-1].at_least if self.kind == "triage" else sum(i.values[-1] for i in self.items)

    @cached_property
    def lows(self) -> tuple[int, ...]:
        """The lower bound of each band."""
        return tuple(b.at_least for b in self.bands)

    @cached_property
    def reachable(self) -> frozenset[int]:
        """Every total that some answers give."""
        if self.kind == "triage":
            return frozenset({self.minimum, *(self.band(rule.band).at_least for rule in self.triage)})
        totals = {0}
        for item in self.items:
            totals = {total + value for total in totals for value in item.values}
        return frozenset(totals)

    def item(self, item_id: str) -> Item:
        """The item of that id. Raises KeyError."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    def band(self, band_id: str) -> Band:
        """The band of that id. Raises KeyError."""
        for band in self.bands:
            if band.id == band_id:
                return band
        raise KeyError(band_id)

    def band_of(self, total: int) -> Band:
        """The band a total falls in. Raises ValueError below the least total, and for a scale without bands."""
        for band in reversed(self.bands):
            if total >= band.at_least:
                return band
        raise ValueError(f"{self.short_name} has no band for {total}")

    @model_validator(mode="before")
    @classmethod
    def _shared(cls, raw: dict[str, object]) -> dict[str, object]:
        """Give the shared options to items without an own way to score, and the chosen scheme's bands to the scale."""
        raw = dict(raw)
        options, items, schemes = raw.get("options"), raw.get("items"), raw.get("schemes")
        if options and isinstance(items, tuple):
            raw["items"] = tuple(
                i if not isinstance(i, dict) or any(i.get(way) for way in WAYS) else {**i, "options": options}
                for i in items
            )
        if raw.get("band_scheme") and isinstance(schemes, tuple) and "bands" not in raw:
            chosen = [s for s in schemes if isinstance(s, dict) and s.get("id") == raw["band_scheme"]]
            if chosen and "bands" in chosen[0]:
                raw["bands"] = chosen[0]["bands"]
        return raw

    @model_validator(mode="after")
    def _items(self) -> "Scale":
        ids = [i.id for i in self.items]
        if _twice(ids):
            raise ValueError(f"an item id stands twice: {ids}")
        if self.options and not any(i.options == self.options for i in self.items):
            raise ValueError("options: no item uses them")
        if self.kind == "level" and len(self.items) != 1:
            raise ValueError(f"a level is one item, never added up: {ids}")
        for number, item in enumerate(self.items):
            if item.asked_if and item.asked_if not in ids[:number]:
                raise ValueError(f"item {item.id}: asked_if names no earlier item: {item.asked_if!r}")
            if item.asked_if and self.kind != "triage":
                raise ValueError(f"item {item.id}: only a triage skips questions; a sum without them would be too low")
        return self

    @model_validator(mode="after")
    def _bands(self) -> "Scale":
        if bool(self.triage) != (self.kind == "triage"):
            raise ValueError("a triage has rules under triage, and nothing else has them")
        if self.unbanded and not self.bands and self.kind == "sum":
            return self
        if self.unbanded:
            raise ValueError("unbanded says why there are no bands: there are some, or the kind needs them")
        _rules(self)
        self._check(self.bands, "bands")
        if not (any(b.authors for b in self.bands) or self.bands_source or self.schemes):
            raise ValueError("bands that are not the authors' need a bands_source")
        return self

    @model_validator(mode="after")
    def _schemes(self) -> "Scale":
        ids = [s.id for s in self.schemes]
        if _twice(ids) or bool(ids) != bool(self.band_scheme) or (ids and self.band_scheme not in ids):
            raise ValueError(f"band_scheme {self.band_scheme!r} has to be one of the schemes, each named once: {ids}")
        for scheme in self.schemes:
            self._check(scheme.bands, f"scheme {scheme.id}: bands")
        if self.schemes and self.bands != self.schemes[ids.index(self.band_scheme)].bands:
            raise ValueError("bands: leave them out, band_scheme names the scheme that gives them")
        return self

    @model_validator(mode="after")
    def _flags(self) -> "Scale":
        if _twice(f.id for f in self.flags):
            raise ValueError("a flag id stands twice")
        for flag in self.flags:
            if flag.item not in {i.id for i in self.items} or flag.at_least > self.item(flag.item).values[-1]:
                raise ValueError(f"flag {flag.id} can never be raised: no item {flag.item!r} reaches {flag.at_least}")
        if self.single_item is not None and self.single_item.points > max(i.values[-1] for i in self.items):
            raise ValueError(f"single_item: no item reaches {self.single_item.points} points")
        if (self.important_change is None) == bool(self.important_change_source):
            raise ValueError("important_change and important_change_source go together")
        return self

    def _check(self, bands: tuple[Band, ...], where: str) -> None:
        lows = [b.at_least for b in bands]
        least = self.minimum
        if not lows or lows != sorted(set(lows)) or lows[0] != least:
            raise ValueError(
                f"{where} must rise from the minimum {least}, each greater than or equal to {least}: {lows}"
            )
        if lows[-1] > self.maximum:
            raise ValueError(f"{where}: {lows[-1]} cannot be reached: the greatest total is {self.maximum}")
        if twice := _twice(b.id for b in bands):
            raise ValueError(f"{where}: the band id {twice!r} stands twice")
        for low, after in pairwise([*lows, self.maximum + 1]):
            if self.reachable.isdisjoint(range(low, after)):
                raise ValueError(f"{where}: no total from {low} to {after - 1} can be reached")


def _rules(scale: Scale) -> None:
    """The rules of a triage: each for another band of the scale, each about items that can be answered."""
    bands, items = {b.id for b in scale.bands}, {i.id: i for i in scale.items}
    if twice := _twice(rule.band for rule in scale.triage):
        raise ValueError(f"triage: the band {twice!r} has two rules")
    for rule in scale.triage:
        if rule.band not in bands:
            raise ValueError(f"triage: there is no band {rule.band!r}")
        if unknown := [name for name in rule.any_of if name not in items]:
            raise ValueError(f"triage {rule.band}: there is no item {unknown[0]!r}")
    asked = {name for rule in scale.triage for name in rule.any_of}
    if scale.triage and (idle := [name for name in items if name not in asked]):
        raise ValueError(f"triage: no rule looks at {', '.join(idle)}")
    if scale.triage and any(i.measured or i.reversed for i in scale.items):
        raise ValueError("triage: its items are answered as they stand, neither measured nor reversed")


def _twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), "")  # type: ignore[func-returns-value]


def _rising(steps: tuple[Step, ...], where: str) -> None:
    if not steps:
        return
    if steps[0].at_least is not None:
        raise ValueError(f"{where}: the first step has no lower bound, so that nothing lies below it")
    lows = [s.at_least for s in steps[1:]]
    if any(low is None for low in lows) or lows != sorted(set(lows)):  # type: ignore[type-var]
        raise ValueError(f"{where}: steps must rise by their lower bounds: {lows}")
