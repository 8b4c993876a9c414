"""Builds cases for the suggestion engine: one calm case a programme, and changes to it in a few words."""

from __future__ import annotations

import copy
import os
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "cases" / "suggestions"
SHARED = Path(os.environ.get("DETOX_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
EXAMPLES = SHARED / "clinical" / "suggestion_cases_examples.json"

ONE_BY_ONE = [
    ("anxiety", 1), ("aches", 1), ("gi", 1), ("yawning", 1), ("anxiety", 2), ("sweating", 1), ("runny_nose", 1),
    ("aches", 2), ("gi", 2), ("sweating", 2), ("runny_nose", 2), ("pupils", 1), ("tremor", 1), ("yawning", 2),
    ("pupils", 2), ("restlessness", 1), ("tremor", 2), ("sweating", 3), ("gi", 3), ("sweating", 4),
]  # fmt: skip
JUMPS = [("restlessness", 3, 2), ("gooseflesh", 3, 3), ("runny_nose", 4, 2), ("tremor", 4, 2), ("aches", 4, 2)]
ITEMS = ("pulse", "sweating", "restlessness", "pupils", "aches", "runny_nose", "gi", "tremor", "yawning", "anxiety",
         "gooseflesh")  # fmt: skip


def cows(total: int, pulse: int = 0) -> dict[str, Any]:
    """A legal COWS of that total; the more points, the more objective signs."""
    wanted = total - pulse
    for jumps in range(len(JUMPS) + 1):
        rest = wanted - sum(points for _, _, points in JUMPS[:jumps])
        if 0 <= rest <= len(ONE_BY_ONE):
            items = dict.fromkeys(ITEMS, 0) | {"pulse": pulse} | dict(ONE_BY_ONE[:rest])
            items |= {name: value for name, value, _ in JUMPS[:jumps]}
            if sum(items.values()) == total:
                return {"scale": "COWS", "items": items, "total": total}
    raise ValueError(f"no COWS of {total}")


def pulse_item(hr: float | None) -> int:
    if hr is None or hr <= 80:
        return 0
    return 1 if hr <= 100 else 2 if hr <= 120 else 4


def observation(min_ago: float, total: int | None, **vitals: Any) -> dict[str, Any]:
    calm = {"rr": 15, "spo2": 98, "hr": 78, "sbp": 118, "dbp": 74, "temp_c": 36.8, "poss": "1", "avpu": "A"} | vitals
    return {"min_ago": min_ago, "by": "RN-A", "note": "", "vitals": calm,
            "cows": None if total is None else cows(total, pulse_item(calm["hr"]))}  # fmt: skip


def base(programme: str) -> dict[str, Any]:
    """A calm case of that programme, in which nothing is missing."""
    case: dict[str, Any] = {
        "id": programme, "programme": programme, "setting": "inpatient",
        "patient": {"age": 33, "sex_at_birth": "M", "pregnancy": "n/a", "conditions": [], "other_meds": [], "labs": {}},
        "plan": {"drug": "buprenorphine", "step_due": False, "hours_since_last_step": 26, "min_step_interval_h": 24,
                 "signed": True},
        "opioid_use": {}, "doses": [], "events": [],
    }  # fmt: skip
    case["plan"] |= PLANS[programme]
    case["opioid_use"] |= USES.get(programme, {})
    case["patient"]["labs"] |= {"k": 4.2, "qtc_ms": 420} if programme in ("alpha2", "alpha2_start") else {}
    case["setting"] = SETTINGS.get(programme, "inpatient")
    newest, second = SCORES[programme]
    case["observations"] = [observation(15, newest), observation(420, second)]
    if programme == "hat":
        case["observations"][0]["vitals"]["breath_alcohol_pct"] = 0.0
    return case


PLANS: dict[str, dict[str, Any]] = {
    "taper": {"current_mg": 8, "next_mg": 6, "previous_mg": 10, "step_due": True},
    "alpha2": {"drug": "lofexidine", "current_mg": 2.16, "next_mg": 1.44, "previous_mg": 2.16, "day": 5},
    "alpha2_start": {"drug": "lofexidine", "proposed_first_mg": 0.54, "doses_per_day": 4},
    "bup_induction": {},
    "methadone_start": {"drug": "methadone", "setting_authorised": True, "proposed_first_mg": 20},
    "naltrexone_start": {"drug": "naltrexone_xr", "challenge": "negative", "lft": "ok", "urine": {
        "opiate": "negative", "fentanyl": "negative", "methadone": "negative", "buprenorphine": "negative"}},
    "maintenance_dot": {"drug": "methadone", "current_mg": 80, "missed_days": 0},
    "hat": {"drug": "diamorphine", "current_mg": 200, "missed_days": 0, "doses_per_day": 2},
}  # fmt: skip
USES = {
    "bup_induction": {"opioid": "heroin", "h_ago": 14, "fentanyl": "negative"},
    "methadone_start": {"opioid": "heroin", "h_ago": 12, "fentanyl": "negative"},
    "naltrexone_start": {"opioid": "heroin", "h_ago": 216, "fentanyl": "negative"},
}
SETTINGS = {"maintenance_dot": "OTP", "hat": "HAT clinic", "naltrexone_start": "outpatient"}
SCORES: dict[str, tuple[int | None, int | None]] = {
    "taper": (4, 5), "alpha2": (6, 9), "alpha2_start": (10, 8), "bup_induction": (14, 10), "methadone_start": (14, 10),
    "naltrexone_start": (2, 2), "maintenance_dot": (3, 4), "hat": (None, None),
}  # fmt: skip


def changed(case: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A deep copy with changes merged in. The text "absent" takes a key away."""
    result = copy.deepcopy(case)
    for key, value in changes.items():
        if value == "absent":
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = changed(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def built(entry: dict[str, Any]) -> dict[str, Any]:
    """The case of one entry of a case file: `base`, `with`, and changes to the `newest` and `second` observation."""
    case = changed(base(entry["base"]), entry.get("with", {}))
    for index, name in enumerate(("newest", "second")):
        if name not in entry:
            continue
        if entry[name] == "absent":
            case["observations"][index] = None
            continue
        change = dict(entry[name])
        total = change.pop("cows_total", None)
        one = changed(case["observations"][index], {k: v for k, v in change.items() if k != "cows"})
        if total is not None:
            one["cows"] = cows(total, pulse_item(one["vitals"].get("hr")))
        if "cows" in change:
            one = changed(one, {"cows": change["cows"]})
        case["observations"][index] = one
    case["observations"] = [o for o in case["observations"] if o is not None] + entry.get("more", [])
    return case


def case_files() -> list[tuple[str, dict[str, Any]]]:
    """Every named case with the file it stands in."""
    return [
        (f"{path.stem}: {entry['name']}", entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]
