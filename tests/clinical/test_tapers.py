"""Lists of days as they are published, and ladders: they fall, they end, and each limit is met at its very edge."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from detox.clinical import protocols, taper_content
from detox.clinical.content import NOT_REVIEWED, ROOT, read
from detox.clinical.files import content_files
from detox.clinical.taper_content import LaddersFile, StepLimit, Template, ladders_file, templates
from detox.clinical.tapers import MOST_RUNGS, Rung, ladder, leaves, length_days, rungs_of, steps_of
from detox.errors import ProtocolError, Refused

LISTS = templates()
CTN = (ROOT / "tapers" / "buprenorphine_13_days.toml").read_text(encoding="utf-8")
LADDERS = (ROOT / "ladders.toml").read_text(encoding="utf-8")


def limit(what: str = "share", **given: object) -> StepLimit:
    unit = {"share": "%", "fall": "mg", "last_fall": "mg"}.get(what, "d")
    base = {"id": "l", "drugs": ("methadone",), "course": "withdrawal", "what": what, "unit": unit, "cited": "a label",
            "source": "a source", "evidence": "R"}  # fmt: skip
    return StepLimit(**base, **({"per_days": 1} if what in ("share", "fall") else {}), **given)


def rungs(*doses: float, every_h: float = 24.0) -> tuple[Rung, ...]:
    pairs = list(zip([doses[0], *doses], doses, strict=False))
    return tuple(Rung(n + 1, n * every_h, mg, round(before - mg, 6)) for n, (before, mg) in enumerate(pairs))


def said(ladder_: tuple[Rung, ...], one: StepLimit) -> list[str]:
    return [leave.sentence for leave in leaves(ladder_, [one])]


# --- the lists -------------------------------------------------------------------------------------------------------


def test_the_lists_are_those_that_are_published_or_tagged() -> None:
    assert set(LISTS) == {
        "buprenorphine_13_days", "buprenorphine_low_dose_7_days", "buprenorphine_low_dose_bernese", "clonidine_stop",
        "lofexidine_course", "methadone_inpatient",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "doses"),
    [
        ("buprenorphine_13_days", [8, 8, 16, 14, 12, 10, 8, 6, 6, 4, 4, 2, 2, 0]),
        ("methadone_inpatient", [30, 25, 20, 15, 10, 5, 0]),
        ("buprenorphine_low_dose_bernese", [0.2, 0.2, 2.8, 4.5, 5, 6.5, 8, 8, 12]),
        ("buprenorphine_low_dose_7_days", [0.5, 1, 2, 4, 8, 12, 12]),
        ("lofexidine_course", [2.16] * 7 + [1.44, 0.72, 0]),
        ("clonidine_stop", [0.3, 0.2, 0.1, 0]),
    ],
)
def test_the_doses_are_those_of_the_source(name: str, doses: list[float]) -> None:
    assert [day.dose_mg for day in LISTS[name].days] == doses


def test_what_is_to_be_verified_is_tagged_day_by_day() -> None:
    days = {day.day: day.evidence for day in LISTS["buprenorphine_13_days"].days}
    assert {number for number, tag in days.items() if tag == "K"} == {2, *range(4, 12)}
    assert LISTS["buprenorphine_low_dose_7_days"].days[-1].up_to_mg == 16


def test_the_trial_whose_table_is_unknown_has_no_list() -> None:
    assert not [one.id for one in LISTS.values() if "CTN-0003" in one.title + one.source]


@pytest.mark.parametrize("one", LISTS.values(), ids=lambda one: one.id)
def test_every_list_is_whole(one: Template) -> None:
    doses = [day.dose_mg for day in one.falls]
    if one.kind == "taper":
        assert doses == sorted(doses, reverse=True)
        assert doses[-1] == 0
        steps = [step.dose_mg for step in one.steps()]
        assert steps == sorted(set(doses), reverse=True), "a plan's steps fall strictly"
        assert {leave.limit.id for leave in _left(one)} <= set(one.checked_against)
    assert one.contested
    assert not one.reviewed
    assert one.id in {file.id for file in content_files() if file.file.review_state == NOT_REVIEWED}


def _left(one: Template):
    return leaves(rungs_of(one), [cited for cited in ladders_file().step_limits if cited.id in one.checked_against])


def test_levels_that_stand_longer_are_told() -> None:
    assert LISTS["buprenorphine_13_days"].longer() == {6.0: 2, 4.0: 2, 2.0: 2}
    assert LISTS["methadone_inpatient"].longer() == {}
    assert len(LISTS["lofexidine_course"].falls) == 4


def refused(tmp_path: Path, text: str, kind: type) -> str:
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError) as error:
        read(path, kind)
    assert str(error.value).startswith("broken.toml: ")
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('drug = "bup', 'drugs = "bup', "drugs: Extra inputs"),
        ("day = 2,", "day = 3,", "they count from 1"),
        ("doses_mg = [12.0]", "doses_mg = [15.0]", "a taper falls"),
        ("doses_mg = [6.0]", "doses_mg = [9.0]", "a taper falls"),
        ("doses_mg = [0.0]", "doses_mg = [1.0]", "ends at 0 mg"),
        ("doses_mg = [14.0]", "doses_mg = [-14.0]", "no dose is under 0"),
        ('kind = "taper"', 'kind = "start"', "a start never falls"),
        ('evidence = "K" }', 'evidence = "sure" }', "days.1.evidence"),
        ("interval_h = 24.0", "interval_h = 0.0", "interval_h"),
        ('course = "withdrawal"', 'course = "slow"', "course"),
    ],
)
def test_each_kind_of_broken_list_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in CTN
    assert words in refused(tmp_path, CTN.replace(old, new, 1), Template)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('unit = "%"', 'unit = "mg"', "is counted in %"),
        ("at_most = 20.0\n", "", "give at_most or below"),
        ("at_most = 20.0", "at_most = 20.0\nbelow = 10.0", "give at_most or below"),
        ("at_most = 20.0", "at_most = 20.0\nat_least = 1.0", "at_least belongs to days"),
        ("per_days = 1\n", "", "per_days belongs to"),
        ("at_most = 21.0", "at_most = 21.0\nper_days = 1", "per_days belongs to"),
        ('id = "methadone_course_days"', 'id = "methadone_day_share"', "stands twice"),
        ('drug = "clonidine"', 'drug = "clonidin"', "clonidine, which has no grain"),
        ("grain_mg = 1.0", "grain_mg = 0.0", "greater than 0"),
        ('what = "share"', 'what = "speed"', "what"),
        ("[shapes.linear]", "[shapes.curved]", "shapes.linear: Field required"),
    ],
)
def test_each_kind_of_broken_ladders_file_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in LADDERS
    assert words in refused(tmp_path, LADDERS.replace(old, new, 1), LaddersFile)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "buprenorphine_13_days"', 'id = "other"', "'other' is not the file's name"),
        ('drug = "buprenorphine"', 'drug = "diamorphine"', "'diamorphine' stands nowhere in ladders.toml"),
        ('"inpatient_days"', '"inpatient_weeks"', "inpatient_weeks is no limit of buprenorphine"),
    ],
)
def test_a_list_names_a_known_drug_and_known_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, words: str
) -> None:
    (tmp_path / "tapers").mkdir()
    (tmp_path / "tapers" / "buprenorphine_13_days.toml").write_text(CTN.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(protocols, "ROOT", tmp_path)
    with pytest.raises(ProtocolError, match=re.escape(words)):
        taper_content.templates.__wrapped__()


# --- ladders ---------------------------------------------------------------------------------------------------------

amounts = st.floats(0.05, 150, allow_nan=False)
grains = st.sampled_from([one.grain_mg for one in ladders_file().drugs])
shapes = st.sampled_from(["linear", "proportional"])


@given(start=amounts, share=st.floats(0.02, 0.95), end=st.floats(0, 0.9), grain=grains, shape=shapes,
       hours=st.floats(1, 1000))  # fmt: skip
def test_a_ladder_falls_strictly_to_its_end_in_what_can_be_given(start, share, end, grain, shape, hours) -> None:
    assume(start / grain < MOST_RUNGS)
    end_mg = start * end if end > 0.1 else 0.0
    found = ladder(start, share if shape == "proportional" else share * start, hours, shape, grain, end_mg)
    doses = [rung.dose_mg for rung in found]
    assert doses[0] == start
    assert doses[-1] == end_mg
    assert all(later < earlier for earlier, later in zip(doses, doses[1:], strict=False))
    assert min(doses) >= 0
    assert max(doses) == start
    assert all(abs(mg / grain - round(mg / grain)) < 1e-4 for mg in doses[1:-1])
    assert [rung.at_h for rung in found] == [n * hours for n in range(len(found))]
    assert sum(rung.fall_mg for rung in found) == pytest.approx(start - end_mg, abs=1e-3)
    assert [step.number for step in steps_of(found)] == list(range(1, len(found) + 1))


@given(start=st.integers(5, 150), share=st.floats(0.02, 0.5), hours=st.floats(1, 400))
def test_proportional_is_never_shorter_than_linear_with_the_same_first_step(start, share, hours) -> None:
    first = ladder(start, share, hours, "proportional", 1.0)
    linear = ladder(start, max(first[1].fall_mg, 1.0), hours, "linear", 1.0)
    assert length_days(first) >= length_days(linear)


def test_a_ladder_of_the_source() -> None:
    assert [rung.dose_mg for rung in ladder(30, 5, 24, "linear", 1)] == [30, 25, 20, 15, 10, 5, 0]
    assert [rung.dose_mg for rung in ladder(10, 0.3, 24, "proportional", 1)] == [10, 7, 5, 4, 3, 2, 1, 0]
    assert [rung.dose_mg for rung in ladder(60, 10, 24, "linear", 1, 35)] == [60, 50, 40, 35]
    assert [rung.dose_mg for rung in ladder(0.3, 0.1, 24, "linear", 0.1)] == [0.3, 0.2, 0.1, 0]
    assert [rung.dose_mg for rung in ladder(33.3, 5, 24, "linear", 1)][:3] == [33.3, 28, 23]


def test_days_count_from_one_and_shares_from_the_dose_before() -> None:
    found = ladder(30, 5, 36, "linear", 1)
    assert [rung.day for rung in found[:4]] == [1, 2, 4, 5]
    assert found[0].share == 0
    assert found[1].share == pytest.approx(5 / 30)
    assert length_days(found) == 9


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        ({"start_mg": 0.0}, "start_mg"),
        ({"start_mg": float("nan")}, "numbers"),
        ({"start_mg": float("inf")}, "numbers"),
        ({"step": 0.0}, "step"),
        ({"step": 1.0, "shape": "proportional"}, "step"),
        ({"interval_h": 0.0}, "interval_h"),
        ({"grain_mg": 0.0}, "numbers"),
        ({"end_mg": 30.0}, "end_mg"),
        ({"end_mg": -1.0}, "end_mg"),
        ({"start_mg": 1000.0, "step": 1.0}, "step"),
    ],
)
def test_what_makes_no_ladder_is_refused_by_field(given_: dict[str, object], field: str) -> None:
    usual = {"start_mg": 30.0, "step": 5.0, "interval_h": 24.0, "shape": "linear", "grain_mg": 1.0, "end_mg": 0.0}
    with pytest.raises(Refused) as error:
        ladder(**(usual | given_))  # type: ignore[arg-type]
    assert field in error.value.problems


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(Refused) as error:
        ladder(0, 0, 0, "linear", 1)
    assert {"start_mg", "step", "interval_h"} <= set(error.value.problems)


# --- limits, each at its edge ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dose", "left"), [(81, False), (80, False), (79, True)])
def test_a_share_that_is_allowed_may_be_reached(dose: float, left: bool) -> None:
    assert bool(said(rungs(100, dose), limit(at_most=20.0))) is left


@pytest.mark.parametrize(("dose", "left"), [(91, False), (90, True), (89, True)])
def test_a_share_that_must_stay_under_may_not(dose: float, left: bool) -> None:
    assert bool(said(rungs(100, dose), limit(below=10.0))) is left


@pytest.mark.parametrize(("dose", "left"), [(26, False), (25, False), (24, True)])
def test_a_fall_in_mg(dose: float, left: bool) -> None:
    assert bool(said(rungs(30, dose), limit("fall", at_most=5.0))) is left


@pytest.mark.parametrize(("hours", "left"), [(239, True), (240, False), (241, False)])
def test_falls_add_up_within_the_window_and_not_beyond(hours: float, left: bool) -> None:
    one = limit(at_most=10.0).model_copy(update={"per_days": 10})
    assert bool(said(rungs(100, 90, 81, every_h=hours), one)) is left


@pytest.mark.parametrize(
    ("days", "under", "over"), [(5, True, False), (6, False, False), (10, False, False), (11, False, True)]
)
def test_the_length_of_a_ladder_that_ends_at_nothing(days: int, under: bool, over: bool) -> None:
    told = said(rungs(*range(days, -1, -1)), limit("days", at_least=6.0, at_most=10.0))
    assert [("under 6 days" in t, "over 10 days" in t) for t in told] == ([(under, over)] if under or over else [])


@pytest.mark.parametrize(("count", "left"), [(1, True), (2, False), (4, False), (5, True)])
def test_stopping_counts_from_the_first_fall(count: int, left: bool) -> None:
    steady = rungs(10, 10, 10, *range(count, -1, -1))
    assert bool(said(steady, limit("stopping_days", at_least=2.0, at_most=4.0))) is left


@pytest.mark.parametrize(("last", "left"), [(0.3, False), (0.4, False), (0.5, True)])
def test_the_last_fall(last: float, left: bool) -> None:
    assert bool(said(rungs(2, last, 0), limit("last_fall", at_most=0.4))) is left


def test_a_ladder_that_does_not_end_at_nothing_is_asked_for_its_steps_alone() -> None:
    whole = [limit("days", at_least=60.0), limit("last_fall", at_most=0.4), limit("stopping_days", at_least=60.0)]
    assert not leaves(rungs(60, 50, 40), whole)
    assert len(leaves(rungs(60, 50, 0), whole)) == 3


def test_the_sentence_says_day_doses_amount_limit_and_on_whose_word() -> None:
    found = ladder(30, 5, 24, "linear", 1)
    cited = next(one for one in ladders_file().step_limits if one.id == "methadone_day_share")
    assert said(found, cited)[0] == "day 4: 20 → 15 mg is 25 %, over 20 % a day (old methadone label, inpatients, R)"
    assert said(rungs(100, 95, 90), limit(below=10.0).model_copy(update={"per_days": 10})) == [
        "day 3: 100 → 90 mg within 10 days is 10 %, not under 10 % in 10 days (a label, R)"
    ]


def test_a_rise_is_no_fall_and_what_came_before_it_counts() -> None:
    one = limit(at_most=25.0)
    assert not said(rungs_of(LISTS["buprenorphine_low_dose_bernese"]), one)
    assert replace(rungs_of(LISTS["buprenorphine_13_days"])[2]).fall_mg == 0


@given(start=st.integers(10, 120), share=st.floats(0.01, 0.9), most=st.floats(1, 99), more=st.floats(0.5, 50))
def test_a_wider_limit_is_never_left_more_often(start, share, most, more) -> None:
    found = ladder(start, share, 24, "proportional", 1.0)
    assert len(said(found, limit(at_most=most + more))) <= len(said(found, limit(at_most=most)))
