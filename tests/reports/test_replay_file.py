"""The replay of a file: the same as the replay in memory, whatever the order of rows and however many processes."""

import io
import random
import sys
from types import ModuleType

import pytest

from detox.clinical.charted import Rejected, read_csv
from detox.errors import Refused
from detox.reports.replay import replay
from detox.reports.replay_file import replay_file

HEAD = "patient_id,admission_id,taken_at,systolic_mmhg,heart_rate_per_min,respiratory_rate_per_min\n"


def rows(seed=1, count=400):
    rng = random.Random(seed)
    made = []
    for number in range(count):
        patient = rng.randrange(9)
        time = f"2026-11-{1 + rng.randrange(9):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00"
        zone = rng.choice(["", "Z", "+01:00"])
        values = [rng.choice(["", str(rng.randint(70, 210))]), str(rng.randint(40, 150)), str(rng.randint(7, 30))]
        made.append(f"p{patient},a{patient}-{number % 2},{time}{zone},{','.join(values)}\n")
    return made


def played(lines, **how):
    changes, rejected = [], []
    summary = replay_file(lines, changes.append, rejected.append, **how)
    return summary.as_dict() | {"seconds": 0}, changes, rejected


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """A page that was tested before leaves itself as the main module; a new process would begin by running it."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.mark.parametrize("how", [{"processes": 1}, {"processes": 3}, {"processes": 2, "small": 0}], ids=str)
def test_a_file_is_played_as_rows_are(how):
    text = HEAD + "".join(rows())
    expected = []
    summary = replay(read_csv(io.StringIO(text)), expected.append)
    got, changes, rejected = played(io.StringIO(text), **how)
    assert got == summary.as_dict() | {"seconds": 0}
    assert changes  # there is something to compare
    key = [(c.taken_at, c.patient_id, c.admission_id) for c in expected]
    assert [c.taken_at for c in changes] == sorted(c.taken_at for c in changes)
    assert sorted(map(str, changes)) == sorted(map(str, expected))
    assert len(key) == len(changes)
    assert rejected == []


def test_the_order_of_the_lines_changes_nothing():
    lines = [f"p{n % 3},a,2026-11-21T{n % 24:02d}:{n % 60:02d}:00,{90 + 5 * n % 120},80,16\n" for n in range(48)]
    one = played([HEAD, *lines])
    lines.reverse()
    other = played([HEAD, *lines])
    assert one == other


def test_rejected_rows_are_told_in_the_order_of_the_file_with_all_their_problems():
    text = HEAD + "".join(
        [
            "p1,a1,2026-11-21T00:00:00,120,80,16\n",
            "p1,a1,yesterday,120,80,16\n",
            "p2,a2,2026-11-21T00:00:00,999,,x\n",
            "p2,a2,2026-11-21T01:00:00,999,80,16\n",
            "p1,a1\n",
            ",,2026-11-21T00:00:00,120,80,16\n",
            'p1,a1,2026-11-21T00:00:00,"12"0,80,16\n',
        ]
    )
    summary, _, rejected = played(io.StringIO(text))
    read = list(read_csv(io.StringIO(text)))
    problems = [(row.line_number, row.problems if isinstance(row, Rejected) else row.left_out) for row in read]
    assert [(row.line_number, row.problems) for row in rejected] == [found for found in problems if found[1]]
    assert [row.line_number for row in rejected] == [3, 4, 5, 6, 7, 8]
    assert (summary["rows"], summary["rows_rejected"], summary["patients"]) == (7, 5, 2)
    assert summary["cells_rejected"] == replay(read, lambda change: None).cells_rejected == 6


def test_a_separator_inside_a_cell_does_no_harm():
    summary, _, rejected = played([HEAD, "p\x1f1,a1,2026-11-21T00:00:00,\x1f,80,16\n"])
    assert (summary["rows_rejected"], summary["cells_rejected"]) == (0, 1)
    assert [problem[0] for problem in rejected[0].problems] == ["systolic_mmhg"]


def test_a_header_that_cannot_be_read_is_refused():
    with pytest.raises(Refused, match="missing"):
        played(["patient_id,taken_at\n"])
    with pytest.raises(Refused, match="empty"):
        played([])


def test_an_empty_file_comes_to_nothing():
    summary, changes, _ = played([HEAD])
    assert (summary["rows"], summary["patients"], summary["per_100_patient_days"], changes) == (0, 0, None, [])
