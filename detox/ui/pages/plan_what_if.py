"""What a taper would look like: choose a start, a step and an interval, see the ladder. A picture, not an order."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from detox.care import write_plan
from detox.chart.danger import one_a_problem
from detox.clinical.model import Admission, TaperPlan
from detox.clinical.suggestions.content import content
from detox.clinical.taper_content import Course, Shape, ladders_file
from detox.clinical.tapers import DAY_H, Leave, leaves, steps_of
from detox.errors import DetoxError, Refused
from detox.reports import protocols as reviewing
from detox.reports.protocol_tapers import COURSES
from detox.reports.protocols import ReviewState
from detox.reports.suggesting import Judged, judged
from detox.store import find
from detox.ui import charts, frame, ladder, saving, style, style_patient, tiles, words
from detox.ui.ladder import Drawn, Wanted
from detox.ui.words import esc

_FIELD_PX = 160
_SHEET = (
    "@media (max-width: 900px) { .st-key-ladder > [data-testid='stLayoutWrapper'] > .stHorizontalBlock "
    "{ flex-direction: column; } .st-key-ladder > [data-testid='stLayoutWrapper'] > .stHorizontalBlock > .stColumn "
    "{ width: 100%; min-width: 100%; } } .pl-days { max-height: 60vh; overflow: auto; } "
    ".pl-days thead th { position: sticky; top: 0; z-index: 2; } "
    ".dx-alert summary { min-height: 44px; display: flex; align-items: center; cursor: pointer; } "
    ".dx-alert details ul { margin: 0; padding-left: 1.1rem; }"
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the page stands on: the admission, the plan in force, the draft that waits, how many there were, and the
    judgement that board, card and dose form show."""

    admission: Admission
    plan: TaperPlan | None
    draft: TaperPlan | None
    plans: int
    review: ReviewState
    judged: Judged


def _seen(here: frame.Visit, admission_id: str) -> _Seen:
    with here.see(admission_id) as tx:
        admission = find.admission(tx, admission_id)
        plans = find.plans(tx, admission_id)
        review = reviewing.review_states(tx)[ladders_file().id]
        found = judged(tx, admission, here.now) if admission.discharged_at is None else Judged(None)
    standing = [p for p in plans if p.ended_at is None]
    draft = standing[0] if standing and standing[0].signed_at is None else None
    plan = next((p for p in standing if p.signed_at is not None), None)
    return _Seen(admission, plan, draft, len(plans), review, found)


@dataclass(frozen=True, slots=True)
class _Usual:
    """Where the choices begin: the present dose, its next fall and the interval of the plan in force, if any."""

    now_mg: float | None
    fall_mg: float | None
    interval_h: float


def _usual(plan: TaperPlan | None) -> _Usual:
    if plan is None:
        return _Usual(None, None, content().limits.step_interval_h.value)
    now_mg = plan.step(plan.current_step).dose_mg
    rest = plan.steps[plan.current_step :]
    fall_mg = float(round(now_mg - rest[0].dose_mg, 6)) if rest else None
    return _Usual(float(now_mg) or None, fall_mg, float(plan.interval_h))


def _controls(seen: _Seen) -> Wanted | None:
    """The choices; None while a number is wanting."""
    drugs = [one.drug for one in ladders_file().drugs]
    plan, admission = seen.plan, seen.admission.id
    of_plan = drugs.index(plan.drug) if plan is not None and plan.drug in drugs else None
    drug = st.selectbox("Drug", drugs, index=of_plan, placeholder="choose", key=f"drug-{admission}")
    if drug is None:
        return None
    key, usual = f"{admission}-{drug}", _usual(plan if plan is not None and plan.drug == drug else None)
    with st.container(horizontal=True, gap="small"):
        with _pair():
            start = _number("Start, mg a day", usual.now_mg, f"start-{key}")
            end = _number("End, mg a day", 0.0, f"end-{key}")
        with _pair():
            unit = st.segmented_control("Step in", ["mg", "%"], default="mg", required=True, key=f"unit-{key}")
            step = _step(usual, unit == "%", key)
        with _pair():
            clock = st.segmented_control("Time in", ["h", "days"], default="h", required=True, key=f"clock-{key}")
            unit_h = DAY_H if clock == "days" else 1.0
            time = _number(f"A step every, {clock}", usual.interval_h / unit_h, f"time-{clock}-{key}")
        course = _course(seen, drug, key)
        shape = st.segmented_control(
            "Ladder in front", ladder.SHAPES, default="linear", required=True, format_func=ladder.label,
            key=f"shape-{key}",
        )  # fmt: skip
    if start is None or end is None or step is None or time is None:
        return None
    front: Shape = "proportional" if shape == "proportional" else "linear"
    return Wanted(drug, course, start, end, step, unit == "%", time * unit_h, front)


