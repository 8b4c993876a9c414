"""Notes at entry: a phrase that a sign exists for, written without charting that sign, is asked about once.

A phrase can only raise this question. Nothing that is judged reads a note.
"""

from collections.abc import Iterator
from functools import cache

from detox.clinical.content import ROOT
from detox.clinical.model import Observation
from detox.clinical.protocols import Noted, vitals_file
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.words import phrase
from detox.errors import ProtocolError


def question(entry: Observation) -> dict[str, str]:
    """What has to be asked about the note of an entry, by its field; empty where nothing has."""
    asked = " ".join(_asked(entry))
    return {"note": asked} if asked else {}


@cache
def phrases_of(one: Noted) -> tuple[str, ...]:
    """All phrases of a row, its lists of suggestions.toml among them. Raises ProtocolError for an unknown list."""
    found = list(one.phrases)
    for name in one.words:
        listed = getattr(content().words, name, None)
        if not isinstance(listed, tuple):
            raise ProtocolError(f"{ROOT.name}/vitals.toml", [f"noted: suggestions.toml has no list of words {name!r}"])
        found += listed
    return tuple(found)


def _asked(entry: Observation) -> Iterator[str]:
    for one in vitals_file().noted:
        said = None if any(_charted(entry, sign) for sign in one.signs) else phrase(phrases_of(one), entry.note)
        if said is not None:
            labels = " or ".join(_label(sign) for sign in one.signs)
            yield f"You wrote {said!r}: chart it as a sign? If it is there, mark {labels} first: no rule reads a note."


def _charted(entry: Observation, sign: str) -> bool:
    """True for a sign that is marked as there, or a coded vital that is charted as other than normal."""
    coded = next((one for one in vitals_file().coded if one.vital == sign), None)
    if coded is None:
        return bool(entry.other.get(sign))
    value = getattr(entry.vitals, sign)
    return any(code.value == value and code.meaning != "normal" for code in coded.codes)


def _label(sign: str) -> str:
    coded = next((one.label for one in vitals_file().coded if one.vital == sign), None)
    return coded or vitals_file().other_named(sign).label
