"""The laws of the house that need the whole house: refused is refused whole, kept is kept for good, who may do what."""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from inside import changing, inside

from detox import care
from detox.clinical import protocols
from detox.clinical.files import content_files
from detox.clinical.model import (
    ROLES,
    Admission,
    Baseline,
    Clinician,
    Decision,
    Dose,
    HistoryAnswer,
    IntervalOrder,
    Observation,
    Patient,
    PatientLimit,
    Snooze,
    TaperPlan,
    TaperStep,
    Vitals,
    Ward,
)
from detox.errors import Conflict, DetoxError, NeedsConfirmation, NotAllowed, Refused, StoreError
from detox.gate import ACTS, permit, permitted
from detox.instants import wall
from detox.store import Store, access, audit, find, migrations

Seen = Callable[..., Observation]
Build = Callable[..., Vitals]
Answers = Callable[..., dict[str, dict[str, int]]]
LONDON = ZoneInfo("Europe/London")


def somebody(store: Store, username: str) -> Clinician:
    with inside(store) as tx:
        found = find.account(tx, username)
    assert found is not None
    return found[0]


def counts(store: Store) -> dict[str, int]:
    with inside(store) as tx:
        tables = [
            r[0]
            for r in tx.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                "AND name <> 'access_event'"  # a refusal leaves its own event
            )
        ]
        return {t: tx.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}


@contextmanager
def nothing_kept(store: Store) -> Iterator[None]:
    before = counts(store)
    yield
    assert counts(store) == before


# --- refused is refused whole -----------------------------------------------------------------------------------


def test_an_impossible_value_is_refused_with_the_sentence(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    with nothing_kept(store), pytest.raises(Refused) as refused:
        care.record(store, nurse, seen(vitals=vitals(heart_rate_per_min=412)), now, confirmed=True)
    assert refused.value.problems == {"heart_rate_per_min": "Pulse 412 /min is outside 0-300: check and enter again."}


def test_an_unusual_value_is_asked_about_and_then_kept(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    entry = seen(vitals=vitals(respiratory_rate_per_min=3))
    with nothing_kept(store), pytest.raises(NeedsConfirmation) as asked:
        care.record(store, nurse, entry, now)
    assert set(asked.value.questions) == {"respiratory_rate_per_min"}
    kept = care.record(store, nurse, entry, now, confirmed=True)
    assert kept.observation.vitals.respiratory_rate_per_min == 3
    assert {a.finding.rule for a in kept.opened} >= {"breathing_low_emergency"}


@pytest.mark.parametrize(("ahead", "refused"), [(0, False), (119, False), (121, True), (86_400, True)])
def test_the_future_is_refused(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime, ahead: int, refused: bool
) -> None:
    entry = seen(vitals=vitals(), minutes_ago=-ahead / 60)
    if not refused:
        care.record(store, nurse, entry, now)
        return
    with nothing_kept(store), pytest.raises(Refused, match="lies in the future"):
        care.record(store, nurse, entry, now)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"note": "   \u200b "},
        {"not_done": "other"},
        {"not_done": "on holiday"},
        {"answers": {"cows": {"tremor": 3}}},
        {"answers": {"cows": {"hiccups": 1}}},
        {"answers": {"mood": {"a": 1}}},
        {"vitals": Vitals(consciousness="X")},
        {"vitals": Vitals(temperature_c=98.6)},
        {"vitals": Vitals(heart_rate_per_min=float("nan"))},
    ],
)
def test_nothing_is_kept_after_a_refusal(
    store: Store, nurse: Clinician, seen: Seen, now: datetime, entry: dict[str, object]
) -> None:
    observation = seen(**entry)
    with nothing_kept(store), pytest.raises(DetoxError):
        care.record(store, nurse, observation, now, confirmed=True)


