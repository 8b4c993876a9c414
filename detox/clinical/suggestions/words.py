"""Free words: does a note or a list of conditions say something, and not deny it?"""

import re
from collections.abc import Iterable
from functools import cache

DENIED = re.compile(
    r"\b(no|not|non|denies|denied|denying|without|nil|never|negative|none|absent|history of|hx|h/o|previous|past|"
    r"resolved|stopped|allergy|allergic|family|excluded|ruled out)\b[^.;]{0,30}$"
)


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """A word of up to four letters is an abbreviation and must end where it ends; a longer one may go on."""
    parts = (re.escape(w) + ("(?![a-z])" if len(w) <= 4 else "") for w in words)
    return re.compile(r"(?<![a-z])(" + "|".join(parts) + ")")


def found(words: tuple[str, ...], texts: Iterable[str | None]) -> str | None:
    """The first of `texts` that says one of `words` (lower case, a word's beginning is enough) and does not deny it."""
    for text in texts:
        if text and any(
            not DENIED.search(text.lower()[: match.start()]) for match in _pattern(words).finditer(text.lower())
        ):
            return text
    return None


def named(words: tuple[str, ...], text: str | None) -> bool:
    """True when `text` contains one of `words`, denied or not: for the name of a drug."""
    return bool(text) and _pattern(words).search(str(text).lower()) is not None
