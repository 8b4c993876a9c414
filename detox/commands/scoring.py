"""`score` and `suggest`: one question a line, one answer a line."""

import click

from detox.clinical import protocols, scales
from detox.clinical import vitals as vital_signs
from detox.clinical.case import read_case
from detox.clinical.model import VITALS, Vitals
from detox.clinical.protocols import Scale
from detox.clinical.suggestions import suggest as suggestion_for
from detox.commands.common import binary_in, binary_out, clock, lines_file
from detox.commands.lines import answer_lines
from detox.errors import Refused

KEYS = frozenset({"id", "items", "vitals", "pulse_reason"})
CODED = frozenset({"consciousness", "sedation", "temperature_site"})
NOTHING = Vitals()


@click.command()
@click.argument("scale_id", metavar="SCALE")
@lines_file
@click.pass_context
def score(context: click.Context, scale_id: str, file: str) -> None:
    """Score answers and vitals with SCALE, one JSON object a line.

    Each line of FILE (standard input without one) is like {"id": "a1", "items": {"sweating": 2}, "vitals":
    {"heart_rate_per_min": 104}}. An item or vital that is absent was not assessed: the answer then has no total and no
    band, only "at_least". Exit status: 0 every line was scored, 1 some line was an error, 2 the call was wrong.
    """
    scale = protocols.scale(scale_id)
    with binary_in(file) as source:
        context.exit(1 if answer_lines(source, binary_out(), lambda line: scored(scale, line)) else 0)


@click.command()
@lines_file
@click.pass_context
def suggest(context: click.Context, file: str) -> None:
    """What the protocol would suggest for each case, with reasons; one JSON object a line. Nothing is kept.

    The form of a case is described in docs/suggestions.md. Exit status: 0 every line was answered, 1 some line was an
    error, 2 the call was wrong.
    """
    now = clock()

    def answer(line: dict[str, object]) -> dict[str, object]:
        return dict(suggestion_for(read_case(line)).as_dict(now))

    with binary_in(file) as source:
        context.exit(1 if answer_lines(source, binary_out(), answer) else 0)


def scored(scale: Scale, line: dict[str, object]) -> dict[str, object]:
    """The answer to one line. Raises Refused with every problem of the line."""
    if unknown := line.keys() - KEYS:
        raise Refused(f"Unknown key {', '.join(sorted(map(repr, unknown)))}: a line has {', '.join(sorted(KEYS))}.")
    items = _object(line, "items")
    if items and scale.observer == "vitals":
        raise Refused(f"{scale.short_name} is worked out from the vitals alone: leave items out.")
    reasons = _pulse_reason(scale, line.get("pulse_reason"))
    vitals = read_vitals(_object(line, "vitals"))
    made = scales.assess(scale, items, vitals, reasons=reasons)
    answer: dict[str, object] = {
        "id": line.get("id"),
        "scale": made.scale,
        "version": made.version,
        "total": made.total,
        "band": made.band,
        "complete": made.complete,
        "missing": made.missing,
        "at_least": made.at_least,
        "items": made.items,
    }
    if scale.single_item is not None:
        answer["risk"] = made.risk
    if scale.flags:
        answer["flags"] = [flag.id for flag in scales.flags(scale, made)]
    return answer


def read_vitals(raw: dict[str, object]) -> Vitals:
    """The vitals of a line; null is not measured. Raises Refused with every name, type and value that cannot be."""
    if not raw:
        return NOTHING
    problems = {
        name: f"There is no vital {name!r}: the vitals are {', '.join(VITALS)}." for name in raw if name not in VITALS
    }
    values: dict[str, object] = {}
    for name, value in raw.items():
        if value is None or name in problems:
            continue
        try:
            values[name] = typed_vital(name, value)
        except Refused as refused:
            problems[name] = str(refused)
    vitals = Vitals(**values)  # type: ignore[arg-type]
    problems |= _out_of_bounds(vitals)
    if problems:
        raise Refused(problems)
    return vitals


def typed_vital(name: str, value: object) -> object:
    """The value of one vital in its own type. Raises Refused for another."""
    if name == "on_oxygen":
        if isinstance(value, bool):
            return value
        raise Refused(f"{name} {value!r} is neither true nor false: write one of them.")
    if name in CODED:
        if isinstance(value, str) or (name == "sedation" and type(value) is int):
            return str(value)
        raise Refused(f"{name} {value!r} is no text: write its code in quotes.")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"{name} {value!r} is not a number: write digits without quotes.")
    if name == "spo2_scale":
        return value
    try:
        return float(value)
    except OverflowError:
        raise Refused(f"{name} is too large for any reading: check it.") from None


def _out_of_bounds(vitals: Vitals) -> dict[str, str]:
    """What no bedside reading can be. More decimals than are charted are no fault here: scoring rounds them."""
    file = protocols.vitals_file()
    problems = vital_signs.impossible(file, vitals)
    for limits in file.ranges:
        low, high = limits.absolute
        value = getattr(vitals, limits.vital)
        if limits.vital in problems and low <= value <= high and not limits.other_unit(value):
            upper, lower = vitals.systolic_mmhg, vitals.diastolic_mmhg
            if limits.vital == "diastolic_mmhg" and upper is not None and lower is not None and lower >= upper:
                continue
            del problems[limits.vital]
    return problems


def _object(line: dict[str, object], key: str) -> dict[str, object]:
    found = line.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Refused(f"{key} must be an object of names and values, not {found!r}.")
    return found


def _pulse_reason(scale: Scale, reason: object) -> dict[str, str]:
    if reason is None:
        return {}
    measured = [item.id for item in scale.items if item.measured and not item.codes]
    if scale.observer == "vitals" or not measured:
        raise Refused(f"{scale.short_name} has no item that a reason could stand for: leave pulse_reason out.")
    if not isinstance(reason, str):
        raise Refused(f"pulse_reason {reason!r} is no text: say in a few words why.")
    return dict.fromkeys(measured, reason)