def test_observation_assessment_alert_and_audit_are_kept_together_or_not_at_all(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, cows: Answers, now: datetime
) -> None:
    entry = seen(vitals=vitals(systolic_mmhg=190), answers=cows(tremor=4))
    for table, when in (
        ("audit_event", "new.verb = 'record'"),
        ("alert", "1"),
        ("assessment", "new.scale = 'news2'"),
    ):
        with changing(store) as tx:
            tx.execute(
                f"CREATE TRIGGER broken BEFORE INSERT ON {table} WHEN {when} "
                "BEGIN SELECT RAISE(ABORT, 'the disk is tired'); END"
            )
        with nothing_kept(store), pytest.raises(StoreError, match="Nothing was saved.*the disk is tired"):
            care.record(store, nurse, entry, now)
        with changing(store) as tx:
            tx.execute("DROP TRIGGER broken")
    before = counts(store)
    kept = care.record(store, nurse, entry, now)
    grown = {table: n - before[table] for table, n in counts(store).items() if n != before[table]}
    assert grown == {"observation": 1, "assessment": 2, "alert": len(kept.opened), "audit_event": 1}
    assert kept.opened


# --- who may do what --------------------------------------------------------------------------------------------


@pytest.fixture
def verbs(
    store: Store, admission: Admission, admit: Callable[..., Admission], seen: Seen, vitals: Build,
    nurse: Clinician, physician: Clinician, now: datetime, password: str,
) -> dict[str, Callable[[Clinician], object]]:  # fmt: skip
    """Every verb of care with sound arguments, to be called by anybody."""
    first = care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=190)), now)
    steps = (TaperStep(1, 8), TaperStep(2, 6))
    plan = care.write_plan(store, physician, TaperPlan("p", admission.id, "buprenorphine", steps, 24, "", now), now)
    care.sign_plan(store, physician, plan.id, now)
    draft = replace(plan, id="q")
    hour, warm = timedelta(hours=1), admit("Warm", "A", days_ago=1)
    own = PatientLimit("l", admission.id, "systolic_mmhg", "high", 190, 200, "usual 170", now, now + hour)
    pulse = replace(own, id="held", vital="heart_rate_per_min", warning=125, critical=140)
    held = care.set_limit(store, physician, pulse, now)
    unseen_first = admit("Bell", "Ida", days_ago=1)
    usual = Baseline("u", admission.id, "systolic_mmhg", 150, "usual", "the patient says so", now)
    fever = replace(seen(vitals=vitals(temperature_c=37.9)), admission_id=warm.id)
    aside = Snooze("z", care.record(store, nurse, fever, now).opened[0].id, now, now + hour, "known")
    shorter = IntervalOrder("i", admission.id, 30, "vomits", now, None)
    ordered = care.order_interval(store, nurse, IntervalOrder("k", unseen_first.id, 60, "vomits", now, None), now)
    longer = IntervalOrder("j", warm.id, 480, "wants to sleep", now, now + 8 * hour)
    elsewhere = Dose("e", admission.id, None, "naloxone", 0.4, "given", now, "ambulance")
    swallowed = care.chart_other_dose(store, nurse, replace(elsewhere, id="v"), now)
    halved = care.chart_other_dose(store, nurse, replace(elsewhere, id="h"), now)
    mistaken = care.chart_other_dose(store, nurse, replace(elsewhere, id="m"), now)
    with inside(store) as tx:
        basis = find.basis_of(tx, admission.id)
        beds = {b.label: b.id for b in find.beds(tx, admission.ward_id)}
    unseen = admit("Osei", "Daniel", days_ago=1)
    newcomer = replace(admission, id="new", patient=Patient("np", "Novak", "Petr"))
    decision = Decision("k", admission.id, "declined", "HOLD_STEP", "tired", now, "", {"class": "STEP_DOWN"})
    account = {"username": "ana", "name": "A. Test", "role": "nurse", "password": "long enough"}
    leaver = care.add_clinician(store, somebody(store, "manager"), **(account | {"username": "leaver"}), now=now)
    entry = seen(vitals=vitals())
    dose = Dose("d", admission.id, None, "buprenorphine", 4, "given", now, "ordered by Dr Lee")
    asked = HistoryAnswer("f", admission.id, "programme", "taper", "as agreed", now)
    given = care.hand_over(store, nurse, "given", "another browser", admission.id, "sows-gossop", now)
    signed = content_files()[0]
    return {
        "decide": lambda by: care.decide(store, by, decision, plan.id, basis, now),
        "acknowledge": lambda by: care.acknowledge(store, by, first.opened[0].id, "done", now),
        "acknowledge_overdue": lambda by: care.acknowledge_overdue(store, by, unseen.id, "on my way", now),
        "admit": lambda by: care.admit(store, by, newcomer, beds["Bed 1"], now),
        "move": lambda by: care.move(store, by, admission.id, beds["Bed 2"], now),
        "record": lambda by: care.record(store, by, entry, now, confirmed=True),
        "amend": lambda by: care.amend(
            store, by, first.observation.id, replace(entry, id="a"), "typed wrong", now, confirmed=True
        ),
        "chart_dose": lambda by: care.chart_dose(store, by, dose, now, physician_id=physician.id, secret=password),
        "amend_dose": lambda by: care.amend_dose(
            store, by, halved.id, replace(halved, id="less", dose_mg=0.2), "half of it", now
        ),
        "dose_in_error": lambda by: care.dose_in_error(store, by, mistaken.id, "another patient's", now),
        "write_plan": lambda by: care.write_plan(store, by, draft, now),
        "sign_plan": lambda by: care.sign_plan(store, by, plan.id, now),
        "move_plan": lambda by: care.move_plan(store, by, plan.id, 2, "slept badly", now),
        "end_plan": lambda by: care.end_plan(store, by, plan.id, "stops", now),
        "set_limit": lambda by: care.set_limit(store, by, own, now),
        "end_limit": lambda by: care.end_limit(store, by, admission.id, held.id, now),
        "set_baseline": lambda by: care.set_baseline(store, by, usual, now),
        "snooze": lambda by: care.snooze(store, by, aside, now),
        "order_interval": lambda by: care.order_interval(store, by, shorter, now),
        "lengthen": lambda by: care.order_interval(store, by, longer, now),
        "end_interval": lambda by: care.end_interval(store, by, ordered.id, now, admission_id=ordered.admission_id),
        "chart_other_dose": lambda by: care.chart_other_dose(store, by, elsewhere, now),
        "set_escalation": lambda by: care.set_escalation(store, by, admission.ward_id, (4, 8, 12), now),
        "state": lambda by: care.state(store, by, replace(asked, id="s", name="liver", value="b"), now),
        "state_all": lambda by: care.state_all(
            store, by, [replace(asked, id="all", name="liver", value="c")], None, now
        ),
        "answer_danger": lambda by: care.answer_danger(store, by, admission.id, "breathing", "oxygen, seen", now),
        "change_programme": lambda by: care.change_programme(
            store, by, replace(asked, id="m", value="maintenance_dot"), now
        ),
        "prescribe_spo2_scale": lambda by: care.prescribe_spo2_scale(
            store, by, replace(asked, id="two", value="2"), now
        ),
        "allow_programmes": lambda by: care.allow_programmes(store, by, admission.ward_id, ["hat"], now),
        "ask_two_people": lambda by: care.ask_two_people(store, by, admission.ward_id, ["methadone"], now),
        "chart_vomited": lambda by: care.chart_vomited(store, by, swallowed.id, now, "tablet seen", now),
        "discharge": lambda by: care.discharge(store, by, admission.id, "goes home", now),
        "switch_account": lambda by: care.switch_account(store, by, leaver.id, False, now),
        "change_role": lambda by: care.change_role(store, by, leaver.id, "physician", now),
        "add_clinician": lambda by: care.add_clinician(store, by, **account, now=now),
        "review": lambda by: care.review(
            store,
            by,
            signed.id,
            signed.file.version,
            "Dr A. Jones",
            "read",
            now,
            profession="physician",
            sha256=signed.sha256,
        ),
        "hand_over": lambda by: care.hand_over(store, by, "h", "browser", unseen.id, "sows-gossop", now),
        "take_back": lambda by: care.take_back(store, by, given.id, now),
        "set_pin": lambda by: care.set_pin(store, by, password, "482915", now),
        "change_password": lambda by: care.change_password(store, by, password, "another long one", now),
    }


