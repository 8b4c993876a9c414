"""The ward's nouns (docs/glossary.md): one word, one thing, the same in code, table, screen and test."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Literal

Level = Literal["info", "warning", "critical"]
Role = Literal["nurse", "physician", "manager", "operator"]
NotDone = Literal["asleep", "refused", "off_ward", "other"]
Word = Literal["no", "physician", "yes"]
"""Who may give a dose: nobody until a physician decides, a physician by a word for this dose, a nurse alone."""

LEVELS: tuple[Level, ...] = ("info", "warning", "critical")
ROLES: tuple[Role, ...] = ("nurse", "physician", "manager")
NOT_DONE: tuple[NotDone, ...] = ("asleep", "refused", "off_ward", "other")
PROGRAMMES: tuple[str, ...] = (
    "taper", "alpha2", "alpha2_start", "bup_induction", "methadone_start", "naltrexone_start", "maintenance_dot", "hat",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vitals:
    """What was measured at one moment. None is "not measured": never zero, never normal. Units stand in the names.

    `consciousness` is A(lert) C(onfused, new) V(oice) P(ain) U(nresponsive); `sedation` is S, 1, 2, 3 or 4.
    `spo2_scale` is 2 only where a clinician has prescribed an 88-92 % target; None counts as 1.
    """

    systolic_mmhg: float | None = None
    diastolic_mmhg: float | None = None
    heart_rate_per_min: float | None = None
    temperature_c: float | None = None
    temperature_site: str | None = None
    respiratory_rate_per_min: float | None = None
    spo2_percent: float | None = None
    spo2_scale: int | None = None
    on_oxygen: bool | None = None
    consciousness: str | None = None
    sedation: str | None = None
    breath_alcohol_percent: float | None = None

    def measured(self) -> dict[str, float | int | bool | str]:
        """The vitals that were measured, by name. How it was measured (site, SpO2 scale) is not itself a vital."""
        return {
            name: value
            for name in VITALS
            if (value := getattr(self, name)) is not None and name not in ("temperature_site", "spo2_scale")
        }


VITALS: tuple[str, ...] = tuple(f.name for f in fields(Vitals))


@dataclass(frozen=True, slots=True)
class Author:
    """Who did something, and in which role at the time. Two people may have one name: rules compare the id."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen at one moment, or why it was not seen. A fact: kept for good, replaced but never changed.

    `answers` maps scale id to item id to value; an item that is absent was not assessed.
    `not_done` says why a set, or a part of it, was not taken. `pulse_reason` says why the COWS pulse item was rated
    below what the heart rate implies. `other` holds what vitals.toml lists under `other` (counts, weight, standing
    pressure, symptoms as 1 or 0, the nurse's worry as 0 to 3), by name. The lower fields are filled when the record is
    read back.
    """

    id: str
    admission_id: str
    taken_at: datetime
    vitals: Vitals = field(default_factory=Vitals)
    answers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    not_done: NotDone | None = None
    note: str = ""
    pulse_reason: str = ""
    other: Mapping[str, float] = field(default_factory=dict)
    recorded_at: datetime | None = None
    recorded_by: str = ""
    role: str = ""
    replaces: str | None = None
    replace_reason: str = ""
    replaced_by: str | None = None
    assessments: tuple["Assessment", ...] = ()
    author: Author | None = None

    def assessment(self, scale: str) -> "Assessment | None":
        """What `scale` made of this observation, or None where it was not rated at all."""
        return next((a for a in self.assessments if a.scale == scale), None)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one version of a scale makes of an observation.

    `total` and `band` are None while an item is missing; then `at_least` is the partial sum, a lower bound because
    items can only add. `items` holds the points of every item that was assessed, `missing` the ids of the others.
    `risk` is filled by early-warning scores only.
    """

    scale: str
    version: str
    total: int | None
    band: str | None
    complete: bool
    missing: tuple[str, ...]
    at_least: int
    items: Mapping[str, int]
    risk: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What a scale says at one moment; where it is not complete, the points are a lower bound.

    `known_at` is since when it has been known, where it was charted later than it was taken.
    """

    at: datetime
    scale: str
    at_least: int
    complete: bool = True
    known_at: datetime | None = None

    @property
    def shown_at(self) -> datetime:
        """From when on somebody can have seen it."""
        return self.at if self.known_at is None else max(self.at, self.known_at)

    @property
    def words(self) -> str:
        """The points: 14, or "at least 9" while an item is missing."""
        return f"{'' if self.complete else 'at least '}{self.at_least}"


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a value means for this vital: critically_low, low, normal, high, critically_high or not_assessed."""

    vital: str
    value: float | int | bool | str | None
    meaning: str
    sign: str
    limit: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that holds for what is known: the pure form of an alert.

    `problem` groups rules into one card; `values` are the measures the rule looked at; `also` are the messages of the
    other rules of the problem that held with it, by rule id.
    """

    rule: str
    problem: str
    level: Level
    kind: Literal["limit", "drift", "combination", "silence"]
    message: str
    reason: str
    action: str
    values: Mapping[str, float | int | bool | str]
    protocol_version: str
    source: str
    evidence: str
    also: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding as it was kept: opened by an observation, acknowledged by a person, resolved only by data."""

    id: str
    admission_id: str
    observation_id: str | None
    finding: Finding
    opened_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    what_was_done: str = ""
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    resolution: str = ""
    recorded_at: datetime | None = None

    @property
    def state(self) -> str:
        """open, acknowledged or resolved."""
        if self.resolved_at is not None:
            return "resolved"
        return "acknowledged" if self.acknowledged_at is not None else "open"


@dataclass(frozen=True, slots=True)
class Clinician:
    """Who records or decides, and in which role."""

    id: str
    username: str
    name: str
    role: Role
    active: bool = True


@dataclass(frozen=True, slots=True)
class Shift:
    """A named part of the day; it starts at a wall time of the ward and ends where the next one starts."""

    name: str
    starts_at: str


@dataclass(frozen=True, slots=True)
class Ward:
    """A place with beds, shifts, a time zone and a unit in which temperatures are typed (C or F; kept as C)."""

    id: str
    name: str
    time_zone: str
    temperature_unit: Literal["C", "F"]
    shifts: tuple[Shift, ...]
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed of a ward; `admission_id` names who lies in it now."""

    id: str
    ward_id: str
    label: str
    admission_id: str | None = None


@dataclass(frozen=True, slots=True)
class Patient:
    """A person. `born_on` and `sex_at_birth` are None where they are not known."""

    id: str
    family_name: str
    given_name: str
    born_on: date | None = None
    sex_at_birth: Literal["F", "M"] | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """One time that a patient is here: where, since when, on which programme.

    `pregnancy` is negative, positive, unknown or n/a. `setting` is inpatient, outpatient, OTP or HAT clinic.
    """

    id: str
    patient: Patient
    ward_id: str
    bed: str | None
    programme: str
    admitted_at: datetime
    discharged_at: datetime | None = None
    external_id: str | None = None
    pregnancy: Literal["negative", "positive", "unknown", "n/a"] = "unknown"
    setting: str = "inpatient"
    allergies: str = ""
    opioid: str = ""
    last_use_at: datetime | None = None
    spo2_scale: int = 1
    planned_days: int | None = None


@dataclass(frozen=True, slots=True)
class TaperStep:
    """One dose level of a plan: the total for a day, in mg; 0 is the last step."""

    number: int
    dose_mg: float


@dataclass(frozen=True, slots=True)
class TaperPlan:
    """A prescribed reduction. It acts only once a physician has signed it, and moves only by a physician's decision.

    `interval_h` is the least time at one step; `current_step` and `step_since` are where decisions have brought it.
    """

    id: str
    admission_id: str
    drug: str
    steps: tuple[TaperStep, ...]
    interval_h: float
    written_by: str
    written_at: datetime
    signed_by: str = ""
    signed_at: datetime | None = None
    ended_at: datetime | None = None
    current_step: int = 1
    step_since: datetime | None = None
    previous_step: int | None = None
    failed_step_downs: int = 0

    def step(self, number: int) -> TaperStep:
        """The step of that number, counted from 1."""
        return self.steps[number - 1]


@dataclass(frozen=True, slots=True)
class DoseCorrection:
    """That a charted dose was wrong: why, who said so and when.

    `replaced_by` is the dose that stands in its place; None where it was entered in error and none does.
    """

    reason: str
    at: datetime
    by: str
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class Dose:
    """One administration: given, held or refused, with the amount in mg (0 unless given) and why not, if not.

    `elsewhere` marks a dose that somebody gave outside this ward. `witness` names the second person, where the ward
    asks for one, `witness_id` says who that is. `vomited_at` is when the patient brought it up again; the dose stays
    charted as given. `over_hold` is the physician by whose signature or decision it was given over a hold. `replaces`
    is the dose that it corrects, `correction` what was wrong with it: then it no longer counts. `form` is how it was
    taken (sublingual, oral, depot, injection, nasal), empty for the usual form of the drug. `against_hold` marks a dose
    that had been given already although something held it: it is charted as it happened, and a physician is called.
    """

    id: str
    admission_id: str
    plan_id: str | None
    drug: str
    dose_mg: float
    status: Literal["given", "held", "refused"]
    given_at: datetime
    reason: str = ""
    recorded_at: datetime | None = None
    recorded_by: str = ""
    role: str = ""
    elsewhere: bool = False
    witness: str = ""
    vomited_at: datetime | None = None
    over_hold: str = ""
    replaces: str | None = None
    correction: DoseCorrection | None = None
    form: str = ""
    against_hold: bool = False
    author: Author | None = None
    witness_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody did about a danger: an act, in words, and what it means for the doses.

    `problem` names what was answered; `alert_id` the alert, where it was one. `giving` is "withhold" (the next dose
    waits for the physician, as without any answer) or "as_ordered" (the physician orders it all the same). `closes`
    ends a danger that no reading can end, such as an event. Only a physician's answer counts for either.
    """

    id: str
    admission_id: str
    problem: str
    at: datetime
    by: Author
    done: str
    giving: Literal["withhold", "as_ordered"] = "withhold"
    closes: bool = False
    alert_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a physician did with a suggestion, and the suggestion exactly as it was shown."""

    id: str
    admission_id: str
    verdict: Literal["accepted", "changed", "declined"]
    chosen: str
    reason: str
    decided_at: datetime
    decided_by: str
    suggestion: Mapping[str, object]
    step_from: int | None = None
    step_to: int | None = None
    author: Author | None = None


@dataclass(frozen=True, slots=True)
class PatientLimit:
    """Limits of one vital that a physician has set, for 24 hours at most: they stand in for the ward's.

    `side` says which way is worse; `warning` and `critical` are where it begins, in the vital's unit, inclusive; None
    leaves the ward's limit.
    """

    id: str
    admission_id: str
    vital: str
    side: Literal["low", "high"]
    warning: float | None
    critical: float | None
    reason: str
    set_at: datetime
    until_at: datetime
    set_by: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""

    def holds_at(self, moment: datetime) -> bool:
        """True from when it was set until it runs out or was taken back."""
        return self.set_at <= moment < min(self.until_at, self.ended_at or self.until_at)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual for this person, as somebody said: "usual" beside the first readings, "anew" in their place.

    It counts from `set_at` on.
    """

    id: str
    admission_id: str
    vital: str
    value: float
    kind: Literal["usual", "anew"]
    reason: str
    set_at: datetime
    set_by: str = ""


@dataclass(frozen=True, slots=True)
class IntervalOrder:
    """How often this admission is to be observed, as somebody has ordered. A longer one has an end."""

    id: str
    admission_id: str
    interval_min: int
    reason: str
    set_at: datetime
    until_at: datetime | None
    set_by: str = ""
    role: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""

    def holds_at(self, moment: datetime) -> bool:
        """True from when it was set until it runs out or was taken back."""
        ends = [end for end in (self.until_at, self.ended_at) if end is not None]
        return self.set_at <= moment and (not ends or moment < min(ends))


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """What was answered about an admission: a special situation, a line of the checklist, a change of programme.

    The newest of a name holds; older ones stay readable. The names stand in situations.toml and discharge.toml.
    """

    id: str
    admission_id: str
    name: str
    value: str
    note: str
    set_at: datetime
    set_by: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Snooze:
    """An alert put aside until a time, with a reason. It stays open and on screen."""

    id: str
    alert_id: str
    at: datetime
    until_at: datetime
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class StepDown:
    """A decision after which a plan gives less of its drug: when, and the day's total in mg before and after."""

    at: datetime
    drug: str
    from_mg: float
    to_mg: float


@dataclass(frozen=True, slots=True)
class Background:
    """What the rules ask beside the observations of an admission. All of it may be unknown.

    `setting` is that of the admission; one that is not known, "", is watched as an inpatient's. `steps` are the steps
    down of signed plans, oldest first; `not_given` are the doses of the last days that were held or refused.
    `doses` are those that were given, oldest first: at least the first ones and those of the last days. `first`
    are its first observations, for the baseline, where the observations at hand do not reach back to them;
    `first_weight` is the first weight in kg, and when it was taken. `scores` are the COWS and SOWS of the admission,
    oldest first, and `used_again` when an opioid was used again, where the observations at hand do not reach back to
    what a watch for precipitated withdrawal began with.
    """

    admitted_at: datetime | None = None
    programme: str = ""
    doses: tuple[Dose, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    limits: tuple[PatientLimit, ...] = ()
    intervals: tuple[IntervalOrder, ...] = ()
    first: tuple[Observation, ...] = ()
    first_weight: tuple[datetime, float] | None = None
    setting: str = ""
    steps: tuple[StepDown, ...] = ()
    not_given: tuple[Dose, ...] = ()
    scores: tuple[Score, ...] = ()
    used_again: tuple[datetime, ...] = ()
