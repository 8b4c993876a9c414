"""Setting up a ward, accounts, and what is kept of a password."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.care import authentication, passwords
from detox.clinical.model import Clinician, Shift, Ward
from detox.errors import NotAllowed, Refused
from detox.store import Store, find, keep

SOUND: dict[str, object] = {
    "name": "Ward 4B", "beds": ["1", "2"], "shifts": [Shift("Day", "07:30"), Shift("Night", "19:30")],
    "time_zone": "Europe/London", "temperature_unit": "C", "username": "Ana", "manager_name": "A. Test",
    "password": "long enough",
}  # fmt: skip


def test_a_ward_is_set_up_once(store: Store, now: datetime) -> None:
    manager = care.set_up_ward(store, **SOUND, now=now)  # type: ignore[arg-type]
    assert (manager.username, manager.role) == ("ana", "manager")
    with inside(store) as tx:
        ward = find.wards(tx)[0]
        assert (ward.name, ward.demo, [b.label for b in find.beds(tx, ward.id)]) == ("Ward 4B", False, ["1", "2"])
        assert [s.name for s in ward.shifts] == ["Day", "Night"]
    with pytest.raises(NotAllowed, match="already set up"):
        care.set_up_ward(store, **SOUND, now=now)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "), ("beds", []), ("beds", ["1", ""]), ("beds", ["1", " 1 "]), ("shifts", []),
        ("shifts", [Shift("Day", "7:30")]), ("shifts", [Shift("Day", "24:00")]), ("shifts", [Shift("", "07:30")]),
        ("shifts", [Shift("Day", "07:30"), Shift("day", "19:30")]), ("time_zone", "Europe/Atlantis"), ("time_zone", ""),
        ("time_zone", "../etc/passwd"), ("temperature_unit", "K"), ("username", "a"), ("username", "a b"),
        ("username", "x'; --"), ("manager_name", "\u200b"), ("password", "short"),
    ],
)  # fmt: skip
def test_each_problem_names_its_field(store: Store, now: datetime, field: str, value: object) -> None:
    with pytest.raises(Refused) as refused:
        care.set_up_ward(store, **(SOUND | {field: value}), now=now)  # type: ignore[arg-type]
    assert set(refused.value.problems) == {field}
    with inside(store) as tx:
        assert not find.has_accounts(tx)


def test_every_problem_is_told_at_once(store: Store, now: datetime) -> None:
    broken = SOUND | {"name": "", "beds": [], "password": "x", "time_zone": "?"}
    with pytest.raises(Refused) as refused:
        care.set_up_ward(store, **broken, now=now)  # type: ignore[arg-type]
    assert set(refused.value.problems) == {"name", "beds", "password", "time_zone"}


def test_a_user_name_is_taken_once(store: Store, ward: Ward, manager: Clinician, now: datetime) -> None:
    account = {"name": "B. Test", "role": "nurse", "password": "long enough"}
    care.add_clinician(store, manager, username=" Ben ", **account, now=now)
    with pytest.raises(Refused, match="user name ben is taken"):
        care.add_clinician(store, manager, username="BEN", **account, now=now)
    with pytest.raises(Refused, match="Role 'owner' does not exist"):
        care.add_clinician(store, manager, username="carl", **(account | {"role": "owner"}), now=now)


def test_a_password_is_kept_as_a_hash_alone(store: Store, ward: Ward, nurse: Clinician, password: str) -> None:
    with inside(store) as tx:
        found = find.account(tx, "nurse")
    assert found is not None
    assert found[1].startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert password.encode() not in store.path.read_bytes()
    assert passwords.verify(found[1], password)
    assert not passwords.verify(found[1], password + " ")


def test_nobody_signs_in_without_a_hash() -> None:
    assert not passwords.verify(None, "nobody signs in with this")
    assert not passwords.verify("not a hash", "anything at all")


# --- changed later


@pytest.fixture
def signed_in(store: Store, now: datetime) -> Callable[[Clinician], str]:
    """signed_in(nurse): the hash of one more open session of that account."""

    def build(who: Clinician) -> str:
        token_hash = uuid.uuid4().hex
        with store.write() as tx:
            keep.session(tx, token_hash, who.id, now, now + timedelta(hours=12))
        return token_hash

    return build


def still_open(store: Store, token_hash: str, now: datetime) -> bool:
    with store.read() as tx:
        return find.session(tx, token_hash, now) is not None


def test_an_account_that_is_switched_off_signs_in_no_more_and_is_signed_out(
    store: Store, nurse: Clinician, manager: Clinician, signed_in: Callable[[Clinician], str], password: str,
    now: datetime,
) -> None:  # fmt: skip
    tablets = {signed_in(nurse), signed_in(nurse)}
    others = signed_in(manager)
    assert set(care.switch_account(store, manager, nurse.id, False, now)) == tablets
    assert not any(still_open(store, one, now) for one in tablets)
    assert still_open(store, others, now)
    with pytest.raises(Refused):
        authentication.by_password(store, nurse.username, password, now)
    assert care.switch_account(store, manager, nurse.id, False, now) == ()
    care.switch_account(store, manager, nurse.id, True, now)
    assert authentication.by_password(store, nurse.username, password, now).id == nurse.id
    assert not any(still_open(store, one, now) for one in tablets), "what has ended stays ended"


def test_a_new_role_ends_the_sessions_of_the_old_one(
    store: Store, nurse: Clinician, manager: Clinician, signed_in: Callable[[Clinician], str], now: datetime
) -> None:
    tablet = signed_in(nurse)
    assert care.change_role(store, manager, nurse.id, "physician", now) == (tablet,)
    with store.read() as tx:
        assert find.clinician(tx, nurse.id).role == "physician"
    with pytest.raises(Refused, match="does not exist"):
        care.change_role(store, manager, nurse.id, "owner", now)


def test_the_last_manager_stays_and_nobody_changes_the_own_account(
    store: Store, nurse: Clinician, manager: Clinician, now: datetime
) -> None:
    for change in (
        lambda by, who: care.switch_account(store, by, who.id, False, now),
        lambda by, who: care.change_role(store, by, who.id, "nurse", now),
    ):
        with pytest.raises(Refused, match="your own account"):
            change(manager, manager)
        ghost = replace(manager, id="another")  # whoever asks: the last one that the ward has stays
        with pytest.raises(Refused, match="last manager"):
            change(ghost, manager)
    care.change_role(store, manager, nurse.id, "manager", now)
    second = replace(nurse, role="manager")
    care.switch_account(store, second, manager.id, False, now)
    with pytest.raises(Refused, match="last manager"):
        care.switch_account(store, replace(manager, id="another"), second.id, False, now)


def test_a_new_password_ends_the_other_sessions_and_the_old_one_opens_nothing(
    store: Store, nurse: Clinician, signed_in: Callable[[Clinician], str], password: str, now: datetime
) -> None:
    here, other = signed_in(nurse), signed_in(nurse)
    with pytest.raises(Refused):
        care.change_password(store, nurse, "wrong", "quite another one", now, token_hash=here)
    with pytest.raises(Refused, match="at least"):
        care.change_password(store, nurse, password, "short", now, token_hash=here)
    assert care.change_password(store, nurse, password, "quite another one", now, token_hash=here) == (other,)
    assert still_open(store, here, now)
    with pytest.raises(Refused):
        authentication.by_password(store, nurse.username, password, now)
    assert authentication.by_password(store, nurse.username, "quite another one", now).id == nurse.id
    with inside(store) as tx:
        told = tx.execute("SELECT detail FROM audit_event WHERE verb = 'change_password'").fetchall()
    assert [row["detail"] for row in told] == ['{"sessions_ended": 1}']
