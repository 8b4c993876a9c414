"""What the protocol says of an admission now: worked out from what was kept, and from nothing else."""

import logging
from datetime import datetime
from typing import NamedTuple

from detox.chart import case
from detox.chart.events import Raw
from detox.chart.judge import Judgement, judge
from detox.clinical.model import Admission
from detox.clinical.suggestions import Suggestion
from detox.errors import DetoxError
from detox.store import Connection
from detox.store.context import read_context

__all__ = ["Judged", "case_of", "current", "judged"]

_FAILED = "It cannot be worked out, because a rule failed: decide without it, tell the manager."


class Judged(NamedTuple):
    """The judgement of a patient, or why there is none: an error of a rule must not hide what was charted."""

    judgement: Judgement | None
    problem: str = ""


def judged(tx: Connection, admission: Admission, now: datetime) -> Judged:
    """The one judgement that board, card and dose form show at `now`."""
    try:
        return Judged(judge(read_context(tx, admission, now)))
    except DetoxError as error:
        return Judged(None, str(error))
    except Exception:
        logging.getLogger(__name__).exception("judgement failed")
        return Judged(None, _FAILED)


def current(tx: Connection, admission: Admission, now: datetime) -> Suggestion:
    """What the protocol would suggest now, from what is kept at this moment. Decides nothing and keeps nothing."""
    return judge(read_context(tx, admission, now)).suggestion


def case_of(tx: Connection, admission: Admission, now: datetime) -> Raw:
    """The admission as the suggestion engine reads it."""
    return case.case_of(read_context(tx, admission, now))
