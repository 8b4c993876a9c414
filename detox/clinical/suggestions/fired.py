"""What a rule says when it fires."""

from dataclasses import dataclass
from typing import Literal

SuggestionClass = Literal[
    "CONTINUE", "HOLD_STEP", "STEP_DOWN", "STEP_UP", "HOLD_CALL", "START_MET", "START_NOT_MET", "NO_SUGGESTION"
]
DoseAction = Literal["withhold", "physician_decides"]


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that holds for a case: its class, the sentences that say why, what is missing.

    `text` stands in place of the rule's own text where that needs values. `names` are the vitals that made it hold.
    """

    rule: str
    suggestion_class: SuggestionClass
    reasons: tuple[str, ...] = ()
    dose_action: DoseAction | None = None
    missing: tuple[str, ...] = ()
    to_mg: float | None = None
    text: str = ""
    names: tuple[str, ...] = ()
    min_ago: float | None = None


def withhold(rule: str, *reasons: str, names: tuple[str, ...] = (), text: str = "") -> Fired:
    """HOLD_CALL that withholds the next dose until a physician decides."""
    return Fired(rule, "HOLD_CALL", reasons, "withhold", names=names, text=text)


def decide(rule: str, *reasons: str, names: tuple[str, ...] = (), text: str = "") -> Fired:
    """HOLD_CALL that does not withhold the dose on this ground: a physician decides at once."""
    return Fired(rule, "HOLD_CALL", reasons, "physician_decides", names=names, text=text)


def no_suggestion(rule: str, *missing: str) -> Fired:
    """NO_SUGGESTION that lists what is needed."""
    return Fired(rule, "NO_SUGGESTION", missing, missing=missing)
