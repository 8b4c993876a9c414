"""Record any scale but COWS, or correct it: choose, answer, see at once what it says; or hand the tablet over."""

import uuid
from collections.abc import Mapping

import streamlit as st

from detox import care
from detox.care import observing
from detox.care.text import without_tags
from detox.clinical.model import Admission, Observation
from detox.clinical.protocols import Scale
from detox.errors import DetoxError, NeedsConfirmation, NotFound, Refused
from detox.reports import board as reading
from detox.store import find
from detox.ui import frame, hand_over, record_form, scale_form, scale_words, tiles, words
from detox.ui.record_form import Form

NEWEST = 8
"""How many of the newest sets can be chosen here for a correction; older ones are reached from the patient's page."""


def _form(nonce: str) -> Form:
    here = frame.visit()
    with here.see(str(st.query_params.get("admission") or "")) as tx:
        admission = find.admission(tx, str(st.query_params.get("admission") or ""))
        tile = reading.tile(tx, admission, None, here.now)
    return Form(nonce, here, tile, st.session_state.get(f"{nonce}-problems", {}))


def _choose(admission_id: str, scale_id: str, amends: str = "") -> None:
    chosen = {"scale": scale_id, "f": uuid.uuid4().hex} if scale_id else {}
    chosen |= {"amend": amends} if amends else {}
    st.query_params.from_dict({"admission": admission_id, **chosen})


def _original(here: frame.Visit, admission_id: str, amends: str) -> Observation:
    """The set to correct. Raises NotFound where it is not this patient's, or has been replaced."""
    with here.see(admission_id) as tx:
        found = find.observation(tx, amends)
    if found is None or found.admission_id != admission_id or found.replaced_by is not None:
        raise NotFound("The set to correct is not there, or was corrected meanwhile: open the patient again and look.")
    return found


def _save(nonce: str, admission_id: str, scale: Scale, amends: str = "", sure: bool = False) -> None:
    """One tap on save. Everything is read first; between the verb's start and its commit no screen is touched."""
    form = _form(nonce)
    asked = st.session_state.get(f"{nonce}-questions", {})
    agreed = asked if sure else None
    problems: Mapping[str, str] = {}
    questions: Mapping[str, str] = {}
    saved = None
    try:
        if amends:
            saved = _corrected(form, scale, admission_id, amends, agreed)
        else:
            saved = _recorded_now(form, scale_form.entry(form, scale, admission_id), agreed)
    except NeedsConfirmation as ask:
        questions = ask.questions
    except Refused as refused:
        problems = refused.problems
    except DetoxError as error:
        problems = {"": str(error)}
    st.session_state[f"{nonce}-problems"] = problems
    st.session_state[f"{nonce}-questions"] = questions
    if saved is not None:
        st.query_params.from_dict({"admission": admission_id, "saved": saved})


def _recorded_now(form: Form, seen: Observation, agreed: Mapping[str, str] | None) -> str:
    """Keep the set and give its id; a time shortly before the admission only once a person has called it right."""
    here = form.here
    try:
        return care.record(here.store, here.by, seen, here.now).observation.id
    except NeedsConfirmation as ask:
        if agreed != ask.questions:
            raise
        return care.record(here.store, here.by, seen, here.now, confirmed=True).observation.id


def _corrected(form: Form, scale: Scale, admission_id: str, amends: str, agreed: Mapping[str, str] | None) -> str:
    """Keep the corrected set and give its id. Its vitals are those that were kept: nobody is asked about them again."""
    with form.here.see(admission_id) as tx:
        again = find.observation(tx, form.nonce)
    if again is not None and again.replaces == amends:
        return again.id  # a second tap
    seen = scale_form.correction(form, scale, _original(form.here, admission_id, amends))
    reason = form.value("replace_reason") or ""
    here = form.here
    try:
        return care.amend(here.store, here.by, amends, seen, reason, here.now).observation.id
    except NeedsConfirmation as ask:
        if "taken_at" in ask.questions and agreed != {"taken_at": ask.questions["taken_at"]}:
            raise NeedsConfirmation({"taken_at": ask.questions["taken_at"]}) from None
        return care.amend(here.store, here.by, amends, seen, reason, here.now, confirmed=True).observation.id


def _correcting(form: Form, scale: Scale, admission_id: str, amends: str) -> None:
    """What is being corrected, as it was kept, and the reason."""
    original = _original(form.here, admission_id, amends)
    scale_form.prefill(form, scale, original)
    at = words.when(original.taken_at, form.here.zone, form.here.now)
    was = "; ".join(scale_words.total(made) for made in original.assessments if made.scale == scale.id)
    st.html(
        f'<div class="dx-alert warning"><b>Correcting the set of {at}</b> by {words.esc(original.recorded_by)}: '
        f"<s>{words.esc(was)}</s>. The original stays readable, struck through.</div>"
    )
    st.text_input("What was wrong?", key=form.key("replace_reason"), placeholder="two answers swapped")
    with frame.place():
        if "replace_reason" in form.problems:
            st.html(f'<div class="dx-alert critical">{words.esc(form.problems["replace_reason"])}</div>')


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
    amends = str(st.query_params.get("amend") or "")
    if amends:
        try:
            _correcting(form, scale, admission.id, amends)
        except NotFound as missing:
            st.error(words.plain(missing))
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
        questions: dict[str, str] = st.session_state.get(f"{nonce}-questions", {})
        with right:
            for question in questions.values():
                st.html(f'<div class="dx-alert warning">{words.esc(question)}</div>')
            save = "Save correction" if amends else f"Save {scale.short_name}"
            st.button(
                "Yes, right: save" if questions else save, key=f"{nonce}-{'sure' if questions else 'save'}",
                type="primary", width="stretch", on_click=_save,
                args=(nonce, admission.id, scale, amends, bool(questions)),
            )  # fmt: skip


