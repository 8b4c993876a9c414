"""Every rule of alerts.toml at its edge: the last set with which it is raised, and the same set one step inside."""

import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alert_help import MIDNIGHT, cows_of

from detox.clinical.alerts.book import RuleBook
from detox.clinical.alerts.folding import alerts_file, applied, fold
from detox.clinical.judgement import assessments
from detox.clinical.measure_content import decimals
from detox.clinical.model import Background, Baseline, Dose, Observation, Vitals
from detox.clinical.protocols import scales, vitals_file

FILE = Path(__file__).resolve().parents[1] / "cases" / "alerts" / "each_rule.toml"
PAIRS = tomllib.loads(FILE.read_text(encoding="utf-8"))["pairs"]
OTHER = {o.name: o for o in vitals_file().other}
WHEN = re.compile(r"(?:day (\d+) )?(\d\d):(\d\d)")
NUMBERS = {r.vital for r in vitals_file().ranges}
SAID = ("usual", "anew")


def moment(text):
    """ "02:00" on day 1, the day of admission; "day 5 02:00" later."""
    day, hour, minute = WHEN.fullmatch(text).groups()
    return MIDNIGHT + timedelta(days=int(day or 1) - 1, hours=int(hour), minutes=int(minute))


def as_observation(number, row):
    row = dict(row)
    answers = {scale: row.pop(scale) for scale in scales() if isinstance(row.get(scale), dict)}
    if "cows_of" in row:
        answers["cows"] = cows_of(row.pop("cows_of"))
    seen = Observation(
        id=f"o{number}",
        admission_id="a",
        taken_at=moment(row.pop("at")),
        other={name: row.pop(name) for name in OTHER if name in row},
        answers=answers,
        vitals=Vitals(**row),
    )
    return replace(seen, assessments=assessments(seen))


def background_of(pair):
    doses = [
        Dose(f"d{i}", "a", None, row["drug"], row["mg"], "given", moment(row["at"]))
        for i, row in enumerate(pair.get("doses", ()))
    ]
    said = [
        Baseline(f"{kind}-{vital}", "a", vital, value, kind, "said so", MIDNIGHT)
        for kind in SAID
        for vital, value in pair.get(kind, {}).items()
    ]
    return Background(admitted_at=MIDNIGHT, doses=tuple(doses), baselines=tuple(said))


def told(pair, last, book=None):
    """The rules that the last set raises, by rule or beside it, and those that are told of after it."""
    sets = [as_observation(i, row) for i, row in enumerate([*pair.get("before", ()), last])]
    assert [s.taken_at for s in sets] == sorted(s.taken_at for s in sets), "the sets stand in the order of time"
    changes = fold(sets, background_of(pair), book)
    raised = {
        rule
        for c in changes
        if c.observation_id == sets[-1].id and c.action != "resolved"
        for rule in (c.finding.rule, *c.finding.also)
    }
    standing = {rule for alert in applied({}, changes).values() for rule in (alert.finding.rule, *alert.finding.also)}
    return raised, standing


def the_step(pair):
    """What differs between the two last sets: the one name, its value where the rule is raised and where not."""
    fires, quiet = pair["fires"], pair["quiet"]
    different = [name for name in fires | quiet if fires.get(name) != quiet.get(name)]
    assert len(different) == 1, f"the two sets differ in {different}: one step is one value"
    return different[0], fires.get(different[0]), quiet.get(different[0])


def numeric(name):
    if name in OTHER:
        return OTHER[name].kind != "sign"
    return name in NUMBERS


