"""Looking back on an admission: tile, alerts and suggestion as they stood at a moment. Nothing can be changed here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from detox.clinical.model import Admission
from detox.errors import DetoxError
from detox.instants import from_text, to_text, wall
from detox.reports import look_back as reading
from detox.reports.look_back import LookBack, Step
from detox.reports.patient import PatientPage
from detox.reports.protocols import ReviewState
from detox.ui import (
    alert_list,
    charts,
    dose_row,
    flowsheet,
    frame,
    situation_words,
    style,
    style_patient,
    suggestion_card,
    tiles,
    words,
)  # fmt: skip

WINDOW_H = 48
_KEPT = {
    "admit": "admitted", "move": "moved to another bed", "discharge": "discharged", "record": "set recorded",
    "amend": "set corrected", "acknowledge": "alert answered", "chart_dose": "dose charted",
    "write_plan": "plan drafted", "sign_plan": "plan signed", "end_plan": "plan ended", "decide": "decision signed",
    "snooze": "alert put aside", "set_limit": "own limits set", "end_limit": "own limits ended",
    "set_baseline": "baseline set", "chart_other_dose": "other dose charted", "chart_vomited": "dose brought up again",
    "amend_dose": "dose corrected", "dose_in_error": "dose entered in error",
}  # fmt: skip
# What was chosen stays in sight, so that nobody takes what stands below for now.
_SHEET = (
    '[data-testid="stLayoutWrapper"]:has(> .st-key-then) { position: sticky; top: 3.6rem; z-index: 50; } '
    ".st-key-then { background: var(--paper); padding: .4rem 0 .2rem; } "
    ".st-key-tile .px-facts { padding-left: 1.45rem; }"
)


def _asked() -> datetime | None:
    """The moment that the address asks for; None without a readable one."""
    try:
        asked = from_text(str(st.query_params.get("at") or ""))
    except ValueError:
        return None
    return asked if asked.tzinfo is not None else None


def _go(at: datetime) -> None:
    st.query_params["at"] = to_text(at)


def _slid(key: str) -> None:
    _go(st.session_state[key])


def _labels(stops: Sequence[datetime], zone: ZoneInfo, now: datetime) -> dict[datetime, str]:
    """The ward's clock for each stop, no two alike: with seconds where a minute holds several, with the year if old."""
    form = "%a %-d %b %H:%M" if stops[0].astimezone(zone).year == now.astimezone(zone).year else "%a %-d %b %Y %H:%M"
    minutes = Counter(wall(stop, zone, form) for stop in stops)
    return {
        stop: wall(stop, zone, f"{form}:%S" if minutes[wall(stop, zone, form)] > 1 and stop.second else form)
        for stop in stops
    }


def _kept(step: Step) -> str:
    """What was kept in a step, each thing once, in the order in which it was."""
    return ", ".join(dict.fromkeys(_KEPT.get(m.verb, m.verb.replace("_", " ")) for m in step.moments))


def _stepper(look: LookBack, at: datetime, labels: dict[datetime, str], zone: ZoneInfo) -> None:
    """To the step before, to the one after, and anywhere between."""
    sides = st.columns(2)
    for side, name, step in zip(sides, ("Previous", "Next"), (look.before(at), look.after(at)), strict=True):
        told = f"{wall(step.at, zone, '%a %H:%M')} {_kept(step)}" if step else "nothing more"
        text = f"◀ {name}: {told}" if name == "Previous" else f"{name}: {told} ▶"
        to = step.at if step else at
        side.button(words.plain(text), key=name, disabled=step is None, on_click=_go, args=(to,), width="stretch")
    if len(labels) > 1:
        key = f"at-{look.admission.id}"
        st.session_state[key] = at
        st.select_slider(
            "Moment", list(labels), key=key, format_func=labels.__getitem__, on_change=_slid, args=(key,),
            label_visibility="collapsed",
        )  # fmt: skip


def _banner_html(look: LookBack, at: datetime, label: str, zone: ZoneInfo) -> str:
    kept = ""
    if (last := look.last(at)) is not None:
        people = ", ".join(dict.fromkeys(m.by for m in last.moments))
        when = "At this moment" if last.at == at else f"Last, {words.when(last.at, zone, at)}"
        kept = f' <span class="dx-quiet">{when}: {words.esc(_kept(last))}, by {words.esc(people)}</span>'
    stood = f"As it stood on {words.esc(label)}. Nothing can be changed here."
    return f'<div class="dx-alert unknown"><b>{stood}</b>{kept}</div>'


def _facts_html(page: PatientPage, zone: ZoneInfo) -> str:
    """Whom it is about, beyond what the tile says."""
    admission = page.admission
    facts = [f"born {admission.patient.born_on or 'unknown'}", words.age(admission, page.as_of)]
    facts.append(f"admitted {words.when(admission.admitted_at, zone, page.as_of)}")
    if admission.discharged_at is not None:
        facts.append(f"discharged {words.when(admission.discharged_at, zone, page.as_of)}")
    shown = [*(f"<span>{words.esc(fact)}</span>" for fact in facts), situation_words.allergy_html(admission)]
    return f'<div class="px-facts">{"".join(shown)}</div>'


