"""What a vital sign can be, and what it means. Limits stand in vitals.toml."""

from collections.abc import Mapping
from dataclasses import replace

from detox.clinical.model import Interpretation, Vitals
from detox.clinical.protocols import Coded, Range, VitalsFile, vitals_file
from detox.clinical.scales import round_half_up

SIGNS = {
    "critically_low": "▼▼",
    "low": "▼",
    "normal": "",
    "high": "▲",
    "critically_high": "▲▲",
    "not_assessed": "?",
}
_DISTANCE = {"normal": 0, "low": 1, "high": 1, "critically_low": 2, "critically_high": 2}
_PRESSURES = frozenset({"systolic_mmhg", "diastolic_mmhg"})
_STANDING = frozenset({"standing_systolic_mmhg", "standing_diastolic_mmhg"})


def banded(vital: str, value: float) -> float:
    """A measured value as every band reads it: rounded as the vital is charted, halves up. SpO2 91.4 is 91.

    Colours, alerts, scores, suggestions and dose holds all begin with this; what is kept stays as it was typed. Raises
    Refused for what is no number, KeyError for a vital without ranges.
    """
    return vitals_file().range(vital).banded(value)


def as_banded(vitals: Vitals) -> Vitals:
    """A whole set as every band reads it; the set itself where nothing is finer than it is charted."""
    finer = {
        limits.vital: rounded
        for limits in vitals_file().ranges
        if (value := getattr(vitals, limits.vital)) is not None and (rounded := limits.banded(value)) != value
    }
    return replace(vitals, **finer) if finer else vitals  # type: ignore[arg-type]


def interpret(
    file: VitalsFile, vital: str, value: float | str | bool | None, spo2_scale: int | None = None
) -> Interpretation:
    """critically_low, low, normal, high or critically_high by the limits in force; None is not_assessed.

    `spo2_scale` 2 has limits of its own: 90 % is what such a patient is kept at.
    Raises KeyError for a vital without limits: a vital that nobody judged must not look normal.
    """
    for coded in file.coded:
        if coded.vital == vital:
            return _interpret_code(coded, value)
    limits = file.range(vital, spo2_scale)
    if value is None:
        return Interpretation(vital, None, "not_assessed", SIGNS["not_assessed"], "", limits.source)
    meaning, limit = _meaning(limits, limits.banded(float(value)))
    return Interpretation(vital, value, meaning, SIGNS[meaning], limit, limits.source)


def _interpret_code(coded: Coded, value: object) -> Interpretation:
    if value is None:
        return Interpretation(coded.vital, None, "not_assessed", SIGNS["not_assessed"], "", coded.source)
    meaning: str | None = next((c.meaning for c in coded.codes if c.value == value), None)
    if meaning is None:
        raise KeyError(f"{coded.vital} {value!r}")
    return Interpretation(coded.vital, str(value), meaning, SIGNS[meaning], "", coded.source)


def impossible(file: VitalsFile, vitals: Vitals) -> dict[str, str]:
    """One sentence for each value that no bedside reading can be; empty when all can be."""
    problems = _each_alone(file, vitals)
    if contradict(vitals.systolic_mmhg, vitals.diastolic_mmhg) and not problems.keys() & _PRESSURES:
        upper, lower = vitals.systolic_mmhg, vitals.diastolic_mmhg
        problems["diastolic_mmhg"] = f"Diastolic {lower:g} is not below systolic {upper:g}: check and enter both again."
    return problems


def possible(file: VitalsFile, vitals: Vitals) -> tuple[Vitals, dict[str, str]]:
    """What of a set can be, and one sentence for each value that cannot and is left out: it costs itself alone.

    Of two pressures that contradict each other the worse stays (`better_pressure`), so that no danger is silenced.
    """
    problems = _each_alone(file, vitals)
    upper, lower = vitals.systolic_mmhg, vitals.diastolic_mmhg
    if upper is not None and lower is not None and not problems.keys() & _PRESSURES and contradict(upper, lower):
        problems[better_pressure(file, upper, lower)] = _worse_kept("Diastolic", upper, lower)
    return replace(vitals, **dict.fromkeys(problems)), problems


def possible_other(file: VitalsFile, other: Mapping[str, float]) -> tuple[dict[str, float], dict[str, str]]:
    """The same of what was charted beside the vitals, the standing pressures among it."""
    problems = _each_other_alone(file, other)
    upper, lower = other.get("standing_systolic_mmhg"), other.get("standing_diastolic_mmhg")
    if upper is not None and lower is not None and not problems.keys() & _STANDING and contradict(upper, lower):
        left_out = f"standing_{better_pressure(file, upper, lower)}"
        problems[left_out] = _worse_kept("Standing diastolic", upper, lower)
    return {name: value for name, value in other.items() if name not in problems}, problems


def contradict(systolic: float | None, diastolic: float | None) -> bool:
    """True for a diastolic that is not below its systolic: each may be possible by itself."""
    return systolic is not None and diastolic is not None and diastolic >= systolic


def better_pressure(file: VitalsFile, systolic: float, diastolic: float) -> str:
    """The vital of two contradicting pressures that is set aside where one is kept: the less far from normal.

    One of the two is wrong and nobody can say which. The one kept can then only raise an alarm, never reassure; where
    both are as far, the systolic is kept, since more rests on it.
    """
    upper = _DISTANCE[interpret(file, "systolic_mmhg", systolic).meaning]
    lower = _DISTANCE[interpret(file, "diastolic_mmhg", diastolic).meaning]
    return "systolic_mmhg" if lower > upper else "diastolic_mmhg"


