"""The alert engine: what the newest observation raises, worsens or clears, given the few before it.

Rules are data (alerts.toml). How they are held against an admission: detox.clinical.alerts.engine.
"""

from collections.abc import Iterable, Mapping, Sequence

from detox.clinical.alerts.book import RuleBook
from detox.clinical.alerts.engine import NOTHING_KNOWN, AlertEngine, Change, OpenAlert, alerts_file, rulebook
from detox.clinical.looking_back import lookback_sets
from detox.clinical.model import Background, Finding, Observation

__all__ = [
    "AlertEngine", "Change", "OpenAlert", "alerts_file", "applied", "findings", "fold",
    "rulebook", "step",
]  # fmt: skip


def findings(observations: Sequence[Observation], background: Background = NOTHING_KNOWN) -> tuple[Finding, ...]:
    """What holds for the newest observation, given the earlier ones (oldest first, replaced ones left out).

    One finding a problem, that of its worst rule; the worst first. Only what was measured in the newest set counts.
    """
    return _fed(observations, background).findings()


def step(
    open_alerts: Mapping[str, OpenAlert], observations: Sequence[Observation], background: Background = NOTHING_KNOWN
) -> tuple[Change, ...]:
    """What the newest observation changes. `open_alerts` maps problem to the alert that is open now.

    Observations are oldest first; of more than lookback_sets() the oldest are not looked at. See `AlertEngine.step`.
    """
    return _fed(observations, background).step(open_alerts)


def applied(open_alerts: Mapping[str, OpenAlert], changes: Iterable[Change]) -> dict[str, OpenAlert]:
    """The alerts that are open after `changes`."""
    result = dict(open_alerts)
    for change in changes:
        if change.action == "resolved":
            result.pop(change.problem, None)
        else:
            result[change.problem] = OpenAlert(change.finding, change.at)
    return result


def fold(
    observations: Iterable[Observation], background: Background = NOTHING_KNOWN, book: RuleBook | None = None
) -> list[Change]:
    """Every change of an admission, from its first observation on (oldest first, replaced ones left out)."""
    engine = AlertEngine(background, book)
    open_alerts: dict[str, OpenAlert] = {}
    every: list[Change] = []
    for observation in observations:
        engine.add(observation)
        if changes := engine.step(open_alerts):
            open_alerts = applied(open_alerts, changes)
            every.extend(changes)
    return every


def _fed(observations: Sequence[Observation], background: Background) -> AlertEngine:
    engine = AlertEngine(background)
    for observation in observations[-lookback_sets() :]:
        engine.add(observation)
    return engine
