"""The watch for precipitated withdrawal as board, patient page and card show it. It holds no dose: a rise does that."""

from dataclasses import dataclass, replace
from datetime import datetime

from detox.chart.context import PatientContext
from detox.clinical.measures import RETURN_TO_USE, scores_of, watched_doses
from detox.clinical.model import Dose
from detox.clinical.situations import situations_file
from detox.clinical.watch import Look, Watch, unseen, watch_file, watches

PROBLEM = "precipitated"
"""The problem that a physician's answer to a rise names."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One watch that somebody has to know of now: its window is open, a rise stands, or it has passed unseen.

    `first` is the dose that it began with, `later` how many followed in it. `unseen` says what nobody looked at, empty
    where nothing was missed. `likelier` are the known facts that make precipitated withdrawal likelier.
    """

    watch: Watch
    first: Dose
    later: int
    unseen: str
    likelier: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """True where its window has passed and nobody looked."""
        return self.watch.state == "over"

    @property
    def next_look(self) -> Look | None:
        """The next look that can still be made in time; None where there is none."""
        now = self.watch.now
        return next((one for one in self.watch.looks if one.done_at is None and now <= one.due + one.near), None)


def watches_of(known: PatientContext) -> tuple[Watched, ...]:
    """The watches of an admission that run, on which a rise stands, or that passed unseen; oldest first."""
    at_hand = [score for seen in known.observations for score in scores_of(seen)]
    by_time = {(score.at, score.scale): score for score in (*known.background.scores, *at_hand)}
    scores = sorted(by_time.values(), key=lambda score: score.at)
    used = {seen.taken_at for seen in known.observations if seen.other.get(RETURN_TO_USE)}
    found = watches(
        watched_doses(known.background),
        scores,
        known.now,
        answered=[a.at for a in known.answers if a.problem == PROBLEM and a.by.role == "physician"],
        agonist_use=used | set(known.background.used_again),
    )
    likelier = _likelier(known)
    shown = []
    for watch in found:
        # what was scored after its window answers for it too, also once a later watch has begun
        whole = replace(watch, now=known.now, scores=tuple(s for s in scores if watch.since < s.at <= known.now))
        said = unseen(whole, known.now) or ""
        is_last = watch is found[-1]
        if not said and (not is_last or watch.state == "over"):
            continue
        dose = _dose_at(known, watch.doses[0].at, watch.doses[0].drug)
        shown.append(Watched(watch if is_last else whole, dose, len(watch.doses) - 1, said, likelier))
    return tuple(shown)


def _dose_at(known: PatientContext, at: datetime, drug: str) -> Dose:
    return next(d for d in known.background.doses if d.given_at == at and d.drug == drug)


def _likelier(known: PatientContext) -> tuple[str, ...]:
    """What is known of the patient that makes it likelier, in words; what nobody knows is not said."""
    said = []
    for one in watch_file().likelier:
        if one.result and known.results.get(one.result, (known.now, 0.0))[1]:
            said.append(one.says)
            continue
        fact, asked = known.facts.get(one.fact), situations_file().named(one.fact)
        if fact is not None and asked is not None:
            said += [answer.label for answer in asked.answers(fact.value) if answer.value == one.answer]
    return tuple(said)
