"""Beginning a plan with a published list of days: it fills the form's fields, a physician still writes and signs."""

import streamlit as st

from detox.clinical.taper_content import Template, templates
from detox.reports import protocols as reviewing
from detox.reports.protocol_rows import evidence_words
from detox.ui import frame
from detox.ui.words import esc


def choose(here: frame.Visit, key: str) -> None:
    """A choice above the form of that key; choosing fills drug, doses and note, and leaves the hours at a step.

    A start, whose doses rise, is not offered.
    """
    lists = {one.id: one for one in templates().values() if one.kind == "taper"}
    chosen = st.selectbox(
        "Begin with a list of days", list(lists), index=None, placeholder="none: type the doses",
        format_func=lambda name: lists[name].title, key=f"template-{key}", on_change=_fill, args=(key,),
    )  # fmt: skip
    if chosen is None:
        return
    with here.store.read() as tx:
        state = reviewing.review_states(tx)[chosen]
    st.html(_told_html(lists[chosen], state))


def _fill(key: str) -> None:
    one = templates().get(str(st.session_state.get(f"template-{key}")))
    if one is None:
        return
    st.session_state[f"drug-{key}"] = one.drug
    st.session_state[f"steps-{key}"] = ", ".join(f"{step.dose_mg:g}" for step in one.steps())
    st.session_state[f"note-{key}"] = f"Begun with the list {one.id}, version {one.version}"


def _told_html(one: Template, state: reviewing.ReviewState) -> str:
    """Where the list is from, what of it a plan cannot hold, and what is contested."""
    review = esc(state.words) if state.reviewed else f'<b class="dx-unreviewed">{esc(state.words)}</b>'
    left_out = len(one.days) - len(one.falls)
    told = [f"The list has one day a dose ({one.interval_h:g} h): look at the least hours at a step below."]
    if left_out:
        before = ", ".join(f"{day.dose_mg:g}" for day in one.days[:left_out])
        told.append(f"Days 1-{left_out} ({before} mg) come before the fall and are not in the plan: order them apart.")
    if longer := one.longer():
        stand = ", ".join(f"{mg:g} mg {days} days" for mg, days in longer.items())
        told.append(f"A plan has one least time for every step; in the list these stand longer: {stand}.")
    lines = "".join(f"<li>{esc(line)}</li>" for line in (*told, *one.contested))
    tags = ", ".join(evidence_words(one.evidence))
    return f'<div class="dx-note">{review}. {esc(one.source)} ({esc(tags)})<ul>{lines}</ul></div>'
