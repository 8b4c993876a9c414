"""The one judgement of a patient: dangers, suggestion, and for each drug who may give it. Everything is worked out from
one PatientContext, so that board, card and dose form cannot disagree."""

from dataclasses import dataclass

from detox.chart.case import case_of
from detox.chart.context import PatientContext
from detox.chart.danger import Danger, fired_of, in_order, level_of, of_alerts, of_rules, strictest
from detox.chart.lapsed import lapsed_dangers
from detox.chart.notes import unread_notes
from detox.chart.watching import Watched, watches_of
from detox.clinical import administration
from detox.clinical.case import read_case
from detox.clinical.danger_content import WORDS
from detox.clinical.drugs import class_of, substance
from detox.clinical.model import LEVELS, Level, Observation, TaperPlan, Word
from detox.clinical.suggestions import Suggestion
from detox.clinical.suggestions.engine import answer

ALWAYS = ("naloxone",)
"""Drugs that nothing withholds: they save a life and are asked about afterwards."""
STARTS_TREATMENT = "No signed plan for {drug}: it takes a physician's word."


@dataclass(frozen=True, slots=True)
class DoseWord:
    """Who may give a dose of one drug now: a nurse alone, a physician by a word for this dose, nobody until a physician
    decides.

    `dangers` are those that bear on its class, the strictest first; `looked_at` are the vitals that it depends on.
    `notes` are further reasons. `because` says all of it in sentences, `take_first` names the vitals to be measured.
    """

    drug: str
    may_give: Word
    looked_at: administration.AdministrationCheck
    dangers: tuple[Danger, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def because(self) -> tuple[str, ...]:
        """Everything that stands in the way, in sentences, each once."""
        said = [f"{one.message}." if not one.message.endswith(".") else one.message for one in self.dangers]
        said += [one.sentence for one in (*self.looked_at.holds, *self.looked_at.gaps)]
        return tuple(dict.fromkeys([*said, *self.notes]))

    @property
    def take_first(self) -> tuple[str, ...]:
        """The vitals that have to be measured before it."""
        return tuple(one.vital for one in self.looked_at.gaps)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What board, card and dose form say of one patient at one moment. `dangers` are the worst first.

    `watches` are those for precipitated withdrawal that run, on which a rise stands, or that passed unseen.
    """

    known: PatientContext
    dangers: tuple[Danger, ...]
    suggestion: Suggestion
    watches: tuple[Watched, ...] = ()

    @property
    def notes(self) -> tuple[Observation, ...]:
        """The observations whose notes no decision has been made on, the newest first."""
        return unread_notes(self.known)

    @property
    def unseen(self) -> tuple[str, ...]:
        """A sentence for each watch whose window has passed with nobody looking."""
        return tuple(one.unseen for one in self.watches if one.passed)

    @property
    def level(self) -> Level | None:
        """The worst level of the dangers; None where there is none."""
        return level_of(self.dangers)

    @property
    def calls(self) -> tuple[Danger, ...]:
        """The dangers that no open alert tells of: what a board has to show beside the alerts, the worst first.

        One a problem, its worst.
        """
        told: dict[str, int] = {}
        for alert in self.known.alerts:
            if alert.resolved_at is None:
                problem, level = alert.finding.problem, LEVELS.index(alert.finding.level)
                told[problem] = max(told.get(problem, 0), level)
        found: dict[str, Danger] = {}
        for danger in self.dangers:
            covered = danger.state == "standing" and told.get(danger.problem, -1) >= LEVELS.index(danger.level)
            if danger.problem not in found and not covered and not (danger.alert_id and danger.state == "standing"):
                found[danger.problem] = danger
        return tuple(found.values())

    def dose(self, drug: str) -> DoseWord:
        """Who may give a dose of the drug now: the strictest of all dangers, of its vitals and of its plan."""
        known = self.known
        looked_at = administration.check_before(drug, known.observations, known.now, known.admission.spo2_scale)
        if drug in ALWAYS:
            return DoseWord(drug, "yes", looked_at)
        drug_class = class_of(drug)
        bearing = [one for one in self.dangers if one.giving.to(drug_class) != "yes"]
        bearing.sort(key=lambda one: -WORDS.index(one.giving.to(drug_class)))
        words: list[Word] = [strictest(bearing, drug_class)]
        notes = []
        if looked_at.holds:
            words.append("no")
        if looked_at.gaps:
            words.append("physician")
        plan = known.plan
        if plan is None or plan.drug != drug or plan.signed_at is None:
            words.append("physician")
            notes.append(STARTS_TREATMENT.format(drug=drug))
        elif said := _given_already(known, plan):
            words.append("physician")
            notes.append(said)
        return DoseWord(drug, max(words, key=WORDS.index), looked_at, tuple(bearing), tuple(notes))


def _given_already(known: PatientContext, plan: TaperPlan) -> str:
    """That the signed daily dose was given within the hours that count, and from when the next can be; else nothing."""
    counted = administration.giving_file().counting(plan.drug)
    near = [d for d in known.given if _drug_of(d.drug) == plan.drug and known.now - d.given_at < counted.apart]
    ordered, given = plan.step(plan.current_step).dose_mg, round(sum(d.dose_mg for d in near), 6)
    if not near or given < ordered:
        return ""
    after = (max(d.given_at for d in near) + counted.apart).astimezone(known.zone)
    return f"{given:g} mg of the signed {ordered:g} mg a day were given already: the next from {after:%a %H:%M} on."


def _drug_of(name: str) -> str:
    """The id of the drug that a charted name means; the name itself where nobody knows it."""
    found = substance(name)
    return name if found is None else found.id


def judge(known: PatientContext) -> Judgement:
    """The judgement of what is known. Raises what a rule raises: a rule that errs never says that all is well."""
    of_charts = (*of_alerts(known), *lapsed_dangers(known))
    answered = answer(read_case(case_of(known)), [fired_of(one) for one in of_charts], known.problems)
    dangers = [*of_charts, *of_rules(known, answered.calls)]
    return Judgement(known, in_order(dangers), answered.suggestion, watches_of(known))
