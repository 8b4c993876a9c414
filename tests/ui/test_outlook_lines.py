"""The patient page tells a clear trend under the figure, whatever window is shown, and draws its line."""

import json

from page_html import html_of

from detox import care


def _record(store, nurse, seen, vitals, now, pressures):
    for n, systolic in enumerate(pressures):
        entry = seen(vitals=vitals(systolic_mmhg=float(systolic)), minutes_ago=20 + 300 * (len(pressures) - 1 - n))
        care.record(store, nurse, entry, now, confirmed=True)


def _trends(at):
    drawn = json.loads(at.get("plotly_chart")[0].proto.spec)
    return [t for t in drawn["data"] if t.get("name") == "trend"]


def test_a_clear_trend_is_told_under_the_figure(open_page, nurse, admission, store, seen, vitals, now):
    _record(store, nurse, seen, vitals, now, (125, 131, 137, 143, 149, 155))
    at = open_page(nurse, "patient", admission=admission.id)
    assert not at.exception
    line = (
        "Systolic rises by 1.2 mmHg an hour (1.2 to 1.2, last 6 readings since Fri 21:21); "
        "at this rate 160 or more by about Sun 02:45."
    )
    assert line in html_of(at)
    assert len(_trends(at)) == 1
    at.get("button_group")[0].set_value("24 h").run()
    assert line in html_of(at)


def test_without_a_trend_there_is_no_line(open_page, nurse, admission, store, seen, vitals, now):
    _record(store, nurse, seen, vitals, now, (125, 131, 122, 133, 124, 128))
    at = open_page(nurse, "patient", admission=admission.id)
    assert not at.exception
    assert "an hour" not in html_of(at)
    assert _trends(at) == []
