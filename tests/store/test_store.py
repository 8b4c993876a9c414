"""What was acknowledged is on disk, writers wait their turn, readers only read, and a lost file is said to be lost."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from inside import changing, inside

from detox.clinical.model import Admission, Clinician, Observation, Vitals
from detox.errors import Conflict, DetoxError, StoreError
from detox.store import Store, audit, connection, find, keep
from detox.store.connection import FairLock
from detox.store.migrations import ENDINGS, migrate

ROOT = Path(__file__).resolve().parent.parent.parent
AT = "2026-11-21T22:41:07.000Z"


def failed_sign_in(store: Store, name: str) -> None:
    with changing(store) as tx:
        tx.execute("INSERT INTO failed_sign_in VALUES (?, ?)", (name, AT))


def names(store: Store) -> list[str]:
    with inside(store) as tx:
        return [row[0] for row in tx.execute("SELECT username FROM failed_sign_in ORDER BY rowid")]


# --- one file ---------------------------------------------------------------------------------------------------


def test_making_a_store_twice_changes_nothing(tmp_path: Path) -> None:
    first = Store.create(tmp_path / "new" / "ward.db")
    failed_sign_in(first, "ana")
    assert names(Store.create(tmp_path / "new" / "ward.db")) == ["ana"]


def test_the_pragmas_that_safety_rests_on_are_in_force(store: Store) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "query_only": 0}
    for name, value in wanted.items():
        with changing(store) as tx:
            assert tx.execute(f"PRAGMA {name}").fetchone()[0] == value, name
    with inside(store) as tx:
        assert tx.execute("PRAGMA query_only").fetchone()[0] == 1


def test_an_engine_that_damages_databases_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_SOUND_ENGINE", (99, 0, 0))
    with pytest.raises(StoreError, match=r"can damage this database; install pysqlite3"):
        Store.create(tmp_path / "ward.db")
    assert not (tmp_path / "ward.db").exists()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ward.db").write_text("This is a letter. " * 100)
    with pytest.raises(StoreError, match=r"ward.db is no sound database"):
        Store.create(tmp_path / "ward.db")
    assert (tmp_path / "ward.db").read_text().startswith("This is a letter.")
    with (
        pytest.raises(StoreError, match=r"could not be read: file is not a database"),
        Store(tmp_path / "ward.db").read(),
    ):
        pass


@pytest.mark.parametrize("warm", [False, True])
def test_a_database_that_has_vanished_is_said_so_and_not_made_anew(store: Store, warm: bool) -> None:
    if warm:
        store.stay_open()
    failed_sign_in(store, "ana")
    store.path.unlink()
    assert not store.exists
    with pytest.raises(StoreError, match=r"ward.db cannot be opened"), store.read():
        pass
    with pytest.raises(StoreError, match=r"nothing was saved"):
        failed_sign_in(store, "ben")
    assert not store.exists
    store.let_go()


def test_a_database_that_is_replaced_is_read_anew(store: Store, tmp_path: Path) -> None:
    store.stay_open()
    other = tmp_path / "other.db"
    shutil.copyfile(store.path, other)
    failed_sign_in(store, "ana")
    failed_sign_in(Store(other), "ben")
    os.replace(other, store.path)
    for ending in ("-wal", "-shm"):
        store.path.with_name(store.path.name + ending).unlink(missing_ok=True)
    assert names(store) == ["ben"]
    failed_sign_in(store, "carl")
    assert names(store) == ["ben", "carl"]
    store.let_go()


def test_a_file_that_vanishes_in_the_middle_of_a_save_is_not_written_to(store: Store) -> None:
    with pytest.raises(StoreError, match=r"removed or replaced while it was in use"), store.write():
        store.path.unlink()


def test_letting_go_leaves_one_whole_file(store: Store, tmp_path: Path) -> None:
    store.stay_open()
    failed_sign_in(store, "ana")
    assert store.path.with_name("ward.db-wal").exists()
    store.let_go()
    assert not store.path.with_name("ward.db-wal").exists()
    shutil.copyfile(store.path, tmp_path / "copy.db")
    assert names(Store(tmp_path / "copy.db")) == ["ana"]


# --- one unit of work -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("warm", [False, True])
def test_a_reader_cannot_write(store: Store, warm: bool) -> None:
    if warm:
        store.stay_open()
    failed_sign_in(store, "ana")
    for statement in ("INSERT INTO failed_sign_in VALUES ('x', ?)", "DELETE FROM failed_sign_in WHERE username <> ?"):
        with pytest.raises(StoreError, match="could not be read.*readonly"), inside(store) as tx:
            tx.execute(statement, (AT,))
    failed_sign_in(store, "ben")
    assert names(store) == ["ana", "ben"]
    store.let_go()


def test_a_reader_sees_one_moment(store: Store) -> None:
    with inside(store) as tx:
        assert tx.execute("SELECT count(*) FROM failed_sign_in").fetchone()[0] == 0
        failed_sign_in(store, "ana")
        assert tx.execute("SELECT count(*) FROM failed_sign_in").fetchone()[0] == 0
    assert names(store) == ["ana"]


def _keep_and_fail(store: Store, error: BaseException) -> None:
    with changing(store) as tx:
        tx.execute("INSERT INTO failed_sign_in VALUES ('ana', ?)", (AT,))
        raise error


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("error", [Conflict("no"), KeyboardInterrupt(), GeneratorExit(), ValueError()])
def test_whatever_goes_wrong_nothing_of_it_is_kept(store: Store, error: BaseException, warm: bool) -> None:
    if warm:
        store.stay_open()
    with pytest.raises(type(error)):
        _keep_and_fail(store, error)
    assert names(store) == []
    failed_sign_in(store, "ben")
    assert names(store) == ["ben"]
    store.let_go()


def test_what_the_database_refuses_is_a_sentence(store: Store) -> None:
    with pytest.raises(StoreError, match=r"Nothing was saved: .*CHECK constraint failed"), changing(store) as tx:
        tx.execute("INSERT INTO failed_sign_in VALUES ('ana', 'yesterday')")
    assert issubclass(StoreError, DetoxError)


def _fill_the_disk(store: Store) -> None:
    with changing(store) as tx:
        pages = tx.execute("PRAGMA page_count").fetchone()[0]
        tx.execute(f"PRAGMA max_page_count = {pages}")
        tx.executemany("INSERT INTO failed_sign_in VALUES (?, ?)", [("x" * 900, AT)] * 50)


def test_a_full_disk_is_said_so_and_harms_nothing(store: Store) -> None:
    failed_sign_in(store, "ana")
    with pytest.raises(StoreError, match="database or disk is full"):
        _fill_the_disk(store)
    assert names(store) == ["ana"]
    failed_sign_in(store, "ben")
    assert names(store) == ["ana", "ben"]


# --- many at once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("warm", [False, True])
def test_eight_write_at_once_and_nobody_is_locked_out(store: Store, warm: bool) -> None:
    if warm:
        store.stay_open()
    errors: list[BaseException] = []

    def nurse(number: int) -> None:
        try:
            for turn in range(25):
                failed_sign_in(store, f"{number}-{turn}")
                names(store)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=nurse, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(names(store)) == sorted(f"{n}-{turn}" for n in range(8) for turn in range(25))
    store.let_go()


def test_who_comes_first_is_served_first() -> None:
    lock, served = FairLock(), []
    started = [threading.Event() for _ in range(6)]

    def wait(number: int) -> None:
        started[number].set()
        with lock:
            served.append(number)

    with lock:
        threads = [threading.Thread(target=wait, args=(n,)) for n in range(6)]
        for n, thread in enumerate(threads):
            thread.start()
            started[n].wait()
            while len(lock._queue) <= n:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert served == list(range(6))


# --- power and kill ---------------------------------------------------------------------------------------------

WRITER = """
import os, sys
sys.path.insert(0, {root!r})
from detox.store import Store
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        store = Store({path!r})
        if {warm}:
            store.stay_open()
        n = int(line)
        while True:
            with store.write() as tx:
                tx.execute("INSERT INTO failed_sign_in VALUES (?, ?)", (str(n), {at!r}))
                tx.execute("INSERT INTO failed_sign_in VALUES (?, ?)", (str(n) + "b", {at!r}))
            os.write(1, b"%d\\n" % n)
            n += 1
    os.write(1, b"pid %d\\n" % child)
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""
KILLS = 30


