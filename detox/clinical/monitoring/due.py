"""When the next set is due and by which line, and the words for it, made only when somebody asks for them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from detox.clinical.alerts.messages import points_words
from detox.clinical.model import Assessment, Dose, Finding, IntervalOrder, Observation, StepDown, Vitals
from detox.clinical.monitoring.content import (
    POINTS,
    AfterDose,
    AfterStep,
    Cadence,
    Interval,
    Orders,
    Phase,
    Recheck,
    ShortSet,
    Visits,
    monitoring_file,
)
from detox.clinical.protocols import Scale, scale
from detox.instants import wall

Row = Interval | Cadence | Phase | AfterDose | AfterStep | Visits | Recheck | Orders | ShortSet
Because = str | Assessment | Finding | Dose | StepDown | IntervalOrder

SHORT, STANDING, CONFIRM = "short", "standing", "confirm"

WHAT = {"set": "Set", "cows": "COWS", "vitals": "Vitals"}
_SAID = {"asleep": "asleep", "refused": "refused", "off_ward": "off the ward", "other": "not done"}


class Line(NamedTuple):
    """One line that applies: counted from `since`, due `at`. `clock` is cows, vitals, or set for both."""

    at: datetime
    interval_min: int
    clock: str
    row: Row
    because: Because
    since: datetime
    how: str = ""


class Known(NamedTuple):
    """The last known risk: the newest of each, with when; None where it was never seen."""

    cows: tuple[datetime, Assessment] | None = None
    vitals: tuple[datetime, Vitals] | None = None
    news2: tuple[datetime, Assessment] | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """When the next set is due, and `what`: cows, vitals, or set for both at one visit.

    `interval_min` is the interval in minutes that decided it. `red_at` is when its absence is critical, by `red_line`.
    """

    at: datetime
    interval_min: int
    what: str
    line: Line
    red_at: datetime
    red_line: Line
    known: Known = field(compare=False, default=Known())
    said: Observation | None = field(compare=False, default=None)

    @property
    def why(self) -> str:
        """Which line made it so, in words without times of the clock."""
        return line_words(self.line)

    def words(self, zone: tzinfo) -> str:
        """The same with the times of the clock in the ward's zone."""
        return line_words(self.line, zone)

    @property
    def repeat_min(self) -> int:
        """How many minutes after a missed look the next is due: to confirm is asked for once, then as a recheck."""
        row = self.line.row
        return row.recheck_min if isinstance(row, Recheck) and self.line.how == CONFIRM else self.interval_min

    @property
    def rule(self) -> str:
        """The id of the line."""
        return self.line.row.id

    @property
    def source(self) -> str:
        """Where the line's number comes from."""
        return self.line.row.source

    @property
    def evidence(self) -> str:
        """The evidence tag of the line."""
        return self.line.row.evidence


def words(minutes: int) -> str:
    """1 h 20 min."""
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


def line_words(line: Line, zone: tzinfo | None = None) -> str:
    """every 4 h because COWS 14 moderate. Times of the clock are left out where no zone is given."""
    because, every = line.because, f"every {words(line.interval_min)}"
    if line.row.id == monitoring_file().first_set.id:
        return f"now: {because}"
    if isinstance(because, IntervalOrder):
        until = f" until {_clock(because.until_at, zone)}" if because.until_at and zone else ""
        by = because.set_by or because.role
        return f"every {words(because.interval_min)}, ordered by {by}{until}: {because.reason}"
    if isinstance(because, Dose) and isinstance(line.row, AfterDose):
        after = words(int((line.at - because.given_at) / timedelta(minutes=1)))
        at = f", given at {_clock(because.given_at, zone)}" if zone else ""
        return f"{after} after {because.drug}{at}: {line.row.because}"
    if isinstance(because, StepDown) and isinstance(line.row, AfterStep):
        after = words(int((line.at - line.since) / timedelta(minutes=1)))
        at = f", counted from {_clock(line.since, zone)}" if zone else ""
        step = f"the step from {because.from_mg:g} to {because.to_mg:g} mg of {because.drug}"
        return f"{after} after {step}{at}: {line.row.because}"
    if isinstance(because, Finding):
        if line.how == CONFIRM:
            return f"in {words(line.interval_min)} to confirm: {because.message}"
        return f"{every} because {'still open: ' if line.how == STANDING else ''}{because.message}"
    return f"{every} because {because if isinstance(because, str) else _score_words(line.row, because)}"


