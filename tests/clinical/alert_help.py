"""Sets for the alert and schedule tests, with the assessments that care would have made."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from detox.clinical.model import Assessment, Finding, Observation, Vitals
from detox.clinical.protocols import scale
from detox.clinical.scales import assess

MIDNIGHT = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
WELL: dict[str, Any] = {
    "systolic_mmhg": 120, "diastolic_mmhg": 80, "heart_rate_per_min": 76, "temperature_c": 36.8,
    "respiratory_rate_per_min": 16, "spo2_percent": 98, "on_oxygen": False, "consciousness": "A", "sedation": "1",
}  # fmt: skip


def observed(
    hours: float = 0, *, cows: Mapping[str, int] | None = None, not_done: str | None = None, **vitals
) -> Observation:
    """One observation so many hours after midnight."""
    charted = Vitals(**vitals)
    made: list[Assessment] = [assess(scale("cows"), cows, charted)] if cows else []
    news2 = assess(scale("news2"), {}, charted)
    if news2.items:
        made.append(news2)
    return Observation(
        id=f"o{hours:g}",
        admission_id="a",
        taken_at=MIDNIGHT + timedelta(hours=hours),
        vitals=charted,
        answers={"cows": cows} if cows else {},
        not_done=not_done,
        assessments=tuple(made),
    )


def cows_of(total: int) -> dict[str, int]:
    """Answers to every chosen COWS item that add up to `total` (with a heart rate of 80 or less)."""
    answers = {}
    for item in scale("cows").items:
        if not item.measured:
            answers[item.id] = max(v for v in item.values if v <= total)
            total -= answers[item.id]
    assert total == 0
    return answers


def rules(found: tuple[Finding, ...]) -> set[str]:
    """The ids of the rules."""
    return {finding.rule for finding in found}
