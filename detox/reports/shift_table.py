"""The columns of the shift summary's CSV. Each is described in docs/shift-summary.md; a test compares the two."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from datetime import datetime
from zoneinfo import ZoneInfo

from detox.clinical import protocols
from detox.clinical.model import Decision, Dose
from detox.reports.csv_text import Cell
from detox.reports.shift_patient import (
    Correction,
    Counts,
    Course,
    Kind,
    PatientShift,
    Reading,
    Score,
    SetTaken,
    ShiftAlert,
)  # fmt: skip
from detox.reports.shift_period import ShiftPeriod

WITH_COLUMNS = ("cows", "news2")  # other scales stand together in other_scores
SCORE_COLUMNS = ("total", "at_least", "band", "missing", "at")
KINDS: tuple[Kind, ...] = ("done", "partial", "not_done", "refused", "note")
NOT_DONE = {"asleep": "asleep", "refused": "refused", "off_ward": "off the ward", "other": "other"}
BETWEEN = " | "


def header() -> list[str]:
    """The column names, in order."""
    return [
        "shift", "shift_starts_at", "shift_ends_at", "as_of", "admission_id", "bed", "family_name", "given_name",
        "born_on", "programme", "admitted_at", "discharged_at",
        "sets_done", "sets_partial", "sets_not_done", "sets_refused", "notes", "due_unrecorded_at",
        *(f"{scale}_{which}_{part}" for scale in WITH_COLUMNS for which in ("worst", "last") for part in SCORE_COLUMNS),
        "other_scores",
        *(f"{which}_{vital}" for vital in _numbers() for which in ("worst", "lowest", "highest")),
        *(f"worst_{vital}" for vital in _codes()),
        "vitals_outside_normal",
        "alerts_opened", "alerts_still_open", "doses_given", "doses_held", "doses_refused", "decisions", "corrections",
        "next_due_at", "next_due_why",
        *(f"count_{f.name}" for f in fields(Counts)),
        "dangers",
    ]  # fmt: skip


def row_of(patient: PatientShift, period: ShiftPeriod, as_of: datetime, time_zone: str) -> list[Cell]:
    """One patient's cells, in the order of the header."""
    zone = ZoneInfo(time_zone)

    def at(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")

    admission = patient.admission
    cells: list[Cell] = [period.key, at(period.starts_at), at(period.ends_at), at(as_of), admission.id, patient.bed]
    cells += [admission.patient.family_name, admission.patient.given_name]
    cells += [admission.patient.born_on.isoformat() if admission.patient.born_on else None, admission.programme]
    cells += [at(admission.admitted_at), at(admission.discharged_at)]
    cells += [_list(_set_words(s, at) for s in patient.of(kind)) for kind in KINDS]
    cells.append(_list(at(t) or "" for t in patient.unrecorded_at))
    cells += _score_cells(patient, at)
    cells += _vital_cells(patient, at)
    cells.append(_list(_alert_words(a, at) for a in patient.opened()))
    cells.append(_list(f"{at(a.alert.opened_at)} {_level(a)}{a.alert.finding.message}" for a in patient.still_open))
    cells += [_list(_dose_words(d, at) for d in patient.dosed(status)) for status in ("given", "held", "refused")]
    cells.append(_list(_decision_words(d, at) for d in patient.decisions))
    cells.append(_list(_correction_words(c, at) for c in patient.corrections))
    cells += [at(patient.due.at), patient.due.why] if patient.due else [None, None]
    cells += asdict(patient.counts).values()
    cells.append(_dangers(patient))
    return cells


def file_name(period: ShiftPeriod) -> str:
    """shift_2026-11-21_night.csv: when, and nothing about whom or where."""
    plain = unicodedata.normalize("NFKD", period.key.replace("/", "_", 1)).encode("ascii", "ignore").decode()
    return f"shift_{''.join(c if c.isalnum() or c in '-_' else '-' for c in plain)}.csv"


def _dangers(patient: PatientShift) -> str | None:
    """The dangers of the judgement, the worst first; "none" where there is none, empty where nothing was judged."""
    if patient.judged is None:
        return None
    if patient.judged.judgement is None:
        return f"not judged: {patient.judged.problem}"
    return _list(f"{d.level}: {d.rule} {d.problem}: {d.message}" for d in patient.dangers) or "none"


At = Callable[[datetime | None], str | None]


def _numbers() -> list[str]:
    return list(dict.fromkeys(r.vital for r in protocols.vitals_file().ranges))


def _codes() -> list[str]:
    return [c.vital for c in protocols.vitals_file().coded]


def _list(words: Iterable[str]) -> str | None:
    return BETWEEN.join(words) or None


def _because(text: str, reason: str) -> str:
    return f"{text} ({reason})" if reason else text


def _set_words(taken: SetTaken, at: At) -> str:
    entry = taken.observation
    said = [NOT_DONE[taken.why]] if taken.why and taken.kind != "refused" else []
    words = [*said, *taken.missing, entry.note]
    return _because(f"{at(entry.taken_at)} {entry.recorded_by}", "; ".join(filter(None, words)))


def _score_cells(patient: PatientShift, at: At) -> list[Cell]:
    cells: list[Cell] = []
    for scale in WITH_COLUMNS:
        scored = patient.scores.get(scale)
        for score in (scored.worst, scored.last) if scored else (None, None):
            cells += _parts(score, at)
    others = [s for name, s in patient.scores.items() if name not in WITH_COLUMNS]
    cells.append(
        _list(
            f"{protocols.scale(s.scale).short_name} {which} {score.words} at {at(score.taken_at)}"
            for s in others
            for which, score in (("worst", s.worst), ("last", s.last))
        )
    )
    return cells


def _parts(score: Score | None, at: At) -> list[Cell]:
    if score is None:
        return [None] * len(SCORE_COLUMNS)
    made = score.assessment
    return [made.total, made.at_least, made.band, ", ".join(made.missing) or None, at(score.taken_at)]


def _vital_cells(patient: PatientShift, at: At) -> list[Cell]:
    cells: list[Cell] = []
    for vital in _numbers():
        course = patient.vitals.get(vital)
        cells += [_value(r) for r in (course.worst, course.lowest, course.highest)] if course else [None] * 3
    for vital in _codes():
        course = patient.vitals.get(vital)
        cells.append(_value(course.worst) if course else None)
    outside = [c for c in patient.vitals.values() if c.worst.interpretation.meaning != "normal"]
    cells.append(_list(_outside_words(c, at) for c in outside))
    return cells


def _value(reading: Reading | None) -> Cell:
    return None if reading is None else reading.interpretation.value


def _outside_words(course: Course, at: At) -> str:
    found = course.worst.interpretation
    value = f"{found.value:g}" if isinstance(found.value, float) else str(found.value)
    limit = f", {found.limit}" if found.limit else ""
    return f"{course.vital} {value} {found.meaning}{limit} at {at(course.worst.taken_at)}"


def _level(alert: ShiftAlert) -> str:
    return f"{alert.alert.finding.level}: "


def _alert_words(alert: ShiftAlert, at: At) -> str:
    said = "; ".join(f"answered {at(a.at)} by {a.by}: {a.what_was_done}" for a in alert.answers) or "unanswered"
    return f"{at(alert.alert.opened_at)} {_level(alert)}{alert.alert.finding.message} ({said})"


def _dose_words(dose: Dose, at: At) -> str:
    amount = f" {dose.dose_mg:g} mg" if dose.status == "given" else ""
    over = f" over a hold by the word of {dose.over_hold}" if dose.over_hold else ""
    against = " against a hold, physician called" if dose.against_hold else ""
    return _because(f"{at(dose.given_at)} {dose.drug}{amount}{over}{against}", dose.reason)


def _decision_words(decision: Decision, at: At) -> str:
    chosen = _because(decision.chosen, decision.reason)
    return f"{at(decision.decided_at)} {decision.decided_by} {decision.verdict}: {chosen}"


def _correction_words(correction: Correction, at: At) -> str:
    wrong = correction.dose
    was = "set" if wrong is None else f"dose {wrong.drug} {wrong.dose_mg:g} mg {wrong.status}"
    was += " against a hold" if wrong is not None and wrong.against_hold else ""
    how = "corrected" if correction.replaced_by_id else "entered in error, said"
    when = f"{was} of {at(correction.taken_at)} {how} {at(correction.corrected_at)}"
    return f"{when} by {correction.by} ({correction.reason})"
