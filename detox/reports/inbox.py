"""What waits for a physician on the ward, in the order in which it wants to be seen."""

from dataclasses import dataclass
from datetime import datetime

from detox.clinical.answering import Standing, never_quiet
from detox.clinical.model import Admission, Alert, Finding
from detox.reports import board
from detox.reports.board import Tile
from detox.store import Connection


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert of one patient and how it stands."""

    tile: Tile
    admission: Admission
    alert: Alert
    standing: Standing


@dataclass(frozen=True, slots=True)
class Late:
    """One set that is overdue and that nobody has answered for."""

    tile: Tile
    admission: Admission
    overdue: Finding


@dataclass(frozen=True, slots=True)
class Inbox:
    """Unanswered critical alerts, then unanswered warnings, then what was put aside, then overdue sets, at `as_of`."""

    critical: tuple[Entry, ...]
    warning: tuple[Entry, ...]
    aside: tuple[Entry, ...]
    overdue: tuple[Late, ...]
    as_of: datetime

    @property
    def empty(self) -> bool:
        """True when nothing waits."""
        return not (self.critical or self.warning or self.aside or self.overdue)


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
    late = [
        Late(t, t.admission, t.overdue)
        for t in tiles
        if t.admission is not None and t.overdue is not None and t.silence is None
    ]
    return Inbox(
        critical=tuple(e for e in waiting if e.alert.finding.level == "critical"),
        warning=tuple(e for e in waiting if e.alert.finding.level != "critical"),
        aside=tuple(sorted(aside, key=lambda e: e.standing.snooze.until_at if e.standing.snooze else now)),
        overdue=tuple(
            sorted(late, key=lambda one: (one.overdue.level != "critical", -float(one.overdue.values["overdue_min"])))
        ),
        as_of=now,
    )


def _by_risk(entry: Entry) -> tuple[bool, datetime]:
    return not never_quiet(entry.alert.finding), entry.standing.since
