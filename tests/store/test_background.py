"""What is read beside the observations of an admission: the setting, and the steps down of its signed plans."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from inside import changing, inside

from detox.clinical.model import Admission, Clinician, StepDown, TaperPlan, TaperStep
from detox.store import Store, find, keep
from detox.store.background import background


def signed(
    store: Store, by: Clinician, stay: Admission, at: datetime, drug: str, doses: tuple[float, ...], *steps: int
) -> None:
    """A plan signed at `at` that is at each of `steps` a day after the one before."""
    levels = tuple(TaperStep(n, mg) for n, mg in enumerate(doses, start=1))
    plan = TaperPlan(uuid.uuid4().hex, stay.id, drug, levels, 24, "", at)
    with changing(store) as tx:
        keep.taper_plan(tx, plan, by, "")
        keep.sign_plan(tx, plan.id, at, by)
        for day, (before, step) in enumerate(zip((None, *steps), steps, strict=False)):
            keep.step_change(tx, uuid.uuid4().hex, plan.id, at + timedelta(days=day), before, step, None)


def test_only_falls_are_steps_down(store: Store, physician: Clinician, admission: Admission, now: datetime) -> None:
    at = now - timedelta(days=9)
    signed(store, physician, admission, at, "buprenorphine", (8, 6, 4), 1, 2, 1, 2)
    signed(store, physician, admission, at + timedelta(hours=1), "clonidine", (0.3, 0.1), 1)
    with inside(store) as tx:
        steps = background(tx, admission).steps
    falls = [at + timedelta(days=day) for day in (1, 3)]
    assert steps == tuple(StepDown(moment, "buprenorphine", 8, 6) for moment in falls)


def test_a_new_plan_that_begins_lower_is_a_step_down(
    store: Store, physician: Clinician, admission: Admission, now: datetime
) -> None:
    signed(store, physician, admission, now - timedelta(days=4), "methadone", (40, 30), 1)
    signed(store, physician, admission, now - timedelta(days=2), "methadone", (35, 30), 1)
    signed(store, physician, admission, now - timedelta(days=1), "methadone", (45, 30), 1)
    with inside(store) as tx:
        assert background(tx, admission).steps == (StepDown(now - timedelta(days=2), "methadone", 40, 35),)


def test_a_plan_that_nobody_signed_and_another_stay_have_no_steps(
    store: Store, physician: Clinician, admit: Callable[..., Admission], admission: Admission, now: datetime
) -> None:
    signed(store, physician, admission, now - timedelta(days=4), "methadone", (40, 30), 1, 2)
    other = admit("Other", setting="OTP")
    with inside(store) as tx:
        known = background(tx, other)
        assert (known.steps, known.setting) == ((), "OTP")
        assert background(tx, replace(find.admission(tx, admission.id))).setting == "inpatient"
