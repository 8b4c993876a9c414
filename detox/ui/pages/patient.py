"""One patient, readable in 20 seconds from the top: who, what changed, what is suggested, the course, the records."""

from datetime import timedelta

import streamlit as st

from detox.clinical.looking_back import clock_tolerance
from detox.clinical.protocols import vitals_file
from detox.errors import DetoxError
from detox.instants import wall
from detox.reports import outlook
from detox.reports import patient as reading
from detox.reports.patient import PatientPage
from detox.store import find
from detox.ui import (
    admission_forms,
    alert_list,
    canvas,
    charts,
    dose_corrections,
    dose_form,
    dose_row,
    flowsheet,
    frame,
    leaving_forms,
    limit_forms,
    limit_words,
    monitoring_forms,
    other_scales,
    outlook_words,
    patient_head,
    situation_forms,
    style,
    style_patient,
    suggestion_card,
    taper_forms,
    tiles,
    words,
)  # fmt: skip

WATCH_S = 5
REFRESH = timedelta(seconds=30)
WINDOWS = {"24 h": 24, "48 h": 48, "72 h": 72, "Whole admission": None}
FIRST_WINDOW = "48 h"
SECTIONS = (
    "Flowsheet", other_scales.TITLE, "Alerts", "Plan and doses", "Situation", "Before leaving", "Corrections", "Stay",
)  # fmt: skip


def _page(here: frame.Visit, admission_id: str) -> PatientPage:
    window = st.session_state.get("window") or FIRST_WINDOW
    with here.see(admission_id) as tx:
        return reading.page(tx, here.ward, admission_id, here.now, WINDOWS[window])


def _head(page: PatientPage, here: frame.Visit) -> None:
    """Who this is, and what of the dates cannot be."""
    if page.as_of > here.now + clock_tolerance():
        st.html(
            '<div class="dx-alert unknown"><b>? The dates of this admission lie in the future</b> (an import with '
            "shifted dates): everything below stands as of its newest reading.</div>"
        )
    st.html(patient_head.identity_html(page, here.zone, here.ward.temperature_unit))
    if page.tile.ahead:
        st.html(f'<div class="dx-alert unknown">{tiles.ahead_html(page.tile, here.zone, here.now)}</div>')


def _actions(here: frame.Visit, admission_id: str, present: bool) -> None:
    query = {"admission": admission_id}
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="actions"):
        if here.may("record") and present:
            st.page_link("pages/record.py", label="**Record a set**", query_params=query)
            st.page_link("pages/scale.py", label="Other scale", query_params=query)
        if here.may("chart_dose") and present:
            st.toggle("Give a dose", key="give-dose", on_change=dose_form.begin, args=(admission_id,))
        if here.may("record") and present:
            st.page_link("pages/plan_what_if.py", label="What if", query_params=query)
        st.page_link("pages/look_back.py", label="Look back", query_params=query)
        st.page_link("pages/board.py", label="Back to the board")


def _suggestion(page: PatientPage, here: frame.Visit) -> None:
    shown = page.suggestion.as_dict(page.as_of) if page.suggestion is not None else None
    last = page.decisions[0] if page.decisions else None
    with st.container(border=True, key="suggestion"):
        with frame.place():
            suggestion_card.card(page, shown, here.zone)
            if last is not None:
                made = suggestion_card.decided_html(last, here.zone, here.now)
                st.html(f'<div class="dx-note">Last decision: {made}</div>')
        if shown is None:
            return
        form = (
            page.admission.id, shown, page.basis, page.plan.id if page.plan else None, last.id if last else "",
            page.admission.programme,
        )  # fmt: skip
        notes = page.tile.judgement is not None and bool(page.tile.judgement.notes)
        if page.answered and here.may("decide"):
            with st.expander("Nothing was recorded since that decision. Decide again", key="decide-again"):
                suggestion_card.decision(*form, notes=notes)
        else:
            suggestion_card.decision(*form, notes=notes)


def _charts(page: PatientPage, here: frame.Visit) -> None:
    st.segmented_control("Time shown", list(WINDOWS), default=FIRST_WINDOW, required=True, key="window")
    _limits(page, here)
    start = page.start or page.admission.admitted_at
    trends = _trends(page, here)
    planned = dose_row.Planned(page.levels, None if page.admission.discharged_at else page.plan, page.decisions)
    figure = charts.course(
        page.current, page.doses, page.alerts, zone=here.zone, start=start, now=page.as_of, trends=trends,
        colours=style.palette(dark=st.context.theme.type == "dark"), unit=here.ward.temperature_unit, planned=planned,
    )  # fmt: skip
    replaced = sum(1 for o in page.seen if o.replaced_by is not None)
    hidden = f" {replaced} replaced by a correction: not drawn, readable in the flowsheet." if replaced else ""
    told = charts.describe(page.current, here.zone, here.now, page.doses_shown, planned)
    st.plotly_chart(figure, theme=None, config=charts.CONFIG, key="course", alt=told)
    if trends:
        st.html(outlook_words.lines_html(trends, here.zone, page.as_of, here.ward.temperature_unit))
    st.caption(
        f"Times are the ward's: {words.plain(here.ward.time_zone)}. ● given, as high as all of that day so far; "
        "■E given elsewhere, ⊠V brought up again, ○H held, ×R refused; line: ordered a day, dotted: by the plan, if a "
        "physician decides each step; ◆ decision accepted, ◇ changed, crossed: declined; ▼ alert opened; "
        f"○ with ≥: COWS incomplete, at least so much. No line over more than "
        f"{canvas.longest_join() / timedelta(hours=1):g} h without a reading.{hidden}"
    )


