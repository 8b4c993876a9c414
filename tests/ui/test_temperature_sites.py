"""Temperatures of different sites are never one trend: not in the figure, not in the table, not since the last set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from inside import inside

from detox import care
from detox.clinical import protocols
from detox.clinical.model import Observation
from detox.reports import patient
from detox.ui import canvas, charts, flowsheet, sites, style

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 21, 22, 41, tzinfo=UTC)


@pytest.fixture
def taken(vitals):
    """taken(hours_ago, 37.2, "oral"): a set with that temperature."""

    def build(hours_ago, warmth, site):
        measured = vitals(temperature_c=warmth, temperature_site=site)
        return Observation(f"o{hours_ago}", "a", NOW - timedelta(hours=hours_ago), measured, recorded_by="N. Test")

    return build


@pytest.fixture
def mixed(taken):
    return [
        taken(5, 37.0, "oral"), taken(4, 36.2, "axillary"), taken(3, 37.4, "oral"), taken(2, 36.6, None),
        taken(1, 36.4, "axillary"),
    ]  # fmt: skip


def figure(seen, unit="C"):
    return charts.course(
        seen, (), (), zone=ZONE, start=NOW - timedelta(hours=48), now=NOW, colours=style.palette(dark=False), unit=unit
    ).to_dict()


def lines(drawn):
    axis = canvas.axis("temperature_c")
    return {t["name"]: list(t["y"]) for t in drawn["data"] if t["yaxis"] == axis and t.get("name")}


def notes(drawn):
    return [a["text"] for a in drawn["layout"]["annotations"]]


def test_each_site_has_a_line_of_its_own(mixed):
    assert lines(figure(mixed)) == {
        "Temperature oral": [37.0, 37.4],
        "Temperature axillary": [36.2, 36.4],
        "Temperature site not said": [36.6],
    }


def test_the_newest_of_each_site_stands_beside_with_its_mark(mixed):
    drawn = figure(mixed)
    for text in ("<b>37.4</b> ● oral", "<b>36.4</b> ■ axillary", "<b>36.6</b> ○ site not said"):
        assert text in notes(drawn)


def test_a_finger_on_a_reading_tells_the_site(mixed):
    oral = next(t for t in figure(mixed)["data"] if t.get("name") == "Temperature oral")
    assert oral["customdata"][0][1] == "37.0 oral"
    assert oral["marker"]["symbol"] == "circle"


def test_every_site_of_the_content_has_a_sign_of_its_own(taken):
    known = protocols.vitals_file().temperature_sites
    drawn = figure([taken(n + 1, 37.0, site) for n, site in enumerate([*known, None])])
    shown = [t["marker"]["symbol"] for t in drawn["data"] if str(t.get("name")).startswith("Temperature")]
    assert len(set(shown)) == len(known) + 1


def test_the_title_says_the_wards_unit(mixed):
    assert "<b>T, °F</b>" in notes(figure(mixed, "F"))
    assert "<b>99.3</b> ● oral" in notes(figure(mixed, "F"))


def test_without_a_temperature_the_row_stays_empty(taken):
    assert lines(figure([taken(1, None, None)])) == {}


def test_sites_come_in_the_order_of_the_content_and_the_unknown_last(mixed):
    assert list(sites.by_site(mixed)) == ["oral", "axillary", None]


def test_the_flowsheet_has_a_row_a_site(mixed):
    text = flowsheet.table(mixed, ZONE, NOW, "C")
    rows = {r.split("</th>")[0].split(">")[-1]: r for r in text.split("<tr>") if "T " in r.split("</th>")[0]}
    assert list(rows) == ["T oral, °C", "T axillary, °C", "T site not said, °C"]
    assert rows["T oral, °C"].count("<b>") == 2
    assert "37.4" in rows["T oral, °C"]
    assert "36.4" not in rows["T oral, °C"]


def test_since_the_last_set_compares_the_same_site_only(taken):
    def change(*seen):
        return next((c for c in patient._changes(seen) if c.vital == "temperature_c"), None)

    assert change(taken(2, 36.2, "axillary"), taken(1, 37.4, "oral")) is None
    assert change(taken(2, 36.2, None), taken(1, 37.4, "oral")) is None
    moved = change(taken(3, 37.0, "oral"), taken(2, 36.2, "axillary"), taken(1, 37.4, "oral"))
    assert (moved.then, moved.now, moved.by) == (37.0, 37.4, 0.4)
    assert moved.then_at == NOW - timedelta(hours=3)


def test_the_page_reads_it_so(store, ward, nurse, admission, seen, vitals, now):
    for minutes_ago, warmth, site in ((90, 37.0, "oral"), (60, 36.2, "axillary")):
        entry = seen(vitals=vitals(temperature_c=warmth, temperature_site=site), minutes_ago=minutes_ago)
        care.record(store, nurse, entry, now, confirmed=True)
    with inside(store) as tx:
        page = patient.page(tx, ward, admission.id, now, 48)
    assert "temperature_c" not in {c.vital for c in page.changes}
    assert "heart_rate_per_min" in {c.vital for c in page.changes}
