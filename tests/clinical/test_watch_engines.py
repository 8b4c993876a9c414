"""One watch, two engines: the alert `precipitated` is open exactly where rule A15 of the suggestions holds."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from alert_help import MIDNIGHT, cows_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detox.clinical.alerts.folding import applied, fold, step
from detox.clinical.case import read_case
from detox.clinical.judgement import assessments
from detox.clinical.looking_back import lookback_sets
from detox.clinical.measures import scores_of
from detox.clinical.model import Background, Dose, Observation, Vitals
from detox.clinical.protocols import scale
from detox.clinical.suggestions import suggest

SOWS = ("sows-gossop", "sows-handelsman")
DRUGS = ("buprenorphine", "buprenorphine", "naloxone", "naltrexone", "naltrexone_xr", "methadone", "clonidine")


def at(minutes):
    return MIDNIGHT + timedelta(minutes=minutes)


def taken(minutes, points=None, *, missing=(), sows=None, other=None):
    """A set with a COWS of so many points, without the items of `missing`, and a SOWS of each item's answers."""
    assert set(missing) <= {item.id for item in scale("cows").items}
    answers = {} if points is None else {"cows": {k: v for k, v in cows_of(points).items() if k not in missing}}
    made = Observation(
        f"o{minutes}", "a", at(minutes), vitals=Vitals(heart_rate_per_min=76), answers=answers | (sows or {}),
        other=other or {},
    )  # fmt: skip
    return replace(made, assessments=assessments(made))


def dose(minutes, drug="buprenorphine", *, elsewhere=False):
    return Dose(f"d{minutes}{drug}", "a", None, drug, 4, "given", at(minutes), elsewhere=elsewhere)


def told(sets, doses):
    """The alert of precipitated withdrawal that is open after the last set, and every change of it."""
    changes = [
        c for c in fold(sets, Background(admitted_at=MIDNIGHT, doses=tuple(doses))) if c.problem == "precipitated"
    ]
    return applied({}, changes).get("precipitated"), [
        (c.action, (c.at - MIDNIGHT).total_seconds() / 60) for c in changes
    ]


def case_of(sets, doses, now):
    """The same admission as a case of the suggestion engine."""
    short = {item.id: item.short for item in scale("cows").items}
    observations = []
    for one in reversed(sets):
        made = one.assessment("cows")
        entry = {"min_ago": (at(now) - one.taken_at).total_seconds() / 60, "by": "RN-A", "vitals": {"hr": 76}}
        if made:
            entry["cows"] = {
                "scale": "COWS",
                "total": made.total,
                "items": {short[i]: p for i, p in made.items.items()},
            }
        entry["sows"] = [
            {"scale": s.scale, "at_least": s.at_least, "complete": s.complete}
            for s in scores_of(one)
            if s.scale in SOWS
        ]
        observations.append(entry)

    def ago(moment):
        return round((at(now) - moment).total_seconds() / 3600, 3)

    events = [
        {"type": "return_to_use", "h_ago": ago(one.taken_at)} for one in sets if one.other.get("return_to_use")
    ] + [{"type": "external_dose", "drug": d.drug, "mg": 4, "h_ago": ago(d.given_at)} for d in doses if d.elsewhere]
    return {
        "id": "a", "programme": "bup_induction", "setting": "inpatient", "observations": observations, "events": events,
        "doses": [{"drug": d.drug, "mg": 4, "h_ago": ago(d.given_at)} for d in doses if not d.elsewhere],
    }  # fmt: skip


def a15(sets, doses, now):
    found = suggest(read_case(case_of(sets, doses, now)))
    return "A15" in {*found.rules, *(rule for rule, _ in found.blocked)}


def both(sets, doses, now):
    """What the two engines say, where they say the same."""
    opened = told(sets, doses)[0] is not None
    assert a15(sets, doses, now) is opened
    return opened


# --- the rows of the table ------------------------------------------------------------------------------------------


def test_a_second_dose_on_a_patient_who_gets_worse_resolves_nothing():
    sets = [taken(0, 9), taken(70, 18), taken(110, 21), taken(150, 21)]
    doses = [dose(10), dose(80)]
    assert told(sets, doses)[1] == [("opened", 70)]
    assert both(sets, doses, 150)


def test_split_doses_open_it():
    sets = [taken(0, 9), taken(35, 14), taken(75, 19), taken(115, 24)]
    doses = [dose(5), dose(40), dose(80)]
    assert told(sets, doses)[1] == [("opened", 35)]
    assert both(sets, doses, 120)


LATE = [("buprenorphine", 121, 18), ("buprenorphine", 150, 25), ("naltrexone", 180, 27)]


@pytest.mark.parametrize(("drug", "minutes", "after"), LATE)
def test_what_shows_later_than_two_hours(drug, minutes, after):
    assert both([taken(0, 9), taken(10 + minutes, after)], [dose(10, drug)], 10 + minutes)


@pytest.mark.parametrize("now", [100, 150, 1000, 4000])
def test_the_same_facts_later_are_as_urgent(now):
    assert both([taken(0, 9), taken(100, 18)], [dose(10)], now)


