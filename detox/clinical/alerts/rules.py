"""The rows of alerts.toml: typed, and checked at load."""

from functools import cached_property
from string import Formatter
from typing import Literal

from pydantic import Field, model_validator

from detox.clinical.limits import EDGE_WORDS, as_condition
from detox.clinical.limits import OPERATORS as EDGES
from detox.clinical.measure_content import MeasuresContent, decimals, measures
from detox.clinical.model import LEVELS, Level
from detox.clinical.protocols import Content, Evidence, File, Text, scale, vitals_file

WORDS: frozenset[str] = frozenset({"blood_pressure", "limit", "held", "news2_red", "watched_dose", "watched_rise"})
OPERATORS = (*EDGES, "one_of")


class Condition(Content):
    """One measure held against one limit; `named` is the limit of limits.toml that it comes from."""

    measure: Text
    at_least: float | None = Field(default=None, strict=False)
    above: float | None = Field(default=None, strict=False)
    below: float | None = Field(default=None, strict=False)
    at_most: float | None = Field(default=None, strict=False)
    one_of: tuple[bool | int | str, ...] = ()
    named: str = ""

    @model_validator(mode="before")
    @classmethod
    def _of_a_limit(cls, raw: object) -> object:
        return as_condition(raw)

    @cached_property
    def operator(self) -> str:
        """at_least, above, below, at_most or one_of."""
        return next(name for name in OPERATORS if getattr(self, name) not in (None, ()))

    @cached_property
    def limit(self) -> str:
        """The limit in words, without the measure: "180 or more"."""
        if self.one_of:
            return " or ".join(map(str, self.one_of))
        operator = self.operator
        return EDGE_WORDS[operator].format(f"{getattr(self, operator):.{decimals(self.measure)}f}")

    @model_validator(mode="after")
    def _known_measure_and_one_limit(self) -> "Condition":
        if self.measure not in measures():
            raise ValueError(f"unknown measure {self.measure!r}: the measures are {', '.join(sorted(measures()))}")
        used = [name for name in OPERATORS if getattr(self, name) not in (None, ())]
        if len(used) != 1:
            raise ValueError(f"{self.measure} needs exactly one of {', '.join(OPERATORS)}; it has {used}")
        possible = possible_codes(self.measure)
        if bool(possible) != bool(self.one_of):
            raise ValueError(f"{self.measure} {'is chosen: use one_of' if possible else 'is a number: not one_of'}")
        wrong = [value for value in self.one_of if (type(value), value) not in {(type(p), p) for p in possible}]
        if wrong:
            raise ValueError(f"{self.measure} is never {wrong}: it is one of {list(possible)}")
        return self


class Rule(Content):
    """When to alert, when to stop, and what to say. See the head of alerts.toml for how the keys work together."""

    id: Text
    problem: Text
    level: Level
    grade: int = Field(default=1, ge=1)
    kind: Literal["limit", "drift", "combination", "silence"]
    consecutive: int = Field(default=1, ge=1)
    confirm_min: int | None = Field(default=None, ge=1)
    at_once_if: tuple[Condition, ...] = ()
    of: tuple[Text, ...] = ()
    of_problems: int = Field(default=1, ge=1)
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    clear_all: tuple[Condition, ...] = ()
    clear_any: tuple[Condition, ...] = ()
    clear_readings: int | None = Field(default=None, ge=1)
    says: Text
    reason: Text
    action: str = ""
    action_of_news2: str = ""
    source: Text
    evidence: Evidence

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """The measures that the rule looks at, in the order of the file."""
        return tuple(dict.fromkeys(c.measure for c in (*self.all, *self.any)))

    @cached_property
    def rank(self) -> tuple[int, int]:
        """The greater, the worse: the level first, then the grade inside it."""
        return LEVELS.index(self.level), self.grade

    @cached_property
    def what_to_do(self) -> str:
        """The action: the rule's own words, or those of the NEWS2 response that it names."""
        if not self.action_of_news2:
            return self.action
        return next(r.response for r in scale("news2").responses if r.risk == self.action_of_news2)

    @model_validator(mode="after")
    def _whole(self) -> "Rule":
        if not self.all and not self.any and not self.of:
            raise ValueError(f"rule {self.id} has no condition")
        if self.confirm_min is not None and self.level != "critical":
            raise ValueError(f"rule {self.id}: only a critical rule is confirmed by a second reading")
        if self.at_once_if and self.confirm_min is None:
            raise ValueError(f"rule {self.id}: at_once_if needs confirm_min")
        if self.of and (self.clear_all or self.clear_any or self.consecutive != 1):
            raise ValueError(f"rule {self.id} rests on other rules: it ends with them")
        if bool(self.action) == bool(self.action_of_news2):
            raise ValueError(f"rule {self.id} needs either action or action_of_news2")
        risks = [r.risk for r in scale("news2").responses]
        if self.action_of_news2 and self.action_of_news2 not in risks:
            raise ValueError(f"rule {self.id}: NEWS2 has no response {self.action_of_news2!r}, only {risks}")
        self._says_what_is_known()
        for raised in (*self.all, *self.any):
            for cleared in (*self.clear_all, *self.clear_any):
                if _overlap(raised, cleared):
                    raise ValueError(
                        f"rule {self.id} would clear while it holds: {raised.measure} {raised.limit} "
                        f"against {cleared.limit}"
                    )
        return self

    def _says_what_is_known(self) -> None:
        named = {name for _, name, _, _ in Formatter().parse(self.says) if name is not None}
        limits = {f"limit_{c.measure}" for c in (*self.all, *self.any)}
        if unknown := named - WORDS - measures() - limits:
            raise ValueError(f"rule {self.id}: says names the unknown {', '.join(sorted(unknown))}")


class AlertsFile(MeasuresContent, File):
    """alerts.toml."""

    unconfirmed: Text
    worse_percent: int = Field(ge=1)
    clear_readings: int = Field(ge=1)
    rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id. Raises KeyError."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    @model_validator(mode="after")
    def _each_once(self) -> "AlertsFile":
        ids = [rule.id for rule in self.rules]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"a rule id stands twice: {', '.join(twice)}")
        for rule in self.rules:
            plain = {r.id for r in self.rules if not r.of}
            if unknown := sorted(set(rule.of) - plain):
                raise ValueError(f"rule {rule.id} rests on {', '.join(unknown)}: no such rule that rests on itself")
            problems = {r.problem for r in self.rules if r.id in rule.of}
            if rule.of and rule.of_problems > len(problems):
                raise ValueError(f"rule {rule.id} can never hold: its rules have {len(problems)} problems")
        return self


def possible_codes(measure: str) -> tuple[bool | int | str, ...]:
    """The codes of a measure that is chosen; empty for one that is a number."""
    for coded in vitals_file().coded:
        if coded.vital == measure:
            return tuple(code.value for code in coded.codes)
    return {"spo2_scale": (1, 2), "on_oxygen": (True, False)}.get(measure, ())


def _overlap(raised: Condition, cleared: Condition) -> bool:
    """True when one value of the measure would both raise and clear."""
    if raised.measure != cleared.measure:
        return False
    if raised.one_of:
        return bool(set(raised.one_of) & set(cleared.one_of))
    upward = raised.operator in ("at_least", "above")
    if upward == (cleared.operator in ("at_least", "above")):
        return True
    enter, leave = float(getattr(raised, raised.operator)), float(getattr(cleared, cleared.operator))
    if enter == leave:
        return {raised.operator, cleared.operator} == {"at_least", "at_most"}
    return leave > enter if upward else leave < enter