def _score_words(row: Row, found: Assessment | Dose | StepDown) -> str:
    assert isinstance(found, Assessment)
    of_scale = scale(found.scale)
    text = f"{of_scale.short_name} {points_words(found)}"
    if isinstance(row, Cadence) and row.measure == "news2_single":
        return f"{text} with {POINTS[row.measure](found)} points for one vital sign"
    return text if found.scale == "news2" else f"{text} {_band(of_scale, found)}"


def late_words(due: Due, line: Line, late: int, now: datetime, zone: tzinfo | None = None) -> str:
    """Set overdue by 1 h 20 min (every 4 h); refused at 21:10 (ask again)."""
    why = _short_why(line, zone)
    said = said_words(due, now, zone)
    what = WHAT[due.what if line.clock in (due.line.clock, "set") else "set"]
    return f"{what} overdue by {words(late)} ({why})" + (f"; {said}" if said else "")


def _short_why(line: Line, zone: tzinfo | None) -> str:
    if isinstance(line.because, IntervalOrder):
        return f"every {words(line.because.interval_min)}, ordered by {line.because.set_by or line.because.role}"
    first = line.row.id == monitoring_file().first_set.id
    told = first or line.how == CONFIRM or isinstance(line.because, (Dose, StepDown))
    return line_words(line, zone) if told else f"every {words(line.interval_min)}"


def said_words(due: Due, now: datetime, zone: tzinfo | None = None) -> str:
    """Why it was not taken, where somebody has said so since."""
    said = due.said
    if said is None or said.not_done is None:
        return ""
    text, at = _SAID[said.not_done], _when(said.taken_at, now, zone)
    if said.not_done == "refused":
        return f"refused {at} (ask again)"
    if said.not_done == "asleep":
        rate = said.vitals.respiratory_rate_per_min
        return f"asleep {at}, " + ("breathing not seen" if rate is None else f"breathing {rate:.0f} /min")
    return f"{text} {at}"


def known_words(known: Known, now: datetime, zone: tzinfo | None = None) -> str:
    """Last known 17:10: COWS 9 mild, BP 128/78, HR 84, NEWS2 1. Each with its own time where they differ."""
    told: list[tuple[datetime, str]] = []
    if known.cows is not None:
        of_scale = scale(known.cows[1].scale)
        said = points_words(known.cows[1])
        told.append((known.cows[0], f"{of_scale.short_name} {said} {_band(of_scale, known.cows[1])}"))
    if known.vitals is not None:
        told += [(known.vitals[0], text) for text in _vitals_words(known.vitals[1])]
    if known.news2 is not None:
        told.append((known.news2[0], f"{scale('news2').short_name} {points_words(known.news2[1])}"))
    if not told:
        return "Nothing is known of this admission yet"
    by_time: dict[datetime, list[str]] = {}
    for at, text in told:
        by_time.setdefault(at, []).append(text)
    newest_last = [f"{_when(at, now, zone)}: {', '.join(texts)}" for at, texts in by_time.items()]
    return f"Last known {'; '.join(newest_last)}"


def _vitals_words(vitals: Vitals) -> list[str]:
    upper, lower, pulse = vitals.systolic_mmhg, vitals.diastolic_mmhg, vitals.heart_rate_per_min
    found = []
    if upper is not None or lower is not None:
        found.append(f"BP {'?' if upper is None else f'{upper:.0f}'}/{'?' if lower is None else f'{lower:.0f}'}")
    if pulse is not None:
        found.append(f"HR {pulse:.0f}")
    return found


def _band(of_scale: Scale, found: Assessment) -> str:
    """The band's label; of a partial score the band of its lower bound."""
    return of_scale.band_of(found.at_least).label


def _when(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    """At 21:10 where the zone is known, else 20 min ago."""
    if zone is not None:
        return f"at {_clock(at, zone)}"
    return f"{words(max(0, int((now - at) / timedelta(minutes=1))))} ago"


def _clock(at: datetime, zone: tzinfo | None) -> str:
    return wall(at, zone) if isinstance(zone, ZoneInfo) else at.astimezone(zone).strftime("%H:%M")
