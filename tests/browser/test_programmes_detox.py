"""Detoxification with each medicine once, from admission to its end, on screen, over as many days as it takes."""

import re

import pytest
from inside import inside
from walk import answer, decisions, doses

from detox import care
from detox.store import find

pytestmark = pytest.mark.browser


def test_a_seven_day_buprenorphine_detox(walk, people, password):
    nurse, physician = people()
    walk.admit(nurse, "Buprenorphine start", **{"Opioid used": "heroin", "Hours since the last use": "14"})
    walk.see(14, ago=2, heart_rate_per_min=84)
    walk.open(physician)
    walk.plan(physician, password, "buprenorphine", "8")
    walk.clock.forward(minutes=1)
    walk.see(14, heart_rate_per_min=84)
    walk.open(physician)
    walk.expect(physician, "Start criteria are met")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "4")
    walk.shot(nurse, "1-first-dose")

    walk.clock.forward(minutes=50)  # precipitated withdrawal: 15 before, 22 after
    walk.see(21, heart_rate_per_min=96)
    walk.open(physician)
    walk.expect(physician, "Hold and call the physician", "precipitated", "Do not withhold")
    walk.shot(physician, "2-precipitated")
    walk.open(nurse)  # no nurse alone gives more
    walk.open_dose(nurse)
    nurse.locator(".st-key-dose").get_by_text("Do not withhold on this ground").wait_for()
    walk.shot(nurse, "2-by-a-physician's-word")
    answer(physician, "COWS 22 against 15", "Acknowledge", "What was done?", "4 mg more now, stay", "as ordered")
    physician.get_by_text(re.compile("answered 0 min ago by P. Test")).wait_for()
    walk.open(nurse)
    walk.dose(nurse, "Given", "4")
    nurse.locator(".st-key-dose").get_by_text(re.compile("over a hold by the word of P. Test")).wait_for()
    walk.open(physician)
    walk.decide(physician, password, "Decline", "more buprenorphine was given, by my order")
    walk.clock.forward(minutes=40)
    walk.see(9, heart_rate_per_min=84)  # near the score before it: over
    walk.open(nurse)
    assert nurse.locator(".dx-alert.critical").count() == 0
    walk.shot(nurse, "2-over")

    walk.clock.forward(hours=20)  # day 2: the taper begins
    walk.see(5)
    nurse, physician = people()
    walk.open(physician)
    walk.change_programme(physician, "Detox taper", "started, settled on 8 mg")
    walk.plan(physician, password, "buprenorphine", "8, 4, 0")
    walk.open(nurse)
    walk.dose(nurse, "Given", "8")

    for hours in (8, 17):  # day 3: both scores low, the step is due
        walk.clock.forward(hours=hours)
        walk.see(5)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Step down to the next dose")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "4")

    walk.clock.forward(hours=22)  # day 4: moderate twice an hour apart, with signs: back up
    walk.see(14, heart_rate_per_min=84)
    walk.clock.forward(hours=1.2)
    walk.see(14, heart_rate_per_min=84)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Step back up")
    walk.shot(physician, "3-step-back-up")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "8")

    for hours in (10, 15):  # day 5: due, but not yet tolerated: the step is held
        walk.clock.forward(hours=hours)
        walk.see(9, heart_rate_per_min=84)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Hold the step")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "8")

    for hours in (8, 16):  # day 6
        walk.clock.forward(hours=hours)
        walk.see(5)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Step down to the next dose")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "4")

    for hours in (8, 17):  # day 7: no step to zero before the checklist
        walk.clock.forward(hours=hours)
        walk.see(3)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Hold the step", "checklist")
    walk.open(nurse)
    walk.tick_all(nurse)
    walk.shot(nurse, "4-checklist")
    walk.open(physician)
    walk.expect(physician, "Step down to the next dose")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.discharge(nurse, "completed, first appointment on Monday")

    given = [mg for _, mg, status in doses(walk) if status == "given"]
    assert given == [4, 4, 8, 4, 8, 8, 4]
    assert [chosen for _, chosen, _ in decisions(walk)] == [
        "START_MET", "DECLINED", "STEP_DOWN", "STEP_UP", "HOLD_STEP", "STEP_DOWN", "STEP_DOWN",
    ]  # fmt: skip


