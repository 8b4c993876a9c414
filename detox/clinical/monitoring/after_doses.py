"""What a dose, a step of the plan, the programme or the setting asks of the clocks."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from detox.clinical.model import Background, Dose, StepDown
from detox.clinical.monitoring.content import AfterDose, AfterStep, Minutes, Phase, Visits, monitoring_file

_FIRST_WORD = re.compile(r"[a-z]+")


class Look(NamedTuple):
    """One look after a dose: when it is due, from when on a look does it, and how long after the one before."""

    at: datetime
    done_from: datetime
    interval_min: Minutes


class Watch(NamedTuple):
    """The looks that one dose or one step down asks for, by one line, counted from `since`."""

    row: AfterDose | AfterStep
    cause: Dose | StepDown
    since: datetime
    looks: tuple[Look, ...]

    def pending(self, last: datetime | None) -> Look | None:
        """The first look that has not been done, where the last one was at `last`."""
        if last is not None and last >= self.looks[-1].done_from:
            return None
        return next((look for look in self.looks if last is None or last < look.done_from), None)


class Stage(NamedTuple):
    """A phase of the programme and between which moments it holds; None is without end."""

    row: Phase
    start: datetime | None
    end: datetime | None

    def holds_at(self, moment: datetime) -> bool:
        """True while the phase lasts."""
        return (self.start is None or moment >= self.start) and (self.end is None or moment < self.end)


class Asked(NamedTuple):
    """Everything that the programme, the doses, the steps and the setting of an admission ask for."""

    watches: tuple[Watch, ...]
    stages: tuple[Stage, ...]
    visits: tuple[Visits, ...]

    def visit(self, admitted_at: datetime | None, since: datetime) -> Visits:
        """The line of visits that holds after one at `since`. Only where there are any."""
        if admitted_at is None:
            return self.visits[0]
        late = since - admitted_at
        return next(row for row in self.visits if row.until_min is None or late < timedelta(minutes=row.until_min))


NOTHING = Asked((), (), ())


def asked_by(background: Background) -> Asked:
    """What the programme, the doses that were given, the steps down and the setting ask for."""
    if not (background.doses or background.programme or background.setting or background.steps):
        return NOTHING
    visits = tuple(row for row in monitoring_file().visits if background.setting in row.settings)
    return Asked((*_watches(background), *_after_steps(background)), tuple(_stages(background)), visits)


@cache
def first_word(drug: str) -> str:
    """The first word of a drug's name in small letters: "naltrexone_xr" is naltrexone."""
    found = _FIRST_WORD.search(drug.lower())
    return found.group() if found else drug.lower()


def _watches(background: Background) -> Iterator[Watch]:
    for row in monitoring_file().after_dose:
        if row.applies_to(background.programme, background.setting):
            courses = list(_courses(background.doses, row.drugs))
            for dose, start in courses[-1:] if row.last_only else courses:
                if row.start_min is None or dose.given_at - start < timedelta(minutes=row.start_min):
                    looks = tuple(_looks(row, dose.given_at))
                    if not (row.until_next and _came(row, looks[0].done_from, background)):
                        yield Watch(row, dose, dose.given_at, looks)


def _came(row: AfterDose, since: datetime, background: Background) -> bool:
    """True once a dose of the line was given, held or refused from `since` on."""
    doses = (*background.doses, *background.not_given)
    return any(dose.given_at >= since and first_word(dose.drug) in row.drugs for dose in doses)


def _after_steps(background: Background) -> Iterator[Watch]:
    for row in monitoring_file().after_step:
        if row.applies_to(background.programme, background.setting):
            for step in background.steps:
                if first_word(step.drug) in row.drugs:
                    since = _begins(step, background.doses)
                    yield Watch(row, step, since, tuple(_looks(row, since)))


def _begins(step: StepDown, doses: Sequence[Dose]) -> datetime:
    """With the first dose of the lower step; until one is charted, and where the step is to nothing, when decided."""
    drug = first_word(step.drug)
    given = (d.given_at for d in doses if d.status == "given" and first_word(d.drug) == drug and d.given_at >= step.at)
    return next(given, step.at) if step.to_mg > 0 else step.at


def _looks(row: AfterDose | AfterStep, since: datetime) -> Iterator[Look]:
    before = 0
    for minutes in row.at_min:
        at = since + timedelta(minutes=minutes)
        yield Look(at, at - timedelta(minutes=row.tolerance_min), minutes - before)
        before = minutes


def _stages(background: Background) -> Iterator[Stage]:
    for row in monitoring_file().phase:
        if not row.applies_to(background.programme, background.setting):
            continue
        courses = list(_courses(background.doses, row.until_first or row.after_first))
        if row.until_first and not courses and background.programme:
            yield Stage(row, None, None)
        elif row.after_first and courses and row.until_min is not None:
            start = courses[-1][1]
            yield Stage(row, start + timedelta(minutes=row.from_min), start + timedelta(minutes=row.until_min))


def _courses(doses: Sequence[Dose], drugs: Sequence[str]) -> Iterator[tuple[Dose, datetime]]:
    """The given doses of some drugs, oldest first, each with when its course began."""
    gap = timedelta(minutes=monitoring_file().course.gap_min)
    start = last = None
    for dose in doses:
        if first_word(dose.drug) not in drugs or dose.status != "given":
            continue
        if start is None or last is None or dose.given_at - last > gap:
            start = dose.given_at
        last = dose.given_at
        yield dose, start
