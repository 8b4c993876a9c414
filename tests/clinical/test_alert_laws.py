"""Laws of the alert engine that hold for every admission, whatever the rules say."""

import math
import random
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from alert_help import MIDNIGHT, WELL, cows_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detox.clinical.alerts.folding import alerts_file, applied, findings, fold, rulebook, step
from detox.clinical.judgement import assessments
from detox.clinical.looking_back import lookback_sets
from detox.clinical.measures import RETURN_TO_USE, scores_of
from detox.clinical.model import LEVELS, NOT_DONE, Background, Baseline, Dose, Observation, PatientLimit, Vitals
from detox.clinical.protocols import vitals_file

CODES = {c.vital: tuple(x.value for x in c.codes) for c in vitals_file().coded} | {
    "spo2_scale": (1, 2),
    "on_oxygen": (True, False),
}
OTHER = {o.name: o for o in vitals_file().other}
NUMBERS = {
    "systolic_mmhg": (60, 230), "diastolic_mmhg": (40, 58), "heart_rate_per_min": (35, 150),
    "temperature_c": (34.5, 39.5), "respiratory_rate_per_min": (6, 30), "spo2_percent": (85, 100),
}  # fmt: skip


def at(hours):
    return MIDNIGHT + timedelta(hours=hours)


def seen(hours, *, other=None, answers=None, number="", **vitals):
    entry = Observation(
        f"o{hours:g}{number}", "a", at(hours), vitals=Vitals(**vitals), other=other or {}, answers=answers or {}
    )
    return replace(entry, assessments=assessments(entry))


def raised(sets, background=None):
    """The rules that are told of the last set: by what it opened or made worse."""
    return {
        rule
        for c in fold(sets, background or Background())
        if c.action != "resolved" and c.observation_id == sets[-1].id
        for rule in (c.finding.rule, *c.finding.also)
    }


@cache
def edges():
    conditions = [c for r in rulebook().rules for c in (*r.rule.all, *r.rule.any, *r.rule.clear_all, *r.rule.clear_any)]
    return {
        name: sorted({float(getattr(c, c.operator)) for c in conditions if c.measure == name and not c.one_of})
        for name in sorted({c.measure for c in conditions})
    }


# --- what is missing ----------------------------------------------------------------------------------------------


def some_number(rng, name):
    low, high = NUMBERS[name]
    if rng.random() < 0.5 and name in edges():  # half of the time near a limit
        edge = rng.choice(edges()[name])
        step = rng.choice((-1, 0, 1)) * (0.1 if name == "temperature_c" else 1)
        return round(min(max(edge + step, low), high), 1)
    return round(rng.uniform(low, high), 1) if name == "temperature_c" else rng.randint(low, high)


def some_other(rng, name):
    if OTHER[name].kind == "sign":
        return rng.choice((0, 1))
    if name == "weight_kg":
        return round(rng.uniform(70, 80), 1)
    return rng.randint(80, 120) if name.startswith("standing") else rng.choice((0, 1, 3))


def some_set(rng, hours, part=0.6):
    """A set of which each value is there or not."""
    vitals = {name: some_number(rng, name) for name in NUMBERS if rng.random() < part}
    vitals |= {name: rng.choice(codes) for name, codes in CODES.items() if rng.random() < part / 3}
    if "temperature_c" in vitals:
        vitals["temperature_site"] = rng.choice(("oral", "rectal"))
    other = {}
    for name in OTHER:
        if rng.random() < part / 8:
            other[name] = some_other(rng, name)
    answers = {}
    if rng.random() < part / 2:
        answers["cows"] = cows_of(rng.choice((0, 2, 4, 5, 8, 12, 14, 20, 24, 25, 30)))
        for item in list(answers["cows"]):
            if rng.random() < 0.05:
                del answers["cows"][item]
    if rng.random() < part / 10:
        answers["phq-9"] = {"better_off_dead": rng.choice((0, 1))}
    return seen(hours, other=other, answers=answers, **vitals)


