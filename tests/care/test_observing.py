"""Recording and correcting: what comes back, what is on disk, what a late or a wrong entry does to the alerts."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.care import observing
from detox.clinical.model import Admission, Clinician, Observation, Vitals
from detox.errors import Conflict, NeedsConfirmation, NotFound, Refused
from detox.store import Store, find

Seen = Callable[..., Observation]
Build = Callable[..., Vitals]
Answers = Callable[..., dict[str, dict[str, int]]]


def fresh(entry: Observation, **change: object) -> Observation:
    return replace(entry, id=uuid.uuid4().hex, **change)  # type: ignore[arg-type]


def test_what_comes_back_is_what_is_on_disk(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, cows: Answers, now: datetime
) -> None:
    recorded = care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=190), answers=cows(tremor=4)), now)
    with inside(store) as tx:
        assert find.observation(tx, recorded.observation.id) == recorded.observation
        assert find.open_alerts(tx, recorded.observation.admission_id) == list(recorded.open_alerts)
    receipt = observing.receipt(store, nurse, recorded.observation.admission_id, recorded.observation.id, now)
    assert receipt is not None
    assert (receipt.due, receipt.interpretations) == (recorded.due, recorded.interpretations)
    assert {a.id for a in receipt.opened} == {a.id for a in recorded.opened}


def test_there_is_no_receipt_for_what_was_never_kept(store: Store, nurse: Clinician, seen: Seen, now: datetime) -> None:
    assert observing.receipt(store, nurse, seen().admission_id, "nothing", now) is None


def test_a_settled_set_raises_nothing_and_says_when_the_next_is_due(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, cows: Answers, now: datetime
) -> None:
    recorded = care.record(store, nurse, seen(vitals=vitals(), answers=cows()), now)
    assert (recorded.opened, recorded.open_alerts, recorded.already) == ((), (), False)
    assert {i.meaning for v, i in recorded.interpretations.items() if v != "breath_alcohol_percent"} == {"normal"}
    assert recorded.due.at > now


def test_why_a_set_was_not_taken_is_kept_as_it_is(store: Store, nurse: Clinician, seen: Seen, now: datetime) -> None:
    recorded = care.record(store, nurse, seen(not_done="asleep", note="wakes easily"), now)
    assert (recorded.observation.not_done, recorded.observation.assessments) == ("asleep", ())
    assert {i.meaning for i in recorded.interpretations.values()} == {"not_assessed"}


def test_the_spo2_scale_is_the_stays(
    store: Store, nurse: Clinician, admit: Callable[..., Admission], vitals: Build, now: datetime
) -> None:
    stay = admit("Osei", "Daniel", spo2_scale=2)
    entry = Observation(uuid.uuid4().hex, stay.id, now, vitals(spo2_percent=90))
    recorded = care.record(store, nurse, entry, now)
    made = recorded.observation.assessment("news2")
    assert recorded.observation.vitals.spo2_scale == 2
    assert made is not None
    assert made.items["spo2"] == 0
    assert care.record(store, nurse, entry, now).already


def test_text_is_cleaned_of_what_hides_or_reorders(store: Store, nurse: Clinician, seen: Seen, now: datetime) -> None:
    recorded = care.record(store, nurse, seen(note="calm\u202e\x00\n  now\u200b, Zoe\u0301"), now)
    assert recorded.observation.note == "calm now, Zo\u00e9"


def test_an_unknown_stay_is_said_so(store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime) -> None:
    with pytest.raises(NotFound, match="no such admission"):
        care.record(store, nurse, replace(seen(vitals=vitals()), admission_id="nobody"), now)


def test_after_discharge_only_what_was_seen_before_it_can_be_recorded(
    store: Store, nurse: Clinician, admission: Admission, seen: Seen, vitals: Build, now: datetime
) -> None:
    care.discharge(store, nurse, admission.id, "goes home", now)
    care.record(store, nurse, seen(vitals=vitals(), minutes_ago=5), now + timedelta(hours=1))
    with pytest.raises(Refused, match="had left by then"):
        care.record(store, nurse, seen(vitals=vitals(), minutes_ago=-5), now + timedelta(hours=1))


def test_a_jump_is_asked_about_against_the_last_measured_set(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    care.record(store, nurse, seen(vitals=vitals(heart_rate_per_min=76), minutes_ago=60), now)
    care.record(store, nurse, seen(not_done="asleep", minutes_ago=30), now)
    with pytest.raises(NeedsConfirmation, match="Pulse 117 /min was 76 at the last reading: is it right"):
        care.record(store, nurse, seen(vitals=vitals(heart_rate_per_min=117)), now)
    care.record(store, nurse, seen(vitals=vitals(heart_rate_per_min=116)), now)


def test_a_late_entry_does_not_end_what_a_newer_one_raised(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    care.record(store, nurse, seen(vitals=vitals(systolic_mmhg=190), minutes_ago=10), now)
    for minutes in (40, 50, 60):
        recorded = care.record(store, nurse, seen(vitals=vitals(), minutes_ago=minutes), now)
    assert {a.finding.rule for a in recorded.open_alerts} == {"systolic_high_red"}


def test_a_late_entry_raises_what_nobody_has_seen_yet(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    care.record(store, nurse, seen(vitals=vitals(temperature_c=None), minutes_ago=10), now)
    recorded = care.record(store, nurse, seen(vitals=vitals(temperature_c=38.6), minutes_ago=60), now)
    assert {a.finding.rule for a in recorded.open_alerts} >= {"temperature_high_emergency"}


# --- corrections ------------------------------------------------------------------------------------------------


def test_a_correction_ends_the_alert_that_the_slip_raised(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    wrong = care.record(store, nurse, seen(vitals=vitals(heart_rate_per_min=176)), now, confirmed=True)
    assert wrong.open_alerts
    right = fresh(wrong.observation, vitals=vitals(heart_rate_per_min=76))
    amended = care.amend(store, nurse, wrong.observation.id, right, "digits swapped", now)
    assert amended.open_alerts == ()
    with inside(store) as tx:
        kept = find.alerts(tx, right.admission_id)
    assert {a.resolution for a in kept} == {"amended"}


def test_a_correction_raises_what_the_slip_hid(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    wrong = care.record(store, nurse, seen(vitals=vitals(respiratory_rate_per_min=18)), now)
    right = fresh(wrong.observation, vitals=vitals(respiratory_rate_per_min=8))
    amended = care.amend(store, nurse, wrong.observation.id, right, "one minute, not half", now)
    assert {a.finding.rule for a in amended.open_alerts} >= {"breathing_low_emergency"}


def test_a_correction_needs_a_reason(store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime) -> None:
    kept = care.record(store, nurse, seen(vitals=vitals()), now).observation
    with pytest.raises(Refused, match="say what was wrong"):
        care.amend(store, nurse, kept.id, fresh(kept), " \u200b ", now)


def test_only_one_of_two_corrections_is_kept(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    kept = care.record(store, nurse, seen(vitals=vitals()), now).observation
    care.amend(store, nurse, kept.id, fresh(kept, note="first"), "wrong arm", now)
    with pytest.raises(Conflict):
        care.amend(store, nurse, kept.id, fresh(kept, note="second"), "wrong arm", now)
    with inside(store) as tx:
        assert [o.note for o in find.observations(tx, kept.admission_id)] == ["first"]


def test_a_correction_can_itself_be_corrected(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    first = care.record(store, nurse, seen(vitals=vitals(), note="one"), now).observation
    second = care.amend(store, nurse, first.id, fresh(first, note="two"), "wrong", now).observation
    third = care.amend(store, nurse, second.id, fresh(second, note="three"), "wrong again", now).observation
    with inside(store) as tx:
        every = find.observations(tx, first.admission_id, replaced=True)
    assert {o.id: o.replaced_by for o in every} == {first.id: second.id, second.id: third.id, third.id: None}


def test_another_patients_set_cannot_be_corrected_into_this_one(
    store: Store, nurse: Clinician, admit: Callable[..., Admission], seen: Seen, vitals: Build, now: datetime
) -> None:
    other = admit("Osei", "Daniel")
    kept = care.record(store, nurse, seen(vitals=vitals()), now).observation
    with pytest.raises(Conflict, match="not this patient's"):
        care.amend(store, nurse, kept.id, fresh(kept, admission_id=other.id), "wrong patient", now)


def test_sending_a_correction_twice_keeps_one(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    kept = care.record(store, nurse, seen(vitals=vitals()), now).observation
    right = fresh(kept, note="left arm")
    care.amend(store, nurse, kept.id, right, "wrong arm", now)
    assert care.amend(store, nurse, kept.id, right, "wrong arm", now).already


def test_a_new_entry_cannot_pretend_to_replace_another(
    store: Store, nurse: Clinician, seen: Seen, vitals: Build, now: datetime
) -> None:
    """Replacing goes by `amend` alone: there the reason is asked for and the original is marked."""
    kept = care.record(store, nurse, seen(vitals=vitals(), minutes_ago=60), now).observation
    entry = replace(seen(vitals=vitals()), replaces=kept.id, replace_reason="sly")
    care.record(store, nurse, entry, now)
    with inside(store) as tx:
        assert [o.replaces for o in find.observations(tx, kept.admission_id)] == [None, None]
