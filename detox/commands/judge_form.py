"""The form of one admission for `judge`: what was charted, with the times at which it was.

Strict: an unknown key or a value of the wrong type is an error. Everything but id, now, the programme and the time of
admission may be absent; absent and null are the same, unknown and never normal.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from detox.clinical.case import EventType, Form, Programme, Setting
from detox.clinical.model import Author
from detox.errors import Refused

FIRST_YEAR, LAST_YEAR = 1901, 2199
"""Years outside these are what a program writes for no date, and no time can be counted from them."""
COMMENTS = frozenset({"right", "why"})
"""Keys at the top of a line that only comment on it."""


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a time is text such as 2026-11-21T22:41:00+00:00")
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no time such as 2026-11-21T22:41:00+00:00") from None
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no offset: write one, such as +00:00")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{value!r} lies outside {FIRST_YEAR} to {LAST_YEAR}: no admission was then")
    return found.astimezone(UTC)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment: TypeAlias = Annotated[datetime, BeforeValidator(_moment)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Whole: TypeAlias = Annotated[int, BeforeValidator(_whole)]
Result: TypeAlias = Literal["negative", "positive", "not_tested"]


class Person(Form):
    """Who did something, and in which role at the time. People are told apart by the id."""

    id: str
    name: str = ""
    role: Literal["nurse", "physician", "manager"]

    @property
    def author(self) -> Author:
        """The same as the chart knows it."""
        return Author(self.id, self.name, self.role)


class PatientForm(Form):
    """Who it is about. An empty list says that there are none, no list that nobody has recorded them."""

    age: Number | None = None
    sex_at_birth: Literal["F", "M"] | None = None
    pregnancy: Literal["negative", "positive", "unknown", "n/a"] | None = None
    weight_kg: Number | None = None
    conditions: tuple[str, ...] | None = None
    medicines: tuple[str, ...] | None = None


class AdmissionForm(Form):
    """The admission: programme, setting, since when, which SpO2 scale, and who."""

    programme: Programme
    admitted_at: Moment
    setting: Setting | None = None
    spo2_scale: Annotated[Literal[1, 2], BeforeValidator(_whole)] | None = None
    patient: PatientForm = PatientForm()


class PlanForm(Form):
    """The plan: daily doses in mg, the least hours at one, and where it stands. `step` counts from 1."""

    drug: str
    steps_mg: Annotated[tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...], Field(min_length=1)]
    interval_h: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    signed_at: Moment | None = None
    step: Whole | None = None
    step_since: Moment | None = None


class DoseForm(Form):
    """One dose that was given, held or refused, here or elsewhere."""

    at: Moment
    drug: str
    form: Literal["sublingual", "oral", "depot", "injection", "nasal"] | None = None
    mg: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    status: Literal["given", "held", "refused"] = "given"
    elsewhere: bool = False
    vomited_at: Moment | None = None
    by: Person | None = None


class ObservationForm(Form):
    """One set, or why it was not taken. `cows`, `scales` and `signs` map names to values; null was not assessed."""

    at: Moment
    id: str | None = None
    recorded_at: Moment | None = None
    by: Person | None = None
    vitals: dict[str, object] = {}
    cows: dict[str, Number | None] = {}
    scales: dict[str, dict[str, Number | None]] = {}
    signs: dict[str, Number | bool | None] = {}
    worry: Whole | None = None
    not_done: Literal["asleep", "refused", "off ward", "off_ward", "other"] | None = None
    note: str = ""
    replaces: str | None = None


class EventForm(Form):
    """Something that happened, under one of the names that are charted; the other fields belong to single types."""

    type: str
    at: Moment
    by: Person | None = None
    note: str = ""
    drug: str | None = None
    form: Literal["sublingual", "oral", "depot", "injection", "nasal"] | None = None
    mg: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    acknowledged_by_physician: bool | None = None
    suggestion: str | None = None
    approved: bool | None = None
    dose_given: bool | None = None


class LabForm(Form):
    """Results of one moment: every key beside `at` is the name of one."""

    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, Number | bool | None]
    at: Moment


class AnswerForm(Form):
    """What somebody did about a problem. A nurse's answer closes nothing and orders nothing."""

    at: Moment
    by: Person
    problem: str
    done: str = ""
    giving: Literal["withhold", "as_ordered"] = "withhold"
    closes: bool = False


