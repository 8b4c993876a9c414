"""The engine: strict tiers, danger over integrity over start over trajectory, and the Suggestion they end in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from detox.clinical.case import Case
from detox.clinical.danger_content import dangers_file
from detox.clinical.drugs import class_of
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.suggestions.content import SuggestionsFile, content
from detox.clinical.suggestions.counterfactuals import Turn, turns
from detox.clinical.suggestions.danger import danger
from detox.clinical.suggestions.explain import Input, inputs_of
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.fired import DoseAction, FiredRule, SuggestionClass, giving_of
from detox.clinical.suggestions.integrity import integrity, limit_min, reading_of, required
from detox.clinical.suggestions.moderate import slow_breathing
from detox.clinical.suggestions.readings import VITALS, since
from detox.clinical.suggestions.start import missed, start
from detox.clinical.suggestions.trajectory import course_over, trajectory

MOST_GROUNDS = 2
UNMEASURED = {"B01", "B03"}
"""Integrity rules that say that a vital of the check before a dose is not there, or too old."""
SENTENCE = re.compile(r"(?<=[.!?])\s+")
TAPERING = ("taper", "alpha2", "maintenance_dot")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the protocol would do next, and why. It changes nothing: a physician accepts, changes or declines it.

    `rules` are the ids that decide, the most important first; `beside` are the facts that limit any answer;
    `blocked` are (id, text) of rules that hold too but are
    outranked. `dose_action` stands with HOLD_CALL only. `to_mg` is a level of the plan (the next or the previous one),
    never a computed dose. `expires_in_min` is how long every input stays fresh; None where none is fresh.
    """

    id: str
    suggestion_class: SuggestionClass
    dose_action: DoseAction | None
    rules: tuple[str, ...]
    blocked: tuple[tuple[str, str], ...]
    text: str
    reasons: tuple[str, ...]
    beside: tuple[str, ...]
    missing: tuple[str, ...]
    inputs: tuple[Input, ...]
    turns: tuple[Turn, ...]
    alternatives: tuple[str, ...]
    sources: tuple[str, ...]
    expires_in_min: float | None
    protocol_versions: Mapping[str, str]
    to_mg: float | None = None
    next_mg: float | None = None

    @property
    def would_change(self) -> tuple[str, ...]:
        """What would give another answer, in sentences."""
        return tuple(one.sentence for one in self.turns)

    def as_dict(self, now: datetime | None = None) -> dict[str, object]:
        """The suggestion as JSON takes it; `expires_at` is ISO text counted from `now`, or None without one."""
        expires = None
        if now is not None and self.expires_in_min is not None:
            expires = (now + timedelta(minutes=self.expires_in_min)).isoformat()
        return {
            "id": self.id,
            "class": self.suggestion_class,
            "dose_action": self.dose_action,
            "rules": list(self.rules),
            "text": self.text,
            "reasons": list(self.reasons),
            "beside": list(self.beside),
            "missing": list(self.missing),
            "alternatives": list(self.alternatives),
            "expires_at": expires,
            "expires_in_min": self.expires_in_min,
            "protocol_versions": dict(self.protocol_versions),
            "to_mg": self.to_mg,
            "inputs": [one.as_dict() for one in self.inputs],
            "would_change": list(self.would_change),
            "turns": [list(one) for one in self.turns],
            "blocked": [list(one) for one in self.blocked],
            "sources": list(self.sources),
        }


class Answered(NamedTuple):
    """A suggestion, and every rule that calls for a physician beside it."""

    suggestion: Suggestion
    calls: tuple[FiredRule, ...]


def suggest(case: Case) -> Suggestion:
    """What the protocol would suggest for `case`. Total: every well-formed case gets an answer.

    Tiers are strict: whatever calls for a physician outranks missing data, missing data outrank start and trajectory
    rules. Missed days, a course past its end and a ground corrected after a dose need no observation, so missing data
    do not lower them. Nothing answers CONTINUE by default: where no rule holds the answer is HOLD_STEP with that
    reason. Source: section 13 of the protocol reference, in detox/protocols/suggestions.toml.
    """
    return answer(case).suggestion


