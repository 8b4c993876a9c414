"""No way of charting a dose goes around a danger: each asks the same list, whatever the drug is called."""

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from inside import inside

from detox import care
from detox.care.other_doses import other_drugs
from detox.chart.danger import strictest
from detox.chart.judge import ALWAYS, judge
from detox.clinical.drugs import class_of
from detox.clinical.model import Admission, Clinician, Dose, Observation
from detox.errors import Refused
from detox.store import Store, find
from detox.store.context import read_context

DANGERS = {
    "drowsy and breathing 7": {"respiratory_rate_per_min": 7, "sedation": "4"},
    "pressure 88": {"systolic_mmhg": 88, "diastolic_mmhg": 55},
    "pulse 39": {"heart_rate_per_min": 39},
    "confused": {"consciousness": "C"},
    "fever": {"temperature_c": 38.6},
    "pressure 190/125": {"systolic_mmhg": 190, "diastolic_mmhg": 125},
    "nothing": {},
}
Vitals = Callable[..., object]


@pytest.fixture
def seen_with(
    store: Store, nurse: Clinician, admission: Admission, seen: Callable[..., Observation],
    vitals: Callable[..., object], cows: Callable[..., dict[str, dict[str, int]]], now: datetime,
) -> Callable[[str], None]:  # fmt: skip
    def build(danger: str) -> None:
        care.record(store, nurse, seen(vitals=vitals(**DANGERS[danger]), answers=cows()), now, confirmed=True)

    return build


def given(admission: Admission, drug: str, now: datetime, **more: object) -> Dose:
    return Dose(uuid.uuid4().hex, admission.id, None, drug, 5.0, "given", now, "by order of Dr Lee", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("danger", DANGERS)
def test_another_medicine_is_held_as_the_list_says(
    store: Store, nurse: Clinician, admission: Admission, seen_with: Callable[[str], None], now: datetime, danger: str
) -> None:
    seen_with(danger)
    for drug in other_drugs():
        with inside(store) as tx:
            judged = judge(read_context(tx, find.admission(tx, admission.id), now))
        word = judged.dose(drug)
        held = drug not in ALWAYS and (strictest(judged.dangers, class_of(drug)) != "yes" or bool(word.looked_at.holds))
        if held:
            with pytest.raises(Refused, match="physician"):
                care.chart_other_dose(store, nurse, given(admission, drug, now), now)
            assert word.may_give != "yes"
        elif drug == "naloxone":
            assert care.chart_other_dose(store, nurse, given(admission, drug, now), now).over_hold == ""


def test_a_brand_does_not_go_around_a_hold(
    store: Store, nurse: Clinician, admission: Admission, seen_with: Callable[[str], None], now: datetime
) -> None:
    seen_with("drowsy and breathing 7")
    for name in ("Physeptone", "Subutex", "MST", "heroin"):
        with pytest.raises(Refused, match="physician"):
            care.chart_other_dose(store, nurse, given(admission, name, now), now)


def test_what_was_given_all_the_same_is_charted_marked_and_calls(
    store: Store, nurse: Clinician, physician: Clinician, admission: Admission, seen_with: Callable[[str], None],
    now: datetime,
) -> None:  # fmt: skip
    seen_with("drowsy and breathing 7")
    kept = care.chart_other_dose(store, nurse, given(admission, "morphine", now, against_hold=True), now)
    assert kept.against_hold
    with inside(store) as tx:
        judged = judge(read_context(tx, find.admission(tx, admission.id), now))
    (called,) = [one for one in judged.dangers if one.rule == "against_hold"]
    assert (called.level, called.giving.opioid) == ("critical", "no")
    care.answer_danger(store, nurse, admission.id, "against_hold", "told Dr Lee", now)
    with inside(store) as tx:
        judged = judge(read_context(tx, find.admission(tx, admission.id), now))
    assert [one.answered_by.id for one in judged.dangers if one.rule == "against_hold" and one.answered_by] == [
        nurse.id
    ]
    care.answer_danger(store, physician, admission.id, "against_hold", "seen, watched", now)
    with inside(store) as tx:
        judged = judge(read_context(tx, find.admission(tx, admission.id), now))
    assert "against_hold" not in [one.rule for one in judged.dangers]


def test_a_mark_against_a_hold_stays_off_where_nothing_holds(
    store: Store, nurse: Clinician, admission: Admission, seen_with: Callable[[str], None], now: datetime
) -> None:
    seen_with("nothing")
    assert not care.chart_other_dose(
        store, nurse, given(admission, "morphine", now, against_hold=True), now
    ).against_hold


def test_a_nurse_orders_no_doses_and_closes_nothing(
    store: Store, nurse: Clinician, admission: Admission, now: datetime
) -> None:
    for more in ({"giving": "as_ordered"}, {"closes": True}):
        with pytest.raises(Refused, match="Only a physician"):
            care.answer_danger(store, nurse, admission.id, "breathing", "told Dr Lee", now, **more)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="Say in a few words"):
        care.answer_danger(store, nurse, admission.id, "breathing", " ", now)
    with pytest.raises(Refused, match="no danger"):
        care.answer_danger(store, nurse, admission.id, "nothing of that name", "seen", now)


def test_an_answer_kept_twice_is_one(store: Store, nurse: Clinician, admission: Admission, now: datetime) -> None:
    for _ in range(2):
        care.answer_danger(store, nurse, admission.id, "breathing", "oxygen", now, answer_id="one")
    with inside(store) as tx:
        assert [one.id for one in find.answers(tx, admission.id)] == ["one"]
