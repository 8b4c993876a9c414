"""The one gate in front of the store: who may see and do what, and the event that each of it leaves.

A connection that `Store` gives out by itself reaches the house alone (wards, beds, accounts, sessions). Patients are
reached through `read` and `write` of this room, which ask for the person, the act, the patient or ward, and the
purpose. What is not named in `acts.py` is done by nobody.
"""

from detox.gate.acts import ACTS, Act, permitted
from detox.gate.door import break_glass, check, permit, read, who_saw, write
from detox.gate.events import OPERATOR

__all__ = ["ACTS", "OPERATOR", "Act", "break_glass", "check", "permit", "permitted", "read", "who_saw", "write"]