def test_methadone_from_the_first_dose_to_the_last(walk, people, password):
    with inside(walk.store) as tx:
        ward = find.wards(tx)[0].id
    care.allow_programmes(walk.store, walk.person("manager"), ward, ["methadone_start"], walk.clock.now)
    nurse, physician = people()
    walk.admit(nurse, "Methadone start", **{"Opioid used": "heroin", "Hours since the last use": "14"})
    walk.results(qtc_ms=428)
    walk.see(14, ago=2, heart_rate_per_min=84)
    walk.open(physician)
    walk.plan(physician, password, "methadone", "30")
    walk.clock.forward(minutes=1)
    walk.see(14, heart_rate_per_min=84)
    walk.open(physician)
    walk.expect(physician, "Start criteria are met")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "30")

    walk.clock.forward(hours=24)  # day 2
    walk.see(5)
    nurse, physician = people()
    walk.open(physician)
    walk.change_programme(physician, "Detox taper", "30 mg tolerated")
    walk.plan(physician, password, "methadone", "30, 20, 10, 0")
    walk.open(nurse)
    walk.dose(nurse, "Given", "30")

    for hours in (8, 17):  # day 3: drowsy, and breathing slowly: methadone accumulates
        walk.clock.forward(hours=hours)
        walk.see(3, sedation="2", respiratory_rate_per_min=11)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Hold and call the physician", "Withhold the next dose", "Methadone day 2")
    walk.shot(physician, "methadone-accumulates")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Held", why="drowsy, breathing 11, Dr Test has seen her")

    for day, mg in ((4, "20"), (5, "10")):
        for hours in (8, 17):
            walk.clock.forward(hours=hours)
            walk.see(5)
        nurse, physician = people()
        walk.open(physician)
        walk.expect(physician, "Step down to the next dose")
        walk.decide(physician, password, "Accept")
        walk.open(nurse)
        walk.dose(nurse, "Given", mg)
        assert day
    for hours in (8, 17):
        walk.clock.forward(hours=hours)
        walk.see(3)
    nurse, physician = people()
    walk.open(nurse)
    walk.tick_all(nurse)
    walk.open(physician)
    walk.expect(physician, "Step down to the next dose")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.discharge(nurse, "completed")
    assert [(mg, status) for _, mg, status in doses(walk)] == [
        (30, "given"), (30, "given"), (0, "held"), (20, "given"), (10, "given"),
    ]  # fmt: skip


def test_lofexidine_with_a_held_dose(walk, people, password):
    nurse, physician = people()
    walk.admit(nurse, "Alpha-2 start", **{"Opioid used": "heroin", "Hours since the last use": "14"})
    walk.results(qtc_ms=412, potassium_mmol_l=4.1, egfr_ml_min=96)
    walk.see(9, heart_rate_per_min=84)
    walk.open(physician)
    walk.plan(physician, password, "lofexidine", "2.16")
    walk.clock.forward(minutes=1)
    walk.see(9, heart_rate_per_min=84)
    walk.open(physician)
    walk.expect(physician, "Start criteria are met")
    walk.decide(physician, password, "Accept")
    walk.change_programme(physician, "Symptom relief (alpha-2)", "start criteria met")
    walk.plan(physician, password, "lofexidine", "2.16, 1.08, 0")
    walk.open(nurse)
    walk.dose(nurse, "Given", "0.54")

    walk.clock.forward(hours=6)  # the pressure has fallen: the form says so before anything is given
    walk.see(5, systolic_mmhg=86, diastolic_mmhg=52, heart_rate_per_min=58)
    walk.open(nurse)
    walk.open_dose(nurse)
    nurse.get_by_text("Hold this dose").wait_for()
    walk.shot(nurse, "lofexidine-held")
    walk.dose(nurse, "Held", held_for="Systolic pressure 86", why="told Dr Test, legs up")
    walk.open(physician)
    walk.expect(physician, "Hold and call the physician", "Withhold the next dose")
    walk.decide(physician, password, "Accept")

    walk.clock.forward(hours=6)
    walk.see(5)
    nurse, physician = people()
    walk.open(nurse)
    walk.open_dose(nurse)  # one reading is not enough to end what was so low
    nurse.locator(".st-key-dose").get_by_text("Withhold the next dose").wait_for()
    walk.shot(nurse, "lofexidine-one-reading")
    walk.clock.forward(minutes=30)
    walk.see(5)
    walk.open(nurse)
    walk.dose(nurse, "Given", "0.54")

    for hours in (12, 13, 12):  # settled for a day: down, never stopped abruptly
        walk.clock.forward(hours=hours)
        walk.see(3)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Step down to the next dose", "never abrupt")
    walk.decide(physician, password, "Accept")
    for hours in (8, 16, 2):
        walk.clock.forward(hours=hours)
        walk.see(3)
    nurse, physician = people()
    walk.open(nurse)
    walk.tick_all(nurse)
    walk.open(physician)
    walk.expect(physician, "Step down to the next dose")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.discharge(nurse, "completed; pressure to be taken daily for 3 days")
    assert doses(walk) == [("lofexidine", 0.54, "given"), ("lofexidine", 0, "held"), ("lofexidine", 0.54, "given")]
