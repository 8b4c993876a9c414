"""Recording what was seen, and correcting it. `record` is the path that everything else hangs on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from detox import gate
from detox.care import alerting
from detox.care.text import clean
from detox.clinical import entry_times, noted, protocols
from detox.clinical import vitals as vital_signs
from detox.clinical.judgement import answered, assessments
from detox.clinical.looking_back import clock_tolerance, lookback_sets, recent_sets
from detox.clinical.model import (
    NOT_DONE,
    Admission,
    Alert,
    Author,
    Background,
    Clinician,
    Interpretation,
    Observation,
    Vitals,
)
from detox.clinical.monitoring import schedule
from detox.errors import Conflict, NeedsConfirmation, Refused
from detox.gate import permit
from detox.store import Connection, Store, audit, find, keep
from detox.store.background import background, with_scores

RESEND = timedelta(minutes=15)  # "now" has moved on when the same form arrives a second time


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was kept and what it means: the observation with its assessments, each vital's interpretation, the alerts
    it opened or ended, what holds now, and when the next set is due. `already` is True when this very entry had been
    kept before (a double tap, a resend)."""

    observation: Observation
    interpretations: Mapping[str, Interpretation]
    opened: tuple[Alert, ...]
    resolved: tuple[Alert, ...]
    open_alerts: tuple[Alert, ...]
    due: schedule.Due
    already: bool = False


def record(
    store: Store, by: Clinician, entry: Observation, now: datetime, *, confirmed: bool = False, history: bool = False
) -> Recorded:
    """Keep one observation with its assessments, alerts and audit event, in one transaction.

    `entry.id` is made by whoever enters it, so that sending twice keeps one. Raises Refused (every problem at once),
    NeedsConfirmation for unusual values, a time before the admission, or a note that names a sign which is not charted,
    that nobody has confirmed, Conflict when the id stands for other content, NotAllowed, NotFound, StoreError. After
    any of them nothing is kept.

    `history` is True for what a file brings along: what lies before the admission is kept and judged by nobody.
    """
    permit(store, by, "record", now)
    entry = checked(replace(entry, replaces=None, replace_reason=""), now)
    with gate.write(store, by, "record", now, admission_id=entry.admission_id) as tx:
        admission = find.admission(tx, entry.admission_id)
        entry = replace(entry, vitals=_with_scale(entry.vitals, admission))
        if (known := find.observation(tx, entry.id)) is not None:
            return _said_again(tx, known, entry, admission, now)
        _check_admission(admission, entry)
        asked = {} if history else entry_times.question("taken_at", entry.taken_at, admission.admitted_at, now)
        earlier = find.last_in_admission(tx, admission, lookback_sets(), now)
        since = earlier[-1].taken_at if earlier else admission.admitted_at
        beside = with_scores(
            tx, admission.id, background(tx, admission, since, first=len(earlier) >= lookback_sets(), now=now)
        )
        if not confirmed:
            _ask_if_unusual(entry, earlier, asked)
        kept = _judged(entry, admission, by, now)
        keep.observation(tx, kept, by, now)
        for made in kept.assessments:
            keep.assessment(tx, kept.id, made)
        opened, resolved = alerting.settle(tx, kept, earlier, beside, now)
        audit.event(
            tx, now, by, "record", "observation", kept.id, admission_id=kept.admission_id,
            detail={"taken_at": kept.taken_at.isoformat(), "alerts": [a.finding.rule for a in opened]},
        )  # fmt: skip
        newest = _newest(earlier, kept, admission, now)
        recent = [*earlier, kept][-recent_sets() :] if newest else ()
        return _recorded(tx, kept, admission, opened, resolved, now, beside, recent)


def amend(
    store: Store,
    by: Clinician,
    original_id: str,
    entry: Observation,
    reason: str,
    now: datetime,
    *,
    confirmed: bool = False,
) -> Recorded:
    """Replace an observation by a corrected one, with the reason. The original stays, readable, marked as replaced.

    Alerts are worked out anew for the whole admission. A time that is the bare minute of the original's, as a form
    shows it, is that of the original to the millisecond; any other is a change of it. Raises as `record` does; Conflict
    when it was replaced meanwhile.
    """
    permit(store, by, "amend", now)
    reason = clean(reason)
    if not reason:
        raise Refused({"replace_reason": "The correction has no reason: say what was wrong."})
    entry = replace(entry, replaces=original_id, replace_reason=reason)
    with gate.write(store, by, "amend", now, admission_id=entry.admission_id) as tx:
        admission = find.admission(tx, entry.admission_id)
        original = find.observation(tx, original_id)
        if original is not None:
            entry = replace(entry, taken_at=entry_times.same_unless_moved(entry.taken_at, original.taken_at))
        entry = checked(entry, now)
        entry = replace(entry, vitals=_with_scale(entry.vitals, admission))
        if (known := find.observation(tx, entry.id)) is not None:
            return _said_again(tx, known, entry, admission, now)
        if original is None or original.admission_id != entry.admission_id:
            raise Conflict("The observation to correct is not this patient's: open the patient again.")
        if original.replaced_by is not None:
            raise Conflict("Somebody else has corrected this observation already: open the patient again and look.")
        _check_admission(admission, entry)
        moved = entry.taken_at != original.taken_at
        asked = entry_times.question("taken_at", entry.taken_at, admission.admitted_at, now) if moved else {}
        if not confirmed:
            _ask_if_unusual(entry, [], asked)
        kept = _judged(entry, admission, by, now)
        keep.observation(tx, kept, by, now)
        for made in kept.assessments:
            keep.assessment(tx, kept.id, made)
        keep.replaced(tx, original_id, kept.id)
        opened, resolved = alerting.settle_anew(tx, kept.admission_id, now, "amended")
        audit.event(
            tx, now, by, "amend", "observation", kept.id, admission_id=kept.admission_id,
            detail={"replaces": original_id, "reason": reason},
        )  # fmt: skip
        return _recorded(tx, kept, admission, opened, resolved, now)


