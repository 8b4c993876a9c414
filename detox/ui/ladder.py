"""A dose ladder as a picture: two shapes beside each other, marks where one leaves a cited limit, and its days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from detox.clinical.suggestions.content import content
from detox.clinical.taper_content import Course, Shape, StepLimit, ladders_file
from detox.clinical.tapers import DAY_H, Leave, Rung, ladder, leaves, length_days
from detox.errors import Refused
from detox.reports.protocol_tapers import limit_words
from detox.ui import words
from detox.ui.canvas import FONT_PX, Colours
from detox.ui.words import esc

HEIGHT_PX = 340
SHAPES: tuple[Shape, ...] = ("linear", "proportional")
_NUMBERED = 16  # more numbers than these lie on one another
_FIRST = 2  # sentences of one limit that stand in the open


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: doses in mg a day; `step` in mg, or in % of the dose before when `percent`."""

    drug: str
    course: Course
    start_mg: float
    end_mg: float
    step: float
    percent: bool
    interval_h: float
    shape: Shape

    @property
    def limits(self) -> tuple[StepLimit, ...]:
        """The limits that are cited for this drug on this course."""
        return ladders_file().limits_for(self.drug, self.course)


Drawn = Mapping[Shape, tuple[Rung, ...]]


def both(wanted: Wanted) -> Drawn:
    """The two ladders, which begin with the same first step. Raises Refused when the chosen one cannot be drawn.

    The other one is left out when it cannot.
    """
    grain = ladders_file().grain(wanted.drug)
    if grain is None:
        raise Refused({"drug": f"Nothing says what {wanted.drug} can be given in: no ladder is drawn for it."})
    share = wanted.step / 100 if wanted.percent else wanted.step / wanted.start_mg if wanted.start_mg > 0 else 0.0
    fall_mg = wanted.step
    if wanted.percent:
        fall_mg = max(round(share * wanted.start_mg / grain.grain_mg), 1) * grain.grain_mg
    steps: dict[Shape, float] = {"linear": fall_mg, "proportional": share}
    found: dict[Shape, tuple[Rung, ...]] = {}
    for shape in SHAPES:
        try:
            found[shape] = ladder(
                wanted.start_mg, steps[shape], wanted.interval_h, shape, grain.grain_mg, wanted.end_mg
            )
        except Refused:
            if shape == wanted.shape:
                raise
    return found


def label(shape: Shape) -> str:
    """What a shape is called."""
    return (ladders_file().shapes.linear if shape == "linear" else ladders_file().shapes.proportional).label


def figure(drawn: Drawn, chosen: Shape, left: Sequence[Leave], colours: Colours) -> go.Figure:
    """Both ladders over the days, the chosen one in front with its doses; a triangle where it leaves a limit."""
    rungs = drawn[chosen]
    traces = [
        _line(drawn[shape], label(shape), {"width": 2, "dash": "dash", "color": colours["link"]})
        for shape in drawn
        if shape != chosen
    ]
    front = _line(rungs, label(chosen), {"width": 3.5, "color": colours["ink"]})
    traces += [front, _numbers(rungs, colours)]
    if marks := _marks(rungs, left, colours):
        traces.append(marks)
    quiet = {"showgrid": True, "gridcolor": colours["line"], "zeroline": False, "fixedrange": True}
    layout = {
        "height": HEIGHT_PX, "dragmode": False, "hovermode": "closest",
        "margin": {"l": 60, "r": 30, "t": 42, "b": 52},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": FONT_PX, "color": colours["ink"], "family": "sans-serif"},
        "hoverlabel": {"font": {"size": FONT_PX}, "align": "left"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": FONT_PX}},
        "xaxis": {**quiet, "title": {"text": "day", "standoff": 6}, "tickformat": "d", "nticks": 12},
        "yaxis": {**quiet, "title": {"text": "mg a day"}, "range": [0, rungs[0].dose_mg * 1.15], "nticks": 6},
    }  # fmt: skip
    return go.Figure({"data": traces, "layout": layout})


def describe(wanted: Wanted, drawn: Drawn, left: Sequence[Leave]) -> str:
    """The picture in sentences, for whoever cannot see it."""
    parts = [
        f"{label(shape)}: {words.plain(wanted.drug)} {rungs[0].dose_mg:g} to {rungs[-1].dose_mg:g} mg a day "
        f"in {len(rungs) - 1} steps over {length_days(rungs):g} days."
        for shape, rungs in drawn.items()
    ]
    told = f"{label(wanted.shape)} leaves cited limits in {len(left)} places." if left else "No cited limit is left."
    if not wanted.limits:
        told = "No limit is cited: none was checked."
    return " ".join([*parts, told, "The table below holds every step."])


def compared_html(wanted: Wanted, drawn: Drawn) -> str:
    """Both shapes in one line each: steps, length, last step, places where a limit is left."""
    head = "".join(f"<th>{name}</th>" for name in ("Ladder", "Steps", "Length", "Last step", "Cited limits left"))
    rows = "".join(_compared(wanted, shape, rungs) for shape, rungs in drawn.items())
    return f'<div class="dx-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def limits_html(wanted: Wanted, left: Sequence[Leave]) -> str:
    """Each cited limit: kept, or where it is left, with source and tag. A drug without one is not called safe."""
    drug = esc(wanted.drug)
    if not wanted.limits:
        return f'<div class="dx-alert unknown"><b>? No limit is cited for {drug} here: nothing was checked.</b></div>'
    told = [_limit_html(one, [leave for leave in left if leave.limit.id == one.id]) for one in wanted.limits]
    least = content().limits.step_interval_h
    if wanted.interval_h < least.value:
        told.insert(0, f'<div class="dx-alert warning"><b>▲ {wanted.interval_h:g} h at a step, under {least.value:g} h '
                       f"({esc(least.source)}, {esc(least.evidence)})</b></div>")  # fmt: skip
    return "".join(told)


def days_html(rungs: Sequence[Rung], left: Sequence[Leave]) -> str:
    """Every step: its days, its dose, what falls away, and which limits that leaves."""
    head = "".join(f"<th>{name}</th>" for name in ("Step", "Day", "mg a day", "Falls by", "Share", "Leaves"))
    rows = "".join(
        f'<tr><th scope="row">{rung.number}</th><td>{_span(rung, after)}</td><td><b>{rung.dose_mg:g}</b></td>'
        f"<td>{f'{rung.fall_mg:g} mg' if rung.fall_mg else ''}</td>"
        f"<td>{f'{rung.share * 100:.3g} %' if rung.fall_mg else ''}</td>"
        f'<td class="wrap">{_left_at(rung, left)}</td></tr>'
        for rung, after in zip(rungs, [*rungs[1:], None], strict=True)
    )
    return f'<div class="dx-table pl-days"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _line(rungs: Sequence[Rung], name: str, line: dict[str, object]) -> dict[str, object]:
    """Levels as a stair."""
    days = [r.at_h / DAY_H + 1 for r in rungs]
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": [*days, _end(rungs)],
        "y": [*(r.dose_mg for r in rungs), rungs[-1].dose_mg], "line": {"shape": "hv", **line},
        "hovertemplate": f"{name}, day %{{x:.0f}}: %{{y:g}} mg<extra></extra>",
    }  # fmt: skip