DRUGS = ("methadone", "buprenorphine", "clonidine", "lofexidine", "naloxone", "beta_blocker", "paracetamol")


def some_admission(rng, count):
    hours = 0.0
    sets = []
    wild = rng.choice((0.05, 0.5, 1.0))
    steady = {"systolic_mmhg": 124, "heart_rate_per_min": 74, "temperature_c": 36.8, "respiratory_rate_per_min": 16}
    for _ in range(count):
        hours += rng.choice((0.25, 1, 2, 4, 4, 8))
        if rng.random() < wild:
            sets.append(some_set(rng, hours))
        else:
            sets.append(seen(hours, **{k: v for k, v in steady.items() if rng.random() < 0.9}))
    return sets


def some_background(rng, hours):
    doses = sorted(
        (
            Dose(f"d{i}", "a", None, rng.choice(DRUGS), 10, "given", at(rng.uniform(0, hours)))
            for i in range(rng.randint(0, 6))
        ),
        key=lambda d: d.given_at,
    )
    said = [Baseline("b", "a", "systolic_mmhg", 150, rng.choice(("usual", "anew")), "said", at(rng.uniform(0, hours)))]
    limit = limit_of("systolic_mmhg", "high", warning=170, critical=190, hours=rng.uniform(0, hours))
    return Background(
        admitted_at=MIDNIGHT,
        doses=tuple(doses),
        baselines=tuple(said if rng.random() < 0.4 else ()),
        limits=(limit,) if rng.random() < 0.3 else (),
    )


def without_one(observation):
    """The observation with one thing that was measured left out, for each of them; and with all of them left out."""
    for name in observation.vitals.measured():
        yield name, replace(observation, vitals=replace(observation.vitals, **{name: None}))
    for name in observation.other:
        yield name, replace(observation, other={n: v for n, v in observation.other.items() if n != name})
    for scale_id, answers in observation.answers.items():
        for item in answers:
            rest = {i: v for i, v in answers.items() if i != item}
            yield f"{scale_id}.{item}", replace(observation, answers={**observation.answers, scale_id: rest})
        rest = {s: a for s, a in observation.answers.items() if s != scale_id}
        yield scale_id, replace(observation, answers=rest)
    yield "all", replace(observation, vitals=Vitals(), other={}, answers={})


def levels(sets, background):
    return {f.problem: LEVELS.index(f.level) for f in findings(sets, background)}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 6))
def test_leaving_a_value_out_of_the_newest_set_raises_nothing(seed, count):
    rng = random.Random(seed)
    sets = some_admission(rng, count)
    hours = 4 * len(sets) + 60
    newest, background = some_set(rng, hours, 0.9), some_background(rng, hours)
    whole = levels([*sets, newest], background)
    for name, less in without_one(newest):
        found = levels([*sets, replace(less, assessments=assessments(less))], background)
        assert all(level <= whole.get(problem, -1) for problem, level in found.items()), name


SOURCES = {
    "blood_pressure": ("systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min"),
    "pulse": ("heart_rate_per_min", "temperature_c", "systolic_mmhg", "vomits", "loose_stools"),
    "temperature": ("temperature_c",),
    "infection": ("temperature_c", "systolic_mmhg", "respiratory_rate_per_min", "rigors"),
    "breathing": ("respiratory_rate_per_min", "spo2_percent", "sedation"),
    "oxygen": ("spo2_percent",),
    "sedation": ("sedation",),
    "consciousness": ("consciousness", "seizure"),
    "early_warning": (*NUMBERS, "on_oxygen", "consciousness"),
    "withdrawal": ("cows",),
    "storm": ("systolic_mmhg", "heart_rate_per_min"),
    "off_course": ("systolic_mmhg", "temperature_c"),
    "orthostatic": (*OTHER, "systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min"),
    "precipitated": ("cows",),
    "rebound": ("systolic_mmhg",),
    "accumulation": ("sedation", "respiratory_rate_per_min"),
    "self_harm": ("phq-9", "c-ssrs"),
}
"""What the rules of a problem are made of. Problems that any value tells something of are left out."""

