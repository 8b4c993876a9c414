"""When a patient can have been seen, and a dose given: between the admission and now. The limits stand in vitals.toml.

What lies outside is judged by nobody: it neither hides nor reassures. Where the admission itself lies in the
future (an import whose dates were shifted on purpose) everything counts, because there is no clock to hold it to.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from detox.clinical.looking_back import clock_tolerance
from detox.clinical.monitoring.due import words
from detox.clinical.protocols import vitals_file
from detox.errors import Refused

_DAY = timedelta(days=1)


class Span(NamedTuple):
    """From when until when, both inclusive; None: no end on that side."""

    since: datetime | None
    until: datetime | None

    def holds(self, moment: datetime) -> bool:
        """True when the moment lies inside."""
        return (self.since is None or self.since <= moment) and not self.is_ahead(moment)

    def is_ahead(self, moment: datetime) -> bool:
        """True when the moment lies after it."""
        return self.until is not None and moment > self.until


def judged(admitted_at: datetime | None, now: datetime) -> Span:
    """The bedside times that are judged at `now`: from an hour before the admission up to now, clocks allowed for.

    An earlier one is history of before the admission; a later one is dated ahead, since somebody's clock was wrong.
    `admitted_at` is None where the beginning of the admission is not known.
    """
    if admitted_at is None:
        return Span(None, now + clock_tolerance())
    if _dated_ahead(admitted_at, now):
        return Span(None, None)
    times = vitals_file().times
    return Span(_minute(admitted_at) - timedelta(minutes=times.before_admission_min), now + clock_tolerance())


def same_unless_moved(entered: datetime, kept: datetime) -> datetime:
    """The kept moment to the millisecond where `entered` is its bare minute; else what was entered.

    A field for a time shows whole minutes: one that nobody has changed comes back without the seconds.
    """
    return kept if entered == _minute(kept) else entered


def question(field: str, at: datetime, admitted_at: datetime, now: datetime, said: str = "Taken") -> dict[str, str]:
    """What to ask of a time shortly before the admission, by its field; empty where there is nothing to ask.

    `said` is the sentence's first word. Raises Refused for a time before that.
    """
    early = _early(at, admitted_at, now)
    if early <= timedelta(0):
        return {}
    most = timedelta(minutes=vitals_file().times.before_admission_min)
    if early > most:
        raise Refused(
            {field: f"{said} {_long(early)} before the admission; at most {_long(most)} can be: correct the time."}
        )
    return {field: f"{said} {_long(early)} before the admission: is it right?"}


def check_elsewhere(field: str, at: datetime, admitted_at: datetime, now: datetime) -> None:
    """Raises Refused for a dose from elsewhere that lies too long before the admission to be charted as one."""
    early, most = _early(at, admitted_at, now), timedelta(hours=vitals_file().times.elsewhere_before_admission_h)
    if early > most:
        raise Refused(
            {
                field: f"Given {_long(early)} before the admission; at most {_long(most)} can be charted as a dose: "
                "correct the time, or write an older one in a note."
            }
        )


def _early(at: datetime, admitted_at: datetime, now: datetime) -> timedelta:
    """How long before the admission, whose minute is all that the form knew; nothing where it is dated ahead."""
    return timedelta(0) if _dated_ahead(admitted_at, now) else _minute(admitted_at) - at


def _dated_ahead(admitted_at: datetime, now: datetime) -> bool:
    return admitted_at > now + clock_tolerance()


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _long(time: timedelta) -> str:
    """25 min, 1 h 20 min, 30 days: rounded up, so that no time before is said to be none."""
    minutes = -(-time // timedelta(minutes=1))
    return words(minutes) if time <= 4 * _DAY else f"{time // _DAY} days"
