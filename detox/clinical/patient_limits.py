"""What a value means by the limits in force when it was taken: those of one patient stand in for the ward's."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from detox.clinical.model import Interpretation, PatientLimit
from detox.clinical.protocols import vitals_file
from detox.clinical.vitals import SIGNS


def by_limits(
    found: Interpretation, limits: Iterable[PatientLimit], taken_at: datetime, spo2_scale: int | None = None
) -> tuple[Interpretation, tuple[PatientLimit, ...]]:
    """The interpretation by the limits that held for this patient at `taken_at`, and which those were.

    `found` is what the value means by the ward's limits, `limits` are all of the admission, oldest first; of several on
    one side the first holds, as for the alerts. What a limit leaves open (None) stays the ward's.
    """
    own: dict[str, PatientLimit] = {}
    for limit in limits:
        if limit.vital == found.vital and limit.holds_at(taken_at):
            own.setdefault(limit.side, limit)
    if not own or not isinstance(found.value, (int, float)):
        return found, ()
    value = vitals_file().range(found.vital, spo2_scale).banded(float(found.value))
    for limit in own.values():
        found = _instead(found, limit, value)
    return found, tuple(own.values())


def _instead(found: Interpretation, limit: PatientLimit, value: float) -> Interpretation:
    """The interpretation with one side judged by the patient's limit."""
    levels = ((f"critically_{limit.side}", limit.critical), (limit.side, limit.warning))
    of_ward = [meaning for meaning, _ in levels]
    for place, (meaning, at) in enumerate(levels):
        beyond = value >= at if limit.side == "high" and at is not None else at is not None and value <= at
        if beyond:
            said = f"{at:g} or {'more' if limit.side == 'high' else 'less'} for this patient"
            return replace(found, meaning=meaning, sign=SIGNS[meaning], limit=said)
        if at is None and found.meaning in of_ward[: place + 1]:
            return replace(found, meaning=meaning, sign=SIGNS[meaning])
    return replace(found, meaning="normal", sign="", limit="") if found.meaning in of_ward else found