def _step(usual: _Usual, percent: bool, key: str) -> float | None:
    first = usual.fall_mg
    if percent and usual.fall_mg is not None and usual.now_mg is not None:
        first = round(usual.fall_mg / usual.now_mg * 100, 1)
    return _number("Step, %" if percent else "Step, mg", first, f"step-{'percent' if percent else 'mg'}-{key}")


def _number(label: str, value: float | None, key: str) -> float | None:
    return st.number_input(label, min_value=0.0, value=value, format="%g", key=key, width=_FIELD_PX)


def _pair() -> DeltaGenerator:
    """Two fields that belong together stay together where the line breaks."""
    return st.container(horizontal=True, gap="small", vertical_alignment="bottom", width="content", wrap=False)


def _course(seen: _Seen, drug: str, key: str) -> Course:
    """A short withdrawal or coming off maintenance: other limits are cited for each. Asked where there is a choice."""
    there = ladders_file().courses(drug)
    if len(there) == 1:
        return there[0]
    usual: Course = "after_maintenance" if seen.admission.programme == "maintenance_dot" else "withdrawal"
    chosen = st.segmented_control(
        "What it is", there, default=usual, required=True, format_func=COURSES.__getitem__, key=f"course-{key}",
        wrap=True,
    )  # fmt: skip
    return "after_maintenance" if chosen == "after_maintenance" else "withdrawal"


def _picture(wanted: Wanted, drawn: Drawn, left: Sequence[Leave]) -> None:
    figure = ladder.figure(drawn, wanted.shape, left, style.palette(dark=st.context.theme.type == "dark"))
    st.plotly_chart(
        figure, theme=None, config=charts.CONFIG, key="ladder-figure", alt=ladder.describe(wanted, drawn, left)
    )
    st.html(ladder.compared_html(wanted, drawn))
    st.html(ladder.limits_html(wanted, left))


def _save(here: frame.Visit, seen: _Seen, wanted: Wanted, drawn: Drawn) -> None:
    """Keep the ladder in front as a draft; a physician's button, and a signature is still to come."""
    rungs = drawn[wanted.shape]
    doses = [rung.dose_mg for rung in rungs]
    if seen.admission.discharged_at is not None:
        st.caption("The admission has ended: nothing can be planned.")
        return
    draft = seen.draft
    if draft is not None and (draft.drug, [s.dose_mg for s in draft.steps], draft.interval_h) == (
        wanted.drug, doses, wanted.interval_h,
    ):  # fmt: skip
        when = words.when(draft.written_at, here.zone, here.now)
        st.html(
            f'<div class="dx-note"><b>✓ Kept as a draft</b> by {esc(draft.written_by)}, {esc(when)}. '
            '<b class="dx-unreviewed">NOT SIGNED</b>: it acts only once a physician signs it, on the patient\'s page '
            "under “Plan and doses”.</div>"
        )
        return
    if not here.may("write_plan"):
        st.caption("A physician saves a ladder as a draft plan.")
        return
    if draft is not None:
        st.caption("Another draft waits for a signature: this one would stand in front of it.")
    key = saving.entry_id(here, seen.admission.id, "what-if", seen.plans)
    saving.problems(key)
    st.button(
        "Save as a draft plan", key=f"keep-{key}", type="primary", on_click=_keep, args=(key, seen.admission.id, wanted)
    )
    st.caption(f"{_label(wanted)}: {words.plain(' → '.join(f'{mg:g}' for mg in doses))} mg. It must still be signed.")