TIME_ENDS = {"pulse_masked"}  # see below


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_a_set_without_what_an_alert_is_about_does_nothing_to_it(seed, count):
    rng = random.Random(seed)
    sets, background = [some_set(rng, 4 * n) for n in range(count)], some_background(rng, 4 * count)
    standing, newest = applied({}, fold(sets, background)), some_set(rng, 4 * count, 0.9)
    for problem, alert in standing.items():
        if problem in SOURCES and alert.finding.rule not in TIME_ENDS:
            gone = SOURCES[problem]
            less = replace(
                newest,
                vitals=replace(newest.vitals, **{n: None for n in gone if n in newest.vitals.measured()}),
                other={n: v for n, v in newest.other.items() if n not in gone},
                answers={s: a for s, a in newest.answers.items() if s not in gone},
            )
            changes = step(standing, [*sets, replace(less, assessments=assessments(less))], background)
            assert problem not in {c.problem for c in changes}, alert.finding.rule


def refused(hours):
    return Observation(f"r{hours:g}", "a", at(hours), not_done="refused")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 25), st.sampled_from([(1, 9), (0.3, 0.6), (30, 60)]))
@example(1916491, 25, (1, 9))  # the day turned, which alone ended a drift of the first four days
@example(1121017043, 24, (1, 9))
@example(4231199049, 6, (0.3, 0.6))  # a count that was carried along stood for something measured
def test_sets_that_were_not_taken_change_nothing(seed, count, after_h):
    rng = random.Random(seed)
    sets = some_admission(rng, count)
    background = some_background(rng, 4 * count)
    standing = applied({}, fold(sets, background))
    last = (sets[-1].taken_at - MIDNIGHT).total_seconds() / 3600
    after = [*sets, *(refused(last + hours) for hours in after_h)]
    assert step(standing, after[:-1], background) == step(standing, after, background) == ()


def drifting(*, day=4):
    """Pressure and temperature drift together before the end of a day; the pulse stays as it was."""
    usual = {"systolic_mmhg": 118, "temperature_c": 36.6, "heart_rate_per_min": 74}
    late = 24 * day - 2
    risen = {"systolic_mmhg": 150, "temperature_c": 37.6, "heart_rate_per_min": 74}
    return [*(seen(hours, **usual) for hours in (0, 4, 8)), *(seen(hours, **risen) for hours in (late, late + 1))]


@pytest.mark.parametrize("reason", NOT_DONE)
def test_no_turn_of_the_day_ends_a_drift_that_was_not_measured_again(reason):
    sets, background = drifting(), Background(admitted_at=MIDNIGHT)
    missed = [replace(refused(24 * 4 + hours), not_done=reason) for hours in (1, 2, 3)]
    assert applied({}, fold([*sets, *missed], background))["drift"].finding.rule == "drift_with_pressure_early"


def test_nor_does_what_is_not_of_the_drift():
    sets, background = drifting(), Background(admitted_at=MIDNIGHT)
    pulse = [seen(24 * 4 + hours, heart_rate_per_min=74, spo2_percent=98) for hours in (1, 2, 3)]
    assert applied({}, fold([*sets, *pulse], background))["drift"].finding.rule == "drift_with_pressure_early"
    breathing = [seen(24 * 4 + hours, respiratory_rate_per_min=16) for hours in (1, 2, 3)]
    assert applied({}, fold([*sets, *breathing], background))["drift"].finding.rule == "drift_with_pressure_early"


def test_measured_on_the_next_day_the_rule_of_that_day_takes_over_or_the_drift_ends():
    sets, background = drifting(), Background(admitted_at=MIDNIGHT)
    (again,) = [c for c in fold([*sets, replace(sets[-1], id="n", taken_at=at(97))], background) if c.at == at(97)
                and c.problem == "drift"]  # fmt: skip
    assert (again.action, again.finding.rule) == ("escalated", "drift_together")
    well = [seen(24 * 4 + hours, systolic_mmhg=118, temperature_c=36.6) for hours in (1, 2)]
    assert "drift" in applied({}, fold([*sets, well[0]], background))
    assert "drift" not in applied({}, fold([*sets, *well], background))


