"""The shift summary as HTML: four blocks that are never merged, and a line of numbers for each patient."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from detox.chart.danger import one_a_problem
from detox.clinical.model import LEVELS, Dose
from detox.instants import wall
from detox.reports.shift import ShiftSummary
from detox.reports.shift_patient import Course, PatientShift, SetTaken
from detox.ui import words
from detox.ui.tiles import danger_html
from detox.ui.words import esc

_SHORT = {
    "systolic_mmhg": "BP syst", "diastolic_mmhg": "BP diast", "heart_rate_per_min": "HR", "temperature_c": "T",
    "respiratory_rate_per_min": "RR", "spo2_percent": "SpO2", "sedation": "sedation", "consciousness": "consciousness",
    "breath_alcohol_percent": "breath alcohol",
}  # fmt: skip


def blocks_html(found: ShiftSummary, zone: ZoneInfo) -> str:
    """Done, not done with why, refused, unknown; what nobody recorded is unknown and stands with nothing else."""
    total, people = found.totals, found.patients
    partial = [_set(p, s, zone) for p in people for s in p.of("partial")]
    against = [_dose(p, d, zone) for p in people for d in p.dosed("given") if d.against_hold]
    asleep = [_set(p, s, zone) for p in people for s in p.of("not_done")]
    held = [_dose(p, d, zone) for p in people for d in p.dosed("held")]
    refused = [_set(p, s, zone) for p in people for s in p.of("refused")]
    dose_refused = [_dose(p, d, zone) for p in people for d in p.dosed("refused")]
    unknown = [_due_at(p, at, zone) for p in people for at in p.unrecorded_at]
    done, dosed = _many(total.sets_done, "complete set"), _many(total.doses_given, "dose")
    incomplete = f", and {total.sets_partial} incomplete" if total.sets_partial else ""
    not_done, not_given = _many(total.sets_not_done, "set"), _many(total.doses_held, "dose")
    no, no_dose = _many(total.sets_refused, "set"), _many(total.doses_refused, "dose")
    due = _many(total.due_unrecorded, "due set")
    return "".join(
        (
            _block("done", f"Done: {done}{incomplete}, {dosed} given", [*against, *partial]),
            _block("not_done", f"Not done, with why: {not_done}, {not_given} held", [*asleep, *held]),
            _block("refused", f"Refused: {no}, {no_dose}", [*refused, *dose_refused]),
            _block("unknown", f"? Unknown: {due} with nothing recorded at all", unknown),
        )
    )


def dangers_html(found: ShiftSummary, zone: ZoneInfo) -> str:
    """What stands against each patient as of the summary, the worst patient first: one a problem, its worst."""
    told = [(p, listed) for p in found.patients if (listed := one_a_problem(p.dangers))]
    told.sort(key=lambda one: -LEVELS.index(one[1][0].level))
    lines = "".join(
        f'<div class="px-danger"><div>{_who(p)}</div>{"".join(danger_html(d, found.as_of) for d in listed)}</div>'
        for p, listed in told
    )
    lines += "".join(
        f'<div class="dx-alert unknown"><b>? {_who(p)}: no judgement.</b> {esc(p.judged.problem)}</div>'
        for p in found.patients
        if p.judged is not None and p.judged.problem
    )
    levels = [d.level for _, listed in told for d in listed]
    counted = [f"{levels.count(level)} {level}" for level in reversed(LEVELS) if level in levels]
    return (
        f'<div class="px-dangers"><h3>Dangers as of {wall(found.as_of, zone, "%a %H:%M")}: '
        f"{', '.join(counted) or 'none found'}</h3>{lines}</div>"
    )


def counts_html(found: ShiftSummary) -> str:
    """What stands in the file as well, to be compared with it."""
    total = found.totals
    shown = (
        ("patients", len(found.patients)), ("sets done", total.sets_done), ("sets incomplete", total.sets_partial),
        ("sets not done", total.sets_not_done), ("sets refused", total.sets_refused),
        ("due, unrecorded", total.due_unrecorded), ("COWS complete", total.cows_complete),
        ("critical alerts opened", total.alerts_critical), ("warnings opened", total.alerts_warning),
        ("alerts never answered", total.alerts_unanswered), ("alerts open at the end", total.alerts_still_open),
        ("doses given", total.doses_given), ("doses held", total.doses_held), ("doses refused", total.doses_refused),
        ("decisions", total.decisions), ("corrections", total.corrections), ("notes", total.notes),
    )  # fmt: skip
    return '<div class="px-counts">' + "".join(f"<span>{name} <b>{n}</b></span>" for name, n in shown) + "</div>"


def table_html(found: ShiftSummary, zone: ZoneInfo, now: datetime, unit: str) -> str:
    """One line of numbers a patient; the name leads to the records."""
    if not found.patients:
        return '<p class="dx-quiet">Nobody was on the ward in this shift.</p>'
    head = (
        "Bed", "Patient", "Sets done", "Incom&shy;plete", "Not done", "Re&shy;fused", "Un&shy;known", "COWS worst",
        "COWS last", "Vitals outside normal", "Alerts", "Doses", "Next set due",
    )  # fmt: skip
    rows = "".join(_row(p, zone, now, unit) for p in found.patients)
    return (
        f'<div class="dx-table px-shift"><table><thead><tr>{"".join(f"<th>{h}</th>" for h in head)}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(p: PatientShift, zone: ZoneInfo, now: datetime, unit: str) -> str:
    counts, admission = p.counts, p.admission
    cows = p.scores.get("cows")
    outside = [_course(c, zone, unit) for c in p.vitals.values() if c.worst.interpretation.meaning != "normal"]
    critical = "dx-val critically_high" if counts.alerts_critical else ""
    alerts = (
        f"{counts.alerts_critical} critical, {counts.alerts_warning} warning; <b>{counts.alerts_still_open} open</b>"
    )
    unanswered = f"; <b>{counts.alerts_unanswered} never answered</b>" if counts.alerts_unanswered else ""
    doses = f"{counts.doses_given} given, {counts.doses_held} held, {counts.doses_refused} refused"
    left = f"discharged {words.when(admission.discharged_at, zone, now)}" if admission.discharged_at else "none"
    due = f"{words.when(p.due.at, zone, now)}" if p.due else left
    worst, last = (esc(cows.worst.words), esc(cows.last.words)) if cows else ("? not rated", "? not rated")
    missing = counts.due_unrecorded
    unknown = f'<b class="dx-val not_assessed">? {missing}</b>' if missing else "0"
    link = f'<a href="/patient?admission={esc(admission.id)}" target="_self">{esc(words.name(admission))}</a>'
    return (
        f'<tr><td>{esc(p.bed)}</td><td class="wrap">{link}</td><td>{counts.sets_done}</td>'
        f"<td>{counts.sets_partial}</td><td>{counts.sets_not_done}</td><td>{counts.sets_refused}</td><td>{unknown}</td>"
        f"<td>{worst}</td><td>{last}</td>"
        f'<td class="wrap">{"<br>".join(outside) or "none"}</td><td class="wrap {critical}">{alerts}{unanswered}</td>'
        f'<td class="wrap">{doses}</td><td>{due}</td></tr>'
    )


def _course(course: Course, zone: ZoneInfo, unit: str) -> str:
    found = course.worst.interpretation
    value = found.value
    if course.vital == "temperature_c" and isinstance(value, (int, float)):
        text = words.temperature(float(value), unit)
    else:
        text = f"{value:g}" if isinstance(value, (int, float)) else str(value)
    name, at = esc(_SHORT.get(course.vital, course.vital)), wall(course.worst.taken_at, zone)
    return f'<span class="dx-val {found.meaning}">{name} <b>{esc(text)}</b> {found.sign} {at}</span>'


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _block(kind: str, title: str, lines: Iterable[str]) -> str:
    listed = "".join(f"<li>{line}</li>" for line in lines)
    return f'<div class="px-block {kind}"><h3>{esc(title)}</h3>{f"<ul>{listed}</ul>" if listed else ""}</div>'


def _who(p: PatientShift) -> str:
    return (
        f"bed {esc(p.bed)} <b>{esc(words.name(p.admission))}</b>" if p.bed else f"<b>{esc(words.name(p.admission))}</b>"
    )


def _set(p: PatientShift, taken: SetTaken, zone: ZoneInfo) -> str:
    entry = taken.observation
    why = [words.NOT_DONE[taken.why]] if taken.why else []
    said = "; ".join(filter(None, [*why, *taken.missing, entry.note]))
    return f"{_who(p)}, set of {wall(entry.taken_at, zone)} by {esc(entry.recorded_by)}: {esc(said)}"


def _dose(p: PatientShift, dose: Dose, zone: ZoneInfo) -> str:
    amount = f" {dose.dose_mg:g} mg" if dose.status == "given" else ""
    mark = f" <b>{words.AGAINST_HOLD}</b>" if dose.against_hold else ""
    return (
        f"{_who(p)}, dose of {esc(dose.drug)}{amount} {dose.status}{mark} at {wall(dose.given_at, zone)} "
        f"by {esc(dose.recorded_by)}: "
        f"{esc(dose.reason)}"
    )


def _due_at(p: PatientShift, at: datetime, zone: ZoneInfo) -> str:
    return f"{_who(p)}, due at {wall(at, zone)}"