def _suggestion(page: PatientPage, review: ReviewState, zone: ZoneInfo) -> None:
    """The card as a physician would have seen it, without the decision's form."""
    with st.container(border=True, key="suggestion"):
        if page.suggestion is None:
            st.html(
                f'<div class="px-says unknown"><h3>? No suggestion</h3>'
                f"<div>{words.esc(page.suggestion_problem)}</div></div>"
            )
        else:
            shown = page.suggestion.as_dict(page.as_of)
            st.html(suggestion_card.card_html(shown, zone, page.as_of, review))
            suggestion_card.behind(shown)
        if page.decisions:
            made = suggestion_card.decided_html(page.decisions[0], zone, page.as_of)
            st.html(f'<div class="dx-note">Last decision by then: {made}</div>')


def _course(page: PatientPage, then: frame.Visit) -> None:
    """The figure and the flowsheet up to the moment, for whoever asks: a figure takes a second to draw."""
    if not st.toggle("Course and flowsheet up to this moment", key="course-then"):
        return
    start = page.start or page.admission.admitted_at
    planned = dose_row.Planned(page.levels, None if page.admission.discharged_at else page.plan, page.decisions)
    figure = charts.course(
        page.current, page.doses, page.alerts, zone=then.zone, start=start, now=page.as_of, planned=planned,
        colours=style.palette(dark=st.context.theme.type == "dark"), unit=then.ward.temperature_unit,
    )  # fmt: skip
    told = charts.describe(page.current, then.zone, page.as_of, page.doses_shown, planned)
    st.plotly_chart(figure, theme=None, config=charts.CONFIG, key="course", alt=told)
    own = page.tile.every_limit
    st.html(flowsheet.table(page.seen, then.zone, page.as_of, then.ward.temperature_unit, own))


def _draw(here: frame.Visit, admission_id: str) -> None:
    with here.see(admission_id) as tx:
        look = reading.look_back(tx, admission_id, here.now)
    at = look.within(_asked())
    labels = _labels(look.stops(at), here.zone, here.now)
    with st.container(key="then", gap="xsmall"):
        _stepper(look, at, labels, here.zone)
        st.html(_banner_html(look, at, labels[at], here.zone))
    with here.see(admission_id) as tx:
        page, review = reading.page_at(here.store, tx, admission_id, at, WINDOW_H)
    then = replace(here, now=page.as_of)
    with st.container(border=True, key="tile", gap="xsmall"):
        left = page.admission.discharged_at is not None
        tile = replace(page.tile, due=None, overdue=None) if left else page.tile
        st.html(tiles.tile_html(tile, page.as_of, here.zone, here.ward.temperature_unit))
        st.html(_facts_html(page, here.zone))
    _suggestion(page, review, here.zone)
    st.markdown("**Alerts by then**")
    st.html(alert_list.history_html(page, then))
    _course(page, then)
    st.caption(
        "What was recorded by then, with the corrections made by then. The rules that read it, and the names of people "
        "and places, are those of today; a suggestion that was decided on is kept as it was shown."
    )


def _choose(here: frame.Visit) -> None:
    """Whose admission: those on the ward, and those who have left it lately."""
    with here.see() as tx:
        admissions, left = reading.admissions(tx, here.ward.id, here.now)
    st.subheader("Look back on an admission")
    for title, found in ((f"Left in the last {reading.LEFT_WITHIN.days} days", left), ("On the ward", admissions)):
        st.markdown(f"**{title}**")
        if not found:
            st.caption("Nobody.")
        for admission in found:
            st.page_link(
                "pages/look_back.py",
                label=words.plain(_line(admission, here)),
                query_params={"admission": admission.id},
            )


def _line(admission: Admission, here: frame.Visit) -> str:
    born = f"born {admission.patient.born_on}" if admission.patient.born_on else "born unknown"
    ended = admission.discharged_at
    bed = f"bed {admission.bed.removeprefix('Bed ').strip()}" if admission.bed else "no bed"
    where = f"left {words.when(ended, here.zone, here.now)}" if ended else bed
    return (
        f"{words.name(admission)}, {born}, admitted {words.when(admission.admitted_at, here.zone, here.now)}, {where}"
    )


def _page() -> None:
    here = frame.visit()
    admission_id = str(st.query_params.get("admission") or "")
    try:
        if not admission_id:
            _choose(here)
            return
        _draw(here, admission_id)
    except DetoxError as error:
        st.error(words.plain(error))
    with st.container(horizontal=True, gap="small", key="actions"):
        st.page_link("pages/patient.py", label="The patient now", query_params={"admission": admission_id})
        st.button("Another admission", on_click=st.query_params.clear)


st.html(f"{style_patient.sheet()}<style>{_SHEET}</style>")
_page()