@pytest.mark.parametrize("warm", [False, True])
def test_what_was_acknowledged_survives_a_kill(store: Store, warm: bool) -> None:
    """A writer is killed in the middle of its work, again and again: every acknowledged row is there, whole."""
    code = WRITER.format(root=str(ROOT), path=str(store.path), at=AT, warm=warm)
    told: set[str] = set()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as writers:
        assert writers.stdin is not None
        assert writers.stdout is not None
        for round_ in range(KILLS):
            writers.stdin.write(f"{round_ * 1_000_000}\n")
            lines = iter(writers.stdout.readline, "dead\n")
            pid = 0
            for line in lines:
                if line.startswith("pid"):
                    pid = int(line.split()[1])
                else:
                    told.add(line.strip())
                if pid and len(told) > round_ * 2:
                    break
            time.sleep(0.0007 * round_)
            os.kill(pid, signal.SIGKILL)
            told |= {line.strip() for line in lines}
            kept = set(names(store))
            assert told <= kept
            assert {name + "b" for name in kept if not name.endswith("b")} == {n for n in kept if n.endswith("b")}
        writers.stdin.close()
    assert len(told) >= KILLS
    with inside(store) as tx:
        assert tx.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


# --- nothing is overwritten or deleted --------------------------------------------------------------------------


