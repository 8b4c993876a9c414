"""The watch for precipitated withdrawal in the one judgement and on the board: running, risen, passed unseen."""

import uuid
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Dose, HistoryAnswer, Vitals
from detox.reports import board, suggesting
from detox.store import find

MINUTE = timedelta(minutes=1)


@pytest.fixture
def scored(store, nurse, seen, cows, now):
    def build(minutes_ago, **items):
        entry = seen(vitals=Vitals(heart_rate_per_min=76), answers=cows(**items), minutes_ago=minutes_ago)
        return care.record(store, nurse, entry, now - minutes_ago * MINUTE, confirmed=True)

    return build


@pytest.fixture
def dosed(store, nurse, admission, now):
    def build(minutes_ago, drug="buprenorphine", mg=4.0):
        at = now - minutes_ago * MINUTE
        wanted = Dose(uuid.uuid4().hex, admission.id, None, drug, mg, "given", at, "GP", elsewhere=True)
        return care.chart_other_dose(store, nurse, wanted, at)

    return build


@pytest.fixture
def watches(store, admission, now):
    def read(ahead=0):
        at = now + ahead * MINUTE
        with inside(store) as tx:
            return suggesting.judged(tx, find.admission(tx, admission.id), at).judgement.watches

    return read


@pytest.fixture
def tile(store, admission, now):
    def read(ahead=0):
        with inside(store) as tx:
            return board.tile(tx, find.admission(tx, admission.id), None, now + ahead * MINUTE)

    return read


def test_no_dose_no_watch(scored, watches):
    scored(10)
    assert watches() == ()


def test_a_running_watch_says_dose_end_reference_and_next_look(scored, dosed, watches, now):
    scored(60, sweating=3)
    dosed(50)
    scored(20, sweating=3)
    (one,) = watches()
    assert (one.first.drug, one.first.dose_mg, one.later) == ("buprenorphine", 4.0, 0)
    assert one.watch.reference["cows"].at_least == 3
    assert one.watch.until == (now - 50 * MINUTE + timedelta(hours=4))
    assert one.next_look.due.replace(second=0) == (now + 10 * MINUTE).replace(second=0, microsecond=0)
    assert (one.passed, one.unseen, one.likelier) == (False, "", ())


def test_a_second_dose_is_told_in_the_same_watch(scored, dosed, watches):
    scored(60)
    dosed(50)
    dosed(20)
    assert [(one.first.dose_mg, one.later) for one in watches()] == [(4.0, 1)]


def test_a_missed_look_is_told_while_the_window_is_open(scored, dosed, watches):
    scored(60)
    dosed(45)
    (one,) = watches()
    assert not one.passed
    assert "A look was missed" in one.unseen


@pytest.mark.parametrize(("minutes_ago", "passed"), [(239, False), (240, False), (241, True)])
def test_a_window_that_nobody_looked_into_is_told_after_its_end(scored, dosed, watches, minutes_ago, passed):
    scored(minutes_ago + 5)
    dosed(minutes_ago)
    (one,) = watches()
    assert one.passed is passed
    assert ("has passed unseen" in one.unseen) is passed


def test_it_is_a_warning_on_the_board_and_holds_nothing_until_a_score_answers_for_it(
    scored, dosed, watches, tile, store, admission, now
):
    scored(250)
    dosed(245)
    assert tile().level in ("warning", "critical", "unknown")
    before = tile()
    assert before.judgement.unseen
    assert not [d for d in before.judgement.dangers if d.problem == "precipitated"]
    scored(0)
    assert watches() == ()
    assert tile().judgement.unseen == ()


def test_after_a_later_watch_has_begun_the_window_that_passed_unseen_is_still_told(scored, dosed, watches):
    scored(600)
    dosed(590)
    dosed(300)
    first, second = watches()
    assert (first.passed, second.passed) == (True, True)
    dosed(10)
    assert [one.passed for one in watches()] == [True, True, False]
    scored(5)
    assert [one.passed for one in watches()] == [False]


def test_a_window_with_a_score_is_over_and_said_no_more(scored, dosed, watches):
    scored(260)
    dosed(250)
    scored(60)
    assert watches() == ()


def test_a_rise_stands_until_a_physician_answers(scored, dosed, watches, store, physician, admission, now):
    scored(70)
    dosed(60)
    scored(5, sweating=4, gi_upset=5)
    (one,) = watches()
    assert (one.watch.state, one.watch.rise("cows")) == ("risen", 9)
    assert watches(ahead=300)[0].watch.state == "risen"
    care.answer_danger(store, physician, admission.id, "precipitated", "seen, more buprenorphine", now)
    assert watches()[0].watch.state == "watching"


def test_a_nurses_answer_ends_no_rise(scored, dosed, watches, store, nurse, admission, now):
    scored(70)
    dosed(60)
    scored(5, sweating=4, gi_upset=5)
    care.answer_danger(store, nurse, admission.id, "precipitated", "seen", now)
    assert watches()[0].watch.state == "risen"


@pytest.mark.parametrize(
    ("name", "value", "likelier"),
    [("fentanyl", "positive", ("Fentanyl found or likely",)), ("fentanyl", "unknown", ()),
     ("breathing", "bmi", ("BMI 40 or more",)), ("breathing", "none", ())],
)  # fmt: skip
def test_what_makes_it_likelier_stands_beside_it_where_it_is_known(
    scored, dosed, watches, store, physician, admission, now, name, value, likelier
):
    care.state(store, physician, HistoryAnswer("f", admission.id, name, value, "", now), now)
    dosed(5)
    assert watches()[0].likelier == likelier


@pytest.mark.parametrize(("result", "likelier"), [(1, ("Fentanyl in the urine",)), (0, ())])
def test_a_urine_test_says_it_too(dosed, watches, store, nurse, seen, now, result, likelier):
    care.record(store, nurse, seen(other={"urine_fentanyl": result}, minutes_ago=30), now, confirmed=True)
    dosed(5)
    assert watches()[0].likelier == likelier


def test_a_full_agonist_begins_no_watch(scored, dosed, watches):
    scored(60)
    dosed(50, drug="methadone", mg=20)
    assert watches() == ()
