"""The taper plan: as a ladder, as a draft to sign, and the form that writes one. Physicians write, sign and end."""

import re

import streamlit as st

from detox.care import end_plan, move_plan, sign_plan, write_plan
from detox.care.dosing import DRUGS
from detox.clinical.model import Dose, TaperPlan, TaperStep
from detox.clinical.suggestions.content import content
from detox.errors import DetoxError, Refused
from detox.instants import wall
from detox.reports.patient import DayOfPlan, PatientPage
from detox.ui import frame, saving, template_choice, words
from detox.ui.suggestion_card import decided_html
from detox.ui.words import esc

_NUMBER = re.compile(r"\d+(\.\d+)?")


def ladder_html(plan: TaperPlan, here: frame.Visit) -> str:
    """The steps in a row, the present one marked, and what moves the plan."""
    signed = plan.signed_at is not None
    steps = []
    for step in plan.steps:
        kind = (
            "now" if signed and step.number == plan.current_step else "past" if step.number < plan.current_step else ""
        )
        now = " (now)" if kind == "now" else ""
        steps.append(f'<span class="px-step {kind}">{step.number}: <b>{step.dose_mg:g} mg</b>{now}</span>')
    if plan.signed_at is not None:
        state = f"signed by <b>{esc(plan.signed_by)}</b> {esc(words.when(plan.signed_at, here.zone, here.now))}"
        if plan.step_since is not None:
            state += f"; at this step since {esc(words.when(plan.step_since, here.zone, here.now))}"
    else:
        state = f'<b class="dx-unreviewed">NOT SIGNED</b>, a draft by {esc(plan.written_by)}: it acts only once signed'
    return (
        f"<div><b>{esc(plan.drug)}</b>, daily doses, at least {plan.interval_h:g} h a step; {state}</div>"
        f'<div class="px-ladder">{" ".join(steps)}</div>'
    )


@st.fragment
def forms(page: PatientPage) -> None:
    """The plan in force, the draft, and the form for a new one."""
    here = frame.visit()
    plan, draft = page.plan, page.draft
    with frame.place():
        _standing(plan, draft, here)
    if not here.may("write_plan"):
        return
    key = saving.entry_id(here, page.admission.id, "plan", page.plans[0].id if page.plans else "")
    if plan is None and draft is None:
        _write_form(page, key)
    else:
        with st.expander("Write another plan", key=f"another-{key}"):
            st.caption("It stays a draft until it is signed; signing it ends the plan in force.")
            _write_form(page, key)
    if plan is not None and here.may("move_plan"):
        _move_form(here, plan)
    for standing in (plan, draft):
        if standing is not None:
            _end_form(standing)
    saving.redrawn()


def _standing(plan: TaperPlan | None, draft: TaperPlan | None, here: frame.Visit) -> None:
    """The plan in force and the draft that waits for a signature."""
    if plan is not None:
        st.html(ladder_html(plan, here))
    elif draft is None:
        st.info(
            "There is no signed taper plan. " + ("" if here.may("write_plan") else "A physician writes and signs one.")
        )
    if draft is not None:
        st.html(ladder_html(draft, here))
        _sign(here, draft)


def steps_of(text: str) -> tuple[TaperStep, ...]:
    """Doses as typed, "8, 6, 4, 2, 0" as steps. Raises Refused naming every piece that is no number."""
    pieces = [p for p in re.split(r"[\s,;]+", text.strip()) if p]
    wrong = [p for p in pieces if not _NUMBER.fullmatch(p)]
    if wrong:
        named = ", ".join(repr(p) for p in wrong)
        raise Refused({"steps": f"{named} is no dose in mg: write numbers with a point, such as 8, 6, 4, 2, 0."})
    return tuple(TaperStep(n, float(p)) for n, p in enumerate(pieces, start=1))


