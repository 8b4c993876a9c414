"""What is answered about an admission beside the observations: special situations, the checklist, the programme.

An answer is never overwritten: the newest of its name holds, and the older ones stay readable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from detox import gate
from detox.care.text import clean
from detox.clinical import administration
from detox.clinical.model import PROGRAMMES, Admission, Clinician, HistoryAnswer
from detox.clinical.situations import (
    CHECKED,
    DECLINED,
    DONE,
    PROGRAMME,
    SPO2_SCALE,
    discharge_file,
    newest,
    situations_file,
)
from detox.errors import Conflict, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, keep, orders


def state(store: Store, by: Clinician, fact: HistoryAnswer, now: datetime) -> HistoryAnswer:
    """Keep one answer to a question of situations.toml, or that a line of discharge.toml is done or declined.

    `fact.id` is made by the screen so that a double tap keeps one. A declined line needs its reason in `note`. Raises
    Refused with every problem, Conflict after the admission, NotFound.
    """
    return state_all(store, by, [fact], None, now)[0]


def state_all(
    store: Store, by: Clinician, facts: Sequence[HistoryAnswer], shown: Mapping[str, str] | None, now: datetime
) -> list[HistoryAnswer]:
    """Keep the answers of one form, all or none, as `state` keeps one. No facts keep nothing.

    `shown` are the ids of the answers that the form showed, by name; one that has a newer answer by now is a Conflict,
    so that no answer takes the place of one that nobody saw. None asks for no such check. Raises as `state` does.
    """
    permit(store, by, "state", now)
    made = [_ready(fact, by, now) for fact in facts]
    if problems := {fact.name: problem for fact in made if (problem := _problem(fact))}:
        raise Refused(problems)
    if not made:
        return []
    with gate.write(store, by, "state", now, admission_id=made[0].admission_id) as tx:
        return [_keep(tx, by, fact, "state", now, shown) for fact in made]


def _ready(fact: HistoryAnswer, by: Clinician, now: datetime) -> HistoryAnswer:
    """The fact with its value in the one form of its question, said by whom and when."""
    asked = situations_file().named(fact.name)
    value = asked.value_of([fact.value]) if asked is not None else fact.value
    return replace(fact, value=clean(value), note=clean(fact.note), set_at=now, set_by=by.name, role=by.role)


def change_programme(store: Store, by: Clinician, fact: HistoryAnswer, now: datetime) -> Admission:
    """Go on with another programme of the list, with the reason: `fact.value` names it. The plan in force stays.

    Raises Refused with every problem, Conflict after the admission, NotAllowed unless a physician says so.
    """
    permit(store, by, "change_programme", now)
    fact = replace(fact, name=PROGRAMME, note=clean(fact.note), set_at=now, set_by=by.name, role=by.role)
    problems: dict[str, str] = {}
    if fact.value not in PROGRAMMES:
        problems["programme"] = "Choose the programme to go on with."
    if not fact.note:
        problems["reason"] = "The change has no reason: say why, the next shift reads it."
    if problems:
        raise Refused(problems)
    with gate.write(store, by, "change_programme", now, admission_id=fact.admission_id) as tx:
        if is_locked(tx, find.admission(tx, fact.admission_id).ward_id, fact.value):
            raise Refused({"programme": LOCKED})
        _keep(tx, by, fact, "change_programme", now)
        return find.admission(tx, fact.admission_id)


def prescribe_spo2_scale(store: Store, by: Clinician, fact: HistoryAnswer, now: datetime) -> HistoryAnswer:
    """Set the SpO2 scale of the admission, "1" or "2", with the reason; an order. Raises Refused, NotAllowed."""
    permit(store, by, "prescribe_spo2_scale", now)
    fact = replace(fact, name=SPO2_SCALE, note=clean(fact.note), set_at=now, set_by=by.name, role=by.role)
    problems = {} if fact.value in ("1", "2") else {"spo2_scale": "Choose scale 1 or scale 2."}
    if not fact.note:
        problems["reason"] = "The order has no reason: say why."
    if problems:
        raise Refused(problems)
    with gate.write(store, by, "prescribe_spo2_scale", now, admission_id=fact.admission_id) as tx:
        return _keep(tx, by, fact, "prescribe_spo2_scale", now)


LOCKED = (
    "This programme is locked: a ward manager must first say on the ward's page that it is lawful here. "
    "Choose another one."
)


def is_locked(tx: Connection, ward_id: str, programme: str) -> bool:
    """True for a programme that is lawful in a few places only, until the ward has said that it is one of them."""
    locked = administration.giving_file().jurisdiction.locked
    allowed = (orders.ward_setting(tx, ward_id, administration.ALLOWED) or "").split()
    return programme in locked and programme not in allowed


def allow_programmes(store: Store, by: Clinician, ward_id: str, allowed: list[str], now: datetime) -> None:
    """Say which programmes are lawful where the ward is; a manager's word. Raises Refused, NotAllowed."""
    permit(store, by, "allow_programmes", now)
    row = administration.giving_file().jurisdiction
    _set(store, by, ward_id, "allow_programmes", administration.ALLOWED, allowed, (*row.locked, *row.asked), now)