CARRIED_BY = {  # verbs that go by the permission of another one
    "acknowledge_overdue": "acknowledge", "end_interval": "order_interval", "chart_other_dose": "chart_dose",
    "chart_vomited": "chart_dose", "amend_dose": "chart_dose", "dose_in_error": "chart_dose",
    "answer_danger": "acknowledge", "state_all": "state",
}  # fmt: skip
ELSEWHERE = {"see_ward", "see_patient", "export", "who_saw", "verify", "import", "answer"}
"""Acts that are no verb of care: reading, files, and the patient who answers for who handed the tablet over."""
HERE = sorted((set(ACTS) - ELSEWHERE) | set(CARRIED_BY))


def may(verb: str) -> frozenset[str]:
    return ACTS[CARRIED_BY.get(verb, verb)].roles


EVERYBODY = [*((role, True) for role in ROLES), *((role, False) for role in ROLES)]


def test_every_verb_of_care_is_in_the_table(verbs: dict[str, object]) -> None:
    exported = set(care.__all__) - {
        "Recorded",
        "set_up_ward",
        "answer",
        "check_pin",
        "held_by",
    }  # the last three have no account
    assert exported <= set(ACTS) | set(CARRIED_BY), "a verb that no role carries: say in gate/acts.py who may"
    assert set(verbs) == set(HERE), "a verb that this test does not call"


