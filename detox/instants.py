"""Moments in time: aware UTC inside, one fixed-width text form in the database, the ward's zone on screen."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from detox.errors import Refused


def to_text(moment: datetime) -> str:
    """`2026-11-21T22:41:07.000Z`: sorts as text in the order of time. Raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("A moment without a time zone cannot be kept.")
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def from_text(text: str) -> datetime:
    """The aware UTC moment of a kept text."""
    return datetime.fromisoformat(text)


def parse(text: str, zone: ZoneInfo | None = None) -> datetime:
    """An ISO 8601 time that somebody wrote; without an offset it is in `zone` (UTC when none is given).

    Raises Refused with a sentence when the text is no such time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, AttributeError):
        raise Refused({"taken_at": f"Time {text!r} is not of the form 2026-11-21T22:41:00: correct it."}) from None
    if moment.tzinfo is None:
        moment = datetime.combine(moment, moment.time(), zone or UTC)  # as replace(tzinfo=), at a quarter of its price
    return moment.astimezone(UTC)


def repeats(moment: datetime, zone: ZoneInfo) -> bool:
    """True in the hour that the clocks run through twice, where a bare wall time would name two moments."""
    local = moment.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def wall(moment: datetime, zone: ZoneInfo, form: str = "%H:%M") -> str:
    """The wall clock of the ward; in the repeated hour with the zone's abbreviation, so that both are told apart."""
    local = moment.astimezone(zone)
    text = local.strftime(form)
    return f"{text} {local:%Z}" if repeats(moment, zone) else text
