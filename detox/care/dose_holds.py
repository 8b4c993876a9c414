"""What holds a dose, and by whose word it is given all the same: a physician's, signed here or decided before."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from detox.care import e_signature
from detox.chart.events import rules_of
from detox.chart.judge import ALWAYS, DoseWord, judge
from detox.clinical import administration
from detox.clinical.looking_back import clock_tolerance, dose_sets
from detox.clinical.model import Admission, Clinician, Decision, Dose
from detox.errors import Refused
from detox.gate import permitted
from detox.store import Connection, Store, find, keep
from detox.store.as_of import as_of
from detox.store.context import read_context

DECIDED = "decision"
"""How a word is kept that was given as a decision on the suggestion."""
ANSWERED = "answer"
"""How a word is kept that was given as an answer to a danger."""

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
_FAILED = "What holds this dose cannot be worked out, because a rule failed: a physician has to look."


@dataclass(frozen=True, slots=True)
class Held:
    """What stands in the way of a dose, from the one judgement of the patient.

    `problem` is said where the judgement cannot be worked out: that holds too. `plain` leaves out what only a dose of a
    plan is asked for: recent vitals and a signed plan.
    """

    word: DoseWord
    problem: str = ""
    plain: bool = False

    @property
    def looked_at(self) -> administration.AdministrationCheck:
        """The vitals that the dose depends on."""
        return self.word.looked_at

    @property
    def clear(self) -> bool:
        """True when nothing holds the dose and nothing has to be measured first."""
        measured = not self.looked_at.holds if self.plain else self.looked_at.clear
        return measured and not self.word.dangers and not self.problem or self.word.drug in ALWAYS

    @property
    def sentences(self) -> list[str]:
        """Everything that holds the dose, or has to be measured first."""
        if self.clear:
            return []
        checks = self.looked_at.holds if self.plain else (*self.looked_at.holds, *self.looked_at.gaps)
        return [*dict.fromkeys([*self.dangers, *(one.sentence for one in checks)])]

    @property
    def dangers(self) -> list[str]:
        """The dangers that hold it, a sentence each, and why there is no judgement."""
        said = [one.message.rstrip(".") + "." for one in self.word.dangers]
        return [*said, *([self.problem] if self.problem else [])]


class DoseHeld(Refused):
    """A dose that something holds, and for which no physician's word was given."""


@dataclass(frozen=True, slots=True)
class Word:
    """Whose word lets a dose be given over a hold, and how it was proven."""

    physician: Clinician
    signed_with: str
    decision_id: str | None = None


def look(tx: Connection, admission: Admission, drug: str, at: datetime) -> administration.AdministrationCheck:
    """What the readings at that time say about a dose of the drug."""
    seen = find.last_observations(tx, admission.id, dose_sets(), at, judged=False)
    return administration.check_before(drug, seen, at, admission.spo2_scale)


def held_now(tx: Connection, admission: Admission, drug: str, now: datetime, *, plain: bool = False) -> Held:
    """What holds a dose of the drug now. An error of the engine holds it too: it never says that all is well."""
    try:
        return Held(judge(read_context(tx, admission, now)).dose(drug), plain=plain)
    except Exception:
        logging.getLogger(__name__).exception("judgement failed")
        return Held(DoseWord(drug, "physician", look(tx, admission, drug, now)), _FAILED, plain)


def held_at(
    store: Store, tx: Connection, admission: Admission, dose: Dose, now: datetime, *, plain: bool = False
) -> Held:
    """What held a dose at the time at which it was given: by what was known then, where it is charted late."""
    if now - dose.given_at <= clock_tolerance():
        return held_now(tx, admission, dose.drug, now, plain=plain)
    with as_of(store, tx, dose.given_at) as then:
        known = held_now(then, admission, dose.drug, dose.given_at, plain=plain)
    # readings from before the dose that were typed in after it count too
    return replace(known, word=replace(known.word, looked_at=look(tx, admission, dose.drug, dose.given_at)))


def proven(store: Store, physician_id: str | None, secret: str, now: datetime) -> Word | None:
    """The physician's word, proven by PIN or password; None where nobody was chosen. Raises Refused."""
    if physician_id is None:
        return None
    with store.read() as tx:
        physician = find.clinician(tx, physician_id)
    if not permitted(physician, "decide"):
        raise Refused({"physician": _NOBODY})
    return Word(physician, e_signature.prove(store, physician, secret, now))


def override_hold(tx: Connection, dose: Dose, held: Held, word: Word | None) -> Word | None:
    """By whose word the dose is given over what holds it; None where nothing does. Raises DoseHeld without one."""
    if held.clear:
        return None
    if word is not None:
        if not dose.reason:
            raise Refused({"reason": _WHY})
        return word
    if held.plain or not held.looked_at.gaps:
        said = _decided(tx, dose, held) or _ordered(tx, dose, held)
        if said is not None:
            return said
    problems = {one.vital: one.sentence for one in (*held.looked_at.holds, *held.looked_at.gaps)}
    if held.dangers:
        problems["suggestion"] = " ".join(held.dangers)
    problems["reason"] = _CALL if held.looked_at.holds or held.dangers else _MEASURE
    raise DoseHeld(problems)


def keep_word(tx: Connection, dose: Dose, held: Held, word: Word, now: datetime) -> None:
    """Keep by whose word a dose was given over what held it."""
    keep.dose_over_hold(tx, dose.id, held.sentences, word.signed_with, word.decision_id, word.physician, now)


def physicians(tx: Connection, by: Clinician) -> Sequence[Clinician]:
    """Who may sign over a hold: a physician who is signed in for themselves, else any physician."""
    return [c for c in find.clinicians(tx) if permitted(c, "decide") and (c.id == by.id or not permitted(by, "decide"))]


def _decided(tx: Connection, dose: Dose, held: Held) -> Word | None:
    """The newest decision, where it was made on all that holds the dose and says to go on.

    It has to be newer than every set, older than the dose, on a suggestion to call, and other than that.
    """
    made: Decision | None = next(iter(find.decisions(tx, dose.admission_id)), None)
    if made is None or held.problem or made.verdict == "accepted" or made.chosen == "HOLD_CALL" or not made.reason:
        return None
    if made.suggestion.get("dose_action") is None or made.decided_at > dose.given_at + clock_tolerance():
        return None
    if not _newer_than_all(tx, dose, made.decided_at):
        return None
    if not {one.rule for one in held.word.dangers} <= set(rules_of(made)):
        return None
    return Word(find.clinician(tx, find.decider(tx, made.id)), DECIDED, made.id)


def _ordered(tx: Connection, dose: Dose, held: Held) -> Word | None:
    """A physician's answers, where each danger that holds the dose was answered "as ordered" after every set."""
    dangers = held.word.dangers
    if held.problem or not dangers or not all(one.ordered for one in dangers):
        return None
    answers = [one.answered for one in dangers if one.answered is not None]
    if not all(_newer_than_all(tx, dose, made.at) and made.at <= dose.given_at + clock_tolerance() for made in answers):
        return None
    newest = max(answers, key=lambda made: made.at)
    return Word(find.clinician(tx, newest.by.id), ANSWERED)


def _newer_than_all(tx: Connection, dose: Dose, moment: datetime) -> bool:
    newest = find.last_recorded(tx, dose.admission_id)
    return newest is None or newest <= moment
