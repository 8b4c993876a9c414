"""The table of acts: which role may do what. What is not written here is done by nobody."""

from typing import NamedTuple

from detox.clinical.model import Clinician, Role

WARD_STAFF: frozenset[Role] = frozenset({"nurse", "physician"})
PHYSICIAN: frozenset[Role] = frozenset({"physician"})
MANAGER: frozenset[Role] = frozenset({"manager"})
EVERYBODY: frozenset[Role] = frozenset({"nurse", "physician", "manager"})
BY_COMMAND: frozenset[Role] = frozenset({"operator"})


class Act(NamedTuple):
    """One thing that somebody does: in which roles, and in words that end "cannot ..."."""

    roles: frozenset[Role]
    words: str


ACTS: dict[str, Act] = {
    # --- reading: each leaves an event a person, patient or ward, and quarter of an hour
    "see_ward": Act(EVERYBODY | BY_COMMAND, "see the patients of a ward"),
    "see_patient": Act(EVERYBODY | BY_COMMAND, "see a patient's record"),
    "export": Act(EVERYBODY | BY_COMMAND, "export a summary"),
    "who_saw": Act(MANAGER | BY_COMMAND, "see who has read a record"),
    "verify": Act(BY_COMMAND, "check the database"),
    # --- the patient
    "admit": Act(WARD_STAFF, "admit a patient"),
    "move": Act(WARD_STAFF, "move a patient"),
    "discharge": Act(WARD_STAFF, "discharge a patient"),
    "record": Act(WARD_STAFF, "record an observation"),
    "amend": Act(WARD_STAFF, "correct an observation"),
    "hand_over": Act(WARD_STAFF, "hand the tablet to a patient"),
    "answer": Act(WARD_STAFF, "hand a questionnaire to a patient"),  # the patient answers for who handed it over
    "take_back": Act(WARD_STAFF, "take the tablet back from a patient"),
    "acknowledge": Act(WARD_STAFF, "acknowledge an alert"),
    "snooze": Act(WARD_STAFF, "put an alert aside"),
    "set_limit": Act(PHYSICIAN, "set limits for one patient"),
    "end_limit": Act(PHYSICIAN, "end limits for one patient"),
    "set_baseline": Act(WARD_STAFF, "set a baseline"),
    "order_interval": Act(WARD_STAFF, "order an interval"),
    "lengthen": Act(PHYSICIAN, "lengthen the interval between observations"),
    "state": Act(WARD_STAFF, "answer what is asked about a patient"),
    "change_programme": Act(PHYSICIAN, "change the programme"),
    "prescribe_spo2_scale": Act(PHYSICIAN, "prescribe the SpO2 scale"),
    "chart_dose": Act(WARD_STAFF, "chart a dose"),
    "write_plan": Act(PHYSICIAN, "write a taper plan"),
    "sign_plan": Act(PHYSICIAN, "sign a taper plan"),
    "move_plan": Act(PHYSICIAN, "move a plan to another step"),
    "end_plan": Act(PHYSICIAN, "end a taper plan"),
    "decide": Act(PHYSICIAN, "decide on a suggestion"),
    "import": Act(EVERYBODY | BY_COMMAND, "import a file"),
    # --- the ward and its people
    "set_escalation": Act(MANAGER, "set who is told after how long"),
    "allow_programmes": Act(MANAGER, "unlock a programme"),
    "ask_two_people": Act(MANAGER, "say which drugs take two people"),
    "add_clinician": Act(MANAGER, "add an account"),
    "switch_account": Act(MANAGER, "switch an account off or on"),
    "change_role": Act(MANAGER, "change somebody's role"),
    "change_password": Act(EVERYBODY, "change a password"),
    "set_pin": Act(WARD_STAFF, "set a PIN"),
    "review": Act(MANAGER, "record a review of clinical content"),
}


def permitted(by: Clinician, act: str) -> bool:
    """True when this clinician's role carries the act and the account is in use."""
    return by.active and act in ACTS and by.role in ACTS[act].roles
