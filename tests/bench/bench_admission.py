"""Adding an observation on day 30 of an admission against day 1, side by side; and the engine alone over 30 days.

Run by hand: `python tests/bench/bench_admission.py [--turns N]`. Each turn records one set for each of two
patients of one ward, who differ in nothing but how long they have been here. Read the ratios.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from time import perf_counter

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from bench_record import NOW, sets, ward  # noqa: E402
from inside import changing, inside  # noqa: E402

from detox import care  # noqa: E402
from detox.clinical.alerts.folding import AlertEngine  # noqa: E402
from detox.clinical.model import Admission, Observation, Patient  # noqa: E402
from detox.store import find, keep  # noqa: E402

DAYS = (1, 30)
SETS_A_DAY = 6


def main() -> None:
    """Measure, print, and say the ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100)
    turns = parser.parse_args().turns
    rng = random.Random(5)
    source = sets("", rng)
    times: dict[int, list[float]] = {days: [] for days in DAYS}
    with tempfile.TemporaryDirectory() as folder:
        store, nurse = ward(Path(folder) / "ward.db")
        store.stay_open()
        with inside(store) as tx:
            ward_id = find.wards(tx)[0].id
        admissions: dict[tuple[int, int], str] = {}
        for number in range(turns // 10 + 1):  # few sets are added to each, so that day 1 admissions day 1
            for days in DAYS:
                came = NOW - timedelta(days=days)
                admission = Admission(
                    uuid.uuid4().hex, Patient(uuid.uuid4().hex, "BENCH", "One"), ward_id, None, "taper", came,
                    pregnancy="n/a",
                )  # fmt: skip
                with changing(store) as tx:
                    keep.patient(tx, admission.patient, came)
                    keep.admission(tx, admission)
                admissions[number, days] = admission.id
                for n in range(days * SETS_A_DAY):
                    answers, made = next(source)
                    at = came + timedelta(hours=24 / SETS_A_DAY * n)
                    entry = Observation(uuid.uuid4().hex, admission.id, at, made, {"cows": answers})  # type: ignore[arg-type]
                    care.record(store, nurse, entry, at, confirmed=True)
        for turn in range(turns):
            order = DAYS if turn % 2 else DAYS[::-1]
            for days in order:
                answers, made = next(source)
                at = NOW + timedelta(seconds=turn)
                entry = Observation(  # type: ignore[arg-type]
                    uuid.uuid4().hex, admissions[turn // 10, days], at, made, {"cows": answers}
                )
                began = perf_counter()
                care.record(store, nurse, entry, at, confirmed=True)
                times[days].append(perf_counter() - began)
        with inside(store) as tx:
            long = find.observations(tx, admissions[0, 30])
        store.let_go()
    medians = {days: statistics.median(all_) * 1000 for days, all_ in times.items()}
    engine = _engine(long)
    ratio = medians[30] / medians[1]
    print(f"record(): day 1 {medians[1]:.2f} ms, day 30 {medians[30]:.2f} ms: {ratio:.2f}x")
    print(f"engine alone, a set: first day {engine[0]:.0f} us, last day {engine[1]:.0f} us")
    print(json.dumps({"bench": "stay", "turns": turns, "record day 30 / day 1": round(ratio, 2)}))


def _engine(seen: list[Observation]) -> tuple[float, float]:
    """Microseconds a set over the first and the last 30 sets of an admission."""
    engine, times = AlertEngine(), []
    for one in seen:
        began = perf_counter()
        engine.add(one)
        engine.step({})
        times.append((perf_counter() - began) * 1e6)
    return statistics.median(times[:30]), statistics.median(times[-30:])


if __name__ == "__main__":
    main()
