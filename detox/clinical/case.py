"""The form of one case for a suggestion: plan, patient, doses, events and observations, with ages before now.

Every field but id, programme and the age of an observation may be absent; absent is unknown, never normal. Nothing
here judges a value: an impossible number is read as it stands, and the engine says what is wrong with it.
"""

import math
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from detox.clinical.scales import round_half_up
from detox.errors import Refused

NOT_INPUT = frozenset({"title", "why", "sources", "expected", "schema", "note", "notes", "classes"})
"""Keys that say something about a case without being part of it: ignored at the top of a case."""

Programme = Literal[
    "taper", "alpha2", "alpha2_start", "bup_induction", "methadone_start", "naltrexone_start", "maintenance_dot", "hat"
]
Setting = Literal["inpatient", "outpatient", "OTP", "HAT clinic"]
Drug = Literal["methadone", "buprenorphine", "lofexidine", "clonidine", "diamorphine", "naltrexone_xr"]
Urine = Literal["negative", "positive", "not_tested"]
EventType = Literal[
    "basis_corrected", "danger_flag", "external_dose", "cows_not_assessed_asleep", "dehydration_signs", "mar_conflict",
    "naloxone_given", "new_confusion", "patient_requests_maintenance", "return_to_use", "seizure", "suicidal_intent",
    "vomiting", "chest_pain", "syncope", "overdose",
]  # fmt: skip

Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)] | None
Text: TypeAlias = str | None


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _level(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _points(value: object) -> object:
    """A total as its bands read it: rounded to the whole, halves up."""
    return int(round_half_up(value, 0)) if isinstance(value, float) and math.isfinite(value) else value


Whole: TypeAlias = Annotated[int, BeforeValidator(_whole)] | None
Points: TypeAlias = Annotated[int, BeforeValidator(_points)] | None
Sedation: TypeAlias = Annotated[Literal["S", "1", "2", "3", "4"], BeforeValidator(_level)] | None


class Form(BaseModel):
    """Strict and frozen: an unknown key or a value of the wrong type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Labs(Form):
    """Laboratory and ECG values: QTc in ms, eGFR in mL/min/1.73 m2, potassium in mmol/L."""

    qtc_ms: Number = None
    egfr: Number = None
    k: Number = None
    creatinine_flag: Text = None


class Patient(Form):
    """Who it is about: age in years, sex at birth, pregnancy, conditions and other medicines in free words.

    An empty list says that there are none; no list says that nobody has recorded them.
    """

    age: Number = None
    sex_at_birth: Literal["F", "M"] | None = None
    pregnancy: Literal["negative", "positive", "unknown", "n/a"] | None = None
    conditions: tuple[str, ...] | None = None
    other_meds: tuple[str, ...] | None = None
    labs: Labs = Labs()


class Checklist(Form):
    """The first five items of the discharge checklist: recorded or not."""

    maintenance_offer: bool | None = None
    naloxone_kit: bool | None = None
    tolerance_talk: bool | None = None
    relapse_plan: bool | None = None
    first_appointment: bool | None = None


class UrinePanel(Form):
    """A named urine panel; an opiate immunoassay alone says nothing of the other three."""

    opiate: Urine | None = None
    fentanyl: Urine | None = None
    methadone: Urine | None = None
    buprenorphine: Urine | None = None


class Plan(Form):
    """The prescribed plan: dose levels in mg, its clock in hours and days, and what start rules need to know.

    `dose_asked` is False where nobody is about to give a dose: then one that was given today is no duplicate.
    `daily_levels` says that the levels are daily doses; where nobody says it, a level that is no more than one dose of
    lofexidine is read as one.
    """

    drug: Drug | None = None
    dose_asked: bool | None = None
    daily_levels: bool | None = None
    current_mg: Number = None
    next_mg: Number = None
    previous_mg: Number = None
    step_due: bool | None = None
    hours_since_last_step: Number = None
    min_step_interval_h: Number = None
    failed_step_downs: Whole = None
    day: Number = None
    days_at_dose: Number = None
    signed: bool | None = None
    proposed_first_mg: Number = None
    proposed_daily_mg: Number = None
    doses_per_day: Number = None
    setting_authorised: bool | None = None
    discharge_checklist: Checklist = Checklist()
    urine: UrinePanel = UrinePanel()
    challenge: Literal["negative", "positive", "not_done"] | None = None
    lft: Literal["ok", "high"] | None = None
    missed_days: Number = None
    site_alcohol_limit_pct: Number = None
    spo2_scale: Whole = None


class OpioidUse(Form):
    """What was used before, in free words, how long ago (h), how much a day (mg), and the fentanyl test."""

    opioid: Text = None
    h_ago: Number = None
    daily_mg: Number = None
    fentanyl: Literal["positive", "negative", "unknown"] | None = None


class GivenDose(Form):
    """One dose given on this ward: drug in words, mg, hours ago."""

    drug: Text = None
    mg: Number = None
    h_ago: Number = None


class Event(Form):
    """Something that happened, hours ago; the other fields belong to single types of event.

    `kept_h_ago` is since when it has been known. `answers` are the rules, vitals and events that a physician's answer
    speaks of; None, as cases from elsewhere say it, speaks of all.
    """

    type: EventType
    h_ago: Number = None
    kept_h_ago: Number = None
    answers: tuple[str, ...] | None = None
    suggestion: object = None
    approved: bool | None = None
    dose_given: bool | None = None
    acknowledged_by_physician: bool | None = None
    drug: Text = None
    mg: Number = None
    by: Text = None
    note: Text = None


class CowsItems(Form):
    """The eleven COWS items; None is not assessed."""

    pulse: Whole = None
    sweating: Whole = None
    restlessness: Whole = None
    pupils: Whole = None
    aches: Whole = None
    runny_nose: Whole = None
    gi: Whole = None
    tremor: Whole = None
    yawning: Whole = None
    anxiety: Whole = None
    gooseflesh: Whole = None


class CowsEntry(Form):
    """What stands in the COWS field: the scale it was rated on, the typed total, the items."""

    scale: Text = None
    total: Points = None
    items: CowsItems | None = None


class SowsEntry(Form):
    """What a SOWS says: its points, a lower bound where an item is missing."""

    scale: Literal["sows-gossop", "sows-handelsman"]
    at_least: Annotated[int, BeforeValidator(_whole)]
    complete: bool = True


class VitalsEntry(Form):
    """Vitals as charted: /min, %, mmHg, degrees Celsius, POSS level, AVPU, breath alcohol in %."""

    rr: Number = None
    spo2: Number = None
    hr: Number = None
    sbp: Number = None
    dbp: Number = None
    temp_c: Number = None
    poss: Sedation = None
    avpu: Literal["A", "C", "V", "P", "U"] | None = None
    breath_alcohol_pct: Number = None
    intoxicated: bool | None = None
    ciwa_ar: Number = None
    pupils: Text = None
    pulse_item_reason: Text = None


class CaseObservation(Form):
    """One observation, `min_ago` minutes before now (negative is a time that has not come yet).

    `kept_min_ago` is since when it has been known, where that was said; `by_id` tells two people of one name apart.
    """

    min_ago: Annotated[float, Field(allow_inf_nan=False)]
    kept_min_ago: Number = None
    by: Text = None
    by_id: Text = None
    note: Text = None
    cows: CowsEntry | None = None
    sows: tuple[SowsEntry, ...] = ()
    vitals: VitalsEntry = VitalsEntry()


class Case(Form):
    """Everything the engine may look at, and nothing else."""

    id: str
    programme: Programme
    setting: Setting | None = None
    patient: Patient = Patient()
    plan: Plan = Plan()
    opioid_use: OpioidUse = OpioidUse()
    doses: tuple[GivenDose, ...] = ()
    events: tuple[Event, ...] = ()
    observations: tuple[CaseObservation, ...] = ()


KNOWN: frozenset[str] = frozenset(
    name
    for form in (
        Labs, Patient, Checklist, UrinePanel, Plan, OpioidUse, GivenDose, Event,
        CowsItems, CowsEntry, SowsEntry, VitalsEntry, CaseObservation, Case,
    )
    for name in form.model_fields
)  # fmt: skip


def read_case(raw: Mapping[str, object]) -> Case:
    """The case that `raw` (one decoded JSON object) describes.

    Null is the same as absent. Keys that only comment on a case (title, why, sources, expected, schema, notes) are
    ignored at its top. Raises Refused with one sentence for every unknown key, missing required field and value of
    the wrong type, each naming its place in the form.
    """
    if not isinstance(raw, Mapping):
        raise Refused("A case is one JSON object with the fields of the case form: this is none.")
    plain = {key: value for key, value in raw.items() if key not in NOT_INPUT}
    try:
        return Case.model_validate(_without_nulls(plain))
    except ValidationError as error:
        raise Refused({_place(e["loc"]): _sentence(e["loc"], e["type"], e["msg"]) for e in error.errors()}) from None


def _without_nulls(value: object) -> object:
    """Nulls under known keys are dropped and lists become tuples; an unknown key stays, so that it is refused."""
    if isinstance(value, Mapping):
        return {k: _without_nulls(v) for k, v in value.items() if not (v is None and k in KNOWN)}
    if isinstance(value, list):
        return tuple(_without_nulls(inner) for inner in value)
    return value


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _sentence(location: tuple[int | str, ...], kind: str, message: str) -> str:
    place = _place(location)
    if kind == "extra_forbidden":
        return f"{place} is not a field of the case form: correct its name or leave it out."
    if kind == "missing":
        return f"{place} is missing: every case needs it."
    return f"{place} cannot be read: {message[:1].lower()}{message[1:]}."
