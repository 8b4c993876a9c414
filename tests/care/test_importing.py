"""Importing charted vitals: through `record`, nothing twice, nothing dropped in silence, nothing written when dry."""

import gzip
import io
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from inside import changing, inside

from detox import care
from detox.care import importing
from detox.care.importing import ImportReport, import_rows, importer
from detox.clinical.charted import read_csv
from detox.clinical.model import Admission, Clinician, Observation, Ward
from detox.errors import NotAllowed, Refused
from detox.store import Store, check, find

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("DETOX_SHARED") or ROOT.parent / "shared")
REAL = SHARED / "data" / "vitals_real.csv.gz"
NOW = datetime(2026, 11, 21, 22, 41, tzinfo=UTC)
HEADER = "patient_id,admission_id,taken_at,systolic_mmhg,diastolic_mmhg,heart_rate_per_min\n"
GOOD = (
    HEADER
    + "P1,A1,2026-11-20T08:00:00,120,80,72\n"
    + "P1,A1,2026-11-20T12:00:00,188,112,118\n"
    + "P2,A2,2026-11-20T09:00:00,110,70,\n"
)


@pytest.fixture
def by(store: Store, ward: Ward) -> Clinician:
    return importer(store, NOW)


@pytest.fixture
def load(store: Store, by: Clinician) -> Callable[..., ImportReport]:
    def run(text: str, *, dry_run: bool = False, now: datetime = NOW) -> ImportReport:
        return import_rows(store, by, read_csv(io.StringIO(text)), now, dry_run=dry_run)

    return run


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    tables = ("patient", "admission", "observation", "assessment", "alert", "audit_event", "bed_stay", "clinician")
    with inside(store) as tx:
        return {t: [tuple(r) for r in tx.execute(f"SELECT * FROM {t}")] for t in tables}


def admission(store: Store, external_id: str) -> Admission:
    with inside(store) as tx:
        found = find.admission_by_external_id(tx, external_id)
    assert found is not None
    return found


def test_rows_are_kept_as_if_just_recorded(store: Store, load: Callable[..., ImportReport]) -> None:
    report = load(GOOD)
    assert (report.rows, report.kept, report.already, report.rejected) == (3, 3, 0, ())
    assert (report.patients, report.admissions) == (2, 2)
    kept = admission(store, "A1")
    assert (kept.patient.family_name, kept.patient.given_name, kept.bed) == ("P1", "(imported)", None)
    assert kept.admitted_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    with inside(store) as tx:
        seen = find.observations(tx, kept.id)
        alerts = find.open_alerts(tx, kept.id)
    assert [o.vitals.systolic_mmhg for o in seen] == [120, 188]
    assert {o.recorded_by for o in seen} == {"Import from a file"}
    assert "systolic_high_red" in {a.finding.rule for a in alerts}


def test_every_row_has_its_audit_event(store: Store, load: Callable[..., ImportReport]) -> None:
    load(GOOD)
    with inside(store) as tx:
        assert check.unaudited(tx) == {}
        assert check.broken_event(tx) is None
        verbs = [r["verb"] for r in tx.execute("SELECT verb FROM audit_event")]
    assert verbs.count("record") == 3
    assert verbs.count("import") == 1


def test_the_same_file_twice_adds_nothing(store: Store, load: Callable[..., ImportReport]) -> None:
    load(GOOD)
    before = everything(store)
    report = load(GOOD)
    assert (report.kept, report.already, report.patients, report.admissions) == (0, 3, 0, 0)
    assert everything(store) == before


