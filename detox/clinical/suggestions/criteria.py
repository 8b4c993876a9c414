"""Criteria of a start: each holds or fails, and the answer tells which."""

from dataclasses import dataclass

from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import FiredRule
from detox.clinical.suggestions.readings import Reading
from detox.clinical.suggestions.words import found, named


@dataclass(frozen=True)
class Checks:
    """Criteria that hold and criteria that fail, as sentences."""

    met: list[str]
    failed: list[str]

    def check(self, holds: bool, met: str, failed: str) -> None:
        """Files the sentence for a criterion under what it turned out to be."""
        (self.met if holds else self.failed).append(met if holds else failed)

    def answer(self, met_rule: str, failed_rule: str, text: str = "", failed_text: str = "") -> FiredRule:
        """START_MET when nothing failed, or START_NOT_MET with the reasons that failed first."""
        if self.failed:
            reasons = (*self.failed, *self.met)
            return FiredRule(failed_rule, "START_NOT_MET", reasons, missing=tuple(self.failed), text=failed_text)
        return FiredRule(met_rule, "START_MET", tuple(self.met), text=text)


def signs(f: Facts, checks: Checks, latest: Reading, needed: float) -> None:
    """The criterion of enough objective signs."""
    found_signs = latest.cows.objective if latest.cows else ()
    listed = f"{len(found_signs)} objective signs ({', '.join(found_signs) or 'none'})"
    checks.check(len(found_signs) >= needed, f"{listed}, at least {needed:g}.", f"Only {listed}, {needed:g} needed.")


def adult(f: Facts, checks: Checks) -> None:
    """The criterion of age; an age that is not known fails."""
    least = f.limits.adult.value
    if f.age is None:
        checks.failed.append(f"Age is not known: under {least:g} is for a physician's own pathway.")
    else:
        checks.check(f.age >= least, f"Age {f.age:g}.", f"Age {f.age:g} is under {least:g}: physician pathway only.")


def history_known(f: Facts, checks: Checks) -> None:
    """The criterion that conditions and other medicines were asked for: a list that is absent excludes nothing."""
    if f.history_unknown:
        checks.failed.append(f"Not recorded: {f.history_unknown}; ask before a start.")


def low_dose(f: Facts) -> bool:
    """True for a low-dose start: said so in words, or a first dose that only such a start has."""
    first = f.plan.proposed_first_mg or f.plan.next_mg or f.plan.current_mg
    said = found(f.words.low_dose_start, (*f.conditions, *f.notes, f.case.opioid_use.opioid))
    return said is not None or (first is not None and 0 < first <= f.limits.low_dose_mg.value)


def uses(f: Facts) -> list[tuple[str, float | None]]:
    """Every full agonist that was used or given, with hours ago."""
    found_uses = [(f.case.opioid_use.opioid or "", f.case.opioid_use.h_ago)]
    given = [(d.drug or "", d.h_ago) for d in f.doses] + [(e.drug or "", e.h_ago) for e in f.events("external_dose")]
    for drug, h_ago in given:
        unnamed = named(f.words.opioid_phrases, drug) and not named(f.words.buprenorphine, drug)
        if unnamed or named(f.words.full_agonists, drug):
            found_uses.append((drug, h_ago))
    return found_uses