def _label(wanted: Wanted) -> str:
    """Linear, methadone, one step every 24 h."""
    return f"{ladder.label(wanted.shape)}, {words.plain(wanted.drug)}, one step every {wanted.interval_h:g} h"


def _keep(key: str, admission_id: str, wanted: Wanted) -> None:
    here = frame.visit()
    try:
        plan = TaperPlan(
            id=key, admission_id=admission_id, drug=wanted.drug, steps=steps_of(ladder.both(wanted)[wanted.shape]),
            interval_h=wanted.interval_h, written_by=here.by.name, written_at=here.now,
        )  # fmt: skip
        write_plan(here.store, here.by, plan, here.now, note=f"From the what-if page: {wanted.shape} ladder")
    except DetoxError as error:
        saving.told(key, error)
    else:
        st.session_state.pop(f"problem-{key}", None)


def _dangers_html(seen: _Seen, here: frame.Visit) -> str:
    """What stands in the way of any plan now: the dangers that board, card and dose form show, one a problem."""
    if seen.judged.problem:
        return f'<div class="dx-alert unknown"><b>? The patient cannot be judged:</b> {esc(seen.judged.problem)}</div>'
    found = seen.judged.judgement
    return "".join(tiles.danger_html(one, here.now) for one in one_a_problem(found.dangers)) if found else ""


@st.fragment
def _what_if(admission_id: str) -> None:
    here = frame.visit()
    try:
        seen = _seen(here, admission_id)
    except DetoxError as error:
        st.error(words.plain(error))
        return
    bed = f"bed {seen.admission.bed.removeprefix('Bed ').strip()}" if seen.admission.bed else "no bed"
    review = esc(seen.review.words)
    review = review if seen.review.reviewed else f'<span class="dx-unreviewed">{review}</span>'
    st.html(
        f'<div class="px-id"><span class="px-bed">What if: {esc(words.name(seen.admission))}</span>'
        f"<span>{esc(bed)}, {esc(words.PROGRAMMES[seen.admission.programme])}</span></div>"
        f"{_dangers_html(seen, here)}"
        '<div class="dx-alert unknown"><b>A picture, not an order.</b> It changes nothing for this patient; the limits '
        f"are cited in the file “ladders” of the protocols: {review}</div>"
    )
    with st.container(key="ladder"):
        controls, picture = st.columns([2, 3], gap="medium")
        with controls:
            wanted = _controls(seen)
        with picture:
            drawn = _drawn(wanted)
            if wanted is None or drawn is None:
                return
            left = leaves(drawn[wanted.shape], wanted.limits)
            _picture(wanted, drawn, left)
    _save(here, seen, wanted, drawn)
    st.html(ladder.days_html(drawn[wanted.shape], left))
    st.caption(words.plain(_small_print(wanted)))


def _small_print(wanted: Wanted) -> str:
    """What doses are rounded to, and what the two shapes mean."""
    grain = next(one for one in ladders_file().drugs if one.drug == wanted.drug)
    shapes = ladders_file().shapes
    return (
        f"Doses are rounded to {grain.grain_mg:g} mg ({grain.source}; {grain.evidence}). Both ladders begin with the "
        f"same first step. Linear: {shapes.linear.says}. Proportional: {shapes.proportional.says} "
        f"({shapes.proportional.source}; {shapes.proportional.evidence})."
    )


def _drawn(wanted: Wanted | None) -> Drawn | None:
    if wanted is None:
        st.info("Choose a drug, a start dose and a step: the ladder is drawn as you choose.")
        return None
    try:
        return ladder.both(wanted)
    except Refused as refused:
        st.warning(" ".join(words.plain(sentence) for sentence in refused.problems.values()))
        return None


st.html(f"{style_patient.sheet()}<style>{_SHEET}</style>")
admission_id = str(st.query_params.get("admission") or "")
with st.container(horizontal=True, gap="small", key="actions"):
    st.page_link("pages/patient.py", label="Back to the patient", query_params={"admission": admission_id})
_what_if(admission_id)
