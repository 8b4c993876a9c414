"""`detox judge`: one admission a line, and everything that the product would show about it."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from judge_lines import NOW, NURSE, PHYSICIAN, Line, at, calm, dose, induction, missed_four, one_set, rated, taper

from detox.__main__ import main
from detox.clinical.danger_content import dangers_file
from detox.clinical.protocols import vitals_file
from detox.commands.judge_context import charted
from detox.commands.judge_form import RULES_EVENTS, read_line
from detox.commands.judging import answer, drugs

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("DETOX_SHARED") or ROOT.parent / "shared")
EXAMPLES = SHARED / "cases" / "judge_examples.jsonl"
GOES_ON = {"CONTINUE", "STEP_DOWN", "STEP_UP", "START_MET"}


def called(found: Line) -> str:
    suggestion = found["suggestion"]
    assert isinstance(suggestion, dict)
    return str(suggestion["class"])


def may(found: Line, drug: str) -> str:
    doses = found["doses"]
    assert isinstance(doses, dict)
    return str(doses[drug]["may_give"])


def rules(found: Line) -> set[str]:
    alerts = found["alerts"]
    assert isinstance(alerts, list)
    return {str(one["rule"]) for one in alerts}


def texts(found: Line, key: str) -> list[str]:
    said = found[key]
    assert isinstance(said, list)
    return [str(one) for one in said]


@dataclass(frozen=True)
class Kind:
    """What must come out: the level, the class (None: none that goes on), the words on the plan's drug."""

    line: Line
    level: str | None
    answer: set[str] | None
    drug: str = "methadone"
    may_give: set[str] = field(default_factory=lambda: {"no", "physician"})


PART = {"respiratory_rate_per_min": 23, "spo2_percent": 93}
PRESSURE = {"systolic_mmhg": 104, "diastolic_mmhg": 62, "heart_rate_per_min": 114}
REST = {"temperature_c": 38.2, "consciousness": "A", "on_oxygen": False}
KINDS: dict[str, Kind] = {
    "calm": Kind(calm(), "settled", {"STEP_DOWN", "CONTINUE"}, may_give={"yes"}),
    "pinpoint": Kind(
        taper(one_set(290, 13), one_set(110, 14), one_set(8, 12, signs={"pinpoint_pupils": 1})),
        "critical",
        {"HOLD_CALL"},
    ),
    "drowsy-day-3": Kind(
        taper(one_set(310, 2), one_set(8, 1, respiratory_rate_per_min=11, sedation="2")), "critical", None
    ),
    "missed-4": Kind(missed_four(), "warning", {"HOLD_CALL"}, may_give={"no"}),
    "missed-4-and-fever": Kind(missed_four(temperature_c=38.1), "critical", {"HOLD_CALL"}, may_give={"no"}),
    "missed-4-and-pressure": Kind(missed_four(systolic_mmhg=182), "critical", {"HOLD_CALL"}, may_give={"no"}),
    "second-dose": Kind(
        induction(
            one_set(135, 9),
            one_set(70, 18),
            one_set(30, 21),
            one_set(5, 21),
            doses=(dose(130, "buprenorphine", 4), dose(65, "buprenorphine", 4)),
        ),
        "critical",
        {"HOLD_CALL"},
        "buprenorphine",
        {"physician"},
    ),
    "split-4-4-8": Kind(
        induction(
            one_set(130, 9),
            one_set(85, 14),
            one_set(40, 19),
            one_set(5, 24),
            doses=(dose(125, "buprenorphine", 4), dose(80, "buprenorphine", 4), dose(35, "buprenorphine", 8)),
        ),
        "critical",
        {"HOLD_CALL"},
        "buprenorphine",
        {"physician"},
    ),
    "late-look": Kind(
        induction(one_set(155, 8), one_set(4, 22), doses=(dose(150, "buprenorphine", 4),)),
        "critical",
        {"HOLD_CALL"},
        "buprenorphine",
        {"physician"},
    ),
    "item-missing": Kind(
        induction(one_set(58, 13, cows=rated(13, yawning=None)), one_set(6, 23), doses=(dose(50, "buprenorphine", 4),)),
        None,
        {"HOLD_CALL"},
        "buprenorphine",
        {"physician"},
    ),
    "minutes-apart": Kind(
        taper(
            one_set(290, 3),
            one_set(11, None, vitals=PART),
            one_set(8, None, vitals=PRESSURE),
            one_set(5, None, vitals=REST),
        ),
        "critical",
        {"HOLD_CALL"},
    ),
    "one-name-two-nurses": Kind(
        taper(one_set(290, 3), one_set(20, 15), one_set(10, 1, by=NURSE | {"id": "n2"})),
        None,
        {"NO_SUGGESTION"},
        may_give={"yes"},
    ),
    "note": Kind(
        taper(one_set(290, 3), one_set(9, 3, note="cannot be woken for breakfast")),
        "critical",
        {"HOLD_CALL"},
        may_give={"no"},
    ),
    "brand": Kind(
        taper(
            one_set(300, 3),
            one_set(10, 3),
            drug="buprenorphine",
            steps=(10, 8, 6, 0),
            doses=[dose(49 * 60, "buprenorphine", 8), dose(25 * 60, "Subutex", 8), dose(180, "Physeptone", 60)],
        ),
        None,
        None,
        "buprenorphine",
    ),
    "scale-2": Kind(
        taper(one_set(290, 3, spo2_percent=90), one_set(9, 3, spo2_percent=75))
        | {"admission": {"programme": "taper", "admitted_at": at(4 * 1440), "spo2_scale": 2, "setting": "inpatient"}},
        "critical",
        {"HOLD_CALL"},
        may_give={"no"},
    ),
    "apnoea": Kind(
        taper(one_set(290, 3), one_set(6, 3, respiratory_rate_per_min=0, consciousness="U")),
        "critical",
        {"HOLD_CALL"},
        may_give={"no"},
    ),
}


