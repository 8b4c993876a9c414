"""Which own words of an answer the suggestion rules know, so that the others are shown as not understood.

Not being understood never makes an answer milder: the words stay in the case and on the screen as they were written.
"""

from collections.abc import Mapping

from detox.clinical.medicines import found_in
from detox.clinical.model import HistoryAnswer
from detox.clinical.situations import ALLERGIES, MEDICINES, situations_file
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.words import named

OF_MEDICINES = (
    "prolong_qt",
    "alpha2",
    "slows_the_pulse",
    "sedatives",
    "sedative_treatment",
    "opioid_analgesia",
    "agonists",
)
OF_CONDITIONS = (
    "qt_risk", "sedative_dependence", "infection", "neurological", "syncope", "palpitations", "suicidal", "other_cause",
    "respiratory", "recent_vascular", "long_qt", "renal_severe", "renal_some", "hepatic_severe", "hepatic_moderate",
    "hepatic_mild", "acute_liver", "opioid_analgesia", "low_dose_start", "pregnant",
)  # fmt: skip
"""The word lists of suggestions.toml that the rules look for among medicines, and among conditions."""


def is_understood(name: str, said: str) -> bool:
    """True when the rules know a word of `said` in answer to the question of that name, denied or not."""
    words = content().words
    if name == MEDICINES:
        return bool(found_in(said)) or any(named(getattr(words, one), said) for one in OF_MEDICINES)
    return any(named(getattr(words, one), said) for one in OF_CONDITIONS)


def not_understood(facts: Mapping[str, HistoryAnswer]) -> dict[str, list[str]]:
    """What the rules do not know of the answers, by the name of the question: own words, and values of no option."""
    found: dict[str, list[str]] = {}
    for one in situations_file().situation:
        fact = facts.get(one.name)
        if fact is None or one.name == ALLERGIES:
            continue
        held = one.values(fact.value)
        unknown = [v for v in held if not (is_understood(one.name, v) if one.own_words else one.answer(v))]
        if unknown:
            found[one.name] = unknown
    return found
