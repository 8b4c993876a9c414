"""What is set for one admission: limits of a vital for some hours, and what is usual for this person.

The alerts of the admission follow in the same transaction: a limit or a baseline decides which of them hold.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from detox import gate
from detox.care import alerting
from detox.care.text import clean
from detox.clinical.alerts.escalation import answering_file, may_loosen, ward_limits
from detox.clinical.model import Admission, Baseline, Clinician, PatientLimit
from detox.clinical.protocols import Range, vitals_file
from detox.clinical.scales import round_half_up
from detox.errors import Conflict, NotFound, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, orders


def set_limit(store: Store, by: Clinician, wanted: PatientLimit, now: datetime) -> PatientLimit:
    """Set where warning and critical begin for one vital of one admission, in the vital's unit, until a time.

    It holds from `now` and ends the limit that held for the same vital and side. `wanted.id` is made by the screen so
    that a double tap keeps one. Raises Refused with every problem at once, Conflict after the admission, NotFound.
    """
    permit(store, by, "set_limit", now)
    wanted = replace(wanted, reason=clean(wanted.reason), set_at=now, set_by=by.name, ended_at=None, ended_by="")
    with gate.write(store, by, "set_limit", now, admission_id=wanted.admission_id) as tx:
        admission = _here(tx, wanted.admission_id)
        known = orders.patient_limits(tx, admission.id)
        if (kept := next((one for one in known if one.id == wanted.id), None)) is not None:
            return kept
        if problems := limit_problems(wanted, admission, now):
            raise Refused(problems)
        same = [o for o in known if (o.vital, o.side) == (wanted.vital, wanted.side) and o.holds_at(now)]
        for old in same:
            orders.end_patient_limit(tx, old.id, now, by)
        orders.keep_patient_limit(tx, wanted, by)
        alerting.settle_anew(tx, admission.id, now, "amended")
        audit.event(
            tx, now, by, "set_limit", "patient_limit", wanted.id, admission_id=admission.id,
            detail={
                "vital": wanted.vital, "side": wanted.side, "warning": wanted.warning, "critical": wanted.critical,
                "until": wanted.until_at.isoformat(), "reason": wanted.reason, "ended": [o.id for o in same],
            },
        )  # fmt: skip
    return wanted


def end_limit(store: Store, by: Clinician, admission_id: str, limit_id: str, now: datetime) -> PatientLimit:
    """Take a limit back before its time: the ward's own hold again. Ending it twice changes nothing.

    Raises NotFound for a limit that is not of this admission.
    """
    permit(store, by, "end_limit", now)
    with gate.write(store, by, "end_limit", now, admission_id=admission_id) as tx:
        limit = _limit(tx, admission_id, limit_id)
        if not limit.holds_at(now):
            return limit
        orders.end_patient_limit(tx, limit_id, now, by)
        alerting.settle_anew(tx, admission_id, now, "amended")
        audit.event(
            tx, now, by, "end_limit", "patient_limit", limit_id, admission_id=admission_id,
            detail={"vital": limit.vital, "side": limit.side},
        )  # fmt: skip
        return _limit(tx, admission_id, limit_id)


def set_baseline(store: Store, by: Clinician, wanted: Baseline, now: datetime) -> Baseline:
    """Keep what is usual for this person ("usual": as the patient or the notes say), or a baseline set "anew".

    The value is in the vital's unit and counts from `now` on. `wanted.id` is made by the screen so that a double tap
    keeps one. Raises Refused with every problem at once, Conflict after the admission, NotFound.
    """
    permit(store, by, "set_baseline", now)
    wanted = replace(wanted, reason=clean(wanted.reason), set_at=now, set_by=by.name)
    with gate.write(store, by, "set_baseline", now, admission_id=wanted.admission_id) as tx:
        admission = _here(tx, wanted.admission_id)
        if (kept := next((b for b in orders.baselines(tx, admission.id) if b.id == wanted.id), None)) is not None:
            return kept
        if problems := _baseline_problems(wanted):
            raise Refused(problems)
        orders.keep_baseline(tx, wanted, by)
        alerting.settle_anew(tx, admission.id, now, "amended")
        audit.event(
            tx, now, by, "set_baseline", "baseline", wanted.id, admission_id=admission.id,
            detail={"vital": wanted.vital, "value": wanted.value, "kind": wanted.kind, "reason": wanted.reason},
        )  # fmt: skip
    return wanted


def _here(tx: Connection, admission_id: str) -> Admission:
    admission = find.admission(tx, admission_id)
    if admission.discharged_at is not None:
        raise Conflict("The admission has ended: nothing can be set for it.")
    return admission


def _limit(tx: Connection, admission_id: str, limit_id: str) -> PatientLimit:
    found = next((one for one in orders.patient_limits(tx, admission_id) if one.id == limit_id), None)
    if found is None:
        raise NotFound("There is no such limit: the page is out of date, open the patient again.")
    return found


def limit_problems(wanted: PatientLimit, admission: Admission, now: datetime) -> dict[str, str]:
    """Why a limit cannot be set at `now`: one sentence a field; empty where it can be."""
    problems: dict[str, str] = {}
    if not wanted.reason:
        problems["reason"] = "Say why this patient has other limits, for the next shift."
    longest = answering_file().patient_limit.max_h
    if wanted.until_at <= now:
        problems["until_at"] = "The limit would have ended already: choose a later time."
    elif wanted.until_at > now + timedelta(hours=longest):
        problems["until_at"] = f"A limit holds for {longest} hours at most: choose an earlier time."
    ward = _range(wanted.vital, admission.spo2_scale)
    if ward is None:
        return problems | {"vital": "Limits can be set for vitals that are numbers: choose one of them."}
    if wanted.side not in ("low", "high"):
        return problems | {"side": "Choose whether high or low values are meant."}
    return problems | _value_problems(wanted, ward)


def _value_problems(wanted: PatientLimit, ward: Range) -> dict[str, str]:
    given = {n: v for n, v in (("warning", wanted.warning), ("critical", wanted.critical)) if v is not None}
    if not given:
        return {"warning": "No value was given: enter where the warning or the critical range begins."}
    problems = {name: told for name, value in given.items() if (told := _no_limit(ward, value))}
    if problems:
        return problems
    worse = 1 if wanted.side == "high" else -1  # with this sign, greater is worse
    ward_warning, ward_critical = ward_limits(ward, wanted.side)
    warning = ward_warning if wanted.warning is None else wanted.warning
    critical = ward_critical if wanted.critical is None else wanted.critical
    if worse * warning >= worse * critical:
        mine = "" if len(given) == 2 else " (one of them is the ward's: give both)"
        problems["critical"] = (
            f"Warning from {warning:g} and critical from {critical:g}{mine}: critical has to be the more extreme."
        )
    if not may_loosen(wanted.vital, wanted.side):
        for name, mine_is, wards in (("warning", warning, ward_warning), ("critical", critical, ward_critical)):
            if worse * mine_is > worse * wards:
                problems[name] = (
                    f"{ward.word} {wanted.side}: the ward's {name} from {wards:g} {ward.unit} may be made stricter, "
                    "not looser."
                )
    beyond = ward.normal[0] if wanted.side == "high" else ward.normal[1]
    for name, value in given.items():
        if worse * value <= worse * beyond:
            problems[name] = f"{name.capitalize()} from {value:g} would alert on every normal value: check it."
    return problems


def _baseline_problems(wanted: Baseline) -> dict[str, str]:
    rule = answering_file().baseline
    problems: dict[str, str] = {}
    if not wanted.reason:
        problems["reason"] = "Say where the value comes from, or why it is set anew."
    allowed = {"usual": rule.usual, "anew": rule.anew}.get(wanted.kind, ())
    ward = _range(wanted.vital, 1)
    if ward is None or wanted.vital not in allowed:
        return problems | {"vital": "No baseline of this kind is kept for that vital: choose another."}
    if told := _no_limit(ward, wanted.value):
        problems["value"] = told
    return problems


def _range(vital: str, spo2_scale: int) -> Range | None:
    try:
        return vitals_file().range(vital, spo2_scale)
    except KeyError:
        return None


def _no_limit(ward: Range, value: float) -> str:
    """Why a value cannot be a limit or a baseline: both lie where the vital usually is. An extreme is a reading only;
    as a limit it would silence every alarm before it."""
    low, high = ward.plausible
    if not low <= value <= high:  # NaN fails this too
        return f"{ward.word} {value:g} {ward.unit} is outside {low:g}-{high:g}: check and enter again."
    if round_half_up(value, ward.decimals) != value:
        whole = "a whole number" if ward.decimals == 0 else f"given to {ward.decimals} decimals"
        return f"{ward.word} {value:g} {ward.unit} is not {whole}: enter it again."
    return ""
