"""The alert engine: what the newest observation raises, worsens or clears, given the few before it.

Rules are data (alerts.toml). One problem has one open alert, that of its worst rule. An alert opens on data and is
resolved by data alone: enough readings in a row inside the clear limits. A value that was not measured neither
raises nor clears; a score with a missing item is a lower bound, so it can raise and cannot clear.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Literal

from detox.clinical.messages import Reading, finding_of
from detox.clinical.model import LEVELS, Assessment, Finding, Observation, Vitals
from detox.clinical.protocols import ROOT, read, vitals_file
from detox.clinical.rules import AlertsFile, Compiled, Value, compiled
from detox.clinical.scales import round_half_up

LOOKBACK = 24
"""How many of the newest observations `step` and `findings` look at: a caller need not pass more."""

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is open: the finding as it stands, and when this finding opened or escalated."""

    finding: Finding
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What an observation did to the alert of one problem; `finding` is what opened, is now worse, or has ended."""

    action: Literal["opened", "escalated", "resolved"]
    finding: Finding
    problem: str
    at: datetime
    observation_id: str


@cache
def alerts_file() -> AlertsFile:
    """alerts.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "alerts.toml", AlertsFile)


def findings(observations: Sequence[Observation]) -> tuple[Finding, ...]:
    """What holds for the newest observation, given the earlier ones (oldest first, replaced ones left out).

    One finding a problem, that of its worst rule; the worst first. Only what was measured in the newest set counts.
    """
    if not observations:
        return ()
    window = _Window(observations)
    newest = len(window) - 1
    worst = sorted((max(held, key=_worse) for held in window.held().values()), key=_worse, reverse=True)
    return tuple(window.finding(rule, newest) for rule in worst)


def step(open_alerts: Mapping[str, OpenAlert], observations: Sequence[Observation]) -> tuple[Change, ...]:
    """What the newest observation changes. `open_alerts` maps problem to the alert that is open now.

    Opens an alert; escalates it to a worse rule, or to another rule as bad whose measure is now the one past its
    limit; resolves it once its rule has cleared. When a worse rule clears and a lesser one of the same problem still
    stands, the first is resolved and the second opened in the same step. Problems without a rule (overdue) are left
    alone. Observations are oldest first; of more than LOOKBACK the oldest are not looked at.
    """
    if not observations:
        return ()
    window = _Window(observations)
    newest = window.observations[-1]
    held = window.held()
    if not held and not open_alerts:
        return ()
    changes: list[Change] = []
    for problem, rules in _by_problem().items():
        if problem not in held and problem not in open_alerts:
            continue
        for action, finding in _changes(window, rules, held.get(problem, []), open_alerts.get(problem)):
            changes.append(Change(action, finding, problem, newest.taken_at, newest.id))
    return tuple(changes)


def applied(open_alerts: Mapping[str, OpenAlert], changes: Iterable[Change]) -> dict[str, OpenAlert]:
    """The alerts that are open after `changes`."""
    result = dict(open_alerts)
    for change in changes:
        if change.action == "resolved":
            result.pop(change.problem, None)
        else:
            result[change.problem] = OpenAlert(change.finding, change.at)
    return result


def fold(observations: Iterable[Observation]) -> list[Change]:
    """Every change of an admission, from its first observation on (oldest first, replaced ones left out)."""
    window: list[Observation] = []
    open_alerts: dict[str, OpenAlert] = {}
    every: list[Change] = []
    for observation in observations:
        window = [*window[1 - LOOKBACK :], observation]
        if changes := step(open_alerts, window):
            open_alerts = applied(open_alerts, changes)
            every.extend(changes)
    return every


def newly_raised(open_findings: Iterable[Finding], observations: Sequence[Observation]) -> frozenset[str]:
    """The problems whose open finding is news of the newest observation.

    It meets a rule as bad as the finding, and before it no such rule stood open.
    """
    held = _Window(observations[-LOOKBACK:]).held() if observations else {}
    earlier = _Window(observations[-1 - LOOKBACK : -1])
    new: set[str] = set()
    for finding in open_findings:
        level = LEVELS.index(finding.level)
        if any(rule.rank[0] >= level for rule in held.get(finding.problem, ())):
            as_bad = [rule for rule in _by_problem()[finding.problem] if rule.rank[0] >= level]
            as_bad.sort(key=lambda rule: rule.rule.id != finding.rule)
            if not any(earlier.latched(rule) for rule in as_bad):
                new.add(finding.problem)
    return frozenset(new)


Acts = list[tuple[Literal["opened", "escalated", "resolved"], Finding]]


def _changes(window: "_Window", rules: tuple[Compiled, ...], held: list[Compiled], now: OpenAlert | None) -> Acts:
    newest = len(window) - 1
    worst = max(held, key=_worse) if held else None
    if now is None:
        return [("opened", window.finding(worst, newest))] if worst else []
    current = next((r for r in rules if r.rule.id == now.finding.rule), None)
    rank = current.rank if current else (LEVELS.index(now.finding.level), 0)
    if worst and worst is not current:
        taken_over = worst.rank == rank and current is not None and window.standing(current) is None
        if worst.rank > rank or taken_over:
            return [("escalated", window.finding(worst, newest))]
    if not window.tells_of(rules):
        return []
    # a rule that has left the protocol ends only when every rule of its problem has cleared
    if not all(window.clear(rule, now.opened_at) for rule in ([current] if current else rules)):
        return []
    still = [(r, at) for r in rules if r is not current and (at := window.standing(r)) is not None]
    next_rule = max(still, key=lambda pair: _worse(pair[0]), default=None)
    if next_rule is None or next_rule[0].rank[0] < rank[0]:
        if any(window.latched(r) for r in rules if r is not current and r.rank[0] >= rank[0]):
            return []
        if next_rule is None:
            return [("resolved", now.finding)]
    return [("resolved", now.finding), ("opened", window.finding(*next_rule))]


