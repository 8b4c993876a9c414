"""The demo ward: twelve beds of invented patients in a database of its own, made through the ward's own verbs."""

import contextlib
import os
import random
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import singledispatchmethod
from pathlib import Path

from detox import gate
from detox.care import accounts, admissions, answering, dosing, observing, stating, tapering
from detox.care.demo_course import (
    LAST_USE_H,
    SCALE,
    ZONE,
    Answered,
    Corrected,
    Decided,
    Dosed,
    Left,
    Person,
    Planned,
    Seen,
    What,
    change,
    events,
)  # fmt: skip
from detox.care.demo_people import PEOPLE
from detox.clinical import situations
from detox.clinical.model import (
    Admission,
    Clinician,
    Decision,
    Dose,
    HistoryAnswer,
    Observation,
    Patient,
    Role,
    Shift,
    TaperPlan,
    TaperStep,
)  # fmt: skip
from detox.errors import Conflict, Refused
from detox.store import Store, find

NAME = "Demo ward"
BEDS = tuple(f"{n}" for n in range(1, 13))
SHIFTS = (Shift("Day", "07:30"), Shift("Night", "19:30"))
CLINICIANS: tuple[tuple[Role, str], ...] = (
    ("nurse", "Nina Demo"),
    ("physician", "Piet Demo"),
    ("manager", "Mona Demo"),
)
SEED = 20261121
WRITTEN_LATE = timedelta(minutes=2)  # between the bedside and the keyboard

OnProgress = Callable[[float, str], None]


