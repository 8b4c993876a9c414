"""The notes that no decision has been made on yet: what a physician has to read before the next one."""

from detox.chart.context import PatientContext
from detox.clinical.model import Observation


def unread_notes(known: PatientContext) -> tuple[Observation, ...]:
    """The observations with a note that were recorded after the newest decision, the newest first.

    Without a decision it is every one at hand. One dated ahead of the clock is among them: its words were written. One
    that was replaced is not: the note of its correction stands instead.
    """
    decided = max((made.decided_at for made in known.decisions), default=None)
    found = [
        one
        for one in (*known.observations, *known.ahead)
        if one.note and (decided is None or one.recorded_at is None or one.recorded_at > decided)
    ]
    return tuple(sorted(found, key=lambda one: one.taken_at, reverse=True))
