"""Free words: does a note or a list of conditions say something, and not deny it?"""

import re
from collections.abc import Iterable
from functools import cache

DENIED = re.compile(
    r"(\b(no|denies|denied|denying|without|nil)\b[^.;:]{0,30}"
    r"|\b(not|non|never|negative|none|absent|history of|hx|h/o|previous|past|resolved|stopped|allergy|allergic|family|"
    r"excluded|ruled out)\b[^.;:,]{0,30})$"
)
"""A list may follow a denial ("no fever, chills or vomiting"); other words deny up to the next comma."""
TURNS = re.compile(r"\b(but|however|although|though|now|then|yet|except|still|since)\b")
"""A word after which a denial no longer holds: "no fever but confused"."""


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """A word of up to four letters is an abbreviation and must end where it ends; a longer one may go on."""
    parts = (re.escape(w) + ("(?![a-z])" if len(w) <= 4 else "") for w in words)
    return re.compile(r"(?<![a-z])(" + "|".join(parts) + ")")


def found(words: tuple[str, ...], texts: Iterable[str | None]) -> str | None:
    """The first of `texts` that says one of `words` (lower case, a word's beginning is enough) and does not deny it."""
    for text in texts:
        if text and any(not _denied(text.lower()[: match.start()]) for match in _pattern(words).finditer(text.lower())):
            return text
    return None


def phrase(words: tuple[str, ...], text: str) -> str | None:
    """The first of `words` that `text` says and does not deny, as it is written there; None where it says none."""
    for match in _pattern(words).finditer(text.lower()):
        if not _denied(text.lower()[: match.start()]):
            return text[match.start() : match.end()]
    return None


def found_but(words: tuple[str, ...], denied: tuple[str, ...], texts: Iterable[str | None]) -> str | None:
    """The same for words that a phrase takes back after them: "pregnancy test negative". Such a phrase is not read."""
    for text in texts:
        left = (text or "").lower()
        for phrase in denied:
            left = left.replace(phrase, ";")
        if found(words, [left]):
            return text
    return None


def _denied(before: str) -> bool:
    return DENIED.search(TURNS.split(before)[-1]) is not None


def named(words: tuple[str, ...], text: str | None) -> bool:
    """True when `text` contains one of `words`, denied or not: for the name of a drug."""
    return bool(text) and _pattern(words).search(str(text).lower()) is not None
