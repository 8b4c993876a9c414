"""dangers.toml, typed: what a danger means for the next dose, and what an answer to a problem speaks of."""

from collections.abc import Iterable
from functools import cache
from typing import Literal

from pydantic import model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.clinical.model import Level, Word

CLASSES = ("opioid", "sedative", "alpha2", "antagonist")
"""The classes of drug that a danger speaks of; a drug of no class is judged as a sedative is."""
WORDS: tuple[Word, ...] = ("yes", "physician", "no")
"""From the mildest to the strictest."""


class Giving(Content):
    """For each class of drug, who may give a dose."""

    opioid: Word = "no"
    sedative: Word = "no"
    alpha2: Word = "yes"
    antagonist: Word = "yes"

    def to(self, drug_class: str) -> Word:
        """The word on a class; one that is not named is judged as a sedative is."""
        found: Word = getattr(self, drug_class if drug_class in CLASSES else "sedative")
        return found

    def at_most(self, word: Word) -> "Giving":
        """The same with no class withheld more strictly than `word`."""
        top = WORDS.index(word)
        return Giving(**{name: WORDS[min(WORDS.index(self.to(name)), top)] for name in CLASSES})


def strictest_of(givings: Iterable[Giving]) -> Giving:
    """For each class the strictest word of all of them; of none what an unstated row says."""
    every = tuple(givings) or (Giving(),)
    return Giving(**{name: max((one.to(name) for one in every), key=WORDS.index) for name in CLASSES})


class DangerRow(Giving):
    """What some rules mean for the next dose, and what ends them.

    `problem` and `level` hold for danger rules of the suggestions; an alert rule has its own. `ends` is "readings"
    where clear readings and a physician's answer end it, "word" where only a physician's word does. `spans` marks rules
    that hold on values of several problems: an answer to one problem speaks of its values, not of the whole rule.
    """

    rules: tuple[Text, ...]
    problem: Text
    level: Level
    ends: Literal["readings", "word"] = "readings"
    spans: bool = False
    source: Text
    evidence: Evidence

    @property
    def giving(self) -> Giving:
        """The words alone."""
        return Giving(**{name: self.to(name) for name in CLASSES})


class Problem(Content):
    """What stands together on one card, and in the names of the rules what an answer to it speaks of."""

    id: Text
    label: Text
    vitals: tuple[Text, ...] = ()
    events: tuple[Text, ...] = ()


class DangersFile(File):
    """dangers.toml."""

    danger: tuple[DangerRow, ...]
    problem: tuple[Problem, ...]

    @model_validator(mode="after")
    def _each_once(self) -> "DangersFile":
        rules = [rule for row in self.danger for rule in row.rules]
        problems = [one.id for one in self.problem]
        for named in (rules, problems):
            if twice := sorted({name for name in named if named.count(name) > 1}):
                raise ValueError(f"{', '.join(twice)} stands twice")
        if unknown := sorted({row.problem for row in self.danger} - set(problems)):
            raise ValueError(f"{', '.join(unknown)} is no problem of this file")
        return self

    def row(self, rule: str) -> DangerRow | None:
        """The row of a rule, or None."""
        return next((row for row in self.danger if rule in row.rules), None)

    def named(self, problem: str) -> Problem | None:
        """The problem of that id, or None."""
        return next((one for one in self.problem if one.id == problem), None)

    def of_vital(self, vital: str) -> str | None:
        """The problem that a vital, in the rules' name for it, belongs to first."""
        return next((one.id for one in self.problem if vital in one.vitals), None)

    def rules_of(self, problem: str) -> tuple[str, ...]:
        """The rules that an answer to that problem answers whole."""
        return tuple(rule for row in self.danger if row.problem == problem and not row.spans for rule in row.rules)


@cache
def dangers_file() -> DangersFile:
    """The content in force. Raises ProtocolError."""
    return read(ROOT / "dangers.toml", DangersFile)
