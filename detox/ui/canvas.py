"""What the patient's figure is drawn on: its rows above one time axis, their scales, lines, marks and labels.

Times are turned to the ward's wall clock here and nowhere else, because
the chart would draw whatever offset it is given as if it were none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from detox.clinical.monitoring.schedule import monitoring_file
from detox.instants import wall
from detox.ui import words

MOST_POINTS = 300
FONT_PX = 15

Colours = dict[str, str]
Points = list[tuple[datetime, float | None, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One band of the figure: what it shows, how high it is, which measures' alerts are marked on it."""

    key: str
    title: str
    height_px: int
    measures: tuple[str, ...] = ()


ROWS = (
    Row("other", "Other alerts", 30, ("news2", "news2_single", "consciousness", "breath_alcohol_percent")),
    Row("cows", "COWS", 215, ("cows", "cows_fall")),
    Row("doses", "Doses and plan, mg a day", 150),
    Row("items", "COWS items", 235),
    Row("pressure", "BP, mmHg", 165, ("systolic_mmhg", "diastolic_mmhg")),
    Row("heart_rate_per_min", "HR, /min", 130, ("heart_rate_per_min",)),
    Row("temperature_c", "T, °C", 120, ("temperature_c",)),
    Row("respiratory_rate_per_min", "RR, /min", 130, ("respiratory_rate_per_min", "sedation")),
    Row("spo2_percent", "SpO2, %", 120, ("spo2_percent",)),
)
GAP_PX, TOP_PX, BOTTOM_PX, LEFT_PX, RIGHT_PX = 28, 52, 52, 112, 132
LABEL_PX = 17
HEIGHT_PX = sum(r.height_px for r in ROWS) + GAP_PX * (len(ROWS) - 1) + TOP_PX + BOTTOM_PX