def check(kind: Kind, found: Line) -> None:
    if kind.level is not None:
        assert found["level"] == kind.level
    if kind.answer is None:
        assert called(found) not in GOES_ON
    else:
        assert called(found) in kind.answer
    assert may(found, kind.drug) in kind.may_give


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_comes_out_right(name: str) -> None:
    check(KINDS[name], answer(KINDS[name].line))


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples that are handed round are not on this machine")
@pytest.mark.parametrize("name", KINDS)
def test_each_example_that_is_handed_round_comes_out_right(name: str) -> None:
    lines = {line["id"]: line for line in map(json.loads, EXAMPLES.read_text(encoding="utf-8").splitlines())}
    assert lines.keys() == KINDS.keys()
    check(KINDS[name], answer(lines[name]))


# --- the command: lines, errors, statuses


@pytest.fixture
def run() -> Callable[..., Result]:
    def call(*lines: object, raw: bytes = b"") -> Result:
        return CliRunner().invoke(main, ["judge"], input=raw or "".join(json.dumps(one) + "\n" for one in lines))

    return call


def told(result: Result) -> list[Line]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_has_its_answer_under_the_keys_of_the_interface(run: Callable[..., Result]) -> None:
    result = run(calm(id=7, right="goes on"))
    assert result.exit_code == 0
    (found,) = told(result)
    assert list(found) == [
        "id", "level", "alerts", "dangers", "doses", "suggestion", "watches", "next_due", "notes_unread",
        "not_understood",
    ]  # fmt: skip
    assert found["id"] == 7
    assert set(found["doses"]) == set(drugs())  # type: ignore[call-overload]
    assert found["next_due"] == {"vitals": "2026-11-22T02:32:00+00:00", "cows": "2026-11-22T04:32:00+00:00"}
    assert (found["alerts"], found["dangers"], found["not_understood"]) == ([], [], [])
    for key in ("id", "class", "dose_action", "rules", "text", "reasons", "missing", "alternatives", "expires_at"):
        assert key in found["suggestion"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"obs": []}, "obs is not a key of the form"),
        ({"obs": None}, "obs is not a key of the form"),
        ({"now": None}, "now is missing"),
        ({"now": "2026-11-21T22:40:00"}, "has no offset"),
        ({"now": "yesterday"}, "is no time such as"),
        ({"now": "1900-12-31T23:59:59+00:00"}, "no admission was then"),
        ({"now": "9999-12-31T23:59:59+00:00"}, "no admission was then"),
        ({"admission": {"programme": "detox", "admitted_at": at(9)}}, "admission.programme cannot be read"),
        ({"admission": {"programme": "taper"}}, "admission.admitted_at is missing"),
        ({"admission": {"programme": "taper", "admitted_at": at(-9)}}, "lies after now"),
        ({"observations": [one_set(8) | {"pulse": 80}]}, "observations.0.pulse is not a key"),
        ({"observations": [one_set(8, pulse=80)]}, "There is no vital 'pulse'"),
        ({"observations": [one_set(8, heart_rate_per_min="80")]}, "is not a number"),
        ({"observations": [one_set(8, cows={"hiccups": 1})]}, "no item 'hiccups'"),
        ({"observations": [one_set(8, scales={"mood": {"a": 1}})]}, "There is no scale 'mood'"),
        ({"observations": [one_set(8, scales={"cows": {"tremor": 1}})]}, "COWS twice"),
        ({"observations": [one_set(8), one_set(8)]}, "o8 stands on two observations"),
        ({"observations": [one_set(8, by={"name": "A"})]}, "observations.0.by.id is missing"),
        ({"doses": [{"at": at(9), "drug": "methadone", "mg": "8"}]}, "doses.0.mg cannot be read"),
        ({"checklist": {"hugs": True}}, "The checklist has no 'hugs'"),
    ],
)
def test_what_the_form_does_not_have_is_an_error_and_the_run_goes_on(
    run: Callable[..., Result], change: Line, says: str
) -> None:
    result = run(calm() | {"id": "bad"} | change, calm(id="next"))
    bad, good = told(result)
    assert result.exit_code == 1
    assert list(bad) == ["id", "error"]
    assert says in str(bad["error"])
    assert (bad["id"], good["id"]) == ("bad", "next")
    assert good["level"] == "settled"


