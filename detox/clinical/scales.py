"""Answers and vitals in, an Assessment out: the one place that adds up points.

Works from the scale's own content alone, so a new scale is a TOML file and no line here changes.
"""

from bisect import bisect_right
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from detox.clinical.model import Assessment, Vitals
from detox.clinical.protocols import Item, Scale, Step
from detox.errors import Refused

EMPTY = Vitals()


def assess(
    scale: Scale,
    answers: Mapping[str, object] | None = None,
    vitals: Vitals = EMPTY,
    *,
    reasons: Mapping[str, str] | None = None,
) -> Assessment:
    """What `scale` makes of chosen `answers` (item id to value, None is not assessed) and `vitals`.

    Items that a vital gives are worked out from it. Such an item may also be given: lower than the vital implies only
    with a reason in `reasons` (item id to words), never higher. Raises Refused naming every unknown item, every value
    that the scale does not have and every contradiction at once.
    """
    answers = answers or {}
    problems = {
        name: f"{scale.short_name} has no item {name!r}: leave it out."
        for name in answers
        if name not in {item.id for item in scale.items}
    }
    points: dict[str, int] = {}
    missing: list[str] = []
    for item in scale.items:
        given = answers.get(item.id)
        try:
            value = (
                _measured(item, given, vitals, (reasons or {}).get(item.id, ""))
                if item.measured
                else _chosen(item, given)
            )
        except Refused as refused:
            problems[item.id] = refused.problems[""]
            continue
        if value is None:
            missing.append(item.id)
        else:
            points[item.id] = value
    if problems:
        raise Refused(problems)
    return judge(scale, points, tuple(missing))


def judge(scale: Scale, points: Mapping[str, int], missing: tuple[str, ...]) -> Assessment:
    """The Assessment for points that are already known to be the scale's. With an item missing there is no band."""
    least = sum(points.values())
    complete = not missing
    band = scale.band_of(least).id if complete else None
    if complete and scale.single_item is not None:
        band = _risk(scale, least, points)
    return Assessment(
        scale=scale.id,
        version=scale.version,
        total=least if complete else None,
        band=band,
        complete=complete,
        missing=missing,
        at_least=least,
        items=points,
        risk=band if scale.single_item is not None else None,
    )


def implied_points(item: Item, vitals: Vitals) -> int | None:
    """The points that a measured item gets from `vitals`; None where the vital, or what it depends on, is missing."""
    value = getattr(vitals, item.vital)
    if value is None:
        return None
    if item.codes:
        code = str(value).lower() if isinstance(value, bool) else str(value)
        if code not in item.codes:
            raise Refused(f"{item.label} {value!r} is not one of {', '.join(item.codes)}: choose one of them.")
        return item.codes[code]
    rounded = round_half_up(value, item.decimals)
    if not item.variants:
        return _points(item.points, rounded)
    possible = {_points(v.points, rounded) for v in item.variants if _may_hold(v.when, vitals)}
    return possible.pop() if len(possible) == 1 else None


def round_half_up(value: float, decimals: int) -> float:
    """The value as it is charted: halves go up, in decimal, as a person rounds. Banding always follows rounding."""
    if round(value, decimals) == value:
        return value
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def _points(steps: tuple[Step, ...], value: float) -> int:
    return steps[bisect_right([s.at_least for s in steps[1:] if s.at_least is not None], value)].points


def _may_hold(when: Mapping[str, object], vitals: Vitals) -> bool:
    """False only where a charted vital contradicts the condition. The SpO2 scale is 1 until a clinician sets 2."""
    for name, wanted in when.items():
        value = getattr(vitals, name)
        if name == "spo2_scale" and value is None:
            value = 1
        if value is not None and value != wanted:
            return False
    return True


def _chosen(item: Item, given: object) -> int | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)) or given not in item.values:
        raise Refused(f"{item.label} cannot be {given!r}: its values are {', '.join(map(str, item.values))}.")
    return int(given)


def _measured(item: Item, given: object, vitals: Vitals, reason: str) -> int | None:
    implied = implied_points(item, vitals)
    chosen = _chosen(item, given)
    if chosen is None:
        return implied
    if implied is None:
        raise Refused(f"{item.label} {chosen} was given without its measurement: enter the {_words(item.vital)}.")
    charted = f"{_words(item.vital)} {getattr(vitals, item.vital):g}"
    if chosen > implied:
        raise Refused(f"{item.label} {chosen} is higher than {charted} gives ({implied}): check both and enter again.")
    if chosen < implied and not reason.strip():
        raise Refused(f"{item.label} {chosen} is lower than {charted} gives ({implied}): say why, or leave it out.")
    return chosen


def _risk(scale: Scale, total: int, points: Mapping[str, int]) -> str:
    single = scale.single_item
    band = scale.band_of(total)
    lowest = scale.bands[0]
    if single is not None and band.id == lowest.id and max(points.values()) >= single.points:
        return single.risk
    return band.id


def _words(vital: str) -> str:
    for unit in ("_per_min", "_mmhg", "_percent", "_c"):
        vital = vital.removesuffix(unit)
    return vital.replace("_", " ")
