"""What the rules ask beside the observations of a stay, read in one go."""

from datetime import datetime, timedelta

from detox.clinical.model import Admission, Background, Dose
from detox.store import find, orders
from detox.store.connection import Connection

FIRST = 12
"""How many of the first observations, and of the first doses, of a stay are looked at for its baseline."""

DOSES = timedelta(days=7)
"""How far back doses are read beside the first: longer than any rule looks."""


def background(
    tx: Connection, admission: Admission, since: datetime | None = None, *, first: bool = True
) -> Background:
    """What is known of a stay beside its observations.

    `since` bounds the doses that are read (None: all of them). `first` is False where the caller has all observations
    of the stay at hand anyway.
    """
    return Background(
        admitted_at=admission.admitted_at,
        programme=admission.programme,
        doses=_given(tx, admission.id, since - DOSES if since is not None else None),
        baselines=orders.baselines(tx, admission.id),
        limits=orders.patient_limits(tx, admission.id),
        intervals=orders.interval_orders(tx, admission.id),
        first_weight=find.first_weight(tx, admission.id),
        first=tuple(find.first_observations(tx, admission.id, FIRST)) if first else (),
    )


def _given(tx: Connection, admission_id: str, start: datetime | None) -> tuple[Dose, ...]:
    doses = find.doses(tx, admission_id, start)
    if start is not None:
        known = {d.id for d in doses}
        doses = [d for d in find.first_doses(tx, admission_id, FIRST) if d.id not in known] + doses
    return tuple(sorted((d for d in doses if d.status == "given"), key=lambda d: d.given_at))
