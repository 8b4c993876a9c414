"""From what was seen to what it means: every scale that an observation gives cause to."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter

from detox.clinical import protocols, scales
from detox.clinical.model import Admission, Assessment, Observation, Vitals
from detox.clinical.protocols import Scale


def assessments(entry: Observation, admission: Admission | None = None) -> tuple[Assessment, ...]:
    """What the scales make of an entry: each scale that was answered, and NEWS2 as soon as one of its vitals is there.

    A rated COWS counts as soon as one item was chosen: a heart rate alone is no withdrawal score. A score that is not
    valid for the person of `admission` is not made from vitals. Raises Refused as `scales.assess` does.
    """
    made = [answered(entry, scale_id) for scale_id, answers in entry.answers.items() if answers]
    return (*made, *from_vitals(entry.vitals, admission, entry.taken_at))


def from_vitals(
    vitals: Vitals, admission: Admission | None = None, at: datetime | None = None
) -> tuple[Assessment, ...]:
    """The scales that are worked out from vitals alone, each as soon as one of its vitals is there."""
    made = []
    for scale, items, nothing in _of_vitals():
        if items(vitals) != nothing and not (
            admission is not None and at is not None and not_valid(scale, admission, at)
        ):
            made.append(scales.assess(scale, {}, vitals))
    return tuple(made)


@cache
def _of_vitals() -> tuple[tuple[Scale, Callable[[Vitals], object], object], ...]:
    """The scales that are worked out from vitals alone, each with a way to read those that it uses, and what is read
    where none was measured."""
    found = [scale for scale in protocols.scales().values() if scale.observer == "vitals"]
    reading = [attrgetter(*(item.vital for item in scale.items)) for scale in found]
    return tuple((scale, items, items(Vitals())) for scale, items in zip(found, reading, strict=True))


def not_valid(scale: Scale, admission: Admission, at: datetime) -> str:
    """Why the scale is not made for this person ("under 16 years", "pregnancy"); empty where it is.

    An unknown age or pregnancy does not forbid it: a score that may be wrong still warns, none does not.
    """
    born = admission.patient.born_on
    if scale.min_age is not None and born is not None:
        years = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
        if years < scale.min_age:
            return f"under {scale.min_age} years"
    return "pregnancy" if scale.not_in_pregnancy and admission.pregnancy == "positive" else ""


def answered(entry: Observation, scale_id: str) -> Assessment:
    """What one scale makes of the answers that an entry holds to it."""
    scale = protocols.scale(scale_id)
    reasons = {item.id: entry.pulse_reason for item in scale.items if item.measured}
    return scales.assess(scale, entry.answers[scale_id], entry.vitals, reasons=reasons)
