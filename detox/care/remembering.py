"""What the rules look back on, remembered from one entry to the next: a long stay costs no more than a short one.

Nothing here is the truth: what is remembered counts only while the newest audit event of the stay is the very one that
it was remembered with, which is asked inside the transaction that uses it. Everything that a rule looks at is kept with
such an event, and its chain tells apart two events of the same number after a restore.
"""

import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from detox.clinical.alerts import LOOKBACK
from detox.clinical.entry_times import Span, judged
from detox.clinical.measures import RETURN_TO_USE, scores_of
from detox.clinical.model import Admission, Background, Observation
from detox.store import Connection, Store, find
from detox.store.background import background, with_scores

MOST = 256
"""So many stays are remembered, the longest unused forgotten first."""


class LookedBack(NamedTuple):
    """The newest current observations of a stay that are judged, oldest first, and what is known beside them; `event`
    is the chain of the newest audit event of the stay. `ahead`: there are others, dated ahead of the clock."""

    event: str
    earlier: tuple[Observation, ...]
    beside: Background
    ahead: bool = False


_guard = threading.Lock()
_known: OrderedDict[tuple[str, str], LookedBack] = OrderedDict()


def looked_back(store: Store, tx: Connection, stay: Admission, now: datetime) -> LookedBack:
    """What the rules look back on before the next entry of a stay, remembered or read."""
    span = judged(stay.admitted_at, now)
    event = find.newest_event(tx, stay.id)
    with _guard:
        known = _known.get((str(store.path), stay.id))
    if known is not None and known.event == event and _judged(known.earlier, span):
        return known
    earlier = tuple(find.last_in_stay(tx, stay, LOOKBACK, now))
    since = earlier[-1].taken_at if earlier else stay.admitted_at
    beside = background(tx, stay, since, first=len(earlier) >= LOOKBACK, now=now)
    beside = with_scores(tx, stay.id, beside)
    return LookedBack(event, earlier, beside, ahead=bool(find.ahead(tx, stay, now)))


def _judged(earlier: tuple[Observation, ...], span: Span) -> bool:
    """True while all of them are: a clock can have been set back since."""
    return span.holds(earlier[0].taken_at) and span.holds(earlier[-1].taken_at)


def remember(store: Store, stay_id: str, event: str, before: LookedBack, kept: Observation) -> None:
    """What the next entry will look back on. To be said after the commit.

    An entry made late is not remembered, nor what was seen beside a set that is dated ahead: its time will come.
    """
    key = str(store.path), stay_id
    in_order = not before.earlier or before.earlier[-1].taken_at <= kept.taken_at
    with _guard:
        _known.pop(key, None)
        short = len(before.earlier) < LOOKBACK  # read in no time, and its first observations are still to come
        weighed = before.beside.first_weight is None and "weight_kg" in kept.other
        if in_order and not short and not weighed and not before.ahead:
            earlier = (*before.earlier, kept)[-LOOKBACK:]
            _known[key] = LookedBack(event, earlier, _with(before.beside, kept))
        while len(_known) > MOST:
            _known.popitem(last=False)


def _with(beside: Background, kept: Observation) -> Background:
    """What is known beside the observations, with what a watch for precipitated withdrawal has now seen."""
    used = (kept.taken_at,) if kept.other.get(RETURN_TO_USE) else ()
    found = scores_of(kept)
    if not found and not used:
        return beside
    return replace(beside, scores=(*beside.scores, *found), used_again=(*beside.used_again, *used))
