"""An admission looked back on: the steps at which something was kept, and the admissions that can be looked back on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from detox.clinical.model import Admission
from detox.clinical.suggestions.content import content
from detox.reports import patient
from detox.reports.patient import PatientPage
from detox.reports.protocols import ReviewState, review_states
from detox.store import Connection, Store, find
from detox.store.as_of import Moment, as_of, moments

LEFT_WITHIN = timedelta(days=30)
MOST_STOPS = 1000
_DISTANCES = tuple(timedelta(minutes=m) for m in (15, 30, 60, 180, 360, 1440))


@dataclass(frozen=True, slots=True)
class Step:
    """One second in which something was kept: `at` is its last moment, `moments` what was kept in it."""

    at: datetime
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class LookBack:
    """A stay with everything that was ever kept about it, from `start` to `end`: now, or the last thing kept."""

    admission: Admission
    steps: tuple[Step, ...]
    end: datetime

    @property
    def start(self) -> datetime:
        """When the admission was entered."""
        return self.steps[0].at if self.steps else self.admission.admitted_at

    def within(self, at: datetime | None) -> datetime:
        """`at` where it lies within the admission, else the nearer end; the end where none is given."""
        wanted = self.end if at is None else max(self.start, min(at, self.end))
        return next((s.at for s in self.steps if _second(s.at) == _second(wanted)), wanted)

    def before(self, at: datetime) -> Step | None:
        """The last step before a moment."""
        return next((s for s in reversed(self.steps) if s.at < at), None)

    def after(self, at: datetime) -> Step | None:
        """The first step after a moment."""
        return next((s for s in self.steps if s.at > at), None)

    def last(self, at: datetime) -> Step | None:
        """The newest step at a moment."""
        return next((s for s in reversed(self.steps) if s.at <= at), None)

    def stops(self, at: datetime) -> list[datetime]:
        """Every moment to choose from: the steps, even distances between them, both ends, and `at` itself."""
        between = [*_grid(self.start, self.end), self.start, self.end, at]
        by_second = {_second(m): m for m in between} | {_second(s.at): s.at for s in self.steps}
        return [by_second[second] for second in sorted(by_second)]


def look_back(tx: Connection, admission_id: str, now: datetime) -> LookBack:
    """What an admission can be looked back on. Raises NotFound."""
    admission = find.admission(tx, admission_id)
    steps = steps_of(moments(tx, admission_id))
    last = [steps[-1].at] if steps else []
    ended = admission.discharged_at
    end = max([*last, now.replace(second=0, microsecond=0)] if ended is None else [*last, ended])
    return LookBack(admission, steps, end)


def steps_of(kept: Sequence[Moment]) -> tuple[Step, ...]:
    """Moments of the same second are one step: what a transaction or two kept together."""
    found = []
    for _, together in groupby(sorted(kept, key=attrgetter("at")), key=lambda m: _second(m.at)):
        group = tuple(together)
        found.append(Step(group[-1].at, group))
    return tuple(found)


def page_at(
    store: Store, tx: Connection, admission_id: str, at: datetime, hours: int | None
) -> tuple[PatientPage, ReviewState]:
    """The patient's page as it stood at a moment, and how far the suggestions' content was reviewed by then.

    What was recorded is that of the moment; the rules that read it are those in force today. Raises NotFound before
    the admission was entered, StoreError.
    """
    with as_of(store, tx, at) as then:
        ward_id = find.admission(then, admission_id).ward_id
        ward = next(w for w in find.wards(then) if w.id == ward_id)
        return patient.page(then, ward, admission_id, at, hours), review_states(then)[content().id]


def admissions(tx: Connection, ward_id: str, now: datetime) -> tuple[list[Admission], list[Admission]]:
    """Who is on the ward, by name, and who has left it within LEFT_WITHIN, the last first."""
    here = sorted(find.admissions_here(tx, ward_id), key=lambda a: (a.patient.family_name, a.patient.given_name))
    seen = find.admissions_between(tx, ward_id, now - LEFT_WITHIN, now + timedelta(milliseconds=1))
    left = [a for a in seen if a.discharged_at is not None]
    return here, sorted(left, key=lambda a: a.discharged_at or now, reverse=True)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _grid(start: datetime, end: datetime) -> list[datetime]:
    """Full quarter hours, or wider where the admission is long: what goes on when nothing is kept is silence."""
    every = next((d for d in _DISTANCES if (end - start) / d <= MOST_STOPS), None)
    if every is None:
        return []
    first = start.replace(minute=0, second=0, microsecond=0)
    count = int((end - first) / every) + 1
    return [at for n in range(count) if start < (at := first + n * every) < end]
