"""record() against a bare durable insert of the same row, side by side, with a week and with three years in the file.

Run by hand: `python tests/bench/bench_record.py [--quick]`. Prints a table and one line of JSON. Every figure is a
median of interleaved turns in one run, so that a slow moment of the machine meets all of them alike; read the ratios.
"""

import argparse
import cProfile
import json
import pstats
import random
import statistics
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests"))

from inside import changing, inside  # noqa: E402

from detox import care  # noqa: E402
from detox.care import demo_course  # noqa: E402
from detox.clinical.judgement import assessments  # noqa: E402
from detox.clinical.model import Admission, Clinician, Observation, Patient, Shift  # noqa: E402
from detox.store import Store, find, keep  # noqa: E402

NOW = datetime(2026, 11, 21, 22, 41, 7, tzinfo=UTC)
BEDS, SETS_A_DAY, ADMISSION_DAYS = 24, 6, 7
PERSON = demo_course.Person("BENCH", "One", NOW.date(), "F", 1, came_h=60)


def sets(admission_id: str, rng: random.Random) -> Iterator[tuple[dict[str, int], object]]:
    """Plausible sets, one after the other."""
    while True:
        made, points = demo_course.vitals_at(PERSON, NOW - timedelta(hours=rng.uniform(1, 50)), NOW, rng)
        yield demo_course.rated(made, points, rng), made


def ward(path: Path) -> tuple[Store, Clinician]:
    """An empty ward of 24 beds with one nurse."""
    store = Store.create(path)
    early = NOW - timedelta(days=1200)
    manager = care.set_up_ward(
        store, name="Bench", beds=[str(n) for n in range(1, BEDS + 1)], shifts=[Shift("Day", "07:30")],
        time_zone="Europe/London", temperature_unit="C", username="manager", manager_name="M", password="only a bench",
        now=early,
    )  # fmt: skip
    nurse = care.add_clinician(
        store, manager, username="nurse", name="N", role="nurse", password="only a bench", now=early
    )
    return store, nurse


def fill(store: Store, nurse: Clinician, days: int) -> list[str]:
    """History through the store's own keep functions, in one transaction; returns who is on the ward at its end."""
    rng = random.Random(7)
    pool = [
        (answers, made, assessments(Observation("x", "x", NOW, made, {"cows": answers})))
        for (answers, made), _ in zip(sets("", rng), range(60), strict=False)
    ]
    here: list[str] = []
    with changing(store) as tx:
        ward_id = find.wards(tx)[0].id
        for first in range(-days, 0, ADMISSION_DAYS):
            last = min(first + ADMISSION_DAYS, 0)
            here = [_admission(tx, nurse, ward_id, first, last, pool, rng) for _ in range(BEDS)]
    return here


def _admission(
    tx: object, nurse: Clinician, ward_id: str, first: int, last: int, pool: list, rng: random.Random
) -> str:
    came = NOW + timedelta(days=first)
    admission = Admission(
        uuid.uuid4().hex, Patient(uuid.uuid4().hex, "BENCH", "One"), ward_id, None, "taper", came, pregnancy="n/a"
    )
    keep.patient(tx, admission.patient, came)
    keep.admission(tx, admission)
    for number in range((last - first) * SETS_A_DAY):
        at = came + timedelta(hours=24 / SETS_A_DAY * number, minutes=rng.uniform(0, 40))
        answers, made, judged = rng.choice(pool)
        seen = Observation(uuid.uuid4().hex, admission.id, at, made, {"cows": answers})
        keep.observation(tx, seen, nurse, at)
        for one in judged:
            keep.assessment(tx, seen.id, one)
    if last < 0:
        keep.discharge(tx, admission.id, NOW + timedelta(days=last), nurse, "bench")
    return admission.id


def bare(store: Store, nurse: Clinician, entry: Observation) -> None:
    """The same row, durable, and nothing else: a connection for this unit of work alone, or the one that waits."""
    with changing(store) as tx:
        keep.observation(tx, entry, nurse, NOW)


