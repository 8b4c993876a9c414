"""The hour at which a test run happens: the real one, or one that was chosen.

Most tests happen at one fixed moment (`now` in conftest.py) and mean the same at every hour. Those that start a real
server go by the clock: it is set once for the test process, and every server that is started is told of it.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from time_machine import escape_hatch

WARD = ZoneInfo("Europe/London")
AHEAD = str(Path(__file__).with_name("ahead.py"))


def moment(text: str, real: datetime) -> datetime:
    """The moment that "7", "07:29" or "2026-03-29T01:30" names by the ward's clock, in UTC.

    An hour without a date is the next one: a browser has the real clock, and a server that is behind it by a day
    could end its cookies. A time that the clocks skip, or have twice, is read as before they change.
    """
    if "T" in text:
        return datetime.fromisoformat(text).replace(tzinfo=WARD).astimezone(UTC)
    hour, _, minute = text.partition(":")
    at = real.astimezone(WARD).replace(hour=int(hour), minute=int(minute or 0), second=0, microsecond=0)
    if at < real:
        at += timedelta(days=1)
    return at.astimezone(UTC)


def real_now() -> datetime:
    """What the real clock says, whatever hour was chosen."""
    return escape_hatch.datetime.datetime.now(UTC) if escape_hatch.is_travelling() else datetime.now(UTC)


def streamlit(ahead: timedelta | None = None) -> tuple[str, ...]:
    """How Python is told to run streamlit: by its own command, or with its clock so far ahead of the real one.

    Where nothing is said of it, the server has the clock of this process.
    """
    if ahead is None and escape_hatch.is_travelling():
        ahead = datetime.now(UTC) - real_now()
    return ("-m", "streamlit") if ahead is None else (AHEAD, str(ahead.total_seconds()))
