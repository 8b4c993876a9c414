"""Values charted minutes apart are one picture: a rule that combines several sees them together, and none twice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detox.clinical.alerts.folding import alerts_file, applied, fold
from detox.clinical.model import LEVELS, Background, Observation, Vitals

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
WITHIN = alerts_file().assembly.set_min
CALM = {
    "systolic_mmhg": 122, "diastolic_mmhg": 76, "heart_rate_per_min": 72, "temperature_c": 36.8,
    "respiratory_rate_per_min": 15, "spo2_percent": 98, "consciousness": "A", "sedation": "1",
}  # fmt: skip
BEFORE = [("calm", -300, CALM, {}), ("calm2", -180, CALM, {}), ("calm3", -120, CALM, {})]


def seen(rows):
    """Rows of a name, minutes after NOW, vitals and signs, as observations in the order of time."""
    return [
        Observation(name, "a", NOW + timedelta(minutes=minutes), vitals=Vitals(**vitals), other=other)
        for name, minutes, vitals, other in sorted(rows, key=lambda row: row[1])
    ]


def standing(rows):
    """The open alerts after these rows: by problem the rule and the level."""
    found = applied({}, fold(seen([*BEFORE, *rows]), Background(admitted_at=NOW - timedelta(hours=30))))
    return {problem: (one.finding.rule, one.finding.level) for problem, one in found.items()}


STORM = ({"systolic_mmhg": 172, "diastolic_mmhg": 96}, {"heart_rate_per_min": 128})


def test_pressure_and_pulse_of_minutes_apart_are_one_storm():
    (problem,) = {r.problem for r in alerts_file().rules if r.id == "storm"}
    whole = standing([("one", 0, STORM[0] | STORM[1], {})])
    assert whole[problem] == ("storm", "critical")
    assert standing([("first", 0, STORM[0], {}), ("second", 6, STORM[1], {})])[problem] == whole[problem]
    assert standing([("first", 0, STORM[1], {}), ("second", 6, STORM[0], {})])[problem] == whole[problem]


@pytest.mark.parametrize(("minutes", "together"), [(WITHIN - 1, True), (WITHIN, True), (WITHIN + 1, False)])
def test_no_further_apart_than_the_window(minutes, together):
    found = standing([("first", 0, STORM[0], {}), ("second", minutes, STORM[1], {})])
    assert ("storm" in {rule for rule, _ in found.values()}) is together


def test_a_sign_of_minutes_ago_counts_with_the_fever():
    rows = [("chills", 0, {}, {"rigors": 1}), ("fever", 9, {"temperature_c": 37.9}, {})]
    assert "fever_rigors" in {rule for rule, _ in standing(rows).values()}


def test_a_value_that_was_measured_again_is_not_taken():
    rows = [("first", 0, STORM[0], {}), ("again", 4, {"systolic_mmhg": 124, "diastolic_mmhg": 78}, {}),
            ("pulse", 8, STORM[1], {})]  # fmt: skip
    assert "storm" not in {rule for rule, _ in standing(rows).values()}


def test_what_was_not_measured_again_is_counted_once():
    """Vomits are counted where they were charted: a later set does not count them again."""
    rows = [("vomits", 0, {}, {"vomits": 2}), ("pulse", 5, {"heart_rate_per_min": 90}, {})]
    assert "volume_counted" not in {rule for rule, _ in standing(rows).values()}


def test_a_set_in_which_nothing_was_taken_raises_nothing():
    refused = Observation("r", "a", NOW + timedelta(minutes=12), not_done="refused")
    rows = seen([*BEFORE, ("first", 0, STORM[0], {}), ("second", 6, STORM[1], {})])
    with_it = [c for c in fold([*rows, refused]) if c.observation_id == "r"]
    assert with_it == []


@st.composite
def split(draw):
    """A set, and its values charted in up to three parts within the window, in any order."""
    vitals = {
        "systolic_mmhg": draw(st.sampled_from([84, 90, 98, 122, 142, 165, 184])), "diastolic_mmhg": 70,
        "heart_rate_per_min": draw(st.sampled_from([44, 58, 72, 95, 112, 124, 136])),
        "temperature_c": draw(st.sampled_from([36.8, 37.6, 37.9, 38.2, 38.7])),
        "respiratory_rate_per_min": draw(st.sampled_from([7, 9, 11, 15, 23, 26])),
        "spo2_percent": draw(st.sampled_from([88, 93, 95, 98])),
        "consciousness": draw(st.sampled_from(["A", "C", "V"])), "sedation": draw(st.sampled_from(["1", "2", "3"])),
    }  # fmt: skip
    parts = [("systolic_mmhg", "diastolic_mmhg"), *((n,) for n in vitals if not n.endswith("_mmhg"))]
    of = [draw(st.integers(0, 2)) for _ in parts]
    times = sorted(draw(st.lists(st.integers(0, int(WITHIN)), min_size=3, max_size=3, unique=True)))
    rows = []
    for number, minutes in enumerate(times):
        own = {name: vitals[name] for names, part in zip(parts, of, strict=True) if part == number for name in names}
        if own:
            rows.append((f"part{number}", minutes, own, {}))
    return vitals, rows


@settings(max_examples=300, deadline=None)
@given(split())
def test_a_set_split_over_minutes_raises_at_least_what_the_whole_set_raises(found):
    vitals, rows = found
    whole, parts = standing([("whole", rows[-1][1], vitals, {})]), standing(rows)
    for problem, (rule, level) in whole.items():
        assert problem in parts, (rule, level, parts)
        assert LEVELS.index(parts[problem][1]) >= LEVELS.index(level), (rule, level, parts[problem])
