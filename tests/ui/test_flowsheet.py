"""The flowsheet: every kept value, abnormal by colour and sign, corrected ones struck through, text escaped."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from detox.clinical.judgement import assessments
from detox.clinical.model import Observation, PatientLimit
from detox.ui import flowsheet

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 21, 22, 41, tzinfo=UTC)


@pytest.fixture
def entry(vitals, cows):
    def build(minutes_ago=10, **given):
        whole = {
            "id": f"o{minutes_ago}", "admission_id": "a", "taken_at": NOW - timedelta(minutes=minutes_ago),
            "vitals": vitals(), "answers": cows(tremor=2), "recorded_by": "N. Test",
            "recorded_at": NOW - timedelta(minutes=minutes_ago),
        } | given  # fmt: skip
        return Observation(**whole, assessments=assessments(Observation(**whole)))

    return build


def table(*seen, unit="C"):
    return flowsheet.table(seen, ZONE, NOW, unit)


def test_nothing_recorded_says_so():
    assert "Nothing was recorded" in table()


def test_abnormal_values_carry_a_sign_and_a_class(entry, vitals):
    text = table(entry(vitals=vitals(heart_rate_per_min=130.0, systolic_mmhg=188.0, spo2_percent=94.0)))
    assert '<td class="dx-val critically_high"><b>130</b> ▲▲</td>' in text
    assert "<b>188/78</b> ▲▲" in text
    assert '<td class="dx-val low"><b>94</b> ▼</td>' in text


def test_a_value_is_coloured_by_the_limit_of_this_patient_that_held_then(entry, vitals):
    own = PatientLimit(
        "l", "a", "systolic_mmhg", "high", 185, 205, "usual 170", NOW - timedelta(minutes=40),
        NOW - timedelta(minutes=20), "Dr <b>R</b>",
    )  # fmt: skip
    seen = [entry(minutes, vitals=vitals(systolic_mmhg=170.0)) for minutes in (50, 30, 10)]
    text = flowsheet.table(seen, ZONE, NOW, "C", [own])
    newest, between, oldest = text.split("BP, mmHg")[1].split("</tr>")[0].split("<td ")[1:]
    for ward in (newest, oldest):
        assert ward.startswith('class="dx-val high"><b>170/78</b> ▲<')
    assert between.startswith('class="dx-val normal"><b>170/78</b> <span title="limit for this patient: ▲ 185 ▲▲ 205')
    assert "⚑ own limit" in between
    assert "Dr &lt;b&gt;R" in between
    assert "coloured by the limit of this patient" in text
    assert "⚑" not in table(*seen)


def test_a_missing_item_is_never_a_total(entry, cows):
    text = table(entry(answers=cows(tremor=2, gi_upset=None)))
    assert "≥ 2" in text
    assert "10 of 11" in text
    assert "below mild" not in text


def test_an_unmeasured_vital_is_empty_never_normal(entry, vitals):
    text = table(entry(vitals=vitals(spo2_percent=None)))
    row = text.split("SpO2, %")[1].split("</tr>")[0]
    assert row.endswith('<td class="dx-val "></td>')


def test_the_newest_stands_on_the_left(entry):
    text = table(entry(200), entry(10))
    assert text.index("22:31") < text.index("19:21")
    assert "Newest on the left" in text


def test_a_replaced_original_is_struck_through_and_readable_with_the_reason(entry, vitals):
    wrong = entry(30, vitals=vitals(heart_rate_per_min=176.0), replaced_by="new")
    right = entry(29, id="new", replaces="o30", replace_reason="read 176 for 76")
    text = table(wrong, right)
    assert "<s><b>176</b>" in text
    assert "read 176 for 76" in text
    assert "<s><b>76</b>" not in text


@pytest.mark.parametrize("evil", ["<script>alert(1)</script>", '"><img src=x onerror=1>', "<b>bold</b>"])
def test_peoples_words_are_escaped(entry, evil):
    text = table(entry(note=evil, recorded_by=evil, replaces="x", replace_reason=evil, pulse_reason=evil))
    assert evil not in text
    assert "&lt;" in text


def test_why_a_set_was_not_taken(entry, vitals):
    nothing = {"vitals": vitals(**dict.fromkeys(vitals().measured()), temperature_site=None), "answers": {}}
    text = table(entry(not_done="asleep", note="breathing seen", **nothing))
    assert "<b>asleep</b> · breathing seen" in text


def test_a_late_entry_says_when_it_was_recorded(entry):
    assert "N. Test at 22:41" in table(entry(60, recorded_at=NOW))


def test_fahrenheit_where_the_ward_types_it(entry):
    assert "<b>98.2</b>" in table(entry(), unit="F")


def test_the_repeated_hour_tells_both_apart(entry):
    first = entry(id="1", taken_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    second = entry(id="2", taken_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
    text = table(first, second)
    assert "01:30 BST" in text
    assert "01:30 GMT" in text


def test_a_long_stay_is_cut_and_says_so(entry):
    seen = [entry(n) for n in range(flowsheet.MOST_SETS + 5, 0, -1)]
    assert "5 older ones" in table(*seen)


@pytest.mark.parametrize(
    ("answers", "says", "looks"),
    [
        ({"wish_to_be_dead": 1}, "at least low (1 of 7)</b> ▲<", "high"),
        ({"wish_to_be_dead": 0, "suicidal_thoughts": 0}, "no level yet (2 of 4", "not_assessed"),
        ({"wish_to_be_dead": 1, "behaviour_past_3_months": 1, "behaviour_lifetime": 1}, "▲▲<", "critically_high"),
    ],
)
def test_a_screener_that_is_never_summed_has_no_number(entry, answers, says, looks):
    row = next(r for r in table(entry(answers={"c-ssrs": answers})).split("<tr>") if "C-SSRS" in r)
    assert says in row
    assert f'class="dx-val {looks} wrap"' in row
    assert "≥" not in row