def _worse_kept(word: str, upper: float, lower: float) -> str:
    return f"{word} {lower:g} is not below systolic {upper:g}: the worse of the two is kept, check both."


def _each_alone(file: VitalsFile, vitals: Vitals) -> dict[str, str]:
    """One sentence for each value that cannot be, whatever stands beside it."""
    problems: dict[str, str] = {}
    for limits in file.ranges:
        value = getattr(vitals, limits.vital)
        if value is None:
            continue
        low, high = limits.absolute
        if not low <= value <= high:  # NaN fails this too
            problems[limits.vital] = (
                f"{limits.word} {value:g} {limits.unit} is outside {low:g}-{high:g}: check and enter again."
                + _hint(limits.vital, value)
            )
        elif limits.too_fine(value):
            whole = "a whole number" if limits.decimals == 0 else f"given to {limits.decimals} decimals"
            looks = f" It looks like {unit}." if (unit := limits.other_unit(value)) else ""
            problems[limits.vital] = f"{limits.word} {value:g} {limits.unit} is not {whole}: enter it again.{looks}"
    for coded in file.coded:
        value = getattr(vitals, coded.vital)
        if value is not None and value not in {c.value for c in coded.codes}:
            codes = ", ".join(c.value for c in coded.codes)
            problems[coded.vital] = f"{coded.label} {value!r} is not one of {codes}: choose one of them."
    if vitals.spo2_scale not in (None, 1, 2):
        problems["spo2_scale"] = f"SpO2 scale {vitals.spo2_scale!r} does not exist: it is 1 or 2."
    if vitals.temperature_site is not None and vitals.temperature_site not in file.temperature_sites:
        sites = ", ".join(file.temperature_sites)
        problems["temperature_site"] = f"Temperature site {vitals.temperature_site!r} is not one of {sites}."
    return problems


def impossible_other(file: VitalsFile, other: Mapping[str, float]) -> dict[str, str]:
    """One sentence for each value charted beside the vitals that cannot be; empty when all can be."""
    problems = _each_other_alone(file, other)
    upper, lower = other.get("standing_systolic_mmhg"), other.get("standing_diastolic_mmhg")
    if contradict(upper, lower) and not problems.keys() & _STANDING:
        problems["standing_diastolic_mmhg"] = (
            f"Standing diastolic {lower:g} is not below systolic {upper:g}: check and enter both again."
        )
    return problems


def _each_other_alone(file: VitalsFile, other: Mapping[str, float]) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name, value in other.items():
        known = next((o for o in file.other if o.name == name), None)
        if known is None:
            problems[name] = f"Nothing is charted as {name!r}: choose one of {', '.join(o.name for o in file.other)}."
            continue
        low, high = known.absolute
        unit = f" {known.unit}" if known.unit else ""
        if known.kind == "sign" and value not in (0, 1):
            problems[name] = f"{known.label} is there or not: choose yes or no."
        elif known.kind == "result" and value not in (0, 1):
            problems[name] = f"{known.label} is positive or negative: choose one."
        elif known.kind == "grade":
            if value not in {grade.value for grade in known.grades}:
                grades = ", ".join(f"{grade.value} {grade.short}" for grade in known.grades)
                problems[name] = f"{known.label} {value:g} is no grade: choose one of {grades}."
        elif known.kind == "event" and value != 1:
            problems[name] = f"{known.label} is charted when it happened, with 1, and left out when it did not."
        elif not low <= value <= high:
            problems[name] = f"{known.label} {value:g}{unit} is outside {low:g}-{high:g}: check and enter again."
        elif round_half_up(value, known.decimals) != value:
            whole = "a whole number" if known.decimals == 0 else f"given to {known.decimals} decimals"
            problems[name] = f"{known.label} {value:g}{unit} is not {whole}: enter it again."
    return problems


def unusual(file: VitalsFile, vitals: Vitals, last: Vitals | None = None) -> dict[str, str]:
    """One question for each value that is possible but unusual, alone or against the last reading."""
    questions: dict[str, str] = {}
    for limits in file.ranges:
        value = getattr(vitals, limits.vital)
        if value is not None and not limits.plausible[0] <= value <= limits.plausible[1]:
            low, high = limits.plausible
            questions[limits.vital] = (
                f"{limits.word} {value:g} {limits.unit} is unusual (mostly {low:g}-{high:g}): is it right?"
            )
    for jump in file.jumps:
        if last is None or jump.vital in questions:
            continue
        now, before = getattr(vitals, jump.vital), getattr(last, jump.vital)
        if now is None or before is None or abs(now - before) <= jump.more_than:
            continue
        limits = file.range(jump.vital)
        questions[jump.vital] = f"{limits.word} {now:g} {limits.unit} was {before:g} at the last reading: is it right?"
    return questions


def _meaning(limits: Range, value: float) -> tuple[str, str]:
    if value < limits.critical[0]:
        return "critically_low", f"below {limits.critical[0]:g}"
    if value > limits.critical[1]:
        return "critically_high", f"above {limits.critical[1]:g}"
    if value < limits.normal[0]:
        return "low", f"below {limits.normal[0]:g}"
    if value > limits.normal[1]:
        return "high", f"above {limits.normal[1]:g}"
    return "normal", ""


def _hint(vital: str, value: float) -> str:
    """A temperature typed in the other unit is the commonest slip: say so, never convert by guess."""
    fahrenheit_of_a_person = 77 <= value <= 113
    return " It looks like degrees Fahrenheit." if vital == "temperature_c" and fahrenheit_of_a_person else ""
