"""The figure as values: one time axis, limits from the content files, nothing invented between readings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from detox.clinical import protocols
from detox.clinical.judgement import assessments
from detox.clinical.model import Alert, Decision, Dose, Finding, Observation, TaperPlan, TaperStep
from detox.ui import canvas, charts, style
from detox.ui.dose_row import Planned

NOTHING = Planned()
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


def figure(seen, doses=(), alerts=(), zone=ZONE, dark=False, planned=NOTHING):
    colours = style.palette(dark=dark)
    return charts.course(
        seen, doses, alerts, zone=zone, start=START, now=NOW, colours=colours, planned=planned
    ).to_dict()


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
    assert trace(drawn, "critical alert")["yaxis"] == canvas.axis(row)


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


# --- the plan against the course -------------------------------------------------------------------------------------


def ago(hours):
    return NOW - timedelta(hours=hours)


def given(hours_ago, mg, drug="methadone", status="given"):
    return Dose(f"d{hours_ago}{drug}", "a", None, drug, mg, status, ago(hours_ago))


@pytest.fixture
def plan():
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((20.0, 15.0, 10.0, 5.0, 0.0), start=1))
    return TaperPlan("p", "a", "methadone", steps, 12.0, "P", ago(40), "P", ago(40), None, 2, ago(4))


@pytest.fixture
def levels():
    return [(ago(60), ago(4), "methadone", 20.0), (ago(4), None, "methadone", 15.0)]


def test_a_dose_from_elsewhere_or_brought_up_again_has_a_mark_and_a_word_of_its_own():
    doses = [
        Dose("1", "a", None, "methadone", 20, "given", NOW - timedelta(hours=9)),
        Dose("2", "a", None, "methadone", 5, "given", NOW - timedelta(hours=7), "clinic <b>", elsewhere=True),
        Dose("3", "a", None, "methadone", 4, "given", NOW - timedelta(hours=5), vomited_at=NOW - timedelta(hours=4)),
    ]
    drawn = figure([], doses)
    kinds = ("dose given", "dose given elsewhere", "dose brought up again")
    given, elsewhere, vomited = (trace(drawn, kind) for kind in kinds)
    assert len({one["marker"]["symbol"] for one in (given, elsewhere, vomited)}) == 3
    assert [list(one["text"]) for one in (given, elsewhere, vomited)] == [["20"], ["5 E"], ["4 V"]]
    assert "given elsewhere" in elsewhere["hovertemplate"]
    assert "clinic &lt;b&gt;" in elsewhere["customdata"][0][5]
    assert "brought up again" in vomited["hovertemplate"]
    assert [list(one["y"]) for one in (given, elsewhere, vomited)] == [[20.0], [25.0], [29.0]], "each counts"
    told = charts.describe([], ZONE, NOW, doses, NOTHING)
    assert "1 given, 1 given elsewhere, 1 brought up again" in told


def test_their_letters_stay_where_amounts_would_lie_on_one_another():
    many = [Dose(str(n), "a", None, "x", 1, "given", NOW - timedelta(hours=n), elsewhere=True) for n in range(1, 15)]
    assert set(trace(figure([], many), "dose given elsewhere")["text"]) == {"E"}


def test_doses_and_plan_stand_right_under_the_withdrawal_score():
    keys = [row.key for row in canvas.ROWS]
    assert keys.index("doses") == keys.index("cows") + 1


def test_the_order_is_a_line_from_step_change_to_step_change(levels, plan):
    drawn = figure([], planned=Planned(levels, plan))
    line = trace(drawn, "ordered")
    assert list(line["y"]) == [20.0, 20.0, 15.0, 15.0]
    assert line["x"][0].replace(tzinfo=UTC) == START, "it begins with the figure, not before"
    assert line["x"][1] == line["x"][2]
    assert "ordered since" in line["customdata"][0]
    assert any("15 mg</b> a day" in note["text"] for note in drawn["layout"]["annotations"])


def test_two_plans_are_not_joined_over_the_time_between(plan):
    apart = [(ago(40), ago(30), "buprenorphine", 8.0), (ago(20), None, "methadone", 15.0)]
    assert list(trace(figure([], planned=Planned(apart, plan)), "ordered")["y"]) == [8.0, 8.0, None, 15.0, 15.0]


def test_what_is_to_come_is_dotted_by_the_interval_and_shaded(levels, plan):
    drawn = figure([], planned=Planned(levels, plan))
    line, edge = trace(drawn, "planned"), canvas.next_hour(NOW).replace(tzinfo=None)
    assert line["line"]["dash"] == "dot"
    assert list(line["y"]) == [15.0, 10.0, 10.0]
    assert line["x"][0] == edge
    assert line["x"][1] == (ago(4) + timedelta(hours=12)).replace(tzinfo=None)
    assert "if a physician decides it" in line["customdata"][1]
    assert drawn["layout"]["xaxis"]["range"][1] == edge + timedelta(hours=12), "a quarter of 48 h"
    assert [s for s in drawn["layout"]["shapes"] if s["type"] == "rect" and s.get("x0") == edge]


@pytest.mark.parametrize(("due_in_min", "drops_at_once"), [(-60, True), (18, True), (19, True), (20, False)])
def test_a_step_that_is_due_is_not_dated(levels, plan, due_in_min, drops_at_once):
    """The solid line ends with the hour that runs; what is due by then is said to wait for a decision."""
    soon = replace(plan, step_since=NOW + timedelta(minutes=due_in_min) - timedelta(hours=plan.interval_h))
    drawn = figure([], planned=Planned(levels, soon))
    texts = " ".join(note["text"] for note in drawn["layout"]["annotations"])
    assert ("10 mg if decided" in texts) is drops_at_once


def test_the_last_step_and_no_plan_leave_nothing_to_come(levels, plan):
    for standing in (None, replace(plan, current_step=5)):
        drawn = figure([], planned=Planned(levels, standing))
        assert not [t for t in drawn["data"] if t.get("name") == "planned"]
        assert drawn["layout"]["xaxis"]["range"][1] == canvas.next_hour(NOW).replace(tzinfo=None)


def test_a_mark_stands_as_high_as_what_was_given_that_day_so_far():
    doses = [given(26, 5.0), given(9, 0.54), given(5, 0.54), given(4, 0.1, "clonidine"), given(1, 0.54)]
    drawn = figure([], doses)
    assert list(trace(drawn, "dose given")["y"]) == [5.0, 0.54, 1.08, 0.1, 1.62]
    assert list(trace(drawn, "dose given")["text"]) == ["5", "0.54", "0.54", "0.1", "0.54"]
    assert list(trace(drawn, "given so far that day")["y"])[:3] == [0.0, 5.0, None]


def test_the_first_day_counts_from_its_midnight_though_the_figure_begins_later():
    drawn = figure([], [given(48.5, 10.0), given(47.8, 10.0)])
    assert list(trace(drawn, "dose given")["y"]) == [20.0]


def test_a_day_is_the_wards_day():
    """01:30 in Berlin is another day than 23:30; in London both are the evening before."""
    doses = [given(25.2, 5.0), given(22.2, 5.0)]  # 21:29 and 00:29 UTC
    assert list(trace(figure([], doses), "dose given")["y"]) == [5.0, 5.0]
    assert list(trace(figure([], doses, zone=ZoneInfo("America/New_York")), "dose given")["y"]) == [5.0, 10.0]


def test_nothing_given_is_at_nothing():
    drawn = figure([], [given(9, 20.0), given(5, 0.0, status="held")])
    assert list(trace(drawn, "dose held")["y"]) == [0.0]


def test_many_amounts_are_not_written_over_one_another():
    few, many = ([given(n / 2 + 1, 1.0) for n in range(count, 0, -1)] for count in (12, 13))
    assert "text" in trace(figure([], few), "dose given")["mode"]
    assert "text" not in trace(figure([], many), "dose given")["mode"]


@pytest.mark.parametrize(("verdict", "symbol"), [
    ("accepted", "diamond"), ("changed", "diamond-open"), ("declined", "diamond-x-open"),
])  # fmt: skip
def test_a_decision_is_a_mark_that_tells_verdict_choice_reason_and_by_whom(verdict, symbol):
    made = Decision(
        "x", "a", verdict, "HOLD_STEP", "asks <b>to wait</b> " * 6, ago(3), "Dr Test", {"class": "STEP_DOWN"}, 2, 2
    )
    mark = trace(figure([], planned=Planned(decisions=[made])), f"decision {verdict}")
    (told,) = mark["customdata"]
    assert mark["marker"]["symbol"] == symbol
    assert f"{verdict} Sat 19:41 by Dr Test" in told
    assert "suggested: Step down" in told
    assert ("chosen: Hold the step" in told) is (verdict == "changed")
    assert "&lt;b&gt;to" in told
    assert "<b>" not in told


def test_what_was_decided_before_the_window_is_not_drawn():
    made = Decision("x", "a", "accepted", "STEP_DOWN", "", ago(49), "Dr", {"class": "STEP_DOWN"})
    assert not [t for t in figure([], planned=Planned(decisions=[made]))["data"] if "decision" in t.get("name", "")]


def test_the_plan_is_described_for_whoever_cannot_see_it(course, levels, plan):
    made = Decision("x", "a", "accepted", "STEP_DOWN", "", ago(4), "Dr", {"class": "STEP_DOWN"})
    told = charts.describe([course(1)], ZONE, NOW, [given(9, 20.0), given(5, 0.0, status="held")],
                           Planned(levels, plan, [made]))  # fmt: skip
    assert "Plan: methadone 15 mg a day, step 2 of 5. Doses: 1 given, 1 held. 1 decision." in told
    assert "Plan: methadone" in charts.describe([], ZONE, NOW, (), Planned(levels, plan))


def test_the_same_plan_makes_the_same_figure_a_minute_later(levels, plan):
    same = {"zone": ZONE, "start": START, "colours": style.palette(dark=False), "planned": Planned(levels, plan)}
    one, two = (charts.course((), (), (), now=at, **same).to_json() for at in (NOW, NOW + timedelta(minutes=5)))
    assert one == two
