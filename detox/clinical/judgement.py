"""From what was seen to what it means: every scale that an observation gives cause to."""

from detox.clinical import protocols, scales
from detox.clinical.model import Assessment, Observation


def assessments(entry: Observation) -> tuple[Assessment, ...]:
    """What the scales make of an entry: each scale that was answered, and NEWS2 as soon as one of its vitals is there.

    A rated COWS counts as soon as one item was chosen: a heart rate alone is no withdrawal score. Raises Refused as
    `scales.assess` does.
    """
    made = [answered(entry, scale_id) for scale_id, answers in entry.answers.items() if answers]
    for scale in protocols.scales().values():
        if scale.observer == "vitals" and any(getattr(entry.vitals, i.vital) is not None for i in scale.items):
            made.append(scales.assess(scale, {}, entry.vitals))
    return tuple(made)


def answered(entry: Observation, scale_id: str) -> Assessment:
    """What one scale makes of the answers that an entry holds to it."""
    scale = protocols.scale(scale_id)
    reasons = {item.id: entry.pulse_reason for item in scale.items if item.measured}
    return scales.assess(scale, entry.answers[scale_id], entry.vitals, reasons=reasons)