def receipt(store: Store, by: Clinician, admission_id: str, observation_id: str, now: datetime) -> Recorded | None:
    """What was kept under this id and what it means at `now`, read from the database; None when nothing was."""
    with gate.read(store, by, "see_patient", now, admission_id=admission_id) as tx:
        kept = find.observation(tx, observation_id)
        if kept is None or kept.admission_id != admission_id:
            return None
        opened = tuple(a for a in find.alerts(tx, kept.admission_id) if a.observation_id == kept.id)
        resolved = tuple(a for a in find.alerts(tx, kept.admission_id) if a.resolved_by == kept.id)
        return _recorded(tx, kept, find.admission(tx, kept.admission_id), opened, resolved, now)


def checked(entry: Observation, now: datetime) -> Observation:
    """The entry with clean text, or Refused with every problem of it at once."""
    file = protocols.vitals_file()
    problems = vital_signs.impossible(file, entry.vitals) | vital_signs.impossible_other(file, entry.other)
    if entry.taken_at > now + clock_tolerance():
        problems["taken_at"] = "The time lies in the future: set it to when the patient was seen."
    for scale_id in entry.answers:
        try:
            answered(entry, scale_id)
        except Refused as refused:
            problems |= refused.problems
    if entry.not_done is not None and entry.not_done not in NOT_DONE:
        problems["not_done"] = f"Reason {entry.not_done!r} does not exist: choose asleep, refused, off ward or other."
    note = clean(entry.note)
    if entry.not_done == "other" and not note:
        problems["note"] = "The reason is 'other': say in a word what it was."
    entered = entry.vitals.measured() or any(entry.answers.values()) or entry.other
    if not entered and entry.not_done is None and not note:
        problems[""] = "Nothing was entered: enter a value, or say why the set was not taken."
    if problems:
        raise Refused(problems)
    return replace(entry, note=note, pulse_reason=clean(entry.pulse_reason))


def _judged(entry: Observation, admission: Admission, by: Clinician, now: datetime) -> Observation:
    """The entry as it is kept: with what the scales make of it, who recorded it and when."""
    made = assessments(entry, admission)
    author = Author(by.id, by.name, by.role)
    return replace(entry, assessments=made, recorded_at=now, recorded_by=by.name, role=by.role, author=author)


def _with_scale(vitals: Vitals, admission: Admission) -> Vitals:
    """The SpO2 scale is the admission's, set by a physician; an entry does not change it on its own."""
    if vitals.spo2_percent is None or vitals.spo2_scale is not None:
        return vitals
    return replace(vitals, spo2_scale=admission.spo2_scale)


def _check_admission(admission: Admission, entry: Observation) -> None:
    if admission.discharged_at is not None and entry.taken_at > admission.discharged_at:
        raise Refused({"taken_at": "The patient had left by then: set the time back, or admit the patient again."})


def _ask_if_unusual(entry: Observation, earlier: Sequence[Observation], asked: Mapping[str, str]) -> None:
    before = (o.vitals for o in reversed(earlier) if o.taken_at <= entry.taken_at)
    last = next((vitals for vitals in before if vitals.measured()), None)
    questions = {**asked, **vital_signs.unusual(protocols.vitals_file(), entry.vitals, last), **noted.question(entry)}
    if questions:
        raise NeedsConfirmation(questions)


def _said_again(
    tx: Connection, known: Observation, entry: Observation, admission: Admission, now: datetime
) -> Recorded:
    same = (
        all(
            getattr(known, name) == getattr(entry, name)
            for name in ("admission_id", "vitals", "answers", "pulse_reason", "other", "not_done", "note", "replaces")
        )
        and abs(known.taken_at - entry.taken_at) <= RESEND
    )
    if not same:
        raise Conflict("This form was already saved with other values: look at the saved set, and correct it there.")
    return replace(_recorded(tx, known, admission, (), (), now), already=True)


def _recorded(
    tx: Connection,
    kept: Observation,
    admission: Admission,
    opened: tuple[Alert, ...],
    resolved: tuple[Alert, ...],
    now: datetime,
    known: Background | None = None,
    recent: Sequence[Observation] = (),
) -> Recorded:
    """What was kept and what it means; `known` and `recent` are what the rules looked back on, where at hand."""
    known = known or background(tx, admission, kept.taken_at, first=False, now=now)
    now_open = tuple(find.open_alerts(tx, kept.admission_id))
    recent = recent or find.last_in_admission(tx, admission, recent_sets(), now)
    file = protocols.vitals_file()
    judged = [r.vital for r in file.ranges] + [c.vital for c in file.coded]
    return Recorded(
        observation=kept,
        interpretations={
            v: vital_signs.interpret(file, v, getattr(kept.vitals, v), kept.vitals.spo2_scale) for v in judged
        },
        opened=opened,
        resolved=resolved,
        open_alerts=now_open,
        due=schedule.next_due(recent, now_open, known),
    )


def _newest(earlier: Sequence[Observation], kept: Observation, admission: Admission, now: datetime) -> bool:
    judged = entry_times.judged(admission.admitted_at, now).holds(kept.taken_at)
    return judged and (not earlier or earlier[-1].taken_at <= kept.taken_at)
