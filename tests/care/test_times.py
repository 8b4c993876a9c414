"""Times of sets and doses: a correction keeps them; what lies outside the admission or ahead misleads none."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from inside import inside

from detox import care
from detox.care import importing
from detox.clinical.charted import Charted
from detox.clinical.model import Admission, Alert, Clinician, Dose, Observation, Vitals
from detox.errors import NeedsConfirmation, Refused
from detox.gate import OPERATOR
from detox.reports import board, patient
from detox.reports.shift import period, shift_of, summary
from detox.store import Store, find

Build = Callable[..., Vitals]
Take = Callable[..., care.Recorded]
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
RED = {"systolic_mmhg": 186.0, "diastolic_mmhg": 112.0}  # a warning until it is confirmed
FAINT = {"respiratory_rate_per_min": 6.0}  # critical at once


@pytest.fixture
def taken(store: Store, nurse: Clinician, admission: Admission, vitals: Build) -> Take:
    """taken(moment, systolic_mmhg=186): a whole set of Silva, recorded as it was taken."""

    def build(at: datetime, stay: Admission = admission, **values: float) -> care.Recorded:
        return care.record(
            store, nurse, Observation(uuid.uuid4().hex, stay.id, at, vitals(**values)), at, confirmed=True
        )

    return build


@pytest.fixture
def amended(store: Store, nurse: Clinician, now: datetime) -> Take:
    def build(original: Observation, **change: object) -> care.Recorded:
        entry = replace(original, id=uuid.uuid4().hex, **change)  # type: ignore[arg-type]
        return care.amend(store, nurse, original.id, entry, "wrong", now, confirmed=True)

    return build


def open_alerts(store: Store, stay: Admission) -> list[Alert]:
    with inside(store) as tx:
        return find.open_alerts(tx, stay.id)


def tile(store: Store, stay: Admission, now: datetime) -> board.Tile:
    with inside(store) as tx:
        return board.tile(tx, find.admission(tx, stay.id), None, now)


class TestACorrectionKeepsTheTime:
    def test_a_correction_of_the_temperature_does_not_hide_the_red_set_of_the_same_minute(
        self, store: Store, admission: Admission, taken: Take, amended: Take, now: datetime
    ) -> None:
        minute = now.replace(second=0) - 2 * MINUTE
        for hours in (20, 16, 12, 8, 4):
            taken(now - hours * HOUR)
        taken(minute + timedelta(seconds=5))
        red = taken(minute + timedelta(seconds=50, milliseconds=123), **RED).observation
        (before,) = open_alerts(store, admission)
        fixed = amended(red, taken_at=minute, vitals=replace(red.vitals, temperature_c=36.9))
        assert fixed.observation.taken_at == red.taken_at
        assert fixed.open_alerts == (before,)
        assert fixed.resolved == ()
        assert tile(store, admission, now).rank == "warning"

    def test_a_changed_minute_is_a_change(self, taken: Take, amended: Take, now: datetime) -> None:
        first = taken(now - HOUR).observation
        assert (
            amended(first, taken_at=first.taken_at.replace(second=0) - MINUTE).observation.taken_at
            == (now - HOUR - MINUTE).replace(second=0)
        )  # fmt: skip

    def test_other_seconds_are_a_change(self, taken: Take, amended: Take, now: datetime) -> None:
        first = taken(now - HOUR).observation
        assert amended(first, taken_at=now - HOUR + timedelta(seconds=3)).observation.taken_at != first.taken_at

    def test_in_the_hour_that_runs_twice_it_stays_the_same_instant(
        self, store: Store, admit: Callable[..., Admission], taken: Take, amended: Take
    ) -> None:
        stay = admit(days_ago=40)
        for at in (datetime(2026, 10, 25, 0, 30, 12, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, 12, tzinfo=UTC)):
            kept = taken(at, stay).observation
            assert amended(kept, taken_at=at.replace(second=0), note="seen").observation.taken_at == at

    def test_so_does_the_correction_of_a_dose(
        self, store: Store, nurse: Clinician, admission: Admission, now: datetime
    ) -> None:
        given_at = now - HOUR
        first = care.chart_other_dose(
            store, nurse, Dose("a", admission.id, None, "naloxone", 0.4, "given", given_at, "Dr Lee"), now
        )
        fixed = replace(first, id="b", dose_mg=0.8, given_at=given_at.replace(second=0))
        assert care.amend_dose(store, nurse, "a", fixed, "two ampoules", now).given_at == given_at

    def test_a_dose_is_brought_up_in_its_own_minute(
        self, store: Store, nurse: Clinician, admission: Admission, now: datetime
    ) -> None:
        dose = Dose("a", admission.id, None, "clonidine", 0.1, "given", now, "Dr Lee")
        care.chart_other_dose(store, nurse, dose, now)
        assert care.chart_vomited(store, nurse, "a", now.replace(second=0), "", now).vomited_at == now


class TestBeforeTheStay:
    def test_a_year_slips_in_the_date(
        self, store: Store, nurse: Clinician, admission: Admission, now: datetime
    ) -> None:
        entry = Observation("o", admission.id, now - 365 * DAY, Vitals(heart_rate_per_min=72))
        for confirmed in (False, True):
            with pytest.raises(Refused, match="before the admission"):
                care.record(store, nurse, entry, now, confirmed=confirmed)

    def test_shortly_before_is_asked_about_and_then_judged(
        self, store: Store, nurse: Clinician, admission: Admission, vitals: Build, now: datetime
    ) -> None:
        early = admission.admitted_at - 20 * MINUTE
        entry = Observation("o", admission.id, early, vitals(**RED))
        with pytest.raises(NeedsConfirmation, match="20 min before the admission") as ask:
            care.record(store, nurse, entry, now)
        assert set(ask.value.questions) == {"taken_at"}
        kept = care.record(store, nurse, entry, now, confirmed=True)
        assert kept.open_alerts

    def test_a_correction_moves_no_set_out_of_the_stay(self, taken: Take, amended: Take, now: datetime) -> None:
        kept = taken(now - HOUR).observation
        with pytest.raises(Refused, match="30 days before|29 days before|28 days before|27 days before"):
            amended(kept, taken_at=now - 30 * DAY)

    @pytest.fixture
    def history(self, store: Store, ward: object, nurse: Clinician, now: datetime) -> Admission:
        """An admission that began yesterday by its first file; another file brings 95/60 of 30 days before."""

        def row(at: datetime, systolic: float) -> Charted:
            made = Vitals(systolic_mmhg=systolic, diastolic_mmhg=60.0, heart_rate_per_min=76.0)
            return Charted(2, "P1", "S1", at, made, {})

        manager = importing.importer(store, now)
        for rows in ([row(now - DAY, 122.0)], [row(now - 30 * DAY, 95.0)]):
            report = importing.import_rows(store, manager, rows, now)
            assert (report.kept, report.rejected) == (1, ())
        with inside(store) as tx:
            stay = find.admission_by_external_id(tx, "S1")
        assert stay is not None
        return stay

    def test_an_imported_history_is_kept_and_opens_nothing(
        self, store: Store, history: Admission, now: datetime
    ) -> None:
        assert open_alerts(store, history) == []
        with inside(store) as tx:
            assert len(find.observations(tx, history.id)) == 2
        assert tile(store, history, now).last_seen == now - DAY

    def test_nor_does_it_when_the_stay_is_worked_out_anew(
        self, store: Store, history: Admission, taken: Take, amended: Take, now: datetime
    ) -> None:
        with inside(store) as tx:
            old, _ = find.observations(tx, history.id)
        fixed = amended(old, vitals=replace(old.vitals, systolic_mmhg=85.0))
        assert (fixed.opened, open_alerts(store, history)) == ((), [])

    def test_a_stay_with_nothing_but_history_waits_for_its_first_set(
        self, store: Store, nurse: Clinician, admission: Admission, vitals: Build, now: datetime
    ) -> None:
        entry = Observation("o", admission.id, now - 30 * DAY, vitals())
        kept = care.record(store, nurse, entry, now, history=True)
        assert kept.due.at == admission.admitted_at
        found = tile(store, admission, now)
        assert (found.rank, found.last_seen) == ("unknown", None)


class TestDosesBeforeTheStay:
    def dose(self, stay: Admission, at: datetime, **change: object) -> Dose:
        whole = Dose(uuid.uuid4().hex, stay.id, None, "methadone", 20.0, "given", at, "Dr Lee")
        return replace(whole, **change)  # type: ignore[arg-type]

    def test_given_here_it_is_asked_about(
        self, store: Store, nurse: Clinician, admission: Admission, now: datetime
    ) -> None:
        dose = self.dose(admission, admission.admitted_at - 30 * MINUTE)
        with pytest.raises(NeedsConfirmation, match="Given 30 min before the admission: is it right"):
            care.chart_other_dose(store, nurse, dose, now)
        assert care.chart_other_dose(store, nurse, dose, now, confirmed=True).given_at == dose.given_at

    @pytest.mark.parametrize("status", ["held", "refused"])
    def test_so_is_one_of_the_plan(
        self, store: Store, nurse: Clinician, admission: Admission, now: datetime, status: str
    ) -> None:
        dose = self.dose(admission, admission.admitted_at - MINUTE, status=status, dose_mg=0.0)
        with pytest.raises(NeedsConfirmation, match=f"{status.capitalize()} 1 min before the admission"):
            care.chart_dose(store, nurse, dose, now)
        assert care.chart_dose(store, nurse, dose, now, confirmed=True).status == status
        early = self.dose(admission, admission.admitted_at - 61 * MINUTE, status=status, dose_mg=0.0)
        with pytest.raises(Refused, match="before the admission"):
            care.chart_dose(store, nurse, early, now, confirmed=True)

    def test_elsewhere_it_may_lie_three_days_before(
        self, store: Store, nurse: Clinician, admission: Admission, now: datetime
    ) -> None:
        minute = admission.admitted_at.replace(second=0)
        at_edge = self.dose(admission, minute - 72 * HOUR, elsewhere=True)
        assert care.chart_other_dose(store, nurse, at_edge, now).elsewhere
        with pytest.raises(Refused, match="write an older one in a note"):
            care.chart_other_dose(
                store, nurse, self.dose(admission, minute - 72 * HOUR - MINUTE, elsewhere=True), now, confirmed=True
            )

    def test_nor_is_a_dose_moved_out_of_the_stay(
        self, store: Store, nurse: Clinician, admission: Admission, now: datetime
    ) -> None:
        first = care.chart_other_dose(store, nurse, self.dose(admission, now - HOUR), now)
        moved = replace(first, id="b", given_at=admission.admitted_at - 10 * MINUTE)
        with pytest.raises(NeedsConfirmation):
            care.amend_dose(store, nurse, first.id, moved, "wrong day", now)
        assert care.amend_dose(store, nurse, first.id, moved, "wrong day", now, confirmed=True).id == "b"


class TestDatedAhead:
    """A tablet's clock stood a day ahead: the set was kept, then the clock was set right."""

    @pytest.fixture
    def tomorrow(self, now: datetime) -> datetime:
        return now + DAY

    def test_a_calm_one_hides_no_danger(
        self, store: Store, admission: Admission, taken: Take, now: datetime, tomorrow: datetime
    ) -> None:
        red = taken(now - 10 * MINUTE, **FAINT)
        before = tile(store, admission, now)
        calm = taken(tomorrow).observation
        after = tile(store, admission, now)
        assert after.ahead == (calm,)
        assert (after.rank, after.vitals, after.due, after.last_seen) == (
            before.rank, before.vitals, before.due, red.observation.taken_at,
        )  # fmt: skip
        assert after.level == "critical"

    def test_it_neither_reassures_nor_sets_the_clock_back(
        self, store: Store, admission: Admission, taken: Take, now: datetime, tomorrow: datetime
    ) -> None:
        taken(now - 30 * HOUR)
        before = tile(store, admission, now)
        taken(tomorrow)
        after = tile(store, admission, now)
        assert before.overdue is not None
        assert (after.overdue, after.rank) == (before.overdue, before.rank)

    def test_a_bed_with_one_is_never_settled(
        self, store: Store, nurse: Clinician, admission: Admission, taken: Take, vitals: Build,
        cows: Callable[..., dict[str, dict[str, int]]], now: datetime, tomorrow: datetime,
    ) -> None:  # fmt: skip
        entry = Observation("o", admission.id, now - MINUTE, vitals(), answers=cows())
        care.record(store, nurse, entry, now, confirmed=True)
        assert tile(store, admission, now).rank == "settled"
        taken(tomorrow)
        assert tile(store, admission, now).rank == "incomplete"

    def test_the_next_set_is_judged_as_if_it_were_not_there(
        self, store: Store, admission: Admission, taken: Take, now: datetime, tomorrow: datetime
    ) -> None:
        for hours in (20, 16, 12, 8, 4):
            taken(now - hours * HOUR)
        taken(tomorrow)
        red = taken(now, **FAINT)
        assert "critical" in {a.finding.level for a in red.opened}
        assert red.due.at <= now + HOUR

    def test_the_alert_of_one_stands_until_it_is_corrected_and_ends_as_amended(
        self, store: Store, admission: Admission, taken: Take, amended: Take, now: datetime, tomorrow: datetime
    ) -> None:
        taken(now - 5 * HOUR)
        wrong = taken(tomorrow, **FAINT)
        stood = {a.id for a in wrong.opened}
        for minutes in (60, 30, 5):  # calm sets end nothing that they come before
            taken(now - minutes * MINUTE)
        assert {a.id for a in open_alerts(store, admission)} == stood
        right = replace(wrong.observation.vitals, respiratory_rate_per_min=16.0)
        fixed = amended(wrong.observation, taken_at=now - 2 * HOUR, vitals=right)
        assert {(a.id, a.resolution) for a in fixed.resolved} == {(one, "amended") for one in stood}
        assert open_alerts(store, admission) == []
        assert tile(store, admission, now).ahead == ()

    def test_with_its_right_time_it_alarms_at_that_time(
        self, store: Store, admission: Admission, taken: Take, amended: Take, now: datetime, tomorrow: datetime
    ) -> None:
        taken(now - 5 * HOUR)
        wrong = taken(tomorrow, **FAINT)
        fixed = amended(wrong.observation, taken_at=now - MINUTE)
        assert {(a.id, a.resolution) for a in fixed.resolved} == {(a.id, "amended") for a in wrong.opened}
        assert {a.opened_at for a in fixed.open_alerts} == {now - MINUTE}
        assert [a.finding.rule for a in fixed.open_alerts] == [a.finding.rule for a in wrong.opened]

    def test_the_correction_of_something_else_does_not_end_its_alert(
        self, store: Store, admission: Admission, taken: Take, amended: Take, now: datetime, tomorrow: datetime
    ) -> None:
        calm = taken(now - 5 * HOUR).observation
        stood = {a.id for a in taken(tomorrow, **FAINT).opened}
        amended(calm, vitals=replace(calm.vitals, heart_rate_per_min=78.0))
        assert {a.id for a in open_alerts(store, admission)} == stood

    def test_a_danger_of_now_takes_the_place_of_its_alert(
        self, store: Store, admission: Admission, taken: Take, now: datetime, tomorrow: datetime
    ) -> None:
        ahead = taken(tomorrow, **FAINT).opened
        red = taken(now, **FAINT)
        assert {a.id for a in red.resolved} == {a.id for a in ahead}
        assert {a.opened_at for a in open_alerts(store, admission)} == {now}

    def test_a_milder_one_of_now_does_not(
        self, store: Store, admission: Admission, taken: Take, now: datetime, tomorrow: datetime
    ) -> None:
        ahead = {a.id for a in taken(tomorrow, **FAINT).opened}
        for minutes in (40, 20, 0):
            taken(now - minutes * MINUTE, respiratory_rate_per_min=10.0)
        standing = open_alerts(store, admission)
        assert {a.id for a in standing} == ahead
        assert "critical" in {a.finding.level for a in standing}

    def test_it_keeps_its_time_only_when_somebody_gives_it_the_right_one(
        self, taken: Take, amended: Take, tomorrow: datetime
    ) -> None:
        wrong = taken(tomorrow).observation
        with pytest.raises(Refused, match="lies in the future"):
            amended(wrong, vitals=replace(wrong.vitals, heart_rate_per_min=80.0))

    def test_the_page_lists_it_and_stands_as_of_now(
        self, store: Store, ward: object, admission: Admission, taken: Take, now: datetime, tomorrow: datetime
    ) -> None:
        taken(now - HOUR)
        wrong = taken(tomorrow).observation
        with inside(store) as tx:
            page = patient.page(tx, find.wards(tx)[0], admission.id, now, 24)
        assert page.as_of == now
        assert page.newest is not None
        assert page.newest.taken_at == now - HOUR
        assert wrong in page.seen
        assert wrong not in page.current
        assert page.tile.ahead == (wrong,)

    def test_the_shift_does_not_count_it(self, store: Store, admission: Admission, taken: Take, now: datetime) -> None:
        taken(now - HOUR)
        with inside(store) as tx:
            ward = find.wards(tx)[0]
        key = shift_of(ward, now).key
        before = summary(store, OPERATOR, ward.id, period(ward, key), now)
        taken(now + HOUR)
        after = summary(store, OPERATOR, ward.id, period(ward, key), now)
        assert after.as_of == before.as_of == now
        assert after.totals == before.totals

    def test_what_is_remembered_of_a_stay_knows_no_set_of_tomorrow(
        self, store: Store, admission: Admission, taken: Take, now: datetime
    ) -> None:
        """Remembered at a clock that stood ahead, then asked at the right one."""
        start = now - 40 * HOUR
        for number in range(80):
            taken(start + number * HOUR)
        red = taken(now, **FAINT)
        assert "critical" in {a.finding.level for a in red.opened}
