"""Which notes no physician has read: those that were kept since the last decision."""

from detox.chart.context import PatientContext


def unread(known: PatientContext) -> tuple[str, ...]:
    """Every note that was kept after the newest decision, oldest first; without a decision all of them.

    Notes of a set that is dated ahead stand among them: words are read whatever the time beside them.
    """
    decided = known.decisions[0].decided_at if known.decisions else None
    return tuple(
        one.note
        for one in (*known.observations, *known.ahead)
        if one.note and (decided is None or (one.recorded_at or one.taken_at) > decided)
    )
