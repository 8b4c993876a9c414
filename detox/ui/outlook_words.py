"""Where a vital is heading, in words: how fast, how sure, and when it would reach the next limit at this rate."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from detox.clinical.alerts.rules import Condition
from detox.clinical.protocols import vitals_file
from detox.reports.outlook import Outlook
from detox.ui import limit_words, words
from detox.ui.words import esc

STEP = timedelta(minutes=15)
"""A time that is told as "about" is told in full quarters of an hour."""

_BEYOND = {"at_least": "{} or more", "above": "more than {}", "below": "below {}", "at_most": "{} or less"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lines_html(trends: Iterable[Outlook], zone: ZoneInfo, now: datetime, unit: str) -> str:
    """One quiet line for each vital with a clear trend; empty where there is none."""
    said = [sentence(one, zone, now, unit) for one in trends]
    if not said:
        return ""
    note = "Trends are information: no alert rests on them. In brackets how far the rate is uncertain."
    return "".join(f'<div class="dx-note">{esc(line)}</div>' for line in [*said, note])


def sentence(one: Outlook, zone: ZoneInfo, now: datetime, unit: str) -> str:
    """One trend: "Systolic rises by 3.1 mmHg an hour (1.2 to 4.8, last 6 readings since 22:10); ...". Not escaped."""
    label = limit_words.label(one.vital)
    readings = f"last {one.count} readings since {words.when(one.since, zone, now)}"
    if not one.clear:
        return f"{label}: no clear trend ({readings})."
    rate, *bounds = (_rate(one.vital, value, unit) for value in (one.slope.per_h, one.slope.low, one.slope.high))
    least, most = sorted(bounds, key=float)
    way = "rises" if one.slope.per_h > 0 else "falls"
    told = f"{label} {way} by {rate} {_unit(one.vital, unit)} an hour ({least} to {most}, {readings})"
    if one.limit is None or one.crosses_at is None:
        return f"{told}."
    return f"{told}; at this rate {_beyond(one.limit, unit)} by about {words.when(_about(one.crosses_at), zone, now)}."


def _rate(vital: str, per_h: float, unit: str) -> str:
    """Without its sign, with one decimal more than the vital is charted with."""
    factor = 1.8 if vital == "temperature_c" and unit == "F" else 1.0
    return f"{abs(per_h) * factor:.{vitals_file().range(vital).decimals + 1}f}"


def _unit(vital: str, unit: str) -> str:
    return f"°{unit}" if vital == "temperature_c" else vitals_file().range(vital).unit


def _beyond(limit: Condition, unit: str) -> str:
    value = limit_words.number(limit.measure, float(getattr(limit, limit.operator)), unit)
    return _BEYOND[limit.operator].format(value)


def _about(moment: datetime) -> datetime:
    """The full quarter of an hour by which the moment has come."""
    past = (moment - _EPOCH) % STEP
    return moment + (STEP - past) if past else moment