def test_a_set_that_meets_a_rule_never_clears_it_though_its_clear_limits_are_of_another_measure():
    fits = [seen(hours, other={"seizure": 1}, consciousness="A") for hours in (0, 1, 2, 3)]
    assert [c.action for c in fold(fits)] == ["opened"]
    well = [seen(hours, other={"seizure": 0}, consciousness="A") for hours in (4, 5)]
    assert [c.action for c in fold([*fits, well[0]])] == ["opened"]
    assert [c.action for c in fold([*fits, *well])] == ["opened", "resolved"]


def test_two_sets_that_were_not_taken_do_not_end_a_masked_pulse():
    background = Background(doses=(Dose("d", "a", None, "clonidine", 0.1, "given", at(2)),))
    sets = [seen(9, systolic_mmhg=99, heart_rate_per_min=80), refused(10.5), refused(11)]
    assert not [c for c in fold(sets, background) if c.action == "resolved"]


def test_a_set_that_was_not_taken_does_not_end_an_alert_of_losses():
    sets = [seen(2, other={"vomits": 3}), seen(4, other={"vomits": 0}), refused(10.1)]
    assert not [c for c in fold(sets) if c.action == "resolved"]


# --- values charted minutes apart ----------------------------------------------------------------------------------

STAGGERED = [
    {"heart_rate_per_min": 118, "respiratory_rate_per_min": 30, "spo2_percent": 95, "consciousness": "A"},
    {"systolic_mmhg": 96, "diastolic_mmhg": 60, "temperature_c": 37.4},
    {"on_oxygen": True},
]


def early_warning(sets):
    return [(c.action, c.finding.rule, c.finding.message) for c in fold(sets) if c.problem == "early_warning"]


def test_a_news2_charted_over_minutes_is_that_of_one_row():
    whole = {name: value for part in STAGGERED for name, value in part.items()}
    assert early_warning([seen(12, **whole)]) == [("opened", "early_warning_high", "NEWS2 10: 7 or more")]
    parts = [seen(12 + minutes / 60, **part) for minutes, part in zip((0, 5, 6), STAGGERED, strict=True)]
    assert early_warning(parts) == [
        ("opened", "early_warning_medium", "NEWS2 at least 6 (4 of 7): 5 or more"),
        ("escalated", "early_warning_high", "NEWS2 at least 8 (6 of 7) with values up to 5 min old: 7 or more"),
    ]


@pytest.mark.parametrize(("minutes", "red"), [(239, True), (240, True), (241, False)])
def test_a_value_counts_until_it_is_four_hours_old(minutes, red):
    """Breathing of 30, 3 points, and four more from pressure and oxygen."""
    sets = [seen(0, respiratory_rate_per_min=30), seen(minutes / 60, systolic_mmhg=96, on_oxygen=True)]
    assert any(rule == "early_warning_high" for _, rule, _ in early_warning(sets)) is red


def test_the_newest_of_a_value_counts():
    sets = [seen(0, respiratory_rate_per_min=30), seen(0.1, respiratory_rate_per_min=16)]
    assert not any(rule == "early_warning_high" for _, rule, _ in early_warning([*sets, seen(0.2, systolic_mmhg=92)]))


def test_what_is_carried_along_ends_nothing_and_a_whole_set_twice_does():
    red = seen(0, **WELL | {"respiratory_rate_per_min": 30, "on_oxygen": True, "systolic_mmhg": 96})
    parts = [seen(hours, respiratory_rate_per_min=16, on_oxygen=False, systolic_mmhg=120) for hours in (1, 2, 3)]
    assert [action for action, _, _ in early_warning([red, *parts])] == ["opened"]
    assert [action for action, _, _ in early_warning([red, *parts, seen(4, **WELL)])] == ["opened"]
    assert [action for action, _, _ in early_warning([red, *parts, seen(4, **WELL), seen(5, **WELL)])][-1] == "resolved"


