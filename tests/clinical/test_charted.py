"""Reading charted vitals: nothing guessed, clamped or dropped; every problem of a row told."""

from datetime import UTC, datetime

import pytest
from inside import inside

from detox.care.importing import import_rows
from detox.clinical.charted import COLUMNS, Charted, Rejected, columns, read_csv
from detox.clinical.model import Vitals
from detox.clinical.protocols import vitals_file
from detox.errors import Refused
from detox.store import find

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
    assert told["systolic_mmhg"] == ("1880", "Systolic 1880 mmHg is outside 0-300: check and enter again.")
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


def left_out(found):
    assert isinstance(found, Charted), found
    return {column: value for column, value, why in found.left_out if why}


def test_of_contradicting_pressures_the_worse_is_kept_and_the_other_listed():
    found = one("p,a,2026-11-21T22:41:00,80,120,,,,")
    assert left_out(found) == {"diastolic_mmhg": "120"}
    assert found.vitals == Vitals(systolic_mmhg=80)


@pytest.mark.parametrize("text", ["301", "nan", "NA", "-", "inf", "80.5", "1e2"])
def test_a_value_that_cannot_be_costs_itself_alone(text):
    found = one(f"p,a,2026-11-21T22:41:00,{text},70,37.2,1,V,5")
    assert left_out(found) == {"systolic_mmhg": text, "sedation": "5"}
    assert found.vitals == Vitals(diastolic_mmhg=70, temperature_c=37.2, on_oxygen=True, consciousness="V")
    assert found.observation.vitals == found.vitals


def test_a_time_that_cannot_be_read_costs_the_row():
    assert set(why("p,a,yesterday,301,70,,,,")) == {"taken_at", "systolic_mmhg"}


@pytest.mark.parametrize("value", ["0", "300"])
def test_the_ends_of_what_can_be_are_charted(value):
    assert one(f"p,a,2026-11-21T22:41:00,{value},,,,,").vitals == Vitals(systolic_mmhg=float(value))


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


# --- what is charted beside the vitals --------------------------------------------------------------------------

BESIDE = "patient_id,admission_id,taken_at,systolic_mmhg,vomits,weight_kg,chest_pain,standing_systolic_mmhg,"
BESIDE += "standing_diastolic_mmhg\n"


def test_what_is_charted_beside_the_vitals_is_a_column_too():
    assert set(columns()) == set(COLUMNS) | {o.name for o in vitals_file().other}
    found = one("p,a,2026-11-21T22:41:00,188,0,71.5,1,108,70", BESIDE)
    assert found.vitals == Vitals(systolic_mmhg=188)
    assert found.other == {
        "vomits": 0, "weight_kg": 71.5, "chest_pain": 1, "standing_systolic_mmhg": 108, "standing_diastolic_mmhg": 70,
    }  # fmt: skip
    assert found.observation.other == found.other


def test_a_blank_cell_is_absent_and_never_zero():
    assert one("p,a,2026-11-21T22:41:00,188,,,,,", BESIDE).other == {}
    assert one("p,a,2026-11-21T22:41:00,,,71.5,,,", BESIDE).other == {"weight_kg": 71.5}
    assert isinstance(one("p,a,2026-11-21T22:41:00,,,,,,", BESIDE), Rejected)


@pytest.mark.parametrize(("written", "value"), [("0", 0), ("1", 1), ("false", 0), ("TRUE", 1)])
def test_a_sign_is_there_or_not(written, value):
    found = one(f"p,a,2026-11-21T22:41:00,,,,{written},,", BESIDE)
    assert (found.other, type(found.other["chest_pain"])) == ({"chest_pain": value}, float)


@pytest.mark.parametrize(("written", "kept"), [("0", 0), ("3", 3), ("4", None), ("1.5", None), ("true", None)])
def test_a_grade_is_one_of_its_grades(written, kept):
    found = one(f"p,a,2026-11-21T22:41:00,120,{written}", "patient_id,admission_id,taken_at,systolic_mmhg,worry\n")
    assert found.vitals == Vitals(systolic_mmhg=120)
    assert found.other == ({} if kept is None else {"worry": kept})
    assert left_out(found) == ({"worry": written} if kept is None else {})


def test_every_problem_beside_the_vitals_is_told_with_the_others():
    found = one("p,a,then,999,1.5,715,2,,", BESIDE)
    assert isinstance(found, Rejected)
    told = {column: (value, reason) for column, value, reason in found.problems}
    assert set(told) == {"taken_at", "systolic_mmhg", "vomits", "weight_kg", "chest_pain"}
    assert told["weight_kg"] == ("715", "Weight 715 kg is outside 20-400: check and enter again.")
    assert told["chest_pain"][1] == "'2' is neither yes nor no: write 0, 1, false or true."
    assert "whole number" in told["vomits"][1]


def test_of_contradicting_standing_pressures_the_worse_is_kept():
    found = one("p,a,2026-11-21T22:41:00,999,1.5,,,80,90", BESIDE)
    assert left_out(found) == {"systolic_mmhg": "999", "vomits": "1.5", "standing_diastolic_mmhg": "90"}
    assert found.other == {"standing_systolic_mmhg": 80}


def test_an_import_keeps_what_stands_beside_the_vitals(store, nurse, now):
    lines = [BESIDE, "p,a,2026-11-20T22:41:00,120,2,71.5,0,,\n", "p,a,2026-11-20T23:41:00,,3,,,,\n"]
    dry = import_rows(store, nurse, read_csv(lines), now, dry_run=True)
    done = import_rows(store, nurse, read_csv(lines), now)
    again = import_rows(store, nurse, read_csv(lines), now)
    assert (dry.kept, done.kept, again.already) == (2, 2, 2)
    other = import_rows(store, nurse, read_csv([BESIDE, "p,a,2026-11-20T22:41:00,120,5,71.5,0,,\n"]), now)
    assert [p.column for p in other.rejected] == ["taken_at"], "another count for the same moment is no repetition"
    with inside(store) as tx:
        admission = find.admission_by_external_id(tx, "a")
        kept = [o.other for o in find.observations(tx, admission.id)]
    assert kept == [{"vomits": 2, "weight_kg": 71.5, "chest_pain": 0}, {"vomits": 3}]
