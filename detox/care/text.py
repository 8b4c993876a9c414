"""Text that people typed: one form, no characters that hide or reorder what is read."""

import re
import unicodedata

from detox.errors import Refused

LONGEST = 2000
_TAG = re.compile(r"\s*\[[A-Z0-9?+ ]+\]")


def clean(text: str, name: str = "text") -> str:
    """NFC, single spaces, no control or direction characters.

    Raises Refused for more than LONGEST characters, under `name`.
    """
    composed = unicodedata.normalize("NFC", str(text))
    kept = "".join(
        " " if c in "\n\r\t" else c
        for c in composed
        if c in "\n\r\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    whole = " ".join(kept.split())
    if len(whole) > LONGEST:
        raise Refused({name: f"The {name} has {len(whole)} characters: shorten it to {LONGEST}."})
    return whole


def without_tags(text: str) -> str:
    """Words of a content file without their evidence tags such as [K], as a patient reads them."""
    return _TAG.sub("", text).strip()
