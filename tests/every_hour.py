"""The suite at six hours of the day and in both nights on which the clocks change, then its laws with many seeds.

    python tests/every_hour.py [--seeds 20] [--hours 00:30 …] [-- options of pytest: -n 2 -x …]

Each run has a seed of its own and says how it is repeated. The browser tests are left out: those that go by the day
start at one moment of it. Exit status: 0 every run passed, 1 some run failed, each is listed at the end.
"""

import argparse
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOURS = ("00:30", "02:20", "07:29", "12:00", "19:31", "23:59", "2026-03-29T01:30", "2026-10-25T01:30")
"""Beside midnight, the shifts (07:30, 19:30) and the changes of the clocks; in March this time is skipped."""
SEEDS = 20


def laws() -> list[str]:
    """The files in which hypothesis looks for examples."""
    found = sorted(p for p in (ROOT / "tests").rglob("test_*.py") if "hypothesis" in p.read_text(encoding="utf-8"))
    return [str(path.relative_to(ROOT)) for path in found if path.parent.name != "browser"]


def passes(told: list[str]) -> bool:
    """Run pytest with these arguments, and say how it went."""
    command = [sys.executable, "-m", "pytest", "-m", "not browser and not bench", *told]
    print("$", *command[1:], flush=True)
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Every hour with a seed, then the laws with the seeds that are left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many seeds in all, one an hour (default 20)")
    parser.add_argument("--hours", nargs="*", default=HOURS, help="hours or moments of the ward (default: eight)")
    parser.add_argument("told", nargs="*", help="options of pytest, after --")
    asked = parser.parse_args()
    runs = [["--hour", hour, *asked.told] for hour in asked.hours]
    runs += [[*asked.told, *laws()] for _ in range(asked.seeds - len(runs))]
    failed = []
    for run in runs:
        told = ["--hypothesis-seed", str(random.randrange(2**32)), *run]
        if not passes(told):
            failed.append(" ".join(told))
    print(f"{len(runs)} runs, {len(failed)} failed.", *failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
