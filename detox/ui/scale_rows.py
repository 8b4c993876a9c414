"""One item of a scale on one line: its name with the chosen anchor in full, and a button for each value it has."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from detox.clinical.protocols import Item
from detox.ui import scale_words, words

BLANK = "–"


def worded(labels: Mapping[Any, str]) -> Callable[[Any], str]:
    """The words on a button; the button that takes an answer back stays as it is."""
    return lambda value: labels.get(value, BLANK)


def row(item: Item, key: str, was: str = "") -> None:
    """Draw the item; its widget's `key` holds the value that was chosen, or BLANK, or None before any tap."""
    labels: dict[object, str] = {o.value: scale_words.button(item, o) for o in item.options}
    chosen = st.session_state.get(key)
    full = next((o.label for o in item.options if o.value == chosen), item.window)
    name, buttons = st.columns([3, 8], vertical_alignment="center", gap="small")
    name.html(
        f'<div class="dx-item"><b>{words.esc(item.label)}</b>{was}<div class="dx-was">{words.esc(full)}</div></div>'
    )
    buttons.segmented_control(
        item.label, [*labels, BLANK], format_func=worded(labels), key=key,
        required=True, label_visibility="collapsed", wrap=True,
    )  # fmt: skip
