"""How an alert may be answered: put aside, limits for one patient, and with whom an unanswered one is by now.

The numbers stand in answering.toml. Pure: what was kept comes in as values.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from detox.clinical.model import Alert, Finding, PatientLimit, Snooze
from detox.clinical.protocols import ROOT, Content, Evidence, File, Range, Text, read, vitals_file

SETTING = "escalation_minutes"
"""The name under which a ward keeps its own minutes of escalation."""

UNCONFIRMED = "confirm_min"
"""The measure that a finding carries while its red reading still has to be repeated."""

Minutes = Annotated[int, Field(gt=0)]
State = Literal["unanswered", "aside", "answered", "told"]


class NeverLooser(Content):
    """A side of a vital on which a limit for one patient may only be stricter than the ward's."""

    vital: Text
    side: Literal["low", "high"]
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _known(self) -> "NeverLooser":
        _check_numeric([self.vital])
        return self


class PatientLimits(Content):
    """How long a limit for one patient may last, and what may not be loosened."""

    max_h: Annotated[int, Field(gt=0)]
    never_looser: tuple[NeverLooser, ...]
    source: Text
    evidence: Evidence


class Baselines(Content):
    """The vitals whose usual value may be stated, and those whose baseline may be set anew."""

    usual: tuple[Text, ...]
    anew: tuple[Text, ...]
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _known(self) -> "Baselines":
        _check_numeric([*self.usual, *self.anew])
        return self


class SnoozeRule(Content):
    """How long, how often and for which problems an alert of one level may be put aside."""

    level: Literal["warning", "critical"]
    max_min: Minutes
    choices_min: tuple[Minutes, ...]
    times: Annotated[int, Field(ge=0)]
    problems: tuple[Text, ...]
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _choices_fit(self) -> "SnoozeRule":
        if not self.choices_min or max(self.choices_min) > self.max_min:
            raise ValueError(f"snooze {self.level}: the choices must be there and at most {self.max_min}")
        return self


class NeverSnoozed(Content):
    """What is never put aside: beginnings of rule ids, whole problems, a red reading that waits to be repeated."""

    rules: tuple[Text, ...]
    problems: tuple[Text, ...]
    unconfirmed: bool
    source: Text
    evidence: Evidence


class Stage(Content):
    """With whom an unanswered critical alert is after so many minutes."""

    who: Text
    after_min: Minutes


class Escalation(Content):
    """The stages in their order; `ward_most_min` is the longest time in minutes that a ward may set."""

    stages: tuple[Stage, ...]
    ward_most_min: Minutes
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _rising(self) -> "Escalation":
        waits = [stage.after_min for stage in self.stages]
        if not waits or waits != sorted({*waits}) or waits[-1] > self.ward_most_min:
            raise ValueError(f"the stages must rise and end by {self.ward_most_min} minutes: {waits}")
        return self


class Calls(Content):
    """When a further critical problem of a patient calls anew: `quiet_h` hours after the last call at the latest. What
    data ended no more than `again_min` minutes before has not left the card yet."""

    quiet_h: Annotated[float, Field(gt=0, le=12)]
    again_min: Minutes
    source: Text
    evidence: Evidence


class AnsweringFile(File):
    """answering.toml."""

    patient_limit: PatientLimits
    baseline: Baselines
    snooze: tuple[SnoozeRule, ...]
    never_snoozed: NeverSnoozed
    calls: Calls
    escalation: Escalation


@dataclass(frozen=True, slots=True)
class Standing:
    """How an open alert stands at one moment: unanswered, put aside, answered, or told on a card that was answered.

    `since` is when that began, `until` when what is told there begins to wait for an answer of its own; `snooze` is
    what puts it aside, or put it aside before it came back; `with_whom` is the stage of an unanswered critical alert
    ("nurse", "charge nurse", "physician"), empty before the first.
    """

    state: State
    since: datetime
    with_whom: str = ""
    snooze: Snooze | None = None
    until: datetime | None = None

    @property
    def came_back(self) -> bool:
        """True when the time for which it was put aside is over and nobody has answered since."""
        return self.state == "unanswered" and self.snooze is not None


