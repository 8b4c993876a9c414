"""Times on the forms: a field shows the minute and changes none, asks before the admission, finds sets of tomorrow."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest
from inside import inside
from page_html import html_of

from detox import care
from detox.clinical.model import Dose, Observation
from detox.store import find

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def taken(store, nurse, admission, vitals):
    def record(at, **given):
        whole = {"vitals": vitals()} | given
        entry = Observation(uuid.uuid4().hex, admission.id, at, **whole)
        return care.record(store, nurse, entry, at, confirmed=True).observation

    return record


@pytest.fixture
def current(store, admission):
    def read():
        with inside(store) as tx:
            return find.observations(tx, admission.id)

    return read


def field(at, key_end):
    every = [*at.text_input, *at.number_input, *at.date_input, *at.time_input, *at.get("button_group"), *at.selectbox]
    return next(w for w in every if w.key and str(w.key).endswith(key_end))


def press(at, label):
    return next(b for b in at.button if label in b.label).click().run()


def begun(at, prefix):
    every = [*at.get("button_group"), *at.text_input, *at.number_input, *at.selectbox, *at.time_input, *at.date_input]
    return next(w for w in every if w.key and str(w.key).startswith(prefix))


class TestTheSetForm:
    def test_a_corrected_pulse_leaves_the_time_alone(self, open_page, nurse, admission, taken, current, now):
        first = taken(now - HOUR + timedelta(milliseconds=250))
        at = open_page(nurse, "record", admission=admission.id, amend=first.id)
        assert field(at, "-time").value == (now - HOUR).time().replace(second=0)
        field(at, "-heart_rate_per_min").set_value(81.0).run()
        field(at, "-replace_reason").set_value("digits swapped").run()
        press(at, "Save correction")
        assert not at.exception
        (seen,) = current()
        assert (seen.taken_at, seen.vitals.heart_rate_per_min) == (first.taken_at, 81.0)

    def test_a_changed_minute_is_kept(self, open_page, nurse, admission, taken, current, now):
        first = taken(now - HOUR)
        at = open_page(nurse, "record", admission=admission.id, amend=first.id)
        earlier = (now - HOUR).replace(second=0) - 7 * MINUTE
        field(at, "-time").set_value(earlier.time()).run()
        field(at, "-replace_reason").set_value("wrong time").run()
        press(at, "Save correction")
        assert [o.taken_at for o in current()] == [earlier]

    def test_shortly_before_the_admission_it_asks(self, open_page, nurse, admit, store, now):
        stay = admit("Osei", days_ago=0.25 / 24)  # a quarter of an hour ago
        at = open_page(nurse, "record", admission=stay.id)
        field(at, "-when").set_value("Earlier").run()
        field(at, "-time").set_value((now - 40 * MINUTE).time().replace(second=0)).run()
        field(at, "-heart_rate_per_min").set_value(76.0).run()
        press(at, "Save set")
        assert "before the admission: is it right?" in html_of(at)
        press(at, "Yes, right: save")
        with inside(store) as tx:
            (seen,) = find.observations(tx, stay.id)
        assert seen.taken_at == (now - 40 * MINUTE).replace(second=0)

    def test_long_before_it_is_refused_in_words(self, open_page, nurse, admit, store, now):
        stay = admit("Osei", days_ago=0.25 / 24)
        at = open_page(nurse, "record", admission=stay.id)
        field(at, "-when").set_value("Earlier").run()
        field(at, "-day").set_value((now - 2 * DAY).date()).run()
        field(at, "-heart_rate_per_min").set_value(76.0).run()
        press(at, "Save set")
        assert "before the admission; at most 1 h can be: correct the time" in html_of(at)
        with inside(store) as tx:
            assert find.observations(tx, stay.id) == []

    @pytest.mark.parametrize("away", [DAY, -3 * DAY], ids=["of tomorrow", "of before the admission"])
    def test_a_set_with_an_impossible_time_is_corrected(
        self, open_page, nurse, admission, store, vitals, current, now, away
    ):
        entry = Observation("far", admission.id, now + away, vitals())
        care.record(store, nurse, entry, max(now, now + away), history=True)
        at = open_page(nurse, "record", admission=admission.id, amend="far")
        assert not at.exception
        assert (field(at, "-day").value, field(at, "-time").value) == (None, None)
        field(at, "-replace_reason").set_value("the clock was wrong").run()
        press(at, "Save correction")
        assert "Choose the day and the time" in html_of(at)
        field(at, "-day").set_value(now.date()).run()
        field(at, "-time").set_value((now - HOUR).time().replace(second=0)).run()
        press(at, "Save correction")
        assert [o.taken_at for o in current()] == [(now - HOUR).replace(second=0)]


class TestAheadOnTheScreens:
    def test_the_patients_page_says_so_and_lists_it_to_be_corrected(self, open_page, nurse, admission, taken, now):
        taken(now - HOUR)
        taken(now + DAY)
        at = open_page(nurse, "patient", admission=admission.id)
        assert not at.exception
        text = html_of(at)
        assert "Dated ahead of the clock: Sun 22:41" in text
        assert "dated ahead, not judged" in text
        at.get("button_group")  # the sections
        next(w for w in at.get("button_group") if w.key == "section").set_value("Corrections").run()
        options = at.selectbox(key="correct").options
        assert "dated ahead of the clock" in options[0]
        assert len(options) == 2

    def test_so_does_the_board(self, open_page, nurse, taken, now):
        taken(now - HOUR)
        taken(now + DAY)
        at = open_page(nurse, "board")
        assert "Dated ahead of the clock: Sun 22:41" in html_of(at)


class TestTheScaleForm:
    def test_a_corrected_answer_leaves_the_time_alone(self, open_page, nurse, admission, taken, current, now):
        first = taken(now - HOUR, answers={"phq-9": {"little_interest": 1}})
        at = open_page(nurse, "scale", admission=admission.id, scale="phq-9", amend=first.id)
        assert not at.exception
        field(at, "phq-9-little_interest").set_value(2).run()
        field(at, "-replace_reason").set_value("misheard").run()
        press(at, "Save correction")
        (seen,) = current()
        assert (seen.taken_at, seen.answers["phq-9"]["little_interest"]) == (first.taken_at, 2)

    def test_shortly_before_the_admission_it_asks(self, open_page, nurse, admit, store, now):
        stay = admit("Osei", days_ago=0.25 / 24)
        at = open_page(nurse, "scale", admission=stay.id, scale="phq-9")
        field(at, "-when").set_value("Earlier").run()
        field(at, "-time").set_value((now - 40 * MINUTE).time().replace(second=0)).run()
        field(at, "phq-9-little_interest").set_value(1).run()
        press(at, "Save PHQ-9")
        assert "before the admission: is it right?" in html_of(at)
        press(at, "Yes, right: save")
        with inside(store) as tx:
            assert len(find.observations(tx, stay.id)) == 1


class TestTheDoseForms:
    @pytest.fixture
    def doses(self, store):
        def read(stay):
            with inside(store) as tx:
                return find.doses(tx, stay.id)

        return read

    @pytest.fixture
    def clonidine(self, store, nurse, admission, now):
        dose = Dose("c", admission.id, None, "clonidine", 0.1, "given", now - HOUR, "Dr Lee")
        return care.chart_other_dose(store, nurse, dose, now)

    def test_a_corrected_amount_leaves_the_time_alone(self, open_page, nurse, admission, clonidine, doses, now):
        at = open_page(nurse, "patient", admission=admission.id)
        next(w for w in at.get("button_group") if w.key == "section").set_value("Corrections").run()
        begun(at, "wrong-").set_value("c").run()
        begun(at, "right-").set_value("given")
        begun(at, "fixed-mg-").set_value(0.2)
        begun(at, "fixed-at-").set_value((now - HOUR).time().replace(second=0))  # as it is shown
        begun(at, "mistake-").set_value("two tablets")
        press(at, "Correct this dose")
        assert not at.exception
        assert [(d.dose_mg, d.given_at) for d in doses(admission)] == [(0.2, clonidine.given_at)]

    @pytest.mark.parametrize("hour", [0, 1], ids=["the first 01:30", "the second 01:30"])
    def test_in_the_hour_that_runs_twice_it_keeps_its_instant(self, open_page, nurse, admit, store, doses, hour):
        stay = admit("Osei", days_ago=40)
        at_night = datetime(2026, 10, 25, hour, 30, 12, tzinfo=UTC)
        dose = Dose("c", stay.id, None, "clonidine", 0.1, "given", at_night, "Dr Lee")
        care.chart_other_dose(store, nurse, dose, at_night)
        at = open_page(nurse, "patient", admission=stay.id)
        next(w for w in at.get("button_group") if w.key == "section").set_value("Corrections").run()
        begun(at, "wrong-").set_value("c").run()
        begun(at, "right-").set_value("given")
        begun(at, "fixed-mg-").set_value(0.2)
        begun(at, "fixed-day-").set_value(date(2026, 10, 25))
        begun(at, "fixed-at-").set_value(time(1, 30))
        begun(at, "mistake-").set_value("two tablets")
        press(at, "Correct this dose")
        assert [(d.dose_mg, d.given_at) for d in doses(stay)] == [(0.2, at_night)]

    def test_given_shortly_before_the_admission_it_asks(self, open_page, nurse, admit, doses, now):
        stay = admit("Osei", days_ago=0.25 / 24)
        at = open_page(nurse, "patient", admission=stay.id)
        at.toggle(key="give-dose").set_value(True).run()
        begun(at, "drug-").set_value("clonidine")
        begun(at, "mg-").set_value(0.1)
        begun(at, "at-").set_value((now - 40 * MINUTE).time().replace(second=0))
        begun(at, "where-").set_value("here")
        begun(at, "reason-").set_value("Dr Lee")
        press(at, "Chart this other dose")
        assert doses(stay) == []
        assert "Given 25 min before the admission" in " ".join(w.value for w in at.warning)
        at.checkbox[0].set_value(True)
        press(at, "Chart this other dose")
        assert [d.given_at for d in doses(stay)] == [(now - 40 * MINUTE).replace(second=0)]
