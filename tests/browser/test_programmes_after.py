"""Naltrexone, maintenance and medical heroin once each, on screen, over as many days as it takes."""

import re

import pytest
from walk import answer, doses

pytestmark = pytest.mark.browser


def test_naltrexone_refused_then_met(walk, people, password):
    nurse, physician = people()
    walk.admit(nurse, "Naltrexone start", **{"Opioid used": "heroin", "Hours since the last use": "100"})
    panel = {"urine_opiate": 0, "urine_fentanyl": 0, "urine_methadone": 0, "urine_buprenorphine": 0}
    walk.results(urine_opiate=1, urine_fentanyl=0, urine_methadone=0, urine_buprenorphine=0, liver_tests_high=0)
    walk.see(3)
    walk.open(physician)
    walk.plan(physician, password, "naltrexone_xr", "380")
    walk.clock.forward(minutes=1)
    walk.see(3)
    walk.open(physician)
    walk.expect(physician, "Start criteria are not met")
    walk.shot(physician, "naltrexone-refused")
    walk.decide(physician, password, "Accept")

    walk.clock.forward(hours=24 * 5)
    walk.results(naloxone_challenge=0, liver_tests_high=0, **panel)
    walk.see(0)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Start criteria are met")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "380")
    walk.discharge(nurse, "to outpatient care, next injection in 4 weeks")
    assert doses(walk) == [("naltrexone_xr", 380, "given")]


def test_a_week_of_observed_maintenance_with_a_missed_day(walk, people, password):
    nurse, physician = people()
    walk.admit(nurse, "Maintenance, observed dosing", **{"Opioid used": "methadone"})
    walk.open(physician)
    walk.plan(physician, password, "methadone", "60")
    for day in range(1, 8):
        walk.see(3, temperature_c=38.4 if day == 6 else 36.8)
        if day > 1:
            nurse, physician = people()
        walk.open(nurse)
        if day == 4:
            walk.dose(nurse, "Refused", why="did not come, reached by phone")
        elif day == 6:  # a fever takes a physician's word for this dose, signed in the form
            walk.open_dose(nurse)
            nurse.locator(".st-key-dose").get_by_text("Do not withhold on this ground").wait_for()
            walk.dose(nurse, "Given", "60", why="seen by Dr Test, swabs sent", by="P. Test", secret=password)
            nurse.locator(".st-key-dose").get_by_text(re.compile("over a hold by the word of P. Test")).wait_for()
            walk.shot(nurse, "maintenance-fever")
            walk.open(physician)
            answer(physician, "38.4: 38.0 or more", "Acknowledge", "What was done?", "a cold by its look, swabs sent")
            physician.get_by_text(re.compile("answered 0 min ago by P. Test")).first.wait_for()
            for _ in range(2):  # it has gone by the evening, and was answered: no dose waits for it any more
                walk.clock.forward(minutes=30)
                walk.see(3)
        else:
            walk.dose(nurse, "Given", "60")
        walk.clock.forward(hours=24)
    walk.see(3)
    nurse, physician = people()
    walk.open(physician)
    walk.expect(physician, "Continue")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.open_dose(nurse)
    nurse.locator(".st-key-dose").get_by_text("After missed days").click()
    nurse.get_by_text("new induction").wait_for()
    walk.shot(nurse, "maintenance-missed")
    assert [status for _, _, status in doses(walk)] == ["given"] * 3 + ["refused"] + ["given"] * 3
    walk.discharge(nurse, "goes on as an outpatient")


def test_a_visit_for_medical_heroin_refused_for_alcohol_and_met_the_next_day(walk, people, tablet, sign_in, password):
    manager = sign_in(tablet(), walk.url, "manager")
    manager.get_by_role("link", name="Ward and accounts").click()
    manager.get_by_role("button", name="Heroin-assisted treatment").click()
    manager.locator("[data-testid=stForm]").filter(has_text="Lawful").get_by_role("button", name="Set for").click()
    nurse, physician = people()
    walk.admit(nurse, "Heroin-assisted treatment", **{"Opioid used": "diamorphine"})
    walk.open(physician)
    walk.plan(physician, password, "diamorphine", "200")
    walk.see(3, breath_alcohol_percent=0.08)
    walk.open(nurse)
    walk.elsewhere(nurse, "diamorphine", "200", "the clinic of the town, Dr Lee")
    walk.open_dose(nurse)
    nurse.get_by_text("Hold this dose").wait_for()
    walk.shot(nurse, "heroin-alcohol")
    walk.dose(nurse, "Held", held_for="0.08", why="asked to come back in the evening")
    walk.open(physician)
    walk.expect(physician, "Hold and call the physician", "Withhold the next dose")
    walk.decide(physician, password, "Accept")

    walk.clock.forward(hours=8)
    walk.see(3, breath_alcohol_percent=0.0)
    walk.open(physician)
    walk.expect(physician, "Start criteria are met")
    walk.decide(physician, password, "Accept")
    walk.open(nurse)
    walk.dose(nurse, "Given", "200")
    for minutes in (15, 15):
        walk.clock.forward(minutes=minutes)
        walk.see(None)
    walk.open(nurse)
    walk.discharge(nurse, "visit over: awake, breathing 16, saturation 97")
    assert doses(walk) == [
        ("diamorphine", 200, "given"), ("diamorphine", 0, "held"), ("diamorphine", 200, "given"),
    ]  # fmt: skip
