"""After saving: what was kept, read back from the database, what it means, what to do, and when the next set is due."""

import plotly.graph_objects as go
import streamlit as st

from detox.care import observing
from detox.clinical import protocols
from detox.clinical.model import Observation
from detox.clinical.monitoring.schedule import WHAT
from detox.instants import wall
from detox.reports import suggesting
from detox.store import find
from detox.ui import frame, style, tiles, words

TREND_SETS = 12


def draw(here: frame.Visit, admission_id: str, observation_id: str) -> None:
    """The receipt of one kept set, with the trend beside it."""
    kept = observing.receipt(here.store, here.by, admission_id, observation_id, here.now)
    if kept is None:
        st.error("This set is not in the database: it was not saved. Enter it again.")
        return
    seen = kept.observation
    at = words.when(seen.recorded_at or seen.taken_at, here.zone, here.now)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.html(
            f'<div class="dx-note"><b>Saved {at}</b> by {words.esc(seen.recorded_by)}, '
            f"taken at {words.when(seen.taken_at, here.zone, here.now)}</div>"
        )
        for made in seen.assessments:
            risk = f" {words.esc(made.risk)}" if made.risk and made.scale != "cows" else ""
            st.html(f'<div class="dx-cows"><b>{words.esc(words.total(made))}</b>{risk}</div>')
        for alert in kept.open_alerts:
            new = "<b>new</b> " if alert in kept.opened else ""
            st.html(f"{new}{tiles.alert_html(alert, here.now)}")
        for alert in kept.resolved:
            st.html(f'<div class="dx-alert info">ended: {words.esc(alert.finding.message)}</div>')
        with here.see(seen.admission_id) as tx:
            found = suggesting.judged(tx, find.admission(tx, seen.admission_id), here.now)
        calls = found.judgement.calls if found.judgement is not None else ()
        for danger in calls:
            st.html(tiles.danger_html(danger, here.now))
        if found.problem:
            st.html(f'<div class="dx-alert unknown"><b>? No judgement.</b> {words.esc(found.problem)}</div>')
        elif not kept.open_alerts and not calls:
            st.html('<div class="dx-alert info">No alert holds on what was measured.</div>')
        due = wall(kept.due.at, here.zone)
        what, why = WHAT[kept.due.what], words.esc(kept.due.words(here.zone))
        what = what if what.isupper() else what.lower()
        st.html(f'<div class="dx-big">Next {what} {due}</div><div class="dx-quiet">{why}</div>')
        with st.container(horizontal=True):
            st.page_link("pages/board.py", label="Ward board")
            st.page_link("pages/patient.py", label="Open patient", query_params={"admission": seen.admission_id})
            st.page_link("pages/record.py", label="Record another set", query_params={"admission": seen.admission_id})
    with right:
        with here.see(seen.admission_id) as tx:
            admission = find.admission(tx, seen.admission_id)
            recent = find.last_in_admission(tx, admission, TREND_SETS, here.now)
        st.plotly_chart(
            _trend(recent, seen.id, here), theme=None, config={"displayModeBar": False, "responsive": True},
            alt="COWS of the last sets, the one just saved marked", key=f"trend-{seen.id}",
        )  # fmt: skip


def _trend(recent: list[Observation], saved_id: str, here: frame.Visit) -> go.Figure:
    colours = style.palette(dark=st.context.theme.type == "dark")
    rated = [(o, made) for o in recent if (made := o.assessment("cows")) is not None]
    figure = go.Figure()
    times = [o.taken_at.astimezone(here.zone).replace(tzinfo=None) for o, _ in rated]
    whole = [made.total is not None for _, made in rated]
    figure.add_scatter(
        x=times, y=[made.at_least for _, made in rated], mode="lines+markers+text",
        text=[str(m.at_least) if ok else f"≥{m.at_least}" for (_, m), ok in zip(rated, whole, strict=True)],
        textposition="top center", line={"color": colours["link"], "width": 2},
        marker={
            "size": [16 if o.id == saved_id else 10 for o, _ in rated],
            "symbol": ["circle" if ok else "circle-open" for ok in whole],
            "color": [colours["critical"] if o.id == saved_id else colours["link"] for o, _ in rated],
        },
    )  # fmt: skip
    for band in protocols.scale("cows").bands[1:]:
        figure.add_hline(y=band.at_least, line={"color": colours["line"], "dash": "dot"}, annotation_text=band.label)
    figure.update_layout(
        title={"text": "COWS", "font": {"size": 18}}, height=340, showlegend=False, dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", font={"color": colours["ink"], "size": 15},
        margin={"l": 40, "r": 20, "t": 44, "b": 30},
    )  # fmt: skip
    figure.update_xaxes(fixedrange=True, tickformat="%a %H:%M", gridcolor=colours["line"])
    figure.update_yaxes(
        fixedrange=True, range=[0, max([20, *[m.at_least + 5 for _, m in rated]])], gridcolor=colours["line"]
    )
    return figure