def answer(case: Case, also: Sequence[FiredRule] = (), problems: Sequence[str] = ()) -> Answered:
    """The suggestion, and everything that calls beside it. `also` are dangers that the case does not tell of, such as
    critical alerts: they call as its own do. `problems` say what nobody could read of it, each without a full stop: as
    beside an impossible value, nothing goes on."""
    file = content()
    f = Facts(case, file)
    f.problems.extend(problems)
    gaps = integrity(f)
    calls = [*danger(f), *missed(f), *course_over(f), *(one for one in gaps if one.suggestion_class == "HOLD_CALL")]
    gaps = [one for one in gaps if one not in calls]
    everything = sorted([*calls, *also], key=lambda one: one.dose_action != "withhold")
    rest = [] if gaps else [*start(f), *trajectory(f)]
    if gaps and f.case.programme == "hat" and not UNMEASURED & {one.rule for one in gaps}:
        rest = [one for one in start(f) if one.suggestion_class == "HOLD_CALL"]
    everything += [one for one in rest if one.suggestion_class == "HOLD_CALL"]
    deciding = _deciding(everything, gaps, rest)
    made = _suggestion(f, file, deciding, [*everything, *gaps, *rest], gaps)
    return Answered(made, tuple(one for one in everything if one not in also))


def _deciding(*tiers: list[FiredRule]) -> list[FiredRule]:
    """The rules of the highest tier that holds, all of the class of its first."""
    for tier in tiers:
        if tier:
            return [one for one in tier if one.suggestion_class == tier[0].suggestion_class]
    return [
        FiredRule(
            "D03",
            "HOLD_STEP",
            ("No rule of the protocol answers this: stay at this dose, physician review.",),
            text="No rule of the protocol answers this: stay at this dose, physician review.",
        )
    ]


def _suggestion(
    f: Facts, file: SuggestionsFile, deciding: list[FiredRule], everything: list[FiredRule], gaps: list[FiredRule]
) -> Suggestion:
    first = deciding[0]
    action: DoseAction | None = None
    if first.suggestion_class == "HOLD_CALL":
        action = "withhold" if _withheld(f, deciding) else "physician_decides"
    blocked = tuple((one.rule, _text(file, one)) for one in everything if one not in deciding)
    text, reasons, missing, alternatives = once(
        (_first_line(f, file, deciding, action),),
        _reasons(f, file, deciding, action),
        _missing(f, file, [*gaps, *(one for one in deciding if one.suggestion_class == "NO_SUGGESTION")]),
        _alternatives(f, file, first, action),
    )
    return Suggestion(
        id=f.case.id,
        suggestion_class=first.suggestion_class,
        dose_action=action,
        rules=tuple(dict.fromkeys(one.rule for one in deciding)),
        blocked=blocked,
        text=text[0],
        reasons=reasons,
        beside=tuple(warnings(f)),
        missing=missing,
        inputs=inputs_of(f),
        turns=turns(f, first),
        alternatives=alternatives,
        sources=_sources(file, deciding),
        expires_in_min=_expires(f, first),
        protocol_versions={
            "suggestions": file.version,
            "dangers": dangers_file().version,
            "cows": scale("cows").version,
            "news2": scale("news2").version,
            "vitals": vitals_file().version,
        },
        to_mg=first.to_mg,
        next_mg=f.plan.next_mg if first.suggestion_class == "STEP_DOWN" else None,
    )


def _withheld(f: Facts, calls: Sequence[FiredRule]) -> bool:
    """True where one of them withholds the plan's drug, or a drug that is not known."""
    drug_class = class_of(f.plan.drug) if f.plan.drug else "opioid"
    return any(giving_of(one).to(drug_class) == "no" for one in calls)


def _text(file: SuggestionsFile, fired: FiredRule) -> str:
    return fired.text or file.rules[fired.rule].text


