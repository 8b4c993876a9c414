"""Our own HTML for a patient at a glance: escaped once, here."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from detox.chart.danger import Danger
from detox.clinical.alerts.escalation import Standing
from detox.clinical.model import LEVELS, Admission, Alert
from detox.clinical.protocols import vitals_file
from detox.clinical.vitals import SIGNS
from detox.reports.board import Board, Graded, Tile, Value, Withdrawal
from detox.ui import limit_words, situation_words, watch_words, words
from detox.ui.words import esc

_SHORT = {
    "heart_rate_per_min": "HR",
    "temperature_c": "T",
    "respiratory_rate_per_min": "RR",
    "spo2_percent": "SpO2",
    "consciousness": "Consciousness",
    "sedation": "Sedation",
    "breath_alcohol_percent": "Breath alcohol",
}
_MEANING = {
    "critically_low": "critically low",
    "critically_high": "critically high",
    "low": "low",
    "high": "high",
    "normal": "",
    "not_assessed": "not measured",
}
COURSE = 4
"""How many values a line tells of what happened since: the first and the newest."""

_EXPECTED = ("heart_rate_per_min", "temperature_c", "respiratory_rate_per_min", "spo2_percent", "sedation")


def counts_html(board: Board, as_of: str) -> str:
    """What needs somebody now, in three numbers, and how fresh they are."""
    beds = sum(1 for _ in board.tiles)
    return (
        '<div class="dx-counts">'
        f'<span class="dx-count {"critical" if board.need_you else ""}"><b>{board.need_you}</b>need you now</span>'
        f'<span class="dx-count {"unknown" if board.unknown else ""}"><b>{board.unknown}</b>overdue or unknown</span>'
        f'<span class="dx-count"><b>{board.due_soon}</b>due within the hour</span>'
        f'<span class="dx-quiet">{beds} beds · data as of <b>{as_of}</b>, live</span></div>'
    )


def tile_html(tile: Tile, now: datetime, zone: ZoneInfo, unit: str) -> str:
    """One card: level, bed, name, programme and day, what is wrong, COWS, vitals, when the next set is due."""
    if tile.admission is None:
        where = esc(words.bed(tile.bed))
        return f'<div class="dx-tile"><div class="dx-head"><span class="dx-bed">{where}</span>free</div></div>'
    lines = [_head(tile, now, zone)]
    told = [(LEVELS.index(a.finding.level), alert_html(a, now, tile, zone, unit)) for a in tile.alerts]
    told += [(LEVELS.index(d.level), danger_html(d, now)) for d in tile.calls]
    lines += [html for _, html in sorted(told, key=lambda one: -one[0])]
    lines.append(watch_words.lines_html(tile.judgement, zone, now))
    if tile.failed:
        lines.append(f'<div class="dx-alert unknown"><b>? No judgement.</b> {esc(tile.failed)}</div>')
    if tile.overdue is not None:
        answer = f' <span class="dx-quiet">{_answer(tile.silence, now)}</span>' if tile.silence else ""
        lines.append(f'<div class="dx-alert unknown"><b>? {esc(tile.overdue.message)}</b>{answer}</div>')
    if tile.not_done is not None:
        why = words.NOT_DONE[tile.not_done.not_done or "other"]
        note = f": {esc(tile.not_done.note)}" if tile.not_done.note else ""
        at = words.when(tile.not_done.taken_at, zone, now)
        lines.append(
            f'<div class="dx-quiet">Not done at {at}: <b>{esc(why)}</b>{note} '
            f"(by {esc(tile.not_done.recorded_by)})</div>"
        )
    lines.append(_readings(tile, now, zone, unit))
    return f'<div class="dx-tile dx-{tile.level}">{"".join(lines)}</div>'


def person_html(admission: Admission, now: datetime) -> str:
    """Whom a page is about, so large that nobody mistakes the patient."""
    born = f"born {admission.patient.born_on.isoformat()}" if admission.patient.born_on else "born: unknown"
    where = esc(words.bed(admission.bed))
    allergy = situation_words.allergy_html(admission, loud="dx-val warning")
    missing = words.not_made(admission, now)
    score = f'<span class="dx-val not_assessed">? {esc(missing)}</span>' if missing else ""
    return (
        f'<div class="dx-head"><span class="dx-bed">{where}</span>'
        f'<span class="dx-big">{esc(words.name(admission))}</span>'
        f"<span>{born} · {words.age(admission, now)}</span>{allergy}{score}</div>"
    )


def alert_html(
    alert: Alert, now: datetime, tile: Tile | None = None, zone: ZoneInfo | None = None, unit: str = "C"
) -> str:
    """One alert: sign and word, what holds, what else held with it, what to do, and who has answered.

    With its `tile` also with whom it is by now, until when it is put aside, and what happened since it was answered.
    """
    found = alert.finding
    sign = words.LEVELS[found.level].split()[0]
    standing = tile.standing.get(alert.id) if tile is not None else None
    state = _answer(alert, now) if standing is None or zone is None else standing_html(alert, standing, zone, now)
    since = ""
    if tile is not None and zone is not None and (standing is None or standing.state == "answered"):
        since = since_html(tile, alert, zone, now, unit)
    return (
        f'<div class="dx-alert {found.level}"><b>{sign} {esc(found.message)}</b> '
        f'<span class="dx-quiet">{esc(found.action)} · {state}{since}</span>{also_html(alert)}</div>'
    )


def danger_html(danger: Danger, now: datetime) -> str:
    """A danger that no open alert tells of: what it is, what to do, who has answered, and how it ends."""
    sign = words.LEVELS[danger.level].split()[0]
    made = danger.answered
    if made is None:
        state = f"<b>unanswered {words.ago(danger.since, now)}</b>" if danger.timed else "<b>unanswered</b>"
    else:
        state = f"answered by {esc(made.by.name)} {words.ago(made.at, now)} ago: {esc(made.done)}"
        state += "; doses as ordered" if danger.ordered else ""
    return (
        f'<div class="dx-alert {danger.level}"><b>{sign} {esc(danger.message)}</b> '
        f'<span class="dx-quiet">{esc(danger.action)} · {state} · ends: {esc(danger.how)}</span></div>'
    )


def also_html(alert: Alert) -> str:
    """The messages of the other rules of the same problem that held with it, on a line of their own.

    What they share with the main message (the value, up to its colon) is not said again.
    """
    head = alert.finding.message.partition(": ")[0] + ": "
    also = [message.removeprefix(head) for message in alert.finding.also.values()]
    return f"<div>also: {esc('; '.join(also))}</div>" if also else ""


def standing_html(alert: Alert, standing: Standing, zone: ZoneInfo, now: datetime) -> str:
    """Whether it waits and with whom, is put aside and until when, or is answered and how."""
    snooze = standing.snooze
    if standing.state == "aside" and snooze is not None:
        until = words.when(snooze.until_at, zone, now)
        answered = f" · {_answer(alert, now)}" if alert.acknowledged_at is not None else ""
        return f"<b>put aside until {until}</b> by {esc(snooze.by)}: {esc(snooze.reason)}{answered}"
    if standing.state == "answered":
        return _answer(alert, now)
    if standing.state == "told" and standing.until is not None:
        until = words.when(standing.until, zone, now)
        return (
            f"<b>unanswered {words.ago(standing.since, now)}</b>, told on this answered card; calls by itself {until}"
        )
    back = "back after being put aside, " if standing.came_back else ""
    whom = f": now with the {esc(standing.with_whom)}" if standing.with_whom else ""
    return f"<b>{back}unanswered {words.ago(standing.since, now)}{whom}</b>"


def since_html(tile: Tile, alert: Alert, zone: ZoneInfo, now: datetime, unit: str) -> str:
    """What its vitals did since it was answered: 188 → 172 → 160 since 14:05; empty where it was not answered."""
    courses, told = tile.courses.get(alert.id, ()), []
    for course in courses:
        short = "BP syst" if course.vital == "systolic_mmhg" else _SHORT.get(course.vital, "BP diast")
        if not course.again:
            told.append(f"{short} not measured again")
            continue
        shown = course.values if len(course.values) <= COURSE else (course.values[0], *course.values[1 - COURSE :])
        texts = [words.temperature(v, unit) if course.vital == "temperature_c" else words.number(v) for v in shown]
        if len(shown) < len(course.values):
            texts.insert(1, "…")
        told.append(f"{short} <b>{' → '.join(texts)}</b>")
    if not told:
        return ""
    doses = [f"{esc(d.drug)} {d.dose_mg:g} mg at {words.when(d.given_at, zone, now)}" for d in courses[0].doses[-2:]]
    return f" · {', '.join(told)} since {'; '.join([words.when(courses[0].since, zone, now), *doses])}"


def _answer(alert: Alert, now: datetime) -> str:
    if alert.acknowledged_at is None:
        return f"<b>unanswered {words.ago(alert.recorded_at or alert.opened_at, now)}</b>"
    since = words.ago(alert.acknowledged_at, now)
    return f"acknowledged by {esc(alert.acknowledged_by)} {since} ago: {esc(alert.what_was_done)}"


def values_html(values: dict[str, Value], zone: ZoneInfo, now: datetime, unit: str) -> str:
    """The last known vitals; abnormal ones by colour, sign and word, missing ones by name, old ones by their time."""
    parts = [_pressure(values, zone, now, unit)]
    for vital, short in _SHORT.items():
        if vital in values:
            parts.append(_value(values[vital], short, zone, now, unit))
        elif vital in _EXPECTED:
            parts.append(f'<span class="dx-val not_assessed">{short} ? not measured</span>')
    return f'<div class="dx-vitals">{"".join(parts)}</div>'


def withdrawal_html(made: Withdrawal | None, zone: ZoneInfo, now: datetime) -> str:
    """The last COWS: number, band, change since the one before, and which items moved."""
    if made is None:
        return '<div class="dx-cows"><span class="dx-val not_assessed">COWS ? not rated yet</span></div>'
    text = f"<b>{esc(words.total(made.assessment))}</b>"
    if made.change is not None and made.before_at is not None:
        arrow = "▲" if made.change > 0 else "▼" if made.change < 0 else ""
        items = ", ".join(
            f"{esc(words.item_short('cows', i))} {words.signed(p)}" for i, p in list(made.moved.items())[:4]
        )
        text += f" {arrow} {words.signed(made.change)} since {words.when(made.before_at, zone, now)}"
        text += f' <span class="dx-quiet">({items})</span>' if items else ""
    stale = " stale" if made.stale else ""
    at = f'<span class="dx-quiet">at {words.when(made.taken_at, zone, now)}</span>'
    return f'<div class="dx-cows"><span class="dx-val wraps{stale}">{text} {at}</span></div>'


def _head(tile: Tile, now: datetime, zone: ZoneInfo) -> str:
    admission = tile.admission
    if admission is None:
        return ""
    days = f" of {admission.planned_days}" if admission.planned_days else ""
    where = esc(words.bed(tile.bed))
    drug = f" · {esc(tile.plan.drug)}" if tile.plan and tile.plan.signed_at else ""
    return (
        f'<div class="dx-head"><span class="dx-sign {tile.level}">{words.LEVELS[tile.level]}</span>'
        f'<span class="dx-bed">{where}</span><span class="dx-name">{esc(words.name(admission))}</span>'
        f'<span class="dx-quiet">day {tile.day}{days} · {esc(words.PROGRAMMES[admission.programme])}{drug}</span>'
        f'<span class="dx-right">{_due(tile, now, zone)}</span></div>'
    )


def _due(tile: Tile, now: datetime, zone: ZoneInfo) -> str:
    if tile.dated_ahead:
        return '<b class="dx-val not_assessed">? dated in the future</b>'
    if tile.due is None:
        return ""
    if tile.due.at <= now:
        return f"<b>due now</b>, since {words.when(tile.due.at, zone, now)}"
    at, left = words.when(tile.due.at, zone, now), words.span(tile.due.at - now)
    return f'due <b>{at}</b> <span class="dx-quiet">in {left}</span>'


def graded_html(graded: Mapping[str, Graded], zone: ZoneInfo, now: datetime) -> str:
    """The nurse's worry and what else is charted in grades, in its words; empty where nobody has charted any."""
    parts = []
    for name, found in graded.items():
        known = vitals_file().other_named(name)
        meaning = known.grade(found.value).meaning
        at = f" ({words.when(found.taken_at, zone, now)})" if found.stale else ""
        stale = " stale" if found.stale and meaning == "normal" else ""
        text = f"{esc(known.label)} <b>{found.value:g} {esc(known.grade(found.value).short)}</b>"
        parts.append(f'<span class="dx-val {meaning}{stale}">{text} {SIGNS[meaning]}{at}</span>')
    return f'<div class="dx-vitals">{"".join(parts)}</div>' if parts else ""