def _trends(page: PatientPage, here: frame.Visit) -> tuple[outlook.Outlook, ...]:
    """Where the vitals are heading; of an admission that has ended nothing is told."""
    if page.admission.discharged_at is not None:
        return ()
    with here.see(page.admission.id) as tx:
        return outlook.outlooks_of(tx, page.admission.id, page.as_of)


def _limits(page: PatientPage, here: frame.Visit) -> None:
    """The limits set for this patient, beside what they are limits of."""
    for vital, limits in page.tile.limits.items():
        said = limit_words.note(limits, here.zone, page.as_of, here.ward.temperature_unit)
        st.html(f'<div class="dx-note">{words.esc(vitals_file().range(vital).label)}: {words.esc(said)}</div>')


def _sections(page: PatientPage, here: frame.Visit) -> None:
    """Only the part that is looked at is worked out."""
    section = st.segmented_control(
        "More", list(SECTIONS), default=SECTIONS[0], required=True, key="section", label_visibility="collapsed"
    )
    if section == other_scales.TITLE:
        with here.see(page.admission.id) as tx:
            st.html(other_scales.section_html(tx, page.admission.id, here.zone, here.now))
    elif section == "Alerts":
        st.html(alert_list.history_html(page, here))
    elif section == "Plan and doses":
        taper_forms.forms(page)
        st.html(taper_forms.days_html(page, here))
    elif section == "Situation":
        situation_forms.forms(page)
    elif section == "Before leaving":
        leaving_forms.forms(page)
    elif section == "Corrections":
        _corrections(page, here)
    elif section == "Stay":
        monitoring_forms.forms(page)
        limit_forms.forms(page)
        admission_forms.forms(page)
    else:
        _limits(page, here)
        own = page.tile.every_limit
        st.html(flowsheet.table(page.seen, here.zone, here.now, here.ward.temperature_unit, own, page.tile.ahead))


def _corrections(page: PatientPage, here: frame.Visit) -> None:
    """Choose a set of the window; the original stays readable, struck through, with the reason."""
    sets = {o.id: o for o in (*reversed(page.tile.ahead), *reversed(page.current))}
    if not here.may("amend"):
        st.caption("Nurses and physicians correct sets.")
    elif not sets:
        st.caption("There is no set in this window.")
    else:
        chosen = st.selectbox(
            "Set to correct", list(sets), index=None, key="correct", placeholder="choose by its time",
            format_func=lambda i: (
                f"{words.when(sets[i].taken_at, here.zone, here.now)} by {sets[i].recorded_by}"
                f"{' (dated ahead of the clock)' if sets[i] in page.tile.ahead else ''}"
            ),
        )  # fmt: skip
        if chosen:
            query = {"admission": page.admission.id, "amend": chosen}
            st.page_link("pages/record.py", label="**Correct this set**", query_params=query)
    dose_corrections.form(page)
    replaced = [o for o in page.seen if o.replaced_by is not None]
    shown = [*replaced, *(o for o in page.seen if o.replaces is not None)]
    st.html(flowsheet.table(shown, here.zone, here.now, here.ward.temperature_unit, page.tile.every_limit))


@st.fragment(run_every=WATCH_S)
def _watch(admission_id: str, basis: str, drawn: str) -> None:
    """Draw the page anew as soon as anything about this admission is kept, and often enough for its ages to be true."""
    here = frame.visit()
    with here.see(admission_id) as tx:
        now_at = find.basis_of(tx, admission_id)
    if now_at != basis or drawn != _beat(here):
        st.rerun()


def _beat(here: frame.Visit) -> str:
    return str(int(here.now.timestamp() // REFRESH.total_seconds()))


def _draw(here: frame.Visit, admission_id: str) -> None:
    try:
        page = _page(here, admission_id)
    except DetoxError as error:
        st.error(words.plain(error))
        st.page_link("pages/board.py", label="Back to the board")
        return
    _watch(admission_id, page.basis, _beat(here))
    with frame.place():
        _head(page, here)
    with frame.place():
        alert_list.waiting(page)
    _actions(here, admission_id, page.admission.discharged_at is None)
    with frame.place():
        if st.session_state.get("give-dose") and here.may("chart_dose"):
            with st.container(border=True, key="dose"):
                dose_form.form(page)
    st.html(patient_head.since_html(page, here.zone, here.ward.temperature_unit))
    _suggestion(page, here)
    with frame.place():
        _charts(page, here)
    _sections(page, here)
    st.caption(f"Read from the database at {wall(here.now, here.zone, '%H:%M:%S')}.")


st.html(style_patient.sheet())
_draw(frame.visit(), str(st.query_params.get("admission") or ""))
