"""The replay: what the rules in force would have raised, in the order of time, silence included."""

import gzip
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detox.clinical.charted import Charted, Rejected, read_csv
from detox.clinical.model import Observation, Vitals
from detox.reports.replay import ReplaySummary, Row, replay

START = datetime(2026, 11, 21, tzinfo=UTC)
WELL = {
    "systolic_mmhg": 120.0, "diastolic_mmhg": 80.0, "heart_rate_per_min": 76.0, "temperature_c": 36.8,
    "respiratory_rate_per_min": 16.0, "spo2_percent": 98.0, "on_oxygen": False, "consciousness": "A",
}  # fmt: skip


def charted(hours, admission="a1", patient="p1", **vitals):
    return Charted(0, patient, admission, START + timedelta(hours=hours), Vitals(**(vitals or WELL)))


def played(*rows):
    out = []
    return replay(rows, out.append), out


def told(out):
    return [(f"{c.taken_at:%H:%M}", c.rule, c.state) for c in out]


def test_nothing_in_nothing_out():
    summary, out = played()
    assert out == []
    assert summary.as_dict() | {"seconds": 0} == {
        "rows": 0, "patients": 0, "patient_days": 0, "alerts_opened": 0, "critical_opened": 0,
        "per_100_patient_days": None, "rows_rejected": 0, "cells_rejected": 0, "seconds": 0,
    }  # fmt: skip


def test_an_alert_opens_and_is_resolved():
    summary, out = played(charted(0, **{**WELL, "diastolic_mmhg": 104}), charted(1), charted(2))
    assert told(out) == [
        ("00:00", "diastolic_high_amber", "opened"),
        ("02:00", "diastolic_high_amber", "resolved"),
    ]
    assert out[0].message == "Blood pressure 120/104: diastolic 100 or more"
    assert (out[0].patient_id, out[0].admission_id, out[0].level, out[0].kind) == ("p1", "a1", "warning", "limit")
    assert (summary.rows, summary.patients, summary.patient_days) == (3, 1, 0.083)
    assert (summary.alerts_opened, summary.critical_opened) == (1, 0)
    assert summary.per_100_patient_days == pytest.approx(1200, rel=0.01)


def test_silence_opens_escalates_and_ends_with_the_next_set():
    # COWS unknown: every 4 h; a warning after 4 h 30 min, critical after 8 h
    _, out = played(charted(0), charted(9))
    assert told(out) == [
        ("04:30", "overdue_warning", "opened"),
        ("08:00", "overdue_critical", "escalated"),
        ("09:00", "overdue_critical", "resolved"),
    ]
    assert out[0].kind == "silence"
    assert out[0].message == "Set overdue by 30 min (every 4 h)"


@pytest.mark.parametrize(("hours", "states"), [(4.5, []), (4.51, ["opened", "resolved"]), (8, ["opened", "resolved"])])
def test_silence_at_its_edges(hours, states):
    assert [c.state for c in played(charted(0), charted(hours))[1]] == states


def test_a_row_that_is_no_set_does_not_end_the_silence():
    _, out = played(charted(0), charted(5, respiratory_rate_per_min=14), charted(6))
    assert told(out) == [("04:30", "overdue_warning", "opened"), ("06:00", "overdue_warning", "resolved")]


def test_after_the_last_row_nothing_is_known():
    assert played(charted(0))[1] == []


def test_admissions_run_side_by_side_in_the_order_of_time_whatever_the_order_of_rows():
    high = {**WELL, "systolic_mmhg": 190}
    rows = [charted(2, "a2", "p2", **high), charted(1, "a1", **high), charted(0, "a2", "p2"), charted(0, "a1")]
    summary, out = played(*rows)
    assert [(c.admission_id, c.taken_at.hour) for c in out] == [("a1", 1), ("a2", 2)]
    assert played(*reversed(rows))[1] == out
    assert (summary.patients, summary.critical_opened) == (2, 0)
    assert summary.patient_days == round(3 / 24, 3)


def test_an_admission_with_one_row_counts_no_time():
    summary, out = played(charted(0, **{**WELL, "systolic_mmhg": 190}))
    assert (summary.patient_days, summary.per_100_patient_days, len(out)) == (0, None, 1)


def test_an_alert_that_worsens_counts_once_as_opened_and_once_as_critical():
    steps = [{**WELL, "respiratory_rate_per_min": r} for r in (11, 9, 8)]
    summary, out = played(*(charted(i / 10, **vitals) for i, vitals in enumerate(steps)))
    breathing = [c.state for c in out if c.rule.startswith("breathing")]
    assert breathing == ["opened", "escalated", "escalated"]
    assert summary.alerts_opened == 1 + sum(c.rule.startswith("early") and c.state == "opened" for c in out)
    assert summary.critical_opened == 1


def test_rejected_rows_are_counted():
    summary, _ = played(charted(0), Rejected(3, (("systolic_mmhg", "999", "outside"),)))
    assert (summary.rows, summary.rows_rejected, summary.cells_rejected) == (2, 1, 1)


def test_cells_that_were_not_taken_are_counted_and_their_rows_played():
    head = "patient_id,admission_id,taken_at,systolic_mmhg,respiratory_rate_per_min,spo2_percent\n"
    lines = ["p,a,2026-11-21T08:00:00,60,70,nan\n", "p,a,then,60,16,97\n", "p,a\n"]
    summary, out = played(*read_csv([head, *lines]))
    assert (summary.rows, summary.rows_rejected, summary.cells_rejected) == (3, 2, 3)
    assert ("systolic_low_red", "critical") in {(c.rule, c.level) for c in out}


def test_answers_are_scored():
    severe = {
        "sweating": 4, "restlessness": 5, "pupil_size": 5, "bone_joint_aches": 4, "runny_nose_tearing": 4,
        "gi_upset": 5,
    }  # fmt: skip
    out = []
    replay([Row("p", "a", Observation("1", "a", START, Vitals(**WELL), {"cows": severe}))], out.append)
    assert [c.rule for c in out] == ["withdrawal_severe"]


def test_the_keys_of_the_summary():
    assert list(ReplaySummary(0, 0, 0, 0, 0, None, 0, 0, 0).as_dict()) == [
        "rows", "patients", "patient_days", "alerts_opened", "critical_opened", "per_100_patient_days",
        "rows_rejected", "cells_rejected", "seconds",
    ]  # fmt: skip


def real_file():
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("DETOX_SHARED") or root.parent / "shared")
    return shared / "data" / "vitals_real.csv.gz"


@pytest.mark.skipif(not real_file().exists(), reason="DETOX_SHARED names no folder with data/vitals_real.csv.gz")
def test_charted_vitals_of_a_real_unit():
    out = []
    with gzip.open(real_file(), "rt", encoding="utf-8", newline="") as lines:
        summary = replay(read_csv(lines), out.append)
    assert (summary.rows, summary.patients, summary.rows_rejected) == (10304, 49, 0)
    assert [c.taken_at for c in out] == sorted(c.taken_at for c in out)
    states = Counter(c.state for c in out)
    assert states["opened"] == summary.alerts_opened
    assert states["resolved"] <= states["opened"]
    assert {c.kind for c in out} == {"limit", "combination", "silence", "drift"}
