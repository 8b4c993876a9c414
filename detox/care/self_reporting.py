"""The tablet in a patient's hands: given by a clinician, answered one question at a time, taken back by PIN.

What was answered is kept at once. It becomes one observation of the clinician who handed the tablet over as soon as
somebody takes it back; what was not answered stays missing.
"""

from dataclasses import dataclass
from datetime import datetime

from detox import gate
from detox.care import authentication, passwords
from detox.care.observing import record
from detox.clinical import protocols
from detox.clinical.model import Admission, Clinician, Observation
from detox.errors import Conflict, NotFound, Refused
from detox.gate import permit, permitted
from detox.store import Store, audit, find, keep, self_reports
from detox.store.self_reports import SelfReport

NOTE = "self-report by the patient"
PIN_DIGITS = 6
FREE_TRIES = 5

_UNKNOWN = "User name and PIN do not belong together, or there is no PIN: check both, or use the password."
_LOCKED = f"This PIN is locked after {FREE_TRIES} wrong tries: use the password."


_OVER = "This questionnaire is over: please give the tablet back to the nurse."


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of a self-report: the observation's id, None where nothing was answered; and whether the sign-in of
    the browser that was handed over has ended with it."""

    report: SelfReport
    observation_id: str | None
    signed_out: bool


def hand_over(
    store: Store, by: Clinician, report_id: str, token_hash: str, admission_id: str, scale_id: str, now: datetime
) -> SelfReport:
    """Give the browser of that sign-in to the patient for one scale; from then on it shows nothing else.

    `report_id` is made by whoever hands over, so that two taps start one. Raises Refused for a scale that patients do
    not answer or a patient who has left, Conflict when this browser is handed over for something else already.
    """
    permit(store, by, "hand_over", now)
    scale = protocols.scale(scale_id)
    if scale.observer != "self-report":
        raise Refused(f"{scale.short_name} is rated by a clinician: the patient does not answer it alone.")
    with gate.write(store, by, "hand_over", now, admission_id=admission_id) as tx:
        admission = find.admission(tx, admission_id)
        if admission.discharged_at is not None:
            raise Refused("The patient has left: there is nobody to hand the tablet to.")
        known = self_reports.open_on(tx, token_hash)
        if known is not None and (known.id, known.admission_id, known.scale) == (report_id, admission_id, scale_id):
            return known
        used = find.observation(tx, report_id) or self_reports.report(tx, report_id)
        if known is not None or used is not None:
            raise Conflict("This form was used already: open the scale again and hand the tablet over once more.")
        self_reports.start(tx, report_id, token_hash, admission_id, scale_id, scale.version, by.id, now)
        detail: dict[str, object] = {"scale": scale_id, "version": scale.version, "admission_id": admission_id}
        audit.event(tx, now, by, "hand_over", "self_report", report_id, detail=detail)
        return _of(self_reports.report(tx, report_id))


def held_by(store: Store, token_hash: str) -> tuple[Clinician, str] | None:
    """Who handed that browser to a patient, and for which admission; None where it is in nobody's hands."""
    with store.read() as tx:
        held = self_reports.held(tx, token_hash)
        return None if held is None else (find.clinician(tx, held[0]), held[1])


def answer(store: Store, token_hash: str, item_id: str, value: int | None, now: datetime) -> SelfReport:
    """Keep what the patient answered to one question; None is "I'd rather not answer", and may be changed later.

    The patient has no account: what permits the answer is the browser that a clinician has handed over. Raises Refused
    for an answer that the question does not have, NotFound when nothing is handed over on this browser.
    """
    held = held_by(store, token_hash)
    if held is None:
        raise NotFound(_OVER)
    giver, admission_id = held
    with gate.write(store, giver, "answer", now, admission_id=admission_id) as tx:
        report = self_reports.open_on(tx, token_hash)
        if report is None or find.observation(tx, report.id) is not None:
            raise NotFound(_OVER)
        item = next((i for i in protocols.scale(report.scale).items if i.id == item_id), None)
        if item is None or (value is not None and value not in item.values):
            raise Refused("This answer does not belong to the question: please choose one of the buttons.")
        self_reports.answer(tx, report.id, item_id, value, now)
        detail = {"item": item_id, "rather_not": value is None}
        audit.event(tx, now, giver, "answer", "self_report", report.id, admission_id=admission_id, detail=detail)
        return _of(self_reports.report(tx, report.id))


