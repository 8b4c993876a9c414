"""The figure as values: one time axis, limits from the content files, nothing invented between readings."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from detox.clinical import protocols
from detox.clinical.judgement import assessments
from detox.clinical.model import Alert, Dose, Finding, Observation
from detox.ui import canvas, charts, style

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 21, 22, 41, tzinfo=UTC)
START = NOW - timedelta(hours=48)


@pytest.fixture
def course(vitals, cows):
    def build(hours_ago, **given):
        whole = {"vitals": vitals(), "answers": cows(tremor=2)} | given
        entry = Observation(f"o{hours_ago}", "a", NOW - timedelta(hours=hours_ago), **whole)
        return Observation(**{**{f: getattr(entry, f) for f in entry.__slots__}, "assessments": assessments(entry)})

    return build


def figure(seen, doses=(), alerts=(), zone=ZONE, dark=False):
    drawn = charts.course(seen, doses, alerts, zone=zone, start=START, now=NOW, colours=style.palette(dark=dark))
    return drawn.to_dict()


def trace(drawn, name):
    return next(t for t in drawn["data"] if t.get("name") == name)


def test_it_cannot_be_dragged_and_all_rows_share_the_time(course):
    drawn = figure([course(9), course(5), course(1)])
    layout = drawn["layout"]
    assert layout["dragmode"] is False
    assert layout["height"] == canvas.HEIGHT_PX
    assert all(axis["fixedrange"] for name, axis in layout.items() if name[1:5] == "axis")
    assert layout["xaxis"]["range"] == layout["xaxis2"]["range"]
    assert charts.CONFIG["displayModeBar"] is False


def test_no_font_is_smaller_than_14(course):
    drawn = figure([course(9), course(1)])
    sizes = [a["font"]["size"] for a in drawn["layout"]["annotations"]] + [drawn["layout"]["font"]["size"]]
    assert min(sizes) >= 14


def test_an_incomplete_cows_is_an_open_mark_that_says_at_least(course, cows):
    drawn = figure([course(9), course(2, answers=cows(tremor=2, gi_upset=None))])
    partial = trace(drawn, "COWS at least")
    assert partial["marker"]["symbol"] == "circle-open"
    assert partial["text"] == ["≥ 2"]
    assert len([y for y in trace(drawn, "COWS")["y"] if y is not None]) == 1


def test_pressure_is_a_bar_from_systolic_to_diastolic(course):
    drawn = figure([course(3)])
    assert list(trace(drawn, "BP")["y"]) == [124.0, 78.0, None]


def test_limits_are_those_of_the_content(course, vitals):
    drawn = figure([course(3, vitals=vitals(heart_rate_per_min=140.0))])
    limits = protocols.vitals_file().range("heart_rate_per_min")
    number = [r.key for r in canvas.ROWS].index("heart_rate_per_min") + 1
    lines = {s["y0"] for s in drawn["layout"]["shapes"] if s["yref"] == f"y{number}" and s["type"] == "line"}
    assert {*limits.normal, limits.critical[1]} <= lines


def test_a_long_gap_is_not_joined(course):
    longest = canvas.longest_join() / timedelta(hours=1)
    near = figure([course(longest + 1), course(1)])
    far = figure([course(longest + 1.1), course(1)])
    assert None not in list(trace(near, "Heart rate")["y"])
    assert list(trace(far, "Heart rate")["y"]).count(None) == 1


def test_doses_are_filled_when_given_and_open_with_a_letter_when_not():
    doses = [
        Dose("1", "a", None, "methadone", 20, "given", NOW - timedelta(hours=9)),
        Dose("2", "a", None, "methadone", 0, "held", NOW - timedelta(hours=5), "drowsy <b>"),
        Dose("3", "a", None, "methadone", 0, "refused", NOW - timedelta(hours=1), "no"),
    ]
    drawn = figure([], doses)
    assert list(trace(drawn, "dose given")["text"]) == ["20"]
    assert list(trace(drawn, "dose held")["text"]) == ["H"]
    assert "open" in trace(drawn, "dose held")["marker"]["symbol"]
    assert list(trace(drawn, "dose refused")["text"]) == ["R"]
    assert "&lt;b&gt;" in trace(drawn, "dose held")["customdata"][0][3]


def alert(problem, values, resolution=""):
    found = Finding("r", problem, "critical", "limit", "message", "", "", values, "1", "", "P")
    return Alert("x", "a", "o", found, NOW - timedelta(hours=1), resolution=resolution)


@pytest.mark.parametrize(
    ("values", "row"),
    [({"systolic_mmhg": 188.0}, "pressure"), ({"cows": 26}, "cows"), ({"news2": 7}, "other"), ({}, "other")],
)
def test_an_alert_stands_on_the_row_of_its_measure(course, values, row):
    drawn = figure([course(2)], alerts=[alert("p", values)])
    number = [r.key for r in canvas.ROWS].index(row) + 1
    assert trace(drawn, "critical alert")["yaxis"] == f"y{number}"


def test_an_alert_that_a_correction_took_back_is_not_drawn(course):
    drawn = figure([course(2)], alerts=[alert("p", {"cows": 26}, "amended")])
    assert not [t for t in drawn["data"] if t.get("name") == "critical alert"]


def test_times_are_the_wards_wall_clock_without_a_zone(course):
    drawn = figure([course(1)], zone=ZoneInfo("Europe/Berlin"))
    at = trace(drawn, "Heart rate")["x"][0]
    assert at.tzinfo is None
    assert (at.hour, at.minute) == (22, 41)


def test_many_readings_are_thinned_and_the_extremes_stay():
    points = [(NOW + timedelta(minutes=n), float(n % 7), "") for n in range(2000)]
    points[1234] = (points[1234][0], 99.0, "")
    thinned = canvas.thin(points)
    assert len(thinned) <= canvas.MOST_POINTS
    assert max(p[1] for p in thinned) == 99.0
    assert thinned == sorted(thinned, key=lambda p: p[0])


def test_no_trace_is_longer_than_the_most(course):
    seen = [course(n / 10) for n in range(400, 0, -1)]
    drawn = figure(seen)
    joined = [len([y for y in t["y"] if y is not None]) for t in drawn["data"]]
    assert max(joined) <= canvas.MOST_POINTS


def test_the_same_records_make_the_same_figure_a_minute_later(course):
    seen = [course(5), course(1)]
    colours = style.palette(dark=False)
    one, two = (
        charts.course(seen, (), (), zone=ZONE, start=START, now=at, colours=colours).to_json()
        for at in (NOW, NOW + timedelta(minutes=5))
    )
    assert one == two


@pytest.mark.parametrize("dark", [False, True])
def test_empty_rows_are_drawn_too(dark):
    drawn = figure([], dark=dark)
    assert {t["yaxis"] for t in drawn["data"]} == {canvas.axis(r.key) for r in canvas.ROWS}
    assert charts.describe([], ZONE, NOW)
