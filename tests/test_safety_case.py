"""The safety case names files, tests and cases as proof: each of them exists."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "safety-case.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in TEXT.splitlines() if line.startswith("| H")]
CONTROL, SHOWN_BY, LEFT = 5, 6, 7
PLAYS = {
    "tests/clinical/test_suggestions_cases.py": "suggestions",
    "tests/clinical/test_alerts_cases.py": "alerts",
    "tests/clinical/test_schedule_cases.py": "monitoring",
}
"""Which folder of tests/cases a test plays."""


@cache
def functions(file: str) -> set[str]:
    if not (ROOT / file).is_file():
        return set()
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@cache
def cases(folder: str) -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests" / "cases" / folder).glob("*.toml"):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in (*content.get("case", ()), *content.get("cases", ())):
            found |= {case.get("name", ""), case.get("sentence", "")}
    return found


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT))
    assert len(named) > 100
    assert [f"{file}::{test}" for file, test in sorted(named) if test not in functions(file)] == []


def test_every_file_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:detox|docs|tests)/[\w./-]+|README\.md)`", TEXT))
    named |= {f"docs/{link}" for link in re.findall(r"\]\(([\w.-]+)\)", TEXT)}
    assert [file for file in sorted(named) if not (ROOT / file).exists()] == []


def test_every_case_that_is_named_is_played_by_that_test() -> None:
    shown = [part for row in ROWS for part in row[SHOWN_BY].split("<br>") if '"' in part]
    named = []
    for part in shown:
        found = re.fullmatch(r'`(tests/[\w/]+\.py)::\w+`, cases? ("[^"]+"(?:; "[^"]+")*)', part)
        assert found, part
        named += [(found[1], case) for case in re.findall(r'"([^"]+)"', found[2])]
    assert [(file, case) for file, case in named if case not in cases(PLAYS[file])] == []


def test_each_hazard_has_its_number_a_control_and_a_test() -> None:
    assert [row[0].removeprefix("| ") for row in ROWS] == [f"H{n:02}" for n in range(1, len(ROWS) + 1)]
    for row in ROWS:
        assert len(row) == 8
        assert all(row)
        assert "`" in row[CONTROL], row[0]
        assert "::" in row[SHOWN_BY], row[0]


def test_what_is_left_is_marked_where_it_is_grave_and_more_than_low() -> None:
    for row in ROWS:
        left = re.match(r"(\w+) / (very low|low|medium|high|very high)(, \*\*not acceptable alone\*\*)?", row[LEFT])
        assert left, row[0]
        grave = left[1] in ("catastrophic", "major") and left[2] in ("medium", "high", "very high")
        assert bool(left[3]) == grave, row[0]
