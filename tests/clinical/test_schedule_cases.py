"""Every case of tests/cases/monitoring: an admission in sentences, when the next set is due, what a silence says."""

import re
import tomllib
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from alert_help import MIDNIGHT, WELL, cows_of, observed

from detox.clinical.model import Alert, Background, Dose, Finding, IntervalOrder, StepDown
from detox.clinical.monitoring.schedule import next_due, overdue

FOLDER = Path(__file__).resolve().parents[1] / "cases" / "monitoring"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['sentence']}")
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["cases"]
]


def moment(clock):
    """14:00 of the first day, 14:00 next day, 14:00 day 3."""
    hour, minute, day = re.fullmatch(r"(\d\d):(\d\d)(?: next day| day (\d+))?", clock).groups()
    days = int(day) - 1 if day else clock.endswith("next day")
    return MIDNIGHT + timedelta(hours=int(hour), minutes=int(minute), days=days)


def clock(at):
    days = (at.date() - MIDNIGHT.date()).days
    return f"{at:%H:%M}" + ("", " next day", f" day {days + 1}")[min(days, 2)]


def observation(row):
    row = dict(row)
    hours = (moment(row.pop("at")) - MIDNIGHT) / timedelta(hours=1)
    cows = cows_of(row.pop("cows_of")) if "cows_of" in row else None
    return observed(hours, cows=cows, **{**(WELL if row.pop("well", False) else {}), **row})


def dose(row):
    return Dose("d", "a", None, row["drug"], 1.0, row.get("status", "given"), moment(row["at"]))


def step(row):
    return StepDown(moment(row["at"]), row["drug"], row["from"], row["to"])


def order(row):
    until, ended = (moment(row[name]) if name in row else None for name in ("until", "ended"))
    return IntervalOrder("i", "a", row["every"], row["reason"], moment(row["at"]), until, row["name"], row["by"], ended)


def alert(row):
    values = {row["measure"]: 1} if "measure" in row else {}
    values |= {"confirm_min": row["confirm"]} if "confirm" in row else {}
    found = Finding("r", "p", row["level"], "limit", row["message"], "", "", values, "1", "B2", "P")
    return Alert("a1", "a", "o", found, moment(row["at"]))


@pytest.mark.parametrize("case", CASES)
def test_case(case):
    background = Background(
        admitted_at=MIDNIGHT,
        programme=case.get("programme", ""),
        setting=case.get("setting", "inpatient"),
        steps=tuple(step(row) for row in case.get("steps", ())),
        doses=tuple(d for d in map(dose, case.get("doses", ())) if d.status == "given"),
        not_given=tuple(d for d in map(dose, case.get("doses", ())) if d.status != "given"),
        intervals=tuple(order(row) for row in case.get("orders", ())),
    )
    due = next_due(
        [observation(row) for row in case["sets"]], [alert(row) for row in case.get("alerts", ())], background
    )
    assert (clock(due.at), due.what, due.words(UTC)) == (case["due"], case["what"], case["why"])
    assert due.source
    assert due.evidence
    for row in case.get("late", ()):
        found = overdue(due, moment(row["at"]), UTC)
        assert (found.level if found else "none") == row["level"]
        assert found is None or found.message == row["says"]
        assert "known" not in row or f"{row['known']}." in found.reason


def test_there_are_cases():
    assert len(CASES) > 60
