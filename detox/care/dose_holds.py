"""What holds a dose, and by whose word it is given all the same: a physician's, signed here or decided before."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from detox.care import signing
from detox.care.roles import permitted
from detox.clinical import giving
from detox.clinical.case import read_case
from detox.clinical.model import Admission, Clinician, Decision, Dose
from detox.clinical.suggestions import Suggestion, suggest
from detox.errors import Refused
from detox.instants import CLOCK_TOLERANCE
from detox.store import Connection, Store, find, keep
from detox.store.as_of import as_of
from detox.store.cases import case_of

LOOKED_BACK = 24
"""How many of the newest observations are looked at before a dose."""
DECIDED = "decision"
"""How a word is kept that was given as a decision on the suggestion."""

_CALL = (
    "Hold the dose and call the physician. If a physician orders it all the same, that physician signs here with PIN "
    "or password and the reason is written down, or decides on the suggestion first (change or decline, and why)."
)
_MEASURE = (
    "Take these vitals first. Without them the dose is charted as given only with a physician's signature here, by PIN "
    "or password, and the reason."
)
_WHY = "Say why it is given all the same: the next shift reads it."
_NOBODY = "Choose the physician who orders it all the same: only a physician signs over a hold."
_FAILED = "The suggestion cannot be worked out, because a rule failed: a physician has to look."


@dataclass(frozen=True, slots=True)
class Held:
    """What the vitals say about a dose, and the suggestion where it says to withhold the next dose.

    `problem` is said where the suggestion cannot be worked out: that holds too.
    """

    looked_at: giving.PreFlight
    withheld: Suggestion | None = None
    problem: str = ""

    @property
    def clear(self) -> bool:
        """True when nothing holds the dose and nothing has to be measured first."""
        return self.looked_at.clear and self.withheld is None and not self.problem

    @property
    def sentences(self) -> list[str]:
        """Everything that holds the dose, or has to be measured first."""
        said = [one.sentence for one in (*self.looked_at.holds, *self.looked_at.gaps)]
        return [*said, *([self.why] if self.why else [])]

    @property
    def why(self) -> str:
        """Why the next dose is withheld, beside its vitals; empty where it is not."""
        if self.withheld is None:
            return self.problem
        return " ".join([self.withheld.text, *self.withheld.reasons[:1]])


@dataclass(frozen=True, slots=True)
class Word:
    """Whose word lets a dose be given over a hold, and how it was proven."""

    physician: Clinician
    signed_with: str
    decision_id: str | None = None


def look(tx: Connection, stay: Admission, drug: str, at: datetime) -> giving.PreFlight:
    """What the readings at that time say about a dose of the drug."""
    seen = find.last_observations(tx, stay.id, LOOKED_BACK, at, judged=False)
    return giving.pre_flight(drug, seen, at, stay.spo2_scale)


def held_now(tx: Connection, stay: Admission, drug: str, now: datetime) -> Held:
    """What holds a dose of the drug now. An error of the engine holds it too: it never says that all is well."""
    looked_at = look(tx, stay, drug, now)
    try:
        made = suggest(read_case(case_of(tx, stay, now)))
    except Exception:
        logging.getLogger(__name__).exception("suggestion failed")
        return Held(looked_at, problem=_FAILED)
    return Held(looked_at, made if made.dose_action == "withhold" else None)


def held_at(store: Store, tx: Connection, stay: Admission, dose: Dose, now: datetime) -> Held:
    """What held a dose at the time at which it was given: by what was known then, where it is charted late."""
    if now - dose.given_at <= CLOCK_TOLERANCE:
        return held_now(tx, stay, dose.drug, now)
    with as_of(store, dose.given_at) as then:
        known = held_now(then, stay, dose.drug, dose.given_at)
    # readings from before the dose that were typed in after it count too
    return Held(look(tx, stay, dose.drug, dose.given_at), known.withheld, known.problem)


def proven(store: Store, physician_id: str | None, secret: str, now: datetime) -> Word | None:
    """The physician's word, proven by PIN or password; None where nobody was chosen. Raises Refused."""
    if physician_id is None:
        return None
    with store.read() as tx:
        physician = find.clinician(tx, physician_id)
    if not permitted(physician, "decide"):
        raise Refused({"physician": _NOBODY})
    return Word(physician, signing.prove(store, physician, secret, now))


def pass_over(tx: Connection, dose: Dose, held: Held, word: Word | None) -> Word | None:
    """By whose word the dose is given over what holds it; None where nothing does. Raises Refused without one."""
    if held.clear:
        return None
    if word is not None:
        if not dose.reason:
            raise Refused({"reason": _WHY})
        return word
    if not held.looked_at.gaps and (made := _decided(tx, dose, held)) is not None:
        return made
    problems = {one.vital: one.sentence for one in (*held.looked_at.holds, *held.looked_at.gaps)}
    if held.why:
        problems["suggestion"] = f"The suggestion is to withhold the next dose: {held.why}"
    problems["reason"] = _CALL if held.looked_at.holds or held.why else _MEASURE
    raise Refused(problems)


def keep_word(tx: Connection, dose: Dose, held: Held, word: Word, now: datetime) -> None:
    """Keep by whose word a dose was given over what held it."""
    keep.dose_over_hold(tx, dose.id, held.sentences, word.signed_with, word.decision_id, word.physician, now)


def physicians(tx: Connection, by: Clinician) -> Sequence[Clinician]:
    """Who may sign over a hold: a physician who is signed in for themselves, else any physician."""
    return [c for c in find.clinicians(tx) if permitted(c, "decide") and (c.id == by.id or not permitted(by, "decide"))]


def _decided(tx: Connection, dose: Dose, held: Held) -> Word | None:
    """The newest decision, where it was made on all that holds the dose and says not to withhold it.

    It has to be newer than every set, older than the dose, on a suggestion to withhold, and other than that.
    """
    made: Decision | None = next(iter(find.decisions(tx, dose.admission_id)), None)
    if made is None or held.problem or made.verdict == "accepted" or made.chosen == "HOLD_CALL" or not made.reason:
        return None
    if made.suggestion.get("dose_action") != "withhold" or made.decided_at > dose.given_at + CLOCK_TOLERANCE:
        return None
    newest = find.last_recorded(tx, dose.admission_id)
    if newest is not None and newest > made.decided_at:
        return None
    shown = made.suggestion.get("rules")
    rules = set(map(str, shown)) if isinstance(shown, (list, tuple)) else set()
    if held.withheld is not None and not rules.issuperset(held.withheld.rules):
        return None
    return Word(find.clinician(tx, find.decider(tx, made.id)), DECIDED, made.id)
