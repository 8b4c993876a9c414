"""Charted vitals from a file, through the same `record` as any other entry: checked, judged, alerting, audited.

Ids follow from the file's content, so that importing a file again, or again after it broke off, adds only what is
missing. Unusual values were charted by a clinician: they are kept and listed.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from detox import gate
from detox.care.admissions import admit
from detox.care.observing import checked, record
from detox.care.text import clean
from detox.clinical import protocols
from detox.clinical import vitals as vital_signs
from detox.clinical.charted import Charted, Rejected
from detox.clinical.looking_back import clock_tolerance
from detox.clinical.model import Admission, Clinician, Observation, Patient, Vitals
from detox.errors import Conflict, DetoxError, NeedsConfirmation, NotAllowed, Refused
from detox.gate import permit
from detox.instants import to_text
from detox.store import Connection, Store, access, audit, find, keep
from detox.store.holding import follow

USERNAME = "import"
NO_PASSWORD = "!"  # no argon2 hash: nothing that is typed verifies against it
LONGEST_ID = 80
SHIFTED = timedelta(days=365)  # no clock is that wrong: such dates were moved to hide who it was

_IDS = uuid.UUID("6f0d7b0c-3f5e-5d0e-9a53-3c1f0b1f2a11")

OnProgress = Callable[[int, int], object]


class Problem(NamedTuple):
    """A cell of the file: line, column ("" for the whole row), the value as it stood, and why it is listed."""

    line: int
    column: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import came to. `rows` = `kept` + `already` + `rows_rejected`; a dry run counts what it would keep.

    `rejected` and `unusual` have one entry a cell: of a row that was kept, the cells that could not be. `patients` and
    `admissions` are those that were new.
    `dated_ahead` is True when every row lies in the future, as in data whose dates were shifted on purpose.
    """

    rows: int
    kept: int
    already: int
    rejected: tuple[Problem, ...]
    unusual: tuple[Problem, ...]
    patients: int
    admissions: int
    dated_ahead: bool
    dry_run: bool

    @property
    def rows_rejected(self) -> int:
        """How many rows were rejected, for one reason or several."""
        return self.rows - self.kept - self.already

    @property
    def cells_rejected(self) -> int:
        """How many cells were not taken, of rows that were kept and of rows that were not."""
        return sum(bool(problem.column) for problem in self.rejected)


def import_rows(
    store: Store,
    by: Clinician,
    rows: Iterable[Charted | Rejected],
    now: datetime,
    *,
    dry_run: bool = False,
    on_progress: OnProgress = lambda done, total: None,
    ward_id: str | None = None,
) -> ImportReport:
    """Keep each row in the order of time, one transaction a row; a dry run only says what would be.

    New patients and admissions are made with the file's ids, without a bed. Rows of before a known
    admission are kept as its history: no alert is worked out from them. A time in the future is rejected,
    unless every row lies more than a year ahead: then the dates were shifted on purpose and are kept as written.
    Raises NotAllowed, Refused when there is no ward (or no single one and none named), StoreError.
    """
    for verb in ("import", "admit", "record"):
        permit(store, by, verb, now)
    every = list(rows)
    good = sorted((r for r in every if isinstance(r, Charted)), key=lambda r: r.taken_at)
    ahead = bool(good) and good[0].taken_at > now + SHIFTED
    with store.read() as tx:
        ward = _ward(tx, ward_id)
    reader = gate.OPERATOR if dry_run else by  # nobody has an account for a run that keeps nothing
    with gate.read(store, reader, "import", now, ward_id=ward, purpose="import of a file") as tx:
        follow(tx)
        work = _Import(store, tx, by, now, ward, ahead)
        for done, row in enumerate(good, start=1):
            if dry_run:
                work.would_take(row)
            else:
                work.take(row)
            on_progress(done, len(good))
    for each in every:
        problems = each.problems if isinstance(each, Rejected) else each.left_out
        work.rejected += [Problem(each.line_number, *problem) for problem in problems]
    if work.kept and not dry_run:
        _told(store, by, now, work, len(every))
    return ImportReport(
        len(every), work.kept, work.already, tuple(sorted(work.rejected)), tuple(sorted(work.unusual)),
        len(work.new_patients), len(work.new_admissions), ahead, dry_run,
    )  # fmt: skip


