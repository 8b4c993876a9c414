"""Over a hold only a physician's word: signed in the form, or decided before on all that holds the dose."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from inside import inside

from detox import care
from detox.clinical.model import Decision, Dose, HistoryAnswer, Observation
from detox.errors import Refused
from detox.reports import suggesting
from detox.store import find

MINUTE = timedelta(minutes=1)


@pytest.fixture
def decide(store, physician, now):
    """decide(stay, "declined", ago=3): what is suggested then is decided on, with the reason."""

    def build(admission, verdict="declined", chosen=None, ago=3.0, reason="seen at the bed, fit for the dose"):
        at = now - ago * MINUTE
        with inside(store) as tx:
            shown = suggesting.current(tx, admission, at).as_dict(at)
            basis = find.basis_of(tx, admission.id)
        picked = chosen or ("DECLINED" if verdict == "declined" else str(shown["class"]))
        made = Decision(
            uuid.uuid4().hex, admission.id, verdict, picked, "" if verdict == "accepted" else reason, at, "", shown
        )
        return care.decide(store, physician, made, None, basis, at)

    return build


@pytest.mark.parametrize("reason", ["", "in a hurry", "Dr Lee says so"])
def test_stale_vitals_are_not_typed_past(on, take, give, kept, reason):
    admission = on("methadone", 20, 0)
    take(admission, minutes_ago=61)
    with pytest.raises(Refused, match="Take these vitals first"):
        give(admission, "methadone", 20, reason)
    assert kept(admission) == []
    assert give(admission, "methadone", 20, reason or "no cuff that fits", signed=True).over_hold


def test_only_a_physician_signs_and_with_the_own_secret(on, take, store, nurse, manager, physician, now, password):
    admission = on("methadone", 20, 0)
    take(admission, sedation="3")
    dose = Dose("d", admission.id, None, "methadone", 20, "given", now, "all the same")
    for who in (nurse, manager):
        with pytest.raises(Refused, match="only a physician signs over a hold"):
            care.chart_dose(store, nurse, dose, now, physician_id=who.id, secret=password)
    for wrong in ("", "not it at all"):
        with pytest.raises(Refused):
            care.chart_dose(store, nurse, dose, now, physician_id=physician.id, secret=wrong)
    with inside(store) as tx:
        assert find.doses(tx, admission.id) == []


def test_a_pin_signs_too_and_a_physician_signs_for_themselves(on, take, store, physician, now, password):
    care.set_pin(store, physician, password, "482915", now)
    admission = on("methadone", 20, 0)
    take(admission, sedation="3")
    dose = Dose("d", admission.id, None, "methadone", 20, "given", now, "seen: talks and walks")
    with pytest.raises(Refused, match="that physician signs here"):
        care.chart_dose(store, physician, dose, now)
    care.chart_dose(store, physician, dose, now, physician_id=physician.id, secret="482915")
    with inside(store) as tx:
        (row,) = tx.execute("SELECT * FROM dose_over_hold").fetchall()
    assert (row["signed_with"], row["clinician_id"], row["decision_id"]) == ("pin", physician.id, None)
    assert "3 drifts off" in row["held"]


def test_a_clear_dose_keeps_no_word(on, take, give, store):
    admission = on("methadone", 20, 0)
    take(admission)
    assert give(admission, "methadone", 20, "for the record", signed=True).over_hold == ""


# --- the suggestion --------------------------------------------------------------------------------------------------


def test_a_suggestion_to_withhold_holds_a_dose_that_its_vitals_clear(on, take, give, store, nurse, now, kept):
    admission = on("methadone", 20, 0)
    care.record(store, nurse, Observation("s", admission.id, now - 9 * MINUTE, other={"seizure": 1}), now - 9 * MINUTE)
    take(admission)
    with pytest.raises(Refused) as refused:
        give(admission, "methadone", 20, "he is fine again")
    assert set(refused.value.problems) == {"suggestion", "reason"}
    assert "Seizure 9 min ago" in refused.value.problems["suggestion"]
    assert kept(admission) == []
    give(admission, "methadone", 20, "neurology agrees", signed=True)


def test_one_that_does_not_withhold_takes_a_physicians_word(on, take, give):
    admission = on("methadone", 20, 0)
    take(admission, temperature_c=38.4)
    with pytest.raises(Refused, match="assess for infection"):
        give(admission, "methadone", 20)
    assert give(admission, "methadone", 20, "fever seen, the dose stays", signed=True).over_hold


def test_a_dose_charted_late_is_held_by_what_was_suggested_then(on, take, give, store, nurse, now):
    admission = on("methadone", 20, 0)
    take(admission, minutes_ago=60)
    at = now - 20 * MINUTE
    care.record(store, nurse, Observation("s", admission.id, at, other={"seizure": 1}), at)
    assert give(admission, "methadone", 10, ago=40).over_hold == ""
    with pytest.raises(Refused, match="Seizure"):
        give(admission, "methadone", 10, ago=10)


# --- a decision on record --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verdict", "chosen"), [("declined", None), ("changed", "CONTINUE")])
def test_a_decision_after_the_finding_covers_it(on, take, give, decide, physician, store, verdict, chosen):
    admission = on("methadone", 20, 0)
    take(admission, sedation="3")
    decide(admission, verdict, chosen)
    assert give(admission, "methadone", 20).over_hold == physician.name
    with inside(store) as tx:
        (row,) = tx.execute("SELECT * FROM dose_over_hold").fetchall()
    assert row["signed_with"] == "decision"
    assert row["decision_id"]


@pytest.mark.parametrize(("verdict", "chosen"), [("accepted", None)])
def test_one_that_accepts_the_hold_does_not(on, take, give, decide, verdict, chosen):
    admission = on("methadone", 20, 0)
    take(admission, sedation="3")
    decide(admission, verdict, chosen)
    with pytest.raises(Refused, match="Hold the dose"):
        give(admission, "methadone", 20, "it was decided")


def test_nor_one_from_before_the_finding(on, take, give, decide):
    admission = on("methadone", 20, 0)
    take(admission, minutes_ago=9, sedation="3")
    decide(admission, ago=8)
    take(admission, minutes_ago=5, sedation="3")
    with pytest.raises(Refused, match="Hold the dose"):
        give(admission, "methadone", 20, "it was decided")


def test_nor_one_that_came_after_the_dose(on, take, give, decide):
    admission = on("methadone", 20, 0)
    take(admission, minutes_ago=30, sedation="3")
    decide(admission, ago=3)
    with pytest.raises(Refused, match="Hold the dose"):
        give(admission, "methadone", 20, "it was decided", ago=10)


def test_nor_one_on_a_suggestion_that_did_not_withhold(
    on, take, give, decide, store, manager, physician, ward, now
):  # fmt: skip
    care.allow_programmes(store, manager, ward.id, ["hat"], now - timedelta(hours=48))
    admission, early = on("diamorphine", 20, programme="hat"), now - timedelta(hours=1)
    change = HistoryAnswer("p", admission.id, "programme", "taper", "asks for it", early)
    admission = care.change_programme(store, physician, change, early)  # the plan stays as it was written
    take(admission, respiratory_rate_per_min=11, breath_alcohol_percent=0.0)  # holds this drug, and no rule of danger
    decide(admission)
    with pytest.raises(Refused, match="Respiratory rate 11"):
        give(admission, "diamorphine", 20, "it was decided")


def test_nor_does_it_stand_for_vitals_that_are_missing(on, take, give, decide):
    admission = on("methadone", 20, 0)
    take(admission, sedation="3", spo2_percent=None)
    decide(admission)
    with pytest.raises(Refused, match="was not measured"):
        give(admission, "methadone", 20, "it was decided")


def test_what_is_held_needs_no_physician(on, take, store, nurse, now):
    admission = on("methadone", 20, 0)
    take(admission, sedation="3")
    dose = Dose("d", admission.id, None, "methadone", 0, "held", now, "drowsy")
    assert care.chart_dose(store, nurse, dose, now).status == "held"
    assert care.chart_dose(store, nurse, replace(dose, id="e", status="refused"), now).status == "refused"
