"""What the rules look back on, remembered from one entry to the next: a long stay costs no more than a short one.

Nothing here is the truth: what is remembered counts only while the newest audit event of the stay is the very one that
it was remembered with, which is asked inside the transaction that uses it. Everything that a rule looks at is kept with
such an event, and its chain tells apart two events of the same number after a restore.
"""

import threading
from collections import OrderedDict
from typing import NamedTuple

from detox.clinical.alerts import LOOKBACK
from detox.clinical.model import Admission, Background, Observation
from detox.store import Connection, Store, find
from detox.store.background import background

MOST = 256
"""So many stays are remembered, the longest unused forgotten first."""


class LookedBack(NamedTuple):
    """The newest current observations of a stay, oldest first, and what is known beside them; `event` is the chain of
    the newest audit event of the stay."""

    event: str
    earlier: tuple[Observation, ...]
    beside: Background


_guard = threading.Lock()
_known: OrderedDict[tuple[str, str], LookedBack] = OrderedDict()


def looked_back(store: Store, tx: Connection, stay: Admission) -> LookedBack:
    """What the rules look back on before the next entry of a stay, remembered or read."""
    event = find.newest_event(tx, stay.id)
    with _guard:
        known = _known.get((str(store.path), stay.id))
    if known is not None and known.event == event:
        return known
    earlier = tuple(find.last_observations(tx, stay.id, LOOKBACK))
    since = earlier[-1].taken_at if earlier else stay.admitted_at
    return LookedBack(event, earlier, background(tx, stay, since, first=len(earlier) >= LOOKBACK))


def remember(store: Store, stay_id: str, event: str, before: LookedBack, kept: Observation) -> None:
    """What the next entry will look back on. To be said after the commit; an entry made late is not remembered."""
    key = str(store.path), stay_id
    in_order = not before.earlier or before.earlier[-1].taken_at <= kept.taken_at
    with _guard:
        _known.pop(key, None)
        short = len(before.earlier) < LOOKBACK  # read in no time, and its first observations are still to come
        weighed = before.beside.first_weight is None and "weight_kg" in kept.other
        if in_order and not short and not weighed:
            earlier = (*before.earlier, kept)[-LOOKBACK:]
            _known[key] = LookedBack(event, earlier, before.beside)
        while len(_known) > MOST:
            _known.popitem(last=False)
