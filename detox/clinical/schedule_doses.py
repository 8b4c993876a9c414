"""What a dose or a programme asks of the clocks: the looks after each dose, and the phase that a stay is in."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from detox.clinical.model import Background, Dose
from detox.clinical.schedule_content import AfterDose, Minutes, Phase, monitoring_file

_FIRST_WORD = re.compile(r"[a-z]+")


class Look(NamedTuple):
    """One look after a dose: when it is due, from when on a look does it, and how long after the one before."""

    at: datetime
    done_from: datetime
    interval_min: Minutes


class Watch(NamedTuple):
    """The looks that one dose asks for, by one line."""

    row: AfterDose
    dose: Dose
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
    """Everything that the programme and the doses of a stay ask for."""

    watches: tuple[Watch, ...]
    stages: tuple[Stage, ...]


NOTHING = Asked((), ())


def asked_by(background: Background) -> Asked:
    """What the programme and the doses that were given ask for."""
    if not background.doses and not background.programme:
        return NOTHING
    return Asked(tuple(_watches(background)), tuple(_stages(background)))


@cache
def first_word(drug: str) -> str:
    """The first word of a drug's name in small letters: "naltrexone_xr" is naltrexone."""
    found = _FIRST_WORD.search(drug.lower())
    return found.group() if found else drug.lower()


def _watches(background: Background) -> Iterator[Watch]:
    for row in monitoring_file().after_dose:
        if row.applies_to(background.programme):
            courses = list(_courses(background.doses, row.drugs))
            for dose, start in courses[-1:] if row.last_only else courses:
                if row.start_min is None or dose.given_at - start < timedelta(minutes=row.start_min):
                    yield Watch(row, dose, tuple(_looks(row, dose.given_at)))


def _looks(row: AfterDose, given_at: datetime) -> Iterator[Look]:
    before = 0
    for minutes in row.at_min:
        at = given_at + timedelta(minutes=minutes)
        yield Look(at, at - timedelta(minutes=row.tolerance_min), minutes - before)
        before = minutes


def _stages(background: Background) -> Iterator[Stage]:
    for row in monitoring_file().phase:
        if not row.applies_to(background.programme):
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
