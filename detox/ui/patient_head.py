"""The top of a patient's page: who this is, and what moved since the last set."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from detox.clinical import protocols
from detox.clinical.model import Dose, Interpretation
from detox.reports.board import Value
from detox.reports.patient import Change, PatientPage
from detox.ui import limit_words, situation_words, watch_words, words
from detox.ui.words import esc

_SHORT = {
    "systolic_mmhg": "BP syst", "heart_rate_per_min": "HR", "temperature_c": "T", "respiratory_rate_per_min": "RR",
    "spo2_percent": "SpO2",
}  # fmt: skip
_PREGNANCY = {"negative": "not pregnant (test negative)", "positive": "PREGNANT", "unknown": "? pregnancy unknown"}
_SAYS = {"negative": "negative", "unknown": "not known", "n/a": "cannot be pregnant"}


def identity_html(page: PatientPage, zone: ZoneInfo, unit: str = "C") -> str:
    """Bed, name, born, age, day, programme, pregnancy, allergies, limits and the level with sign and word."""
    admission, tile = page.admission, page.tile
    born = f"born {admission.patient.born_on}" if admission.patient.born_on else "? born unknown"
    days = f" of {admission.planned_days}" if admission.planned_days else ""
    facts = [
        born,
        words.age(admission, page.as_of),
        f"<b>day {tile.day}{days}</b>",
        esc(words.PROGRAMMES[admission.programme]),
    ]
    if (words_say := situation_words.pregnant_by_words(page.facts)) and admission.pregnancy != "positive":
        asked = f"the answer says {_SAYS[admission.pregnancy]}: settle which"
        facts.append(f'<span class="px-allergy">PREGNANT by {esc(repr(words_say))}; {asked}</span>')
    elif admission.patient.sex_at_birth != "M" and admission.pregnancy in _PREGNANCY:
        loud = ' class="px-allergy"' if admission.pregnancy != "negative" else ""
        facts.append(f"<span{loud}>{_PREGNANCY[admission.pregnancy]}</span>")
    facts.append(situation_words.allergy_html(admission))
    if missing := words.not_made(admission, page.as_of):
        facts.append(f'<span class="dx-val not_assessed">? {esc(missing)}</span>')
    if admission.opioid:
        facts.append(f"used {esc(admission.opioid)}")
    where = esc(words.bed(tile.bed))
    left = (
        f"<b>discharged {esc(words.when(admission.discharged_at, zone, page.as_of))}</b>"
        if admission.discharged_at
        else ""
    )
    sign = f'<span class="px-level {tile.level}">{words.LEVELS[tile.level]}</span>'
    return (
        f'<div class="px-id"><span class="px-bed">{where}</span>'
        f'<span class="px-name">{esc(words.name(admission))}</span>{left}{sign}</div>'
        f'<div class="px-facts">{"".join(f"<span>{fact}</span>" for fact in facts)}{_due(page, zone)}</div>'
        + situation_words.band_html(page.facts, admission)
        + limit_words.line_html(tile.limits, zone, page.as_of, unit)
        + watch_words.lines_html(tile.judgement, zone, page.as_of)
    )


def since_html(page: PatientPage, zone: ZoneInfo, unit: str) -> str:
    """What moved between the last two sets: COWS with its items, vitals, doses."""
    return (
        f'<div class="px-strip"><div class="px-line">{_cows(page, zone)}</div>'
        f'<div class="px-line">{_vitals(page, zone, unit)}</div><div class="px-line">{_doses(page, zone)}</div></div>'
    )


def _due(page: PatientPage, zone: ZoneInfo) -> str:
    due = page.tile.due
    if due is None or page.admission.discharged_at is not None:
        return ""
    if due.at <= page.as_of:
        since = words.when(due.at, zone, page.as_of)
        return f'<span class="dx-val not_assessed"><b>? next set due since {since}</b></span>'
    return f"<span>next set <b>{words.when(due.at, zone, page.as_of)}</b>, {esc(due.words(zone))}</span>"


def _cows(page: PatientPage, zone: ZoneInfo) -> str:
    made = page.tile.withdrawal
    if made is None:
        return '<span class="dx-val not_assessed"><b>COWS ? not rated yet</b></span>'
    at = words.when(made.taken_at, zone, page.as_of)
    age = words.ago(made.taken_at, page.as_of)
    if made.before is None or made.before_at is None:
        first = f'<span class="dx-quiet">at {at}, {age} ago; the first</span>'
        return f'<span class="dx-big">{esc(words.total(made.assessment))}</span>{first}'
    then = str(made.before.total) if made.before.total is not None else f"at least {made.before.at_least}"
    now = esc(words.total(made.assessment).removeprefix("COWS "))
    arrow = "" if not made.change else " ▲" if made.change > 0 else " ▼"
    change = f"{arrow} {words.signed(made.change)}" if made.change is not None else ""
    items = ", ".join(f"{esc(words.item_short('cows', i))} {words.signed(p)}" for i, p in list(made.moved.items())[:6])
    return (
        f'<span class="dx-quiet">since {words.when(made.before_at, zone, page.as_of)}</span>'
        f'<span class="dx-big">COWS {then} → {now}{change}</span>'
        f'<span>{items or "no item moved"}</span><span class="dx-quiet">at {at}, {age} ago</span>'
    )


def _vitals(page: PatientPage, zone: ZoneInfo, unit: str) -> str:
    """The newest values, each with its sign, its change and, where older than the newest set, its time."""
    changes = {c.vital: c for c in page.changes}
    values = page.tile.vitals or {}
    parts = []
    for name, short in _SHORT.items():
        if name not in values:
            parts.append(f'<span class="dx-val not_assessed">{short} ? not measured</span>')
            continue
        value = values[name]
        raw = float(value.interpretation.value or 0)
        text = words.temperature(raw, unit) if name == "temperature_c" else words.number(raw)
        if name == "systolic_mmhg":
            lower = values.get("diastolic_mmhg")
            same = lower is not None and lower.taken_at == value.taken_at
            text, short = f"{text}/{lower.interpretation.value:g}" if same and lower else f"{text}/?", "BP"
        meaning = _worst(name, values)
        old = f" at {words.when(value.taken_at, zone, page.as_of)}" if value.stale else ""
        judged = (value, values["diastolic_mmhg"]) if short == "BP" and "diastolic_mmhg" in values else (value,)
        own = limit_words.flag_html([limit for v in judged for limit in v.limits], zone, page.as_of, unit)
        parts.append(
            f'<span class="dx-val {meaning.meaning}">{short} <b>{text}</b> {meaning.sign}{own} '
            f'<span class="dx-quiet">{_moved(changes.get(name), unit)}{old}</span></span>'
        )
    if "sedation" in values:
        found = values["sedation"].interpretation
        parts.append(f'<span class="dx-val {found.meaning}">Sedation <b>{esc(found.value)}</b> {found.sign}</span>')
    else:
        parts.append('<span class="dx-val not_assessed">Sedation ? not measured</span>')
    return "".join(parts)


def _worst(name: str, values: Mapping[str, Value]) -> Interpretation:
    order = ("critically_high", "critically_low", "high", "low", "normal", "not_assessed")
    names = [name, "diastolic_mmhg"] if name == "systolic_mmhg" else [name]
    found = [values[n].interpretation for n in names if n in values]
    return min(found, key=lambda i: order.index(i.meaning))


def _moved(change: Change | None, unit: str) -> str:
    if change is None:
        return ""
    by = change.by * 9 / 5 if change.vital == "temperature_c" and unit == "F" else change.by
    decimals = protocols.vitals_file().range(change.vital).decimals
    if round(by, decimals) == 0:
        return "±0"
    return f"{'+' if by > 0 else '−'}{abs(by):.{decimals}f}"


def _doses(page: PatientPage, zone: ZoneInfo) -> str:
    since = _compared_with(page)
    recent = [d for d in page.doses if d.given_at >= since]
    if not recent:
        last = page.doses[-1] if page.doses else None
        if last is None:
            return '<span class="dx-quiet">no dose charted in this admission</span>'
        return (
            f'<span class="dx-quiet">no dose since then; last: {esc(last.drug)} {last.dose_mg:g} mg {last.status} '
            f"{words.when(last.given_at, zone, page.as_of)}</span>"
        )
    return "".join(_dose(d, page, zone) for d in recent[-4:])


def _compared_with(page: PatientPage) -> datetime:
    """The oldest moment that the strip compares with: no dose between a score and the one before it is left out."""
    moments = [c.then_at for c in page.changes]
    if page.tile.withdrawal is not None and page.tile.withdrawal.before_at is not None:
        moments.append(page.tile.withdrawal.before_at)
    return min(moments, default=page.admission.admitted_at)


def _dose(dose: Dose, page: PatientPage, zone: ZoneInfo) -> str:
    amount = f" {dose.dose_mg:g} mg" if dose.status == "given" else ""
    sign = "" if dose.status == "given" else "▲ "
    why = f": {esc(dose.reason)}" if dose.reason else ""
    why = f" <b>{words.AGAINST_HOLD}</b>{why}" if dose.against_hold else why
    at = words.when(dose.given_at, zone, page.as_of)
    return f"<span>{sign}dose <b>{esc(dose.drug)}{amount} {dose.status}</b> {at}{why}</span>"