@pytest.mark.parametrize(("verb", "role"), [(verb, role) for verb in HERE for role in sorted(may(verb))])
def test_each_role_does_what_the_table_says(
    store: Store, verbs: dict[str, Callable[[Clinician], object]], verb: str, role: str
) -> None:
    before = counts(store)
    verbs[verb](somebody(store, role))
    assert (counts(store) != before) == (verb != "sign_plan"), "signing twice changes nothing"


def test_and_nothing_else(store: Store, verbs: dict[str, Callable[[Clinician], object]]) -> None:
    """Every other role, and everybody whose account is switched off, is refused, and nothing is kept."""
    with nothing_kept(store):
        for verb, run in verbs.items():
            for role, active in EVERYBODY:
                if not active or role not in may(verb):
                    with pytest.raises(NotAllowed):
                        run(replace(somebody(store, role), active=active))


@pytest.mark.parametrize("role", ROLES)
def test_what_nobody_has_allowed_nobody_may(store: Store, ward: Ward, role: str, now: datetime) -> None:
    by = Clinician("x", "x", "X", role)  # type: ignore[arg-type]
    assert not permitted(by, "delete_everything")
    with pytest.raises(NotAllowed, match="not in the table of acts"):
        permit(store, by, "delete_everything", now)


def test_a_role_that_does_not_exist_may_nothing() -> None:
    ghost = Clinician("x", "x", "X", "owner")  # type: ignore[arg-type]
    assert not any(permitted(ghost, verb) for verb in ACTS)


# --- one entry, one record --------------------------------------------------------------------------------------


def test_saving_twice_keeps_one(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, cows: Answers, now: datetime
) -> None:
    entry = seen(vitals=vitals(systolic_mmhg=190), answers=cows(tremor=4), note=" two  spaces ")
    first = care.record(store, nurse, entry, now)
    with nothing_kept(store):
        second = care.record(store, nurse, entry, now + timedelta(seconds=1))
        third = care.record(store, nurse, entry, now + timedelta(days=1))
    assert (first.already, second.already, third.already) == (False, True, True)
    assert second.observation.id == first.observation.id
    assert {a.id for a in second.open_alerts} == {a.id for a in first.open_alerts}


