"""Which role carries which verb: what is not written here is not allowed."""

from detox.clinical.model import Clinician, Role
from detox.errors import NotAllowed

MAY: dict[str, frozenset[Role]] = {
    "admit": frozenset({"nurse", "physician"}),
    "move": frozenset({"nurse", "physician"}),
    "discharge": frozenset({"nurse", "physician"}),
    "record": frozenset({"nurse", "physician"}),
    "amend": frozenset({"nurse", "physician"}),
    "hand_over": frozenset({"nurse", "physician"}),
    "take_back": frozenset({"nurse", "physician"}),
    "set_pin": frozenset({"nurse", "physician"}),
    "acknowledge": frozenset({"nurse", "physician"}),
    "snooze": frozenset({"nurse", "physician"}),
    "set_limit": frozenset({"physician"}),
    "end_limit": frozenset({"physician"}),
    "set_baseline": frozenset({"nurse", "physician"}),
    "set_escalation": frozenset({"manager"}),
    "order_interval": frozenset({"nurse", "physician"}),
    "lengthen": frozenset({"physician"}),
    "state": frozenset({"nurse", "physician"}),
    "change_programme": frozenset({"physician"}),
    "prescribe_spo2_scale": frozenset({"physician"}),
    "allow_programmes": frozenset({"manager"}),
    "ask_two_people": frozenset({"manager"}),
    "chart_dose": frozenset({"nurse", "physician"}),
    "write_plan": frozenset({"physician"}),
    "sign_plan": frozenset({"physician"}),
    "move_plan": frozenset({"physician"}),
    "end_plan": frozenset({"physician"}),
    "decide": frozenset({"physician"}),
    "import": frozenset({"nurse", "physician", "manager"}),
    "export": frozenset({"nurse", "physician", "manager"}),
    "add_clinician": frozenset({"manager"}),
    "review": frozenset({"manager"}),
}

_WORDS = {
    "admit": "admit a patient",
    "move": "move a patient",
    "discharge": "discharge a patient",
    "record": "record an observation",
    "amend": "correct an observation",
    "hand_over": "hand the tablet to a patient",
    "take_back": "take the tablet back from a patient",
    "set_pin": "set a PIN",
    "acknowledge": "acknowledge an alert",
    "snooze": "put an alert aside",
    "set_limit": "set limits for one patient",
    "end_limit": "end limits for one patient",
    "set_baseline": "set a baseline",
    "set_escalation": "set who is told after how long",
    "order_interval": "order an interval",
    "lengthen": "lengthen the interval between observations",
    "state": "answer what is asked about a patient",
    "change_programme": "change the programme",
    "prescribe_spo2_scale": "prescribe the SpO2 scale",
    "allow_programmes": "unlock a programme",
    "ask_two_people": "say which drugs take two people",
    "chart_dose": "chart a dose",
    "write_plan": "write a taper plan",
    "sign_plan": "sign a taper plan",
    "move_plan": "move a plan to another step",
    "end_plan": "end a taper plan",
    "decide": "decide on a suggestion",
    "import": "import a file",
    "export": "export a summary",
    "add_clinician": "add an account",
    "review": "record a review of clinical content",
}


def permitted(by: Clinician, verb: str) -> bool:
    """True when this clinician's role carries the verb and the account is in use."""
    return by.active and by.role in MAY.get(verb, frozenset())


def permit(by: Clinician, verb: str) -> None:
    """Raise NotAllowed, saying who may, unless this clinician's role carries the verb."""
    if not permitted(by, verb):
        who = " or ".join(sorted(MAY.get(verb, frozenset()))) or "nobody"
        raise NotAllowed(f"A {by.role} cannot {_WORDS.get(verb, verb)}: ask a {who}.")