@cache
def answering_file() -> AnsweringFile:
    """answering.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "answering.toml", AnsweringFile)


def quiet_time() -> timedelta:
    """For how long at most a critical card that was answered calls nobody anew."""
    return timedelta(hours=answering_file().calls.quiet_h)


def standing(
    alert: Alert,
    snoozes: Sequence[Snooze],
    now: datetime,
    minutes: Sequence[int] = (),
    quiet_until: datetime | None = None,
) -> Standing:
    """How an open alert stands at `now`, given every snooze of it and the ward's minutes of escalation.

    `quiet_until` is until when it is told on a card that was answered (calls.py): its wait counts from then. It is put
    aside while its newest snooze runs. Once that is over it is unanswered again unless somebody has answered it after:
    the wait then counts from the end of the snooze, else from when the alert was kept.
    """
    last = max(snoozes, key=lambda s: s.at, default=None)
    if last is not None and now < last.until_at:
        return Standing("aside", last.at, snooze=last)
    answered = alert.acknowledged_at
    if answered is not None and (last is None or answered >= last.until_at):
        return Standing("answered", answered)
    since = last.until_at if last is not None else alert.recorded_at or alert.opened_at
    if quiet_until is not None:
        if now < quiet_until:
            return Standing("told", since, until=quiet_until)
        since = max(since, quiet_until)
    with_whom = stage(now - since, minutes) if alert.finding.level == "critical" else ""
    return Standing("unanswered", since, with_whom, last)


def stage(waited: timedelta, minutes: Sequence[int] = ()) -> str:
    """With whom a critical alert is that nobody has answered for `waited`; empty before the first stage.

    `minutes` are the ward's own, one a stage; without them those of answering.toml.
    """
    stages = answering_file().escalation.stages
    waits = minutes or [one.after_min for one in stages]
    reached = [one.who for one, after in zip(stages, waits, strict=True) if waited >= timedelta(minutes=after)]
    return reached[-1] if reached else ""


def ward_minutes(kept: str | None) -> tuple[int, ...]:
    """The minutes of each stage: as the ward has kept them (a JSON list), else those of answering.toml."""
    if kept is None:
        return tuple(one.after_min for one in answering_file().escalation.stages)
    return tuple(int(number) for number in json.loads(kept))


def wrong_minutes(minutes: Sequence[int]) -> str:
    """The sentence to refuse minutes of escalation by; empty when they can be kept."""
    rule = answering_file().escalation
    if len(minutes) != len(rule.stages):
        return f"Give {len(rule.stages)} times: {', '.join(one.who for one in rule.stages)}."
    if any(one != int(one) or not 1 <= one <= rule.ward_most_min for one in minutes):
        return f"Each time is a whole number of minutes from 1 to {rule.ward_most_min}: correct it."
    if list(minutes) != sorted({*minutes}):
        return "Each stage must come later than the one before: correct the times."
    return ""


def snooze_rule(finding: Finding, before: int = 0) -> SnoozeRule | None:
    """What an alert may be put aside by, having been put aside `before` times; None where it may not be at all."""
    return None if why_not_snoozed(finding, before) else _rule_of(finding)


def why_not_snoozed(finding: Finding, before: int = 0) -> str:
    """The sentence to refuse by when an alert may not be put aside (again); empty when it may be."""
    rule = _rule_of(finding)
    if never_quiet(finding) or rule is None:
        return "This alert is never put aside: acknowledge it and act."
    if answering_file().never_snoozed.unconfirmed and UNCONFIRMED in finding.values:
        return "A red reading that waits to be repeated is never put aside: repeat it."
    if rule.problems and finding.problem not in rule.problems:
        return "A critical alert of this kind is never put aside: acknowledge it and act."
    if rule.times and before >= rule.times:
        return "This alert has been put aside before, and a critical one may be once only: acknowledge it and act."
    return ""


def never_quiet(finding: Finding) -> bool:
    """True for the class that is never put aside, by its rule, its problem, or another rule on the same card."""
    never = answering_file().never_snoozed
    return finding.problem in never.problems or any(
        rule.startswith(never.rules) for rule in (finding.rule, *finding.also)
    )


def ward_limits(limits: Range, side: Literal["low", "high"]) -> tuple[float, float]:
    """Where the ward's warning and critical range begin on one side: the first value that is no longer inside."""
    one = 10.0**-limits.decimals
    if side == "low":
        return round(limits.normal[0] - one, limits.decimals), round(limits.critical[0] - one, limits.decimals)
    return round(limits.normal[1] + one, limits.decimals), round(limits.critical[1] + one, limits.decimals)


def may_loosen(vital: str, side: str) -> bool:
    """False where a limit for one patient may only be stricter than the ward's."""
    return (vital, side) not in {(row.vital, row.side) for row in answering_file().patient_limit.never_looser}


def limits_now(limits: Sequence[PatientLimit], now: datetime) -> Mapping[str, tuple[PatientLimit, ...]]:
    """The limits that hold at `now`, by vital."""
    found: dict[str, tuple[PatientLimit, ...]] = {}
    for limit in limits:
        if limit.holds_at(now):
            found[limit.vital] = (*found.get(limit.vital, ()), limit)
    return found


def _rule_of(finding: Finding) -> SnoozeRule | None:
    return next((row for row in answering_file().snooze if row.level == finding.level), None)


def _check_numeric(vitals: Sequence[str]) -> None:
    if unknown := set(vitals) - {limits.vital for limits in vitals_file().ranges}:
        raise ValueError(f"{', '.join(sorted(unknown))}: no such vital with a range")
