"""The limits of the vitals: each once, by name, in limits.toml.

Colours, alert rules, suggestions and the check before a dose name them, so that one value means one thing everywhere.
"""

from functools import cache, cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.clinical.model import VITALS

Operator = Literal["at_least", "above", "below", "at_most"]
OPERATORS: tuple[Operator, ...] = ("at_least", "above", "below", "at_most")
EDGE_WORDS = {"at_least": "{} or more", "above": "more than {}", "below": "below {}", "at_most": "{} or less"}
_SHORT = {"at_least": "at or above", "above": "above", "below": "below", "at_most": "at or below"}


class Edge(Content):
    """A value, and on which side of it something lies: exactly one of the four."""

    at_least: float | None = Field(default=None, strict=False)
    above: float | None = Field(default=None, strict=False)
    below: float | None = Field(default=None, strict=False)
    at_most: float | None = Field(default=None, strict=False)

    @model_validator(mode="after")
    def _one(self) -> "Edge":
        if sum(getattr(self, name) is not None for name in OPERATORS) != 1:
            raise ValueError(f"exactly one of {', '.join(OPERATORS)} is needed")
        return self

    @cached_property
    def operator(self) -> Operator:
        """at_least, above, below or at_most."""
        return next(name for name in OPERATORS if getattr(self, name) is not None)

    @property
    def value(self) -> float:
        """The number, in the unit of the vital."""
        return float(getattr(self, self.operator))

    @property
    def upward(self) -> bool:
        """True where greater values lie beyond it."""
        return self.operator in ("at_least", "above")

    @property
    def where(self) -> str:
        """On which side, in words that stand before the value: "at or below"."""
        return _SHORT[self.operator]

    def holds(self, number: float) -> bool:
        """True for a value that lies beyond it, or on it where it counts."""
        beyond = {
            "at_least": number >= self.value, "above": number > self.value,
            "below": number < self.value, "at_most": number <= self.value,
        }  # fmt: skip
        return beyond[self.operator]

    def words(self, decimals: int, unit: str) -> str:
        """The edge in words: "180 mmHg or more"."""
        return EDGE_WORDS[self.operator].format(f"{self.value:.{decimals}f} {unit}")


class VitalLimit(Edge):
    """One limit of one vital.

    `clears` is what a value must be for an alert of it to end; `scale` the SpO2 scale that it is for, None elsewhere.
    """

    id: Text
    measure: Text
    scale: Literal[1, 2] | None = None
    clears: Edge | None = None
    unit: Text
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _apart(self) -> "VitalLimit":
        if self.measure not in VITALS:
            raise ValueError(f"{self.id}: {self.measure!r} is no vital")
        ends = self.clears
        if ends is not None and (ends.upward == self.upward or self._meets(ends)):
            raise ValueError(f"{self.id}: a value that clears it is beyond it")
        return self

    def _meets(self, ends: Edge) -> bool:
        """True where one value is beyond the limit and clears it too."""
        if ends.value == self.value:
            return {ends.operator, self.operator} == {"at_least", "at_most"}
        return ends.value > self.value if self.upward else ends.value < self.value

    def inside(self, decimals: int) -> float:
        """The last value, with that many decimals, that is not beyond it."""
        step = 10.0**-decimals
        past = {"at_least": -step, "at_most": step}.get(self.operator, 0.0)
        return round(self.value + past, decimals)


class Windows(Content):
    """How far back is looked, in sets of an admission or hours, and how many minutes a clock may be ahead."""

    clock_tolerance_min: int = Field(ge=0, le=10)
    measure_sets: int = Field(gt=0)
    rule_sets: int = Field(gt=0)
    recent_sets: int = Field(gt=0)
    dose_sets: int = Field(gt=0)
    event_h: int = Field(gt=0)
    dose_h: int = Field(gt=0)
    source: Text
    evidence: Evidence


class LimitsFile(File):
    """limits.toml."""

    limits: tuple[VitalLimit, ...]
    windows: Windows

    @cached_property
    def named(self) -> dict[str, VitalLimit]:
        """Every limit by its name."""
        return {one.id: one for one in self.limits}

    @model_validator(mode="after")
    def _each_once(self) -> "LimitsFile":
        ids = [one.id for one in self.limits]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"a limit stands twice: {', '.join(twice)}")
        return self


@cache
def limits_file() -> LimitsFile:
    """limits.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "limits.toml", LimitsFile)


def limit(name: str) -> VitalLimit:
    """The limit of that name. Raises ValueError for none."""
    found = limits_file().named.get(name)
    if found is None:
        raise ValueError(f"limits.toml has no limit {name!r}")
    return found


def as_condition(raw: Any) -> Any:
    """A condition that names a limit, {limit = NAME} or {cleared = NAME}, with the measure and number of that limit."""
    if not isinstance(raw, dict) or not raw.keys() & {"limit", "cleared"}:
        return raw
    if len(raw) != 1:
        raise ValueError(f"a condition that names a limit has no other key: {sorted(raw)}")
    name = str(raw.get("limit") or raw.get("cleared"))
    found = limit(name)
    edge: Edge | None = found if "limit" in raw else found.clears
    if edge is None:
        raise ValueError(f"limit {name} does not say what clears it")
    return {"measure": found.measure, edge.operator: edge.value, "named": name}
