"""What is asked about a patient beside the observations, and what is done before the patient leaves.

Read from situations.toml and discharge.toml. Pure: what was answered comes in as values.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Literal

from pydantic import model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.clinical.model import HistoryAnswer

PROGRAMME, SPO2_SCALE = "programme", "spo2_scale"
PREGNANCY, ALLERGIES, MEDICINES, CONDITIONS = "pregnancy", "allergies", "medicines", "conditions"
OF_ADMISSION = (PREGNANCY, ALLERGIES)
"""Questions whose first answer is part of the admission itself."""
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
    alone: bool = False

    @model_validator(mode="after")
    def _seen(self) -> "Answer":
        if self.loud and not self.header:
            raise ValueError(f"{self.value!r} is loud and shows nothing in the header")
        return self


class Situation(Content):
    """One question. It is answered by one of `options`, by several of them, or by names and own words.

    The value kept of several options holds their values with spaces between, in the order of the list. A question with
    `own_words` (the label of their field) keeps names and words with commas between, or the value of `none`. `some` is
    the label of an answer that says that there is one, where that is a choice of its own.
    """

    name: Text
    label: Text
    asks: Text
    does: Text
    options: tuple[Answer, ...] = ()
    several: bool = False
    own_words: str = ""
    none: Answer | None = None
    some: str = ""
    names: tuple[Text, ...] = ()
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _sound(self) -> "Situation":
        values = [one.value for one in self.options]
        if len(set(values)) != len(values):
            raise ValueError(f"{self.name}: an answer stands twice")
        if bool(self.options) == bool(self.own_words):
            raise ValueError(f"{self.name}: a question has options, or is answered in own words")
        if self.several and any(" " in value for value in values):
            raise ValueError(f"{self.name}: the values of several answers hold no spaces")
        if (sum(one.alone for one in self.options) == 1) != self.several:
            raise ValueError(f"{self.name}: of several answers one excludes the others, and else none does")
        if bool(self.own_words) != (self.none is not None):
            raise ValueError(f"{self.name}: own words need an answer that says none")
        return self

    def answer(self, value: str) -> Answer | None:
        """The answer of that value, or None."""
        return next((one for one in self.options if one.value == value), None)

    def values(self, value: str) -> tuple[str, ...]:
        """What a kept value holds, one by one: values of options, or names and own words; nothing where it says none.

        A value of a version that knew one answer only reads as that one.
        """
        if self.own_words:
            return tuple(piece for piece in _pieces(value) if not says_none(piece))
        return tuple(value.split()) if self.several else (value,)

    def answers(self, value: str) -> tuple[Answer, ...]:
        """The answers that a kept value holds, in the order of the list; values of no answer are left out."""
        if self.own_words:
            return (self.none,) if self.none is not None and says_none(value) else ()
        held = self.values(value)
        return tuple(one for one in self.options if one.value in held)

    def value_of(self, chosen: Iterable[str]) -> str:
        """The one text form under which answers are kept, whatever the order in which they were chosen."""
        if self.own_words:
            pieces = dict.fromkeys(piece for one in chosen for piece in _pieces(one))
            joined = ", ".join(pieces)
            return self.none.value if self.none is not None and says_none(joined) else joined
        held = [word for one in chosen for word in (one.split() if self.several else (one,))]
        known = [one.value for one in self.options if one.value in held]
        return " ".join([*known, *dict.fromkeys(word for word in held if word not in known)])

    def problem(self, value: str) -> str:
        """What is wrong with an answer, as a sentence, or nothing."""
        if self.own_words:
            return self._contradiction(_pieces(value))
        unknown = [one for one in self.values(value) if self.answer(one) is None]
        if unknown or not value:
            return f"{self.label}: choose one of the answers."
        held = self.answers(value)
        if len(held) > 1 and (alone := next((one for one in held if one.alone), None)) is not None:
            others = " and ".join(f"'{one.label}'" for one in held if one is not alone)
            return f"{self.label}: '{alone.label}' stands beside {others}: take away what is not so."
        return ""

    def _contradiction(self, pieces: Sequence[str]) -> str:
        if not pieces or self.none is None:
            return f"{self.label}: choose one of the answers, or write which."
        others = [piece for piece in pieces if not says_none(piece)]
        if others and len(others) < len(pieces):
            said = ", ".join(others)
            return f"{self.label}: '{self.none.label}' stands beside '{said}': take away what is not so."
        return ""


class SaidWords(Content):
    """Texts in lower case that say, whole, that there is none, or that it is not known."""

    none: tuple[Text, ...]
    not_known: tuple[Text, ...]
    source: Text
    evidence: Evidence


class SituationsFile(File):
    """situations.toml."""

    said: SaidWords
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


def newest(facts: Sequence[HistoryAnswer]) -> dict[str, HistoryAnswer]:
    """What holds now, by name. `facts` are oldest first."""
    return {fact.name: fact for fact in facts}


def conditions(facts: Mapping[str, HistoryAnswer]) -> list[str]:
    """What the suggestion rules read as conditions, in the rules' words and in the free words of the ward."""
    found: list[str] = []
    for one in situations_file().situation:
        fact = facts.get(one.name)
        if fact is not None:
            found += [said for answer in one.answers(fact.value) for said in answer.says]
    return [*found, *(listed(facts, CONDITIONS) or ())]


def listed(facts: Mapping[str, HistoryAnswer], name: str) -> list[str] | None:
    """What was named in answer to a question with own words; empty where none was said, None where nobody knows."""
    fact, asked = facts.get(name), situations_file().named(name)
    if fact is None or asked is None or not is_known(fact.value):
        return None
    return list(asked.values(fact.value))


def is_known(value: str) -> bool:
    """False for a text that is empty or says nothing but that it is not known."""
    words = situations_file().said.not_known
    return any((said := _bare(piece)) and said not in words for piece in _pieces(value))


def says_none(value: str) -> bool:
    """True for a text that says that there is none, and nothing else."""
    pieces = _pieces(value)
    return bool(pieces) and all(_bare(piece) in situations_file().said.none for piece in pieces)


def allergies(value: str) -> Literal["not_asked", "none", "some"]:
    """What is known of allergies: whatever is not a plain none or a plain not-known counts as an allergy."""
    return "not_asked" if not is_known(value) else "none" if says_none(value) else "some"


def _pieces(value: str) -> list[str]:
    return [piece for part in re.split(r"[,;\n]", value) if (piece := part.strip())]


def _bare(text: str) -> str:
    """Lower case, without punctuation."""
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())


def not_asked(facts: Mapping[str, HistoryAnswer]) -> list[str]:
    """The labels of the questions that nobody has answered yet, beside those that the admission itself answers."""
    return [
        one.label
        for one in situations_file().situation
        if one.name not in OF_ADMISSION
        and (one.name not in facts or (one.own_words and not is_known(facts[one.name].value)))
    ]


def checklist(facts: Mapping[str, HistoryAnswer]) -> dict[str, bool]:
    """The lines before the last step: True where done, or declined with a reason. What is not recorded is left out."""
    return {one.name: True for one in discharge_file().item if one.before_last_step and CHECKED + one.name in facts}


def open_tasks(facts: Mapping[str, HistoryAnswer]) -> list[Task]:
    """The lines of the checklist that are neither done nor declined."""
    return [one for one in discharge_file().item if CHECKED + one.name not in facts]
