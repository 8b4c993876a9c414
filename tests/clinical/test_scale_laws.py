"""What holds for every scale, whatever is answered. No scale is named here: a new file is held to all of it at once."""

import random
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detox.clinical import protocols, scales
from detox.clinical.model import Assessment, Vitals
from detox.clinical.protocols import Item, Scale
from detox.errors import Refused

ALL = [*protocols.scales().values()]
SUMS = [scale for scale in ALL if scale.kind == "sum"]
every_scale = pytest.mark.parametrize("scale", ALL, ids=lambda scale: scale.id)
every_sum = pytest.mark.parametrize("scale", SUMS, ids=lambda scale: scale.id)


def readings(vital: str) -> st.SearchStrategy[Any]:
    """Any reading of a vital that a bedside can give."""
    file = protocols.vitals_file()
    if vital == "on_oxygen":
        return st.booleans()
    if vital == "spo2_scale":
        return st.sampled_from((1, 2))
    for coded in file.coded:
        if coded.vital == vital:
            return st.sampled_from([code.value for code in coded.codes])
    limits = file.range(vital)
    tens = 10**limits.decimals
    return st.integers(round(limits.absolute[0] * tens), round(limits.absolute[1] * tens)).map(lambda n: n / tens)


def names_of(item: Item) -> set[str]:
    """The vitals that a measured item looks at."""
    return {item.vital, *(name for v in item.variants for name in v.when)} if item.measured else set()


def answers_to(scale: Scale) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({i.id: st.sampled_from(i.values) for i in scale.items if not i.measured})


def vitals_for(scale: Scale) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({n: readings(n) for i in scale.items for n in sorted(names_of(i))})


def rated(scale: Scale, answers: dict[str, Any], vitals: dict[str, Any]) -> Assessment:
    return scales.assess(scale, answers, Vitals(**vitals))


def place(scale: Scale, made: Assessment) -> int:
    """Where the band stands among the bands: a risk that one item lifts stands between the lowest and the next."""
    if not scale.bands or made.band is None:
        return 0
    ids = [band.id for band in scale.bands]
    if scale.single_item:
        ids.insert(1, scale.single_item.risk)
    return ids.index(made.band)