def _write_form(page: PatientPage, key: str) -> None:
    cited = content().limits.step_interval_h
    with frame.place():
        template_choice.choose(frame.visit(), key)
    with st.form(f"plan-{key}", enter_to_submit=False, border=False):
        st.selectbox("Drug", list(DRUGS), index=None, key=f"drug-{key}", placeholder="choose")
        st.text_input(
            "Daily doses in mg, from the first step to the last (maintenance: one)",
            key=f"steps-{key}",
            placeholder="8, 6, 4, 2, 0",
        )
        st.number_input(
            "Least hours at a step", min_value=1.0, max_value=2000.0, value=cited.value, step=1.0, format="%g",
            key=f"hours-{key}", help=f"{cited.value:g} h: {cited.source} [{cited.evidence}]",
        )  # fmt: skip
        st.text_input("Note", key=f"note-{key}")
        saving.problems(key)
        st.form_submit_button("Save draft", key=f"save-{key}", on_click=_write, args=(key, page.admission.id))


def _write(key: str, admission_id: str) -> None:
    drug = st.session_state.get(f"drug-{key}")
    typed = str(st.session_state.get(f"steps-{key}") or "")
    hours = st.session_state.get(f"hours-{key}")
    note = str(st.session_state.get(f"note-{key}") or "")
    here = frame.visit()
    try:
        problems: dict[str, str] = {} if drug else {"drug": "The plan has no drug: choose one."}
        try:
            steps = steps_of(typed)
        except Refused as refused:
            steps, problems = (), problems | refused.problems
        if problems:
            raise Refused(problems)
        plan = TaperPlan(
            id=key, admission_id=admission_id, drug=str(drug), steps=steps, interval_h=float(hours or 0),
            written_by=here.by.name, written_at=here.now,
        )  # fmt: skip
        write_plan(here.store, here.by, plan, here.now, note=note)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _sign(here: frame.Visit, draft: TaperPlan) -> None:
    if not here.may("sign_plan"):
        st.caption("A physician signs it.")
        return
    ladder = " → ".join(f"{s.dose_mg:g}" for s in draft.steps)
    with st.form(f"signing-{draft.id}", enter_to_submit=False, border=False):
        saving.signature(here, draft.id)
        st.form_submit_button(
            f"Sign as {words.plain(here.by.name)}: {words.plain(draft.drug)} {ladder} mg", type="primary",
            key=f"sign-{draft.id}", on_click=_sign_now, args=(draft.id,),
        )  # fmt: skip
    saving.problems(draft.id)


def _sign_now(plan_id: str) -> None:
    here = frame.visit()
    try:
        sign_plan(here.store, here.by, plan_id, here.now, signed_with=saving.signed(here, plan_id))
    except DetoxError as error:
        saving.told(plan_id, error)
    else:
        saving.settled(plan_id)


def _move_form(here: frame.Visit, plan: TaperPlan) -> None:
    """To another step of the plan by the physician's own word, with the reason."""
    key = f"{plan.id}-{plan.current_step}"
    others = [s.number for s in plan.steps if s.number != plan.current_step]
    if not others:
        return
    with (
        st.expander("Move the plan to another step", key=f"moving-{plan.id}"),
        st.form(f"move-{key}", enter_to_submit=False, border=False),
    ):
        st.caption("By your own order, beside what is suggested. It counts from now.")
        st.selectbox(
            "To step", others, index=None, key=f"step-{key}", placeholder="choose",
            format_func=lambda n: f"{n}: {plan.step(n).dose_mg:g} mg",
        )  # fmt: skip
        st.text_input("Reason", key=f"reason-{key}", placeholder="slept badly, asks for one more day at 6 mg")
        saving.signature(here, key)
        saving.problems(key)
        st.form_submit_button("Sign this move", key=f"sign-{key}", on_click=_move, args=(key, plan.id))