def test_an_import_that_broke_off_is_completed(
    store: Store, load: Callable[..., ImportReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(10))

    def breaks(*args: object, **how: object) -> object:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return care.record(*args, **how)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(importing, "record", breaks)
        with pytest.raises(KeyboardInterrupt):
            load(GOOD)
    report = load(GOOD)
    assert (report.kept, report.already) == (1, 2)
    assert (report.patients, report.admissions) == (0, 0)


def test_a_dry_run_says_the_same_and_writes_nothing(store: Store, load: Callable[..., ImportReport]) -> None:
    text = GOOD + "P1,A1,2026-11-20T08:00:00,120,80,73\nP1,A2,2026-11-20T10:00:00,120,80,72\nP3,A3,x,1,2,3\n"
    before = everything(store)
    dry = load(text, dry_run=True)
    assert everything(store) == before
    real = load(text)
    assert dry.dry_run
    assert (dry.rows, dry.kept, dry.already, dry.rejected, dry.unusual, dry.patients, dry.admissions) == (
        real.rows, real.kept, real.already, real.rejected, real.unusual, real.patients, real.admissions,
    )  # fmt: skip
    again = load(text, dry_run=True)
    assert (again.kept, again.already) == (0, 3)


def test_the_same_moment_with_other_values_is_rejected(load: Callable[..., ImportReport]) -> None:
    load(GOOD)
    report = load(HEADER + "P1,A1,2026-11-20T08:00:00,130,80,72\n")
    assert report.kept == 0
    assert (report.rejected[0].line, report.rejected[0].column) == (2, "taken_at")
    assert "other values" in report.rejected[0].why


def test_a_row_that_stands_twice_counts_once(load: Callable[..., ImportReport]) -> None:
    report = load(GOOD + GOOD.removeprefix(HEADER))
    assert (report.rows, report.kept, report.already, report.rows_rejected) == (6, 3, 3, 0)


def test_a_stay_of_somebody_else_is_refused(store: Store, load: Callable[..., ImportReport]) -> None:
    report = load(GOOD + "P2,A1,2026-11-20T10:00:00,120,80,72\n")
    assert [(p.line, p.column) for p in report.rejected] == [(5, "admission_id")]
    assert "patient P1" in report.rejected[0].why


def test_each_rejected_cell_is_told_with_its_place(load: Callable[..., ImportReport]) -> None:
    report = load(GOOD + "P1,A1,2026-11-20T16:00:00,412,80,1e3\nP1,A1,yesterday,120,80,72\n")
    assert {(p.line, p.column, p.value) for p in report.rejected} == {
        (5, "systolic_mmhg", "412"),
        (5, "heart_rate_per_min", "1e3"),
        (6, "taken_at", "yesterday"),
    }
    assert (report.kept, report.rows_rejected, report.cells_rejected) == (4, 1, 3)
    assert all(p.why for p in report.rejected)


def test_what_cannot_be_costs_itself_alone_and_an_extreme_is_kept(
    store: Store, load: Callable[..., ImportReport]
) -> None:
    text = HEADER + "P1,A1,2026-11-20T08:00:00,60,,301\nP1,A1,2026-11-20T09:00:00,0,,0\n"
    dry, real, again = load(text, dry_run=True), load(text), load(text)
    assert (dry.kept, dry.rejected, dry.unusual) == (real.kept, real.rejected, real.unusual)
    assert (real.kept, real.rows_rejected, [(p.line, p.column) for p in real.rejected]) == (
        2, 0, [(2, "heart_rate_per_min")],
    )  # fmt: skip
    assert {(p.line, p.column) for p in real.unusual} == {(3, "systolic_mmhg"), (3, "heart_rate_per_min")}
    assert (again.already, again.rejected) == (2, real.rejected)
    with inside(store) as tx:
        seen = find.observations(tx, admission(store, "A1").id)
        holding = {a.finding.rule for a in find.open_alerts(tx, admission(store, "A1").id)}
    assert [o.vitals.measured() for o in seen] == [
        {"systolic_mmhg": 60}, {"systolic_mmhg": 0, "heart_rate_per_min": 0},
    ]  # fmt: skip
    assert {"systolic_low_red", "pulse_low_emergency"} <= holding


def test_unusual_values_are_kept_and_listed(load: Callable[..., ImportReport]) -> None:
    report = load(HEADER + "P1,A1,2026-11-20T08:00:00,120,80,72\nP1,A1,2026-11-20T09:00:00,270,80,72\n")
    assert report.kept == 2
    assert [(p.line, p.column, p.value) for p in report.unusual] == [(3, "systolic_mmhg", "270")]


def test_a_time_in_the_future_is_rejected(load: Callable[..., ImportReport]) -> None:
    report = load(GOOD + "P1,A1,2026-12-24T08:00:00,120,80,72\n")
    assert (report.kept, report.dated_ahead) == (3, False)
    assert [(p.line, p.column) for p in report.rejected] == [(5, "taken_at")]


def test_a_file_that_lies_wholly_in_the_future_is_kept_as_written(
    store: Store, load: Callable[..., ImportReport]
) -> None:
    report = load(GOOD.replace("2026", "2164"))
    assert (report.kept, report.dated_ahead) == (3, True)
    with inside(store) as tx:
        first = find.observations(tx, admission(store, "A1").id)[0]
        run = tx.execute("SELECT at FROM audit_event WHERE verb = 'import'").fetchone()
    assert first.taken_at == datetime(2164, 11, 20, 8, tzinfo=UTC)
    assert run["at"].startswith("2026-11-21T22:41")


def test_rows_out_of_order_end_with_the_same_alerts(
    store: Store, tmp_path: Path, ward: Ward, by: Clinician, load: Callable[..., ImportReport]
) -> None:
    head, *rows = GOOD.splitlines(keepends=True)
    load(head + "".join(reversed(rows)))
    with inside(store) as tx:
        seen = find.observations(tx, admission(store, "A1").id)
        alerts = find.alerts(tx, admission(store, "A1").id)
    assert [o.recorded_at for o in seen] == [NOW, NOW]
    assert {a.opened_at for a in alerts} == {datetime(2026, 11, 20, 12, tzinfo=UTC)}


def test_a_known_stay_is_carried_on(
    store: Store, nurse: Clinician, load: Callable[..., ImportReport], admit: Callable[..., Admission]
) -> None:
    known = admit("Silva", external_id="A7")
    report = load(HEADER + "P7,A7,2026-11-21T08:00:00,120,80,72\n")
    assert report.rejected[0].column == "admission_id"
    care.discharge(store, nurse, known.id, "completed", NOW)


def test_after_the_discharge_nothing_is_added(
    store: Store, nurse: Clinician, load: Callable[..., ImportReport]
) -> None:
    load(GOOD)
    care.discharge(store, nurse, admission(store, "A2").id, "completed", NOW - timedelta(hours=2))
    late = HEADER + "P2,A2,2026-11-21T22:00:00,120,80,72\n"
    for dry in (True, False):
        report = load(late, dry_run=dry)
        assert [(p.line, p.column) for p in report.rejected] == [(2, "taken_at")]


@pytest.mark.parametrize("bad", ["P\u202e1", "P" * 81, "P\ufffd"])
def test_an_id_that_cannot_be_read_is_refused(load: Callable[..., ImportReport], bad: str) -> None:
    report = load(HEADER + f"{bad},A1,2026-11-20T08:00:00,120,80,72\n")
    assert [(p.line, p.column) for p in report.rejected] == [(2, "patient_id")]


def test_progress_reaches_the_end(store: Store, by: Clinician) -> None:
    told: list[tuple[int, int]] = []
    import_rows(store, by, read_csv(io.StringIO(GOOD)), NOW, on_progress=lambda d, t: told.append((d, t)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_an_empty_file_is_an_empty_report(load: Callable[..., ImportReport]) -> None:
    report = load(HEADER)
    assert (report.rows, report.kept, report.dated_ahead) == (0, 0, False)


def test_without_a_ward_it_says_so(store: Store) -> None:
    with pytest.raises(Refused, match="no ward"):
        import_rows(store, Clinician("x", "x", "X", "nurse"), read_csv(io.StringIO(GOOD)), NOW)


def test_a_role_that_may_not_record_imports_nothing(store: Store, manager: Clinician) -> None:
    with pytest.raises(NotAllowed):
        import_rows(store, manager, read_csv(io.StringIO(GOOD)), NOW)


def test_the_importing_account_cannot_sign_in(store: Store, by: Clinician) -> None:
    from detox.care import passwords

    with inside(store) as tx:
        found = find.account(tx, importing.USERNAME)
    assert found is not None
    for typed in ("", "!", "import"):
        assert not passwords.verify(found[1], typed)
    assert importer(store, NOW) == by


def test_a_persons_account_of_that_name_is_left_alone(store: Store, manager: Clinician, password: str) -> None:
    care.add_clinician(
        store, manager, username=importing.USERNAME, name="I. Port", role="nurse", password=password, now=NOW
    )
    with pytest.raises(NotAllowed, match="person's"):
        importer(store, NOW)


def test_ids_follow_from_the_content(store: Store, load: Callable[..., ImportReport], tmp_path: Path) -> None:
    load(GOOD)
    ids = {o.id for o in _all(store)}
    other = Store.create(tmp_path / "other" / "ward.db")
    with changing(other) as tx, store.read() as source:
        for row in source.execute("SELECT * FROM ward"):
            tx.execute("INSERT INTO ward VALUES (?, ?, ?, ?, ?, ?)", tuple(row))
    import_rows(other, importer(other, NOW), read_csv(io.StringIO(GOOD)), NOW)
    assert {o.id for o in _all(other)} == ids


def _all(store: Store) -> Iterable[Observation]:
    with inside(store) as tx:
        return [o for a in ("A1", "A2") for o in find.observations(tx, admission(store, a).id)]


@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here")
def test_real_charts(store: Store, load: Callable[..., ImportReport]) -> None:
    """The first six hundred rows of real charts: none is lost, a second import adds nothing."""
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        text = "".join(line for _, line in zip(range(601), lines, strict=False))
    report = load(text)
    assert (report.rows, report.kept + report.rows_rejected) == (600, 600)
    assert report.dated_ahead
    assert load(text).already == report.kept
