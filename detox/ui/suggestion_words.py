"""The words of a suggestion as it is shown: the two lines that are read first, and what stands behind them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from detox.instants import from_text
from detox.ui import words
from detox.ui.words import esc

Shown = Mapping[str, object]
MOST_WORDS = 60
"""A tired reader takes in no more: what to do and why, together."""


def brief(shown: Shown) -> tuple[str, str]:
    """What to do, and why: as many of the reasons as fit, the first in any case, at most MOST_WORDS words together."""
    do = str(shown.get("text") or "")
    why: list[str] = []
    for reason in reasons(shown):
        if why and len(" ".join([do, *why, reason]).split()) > MOST_WORDS:
            break
        why.append(reason)
    left = MOST_WORDS - len(do.split())
    said = " ".join(why).split()
    return do, " ".join(said) if len(said) <= left else f"{' '.join(said[: left - 1])} …"


def texts(value: object) -> list[str]:
    """Sentences out of a list, a mapping or one text."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [f"{name}: {inner}" for name, inner in value.items() if inner not in (None, "", [])]
    if isinstance(value, Iterable):
        return [" ".join(map(str, one)) if isinstance(one, (list, tuple)) else str(one) for one in value]
    return [str(value)]


def inputs(value: object) -> str:
    """Every value with unit, age and recorder; what was seen together stands in one line."""
    lines: dict[str, list[str]] = {}
    for one in value if isinstance(value, (list, tuple)) else ():
        if not isinstance(one, Mapping):
            continue
        age, by, source = one.get("age_min"), str(one.get("by") or ""), str(one.get("source") or "")
        amount, unit = amount_of(one.get("value"), str(one.get("unit") or ""))
        told = f"{esc(one.get('name'))} <b>{esc(amount)}</b> {esc(unit)}".strip()
        old = isinstance(age, (int, float))
        ago = f"{words.span(timedelta(minutes=round(age)))} ago" if isinstance(age, (int, float)) else ""
        if source == "observation":
            lines.setdefault(f"{ago}, {esc(by)}" if by else ago, []).append(told)
        else:
            lines.setdefault(esc(source), []).append(f"{told} {ago}" if old else told)
    return "<br>".join(f'<span class="dx-quiet">{head}:</span> {" · ".join(all_of)}' for head, all_of in lines.items())


def amount_of(value: object, unit: str) -> tuple[str, str]:
    """A value as its field has it, and its unit: hours as time in words, a temperature with its decimal, yes or no."""
    if isinstance(value, bool):
        return ("yes" if value else "no"), unit
    if not isinstance(value, (int, float)):
        return str(value), unit
    if unit == "h":
        return words.span(timedelta(minutes=round(value * 60))), ""
    return (f"{value:.1f}" if unit == "°C" else f"{value:.4g}"), unit


def reasons(shown: Shown) -> list[str]:
    """Why; what stands elsewhere on the card (newest values, gaps, alternatives) is not said twice."""
    elsewhere = {*texts(shown.get("alternatives")), *texts(shown.get("missing"))}
    return [r for r in texts(shown.get("reasons")) if r not in elsewhere and not r.startswith("Newest ")]


def would_change(shown: Shown) -> list[str]:
    """What would turn the answer, one line for each answer that it would lead to.

    Of a suggestion that was kept before turns were told it is the sentences as they are.
    """
    by_answer: dict[str, list[str]] = {}
    rest = []
    told = shown.get("turns")
    if not isinstance(told, (list, tuple)):
        return texts(shown.get("would_change"))
    for answer, when in told:
        if answer is None:
            rest.append(f"{when}.")
        else:
            by_answer.setdefault(words.SUGGESTIONS[answer].split(":")[0], []).append(str(when))
    return [f"{answer}: {'; '.join(limits)}" for answer, limits in by_answer.items()] + rest


def listed(sentences: Sequence[str]) -> str:
    """One sentence as it is, several as a list; escaped."""
    if len(sentences) == 1:
        return esc(sentences[0])
    return f"<ul>{''.join(f'<li>{esc(s)}</li>' for s in sentences)}</ul>" if sentences else ""


def until(value: object, zone: ZoneInfo, now: datetime) -> str:
    """Until when the suggestion holds, or that it has expired; empty where nothing says so."""
    if not isinstance(value, str) or not value:
        return ""
    end = from_text(value)
    if end <= now:
        return '<b class="dx-val not_assessed">? expired: record a new set first</b>'
    return f"<b>{esc(words.when(end, zone, now))}</b>, in {esc(words.span(end - now))}"
