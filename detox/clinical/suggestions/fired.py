"""What a rule says when it fires."""

from dataclasses import dataclass
from typing import Literal

from detox.clinical.danger_content import Giving, dangers_file

SuggestionClass = Literal[
    "CONTINUE", "HOLD_STEP", "STEP_DOWN", "STEP_UP", "HOLD_CALL", "START_MET", "START_NOT_MET", "NO_SUGGESTION"
]
DoseAction = Literal["withhold", "physician_decides"]


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A rule that holds for a case: its class, the sentences that say why, what is missing.

    `text` stands in place of the rule's own text where that needs values. `names` are the vitals that made it hold;
    `min_ago` says since when in minutes before now, `last_min_ago` when it last held, None where it has no time of its
    own. `past` is True where each of those vitals was measured again since and no longer makes it hold. `row` names
    the line of dangers.toml that it has in place of its rule's, `giving` what it means for the next dose where that
    does not stand there.
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
    last_min_ago: float | None = None
    past: bool = False
    row: str = ""
    giving: Giving | None = None


def withhold(
    rule: str, *reasons: str, names: tuple[str, ...] = (), text: str = "", min_ago: float | None = None, row: str = ""
) -> FiredRule:
    """HOLD_CALL that withholds the next dose until a physician decides."""
    return FiredRule(rule, "HOLD_CALL", reasons, "withhold", names=names, text=text, min_ago=min_ago, row=row)


def decide(
    rule: str, *reasons: str, names: tuple[str, ...] = (), text: str = "", min_ago: float | None = None, row: str = ""
) -> FiredRule:
    """HOLD_CALL that does not withhold the dose on this ground: a physician decides at once."""
    return FiredRule(rule, "HOLD_CALL", reasons, "physician_decides", names=names, text=text, min_ago=min_ago, row=row)


def no_suggestion(rule: str, *missing: str) -> FiredRule:
    """NO_SUGGESTION that lists what is needed."""
    return FiredRule(rule, "NO_SUGGESTION", missing, missing=missing)


def giving_of(one: FiredRule) -> Giving:
    """What a rule of the suggestion that holds means for each class of drug."""
    if one.giving is not None:
        return one.giving.at_most("physician") if one.past else one.giving
    row = dangers_file().row(one.row or one.rule)
    stated = (row.giving if row is not None else Giving()).model_dump()
    opioid = "no" if one.dose_action == "withhold" else "physician"
    giving = Giving(**{**stated, "opioid": opioid})
    return giving.at_most("physician") if one.past else giving