@pytest.mark.parametrize(
    "other",
    [
        {"vitals": Vitals(heart_rate_per_min=77)},
        {"answers": {"cows": {"tremor": 1}}},
        {"note": "other"},
        {"not_done": "asleep"},
        {"minutes_ago": 16},
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime, other: dict[str, object]
) -> None:
    entry = seen(vitals=vitals())
    care.record(store, nurse, entry, now)
    with nothing_kept(store), pytest.raises(Conflict, match="already saved with other values"):
        care.record(store, nurse, replace(seen(**({"vitals": vitals()} | other)), id=entry.id), now)


def test_a_form_that_says_now_may_arrive_again_a_little_later(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    entry = seen(vitals=vitals(), minutes_ago=14)
    care.record(store, nurse, entry, now)
    with nothing_kept(store):
        again = care.record(store, nurse, replace(entry, taken_at=now), now)
    assert again.already
    assert again.observation.taken_at == entry.taken_at


def test_the_same_id_with_another_reason_for_the_pulse_is_a_conflict(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, cows: Answers, now: datetime
) -> None:
    answers = cows()
    answers["cows"]["resting_pulse"] = 0
    entry = seen(vitals=vitals(heart_rate_per_min=96), answers=answers, pulse_reason="ran up the stairs")
    care.record(store, nurse, entry, now)
    with nothing_kept(store), pytest.raises(Conflict):
        care.record(store, nurse, replace(entry, pulse_reason="on clonidine"), now)


# --- two clocks, one zone ---------------------------------------------------------------------------------------


def test_the_night_with_two_half_past_ones_keeps_both(
    store: Store, nurse: Clinician, admission: Admission, vitals: Build
) -> None:
    """On 25 October 2026 the clocks of London show 01:30 twice, an hour apart."""
    first = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=0)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=LONDON, fold=1)
    assert first == second, "Python takes them for the same: this is why it needs a law"
    now = datetime(2026, 10, 25, 3, 0, tzinfo=UTC)
    for at, pulse in ((second, 80), (first, 70)):
        entry = Observation(uuid.uuid4().hex, admission.id, at.astimezone(UTC), vitals(heart_rate_per_min=pulse))
        care.record(store, nurse, entry, now)
    with inside(store) as tx:
        kept = find.observations(tx, admission.id)
    assert [o.vitals.heart_rate_per_min for o in kept] == [70, 80]
    assert [o.taken_at.isoformat() for o in kept] == ["2026-10-25T00:30:00+00:00", "2026-10-25T01:30:00+00:00"]
    assert [wall(o.taken_at, LONDON) for o in kept] == ["01:30 BST", "01:30 GMT"]
    assert kept[1].taken_at - kept[0].taken_at == timedelta(hours=1)


