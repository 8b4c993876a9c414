"""Medicines that a patient takes beside the plan: listed substances with their groups, found by name or brand.

Read from medicines.toml. Pure. A name in a text only ever adds a substance; it takes none away.
"""

import re
from functools import cache

from pydantic import Field, model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read


class Group(Content):
    """What medicines of one kind have in common, and what that changes."""

    id: Text
    label: Text
    does: Text
    source: Text
    evidence: Evidence


class Medicine(Content):
    """One substance, in lower case, with the groups that it belongs to and its brand names."""

    name: Text
    groups: tuple[Text, ...] = Field(min_length=1)
    brands: tuple[Text, ...] = ()


class MedicinesFile(File):
    """medicines.toml."""

    group: tuple[Group, ...]
    medicine: tuple[Medicine, ...]

    @model_validator(mode="after")
    def _sound(self) -> "MedicinesFile":
        known = {one.id for one in self.group}
        names = [name.lower() for one in self.medicine for name in (one.name, *one.brands)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"a name stands twice: {', '.join(twice)}")
        for one in self.medicine:
            if unknown := sorted(set(one.groups) - known):
                raise ValueError(f"{one.name}: no group is called {', '.join(unknown)}")
            if one.name != one.name.lower() or re.search(r"[,;\n]", one.name):
                raise ValueError(f"{one.name!r}: a substance is written in lower case and without commas")
        return self

    def named(self, name: str) -> Medicine | None:
        """The medicine of that substance name, or None."""
        return next((one for one in self.medicine if one.name == name), None)


@cache
def medicines_file() -> MedicinesFile:
    """The medicines in force. Raises ProtocolError."""
    return read(ROOT / "medicines.toml", MedicinesFile)


@cache
def _names() -> tuple[re.Pattern[str], dict[str, Medicine]]:
    by_name = {name.lower(): one for one in medicines_file().medicine for name in (one.name, *one.brands)}
    longest_first = sorted(by_name, key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)"), by_name


def found_in(text: str) -> tuple[Medicine, ...]:
    """The listed medicines that a text names, by substance or brand, in its order and each once."""
    pattern, by_name = _names()
    return tuple(dict.fromkeys(by_name[match[1]] for match in pattern.finditer(text.lower())))


def with_substances(text: str) -> str:
    """The text, and behind it the substances whose brands alone it names: "Catapres 0.1 mg (clonidine)"."""
    unsaid = [one.name for one in found_in(text) if one.name not in text.lower()]
    return f"{text} ({', '.join(unsaid)})" if unsaid else text
