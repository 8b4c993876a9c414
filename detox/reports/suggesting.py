"""What the protocol would suggest for an admission now: worked out from what was kept, and from nothing else."""

from datetime import datetime

from detox.chart import case
from detox.chart.events import Raw
from detox.chart.judge import judge
from detox.clinical.model import Admission
from detox.clinical.suggestions import Suggestion
from detox.store import Connection
from detox.store.context import read_context

__all__ = ["case_of", "current"]


def current(tx: Connection, admission: Admission, now: datetime) -> Suggestion:
    """What the protocol would suggest now, from what is kept at this moment. Decides nothing and keeps nothing."""
    return judge(read_context(tx, admission, now)).suggestion


def case_of(tx: Connection, admission: Admission, now: datetime) -> Raw:
    """The admission as the suggestion engine reads it."""
    return case.case_of(read_context(tx, admission, now))