def _readings(tile: Tile, now: datetime, zone: ZoneInfo, unit: str) -> str:
    if tile.last_seen is None:
        return f'{ahead_html(tile, zone, now)}<div class="dx-val not_assessed"><b>? No set recorded yet</b></div>'
    old = tile.overdue is not None or tile.dated_ahead
    known = f'<span class="dx-quiet">last known {words.when(tile.last_seen, zone, now)}:</span> ' if old else ""
    values = values_html(tile.vitals or {}, zone, now, unit) + graded_html(tile.graded, zone, now)
    values += limit_words.line_html(tile.limits, zone, now, unit)
    missing = words.not_made(tile.admission, now) if tile.admission else ""
    note = f'<div class="dx-val not_assessed">? {esc(missing)}</div>' if missing else ""
    return f"{ahead_html(tile, zone, now)}{known}{withdrawal_html(tile.withdrawal, zone, now)}{values}{note}"


def ahead_html(tile: Tile, zone: ZoneInfo, now: datetime) -> str:
    """The sets that are dated ahead of the clock, by their time; nothing where there is none."""
    if not tile.ahead:
        return ""
    times = ", ".join(words.when(o.taken_at, zone, now) for o in tile.ahead)
    return (
        f'<div class="dx-val not_assessed wraps">? <b>Dated ahead of the clock: {times}.</b> Not judged: correct the '
        "time on the patient's page, Corrections.</div>"
    )


