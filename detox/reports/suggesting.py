"""What the protocol would suggest for a stay now: worked out from what was kept, and from nothing else."""

from datetime import datetime

from detox.clinical.case import read_case
from detox.clinical.model import Admission
from detox.clinical.suggestions import Suggestion, suggest
from detox.store import Connection
from detox.store.cases import case_of

__all__ = ["case_of", "current"]


def current(tx: Connection, admission: Admission, now: datetime) -> Suggestion:
    """What the protocol would suggest now, from what is kept at this moment. Decides nothing and keeps nothing."""
    return suggest(read_case(case_of(tx, admission, now)))