def _move(key: str, plan_id: str) -> None:
    step, reason = st.session_state.get(f"step-{key}"), str(st.session_state.get(f"reason-{key}") or "")
    here = frame.visit()
    try:
        if step is None:
            raise Refused("Choose the step to move to.")
        how = saving.signed(here, key)
        move_plan(here.store, here.by, plan_id, int(step), reason, here.now, signed_with=how)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _end_form(plan: TaperPlan) -> None:
    what = "End the plan" if plan.signed_at is not None else "Discard the draft"
    with st.expander(what, key=f"ending-{plan.id}"), st.form(f"end-{plan.id}", enter_to_submit=False, border=False):
        st.text_input("Reason", key=f"why-{plan.id}", placeholder="maintenance chosen instead")
        saving.problems(f"end-{plan.id}")
        st.form_submit_button(what, key=f"stop-{plan.id}", on_click=_end, args=(plan.id,))


def _end(plan_id: str) -> None:
    reason = str(st.session_state.get(f"why-{plan_id}") or "")
    here = frame.visit()
    try:
        end_plan(here.store, here.by, plan_id, reason, here.now)
    except DetoxError as error:
        saving.told(f"end-{plan_id}", error)
    else:
        saving.settled(f"end-{plan_id}")


def days_html(page: PatientPage, here: frame.Visit) -> str:
    """Plan against what was given, by day of the ward: never more read than was charted."""
    if not page.days:
        return '<p class="dx-quiet">Nothing is planned, given or decided yet.</p>'
    names = ("Day", "Ordered a day", "Given", "Held, refused or corrected", "Decisions")
    head = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(_day_html(day, here) for day in page.days)
    return f'<div class="dx-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _day_html(day: DayOfPlan, here: frame.Visit) -> str:
    ordered = " then ".join(f"{mg:g} mg" for _, mg in day.ordered) or "no signed plan"
    given = "<br>".join(f"<b>{d.dose_mg:g} mg</b> {_at(d, day, here)}" for d in day.doses if d.status == "given")
    other = "<br>".join(
        f"<b>{d.status}</b> {_at(d, day, here)}: {esc(d.reason)}" for d in day.doses if d.status != "given"
    )
    other = "<br>".join(filter(None, [other, *(_wrong(d, here) for d in day.corrected)]))
    made = "<br>".join(decided_html(d, here.zone, here.now) for d in day.decisions)
    over = " <b>▲▲ over the order</b>" if day.ordered and day.given_mg > max(mg for _, mg in day.ordered) else ""
    nothing = '<span class="dx-quiet">nothing charted</span>'
    return (
        f'<tr><th scope="row">{day.day:%a %-d %b}</th><td class="wrap">{esc(day.drug)} {ordered}</td>'
        f'<td class="wrap">{given or nothing}{over}</td><td class="wrap">{other}</td><td class="wrap">{made}</td></tr>'
    )


def _at(dose: Dose, day: DayOfPlan, here: frame.Visit) -> str:
    drug = "" if dose.drug == day.drug else f"{esc(dose.drug)} "
    told = f"{drug}at {wall(dose.given_at, here.zone)} by {esc(dose.recorded_by)}"
    told += f", elsewhere ({esc(dose.reason)})" if dose.elsewhere else ""
    told += f", brought up again {wall(dose.vomited_at, here.zone)}" if dose.vomited_at else ""
    told += f", over a hold by the word of {esc(dose.over_hold)}" if dose.over_hold else ""
    told += f", <b>{words.AGAINST_HOLD}</b> ({esc(dose.reason)})" if dose.against_hold else ""
    return told + (", corrected" if dose.replaces else "")


def _wrong(dose: Dose, here: frame.Visit) -> str:
    """A dose that was charted wrongly, struck through: what stood there, why it is wrong, who said so and when."""
    made = dose.correction
    if made is None:
        return ""
    amount = f"{dose.dose_mg:g} mg given" if dose.status == "given" else dose.status
    how = "corrected" if made.replaced_by else "entered in error"
    against = f" {words.AGAINST_HOLD}" if dose.against_hold else ""
    return (
        f"<s>{esc(dose.drug)} {amount}{against} at {wall(dose.given_at, here.zone)} by {esc(dose.recorded_by)}</s> "
        f"{how} {esc(words.when(made.at, here.zone, here.now))} by {esc(made.by)}: {esc(made.reason)}"
    )
