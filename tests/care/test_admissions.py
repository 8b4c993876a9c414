"""Admitting, moving and discharging: who lies where, once each."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Admission, Clinician, Patient, TaperPlan, TaperStep, Ward
from detox.errors import Conflict, Refused
from detox.store import Store, find

Admit = Callable[..., Admission]


def bed_id(store: Store, ward: Ward, label: str) -> str:
    with inside(store) as tx:
        return next(b.id for b in find.beds(tx, ward.id) if b.label == label)


def taken(store: Store, ward: Ward) -> dict[str, str]:
    with inside(store) as tx:
        return {b.label: b.admission_id for b in find.beds(tx, ward.id) if b.admission_id}


def test_a_patient_lies_in_the_bed_given(store: Store, ward: Ward, admit: Admit) -> None:
    stay = admit("Silva", "Maria", bed="Bed 7")
    assert (stay.bed, taken(store, ward)) == ("Bed 7", {"Bed 7": stay.id})
    with inside(store) as tx:
        assert find.admissions_here(tx, ward.id) == [stay]


def test_a_taken_bed_is_refused_and_nobody_is_admitted(store: Store, ward: Ward, admit: Admit) -> None:
    first = admit("Silva", bed="Bed 7")
    with pytest.raises(Refused, match="Bed Bed 7 is taken"):
        admit("Osei", bed="Bed 7")
    with inside(store) as tx:
        assert [a.id for a in find.admissions_here(tx, ward.id)] == [first.id]


def test_a_bed_of_nowhere_is_refused(store: Store, nurse: Clinician, admission: Admission, now: datetime) -> None:
    with pytest.raises(Refused, match="not on this ward"):
        care.move(store, nurse, admission.id, "nowhere", now)


def test_a_double_tap_admits_once(
    store: Store, ward: Ward, nurse: Clinician, admission: Admission, now: datetime
) -> None:
    again = care.admit(store, nurse, admission, bed_id(store, ward, "Bed 7"), now)
    assert again == admission
    assert len(taken(store, ward)) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"programme": "holiday"}, "programme"),
        ({"admitted_at": timedelta(minutes=1)}, "admitted_at"),
        ({"last_use_at": timedelta(minutes=1)}, "last_use_at"),
        ({"patient": Patient("p", " \u200b ", "Maria")}, "family_name"),
        ({"patient": Patient("p", "Silva", "Maria", date(1899, 12, 31))}, "born_on"),
        ({"patient": Patient("p", "Silva", "Maria", date(2027, 1, 1))}, "born_on"),
    ],
)
def test_what_cannot_be_is_refused(
    store: Store,
    ward: Ward,
    nurse: Clinician,
    admission: Admission,
    now: datetime,
    change: dict[str, object],
    field: str,
) -> None:
    change = {name: now + value if isinstance(value, timedelta) else value for name, value in change.items()}
    wanted = replace(admission, id=uuid.uuid4().hex, **change)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        care.admit(store, nurse, wanted, None, now)
    assert set(refused.value.problems) == {field}


def test_moving_frees_the_bed_and_keeps_where_the_patient_was(
    store: Store, ward: Ward, nurse: Clinician, admission: Admission, now: datetime
) -> None:
    moved = care.move(store, nurse, admission.id, bed_id(store, ward, "Bed 2"), now)
    assert (moved.bed, taken(store, ward)) == ("Bed 2", {"Bed 2": admission.id})


def test_moving_into_a_taken_bed_moves_nobody(
    store: Store, ward: Ward, nurse: Clinician, admission: Admission, admit: Admit, now: datetime
) -> None:
    other = admit("Osei", bed="Bed 2")
    with pytest.raises(Refused, match="is taken"):
        care.move(store, nurse, admission.id, bed_id(store, ward, "Bed 2"), now)
    assert taken(store, ward) == {"Bed 7": admission.id, "Bed 2": other.id}


def test_a_discharge_frees_the_bed_and_ends_the_plan(
    store: Store, ward: Ward, nurse: Clinician, physician: Clinician, admission: Admission, now: datetime
) -> None:
    steps = (TaperStep(1, 8), TaperStep(2, 6))
    plan = care.write_plan(store, physician, TaperPlan("p", admission.id, "buprenorphine", steps, 24, "", now), now)
    with pytest.raises(Refused, match="say how the admission ended"):
        care.discharge(store, nurse, admission.id, " ", now)
    gone = care.discharge(store, nurse, admission.id, "taper completed", now)
    assert gone.discharged_at == now
    assert taken(store, ward) == {}
    with inside(store) as tx:
        assert find.plan(tx, plan.id).ended_at == now
        assert find.admissions_here(tx, ward.id) == []
        assert find.admissions_between(tx, ward.id, now - timedelta(days=1), now) == [gone]
        assert find.admissions_between(tx, ward.id, now + timedelta(minutes=1), now + timedelta(days=1)) == []
    assert care.discharge(store, nurse, admission.id, "again", now + timedelta(days=1)) == gone
    with pytest.raises(Conflict, match="nobody to move"):
        care.move(store, nurse, admission.id, bed_id(store, ward, "Bed 1"), now)
    with pytest.raises(Conflict, match="admit the patient again"):
        care.write_plan(store, physician, replace(plan, id="q"), now)


def test_somebody_who_comes_back_is_the_same_person(
    store: Store, nurse: Clinician, admit: Admit, now: datetime
) -> None:
    first = admit("Silva", "Maria")
    person = replace(first.patient, id=uuid.uuid4().hex, external_id="H-17")
    stays = [replace(first, id=uuid.uuid4().hex, patient=replace(person, id=uuid.uuid4().hex)) for _ in range(2)]
    kept = [care.admit(store, nurse, stay, None, now) for stay in stays]
    assert kept[0].patient == kept[1].patient
    stranger = replace(person, id=uuid.uuid4().hex, born_on=date(1970, 1, 1))
    with pytest.raises(Conflict, match="belongs to somebody born on 1991-04-02"):
        care.admit(store, nurse, replace(first, id=uuid.uuid4().hex, patient=stranger), None, now)
