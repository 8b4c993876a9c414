"""`replay`, `import` and `export`: files of charted vitals in, tables out."""

import csv
import getpass
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from detox import gate
from detox.care.importing import USERNAME, import_rows, importer
from detox.clinical.charted import Rejected, read_csv
from detox.clinical.model import Clinician, Ward
from detox.commands.common import binary_out, clock, csv_file, progress, shown, text_of, write_whole, written_whole
from detox.commands.database import staying_open, store_of, takes_database
from detox.errors import NotFound
from detox.reports.csv_text import safe
from detox.reports.replay import ChangeRow
from detox.reports.replay_file import replay_file
from detox.reports.shift import shift_csv
from detox.store import Store, audit, find

ALERT_COLUMNS = ("patient_id", "admission_id", "taken_at", "rule", "level", "kind", "message", "state")


@click.command()
@csv_file
@click.option(
    "--alerts", metavar="OUT.csv", type=click.Path(dir_okay=False, path_type=Path), help="Write every alert here."
)
@click.pass_context
def replay(context: click.Context, file: str, alerts: Path | None) -> None:
    """Play charted vitals through the alert rules in force; nothing is kept.

    FILE is a CSV (or .csv.gz) with patient_id, admission_id, taken_at and vitals. The last line on standard output is
    one JSON object with the counts. Rejected rows and cells are told on standard error; exit status 1 when there were
    any. A value that cannot be costs itself alone: the rest of its row is played.
    """
    with text_of(file) as lines, progress("Replaying") as tell, _alerts_csv(alerts) as write:
        result = replay_file(lines, write, _tell_rejected, tell)
    click.echo(json.dumps(result.as_dict()))
    context.exit(1 if result.rows_rejected or result.cells_rejected else 0)


@click.command("import")
@csv_file
@click.option("--dry-run", is_flag=True, help="Check every row and say what would be kept; write nothing.")
@click.option("--ward", metavar="WARD", help="Name or id of the ward, where the database has several.")
@takes_database
@click.pass_context
def import_command(context: click.Context, file: str, dry_run: bool, ward: str | None) -> None:
    """Keep charted vitals from FILE, each row as if a nurse had entered it.

    FILE is a CSV (or .csv.gz) as for `replay`. The same file twice adds nothing; an import that broke off is completed
    by running it again. Rows are kept under the account "import", which has no password and cannot sign in. Nothing is
    dropped in silence: rejected and unusual values are listed with line, column, value and why; a value that cannot be
    costs itself alone. Exit status 1 when a row or a cell was rejected.
    """
    store = store_of(context)
    now = clock()
    ward_id = _ward(store, ward).id
    by = Clinician(USERNAME, USERNAME, "Dry run", "nurse") if dry_run else importer(store, now)
    started = clock()
    with text_of(file) as lines, progress("Checking" if dry_run else "Importing") as tell, staying_open(store):
        report = import_rows(
            store, by, read_csv(lines), now, dry_run=dry_run, ward_id=ward_id,
            on_progress=lambda done, total: tell(done / total, f"{done} of {total} rows"),
        )  # fmt: skip
    seconds = (clock() - started).total_seconds()
    for problem in report.rejected:
        click.echo(shown(f"line {problem.line}, {problem.column or 'row'}, {problem.value!r}: rejected: {problem.why}"))
    for problem in report.unusual:
        click.echo(shown(f"line {problem.line}, {problem.column}, {problem.value!r}: kept, unusual: {problem.why}"))
    would = "would be " if dry_run else ""
    click.echo(
        f"{report.rows} rows: {report.kept} {would}kept, {report.already} were kept already, {report.rows_rejected} "
        f"rejected, {report.cells_rejected} cells rejected, {len(report.unusual)} unusual values; "
        f"{report.patients} new patients, {report.admissions} new admissions; {seconds:.1f} s."
    )
    if report.dated_ahead:
        click.echo(
            "Every row lies in the future: the dates were taken as shifted on purpose and are kept as written; each "
            "row counts as recorded at its own time, and the audit trail holds the true time of this import."
        )
    context.exit(1 if report.rejected else 0)


@click.group()
def export() -> None:
    """Write a report to a file."""


@export.command("shift")
@click.option("--shift", "key", required=True, metavar="KEY", help="Date and name, such as 2026-11-21/night.")
@click.option("--ward", metavar="WARD", help="Name or id of the ward, where the database has several.")
@click.option("-o", "--output", metavar="FILE", default="-", help="File or folder; standard output without it.")
@takes_database
@click.pass_context
def export_shift(context: click.Context, key: str, ward: str | None, output: str) -> None:
    """The shift summary as CSV: the same bytes as the screen's download (columns: docs/shift-summary.md)."""
    store = store_of(context)
    now, ward_id = clock(), _ward(store, ward).id
    name, content = shift_csv(store, gate.OPERATOR, ward_id, key, now)
    detail = {
        "kind": "shift", "shift_key": key, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content),
        "system_user": _system_user(),
    }  # fmt: skip
    with store.write() as tx:
        audit.event(tx, now, gate.OPERATOR, "export", "ward", ward_id, detail=detail)
    if output == "-":
        binary_out().write(content)
        return
    path = Path(output) / name if Path(output).is_dir() else Path(output)
    write_whole(path, content)
    click.echo(f"The summary of shift {key} is in {path}.", err=True)


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _ward(store: Store, wanted: str | None) -> Ward:
    with store.read() as tx:
        wards = find.wards(tx)
    found = [w for w in wards if wanted is None or wanted in (w.id, w.name)]
    if len(found) == 1:
        return found[0]
    if not wards:
        raise NotFound("There is no ward yet: make one with `python -m detox set-up-ward`.")
    names = ", ".join(w.name for w in wards)
    if wanted is None:
        raise NotFound(f"There are several wards: name one with --ward. They are {names}.")
    raise NotFound(f"There is no ward {wanted!r}: choose {names}.")


def _tell_rejected(row: Rejected) -> None:
    """Each rejected cell of a row, on standard error."""
    for column, value, why in row.problems:
        click.echo(shown(f"line {row.line_number}, {column or 'row'}, {value!r}: rejected: {why}"), err=True)


@contextmanager
def _alerts_csv(path: Path | None) -> Iterator[Callable[[ChangeRow], object]]:
    """What writes each change to the file, which appears whole or not at all; without a path nothing is written."""
    if path is None:
        yield lambda change: None
        return
    count = 0
    with written_whole(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(ALERT_COLUMNS)

        def write(change: ChangeRow) -> None:
            nonlocal count
            count += 1
            cells = (getattr(change, name) for name in ALERT_COLUMNS)
            writer.writerow([c.isoformat() if isinstance(c, datetime) else safe(c) for c in cells])

        yield write
        text.flush()
        text.detach()
    click.echo(f"{count} changes of alerts are in {path}.", err=True)
