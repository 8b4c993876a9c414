"""Setting up a ward, accounts, and what is kept of a password."""

from datetime import datetime

import pytest
from inside import inside

from detox import care
from detox.care import passwords
from detox.clinical.model import Clinician, Shift, Ward
from detox.errors import NotAllowed, Refused
from detox.store import Store, find

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
