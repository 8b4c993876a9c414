"""What is looked at before a dose is given: the vitals it depends on, how old they are, what holds it.

Pure. The file giving.toml says what is needed; the limits stand in suggestions.toml and are named there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.clinical.limits import limit as vital_limit
from detox.clinical.model import PROGRAMMES, VITALS, Observation
from detox.clinical.protocols import vitals_file
from detox.clinical.suggestions.content import Limit, content
from detox.clinical.vitals import banded
from detox.errors import ProtocolError

TWO_PEOPLE = "two_people"
"""The name under which a ward keeps for which drugs it asks for a second person."""
ALLOWED = "jurisdiction"
"""The name under which a ward keeps which locked programmes are lawful where it is."""

Value = float | int | bool | str
Verdict = Literal["clear", "hold", "stale", "missing"]


class Hold(Content):
    """What holds a dose: a value beyond a limit of limits.toml (on scale 2 beyond another), or one of some codes."""

    vital: Text
    limit: str = ""
    limit_scale2: str = ""
    codes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> "Hold":
        if self.vital not in VITALS:
            raise ValueError(f"{self.vital!r} is no vital")
        if bool(self.codes) == bool(self.limit):
            raise ValueError(f"{self.vital}: either a limit, or codes")
        for name in filter(None, (self.limit, self.limit_scale2)):
            if vital_limit(name).measure != self.vital:
                raise ValueError(f"{self.vital}: {name} is a limit of {vital_limit(name).measure}")
        return self


class Before(Content):
    """What has to be known before a dose of some drugs, at what age at the most, and what holds it."""

    id: Text
    drugs: tuple[Text, ...]
    label: Text
    max_age_min: Annotated[int, Field(gt=0)] | None = None
    age: str = ""
    source: Text
    evidence: Evidence
    needs: tuple[Text, ...]
    holds: tuple[Hold, ...]

    @model_validator(mode="after")
    def _aged(self) -> "Before":
        if (self.max_age_min is None) == (not self.age):
            raise ValueError(f"{self.id}: either max_age_min, or age as the name of a limit")
        if self.age:
            _named(self.age)
        if unknown := [name for name in self.needs if name not in VITALS]:
            raise ValueError(f"{self.id}: {', '.join(unknown)} is no vital")
        return self

    @property
    def minutes(self) -> float:
        """How old a reading may be, in minutes."""
        return self.max_age_min if self.max_age_min is not None else _named(self.age).value


class Counted(Content):
    """How doses of a drug are counted against the signed daily dose and the daily cap; hours."""

    drugs: tuple[Text, ...]
    every_h: Annotated[float, Field(gt=0)]
    early_h: Annotated[float, Field(ge=0)]
    cap_h: Annotated[float, Field(gt=0)] | None = None
    first_day: bool = False
    no_cap: str = ""
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _in_order(self) -> "Counted":
        if self.early_h >= self.every_h:
            raise ValueError(f"{', '.join(self.drugs)}: early_h is not less than every_h")
        if self.first_day and self.cap_h is None:
            raise ValueError(f"{', '.join(self.drugs)}: the first day needs cap_h")
        return self

    @property
    def apart(self) -> timedelta:
        """Within what time no more than the signed daily dose is given."""
        return timedelta(hours=self.every_h - self.early_h)

    @property
    def cap_span(self) -> timedelta | None:
        """Over what time the daily cap counts beside the day of the ward; None where it does not."""
        return None if self.cap_h is None else timedelta(hours=self.cap_h)


class Asked(Content):
    """Under which part of the signed daily dose a given dose of some drugs is asked about."""

    drugs: tuple[Text, ...]
    share: Annotated[float, Field(gt=0, lt=1)]
    source: Text
    evidence: Evidence


class Witness(Content):
    """The drugs for which a ward may ask for a second person."""

    choices: tuple[Text, ...]
    source: Text
    evidence: Evidence


class Jurisdiction(Content):
    """The programmes that are locked until a ward says that they are lawful there; others that it is asked about."""

    locked: tuple[Text, ...]
    asked: tuple[Text, ...]
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _known(self) -> "Jurisdiction":
        if unknown := [name for name in (*self.locked, *self.asked) if name not in PROGRAMMES]:
            raise ValueError(f"{', '.join(unknown)} is no programme")
        return self


class MissedRow(Content):
    """What one guideline says after so many missed days."""

    by: Text
    days: Text
    then: Text


class Missed(Content):
    """The tables for missed doses: shown beside each other, never computed with."""

    source: Text
    evidence: Evidence
    rows: tuple[MissedRow, ...]


class GivingFile(File):
    """giving.toml."""

    before: tuple[Before, ...]
    counted: tuple[Counted, ...]
    asked: tuple[Asked, ...]
    witness: Witness
    jurisdiction: Jurisdiction
    missed: Missed

    @model_validator(mode="after")
    def _each_drug_once(self) -> "GivingFile":
        for rows in (self.before, self.counted, self.asked):
            drugs = [drug for row in rows for drug in row.drugs]
            if len(set(drugs)) != len(drugs):
                raise ValueError("a drug stands in two lines")
        return self

    def counting(self, drug: str) -> Counted:
        """How doses of the drug are counted. Raises ProtocolError for a drug without a line."""
        for row in self.counted:
            if drug in row.drugs:
                return row
        raise ProtocolError("giving.toml", [f"it does not say how doses of {drug!r} are counted"])


@dataclass(frozen=True, slots=True)
class Check:
    """One vital before a dose: its newest value at that time, when it was taken, and what it says about the dose."""

    vital: str
    label: str
    value: Value | None
    taken_at: datetime | None
    verdict: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class AdministrationCheck:
    """Every vital a dose depends on, and what that comes to."""

    row: Before | None
    checks: tuple[Check, ...] = ()

    @property
    def holds(self) -> tuple[Check, ...]:
        """What holds the dose."""
        return tuple(one for one in self.checks if one.verdict == "hold")

    @property
    def gaps(self) -> tuple[Check, ...]:
        """What has to be measured first."""
        return tuple(one for one in self.checks if one.verdict in ("stale", "missing"))

    @property
    def clear(self) -> bool:
        """True when everything is known, recent enough, and holds nothing."""
        return not self.holds and not self.gaps


@cache
def giving_file() -> GivingFile:
    """The content in force. Raises ProtocolError."""
    return read(ROOT / "giving.toml", GivingFile)


def check_before(drug: str, seen: Sequence[Observation], at: datetime, spo2_scale: int = 1) -> AdministrationCheck:
    """What the newest readings at `at` say about a dose of `drug`. `seen` are current observations in any order.

    A drug without a line is not looked at. A value that holds the dose holds it at any age; one that would clear it
    counts only while it is recent enough.
    """
    row = next((one for one in giving_file().before if drug in one.drugs), None)
    if row is None:
        return AdministrationCheck(None)
    known = sorted((o for o in seen if o.taken_at <= at and o.replaced_by is None), key=lambda o: o.taken_at)
    asked = dict.fromkeys((*row.needs, *(one.vital for one in row.holds)))
    checks = (_check(vital, row, known, at, spo2_scale) for vital in asked)
    return AdministrationCheck(row, tuple(one for one in checks if one is not None))


def _check(vital: str, row: Before, known: Sequence[Observation], at: datetime, scale: int) -> Check | None:
    label = _label(vital)
    newest = next((o for o in reversed(known) if getattr(o.vitals, vital) is not None), None)
    if newest is None:
        if vital not in row.needs:
            return None
        return Check(vital, label, None, None, "missing", f"{label} was not measured: measure it first.")
    value = getattr(newest.vitals, vital)
    age = int((at - newest.taken_at) / timedelta(minutes=1))
    for hold in row.holds:
        if hold.vital == vital and (why := _holds(hold, value, newest.vitals.spo2_scale or scale)):
            sentence = f"{label} {_said(vital, value)} {age} min ago: {why}."
            return Check(vital, label, value, newest.taken_at, "hold", sentence)
    if age > row.minutes:
        if vital not in row.needs:
            return None
        sentence = f"{label} is {age} min old, at most {row.minutes:g} min before this dose: measure it first."
        return Check(vital, label, value, newest.taken_at, "stale", sentence)
    return Check(vital, label, value, newest.taken_at, "clear", f"{label} {_said(vital, value)}, {age} min ago.")


def _holds(hold: Hold, value: Value, scale: int) -> str:
    """Why the value holds the dose, or nothing."""
    if hold.codes:
        return "holds the dose" if value in hold.codes else ""
    limit = vital_limit(hold.limit_scale2 if scale == 2 and hold.limit_scale2 else hold.limit)
    if not limit.holds(banded(hold.vital, float(value))):
        return ""
    return f"{limit.where} {limit.value:g} {limit.unit} [{limit.evidence}]"


def _said(vital: str, value: Value) -> str:
    for coded in vitals_file().coded:
        if coded.vital == vital:
            return next((code.short for code in coded.codes if code.value == value), str(value))
    return f"{value:g} {vitals_file().range(vital).unit}".strip()


def _label(vital: str) -> str:
    for coded in vitals_file().coded:
        if coded.vital == vital:
            return coded.label
    return vitals_file().range(vital).label


def _named(name: str) -> Limit:
    limit = getattr(content().limits, name, None)
    if not isinstance(limit, Limit):
        raise ValueError(f"suggestions.toml has no limit {name!r}")
    return limit