def _first_line(f: Facts, file: SuggestionsFile, deciding: list[FiredRule], action: DoseAction | None) -> str:
    """What to do. Where one rule withholds the dose and another must not wait, both grounds are named."""
    said = _beside(file, deciding[0], action)
    if action != "withhold":
        return said
    withheld = [one for one in deciding if _withheld(f, [one])]
    urgent = [one for one in deciding if one not in withheld]
    grounds = [_grounds(file, some) for some in (withheld, urgent)]
    if not all(grounds):
        return said
    return f"{said} Withheld for {grounds[0]}; decide now for {grounds[1]}."


def _grounds(file: SuggestionsFile, some: Sequence[FiredRule]) -> str:
    found = [file.rules[one.rule].ground for one in some if one.rule in file.rules]
    return " and ".join(dict.fromkeys(filter(None, found[:MOST_GROUNDS])))


def _beside(file: SuggestionsFile, one: FiredRule, action: DoseAction | None) -> str:
    """The text of a rule with its word on the dose, which never contradicts what holds of the whole answer."""
    rule = file.rules.get(one.rule)
    if rule is None or one.suggestion_class != "HOLD_CALL":
        return _text(file, one)
    if action == "withhold" and one.dose_action != "withhold":
        return rule.withheld or _text(file, one)
    return f"{_text(file, one)} {rule.dose}" if rule.dose and action == "physician_decides" else _text(file, one)


def _why(file: SuggestionsFile, fired: FiredRule) -> Iterator[str]:
    if (rule := file.rules.get(fired.rule)) and not fired.past:
        yield rule.why


def _reasons(f: Facts, file: SuggestionsFile, deciding: list[FiredRule], action: DoseAction | None) -> tuple[str, ...]:
    reasons = [one.reasons[0] for one in deciding if one.reasons]  # each danger speaks before one speaks twice
    reasons += [reason for one in deciding for reason in one.reasons[1:]]
    reasons += [_beside(file, one, action) for one in deciding[1:]]
    reasons += [why for one in deciding for why in _why(file, one)]
    reasons += warnings(f)
    if deciding[0].suggestion_class == "NO_SUGGESTION":
        reasons += noticed(f)
    newest = [r.say(*VITALS) for r in f.past[:1] if r.vitals]
    if newest:
        reasons.append(f"Newest vitals: {newest[0]}.")
    if f.latest and f.latest.cows and f.latest.cows.total is not None:
        reasons.append(f"Newest score: COWS {f.latest.cows.total} {f.latest.when}.")
    if f.case.programme in TAPERING:
        reasons.append(file.alternatives.there_is)
    return tuple(reasons)


def once(*parts: Sequence[str]) -> list[tuple[str, ...]]:
    """The parts of an answer with no sentence twice in all of them: where it stands first, it stays.

    A text that quotes a note is kept or left out whole.
    """
    said: set[str] = set()
    kept: list[tuple[str, ...]] = []
    for part in parts:
        left = []
        for text in part:
            sentences = [text] if "'" in text or '"' in text else SENTENCE.split(text)
            new = [s for s in sentences if s.strip().rstrip(".").lower() not in said]
            new = list({s.strip().rstrip(".").lower(): s for s in reversed(new)}.values())[::-1]
            said |= {s.strip().rstrip(".").lower() for s in new}
            if new:
                left.append(" ".join(new))
        kept.append(tuple(left))
    return kept


def noticed(f: Facts) -> list[str]:
    """What the data show beside what is doubtful: no danger by itself, but not to be lost behind a correction."""
    day, said = f.limits.complete_cows_h.value, []
    lost = [since(e.h_ago) for e in f.events("vomiting") if (e.h_ago or 0) <= day]
    if lost:
        said.append(f"Look at the patient all the same: vomiting {', '.join(lost)}.")
    if (hr := f.newest("hr")) and f.limits.hr_contradiction.holds(hr.number("hr") or 0):
        said.append(f"Look at the patient all the same: {hr.say('hr')}.")
    if slow := slow_breathing(f):
        said.append(f"Look at the patient all the same: {slow}.")
    if f.poss == "2" and (drowsy := f.newest("poss")):
        said.append(f"Look at the patient all the same: {drowsy.say('poss')}.")
    return said