def test_an_absent_file_and_a_line_that_is_no_object(run: Callable[..., Result]) -> None:
    assert CliRunner().invoke(main, ["judge", "nowhere.jsonl"]).exit_code == 2
    result = run(raw=b'[1]\n{"id": 1, "id": 2}\n\n')
    assert [one["id"] for one in told(result)] == [None, None]
    assert result.exit_code == 1


def test_a_rule_that_errs_is_an_error_and_never_an_answer(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(known: object) -> None:
        raise ZeroDivisionError("a rule")

    monkeypatch.setattr("detox.commands.judging.judged", broken)
    result = run(calm())
    assert result.exit_code == 1
    assert "could not be worked out" in str(told(result)[0]["error"])


# --- what is absent, refused, ahead, or cannot be


def test_the_least_line_is_unknown_and_gives_nothing() -> None:
    found = answer({"id": 1, "now": NOW.isoformat(), "admission": {"programme": "taper", "admitted_at": at(60)}})
    assert (found["level"], called(found)) == ("unknown", "NO_SUGGESTION")
    assert {may(found, drug) for drug in drugs() if drug != "naloxone"} == {"physician"}
    assert may(found, "naloxone") == "yes"


def test_null_is_absent() -> None:
    line = calm()
    assert answer(line | {"plan": None}) == answer({key: value for key, value in line.items() if key != "plan"})


@pytest.mark.parametrize("why", ["refused", "asleep", "off ward", "off_ward"])
def test_sets_that_were_not_taken_change_nothing(why: str) -> None:
    without = taper(one_set(290), one_set(40, systolic_mmhg=190), one_set(38, systolic_mmhg=190))
    refused = [{"id": f"r{n}", "at": at(n), "by": NURSE, "not_done": why} for n in (20, 10)]
    found = answer(without | {"observations": [*without["observations"], *refused]})  # type: ignore[misc]
    assert found["level"] == "critical"
    assert {"systolic_high_red"} <= rules(found)
    assert called(found) not in GOES_ON


@pytest.mark.parametrize(("ahead", "judged_too"), [(0, True), (2, True), (2.1, False), (1440, False)])
def test_a_set_later_than_now_is_judged_by_nobody_and_named(ahead: float, judged_too: bool) -> None:
    found = answer(taper(one_set(290), one_set(8), one_set(-ahead, respiratory_rate_per_min=6)))
    assert (found["level"] == "critical") == judged_too
    assert any("later than now" in said for said in texts(found, "not_understood")) != judged_too
    if not judged_too:
        assert {**found, "not_understood": []} == {**answer(calm()), "not_understood": []}


def test_a_value_that_cannot_be_is_left_out_alone() -> None:
    found = answer(taper(one_set(290), one_set(8, heart_rate_per_min=412, respiratory_rate_per_min=7)))
    assert (found["level"], called(found)) == ("critical", "HOLD_CALL")
    assert any("412" in said for said in texts(found, "not_understood"))


def test_a_value_that_cannot_be_stops_until_it_was_measured_again() -> None:
    assert called(answer(taper(one_set(290), one_set(8, temperature_c=98.2)))) == "NO_SUGGESTION"
    again = answer(taper(one_set(290), one_set(20, temperature_c=98.2), one_set(8)))
    assert called(again) in GOES_ON
    assert any("98.2" in said for said in texts(again, "not_understood"))


def test_more_decimals_than_are_charted_are_rounded() -> None:
    assert answer(taper(one_set(290), one_set(8, temperature_c=36.84))) == answer(calm())
    assert "temperature_high_red" in rules(answer(taper(one_set(290), one_set(8, temperature_c=37.95))))


def test_a_missing_score_or_vital_is_never_settled() -> None:
    assert answer(taper(one_set(8, None)))["level"] == "unknown"
    assert answer(taper(one_set(8, cows=rated(4, tremor=None))))["level"] == "unknown"
    assert answer(taper(one_set(8, temperature_c=None)))["level"] == "unknown"


@pytest.mark.parametrize(
    ("minutes_late", "level"), [(0, "settled"), (30, "settled"), (31, "unknown"), (300, "unknown")]
)
def test_an_overdue_set_is_unknown(minutes_late: int, level: str) -> None:
    due = datetime.fromisoformat("2026-11-22T02:32:00+00:00")
    late = due + timedelta(minutes=minutes_late)
    assert answer(calm(now=late.isoformat()))["level"] == level
    said = {"at": (late - timedelta(minutes=1)).isoformat(), "by": NURSE, "problem": "overdue", "done": "on the way"}
    assert answer(calm(now=late.isoformat(), answers=[said]))["level"] == level


def test_a_corrected_set_is_judged_in_its_new_form_alone() -> None:
    typed = one_set(8, systolic_mmhg=190, id="typed")
    right = one_set(8, id="right", replaces="typed", recorded_at=at(5))
    assert answer(taper(one_set(290), typed))["level"] != "settled"
    assert answer(taper(one_set(290), typed, right))["level"] == "settled"
    lost = answer(taper(one_set(290), one_set(8, replaces="nowhere")))
    assert any("'nowhere', which is not there" in said for said in texts(lost, "not_understood"))


def test_a_correction_dated_ahead_corrects_nothing() -> None:
    typed = one_set(8, respiratory_rate_per_min=7, id="typed")
    ahead = one_set(-60, id="right", replaces="typed")
    assert answer(taper(one_set(290), typed, ahead))["level"] == "critical"


# --- words


@pytest.mark.parametrize(
    ("known", "goes_on"),
    [
        ({"conditions": ["asthma"]}, True),
        ({"conditions": ["hepatitis C, depression"]}, True),
        ({"conditions": ["hepatitis C; green fever of Mars"]}, True),
        ({"conditions": ["hepatitis C; Martian flux"]}, False),
        ({"conditions": ["pregnant 20 weeks"]}, True),
        ({"medicines": ["paracetamol 1 g", "metformin"]}, True),
        ({"medicines": ["metoprolol"]}, True),
        ({"medicines": ["zorbulin 5 mg"]}, False),
    ],
)
def test_a_condition_or_medicine_that_nobody_knows_stops(known: Line, goes_on: bool) -> None:
    line = calm()
    patient = line["admission"]["patient"] | known  # type: ignore[index]
    found = answer(line | {"admission": line["admission"] | {"patient": patient}})  # type: ignore[operator]
    stopped = any("none that the rules know" in said for said in texts(found, "not_understood"))
    assert stopped != goes_on
    assert not (called(found) in GOES_ON and stopped)


def test_an_unknown_word_never_hides_a_danger() -> None:
    line = taper(one_set(8, respiratory_rate_per_min=7), opioid_use={"opioid": "moon dust"})
    found = answer(line)
    assert (called(found), found["level"]) == ("HOLD_CALL", "critical")
    assert any("moon dust" in said for said in texts(found, "not_understood"))


@pytest.mark.parametrize("note", ["slept well", "talked about relapse, no pain"])
def test_a_calm_note_changes_nothing_but_that_it_is_shown(note: str) -> None:
    found = answer(taper(one_set(290), one_set(8, note=note)))
    assert (found["level"], called(found)) == ("settled", called(answer(calm())))
    assert found["notes_unread"] == [note]


@pytest.mark.parametrize("note", ["cannot be woken", "new systolic murmur", "overdose in the toilet"])
def test_a_note_that_says_danger_raises(note: str) -> None:
    found = answer(taper(one_set(290), one_set(8, note=note)))
    assert found["level"] in ("warning", "critical")
    assert called(found) == "HOLD_CALL"


def test_notes_are_unread_until_a_physician_decides() -> None:
    sets = (one_set(290, note="before"), one_set(100), one_set(8, note="after"))
    decision = {"at": at(90), "by": PHYSICIAN, "verdict": "declined", "class": "HOLD_STEP", "reason": "later"}
    assert answer(taper(*sets))["notes_unread"] == ["after", "before"]
    assert answer(taper(*sets, decisions=[decision]))["notes_unread"] == ["after"]
    found = answer(taper(*sets, decisions=[decision | {"by": NURSE}]))
    assert found["notes_unread"] == ["after", "before"]
    assert any("not a physician's" in said for said in texts(found, "not_understood"))


def test_a_drug_goes_by_its_brand_and_a_strange_one_stops() -> None:
    assert called(answer(calm(doses=[dose(49 * 60, "Physeptone", 30), dose(25 * 60, "Methadone", 30)]))) in GOES_ON
    found = answer(calm(doses=[dose(49 * 60, "methadone", 30), dose(25 * 60, "wonder drops", 30)]))
    assert called(found) not in GOES_ON
    assert any("'wonder drops'" in said for said in texts(found, "not_understood"))
    assert called(answer(calm(doses=[dose(25 * 60, "methadone", 30) | {"mg": None}]))) not in GOES_ON
    assert called(answer(calm(doses=[dose(-30, "methadone", 30)]))) not in GOES_ON


# --- events, results, answers, decisions, limits


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        ({"type": "suicidal_intent"}, "A10"),
        ({"type": "overdose"}, "A10"),
        ({"type": "seizure"}, "A05"),
        ({"type": "new_confusion"}, "A05"),
        ({"type": "dehydration_signs"}, "A12"),
        ({"type": "intoxicated"}, "A11"),
        ({"type": "naloxone_given"}, "A03"),
        ({"type": "danger_flag"}, "A00"),
    ],
)
def test_an_event_calls(event: Line, rule: str) -> None:
    found = answer(calm(events=[event | {"at": at(120)}]))
    assert called(found) == "HOLD_CALL"
    assert rule in rules(found)
    assert found["level"] in ("warning", "critical")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "return_to_use"}, {"type": "wants_maintenance"}, {"type": "patient_requests_maintenance"},
        {"type": "mar_conflict"}, {"type": "moonwalk"}, {"type": "external_dose", "drug": "methadone", "mg": 30},
        {"type": "cows_not_assessed_asleep"}, {"type": "vomiting"}, {"type": "basis_corrected"},
    ],
)  # fmt: skip
def test_an_event_keeps_a_step_from_going_on(event: Line) -> None:
    assert called(answer(calm(events=[event | {"at": at(7)}]))) not in ("STEP_DOWN", "STEP_UP", "START_MET")