@pytest.fixture
def kept(
    store: Store, admission: Admission, nurse: Clinician, physician: Clinician, now: datetime,
    seen: Callable[..., Observation], vitals: Callable[..., Vitals], chart: Callable[..., object],
) -> Store:  # fmt: skip
    """A store with at least one row in every table that only grows."""
    from detox import care
    from detox.clinical.model import Decision, Dose, TaperPlan, TaperStep

    first = care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=188)), now)
    care.acknowledge(store, nurse, first.opened[0].id, "physician called", now)
    steps = (TaperStep(1, 8), TaperStep(2, 6))
    plan = care.write_plan(store, physician, TaperPlan("p", admission.id, "buprenorphine", steps, 24, "", now), now)
    care.sign_plan(store, physician, plan.id, now)
    chart(Dose("d", admission.id, None, "buprenorphine", 4, "given", now, "ordered by Dr Lee"), now)
    with inside(store) as tx:
        basis = find.basis_of(tx, admission.id)
    shown = {"class": "STEP_DOWN"}
    made = Decision("k", admission.id, "accepted", "STEP_DOWN", "", now, "", shown)
    care.decide(store, physician, made, plan.id, basis, now)
    return store


@pytest.mark.parametrize("table", ENDINGS)
def test_no_row_of_the_record_is_deleted_changed_or_replaced(kept: Store, table: str) -> None:
    with inside(kept) as tx:
        row = tx.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()
        before = [tuple(r) for r in tx.execute(f"SELECT * FROM {table}")]
    assert row is not None, f"{table} is empty: this test proves nothing"
    with pytest.raises(StoreError, match="never deleted"), changing(kept) as tx:
        tx.execute(f"DELETE FROM {table}")
    for column in row.keys():  # noqa: SIM118 - a Row is no dict
        if column in ENDINGS[table] and row[column] is None:
            continue
        with pytest.raises(StoreError, match="never changed|constraint|cannot store|datatype"), changing(kept) as tx:
            tx.execute(f"UPDATE {table} SET {column} = ?", (f"{row[column]}x",))
    marks = ", ".join("?" * len(row))
    with pytest.raises(StoreError, match="never deleted|only appended"), changing(kept) as tx:
        tx.execute(f"REPLACE INTO {table} VALUES ({marks})", tuple(row))
    with inside(kept) as tx:
        assert [tuple(r) for r in tx.execute(f"SELECT * FROM {table}")] == before


@pytest.mark.parametrize("table", [table for table, endings in ENDINGS.items() if endings])
def test_an_ending_is_filled_once_and_stays(kept: Store, table: str) -> None:
    for column in ENDINGS[table]:
        with changing(kept) as tx:
            tx.execute("PRAGMA defer_foreign_keys = ON")
            value = tx.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchone()[0]
            if value is None:
                continue
        with pytest.raises(StoreError, match="never changed"), changing(kept) as tx:
            tx.execute(f"UPDATE {table} SET {column} = NULL")


def test_the_audit_trail_is_only_appended_to(kept: Store) -> None:
    with pytest.raises(StoreError, match="only appended"), changing(kept) as tx:
        tx.execute(
            "INSERT INTO audit_event (seq, at, clinician_id, role, verb, subject, subject_id, detail, chain) "
            "VALUES (1, ?, 'x', 'nurse', 'record', 'observation', 'x', '{}', '')",
            (AT,),
        )
    with inside(kept) as tx:
        assert audit.first_broken(tx) is None


def test_a_trail_that_somebody_changed_is_found(kept: Store) -> None:
    with changing(kept) as tx:
        tx.execute("DROP TRIGGER audit_event_keeps")
        tx.execute("UPDATE audit_event SET clinician_id = 'somebody else' WHERE seq = 3")
    with inside(kept) as tx:
        assert audit.first_broken(tx) == 3


def test_a_database_whose_guards_are_gone_is_refused(kept: Store) -> None:
    with changing(kept) as tx:
        tx.execute("DROP TRIGGER observation_stays")
    with pytest.raises(StoreError, match="observation_stays"):
        migrate(kept.path)


# --- times ------------------------------------------------------------------------------------------------------


def test_times_are_kept_in_one_form_that_sorts(store: Store) -> None:
    with pytest.raises(StoreError), changing(store) as tx:
        tx.execute("INSERT INTO failed_sign_in VALUES ('ana', '2026-11-21T22:41:07Z')")
    london = datetime(2026, 7, 1, 12, 0, tzinfo=ZoneInfo("Europe/London"))
    with changing(store) as tx:
        keep.failed_sign_in(tx, "ana", london)
        keep.failed_sign_in(tx, "ana", london + timedelta(hours=1))
    with inside(store) as tx:
        found = find.failed_sign_ins(tx, "ana", london)
    assert found == [london + timedelta(hours=1), london]
    assert re.fullmatch(r"2026-07-01 11:00:00\+00:00", str(found[1]))


def test_a_moment_without_a_zone_is_not_kept(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"), changing(store) as tx:
        keep.failed_sign_in(tx, "ana", datetime(2026, 7, 1, 12, 0))  # noqa: DTZ001
