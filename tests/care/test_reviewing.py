"""Signing clinical content: who may, what is kept, and what a new version does to it."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from inside import changing, inside

from detox import care
from detox.clinical import files, protocols
from detox.clinical.content import NOT_REVIEWED
from detox.clinical.files import content_file, content_files
from detox.errors import Conflict, NotAllowed, NotFound, ProtocolError, Refused, StoreError
from detox.reports.protocols import file_report, review_states
from detox.store import Store, audit, check, find_reviews
from detox.store.migrations import LATER_ENDINGS

NAME, PROFESSION = "Dr A. Jones", "consultant in addiction psychiatry"
SAID = "Every value read against its source."


def sign(store, by, now, file_id="cows", **other):
    one = content_file(file_id)
    given = {
        "file_id": file_id, "version": one.file.version, "reviewer_name": NAME, "statement": SAID, "now": now,
        "profession": PROFESSION, "sha256": one.sha256,
    }  # fmt: skip
    return care.review(store, by, **(given | other))


def state(store, file_id="cows"):
    with inside(store) as tx:
        return review_states(tx)[file_id]


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """changed("old", "new"): cows.toml as a new release would bring it."""

    def forget() -> None:
        protocols.scales.cache_clear()
        content_files.cache_clear()

    def write(old: str, new: str) -> None:
        root = tmp_path / "protocols"
        if not root.exists():
            shutil.copytree(protocols.ROOT, root)
        path = root / "scales" / "cows.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        monkeypatch.setattr(protocols, "ROOT", root)
        forget()

    yield write
    monkeypatch.undo()
    forget()


def test_a_review_says_who_when_which_version_and_keeps_the_text(store, manager, now):
    assert state(store).words == NOT_REVIEWED
    made = sign(store, manager, now)
    told = state(store)
    assert told.reviewed
    assert told.words == f"reviewed by {NAME}, {PROFESSION}, on 21 Nov 2026"
    with inside(store) as tx:
        (kept,) = find_reviews.reviews(tx)
        text = find_reviews.reviewed_text(tx, made.id)
        event = tx.execute("SELECT * FROM audit_event ORDER BY seq DESC LIMIT 1").fetchone()
        assert audit.first_broken(tx) is None
        assert check.unaudited(tx) == {}
    assert kept == made
    assert (kept.recorded_by, kept.role, kept.reviewed_at) == (manager.name, "manager", now)
    assert text == (protocols.ROOT / "scales" / "cows.toml").read_text(encoding="utf-8")
    assert (event["verb"], event["subject"], event["subject_id"]) == ("review", "protocol_review", made.id)
    assert kept.sha256 in event["detail"]


def test_only_that_file_is_reviewed(store, manager, now):
    sign(store, manager, now)
    with inside(store) as tx:
        reviewed = [name for name, found in review_states(tx).items() if found.reviewed]
    assert reviewed == ["cows"]


def test_nobody_but_a_manager(store, nurse, physician, now):
    for by in (nurse, physician):
        with pytest.raises(NotAllowed, match="record a review of clinical content: ask a manager"):
            sign(store, by, now)
    assert not state(store).reviewed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version = "2026.1"', 'version = "2026.2"'),
        ("at_least = 5\n", "at_least = 6\n"),
        ("# Clinical Opiate", "# A Clinical Opiate"),
    ],
)
def test_a_new_version_or_another_text_unsigns_it(store, manager, now, changed, old, new):
    sign(store, manager, now)
    changed(old, new)
    assert state(store).words == NOT_REVIEWED
    with inside(store) as tx:
        report = file_report(tx, content_file("cows"))
    assert len(report.history) == 1
    assert not report.same_text
    sign(store, manager, now + timedelta(days=1))
    assert state(store).reviewed
    changed(new, old)
    assert state(store).reviewed, "the old text came back: its own review counts"


def test_what_differs_is_told_key_by_key(store, manager, now, changed):
    sign(store, manager, now)
    changed('version = "2026.1"', 'version = "2026.2"')
    changed("at_least = 5\n", "at_least = 6\n")
    with inside(store) as tx:
        differs = file_report(tx, content_file("cows")).differs
    assert [(c.kind, c.key, c.before, c.after) for c in differs] == [
        ("changed", "version", "2026.1", "2026.2"),
        ("changed", "bands mild › at_least", "5", "6"),
    ]


@pytest.mark.parametrize(
    ("field", "typed"),
    [("reviewer_name", " "), ("profession", "-"), ("statement", "\u200b"), ("statement", "x" * 2001)],
)
def test_a_review_without_a_name_a_profession_or_words_is_refused(store, manager, now, field, typed):
    with pytest.raises(Refused) as refused:
        sign(store, manager, now, **{field: typed})
    assert set(refused.value.problems) == {field}
    assert not state(store).reviewed


def test_every_problem_is_told_at_once(store, manager, now):
    with pytest.raises(Refused) as refused:
        sign(store, manager, now, reviewer_name="", profession="", statement="")
    assert set(refused.value.problems) == {"reviewer_name", "profession", "statement"}


def test_what_was_not_read_cannot_be_signed(store, manager, now):
    with pytest.raises(Conflict, match="version 2026.1 is in force, not 2025.9"):
        sign(store, manager, now, version="2025.9")
    with pytest.raises(Conflict, match="has changed since it was read"):
        sign(store, manager, now, sha256="0" * 64)
    with pytest.raises(NotFound):
        care.review(store, manager, "tea-leaves", "1", NAME, SAID, now, profession=PROFESSION, sha256="0" * 64)


def test_saving_twice_keeps_one_and_other_words_are_a_conflict(store, manager, now):
    first = sign(store, manager, now, review_id="r1")
    assert sign(store, manager, now + timedelta(seconds=1), review_id="r1") == first
    with pytest.raises(Conflict, match="already saved with other words"):
        sign(store, manager, now, review_id="r1", statement="Something else.")
    with inside(store) as tx:
        assert len(find_reviews.reviews(tx)) == 1


def test_a_second_reviewer_is_kept_beside_the_first(store, manager, now):
    sign(store, manager, now)
    sign(store, manager, now + timedelta(hours=1), reviewer_name="B. Osei", profession="pharmacist")
    with inside(store) as tx:
        history = file_report(tx, content_file("cows")).history
    assert [made.reviewer_name for made in history] == ["B. Osei", NAME]


def test_a_review_is_never_changed_or_deleted(store, manager, now):
    table = "protocol_review"
    assert LATER_ENDINGS[table] == ()
    sign(store, manager, now)
    with inside(store) as tx:
        row = tx.execute(f"SELECT * FROM {table}").fetchone()
    for column in row.keys():  # noqa: SIM118 - a Row is no dict
        with pytest.raises(StoreError, match="never changed|constraint"), store.write() as tx:
            tx.execute(f"UPDATE {table} SET {column} = ?", (f"{row[column]}x",))
    with pytest.raises(StoreError, match="never deleted"), store.write() as tx:
        tx.execute(f"DELETE FROM {table}")
    with pytest.raises(StoreError, match="never deleted"), store.write() as tx:
        tx.execute(f"REPLACE INTO {table} VALUES ({', '.join('?' * len(row))})", tuple(row))


def test_a_database_of_before_gains_the_table(store, tmp_path):
    with changing(store) as tx:
        tx.execute("DROP TABLE protocol_review")
        tx.execute("DELETE FROM _sqlite_migrations WHERE name = 'protocol_reviews'")
    migrated = Store.create(store.path)
    with inside(migrated) as tx:
        assert find_reviews.reviews(tx) == []


def test_a_file_that_changed_under_a_running_program_cannot_be_signed(changed, store, manager, now):
    changed('label = "mild"', 'label = "mild"')
    protocols.scales()
    path = protocols.ROOT / "scales" / "cows.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("at_least = 5\n", "at_least = 6\n", 1), encoding="utf-8")
    with pytest.raises(ProtocolError, match="start it again"):
        sign(store, manager, now)


def test_a_file_that_nobody_reads_is_listed_as_well(changed):
    changed('label = "mild"', 'label = "mild"')
    text = (protocols.ROOT / "vitals.toml").read_text(encoding="utf-8")
    head = text[: text.index("temperature_sites")].replace('id = "vitals"', 'id = "extra"')
    (protocols.ROOT / "extra.toml").write_text(f"{head}\n[limits]\nspeed_limit = 47\n", encoding="utf-8")
    content_files.cache_clear()
    one = content_file("extra")
    assert isinstance(one.file, files.OtherFile)
    assert one.file.review_state == NOT_REVIEWED
