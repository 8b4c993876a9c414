"""Reading charted vitals: nothing guessed, clamped or dropped; every problem of a row told."""

from datetime import UTC, datetime

import pytest

from detox.clinical.charted import COLUMNS, Charted, Rejected, read_csv
from detox.clinical.model import Vitals
from detox.errors import Refused

HEADER = (
    "patient_id,admission_id,taken_at,systolic_mmhg,diastolic_mmhg,temperature_c,on_oxygen,consciousness,sedation\n"
)


def one(row, header=HEADER):
    (found,) = read_csv([header, row + "\n"])
    return found


def why(row):
    found = one(row)
    assert isinstance(found, Rejected), found
    return {column: (value, reason) for column, value, reason in found.problems}


def test_a_row():
    assert one("p1,a1,2026-11-21T22:41:00,188,112,37.8,1,A,2") == Charted(
        line_number=2,
        patient_id="p1",
        admission_id="a1",
        taken_at=datetime(2026, 11, 21, 22, 41, tzinfo=UTC),
        vitals=Vitals(
            systolic_mmhg=188, diastolic_mmhg=112, temperature_c=37.8, on_oxygen=True, consciousness="A", sedation="2"
        ),
    )


def test_blank_cells_are_not_measured():
    assert one("p1,a1,2026-11-21T22:41:00,188,,,,,").vitals == Vitals(systolic_mmhg=188)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-21T22:41:00", 22),
        ("2026-11-21T22:41:00Z", 22),
        ("2026-11-21T22:41:00+02:00", 20),
        ("2026-11-21 22:41", 22),
    ],
)
def test_a_time_without_an_offset_is_utc(written, hour):
    assert one(f"p,a,{written},120,,,,,").taken_at == datetime(2026, 11, 21, hour, 41, tzinfo=UTC)


@pytest.mark.parametrize(("written", "value"), [("0", False), ("1", True), ("false", False), ("TRUE", True)])
def test_oxygen(written, value):
    assert one(f"p,a,2026-11-21T22:41:00,,,,{written},,").vitals.on_oxygen is value


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated():
    found = list(read_csv(["\ufeffpatient_id,admission_id,taken_at,sedation\r\n", "p,a,2026-11-21T22:41:00,2\r\n"]))
    assert found[0].vitals == Vitals(sedation="2")


def test_every_problem_of_a_row_is_told_at_once():
    told = why("p1,,yesterday,1880,112,37.85,yes,X,5")
    assert set(told) == {
        "admission_id", "taken_at", "systolic_mmhg", "temperature_c", "on_oxygen", "consciousness", "sedation",
    }  # fmt: skip
    assert told["systolic_mmhg"] == ("1880", "Systolic 1880 mmHg is outside 30-300: check and enter again.")
    assert told["on_oxygen"][1] == "'yes' is neither yes nor no: write 0, 1, false or true."


@pytest.mark.parametrize(
    "text", ["1e2", "nan", "inf", "-120", "+120", "12O", "1,2", "1_0", "120.", "\uff11\uff12\uff10", "."]
)
def test_numbers_are_strict(text):
    assert why(f'p,a,2026-11-21T22:41:00,"{text}",,,,,')["systolic_mmhg"][0] == text


def test_nothing_is_clamped():
    assert isinstance(one("p,a,2026-11-21T22:41:00,300,,,,,"), Charted)
    assert why("p,a,2026-11-21T22:41:00,301,,,,,")["systolic_mmhg"][0] == "301"


def test_a_row_without_any_value_is_rejected():
    assert why("p,a,2026-11-21T22:41:00,,,,,,")[""][1].startswith("No vital sign was measured")
    header = "patient_id,admission_id,taken_at,spo2_scale\n"
    assert isinstance(one("p,a,2026-11-21T22:41:00,2", header), Rejected)


def test_a_row_of_the_wrong_length_is_rejected():
    assert why("p,a,2026-11-21T22:41:00,120")[""][1] == "The row has 4 cells, the header 9: correct the row."


def test_a_diastolic_above_the_systolic_is_rejected():
    assert set(why("p,a,2026-11-21T22:41:00,80,120,,,,")) == {"diastolic_mmhg"}


def test_rows_after_a_bad_one_are_read_and_lines_are_counted():
    lines = [HEADER, "p,a,2026-11-21T22:41:00,999,,,,,\n", "\n", "p,a,2026-11-21T22:42:00,120,,,,,\n"]
    assert [(type(r), r.line_number) for r in read_csv(lines)] == [(Rejected, 2), (Charted, 4)]


def test_a_broken_quote_rejects_its_row_alone():
    lines = [HEADER, 'p,"a"b,2026-11-21T22:41:00,120,,,,,\n', "p,a,2026-11-21T22:42:00,120,,,,,\n"]
    first, second = read_csv(lines)
    assert isinstance(first, Rejected)
    assert isinstance(second, Charted)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("", "empty"),
        ("patient_id,admission_id,taken_at,pulse\n", "Unknown column 'pulse'"),
        ("patient_id,taken_at,sedation\n", "admission_id is missing"),
        ("patient_id,admission_id,taken_at,sedation,sedation\n", "sedation is there twice"),
    ],
)
def test_a_wrong_header_is_refused_before_the_first_row(header, told):
    with pytest.raises(Refused, match=told):
        read_csv([header] if header else [])


def test_every_vital_is_a_column():
    assert {"spo2_scale", "breath_alcohol_percent", "respiratory_rate_per_min"} <= set(COLUMNS)