def test_a_saturation_is_carried_with_its_scale():
    sets = [seen(0, spo2_percent=97, spo2_scale=2, on_oxygen=True), seen(0.1, respiratory_rate_per_min=30)]
    assert early_warning(sets)[-1][1] == "early_warning_high"  # 3 for 97 on oxygen on scale 2, 2 and 3


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_splitting_the_newest_set_lowers_no_early_warning(data):
    """A set charted in two or three rows within six minutes ends at no lower level than in one."""
    values = {name: st.integers(math.ceil(low), int(high)) for name, (low, high) in NUMBERS.items()} | {
        "on_oxygen": st.booleans(), "consciousness": st.sampled_from("ACVPU"),
    }  # fmt: skip
    some = st.fixed_dictionaries({}, optional=values).filter(bool)
    before = [seen(3 * n, **one) for n, one in enumerate(data.draw(st.lists(some, max_size=5)))]
    newest = data.draw(some)
    rows = [{}, {}, {}]
    for name, value in newest.items():
        rows[data.draw(st.integers(0, 2))][name] = value
    parts = [seen(20 + minutes / 60, **row) for minutes, row in zip((0, 3, 6), rows, strict=True) if row]
    whole = applied({}, fold([*before, seen(20.1, **newest)])).get("early_warning")
    split = applied({}, fold([*before, *parts])).get("early_warning")
    assert whole is None or (split and LEVELS.index(split.finding.level) >= LEVELS.index(whole.finding.level))


# --- the newest part of an admission -------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(2 * lookback_sets(), 90))
def test_the_newest_sets_and_the_first_ones_say_as_much_as_the_whole_stay(seed, count):
    rng = random.Random(seed)
    sets = [seen(0, other={"weight_kg": 78.0}), *some_admission(rng, count - 1)]
    background = some_background(rng, (sets[-1].taken_at - MIDNIGHT).total_seconds() / 3600)
    weights = [(s.taken_at, s.other["weight_kg"]) for s in sets if "weight_kg" in s.other]
    first = replace(
        background,
        first=tuple(sets[: alerts_file().baseline.within_sets]),
        first_weight=weights[0],
        scores=tuple(score for one in sets for score in scores_of(one)),
        used_again=tuple(one.taken_at for one in sets if one.other.get(RETURN_TO_USE)),
    )
    changes = fold(sets, background)
    standing, tried = {}, {*rng.sample(range(lookback_sets(), count), 8), count - 1}
    for place, one in enumerate(sets):
        of_set = tuple(c for c in changes if c.observation_id == one.id)
        if place in tried:
            assert step(standing, sets[place + 1 - lookback_sets() : place + 1], first) == of_set, place
        standing = applied(standing, of_set)


def test_nor_is_a_first_weight_forgotten_that_was_taken_after_the_first_sets():
    background, sets = Background(admitted_at=MIDNIGHT), [seen(n, heart_rate_per_min=76) for n in range(60)]
    sets[12], sets[-1] = seen(12, other={"weight_kg": 80.0}), seen(59, other={"weight_kg": 76.0})
    assert [c.finding.rule for c in fold(sets, background)] == ["weight_lost"]
    known = replace(background, first=tuple(sets[:12]), first_weight=(sets[12].taken_at, 80.0))
    assert [c.finding.rule for c in step({}, sets[-lookback_sets() :], known)] == ["weight_lost"]


# --- limits of one patient ----------------------------------------------------------------------------------------


def limit_of(vital, side, *, warning=None, critical=None, hours=0.0, for_hours=24.0):
    return PatientLimit("l", "a", vital, side, warning, critical, "known", at(hours), at(hours + for_hours), "P. Test")


