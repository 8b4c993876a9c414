"""Answers and vitals in, an Assessment out: the one place that adds up points.

Works from the scale's own content alone, so a new scale is a TOML file and no line here changes.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from detox.clinical.model import VITALS, Assessment, Vitals
from detox.clinical.scale_form import Flag, Item, Scale, Step
from detox.errors import Refused

EMPTY = Vitals()
REMEMBERED = 4096
_NAMES = frozenset(VITALS)


def assess(
    scale: Scale,
    answers: Mapping[str, object] | None = None,
    vitals: Vitals | Mapping[str, Any] = EMPTY,
    *,
    reasons: Mapping[str, str] | None = None,
) -> Assessment:
    """What `scale` makes of chosen `answers` (item id to value, None is not assessed) and `vitals`.

    `vitals` may be plain values by the names of Vitals, which saves making one where many are scored.
    Items that a vital gives are worked out from it. Such an item may also be given: lower than the vital implies only
    with a reason in `reasons` (item id to words), never higher, and never where the vital is a code. Raises Refused
    naming every unknown item, every value that the scale does not have and every contradiction at once.
    """
    answers = answers or {}
    plan = _plan(scale)
    if not plan.chosen and not answers and isinstance(vitals, Vitals):
        return _of_vitals(plan, vitals)
    found = _plain(plan, answers, vitals) or _careful(scale, answers, vitals, reasons or {})
    points, missing = found
    return judge(scale, points, missing) if missing or scale.kind != "sum" else _whole(plan, points)


def judge(scale: Scale, points: Mapping[str, int], missing: tuple[str, ...]) -> Assessment:
    """The Assessment for points that are already known to be the scale's. With an item missing there is no total.

    `at_least` counts a missing item as the fewest points it can have: 0, but on a scale that goes below zero less. A
    level and a triage have no total; `at_least` is then the rank (lower bound) of the band reached so far. A triage
    that has reached its highest band says so with items missing, since no answer can take it back.
    """
    if scale.kind != "sum":
        return _level(scale, points, missing)
    if not missing:
        return _whole(_plan(scale), points)
    least = sum(points.values())
    if scale.minimum:
        least += sum(scale.item(name).values[0] for name in missing)
    return Assessment(scale.id, scale.version, None, None, False, missing, least, points)


def flags(scale: Scale, assessment: Assessment) -> tuple[Flag, ...]:
    """The flags of `scale` that this assessment raises: at any total, and whatever else is missing."""
    return tuple(f for f in scale.flags if assessment.items.get(f.item, f.at_least - 1) >= f.at_least)


def implied_points(item: Item, vitals: Vitals) -> int | None:
    """The points that a measured item gets from `vitals`; None where the vital, or what it depends on, is missing."""
    value = getattr(vitals, item.vital)
    if value is None:
        return None
    if item.codes:
        code = ("true" if value else "false") if "true" in item.codes and value in (True, False) else str(value)
        if code not in item.codes:
            raise Refused(f"{item.label} {value!r} is not one of {', '.join(item.codes)}: choose one of them.")
        return item.codes[code]
    if not math.isfinite(value):
        raise Refused(f"{item.label}: {_words(item.vital)} {value} is no number: enter what was measured.")
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


class _Remembered(dict[object, int | None]):
    """The points of a measured item by the vitals they come from, worked out once for each reading ever seen.

    None where the vital, or what it depends on, is missing.
    """

    def __init__(self, item: Item, names: tuple[str, ...]) -> None:
        super().__init__()
        self.item, self.names = item, names

    def __missing__(self, reading: object) -> int | None:
        values = reading if isinstance(reading, tuple) else (reading,)
        points = implied_points(self.item, Vitals(**dict(zip(self.names, values, strict=True))))
        if len(self) < REMEMBERED:
            self[reading] = points
        return points


class _Plan(NamedTuple):
    """A scale made ready to score: a line for each item with its points by answer, or by reading.

    `names` are the vitals that any item comes from, `read` takes them from Vitals in that order; of these a line takes
    its own. `known` are the assessments made so far, by points.
    """

    scale: Scale
    names: tuple[str, ...]
    read: Callable[[Vitals], tuple[object, ...]]
    lines: tuple[tuple[str, dict[object, int | None], Callable[[tuple[object, ...]], object] | None], ...]
    chosen: int
    lows: tuple[int, ...]
    bands: tuple[str | None, ...]
    single: tuple[int, str] | None
    known: dict[tuple[int | None, ...], Assessment]


_PLANS: dict[int, _Plan] = {}


def _plan(scale: Scale) -> _Plan:
    """The plan of `scale`, made once. It holds the scale, so that its identity stays its own."""
    plan = _PLANS.get(id(scale))
    if plan is None:
        plan = _PLANS[id(scale)] = _made_ready(scale)
    return plan


def _made_ready(scale: Scale) -> _Plan:
    lines: list[tuple[str, dict[object, int | None], Callable[[tuple[object, ...]], object] | None]] = []
    needs = {item.id: _needs(item) for item in scale.items if item.measured}
    every = tuple(dict.fromkeys(name for names in needs.values() for name in names))
    for item in scale.items:
        if item.measured:
            names = needs[item.id]
            lines.append((item.id, _Remembered(item, names), itemgetter(*map(every.index, names))))
        else:
            lines.append((item.id, dict[object, int | None](item.points_of.items()), None))
    single = scale.single_item
    return _Plan(
        scale,
        every,
        _reader(every),
        tuple(lines),
        sum(not item.measured for item in scale.items),
        scale.lows or (scale.minimum,),
        tuple(b.id for b in scale.bands) or (None,),
        (single.points, single.risk) if single else None,
        {},
    )


def _needs(item: Item) -> tuple[str, ...]:
    """The vitals that a measured item comes from: its own, and those that its variants depend on."""
    return tuple(dict.fromkeys([item.vital, *(name for v in item.variants for name in v.when)]))


def _reader(names: tuple[str, ...]) -> Callable[[Vitals], tuple[object, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda vitals: tuple(getattr(vitals, name) for name in names)


def _of_vitals(plan: _Plan, vitals: Vitals) -> Assessment:
    """What a scale that is worked out from vitals alone makes of them.

    Vitals differ from set to set, their points seldom do: the same points of each item are added up once. What is
    handed out is anew each time, items and all.
    """
    read = plan.read(vitals)
    try:
        worth = tuple([table[seen(read)] for _, table, seen in plan.lines])  # type: ignore[misc]
    except (KeyError, Refused):
        points, missing = _careful(plan.scale, {}, vitals, {})  # says what cannot be
        return judge(plan.scale, points, missing)
    made = plan.known.get(worth)
    if made is None:
        named = {line[0]: one for line, one in zip(plan.lines, worth, strict=True)}
        points = {name: one for name, one in named.items() if one is not None}
        made = judge(plan.scale, points, tuple(name for name, one in named.items() if one is None))
        if len(plan.known) < REMEMBERED:
            plan.known[worth] = made
    return Assessment(
        made.scale, made.version, made.total, made.band, made.complete, made.missing, made.at_least, dict(made.items),
        made.risk,
    )  # fmt: skip


def _plain(
    plan: _Plan, answers: Mapping[str, object], vitals: Vitals | Mapping[str, Any]
) -> tuple[dict[str, int], tuple[str, ...]] | None:
    """The points and what is missing, of a set that leaves nothing to ask; None for every other: see `_careful`.

    Only what is measured may be missing here: of chosen items each must have its answer.
    """
    if len(answers) != plan.chosen:
        return None
    if isinstance(vitals, Vitals):
        read = plan.read(vitals)
    elif vitals.keys() <= _NAMES:
        read = tuple(map(vitals.get, plan.names))
    else:
        return None
    points: dict[str, int] = {}
    missing: tuple[str, ...] = ()
    try:
        for item_id, table, seen in plan.lines:
            if seen is not None:
                worth = table[seen(read)]
                if worth is None:
                    missing += (item_id,)
                    continue
            else:
                given = answers[item_id]
                if type(given) is not int:
                    return None
                worth = table[given]
            points[item_id] = worth  # type: ignore[assignment]
    except (KeyError, Refused):
        return None
    return points, missing


def _careful(
    scale: Scale, answers: Mapping[str, object], vitals: Vitals | Mapping[str, Any], reasons: Mapping[str, str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The points of every item that was assessed, and the ids of those that were not, with every problem told."""
    if not isinstance(vitals, Vitals):
        if unknown := vitals.keys() - _NAMES:
            raise Refused(f"No vital is called {', '.join(sorted(unknown))}: choose from {', '.join(VITALS)}.")
        vitals = Vitals(**vitals)
    ids = {item.id for item in scale.items}
    problems = {name: f"{scale.short_name} has no item {name!r}: leave it out." for name in answers if name not in ids}
    points: dict[str, int] = {}
    missing: list[str] = []
    for item in scale.items:
        given = answers.get(item.id)
        try:
            value = _measured(item, given, vitals, reasons.get(item.id, "")) if item.measured else _chosen(item, given)
        except Refused as refused:
            problems[item.id] = refused.problems[""]
            continue
        if value is not None:
            points[item.id] = value
        elif not (item.asked_if and points.get(item.asked_if) == scale.item(item.asked_if).values[0]):
            missing.append(item.id)
    if problems:
        raise Refused(problems)
    return points, tuple(missing)


