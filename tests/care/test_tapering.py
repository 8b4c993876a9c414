"""Plans, doses and decisions: nothing acts unsigned, nothing exceeds the signed step, only a decision moves it."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import (
    Admission,
    Clinician,
    Decision,
    Dose,
    HistoryAnswer,
    Observation,
    TaperPlan,
    TaperStep,
    Vitals,
)
from detox.clinical.situations import CHECKED, discharge_file
from detox.errors import Conflict, Refused
from detox.store import Store, find

Chart = Callable[..., Dose]

SHOWN = {"class": "STEP_DOWN", "text": "Step down from 8 to 6 mg.", "rules": ["D01"]}


def plan_of(admission: Admission, now: datetime, *doses: float, drug: str = "buprenorphine") -> TaperPlan:
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate(doses or (8.0, 6.0, 0.0), start=1))
    return TaperPlan(uuid.uuid4().hex, admission.id, drug, steps, 24, "", now)


def dose_of(
    admission: Admission, at: datetime, mg: float, status: str = "given", reason: str = "ordered by Dr Lee", **more: str
) -> Dose:
    drug = more.get("drug", "buprenorphine")
    return Dose(more.get("id", uuid.uuid4().hex), admission.id, None, drug, mg, status, at, reason)  # type: ignore[arg-type]


def decision_of(admission: Admission, now: datetime, **change: object) -> Decision:
    whole = Decision(uuid.uuid4().hex, admission.id, "accepted", "STEP_DOWN", "", now, "", SHOWN)
    return replace(whole, **change)  # type: ignore[arg-type]


def basis(store: Store, admission: Admission) -> str:
    with inside(store) as tx:
        return find.basis_of(tx, admission.id)


@pytest.fixture
def plan(store: Store, physician: Clinician, admission: Admission, now: datetime) -> TaperPlan:
    """Buprenorphine 8, 6, 0 mg, signed."""
    written = care.write_plan(store, physician, plan_of(admission, now), now)
    return care.sign_plan(store, physician, written.id, now)


@pytest.mark.parametrize(
    ("doses", "field"),
    [((8,), "steps"), ((8, 8), "steps"), ((6, 8), "steps"), ((8, -1), "steps"), ((8, 4, 5), "steps")],
)
def test_a_plan_that_does_not_fall_is_refused(
    store: Store, physician: Clinician, admission: Admission, now: datetime, doses: tuple[float, ...], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        care.write_plan(store, physician, plan_of(admission, now, *doses), now)
    assert set(refused.value.problems) == {field}


@pytest.mark.parametrize(
    ("programme", "drug", "fits"),
    [
        ("taper", "methadone", True), ("taper", "lofexidine", False), ("taper", "naltrexone_xr", False),
        ("alpha2", "clonidine", True), ("alpha2", "buprenorphine", False), ("alpha2_start", "lofexidine", True),
        ("bup_induction", "buprenorphine", True), ("bup_induction", "methadone", False),
        ("methadone_start", "buprenorphine", False), ("naltrexone_start", "naltrexone_xr", True),
        ("maintenance_dot", "buprenorphine", True), ("maintenance_dot", "diamorphine", False),
    ],
)  # fmt: skip
def test_a_plan_is_of_a_drug_of_its_programme(
    store: Store, physician: Clinician, admit: Callable[..., Admission], now: datetime, programme: str, drug: str,
    fits: bool,
) -> None:  # fmt: skip
    plan = plan_of(admit(programme=programme), now, drug=drug)
    if fits:
        assert care.write_plan(store, physician, plan, now).drug == drug
    else:
        with pytest.raises(Refused, match=f"{drug.capitalize()} does not belong to the programme {programme}: choose"):
            care.write_plan(store, physician, plan, now)


def test_every_problem_of_a_plan_is_told_at_once(
    store: Store, physician: Clinician, admission: Admission, now: datetime
) -> None:
    broken = replace(plan_of(admission, now, 8, 8, drug="aspirin"), interval_h=0)
    with pytest.raises(Refused) as refused:
        care.write_plan(store, physician, broken, now)
    assert set(refused.value.problems) == {"drug", "steps", "interval_h"}


def test_a_draft_acts_on_nothing(
    store: Store, chart: Chart, physician: Clinician, admission: Admission, now: datetime
) -> None:
    draft = care.write_plan(store, physician, plan_of(admission, now), now)
    assert (draft.signed_at, draft.step_since) == (None, None)
    with pytest.raises(Refused, match="No signed plan for buprenorphine"):
        chart(dose_of(admission, now, 4), now)
    with pytest.raises(Conflict, match="no signed plan"):
        care.decide(store, physician, decision_of(admission, now), draft.id, basis(store, admission), now)


def test_a_signed_plan_stands_at_its_first_step_and_ends_the_older_one(
    store: Store, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    assert (plan.current_step, plan.step_since, plan.signed_by) == (1, now, physician.name)
    newer = care.write_plan(store, physician, plan_of(admission, now, 4, 2), now)
    care.sign_plan(store, physician, newer.id, now)
    with inside(store) as tx:
        assert find.plan(tx, plan.id).ended_at == now
        assert find.current_plan(tx, admission.id) == find.plan(tx, newer.id)
    with pytest.raises(Conflict, match="has ended"):
        care.sign_plan(store, physician, plan.id, now)


# --- doses ------------------------------------------------------------------------------------------------------


def test_no_more_than_the_signed_step_in_a_day(
    store: Store, chart: Chart, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    chart(dose_of(admission, now - timedelta(hours=12), 4), now)
    with pytest.raises(Refused, match=r"5 mg is over the signed 8 mg a day. 4 mg were already given today, last by"):
        chart(dose_of(admission, now, 5), now)
    assert chart(dose_of(admission, now, 4), now).plan_id == plan.id
    with pytest.raises(Refused, match="8 mg were already given today"):
        chart(dose_of(admission, now, 0.1), now)


def test_parts_of_a_dose_add_up_as_people_add(
    store: Store, chart: Chart, physician: Clinician, admit: Callable[..., Admission], now: datetime
) -> None:
    admission = admit(programme="alpha2")
    written = care.write_plan(store, physician, plan_of(admission, now, 0.3, 0.1, drug="clonidine"), now)
    care.sign_plan(store, physician, written.id, now)
    for hours in (9, 5, 1):
        chart(dose_of(admission, now - timedelta(hours=hours), 0.1, drug="clonidine"), now)


def test_the_day_of_a_dose_is_the_wards_day_even_when_it_has_25_hours(
    store: Store, physician: Clinician, chart: Chart, admit: Callable[..., Admission], now: datetime
) -> None:
    admission = admit(days_ago=30)  # here since before that night
    care.sign_plan(store, physician, care.write_plan(store, physician, plan_of(admission, now), now).id, now)
    late = [datetime(2026, 10, 25, 23, minute, tzinfo=UTC) for minute in (10, 40)]
    chart(dose_of(admission, late[0], 8), now)
    with pytest.raises(Refused, match="already given today"):
        chart(dose_of(admission, late[1], 8), now)
    with pytest.raises(Refused, match="given twice"):  # another day of the ward, and not an hour later
        chart(dose_of(admission, datetime(2026, 10, 26, 0, 5, tzinfo=UTC), 8), now)
    chart(dose_of(admission, datetime(2026, 10, 26, 19, 10, tzinfo=UTC), 8), now)


@pytest.mark.parametrize("status", ["held", "refused"])
def test_what_was_not_given_counts_nothing_and_says_why(
    store: Store, chart: Chart, admission: Admission, plan: TaperPlan, now: datetime, status: str
) -> None:
    with pytest.raises(Refused, match="needs the reason"):
        chart(dose_of(admission, now, 8, status, ""), now)
    kept = chart(dose_of(admission, now, 8, status, "drowsy"), now)
    assert (kept.dose_mg, kept.reason) == (0, "drowsy")
    chart(dose_of(admission, now, 8), now)


@pytest.mark.parametrize("mg", [0, -4, float("nan"), float("inf")])
def test_a_given_dose_needs_its_amount(
    store: Store, chart: Chart, admission: Admission, plan: TaperPlan, now: datetime, mg: float
) -> None:
    with pytest.raises(Refused, match="needs its amount in mg"):
        chart(dose_of(admission, now, mg), now)


def test_a_dose_is_not_given_in_the_future(
    store: Store, chart: Chart, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    with pytest.raises(Refused, match="lies in the future"):
        chart(dose_of(admission, now + timedelta(minutes=3), 4), now)


def test_a_double_tap_charts_one_dose_and_another_dose_needs_its_own_id(
    store: Store, chart: Chart, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    dose = dose_of(admission, now, 4)
    assert chart(dose, now) == chart(dose, now)
    with pytest.raises(Conflict, match="already charted with another dose"):
        chart(replace(dose, dose_mg=2), now)
    with inside(store) as tx:
        assert [d.dose_mg for d in find.doses(tx, admission.id)] == [4]


# --- decisions --------------------------------------------------------------------------------------------------


def test_only_a_decision_moves_the_step_and_it_is_kept_with_what_was_shown(
    store: Store, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    made = decision_of(admission, now)
    kept = care.decide(store, physician, made, plan.id, basis(store, admission), now)
    assert (kept.step_from, kept.step_to, kept.suggestion, kept.decided_by) == (1, 2, SHOWN, physician.name)
    with inside(store) as tx:
        moved = find.plan(tx, plan.id)
    assert (moved.current_step, moved.previous_step, moved.step_since) == (2, 1, now)
    assert care.decide(store, physician, made, plan.id, "anything", now) == kept


@pytest.mark.parametrize(
    ("verdict", "chosen"), [("declined", "HOLD_STEP"), ("declined", "STEP_DOWN"), ("changed", "HOLD_STEP")]
)
def test_a_decline_or_another_choice_needs_a_reason_and_moves_nothing(
    store: Store, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime, verdict: str, chosen: str
) -> None:
    made = decision_of(admission, now, verdict=verdict, chosen=chosen)
    with pytest.raises(Refused, match="Say why"):
        care.decide(store, physician, made, plan.id, basis(store, admission), now)
    care.decide(store, physician, replace(made, reason="cramps"), plan.id, basis(store, admission), now)
    with inside(store) as tx:
        assert find.plan(tx, plan.id).current_step == 1


def test_accepting_takes_the_suggestion_as_it_is(
    store: Store, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    with pytest.raises(Refused, match="use Change"):
        care.decide(
            store, physician, decision_of(admission, now, chosen="STEP_UP"), plan.id, basis(store, admission), now
        )


def test_a_suggestion_whose_basis_changed_is_not_decided_on(
    store: Store, nurse: Clinician, physician: Clinician, admission: Admission, plan: TaperPlan,
    seen: Callable[..., Observation], vitals: Callable[..., Vitals], now: datetime,
) -> None:  # fmt: skip
    before = basis(store, admission)
    care.record(store, nurse, seen(vitals=vitals(respiratory_rate_per_min=8)), now)
    with pytest.raises(Conflict, match="has changed since"):
        care.decide(store, physician, decision_of(admission, now), plan.id, before, now)


def test_an_expired_suggestion_is_not_decided_on(
    store: Store, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    for minutes, expired in ((1, False), (-1, True)):
        shown = {**SHOWN, "expires_at": (now + timedelta(minutes=minutes)).isoformat()}
        made = decision_of(admission, now, suggestion=shown)
        if expired:
            with pytest.raises(Conflict, match="expired"):
                care.decide(store, physician, made, plan.id, basis(store, admission), now)
        else:
            care.decide(store, physician, made, plan.id, basis(store, admission), now)


def test_one_step_at_a_time_and_never_off_the_plan(
    store: Store, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    up = decision_of(admission, now, chosen="STEP_UP", suggestion={"class": "STEP_UP"})
    with pytest.raises(Refused, match="no step above"):
        care.decide(store, physician, up, plan.id, basis(store, admission), now)
    care.decide(store, physician, decision_of(admission, now), plan.id, basis(store, admission), now)
    with pytest.raises(Refused, match="waits for the checklist"):
        care.decide(store, physician, decision_of(admission, now), plan.id, basis(store, admission), now)
    with pytest.raises(Refused, match="waits for the checklist"):
        care.move_plan(store, physician, plan.id, 3, "goes home", now)
    for task in discharge_file().item:
        if task.before_last_step:
            fact = HistoryAnswer(uuid.uuid4().hex, admission.id, CHECKED + task.name, "done", "", now)
            care.state(store, physician, fact, now)
    care.decide(store, physician, decision_of(admission, now), plan.id, basis(store, admission), now)
    with pytest.raises(Refused, match="no step below"):
        care.decide(store, physician, decision_of(admission, now), plan.id, basis(store, admission), now)
    care.decide(store, physician, replace(up, id="up"), plan.id, basis(store, admission), now)
    with inside(store) as tx:
        assert (find.plan(tx, plan.id).current_step, find.plan(tx, plan.id).failed_step_downs) == (2, 1)
        assert [(a, b) for _, a, b in find.step_changes(tx, plan.id)] == [(None, 1), (1, 2), (2, 3), (3, 2)]


def test_a_decision_for_one_patient_never_moves_anothers_plan(
    store: Store, physician: Clinician, admit: Callable[..., Admission], plan: TaperPlan, now: datetime
) -> None:
    other = admit("Osei", "Daniel")
    with pytest.raises(Conflict, match="another patient's"):
        care.decide(store, physician, decision_of(other, now), plan.id, basis(store, other), now)
    with inside(store) as tx:
        assert find.plan(tx, plan.id).current_step == 1


def test_an_ended_plan_gives_and_moves_nothing(
    store: Store, chart: Chart, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    with pytest.raises(Refused, match="say why it stops"):
        care.end_plan(store, physician, plan.id, " ", now)
    care.end_plan(store, physician, plan.id, "maintenance instead", now)
    with pytest.raises(Refused, match="No signed plan"):
        chart(dose_of(admission, now, 4), now)
    with pytest.raises(Conflict, match="no signed plan"):
        care.decide(store, physician, decision_of(admission, now), plan.id, basis(store, admission), now)


def test_a_dose_given_before_a_step_down_can_be_charted_after_it(
    store: Store, chart: Chart, physician: Clinician, admission: Admission, plan: TaperPlan, now: datetime
) -> None:
    later = now + timedelta(hours=2)
    care.decide(store, physician, decision_of(admission, later), plan.id, basis(store, admission), later)
    chart(dose_of(admission, now + timedelta(hours=1), 8), later)
