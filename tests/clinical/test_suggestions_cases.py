"""Named clinical cases: what is suggested, by which rule, and what the reader must find in it."""

import json
import re
from typing import Any

import pytest
from suggestion_cases import EXAMPLES, base, built, case_files

from detox.clinical.case import read_case
from detox.clinical.suggestions import suggest
from detox.ui.suggestion_words import MOST_WORDS

CASES = case_files()


@pytest.mark.parametrize("entry", [entry for _, entry in CASES], ids=[name for name, _ in CASES])
def test_named_case(entry: dict[str, Any]) -> None:
    found = suggest(read_case(built(entry)))
    said = " ".join((found.text, *found.reasons))
    assert found.suggestion_class == entry["expect"], (found.rules, said)
    assert found.dose_action == entry.get("action")
    assert set(entry.get("rules", ())) <= set(found.rules), (found.rules, said)
    assert found.suggestion_class not in entry.get("never", ())
    assert not set(entry.get("without", ())) & {*found.rules, *(rule for rule, _ in found.blocked)}
    for words in entry.get("shows", ()):
        assert words.lower() in said.lower(), said
    for words in entry.get("hides", ()):
        assert words.lower() not in said.lower(), said


@pytest.mark.parametrize("entry", [entry for _, entry in CASES], ids=[name for name, _ in CASES])
def test_what_to_do_and_why_are_short_and_said_once(entry: dict[str, Any]) -> None:
    found = suggest(read_case(built(entry)))
    assert len(f"{found.text} {found.reasons[0]}".split()) <= MOST_WORDS, (found.text, found.reasons[0])
    said = [found.text, *found.reasons, *found.missing, *found.alternatives]
    sentences = [s.rstrip(".").lower() for text in said if "'" not in text for s in re.split(r"(?<=[.!?])\s+", text)]
    assert len(sentences) == len(set(sentences)), sorted(s for s in sentences if sentences.count(s) > 1)
    assert set(found.beside) <= set(found.reasons)


def test_each_danger_says_why_before_one_of_them_says_more() -> None:
    case = base("taper") | {"events": [{"type": "seizure", "h_ago": 1}, {"type": "chest_pain", "h_ago": 2}]}
    case["observations"][0]["vitals"]["rr"] = 7
    found = suggest(read_case(case))
    assert found.rules[:2] == ("A01", "A05")
    assert [reason.split()[0] for reason in found.reasons[:3]] == ["RR", "Seizure", "Chest"]


def test_every_rule_fires_in_some_case_and_just_not_in_another() -> None:
    table = {f"A{n:02}" for n in range(17)} | {f"B{n:02}" for n in range(1, 11)}
    table |= {f"C{n:02}" for n in range(1, 11)} | {f"D{n:02}" for n in range(1, 14)}
    assert table <= {rule for _, entry in CASES for rule in entry.get("rules", ())}
    # the check before diamorphine and the other two starts answer with one rule, met or not
    assert table - {"C07", "C08", "C09"} <= {rule for _, entry in CASES for rule in entry.get("without", ())}


def examples() -> list[dict[str, Any]]:
    if not EXAMPLES.exists():
        return []
    cases: list[dict[str, Any]] = json.loads(EXAMPLES.read_text(encoding="utf-8"))["cases"]
    return cases


@pytest.mark.parametrize("case", examples() or [None], ids=lambda c: c["id"] if c else "none")
def test_shared_example(case: dict[str, Any] | None) -> None:
    if case is None:
        pytest.skip(f"the shared examples are not at {EXAMPLES}")
    expected, found = case["expected"], suggest(read_case(case))
    assert found.suggestion_class == expected["class"]
    assert found.dose_action == expected["dose_action"]
    assert found.suggestion_class not in expected["must_not_be"]
    assert set(expected["rules"]) <= set(found.rules)
    said = " ".join((found.text, *found.reasons)).lower()
    for words in expected["must_show"]:
        assert words.lower().removesuffix(" wording") in said, said
