"""The form of one scale: its words, its items, and what the answers add up to so far."""

from dataclasses import replace

import streamlit as st

from detox.care.text import without_tags
from detox.clinical.judgement import answered
from detox.clinical.model import Assessment, Observation
from detox.clinical.protocols import Scale
from detox.errors import Refused
from detox.ui import frame, record_form, scale_rows, scale_words, words
from detox.ui.record_form import Form

OBSERVERS = {"clinician": "a clinician rates it", "self-report": "the patient answers it"}


def head_html(scale: Scale) -> str:
    """What this scale is, from where, and what it is not for."""
    window = f" · {words.esc(without_tags(scale.window))}" if scale.window else ""
    review = f' · <span class="dx-unreviewed">{words.esc(scale.review_state)}</span>' if not scale.reviewed else ""
    trend = " · for the trend only: no decision rests on it" if scale.use == "trend" else ""
    unbanded = f'<div class="dx-quiet">{words.esc(scale.unbanded)}</div>' if scale.unbanded else ""
    return (
        f'<div class="dx-big">{words.esc(scale.short_name)}</div>'
        f"<div><b>{words.esc(scale_words.full_name(scale.id))}</b>{window}</div>"
        f'<div class="dx-quiet">version {words.esc(scale.version)} · {OBSERVERS[scale.observer]}{trend}{review}</div>'
        f"{unbanded}"
    )


def draw(form: Form, scale: Scale) -> None:
    """A line for each item that is asked, and a note."""
    asked = scale_words.asked(scale, answers(form, scale))
    for item in scale.items:
        with frame.place():
            if item in asked:
                scale_rows.row(item, key(form, scale, item.id))
                _problem(form, item.id)
    st.text_input("Note", key=key(form, scale, "note"), placeholder="woken for it, language line used")
    _problem(form, "note")


def key(form: Form, scale: Scale, field: str) -> str:
    """The widget key of a field: every scale has its own, so that no answer wanders from one to another."""
    return form.key(f"{scale.id}-{field}")


def answers(form: Form, scale: Scale) -> dict[str, int]:
    """What was chosen so far; an answer to a question that is no longer asked is left out."""
    found: dict[str, int] = {}
    for item in scale.items:
        chosen = st.session_state.get(key(form, scale, item.id))
        if isinstance(chosen, int) and item in scale_words.asked(scale, found):
            found[item.id] = chosen
    return found


def entry(form: Form, scale: Scale, admission_id: str) -> Observation:
    """What the fields say, as an observation. Raises Refused when nothing was answered or a time cannot be."""
    given = answers(form, scale)
    note = st.session_state.get(key(form, scale, "note")) or ""
    if not given:
        raise Refused({"": "Nothing was answered: choose at least one answer."})
    return Observation(form.nonce, admission_id, record_form.taken_at(form), answers={scale.id: given}, note=note)


def correction(form: Form, scale: Scale, original: Observation) -> Observation:
    """The set that is being corrected with this scale's answers, time and note as they stand in the fields.

    What it holds beside, vitals or another scale, goes along unchanged. Raises Refused as `entry` does.
    """
    said = entry(form, scale, original.admission_id)
    answers = {**original.answers, **said.answers}
    return replace(original, id=said.id, taken_at=said.taken_at, answers=answers, note=said.note)


def prefill(form: Form, scale: Scale, original: Observation) -> None:
    """Put the time, the answers and the note of the set that is being corrected into the fields, once."""
    if form.value("prefilled"):
        return
    record_form.prefill(form, original)
    for name, value in original.answers.get(scale.id, {}).items():
        st.session_state[key(form, scale, name)] = value
    if original.note:
        st.session_state[key(form, scale, "note")] = original.note


def running(form: Form, scale: Scale) -> Assessment | None:
    """What the answers make so far; None before the first."""
    given = answers(form, scale)
    return answered(Observation("", "", form.here.now, answers={scale.id: given}), scale.id) if given else None


def _problem(form: Form, field: str) -> None:
    if field in form.problems:
        st.html(f'<div class="dx-alert critical">{words.esc(form.problems[field])}</div>')
