"""What a NEWS2 asks the ward to do, in the words of the scale."""

from detox.clinical.model import Assessment
from detox.clinical.monitoring.schedule import monitoring_file
from detox.clinical.protocols import Response, scale
from detox.clinical.scales import judge


def response(assessment: Assessment) -> Response:
    """The response to a NEWS2. One with a missing item is answered by its lower bound, and never as low risk."""
    of_scale = scale(assessment.scale)
    risk = assessment.risk
    if risk is None:
        risk = judge(of_scale, assessment.items, ()).risk if assessment.items else of_scale.bands[0].id
        if risk == of_scale.bands[0].id:
            return monitoring_file().news2_unknown
    return next(r for r in of_scale.responses if r.risk == risk)


def single_red(assessment: Assessment) -> tuple[str, ...]:
    """The ids of the items that alone call for a review (3 points in NEWS2), in the order of the scale."""
    single = scale(assessment.scale).single_item
    if single is None:
        return ()
    return tuple(item for item, points in assessment.items.items() if points >= single.points)