def _receipt(here: frame.Visit, admission: Admission, saved: str) -> None:
    """What was kept, read back from the database."""
    kept = observing.receipt(here.store, here.by, admission.id, saved, here.now)
    if kept is None or kept.observation.admission_id != admission.id:
        st.error("This scale is not in the database: it was not saved. Enter it again.")
        return
    seen = kept.observation
    note = f'<div class="dx-quiet">{words.esc(seen.note)}</div>' if seen.note else ""
    note += f'<div class="dx-quiet">corrects: {words.esc(seen.replace_reason)}</div>' if seen.replaces else ""
    st.html(
        f'<div class="dx-note"><b>Saved {words.when(seen.recorded_at or seen.taken_at, here.zone, here.now)}</b> by '
        f"{words.esc(seen.recorded_by)}, taken at {words.when(seen.taken_at, here.zone, here.now)}{note}</div>"
    )
    for made in scale_words.other(seen):
        st.html(scale_words.says_html(made))
    for alert in kept.opened:
        st.html(f"<b>new</b> {tiles.alert_html(alert, here.now)}")
    if admission.discharged_at is None and seen.replaced_by is None:
        _correct_buttons(here, admission, seen, "Correct this set")
    with st.container(horizontal=True):
        st.page_link("pages/patient.py", label="Open patient", query_params={"admission": admission.id})
        st.page_link("pages/record.py", label="Record a set", query_params={"admission": admission.id})
        st.page_link("pages/scale.py", label="Another scale", query_params={"admission": admission.id})
        st.page_link("pages/board.py", label="Ward board")


def _correct_buttons(here: frame.Visit, admission: Admission, seen: Observation, says: str) -> None:
    """A button for each scale of a set that has its form here."""
    here_asked = {s.id: s for s in scale_words.others()}
    found = [here_asked[made.scale] for made in scale_words.other(seen) if made.scale in here_asked]
    for scale in found if here.may("amend") else ():
        label = says if len(found) == 1 else f"{says}: {scale.short_name}"
        st.button(
            words.plain(label), key=f"correct-{seen.id}-{scale.id}", on_click=_choose,
            args=(admission.id, scale.id, seen.id),
        )  # fmt: skip


def _recorded(here: frame.Visit, admission: Admission) -> None:
    """The newest sets of these scales, each with a way to correct it."""
    if not here.may("amend"):
        return
    with here.see(admission.id) as tx:
        seen = find.observations(tx, admission.id)
    kept = [o for o in reversed(seen) if scale_words.other(o)][:NEWEST]
    if not kept:
        return
    st.html('<div class="dx-big">Recorded during this admission</div>')
    for o in kept:
        says, action = st.columns([7, 3], vertical_alignment="center", gap="small")
        told = "; ".join(scale_words.total(made) for made in scale_words.other(o))
        at = words.when(o.taken_at, here.zone, here.now)
        says.html(f'<div class="dx-item">{at}: <b>{words.esc(told)}</b> by {words.esc(o.recorded_by)}</div>')
        with action:
            _correct_buttons(here, admission, o, "Correct this set")


def _chooser(here: frame.Visit, admission: Admission) -> None:
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
    _recorded(here, admission)


def _chosen(here: frame.Visit, admission: Admission, scale: Scale) -> None:
    head, actions = st.columns([7, 4], vertical_alignment="top")
    head.html(scale_form.head_html(scale))
    if not st.query_params.get("f"):
        st.query_params["f"] = uuid.uuid4().hex
    with actions:
        if scale.observer == "self-report" and not st.query_params.get("amend"):
            hand_over.button(admission, scale, str(st.query_params["f"]))
        st.button("Another scale", key="choose-none", width="stretch", on_click=_choose, args=(admission.id, ""))
    _entry(scale)


def _page() -> None:
    here = frame.visit()
    if not here.may("record"):
        st.info("Recording is for nurses and physicians.")
        return
    try:
        with here.see(str(st.query_params.get("admission") or "")) as tx:
            admission = find.admission(tx, str(st.query_params.get("admission") or ""))
    except NotFound as missing:
        st.error(words.plain(missing))
        st.page_link("pages/board.py", label="Ward board")
        return
    st.html(tiles.person_html(admission, here.now))
    with frame.place():
        hand_over.left_open(here, admission)
    if saved := st.query_params.get("saved"):
        _receipt(here, admission, str(saved))
        return
    wanted = str(st.query_params.get("scale") or "")
    scale = next((s for s in scale_words.others() if s.id == wanted), None)
    if admission.discharged_at is not None:
        st.info("The patient has left: nothing more is recorded for this admission.")
    elif scale is None:
        _chooser(here, admission)
    else:
        _chosen(here, admission, scale)


_page()
