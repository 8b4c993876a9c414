"""Words, signs and colours of the screens: level is always colour and sign and word."""

import html
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from detox.clinical import protocols
from detox.clinical.judgement import not_valid
from detox.clinical.model import Admission, Assessment
from detox.instants import wall

LEVELS = {
    "critical": "▲▲ critical",
    "warning": "▲ warning",
    "info": "i info",
    "unknown": "? unknown",
    "incomplete": "? incomplete",
    "settled": "· settled",
    "free": "free",
}
PROGRAMMES = {
    "taper": "Detox taper",
    "alpha2": "Symptom relief (alpha-2)",
    "alpha2_start": "Alpha-2 start",
    "bup_induction": "Buprenorphine start",
    "methadone_start": "Methadone start",
    "naltrexone_start": "Naltrexone start",
    "maintenance_dot": "Maintenance, observed dosing",
    "hat": "Heroin-assisted treatment",
}
NOT_DONE = {"asleep": "asleep", "refused": "refused", "off_ward": "off the ward", "other": "other reason"}
ROLES = {"nurse": "nurse", "physician": "physician", "manager": "ward manager"}
SUGGESTIONS = {
    "CONTINUE": "Continue: give the scheduled step",
    "HOLD_STEP": "Hold the step: stay at this dose",
    "STEP_DOWN": "Step down to the next dose",
    "STEP_UP": "Step back up to the last tolerated dose",
    "HOLD_CALL": "Hold and call the physician now",
    "START_MET": "Start criteria are met",
    "START_NOT_MET": "Start criteria are not met",
    "NO_SUGGESTION": "No suggestion: data are missing or cannot be trusted",
}
DOSE_ACTIONS = {
    "withhold": "Withhold the next dose until a physician has decided.",
    "physician_decides": "Do not withhold on this ground: the physician decides at once.",
}
AGAINST_HOLD = "▲▲ against a hold, physician called"
DAYS_BY_NAME = 6
FEW = 2
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])")


def esc(text: object) -> str:
    """Anybody's text inside our own HTML."""
    return html.escape(str(text), quote=True)


def plain(text: object) -> str:
    """Anybody's text where Streamlit would read markdown: every mark is shown, none obeyed. Not for a selectbox."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def bed(name: str | None) -> str:
    """Where somebody lies, as a heading says it: BED 4, also where the ward calls its beds "Bed 4"."""
    return f"BED {name.removeprefix('Bed ').strip()}" if name else "no bed"


def name(admission: Admission) -> str:
    """FAMILY, Given: family name first and in capitals, as on a wristband."""
    person = admission.patient
    return f"{person.family_name.upper()}, {person.given_name}" if person.given_name else person.family_name.upper()


def age(admission: Admission, now: datetime) -> str:
    """Whole years, or "age unknown"."""
    born = admission.patient.born_on
    if born is None:
        return "age unknown"
    today = now.date()
    return f"{today.year - born.year - ((today.month, today.day) < (born.month, born.day))} y"


def not_made(admission: Admission, now: datetime) -> str:
    """Which scores from vitals are not made for this person, and why; empty for most."""
    whys = {s.short_name: not_valid(s, admission, now) for s in protocols.scales().values() if s.observer == "vitals"}
    return "; ".join(f"{short_name} is not made: {why}" for short_name, why in whys.items() if why)


def ago(moment: datetime, now: datetime) -> str:
    """How long since `moment`: 12 min, 1 h 20 min, 3 d."""
    return span(now - moment)


def span(length: timedelta) -> str:
    """A length of time in the two units that matter."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours and days < 7 else f"{days} d"


def when(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """The ward's wall time; with the weekday unless it is today, with the date and year as they get further off."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return wall(moment, zone)
    if abs((local.date() - today.date()).days) < DAYS_BY_NAME:
        return wall(moment, zone, "%a %H:%M")
    return wall(moment, zone, "%a %-d %b %H:%M" if local.year == today.year else "%-d %b %Y %H:%M")


def number(value: float) -> str:
    """A number without a useless .0."""
    return f"{value:g}"


def temperature(value_c: float, unit: str) -> str:
    """A temperature in the ward's unit, one decimal. Kept in C; F is for reading only."""
    return f"{value_c * 9 / 5 + 32:.1f}" if unit == "F" else f"{value_c:.1f}"


def to_celsius(value: float, unit: str) -> float:
    """What was typed in the ward's unit, as C to one decimal."""
    return round((value - 32) * 5 / 9, 1) if unit == "F" else value


def total(made: Assessment) -> str:
    """The number first, then the band; a partial sum is never shown as a total. A level or triage has no number."""
    scale = protocols.scales().get(made.scale)
    short = scale.short_name if scale else made.scale
    if scale is not None and scale.kind != "sum":
        return f"{short} {band(made) or 'not complete'}"
    if made.total is None:
        of = len(made.items) + len(made.missing)
        names = f", no {_few(made)}" if len(made.missing) <= FEW else ""
        return f"{short} at least {made.at_least} ({len(made.items)} of {of}{names})"
    return f"{short} {made.total} {band(made)}".strip()


def _few(made: Assessment) -> str:
    return ", no ".join(item_short(made.scale, item).lower() for item in made.missing)


def band(made: Assessment) -> str:
    """The band in words; empty while an item is missing."""
    if made.band is None:
        return ""
    scale = protocols.scales().get(made.scale)
    if scale is None:
        return made.band.replace("_", " ")
    return next((b.label for b in scale.bands if b.id == made.band), made.band.replace("_", " "))


def code(vital: str, value: str) -> str:
    """The short words of a code: Alert, 3 drifts off."""
    for coded in protocols.vitals_file().coded:
        if coded.vital == vital:
            return next((c.short for c in coded.codes if c.value == value), value)
    return value


def signed(points: int) -> str:
    """+6, -2 or ±0, with a real minus."""
    return "±0" if points == 0 else f"+{points}" if points > 0 else f"−{-points}"


def item_short(scale_id: str, item_id: str) -> str:
    """The short name of an item: GI, tremor."""
    scale = protocols.scales().get(scale_id)
    if scale is None:
        return item_id
    found = next((i for i in scale.items if i.id == item_id), None)
    text = (found.short or found.label) if found else item_id
    return "GI" if text == "gi" else text.replace("_", " ")


def table(head: Iterable[str], rows: Iterable[str]) -> str:
    """A plain table; `rows` are rows of cells, escaped by whoever wrote them."""
    return (
        f'<div class="dx-table"><table><thead><tr>{"".join(f"<th>{h}</th>" for h in head)}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