def _pressure(values: dict[str, Value], zone: ZoneInfo, now: datetime, unit: str) -> str:
    upper, lower = values.get("systolic_mmhg"), values.get("diastolic_mmhg")
    if upper is None and lower is None:
        return '<span class="dx-val not_assessed">BP ? not measured</span>'
    order = ("critically_high", "critically_low", "high", "low", "normal")
    either = [v for v in (upper, lower) if v is not None]
    worst = min(either, key=lambda v: order.index(v.interpretation.meaning))
    pair = "/".join(f"{v.interpretation.value:g}" if v else "?" for v in (upper, lower))
    own = limit_words.flag_html([limit for v in either for limit in v.limits], zone, now, unit)
    return _written("BP", pair, worst, zone, now, own)


def _value(value: Value, short: str, zone: ZoneInfo, now: datetime, unit: str) -> str:
    raw = value.interpretation.value
    own = limit_words.flag_html(value.limits, zone, now, unit)
    if value.interpretation.vital == "temperature_c" and isinstance(raw, (int, float)):
        return _written(short, words.temperature(raw, unit), value, zone, now, own)
    text = f"{raw:g}" if isinstance(raw, (int, float)) else words.code(value.interpretation.vital, str(raw))
    return _written(short, text, value, zone, now, own)


def _written(short: str, text: str, value: Value, zone: ZoneInfo, now: datetime, own: str) -> str:
    meaning = value.interpretation.meaning
    sign = f" {value.interpretation.sign} {_MEANING[meaning]}" if meaning != "normal" else ""
    at = f" ({words.when(value.taken_at, zone, now)})" if value.stale else ""
    stale = " stale" if value.stale and meaning == "normal" else ""
    return f'<span class="dx-val {meaning}{stale}">{short} <b>{esc(text)}</b>{sign}{own}{at}</span>'
