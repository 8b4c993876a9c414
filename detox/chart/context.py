"""All that is known of an admission at one moment: what board, suggestion and dose form judge by, and nothing else.

Built once from the store (detox.store.context) or from a case on a line (detox.commands); pure values from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from detox.clinical.model import (
    Admission,
    Alert,
    Answer,
    Background,
    Decision,
    Dose,
    HistoryAnswer,
    Observation,
    TaperPlan,
)


class Order(NamedTuple):
    """A signed daily dose of a drug in mg, and from when until when it was in force; None: it still is."""

    since: datetime
    until: datetime | None
    drug: str
    dose_mg: float


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened and is neither a sign of a set nor a dose, under the suggestion rules' name for it.

    `acknowledged_by_physician` belongs to a danger flag; `suggestion`, `approved` and `dose_given` to a corrected
    ground. None is not known.
    """

    type: str
    at: datetime
    note: str = ""
    acknowledged_by_physician: bool | None = None
    suggestion: str | None = None
    approved: bool | None = None
    dose_given: bool | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What somebody proposes to give first and a day, in mg; None where nobody said."""

    first_mg: float | None = None
    daily_mg: float | None = None


@dataclass(frozen=True, slots=True)
class PatientContext:
    """What is known of an admission at `now`. What nobody has charted is absent: unknown, never normal.

    `observations` were taken by `now`, oldest first, and none was replaced: those of the last days and every older one
    that no decision has been shown. `ahead` are dated later than now: they are judged by nobody. `doses` are all that
    stand, oldest first; `corrected` those charted wrongly. `plans` and `decisions` are newest first. `alerts` are the
    open ones, the answered, and the critical ones that data have ended. `results` hold the newest of each laboratory
    value, sign or urine test and when it was taken. `conditions` and `medicines` are None where nobody has recorded
    them, empty where there are none. `allowed` are the locked programmes that the ward may run; None where nobody has
    said. `age` is in whole years. `events` are what happened beside sets and doses. `not_understood` lists what was
    written and no rule can read; of it, `problems` bear on what comes next: beside one of them no suggestion goes on.
    """

    now: datetime
    admission: Admission
    zone: ZoneInfo
    background: Background
    observations: tuple[Observation, ...] = ()
    ahead: tuple[Observation, ...] = ()
    doses: tuple[Dose, ...] = ()
    corrected: tuple[Dose, ...] = ()
    plans: tuple[TaperPlan, ...] = ()
    orders: tuple[Order, ...] = ()
    facts: Mapping[str, HistoryAnswer] = field(default_factory=dict)
    results: Mapping[str, tuple[datetime, float]] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    answers: tuple[Answer, ...] = ()
    decisions: tuple[Decision, ...] = ()
    conditions: tuple[str, ...] | None = None
    medicines: tuple[str, ...] | None = None
    allowed: tuple[str, ...] | None = None
    age: float | None = None
    proposed: Proposed = Proposed()
    daily_use_mg: float | None = None
    events: tuple[Happened, ...] = ()
    not_understood: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def plan(self) -> TaperPlan | None:
        """The plan in force: the newest signed one that runs, else the newest draft."""
        running = [p for p in self.plans if p.ended_at is None]
        return next((p for p in running if p.signed_at is not None), running[0] if running else None)

    @property
    def given(self) -> tuple[Dose, ...]:
        """The doses that were given, here or elsewhere, oldest first."""
        return tuple(d for d in self.doses if d.status == "given")