def _numbers(rungs: Sequence[Rung], colours: Colours) -> dict[str, object]:
    """Each dose above the middle of its level; where there are too many, only the first and the last."""
    ends = [*(r.at_h / DAY_H + 1 for r in rungs[1:]), _end(rungs)]
    shown = [
        ((r.at_h / DAY_H + 1 + end) / 2, r.dose_mg)
        for r, end in zip(rungs, ends, strict=True)
        if len(rungs) <= _NUMBERED or r in (rungs[0], rungs[-1])
    ]
    return {
        "type": "scatter", "mode": "text", "showlegend": False, "hoverinfo": "skip", "cliponaxis": False,
        "x": [x for x, _ in shown], "y": [y for _, y in shown], "text": [f"{y:g}" for _, y in shown],
        "textposition": "top center", "textfont": {"size": FONT_PX, "color": colours["ink"]},
    }  # fmt: skip


def _end(rungs: Sequence[Rung]) -> float:
    """The day on which the picture of a ladder ends: the last level reaches a little further, so that it is seen."""
    return (rungs[-1].at_h + (rungs[1].at_h - rungs[0].at_h) * 0.6) / DAY_H + 1


def _marks(rungs: Sequence[Rung], left: Sequence[Leave], colours: Colours) -> dict[str, object] | None:
    said: dict[int, list[str]] = {}
    for leave in left:
        if leave.rung is not None:
            said.setdefault(leave.rung, []).append(esc(leave.sentence))
    if not said:
        return None
    there = [r for r in rungs if r.number in said]
    return {
        "type": "scatter", "mode": "markers", "name": "leaves a cited limit", "cliponaxis": False,
        "x": [r.at_h / DAY_H + 1 for r in there], "y": [r.dose_mg for r in there],
        "customdata": ["<br>".join(said[r.number]) for r in there], "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"symbol": "triangle-up", "size": 15, "color": colours["warning"], "line": {"width": 0}},
    }  # fmt: skip


def _compared(wanted: Wanted, shape: Shape, rungs: Sequence[Rung]) -> str:
    last, count = rungs[-1], len(leaves(rungs, wanted.limits))
    told = f"▲ {count} {'place' if count == 1 else 'places'}" if count else "none"
    texts = (
        f"{len(rungs) - 1}",
        f"{length_days(rungs):.4g} days to {last.dose_mg:g} mg",
        f"{last.dose_mg + last.fall_mg:g} → {last.dose_mg:g} mg",
        told if wanted.limits else "? none cited",
    )
    name = f"<b>{esc(label(shape))}</b>" if shape == wanted.shape else esc(label(shape))
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{esc(text)}</td>" for text in texts)}</tr>'


def _limit_html(one: StepLimit, left: Sequence[Leave]) -> str:
    said = f"{esc(limit_words(one))} ({esc(one.cited)}, {esc(one.evidence)})"
    if not left:
        return f'<div class="dx-alert info">· kept: {said}</div>'
    lines = [esc(leave.sentence) for leave in left]
    more = "".join(f"<li>{line}</li>" for line in lines[_FIRST:])
    folded = f"<details><summary>▸ and {len(lines) - _FIRST} more</summary><ul>{more}</ul></details>" if more else ""
    return (
        f'<div class="dx-alert warning"><b>▲ {"<br>▲ ".join(lines[:_FIRST])}</b>{folded}'
        f'<div class="dx-quiet">{esc(one.source)}</div></div>'
    )


def _span(rung: Rung, after: Rung | None) -> str:
    """The days on which a level stands: 1, or 1-14; the last one from its day on."""
    if after is None:
        return f"from {rung.day}"
    last = max(rung.day, after.day - 1)
    return f"{rung.day}" if last == rung.day else f"{rung.day}-{last}"


def _left_at(rung: Rung, left: Sequence[Leave]) -> str:
    here = dict.fromkeys(f"{limit_words(leave.limit)}" for leave in left if leave.rung == rung.number)
    return "<br>".join(f"▲ {esc(text)}" for text in here)
