"""The patient's course in one figure: withdrawal, doses and plan, vitals and alerts above one time axis.

Limits and bands come from the content files.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from detox.clinical import protocols
from detox.clinical.model import Alert, Dose, Observation
from detox.reports.outlook import HOUR, Outlook
from detox.ui import dose_row, sites, words
from detox.ui.canvas import MOST_POINTS, ROWS, Canvas, Colours, Points, axis, thin
from detox.ui.dose_row import Planned

CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}

# a temperature's site: the chart's symbol, the same sign in words, the line
_SITE_SIGNS = {
    "oral": ("circle", "●", "solid"), "tympanic": ("diamond", "◆", "dash"), "axillary": ("square", "■", "dot"),
    "temporal": ("star", "★", "dashdot"), "rectal": ("pentagon", "⬟", "longdash"), None: ("circle-open", "○", "dot"),
}  # fmt: skip
_OTHER_SITE = ("x", "✕", "dot")
_NOTHING = Planned()
_ALERT_SIGNS = {"critical": ("triangle-down", 17), "warning": ("triangle-down-open", 15), "info": ("circle-open", 11)}


def course(
    seen: Sequence[Observation],
    doses: Sequence[Dose],
    alerts: Sequence[Alert],
    *,
    zone: ZoneInfo,
    start: datetime,
    now: datetime,
    colours: Colours,
    unit: str = "C",
    trends: Sequence[Outlook] = (),
    planned: Planned = _NOTHING,
) -> go.Figure:
    """The figure of one patient. `seen` are the current observations, oldest first; replaced ones are not drawn.

    `doses` may reach back further than `start`: the first day's doses count from its midnight.
    """
    drawing = _Course(zone, colours, unit)
    dose_row.draw(drawing, doses, planned, start, now)
    drawing.scale("other", 0.0, 1.0, ticks=False)
    drawing.cows(seen)
    drawing.items(seen)
    drawing.pressure(seen)
    for row in ROWS[5:]:
        if row.key == "temperature_c":
            drawing.temperature(seen)
        else:
            drawing.vital(row.key, seen)
    for one in trends:
        drawing.trend(one)
    drawing.alerts(alerts, start)
    return drawing.figure(start, now, planned.ahead(start, now))


def describe(
    seen: Sequence[Observation],
    zone: ZoneInfo,
    now: datetime,
    doses: Sequence[Dose] = (),
    planned: Planned = _NOTHING,
) -> str:
    """The figure in sentences, for whoever cannot see it."""
    if not seen:
        return " ".join(["No observation in this window.", *dose_row.describe(doses, planned)])
    rated = [(o, made) for o in seen if (made := o.assessment("cows"))]
    parts = [
        f"{len(seen)} observations from {words.when(seen[0].taken_at, zone, now)} "
        f"to {words.when(seen[-1].taken_at, zone, now)}."
    ]
    if rated:
        first, last = rated[0], rated[-1]
        parts.append(f"{words.total(first[1])} at first, {words.total(last[1])} at last.")
    parts += dose_row.describe(doses, planned)
    parts.append("The flowsheet below holds every number.")
    return " ".join(parts)


class _Course(Canvas):
    """The rows of a patient's course."""

    def cows(self, seen: Sequence[Observation]) -> None:
        """Totals on a line, partial sums as open marks "at least"; the authors' bands lie quietly behind."""
        scale = protocols.scale("cows")
        rated = [(o, made) for o in seen if (made := o.assessment("cows"))]
        whole = [(o.taken_at, float(m.total), words.total(m)) for o, m in rated if m.total is not None]
        partial = [(o.taken_at, float(m.at_least), f"≥ {m.at_least}") for o, m in rated if m.total is None]
        top = max([p[1] for p in whole + partial], default=0) + 4
        top = max(top, next((b.at_least for b in scale.bands if b.at_least > top), top), scale.bands[2].at_least + 3)
        self.line("cows", thin(list(whole)), "COWS", "circle", self.colours["ink"], numbers=True)
        if partial:
            self.marks("cows", thin(list(partial)), "COWS at least", "circle-open", self.colours["unknown"])
        for band, after in zip(scale.bands, [*scale.bands[1:], None], strict=True):
            if band.at_least >= top:
                break
            end = min(top, after.at_least if after else top)
            if scale.bands.index(band) % 2:
                self.shapes.append(
                    {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "yref": axis("cows"), "y0": band.at_least,
                     "y1": end, "line": {"width": 0}, "fillcolor": self.colours["wash"], "layer": "below"}
                )  # fmt: skip
            self.label("cows", (band.at_least + end) / 2, f"{band.label}", self.colours["quiet"])
            if band.at_least:
                self.limit("cows", band.at_least)
        self.scale("cows", 0, top)

    def items(self, seen: Sequence[Observation]) -> None:
        """A strip of squares, one line an item: the darker, the more of its points; open where it was not rated."""
        scale = protocols.scale("cows")
        rated = [(o, made) for o in seen if (made := o.assessment("cows"))][-(MOST_POINTS // len(scale.items)) :]
        names = [words.item_short("cows", item.id) for item in scale.items]
        known = [
            (self.naive(o.taken_at), name, made.items[item.id], made.items[item.id] / max(item.values))
            for o, made in rated
            for item, name in zip(scale.items, names, strict=True)
            if item.id in made.items
        ]
        if known:
            self.add(
                "items",
                {
                    "x": [k[0] for k in known],
                    "y": [k[1] for k in known],
                    "mode": "markers",
                    "name": "COWS items",
                    "customdata": [k[2] for k in known],
                    "hovertemplate": "%{y} %{customdata}<extra></extra>",
                    "marker": {
                        "symbol": "square", "size": 15, "color": [k[3] for k in known], "cmin": 0, "cmax": 1,
                        "colorscale": [[0, self.colours["wash"]], [1, self.colours["critical"]]],
                        "line": {"width": 1, "color": self.colours["line"]},
                    },
                },
            )  # fmt: skip
        self.scales["items"] = {
            "type": "category", "categoryorder": "array", "categoryarray": names[::-1],
            "range": [-0.6, len(names) - 0.4], "tickfont": {"size": 14}, "dtick": 1,
        }  # fmt: skip

    def pressure(self, seen: Sequence[Observation]) -> None:
        """One upright bar a reading, from diastolic to systolic; a single value is a mark."""
        both = [o for o in seen if o.vitals.systolic_mmhg is not None and o.vitals.diastolic_mmhg is not None]
        both = _newest(both)
        x: list[datetime | None] = []
        y: list[float | None] = []
        for o in both:
            at = self.naive(o.taken_at)
            x += [at, at, None]
            y += [o.vitals.systolic_mmhg, o.vitals.diastolic_mmhg, None]
        if both:
            self.add(
                "pressure",
                {"x": x, "y": y, "mode": "lines", "name": "BP", "line": {"width": 5, "color": self.colours["ink"]},
                           "hovertemplate": "%{y:.0f} mmHg<extra></extra>"},
            )  # fmt: skip
            last = both[-1]
            self.last("pressure", float(last.vitals.systolic_mmhg or 0),
                        f"{last.vitals.systolic_mmhg:g}/{last.vitals.diastolic_mmhg:g}")  # fmt: skip
        for name in ("systolic_mmhg", "diastolic_mmhg"):
            alone = [o for o in seen if getattr(o.vitals, name) is not None and o not in both]
            if alone:
                points: Points = [
                    (o.taken_at, float(getattr(o.vitals, name)), f"{getattr(o.vitals, name):g}") for o in alone
                ]
                self.marks("pressure", thin(points), f"{name.split('_')[0]} alone", "line-ew-open", self.colours["ink"])
        values = [v for v in y if v is not None]
        file = protocols.vitals_file()
        upper, lower = file.range("systolic_mmhg"), file.range("diastolic_mmhg")
        limits = (upper.normal[1], upper.critical[1], upper.normal[0], upper.critical[0], lower.normal[1])
        low, high = _span([*values, upper.normal[1], lower.normal[0]])
        for limit, words_of in zip(limits, ("high", "very high", "low", "very low", ""), strict=True):
            if low < limit < high and words_of:
                self.limit("pressure", limit, strong="very" in words_of)
                self.label("pressure", limit, f"{limit:g} {words_of}", self.colours["quiet"])
        self.scale("pressure", low, high)

    def vital(self, name: str, seen: Sequence[Observation]) -> None:
        """One vital with its limits as quiet lines."""
        limits = protocols.vitals_file().range(name)
        points: Points = [
            (o.taken_at, self.in_unit(name, value), self.text(name, value))
            for o in seen
            if (value := getattr(o.vitals, name)) is not None
        ]
        self.line(name, thin(points), limits.label, "circle", self.colours["ink"])
        if points and points[-1][1] is not None:
            self.last(name, points[-1][1], points[-1][2])
        self.reach(name, points)

    def temperature(self, seen: Sequence[Observation]) -> None:
        """One line a site: sites read differently, so nothing is joined across them. One that was not said is its own.

        The newest reading of each stands on the right with its mark and its site.
        """
        limits = protocols.vitals_file().range("temperature_c")
        every: Points = []
        for site, some in sites.by_site(seen).items():
            said = sites.said(site)
            points: Points = [
                (o.taken_at, self.in_unit("temperature_c", value), f"{self.text('temperature_c', value)} {said}")
                for o in some
                if (value := o.vitals.temperature_c) is not None
            ]
            symbol, mark, dash = _SITE_SIGNS.get(site, _OTHER_SITE)
            self.line("temperature_c", thin(points), f"{limits.label} {said}", symbol, self.colours["ink"], dash=dash)
            newest = some[-1].vitals.temperature_c
            if newest is not None:
                at, text = self.in_unit("temperature_c", newest), self.text("temperature_c", newest)
                self.label("temperature_c", at, f"<b>{text}</b> {mark} {words.esc(said)}", self.colours["ink"])
            every += points
        self.reach("temperature_c", every)

    def trend(self, one: Outlook) -> None:
        """The slope of the last readings as a thin line over just these: nothing is drawn where nothing was read."""
        row = next(r.key for r in ROWS if one.vital in r.measures)
        ends = (0.0, (one.until - one.since) / HOUR)
        self.add(
            row,
            {
                "x": [self.naive(one.since), self.naive(one.until)],
                "y": [self.in_unit(one.vital, one.slope.at(hours)) for hours in ends],
                "mode": "lines",
                "name": "trend",
                "line": {"width": 1.5, "dash": "dash", "color": self.colours["link"]},
                "hoverinfo": "skip",
            },
        )

    def reach(self, name: str, points: Points) -> None:
        """The row of a vital reaches over its readings and its normal range, with its limits as quiet lines."""
        limits = protocols.vitals_file().range(name)
        drawn = [p[1] for p in points if p[1] is not None]
        low, high = _span([*drawn, *(self.in_unit(name, v) for v in limits.normal)])
        for limit, beyond, strong in _limits(limits):
            at = self.in_unit(name, limit)
            if low < at < high:
                self.limit(name, at, strong=strong)
                self.label(name, at, f"{self.text(name, limit)} {beyond}", self.colours["quiet"])
        self.scale(name, low, high)

    def alerts(self, alerts: Sequence[Alert], start: datetime) -> None:
        """A mark where an alert opened, on the row of what raised it; one that a correction took back is not drawn."""
        true = [a for a in alerts if a.resolution != "amended"]
        for row in ROWS:
            here = [a for a in true if a.opened_at >= start and _row_of(a) == row.key]
            for level, (symbol, size) in _ALERT_SIGNS.items():
                some = [a for a in here if a.finding.level == level][:MOST_POINTS]
                if not some:
                    continue
                name = level if level in ("critical", "warning") else "quiet"
                self.add(
                    row.key,
                    {
                        "x": [self.naive(a.opened_at) for a in some],
                        "y": [self.top(row.key)] * len(some),
                        "mode": "markers",
                        "name": f"{level} alert",
                        "customdata": [words.esc(a.finding.message) for a in some],
                        "hovertemplate": "%{customdata}<extra></extra>",
                        "marker": {"symbol": symbol, "size": size, "color": self.colours[name], "line": {"width": 2}},
                        "cliponaxis": False,
                    },
                )


def _limits(limits: protocols.Range) -> Iterator[tuple[float, str, bool]]:
    """The limits that a reading can pass, without those at the end of what is possible."""
    for pair, strong in ((limits.normal, False), (limits.critical, True)):
        for limit, end, beyond in zip(pair, limits.absolute, ("low", "high"), strict=True):
            if limit != end:
                yield limit, f"very {beyond}" if strong else beyond, strong


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = max((high - low) * 0.14, 0.3)
    return low - room, high + room


def _newest(seen: list[Observation]) -> list[Observation]:
    """A bar takes three points of a trace: no more bars than fit."""
    if len(seen) <= MOST_POINTS // 3:
        return seen
    points = thin([(o.taken_at, o.vitals.systolic_mmhg, o.id) for o in seen], MOST_POINTS // 3)
    kept = {p[2] for p in points}
    return [o for o in seen if o.id in kept]


def _row_of(alert: Alert) -> str:
    """The row of the first measure that the alert names; a row of its own where it names none."""
    for measure in alert.finding.values:
        for row in ROWS:
            if measure in row.measures:
                return row.key
    return "other"