def _whole(plan: _Plan, points: Mapping[str, int]) -> Assessment:
    """What a sum makes of points with nothing missing."""
    scale, lows, bands, single = plan.scale, plan.lows, plan.bands, plan.single
    total = sum(points.values())
    band = bands[bisect_right(lows, total) - 1]
    risk = None
    if single is not None:
        if band == bands[0] and max(points.values()) >= single[0]:
            band = single[1]
        risk = band
    return Assessment(scale.id, scale.version, total, band, True, (), total, points, risk)


def _level(scale: Scale, points: Mapping[str, int], missing: tuple[str, ...]) -> Assessment:
    """What a level or a triage makes of its answers: a band and its rank, never a total."""
    if scale.triage:
        yes = {name for name, value in points.items() if value > scale.item(name).values[0]}
        reached = [scale.band(rule.band).at_least for rule in scale.triage if not yes.isdisjoint(rule.any_of)]
        rank = max(reached, default=scale.minimum)
    else:
        rank = next(iter(points.values()), scale.minimum)
    known = not missing or (bool(scale.triage) and rank == scale.maximum)
    band = scale.band_of(rank).id if known else None
    return Assessment(scale.id, scale.version, None, band, not missing, missing, rank, points)


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
    if isinstance(given, bool) or not isinstance(given, (int, float)) or given not in item.points_of:
        raise Refused(f"{item.label} cannot be {given!r}: its values are {', '.join(map(str, item.values))}.")
    return item.points_of[int(given)]


def _measured(item: Item, given: object, vitals: Vitals, reason: str) -> int | None:
    if item.codes and given is not None:
        raise Refused(f"{item.label} is worked out from what was charted: leave it out.")
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


def _words(vital: str) -> str:
    for unit in ("_per_min", "_mmhg", "_percent", "_c"):
        vital = vital.removesuffix(unit)
    return vital.replace("_", " ")