def test_an_aware_moment_of_any_zone_is_the_same_moment(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    entry = seen(vitals=vitals())
    care.record(store, nurse, replace(entry, taken_at=now.astimezone(ZoneInfo("Asia/Kathmandu"))), now)
    assert care.record(store, nurse, entry, now).already


def test_when_it_was_seen_and_when_it_was_typed_are_both_kept(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    entry = seen(vitals=vitals(), minutes_ago=95)
    care.record(store, nurse, entry, now)
    with inside(store) as tx:
        kept = find.observation(tx, entry.id)
    assert kept is not None
    assert (kept.taken_at, kept.recorded_at) == (now - timedelta(minutes=95), now)
    assert (kept.recorded_by, kept.role) == (nurse.name, "nurse")


# --- nothing is overwritten -------------------------------------------------------------------------------------


def test_a_correction_replaces_and_the_original_stays_readable(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    wrong = care.record(store, nurse, seen(vitals=vitals(heart_rate_per_min=176)), now, confirmed=True).observation
    right = replace(wrong, id=uuid.uuid4().hex, vitals=vitals(heart_rate_per_min=76))
    care.amend(store, nurse, wrong.id, right, "digits swapped", now, confirmed=True)
    with inside(store) as tx:
        original, now_valid = find.observation(tx, wrong.id), find.observation(tx, right.id)
        current = find.observations(tx, wrong.admission_id)
        every = find.observations(tx, wrong.admission_id, replaced=True)
    assert original is not None
    assert now_valid is not None
    assert original.vitals == wrong.vitals
    assert original.assessments == wrong.assessments
    assert original.replaced_by == right.id
    assert (now_valid.replaces, now_valid.replace_reason) == (wrong.id, "digits swapped")
    assert [o.id for o in current] == [right.id]
    assert {o.id for o in every} == {wrong.id, right.id}


def test_yesterdays_assessment_stays_when_the_scale_changes(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, cows: Answers, now: datetime,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    before = care.record(store, nurse, seen(vitals=vitals(), answers=cows(tremor=4, yawning=2), minutes_ago=60), now)
    content = tmp_path / "protocols"
    shutil.copytree(protocols.ROOT, content)
    file = content / "scales" / "cows.toml"
    text = file.read_text(encoding="utf-8")
    text = text.replace('version = "2026.1"', 'version = "2027.1"', 1).replace("at_least = 5\n", "at_least = 9\n", 1)
    file.write_text(text, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(protocols, "ROOT", content)
        protocols.scales.cache_clear()
        after = care.record(store, nurse, seen(vitals=vitals(), answers=cows(tremor=4, yawning=2)), now)
        with inside(store) as tx:
            old, new = find.observations(tx, before.observation.admission_id)
    protocols.scales.cache_clear()
    made = after.observation.assessment("cows")
    assert made is not None
    assert (made.version, made.total, made.band) == ("2027.1", 6, "none")
    then, today = old.assessment("cows"), new.assessment("cows")
    assert then == before.observation.assessment("cows")
    assert then is not None
    assert (then.version, then.total, then.band) == ("2026.1", 6, "mild")
    assert today == made


# --- absent is not zero -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tremor", "alerts"), [(2, False), (4, True)])
def test_a_partial_sum_past_a_limit_still_alerts(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime, tremor: int, alerts: bool
) -> None:
    """Eight items add up to 25 already; the three that are missing can only add."""
    answers = {
        "sweating": 4, "restlessness": 3, "pupil_size": 2, "bone_joint_aches": 4, "runny_nose_tearing": 4,
        "gi_upset": 3, "tremor": tremor,
    }  # fmt: skip
    entry = seen(vitals=vitals(heart_rate_per_min=90), answers={"cows": answers})
    kept = care.record(store, nurse, entry, now)
    made = kept.observation.assessment("cows")
    assert made is not None
    assert (made.total, made.band, made.at_least) == (None, None, 21 + tremor)
    assert ("withdrawal_severe" in {a.finding.rule for a in kept.opened}) == alerts
    if alerts:
        words = next(a.finding.message for a in kept.opened if a.finding.rule == "withdrawal_severe")
        assert words.startswith("COWS at least 25 (8 of 11)")


def test_a_missing_vital_is_not_assessed(store: Store, nurse: Clinician, seen: Seen, now: datetime) -> None:
    kept = care.record(store, nurse, seen(vitals=Vitals(heart_rate_per_min=76)), now)
    meanings = {name: found.meaning for name, found in kept.interpretations.items()}
    assert meanings.pop("heart_rate_per_min") == "normal"
    assert set(meanings.values()) == {"not_assessed"}
    made = kept.observation.assessment("news2")
    assert made is not None
    assert (made.total, made.risk, len(made.missing)) == (None, None, 6)


def test_a_heart_rate_alone_is_no_withdrawal_score(store: Store, nurse: Clinician, seen: Seen, now: datetime) -> None:
    kept = care.record(store, nurse, seen(vitals=Vitals(heart_rate_per_min=126)), now)
    assert kept.observation.assessment("cows") is None


def test_missing_data_never_end_an_alert(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=190), minutes_ago=60), now)
    for minutes in (40, 30, 20, 10):
        kept = care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=None), minutes_ago=minutes), now)
        assert "blood_pressure" in {a.finding.problem for a in kept.open_alerts}


# --- every look-up goes by an index -----------------------------------------------------------------------------

GROWING = (
    "observation",
    "assessment",
    "alert",
    "dose",
    "decision",
    "acknowledgement",
    "audit_event",
    "step_change",
    "bed_stay",
)