def test_results_reach_the_rules() -> None:
    assert "A08" in rules(answer(calm(labs=[{"at": at(600), "qtc_ms": 510}])))
    assert "A17" in rules(answer(calm(labs=[{"at": at(600), "potassium_mmol_l": 6.5}])))
    assert "A17" not in rules(answer(calm(labs=[{"at": at(600), "potassium_mmol_l": 6.4}])))
    found = answer(calm(labs=[{"at": at(600), "moon_level": 3}]))
    assert any("moon_level" in said for said in texts(found, "not_understood"))


def answered(found: Line, rule: str) -> object:
    alerts = found["alerts"]
    assert isinstance(alerts, list)
    return next(one["answered_by"] for one in alerts if one["rule"] == rule)


PAST = (one_set(360, respiratory_rate_per_min=8), one_set(250), one_set(130), one_set(8))


def test_a_danger_that_is_past_waits_for_a_physician_and_a_nurse_closes_nothing() -> None:
    nurse = {
        "at": at(340),
        "by": NURSE,
        "problem": "breathing",
        "done": "woke her",
        "giving": "as_ordered",
        "closes": True,
    }
    for found in (answer(taper(*PAST)), answer(taper(*PAST, answers=[nurse]))):
        assert (found["level"], called(found), may(found, "methadone")) == ("warning", "HOLD_CALL", "physician")
    done = answer(taper(*PAST, answers=[nurse | {"by": PHYSICIAN}]))
    assert (done["level"], may(done, "methadone")) == ("settled", "yes")
    assert called(done) in GOES_ON


