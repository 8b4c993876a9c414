"""How a patient stands at one moment, in one word: what the board shows of a bed, and what `judge` says of a line.

Unknown is never fine: nobody is settled who was never seen, whose set is overdue, or whose withdrawal score or vitals
are not all known.
"""

from collections.abc import Iterable, Sequence

from detox.clinical.model import Level, Observation

EXPECTED = ("systolic_mmhg", "heart_rate_per_min", "temperature_c", "respiratory_rate_per_min", "spo2_percent")
"""The vitals without which nobody is settled."""


def rank_of(
    standing: Iterable[tuple[Level, bool]], overdue: Level | None, *, seen: bool, whole: bool,
    overdue_answered: bool = False,
) -> str:  # fmt: skip
    """The rank of a patient, as the board orders its beds.

    `standing` are the level of each open alert and of each danger that is none, and whether it waits for an answer.
    `overdue` is the level of the set that is not there, `overdue_answered` True once somebody has answered that.
    `seen` is False for somebody of whom nobody has seen anything yet; `whole` as the function of that name says.
    """
    told = tuple(standing)
    levels = {level for level, _ in told}
    waiting = {level for level, waits in told if waits}
    if "critical" in waiting:
        return "critical"
    if not seen or (overdue == "critical" and not overdue_answered):
        return "critical_answered" if "critical" in levels else "unknown"
    for rank, holds in (
        ("critical_answered", "critical" in levels),
        ("warning", "warning" in waiting),
        ("overdue", overdue is not None and not overdue_answered),
        ("overdue_answered", overdue is not None),
        ("warning_answered", "warning" in levels),
        ("incomplete", not whole),
    ):
        if holds:
            return rank
    return "settled"


def level_of(standing: Iterable[Level], overdue: Level | None, *, seen: bool, whole: bool) -> str:
    """How bad it is, for somebody who asks only that: critical, warning, unknown, info or settled.

    What stands counts at its level whether it was answered or not, and before what is not known.
    """
    levels = set(standing)
    for level in ("critical", "warning"):
        if level in levels:
            return level
    if not seen or overdue is not None or not whole:
        return "unknown"
    return "info" if levels else "settled"


def whole(seen: Sequence[Observation]) -> bool:
    """True when the newest withdrawal score has a total and every vital that is expected was measured.

    `seen` are the newest observations that tell of the patient's state, oldest first.
    """
    score = next((made for o in reversed(seen) if (made := o.assessment("cows")) is not None), None)
    measured = all(any(getattr(o.vitals, name) is not None for o in seen) for name in EXPECTED)
    return score is not None and score.total is not None and measured