class Canvas:
    """What is drawn, gathered as plain values and made a figure once: a figure checks itself anew at every addition."""

    def __init__(self, zone: ZoneInfo, colours: Colours, unit: str) -> None:
        self.zone, self.colours, self.unit = zone, colours, unit
        self.traces: list[dict[str, Any]] = []
        self.shapes: list[dict[str, Any]] = []
        self.labels: dict[str, list[tuple[float, str, str]]] = {}
        self.scales: dict[str, dict[str, Any]] = {}

    def naive(self, moment: datetime) -> datetime:
        """The ward's wall clock without a zone: what the chart draws as it stands."""
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def add(self, row: str, trace: dict[str, Any]) -> None:
        """Put a trace on a row."""
        x = "x" if row == ROWS[0].key else "x2"
        self.traces.append({"type": "scatter", "xaxis": x, "yaxis": axis(row), **trace})

    def line(
        self,
        row: str,
        points: Points,
        name: str,
        symbol: str,
        colour: str,
        *,
        numbers: bool = False,
        dash: str = "solid",
    ) -> None:
        """A line with marks, broken where readings stand too far apart."""
        if not points:
            return
        joined = broken(points, longest_join())
        self.add(
            row,
            {
                "x": [self.naive(p[0]) for p in joined],
                "y": [p[1] for p in joined],
                "mode": "lines+markers+text" if numbers else "lines+markers",
                "name": name,
                "text": ["" if p[1] is None else words.number(p[1]) for p in joined] if numbers else None,
                "textposition": "top center",
                "textfont": {"size": FONT_PX, "color": self.colours["ink"]},
                "customdata": [[wall(p[0], self.zone, "%a %H:%M"), p[2]] for p in joined],
                "hovertemplate": "%{customdata[0]}: %{customdata[1]}<extra></extra>",
                "line": {"width": 2.5, "color": colour, "dash": dash},
                "marker": {"symbol": symbol, "size": 9, "color": colour},
                "connectgaps": False,
                "cliponaxis": False,
            },
        )

    def marks(self, row: str, points: Points, name: str, symbol: str, colour: str) -> None:
        """Open marks with their words, not joined."""
        self.add(
            row,
            {
                "x": [self.naive(p[0]) for p in points],
                "y": [p[1] for p in points],
                "mode": "markers+text",
                "name": name,
                "text": [p[2] for p in points],
                "textposition": "top center",
                "textfont": {"size": FONT_PX, "color": colour},
                "customdata": [wall(p[0], self.zone, "%a %H:%M") for p in points],
                "hovertemplate": f"%{{customdata}}: {name} %{{y:g}}<extra></extra>",
                "marker": {"symbol": symbol, "size": 13, "color": colour, "line": {"width": 2.5}},
            },
        )

    def last(self, row: str, y: float, text: str) -> None:
        """The newest number, readable without a finger on it."""
        self.label(row, y, f"<b>{text}</b> last", self.colours["ink"])

    def limit(self, row: str, y: float, *, strong: bool = False) -> None:
        """A quiet line across a row."""
        self.shapes.append(
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis(row), "y0": y, "y1": y, "layer": "below",
             "line": {"width": 1.2, "dash": "dash" if strong else "dot",
                      "color": self.colours["critical" if strong else "quiet"]}}
        )  # fmt: skip

    def label(self, row: str, y: float, text: str, colour: str) -> None:
        """Words on the right of a row, at a value."""
        self.labels.setdefault(row, []).append((y, text, colour))

    def scale(self, row: str, low: float, high: float, *, ticks: bool = True) -> None:
        """What a row reaches from and to."""
        self.scales[row] = {"range": [low, high], "showticklabels": ticks, "tickfont": {"size": 14}, "nticks": 5}

    def top(self, row: str) -> float:
        """Where the alerts of a row are marked."""
        return 0.5 if row == "other" else float(self.scales[row]["range"][1])

    def in_unit(self, name: str, value: float) -> float:
        """A value in the ward's unit."""
        return float(words.temperature(value, self.unit)) if name == "temperature_c" else float(value)

    def text(self, name: str, value: float) -> str:
        """A value as it is read."""
        return words.temperature(value, self.unit) if name == "temperature_c" else words.number(value)

    def figure(self, start: datetime, now: datetime, ahead: timedelta = timedelta(0)) -> go.Figure:
        """One time axis for all, fixed for a finger; its labels stand above and below.

        It reaches `ahead` past now; what lies there is shaded.
        """
        edge = next_hour(now)
        end = edge + ahead
        if ahead:
            self.shapes.append(
                {"type": "rect", "xref": "x2", "x0": self.naive(edge), "x1": self.naive(end), "yref": "paper", "y0": 0,
                 "y1": 1, "line": {"width": 0}, "fillcolor": self.colours["line"], "opacity": 0.35, "layer": "below"}
            )  # fmt: skip
        ticks, labels = _ticks(start, end, self.zone)
        time = {
            "type": "date", "range": [self.naive(start), self.naive(end)], "fixedrange": True, "showgrid": True,
            "gridcolor": self.colours["line"], "zeroline": False, "tickvals": [self.naive(t) for t in ticks],
            "ticktext": labels, "tickfont": {"size": FONT_PX}, "tickangle": 0,
        }  # fmt: skip
        layout: dict[str, Any] = {
            "height": HEIGHT_PX, "showlegend": False, "dragmode": False, "hovermode": "closest",
            "margin": {"l": LEFT_PX, "r": RIGHT_PX, "t": TOP_PX, "b": BOTTOM_PX},
            "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"size": FONT_PX, "color": self.colours["ink"], "family": "sans-serif"},
            "hoverlabel": {"font": {"size": FONT_PX}}, "shapes": self.shapes,
            "annotations": [
                *map(self._title, ROWS), *(note for row in ROWS for note in self._placed(row.key)),
                *([self._to_come(edge + ahead / 2)] if ahead else []),
            ],
            "xaxis": {**time, "side": "top", "anchor": axis(ROWS[0].key)},
            "xaxis2": {**time, "side": "bottom", "anchor": axis(ROWS[-1].key), "matches": "x"},
        }  # fmt: skip
        for row, domain in zip(ROWS, _domains(), strict=True):
            layout[axis(row.key).replace("y", "yaxis")] = {
                "domain": domain, "fixedrange": True, "zeroline": False, "showgrid": False, "showline": True,
                "anchor": "x" if row is ROWS[0] else "x2", "linecolor": self.colours["line"], **self.scales[row.key],
            }  # fmt: skip
        # an axis without a trace is not drawn: the empty rows stay, because nothing charted is news as well
        drawn = {trace["yaxis"] for trace in self.traces}
        for row in ROWS:
            if axis(row.key) not in drawn:
                self.add(row.key, {"x": [self.naive(start)], "y": [None], "mode": "markers", "hoverinfo": "skip"})
        return go.Figure({"data": self.traces, "layout": layout})

    def _title(self, row: Row) -> dict[str, Any]:
        """Above its row, or beside it where no scale stands."""
        beside = row.key == "other"
        place = (
            {"y": 0.4, "xanchor": "right", "xshift": -8} if beside else {"y": 1, "xanchor": "left", "yanchor": "bottom"}
        )
        title = row.title.replace("°C", f"°{self.unit}")
        return {
            "text": f"<b>{title}</b>", "xref": "paper", "yref": f"{axis(row.key)} domain", "x": 0,
            "showarrow": False, "font": {"size": FONT_PX, "color": self.colours["ink"]}, **place,
        }  # fmt: skip

    def _to_come(self, middle: datetime) -> dict[str, Any]:
        """What the shaded part is, said in the first row."""
        return {
            "text": "to come", "xref": "x2", "x": self.naive(middle), "yref": f"{axis(ROWS[0].key)} domain", "y": 0.5,
            "showarrow": False, "font": {"size": 14, "color": self.colours["quiet"]},
        }  # fmt: skip

    def _placed(self, row: str) -> list[dict[str, Any]]:
        """The labels right of a row, pushed apart where they would lie on one another."""
        low, high = self.scales[row]["range"]
        height = next(r.height_px for r in ROWS if r.key == row)
        notes, free_from = [], float("-inf")
        for y, text, colour in sorted(self.labels.get(row, ()), key=lambda label: label[0]):
            wanted = (y - low) / (high - low) * height
            at = max(wanted, free_from)
            free_from = at + LABEL_PX
            notes.append(
                {"xref": "paper", "x": 1.006, "xanchor": "left", "yref": f"{axis(row)} domain", "y": at / height,
                 "yanchor": "middle", "text": text, "showarrow": False, "font": {"size": 14, "color": colour}}
            )  # fmt: skip
        return notes


