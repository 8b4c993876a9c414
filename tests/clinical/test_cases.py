"""Every case of tests/cases/*.toml of a scale: sentences that a nurse can read, check and add to."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detox.clinical import protocols, scales
from detox.clinical.model import Vitals
from detox.clinical.protocols import Scale
from detox.errors import Refused

FOLDER = Path(__file__).resolve().parent.parent / "cases"
WELL = {
    "respiratory_rate_per_min": 14, "spo2_percent": 98, "on_oxygen": False, "systolic_mmhg": 120,
    "heart_rate_per_min": 70, "consciousness": "A", "temperature_c": 37.0,
}  # fmt: skip
KNOWN = {
    "name", "heart_rate", "unchanged", "all", "leave_out", "items", "vitals", "pulse_reason", "total", "band", "risk",
    "flags", "at_least", "missing", "refused",
}  # fmt: skip


def cases() -> Iterator[Any]:
    for path in sorted(FOLDER.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        if "scale" in content and "cases" in content:
            for case in content["cases"]:
                yield pytest.param(content["scale"], case, id=f"{content['scale']}: {case['name']}")


def answered(scale: Scale, case: dict[str, Any]) -> dict[str, Any]:
    """The answers of a case: `unchanged` is the answer without points, which on a reversed item is the highest."""
    chosen = [item for item in scale.items if not item.measured]
    answers: dict[str, Any] = {}
    if case.get("unchanged"):
        answers = {i.id: next(value for value, points in i.points_of.items() if points == 0) for i in chosen}
    if "all" in case:
        answers = {i.id: case["all"] for i in chosen}
    return {
        name: value
        for name, value in (answers | case.get("items", {})).items()
        if name not in case.get("leave_out", [])
    }


@pytest.mark.parametrize(("scale_id", "case"), [*cases()])
def test_case(scale_id: str, case: dict[str, Any]) -> None:
    assert set(case) <= KNOWN, f"unknown words: {set(case) - KNOWN}"
    scale = protocols.scale(scale_id)
    answers = answered(scale, case)
    values = (WELL if case.get("unchanged") and scale.observer == "vitals" else {}) | case.get("vitals", {})
    if "heart_rate" in case:
        values["heart_rate_per_min"] = case["heart_rate"]
    reasons = {i.id: case.get("pulse_reason", "") for i in scale.items if i.measured}
    if "refused" in case:
        with pytest.raises(Refused) as refused:
            scales.assess(scale, answers, Vitals(**values), reasons=reasons)
        assert case["refused"] in str(refused.value)
        return
    found = scales.assess(scale, answers, Vitals(**values), reasons=reasons)
    assert found.total == case.get("total")
    assert found.at_least == case.get("at_least", case.get("total"))
    assert sorted(found.missing) == sorted(case.get("missing", []))
    assert found.complete == (not found.missing)
    if "band" in case or scale.single_item is None:
        assert found.band == case.get("band")
    if "risk" in case:
        assert found.risk == case["risk"]
    if "flags" in case:
        assert [flag.id for flag in scales.flags(scale, found)] == case["flags"]


def test_every_scale_has_cases() -> None:
    assert {param.values[0] for param in cases()} == set(protocols.scales())


def test_every_edge_of_every_band_has_its_cases() -> None:
    """One point below, at, and one above each lower bound, as far as the scale goes: of triage, each level."""
    for scale in protocols.scales().values():
        own = [case for scale_id, case in (param.values for param in cases()) if scale_id == scale.id]
        if scale.kind != "sum":
            assert {case.get("band") for case in own} >= {band.id for band in scale.bands}
            continue
        edges = {low + step for low in scale.lows[1:] for step in (-1, 0, 1)} | {scale.minimum}
        assert {case.get("total") for case in own} >= edges & scale.reachable, scale.id
