"""The flowsheet: time across, the newest set on the left; every kept value, replaced ones too."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from detox.clinical import protocols, vitals
from detox.clinical.model import Assessment, Interpretation, Observation, PatientLimit
from detox.clinical.patient_limits import by_limits
from detox.clinical.protocols import Scale
from detox.instants import repeats, wall
from detox.ui import limit_words, other_measures, scale_words, sites, words
from detox.ui.words import esc

MOST_SETS = 48
LATE = timedelta(minutes=15)

Cell = tuple[str, str]
Judge = Callable[[Observation, str], tuple[Interpretation, str]]
"""What a vital of a set means by the limits of its time, and the mark of a patient's own limit."""
_NUMBERS = (
    ("heart_rate_per_min", "HR, /min"),
    ("temperature_c", "T"),  # one row a site
    ("respiratory_rate_per_min", "RR, /min"),
    ("spo2_percent", "SpO2, %"),
    ("breath_alcohol_percent", "Breath alcohol, %"),
)
_CODES = (("consciousness", "Consciousness"), ("sedation", "Sedation"))
_ORDER = ("critically_high", "critically_low", "high", "low", "normal", "not_assessed")
_NOTHING: Cell = ("", "")


def table(
    seen: Sequence[Observation],
    zone: ZoneInfo,
    now: datetime,
    unit: str,
    limits: Sequence[PatientLimit] = (),
    ahead: Sequence[Observation] = (),
) -> str:
    """The whole table as HTML. `seen` are oldest first, replaced ones among them; all text is escaped here.

    `limits` are those ever set for this patient: a value is coloured by the one that held when it was taken.
    Those `ahead` of the clock are marked: nobody judges them.
    """
    if not seen:
        return '<p class="dx-quiet">Nothing was recorded in this window.</p>'
    columns = sorted(seen, key=lambda o: (o.taken_at, o.recorded_at or o.taken_at), reverse=True)[:MOST_SETS]
    head = "".join(f'<th scope="col"{_old(o)}>{_time(o, zone, now)}{_ahead(o, ahead)}</th>' for o in columns)
    body = "".join(
        _row(label, cell, columns) for label, cell in _rows(columns, zone, unit, _judge(limits, zone, now, unit))
    )
    left_out = len(seen) - len(columns)
    note = f" {left_out} older ones are not in the table: choose a shorter window." if left_out > 0 else ""
    note += " ⚑: coloured by the limit of this patient that held then." if "⚑ own limit" in body else ""
    return (
        f'<p class="dx-quiet">Newest on the left. Struck through: replaced by a correction.{note}</p>'
        f'<div class="dx-table px-flow" tabindex="0" role="region" aria-label="Flowsheet"><table><thead><tr>'
        f'<th scope="col">Taken at</th>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _judge(limits: Sequence[PatientLimit], zone: ZoneInfo, now: datetime, unit: str) -> Judge:
    def judge(o: Observation, name: str) -> tuple[Interpretation, str]:
        of_ward = vitals.interpret(protocols.vitals_file(), name, getattr(o.vitals, name), o.vitals.spo2_scale)
        found, own = by_limits(of_ward, limits, o.taken_at, o.vitals.spo2_scale)
        return found, limit_words.flag_html(own, zone, now, unit)

    return judge


def _rows(
    columns: Sequence[Observation], zone: ZoneInfo, unit: str, judge: Judge
) -> list[tuple[str, Callable[[Observation], Cell]]]:
    rows: list[tuple[str, Callable[[Observation], Cell]]] = [
        ("<b>COWS</b>", lambda o: _total(o.assessment("cows"))),
        ("BP, mmHg", _pressure(judge)),
        *(row for name, label in _NUMBERS for row in _measured(name, label, columns, unit, judge)),
        ("On oxygen", _oxygen),
        *((label, _code(name, judge)) for name, label in _CODES),
        *((esc(label), _beside(name)) for name, label in other_measures.rows(columns)),
        ("NEWS2", lambda o: _early_warning(o.assessment("news2"))),
    ]
    for scale_id in sorted({a.scale for o in columns for a in o.assessments} - {"cows", "news2"}):
        rows.append((esc(_short(scale_id)), _other(scale_id)))
    rows = [row for row in rows if row[0] in _ALWAYS or any(row[1](o) != _NOTHING for o in columns)]
    rows += [(f"· {esc(words.item_short('cows', i.id))}", _item(i.id)) for i in protocols.scale("cows").items]
    return [*rows, ("Not done, note", _said), ("Correction", _correction), ("Recorded by", _recorder(zone))]


_ALWAYS = ("<b>COWS</b>", "BP, mmHg", "HR, /min", "RR, /min", "SpO2, %", "Sedation")


def _row(label: str, cell: Callable[[Observation], Cell], columns: Sequence[Observation]) -> str:
    cells = []
    for o in columns:
        text, meaning = cell(o)
        if o.replaced_by is not None and text and label not in ("Correction", "Recorded by"):
            text = f"<s>{text}</s>"
        cells.append(f'<td class="dx-val {meaning}{" wrap" if label == "Not done, note" else ""}">{text}</td>')
    return f'<tr><th scope="row">{label}</th>{"".join(cells)}</tr>'


def _time(o: Observation, zone: ZoneInfo, now: datetime) -> str:
    local, today = o.taken_at.astimezone(zone), now.astimezone(zone)
    day = "today" if local.date() == today.date() else f"{local:%a %-d %b}"
    at = wall(o.taken_at, zone) if repeats(o.taken_at, zone) else f"{local:%H:%M}"
    return f'{esc(at)}<br><span class="dx-quiet">{esc(day)}</span>'


def _ahead(o: Observation, ahead: Sequence[Observation]) -> str:
    return "<br>? dated ahead, not judged" if o in ahead else ""


def _old(o: Observation) -> str:
    return ' class="px-old"' if o.replaced_by is not None else ""


def _total(made: Assessment | None) -> Cell:
    if made is None:
        return _NOTHING
    scale = protocols.scales().get(made.scale)
    if scale is not None and scale.kind != "sum":
        return _level(scale, made)
    if made.total is None:
        of = len(made.items) + len(made.missing)
        return f"<b>≥ {made.at_least}</b> ? {len(made.items)} of {of}", "not_assessed"
    return f"<b>{made.total}</b> {esc(words.band(made))}", ""


def _level(scale: Scale, made: Assessment) -> Cell:
    """A level or a triage has no number: its words, and for a triage the sign of what it has reached so far."""
    text = f"<b>{esc(scale_words.total(made).removeprefix(f'{scale.short_name}: '))}</b>"
    reached = scale.band(made.band) if made.band else scale.band_of(made.at_least)
    if scale.kind == "triage" and reached != scale.bands[0]:
        sign, meaning = ("▲▲", "critically_high") if reached == scale.bands[-1] else ("▲", "high")
        return f"{text} {sign}", f"{meaning} wrap"
    return text, "not_assessed wrap" if made.missing else "wrap"


def _early_warning(made: Assessment | None) -> Cell:
    if made is None:
        return _NOTHING
    if made.total is None:
        return f"≥ {made.at_least} ?", "not_assessed"
    first = protocols.scale("news2").bands[0].id
    return f"{made.total} {esc((made.risk or '').replace('_', ' '))}", "" if made.risk == first else "high"


def _other(scale_id: str) -> Callable[[Observation], Cell]:
    return lambda o: _total(o.assessment(scale_id))


def _short(scale_id: str) -> str:
    scale = protocols.scales().get(scale_id)
    return scale.short_name if scale else scale_id


def _item(item_id: str) -> Callable[[Observation], Cell]:
    def cell(o: Observation) -> Cell:
        made = o.assessment("cows")
        if made is None:
            return _NOTHING
        return (str(made.items[item_id]), "") if item_id in made.items else ("?", "not_assessed")

    return cell


def _number(name: str, unit: str, judge: Judge) -> Callable[[Observation], Cell]:
    def cell(o: Observation) -> Cell:
        value = getattr(o.vitals, name)
        if value is None:
            return _NOTHING
        text = words.temperature(value, unit) if name == "temperature_c" else words.number(value)
        return _signed(text, *judge(o, name))

    return cell


def _measured(
    name: str, label: str, columns: Sequence[Observation], unit: str, judge: Judge
) -> list[tuple[str, Callable[[Observation], Cell]]]:
    """The row of a vital; temperatures of different sites never stand in one row."""
    if name != "temperature_c":
        return [(label, _number(name, unit, judge))]
    return [
        (f"{label} {esc(sites.said(site))}, °{unit}", _at_site(site, unit, judge)) for site in sites.by_site(columns)
    ]


def _at_site(site: str | None, unit: str, judge: Judge) -> Callable[[Observation], Cell]:
    cell = _number("temperature_c", unit, judge)
    return lambda o: cell(o) if (o.vitals.temperature_site or None) == site else _NOTHING


def _beside(name: str) -> Callable[[Observation], Cell]:
    return lambda o: other_measures.cell(o, name)


def _code(name: str, judge: Judge) -> Callable[[Observation], Cell]:
    def cell(o: Observation) -> Cell:
        value = getattr(o.vitals, name)
        return _NOTHING if value is None else _signed(esc(_code_words(name, value)), *judge(o, name))

    return cell


def _code_words(name: str, value: str) -> str:
    coded = next((c for c in protocols.vitals_file().coded if c.vital == name), None)
    return next((c.short for c in coded.codes if c.value == value), value) if coded else value


def _pressure(judge: Judge) -> Callable[[Observation], Cell]:
    def cell(o: Observation) -> Cell:
        upper, lower = o.vitals.systolic_mmhg, o.vitals.diastolic_mmhg
        if upper is None and lower is None:
            return _NOTHING
        pair = "/".join("?" if v is None else f"{v:g}" for v in (upper, lower))
        names = [n for n in ("systolic_mmhg", "diastolic_mmhg") if getattr(o.vitals, n) is not None]
        found = [judge(o, name) for name in names]
        worst = min((meaning for meaning, _ in found), key=lambda i: _ORDER.index(i.meaning))
        return _signed(pair, worst, next((own for _, own in found if own), ""))

    return cell


def _signed(text: str, meaning: Interpretation, own: str) -> Cell:
    return f"<b>{text}</b> {meaning.sign}".strip() + own, meaning.meaning


def _oxygen(o: Observation) -> Cell:
    return _NOTHING if o.vitals.on_oxygen is None else ("O2" if o.vitals.on_oxygen else "air", "")


def _said(o: Observation) -> Cell:
    why = f"<b>{esc(words.NOT_DONE[o.not_done])}</b>" if o.not_done else ""
    pulse = f"pulse item: {esc(o.pulse_reason)}" if o.pulse_reason else ""
    return " · ".join(part for part in (why, esc(o.note), pulse) if part), "not_assessed" if o.not_done else ""


def _correction(o: Observation) -> Cell:
    if o.replaced_by is not None:
        return "replaced, see the corrected set", "not_assessed"
    return (f"corrects: {esc(o.replace_reason)}", "") if o.replaces else _NOTHING


def _recorder(zone: ZoneInfo) -> Callable[[Observation], Cell]:
    def cell(o: Observation) -> Cell:
        late = o.recorded_at is not None and o.recorded_at - o.taken_at > LATE
        at = f" at {wall(o.recorded_at, zone)}" if late and o.recorded_at else ""
        return f"{esc(o.recorded_by)}{esc(at)}", ""

    return cell
