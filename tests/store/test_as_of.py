"""As it stood: what was recorded by a moment, nothing of what came later, in every question that is asked."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from inside import as_it_stood, changing, inside
from sqlite_utils.utils import sqlite3

from detox import care
from detox.clinical.model import Decision, Dose, TaperPlan, TaperStep
from detox.errors import DetoxError, NotFound, StoreError
from detox.reports import patient
from detox.store import Store, find
from detox.store.as_of import WHOLE, cut_of, moments, views

DRUG = "buprenorphine"
STAYS = {"patient", "admission", "observation", "alert", "taper_plan", "decision", "self_report"}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def stood(store, ward, admission):
    """stood(at): as it stood then; stood(at, live=True): as the ordinary connection says at that time."""

    def ask(at, *, live=False):
        with inside(store) if live else as_it_stood(store, at) as tx:
            return patient.page(tx, ward, admission.id, at, None)

    return ask


@pytest.fixture
def kept(store, nurse, seen, vitals, cows, now):
    """kept(at, late=0, **set): a set taken `late` minutes before it was recorded at `at`."""

    def build(at, *, late: float = 0, **given):
        whole = {"vitals": vitals(), "answers": cows(tremor=2)} | given
        entry = replace(seen(**whole), taken_at=at - minutes(late))
        return care.record(store, nurse, entry, at, confirmed=True).observation

    return build


def test_now_is_what_stands_now(stood, kept, store, nurse, vitals, now):
    kept(now - minutes(90))
    kept(now - minutes(30), vitals=vitals(respiratory_rate_per_min=7.0))
    assert stood(now) == stood(now, live=True)
    assert stood(now).tile.alerts


def test_a_correction_made_later_is_not_there_yet(stood, kept, store, nurse, vitals, now):
    wrong = kept(now - minutes(90), vitals=vitals(heart_rate_per_min=176.0))
    entry = replace(wrong, id="right", vitals=vitals(heart_rate_per_min=76.0), assessments=())
    care.amend(store, nurse, wrong.id, entry, "read 176 for 76", now - minutes(20), confirmed=True)
    before, after = stood(now - minutes(21)), stood(now - minutes(20))
    assert [(o.id, o.replaced_by) for o in before.seen] == [(wrong.id, None)]
    assert before.tile.vitals["heart_rate_per_min"].interpretation.value == 176.0
    assert before.tile.alerts
    assert [(o.id, o.replaced_by) for o in after.seen] == [(wrong.id, "right"), ("right", None)]
    assert after.tile.vitals["heart_rate_per_min"].interpretation.value == 76.0
    assert not after.tile.alerts


def test_a_late_entry_was_not_known_at_its_bedside_time(stood, kept, now):
    kept(now - minutes(10), late=60)
    assert stood(now - minutes(11)).seen == ()
    assert stood(now - minutes(11)).tile.withdrawal is None
    assert len(stood(now - minutes(10)).seen) == 1


def test_an_alert_opens_is_answered_and_ends(stood, kept, store, nurse, vitals, now):
    opened, answered, ended = now - minutes(60), now - minutes(50), now - minutes(5)
    kept(opened, late=3, vitals=vitals(respiratory_rate_per_min=7.0))
    alert = stood(opened).tile.alerts[0]
    care.acknowledge(store, nurse, alert.id, "told Dr Test", answered)
    kept(ended - minutes(20))
    kept(ended, late=15)
    assert stood(opened - minutes(1)).alerts == ()

    def then(at):
        return next(a for a in stood(at).alerts if a.id == alert.id)

    assert [then(at).state for at in (opened, answered - minutes(1), answered)] == ["open", "open", "acknowledged"]
    assert then(answered).what_was_done == "told Dr Test"
    # the set that ended it was taken fifteen minutes before it was recorded: until then the alert stood
    assert then(ended - minutes(1)).state == "acknowledged"
    assert (then(ended).state, then(ended).resolved_at) == ("resolved", ended - minutes(15))


def test_a_plan_is_drafted_signed_and_ended(stood, store, physician, admission, now):
    at = now - minutes(300)
    care.write_plan(store, physician, _plan(admission.id, physician, at), at)
    care.sign_plan(store, physician, "plan-1", at + minutes(10))
    care.end_plan(store, physician, "plan-1", "left", at + minutes(20))
    told = [(p.draft is not None, p.plan is not None) for p in (stood(at + minutes(m)) for m in (-1, 0, 10, 20))]
    assert told == [(False, False), (True, False), (False, True), (False, False)]


def test_a_stay_is_unknown_before_it_was_entered_and_not_ended_before_it_ended(stood, store, nurse, admission, now):
    with pytest.raises(NotFound):
        stood(admission.admitted_at - minutes(1))
    care.discharge(store, nurse, admission.id, "went home", now - minutes(30))
    then = stood(now - minutes(31))
    assert (then.admission.discharged_at, then.tile.bed) == (None, "Bed 7")
    assert stood(now - minutes(30)).admission.discharged_at == now - minutes(30)


def test_a_stay_entered_late_takes_its_bed_when_it_is_entered(store, ward, nurse, admission, now):
    entered = now - minutes(30)
    with inside(store) as tx:
        bed = find.beds(tx, ward.id)[0]
    late = replace(admission, id="late", patient=replace(admission.patient, id="p"), admitted_at=now - minutes(300))
    care.admit(store, nurse, late, bed.id, entered)
    for at, lies in ((entered - minutes(1), None), (entered, "late")):
        with as_it_stood(store, at) as tx:
            assert find.beds(tx, ward.id)[0].admission_id == lies


def test_nothing_can_be_written(store, admission, now):
    with as_it_stood(store, now) as tx:
        for statement in ("DELETE FROM main.dose", "UPDATE main.bed SET label = 'x'", "CREATE TABLE x (y)"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                tx.execute(statement)


def test_the_ordinary_connections_know_nothing_of_it(store, admission, now):
    store.stay_open()
    try:
        with as_it_stood(store, now - timedelta(days=30)), inside(store) as tx:
            assert find.is_admission(tx, admission.id)
        with inside(store) as tx:
            assert find.is_admission(tx, admission.id)
    finally:
        store.let_go()


def test_moments_are_all_that_was_kept(store, kept, admission, now):
    kept(now - minutes(10))
    with inside(store) as tx:
        found = moments(tx, admission.id)
    assert [(m.verb, m.at) for m in found] == [("admit", admission.admitted_at), ("record", now - minutes(10))]


def _columns(tx, table):
    return [row[0] for row in tx.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def _tables(tx):
    rows = tx.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return {r[0] for r in rows if not r[0].startswith("sqlite_")}


def test_every_table_is_cut_or_holds_nothing_of_a_stay(store, now):
    """A new table: give it `recorded_at`, `at` or `set_at`, or say in CUTS how it is cut."""
    with inside(store) as tx:
        cut = {s.split('"')[1] for s in views(tx, now)}
        whole = _tables(tx) - cut
        refers = {t: {r["table"] for r in tx.execute("SELECT * FROM pragma_foreign_key_list(?)", (t,))} for t in whole}
    assert whole <= set(WHOLE)
    assert {t: to & STAYS for t, to in refers.items() if to & STAYS} == {}
    assert cut >= STAYS - {"patient"}


def test_every_column_of_a_table_is_shown(store, now):
    with inside(store) as tx:
        columns = {table: _columns(tx, table) for table in _tables(tx)}
    with as_it_stood(store, now) as tx:
        for table, expected in columns.items():
            shown = [c[0] for c in tx.execute(f'SELECT * FROM "{table}"').description]
            assert [c for c in shown if c != "rowid"] == expected


def test_a_table_that_cannot_be_cut_is_refused(store, now):
    with changing(store) as tx:
        tx.execute("CREATE TABLE wound (id TEXT PRIMARY KEY, admission_id TEXT REFERENCES admission)")
    with pytest.raises(StoreError, match="wound"), as_it_stood(store, now):
        pass


@pytest.mark.parametrize("column", ["recorded_at", "at", "set_at"])
def test_a_later_table_is_cut_by_its_moment(store, now, column):
    with changing(store) as tx:
        tx.execute(f'CREATE TABLE wound (id TEXT PRIMARY KEY, "{column}" TEXT)')
        tx.executemany("INSERT INTO wound VALUES (?, ?)", [("a", "2026-11-21T22:00:00.000Z"), ("b", "2027")])
    with as_it_stood(store, now) as tx:
        assert [r["id"] for r in tx.execute("SELECT * FROM wound")] == ["a"]


def test_an_ending_that_nobody_has_placed_is_refused(monkeypatch):
    from detox.store import as_of as room

    monkeypatch.setitem(room.LATER_ENDINGS, "wound", ("healed_by",))
    with pytest.raises(StoreError, match="wound"):
        cut_of("wound", ["id", "at", "healed_by"])


def test_a_database_that_is_not_there_is_a_store_error(tmp_path, now):
    with pytest.raises(StoreError), as_it_stood(Store(tmp_path / "none.db"), now):
        pass


def _plan(admission_id, physician, at):
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((8.0, 6.0, 4.0, 0.0), start=1))
    return TaperPlan("plan-1", admission_id, DRUG, steps, 24.0, physician.name, at)


class _Stay:
    """An admission that anything may happen to, one verb at a time."""

    def __init__(self, store, ward, admission, nurse, physician, seen, vitals, cows, chance):
        self.store, self.ward, self.id = store, ward, admission.id
        self.nurse, self.physician = nurse, physician
        self.seen, self.vitals, self.cows, self.chance = seen, vitals, cows, chance

    def live(self, at):
        with inside(self.store) as tx:
            return patient.page(tx, self.ward, self.id, at, None)

    def happens(self, at):
        verbs = (self.record, self.record, self.record, self.amend, self.answer, self.silence, self.plan, self.dose,
                 self.decide, self.move)  # fmt: skip
        self.chance.choice(verbs)(at)

    def entry(self, at):
        late = self.chance.choice((0, 0, 3, 90, -1.5))
        given = {
            "respiratory_rate_per_min": self.chance.choice((14.0, 14.0, 9.0, 7.0)),
            "heart_rate_per_min": self.chance.choice((76.0, 125.0, 145.0)),
            "systolic_mmhg": self.chance.choice((124.0, 188.0, 84.0)),
        }
        answers = self.cows(tremor=self.chance.choice((0, 4)), gi_upset=self.chance.choice((0, 5, None)))
        return replace(self.seen(vitals=self.vitals(**given), answers=answers), taken_at=at - minutes(late))

    def record(self, at):
        care.record(self.store, self.nurse, self.entry(at), at, confirmed=True)

    def amend(self, at):
        if current := self.live(at).current:
            original = self.chance.choice(current)
            entry = replace(self.entry(at), taken_at=original.taken_at)
            care.amend(self.store, self.nurse, original.id, entry, "typing error", at, confirmed=True)

    def answer(self, at):
        if standing := [a for a in self.live(at).alerts if a.resolved_at is None]:
            by = self.chance.choice((self.nurse, self.physician))
            care.acknowledge(self.store, by, self.chance.choice(standing).id, "seen", at)

    def silence(self, at):
        care.acknowledge_overdue(self.store, self.nurse, self.id, "asleep", at)

    def plan(self, at):
        page = self.live(at)
        if page.draft is not None:
            care.sign_plan(self.store, self.physician, page.draft.id, at)
        elif page.plan is not None and self.chance.random() < 0.3:
            care.end_plan(self.store, self.physician, page.plan.id, "stopped", at)
        else:
            draft = replace(_plan(self.id, self.physician, at), id=f"plan-{at.isoformat()}")
            care.write_plan(self.store, self.physician, draft, at)

    def dose(self, at):
        status = self.chance.choice(("given", "held"))
        given_at = at - minutes(self.chance.choice((0, 40)))
        dose = Dose(
            at.isoformat(), self.id, None, DRUG, 2.0, status, given_at, "drowsy" if status == "held" else "ordered"
        )
        care.chart_dose(self.store, self.nurse, dose, at, physician_id=self.physician.id, secret="only for tests 1")

    def decide(self, at):
        page = self.live(at)
        if page.suggestion is None:
            return
        chosen = self.chance.choice(("STEP_DOWN", "CONTINUE"))
        made = Decision(
            at.isoformat(), self.id, "changed", chosen, "seen at the bedside", at, self.physician.name,
            page.suggestion.as_dict(at),
        )  # fmt: skip
        care.decide(self.store, self.physician, made, page.plan.id if page.plan else None, page.basis, at)

    def move(self, at):
        with inside(self.store) as tx:
            free = [b for b in find.beds(tx, self.ward.id) if b.admission_id is None]
        care.move(self.store, self.nurse, self.id, self.chance.choice(free).id, at)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_it_is_what_was_seen_then(
    seed, store, ward, admission, nurse, physician, seen, vitals, cows, now
):
    chance = random.Random(seed)
    stay = _Stay(store, ward, admission, nurse, physician, seen, vitals, cows, chance)
    at, then = admission.admitted_at, {}
    for _ in range(30):
        at += minutes(chance.choice((0.05, 7, 60, 200)))
        if at >= now - minutes(10):
            break
        try:
            stay.happens(at)
        except DetoxError:
            continue  # refused: nothing was kept
        then[at] = stay.live(at)
        at += minutes(chance.choice((0.05, 11, 30)))
        then[at] = stay.live(at)
    care.discharge(store, nurse, admission.id, "went home", now)
    then[now] = stay.live(now)
    assert len(then) > 10
    for moment, page in then.items():
        with as_it_stood(store, moment) as tx:
            assert patient.page(tx, ward, admission.id, moment, None) == page