class Explaining:
    """A connection that asks SQLite how it would look each query up."""

    def __init__(self, tx: object) -> None:
        self.tx = tx
        self.plans: dict[str, list[str]] = {}

    def execute(self, sql: str, values: object = ()) -> object:
        plan = self.tx.execute(f"EXPLAIN QUERY PLAN {sql}", values)  # type: ignore[attr-defined]
        self.plans[sql] = [row["detail"] for row in plan]
        return self.tx.execute(sql, values)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "dropped", [(), ("observation_current", "observation_all"), ("alert_all",), ("dose_admission",)]
)
def test_no_query_of_board_and_patient_reads_a_growing_table_through(
    store: Store, verbs: dict[str, Callable[[Clinician], object]], nurse: Clinician, physician: Clinician,
    admission: Admission, now: datetime, dropped: tuple[str, ...],
) -> None:  # fmt: skip
    for verb in ("record", "acknowledge", "chart_dose"):
        verbs[verb](nurse)
    with changing(store) as tx:
        for index in dropped:
            tx.execute(f"DROP INDEX {index}")
    with inside(store) as tx:
        asked = Explaining(tx)
        alert = find.open_alerts(asked, admission.id)[0]
        ward = find.wards(asked)[0]
        day = timedelta(days=1)
        find.beds(asked, ward.id)
        find.admission(asked, admission.id)
        find.admissions_here(asked, ward.id)
        find.admissions_between(asked, ward.id, now - day, now)
        find.last_observations(asked, admission.id, 16)
        find.last_observations(asked, admission.id, 16, now, judged=False)
        find.observations(asked, admission.id)
        find.observations(asked, admission.id, now - day, now, replaced=True)
        find.observation(asked, find.observations(asked, admission.id)[0].id)
        find.alerts(asked, admission.id, now - day, now)
        find.alert(asked, alert.id)
        find.acknowledgements(asked, alert.id)
        find.answers(asked, admission.id)
        access.wards_of(asked, "x")
        access.ward_of(asked, admission.id)
        access.admission_of(asked, "alert", alert.id)
        access.broken_glass(asked, "x", admission.id, now)
        access.wards_of_patient(asked, admission.patient.id)
        access.last_event(asked)
        find.plans(asked, admission.id)
        find.current_plan(asked, admission.id)
        find.plan(asked, "p")
        find.doses(asked, admission.id, now - day, now)
        find.dose(asked, "d")
        find.decisions(asked, admission.id)
        find.decision(asked, "k")
        find.last_change(asked)
        find.basis_of(asked, admission.id)
        find.account(asked, "nurse")
        find.failed_sign_ins(asked, "nurse", now - day)
        find.session(asked, "x", now)
        asked.execute(audit._LAST)
    slow = {
        sql: line
        for sql, lines in asked.plans.items()
        for line in lines
        if line.startswith("SCAN") and "INDEX" not in line and sql != audit._LAST
        if any(line.split()[1] in (table, alias) for table, alias in _aliases(sql))
    }
    assert bool(slow) == bool(dropped), slow
    assert len(asked.plans) > 20


def _aliases(sql: str) -> list[tuple[str, str]]:
    words = sql.replace(",", " ").replace("(", " ").split()
    return [
        (word, words[n + 1] if n + 1 < len(words) else "")
        for n, word in enumerate(words)
        if word in GROWING and n and words[n - 1].upper() in ("FROM", "JOIN")
    ]


def test_the_record_is_complete_in_the_trail(
    store: Store, verbs: dict[str, Callable[[Clinician], object]], nurse: Clinician, physician: Clinician,
    manager: Clinician, now: datetime,
) -> None:  # fmt: skip
    """Whatever a verb keeps, it says so: who, in which role, when, about which stay; and the chain holds."""
    for verb, run in verbs.items():
        before = counts(store)["audit_event"]
        run(physician if "physician" in may(verb) else manager)
        grew = counts(store)["audit_event"] - before
        assert grew == (0 if verb == "sign_plan" else 1), verb
    with inside(store) as tx:
        rows = tx.execute("SELECT * FROM audit_event ORDER BY seq").fetchall()
        assert audit.first_broken(tx) is None
    assert {r["verb"] for r in rows} >= set(HERE) - {"sign_plan", "lengthen"} - set(CARRIED_BY)
    assert all(json.loads(r["detail"]) is not None and r["clinician_id"] and r["role"] for r in rows)
    assert set(migrations.ENDINGS) <= set(counts(store))