class Files:
    """The two databases, each with who is on the ward, and a source of entries."""

    def __init__(self, folder: Path, years: float) -> None:
        self.rng = random.Random(11)
        self.stores: dict[str, tuple[Store, Clinician, list[str]]] = {}
        for name, days in (("a week", 7), (f"{years:g} years", int(365 * years))):
            began = perf_counter()
            store, nurse = ward(folder / f"{name.replace(' ', '_')}.db")
            here = fill(store, nurse, days)
            self.stores[name] = (store, nurse, here)
            with inside(store) as tx:
                rows = tx.execute("SELECT count(*) FROM observation").fetchone()[0]
            size = store.path.stat().st_size / 2**20
            print(f"{name}: {rows} observations, {size:.0f} MiB, made in {perf_counter() - began:.1f} s", flush=True)
        self.turn = 0

    def entry(self, name: str) -> Observation:
        self.turn += 1
        answers, made = next(sets("", self.rng))
        here = self.stores[name][2]
        at = NOW + timedelta(seconds=self.turn)
        return Observation(uuid.uuid4().hex, here[self.turn % len(here)], at, made, {"cows": answers})  # type: ignore[arg-type]


def measure(files: Files, turns: int) -> dict[str, dict[str, float]]:
    """Medians in ms by file: record and bare insert, each with a connection per unit and with connections that wait."""
    times: dict[tuple[str, str], list[float]] = {}
    for turn in range(turns):
        for name, (store, nurse, _) in files.stores.items():
            for open_ in (False, True):
                (store.stay_open if open_ else store.let_go)()
                how = "kept open" if open_ else "per unit"
                work: list[tuple[str, Callable[[Observation], object]]] = [
                    ("bare", lambda e, s=store, n=nurse: bare(s, n, e)),
                    ("record", lambda e, s=store, n=nurse: care.record(s, n, e, e.taken_at, confirmed=True)),
                ]
                bare(store, nurse, files.entry(name))  # the first of a kind opens the connection
                for what, do in work if turn % 2 else reversed(work):
                    entry = files.entry(name)
                    began = perf_counter()
                    do(entry)
                    times.setdefault((name, f"{what}, {how}"), []).append(perf_counter() - began)
            store.let_go()
    found: dict[str, dict[str, float]] = {}
    for (name, what), all_ in times.items():
        found.setdefault(name, {})[what] = statistics.median(all_) * 1000
    return found


def profile(files: Files, name: str, turns: int = 200) -> None:
    """Where the time of record() goes."""
    store, nurse, _ = files.stores[name]
    store.stay_open()
    entries = [files.entry(name) for _ in range(turns)]
    watch = cProfile.Profile()
    watch.enable()
    for entry in entries:
        care.record(store, nurse, entry, entry.taken_at, confirmed=True)
    watch.disable()
    store.let_go()
    pstats.Stats(watch).sort_stats("cumulative").print_stats(38)


def main() -> None:
    """Measure, print, and say the ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=150)
    parser.add_argument("--years", type=float, default=3)
    parser.add_argument("--quick", action="store_true", help="a fifth of the turns, a tenth of the history")
    parser.add_argument("--profile", action="store_true", help="show where the time of record() goes instead")
    given = parser.parse_args()
    turns, years = (given.turns // 5, given.years / 10) if given.quick else (given.turns, given.years)
    with tempfile.TemporaryDirectory(dir=ROOT / "data" if (ROOT / "data").is_dir() else None) as folder:
        files = Files(Path(folder), years)
        if given.profile:
            profile(files, "a week")
            return
        found = measure(files, turns)
    small, large = found.values()
    print(f"\n{'median ms':<22}" + "".join(f"{name:>12}" for name in found) + f"{'history':>10}")
    for what in small:
        print(f"{what:<22}{small[what]:>12.2f}{large[what]:>12.2f}{large[what] / small[what]:>9.2f}x")
    ratios = {
        f"record/bare {how}, {name}": round(rows[f"record, {how}"] / rows[f"bare, {how}"], 2)
        for name, rows in found.items()
        for how in ("per unit", "kept open")
    }
    history = {f"history {what}": round(large[what] / small[what], 2) for what in small}
    print(json.dumps({"bench": "record", "turns": turns, "median_ms": found, "ratios": ratios | history}))


if __name__ == "__main__":
    main()