def named(pair):
    return f"{pair['rule']}: {pair['sentence']}"


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_the_rule_is_raised_with_the_last_set(pair):
    raised, _ = told(pair, pair["fires"])
    assert pair["rule"] in raised


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_one_step_inside_it_is_not(pair):
    raised, standing = told(pair, pair["quiet"])
    assert pair["rule"] not in raised | standing


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_the_sets_before_it_do_not_raise_it(pair):
    if before := pair.get("before"):
        _, standing = told(pair | {"before": before[:-1]}, before[-1])
        assert pair["rule"] not in standing


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_the_step_is_the_smallest_that_can_be_charted(pair):
    name, fires, quiet = the_step(pair)
    if name == "at":
        assert abs(moment(fires) - moment(quiet)) == timedelta(minutes=1)
    elif name == "cows_of" or (numeric(name) and None not in (fires, quiet)):
        assert round(abs(fires - quiet) * 10 ** decimals(name)) == 1


@pytest.mark.parametrize("pair", PAIRS, ids=named)
def test_one_step_past_the_limit_it_is_raised_too(pair):
    name, fires, quiet = the_step(pair)
    if (numeric(name) or name == "cows_of") and None not in (fires, quiet):
        past = round(2 * fires - quiet, 2)
        if name in OTHER and OTHER[name].grades and past >= len(OTHER[name].grades):
            return  # the uppermost grade has none beyond it
        raised, _ = told(pair, pair["fires"] | {name: past})
        assert pair["rule"] in raised


def test_every_rule_has_a_pair_and_every_pair_a_rule():
    assert {pair["rule"] for pair in PAIRS} == {rule.id for rule in alerts_file().rules}


def test_no_pair_stands_twice_and_none_has_an_unknown_key():
    assert len({named(pair) for pair in PAIRS}) == len(PAIRS)
    known = {"rule", "sentence", "before", "fires", "quiet", "doses", *SAID}
    assert {key for pair in PAIRS for key in pair} <= known


# within six readings three sigmas are at most 12.5: the rise of 15 that is asked for beside it decides
NEVER_ALONE = {"systolic_ewma_sigmas", "heart_rate_ewma_sigmas"}
CONDITIONS = [
    pytest.param(rule, which, place, id=f"{rule.id} {which} {getattr(rule, which)[place].measure}-{place}")
    for rule in alerts_file().rules
    for which in ("all", "any")
    for place in range(len(getattr(rule, which)))
    if getattr(rule, which)[place].measure not in NEVER_ALONE
]


def book_with(rule, which, place, *, met):
    """The rules with one condition that any value meets, or none does."""
    conditions = list(getattr(rule, which))
    condition = conditions[place]
    if condition.one_of:
        every = tuple(
            v for c in vitals_file().coded if c.vital == condition.measure for v in (x.value for x in c.codes)
        )
        changed = {"one_of": (every or (1, 2)) if met else ("none of them",)}
    else:
        upward = condition.operator in ("at_least", "above")
        changed = {condition.operator: -1e9 if upward == met else 1e9}
    conditions[place] = condition.model_copy(update=changed)
    other = rule.model_copy(update={which: tuple(conditions)})
    return RuleBook(alerts_file(), [other if r is rule else r for r in alerts_file().rules])


@pytest.mark.parametrize(("rule", "which", "place"), CONDITIONS)
def test_every_condition_of_every_rule_decides_one_of_its_pairs(rule, which, place):
    """Without one that has to hold, a quiet set would raise the rule; without a choice, one that fires would not."""
    book = book_with(rule, which, place, met=which == "all")
    last = "quiet" if which == "all" else "fires"

    def known(pair, rules=None):
        raised, standing = told(pair, pair[last], rules)
        return rule.id in raised | standing

    assert any(known(pair, book) != known(pair) for pair in PAIRS if pair["rule"] == rule.id)


@pytest.mark.parametrize("rule", [r for r in alerts_file().rules if r.consecutive > 1], ids=lambda r: r.id)
def test_a_rule_for_several_readings_is_not_raised_by_the_last_alone(rule):
    for pair in PAIRS:
        if pair["rule"] == rule.id:
            raised, standing = told(pair | {"before": pair["before"][: 1 - rule.consecutive]}, pair["fires"])
            assert rule.id not in raised | standing
