"""What is remembered from one entry to the next changes no result, whatever else happens to the stay in between."""

import random
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3 as engine

from detox import care
from detox.care import remembering
from detox.clinical.alerts import LOOKBACK
from detox.clinical.model import Admission, Baseline, Clinician, Dose, Observation, PatientLimit, Vitals
from detox.store import Store, find

Build = Callable[..., Vitals]


def copied(store: Store, path: Path) -> None:
    """The file as it stands, whole, at another place."""
    source, target = engine.connect(str(store.path)), engine.connect(str(path))
    source.backup(target)
    source.close()
    target.close()


@pytest.fixture
def twin(store: Store, admission: Admission, tmp_path: Path) -> Store:
    """The same ward with the same patient in another file."""
    path = tmp_path / "twin.db"
    copied(store, path)
    return Store(path)


def acts(
    rng: random.Random, nurse: Clinician, physician: Clinician, stay: Admission, vitals: Build, now: datetime
) -> list[Callable[[Store], object]]:
    """The story of a stay: sets in and out of order, corrections, doses, limits, a stated pressure."""
    done: list[Callable[[Store], object]] = []
    start, kept = now - timedelta(hours=30), []
    for number in range(2 * LOOKBACK):
        at = start + timedelta(minutes=20 * number)
        late = timedelta(minutes=50) if rng.random() < 0.1 else timedelta(0)
        made = vitals(
            systolic_mmhg=rng.randint(85, 195), heart_rate_per_min=rng.randint(48, 135),
            respiratory_rate_per_min=rng.randint(8, 22),
        )  # fmt: skip
        other = {"weight_kg": float(rng.randint(60, 80))} if rng.random() < 0.1 else {}
        entry = Observation(f"o{number}", stay.id, at - late, made, other=other)
        kept.append(entry)
        done.append(lambda s, e=entry, t=at: care.record(s, nurse, e, t, confirmed=True))
        if rng.random() < 0.08:
            old = rng.choice(kept)
            fixed = replace(
                old, id=uuid.UUID(int=rng.getrandbits(128)).hex, vitals=replace(old.vitals, systolic_mmhg=120)
            )
            kept[kept.index(old)] = fixed
            done.append(lambda s, o=old, f=fixed, t=at: care.amend(s, nurse, o.id, f, "typed wrong", t, confirmed=True))
        if rng.random() < 0.08:
            dose = Dose(f"d{number}", stay.id, None, "clonidine", 0.1, "given", at, "ward")
            done.append(lambda s, d=dose, t=at: care.chart_other_dose(s, nurse, d, t))
        if rng.random() < 0.05:
            limit = PatientLimit(
                f"l{number}", stay.id, "systolic_mmhg", "high", 170, 190, "usual", at, at + timedelta(hours=3)
            )
            done.append(lambda s, x=limit, t=at: care.set_limit(s, physician, x, t))
        if rng.random() < 0.05:
            said = Baseline(f"b{number}", stay.id, "systolic_mmhg", rng.randint(110, 150), "usual", "says so", at)
            done.append(lambda s, b=said, t=at: care.set_baseline(s, nurse, b, t))
    return done


def shown(store: Store, stay: Admission) -> list[tuple[object, ...]]:
    with store.read() as tx:
        return [
            (a.opened_at, a.observation_id, a.finding, a.resolved_at, a.resolution) for a in find.alerts(tx, stay.id)
        ]


@pytest.mark.parametrize("seed", range(3))
def test_with_and_without_memory_the_ward_is_the_same(
    store: Store, twin: Store, nurse: Clinician, physician: Clinician, admission: Admission, vitals: Build,
    now: datetime, seed: int,
) -> None:  # fmt: skip
    for act in acts(random.Random(seed), nurse, physician, admission, vitals, now):
        one = act(store)
        remembering._known.pop((str(twin.path), admission.id), None)
        other = act(twin)
        if isinstance(one, care.Recorded) and isinstance(other, care.Recorded):
            assert one.due == other.due
    assert shown(store, admission) == shown(twin, admission)
    assert shown(store, admission)


def test_it_is_used_and_forgets_a_file_that_was_put_back(
    store: Store, nurse: Clinician, admission: Admission, vitals: Build, now: datetime, tmp_path: Path
) -> None:
    def record(number: int, systolic: int) -> care.Recorded:
        at = now - timedelta(minutes=200 - number)
        entry = Observation(uuid.uuid4().hex, admission.id, at, vitals(systolic_mmhg=systolic))
        return care.record(store, nurse, entry, now, confirmed=True)

    for number in range(LOOKBACK + 1):
        record(number, 120)
    assert (str(store.path), admission.id) in remembering._known
    before = tmp_path / "before.db"
    copied(store, before)
    record(100, 190)
    assert record(101, 190).open_alerts[0].finding.level == "critical"
    store.let_go()
    for leftover in (f"{store.path}-wal", f"{store.path}-shm"):
        Path(leftover).unlink(missing_ok=True)
    shutil.copyfile(before, store.path)
    again = record(102, 190)  # the first red reading of the file that was put back
    assert [a.finding.level for a in again.open_alerts if a.finding.rule == "systolic_high_red"] == ["warning"]
