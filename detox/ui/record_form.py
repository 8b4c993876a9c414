"""The fields of one observation set: previous values beside them, meaning at once, nothing coerced.

Every widget's key carries the form's nonce. The nonce stands in the address, so that a half-filled form outlives a
restart of the server, and is the kept row's id, so that a double tap keeps one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from detox.clinical import entry_times, protocols, scales
from detox.clinical import vitals as vital_signs
from detox.clinical.model import Observation, Vitals
from detox.clinical.protocols import Item
from detox.errors import Refused
from detox.reports.board import Tile
from detox.ui import frame, limit_words, other_measures, scale_rows, words
from detox.ui.scale_rows import BLANK, worded

NUMBERS = ("systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "respiratory_rate_per_min", "spo2_percent")
REASONS = ("asleep", "refused", "off_ward", "other")


@dataclass(frozen=True)
class Form:
    """One form on one screen: its nonce, whom it is about, the last known values, the problems of the last try."""

    nonce: str
    here: frame.Visit
    tile: Tile
    problems: Mapping[str, str]

    def key(self, field: str) -> str:
        """The widget key of a field."""
        return f"{self.nonce}-{field}"

    def value(self, field: str) -> Any:
        """What stands in a field now; None where nothing does."""
        value = st.session_state.get(self.key(field))
        return None if value in (BLANK, "") else value


def draw(form: Form) -> None:
    """All fields, vitals beside withdrawal."""
    with frame.place():
        if form.tile.last_seen is not None:
            at = words.when(form.tile.last_seen, form.here.zone, form.here.now)
            st.html(f'<div class="dx-quiet">"was" is the set before, of {at}</div>')
    with st.container(key="record-columns"):
        left, right = st.columns([3, 7], gap="medium")
        with left:
            _vitals(form)
        with right:
            _cows(form)
    other_measures.draw(form)
    _not_done(form)


def entry(form: Form, admission_id: str) -> Observation:
    """What the fields say, as an observation. Raises Refused where a time cannot be."""
    answers = {i.id: v for i in _items() if not i.measured and (v := form.value(i.id)) is not None}
    lower = form.value("pulse-lower")
    if lower is not None:
        answers["resting_pulse"] = int(lower)
    return Observation(
        id=form.nonce,
        admission_id=admission_id,
        taken_at=taken_at(form),
        vitals=vitals(form),
        answers={"cows": {k: int(v) for k, v in answers.items()}} if answers else {},
        not_done=form.value("not_done"),
        note=form.value("note") or "",
        pulse_reason=form.value("pulse-reason") or "",
        other=other_measures.charted(form),
    )


def vitals(form: Form) -> Vitals:
    """What the fields say of the vitals so far; temperatures as C."""
    typed = {name: form.value(name) for name in NUMBERS}
    warmth = form.value("temperature")
    oxygen = form.value("on_oxygen")
    return Vitals(
        **typed,
        temperature_c=None if warmth is None else words.to_celsius(warmth, form.here.ward.temperature_unit),
        temperature_site=form.value("temperature_site") if warmth is not None else None,
        on_oxygen=None if oxygen is None else oxygen == "Oxygen",
        consciousness=form.value("consciousness"),
        sedation=form.value("sedation"),
    )


def taken_at(form: Form) -> datetime:
    """Now, or the earlier wall time that was chosen. Raises Refused for a time that the clocks skipped."""
    if form.value("when") != "Earlier":
        return form.here.now
    day, at = form.value("day"), form.value("time")
    if not isinstance(day, date) or not isinstance(at, time):
        raise Refused({"taken_at": "Choose the day and the time at which the patient was seen."})
    zone = form.here.zone
    wall = datetime.combine(day, at)
    fold = 1 if form.value("which") == "second" else 0
    moment = wall.replace(tzinfo=zone, fold=fold)
    if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise Refused({"taken_at": f"{at:%H:%M} did not exist that night, the clocks went forward: choose another."})
    return moment.astimezone(UTC)


def prefill(form: Form, original: Observation) -> None:
    """Put the values of the set that is being corrected into the fields, once.

    The time is shown to the minute: care.amend keeps the seconds where nobody changes it. One that lies ahead of the
    clock, or before the admission, is left empty: somebody has to say when it was.
    """
    if st.session_state.get(form.key("prefilled")):
        return
    seen, zone = original.vitals, form.here.zone
    local = original.taken_at.astimezone(zone)
    unit = form.here.ward.temperature_unit
    values: dict[str, object] = {name: getattr(seen, name) for name in NUMBERS}
    values |= {
        "temperature": None if seen.temperature_c is None else float(words.temperature(seen.temperature_c, unit)),
        "temperature_site": seen.temperature_site,
        "on_oxygen": None if seen.on_oxygen is None else ("Oxygen" if seen.on_oxygen else "Air"),
        "consciousness": seen.consciousness,
        "sedation": seen.sedation,
        "not_done": original.not_done,
        "note": original.note or None,
        "when": "Earlier",
        "prefilled": True,
    }
    if _possible(form, original):
        values |= {
            "day": local.date(),
            "time": local.time().replace(second=0, microsecond=0, fold=0),
            "which": "second" if local.fold else "first",
        }
    else:
        values["unknown-time"] = True
    values |= other_measures.fields(original)
    values |= {item: v for item, v in original.answers.get("cows", {}).items() if item != "resting_pulse"}
    for field, value in values.items():
        if value is not None:
            st.session_state[form.key(field)] = value


def _possible(form: Form, original: Observation) -> bool:
    admission = form.tile.admission
    return admission is None or entry_times.judged(admission.admitted_at, form.here.now).holds(original.taken_at)


def when(form: Form) -> None:
    """When the patient was seen: now, or earlier; in the repeated hour, which of the two."""
    columns = st.columns([2, 2, 2, 3], vertical_alignment="bottom")
    with columns[0]:
        st.segmented_control(
            "Taken at", ["Now", "Earlier"], default=None if form.key("when") in st.session_state else "Now",
            required=True, key=form.key("when"),
        )  # fmt: skip
    if form.value("when") == "Earlier":
        local = form.here.now.astimezone(form.here.zone)
        if not form.value("unknown-time"):
            _seed(form, "day", local.date())
            _seed(form, "time", local.time().replace(second=0, microsecond=0, tzinfo=None))
        columns[1].date_input("Day", value=None, key=form.key("day"), max_value=local.date(), format="YYYY-MM-DD")
        columns[2].time_input("Time", value=None, key=form.key("time"), step=60)
        day, at = form.value("day"), form.value("time")
        if isinstance(day, date) and isinstance(at, time) and _twice(datetime.combine(day, at), form.here.zone):
            _seed(form, "which", "first")
            columns[3].segmented_control(
                "The clocks went back: which one?", ["first", "second"], required=True, key=form.key("which")
            )
    _problem(form, "taken_at")


def _twice(wall: datetime, zone: ZoneInfo) -> bool:
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    return (
        first.utcoffset() != second.utcoffset() and first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
    )


def _seed(form: Form, field: str, value: object) -> None:
    if form.key(field) not in st.session_state:
        st.session_state[form.key(field)] = value


def _vitals(form: Form) -> None:
    st.html('<div class="dx-big">Vital signs</div>')
    upper, lower = st.columns(2)
    with upper:
        _number(form, "systolic_mmhg", "BP systolic")
    with lower:
        _number(form, "diastolic_mmhg", "BP diastolic")
    left, right = st.columns(2)
    with left:
        _number(form, "heart_rate_per_min", "Heart rate /min")
        _number(form, "respiratory_rate_per_min", "Breaths /min")
        other_measures.timer(form)
    with right:
        unit = form.here.ward.temperature_unit
        _number(form, "temperature", f"Temperature °{unit}", vital="temperature_c")
        _number(form, "spo2_percent", "SpO2 %")
    st.segmented_control("Breathing", ["Air", "Oxygen", BLANK], required=True, key=form.key("on_oxygen"))
    sites = protocols.vitals_file().temperature_sites
    st.segmented_control("Thermometer", [*sites, BLANK], required=True, key=form.key("temperature_site"), wrap=True)
    for coded in protocols.vitals_file().coded:
        labels = {c.value: c.short for c in coded.codes}
        was = _was(form, coded.vital)
        named = f"{coded.label} · {was}" if was else coded.label
        st.segmented_control(
            named, [*labels, BLANK], required=True, key=form.key(coded.vital),
            format_func=worded(labels), wrap=True,
            help=" · ".join(f"{c.value}: {c.label}" for c in coded.codes),
        )  # fmt: skip
        _meaning(form, coded.vital)
    other_measures.grades(form)


def _number(form: Form, field: str, label: str, vital: str | None = None) -> None:
    vital = vital or field
    st.number_input(label, value=None, step=None, format="%g", key=form.key(field), placeholder=_was(form, vital))
    with frame.place():
        if limits := form.tile.limits.get(vital):
            told = limit_words.note(limits, form.here.zone, form.here.now, form.here.ward.temperature_unit)
            st.html(f'<div class="dx-quiet">⚑ {words.esc(told)}</div>')
        _meaning(form, vital)


def _was(form: Form, vital: str) -> str:
    known = (form.tile.vitals or {}).get(vital)
    if known is None:
        return ""
    raw = known.interpretation.value
    if vital == "temperature_c" and isinstance(raw, (int, float)):
        text = words.temperature(raw, form.here.ward.temperature_unit)
    else:
        text = f"{raw:g}" if isinstance(raw, (int, float)) else words.code(vital, str(raw))
    old = f" ({words.when(known.taken_at, form.here.zone, form.here.now)})" if known.stale else ""
    return f"was {text}{old}"


def _meaning(form: Form, vital: str) -> None:
    """Under the field: a problem of the last try, or what the value means."""
    file = protocols.vitals_file()
    now = vitals(form)
    impossible = vital_signs.impossible(file, now)
    if vital in impossible:
        st.html(f'<div class="dx-alert critical">{words.esc(impossible[vital])}</div>')
        return
    value = getattr(now, vital)
    if value is None:
        return
    meant = vital_signs.interpret(file, vital, value, form.tile.admission.spo2_scale if form.tile.admission else 1)
    if meant.meaning not in ("normal", "not_assessed"):
        text = meant.meaning.replace("_", " ")
        st.html(f'<div class="dx-val {meant.meaning}">{meant.sign} {text} {words.esc(meant.limit)}</div>')


def _items() -> tuple[Item, ...]:
    return protocols.scale("cows").items


def _cows(form: Form) -> None:
    st.html('<div class="dx-big">Withdrawal (COWS)</div>')
    last = form.tile.withdrawal.assessment.items if form.tile.withdrawal else {}
    for item in _items():
        was = f" · was {last[item.id]}" if item.id in last else ""
        if item.measured:
            _pulse(form, item, was)
            continue
        scale_rows.row(item, form.key(item.id), was)
        _problem(form, item.id)


def _pulse(form: Form, item: Item, was: str) -> None:
    implied = scales.implied_points(item, vitals(form))
    rate = form.value("heart_rate_per_min")
    said = "from the heart rate: enter it" if implied is None else f"from heart rate {rate:g} → <b>{implied}</b>"
    st.html(f'<div class="dx-note">{words.esc(item.label)}{was}: {said}</div>')
    with frame.place():
        if implied:
            _lower_pulse(form, [v for v in item.values if v < implied])
    _problem(form, item.id)


def _lower_pulse(form: Form, lower: list[int]) -> None:
    with st.expander("Pulse raised by something other than withdrawal? Rate it lower, with the reason"):
        st.segmented_control("Rate the pulse as", [*lower, BLANK], required=True, key=form.key("pulse-lower"))
        st.text_input("Reason", key=form.key("pulse-reason"), placeholder="just climbed the stairs")


def _not_done(form: Form) -> None:
    left, right = st.columns([5, 6], vertical_alignment="bottom")
    with left:
        st.segmented_control(
            "Not done, or only in part, because", [*REASONS, BLANK], required=True,
            format_func=lambda r: words.NOT_DONE.get(r, r), key=form.key("not_done"), wrap=True,
        )  # fmt: skip
        _problem(form, "not_done")
    with right:
        st.text_input("Note", key=form.key("note"), placeholder="breathing seen, did not want to be woken")
        _problem(form, "note")


def _problem(form: Form, field: str) -> None:
    with frame.place():
        if field in form.problems:
            st.html(f'<div class="dx-alert critical">{words.esc(form.problems[field])}</div>')