def importer(store: Store, now: datetime) -> Clinician:
    """The account that files are imported under: a nurse's verbs, and no password that would let anybody sign in.

    Made on the first import. Raises NotAllowed when a person's account has its user name.
    """
    with store.write() as tx:
        found = find.account(tx, USERNAME)
        if found is not None:
            if found[1] != NO_PASSWORD:
                raise NotAllowed(f"The account {USERNAME!r} is a person's: nothing can be imported under it.")
            return found[0]
        account = Clinician(uuid.uuid4().hex, USERNAME, "Import from a file", "nurse")
        keep.clinician(tx, account, NO_PASSWORD, now)
        for ward in find.wards(tx):
            access.works_on(tx, account.id, ward.id, account, now)
        audit.event(tx, now, account, "add_clinician", "clinician", account.id, detail={"role": account.role})
        return account


class _Import:
    """One run: what has been kept so far, and which admissions are known."""

    def __init__(self, store: Store, tx: Connection, by: Clinician, now: datetime, ward_id: str, ahead: bool) -> None:
        self.store = store
        self.tx = tx
        self.by = by
        self.now = now
        self.ward_id = ward_id
        self.ahead = ahead
        self.kept = self.already = 0
        self.rejected: list[Problem] = []
        self.unusual: list[Problem] = []
        self.new_patients: set[str] = set()
        self.new_admissions: set[str] = set()
        self._admissions: dict[tuple[str, str], Admission] = {}
        self._planned: dict[str, Observation] = {}
        self._last: dict[str, Vitals] = {}

    def take(self, row: Charted) -> None:
        """Keep one row, or note why not."""
        try:
            entry = self._entry(row)
            now = max(self.now, row.taken_at)
            if self._known(entry, row):
                self.already += 1
                return
            try:
                done = record(self.store, self.by, entry, now, history=True)
            except NeedsConfirmation as asked:
                done = record(self.store, self.by, entry, now, confirmed=True, history=True)
                self._note_unusual(row, asked.questions)
        except (Refused, Conflict) as error:
            self._reject(row, error)
        else:
            self.already += done.already
            self.kept += not done.already

    def would_take(self, row: Charted) -> None:
        """Judge one row as `take` would, and write nothing."""
        try:
            entry = checked(self._entry(row, keep_admission=False), max(self.now, row.taken_at))
            if self._known(entry, row):
                self.already += 1
                return
            self._check_still_here(entry, row)
            last = self._last.get(entry.admission_id) or _last_vitals(self.tx, entry.admission_id)
        except (Refused, Conflict) as error:
            self._reject(row, error)
            return
        self._note_unusual(row, vital_signs.unusual(protocols.vitals_file(), entry.vitals, last))
        self.kept += 1
        self._planned[entry.id] = entry
        if entry.vitals.measured():
            self._last[entry.admission_id] = entry.vitals

    def _entry(self, row: Charted, *, keep_admission: bool = True) -> Observation:
        if row.taken_at > self.now + clock_tolerance() and not self.ahead:
            raise Refused({"taken_at": "The time lies in the future: correct it, or the clock of this machine."})
        admission = self._admissions.get((row.patient_id, row.admission_id)) or self._admission(row, keep_admission)
        observation_id = _id("observation", row.patient_id, row.admission_id, to_text(row.taken_at))
        return Observation(observation_id, admission.id, row.taken_at, row.vitals, other=row.other)

    def _admission(self, row: Charted, keep_admission: bool) -> Admission:
        _check_id("patient_id", row.patient_id)
        _check_id("admission_id", row.admission_id)
        patient = find.patient_by_external_id(self.tx, row.patient_id)
        admission = find.admission_by_external_id(self.tx, row.admission_id)
        planned = next((s for (_, external), s in self._admissions.items() if external == row.admission_id), None)
        if (other := admission or planned) is not None and other.patient.external_id != row.patient_id:
            owner = other.patient.external_id or "another one"
            why = f"The admission is that of patient {owner}: give each admission an admission_id of its own."
            raise Refused({"admission_id": why})
        if admission is None:
            if patient is None:
                person = _id("patient", row.patient_id)
                patient = Patient(person, row.patient_id, "(imported)", external_id=row.patient_id)
                self.new_patients.add(row.patient_id)
            admission = Admission(
                _id("admission", row.admission_id), patient, self.ward_id, None, "taper", row.taken_at,
                external_id=row.admission_id,
            )  # fmt: skip
            self.new_admissions.add(row.admission_id)
            if keep_admission:
                admission = admit(self.store, self.by, admission, None, max(self.now, row.taken_at))
        self._admissions[row.patient_id, row.admission_id] = admission
        return admission

    def _known(self, entry: Observation, row: Charted) -> bool:
        """True when this very row is kept, or stands earlier in the file. Raises Conflict where its values differ."""
        kept = self._planned.get(entry.id) or find.observation(self.tx, entry.id)
        if kept is None:
            return False
        admission = self._admissions[row.patient_id, row.admission_id]
        given = kept.vitals.spo2_scale or admission.spo2_scale
        as_kept = [replace(v, spo2_scale=v.spo2_scale or given) for v in (kept.vitals, entry.vitals)]
        if as_kept[0] != as_kept[1] or kept.other != entry.other:
            raise Conflict("")
        return True

    def _check_still_here(self, entry: Observation, row: Charted) -> None:
        left = self._admissions[row.patient_id, row.admission_id].discharged_at
        if left is not None and entry.taken_at > left:
            raise Refused({"taken_at": "The patient had left by then: set the time back, or admit the patient again."})

    def _reject(self, row: Charted, error: DetoxError) -> None:
        problems = error.problems if isinstance(error, Refused) else {"taken_at": _OTHER_VALUES}
        for column, why in problems.items():
            self.rejected.append(Problem(row.line_number, column, _cell(row, column), why))

    def _note_unusual(self, row: Charted, questions: dict[str, str]) -> None:
        for column, question in questions.items():
            self.unusual.append(Problem(row.line_number, column, _cell(row, column), question))


