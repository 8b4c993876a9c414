"""Every limit of a vital stands once, by name; colours, alert rules, suggestions and dose holds take it from there."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from detox.clinical import administration, vitals
from detox.clinical.alerts.folding import alerts_file
from detox.clinical.content import ROOT
from detox.clinical.limits import LimitsFile, VitalLimit, limit, limits_file
from detox.clinical.protocols import vitals_file
from detox.clinical.suggestions.content import Limit, content

RAW = {name: tomllib.loads((ROOT / name).read_text("utf-8")) for name in (
    "alerts.toml", "vitals.toml", "suggestions.toml", "giving.toml", "limits.toml",
)}  # fmt: skip
NUMERIC = {one.vital for one in vitals_file().ranges}
CONDITIONS = ("all", "any", "clear_all", "clear_any", "at_once_if")


def tables(raw: Any) -> Iterator[dict[str, Any]]:
    """Every table of a file, inner ones too."""
    if isinstance(raw, dict):
        yield raw
        raw = list(raw.values())
    if isinstance(raw, list):
        for one in raw:
            yield from tables(one)


def test_no_alert_rule_gives_a_number_for_a_vital() -> None:
    for rule in RAW["alerts.toml"]["rules"]:
        for condition in (c for key in CONDITIONS for c in rule.get(key, ())):
            numbers = {k: v for k, v in condition.items() if isinstance(v, (int, float))}
            assert condition.get("measure") not in NUMERIC or not numbers, (rule["id"], condition)


def test_no_suggestion_limit_of_a_vital_has_a_number_of_its_own() -> None:
    words = re.compile(r"^(RR|SpO2|HR|SBP|DBP|Temperature|Breath alcohol)\b")
    of_vitals = {
        name: one
        for name, one in RAW["suggestions.toml"]["limits"].items()
        if words.match(one["at"]) and one.get("unit") != "min"
    }
    assert len(of_vitals) > 20
    assert [name for name, one in of_vitals.items() if "value" in one] == []


def test_no_colour_and_no_dose_hold_has_a_number_of_its_own() -> None:
    for one in RAW["vitals.toml"]["ranges"]:
        assert set(one["amber"]) | set(one["red"]) <= {"low", "high"}
        assert not {"normal", "critical"} & one.keys()
    for before in RAW["giving.toml"]["before"]:
        for hold in before["holds"]:
            assert hold.keys() <= {"vital", "limit", "limit_scale2", "codes"}, hold


def test_every_limit_is_named_by_somebody() -> None:
    named = {str(one[key]) for name in ("alerts.toml", "suggestions.toml", "giving.toml")
             for one in tables(RAW[name]) for key in ("limit", "limit_scale2", "cleared") if key in one}  # fmt: skip
    named |= {name for one in RAW["vitals.toml"]["ranges"] for side in ("amber", "red") for name in one[side].values()}
    assert named == set(limits_file().named)


def test_every_edge_that_clears_is_used() -> None:
    cleared = {one["cleared"] for one in tables(RAW["alerts.toml"]) if "cleared" in one}
    assert cleared == {one.id for one in limits_file().limits if one.clears is not None}


@pytest.mark.parametrize("one", limits_file().limits, ids=lambda one: one.id)
def test_one_below_at_and_above(one: VitalLimit) -> None:
    step = 10.0 ** -vitals_file().range(one.measure, one.scale).decimals
    found = [one.holds(round(one.value + by * step, 3)) for by in (-1, 0, 1)]
    assert found == {
        "at_least": [False, True, True], "above": [False, False, True],
        "below": [True, False, False], "at_most": [True, True, False],
    }[one.operator]  # fmt: skip


def red(vital: str, side: str) -> str:
    return str(getattr(vitals_file().range(vital).red, side))


@pytest.mark.parametrize("vital", ["systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "temperature_c"])
@pytest.mark.parametrize("side", ["low", "high"])
def test_what_is_coloured_red_is_what_an_alert_rule_calls_critical(vital: str, side: str) -> None:
    critical = [r for r in alerts_file().rules if r.level == "critical" and len(r.all) == 1 and r.kind == "limit"]
    assert red(vital, side) in {r.all[0].named for r in critical}


@pytest.mark.parametrize(
    ("value", "beyond"), [(89, True), (90, True), (91, False)],
)  # fmt: skip
def test_a_systolic_of_90_is_one_thing_for_colour_alert_suggestion_and_dose(value: int, beyond: bool) -> None:
    rule = next(r for r in alerts_file().rules if r.id == "systolic_low_red")
    assert limit(rule.all[0].named).holds(value) is beyond
    assert content().limits.sbp_low.holds(value) is beyond
    meaning = vitals.interpret(vitals_file(), "systolic_mmhg", value).meaning
    assert (meaning == "critically_low") is beyond
    for drug in ("lofexidine", "methadone", "diamorphine"):
        row = next(b for b in administration.giving_file().before if drug in b.drugs)
        held = next(h for h in row.holds if h.vital == "systolic_mmhg")
        assert limit(held.limit).holds(value) is beyond


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        ("respiratory_rate_amber_low", "respiratory_rate_step", range(0, 40)),
        ("spo2_scale2_amber_low", "spo2_scale2_before_diamorphine", range(60, 101)),
        ("systolic_amber_low", "systolic_alpha2_start", range(60, 200)),
    ],
)  # fmt: skip
def test_limits_that_are_said_to_be_one_edge_are_one(first: str, second: str, values: range) -> None:
    assert [limit(first).holds(v) for v in values] == [limit(second).holds(v) for v in values]


def test_a_suggestion_limit_of_a_vital_has_value_unit_and_source_of_the_limit() -> None:
    for _, one in content().limits:
        if isinstance(one, Limit) and one.named:
            own = limit(one.named)
            assert (one.value, one.unit, one.source, one.evidence) == (own.value, own.unit, own.source, own.evidence)


GOOD: dict[str, Any] = {
    "id": "x", "measure": "systolic_mmhg", "at_least": 180, "unit": "mmHg", "source": "s", "evidence": "P",
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"above": 180}, {"at_least": None}, {"measure": "systolic"}, {"source": ""}, {"evidence": "sure"}, {"more": 1},
        {"clears": {"at_least": 170}}, {"clears": {"at_most": 180}}, {"clears": {"below": 185}}, {"clears": {}},
    ],
)  # fmt: skip
def test_a_wrong_limit_is_refused(wrong: dict[str, Any]) -> None:
    VitalLimit.model_validate(GOOD)
    with pytest.raises(ValidationError):
        VitalLimit.model_validate(GOOD | wrong)


def test_a_limit_that_stands_twice_is_refused() -> None:
    head = {key: value for key, value in RAW["limits.toml"].items() if key != "limits"} | {"contested": ("c",)}
    LimitsFile.model_validate(head | {"limits": (GOOD,)})
    with pytest.raises(ValidationError, match="stands twice: x"):
        LimitsFile.model_validate(head | {"limits": (GOOD, GOOD)})
