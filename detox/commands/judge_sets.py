"""The sets of one line of `judge`, and what else is charted as one: signs, events and results.

Read as the ward would keep them. A value that cannot be is left out by itself, the rest of its set stands.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from detox.clinical import protocols, scales
from detox.clinical import vitals as vital_signs
from detox.clinical.judgement import assessments
from detox.clinical.looking_back import clock_tolerance
from detox.clinical.model import VITALS, Admission, NotDone, Observation, Vitals
from detox.clinical.scales import round_half_up
from detox.commands.judge_form import AdmissionLine, EventForm, ObservationForm, Person
from detox.commands.judge_words import Unread
from detox.commands.scoring import typed_vital
from detox.errors import Refused

ONE_LOOK = {"vomiting": ("vomits", 1.0)}
"""Events that are charted as a count of a set."""


def observations(line: AdmissionLine, admission: Admission, unread: Unread) -> list[Observation]:
    """Every set of the line, the events and results that are charted as one, oldest first."""
    found = [_observation(line, number, one, admission, unread) for number, one in enumerate(line.observations, 1)]
    for number, event in enumerate(line.events, start=1):
        sign = sign_of(event)
        asleep = event.type == "cows_not_assessed_asleep"
        if event.at <= line.now + clock_tolerance() and (sign is not None or asleep):
            other = {} if sign is None else {sign[0]: sign[1]}
            found.append(
                _beside(
                    f"event-{number}", event.at, other, admission, event.by, event.note,
                    not_done="asleep" if asleep else None,
                )
            )  # fmt: skip
    for number, lab in enumerate(line.labs, start=1):
        values = {name: float(value) for name, value in (lab.__pydantic_extra__ or {}).items() if value is not None}
        known = others(values, f"labs of {lab.at:%Y-%m-%d %H:%M}", unread)
        if lab.at > line.now + clock_tolerance():
            unread.tell(f"The results of {lab.at:%Y-%m-%d %H:%M} are dated ahead: they are left out")
        elif known:
            found.append(_beside(f"lab-{number}", lab.at, known, admission))
    ids = [o.id for o in found]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise Refused(f"The id {', '.join(twice)} stands on two observations: give each its own.")
    return sorted(found, key=lambda o: (o.taken_at, o.recorded_at or o.taken_at))


def _beside(
    set_id: str, at: datetime, other: Mapping[str, float], admission: Admission, by: Person | None = None,
    note: str = "", not_done: NotDone | None = None,
) -> Observation:  # fmt: skip
    """What was charted by itself, without a set."""
    made = Observation(set_id, admission.id, at, not_done=not_done, note=note, other=other, recorded_at=at)
    return _by(made, by)


def _by(made: Observation, by: Person | None) -> Observation:
    if by is None:
        return made
    return replace(made, recorded_by=by.name, role=by.role, author=by.author)


def _observation(
    line: AdmissionLine, number: int, form: ObservationForm, admission: Admission, unread: Unread
) -> Observation:
    where = f"set of {form.at:%Y-%m-%d %H:%M}"
    vitals = _vitals(form, where, unread)
    if vitals.spo2_percent is not None and vitals.spo2_scale is None:
        vitals = replace(vitals, spo2_scale=admission.spo2_scale)
    rated = dict(form.scales)
    if form.cows:
        if "cows" in rated:
            raise Refused(f"The {where} has its COWS twice: once under cows, once under scales.")
        rated["cows"] = form.cows
    answers = {name: items for name, given in rated.items() if (items := _items(name, given, vitals, where, unread))}
    signs = {name: float(value) for name, value in form.signs.items() if value is not None}
    if form.worry is not None:
        signs["worry"] = float(form.worry)
    not_done: NotDone | None = "off_ward" if form.not_done == "off ward" else form.not_done
    made = Observation(
        id=form.id if form.id is not None else f"set-{number}",
        admission_id=admission.id,
        taken_at=form.at,
        vitals=vitals,
        answers=answers,
        not_done=not_done,
        note=form.note.strip(),
        other=others(signs, where, unread),
        recorded_at=form.recorded_at or form.at,
        replaces=form.replaces,
    )
    if form.at > line.now + clock_tolerance():
        unread.tell(f"The {where} is dated later than now: it is judged by nobody")
    return replace(_by(made, form.by), assessments=assessments(made, admission))


def _vitals(form: ObservationForm, where: str, unread: Unread) -> Vitals:
    """The vitals that can be, rounded as they are charted. Raises Refused for an unknown name or a wrong type."""
    if unknown := [name for name in form.vitals if name not in VITALS]:
        raise Refused(f"There is no vital {', '.join(map(repr, unknown))}: the vitals are {', '.join(VITALS)}.")
    file = protocols.vitals_file()
    values = {name: typed_vital(name, value) for name, value in form.vitals.items() if value is not None}
    for limits in file.ranges:
        if isinstance(number := values.get(limits.vital), float):
            values[limits.vital] = round_half_up(number, limits.decimals)
    made = Vitals(**values)  # type: ignore[arg-type]
    for name, said in vital_signs.impossible(file, made).items():
        unread.tell(f"{said_in(said)} ({name} of the {where}, left out)")
        unread.lost.append((form.at, name, said_in(said)))
        made = replace(made, **{name: None})
    return made


def _items(name: str, given: Mapping[str, float | None], vitals: Vitals, where: str, unread: Unread) -> dict[str, int]:
    """The items that the scale has, each with a value that it has; a wrong value is left out by itself."""
    if name not in protocols.scales():
        known = ", ".join(sorted(protocols.scales()))
        raise Refused(f"There is no scale {name!r}: the scales are {known}.")
    scale = protocols.scale(name)
    ids = {item.id for item in scale.items}
    if unknown := sorted(given.keys() - ids):
        raise Refused(f"{scale.short_name} has no item {', '.join(map(repr, unknown))}: its items are those of score.")
    kept: dict[str, float] = {item: value for item, value in given.items() if value is not None}
    try:
        scales.assess(scale, kept, vitals)
    except Refused as refused:
        for item, said in refused.problems.items():
            unread.tell(f"{said_in(said)} ({item} of the {where}, left out)")
            kept.pop(item, None)
    return {item: int(value) for item, value in kept.items()}


def others(values: Mapping[str, float], where: str, unread: Unread) -> dict[str, float]:
    """What is charted beside the vitals: known names with values that can be."""
    file = protocols.vitals_file()
    kinds = {one.name: one.kind for one in file.other}
    kept = {}
    for name, value in values.items():
        if name not in kinds:
            unread.tell(f"{name} of the {where} is nothing that is charted", stops=value != 0)
        elif kinds[name] == "event" and value == 0:
            continue  # nobody charts an event as not happened
        elif problem := vital_signs.impossible_other(file, {name: value}).get(name):
            unread.tell(f"{said_in(problem)} ({name} of the {where}, left out)", stops=True)
        else:
            kept[name] = value
    for name, problem in vital_signs.impossible_other(file, kept).items():
        unread.tell(f"{said_in(problem)} ({name} of the {where}, left out)")
        del kept[name]
    return kept


def said_in(sentence: str) -> str:
    """A sentence without its full stop, so that more can follow."""
    return sentence.removesuffix(".")


def sign_of(event: EventForm) -> tuple[str, float] | None:
    """Under which name an event stands beside the vitals of a set, and with what value; None where it does not."""
    if event.type in ONE_LOOK:
        return ONE_LOOK[event.type]
    for one in protocols.vitals_file().other:
        if one.kind in ("sign", "event") and event.type in (one.name, one.event):
            return one.name, 1.0
    return None
