import re
from datetime import UTC, datetime, timedelta

import pytest
from inside import inside

from detox import care, settings
from detox.access import exports, sessions
from detox.care import authentication
from detox.clinical.model import Shift
from detox.errors import NotAllowed, NotFound, Refused, StoreError
from detox.store import Store, find

NOW = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
DAY = [Shift("Day", "07:30"), Shift("Night", "19:30")]


def minutes(number):
    return NOW + timedelta(minutes=number)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "ward.db"
    care.set_up_ward(
        Store.create(path), name="4B", beds=["1"], shifts=DAY, time_zone="Europe/London", temperature_unit="C",
        username="okoro", manager_name="A. Okoro", password="correct horse", now=NOW,
    )  # fmt: skip
    return path


@pytest.fixture
def store(template, tmp_path, monkeypatch):
    (tmp_path / "ward.db").write_bytes(template.read_bytes())
    monkeypatch.setenv("DETOX_DATABASE", str(tmp_path / "ward.db"))
    monkeypatch.setattr(
        authentication.passwords, "verify", lambda kept, typed: kept is not None and typed == "correct horse"
    )
    return sessions.store_of("ward")


def sign_in(store, password="correct horse", now=NOW, name="okoro"):
    return sessions.sign_in(store, name, password, now)


def refusal(store, password, now, name="okoro"):
    with pytest.raises(Refused) as caught:
        sign_in(store, password, now, name)
    return str(caught.value)


def test_a_cookie_is_known_by_its_hash_alone_until_twelve_hours_have_passed(store):
    token = sign_in(store)
    assert re.fullmatch(r"ward\.[\w-]{43}\.\d+", token)
    session = sessions.current(token, NOW)
    assert session is not None
    assert (session.clinician.name, session.place, session.expires_at) == (
        "A. Okoro",
        "ward",
        NOW + timedelta(hours=12),
    )
    assert sessions.current(token, NOW + timedelta(hours=12, seconds=-1)) is not None
    assert sessions.current(token, NOW + timedelta(hours=12)) is None
    assert token.encode() not in store.path.read_bytes()


@pytest.mark.parametrize("change", ["later", "demo", "secret", "empty", "junk"])
def test_a_changed_cookie_is_nobodys(store, change):
    place, secret, end = sign_in(store).split(".")
    cookie = {
        "later": f"{place}.{secret}.{int(end) + 1}",
        "demo": f"demo.{secret}.{end}",
        "secret": f"{place}.{secret[::-1]}.{end}",
        "empty": "",
        "junk": "ward.' OR 1=1",
    }[change]
    assert sessions.current(cookie, NOW) is None


def test_user_names_are_not_case_sensitive_and_passwords_are(store):
    assert sign_in(store, name=" Okoro ")
    assert refusal(store, "Correct horse", NOW) == refusal(store, "correct horse", NOW, name="nobody")


def test_four_failures_are_free_and_the_fifth_makes_wait(store):
    for number in range(4):
        refusal(store, "wrong", minutes(number))
    assert sign_in(store, now=minutes(4))
    refusal(store, "wrong", minutes(5))
    assert "wait 30 seconds" in refusal(store, "correct horse", minutes(5))
    assert "wait 1 seconds" in refusal(store, "correct horse", minutes(5) + timedelta(seconds=29))
    assert sign_in(store, now=minutes(5) + timedelta(seconds=30))


def test_the_wait_doubles_up_to_fifteen_minutes(store):
    moment, waits = NOW, []
    for _ in range(12):
        assert "do not belong" in refusal(store, "wrong", moment)
        with inside(store) as tx:
            wait = authentication.wait(find.failed_sign_ins(tx, "okoro", NOW), moment)
        waits.append(int(max(wait.total_seconds(), 0)))
        moment += timedelta(seconds=waits[-1])
    assert waits[:9] == [0, 0, 0, 0, 30, 60, 120, 240, 480]
    assert max(waits) <= 900


def test_failures_that_are_a_quarter_of_an_hour_old_do_not_count(store):
    for _ in range(4):
        refusal(store, "wrong", NOW)
    refusal(store, "wrong", minutes(15))
    assert sign_in(store, now=minutes(15))


def test_signing_out_ends_the_session_here_and_tells_who_listens(store, monkeypatch):
    token = sign_in(store)
    heard = []
    monkeypatch.setattr(sessions, "_listeners", [heard.append])
    sessions.sign_out(token, NOW)
    assert heard == [sessions.hash_of(token)]
    assert sessions.has_ended(heard[0])
    assert sessions.current(token, NOW) is None
    sessions.sign_out(token, NOW)
    sessions.sign_out(None, NOW)


def test_a_database_that_is_gone_is_said_and_not_taken_for_signed_out(store):
    token = sign_in(store)
    store.path.unlink()
    with pytest.raises(StoreError):
        sessions.current(token, NOW)


def test_the_demo_door_without_password_opens_no_real_ward(store, template):
    settings.demo_database().write_bytes(template.read_bytes())
    with pytest.raises(NotAllowed):
        sessions.sign_in_to_demo("okoro", NOW)


def test_a_demo_account_that_was_switched_off_opens_nothing(template):
    settings.demo_database().write_bytes(template.read_bytes())
    store = Store(settings.demo_database())
    with store.write() as tx:
        tx.execute("UPDATE ward SET demo = 1")
    assert sessions.current(sessions.sign_in_to_demo("okoro", NOW), NOW) is not None
    with store.write() as tx:
        tx.execute("UPDATE clinician SET active = 0")
    with pytest.raises(NotAllowed):
        sessions.sign_in_to_demo("okoro", NOW)


def test_a_ticket_is_for_known_exports_and_one_session(store, monkeypatch):
    monkeypatch.setitem(
        exports.PRODUCERS, "shift", lambda store, by, params, now: ("a\r\nb/ü.csv", b"\xef\xbb\xbfx\r\n1\r\n")
    )
    mine, other = (sessions.current(sign_in(store), NOW) for _ in range(2))
    with pytest.raises(NotFound):
        exports.ticket(mine, "everything", NOW)
    number = exports.ticket(mine, "shift", NOW, ward_id="w", shift_key="d").removeprefix("/export/")
    with pytest.raises(NotAllowed):
        exports.redeem(other, number, NOW)
    assert exports.redeem(mine, number, NOW)[0] == "a_b_.csv"
    with pytest.raises(exports.Gone):
        exports.redeem(mine, number, NOW)


def test_rows_are_counted_as_records():
    assert exports.rows(b"") == 0
    assert exports.rows(b"a,b\r\n") == 0
    assert exports.rows(b'a,b\r\n1,"two\r\nlines"\r\n\r\n3,4\r\n') == 2