def ward_rules(vital, side, level):
    """The ward's plain limits of a vital on one side, the mildest first: rule id and the first value that meets it."""
    one = 0.1 if vital == "temperature_c" else 1
    found = []
    for rule in alerts_file().rules:
        if rule.kind == "limit" and rule.level == level and [c.measure for c in rule.all] == [vital] and not rule.any:
            (condition,) = rule.all
            operator, value = condition.operator, float(getattr(condition, condition.operator))
            if ("high" if operator in ("at_least", "above") else "low") == side:
                found.append((rule.id, round(value + {"above": one, "below": -one}.get(operator, 0), 1), rule))
    return sorted(found, key=lambda row: row[1], reverse=side == "low")


LIMITED = [
    (vital, side, level)
    for vital in ("systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "temperature_c", "respiratory_rate_per_min")
    for side in ("low", "high")
    for level in ("warning", "critical")
    if ward_rules(vital, side, level)
]


def test_there_are_limits_to_try():
    assert len(LIMITED) > 10


@settings(max_examples=15, deadline=None)
@given(st.data())
@pytest.mark.parametrize(("vital", "side", "level"), LIMITED, ids=str)
def test_the_mildest_rule_moves_exactly_there_and_a_worse_one_never_comes_sooner(vital, side, level, data):
    one, past = (0.1 if vital == "temperature_c" else 1), (1 if side == "high" else -1)
    mildest, *worse = ward_rules(vital, side, level)
    wanted = round(mildest[1] + one * data.draw(st.integers(-15, 30)), 1)
    background = Background(limits=(limit_of(vital, side, **{level: wanted}),))
    for value in (wanted - one, wanted, wanted + one, *(w[1] + d * one for w in worse for d in (-1, 0, 1))):
        value = round(value, 1)
        sets = [seen(n, **{vital: value}) for n in range(mildest[2].consecutive)]
        found = {rule for c in fold(sets, background) for rule in (c.finding.rule, *c.finding.also)}
        assert (mildest[0] in found) == (past * value >= past * wanted), value
        for rule_id, limit, _ in worse:
            moved = max(limit, wanted) if side == "high" else min(limit, wanted)
            assert (rule_id in found) == (past * value >= past * moved), (rule_id, value)


@pytest.mark.parametrize(
    ("value", "rule"),
    [(189, None), (190, "systolic_high_amber"), (199, "systolic_high_amber"), (200, "systolic_high_red")],
)
def test_both_limits_of_a_patient_with_a_high_pressure(value, rule):
    background = Background(limits=(limit_of("systolic_mmhg", "high", warning=190, critical=200),))
    found = findings([seen(n, systolic_mmhg=value) for n in (0, 1)], background)
    assert [f.rule for f in found] == ([rule] if rule else [])


def test_it_holds_from_when_it_was_set_until_it_runs_out():
    background = Background(limits=(limit_of("systolic_mmhg", "high", critical=200, hours=10, for_hours=8),))
    for hours, holds in ((9.99, False), (10, True), (17.99, True), (18, False), (30, False)):
        red = "systolic_high_red" in raised([seen(hours, systolic_mmhg=190)], background)
        assert red is not holds, hours


def test_taken_back_it_holds_no_longer():
    limit = replace(limit_of("systolic_mmhg", "high", critical=200), ended_at=at(5))
    background = Background(limits=(limit,))
    assert "systolic_high_red" not in raised([seen(4.99, systolic_mmhg=190)], background)
    assert "systolic_high_red" in raised([seen(5, systolic_mmhg=190)], background)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(v, s) for v, s, _ in LIMITED]))
