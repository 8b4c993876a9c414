"""Admissions as lines of `judge` for its tests: a calm taper on day 4, a start, missed doses, and their sets."""

from datetime import UTC, datetime, timedelta

from detox.clinical import protocols

NOW = datetime(2026, 11, 21, 22, 40, tzinfo=UTC)
GOES_ON = {"CONTINUE", "STEP_DOWN", "STEP_UP", "START_MET"}
NURSE = {"id": "n1", "name": "Ada Brook", "role": "nurse"}
PHYSICIAN = {"id": "p1", "name": "Ada Brook", "role": "physician"}
CALM: dict[str, object] = {
    "systolic_mmhg": 126, "diastolic_mmhg": 78, "heart_rate_per_min": 76, "temperature_c": 36.8,
    "respiratory_rate_per_min": 14, "spo2_percent": 98, "on_oxygen": False, "consciousness": "A", "sedation": "1",
}  # fmt: skip
ITEMS = (
    "sweating", "restlessness", "pupil_size", "bone_joint_aches", "runny_nose_tearing", "gi_upset", "tremor",
    "yawning", "anxiety_irritability", "gooseflesh",
)  # fmt: skip
Line = dict[str, object]


def at(minutes_ago: float) -> str:
    return (NOW - timedelta(minutes=minutes_ago)).isoformat()


def rated(total: int, **given: int | None) -> dict[str, int | None]:
    """COWS items that sum up to `total`, the pulse item being 0."""
    items: dict[str, int | None] = {}
    for item in ITEMS:
        allowed = protocols.scale("cows").item(item).values
        items[item] = max(value for value in allowed if value <= total)
        total -= items[item] or 0
    assert total == 0
    return items | given


OWN = (
    "cows", "signs", "note", "by", "recorded_at", "id", "worry", "replaces", "scales", "not_done", "vitals",
)  # fmt: skip


def one_set(minutes_ago: float, score: int | None = 4, **given: object) -> Line:
    """A whole calm set with that COWS; `given` are its other vitals, and what stands beside them in the form."""
    vitals = {name: value for name, value in given.items() if name not in OWN}
    made: Line = {"id": f"o{minutes_ago:g}", "at": at(minutes_ago), "by": NURSE, "vitals": CALM | vitals}
    if score is not None:
        made["cows"] = rated(score)
    return made | {name: value for name, value in given.items() if name in OWN}


def dose(minutes_ago: float, drug: str, mg: float, **given: object) -> Line:
    return {"at": at(minutes_ago), "drug": drug, "mg": mg, "status": "given", "by": NURSE} | given


def taper(*sets: Line, drug: str = "methadone", steps: tuple[float, ...] = (35, 30, 25, 0), **given: object) -> Line:
    """Day 4 of a taper, at its second step for 50 hours, with the doses of two days."""
    patient = {"age": 35, "sex_at_birth": "M", "pregnancy": "n/a", "conditions": [], "medicines": []}
    line: Line = {
        "id": "a",
        "now": NOW.isoformat(),
        "admission": {
            "programme": "taper", "setting": "inpatient", "admitted_at": at(4 * 1440), "patient": patient,
        },
        "plan": {
            "drug": drug, "steps_mg": list(steps), "interval_h": 24, "signed_at": at(4 * 1440 - 60), "step": 2,
            "step_since": at(50 * 60),
        },
        "doses": [dose(49 * 60, drug, steps[:2][-1]), dose(25 * 60, drug, steps[:2][-1])],
        "observations": list(sets),
    }  # fmt: skip
    return line | given


def calm(**given: object) -> Line:
    return taper(one_set(290), one_set(8), **given)


def induction(*sets: Line, doses: tuple[Line, ...]) -> Line:
    line = taper(*sets, drug="buprenorphine", steps=(8, 16), doses=list(doses))
    line["admission"] = line["admission"] | {"programme": "bup_induction", "admitted_at": at(16 * 60)}  # type: ignore[operator]
    line["plan"] = line["plan"] | {"step": 1, "signed_at": at(15 * 60), "step_since": at(15 * 60)}  # type: ignore[operator]
    return line


def missed_four(**vitals: object) -> Line:
    """Observed maintenance, methadone 80 mg, refused on four days."""
    refused = [dose(1440 * day + 20, "methadone", 80, status="refused") for day in range(1, 5)]
    given = [dose(1440 * day + 20, "methadone", 80) for day in range(5, 8)]
    line = taper(one_set(280), one_set(18, **vitals), one_set(9, **vitals), steps=(80,), doses=refused + given)
    line["admission"] = line["admission"] | {
        "programme": "maintenance_dot",
        "setting": "OTP",
        "admitted_at": at(30 * 1440),
    }  # type: ignore[operator]
    line["plan"] = line["plan"] | {"step": 1, "step_since": at(29 * 1440), "signed_at": at(29 * 1440)}  # type: ignore[operator]
    return line
