"""With every sentence of the clinical content written otherwise each answer keeps its class, levels and holds."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from judge_lines import Line
from law_lines import EXAMPLES, lines
from test_judge_command import KINDS

ROOT = Path(__file__).resolve().parents[1]
# What a person reads. Ids, sources and lists of words that are looked for in free text are no sentences.
READ = "action|asks|does|dose|ground|how|label|need|own|previous|reason|says|text|there_is|title|why|withheld"
SENTENCE = re.compile(rf'\b({READ}) = "((?:[^"\\]|\\.)*)"')
WORD = re.compile(r"\{[^}]*\}|\\.|[A-Za-z]+")
TOLD = {"alternatives", "because", "message", "reasons", "text"}


def backwards(text: str) -> str:
    """The words of a sentence spelled backwards; what stands in braces is a value and admissions."""
    return WORD.sub(lambda found: found[0] if found[0][0] in "{\\" else found[0][::-1], text)


@pytest.fixture
def reworded(tmp_path: Path) -> Path:
    """A copy of the program in which no sentence is what it was."""
    shutil.copytree(ROOT / "detox", tmp_path / "detox", ignore=shutil.ignore_patterns("__pycache__"))
    for file in (tmp_path / "detox" / "protocols").rglob("*.toml"):
        said = file.read_text(encoding="utf-8")
        file.write_text(SENTENCE.sub(lambda f: f'{f[1]} = "{backwards(f[2])}"', said), encoding="utf-8")
    return tmp_path


def drawn(count: int) -> list[Line]:
    """Admissions at random, the same ones at each call."""
    found: list[Line] = []

    @settings(max_examples=count, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(lines())
    def draw(line: Line) -> None:
        found.append({**line, "id": str(len(found))})

    draw()
    return found


def answered(folder: Path, some: list[Line]) -> list[Line]:
    """What `judge` of the program in a folder says about each admission."""
    asked = "".join(json.dumps(line) + "\n" for line in some)
    done = subprocess.run(
        [sys.executable, "-m", "detox", "judge"],
        input=asked, capture_output=True, text=True, check=False, cwd=folder, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def meant(found: object, key: str = "") -> object:
    """An answer in which each sentence is only counted."""
    if isinstance(found, dict):
        return {name: meant(one, name) for name, one in found.items()}
    if key == "blocked" and isinstance(found, list):
        return [rule for rule, _ in found]
    if isinstance(found, list):
        return len(found) if key in TOLD else [meant(one) for one in found]
    return "" if key in TOLD else found


def test_rewording_changes_no_class_level_or_hold(reworded: Path) -> None:
    some = [{**kind.line, "id": name} for name, kind in KINDS.items()] + drawn(EXAMPLES // 2)
    before, after = answered(ROOT, some), answered(reworded, some)
    assert len(before) == len(some)
    assert before != after, "the copy says something else"
    assert meant(after) == meant(before)
