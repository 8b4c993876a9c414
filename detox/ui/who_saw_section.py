"""Who has read, changed or been refused a patient's record: a section of the manager's page."""

from datetime import timedelta

import streamlit as st

from detox import gate
from detox.errors import DetoxError
from detox.reports import look_back
from detox.store.access import Access
from detox.ui import frame, words
from detox.ui.words import esc

TITLE = "Who saw a record"
DAYS = 7
NEWEST = 200
_DONE = {
    "read": "read", "write": "changed", "export": "exported", "denied": "✖ refused",
    "break_glass": "⚠ opened in an emergency",
}  # fmt: skip
_WHAT = {
    "see_ward": "the whole ward", "see_patient": "the record", "who_saw": "this list",
    "answer": "the questionnaire on the tablet", "take_back": "the questionnaire", "export": "a shift summary",
}  # fmt: skip
"""Acts in the words of a manager; every other verb is told as it is called."""


@st.fragment
def draw() -> None:
    """Choose a patient; everybody who saw the record in the last days, the newest first."""
    here = frame.visit()
    if not here.may("who_saw"):
        return
    st.subheader(TITLE)
    st.caption(
        f"Of the last {DAYS} days. A read is one line a person and quarter of an hour; a look at the board counts for "
        "everybody who was on the ward. Your own look here is one of them."
    )
    with here.see() as tx:
        admitted, left = look_back.admissions(tx, here.ward.id, here.now)
    people = {a.patient.id: words.name(a) for a in (*admitted, *left)}
    chosen = st.selectbox(
        "Patient", sorted(people, key=people.__getitem__), index=None, format_func=lambda one: people.get(one, one),
        placeholder="choose", key="who-saw",
    )  # fmt: skip
    if chosen is None:
        return
    try:
        seen = gate.who_saw(here.store, here.by, chosen, here.now, since=here.now - timedelta(days=DAYS))
    except DetoxError as error:
        st.error(words.plain(error))
        return
    st.html(table_html(seen[::-1][:NEWEST], here))
    if len(seen) > NEWEST:
        st.caption(f"The newest {NEWEST} of {len(seen)} lines: all of them by `python -m detox who-saw`.")


def table_html(seen: list[Access], here: frame.Visit) -> str:
    """The lines as a table."""
    if not seen:
        return '<p class="dx-quiet">Nobody in these days.</p>'
    rows = [
        f"<tr><td>{esc(words.when(one.at, here.zone, here.now))}</td><td><b>{esc(one.name)}</b>, "
        f"{esc(words.ROLES.get(one.role, one.role))}</td><td>{_DONE.get(one.action, esc(one.action))}</td>"
        f"<td>{esc(_WHAT.get(one.what, one.what.replace('_', ' ')))}</td><td>{esc(one.purpose)}</td></tr>"
        for one in seen
    ]
    return words.table(("When", "Who", "Did", "What", "Why"), rows)
