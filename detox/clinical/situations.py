"""What is asked about a patient beside the observations, and what is done before the patient leaves.

Read from situations.toml and discharge.toml. Pure: what was answered comes in as values.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic import model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.clinical.model import StayFact

PROGRAMME, SPO2_SCALE = "programme", "spo2_scale"
CHECKED = "discharge."
"""What the name of a fact about the checklist begins with."""
DONE, DECLINED = "done", "declined"


class Answer(Content):
    """One answer: its words, what the header shows of it, and the words under which the suggestion rules know it."""

    value: Text
    label: Text
    header: str = ""
    says: tuple[Text, ...] = ()
    loud: bool = False

    @model_validator(mode="after")
    def _seen(self) -> "Answer":
        if self.loud and not self.header:
            raise ValueError(f"{self.value!r} is loud and shows nothing in the header")
        return self


class Situation(Content):
    """One question; without options it is answered in free words."""

    name: Text
    label: Text
    asks: Text
    does: Text
    options: tuple[Answer, ...] = ()
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _distinct(self) -> "Situation":
        values = [one.value for one in self.options]
        if len(set(values)) != len(values):
            raise ValueError(f"{self.name}: an answer stands twice")
        return self

    def answer(self, value: str) -> Answer | None:
        """The answer of that value, or None."""
        return next((one for one in self.options if one.value == value), None)


class SituationsFile(File):
    """situations.toml."""

    situation: tuple[Situation, ...]

    @model_validator(mode="after")
    def _distinct(self) -> "SituationsFile":
        names = [one.name for one in self.situation]
        if len(set(names)) != len(names):
            raise ValueError("a situation stands twice")
        return self

    def named(self, name: str) -> Situation | None:
        """The situation of that name, or None."""
        return next((one for one in self.situation if one.name == name), None)


class Task(Content):
    """One line of the checklist."""

    name: Text
    label: Text
    before_last_step: bool = False
    source: Text
    evidence: Evidence


class DischargeFile(File):
    """discharge.toml."""

    item: tuple[Task, ...]

    @model_validator(mode="after")
    def _distinct(self) -> "DischargeFile":
        names = [one.name for one in self.item]
        if len(set(names)) != len(names):
            raise ValueError("a line stands twice")
        return self


@cache
def situations_file() -> SituationsFile:
    """The questions in force. Raises ProtocolError."""
    return read(ROOT / "situations.toml", SituationsFile)


@cache
def discharge_file() -> DischargeFile:
    """The checklist in force. Raises ProtocolError."""
    return read(ROOT / "discharge.toml", DischargeFile)


def newest(facts: Sequence[StayFact]) -> dict[str, StayFact]:
    """What holds now, by name. `facts` are oldest first."""
    return {fact.name: fact for fact in facts}


def conditions(facts: Mapping[str, StayFact]) -> list[str]:
    """What the suggestion rules read as conditions, in the rules' words and in the free words of the ward."""
    found: list[str] = []
    for one in situations_file().situation:
        fact = facts.get(one.name)
        if fact is not None and (answer := one.answer(fact.value)) is not None:
            found += answer.says
    return [*found, *pieces(facts, "conditions")]


def pieces(facts: Mapping[str, StayFact], name: str) -> list[str]:
    """An answer in free words, piece by piece."""
    fact = facts.get(name)
    return [piece for part in re.split(r"[,;\n]", fact.value) if (piece := part.strip())] if fact is not None else []


def not_asked(facts: Mapping[str, StayFact]) -> list[str]:
    """The labels of the questions with options that nobody has answered yet."""
    return [one.label for one in situations_file().situation if one.options and one.name not in facts]


def checklist(facts: Mapping[str, StayFact]) -> dict[str, bool]:
    """The lines before the last step: True where done, or declined with a reason. What is not recorded is left out."""
    return {one.name: True for one in discharge_file().item if one.before_last_step and CHECKED + one.name in facts}


def open_tasks(facts: Mapping[str, StayFact]) -> list[Task]:
    """The lines of the checklist that are neither done nor declined."""
    return [one for one in discharge_file().item if CHECKED + one.name not in facts]