class DecisionForm(Form):
    """What a physician did with the suggestion that stood at that moment."""

    at: Moment
    by: Person
    verdict: Literal["accepted", "changed", "declined"]
    chosen: Annotated[str, Field(alias="class")] = ""
    reason: str = ""


class OpioidUse(Form):
    """What was used before, when last, how much a day in mg, and the fentanyl test."""

    opioid: str | None = None
    last_at: Moment | None = None
    daily_mg: Number | None = None
    fentanyl: Literal["positive", "negative", "unknown"] | None = None


class ProposedForm(Form):
    """What somebody proposes to give."""

    drug: str | None = None
    first_mg: Number | None = None
    daily_mg: Number | None = None


class LimitForm(Form):
    """A limit of one vital for this patient, such as systolic_mmhg_high_critical, and until when."""

    limit: str
    value: Number
    by: Person
    at: Moment
    until: Moment | None = None


class OrderForm(Form):
    """How often somebody has ordered to look."""

    what: Literal["vitals", "cows"]
    every_min: Annotated[Whole, Field(gt=0)]
    by: Person
    at: Moment


class AdmissionLine(Form):
    """Everything that one line can tell of an admission."""

    id: object
    now: Moment
    admission: AdmissionForm
    plan: PlanForm | None = None
    doses: tuple[DoseForm, ...] = ()
    observations: tuple[ObservationForm, ...] = ()
    events: tuple[EventForm, ...] = ()
    labs: tuple[LabForm, ...] = ()
    answers: tuple[AnswerForm, ...] = ()
    opioid_use: OpioidUse = OpioidUse()
    proposed: ProposedForm = ProposedForm()
    urine: dict[str, Result | None] = {}
    checklist: dict[str, bool | None] = {}
    limits: tuple[LimitForm, ...] = ()
    orders: tuple[OrderForm, ...] = ()
    decisions: tuple[DecisionForm, ...] = ()


FORMS = (
    Person, PatientForm, AdmissionForm, PlanForm, DoseForm, ObservationForm, EventForm, LabForm, AnswerForm,
    DecisionForm, OpioidUse, ProposedForm, LimitForm, OrderForm, AdmissionLine,
)  # fmt: skip
KNOWN = frozenset(field.alias or name for form in FORMS for name, field in form.model_fields.items())
RULES_EVENTS: tuple[str, ...] = EventType.__args__  # type: ignore[attr-defined]
"""Every event that the rules of the suggestion know."""


def read_line(raw: Mapping[str, object]) -> AdmissionLine:
    """The admission that one decoded line describes; keys that only comment on it (`right`, `why`) are passed over.

    Raises Refused with one sentence for every unknown key, missing field and value of the wrong type, each naming its
    place.
    """
    told = {key: value for key, value in raw.items() if key not in COMMENTS}
    try:
        return AdmissionLine.model_validate(_plain(told))
    except ValidationError as error:
        places = [(_place(e["loc"]), e["type"], e["msg"]) for e in error.errors()]
        raise Refused({place: _sentence(place, kind, said) for place, kind, said in places}) from None


def _plain(value: object) -> object:
    """Nulls under known keys are dropped and lists become tuples; an unknown key stays, so that it is refused."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if not (v is None and k in KNOWN)}
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _sentence(place: str, kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"{place} is not a key of the form: correct its name or leave it out."
    if kind == "missing":
        return f"{place} is missing: every line needs it."
    said = message.removeprefix("Value error, ")
    return f"{place} cannot be read: {said[:1].lower()}{said[1:]}."
