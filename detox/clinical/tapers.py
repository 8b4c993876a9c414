"""Dose ladders as arithmetic: what a start dose, a step and an interval would come to, and where cited limits are left.

A ladder is a picture. It orders nothing: a physician writes a plan and signs it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

from detox.clinical.model import TaperStep
from detox.clinical.taper_content import Shape, StepLimit, Template
from detox.errors import Refused

DAY_H = 24.0
MOST_RUNGS = 250  # a page that draws more is no picture; a coarser step is
_DIGITS = 6  # of a dose in grains, of a share: what lies behind comes from the machine


@dataclass(frozen=True, slots=True)
class Rung:
    """One dose level: from when, in hours from the first, which daily dose in mg, and by how much it fell."""

    number: int
    at_h: float
    dose_mg: float
    fall_mg: float = 0.0

    @property
    def day(self) -> int:
        """The day of the ladder on which it begins, from 1."""
        return floor(round(self.at_h / DAY_H, _DIGITS)) + 1

    @property
    def share(self) -> float:
        """How much of the dose before fell away, 0 to 1; 0 on the first."""
        return self.fall_mg / (self.dose_mg + self.fall_mg) if self.fall_mg else 0.0


@dataclass(frozen=True, slots=True)
class Leave:
    """Where a ladder leaves a cited limit: which rung (None: its length as a whole), and the sentence."""

    limit: StepLimit
    rung: int | None
    sentence: str


def ladder(
    start_mg: float, step: float, interval_h: float, shape: Shape, grain_mg: float, end_mg: float = 0.0
) -> tuple[Rung, ...]:
    """The levels from `start_mg` to `end_mg`, one every `interval_h` hours.

    `step` is mg for a linear ladder, for a proportional one the share (0 to 1) of the dose before. Each level is the
    nearest multiple of `grain_mg` and always lower than the one before; the first is what was given, the last the end.
    Raises Refused naming every field that makes no ladder.
    """
    _check(start_mg, step, interval_h, shape, grain_mg, end_mg)
    rungs = [Rung(1, 0.0, start_mg)]
    while (before := rungs[-1].dose_mg) > end_mg:
        wanted = before - step if shape == "linear" else before * (1 - step)
        nearest = floor(round(wanted / grain_mg, _DIGITS) + 0.5)
        lower = min(nearest, ceil(round(before / grain_mg, _DIGITS)) - 1)
        dose = max(round(lower * grain_mg, _DIGITS), end_mg)
        rungs.append(Rung(len(rungs) + 1, len(rungs) * interval_h, dose, round(before - dose, _DIGITS)))
        if len(rungs) > MOST_RUNGS:
            raise Refused({"step": f"That comes to more than {MOST_RUNGS} steps: choose a larger step."})
    return tuple(rungs)


def rungs_of(template: Template) -> tuple[Rung, ...]:
    """A list of days as a ladder, one rung a day; where it rises there is no fall."""
    doses = [day.dose_mg for day in template.days]
    return tuple(
        Rung(n + 1, n * DAY_H, mg, round(max(doses[n - 1] - mg, 0.0), _DIGITS) if n else 0.0)
        for n, mg in enumerate(doses)
    )


def steps_of(rungs: Iterable[Rung]) -> tuple[TaperStep, ...]:
    """The levels as the steps of a plan."""
    return tuple(TaperStep(rung.number, rung.dose_mg) for rung in rungs)


def length_days(rungs: Sequence[Rung]) -> float:
    """From the first dose to the last level, in days."""
    return (rungs[-1].at_h - rungs[0].at_h) / DAY_H


def leaves(rungs: Sequence[Rung], limits: Iterable[StepLimit]) -> tuple[Leave, ...]:
    """Every place where the ladder leaves one of the limits, in the order of the limits. At a limit it is kept.

    Lengths and the last fall are asked of a ladder that ends at 0 mg only: another one is not over.
    """
    return tuple(leave for limit in limits for leave in _leaves(rungs, limit))


def _leaves(rungs: Sequence[Rung], limit: StepLimit) -> Iterator[Leave]:
    if limit.what in ("share", "fall"):
        for rung in rungs:
            if rung.fall_mg and (said := _too_steep(rungs, rung, limit)):
                yield Leave(limit, rung.number, _sentence(f"day {rung.day}: {said}", limit))
    elif rungs[-1].dose_mg == 0:
        last = rungs[-1]
        if limit.what == "last_fall":
            if said := _beyond(last.fall_mg, limit):
                told = f"day {last.day}: the last fall, {last.fall_mg:g} → 0 mg, is {last.fall_mg:g} mg, {said}"
                yield Leave(limit, last.number, _sentence(told, limit))
        elif said := _beyond(days := _days(rungs, limit), limit):
            since = "from the first fall to 0 mg" if limit.what == "stopping_days" else "to 0 mg"
            yield Leave(limit, None, _sentence(f"{_in_days(days)} {since}, {said}", limit))


def _too_steep(rungs: Sequence[Rung], rung: Rung, limit: StepLimit) -> str:
    """What is too steep about a rung: its fall from the highest dose in the window before it; empty when kept."""
    within = float(limit.per_days or 1)
    since = rung.at_h - within * DAY_H
    # the level in force when the window opened counts: only what fell after that moment fell within it
    inside = [r.dose_mg for r in rungs if since < r.at_h < rung.at_h]
    opened = [r.dose_mg for r in rungs if r.at_h <= since]
    highest = max([*inside, *(opened[-1:] or [rungs[0].dose_mg])])
    fell = round(highest - rung.dose_mg, _DIGITS)
    amount = round(fell / highest * 100, _DIGITS) if limit.what == "share" else fell
    if not (said := _beyond(amount, limit)):
        return ""
    window = f" within {_in_days(within)}" if inside and within > 1 else ""
    per = "a day" if within == 1 else f"in {_in_days(within)}"
    return f"{highest:g} → {rung.dose_mg:g} mg{window} is {_amount(amount)} {limit.unit}, {said} {per}"


def _beyond(amount: float, limit: StepLimit) -> str:
    """On which side of the limit an amount lies, with the limit; empty where it is kept."""
    unit = limit.unit if limit.unit != "d" else "days"
    if limit.at_most is not None and amount > limit.at_most:
        return f"over {limit.at_most:g} {unit}"
    if limit.below is not None and amount >= limit.below:
        return f"not under {limit.below:g} {unit}"
    if limit.at_least is not None and amount < limit.at_least:
        return f"under {limit.at_least:g} {unit}"
    return ""


def _days(rungs: Sequence[Rung], limit: StepLimit) -> float:
    first = next((r for r in rungs if r.fall_mg), rungs[0]) if limit.what == "stopping_days" else rungs[0]
    return round((rungs[-1].at_h - first.at_h) / DAY_H, _DIGITS)


def _sentence(told: str, limit: StepLimit) -> str:
    return f"{told} ({limit.cited}, {limit.evidence})"


def _in_days(days: float) -> str:
    return "1 day" if days == 1 else f"{_amount(days)} days"


def _amount(value: float) -> str:
    return f"{value:.4g}"


def _check(start_mg: float, step: float, interval_h: float, shape: Shape, grain_mg: float, end_mg: float) -> None:
    problems: dict[str, str] = {}
    if not all(map(isfinite, (start_mg, step, interval_h, grain_mg, end_mg))) or grain_mg <= 0:
        problems["numbers"] = "A ladder needs finite numbers, and a grain above 0 mg."
    if not start_mg > 0:
        problems["start_mg"] = "The start dose must be more than 0 mg: enter it."
    if not 0 <= end_mg < start_mg:
        problems["end_mg"] = "The end must be lower than the start, and 0 mg at the least: correct it."
    if not step > 0:
        problems["step"] = "The step must be more than 0: enter it."
    elif shape == "proportional" and step >= 1:
        problems["step"] = "A share of 100 % or more leaves nothing: choose a smaller one."
    if not interval_h > 0:
        problems["interval_h"] = "The time at a step must be more than 0 hours: enter it."
    if problems:
        raise Refused(problems)
