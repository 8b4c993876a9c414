"""What is charted beside the vitals: signs, events, counts, fluids, weight, results; and a timer to count breaths by.

A sign is 1 when it is marked. It is 0 only when a person says that all were asked about, or where the set that is being
corrected says so. A result is 1 or 0 as it was reported, a grade (the nurse's worry) the one that was chosen.
Everything else was not charted: it is absent, never zero.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from detox.clinical import protocols
from detox.clinical import vitals as vital_signs
from detox.clinical.model import Observation
from detox.clinical.protocols import Other
from detox.ui import frame, words
from detox.ui.scale_rows import BLANK, worded
from detox.ui.words import esc

if TYPE_CHECKING:
    from detox.ui.record_form import Form

EVENTS = "events"
SIGNS, ASKED, NOT_THERE, WERE_NOT_THERE = "signs", "signs-asked", "signs-not", "signs-not-were"
COUNTED, SECONDS = "breaths-counted", "breaths-seconds"
BREATHS = "respiratory_rate_per_min"
MINUTE_S = 60
COUNT_S = (30, 60)
_SINCE = " since the last set"
_RESULTS = {1: "positive", 0: "negative"}
_GROUPS = {
    "since": "Since the last set (blank: not counted)",
    "now": "Now (standing: within 3 minutes of getting up)",
    "laboratory": "As reported (blank: not known)",
}
A_LINE = 4


def charted(form: "Form") -> dict[str, float]:
    """What the fields say so far, by name, in the units of vitals.toml; what is blank is absent."""
    listed = (*_numbers(), *_of("grade"))
    found: dict[str, float] = {o.name: v for o in listed if (v := form.value(_field(o.name))) is not None}
    there = _listed(form, SIGNS)
    not_there = set(_listed(form, NOT_THERE))
    for sign in _signs():
        if sign.name in there:
            found[sign.name] = 1
        elif form.value(ASKED) or sign.name in not_there:
            found[sign.name] = 0
    happened = _listed(form, EVENTS)
    found |= {o.name: 1 for o in _of("event") if o.name in happened}
    return found | {o.name: v for o in _of("result") if (v := form.value(_field(o.name))) is not None}


def fields(original: Observation) -> dict[str, object]:
    """The values of a set that is being corrected, by field of the form."""
    kept = original.other
    signs = [s.name for s in _signs()]
    there = [name for name in signs if kept.get(name) == 1]
    not_there = [name for name in signs if kept.get(name) == 0]
    found: dict[str, object] = {_field(o.name): float(kept[o.name]) for o in _numbers() if o.name in kept}
    found |= {_field(o.name): int(kept[o.name]) for o in (*_of("result"), *_of("grade")) if o.name in kept}
    if happened := [o.name for o in _of("event") if o.name in kept]:
        found[EVENTS] = happened
    if there:
        found[SIGNS] = there
    if not_there and len(there) + len(not_there) == len(signs):
        found[ASKED] = True
    elif not_there:
        found |= {NOT_THERE: not_there, WERE_NOT_THERE: not_there}
    return found


def said(other: Mapping[str, float]) -> str:
    """What was charted in one line: signs that are there, signs that are not, numbers. Empty where nothing was."""
    there = [s.label for s in _signs() if other.get(s.name) == 1]
    not_there = [s.label.lower() for s in _signs() if other.get(s.name) == 0]
    parts = [f"▲ {label}" for label in [*there, *(o.label for o in _of("event") if o.name in other)]]
    listed = [*_of("grade"), *_numbers(), *_of("result")]
    parts += [f"{o.label.removesuffix(_SINCE)} {text(o, other[o.name])}" for o in listed if o.name in other]
    if not_there and len(there) + len(not_there) == len(_signs()):
        parts.append("asked: no other sign" if there else "asked: none of the signs")
    elif not_there:
        parts.append(f"not there: {', '.join(not_there)}")
    return " · ".join(parts)


def text(known: Other, value: float) -> str:
    """A charted value with its unit; a sign as yes or no, a result as positive or negative, a grade in its words."""
    if known.kind == "grade":
        return f"{value:g} {known.grade(value).short}"
    if known.kind == "result":
        return _RESULTS[int(value)]
    if known.kind != "number":
        return "yes" if value else "no"
    return f"{words.number(value)} {known.unit}".strip()


def rows(seen: Sequence[Observation]) -> list[tuple[str, str]]:
    """Name and label of each measure that any of these sets charts, in the order of vitals.toml."""
    charted_once = {name for o in seen for name in o.other}
    return [(o.name, o.label) for o in protocols.vitals_file().other if o.name in charted_once]


def cell(seen: Observation, name: str) -> tuple[str, str]:
    """A set's value as text and its meaning as a class: a sign that is there is red, a grade as it means; absent is
    empty."""
    if name not in seen.other:
        return "", ""
    known = protocols.vitals_file().other_named(name)
    shown = esc(text(known, seen.other[name]))
    if known.kind == "grade":
        meaning = known.grade(seen.other[name]).meaning
        return f"<b>{shown}</b> {vital_signs.SIGNS[meaning]}".strip(), meaning
    marked = known.kind in ("sign", "event") and seen.other[name]
    return (f"<b>{shown}</b> ▲", "high") if marked else (shown, "")


def draw(form: "Form") -> None:
    """The area below the vitals: folded until it is wanted, with what it holds in sight all the time."""
    now = charted(form)
    problems = vital_signs.impossible_other(protocols.vitals_file(), now)
    also, reported = (
        "**Also**: signs, what happened, vomits and stools, fluids, weight, standing pressure",
        "**Results**: ECG, laboratory, urine, naloxone challenge",
    )
    with st.expander(also, key=form.key("also")):
        _draw_signs(form)
        _draw_events(form)
        for group in ("since", "now"):
            _draw_numbers(form, group, problems)
    with st.expander(reported, key=form.key("results")):
        _draw_numbers(form, "laboratory", problems)
        _draw_results(form)
    with frame.place():
        if line := said(now):
            st.html(f'<div class="dx-note">Also: {esc(line)}</div>')
        for problem in problems.values():
            st.html(f'<div class="dx-alert critical">{esc(problem)}</div>')


def grades(form: "Form") -> None:
    """Among the signs of the form, always in sight: a row of buttons for each judgement that is charted in grades."""
    for known in _of("grade"):
        labels = {grade.value: f"{grade.value} {grade.short}" for grade in known.grades}
        was = form.tile.graded.get(known.name)
        st.segmented_control(
            f"{known.label} · was {text(known, was.value)}" if was else known.label,
            [*labels, BLANK], required=True, key=form.key(_field(known.name)), wrap=True, format_func=worded(labels),
            help=" · ".join([*(f"{g.value}: {g.label}" for g in known.grades), "say in the note what you see"]),
        )  # fmt: skip


def _draw_signs(form: "Form") -> None:
    labels = {s.name: s.label for s in _signs()}
    st.pills(
        "Signs: mark what is there", list(labels), selection_mode="multi", format_func=labels.__getitem__, wrap=True,
        key=form.key(SIGNS),
    )  # fmt: skip
    if were := _listed(form, WERE_NOT_THERE):
        st.pills(
            "Charted before as not there", were, selection_mode="multi", format_func=labels.__getitem__, wrap=True,
            key=form.key(NOT_THERE),
        )  # fmt: skip
    st.toggle("Asked about all: what is not marked is not there", key=form.key(ASKED))


def _draw_events(form: "Form") -> None:
    labels = {o.name: o.label for o in _of("event")}
    st.pills(
        "Happened or said: mark what did", list(labels), selection_mode="multi", format_func=labels.__getitem__,
        wrap=True, key=form.key(EVENTS),
    )  # fmt: skip


def _draw_numbers(form: "Form", group: str, problems: Mapping[str, str]) -> None:
    """A few fields a line, each with its unit."""
    st.html(f'<div class="dx-quiet">{_GROUPS[group]}</div>')
    for line in _lines([o for o in _numbers() if o.group == group]):
        for known, column in zip(line, st.columns(A_LINE, vertical_alignment="bottom"), strict=False):
            wrong = " ▲" if known.name in problems else ""
            unit = f", {known.unit}" if known.unit else ""
            column.number_input(
                f"{known.label.removesuffix(_SINCE)}{unit}{wrong}", value=None, step=None, format="%g",
                key=form.key(_field(known.name)),
            )  # fmt: skip


def _draw_results(form: "Form") -> None:
    for line in _lines(_of("result"), 3):
        for known, column in zip(line, st.columns(3), strict=False):
            with column:
                st.segmented_control(
                    known.label, list(_RESULTS), format_func=_RESULTS.__getitem__, key=form.key(_field(known.name))
                )


def _lines(some: Sequence[Other], length: int = A_LINE) -> list[Sequence[Other]]:
    return [some[start : start + length] for start in range(0, len(some), length)]


def timer(form: "Form") -> None:
    """Beside the breathing rate: a bar that empties in 30 or 60 seconds, and the count that becomes a rate."""
    here = form.key("breaths")
    with st.popover("Count breaths", width="stretch", key=here, on_change="rerun"):
        seconds = st.segmented_control(
            "Count for", list(COUNT_S), default=COUNT_S[0], format_func="{} s".format, required=True,
            key=form.key(SECONDS),
        )  # fmt: skip
        st.html(timer_html(int(seconds or COUNT_S[0])))
        counted, use = st.columns(2, vertical_alignment="bottom")
        counted.number_input("Breaths counted", value=None, step=None, format="%g", key=form.key(COUNTED))
        times = MINUTE_S // int(seconds or COUNT_S[0])
        use.button(
            f"Use × {times}" if times > 1 else "Use", key=form.key("breaths-use"), width="stretch", type="primary",
            on_click=_use, args=(form.key(BREATHS), form.key(COUNTED), times, here),
        )  # fmt: skip


def timer_html(seconds: int) -> str:
    """The timer of so many seconds. It starts when it is drawn: styles alone move it, no script and no server."""
    strip = "".join(f"<i>{left}</i>" for left in range(seconds, -1, -1))
    return (
        f'<div class="dx-timer s{seconds}" role="timer" aria-label="{seconds} seconds, running since this was opened">'
        f'<div class="window" aria-hidden="true"><div class="strip">{strip}</div></div>'
        '<div class="bar"><div class="left"></div></div><div class="over">Time: enter the count</div></div>'
    )


def _use(rate_key: str, counted_key: str, times: int, popover_key: str) -> None:
    """Put the rate into its field and close the timer; nothing where nothing was counted."""
    counted: Any = st.session_state.get(counted_key)
    if counted is not None:
        st.session_state[rate_key] = float(counted * times)
        st.session_state[counted_key] = None
        st.session_state[popover_key] = False


def _of(kind: str) -> tuple[Other, ...]:
    return tuple(o for o in protocols.vitals_file().other if o.kind == kind)


def _signs() -> tuple[Other, ...]:
    return _of("sign")


def _numbers() -> tuple[Other, ...]:
    return _of("number")


def _field(name: str) -> str:
    return f"other-{name}"


def _listed(form: "Form", field: str) -> list[str]:
    return list(form.value(field) or [])
