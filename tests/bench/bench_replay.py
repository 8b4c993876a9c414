"""`detox replay` against reading its file alone and against NEWS2 alone, side by side over the same rows.

Run by hand: `python tests/bench/bench_replay.py FILE [--rows N]`. FILE is a CSV (or .csv.gz) as for `replay`; its rows
are repeated with new patient and admission ids, in the order of the file, until there are N. Each policy runs in a
process of its own on one core, one after the other, in three turns; the figures are processor time of the best turn and
the most memory of any. Other work on the machine touches all of them alike; read the ratios.
"""

import argparse
import csv
import gzip
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from detox.clinical.charted import Charted, read_csv  # noqa: E402
from detox.reports.replay_file import replay_file  # noqa: E402

TURNS = 3
MEDIUM = 5  # the NEWS2 that the plainest policy calls at


def parse_only(lines: Iterable[str]) -> int:
    """Every row read and checked, and nothing done with it."""
    return sum(isinstance(row, Charted) for row in read_csv(lines))


def news2_only(lines: Iterable[str]) -> int:
    """NEWS2 of every row, and how many reach the limit: no memory, no clock, no words."""
    rows = (row for row in read_csv(lines) if isinstance(row, Charted))
    return sum(any(a.scale == "news2" and a.at_least >= MEDIUM for a in row.observation.assessments) for row in rows)


def whole(lines: Iterable[str]) -> int:
    """The replay, in one process."""
    return replay_file(lines, lambda change: None, processes=1).alerts_opened


POLICIES = {"parse only": parse_only, "NEWS2 only": news2_only, "replay": whole}


def main() -> None:
    """Measure, print, and say the ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--policy", choices=POLICIES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.policy:
        with asked.file.open(encoding="utf-8", newline="") as lines:
            found = POLICIES[asked.policy](lines)
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps([found, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(_repeated(asked.file, asked.rows))
        turns = [{name: _measured(path, name) for name in POLICIES} for _ in range(TURNS)]
    best = {name: min(turn[name][1] for turn in turns) for name in POLICIES}
    for name in POLICIES:
        most = max(turn[name][2] for turn in turns)
        found = turns[0][name][0]
        print(f"{name}: {asked.rows / best[name]:.0f} rows/s, {best[name] / asked.rows * 1e6:.0f} us a row, "
              f"{most:.0f} MB, {found:.0f} found")  # fmt: skip
    ratios = {f"replay / {name}": round(best["replay"] / best[name], 2) for name in ("parse only", "NEWS2 only")}
    print(json.dumps({"bench": "replay", "rows": asked.rows, **ratios}))


def _measured(path: Path, policy: str) -> list[float]:
    """What a policy found, its processor time in seconds (start-up with it), and its greatest memory in MB."""
    done = subprocess.run(
        [sys.executable, __file__, str(path), "--policy", policy], capture_output=True, text=True, check=True
    )
    answer: list[float] = json.loads(done.stdout)
    return answer


def _repeated(file: Path, count: int) -> Iterator[list[str]]:
    """The header and `count` rows: the file again and again, each time of other people."""
    open_text = gzip.open if file.suffix == ".gz" else open
    with open_text(file, "rt", encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    ids = [header.index("patient_id"), header.index("admission_id")]
    yield header
    for number in range(count):
        row = list(rows[number % len(rows)])
        for place in ids:
            row[place] = f"{row[place]}-{number // len(rows)}"
        yield row


if __name__ == "__main__":
    main()
