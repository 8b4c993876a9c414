"""What a vital can be, what is asked about, and what it means: each limit at its edge. Typed here a second time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical import protocols, vitals
from detox.clinical.model import VITALS, Vitals
from detox.errors import Refused

FILE = protocols.vitals_file()

# vital: step of the chart, absolute, plausible, critical, normal; all limits inclusive.
LIMITS = {
    "systolic_mmhg": (1, (0, 300), (50, 260), (91, 179), (100, 159)),
    "diastolic_mmhg": (1, (0, 200), (20, 160), (20, 119), (50, 99)),
    "heart_rate_per_min": (1, (0, 300), (20, 220), (50, 119), (60, 99)),
    "temperature_c": (0.1, (20.0, 45.0), (32.0, 42.5), (35.1, 37.9), (36.1, 37.7)),
    "respiratory_rate_per_min": (1, (0, 60), (4, 60), (10, 24), (12, 20)),
    "spo2_percent": (1, (0, 100), (50, 100), (92, 100), (96, 100)),
    "breath_alcohol_percent": (0.01, (0.0, 1.0), (0.0, 0.5), (0.0, 0.5), (0.0, 0.04)),
}
CODES = {
    "consciousness": {
        "A": "normal", "C": "critically_high", "V": "critically_high", "P": "critically_high", "U": "critically_high",
    },
    "sedation": {"S": "normal", "1": "normal", "2": "high", "3": "critically_high", "4": "critically_high"},
}  # fmt: skip


def around(edge: float, step: float) -> tuple[float, float, float]:
    return round(edge - step, 2), edge, round(edge + step, 2)


EDGES = [
    (vital, value)
    for vital, (step, *pairs) in LIMITS.items()
    for value in sorted({v for pair in pairs for edge in pair for v in around(edge, step)})
]


def meaning(vital: str, value: float) -> str:
    _, _, _, critical, normal = LIMITS[vital]
    if value < critical[0]:
        return "critically_low"
    if value > critical[1]:
        return "critically_high"
    return "low" if value < normal[0] else "high" if value > normal[1] else "normal"


def test_every_vital_has_limits_or_codes() -> None:
    judged = {r.vital for r in FILE.ranges} | {c.vital for c in FILE.coded}
    assert judged == LIMITS.keys() | CODES.keys()
    assert set(VITALS) - judged == {"temperature_site", "spo2_scale", "on_oxygen"}


@pytest.mark.parametrize(("vital", "value"), EDGES)
def test_what_cannot_be_is_refused_and_what_can_be_is_not(vital: str, value: float) -> None:
    low, high = LIMITS[vital][1]
    problems = vitals.impossible(FILE, Vitals(**{vital: value}))  # type: ignore[arg-type]
    if low <= value <= high:
        assert problems == {}
    else:
        assert f" is outside {low:g}-{high:g}: check and enter again." in problems[vital]


@pytest.mark.parametrize(("vital", "value"), EDGES)
def test_what_is_unusual_is_asked_about(vital: str, value: float) -> None:
    low, high = LIMITS[vital][2]
    questions = vitals.unusual(FILE, Vitals(**{vital: value}))  # type: ignore[arg-type]
    assert (vital in questions) == (not low <= value <= high)


@pytest.mark.parametrize(("vital", "value"), EDGES)
def test_what_it_means(vital: str, value: float) -> None:
    found = vitals.interpret(FILE, vital, value)
    assert found.meaning == meaning(vital, value)
    assert found.sign == vitals.SIGNS[found.meaning]
    assert bool(found.limit) == (found.meaning != "normal")


def test_the_sentence_says_what_where_and_what_to_do() -> None:
    problems = vitals.impossible(FILE, Vitals(heart_rate_per_min=412))
    assert problems == {"heart_rate_per_min": "Pulse 412 /min is outside 0-300: check and enter again."}


@pytest.mark.parametrize("vital", LIMITS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 1e9])
def test_no_number_at_all_is_refused(vital: str, value: float) -> None:
    assert vital in vitals.impossible(FILE, Vitals(**{vital: value}))  # type: ignore[arg-type]


@pytest.mark.parametrize(("vital", "value"), [(v, LIMITS[v][4][0]) for v in LIMITS])
def test_more_decimals_than_are_charted_are_refused(vital: str, value: float) -> None:
    finer = value + LIMITS[vital][0] / 4
    assert "is not" in vitals.impossible(FILE, Vitals(**{vital: finer}))[vital]  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [77.0, 98.6, 102.2, 113.0])
def test_fahrenheit_is_named_and_never_converted(value: float) -> None:
    problem = vitals.impossible(FILE, Vitals(temperature_c=value))["temperature_c"]
    assert problem.endswith("It looks like degrees Fahrenheit.")


def test_every_problem_is_told_at_once() -> None:
    wrong = Vitals(systolic_mmhg=412, heart_rate_per_min=301, temperature_c=98.6, consciousness="X", spo2_scale=3)
    assert set(vitals.impossible(FILE, wrong)) == {
        "systolic_mmhg", "heart_rate_per_min", "temperature_c", "consciousness", "spo2_scale",
    }  # fmt: skip


@pytest.mark.parametrize(("upper", "lower", "refused"), [(120, 119, False), (120, 120, True), (80, 120, True)])
def test_diastolic_lies_below_systolic(upper: float, lower: float, refused: bool) -> None:
    problems = vitals.impossible(FILE, Vitals(systolic_mmhg=upper, diastolic_mmhg=lower))
    assert ("diastolic_mmhg" in problems) == refused


@pytest.mark.parametrize(
    ("upper", "lower", "kept"),
    [
        (70, 75, "systolic_mmhg"),  # the low systolic calls by itself
        (118, 130, "diastolic_mmhg"),  # so does the high diastolic
        (80, 120, "systolic_mmhg"),  # both do: more rests on the systolic
        (99, 99, "systolic_mmhg"),
        (100, 100, "diastolic_mmhg"),
        (165, 170, "diastolic_mmhg"),
    ],
)
def test_of_two_pressures_that_contradict_each_other_the_worse_stays(upper: float, lower: float, kept: str) -> None:
    left, problems = vitals.possible(FILE, Vitals(systolic_mmhg=upper, diastolic_mmhg=lower, heart_rate_per_min=80))
    assert left.measured().keys() == {kept, "heart_rate_per_min"}
    assert problems.keys() == {"systolic_mmhg", "diastolic_mmhg"} - {kept}
    standing = {"standing_systolic_mmhg": upper, "standing_diastolic_mmhg": lower, "vomits": 2}
    other, problems = vitals.possible_other(FILE, standing)
    assert other.keys() == {f"standing_{kept}", "vomits"}
    assert len(problems) == 1


@given(upper=st.integers(0, 300), lower=st.integers(0, 200))
def test_a_contradiction_never_leaves_only_normal_pressures(upper: int, lower: int) -> None:
    """What is left of it may call for somebody; it never reassures."""
    left, problems = vitals.possible(FILE, Vitals(systolic_mmhg=upper, diastolic_mmhg=lower))
    if problems:
        ((vital, value),) = left.measured().items()
        assert vitals.interpret(FILE, vital, value).meaning != "normal"


@given(st.data())
def test_a_value_that_cannot_be_costs_itself_alone(data: st.DataObject) -> None:
    values = {
        vital: data.draw(st.none() | st.integers(-5, 330).map(float) | st.sampled_from([math.nan, math.inf]))
        for vital in LIMITS
    }
    together = Vitals(**values)  # type: ignore[arg-type]
    left, problems = vitals.possible(FILE, together)
    assert vitals.impossible(FILE, left) == {}
    pair = {"systolic_mmhg", "diastolic_mmhg"}
    for vital, value in values.items():
        alone = bool(vitals.impossible(FILE, Vitals(**{vital: value})))  # type: ignore[arg-type]
        assert (getattr(left, vital) is None) == (value is None or vital in problems)
        assert vital not in problems if not alone and vital not in pair else True
        assert not alone or vital in problems
    assert len(problems.keys() & pair) < 2 or all(
        vitals.impossible(FILE, Vitals(**{v: values[v]}))  # type: ignore[arg-type]
        for v in pair
    )


@pytest.mark.parametrize(
    ("vital", "value", "unit"),
    [
        ("systolic_mmhg", 15.7, "kPa"), ("systolic_mmhg", 29.9, "kPa"), ("systolic_mmhg", 30.1, ""),
        ("systolic_mmhg", 15, ""), ("diastolic_mmhg", 9.9, "kPa"), ("spo2_percent", 0.97, "a fraction"),
        ("spo2_percent", 0, ""), ("spo2_percent", 1, ""), ("spo2_percent", 91.4, ""),
    ],
)  # fmt: skip
def test_another_unit_is_named_and_never_converted(vital: str, value: float, unit: str) -> None:
    assert FILE.range(vital).other_unit(value) == unit
    problems = vitals.impossible(FILE, Vitals(**{vital: value}))  # type: ignore[arg-type]
    assert (f"It looks like {unit}." in problems.get(vital, "")) == bool(unit)


@pytest.mark.parametrize(
    ("value", "told"),
    [(-1, True), (0, False), (1, False), (2, False), (3, False), (4, True), (1.5, True), (math.nan, True)],
)
def test_worry_is_one_of_four_grades(value: float, told: bool) -> None:
    problems = vitals.impossible_other(FILE, {"worry": value})
    assert ("is no grade: choose one of 0 none, 1 a little, 2 worried, 3 sure." in problems.get("worry", "")) == told


def test_each_grade_has_its_words_and_rises() -> None:
    worry = FILE.other_named("worry")
    assert [g.meaning for g in worry.grades] == ["normal", "normal", "high", "critically_high"]
    assert worry.grade(3.0).label == "Sure that something is wrong"
    with pytest.raises(KeyError):
        worry.grade(4)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_is_never_banded(value: float) -> None:
    with pytest.raises(Refused, match="no number"):
        vitals.banded("spo2_percent", value)
    with pytest.raises(Refused, match="no number"):
        vitals.interpret(FILE, "heart_rate_per_min", value)


def test_an_unknown_site_is_refused() -> None:
    assert "temperature_site" in vitals.impossible(FILE, Vitals(temperature_c=37.0, temperature_site="ear"))
    for site in ("oral", "tympanic", "axillary", "temporal", "rectal"):
        assert vitals.impossible(FILE, Vitals(temperature_c=37.0, temperature_site=site)) == {}


@pytest.mark.parametrize(("vital", "jump"), [("systolic_mmhg", 40), ("heart_rate_per_min", 40), ("temperature_c", 1.5)])
def test_a_jump_is_asked_about_only_beyond_its_limit(vital: str, jump: float) -> None:
    step = LIMITS[vital][0]
    before = {"systolic_mmhg": 120.0, "heart_rate_per_min": 80.0, "temperature_c": 37.0}[vital]
    for moved, asked in ((jump - step, False), (jump, False), (jump + step, True)):
        for way in (1, -1):
            now, last = Vitals(**{vital: round(before + way * moved, 1)}), Vitals(**{vital: before})  # type: ignore[arg-type]
            assert (vital in vitals.unusual(FILE, now, last)) == asked, (moved, way)


def test_without_an_earlier_value_nothing_jumps() -> None:
    assert vitals.unusual(FILE, Vitals(heart_rate_per_min=130), Vitals(systolic_mmhg=120)) == {}


@pytest.mark.parametrize("vital", [*LIMITS, *CODES])
def test_a_missing_vital_is_not_assessed_never_normal(vital: str) -> None:
    found = vitals.interpret(FILE, vital, None)
    assert (found.meaning, found.sign, found.value) == ("not_assessed", "?", None)


@pytest.mark.parametrize(
    ("vital", "value", "wanted"), [(v, c, m) for v, codes in CODES.items() for c, m in codes.items()]
)
def test_what_a_code_means(vital: str, value: str, wanted: str) -> None:
    assert vitals.interpret(FILE, vital, value).meaning == wanted
    assert vitals.impossible(FILE, Vitals(**{vital: value})) == {}  # type: ignore[arg-type]


@pytest.mark.parametrize("vital", CODES)
@pytest.mark.parametrize("value", ["", "a", "X", "0", "5", "12", " A"])
def test_an_unknown_code_is_refused_and_never_judged(vital: str, value: str) -> None:
    assert vital in vitals.impossible(FILE, Vitals(**{vital: value}))  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        vitals.interpret(FILE, vital, value)


def test_a_vital_without_limits_is_no_normal_one() -> None:
    with pytest.raises(KeyError):
        vitals.interpret(FILE, "heart_rate", 70)


def test_rounding_comes_before_meaning() -> None:
    assert vitals.interpret(FILE, "temperature_c", 37.94).meaning == "high"
    assert vitals.interpret(FILE, "temperature_c", 37.95).meaning == "critically_high"
    assert vitals.interpret(FILE, "heart_rate_per_min", 99.4).meaning == "normal"
    assert vitals.interpret(FILE, "heart_rate_per_min", 99.5).meaning == "high"