def take_back(store: Store, by: Clinician, report_id: str, now: datetime, *, here: bool = False) -> TakenBack:
    """End a self-report and keep its answers as one observation of whoever handed over. Taking back twice keeps one.

    `here` is True when `by` has proven who they are on the very browser that was handed over: if it was theirs, it is
    theirs again. In every other case the sign-in of that browser ends, so that it does not open before the patient.
    """
    permit(store, by, "take_back", now)
    with store.read() as tx:
        about = self_reports.admission_of(tx, report_id)
    if about is None:
        raise NotFound("There is no such self-report: open the patient again.")
    with gate.read(store, by, "take_back", now, admission_id=about) as tx:
        report = _of(self_reports.report(tx, report_id))
        giver, admission = find.clinician(tx, report.started_by), find.admission(tx, report.admission_id)
    ends = not (here and by.id == report.started_by)
    if report.ended_at is not None:
        return TakenBack(report, report.observation_id, ends)
    entry = _entry(report, admission)
    if entry is not None:  # kept under the report's own id: after it no answer is taken, a second try finds it
        record(store, giver if permitted(giver, "record") else by, entry, now)
    with gate.write(store, by, "take_back", now, admission_id=about) as tx:
        known = _of(self_reports.report(tx, report_id))
        if known.ended_at is not None:
            return TakenBack(known, known.observation_id, ends)
        self_reports.end(tx, report_id, now, by.id, entry.id if entry else None)
        if ends:
            keep.end_session(tx, report.token_hash, now)
        detail: dict[str, object] = {
            "scale": report.scale, "handed_over_by": report.started_by, "admission_id": report.admission_id,
            "answered": sum(v is not None for v in report.answers.values()), "signed_out": ends,
        }  # fmt: skip
        audit.event(tx, now, by, "take_back", "self_report", report_id, detail=detail)
        return TakenBack(_of(self_reports.report(tx, report_id)), entry.id if entry else None, ends)


def set_pin(store: Store, by: Clinician, password: str, pin: str, now: datetime) -> None:
    """Set one's own PIN, proven by the password. Raises Refused for a wrong password and for a PIN easily guessed."""
    permit(store, by, "set_pin", now)
    check_new_pin(pin)
    authentication.by_password(store, by.username, password, now)
    secret = passwords.hash_password(pin)
    with store.write() as tx:
        self_reports.set_pin(tx, by.id, secret, now)
        self_reports.tried(tx, by.id, now, proven=True)
        audit.event(tx, now, by, "set_pin", "clinician", by.id)


def check_new_pin(pin: str) -> None:
    """Raise Refused unless the PIN is six digits that nobody tries first."""
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdecimal()):
        raise Refused({"pin": f"The PIN takes {PIN_DIGITS} digits: choose {PIN_DIGITS}."})
    steps = {(int(after) - int(before)) % 10 for before, after in zip(pin, pin[1:], strict=False)}
    repeats = any(pin == pin[:length] * (PIN_DIGITS // length) for length in (1, 2, 3))
    if repeats or steps in ({1}, {9}):
        raise Refused({"pin": "This PIN is tried first by anybody: no repeated digits, none that run up or down."})


def check_pin(store: Store, username: str, pin: str, now: datetime, *, where: str = "") -> Clinician:
    """Whose PIN it is. Every wrong try is counted in the database and told in the trail; `where` names the self-report.

    Raises Refused in the same words and after the same time for an unknown name, no PIN and a wrong one. After five
    wrong tries in a row the PIN is locked until the password has been proven.
    """
    name = authentication.named(username)
    with authentication.turn(name):
        with store.read() as tx:
            account = find.account(tx, name)
            who = account[0] if account else None
            known = self_reports.pin(tx, who.id) if who else None
            wrong = self_reports.wrong_in_a_row(tx, who.id) if who else 0
        if who is not None and known is not None and wrong >= FREE_TRIES:
            raise Refused({"pin": _LOCKED})
        right = passwords.verify(known[0] if known else None, pin[: authentication.LONGEST_PASSWORD])
        if who is None or known is None or not permitted(who, "take_back"):
            raise Refused({"pin": _UNKNOWN})
        with store.write() as tx:
            self_reports.tried(tx, who.id, now, proven=right)
            if not right:
                audit.event(
                    tx, now, who, "wrong_pin", "clinician", who.id, detail={"try": wrong + 1, "self_report": where}
                )
    if not right:
        raise Refused({"pin": _LOCKED if wrong + 1 >= FREE_TRIES else _UNKNOWN})
    return who


def check_password(store: Store, username: str, password: str, now: datetime) -> Clinician:
    """Who may take back by password, which also unlocks the PIN. Raises Refused as signing in does, and NotAllowed."""
    who = authentication.by_password(store, username, password, now)
    permit(store, who, "take_back", now)
    with store.write() as tx:
        if self_reports.wrong_in_a_row(tx, who.id):
            self_reports.tried(tx, who.id, now, proven=True)
    return who


def _entry(report: SelfReport, admission: Admission) -> Observation | None:
    """The answers as an observation of the last answer's moment; None where no question was answered."""
    scale = protocols.scales().get(report.scale)
    values = {item.id: item.values for item in scale.items} if scale else {}
    given = {item: v for item, v in report.answers.items() if v is not None and v in values.get(item, ())}
    if not given:
        return None
    left_at = admission.discharged_at
    taken_at = report.answered_at if left_at is None else min(report.answered_at, left_at)
    return Observation(report.id, report.admission_id, taken_at, answers={report.scale: given}, note=NOTE)


def _of(report: SelfReport | None) -> SelfReport:
    if report is None:
        raise NotFound("There is no such self-report: open the patient again.")
    return report
