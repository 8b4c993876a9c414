"""Where a vital is heading: told from enough readings that agree, and never as more than they bear."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from detox.clinical.alerts.folding import alerts_file
from detox.clinical.model import Observation, PatientLimit, Vitals
from detox.reports.outlook import outlooks
from detox.ui.outlook_words import lines_html, sentence

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONDON = ZoneInfo("Europe/London")


def course(vital, *values, every_h=1.0, last_h=0.0, **how):
    """Readings of one vital at even intervals, the last so many hours ago."""
    first = last_h + every_h * (len(values) - 1)
    return [
        Observation(f"{vital}{n}", "a", NOW - (first - n * every_h) * HOUR, Vitals(**{vital: value, **how}))
        for n, value in enumerate(values)
    ]


def one(seen, **given):
    found = outlooks(seen, NOW, **given)
    assert len(found) == 1
    return found[0]


RISING = course("systolic_mmhg", 138, 141, 144, 147, 150, 153)


def test_a_rising_series_crosses_when_its_line_does():
    found = one(RISING)
    assert (found.vital, found.count, found.since, found.until) == ("systolic_mmhg", 6, NOW - 5 * HOUR, NOW)
    assert found.slope.per_h == pytest.approx(3)
    assert (found.limit.at_least, found.level) == (160, "warning")
    assert abs(found.crosses_at - (NOW + HOUR * 7 / 3)) < timedelta(seconds=1)


def test_one_mistyped_value_does_not_turn_it():
    seen = [*RISING[:2], replace(RISING[2], vitals=Vitals(systolic_mmhg=114)), *RISING[3:]]
    found = one(seen, unclear=True)
    assert found.slope.per_h == pytest.approx(3)


def test_only_the_last_readings_count():
    found = one([*course("systolic_mmhg", 190, 110, 185, last_h=6), *RISING])
    assert found.since == RISING[0].taken_at
    assert found.slope.per_h == pytest.approx(3)


def test_noise_is_no_trend_and_says_so_only_when_asked():
    flat = course("systolic_mmhg", 128, 136, 125, 138, 127, 133)
    assert outlooks(flat, NOW) == ()
    found = one(flat, unclear=True)
    assert (found.clear, found.limit, found.level, found.crosses_at) == (False, None, None, None)
    said = sentence(found, LONDON, NOW, "C")
    assert said == "Systolic: no clear trend (last 6 readings since Sat 23:00)."
    assert "rises" not in said
    assert "falls" not in said


def test_the_same_value_again_and_again_is_no_trend():
    assert outlooks(course("heart_rate_per_min", *[80] * 6), NOW) == ()


@pytest.mark.parametrize(("values", "limit", "level"), [
    ((100, 99.5, 99, 98.5, 98, 97.5), 95, "warning"),
    ((97, 96.4, 95.8, 95.2, 94.6, 94), 91, "critical"),
])  # fmt: skip
def test_oxygen_falls_towards_amber_and_past_it_towards_red(values, limit, level):
    found = one(course("spo2_percent", *values, every_h=2))
    assert found.slope.high < 0
    assert (found.limit.at_most, found.level) == (limit, level)
    wait_h = (limit - values[-1]) / found.slope.per_h
    assert abs(found.crosses_at - (NOW + wait_h * HOUR)) < timedelta(seconds=1)


def test_oxygen_on_the_other_scale_has_its_own_limits():
    found = one(course("spo2_percent", 97, 96, 95, 94, 93, 92, spo2_scale=2))
    assert found.slope.per_h == pytest.approx(-1)
    assert (found.limit.at_most, found.level) == (87, "warning")
    assert found.crosses_at == NOW + 5 * HOUR


def test_oxygen_that_was_given_breaks_the_trend():
    air = course("spo2_percent", 98, 97, 96, 95, 94, last_h=1, on_oxygen=False)
    assert outlooks(air, NOW) != ()
    assert outlooks([*air, *course("spo2_percent", 97, on_oxygen=True)], NOW) == ()


def test_sites_are_not_mixed():
    """Armpit readings in the evening, mouth readings at night: together they would rise, each site alone is flat."""
    armpit = course("temperature_c", 36.4, 36.5, 36.4, last_h=3, temperature_site="axillary")
    mouth = course("temperature_c", 37.3, 37.4, 37.3, temperature_site="oral")
    mixed = [replace(o, vitals=replace(o.vitals, temperature_site="oral")) for o in armpit]
    assert outlooks([*mixed, *mouth], NOW, unclear=True) != ()
    assert outlooks([*armpit, *mouth], NOW, unclear=True) == ()


def test_only_the_newest_site_is_told():
    oral = course("temperature_c", 36.9, 37.0, 37.1, 37.2, 37.3, 37.4, every_h=2, temperature_site="oral")
    between = course("temperature_c", 36.0, 35.9, 35.8, every_h=2, last_h=3, temperature_site="axillary")
    found = one([*oral, *between])
    assert (found.count, found.limit.at_least) == (6, 37.8)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_few_readings_say_nothing_even_when_all_of_them_rise(count):
    """Three readings rise or fall by chance in one of three stays, four in one of twelve: less than is claimed."""
    assert outlooks(RISING[6 - count :], NOW, unclear=True) == ()


def test_five_readings_that_agree_bear_the_confidence():
    assert one(RISING[1:]).count == 5


def test_past_the_last_limit_no_crossing_is_told():
    found = one(course("systolic_mmhg", 170, 174, 178, 182, 186, 190))
    assert found.clear
    assert (found.limit, found.level, found.crosses_at) == (None, None, None)


def test_past_the_first_limit_the_next_one_is_told():
    found = one(course("systolic_mmhg", 155, 158, 161, 164, 167, 170))
    assert (found.limit.at_least, found.level) == (180, "critical")


def test_a_limit_that_the_newest_reading_has_passed_is_not_told_again():
    found = one(course("systolic_mmhg", 140, 143, 146, 149, 152, 162))
    assert found.limit is None or found.limit.at_least == 180


def test_a_limit_that_is_far_is_not_told():
    far = course("systolic_mmhg", 118, 119, 120, 121, 122, 123, every_h=4)
    assert one(far).crosses_at is None


def test_the_line_is_followed_no_further_than_the_readings_reach_back():
    """Six readings within an hour say nothing about the next six hours."""
    quick = course("systolic_mmhg", 140, 141, 142, 143, 144, 145, every_h=0.2)
    assert one(quick).crosses_at is None
    assert outlooks(course("systolic_mmhg", 140, 141, 142, 143, 144, 145, every_h=0.2, last_h=2), NOW) == ()


def test_old_readings_say_nothing_of_now():
    assert one(course("systolic_mmhg", 138, 141, 144, 147, 150, 153, last_h=2)).crosses_at > NOW
    assert outlooks(course("systolic_mmhg", 138, 141, 144, 147, 150, 153, last_h=6), NOW) == ()
    longest = alerts_file().trend.longest_h
    assert outlooks(course("systolic_mmhg", 138, 141, 144, 147, 150, 153, every_h=longest / 3), NOW) == ()


def test_a_crossing_that_should_have_come_is_not_told():
    found = one(course("systolic_mmhg", 140, 143, 146, 149, 152, 155, last_h=4))
    assert found.crosses_at is None


def test_replaced_and_later_readings_do_not_count():
    replaced = replace(RISING[3], id="typo", vitals=Vitals(systolic_mmhg=247), replaced_by="systolic_mmhg3")
    later = Observation("later", "a", NOW + HOUR, Vitals(systolic_mmhg=90))
    assert outlooks([later, replaced, *reversed(RISING)], NOW) == outlooks(RISING, NOW)


def test_the_limit_set_for_this_patient_stands_in_for_the_wards():
    limit = PatientLimit(
        "l", "a", "systolic_mmhg", "high", 165.0, None, "known hypertension", NOW - HOUR, NOW + 10 * HOUR
    )
    assert one(RISING, limits=[limit]).limit.at_least == 165
    assert one(RISING, limits=[replace(limit, until_at=NOW)]).limit.at_least == 160


def test_a_falling_pressure_goes_towards_the_lower_limits():
    found = one(course("systolic_mmhg", 121, 118, 115, 112, 109, 106))
    assert (found.limit.below, found.level) == (100, "warning")
    assert sentence(found, LONDON, NOW, "C") == (
        "Systolic falls by 3.0 mmHg an hour (3.0 to 3.0, last 6 readings since Sat 23:00); "
        "at this rate below 100 by about 06:00."
    )


def test_the_words_say_rate_interval_readings_and_the_wards_time():
    seen = course("systolic_mmhg", 139, 141, 145, 146, 151, 152)
    berlin = ZoneInfo("Europe/Berlin")
    assert sentence(one(seen), berlin, NOW, "C") == (
        "Systolic rises by 2.8 mmHg an hour (1.0 to 4.0, last 6 readings since 00:00); "
        "at this rate 160 or more by about 08:00."
    )


def test_fahrenheit_is_for_reading_only():
    found = one(course("temperature_c", 36.9, 37.0, 37.1, 37.2, 37.3, 37.4, temperature_site="oral"))
    assert "rises by 0.10 °C an hour" in sentence(found, LONDON, NOW, "C")
    said = sentence(found, LONDON, NOW, "F")
    assert "rises by 0.18 °F an hour" in said
    assert "at this rate 100.0 or more" in said


def test_nothing_to_say_is_an_empty_text():
    assert lines_html((), LONDON, NOW, "C") == ""
    assert lines_html(outlooks(RISING, NOW), LONDON, NOW, "C").count("dx-note") == 2