def ask_two_people(store: Store, by: Clinician, ward_id: str, drugs: list[str], now: datetime) -> None:
    """Say for which drugs the ward asks for a second person beside the one who gives. Raises Refused, NotAllowed."""
    permit(store, by, "ask_two_people", now)
    _set(
        store,
        by,
        ward_id,
        "ask_two_people",
        administration.TWO_PEOPLE,
        drugs,
        administration.giving_file().witness.choices,
        now,
    )


def _set(
    store: Store,
    by: Clinician,
    ward_id: str,
    verb: str,
    name: str,
    chosen: list[str],
    of: tuple[str, ...],
    now: datetime,
) -> None:
    if wrong := [one for one in chosen if one not in of]:
        raise Refused({name: f"{', '.join(wrong)} is not one of {', '.join(of)}: choose of these."})
    with store.write() as tx:
        orders.keep_ward_setting(tx, ward_id, name, " ".join(sorted(chosen)), now, by)
        audit.event(tx, now, by, verb, "ward", ward_id, detail={name: sorted(chosen)})


def _keep(
    tx: Connection, by: Clinician, fact: HistoryAnswer, verb: str, now: datetime, shown: Mapping[str, str] | None = None
) -> HistoryAnswer:
    admission = find.admission(tx, fact.admission_id)
    known = orders.history_answers(tx, admission.id)
    if (kept := next((one for one in known if one.id == fact.id), None)) is not None:
        if (kept.name, kept.value) != (fact.name, fact.value):
            raise Conflict("This form was already saved with another answer: look at what is kept first.")
        return kept
    if admission.discharged_at is not None:
        raise Conflict("The admission has ended: nothing more is answered for it.")
    before = newest(known).get(fact.name)
    if before is not None and (before.value, before.note) == (fact.value, fact.note):
        return before
    if shown is not None and before is not None and before.id != shown.get(fact.name):
        raise Conflict(f"{_label(fact.name)} was answered meanwhile by {before.set_by}: reload and look at it first.")
    keep.history_answer(tx, fact, by)
    audit.event(
        tx, now, by, verb, "stay_fact", fact.id, admission_id=admission.id,
        detail={"name": fact.name, "value": fact.value, "note": fact.note},
    )  # fmt: skip
    return fact


def _label(name: str) -> str:
    asked = situations_file().named(name)
    return asked.label if asked is not None else name


def _problem(fact: HistoryAnswer) -> str:
    """What is wrong with an answer, or nothing."""
    if fact.name.startswith(CHECKED):
        if fact.name.removeprefix(CHECKED) not in {one.name for one in discharge_file().item}:
            return f"The checklist has no line {fact.name.removeprefix(CHECKED)!r}: choose one of its lines."
        if fact.value not in (DONE, DECLINED):
            return "A line of the checklist is done or declined: choose one."
        if fact.value == DECLINED and not fact.note:
            return "A declined line needs the reason: say why."
        return ""
    asked = situations_file().named(fact.name)
    if asked is None:
        return f"Nobody asks for {fact.name!r}: choose one of the questions."
    return asked.problem(fact.value)
