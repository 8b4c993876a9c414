"""A signature: who is signed in proves it once more, at the moment of signing, by PIN or password."""

from datetime import datetime
from typing import Literal

from detox.care import self_reporting
from detox.clinical.model import Clinician
from detox.errors import Refused
from detox.store import Store, find

Signed = Literal["pin", "password", "demo"]


def prove(store: Store, by: Clinician, secret: str, now: datetime) -> Signed:
    """How somebody proved who they are: with the PIN where `secret` looks like one, else with the password.

    In a demo ward nothing is asked, for its people have no secrets. Raises Refused for an empty or wrong one, in the
    words of the sign-in, and when wrong tries have locked it.
    """
    with store.read() as tx:
        demo = any(ward.demo for ward in find.wards(tx))
    if demo:
        return "demo"
    if not secret:
        raise Refused({"secret": "A signature takes your PIN or your password: enter one of them."})
    if len(secret) == self_reporting.PIN_DIGITS and secret.isascii() and secret.isdecimal():
        self_reporting.check_pin(store, by.username, secret, now)
        return "pin"
    self_reporting.check_password(store, by.username, secret, now)
    return "password"