def giving(item: Item, points: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """An answer, or a reading, that gives the item these points."""
    if not item.measured:
        return {item.id: next(a for a, p in item.points_of.items() if p == points)}, {}
    if item.codes:
        code = next(c for c, p in item.codes.items() if p == points)
        return {}, {item.vital: {"true": True, "false": False}.get(code, code)}
    steps = item.points or item.variants[0].points
    lows = [(steps[1].at_least or 0) - 1, *(step.at_least for step in steps[1:])]
    return {}, {item.vital: next(low for low, step in zip(lows, steps, strict=True) if step.points == points)}


@every_scale
@given(data=st.data())
def test_a_worse_answer_never_lowers_anything(scale: Scale, data: st.DataObject) -> None:
    """Monotone in every item, counted in points: on a reversed item the higher answer is the milder one."""
    answers, vitals = data.draw(answers_to(scale)), data.draw(vitals_for(scale))
    if not answers:
        return
    item = scale.item(data.draw(st.sampled_from(sorted(answers))))
    milder, worse = sorted(data.draw(st.tuples(*[st.sampled_from(item.values)] * 2)), key=item.points_of.__getitem__)
    before = rated(scale, answers | {item.id: milder}, vitals)
    after = rated(scale, answers | {item.id: worse}, vitals)
    assert before.at_least <= after.at_least
    if before.complete and after.complete:
        assert place(scale, before) <= place(scale, after)
        assert (before.total is None) == (after.total is None)


@every_sum
@given(data=st.data())
def test_the_total_is_the_sum_of_the_points_of_all_items(scale: Scale, data: st.DataObject) -> None:
    answers, vitals = data.draw(answers_to(scale)), data.draw(vitals_for(scale))
    made = rated(scale, answers, vitals)
    assert made.complete
    assert list(made.items) == [item.id for item in scale.items]
    assert made.total == made.at_least == sum(made.items.values())
    assert made.total in scale.reachable
    for item in scale.items:
        if not item.measured:
            ends = min(item.values) + max(item.values)
            assert made.items[item.id] == (ends - answers[item.id] if item.reversed else answers[item.id])
    if scale.bands and not scale.single_item:
        holds = [band.id for band in scale.bands if band.at_least <= made.total]
        assert made.band == holds[-1]


@every_scale
@given(data=st.data())
def test_the_order_of_the_answers_does_not_matter(scale: Scale, data: st.DataObject) -> None:
    answers, vitals = data.draw(answers_to(scale)), data.draw(vitals_for(scale))
    shuffled = data.draw(st.permutations(list(answers.items())))
    assert rated(scale, dict(shuffled), vitals) == rated(scale, answers, vitals)


@every_scale
@given(data=st.data())
def test_at_least_is_never_above_any_way_to_complete_it(scale: Scale, data: st.DataObject) -> None:
    answers, vitals = data.draw(answers_to(scale)), data.draw(vitals_for(scale))
    gone = data.draw(st.sets(st.sampled_from(sorted([*answers, *vitals]))))
    part = rated(
        scale,
        {name: None if name in gone else value for name, value in answers.items()},
        {name: None if name in gone else value for name, value in vitals.items()},
    )
    whole = rated(scale, answers, vitals)
    assert part.at_least <= whole.at_least
    assert part.complete == (not part.missing)
    assert set(part.items).isdisjoint(part.missing)
    if not part.complete:
        assert part.total is None
        assert part.band is None or (scale.kind == "triage" and part.band == scale.bands[-1].id == whole.band)


@every_scale
@given(data=st.data())
def test_the_short_way_and_the_careful_way_agree(scale: Scale, data: st.DataObject) -> None:
    """A set that is whole is scored by the short way; the careful way must say the same of it."""
    answers, vitals = data.draw(answers_to(scale)), Vitals(**data.draw(vitals_for(scale)))
    short = scales._plain(scales._plan(scale), answers, vitals)
    careful, missing = scales._careful(scale, answers, vitals, {})
    assert not missing
    assert short == (careful, ())
    assert short is not None
    assert {name: type(value) for name, value in short[0].items()} == dict.fromkeys(careful, int)


@every_scale
@given(data=st.data())
def test_plain_values_are_scored_as_charted_ones(scale: Scale, data: st.DataObject) -> None:
    answers = data.draw(answers_to(scale).map(lambda a: {k: v for n, (k, v) in enumerate(a.items()) if n != 1}))
    vitals = {name: data.draw(st.none() | st.just(value)) for name, value in data.draw(vitals_for(scale)).items()}
    known = {name: value for name, value in vitals.items() if value is not None}
    made = rated(scale, answers, vitals)
    assert scales.assess(scale, answers, vitals) == scales.assess(scale, answers, known) == made
    assert made == Assessment(**{f.name: getattr(made, f.name) for f in fields(Assessment)})


def test_plain_values_under_another_name_are_refused() -> None:
    with pytest.raises(Refused, match=r"No vital is called pulse: choose from systolic_mmhg"):
        scales.assess(protocols.scale("news2"), None, {"pulse": 76})


@every_sum
def test_every_total_that_can_be_reached_is_reached(scale: Scale) -> None:
    made: dict[int, dict[str, int]] = {0: {}}
    for item in scale.items:
        made = {total + p: chosen | {item.id: p} for total, chosen in made.items() for p in item.values}
    assert set(made) == scale.reachable
    for total, points in made.items():
        answers: dict[str, Any] = {}
        vitals: dict[str, Any] = {}
        for item in scale.items:
            answer, reading = giving(item, points[item.id])
            answers |= answer
            vitals |= reading
        assert rated(scale, answers, vitals).total == total


@every_scale
def test_with_each_item_missing_in_turn_there_is_no_total_and_no_band(scale: Scale) -> None:
    answers: dict[str, Any] = {}
    vitals: dict[str, Any] = {}
    for item in scale.items:
        answer, reading = giving(item, min(item.values))
        if item.asked_if and scale.kind == "triage":
            continue
        answers |= answer
        vitals |= reading
    assert rated(scale, answers, vitals).complete
    for item in scale.items:
        if item.asked_if:
            continue
        absent = {name: value for name, value in answers.items() if name != item.id}
        nulled = {name: None if name == item.id else value for name, value in answers.items()}
        unmeasured = {name: None if name == item.vital else value for name, value in vitals.items()}
        made = rated(scale, absent, unmeasured)
        assert made == rated(scale, nulled, unmeasured)
        assert (made.total, made.band, made.complete, made.risk) == (None, None, False, None)
        assert item.id in made.missing
        assert item.id not in made.items


@every_scale
def test_what_the_scale_does_not_have_is_refused(scale: Scale) -> None:
    """Every value off the scale, and everything that is no whole number: true is not 1, and "1" is not 1."""
    for item in (item for item in scale.items if not item.measured):
        off: list[Any] = [value for value in range(-12, 20) if value not in item.values]
        off += [True, False, "1", "", 0.5, item.values[-1] + 0.001, float("nan"), float("inf"), [1], {}, 10**30]
        for value in off:
            with pytest.raises(Refused) as refused:
                rated(scale, {item.id: value}, {})
            assert refused.value.problems[item.id].endswith(f"its values are {', '.join(map(str, item.values))}.")


@every_scale
def test_a_whole_number_written_with_a_point_is_that_number(scale: Scale) -> None:
    for item in (item for item in scale.items if not item.measured):
        for value in item.values:
            made = rated(scale, {item.id: float(value)}, {})
            assert made == rated(scale, {item.id: value}, {})
            assert type(made.items[item.id]) is int


@every_scale
def test_an_item_that_the_scale_does_not_have_is_refused_even_without_a_value(scale: Scale) -> None:
    for value in (0, None):
        with pytest.raises(Refused, match="has no item 'hiccups': leave it out"):
            rated(scale, {"hiccups": value}, {})


@every_scale
def test_an_item_that_a_code_gives_cannot_be_typed_over(scale: Scale) -> None:
    for item in (item for item in scale.items if item.codes):
        _, reading = giving(item, max(item.values))
        for value in item.values:
            with pytest.raises(Refused, match="leave it out"):
                rated(scale, {item.id: value}, reading)


@every_scale
def test_scoring_does_not_change_what_it_was_given_and_answers_anew(scale: Scale) -> None:
    rng = random.Random(7)
    answers = {i.id: rng.choice(i.values) for i in scale.items if not i.measured}
    kept = dict(answers)
    one, other = rated(scale, answers, {}), rated(scale, answers, {})
    assert answers == kept
    assert one == other
    assert one.items is not other.items
