"""What was answered about a patient, as the header and other heads say it."""

from collections.abc import Mapping, Sequence

from detox.clinical.model import Admission, HistoryAnswer
from detox.clinical.situations import (
    ALLERGIES,
    CONDITIONS,
    OF_ADMISSION,
    Situation,
    allergies,
    is_known,
    not_asked,
    situations_file,
)
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.words import found_but
from detox.clinical.understood import not_understood
from detox.ui.words import esc


def band_html(facts: Mapping[str, HistoryAnswer], admission: Admission) -> str:
    """What changes the care of this patient, in the header; what the rules do not know, and what nobody has asked."""
    shown: list[str] = []
    unread = not_understood(facts)
    for asked in situations_file().situation:
        fact = facts.get(asked.name)
        if fact is None or asked.name in OF_ADMISSION:
            continue
        for answer in asked.answers(fact.value):
            if answer.header:
                loud = "px-allergy" if answer.loud else "dx-quiet"
                shown.append(f'<span class="{loud}">{"▲ " if answer.loud else ""}{esc(answer.header)}</span>')
        if asked.own_words and is_known(fact.value) and (named := asked.values(fact.value)):
            shown.append(f'<span class="dx-quiet">{esc(asked.label.lower())}: {esc(", ".join(named))}</span>')
        shown.append(unread_html(unread.get(asked.name, ())))
    if admission.discharged_at is None and (gaps := not_asked(facts)):
        shown.append(f'<span class="dx-val not_assessed px-gaps">? not asked: {esc(", ".join(gaps).lower())}</span>')
    return f'<div class="px-facts">{"".join(shown)}</div>' if any(shown) else ""


def unread_html(texts: Sequence[str]) -> str:
    """Words of an answer that the suggestion rules do not know; nothing where there are none."""
    if not texts:
        return ""
    return f' <span class="dx-val not_assessed px-gaps">? not understood by the rules: {esc(", ".join(texts))}</span>'


def said(asked: Situation, value: str) -> str:
    """A kept answer in the words of its question."""
    answers = asked.answers(value)
    if answers:
        unknown = [one for one in asked.values(value) if asked.options and asked.answer(one) is None]
        return ", ".join([*(one.label for one in answers), *unknown])
    return value or "? not asked"


def allergy_html(admission: Admission, loud: str = "px-allergy") -> str:
    """Allergies: in red by their words, quietly where none is known, as a gap where nobody has asked or knows."""
    match allergies(admission.allergies):
        case "some":
            return f'<span class="{loud}">▲ allergy: {esc(admission.allergies)}</span>'
        case "none":
            asked = situations_file().named(ALLERGIES)
            header = asked.none.header if asked is not None and asked.none is not None else ""
            return f'<span class="dx-quiet">{esc(header)}</span>'
        case "not_asked":
            given = admission.allergies.strip()
            what = "not known" if given and "asked" not in given.lower() else "not asked"
            return f'<span class="dx-val not_assessed">? allergies {what}</span>'


def pregnant_by_words(facts: Mapping[str, HistoryAnswer]) -> str:
    """The words among the conditions that say that the patient is pregnant; nothing where none does."""
    words, fact = content().words, facts.get(CONDITIONS)
    asked = situations_file().named(CONDITIONS)
    if fact is None or asked is None:
        return ""
    return found_but(words.pregnant, words.pregnant_denied, asked.values(fact.value)) or ""
