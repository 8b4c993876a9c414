"""The row of doses under the withdrawal score: what was ordered, what was given so far each day, what was decided.

A line is the daily dose that was in force; dotted is what the plan would come to by its interval, if a physician
decides each step. A mark stands as high as what was given of its drug so far that day, so that a day that was given
as ordered ends on the line.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from detox.clinical.model import Decision, Dose, TaperPlan
from detox.instants import wall
from detox.reports.patient import Level
from detox.ui import words
from detox.ui.canvas import FONT_PX, MOST_POINTS, Canvas, next_hour
from detox.ui.words import esc

ROW = "doses"
_Kind = Literal["given", "given elsewhere", "brought up again", "held", "refused"]
_SIGNS: dict[_Kind, tuple[str, str]] = {
    "given": ("circle", ""), "given elsewhere": ("square", "E"), "brought up again": ("square-x-open", "V"),
    "held": ("circle-open", "H"), "refused": ("x-open", "R"),
}  # fmt: skip
_VERDICTS = {"accepted": "diamond", "changed": "diamond-open", "declined": "diamond-x-open"}
_LABELLED = 12  # more amounts lie on one another
_WIDE = 60  # letters in a line of what a mark tells
_LEAST_AHEAD = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Planned:
    """Daily doses that were in force, the signed plan that runs (None: none does), and what was decided."""

    levels: Sequence[Level] = ()
    plan: TaperPlan | None = None
    decisions: Sequence[Decision] = ()

    def ahead(self, start: datetime, now: datetime) -> timedelta:
        """How far the figure reaches past now: a quarter of what it shows, where a plan has a step to come."""
        if self.plan is None or self.plan.current_step >= len(self.plan.steps):
            return timedelta(0)
        hours = (now - start) / 4 // timedelta(hours=1)
        return max(_LEAST_AHEAD, timedelta(hours=hours))

    def to_come(self, edge: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
        """From `edge` to `end`: from when which daily dose, by the plan's interval. A step that is due comes first."""
        if self.plan is None or self.plan.step_since is None:
            return
        least, since = timedelta(hours=self.plan.interval_h), edge
        due = self.plan.step_since + least
        yield edge, self.plan.step(self.plan.current_step).dose_mg
        for step in self.plan.steps[self.plan.current_step :]:
            since = max(due, since)
            if since >= end:
                return
            yield since, step.dose_mg
            due = since + least


def draw(canvas: Canvas, doses: Sequence[Dose], planned: Planned, start: datetime, now: datetime) -> None:
    """The whole row. `doses` reach back to the start of the first day that is shown, or further."""
    edge = next_hour(now)
    ordered = [level for level in planned.levels if level[0] < edge and (level[1] or edge) > start]
    coming = list(planned.to_come(edge, edge + planned.ahead(start, now)))
    given = [(d, total) for d, total in _so_far(doses, canvas) if d.given_at >= start]
    high = max([0.0, *(mg for *_, mg in ordered), *(mg for _, mg in coming), *(total for _, total in given)])
    _order(canvas, ordered, start, edge)
    _future(canvas, coming, edge + planned.ahead(start, now), planned)
    _stems(canvas, given)
    _given(canvas, given)
    _decided(canvas, [d for d in planned.decisions if d.decided_at >= start], (high or 1.0) * 1.4)
    canvas.scale(ROW, -0.1 * (high or 1.0), 1.55 * (high or 1.0), ticks=high > 0)


def describe(doses: Sequence[Dose], planned: Planned) -> list[str]:
    """The row in sentences."""
    told = []
    if planned.plan is not None:
        step = planned.plan.step(planned.plan.current_step)
        told.append(
            f"Plan: {planned.plan.drug} {words.number(step.dose_mg)} mg a day, "
            f"step {step.number} of {len(planned.plan.steps)}."
        )
    counts = [f"{n} {kind}" for kind in _SIGNS if (n := sum(_kind(d) == kind for d in doses))]
    if counts:
        told.append(f"Doses: {', '.join(counts)}.")
    if planned.decisions:
        told.append(f"{len(planned.decisions)} {'decision' if len(planned.decisions) == 1 else 'decisions'}.")
    return told


