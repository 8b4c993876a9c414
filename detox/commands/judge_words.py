"""Which words of a line the product knows, and what could not be understood of it."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from detox.clinical import drugs
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.words import named
from detox.commands.judge_form import AdmissionLine

NO_THING = ("unknown_supply", "rescue", "asks_to_wait", "wants_maintenance", "ecg_note")
"""Words of suggestions.toml that name no condition and no medicine, but say something of one."""
_SPLIT = re.compile(r"[,;\n]")


@dataclass
class Unread:
    """What could not be understood, in sentences; `problems` are those beside which nothing goes on."""

    told: dict[str, None] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    lost: list[tuple[datetime, str, str]] = field(default_factory=list)
    """Values of vitals that cannot be: when, which vital, and the sentence."""

    def tell(self, said: str, *, stops: bool = False) -> None:
        """One sentence, without its full stop."""
        self.told[f"{said}."] = None
        if stops:
            self.problems[said] = None


def substance(text: str, form: str = "") -> str | None:
    """The id of the drug that a name means, whatever it was called; None for one that nobody knows."""
    found = drugs.substance(text, form)
    return None if found is None else found.id


def understand(line: AdmissionLine, unread: Unread) -> None:
    """Conditions and medicines of which no rule knows a word, and corrections of nothing."""
    person = line.admission.patient
    for text in person.conditions or ():
        if unknown := [piece for piece in _pieces(text) if not _known(piece)]:
            unread.tell(f"The condition {', '.join(map(repr, unknown))} is none that the rules know", stops=True)
    for text in person.medicines or ():
        if unknown := [piece for piece in _pieces(text) if not medicine_known(piece)]:
            unread.tell(f"The medicine {', '.join(map(repr, unknown))} is none that the rules know", stops=True)
    ids = {one.id for one in line.observations}
    for one in line.observations:
        if one.replaces is not None and one.replaces not in ids:
            unread.tell(f"The set of {one.at:%Y-%m-%d %H:%M} replaces {one.replaces!r}, which is not there")


def _pieces(text: str) -> list[str]:
    return [piece for part in _SPLIT.split(text) if (piece := part.strip())]


def _known(text: str) -> bool:
    """True when a rule knows a word of it, whatever it says of it, or when it is known to bear on none."""
    lists = content().words.model_dump()
    return any(named(tuple(words), text) for meaning, words in lists.items() if meaning not in NO_THING)


def opioid_known(text: str) -> bool:
    """True for an opioid or a supply that a rule knows, one that nobody knows included."""
    return named(content().words.unknown_supply, text) or medicine_known(text)


def medicine_known(text: str) -> bool:
    """True for a medicine or drug that a rule knows by a word, that is charted, or that is known to bear on no rule."""
    first = text.split()[0] if text.split() else ""
    return _known(text) or substance(text) is not None or substance(first) is not None