def test_a_limit_changes_no_rule_but_those_of_its_vital_on_its_side(seed, which):
    vital, side = which
    own = {row[0] for level in ("warning", "critical") for row in ward_rules(vital, side, level)}
    book = rulebook().with_limits((limit_of(vital, side, warning=100, critical=110),))
    for rule, ward in zip(book.rules, rulebook().rules, strict=True):
        assert rule.rule.id in own or rule.rule == ward.rule
    newest = some_set(random.Random(seed), 0, 0.9)
    without = replace(newest, vitals=replace(newest.vitals, **{vital: None}))
    without = replace(without, assessments=assessments(without))
    assert fold([without], Background(limits=(limit_of(vital, side, warning=100, critical=110),))) == fold([without])


def test_the_finding_says_who_has_set_it():
    background = Background(limits=(limit_of("systolic_mmhg", "high", critical=200),))
    (found,) = findings([seen(n, systolic_mmhg=205) for n in (0, 1)], background)
    assert "P. Test" in found.source
    assert "200 or more" in found.message


# --- worse by a tenth ---------------------------------------------------------------------------------------------

WORSE = [
    # the rule, its vital, the values to begin with that stay within the rule
    ("systolic_high_red", "systolic_mmhg", 1, range(180, 236)),
    ("systolic_low_red", "systolic_mmhg", -1, range(60, 90)),
    ("diastolic_high_red", "diastolic_mmhg", 1, range(120, 150)),
    ("pulse_high_emergency", "heart_rate_per_min", 1, range(131, 180)),
    ("pulse_low_emergency", "heart_rate_per_min", -1, range(25, 41)),
    ("breathing_low_emergency", "respiratory_rate_per_min", -1, range(4, 9)),
    ("oxygen_low_red", "spo2_percent", -1, range(60, 92)),
]