@cache
def _rules() -> tuple[Compiled, ...]:
    return compiled(alerts_file())


@cache
def _by_problem() -> dict[str, tuple[Compiled, ...]]:
    by_problem: dict[str, list[Compiled]] = defaultdict(list)
    for rule in _rules():
        by_problem[rule.rule.problem].append(rule)
    return {problem: tuple(rules) for problem, rules in by_problem.items()}


def _worse(rule: Compiled) -> tuple[tuple[int, int], int]:
    return rule.rank, -rule.order


class _Window:
    """The last few observations of an admission, their measures worked out when first asked for."""

    __slots__ = ("observations", "_readings")

    def __init__(self, observations: Sequence[Observation]) -> None:
        self.observations = observations if len(observations) <= LOOKBACK else observations[-LOOKBACK:]
        self._readings: list[Reading | None] = [None] * len(self.observations)

    def __len__(self) -> int:
        return len(self._readings)

    def reading(self, index: int) -> Reading:
        """The measures of one observation."""
        known = self._readings[index]
        if known is None:
            known = self._readings[index] = self._measured(index)
        return known

    def held(self) -> dict[str, list[Compiled]]:
        """By problem, the rules that hold at the newest observation by what was measured in it."""
        newest = len(self) - 1
        values, partial = self.reading(newest)
        found: dict[str, list[Compiled]] = {}
        for rule in _rules():
            if rule.raised(values, partial) and self.holds(rule, newest):
                found.setdefault(rule.rule.problem, []).append(rule)
        return found

    def holds(self, rule: Compiled, index: int) -> bool | None:
        """Whether the rule holds at one observation: on as many readings in a row as it asks for. None: not told."""
        first = rule.raised(*self.reading(index))
        if not first or rule.rule.consecutive == 1:
            return first
        found = 1
        for earlier in range(index - 1, -1, -1):
            one = rule.raised(*self.reading(earlier))
            if one is False:
                return False
            found += one is True
            if found == rule.rule.consecutive:
                return True
        return False

    def tells_of(self, rules: tuple[Compiled, ...]) -> bool:
        """True when the newest observation measured what any of the rules could be cleared by."""
        values, partial = self.reading(len(self) - 1)
        return any(rule.cleared(values, partial) is not None for rule in rules)

    def standing(self, rule: Compiled) -> int | None:
        """Where the rule's newest own reading stands, if the rule holds there; no later reading has told otherwise."""
        for index in range(len(self) - 1, -1, -1):
            held = self.holds(rule, index)
            if held is not None:
                return index if held else None
        return None

    def clear(self, rule: Compiled, since: datetime | None = None) -> bool:
        """True when the newest readings of the rule, all later than `since`, are inside its clear limits."""
        found = 0
        for index in range(len(self) - 1, -1, -1):
            if since is not None and self.observations[index].taken_at <= since:
                return False
            one = rule.cleared(*self.reading(index))
            if one is False:
                return False
            found += one is True
            if found == rule.clear_readings:
                return True
        return False

    def latched(self, rule: Compiled) -> bool:
        """True when the rule held in the window and has not been cleared since."""
        found = 0
        for index in range(len(self) - 1, -1, -1):
            if self.holds(rule, index):
                return True
            one = rule.cleared(*self.reading(index))
            found = found + 1 if one else found if one is None else 0
            if found == rule.clear_readings:
                return False
        return False

    def finding(self, rule: Compiled, index: int) -> Finding:
        """The rule put into words with the values of one observation."""
        return finding_of(rule, self.reading(index), self.observations[index], alerts_file().version)

    def _measured(self, index: int) -> Reading:
        observation = self.observations[index]
        values, partial = _vitals(observation.vitals), _NONE
        if not observation.assessments:
            return values, partial
        values = dict(values)
        for assessment in observation.assessments:
            if assessment.scale == "news2" and assessment.items:
                values["news2"], values["news2_single"] = assessment.at_least, max(assessment.items.values())
                partial = partial if assessment.complete else partial | {"news2", "news2_single"}
            elif assessment.scale == "cows" and assessment.items:
                values["cows"] = assessment.at_least
                partial = partial if assessment.complete else partial | {"cows"}
                before = self._cows_before(index) if assessment.complete else None
                if before is not None:
                    values["cows_fall"] = before.at_least - assessment.at_least
                    partial = partial if before.complete else partial | {"cows_fall"}
        return values, partial

    def _cows_before(self, index: int) -> Assessment | None:
        for earlier in range(index - 1, -1, -1):
            found = self.observations[earlier].assessment("cows")
            if found is not None:
                return found
        return None


@cache
def _charted() -> tuple[tuple[str, int], ...]:
    return tuple((limits.vital, limits.decimals) for limits in vitals_file().ranges)


_CHOSEN = ("consciousness", "sedation", "on_oxygen")


@lru_cache(maxsize=1024)
def _vitals(vitals: Vitals) -> dict[str, Value]:
    """The vitals that were measured, rounded as they are charted. SpO2 is on scale 1 until a clinician sets 2.

    Never changed by who asks: it is shared between equal sets, for one set is looked at again by many that follow.
    """
    values: dict[str, Value] = {"spo2_scale": vitals.spo2_scale or 1} if vitals.spo2_percent is not None else {}
    for name, places in _charted():
        value = getattr(vitals, name)
        if value is not None:
            values[name] = value if round(value, places) == value else round_half_up(value, places)
    for name in _CHOSEN:
        value = getattr(vitals, name)
        if value is not None:
            values[name] = value
    return values