_OTHER_VALUES = "Another set is kept for this admission and time, with other values: correct it on the patient's page."


def _told(store: Store, by: Clinician, now: datetime, work: _Import, rows: int) -> None:
    """One audit event for the run, at its true time also where the rows themselves are dated ahead."""
    detail: dict[str, object] = {"rows": rows, "kept": work.kept, "already": work.already, "dated_ahead": work.ahead}
    with store.write() as tx:
        audit.event(tx, now, by, "import", "file", uuid.uuid4().hex, detail=detail)


def _ward(tx: Connection, ward_id: str | None) -> str:
    wards = find.wards(tx)
    found = [w for w in wards if ward_id in (None, w.id)]
    if len(found) == 1:
        return found[0].id
    if not wards:
        raise Refused("There is no ward yet: set one up first.")
    raise Refused(f"Name the ward: there are {', '.join(w.name for w in wards)}.")


def _last_vitals(tx: Connection, admission_id: str) -> Vitals | None:
    seen = find.last_observations(tx, admission_id, 24, judged=False)
    return next((o.vitals for o in reversed(seen) if o.vitals.measured()), None)


def _check_id(column: str, text: str) -> None:
    if clean(text) != text or "\ufffd" in text:
        raise Refused({column: "It has characters that cannot be seen or read: write it in plain UTF-8."})
    if len(text) > LONGEST_ID:
        raise Refused({column: f"It has {len(text)} characters: an id has {LONGEST_ID} at most."})


def _cell(row: Charted, column: str) -> str:
    if column == "taken_at":
        return row.taken_at.astimezone(UTC).isoformat()
    value = getattr(row, column, None) or getattr(row.vitals, column, None) or row.other.get(column)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _id(*parts: str) -> str:
    return uuid.uuid5(_IDS, "\x1f".join(parts)).hex
