"""Setting up a ward, and who may sign in."""

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from detox.care import authentication
from detox.care.passwords import check_new, hash_password
from detox.care.text import clean
from detox.clinical.model import ROLES, Clinician, Shift, Ward
from detox.errors import NotAllowed, Refused
from detox.gate import permit
from detox.store import Connection, Store, access, audit, find, keep

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


def set_up_ward(
    store: Store,
    *,
    name: str,
    beds: Sequence[str],
    shifts: Sequence[Shift],
    time_zone: str,
    temperature_unit: str,
    username: str,
    manager_name: str,
    password: str,
    now: datetime,
    demo: bool = False,
) -> Clinician:
    """Make the ward with its beds, shifts and first manager account; only while there is no account at all.

    Raises Refused with every field's problem at once, NotAllowed when the ward is already set up.
    """
    problems = _ward_problems(name, beds, shifts, time_zone, temperature_unit)
    problems |= _account_problems(username, manager_name, password, name_field="manager_name")
    if problems:
        raise Refused(problems)
    manager = Clinician(uuid.uuid4().hex, username.strip().lower(), clean(manager_name), "manager")
    secret = hash_password(password)
    ward = Ward(uuid.uuid4().hex, clean(name), time_zone, "F" if temperature_unit == "F" else "C", tuple(shifts), demo)
    with store.write() as tx:
        if find.has_accounts(tx):
            raise NotAllowed("This ward is already set up: sign in, and let a manager change it.")
        keep.clinician(tx, manager, secret, now)
        keep.ward(tx, ward, now)
        access.works_on(tx, manager.id, ward.id, manager, now)
        for place, label in enumerate(beds, start=1):
            keep.bed(tx, uuid.uuid4().hex, ward.id, clean(label), place)
        audit.event(tx, now, manager, "set_up_ward", "ward", ward.id, detail={"name": ward.name, "beds": len(beds)})
    return manager


def add_clinician(
    store: Store, by: Clinician, *, username: str, name: str, role: str, password: str, now: datetime
) -> Clinician:
    """An account for a named person in one role. Raises Refused with every problem, NotAllowed for other roles."""
    permit(store, by, "add_clinician", now)
    problems = _account_problems(username, name, password)
    if role not in ROLES:
        problems["role"] = f"Role {role!r} does not exist: choose {', '.join(ROLES)}."
    if problems:
        raise Refused(problems)
    added = Clinician(uuid.uuid4().hex, username.strip().lower(), clean(name), role)  # type: ignore[arg-type]
    secret = hash_password(password)
    with store.write() as tx:
        if find.account(tx, added.username) is not None:
            raise Refused({"username": f"The user name {added.username} is taken: choose another one."})
        keep.clinician(tx, added, secret, now)
        for ward_id in access.wards_of(tx, by.id):
            access.works_on(tx, added.id, ward_id, by, now)
        audit.event(tx, now, by, "add_clinician", "clinician", added.id, detail={"role": role})
    return added


def switch_account(store: Store, by: Clinician, account_id: str, active: bool, now: datetime) -> tuple[str, ...]:
    """Switch an account off or on again. Returns the hashes of the sessions that ended with it.

    Raises Refused for one's own account and for the last manager, NotAllowed, NotFound.
    """
    permit(store, by, "switch_account", now)
    with store.write() as tx:
        account = find.clinician(tx, account_id)
        if account.active == active:
            return ()
        _check_change(tx, by, account, still_manages=active)
        keep.account_active(tx, account.id, active)
        detail: dict[str, object] = {"active": active}
        return _changed(tx, by, account, "switch_account", detail, now)


def change_role(store: Store, by: Clinician, account_id: str, role: str, now: datetime) -> tuple[str, ...]:
    """Give an account another role. Returns the hashes of the sessions that ended with it: each was of the old role.

    Raises Refused for a role that there is not, for one's own account and for the last manager, NotAllowed, NotFound.
    """
    permit(store, by, "change_role", now)
    if role not in ROLES:
        raise Refused({"role": f"Role {role!r} does not exist: choose {', '.join(ROLES)}."})
    with store.write() as tx:
        account = find.clinician(tx, account_id)
        if account.role == role:
            return ()
        _check_change(tx, by, account, still_manages=role == "manager")
        keep.account_role(tx, account.id, role)
        return _changed(tx, by, account, "change_role", {"role": role, "before": account.role}, now)


def change_password(
    store: Store, by: Clinician, password: str, new: str, now: datetime, *, token_hash: str = ""
) -> tuple[str, ...]:  # fmt: skip
    """Change one's own password, proven by the old one. Returns the hashes of the other sessions, which end with it.

    `token_hash` is that of the session which stays. Raises Refused for a wrong password or one that is too short.
    """
    permit(store, by, "change_password", now)
    check_new(new)
    authentication.by_password(store, by.username, password, now)
    secret = hash_password(new)
    with store.write() as tx:
        keep.account_password(tx, by.id, secret)
        return _changed(tx, by, by, "change_password", {}, now, but=token_hash)


def _check_change(tx: Connection, by: Clinician, account: Clinician, *, still_manages: bool) -> None:
    if account.id == by.id:
        raise Refused({"account": "This is your own account: let another manager change it."})
    others = [c for c in find.clinicians(tx) if c.role == "manager" and c.active and c.id != account.id]
    if account.role == "manager" and account.active and not still_manages and not others:
        raise Refused({"account": "This is the last manager: make another one first."})


def _changed(
    tx: Connection, by: Clinician, account: Clinician, verb: str, detail: dict[str, object], now: datetime, *,
    but: str = "",
) -> tuple[str, ...]:  # fmt: skip
    """Tell the change and end the account's sessions: what a session was opened with holds no longer."""
    ended = tuple(one for one in find.open_sessions(tx, account.id, now) if one != but)
    for token_hash in ended:
        keep.end_session(tx, token_hash, now)
    audit.event(tx, now, by, verb, "clinician", account.id, detail=detail | {"sessions_ended": len(ended)})
    return ended


def _ward_problems(
    name: str, beds: Sequence[str], shifts: Sequence[Shift], time_zone: str, temperature_unit: str
) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not clean(name):
        problems["name"] = "The ward has no name: enter one."
    labels = [clean(label) for label in beds]
    if not labels or not all(labels):
        problems["beds"] = "The ward needs at least one bed, each with a label."
    elif len(set(labels)) != len(labels):
        problems["beds"] = "Two beds have the same label: give each its own."
    starts = [s.starts_at for s in shifts]
    if not shifts or not all(clean(s.name) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", s.starts_at) for s in shifts):
        problems["shifts"] = "Each shift needs a name and a start such as 07:30."
    elif len(set(starts)) != len(starts) or len({s.name.lower() for s in shifts}) != len(shifts):
        problems["shifts"] = "Two shifts have the same name or start: give each its own."
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems["time_zone"] = f"Time zone {time_zone!r} is not known: choose one such as Europe/London."
    if temperature_unit not in ("C", "F"):
        problems["temperature_unit"] = "Temperatures are typed in C or F: choose one."
    return problems


def _account_problems(username: str, name: str, password: str, name_field: str = "name") -> dict[str, str]:
    problems: dict[str, str] = {}
    if not _USERNAME.fullmatch(username.strip().lower()):
        problems["username"] = "The user name takes 2 to 40 letters a-z, digits, dots or dashes: correct it."
    if not clean(name):
        problems[name_field] = "The account has no name: enter the person's name as colleagues know it."
    try:
        check_new(password)
    except Refused as refused:
        problems |= refused.problems
    return problems
