"""What waits for a physician on the ward, in the order in which it wants to be seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from detox.chart.danger import Danger
from detox.clinical.alerts.escalation import Standing, never_quiet
from detox.clinical.model import LEVELS, Admission, Alert, Decision, Finding
from detox.clinical.suggestions import Suggestion
from detox.reports import board
from detox.reports.board import Tile
from detox.store import Connection, find

SILENT = "NO_SUGGESTION"
RISK = (
    "HOLD_CALL", "STEP_UP", "HOLD_STEP", "START_NOT_MET", "START_MET", "STEP_DOWN", "CONTINUE", SILENT,
)  # fmt: skip
"""Suggestions from the one that wants to be seen first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert of one patient and how it stands."""

    tile: Tile
    admission: Admission
    alert: Alert
    standing: Standing


@dataclass(frozen=True, slots=True)
class Call:
    """One danger of one patient that no open alert tells of, and that no physician has answered."""

    tile: Tile
    admission: Admission
    danger: Danger


@dataclass(frozen=True, slots=True)
class Late:
    """One set that is overdue and that nobody has answered for."""

    tile: Tile
    admission: Admission
    overdue: Finding


@dataclass(frozen=True, slots=True)
class Asked:
    """One suggestion that nobody has decided on since something was last charted for the admission.

    So does one that calls for a danger which the newest decision was not shown. `since` is when something was last
    charted; `withdrawn` says that an earlier decision lost its ground.
    """

    tile: Tile
    admission: Admission
    suggestion: Suggestion
    since: datetime
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """Unanswered critical alerts, then dangers, suggestions, unanswered warnings, what was put aside, overdue sets.

    `calls` are the dangers that no open alert tells of, the worst and oldest first; `told` the critical alerts on a
    card that had been answered, with when each begins to wait by itself. All of it holds at `as_of`.

    `silent` are the admissions for which nothing can be suggested; they are counted, never hidden as stable.
    """

    critical: tuple[Entry, ...]
    warning: tuple[Entry, ...]
    aside: tuple[Entry, ...]
    overdue: tuple[Late, ...]
    asked: tuple[Asked, ...]
    silent: tuple[Asked, ...]
    failed: tuple[Admission, ...]
    as_of: datetime
    calls: tuple[Call, ...] = ()
    told: tuple[Entry, ...] = ()

    @property
    def empty(self) -> bool:
        """True when nothing waits."""
        return not (
            self.critical
            or self.calls
            or self.warning
            or self.aside
            or self.overdue
            or self.asked
            or self.failed
            or self.told
        )


def inbox(tx: Connection, ward_id: str, now: datetime) -> Inbox:
    """What waits on this ward at `now`.

    Critical alerts of the class that is never put aside come first, then the others; among equals the one that has
    waited longest. What was put aside comes back soonest first; overdue sets the worst and longest first.
    """
    tiles = [t for t in board.board(tx, ward_id, now).tiles if t.admission is not None]
    every = [
        Entry(t, t.admission, a, t.standing[a.id]) for t in tiles if t.admission is not None for a in t.alerts
    ]  # fmt: skip
    waiting = sorted((e for e in every if e.standing.state == "unanswered"), key=_by_risk)
    aside = [e for e in every if e.standing.state == "aside"]
    told = [e for e in every if e.standing.state == "told"]
    late = [
        Late(t, t.admission, t.overdue)
        for t in tiles
        if t.admission is not None and t.overdue is not None and t.silence is None
    ]
    asked, failed = _asked(tx, tiles, now)
    return Inbox(
        critical=tuple(e for e in waiting if e.alert.finding.level == "critical"),
        warning=tuple(e for e in waiting if e.alert.finding.level != "critical"),
        aside=tuple(sorted(aside, key=lambda e: e.standing.snooze.until_at if e.standing.snooze else now)),
        overdue=tuple(
            sorted(late, key=lambda one: (one.overdue.level != "critical", -float(one.overdue.values["overdue_min"])))
        ),
        asked=tuple(one for one in asked if one.withdrawn or one.suggestion.suggestion_class != SILENT),
        silent=tuple(one for one in asked if not one.withdrawn and one.suggestion.suggestion_class == SILENT),
        failed=tuple(failed),
        as_of=now,
        told=tuple(sorted(told, key=lambda e: e.standing.until or now)),
        calls=tuple(
            sorted(
                (Call(t, t.admission, d) for t in tiles if t.admission is not None for d in t.calls if _waits(d)),
                key=lambda one: (-LEVELS.index(one.danger.level), one.danger.since),
            )
        ),
    )


def _waits(danger: Danger) -> bool:
    """True until a physician has answered: a nurse's word ends no danger."""
    return danger.answered is None or danger.answered.by.role != "physician"


def _asked(tx: Connection, tiles: Sequence[Tile], now: datetime) -> tuple[list[Asked], list[Admission]]:
    """The suggestions that wait, by risk and then by age; and the admissions for which a rule failed."""
    found, failed = [], []
    for tile in tiles:
        admission = tile.admission
        if admission is None:
            continue
        since = find.last_charted(tx, admission.id) or admission.admitted_at
        last = next(iter(find.decisions(tx, admission.id)), None)
        if tile.judgement is None:  # one that fails must not hide the others
            failed.append(admission)
            continue
        made = tile.judgement.suggestion
        if last is None or last.decided_at <= since or _unread(made, last):
            found.append(Asked(tile, admission, made, since, _withdrawn(made)))
    return sorted(found, key=_by_class), failed


def _unread(made: Suggestion, last: Decision) -> bool:
    """A danger that the newest decision was not shown waits, though nothing was charted since."""
    shown = last.suggestion.get("rules")
    answered = set(map(str, shown)) if isinstance(shown, (list, tuple)) else set()
    return made.suggestion_class == "HOLD_CALL" and not answered.issuperset(made.rules)


def _withdrawn(made: Suggestion) -> bool:
    """True where an earlier decision lost its ground, also below a danger."""
    return "B07" in (*made.rules, *(rule for rule, _ in made.blocked))


def _by_class(one: Asked) -> tuple[bool, int, datetime]:
    """What lost its ground stands before all but danger."""
    risk = RISK.index(one.suggestion.suggestion_class)
    return risk > 0 and not one.withdrawn, risk, one.since


def _by_risk(entry: Entry) -> tuple[bool, datetime]:
    return not never_quiet(entry.alert.finding), entry.standing.since
