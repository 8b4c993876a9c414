"""The demo ward shows every state of a board, whole or not at all, and never in place of a real ward."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from inside import inside

from detox.care import demo
from detox.clinical.model import Ward
from detox.errors import Conflict
from detox.reports import board as boards
from detox.store import Connection, Store, audit, find

Told = list[tuple[float, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> tuple[Store, Told]:
    path, told = tmp_path_factory.mktemp("demo") / "demo.db", []
    demo.build(path, now, lambda part, words: told.append((part, words)))
    return Store(path), told


@pytest.fixture
def tx(built: tuple[Store, Told]) -> Iterator[Connection]:
    with inside(built[0]) as connection:
        yield connection


@pytest.fixture
def tiles(tx: Connection, now: datetime) -> dict[str, boards.Tile]:
    shown = boards.board(tx, find.wards(tx)[0].id, now)
    return {t.admission.patient.family_name.removeprefix("DEMO-") if t.admission else "free": t for t in shown.tiles}


def test_it_says_how_far_it_is(built: tuple[Store, Told]) -> None:
    store, told = built
    assert [part for part, _ in told] == sorted(part for part, _ in told)
    assert (told[0][0], told[-1][0]) == (0, 1)
    assert len(told) > 20
    assert [p.name for p in store.path.parent.iterdir()] == [store.path.name]


def test_everybody_is_plainly_invented(tx: Connection, tiles: dict[str, boards.Tile]) -> None:
    names = [t.admission.patient.family_name for t in tiles.values() if t.admission]
    assert all(name.startswith("DEMO-") for name in names)
    assert find.wards(tx)[0].demo
    assert [(c.username, c.role) for c in find.clinicians(tx)] == [
        ("manager", "manager"), ("nurse", "nurse"), ("physician", "physician"),
    ]  # fmt: skip
    assert len(tiles) == 12


def test_the_board_shows_every_state(tiles: dict[str, boards.Tile]) -> None:
    ranks = {name: tile.rank for name, tile in tiles.items()}
    assert ranks["CEDAR"] == "critical"
    assert ranks["ELM"] == "critical_answered"
    assert ranks["BIRCH"] == "warning"
    assert ranks["ROWAN"] == "warning_answered"
    assert (ranks["LARCH"], ranks["HAZEL"], ranks["free"]) == ("unknown", "overdue", "free")
    assert ranks["PINE"] == "incomplete"
    assert {ranks[name] for name in ("ASH", "FIR", "MAPLE", "OAK")} == {"settled"}


def test_each_story_is_told(tiles: dict[str, boards.Tile], tx: Connection, now: datetime) -> None:
    cedar = tiles["CEDAR"].withdrawal
    assert cedar is not None
    assert (cedar.assessment.total, cedar.change) == (19, 6)
    assert tiles["HAZEL"].due is not None
    assert now - tiles["HAZEL"].due.at == timedelta(minutes=80)
    pine = tiles["PINE"].withdrawal
    assert pine is not None
    assert (pine.assessment.total, pine.assessment.at_least, len(pine.assessment.items)) == (None, 12, 7)
    not_done = {name: t.not_done.not_done for name, t in tiles.items() if t.not_done}
    assert (not_done["MAPLE"], not_done["OAK"]) == ("asleep", "refused")
    plans = {name: t.plan for name, t in tiles.items()}
    assert plans["LARCH"] is not None
    assert plans["LARCH"].signed_at is None
    admissions = {name: t.admission.id for name, t in tiles.items() if t.admission}
    assert {d.status for admission in admissions.values() for d in find.doses(tx, admission)} == {
        "given",
        "held",
        "refused",
    }
    assert {d.verdict for admission in admissions.values() for d in find.decisions(tx, admission)} == {
        "accepted",
        "declined",
    }
    corrected = [o for o in find.observations(tx, admissions["ASH"], replaced=True) if o.replaced_by]
    assert len(corrected) == 1
    ward_id = find.wards(tx)[0].id
    gone = [a for a in find.admissions_between(tx, ward_id, now - timedelta(days=5), now) if a.discharged_at]
    assert [a.patient.family_name for a in gone] == ["DEMO-SPRUCE"]


def test_nothing_in_it_is_dated_ahead_and_the_trail_holds(tx: Connection, now: datetime) -> None:
    ward_id = find.wards(tx)[0].id
    for admission in find.admissions_between(tx, ward_id, now - timedelta(days=6), now):
        for seen in find.observations(tx, admission.id, replaced=True):
            assert admission.admitted_at <= seen.taken_at <= now
            assert seen.recorded_at is not None
            assert seen.taken_at <= seen.recorded_at <= now
    assert audit.first_broken(tx) is None


def test_an_older_demo_is_replaced_and_a_real_ward_never(store: Store, ward: Ward, now: datetime) -> None:
    with pytest.raises(Conflict, match="holds a ward that is no demo"):
        demo.build(store.path, now)
    with inside(store) as tx:
        assert find.wards(tx) == [ward]


def test_a_build_that_fails_leaves_nothing(tmp_path: Path, now: datetime) -> None:
    def tired(part: float, words: str) -> None:
        if part > 0.1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.build(tmp_path / "demo.db", now, tired)
    assert list(tmp_path.iterdir()) == []