def thin(points: Points, most: int = MOST_POINTS) -> Points:
    """At most `most` points: of each stretch the least and the greatest stay, so that no extreme is lost."""
    if len(points) <= most:
        return points
    width = -(-len(points) * 2 // most)
    kept: Points = []
    for at in range(0, len(points), width):
        stretch = points[at : at + width]
        known = [p for p in stretch if p[1] is not None]
        if not known:
            kept.append(stretch[0])
            continue
        ends = {min(known, key=lambda p: p[1] or 0.0), max(known, key=lambda p: p[1] or 0.0)}
        kept.extend(p for p in stretch if p in ends)
    return kept[:most]


def broken(points: Points, longest: timedelta) -> Points:
    """The points with a break wherever two stand further apart than `longest`: a line there would be invented."""
    joined: Points = []
    for point in points:
        if joined and joined[-1][1] is not None and point[0] - joined[-1][0] > longest:
            joined.append((joined[-1][0] + longest / 2, None, ""))
        joined.append(point)
    return joined


def longest_join() -> timedelta:
    """Two intervals of a ward where little is known: lines are not drawn over more."""
    return timedelta(minutes=2 * monitoring_file().unscored.interval_min)


def axis(row: str) -> str:
    """The name of a row's value axis."""
    number = [r.key for r in ROWS].index(row) + 1
    return "y" if number == 1 else f"y{number}"


def _domains() -> list[tuple[float, float]]:
    """The part of the figure's height that each row takes, the first at the top."""
    inside, used, found = HEIGHT_PX - TOP_PX - BOTTOM_PX, 0, []
    for row in ROWS:
        found.append((max(0.0, 1 - (used + row.height_px) / inside), 1 - used / inside))
        used += row.height_px + GAP_PX
    return found


def next_hour(now: datetime) -> datetime:
    """The axis ends on a full hour, so that the figure stays the same while nothing is recorded."""
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _ticks(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[list[datetime], list[str]]:
    """Hours of the ward's clock at a readable distance; the first of each day carries its name."""
    length = (end - start) / timedelta(hours=1)
    every = next((h for h in (3, 6, 12, 24, 48, 96) if length / h <= 8), 168)
    moment = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    ticks: list[datetime] = []
    labels: list[str] = []
    while moment <= end:
        if moment >= start:
            day = moment.hour == 0 or not ticks
            ticks.append(moment)
            labels.append(f"{moment:%H:%M}<br>{moment:%a %-d %b}" if day else f"{moment:%H:%M}")
        moment += timedelta(hours=every)
    return ticks, labels
