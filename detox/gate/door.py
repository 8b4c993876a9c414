"""Reading and writing of patients: permitted by the table, on the person's own ward, never without an event."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from detox.clinical.model import Clinician
from detox.errors import NotAllowed, NotFound, Refused, StoreError
from detox.gate import events
from detox.gate.acts import ACTS, permitted
from detox.gate.events import OPERATOR
from detox.store import Connection, Store, access
from detox.store.access import Access, Subject

GLASS_LASTS = timedelta(hours=1)
"""For how long a record of another ward is open to whoever gave a reason."""

PURPOSES = {"manager": "management", "operator": "command line"}
"""What is read for where nobody says it; everybody else reads for care."""

_UNKNOWN = "Nobody may do {act}: it is not in the table of acts."
_NOBODY = "{act} names neither a patient nor a ward: nothing is read."
_OTHER_WARD = (
    "{name} does not work on this patient's ward: ask somebody of that ward, or a manager to add you to it. In an "
    "emergency the record can be opened with a reason, which the manager sees."
)
_NO_EVENT = "Nothing was saved: what {act} changed left no event. Tell the ward manager."
_GONE = {
    "alert": "There is no such alert: the page is out of date, go back to the board.",
    "admission": "There is no such admission: go back to the board and open the patient again.",
}
_GONE_TOO = "There is no such {thing}: open the patient again."
_CALLED = {"taper_plan": "plan"}


class OtherWard(NotAllowed):
    """The patient, or the ward, is not of a ward on which this person works."""

    def __init__(self, by: Clinician, about: Subject) -> None:
        self.about = about
        super().__init__(_OTHER_WARD.format(name=by.name))


def permit(store: Store, by: Clinician, act: str, now: datetime) -> None:
    """Raise NotAllowed, saying who may, unless this person's role carries the act. A refusal leaves an event."""
    if permitted(by, act):
        return
    one = ACTS.get(act)
    said = _UNKNOWN.format(act=act)
    if one is not None:
        who = " or ".join(sorted(one.roles - {OPERATOR.role})) or "nobody"
        said = f"A {by.role} cannot {one.words}: ask a {who}."
    events.tell(store, "denied", by, act, None, now, why=said)
    raise NotAllowed(said)


@contextmanager
def read(
    store: Store, by: Clinician, act: str, now: datetime, *, admission_id: str | None = None,
    ward_id: str | None = None, purpose: str = "",
) -> Iterator[Connection]:  # fmt: skip
    """A connection that reads the record of one patient, or what a ward knows of all of them, on one snapshot.

    The event is kept before anything is read; without a `purpose` it says what the role reads for. Raises NotAllowed
    for a role or a ward that may not, NotFound for an admission that does not exist, StoreError when the event cannot
    be kept.
    """
    permit(store, by, act, now)
    if admission_id is None and ward_id is None:
        raise NotAllowed(_NOBODY.format(act=act))
    try:
        with store._patients(reading=True) as tx:
            about = _about(tx, admission_id, ward_id)
            _own_ward(tx, by, about, now)
            events.read(store, by, act, about, purpose or PURPOSES.get(by.role, "care"), now)
            yield tx
    except OtherWard as refused:
        events.tell(store, "denied", by, act, refused.about, now, why=str(refused))
        raise


@contextmanager
def write(
    store: Store, by: Clinician, act: str, now: datetime, *, admission_id: str | None = None,
    ward_id: str | None = None, of: tuple[str, str] | None = None,
) -> Iterator[Connection]:  # fmt: skip
    """One transaction that changes the record of one patient, or admits one to a ward.

    `of` names the kept thing that is changed, as (table, id), where the admission is known by it alone. Whatever it
    changes has to leave an event of the trail in the same transaction. Raises NotAllowed, NotFound, StoreError.
    """
    permit(store, by, act, now)
    try:
        with store._patients(reading=False) as tx:
            _own_ward(tx, by, _about(tx, admission_id, ward_id, of), now)
            before, last = tx.total_changes, access.last_event(tx)
            yield tx
            if tx.total_changes != before and access.last_event(tx) == last:
                raise StoreError(_NO_EVENT.format(act=act))
    except OtherWard as refused:
        events.tell(store, "denied", by, act, refused.about, now, why=str(refused))
        raise


def check(store: Store) -> AbstractContextManager[Connection]:
    """A connection that reads the whole file, to say whether it is sound: for the command line alone.

    It leaves no event: it shows nobody's record, and a file of an older version has no place for one.
    """
    return store._patients(reading=True)


def who_saw(
    store: Store, by: Clinician, patient: str, now: datetime, *, since: datetime | None = None
) -> list[Access]:  # fmt: skip
    """Everybody who read, changed, exported or was refused a patient's record, oldest first; asking is a read too.

    `patient` is the patient's id, here or in another system; `since` an aware moment. Raises NotAllowed, also for a
    patient who was never on a ward of the person's, and NotFound.
    """
    permit(store, by, "who_saw", now)
    with store._patients(reading=True) as tx:
        found = access.patient_called(tx, patient)
        if found is None:
            raise NotFound(f"There is no patient {patient!r}: give the id of the record or of the other system.")
        about = Subject("patient", found)
        refused = by.role != OPERATOR.role and not access.wards_of(tx, by.id) & access.wards_of_patient(tx, found)
        seen = [] if refused else list(access.who_saw(tx, found, since))
    if refused:
        events.tell(store, "denied", by, "who_saw", about, now, why=str(OtherWard(by, about)))
        raise OtherWard(by, about)
    events.read(store, by, "who_saw", about, "access report", now)
    return seen


def break_glass(store: Store, by: Clinician, admission_id: str, reason: str, now: datetime) -> None:
    """Open the record of a patient of another ward to this person for an hour. The manager sees who did, and why.

    Raises Refused without a reason, NotAllowed for a role that sees no patients, NotFound.
    """
    permit(store, by, "see_patient", now)
    if not reason.strip():
        raise Refused({"reason": "Say why the record is opened: the manager reads it."})
    with store._patients(reading=False) as tx:
        about = _about(tx, admission_id, None)
        access.event(tx, "break_glass", by, "see_patient", about, now, why=reason.strip())


def _about(
    tx: Connection, admission_id: str | None, ward_id: str | None, of: tuple[str, str] | None = None
) -> Subject:  # fmt: skip
    if of is not None:
        admission_id = access.admission_of(tx, *of)
        if admission_id is None:
            thing = _CALLED.get(of[0], of[0])
            raise NotFound(_GONE.get(thing, _GONE_TOO.format(thing=thing)))
    if admission_id is not None:
        patient = access.patient_of(tx, admission_id)
        if patient is None:
            raise NotFound(_GONE["admission"])
        return Subject("patient", patient, admission_id)
    if ward_id is None:
        raise NotFound(_GONE["admission"])
    return Subject("ward", ward_id)


def _own_ward(tx: Connection, by: Clinician, about: Subject, now: datetime) -> None:
    """Raise OtherWard unless the person works there, or broke the glass of this record within the hour."""
    ward = about.id if about.admission_id is None else access.ward_of(tx, about.admission_id)
    if by.role == OPERATOR.role or ward in access.wards_of(tx, by.id):
        return
    if about.admission_id is None or not access.broken_glass(tx, by.id, about.admission_id, now - GLASS_LASTS):
        raise OtherWard(by, about)
