"""The watch for precipitated withdrawal: what begins it, what it is held against, what ends it, what was not seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detox.clinical import watch as w
from detox.clinical.content import ROOT, read
from detox.clinical.watch import Given, Score, precipitant, rises, unseen, watch_at, watch_file, watches
from detox.errors import ProtocolError

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PARTIAL = {"complete": False}


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def dose(minutes=0, drug="buprenorphine", form=""):
    return Given(at(minutes), drug, form)


def cows(minutes, points, *, complete=True, known=None):
    return Score(at(minutes), "cows", points, complete, None if known is None else at(known))


def sows(minutes, points, scale="sows-gossop"):
    return Score(at(minutes), scale, points)


def state(doses, scores, now, **told):
    found = watches(doses, scores, at(now), **told)
    return found[-1].state if found else None


# --- the window, by drug and form -----------------------------------------------------------------------------------

WINDOWS = [
    ("naloxone", "", 120), ("nalmefene", "", 120), ("buprenorphine", "", 240), ("buprenorphine", "sublingual", 240),
    ("Subutex", "", 240), ("buprenorphine", "depot", 1440), ("Sublocade", "", 1440), ("naltrexone", "", 2880),
    ("naltrexone", "depot", 2880), ("naltrexone_xr", "", 2880),
]  # fmt: skip


@pytest.mark.parametrize(("drug", "form", "minutes"), WINDOWS)
def test_a_rise_counts_up_to_the_end_of_the_window(drug, form, minutes):
    doses, before = [dose(0, drug, form)], cows(-10, 9)
    for late, expected in ((minutes - 1, "risen"), (minutes, "risen"), (minutes + 1, "over")):
        assert state(doses, [before, cows(late, 18)], minutes + 1) == expected


@pytest.mark.parametrize("drug", ["methadone", "diamorphine", "morphine", "clonidine", "", "methylnaltrexone"])
def test_what_precipitates_nothing_begins_no_watch(drug):
    assert state([dose(0, drug)], [cows(-10, 9), cows(30, 25)], 60) is None


def test_a_form_that_nobody_knows_is_watched_as_long_as_the_longest():
    assert precipitant("buprenorphine", "nasal").form == "depot"
    assert precipitant("buprenorphine", " Sublingual ").form == "sublingual"


def test_buprenorphine_with_naloxone_in_one_tablet_is_buprenorphine():
    assert precipitant("buprenorphine/naloxone 8/2 mg").drug == "buprenorphine"


# --- how much is a rise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "expected"), [(13, "watching"), (14, "risen"), (15, "risen")])
def test_a_rise_of_five_cows_points(after, expected):
    assert state([dose()], [cows(-10, 9), cows(60, after)], 60) == expected


@pytest.mark.parametrize("scale", ["sows-gossop", "sows-handelsman"])
@pytest.mark.parametrize(("after", "expected"), [(13, "watching"), (14, "risen"), (15, "risen")])
def test_a_rise_of_ten_sows_points(scale, after, expected):
    assert state([dose()], [sows(-10, 4, scale), sows(60, after, scale)], 60) == expected


def test_one_sows_is_not_held_against_the_other():
    assert state([dose()], [sows(-10, 4, "sows-gossop"), sows(60, 40, "sows-handelsman")], 60) == "watching"


def test_an_item_of_the_earlier_score_that_was_not_assessed_lowers_no_answer():
    assert state([dose()], [cows(-5, 13, **PARTIAL), cows(60, 23)], 60) == "risen"


def test_nor_does_one_of_the_later_score():
    assert state([dose()], [cows(-5, 9), cows(60, 14, **PARTIAL)], 60) == "risen"


# --- the reference --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "expected"), [(359, "risen"), (360, "risen"), (361, "watching")])
def test_the_reference_is_at_most_six_hours_old(old, expected):
    assert state([dose()], [cows(-old, 9), cows(60, 18)], 60) == expected


def test_the_newest_score_before_the_dose_is_the_reference():
    (found,) = watches([dose()], [cows(-200, 3), cows(-20, 9), cows(60, 12)], at(60))
    assert (found.reference["cows"].at_least, found.rise("cows")) == (9, 3)


@pytest.mark.parametrize(("minutes", "expected"), [(0, "watching"), (0.9, "watching"), (1, "risen")])
def test_a_look_in_the_very_minute_of_the_dose_was_before_it(minutes, expected):
    assert state([dose()], [cows(-20, 9), cows(minutes, 18)], 30) == expected


def test_a_second_dose_moves_no_reference():
    """COWS 9, 4 mg, 18; 4 mg more, 21, 21: it stands."""
    doses = [dose(0), dose(70)]
    scores = [cows(-10, 9), cows(60, 18), cows(120, 21), cows(180, 21)]
    (found,) = watches(doses, scores, at(180))
    assert (found.state, found.rise("cows"), found.risen_since) == ("risen", 12, at(60))


def test_split_doses_add_up():
    """4, 4 and 8 mg in two hours, COWS 9, 14, 19, 24."""
    doses = [dose(0), dose(40), dose(80)]
    scores = [cows(-5, 9), cows(35, 14), cows(75, 19), cows(115, 24)]
    (found,) = watches(doses, scores, at(120))
    assert (found.state, found.rise("cows"), found.risen_since) == ("risen", 15, at(35))
    assert [watch_at(doses, scores, at(now)).rise("cows", at(now)) for now in (35, 75, 115)] == [5, 10, 15]


def test_a_later_dose_makes_the_watch_longer_and_never_shorter():
    (longer,) = watches([dose(0), dose(180)], [], at(200))
    (kept,) = watches([dose(0, "naltrexone"), dose(60, "naloxone")], [], at(200))
    assert (longer.until, kept.until) == (at(180 + 240), at(2880))
    assert state([dose(0), dose(180)], [cows(-5, 9), cows(420, 14)], 420) == "risen"


def test_a_dose_after_the_window_begins_a_watch_of_its_own():
    doses, scores = [dose(0), dose(241)], [cows(-5, 9), cows(200, 12), cows(300, 16)]
    first, second = watches(doses, scores, at(300))
    assert (first.state, second.state, second.reference["cows"].at_least) == ("over", "watching", 12)


def test_a_scale_that_nobody_rated_before_the_first_dose_is_held_against_the_score_before_the_next():
    (found,) = watches([dose(0), dose(60)], [cows(50, 9), cows(100, 18)], at(100))
    assert (found.state, found.reference["cows"].at) == ("risen", at(50))


def test_without_a_score_before_it_no_rise_is_made_up():
    assert state([dose()], [cows(30, 9), cows(60, 25)], 60) == "watching"


# --- the rows of the table ------------------------------------------------------------------------------------------

ROWS = [
    ("nine more at 121 min", "buprenorphine", 121, 18), ("sixteen more at 150 min", "buprenorphine", 150, 25),
    ("naltrexone, eighteen more at 180 min", "naltrexone", 180, 27),
]  # fmt: skip


@pytest.mark.parametrize(("drug", "minutes", "after"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_nobody_saw_before(drug, minutes, after):
    assert state([dose(0, drug)], [cows(-10, 9), cows(minutes, after)], minutes) == "risen"


@pytest.mark.parametrize("now", [90, 140, 241, 3000, 30000])
def test_time_alone_ends_no_rise(now):
    assert state([dose()], [cows(-10, 9), cows(90, 18)], now) == "risen"


# --- how it ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "expected"), [(13, "risen"), (12, "over"), (11, "over")])
@pytest.mark.parametrize("minutes", [300, 3000])
def test_it_ends_within_three_of_the_reference(points, expected, minutes):
    assert state([dose()], [cows(-10, 9), cows(60, 18), cows(minutes, points)], minutes) == expected


@pytest.mark.parametrize(("points", "expected"), [(11, "risen"), (10, "over")])
def test_a_sows_within_six(points, expected):
    assert state([dose()], [sows(-10, 4), sows(60, 20), sows(300, points)], 300) == expected


def test_an_incomplete_score_ends_nothing():
    assert state([dose()], [cows(-10, 9), cows(60, 18), cows(300, 2, **PARTIAL)], 300) == "risen"


def test_each_scale_that_rose_has_to_come_back():
    scores = [cows(-10, 9), sows(-10, 4), cows(60, 18), sows(60, 20), cows(100, 9)]
    assert state([dose()], scores, 100) == "risen"
    assert state([dose()], [*scores, sows(110, 9)], 110) == "watching"


def test_it_can_rise_again_inside_the_window_and_not_after_it():
    scores = [cows(-10, 9), cows(60, 18), cows(100, 9)]
    assert state([dose()], [*scores, cows(240, 18)], 240) == "risen"
    assert state([dose()], [*scores, cows(241, 18)], 241) == "over"


def test_a_dose_while_a_rise_stands_begins_no_watch_with_a_higher_reference():
    doses, scores = [dose(0), dose(900)], [cows(-10, 9), cows(60, 18), cows(890, 18), cows(960, 18)]
    (found,) = watches(doses, scores, at(960))
    assert (found.state, found.reference["cows"].at_least, found.until) == ("risen", 9, at(900 + 240))


def test_a_physicians_word_ends_it_and_a_new_dose_begins_anew():
    scores = [cows(-10, 9), cows(60, 18), cows(300, 18)]
    (found,) = watches([dose()], scores, at(300), answered=[at(70)])
    assert (found.state, found.answered, found.closed_at) == ("over", True, at(70))
    later = watches([dose(0), dose(310)], [*scores, cows(350, 19)], at(350), answered=[at(70)])
    assert (len(later), later[-1].reference["cows"].at_least, later[-1].state) == (2, 18, "watching")


@pytest.mark.parametrize("word", [59, 30, -100])
def test_a_word_before_the_rise_answers_nothing(word):
    assert state([dose()], [cows(-10, 9), cows(60, 18)], 100, answered=[at(word)]) == "risen"


def test_nor_does_one_before_the_rise_was_charted():
    scores = [cows(-10, 9), cows(60, 18, known=90)]
    assert state([dose()], scores, 100, answered=[at(80)]) == "risen"
    assert state([dose()], scores, 100, answered=[at(90)]) == "watching"


def test_a_rise_after_the_word_stands_again_inside_the_window():
    assert state([dose()], [cows(-10, 9), cows(60, 18), cows(90, 18)], 100, answered=[at(70)]) == "risen"


# --- steady use -----------------------------------------------------------------------------------------------------

DAY = 1440


def test_the_fourth_day_of_a_taper_begins_no_watch():
    daily = [dose(day * DAY) for day in range(-3, 1)]
    assert watch_at(daily, [cows(-10, 3), cows(60, 9)], at(60)) is None


@pytest.mark.parametrize(("first", "expected"), [(-2 * DAY + 1, "risen"), (-2 * DAY, None), (-2 * DAY - 1, None)])
def test_steady_is_from_the_second_day_on(first, expected):
    found = watch_at([dose(first), dose(-DAY), dose()], [cows(-10, 3), cows(60, 9)], at(60))
    assert (found.state if found else None) == expected


@pytest.mark.parametrize(("gap_min", "expected"), [(36 * 60, None), (36 * 60 + 1, "risen")])
def test_a_gap_of_more_than_36_hours_ends_steady_use(gap_min, expected):
    doses = [dose(-gap_min - DAY), dose(-gap_min), dose()]
    found = watch_at(doses, [cows(-10, 3), cows(60, 9)], at(60))
    assert (found.state if found else None) == expected


@pytest.mark.parametrize("drug", ["methadone", "morphine"])
def test_a_full_agonist_since_ends_steady_use(drug):
    doses = [*(dose(day * DAY) for day in range(-3, 1)), dose(-100, drug)]
    assert state(doses, [cows(-10, 3), cows(60, 9)], 60) == "risen"


def test_so_does_a_return_to_use():
    daily = [dose(day * DAY) for day in range(-3, 1)]
    assert state(daily, [cows(-10, 3), cows(60, 9)], 60, agonist_use=[at(-100)]) == "risen"


def test_naloxone_in_steady_buprenorphine_is_watched():
    doses = [*(dose(day * DAY) for day in range(-3, 1)), dose(20, "naloxone")]
    assert state(doses, [cows(-10, 3), cows(60, 9)], 60) == "risen"


# --- looks ----------------------------------------------------------------------------------------------------------


def test_looks_after_a_sublingual_dose():
    (found,) = watches([dose()], [cows(25, 9), cows(71, 9)], at(140))
    assert [(look.due, look.done_at) for look in found.looks] == [
        (at(30), at(25)), (at(60), None), (at(120), None), (at(240), None),
    ]  # fmt: skip
    assert [look.due for look in found.missed()] == [at(60), at(120)]


@pytest.mark.parametrize(("now", "missed"), [(40, 0), (41, 1)])
def test_a_look_is_missed_once_its_time_has_passed(now, missed):
    (found,) = watches([dose()], [], at(now))
    assert len(found.missed()) == missed


def test_a_missed_look_is_said_by_itself():
    assert unseen(watch_at([dose()], [], at(30)), at(30)) is None
    said = unseen(watch_at([dose()], [], at(80)), at(80))
    assert said == (
        "2 looks were missed after buprenorphine (sublingual): 30 min, 60 min after its first dose. Score now."
    )
    assert unseen(watch_at([dose()], [cows(30, 9)], at(80)), at(80)).startswith("A look was missed after")


def passed(scores, now=241):
    return unseen(watches([dose()], scores, at(now))[-1], at(now))


def test_a_window_that_passed_unseen_is_said():
    assert "has passed unseen" in passed([cows(-10, 9)])
    assert "has passed unseen" in passed([cows(-10, 9), cows(250, 14)], 260)
    assert "has passed unseen" in passed([cows(-10, 9), cows(250, 3, **PARTIAL)], 260)
    assert passed([cows(-10, 9), cows(240, 9)]) is None
    assert passed([cows(-10, 9), cows(250, 13)], 260) is None


# --- laws -----------------------------------------------------------------------------------------------------------

DRUGS = ["buprenorphine", "naloxone", "naltrexone", "naltrexone_xr", "methadone"]
MINUTES = st.integers(-4000, 4000)
DOSES = st.lists(st.builds(dose, MINUTES, st.sampled_from(DRUGS)), max_size=6, unique_by=lambda given: given.at)
SCALES = st.sampled_from(["cows", "sows-gossop", "sows-handelsman"])
SCORES = st.lists(
    st.builds(lambda m, s, p, c: Score(at(m), s, p, c), MINUTES, SCALES, st.integers(0, 30), st.booleans()),
    max_size=14,
    unique_by=lambda score: score.at,
)


@settings(deadline=None)
@given(DOSES, SCORES, st.integers(0, 4000), st.integers(0, 100_000))
def test_only_a_newer_look_or_a_word_ends_a_rise(doses, scores, now, later):
    before, after = state(doses, scores, now), state(doses, [s for s in scores if s.at <= at(now)], now + later)
    given_later = [d for d in doses if d.at > at(now)]
    if before == "risen" and not given_later:
        assert after == "risen"


@settings(deadline=None)
@given(DOSES, SCORES, MINUTES, st.sampled_from(DRUGS[:4]))
def test_a_later_dose_ends_no_rise_and_moves_no_reference(doses, scores, minutes, drug):
    found = watch_at(doses, scores, at(minutes))
    more = watch_at([*doses, dose(minutes, drug)], scores, at(minutes))
    if found is not None:
        assert more is not None
        assert (more.since, more.risen) == (found.since, found.risen)
        assert dict(found.reference).items() <= dict(more.reference).items()


@settings(deadline=None)
@given(DOSES, SCORES, st.data())
def test_an_item_that_is_not_assessed_ends_nothing(doses, scores, data):
    """Of the newest score: a rise that stands with it, or that stood before it, stands."""
    if scores:
        *rest, newest = sorted(scores, key=lambda score: score.at)
        less = replace(newest, complete=False, at_least=data.draw(st.integers(0, newest.at_least)))
        if watch_at(doses, rest, newest.at) and watch_at(doses, rest, newest.at).state == "risen":
            assert watch_at(doses, [*rest, less], newest.at).state == "risen"


@settings(deadline=None)
@given(DOSES, SCORES, st.integers(0, 4000))
def test_the_order_in_which_facts_are_handed_in_says_nothing(doses, scores, now):
    assert watches(doses, scores, at(now)) == watches(doses[::-1], scores[::-1], at(now))


@settings(deadline=None)
@given(DOSES, SCORES, st.integers(0, 4000))
def test_what_comes_after_now_changes_nothing(doses, scores, now):
    until = [s for s in scores if s.at <= at(now)]
    assert watches(doses, scores, at(now)) == watches([d for d in doses if d.at <= at(now)], until, at(now))


# --- content --------------------------------------------------------------------------------------------------------

BROKEN = {
    "looks_min = [30, 60, 120, 240]": ("looks_min = [30, 60, 120, 241]", "outside the window"),
    "looks_min = [60, 240, 720, 1440]": ("looks_min = [240, 60]", "in the order of time"),
    'scale = "cows"': ('scale = "cow"', "unknown scale"),
    'scale = "sows-gossop"': ('scale = "cows"', "stands twice"),
    "back_within = 3": ("back_within = 5", "come back while it is risen"),
}


@pytest.mark.parametrize(("old", "new", "why"), [(old, *rest) for old, rest in BROKEN.items()])
def test_broken_content_is_refused(tmp_path, old, new, why):
    text = (ROOT / "watch.toml").read_text(encoding="utf-8")
    path = tmp_path / "watch.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProtocolError, match=why):
        read(path, w.WatchFile)


def test_the_numbers_are_those_of_the_reference():
    assert {(one.drug, one.form): one.window_h for one in watch_file().after} == {
        ("naloxone", "injection"): 2, ("nalmefene", "injection"): 2, ("buprenorphine", "sublingual"): 4,
        ("buprenorphine", "depot"): 24, ("naltrexone", "oral"): 48, ("naltrexone", "depot"): 48,
    }  # fmt: skip
    assert {scale: one.points for scale, one in rises().items()} == {
        "cows": 5, "sows-gossop": 10, "sows-handelsman": 10,
    }  # fmt: skip
