"""Record any scale but COWS: choose it, answer it, see at once what it says; or hand the tablet to the patient."""

import uuid
from collections.abc import Mapping

import streamlit as st

from detox import care
from detox.care import observing
from detox.care.text import without_tags
from detox.clinical.model import Admission
from detox.clinical.protocols import Scale
from detox.errors import DetoxError, NotFound, Refused
from detox.reports import board as reading
from detox.store import find
from detox.ui import frame, hand_over, record_form, scale_form, scale_words, tiles, words
from detox.ui.record_form import Form


def _form(nonce: str) -> Form:
    here = frame.visit()
    with here.store.read() as tx:
        admission = find.admission(tx, str(st.query_params.get("admission") or ""))
        tile = reading.tile(tx, admission, None, here.now)
    return Form(nonce, here, tile, st.session_state.get(f"{nonce}-problems", {}))


def _choose(admission_id: str, scale_id: str) -> None:
    chosen = {"scale": scale_id, "f": uuid.uuid4().hex} if scale_id else {}
    st.query_params.from_dict({"admission": admission_id, **chosen})


def _save(nonce: str, admission_id: str, scale: Scale) -> None:
    """One tap on save. Everything is read first; between the verb's start and its commit no screen is touched."""
    form = _form(nonce)
    problems: Mapping[str, str] = {}
    saved = None
    try:
        seen = scale_form.entry(form, scale, admission_id)
        saved = care.record(form.here.store, form.here.by, seen, form.here.now).observation.id
    except Refused as refused:
        problems = refused.problems
    except DetoxError as error:
        problems = {"": str(error)}
    st.session_state[f"{nonce}-problems"] = problems
    if saved is not None:
        st.query_params.from_dict({"admission": admission_id, "saved": saved})


@st.fragment
def _entry(scale: Scale) -> None:
    if st.query_params.get("saved"):
        st.rerun()  # the whole page: the receipt stands where the form stood
    nonce = str(st.query_params.get("f") or "")
    if not nonce:
        return
    form = _form(nonce)
    admission = form.tile.admission
    if admission is None:
        return
    record_form.when(form)
    scale_form.draw(form, scale)
    with st.container(key="save-bar"):
        left, right = st.columns([7, 3], vertical_alignment="center")
        with left:
            made = scale_form.running(form, scale)
            st.html(scale_words.says_html(made) if made else '<div class="dx-cows">Nothing answered yet</div>')
            if form.problems:
                told = form.problems.get("", "Not saved: mend what is marked above, then save again.")
                st.html(f'<div class="dx-alert critical">{words.esc(told)}</div>')
        right.button(
            f"Save {scale.short_name}", key=f"{nonce}-save", type="primary", width="stretch", on_click=_save,
            args=(nonce, admission.id, scale),
        )  # fmt: skip


def _receipt(here: frame.Visit, admission: Admission, saved: str) -> None:
    """What was kept, read back from the database."""
    kept = observing.receipt(here.store, saved)
    if kept is None or kept.observation.admission_id != admission.id:
        st.error("This scale is not in the database: it was not saved. Enter it again.")
        return
    seen = kept.observation
    note = f'<div class="dx-quiet">{words.esc(seen.note)}</div>' if seen.note else ""
    st.html(
        f'<div class="dx-note"><b>Saved {words.when(seen.recorded_at or seen.taken_at, here.zone, here.now)}</b> by '
        f"{words.esc(seen.recorded_by)}, taken at {words.when(seen.taken_at, here.zone, here.now)}{note}</div>"
    )
    for made in scale_words.other(seen):
        st.html(scale_words.says_html(made))
    for alert in kept.opened:
        st.html(f"<b>new</b> {tiles.alert_html(alert, here.now)}")
    with st.container(horizontal=True):
        st.page_link("pages/patient.py", label="Open patient", query_params={"admission": admission.id})
        st.page_link("pages/record.py", label="Record a set", query_params={"admission": admission.id})
        st.page_link("pages/scale.py", label="Another scale", query_params={"admission": admission.id})
        st.page_link("pages/board.py", label="Ward board")


def _chooser(admission: Admission) -> None:
    """Every scale with its full name, since short ones are shared; a tap opens its form."""
    st.html('<div class="dx-big">Which scale?</div>')
    for observer, title in (("self-report", "The patient answers"), ("clinician", "You ask or watch")):
        st.html(f'<div class="dx-quiet"><b>{title}</b></div>')
        for scale in (s for s in scale_words.others() if s.observer == observer):
            name, what = st.columns([3, 7], vertical_alignment="center", gap="small")
            name.button(
                words.plain(scale.short_name), key=f"choose-{scale.id}", width="stretch", on_click=_choose,
                args=(admission.id, scale.id),
            )  # fmt: skip
            window = without_tags(scale.window)
            parts = [f"{len(scale.items)} items" if len(scale.items) > 1 else "1 item", window]
            parts += ["for the trend only"] if scale.use == "trend" else []
            what.html(
                f'<div class="dx-item">{words.esc(scale_words.full_name(scale.id))}'
                f'<div class="dx-was">{words.esc(" · ".join(p for p in parts if p))}</div></div>'
            )


def _chosen(here: frame.Visit, admission: Admission, scale: Scale) -> None:
    head, actions = st.columns([7, 4], vertical_alignment="top")
    head.html(scale_form.head_html(scale))
    if not st.query_params.get("f"):
        st.query_params["f"] = uuid.uuid4().hex
    with actions:
        if scale.observer == "self-report":
            hand_over.button(admission, scale, str(st.query_params["f"]))
        st.button("Another scale", key="choose-none", width="stretch", on_click=_choose, args=(admission.id, ""))
    _entry(scale)


def _page() -> None:
    here = frame.visit()
    if not here.may("record"):
        st.info("Recording is for nurses and physicians.")
        return
    try:
        with here.store.read() as tx:
            admission = find.admission(tx, str(st.query_params.get("admission") or ""))
    except NotFound as missing:
        st.error(words.plain(missing))
        st.page_link("pages/board.py", label="Ward board")
        return
    st.html(tiles.person_html(admission, here.now))
    hand_over.left_open(here, admission)
    if saved := st.query_params.get("saved"):
        _receipt(here, admission, str(saved))
        return
    wanted = str(st.query_params.get("scale") or "")
    scale = next((s for s in scale_words.others() if s.id == wanted), None)
    if admission.discharged_at is not None:
        st.info("The patient has left: nothing more is recorded for this stay.")
    elif scale is None:
        _chooser(admission)
    else:
        _chosen(here, admission, scale)


_page()
