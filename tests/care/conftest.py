"""A stay with a plan, sets and doses for the tests of charting doses."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Dose, HistoryAnswer, Observation, TaperPlan, TaperStep
from detox.store import find

MINUTE = timedelta(minutes=1)
PASSWORD = "only for tests 1"


@pytest.fixture
def on(store, physician, admit, now):
    """on("lofexidine", 2.16, programme="alpha2"): a stay with a signed plan of that daily dose, liver and kidneys well.

    `asked=False`: nobody has asked about them.
    """

    def build(drug, *doses, programme="taper", asked=True, **admission):
        patient = admit(programme=programme, **admission)
        for name in ("liver", "kidneys") if asked else ():
            early = now - timedelta(hours=21)
            care.state(store, physician, HistoryAnswer(uuid.uuid4().hex, patient.id, name, "none", "", early), early)
        steps = tuple(TaperStep(n, mg) for n, mg in enumerate(doses, start=1))
        early = now - timedelta(hours=20)
        plan = TaperPlan(uuid.uuid4().hex, patient.id, drug, steps, 24, "", early)
        care.write_plan(store, physician, plan, early)
        care.sign_plan(store, physician, plan.id, early)
        return patient

    return build


@pytest.fixture
def take(store, nurse, vitals, now):
    """take(stay, minutes_ago=5, systolic_mmhg=88): one whole set."""

    def record(admission, minutes_ago=5, **values):
        at = now - minutes_ago * MINUTE
        return care.record(
            store, nurse, Observation(uuid.uuid4().hex, admission.id, at, vitals(**values)), at, confirmed=True
        )

    return record


@pytest.fixture
def give(store, nurse, physician, now):
    """give(stay, "methadone", 20, ago=30, signed=True): charted by the nurse, signed by the physician where asked."""

    def chart(admission, drug, mg, reason="", witness=None, ago=0, signed=False, at=None, **change):
        dose = Dose(uuid.uuid4().hex, admission.id, None, drug, mg, "given", (at or now) - ago * MINUTE, reason)
        word = {"physician_id": physician.id, "secret": PASSWORD} if signed else {}
        return care.chart_dose(store, nurse, replace(dose, **change), at or now, witness_id=witness, **word)

    return chart


@pytest.fixture
def kept(store):
    def read(admission):
        with inside(store) as tx:
            return find.doses(tx, admission.id)

    return read