def build(path: Path, now: datetime, on_progress: OnProgress = lambda part, words: None) -> None:
    """Make the demo ward at `path`, with five days behind it at `now`. It appears whole, or not at all.

    `on_progress` gets the part that is done (0 to 1) and a few words. An older demo ward is replaced; raises Conflict
    when something else stands there.
    """
    path = Path(path).resolve()
    _check_place(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        on_progress(0.0, "Making an empty ward")
        store = Store.create(unfinished)
        store.stay_open()
        try:
            _fill(store, now, on_progress)
        finally:
            store.let_go()
        _drop(path, "-wal", "-shm")
        os.replace(unfinished, path)
        on_progress(1.0, "The demo ward is ready")
    finally:
        _drop(unfinished, "", "-wal", "-shm")


def _fill(store: Store, now: datetime, on_progress: OnProgress) -> None:
    opened = now - timedelta(days=6)
    scene = _Scene(store, _people(store, opened), random.Random(SEED), now)
    tracks = [
        (at, number, person, what)
        for number, person in enumerate(PEOPLE)
        for at, what in [(person.came_at(now), None), *events(person, now, scene.rng)]
    ]
    tracks.sort(key=lambda track: track[:2])
    for done, (at, _, person, what) in enumerate(tracks):
        if done % 5 == 0:
            on_progress(done / len(tracks), f"{at.astimezone(ZONE):%A %H:%M}: bed {person.bed}")
        scene.play(person, at, what)


def _people(store: Store, now: datetime) -> Mapping[Role, Clinician]:
    """The ward and its three accounts. Nobody knows their passwords: the demo has a door of its own."""
    manager = accounts.set_up_ward(
        store, name=NAME, beds=BEDS, shifts=SHIFTS, time_zone=ZONE.key, temperature_unit="C", username="manager",
        manager_name=dict(CLINICIANS)["manager"], password=secrets.token_urlsafe(24), now=now, demo=True,
    )  # fmt: skip
    found: dict[Role, Clinician] = {"manager": manager}
    for role, name in CLINICIANS:
        if role != "manager":
            found[role] = accounts.add_clinician(
                store, manager, username=role, name=name, role=role, password=secrets.token_urlsafe(24), now=now
            )
    return found


class _Scene:
    """Plays events with care's verbs, each at its own time."""

    def __init__(self, store: Store, clinicians: Mapping[Role, Clinician], rng: random.Random, now: datetime) -> None:
        self.store = store
        self.nurse, self.physician = clinicians["nurse"], clinicians["physician"]
        self.rng = rng
        self.now = now
        self.admissions: dict[str, Admission] = {}
        self.kept: dict[str, Observation] = {}
        with store.read() as tx:
            self.ward = find.wards(tx)[0]
        with gate.read(store, self.nurse, "see_ward", now, ward_id=self.ward.id) as tx:
            self.beds = {bed.label: bed.id for bed in find.beds(tx, self.ward.id)}

    def play(self, person: Person, at: datetime, what: What | None) -> None:
        """Let one thing happen; None is the arrival."""
        if what is None:
            self._admit(person, at)
        else:
            self._do(what, person, self.admissions[person.family_name], at)

    def _id(self) -> str:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4).hex

    def _admit(self, person: Person, at: datetime) -> None:
        wanted = Admission(
            id=self._id(),
            patient=Patient(self._id(), person.family_name, person.given_name, person.born_on, person.sex),
            ward_id=self.ward.id,
            bed=None,
            programme=person.programme,
            admitted_at=at,
            pregnancy="negative" if person.sex == "F" else "n/a",
            allergies=person.allergies,
            opioid=person.opioid,
            last_use_at=at - timedelta(hours=LAST_USE_H),
            planned_days=person.planned_days,
        )
        bed_id = self.beds[str(person.bed)]
        self.admissions[person.family_name] = admissions.admit(self.store, self.nurse, wanted, bed_id, at)
        if person.programme == "alpha2":  # liver and kidneys decide on the dose
            for name in ("liver", "kidneys"):
                stating.state(self.store, self.nurse, HistoryAnswer(self._id(), wanted.id, name, "none", "", at), at)

    @singledispatchmethod
    def _do(self, what: What, person: Person, admission: Admission, at: datetime) -> None:
        raise NotImplementedError(type(what).__name__)

    @_do.register
    def _see(self, what: Seen, person: Person, admission: Admission, at: datetime) -> None:
        entry = Observation(
            id=self._id(), admission_id=admission.id, taken_at=at, vitals=what.vitals,
            answers={SCALE: what.answers} if what.answers else {}, not_done=what.not_done, note=what.note,
        )  # fmt: skip
        written = min(at + WRITTEN_LATE, self.now)
        kept = observing.record(self.store, self.nurse, entry, written, confirmed=True).observation
        if what.key:
            self.kept[what.key] = kept

    @_do.register
    def _correct(self, what: Corrected, person: Person, admission: Admission, at: datetime) -> None:
        wrong = self.kept[what.key]
        right = replace(wrong, id=self._id(), vitals=change(wrong.vitals, heart_rate_per_min=what.heart_rate_per_min))
        observing.amend(self.store, self.nurse, wrong.id, right, what.reason, at, confirmed=True)

    @_do.register
    def _plan(self, what: Planned, person: Person, admission: Admission, at: datetime) -> None:
        steps = tuple(TaperStep(number, mg) for number, mg in enumerate(person.steps_mg, start=1))
        plan = TaperPlan(self._id(), admission.id, person.drug, steps, person.interval_h, self.physician.name, at)
        tapering.write_plan(self.store, self.physician, plan, at, note="Demo")
        if what.signed:
            tapering.sign_plan(self.store, self.physician, plan.id, at)

    @_do.register
    def _dose(self, what: Dosed, person: Person, admission: Admission, at: datetime) -> None:
        plan = self._current(admission, at)
        mg = round(plan.step(plan.current_step).dose_mg / len(person.slots), 2) if what.mg is None else what.mg
        if what.status == "given" and mg == 0:
            return
        dose = Dose(self._id(), admission.id, plan.id, plan.drug, float(mg), what.status, at, what.reason)
        try:
            dosing.chart_dose(self.store, self.nurse, dose, at)
        except Refused:  # something holds it
            dose = replace(dose, reason=what.reason or "Ordered by the physician at the bedside")
            dosing.chart_dose(self.store, self.nurse, dose, at, physician_id=self.physician.id)

    @_do.register
    def _decide(self, what: Decided, person: Person, admission: Admission, at: datetime) -> None:
        plan = self._current(admission, at)
        if what.verdict == "accepted" and plan.step(plan.current_step + 1).dose_mg == 0:
            self._check_off(admission, at)
        shown = _suggestion(plan, at)
        chosen = str(shown["class"]) if what.verdict == "accepted" else "HOLD_STEP"
        with gate.read(self.store, self.physician, "see_patient", at, admission_id=admission.id) as tx:
            basis = find.basis_of(tx, admission.id)
        decision = Decision(self._id(), admission.id, what.verdict, chosen, what.reason, at, self.physician.name, shown)
        tapering.decide(self.store, self.physician, decision, plan.id, basis, at)

    def _check_off(self, admission: Admission, at: datetime) -> None:
        """The lines of the checklist that the last step waits for."""
        for task in situations.discharge_file().item:
            if task.before_last_step:
                name = situations.CHECKED + task.name
                fact = HistoryAnswer(self._id(), admission.id, name, situations.DONE, "", at)
                stating.state(self.store, self.nurse, fact, at)

    @_do.register
    def _answer(self, what: Answered, person: Person, admission: Admission, at: datetime) -> None:
        by = self.physician if what.by == "physician" else self.nurse
        with gate.read(self.store, by, "see_patient", at, admission_id=admission.id) as tx:
            waiting = [a.id for a in find.open_alerts(tx, admission.id) if a.acknowledged_at is None]
        for alert_id in waiting:
            answering.acknowledge(self.store, by, alert_id, what.words, at, ack_id=self._id())

    @_do.register
    def _leave(self, what: Left, person: Person, admission: Admission, at: datetime) -> None:
        admissions.discharge(self.store, self.nurse, admission.id, what.reason, at)

    def _current(self, admission: Admission, at: datetime) -> TaperPlan:
        with gate.read(self.store, self.nurse, "see_patient", at, admission_id=admission.id) as tx:
            plan = find.current_plan(tx, admission.id)
        if plan is None:
            raise Conflict("The demo's patient has no plan.")
        return plan


def _suggestion(plan: TaperPlan, at: datetime) -> dict[str, object]:
    """A suggestion to step down as the screen would have shown it that morning."""
    now_mg, next_mg = plan.step(plan.current_step).dose_mg, plan.step(plan.current_step + 1).dose_mg
    return {
        "class": "STEP_DOWN",
        "dose_action": None,
        "rules": ["D01"],
        "text": f"Step down from {now_mg:g} to {next_mg:g} mg {plan.drug} a day.",
        "reasons": [
            "The step is due",
            "The last two complete COWS in 24 h allow it",
            "Vital signs and sedation allow it",
        ],
        "missing": [],
        "alternatives": ["Stay at this step for a day", "Stop the taper and maintain"],
        "expires_at": (at + timedelta(hours=1)).isoformat(),
        "protocol_versions": {"suggestions": "demo"},
    }


def _check_place(path: Path) -> None:
    if not path.exists():
        return
    with Store(path).read() as tx:
        if not all(ward.demo for ward in find.wards(tx)):
            raise Conflict(f"{path.name} holds a ward that is no demo: give the demo another name.")


def _drop(path: Path, *endings: str) -> None:
    for ending in endings:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).unlink()