def _so_far(doses: Sequence[Dose], canvas: Canvas) -> Iterator[tuple[Dose, float]]:
    """Each dose, oldest first, with what had been given of its drug by then that day of the ward."""
    totals: dict[tuple[object, str], float] = {}
    for dose in doses:
        day = (canvas.naive(dose.given_at).date(), dose.drug)
        if dose.status == "given":
            totals[day] = round(totals.get(day, 0.0) + dose.dose_mg, 6)
            yield dose, totals[day]
        else:
            yield dose, 0.0


def _order(canvas: Canvas, ordered: Sequence[Level], start: datetime, edge: datetime) -> None:
    x: list[datetime | None] = []
    y: list[float | None] = []
    told: list[str] = []
    for at, until, drug, mg in ordered[-MOST_POINTS // 3 :]:
        begin, end = canvas.naive(max(at, start)), canvas.naive(min(until or edge, edge))
        said = f"{esc(drug)} {words.number(mg)} mg a day ordered since {wall(at, canvas.zone, '%a %H:%M')}"
        if x and x[-1] != begin:  # another plan, or none between: nothing joins them
            x, y, told = [*x, None], [*y, None], [*told, ""]
        x, y, told = [*x, begin, end], [*y, mg, mg], [*told, said, said]
    if not x:
        return
    canvas.add(
        ROW,
        {"x": x, "y": y, "mode": "lines", "name": "ordered", "customdata": told, "connectgaps": False,
         "hovertemplate": "%{customdata}<extra></extra>", "line": {"width": 2.5, "color": canvas.colours["ink"]}},
    )  # fmt: skip
    _, until, _, mg = ordered[-1]
    if until is None:
        canvas.label(ROW, mg, f"<b>{words.number(mg)} mg</b> a day", canvas.colours["ink"])


def _future(canvas: Canvas, coming: Sequence[tuple[datetime, float]], end: datetime, planned: Planned) -> None:
    if not coming or planned.plan is None or end <= coming[0][0]:
        return
    told = [
        f"{esc(planned.plan.drug)} {words.number(mg)} mg a day from {wall(at, canvas.zone, '%a %H:%M')} by the plan, "
        "if a physician decides it"
        for at, mg in coming
    ]
    canvas.add(
        ROW,
        {"x": [*(canvas.naive(at) for at, _ in coming), canvas.naive(end)], "y": [*(mg for _, mg in coming),
         coming[-1][1]], "mode": "lines", "name": "planned", "customdata": [*told, told[-1]],
         "hovertemplate": "%{customdata}<extra></extra>",
         "line": {"width": 2.5, "dash": "dot", "shape": "hv", "color": canvas.colours["ink"]}},
    )  # fmt: skip
    if len(coming) > 1:
        at, mg = coming[1]
        when = "if decided" if at == coming[0][0] else wall(at, canvas.zone, "%a %H:%M")
        canvas.label(ROW, mg, f"{words.number(mg)} mg {when}", canvas.colours["quiet"])


def _stems(canvas: Canvas, given: Sequence[tuple[Dose, float]]) -> None:
    some = [(d, total) for d, total in given if d.status == "given"][-MOST_POINTS // 2 :]
    if not some:
        return
    x: list[datetime | None] = []
    y: list[float | None] = []
    for dose, total in some:
        at = canvas.naive(dose.given_at)
        x, y = [*x, at, at, None], [*y, 0.0, total, None]
    canvas.add(
        ROW,
        {"x": x, "y": y, "mode": "lines", "name": "given so far that day", "hoverinfo": "skip",
         "line": {"width": 4, "color": canvas.colours["link"]}},
    )  # fmt: skip


def _kind(dose: Dose) -> _Kind:
    """What a mark says of a dose. One that was brought up again stays charted as given, and counts."""
    if dose.status != "given":
        return dose.status
    return "brought up again" if dose.vomited_at else "given elsewhere" if dose.elsewhere else "given"


def _given(canvas: Canvas, given: Sequence[tuple[Dose, float]]) -> None:
    """Given filled with the amount, from elsewhere and brought up again by a mark and a letter of their own.

    Held and refused open with a letter, at nothing given.
    """
    few = len(given) <= _LABELLED
    for kind, (symbol, letter) in _SIGNS.items():
        some = [(d, total) for d, total in given if _kind(d) == kind][-MOST_POINTS:]
        if not some:
            continue
        counted = some[0][0].status == "given"
        canvas.add(
            ROW,
            {
                "x": [canvas.naive(d.given_at) for d, _ in some],
                "y": [total for _, total in some],
                "mode": "markers+text" if few or letter else "markers",
                "name": f"dose {kind}",
                "text": [_written(d, letter, few=few) for d, _ in some],
                "textposition": "bottom right" if counted else "top center",
                "textfont": {"size": FONT_PX, "color": canvas.colours["ink"]},
                "marker": {"symbol": symbol, "size": 12, "color": canvas.colours["link"], "line": {"width": 2}},
                "cliponaxis": False,
                "customdata": [
                    [wall(d.given_at, canvas.zone, "%a %H:%M"), esc(d.drug), words.number(d.dose_mg), esc(d.reason),
                     words.number(total), _since(d, canvas)]
                    for d, total in some
                ],
                "hovertemplate": f"%{{customdata[0]}} %{{customdata[1]}} %{{customdata[2]}} mg {kind}"
                + "%{customdata[5]} "
                + ("(%{customdata[4]} mg so far that day)" if counted else "%{customdata[3]}")
                + "<extra></extra>",
            },
        )  # fmt: skip


def _written(dose: Dose, letter: str, *, few: bool) -> str:
    """The amount, the letter, or both."""
    amount = words.number(dose.dose_mg) if dose.status == "given" and few else ""
    return f"{amount} {letter}".strip()


def _since(dose: Dose, canvas: Canvas) -> str:
    """Where it was given, when it came up again, that something held it."""
    against = f", {words.AGAINST_HOLD}: {esc(dose.reason)}" if dose.against_hold else ""
    if dose.vomited_at is not None:
        return f" {wall(dose.vomited_at, canvas.zone)}{against}"
    return f": {esc(dose.reason)}" if dose.elsewhere else against


def _decided(canvas: Canvas, decisions: Sequence[Decision], y: float) -> None:
    for verdict, symbol in _VERDICTS.items():
        some = [d for d in decisions if d.verdict == verdict][:MOST_POINTS]
        if not some:
            continue
        canvas.add(
            ROW,
            {"x": [canvas.naive(d.decided_at) for d in some], "y": [y] * len(some), "mode": "markers",
             "name": f"decision {verdict}", "customdata": [_told(d, canvas) for d in some],
             "hovertemplate": "%{customdata}<extra></extra>", "cliponaxis": False,
             "marker": {"symbol": symbol, "size": 14, "color": canvas.colours["ink"], "line": {"width": 2}}},
        )  # fmt: skip


def _told(made: Decision, canvas: Canvas) -> str:
    """Verdict, when, by whom; what was suggested and chosen; where the plan moved; the reason."""
    was = str(made.suggestion.get("class"))
    lines = [
        f"{made.verdict} {wall(made.decided_at, canvas.zone, '%a %H:%M')} by {made.decided_by}",
        f"suggested: {words.SUGGESTIONS.get(was, was)}",
    ]
    if made.verdict == "changed":
        lines.append(f"chosen: {words.SUGGESTIONS.get(made.chosen, made.chosen)}")
    if made.step_to is not None:
        lines.append(f"plan moved from step {made.step_from} to step {made.step_to}")
    if made.reason:
        lines.append(f"reason: {made.reason}")
    return "<br>".join(esc(part) for line in lines for part in textwrap.wrap(line, _WIDE))