def test_an_answer_is_told_and_lifts_nothing_that_stands() -> None:
    sets = (one_set(290), one_set(20, respiratory_rate_per_min=7), one_set(8, respiratory_rate_per_min=7))
    nurse = {"at": at(10), "by": NURSE, "problem": "breathing", "done": "sat up"}
    found = answer(taper(*sets, answers=[nurse]))
    assert answered(found, "breathing_low_emergency") == NURSE
    assert (found["level"], may(found, "methadone")) == ("critical", "no")
    ordered = answer(taper(*sets, answers=[nurse | {"by": PHYSICIAN, "giving": "as_ordered"}]))
    assert ordered["level"] == "critical"
    assert may(ordered, "methadone") != "yes"
    assert called(ordered) == "HOLD_CALL"


def test_an_answer_to_no_problem_and_one_dated_ahead_count_for_nothing() -> None:
    wrong = {"at": at(340), "by": PHYSICIAN, "problem": "breathlessness", "done": "seen"}
    ahead = {"at": at(-10), "by": PHYSICIAN, "problem": "breathing", "done": "seen"}
    found = answer(taper(*PAST, answers=[wrong, ahead]))
    assert called(found) == "HOLD_CALL"
    assert len(texts(found, "not_understood")) == 2


def test_a_decision_answers_what_stood_at_its_moment_and_nothing_later() -> None:
    def decided(minutes: float) -> Line:
        return {"at": at(minutes), "by": PHYSICIAN, "verdict": "accepted", "class": "HOLD_CALL"}

    assert called(answer(taper(*PAST, decisions=[decided(100)]))) in GOES_ON
    assert called(answer(taper(*PAST, decisions=[decided(361)]))) == "HOLD_CALL"
    assert called(answer(taper(*PAST, decisions=[decided(5 * 1440)]))) == "HOLD_CALL"


