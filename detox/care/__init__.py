"""The verbs of the ward. Each checks who may do it, keeps one thing whole or not at all, and returns what was kept."""

from detox.care.accounts import add_clinician, change_password, change_role, set_up_ward, switch_account
from detox.care.admissions import admit, discharge, move
from detox.care.answering import acknowledge, acknowledge_overdue, answer_danger, set_escalation, snooze
from detox.care.correcting import amend_dose, dose_in_error
from detox.care.dosing import chart_dose, chart_vomited
from detox.care.limits import end_limit, set_baseline, set_limit
from detox.care.monitoring import end_interval, order_interval
from detox.care.observing import Recorded, amend, record
from detox.care.other_doses import chart_other_dose
from detox.care.reviewing import review
from detox.care.self_reporting import answer, check_pin, hand_over, held_by, set_pin, take_back
from detox.care.stating import (
    allow_programmes,
    ask_two_people,
    change_programme,
    prescribe_spo2_scale,
    state,
    state_all,
)
from detox.care.tapering import decide, end_plan, move_plan, sign_plan, write_plan

__all__ = [
    "Recorded",
    "acknowledge",
    "acknowledge_overdue",
    "add_clinician",
    "admit",
    "allow_programmes",
    "amend",
    "amend_dose",
    "answer",
    "answer_danger",
    "ask_two_people",
    "change_password",
    "change_programme",
    "change_role",
    "chart_dose",
    "chart_other_dose",
    "chart_vomited",
    "check_pin",
    "decide",
    "discharge",
    "dose_in_error",
    "end_interval",
    "end_limit",
    "end_plan",
    "hand_over",
    "held_by",
    "move",
    "move_plan",
    "order_interval",
    "prescribe_spo2_scale",
    "record",
    "review",
    "set_baseline",
    "set_escalation",
    "set_limit",
    "set_pin",
    "set_up_ward",
    "sign_plan",
    "snooze",
    "state",
    "state_all",
    "switch_account",
    "take_back",
    "write_plan",
]
