"""The verbs of the ward. Each checks who may do it, keeps one thing whole or not at all, and returns what was kept."""

from detox.care.accounts import add_clinician, set_up_ward
from detox.care.alerting import acknowledge, acknowledge_overdue
from detox.care.observing import Recorded, amend, record
from detox.care.staying import admit, discharge, move
from detox.care.tapering import chart_dose, decide, end_plan, sign_plan, write_plan

__all__ = [
    "Recorded",
    "acknowledge",
    "acknowledge_overdue",
    "add_clinician",
    "admit",
    "amend",
    "chart_dose",
    "decide",
    "discharge",
    "end_plan",
    "move",
    "record",
    "set_up_ward",
    "sign_plan",
    "write_plan",
]