def test_the_order_of_lists_says_nothing() -> None:
    line = taper(*PAST, events=[{"type": "seizure", "at": at(99)}, {"type": "return_to_use", "at": at(50)}])
    turned = {k: list(reversed(v)) if isinstance(v, list) else v for k, v in line.items()}
    assert answer(turned) == answer(line)


def test_limits_are_a_physicians_with_an_end_and_never_looser_where_that_is_forbidden() -> None:
    sets = (one_set(290), one_set(30, systolic_mmhg=164), one_set(8, systolic_mmhg=164))
    limit = {"limit": "systolic_mmhg_high_warning", "value": 170, "by": PHYSICIAN, "at": at(60), "until": at(-600)}
    assert "systolic_high_amber" in rules(answer(taper(*sets)))
    assert "systolic_high_amber" not in rules(answer(taper(*sets, limits=[limit])))
    assert "systolic_high_amber" not in rules(answer(taper(*sets, limits=[limit | {"limit": "systolic_high_amber"}])))
    for wrong in ({"by": NURSE}, {"until": None}, {"limit": "mood_high"}, {"until": at(-1440)}, {"value": 400}):
        found = answer(taper(*sets, limits=[limit | wrong]))
        assert "systolic_high_amber" in rules(found)
        assert len(texts(found, "not_understood")) == 1


