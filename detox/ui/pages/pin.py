"""My PIN: six digits that take the tablet back from a patient; set with the password."""

import streamlit as st

from detox import care
from detox.care.self_reporting import FREE_TRIES
from detox.errors import DetoxError
from detox.store import self_reports
from detox.ui import frame, saving, words

KEY = "pin"


def _save(nonce: str) -> None:
    here = frame.visit()
    pin, again, password = (st.session_state.get(f"{nonce}-{field}") or "" for field in ("pin", "again", "password"))
    if pin != again:
        st.session_state[f"problem-{KEY}"] = ["The two PINs differ: type the same one twice."]
        return
    try:
        care.set_pin(here.store, here.by, password, pin, here.now)
    except DetoxError as error:
        saving.told(KEY, error)
        return
    saving.settled(KEY)


@st.fragment
def _entry() -> None:
    here = frame.visit()
    with here.store.read() as tx:
        known = self_reports.pin(tx, here.by.id)
        wrong = self_reports.wrong_in_a_row(tx, here.by.id)
    if known is None:
        st.html('<div class="dx-alert unknown">? You have no PIN yet.</div>')
    else:
        since = words.when(known[1], here.zone, here.now)
        st.html(f'<div class="dx-note"><b>Your PIN is set</b>, since {since}.</div>')
    if wrong >= FREE_TRIES:
        st.html('<div class="dx-alert warning">▲ Your PIN is locked after wrong tries: set a new one here.</div>')
    nonce = saving.entry_id(here, KEY, known[1] if known else "")
    st.text_input("New PIN, 6 digits", type="password", key=f"{nonce}-pin", max_chars=6, autocomplete="off")
    st.text_input("New PIN again", type="password", key=f"{nonce}-again", max_chars=6, autocomplete="off")
    st.text_input("Your password", type="password", key=f"{nonce}-password", autocomplete="current-password")
    st.button("Set this PIN", key=f"{nonce}-set", type="primary", on_click=_save, args=(nonce,))
    saving.problems(KEY)
    saving.redrawn()


def _page() -> None:
    here = frame.visit()
    st.html('<div class="dx-big">My PIN</div>')
    if here.session.place == "demo":
        st.info("In the demo ward no PIN is asked: anybody may take the tablet back.")
        return
    if not here.may("set_pin"):
        st.info("A PIN takes the tablet back from a patient: nurses and physicians have one.")
        return
    st.html(
        '<div class="dx-quiet">After a patient has answered questions on the tablet, your PIN opens it again. '
        "Five wrong tries lock it; your password then opens it.</div>"
    )
    columns = st.columns([5, 7])
    with columns[0]:
        _entry()


_page()