@pytest.mark.parametrize(("rule", "vital", "side", "values"), WORSE, ids=lambda x: x if isinstance(x, str) else "")
def test_it_escalates_when_it_is_a_tenth_worse_and_not_before(rule, vital, side, values):
    """A critical alert does so after the quiet time."""
    for before in values:
        tenth = -(-before // 10)
        for by in {0, 1, tenth - 1, tenth, tenth + 1}:
            sets = [
                seen(n, **{vital: value})
                for n, value in zip((0, 1, 5), (before, before, before + side * by), strict=True)
            ]
            changes = [c for c in fold(sets) if c.observation_id == sets[-1].id and c.finding.rule == rule]
            assert [c.action for c in changes] == (["escalated"] if 10 * by >= before else []), (before, by)


@pytest.mark.parametrize(("hour", "again"), [(1.5, False), (4.9, False), (5, True), (9, True)])
def test_what_stands_as_critical_is_not_told_again_within_the_quiet_time_for_a_tenth(hour, again):
    sets = [seen(n, systolic_mmhg=value) for n, value in zip((0, 1, hour), (180, 180, 240), strict=True)]
    told = [c for c in fold(sets) if c.observation_id == sets[-1].id and c.finding.rule == "systolic_high_red"]
    assert bool(told) is again


def test_another_rule_as_bad_is_told_at_once():
    both = {"systolic_mmhg": 185, "diastolic_mmhg": 124}
    sets = [seen(0, systolic_mmhg=185), seen(1, systolic_mmhg=185), seen(1.2, **both), seen(1.3, **both)]
    told = [c.action for c in fold(sets) if c.observation_id == sets[-1].id and c.problem == "blood_pressure"]
    assert told == ["escalated"]


@pytest.mark.parametrize(("pressure", "escalates"), [(218, False), (219, False), (220, True)])
def test_nine_per_cent_is_not_a_tenth(pressure, escalates):
    sets = [seen(n, systolic_mmhg=value) for n, value in zip((0, 1, 5), (200, 200, pressure), strict=True)]
    assert (fold(sets)[-1].observation_id == sets[-1].id) is escalates


def test_the_tenth_counts_from_where_it_last_escalated():
    hours, pressures = (0, 1, 5, 6, 10, 11), (180, 180, 197, 198, 217, 218)
    sets = [seen(n, systolic_mmhg=value) for n, value in zip(hours, pressures, strict=True)]
    escalated = [c.observation_id for c in fold(sets) if c.action == "escalated"]
    assert escalated == [sets[1].id, sets[3].id, sets[5].id]


# --- a red reading that waits for a second one --------------------------------------------------------------------

CONFIRMED = [r for r in alerts_file().rules if r.confirm_min is not None and len(r.all) == 1 and r.kind == "limit"]


def red_and_normal(rule):
    (condition,) = rule.all
    name, value = condition.measure, float(getattr(condition, condition.operator))
    one = 0.1 if name == "temperature_c" else 1
    red = value - one if condition.operator == "below" else value
    upward = condition.operator in ("at_least", "above")
    return name, round(red, 1), round(value - one if upward else red + one, 1)


@pytest.mark.parametrize("rule", CONFIRMED, ids=lambda r: r.id)
def test_unconfirmed_it_is_a_warning_and_critical_on_the_second_reading(rule):
    name, red, _ = red_and_normal(rule)
    first, unrelated, second, third = (
        seen(0, **{name: red}), seen(0.05, consciousness="A"), seen(0.1, **{name: red}), seen(0.2, **{name: red}),
    )  # fmt: skip
    changes = [c for c in fold([first, unrelated, second, third]) if c.finding.rule == rule.id]
    assert [(c.action, c.finding.level, c.observation_id) for c in changes] == [
        ("opened", "warning", first.id),
        ("escalated", "critical", second.id),
    ]
    assert changes[0].finding.message.endswith("not confirmed yet")
    assert changes[0].finding.action != rule.what_to_do
    assert changes[1].finding.action == rule.what_to_do


@pytest.mark.parametrize("rule", CONFIRMED, ids=lambda rule: rule.id)
def test_one_normal_reading_ends_it_and_the_next_red_waits_again(rule):
    name, red, _ = red_and_normal(rule)
    sets = [seen(n / 10, **{name: value}) for n, value in enumerate((red, WELL[name], red))]
    changes = [c for c in fold(sets) if c.finding.rule == rule.id]
    assert [(c.action, c.finding.level) for c in changes] == [
        ("opened", "warning"),
        ("resolved", "warning"),
        ("opened", "warning"),
    ]


def symptoms():
    for rule in CONFIRMED:
        for condition in rule.at_once_if:
            if condition.measure in rule.measures:
                continue  # a value so far out that it waits for nothing: test_extremes
            for code in condition.one_of or (1,):
                yield pytest.param(rule, condition.measure, code, id=f"{rule.id} {condition.measure} {code}")


@pytest.mark.parametrize(("rule", "sign", "code"), list(symptoms()))
def test_with_a_symptom_it_is_critical_at_once(rule, sign, code):
    name, red, _ = red_and_normal(rule)
    other = {sign: code} if sign in OTHER else {}
    vitals = {} if sign in OTHER else {sign: code}
    (change,) = [c for c in fold([seen(0, other=other, **{name: red}, **vitals)]) if c.finding.rule == rule.id]
    assert (change.action, change.finding.level) == ("opened", "critical")
    absent = {sign: 0} if sign in OTHER else {}
    (change,) = [c for c in fold([seen(0, other=absent, **{name: red})]) if c.finding.rule == rule.id]
    assert (change.action, change.finding.level) == ("opened", "warning")


@pytest.mark.parametrize("rule", CONFIRMED, ids=lambda r: r.id)
def test_a_set_without_the_vital_neither_confirms_nor_ends_it(rule):
    name, red, _ = red_and_normal(rule)
    sets = [seen(0, **{name: red}), seen(1, consciousness="A"), seen(2, consciousness="A")]
    assert [c.action for c in fold(sets) if c.finding.rule == rule.id] == ["opened"]


def test_what_kills_waits_for_nothing():
    lethal = (
        "breathing_low_emergency", "breathing_low_red", "oxygen_low_red", "oxygen_low_scale2_red", "systolic_low_red",
        "sedation_red",
    )  # fmt: skip
    assert all(alerts_file().rule(rule).confirm_min is None for rule in lethal)