def test_an_item_of_the_earlier_score_that_was_not_assessed():
    assert both([taken(0, 13, missing=["gooseflesh"]), taken(60, 23)], [dose(10)], 60)


def test_the_fourth_day_of_a_taper_is_calm():
    day = 1440
    sets = [taken(3 * day - 10, 3), taken(3 * day + 60, 9)]
    assert not both(sets, [dose(n * day) for n in range(4)], 3 * day + 60)
    assert both([taken(10, 3), taken(80, 9)], [dose(20)], 80)


def test_a_sows_that_rises_by_ten_opens_it():
    low, high = ({i.id: n for i in scale("sows-gossop").items} for n in (0, 1))
    sets = [taken(0, 9, sows={"sows-gossop": low}), taken(60, 12, sows={"sows-gossop": high})]
    assert both(sets, [dose(10)], 60)
    assert told(sets, [dose(10)])[0].finding.message == (
        "COWS 12 against 9 and SOWS-Gossop 10 against 0 before buprenorphine (sublingual) 50 min ago"
    )


def test_it_says_which_dose_and_that_it_is_not_simply_withheld():
    finding = told([taken(0, 9), taken(60, 14, missing=["anxiety_irritability"])], [dose(10, "naltrexone_xr")])[
        0
    ].finding
    assert finding.message == "COWS at least 14 against 9 before naltrexone (depot) 50 min ago"
    assert "not simply withhold" in finding.action
    assert finding.rule == "precipitated"


def test_it_resolves_by_one_complete_score_within_three_and_by_no_other():
    sets = [taken(0, 9), taken(60, 18), taken(90, 13), taken(100, 10, missing=["anxiety_irritability"]), taken(110)]
    assert told(sets, [dose(10)])[1] == [("opened", 60)]
    assert told([*sets, taken(400, 12)], [dose(10)])[1] == [("opened", 60), ("resolved", 400)]
    assert not both([*sets, taken(400, 12)], [dose(10)], 400)


# --- the newest part of an admission ---------------------------------------------------------------------------------


def test_a_set_every_quarter_of_an_hour_hides_no_reference():
    """Two days after naltrexone, 190 sets later: the score before it is handed in beside the newest sets."""
    early = [taken(0, 9), *(taken(15 * n, 10) for n in range(1, 190))]
    newest, doses = taken(2850, 18), [dose(10, "naltrexone")]
    known = Background(admitted_at=MIDNIGHT, doses=tuple(doses), scores=tuple(s for o in early for s in scores_of(o)))
    (change,) = step({}, [*early, newest][-lookback_sets() :], known)
    assert (change.finding.rule, change.action) == ("precipitated", "opened")
    assert step({}, [*early, newest][-lookback_sets() :], replace(known, scores=())) == ()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_the_newest_sets_and_all_scores_say_as_much_as_the_whole_stay(seed, count):
    sets, doses, _ = some_admission(seed)
    known = Background(admitted_at=MIDNIGHT, doses=tuple(doses))
    beside = replace(
        known,
        scores=tuple(score for one in sets[:-1] for score in scores_of(one)),
        used_again=tuple(one.taken_at for one in sets if one.other.get("return_to_use")),
    )
    standing = applied({}, fold(sets[:-1], known))
    part = step(standing, sets[-count:], beside)
    whole = step(standing, sets, known)
    assert [c for c in part if c.problem == "precipitated"] == [c for c in whole if c.problem == "precipitated"]


# --- the law --------------------------------------------------------------------------------------------------------


def some_admission(seed):
    rng = random.Random(seed)
    minutes, points, sets, doses = 0, rng.randint(2, 12), [], []
    items = [item.id for item in scale("cows").items if not item.measured]
    for _ in range(rng.randint(2, 14)):
        minutes += rng.choice((10, 30, 60, 60, 120, 240, 480, 1440))
        points = max(0, min(30, points + rng.choice((-9, -5, -4, -3, 0, 0, 3, 4, 5, 6, 9))))
        missing = rng.sample(items, rng.choice((0, 0, 1, 3)))
        sows = {}
        if rng.random() < 0.3:
            sows = {rng.choice(SOWS): None}
            sows = {name: {i.id: rng.choice((0, 1, 2, 3)) for i in scale(name).items} for name in sows}
        other = {"return_to_use": 1} if rng.random() < 0.05 else {}
        sets.append(taken(minutes, points if rng.random() < 0.9 else None, missing=missing, sows=sows, other=other))
        if rng.random() < 0.5:
            doses.append(dose(minutes + rng.choice((-5, 0, 5, 20)), rng.choice(DRUGS), elsewhere=rng.random() < 0.1))
    if rng.random() < 0.3:  # a daily dose as well
        doses += [dose(day * 1440 + 3) for day in range(minutes // 1440 + 1)]
    return sets, sorted(doses, key=lambda d: d.given_at), minutes + rng.choice((0, 0, 30, 3000))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
@example(0)
def test_the_alert_is_open_exactly_where_the_suggestion_calls(seed):
    both(*some_admission(seed))


def test_both_answers_are_common_in_that_law():
    opened = [told(sets, doses)[0] is not None for sets, doses, _ in map(some_admission, range(120))]
    assert 20 < sum(opened) < 100
