"""What every small form of a page shares: an id that names one entry, and a time typed on the ward's clock."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from detox.care import e_signature
from detox.clinical.looking_back import clock_tolerance
from detox.clinical.model import Dose
from detox.errors import DetoxError, NeedsConfirmation, Refused
from detox.ui import frame, words

_NAMES = uuid.UUID("6f0f6f5e-6d0c-4bb5-8d7e-64655f746f78")


def entry_id(here: frame.Visit, *parts: object) -> str:
    """The id of the next entry of one form: the same on every run and after a restart, until that entry is kept.

    It keys the widgets and is the record's primary key, so that a double tap keeps one. `parts` name the form and what
    was kept last by it: with the next kept entry the id moves on and the form is empty. Two browsers never share one.
    """
    return uuid.uuid5(_NAMES, "/".join([here.session.token_hash, *map(str, parts)])).hex


def signature(here: frame.Visit, key: str) -> None:
    """The field that a signature takes: PIN or password. A demo ward's people have neither, and are told so."""
    if here.ward.demo:
        st.caption("In the demo ward a signature takes no PIN.")
        return
    st.text_input("Your PIN or password, to sign", type="password", key=f"secret-{key}", width=320, autocomplete="off")


def signed(here: frame.Visit, key: str) -> str:
    """How the person here proved who they are. Raises Refused for an empty or wrong secret."""
    return e_signature.prove(here.store, here.by, str(st.session_state.get(f"secret-{key}") or ""), here.now)


def problems(key: str) -> None:
    """Show what was wrong with the last try to save, where the form stands, and ask what it asked; the input stays."""
    asked: dict[str, str] = st.session_state.get(f"asked-{key}", {})
    if asked:
        st.warning(words.plain(" ".join(asked.values())))
        st.checkbox("Yes, it is right", key=f"sure-{key}")
    sentences = [words.plain(sentence) for sentence in st.session_state.get(f"problem-{key}", ())]
    if sentences:
        st.error(sentences[0] if len(sentences) == 1 else "\n".join(f"- {sentence}" for sentence in sentences))


def agreed(key: str, act: Callable[[bool], Dose]) -> Dose:
    """What `act` returns: not confirmed, or confirmed where the form was asked just this and said yes.

    Raises what `act` raises; NeedsConfirmation where there is something to ask that nobody has answered.
    """
    asked, sure = st.session_state.get(f"asked-{key}"), st.session_state.get(f"sure-{key}")
    try:
        return act(False)
    except NeedsConfirmation as ask:
        if not sure or asked != ask.questions:
            raise
        return act(True)


def told(key: str, error: DetoxError) -> None:
    """Remember the error's sentences, or what it asks, for the form of that key."""
    if isinstance(error, NeedsConfirmation):
        st.session_state[f"asked-{key}"] = error.questions
        st.session_state.pop(f"problem-{key}", None)
        return
    st.session_state.pop(f"asked-{key}", None)
    sentences = list(error.problems.values()) if isinstance(error, Refused) else [str(error)]
    st.session_state[f"problem-{key}"] = sentences


def settled(key: str) -> None:
    """The form of that key was saved: forget its problems and draw the page anew."""
    for kind in ("problem", "asked"):
        st.session_state.pop(f"{kind}-{key}", None)
    redraw()


def redraw() -> None:
    """Ask for a new run of the whole page, made by `redrawn` once the callback is over."""
    st.session_state["redraw-page"] = True


def redrawn() -> None:
    """At the end of a form's fragment: run the whole page when a save has changed what it shows."""
    if st.session_state.pop("redraw-page", False):
        st.rerun()


def moment(clock: time | None, now: datetime, zone: ZoneInfo, *, on: date | None = None) -> datetime:
    """The last time the ward's clock stood at `clock`, or now where none was typed; in UTC.

    `on` fixes the day. In the hour that runs twice, the later one that has come is meant.
    """
    if clock is None:
        return now
    today = now.astimezone(zone).date()
    days = [on] if on is not None else [today, today - timedelta(days=1)]
    possible = [
        datetime.combine(day, clock, tzinfo=zone).replace(fold=fold).astimezone(UTC) for day in days for fold in (1, 0)
    ]
    return next((at for at in possible if at <= now + clock_tolerance()), possible[-1])


_GIVING = {"withhold": "withhold until I decide", "as_ordered": "give as ordered"}


def ask_giving(here: frame.Visit, key: str) -> None:
    """What a physician's answer to a danger means for the doses; a nurse's means nothing for them and is not asked."""
    if here.by.role == "physician":
        st.segmented_control(
            "Doses meanwhile", list(_GIVING), format_func=_GIVING.__getitem__, key=f"giving-{key}", required=True,
            default="withhold",
        )  # fmt: skip


def giving(key: str) -> str:
    """What was chosen; without a choice the doses wait."""
    return str(st.session_state.get(f"giving-{key}") or "withhold")