def warnings(f: Facts) -> list[str]:
    """Sentences that stand beside any answer: a masked pulse, QT drugs, the scale of SpO2, a dose that was vomited."""
    said = []
    if masking := f.pulse_masked_by:
        said.append(f"Pulse item unreliable: {masking} lowers the pulse (D06).")
    if len(f.qt_drugs) >= f.limits.qt_stack.value:
        said.append(f"QT drugs together: {', '.join(f.qt_drugs)}.")
    low, high = f.limits.qtc_note.value, f.limits.qtc_stop.value
    if f.plan.drug == "methadone" and f.qtc is not None and low <= f.qtc < high:
        said.append(f"QTc {f.qtc:g} ms on methadone, {low:g}-{high - 1:g}: discuss and monitor.")
    if f.plan.spo2_scale == 2:
        said.append(f"SpO2 is judged on scale 2: an emergency from {f.limits.spo2_emergency_scale2.value:g} % down.")
    given = f.plan_doses(f.limits.window_h.value)
    for event in f.events("vomiting"):
        before = [d for d in given if event.h_ago is not None and (d.h_ago or 0) >= event.h_ago]
        if before:
            dose = f"{before[0].drug} given {since(before[0].h_ago)}"
            said.append(f"Vomited {since(event.h_ago)}, after {dose}: part of the dose may be lost.")
            break
    return said


def _needs(file: SuggestionsFile, one: FiredRule) -> Iterator[str]:
    """What an integrity rule asks for, in short: its reasons say the rest."""
    if one.rule in file.rules and file.rules[one.rule].need:
        yield file.rules[one.rule].need
        return
    for sentence in one.missing:
        short, colon, _ = sentence.partition(": ")
        yield f"{short}." if colon else sentence


def _missing(f: Facts, file: SuggestionsFile, gaps: list[FiredRule]) -> tuple[str, ...]:
    said = [sentence for one in gaps for sentence in _needs(file, one)]
    if f.newest("temp_c") is None and f.case.programme != "hat":
        said.append("Temp missing: measure it; infection is not excluded.")
    if f.age is None:
        said.append("Age missing: enter it.")
    if f.history_unknown:
        said.append(f"Not recorded: {f.history_unknown}; other causes and interactions were not looked for.")
    if f.qtc is None and f.plan.drug in ("methadone", "lofexidine"):
        said.append("QTc not recorded: look up the last ECG.")
    return tuple(dict.fromkeys(said))


def _alternatives(f: Facts, file: SuggestionsFile, fired: FiredRule, action: DoseAction | None) -> tuple[str, ...]:
    words = file.alternatives
    if action == "withhold":
        return (words.maintain_withheld, words.own)
    if fired.suggestion_class in ("START_MET", "START_NOT_MET"):
        return (words.later, words.other_treatment, words.maintain, words.own)
    options = [words.maintain]
    if fired.suggestion_class in ("STEP_DOWN", "STEP_UP", "CONTINUE"):
        options.append(words.hold)
    current, previous = f.plan.current_mg, f.plan.previous_mg
    higher = current is not None and previous is not None and previous > current
    if fired.suggestion_class in ("HOLD_STEP", "CONTINUE") and f.case.programme == "taper" and higher:
        options.append(words.previous)
    return (*options, words.own)


def _sources(file: SuggestionsFile, deciding: list[FiredRule]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for one in deciding:
        cited = file.rules.get(one.rule) or dangers_file().row(one.rule)
        if cited is not None:
            found[f"{one.rule}: {cited.source} [{cited.evidence}]"] = None
    return tuple(found)


def _expires(f: Facts, first: FiredRule) -> float | None:
    left = []
    if first.suggestion_class == "START_MET" and f.case.programme == "bup_induction" and f.latest:
        left.append(f.limits.cows_bup_min.value - f.latest.min_ago)
    for name in required(f):
        reading = reading_of(f, name)
        if reading is not None:
            left.append(limit_min(f, name) - reading.min_ago)
    return min((minutes for minutes in left if minutes >= 0), default=None)
