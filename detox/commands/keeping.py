"""`demo`, `verify`, `set-up-ward` and `add-clinician`: making a database, and asking whether it is sound."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlite_utils.utils import sqlite3

from detox import gate, settings
from detox.care import accounts, demo, passwords
from detox.clinical.files import checked
from detox.clinical.model import ROLES, Clinician, Shift
from detox.commands.common import clock, progress
from detox.commands.database import database_path, store_of, takes_database
from detox.errors import DetoxError, NotAllowed, NotFound, Refused
from detox.reports import protocols as reports
from detox.store import Store, check, find

NEW_PASSWORD = "DETOX_NEW_PASSWORD"  # noqa: S105 - the name of a variable, not a secret
OWN_PASSWORD = "DETOX_PASSWORD"  # noqa: S105
SHOWN = 5


@click.command("demo")
@takes_database
@click.pass_context
def demo_command(context: click.Context) -> None:
    """Make the demo ward: twelve beds of invented patients with five days behind them.

    It is a database of its own (demo.db beside the ward's, or --database); an older demo ward is replaced, anything
    else is left alone.
    """
    path = Path(context.obj).resolve() if context.obj else settings.demo_database()
    with progress("Making the demo ward") as tell:
        demo.build(path, clock(), tell)
    click.echo(f"The demo ward is in {path}. Its patients are invented. See it with `streamlit run dashboard.py`.")


@click.command()
@takes_database
@click.pass_context
def verify(context: click.Context) -> None:
    """Check the database and the clinical content; a sentence each. Exit status 1 when something is wrong."""
    wrong = False
    for fine, sentence in (*_database(database_path(context)), *_content(), *_reviews(database_path(context))):
        wrong = wrong or not fine
        click.echo(sentence if fine else f"WRONG: {sentence}")
    context.exit(1 if wrong else 0)


@click.command("who-saw")
@click.option("--patient", required=True, metavar="ID", help="The patient's id, here or in another system.")
@click.option("--since", metavar="TIME", help="Only from this time on, such as 2026-11-21T19:30:00+00:00.")
@takes_database
@click.pass_context
def who_saw_command(context: click.Context, patient: str, since: str | None) -> None:
    """Who read, changed, printed, exported or was refused a patient's record: one JSON object a line, oldest first.

    A read is one line a person, patient and quarter of an hour; a look at the ward's board counts for everybody who was
    there. Asking leaves such a line too.
    """
    for one in gate.who_saw(store_of(context), gate.OPERATOR, patient, clock(), since=_moment(since)):
        line = {
            "at": one.at.isoformat(), "by": {"id": one.by_id, "name": one.name, "role": one.role}, "device": None,
            "action": one.action, "what": one.what, "purpose": one.purpose,
        }  # fmt: skip
        click.echo(json.dumps(line, ensure_ascii=False))


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is no time: write it as 2026-11-21T19:30:00+00:00.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@click.command("set-up-ward")
@click.option("--name", required=True, help="The ward's name.")
@click.option("--beds", required=True, help="A number, or the beds' labels with commas between them.")
@click.option("--shift", "shifts", multiple=True, metavar="NAME=07:30", help="A shift and its start; once for each.")
@click.option("--time-zone", default="Europe/London", show_default=True, help="The ward's time zone.")
@click.option("--temperature-unit", type=click.Choice(["C", "F"]), default="C", show_default=True)
@click.option("--username", required=True, help="User name of the first account, a manager.")
@click.option("--manager-name", required=True, help="The manager's name, as colleagues know it.")
@takes_database
@click.pass_context
def set_up_ward(
    context: click.Context,
    name: str,
    beds: str,
    shifts: tuple[str, ...],
    time_zone: str,
    temperature_unit: str,
    username: str,
    manager_name: str,
) -> None:
    """Make the database with its ward, beds, shifts and first manager account; only while there is none.

    The password is asked for twice, or read from DETOX_NEW_PASSWORD.
    """
    path = database_path(context)
    wanted = [Shift(*_pair(text)) for text in shifts or ("Day=07:30", "Night=19:30")]
    labels = [str(n) for n in range(1, int(beds) + 1)] if beds.strip().isdecimal() else beds.split(",")
    fresh = not path.exists()
    store = Store.create(path)
    try:
        accounts.set_up_ward(
            store, name=name, beds=labels, shifts=wanted, time_zone=time_zone, temperature_unit=temperature_unit,
            username=username, manager_name=manager_name, password=_new_password(), now=clock(),
        )  # fmt: skip
    except BaseException:
        if fresh:  # no half result: the empty database goes again
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
        raise
    click.echo(f"{name} with {len(labels)} beds is in {path}; {username} may sign in as its manager.")


@click.command("add-clinician")
@click.option("--username", required=True, help="The new account's user name.")
@click.option("--name", required=True, help="The person's name, as colleagues know it.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the person may do.")
@click.option("--as", "manager", metavar="MANAGER", help="Your user name; may be left out while there is one manager.")
@takes_database
@click.pass_context
def add_clinician(context: click.Context, username: str, name: str, role: str, manager: str | None) -> None:
    """Add an account for a named person. A manager does this, and shows it with the own password.

    The manager's password is asked for, or read from DETOX_PASSWORD; the new one is asked for twice, or read from
    DETOX_NEW_PASSWORD. Passwords never stand on the command line.
    """
    store = store_of(context)
    by = _manager(store, manager)
    added = accounts.add_clinician(
        store, by, username=username, name=name, role=role, password=_new_password(), now=clock()
    )
    click.echo(f"{added.name} may now sign in as {added.username}, {added.role}; added by {by.name}.")


def _manager(store: Store, username: str | None) -> Clinician:
    """The manager who acts, known by password. Raises NotFound, NotAllowed."""
    with store.read() as tx:
        if not find.has_accounts(tx):
            raise NotFound("There are no accounts yet: set the ward up first with `python -m detox set-up-ward`.")
        managers = [c for c in find.clinicians(tx) if c.role == "manager" and c.active]
        names = ", ".join(c.username for c in managers)
        if username is None and len(managers) != 1:
            raise NotFound(f"Say which manager you are with --as: {names}.")
        found = find.account(tx, (username or managers[0].username).strip().lower())
    password = os.environ.get(OWN_PASSWORD) or click.prompt(
        f"Password of {username or managers[0].username}", hide_input=True, err=True
    )
    if not passwords.verify(found[1] if found else None, password) or found is None or not found[0].active:
        raise NotAllowed("User name or password is wrong: nothing was added.")
    return found[0]


def _new_password() -> str:
    given = os.environ.get(NEW_PASSWORD)
    return given or str(click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))


def _pair(text: str) -> tuple[str, str]:
    name, sign, start = text.partition("=")
    if not sign:
        raise Refused(f"Shift {text!r} is not of the form Night=19:30: write its name and its start.")
    return name.strip(), start.strip()


def _database(path: Path) -> Iterator[tuple[bool, str]]:
    if not path.is_file():
        raise NotFound(f"There is no database at {path}: name one with --database or DETOX_DATABASE.")
    try:
        with gate.check(Store(path)) as tx:
            damaged = check.damaged_pages(tx)
            yield not damaged, _say("The file is sound.", "The file is damaged", damaged)
            if damaged:
                return
            dangling = check.dangling_rows(tx)
            yield not dangling, _say("No row points at a missing one.", "Rows point at missing ones", dangling)
            broken = check.broken_event(tx)
            count = check.events(tx)
            yield (
                broken is None,
                (
                    f"The audit chain holds: {count} events, each follows from the one before."
                    if broken is None
                    else f"The audit chain breaks at event {broken} of {count}: it, or one before it, was changed."
                ),
            )
            silent = [f"{kind} {', '.join(ids[:SHOWN])}" for kind, ids in check.unaudited(tx).items()]
            yield not silent, _say("Every record has its audit event.", "Records without an audit event", silent)
    except sqlite3.DatabaseError as error:
        yield False, f"The database cannot be read: {error}. Restore the last backup."


def _content() -> Iterator[tuple[bool, str]]:
    files, broken = checked()
    yield not broken, _say(f"All {len(files)} clinical content files load.", "Clinical content does not load", broken)


def _reviews(path: Path) -> Iterator[tuple[bool, str]]:
    """How many content files nobody has reviewed, as the screens count them."""
    try:
        with gate.check(Store(path)) as tx:
            recorded = check.has_table(tx, "protocol_review")
            states = reports.review_states(tx) if recorded else reports.unrecorded_states()
        yield True, f"Clinical content: {reports.count_words(states.values())}."
    except (sqlite3.DatabaseError, DetoxError) as error:
        yield False, f"The reviews of the clinical content cannot be counted: {error}"


def _say(fine: str, wrong: str, found: list[str]) -> str:
    if not found:
        return fine
    rest = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"{wrong}: {'; '.join(found[:SHOWN])}{rest}."