def test_an_order_shortens_and_without_an_end_never_lengthens() -> None:
    def due(every: int) -> object:
        order = {"what": "vitals", "every_min": every, "by": PHYSICIAN, "at": at(100)}
        return answer(calm(orders=[order]))["next_due"]

    assert due(60) == {"vitals": "2026-11-21T23:32:00+00:00", "cows": "2026-11-21T23:32:00+00:00"}
    assert due(1440) == answer(calm())["next_due"]


def test_age_is_known_to_the_scores_too() -> None:
    def early(age: int) -> bool:
        line = taper(one_set(290), one_set(8, spo2_percent=91))
        patient = line["admission"]["patient"] | {"age": age}  # type: ignore[index]
        found = charted(read_line(line | {"admission": line["admission"] | {"patient": patient}}))  # type: ignore[operator]
        return found.observations[-1].assessment("news2") is not None

    assert early(16)
    assert not early(15)


def test_the_plan_is_read_as_it_stands() -> None:
    for change in (
        {"step": 5},
        {"step": 0},
        {"step": None},
        {"drug": "morphine"},
        {"signed_at": None},
        {"interval_h": None},
    ):
        line = calm()
        assert called(answer(line | {"plan": line["plan"] | change})) not in GOES_ON  # type: ignore[operator]
    line = calm()
    assert called(answer(line | {"proposed": {"drug": "clonidine"}})) not in GOES_ON


# --- the page that others read


def test_the_page_names_everything_that_a_line_can_say() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    section = page[page.index("`detox judge [FILE]`") : page.index("## Charted vitals")]
    names = {one.name for one in vitals_file().other} | {one.id for one in dangers_file().problem} | set(drugs())
    assert [name for name in sorted(names | set(RULES_EVENTS)) if name not in section] == []
