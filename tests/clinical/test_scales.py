"""The scales at every one of their edges. The figures are typed here a second time, from the authors' papers."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical import protocols, scales
from detox.clinical.model import Assessment, Vitals
from detox.errors import Refused

COWS_POINTS: dict[str, tuple[int, ...]] = {
    "sweating": (0, 1, 2, 3, 4),
    "restlessness": (0, 1, 3, 5),
    "pupil_size": (0, 1, 2, 5),
    "bone_joint_aches": (0, 1, 2, 4),
    "runny_nose_tearing": (0, 1, 2, 4),
    "gi_upset": (0, 1, 2, 3, 5),
    "tremor": (0, 1, 2, 4),
    "yawning": (0, 1, 2, 4),
    "anxiety_irritability": (0, 1, 2, 4),
    "gooseflesh": (0, 3, 5),
}
PULSE_POINTS = {
    20: 0, 79: 0, 80: 0, 81: 1, 82: 1, 99: 1, 100: 1, 101: 2, 102: 2, 119: 2, 120: 2, 121: 4, 122: 4, 250: 4,
}  # fmt: skip
COWS_BANDS = {
    0: "none", 4: "none", 5: "mild", 6: "mild", 11: "mild", 12: "mild", 13: "moderate", 14: "moderate", 23: "moderate",
    24: "moderate", 25: "moderately_severe", 26: "moderately_severe", 35: "moderately_severe",
    36: "moderately_severe", 37: "severe", 38: "severe", 48: "severe",
}  # fmt: skip

# What NEWS2 gives one below, at and one above every edge of its chart.
NEWS2_POINTS: dict[str, tuple[str, dict[object, int]]] = {
    "respiratory_rate": ("respiratory_rate_per_min", {
        1: 3, 7: 3, 8: 3, 9: 1, 10: 1, 11: 1, 12: 0, 13: 0, 19: 0, 20: 0, 21: 2, 22: 2, 23: 2, 24: 2, 25: 3, 26: 3,
    }),
    "spo2": ("spo2_percent", {90: 3, 91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 97: 0, 100: 0}),
    "air_or_oxygen": ("on_oxygen", {False: 0, True: 2}),
    "systolic_bp": ("systolic_mmhg", {
        89: 3, 90: 3, 91: 2, 92: 2, 99: 2, 100: 2, 101: 1, 102: 1, 109: 1, 110: 1, 111: 0, 112: 0, 218: 0, 219: 0,
        220: 3, 221: 3,
    }),
    "pulse": ("heart_rate_per_min", {
        39: 3, 40: 3, 41: 1, 42: 1, 49: 1, 50: 1, 51: 0, 52: 0, 89: 0, 90: 0, 91: 1, 92: 1, 109: 1, 110: 1, 111: 2,
        112: 2, 129: 2, 130: 2, 131: 3, 132: 3,
    }),
    "consciousness": ("consciousness", {"A": 0, "C": 3, "V": 3, "P": 3, "U": 3}),
    "temperature": ("temperature_c", {
        34.9: 3, 35.0: 3, 35.1: 1, 35.2: 1, 35.9: 1, 36.0: 1, 36.1: 0, 36.2: 0, 37.9: 0, 38.0: 0, 38.1: 1, 38.2: 1,
        38.9: 1, 39.0: 1, 39.1: 2, 39.2: 2,
    }),
}  # fmt: skip
SCALE_2_AIR = {82: 3, 83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 89: 0, 92: 0, 93: 0, 94: 0, 95: 0, 97: 0, 100: 0}
SCALE_2_OXYGEN = {
    82: 3, 83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 89: 0, 91: 0, 92: 0, 93: 1, 94: 1, 95: 2, 96: 2, 97: 3, 98: 3,
    100: 3,
}  # fmt: skip
NORMAL = Vitals(
    systolic_mmhg=120, heart_rate_per_min=70, temperature_c=37.0, respiratory_rate_per_min=14, spo2_percent=98,
    on_oxygen=False, consciousness="A",
)  # fmt: skip
STILL = dict.fromkeys(COWS_POINTS, 0)


def cows(answers: Mapping[str, object], pulse: float | None = 70, **more: str) -> Assessment:
    return scales.assess(protocols.scale("cows"), answers, Vitals(heart_rate_per_min=pulse), reasons=more)


def news2(vitals: Vitals) -> Assessment:
    return scales.assess(protocols.scale("news2"), {}, vitals)


def adding_up_to(total: int) -> dict[str, int]:
    """Answers with that total when the pulse gives none."""
    chosen = dict(STILL)
    for item, points in reversed(COWS_POINTS.items()):
        chosen[item] = max(p for p in points if p <= total - sum(chosen.values()))
    assert sum(chosen.values()) == total
    return chosen


# --- COWS -------------------------------------------------------------------------------------------------------


def test_cows_has_the_authors_items_in_their_order() -> None:
    assert [i.id for i in protocols.scale("cows").items] == ["resting_pulse", *COWS_POINTS]
    assert (protocols.scale("cows").minimum, protocols.scale("cows").maximum) == (0, 48)


@pytest.mark.parametrize(("item", "points"), COWS_POINTS.items())
def test_each_item_takes_its_own_values_and_no_other(item: str, points: tuple[int, ...]) -> None:
    for value in range(-1, 8):
        if value in points:
            assert cows({**STILL, item: value}).items[item] == value
        else:
            with pytest.raises(Refused) as refused:
                cows({**STILL, item: value})
            assert refused.value.problems[item].endswith(f"its values are {', '.join(map(str, points))}.")


@pytest.mark.parametrize("item", COWS_POINTS)
@pytest.mark.parametrize("value", [True, False, "1", 0.5, 1.5, float("nan"), float("inf"), [1], 10**9])
def test_what_is_no_value_at_all_is_refused(item: str, value: object) -> None:
    with pytest.raises(Refused):
        cows({**STILL, item: value})


def test_the_value_is_not_the_place_in_the_list() -> None:
    """Choosing the third answer of gooseflesh is 5 points, and 2 is no answer."""
    assert cows({**STILL, "gooseflesh": 5}).total == 5
    for index, value in enumerate(COWS_POINTS["gooseflesh"]):
        if index != value:
            assert cows({**STILL, "gooseflesh": value}).total == value
    with pytest.raises(Refused, match="Gooseflesh skin cannot be 2"):
        cows({**STILL, "gooseflesh": 2})


def test_an_unknown_item_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="COWS has no item 'hiccups': leave it out"):
        cows({**STILL, "hiccups": 1})


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(Refused) as refused:
        cows({**STILL, "tremor": 3, "gooseflesh": 1, "hiccups": 1})
    assert set(refused.value.problems) == {"tremor", "gooseflesh", "hiccups"}


@pytest.mark.parametrize(("pulse", "points"), PULSE_POINTS.items())
def test_the_pulse_item_comes_from_the_heart_rate(pulse: int, points: int) -> None:
    assert cows(STILL, pulse).items["resting_pulse"] == points


@pytest.mark.parametrize(("total", "band"), COWS_BANDS.items())
def test_each_band_begins_at_its_lower_bound(total: int, band: str) -> None:
    pulse = 130 if total > 44 else 70
    found = cows(adding_up_to(total - 4 if total > 44 else total), pulse)
    assert (found.total, found.band, found.complete) == (total, band, True)


def test_every_total_from_0_to_48_can_be_reached_and_has_a_band() -> None:
    bands = [protocols.scale("cows").band_of(total).id for total in range(49)]
    assert [len(list(run)) for _, run in itertools.groupby(bands)] == [5, 8, 12, 12, 12]


@pytest.mark.parametrize("item", [*COWS_POINTS, "resting_pulse"])
def test_with_any_one_item_missing_there_is_no_total_and_no_band(item: str) -> None:
    answers: dict[str, object] = {name: max(points) for name, points in COWS_POINTS.items()}
    full = {**answers, "resting_pulse": 4}
    if item != "resting_pulse":
        answers[item] = None
    found = cows(answers, None if item == "resting_pulse" else 130)
    assert (found.total, found.band, found.complete, found.missing) == (None, None, False, (item,))
    assert found.at_least == 48 - int(str(full[item]))
    assert item not in found.items


def test_absent_and_none_are_the_same_and_zero_is_neither() -> None:
    without = {k: v for k, v in STILL.items() if k != "tremor"}
    assert cows(without) == cows({**without, "tremor": None})
    assert cows(without) != cows({**without, "tremor": 0})


def test_a_pulse_item_above_what_the_heart_rate_gives_is_refused() -> None:
    with pytest.raises(Refused, match=r"2 is higher than heart rate 90 gives \(1\)"):
        cows({**STILL, "resting_pulse": 2}, 90)


def test_a_pulse_item_below_what_the_heart_rate_gives_needs_a_reason() -> None:
    with pytest.raises(Refused, match=r"0 is lower than heart rate 104 gives \(2\): say why"):
        cows({**STILL, "resting_pulse": 0}, 104)
    with pytest.raises(Refused):
        cows({**STILL, "resting_pulse": 0}, 104, resting_pulse="   ")
    assert cows({**STILL, "resting_pulse": 0}, 104, resting_pulse="had just walked the stairs").total == 0


def test_a_pulse_item_without_a_heart_rate_is_refused() -> None:
    with pytest.raises(Refused, match="without its measurement: enter the heart rate"):
        cows({**STILL, "resting_pulse": 1}, None)


# --- NEWS2 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "vital", "value", "points"),
    [(item, vital, value, n) for item, (vital, edges) in NEWS2_POINTS.items() for value, n in edges.items()],
)
def test_each_edge_of_the_news2_chart(item: str, vital: str, value: object, points: int) -> None:
    assert news2(replace(NORMAL, **{vital: value})).items[item] == points  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "points"), SCALE_2_AIR.items())
def test_spo2_scale_2_on_air(value: int, points: int) -> None:
    found = news2(replace(NORMAL, spo2_percent=value, spo2_scale=2))
    assert (found.items["spo2"], found.items["air_or_oxygen"]) == (points, 0)


@pytest.mark.parametrize(("value", "points"), SCALE_2_OXYGEN.items())
def test_spo2_scale_2_on_oxygen(value: int, points: int) -> None:
    found = news2(replace(NORMAL, spo2_percent=value, spo2_scale=2, on_oxygen=True))
    assert (found.items["spo2"], found.items["air_or_oxygen"]) == (points, 2)


@pytest.mark.parametrize("value", SCALE_2_OXYGEN)
def test_spo2_scale_2_without_knowing_about_oxygen_scores_only_what_is_the_same_either_way(value: int) -> None:
    found = news2(replace(NORMAL, spo2_percent=value, spo2_scale=2, on_oxygen=None))
    if value <= 92:
        assert found.items["spo2"] == SCALE_2_AIR.get(value, 0)
        assert found.missing == ("air_or_oxygen",)
    else:
        assert found.missing == ("spo2", "air_or_oxygen")
    assert found.total is None


def test_spo2_scale_1_is_the_scale_until_a_clinician_sets_2() -> None:
    assert news2(replace(NORMAL, spo2_percent=90)) == news2(replace(NORMAL, spo2_percent=90, spo2_scale=1))


@pytest.mark.parametrize(("item", "vital"), [(item, vital) for item, (vital, _) in NEWS2_POINTS.items()])
def test_with_any_one_vital_missing_news2_has_no_total(item: str, vital: str) -> None:
    found = news2(replace(NORMAL, **{vital: None}))  # type: ignore[arg-type]
    assert (found.total, found.band, found.risk, found.missing) == (None, None, None, (item,))


@pytest.mark.parametrize(
    ("change", "total", "risk"),
    [
        ({}, 0, "low"),
        ({"on_oxygen": True, "heart_rate_per_min": 120}, 4, "low"),
        ({"on_oxygen": True, "heart_rate_per_min": 120, "temperature_c": 38.5}, 5, "medium"),
        ({"on_oxygen": True, "heart_rate_per_min": 120, "temperature_c": 39.5}, 6, "medium"),
        ({"on_oxygen": True, "heart_rate_per_min": 135, "temperature_c": 39.5}, 7, "high"),
        ({"consciousness": "C"}, 3, "low-medium"),
        ({"consciousness": "C", "heart_rate_per_min": 95}, 4, "low-medium"),
        ({"consciousness": "C", "heart_rate_per_min": 115}, 5, "medium"),
        ({"consciousness": "C", "heart_rate_per_min": 135, "temperature_c": 38.5}, 7, "high"),
    ],
)
def test_the_risk_follows_the_total_and_one_red_vital_lifts_it(
    change: dict[str, object], total: int, risk: str
) -> None:
    found = news2(replace(NORMAL, **change))  # type: ignore[arg-type]
    assert (found.total, found.risk) == (total, risk)


@pytest.mark.parametrize(("vital", "value"), [(v, e) for v, edges in NEWS2_POINTS.values() for e in edges])
def test_three_points_for_one_vital_are_low_medium(vital: str, value: object) -> None:
    found = news2(replace(NORMAL, **{vital: value}))  # type: ignore[arg-type]
    assert found.risk == ("low-medium" if 3 in found.items.values() else "low")


@pytest.mark.parametrize("change", [{"consciousness": "X"}, {"consciousness": "a"}, {"consciousness": ""}])
def test_an_unknown_code_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Refused, match="Consciousness"):
        news2(replace(NORMAL, **change))  # type: ignore[arg-type]


# --- rounding comes before banding ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vital", "value", "item", "points"),
    [
        ("temperature_c", 38.04, "temperature", 0),
        ("temperature_c", 38.05, "temperature", 1),
        ("temperature_c", 35.05, "temperature", 1),
        ("temperature_c", 35.04, "temperature", 3),
        ("heart_rate_per_min", 90.4, "pulse", 0),
        ("heart_rate_per_min", 90.5, "pulse", 1),
        ("respiratory_rate_per_min", 8.49, "respiratory_rate", 3),
        ("respiratory_rate_per_min", 8.5, "respiratory_rate", 1),
        ("spo2_percent", 91.5, "spo2", 2),
        ("systolic_mmhg", 219.5, "systolic_bp", 3),
    ],
)
def test_values_are_rounded_as_charted_before_they_are_judged(vital: str, value: float, item: str, points: int) -> None:
    assert news2(replace(NORMAL, **{vital: value})).items[item] == points  # type: ignore[arg-type]


@pytest.mark.parametrize(("pulse", "points"), [(80.4, 0), (80.5, 1), (100.49, 1), (100.5, 2), (120.5, 4)])
def test_the_pulse_is_rounded_before_cows_judges_it(pulse: float, points: int) -> None:
    assert cows(STILL, pulse).items["resting_pulse"] == points


@pytest.mark.parametrize(
    ("value", "decimals", "wanted"),
    [(0.5, 0, 1), (1.5, 0, 2), (2.5, 0, 3), (37.65, 1, 37.7), (1.005, 2, 1.01), (36.6, 1, 36.6)],
)
def test_halves_go_up_as_a_person_rounds(value: float, decimals: int, wanted: float) -> None:
    assert scales.round_half_up(value, decimals) == wanted


# --- what holds for any answers ---------------------------------------------------------------------------------

answers_of = st.fixed_dictionaries({item: st.sampled_from(points) for item, points in COWS_POINTS.items()})
partial_of = st.fixed_dictionaries({item: st.sampled_from((None, *points)) for item, points in COWS_POINTS.items()})
pulses = st.integers(20, 250)
maybe_vitals: Callable[..., st.SearchStrategy[Vitals]] = lambda some: st.builds(  # noqa: E731
    Vitals,
    systolic_mmhg=some(st.integers(30, 300)),
    heart_rate_per_min=some(pulses),
    temperature_c=some(st.integers(250, 450).map(lambda t: t / 10)),
    respiratory_rate_per_min=some(st.integers(1, 90)),
    spo2_percent=some(st.integers(20, 100)),
    spo2_scale=st.sampled_from((1, 2)),
    on_oxygen=some(st.booleans()),
    consciousness=some(st.sampled_from("ACVPU")),
)


@given(answers_of, pulses)
def test_the_total_is_the_sum_of_the_items(answers: dict[str, int], pulse: int) -> None:
    found = cows(answers, pulse)
    assert found.total == found.at_least == sum(found.items.values())
    assert found.total is not None
    assert 0 <= found.total <= 48


@given(answers_of, pulses, st.sampled_from(list(COWS_POINTS)), st.integers(0, 4))
def test_a_worse_item_never_lowers_the_total_or_the_band(
    answers: dict[str, int], pulse: int, item: str, index: int
) -> None:
    points = COWS_POINTS[item]
    worse = points[min(points.index(answers[item]) + index, len(points) - 1)]
    before, after = cows(answers, pulse), cows({**answers, item: worse}, pulse)
    bands = [b.id for b in protocols.scale("cows").bands]
    assert before.total is not None
    assert after.total is not None
    assert after.total >= before.total
    assert bands.index(str(after.band)) >= bands.index(str(before.band))


@given(pulses, pulses)
def test_a_faster_pulse_never_lowers_cows(one: int, other: int) -> None:
    slow, fast = sorted((one, other))
    assert cows(STILL, slow).at_least <= cows(STILL, fast).at_least


@given(partial_of, st.none() | pulses, answers_of, pulses)
def test_a_partial_sum_is_never_above_any_way_to_complete_it(
    some: dict[str, int | None], pulse: int | None, rest: dict[str, int], later_pulse: int
) -> None:
    part = cows(some, pulse)
    whole = cows({k: rest[k] if v is None else v for k, v in some.items()}, later_pulse if pulse is None else pulse)
    assert whole.total is not None
    assert part.at_least <= whole.total
    assert (part.total is None) == bool(part.missing)


@given(answers_of, pulses, st.randoms())
def test_the_order_of_the_answers_does_not_matter(answers: dict[str, int], pulse: int, random: object) -> None:
    shuffled = list(answers.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert cows(dict(shuffled), pulse) == cows(answers, pulse)


@given(maybe_vitals(lambda s: s))
def test_news2_is_the_sum_of_its_items(vitals: Vitals) -> None:
    found = news2(vitals)
    assert found.total == sum(found.items.values())
    assert found.total is not None
    assert 0 <= found.total <= 20
    assert found.risk in ("low", "low-medium", "medium", "high")


@given(maybe_vitals(lambda s: st.none() | s))
def test_news2_with_anything_missing_says_so(vitals: Vitals) -> None:
    found = news2(vitals)
    assert found.complete == (not found.missing) == (found.total is not None)
    assert set(found.items).isdisjoint(found.missing)
    assert len(found.items) + len(found.missing) == 7
