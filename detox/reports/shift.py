"""The shift summary: what was done, not done, refused, and not recorded, patient by patient (docs/shift-summary.md).

`summary` gives the values that the screen shows, `shift_csv` the same as a file. Both only read.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from detox import gate
from detox.clinical.entry_times import judged
from detox.clinical.looking_back import recent_sets
from detox.clinical.model import Admission, Clinician, Dose, Observation, Ward
from detox.errors import NotFound
from detox.reports import suggesting
from detox.reports.csv_text import csv_bytes
from detox.reports.shift_patient import Answer, Correction, Counts, PatientShift, Rows, patient_shift
from detox.reports.shift_period import ShiftPeriod, period, recent, shift_of
from detox.reports.shift_table import file_name, header, row_of
from detox.reports.suggesting import Judged
from detox.store import Connection, Store, find, find_shift
from detox.store.as_of import as_of
from detox.store.background import background

__all__ = ["UNRECORDED", "ShiftPeriod", "ShiftSummary", "period", "recent", "shift_csv", "shift_of", "summary"]

INSTANT = timedelta(milliseconds=1)  # the least that two kept times differ by
UNRECORDED = "Worked out from the monitoring schedule and what is recorded now: an approximation."


@dataclass(frozen=True, slots=True)
class ShiftSummary:
    """Everyone who was on the ward at any time in the shift, by bed, as it stood at `as_of`.

    `as_of` is the shift's end, or the present while it runs. A shift that is over depends on the records alone.
    """

    ward: Ward
    period: ShiftPeriod
    as_of: datetime
    patients: tuple[PatientShift, ...]

    @property
    def totals(self) -> Counts:
        """The ward's counts: the sums of the patients' own, as on the screen and in the file."""
        return Counts.total(p.counts for p in self.patients)

    @property
    def running(self) -> bool:
        """True while the shift has not ended."""
        return self.as_of < self.period.ends_at


def summary(store: Store, by: Clinician, ward_id: str, period: ShiftPeriod, now: datetime) -> ShiftSummary:
    """The shift as it is recorded. Raises NotFound for an unknown ward."""
    with gate.read(store, by, "see_ward", now, ward_id=ward_id) as tx:
        ward = ward_of(tx, ward_id)
        admissions = find.admissions_between(tx, ward_id, period.starts_at, period.ends_at)
        read = [_rows(tx, admission, period, now) for admission in admissions]
        newest = max((o.taken_at for rows in read for o in rows.current), default=period.starts_at)
        moment = min(max(now, newest), period.ends_at)  # an admission in the future carries its own time
        judged = _judged(store, tx, admissions, moment, now)
    patients = [
        replace(patient_shift(rows, period.starts_at, moment), judged=judged.get(rows.admission.id)) for rows in read
    ]
    return ShiftSummary(ward, period, moment, tuple(sorted(patients, key=_by_bed)))


def _judged(
    store: Store, tx: Connection, admissions: Sequence[Admission], at: datetime, now: datetime
) -> dict[str, Judged]:
    """The judgement of everyone who was there at that moment, by what was known then; by admission."""
    ids = [admission.id for admission in admissions if admission.discharged_at is None or admission.discharged_at > at]
    if not ids:
        return {}
    with as_of(store, tx, at) if at < now else nullcontext(tx) as then:
        known = [admission for one in ids if (admission := _entered(then, one)) is not None]
        return {admission.id: suggesting.judged(then, admission, at) for admission in known}


def _entered(tx: Connection, admission_id: str) -> Admission | None:
    """The admission as it was known at the connection's moment; None where nobody had entered it."""
    try:
        return find.admission(tx, admission_id)
    except NotFound:
        return None


def shift_csv(store: Store, by: Clinician, ward_id: str, shift_key: str, now: datetime) -> tuple[str, bytes]:
    """The summary as a file: its name, which tells neither patient nor ward, and its bytes.

    Raises NotFound for an unknown ward or shift.
    """
    with store.read() as tx:
        ward = ward_of(tx, ward_id)
    found = summary(store, by, ward_id, period(ward, shift_key), now)
    rows = [row_of(patient, found.period, found.as_of, ward.time_zone) for patient in found.patients]
    return file_name(found.period), csv_bytes(header(), rows)


def ward_of(tx: Connection, ward_id: str) -> Ward:
    """The ward of that id. Raises NotFound."""
    for ward in find.wards(tx):
        if ward.id == ward_id:
            return ward
    raise NotFound("There is no such ward: choose one of the list.")


def _rows(tx: Connection, admission: Admission, period: ShiftPeriod, now: datetime) -> Rows:
    start, end = period.starts_at, period.ends_at
    span = judged(admission.admitted_at, now)
    seen = [o for o in find.observations(tx, admission.id, start, end, replaced=True) if span.holds(o.taken_at)]
    alerts = find_shift.alerts_carried_in(tx, admission.id, start)
    alerts += reversed(find.alerts(tx, admission.id, start, end))
    return Rows(
        admission=admission,
        bed=find_shift.bed_before(tx, admission.id, end),
        before=tuple(find.last_observations(tx, admission.id, recent_sets(), start - INSTANT, since=span.since)),
        seen=tuple(seen),
        alerts=tuple((a, tuple(Answer(*said) for said in find.acknowledgements(tx, a.id))) for a in alerts),
        doses=tuple(find.doses(tx, admission.id, start, end)),
        decisions=tuple(reversed(find.decisions(tx, admission.id, start, end))),
        background=background(tx, admission, start, now=now),
        corrections=(
            *(_correction(tx, o) for o in seen if o.replaced_by is not None),
            *_dose_corrections(find.doses(tx, admission.id, start, end, corrected=True)),
        ),
    )


def _correction(tx: Connection, original: Observation) -> Correction:
    newer = find.observation(tx, original.replaced_by or "")
    if newer is None or newer.recorded_at is None:
        raise NotFound("A corrected set lacks its correction: let the ward manager run `verify`.")
    return Correction(
        original.id, original.taken_at, newer.id, newer.recorded_at, newer.recorded_by, newer.replace_reason
    )


def _dose_corrections(doses: Sequence[Dose]) -> Iterator[Correction]:
    for dose in doses:
        if (made := dose.correction) is not None:
            yield Correction(dose.id, dose.given_at, made.replaced_by or "", made.at, made.by, made.reason, dose)


def _by_bed(patient: PatientShift) -> tuple[bool, int, str, str, datetime, str]:
    admission = patient.admission
    place = patient.bed_place
    return (
        place is None,
        place or 0,
        admission.patient.family_name,
        admission.patient.given_name,
        admission.admitted_at,
        admission.id,
    )
