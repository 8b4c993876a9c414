"""The ward board: one card a bed, worst first, fresh by itself."""

import uuid

import streamlit as st

from detox import care
from detox.clinical.model import LEVELS
from detox.errors import DetoxError
from detox.instants import wall
from detox.reports import board as reading
from detox.reports.board import Board, Tile
from detox.ui import frame, saving, tiles, words

REFRESH_S = 3
ACTIONS_PX = 170


def _acknowledge(alert_id: str, problem: str, admission_id: str, nonce: str) -> None:
    """One answer: to a kept alert, to another danger by its problem, or with neither to a set that is overdue."""
    here = frame.visit()
    done = str(st.session_state.get(f"done-{nonce}") or "")
    about = alert_id or f"{problem}{admission_id}"
    giving = saving.giving(nonce)
    try:
        if alert_id:
            care.acknowledge(here.store, here.by, alert_id, done, here.now, ack_id=nonce, giving=giving)
        elif problem:
            care.answer_danger(
                here.store, here.by, admission_id, problem, done, here.now, answer_id=nonce, giving=giving
            )
        else:
            care.acknowledge_overdue(here.store, here.by, admission_id, done, here.now, ack_id=nonce)
    except DetoxError as error:
        st.session_state[f"problem-{about}"] = str(error)
    else:
        st.session_state.pop(f"problem-{about}", None)
        st.session_state.pop(f"nonce-{about}", None)


def _answer(tile: Tile, here: frame.Visit) -> None:
    """The worst that waits on a card, an alert, another danger or its silence, can be answered on the spot."""
    if tile.admission is None or not here.may("acknowledge"):
        return
    alerts, calls = list(tile.unanswered), list(tile.unanswered_calls)
    if alerts and (not calls or LEVELS.index(alerts[0].finding.level) >= LEVELS.index(calls[0].level)):
        told = tiles.alert_html(alerts[0], here.now, tile, here.zone, here.ward.temperature_unit)
        _answer_form(tile.admission.id, alerts[0].id, "", told, here)
    elif calls:
        _answer_form(tile.admission.id, "", calls[0].problem, tiles.danger_html(calls[0], here.now), here)
    elif tile.overdue is not None and tile.silence is None:
        told = f'<div class="dx-alert unknown">{words.esc(tile.overdue.message)}</div>'
        _answer_form(tile.admission.id, "", "", told, here)


def _answer_form(admission_id: str, alert_id: str, problem: str, about: str, here: frame.Visit) -> None:
    key = alert_id or f"{problem}{admission_id}"
    nonce = st.session_state.setdefault(f"nonce-{key}", uuid.uuid4().hex)
    urgent = bool(alert_id or problem)
    with st.popover("Acknowledge", key=f"ack-{key}", type="primary" if urgent else "secondary", width="stretch"):
        st.html(about)
        st.text_input("What was done?", key=f"done-{nonce}", placeholder="told Dr Reyes, repeating in 5 min")
        if urgent:
            saving.ask_giving(here, nonce)
        if told := st.session_state.get(f"problem-{key}"):
            st.error(words.plain(told))
        st.button(
            "Acknowledge",
            key=f"save-{nonce}",
            type="primary",
            on_click=_acknowledge,
            args=(alert_id, problem, admission_id, nonce),
        )


def _card(tile: Tile, here: frame.Visit) -> None:
    with st.container(border=True, key=f"card-{tile.admission.id if tile.admission else tile.bed}"):
        if tile.admission is None:
            return
        with st.container(horizontal=True, wrap=False, vertical_alignment="top", gap="small"):
            st.html(tiles.tile_html(tile, here.now, here.zone, here.ward.temperature_unit))
            with st.container(width=ACTIONS_PX, gap="xsmall"):
                query = {"admission": tile.admission.id}
                _answer(tile, here)
                if here.may("record"):
                    st.page_link("pages/record.py", label="Record", query_params=query, width="stretch")
                st.page_link("pages/patient.py", label="Open", query_params=query, width="stretch")


@st.fragment(run_every=REFRESH_S)
def _board() -> None:
    here = frame.visit()
    try:
        seen: Board = reading.shared_board(here.store, here.by, here.ward.id, here.now)
    except DetoxError as error:
        st.error(f"The board cannot be read: {words.plain(error)} Use the paper forms until it can.")
        return
    st.html(tiles.counts_html(seen, wall(here.now, here.zone, "%H:%M:%S")))
    if not any(t.admission for t in seen.tiles):
        st.info("Nobody is on the ward. Admit the first patient from the menu above.")
    for tile in seen.tiles:
        if tile.admission is not None:
            _card(tile, here)
    free = [t.bed for t in seen.tiles if t.admission is None]
    if free:
        st.caption(f"Free: {', '.join(words.plain(bed) for bed in free)}")


_board()
