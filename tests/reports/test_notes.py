"""The notes that no decision has been made on: which they are, newest first, with time and author."""

from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.chart.notes import unread_notes
from detox.clinical.model import Decision
from detox.reports import suggesting
from detox.store import find
from detox.store.context import read_context

MINUTE = timedelta(minutes=1)


@pytest.fixture
def wrote(store, nurse, seen, now):
    """wrote("hot feet", minutes_ago=9, kept_ago=4): a note alone, of that time, recorded at that one."""

    def build(note, minutes_ago=5, kept_ago=None, by=nurse):
        at = now - (minutes_ago if kept_ago is None else kept_ago) * MINUTE
        return care.record(store, by, seen(note=note, minutes_ago=minutes_ago), at, confirmed=True).observation

    return build


@pytest.fixture
def decided(store, physician, admission, now):
    def build(minutes_ago, verdict="declined"):
        at = now - minutes_ago * MINUTE
        with inside(store) as tx:
            shown = suggesting.current(tx, admission, at).as_dict(at)
            basis = find.basis_of(tx, admission.id)
        chosen = "DECLINED" if verdict == "declined" else shown["class"]
        made = Decision(f"d{minutes_ago}", admission.id, verdict, chosen, "seen", at, physician.name, suggestion=shown)
        return care.decide(store, physician, made, None, basis, at, signed_with="password")

    return build


@pytest.fixture
def unread(store, admission, now):
    def read():
        with inside(store) as tx:
            return [one.note for one in unread_notes(read_context(tx, find.admission(tx, admission.id), now))]

    return read


def test_every_note_until_somebody_decides_the_newest_first(wrote, unread):
    wrote("slept well", 9)
    wrote("hot feet", 3)
    assert unread() == ["hot feet", "slept well"]


@pytest.mark.parametrize("verdict", ["declined", "accepted"])
def test_a_decision_has_read_what_was_recorded_before_it_and_nothing_after(wrote, unread, decided, verdict):
    wrote("slept well", 9)
    decided(6, verdict)
    assert unread() == []
    wrote("hot feet", 3)
    assert unread() == ["hot feet"]


def test_a_note_of_before_the_decision_that_was_typed_in_later_is_unread(wrote, unread, decided):
    decided(6)
    wrote("hot feet", minutes_ago=30, kept_ago=4)
    assert unread() == ["hot feet"]


def test_a_set_without_a_note_is_none(wrote, store, nurse, seen, vitals, unread, now):
    care.record(store, nurse, seen(vitals=vitals()), now, confirmed=True)
    assert unread() == []


def test_a_corrected_note_stands_as_it_was_corrected(wrote, store, nurse, seen, unread, now):
    first = wrote("hot feat", 9)
    care.amend(store, nurse, first.id, seen(note="hot feet", minutes_ago=9), "typed wrong", now, confirmed=True)
    assert unread() == ["hot feet"]


def test_the_judgement_says_the_same_with_time_and_author(wrote, store, admission, nurse, now):
    wrote("hot feet", 3)
    with inside(store) as tx:
        (note,) = suggesting.judged(tx, find.admission(tx, admission.id), now).judgement.notes
    assert (note.note, note.recorded_by, note.role, note.taken_at) == (
        "hot feet", nurse.name, "nurse", now - 3 * MINUTE,
    )  # fmt: skip
