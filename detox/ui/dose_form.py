"""Charting one dose: given, held or refused, from the signed plan, below the vitals that it depends on.

Beside it a medicine without a plan of this ward, a dose that somebody gave elsewhere, one that was brought up again.
"""

from datetime import timedelta

import streamlit as st

from detox.care import chart_dose, chart_vomited
from detox.care.dose_counts import still_counts
from detox.care.dose_holds import DoseHeld, Held, held_now, physicians
from detox.care.dosing import second_people
from detox.care.other_doses import chart_other_dose, other_drugs
from detox.chart.danger import one_a_problem
from detox.clinical import drugs
from detox.clinical.administration import TWO_PEOPLE, AdministrationCheck, Check, giving_file
from detox.clinical.model import Dose, TaperPlan
from detox.errors import Conflict, DetoxError, Refused
from detox.instants import wall
from detox.reports.patient import PatientPage
from detox.store import find, orders
from detox.ui import frame, note_words, saving, words
from detox.ui.words import esc

_STATUS = {"given": "Given", "held": "Held", "refused": "Refused"}
_VERDICTS = {
    "clear": ("normal", ""), "hold": ("critically_high", " ▲▲ holds the dose"), "stale": ("not_assessed", " ? too old"),
    "missing": ("not_assessed", " ? not measured"),
}  # fmt: skip
_PLACES = {"here": "Given here, by order", "elsewhere": "Given elsewhere"}
LAST_DAY = timedelta(days=1)
_MISSED = ("maintenance_dot", "hat")


def begin(admission_id: str) -> None:
    """The form was opened anew: what it said of the dose before would be read as said of this one."""
    st.session_state.pop(f"saved-dose-{admission_id}", None)


@st.fragment
def form(page: PatientPage) -> None:
    """The form, below the vitals that the dose depends on with their ages, and what holds it."""
    here = frame.visit()
    with frame.place():
        _saved(here, page.admission.id)
    with frame.place():
        if page.plan is None:
            st.warning("There is no signed plan: a physician must write and sign one before a dose is given.")
        else:
            _plan_form(page, page.plan, here)
    with st.expander("Other medicine, or given elsewhere", key="other-dose"):
        _other_form(page, here)
    _vomited_form(page, here)
    if page.admission.programme in _MISSED:
        with st.expander("After missed days: what guidelines say (nothing is worked out here)", key="missed-days"):
            st.html(missed_html())
    saving.redrawn()


def _plan_form(page: PatientPage, plan: TaperPlan, here: frame.Visit) -> None:
    """The dose that the signed plan orders."""
    own = sum(1 for d in _ever(page) if _is_by(d, here) and d.plan_id is not None)
    key = saving.entry_id(here, page.admission.id, "dose", own)
    ordered = plan.step(plan.current_step).dose_mg
    today = page.days[0] if page.days else None
    given = today.given_mg if today and today.day == here.now.astimezone(here.zone).date() else 0.0
    st.html(
        f'<div class="px-strip"><b class="dx-big">{esc(plan.drug)}</b> ordered <b class="dx-big">{ordered:g} mg</b> '
        f"a day "
        f"(step {plan.current_step} of {len(plan.steps)}), charted as given today: <b>{given:g} mg</b>"
        f"{_counts(page, plan.drug, given, here)}</div>"
    )
    with here.see(page.admission.id) as tx:
        held = held_now(tx, page.admission, plan.drug, here.now)
        two = plan.drug in (orders.ward_setting(tx, here.ward.id, TWO_PEOPLE) or "").split()
        people = {c.id: c.name for c in second_people(tx, here.by)}
        signers = {c.id: c.name for c in physicians(tx, here.by)}
    looked_at = held.looked_at
    with frame.place():
        st.html(withheld_html(held) + looked_at_html(looked_at, here, held=bool(held.dangers)))
        if looked_at.gaps:
            st.page_link(
                "pages/record.py", label="**Take these vitals first**", query_params={"admission": page.admission.id}
            )
    with st.form(f"dose-{key}", enter_to_submit=False, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.segmented_control("What happened", list(_STATUS), format_func=_STATUS.__getitem__, key=f"status-{key}")
            st.number_input("Amount, mg (if given)", min_value=0.0, value=None, step=None, format="%g", key=f"mg-{key}",
                            width=220)  # fmt: skip
            st.time_input("At (empty: now)", value=None, step=60, key=f"at-{key}", width=180)
        if two:
            st.selectbox(
                "Second person, who saw it given", list(people), index=None, key=f"witness-{key}", placeholder="choose",
                format_func=lambda i: people.get(i, i),
            )  # fmt: skip
        with frame.place():
            if looked_at.holds:
                st.pills(
                    "Held for", [one.sentence for one in looked_at.holds], selection_mode="multi", wrap=True,
                    format_func=words.plain, key=f"held-{key}",
                )  # fmt: skip
        st.text_input(
            "Reason (if held or refused, or by whose word it was given all the same)", key=f"reason-{key}",
            placeholder="drowsy, sedation 3, told Dr Reyes",
        )  # fmt: skip
        with frame.place():
            if not held.clear or _was_held(key):
                _over_hold(key, signers, here)
        _notes(page, here)
        saving.problems(key)
        st.form_submit_button(
            "Chart this dose",
            key=f"save-{key}",
            type="primary",
            on_click=_save,
            args=(key, page.admission.id, plan.drug),
        )


def _notes(page: PatientPage, here: frame.Visit) -> None:
    """The notes since the last decision, above the button, whatever the form says."""
    if page.tile.judgement is not None and page.tile.judgement.notes:
        st.html(note_words.notes_html(page.tile.judgement.notes, here.zone, page.as_of))


def _ever(page: PatientPage) -> tuple[Dose, ...]:
    """Every dose ever charted, so that the id of a form never comes back."""
    return (*page.doses, *page.corrected)


def _is_by(dose: Dose, here: frame.Visit) -> bool:
    """True where whoever is here charted the dose."""
    return dose.author is not None and dose.author.id == here.by.id


def _counts(page: PatientPage, drug: str, today_mg: float, here: frame.Visit) -> str:
    """What counts from the day before, and until when."""
    found = still_counts(page.doses, drug, here.now)
    if found is None or found[0] <= today_mg:
        return ""
    return f"; with yesterday's <b>{found[0]:g} mg</b> count until {wall(found[1], here.zone, '%a %H:%M')}"


def _was_held(key: str) -> bool:
    """True when the last try was refused because something held it: what holds now may not have held it then."""
    return bool(st.session_state.get(f"was-held-{key}"))


def _over_hold(key: str, signers: dict[str, str], here: frame.Visit) -> None:
    """The two ways of charting a dose that something holds: a physician orders it, or it had been given already."""
    _physicians_word(key, signers, here)
    st.checkbox(
        "It was given already, against the hold", key=f"against-{key}",
        help="It is kept as it happened, marked, and calls a physician. Say in the reason what happened.",
    )  # fmt: skip


def _physicians_word(key: str, signers: dict[str, str], here: frame.Visit) -> None:
    """Who orders the dose over what holds it, with that physician's own PIN or password."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Given over the hold by order of (only a physician)", list(signers), index=None, key=f"signer-{key}",
            placeholder="choose, if it is given all the same", format_func=lambda i: signers.get(i, i), width=340,
        )  # fmt: skip
        if here.ward.demo:
            st.caption("In the demo ward a signature takes no PIN.")
        else:
            st.text_input(
                "This physician's own PIN or password", type="password", key=f"signed-pin-{key}", width=320,
                autocomplete="off",
            )  # fmt: skip


def withheld_html(held: Held) -> str:
    """The dangers that stand in the way of this dose, as the board and the card say them; nothing where none does."""
    if held.problem:
        return f'<div class="dx-alert unknown"><b>? No judgement.</b> {esc(held.problem)}</div>'
    if not held.word.dangers:
        return ""
    withheld = held.word.may_give == "no"
    action = words.DOSE_ACTIONS["withhold" if withheld else "physician_decides"]
    said = "".join(f"<li>{esc(one.message)}</li>" for one in one_a_problem(held.word.dangers))
    look, sign = ("critical", "▲▲") if withheld else ("warning", "▲")
    return (
        f'<div class="dx-alert {look}"><b>{sign} {esc(action)}</b><ul>{said}</ul>'
        f'<span class="dx-quiet">Ends: {esc(held.word.dangers[0].how)}.</span></div>'
    )


def _other_form(page: PatientPage, here: frame.Visit) -> None:
    """Emergency medicine, medicine on a prescription from elsewhere, this morning's dose in a clinic."""
    own = sum(1 for d in _ever(page) if _is_by(d, here) and d.plan_id is None)
    key = saving.entry_id(here, page.admission.id, "other-dose", own)
    today = here.now.astimezone(here.zone).date()
    if page.plan is not None:
        st.caption(
            words.plain(f"{_named(page.plan.drug).capitalize()} from elsewhere counts towards the day's signed dose.")
        )
    # outside the form: what holds the medicine is shown as soon as it is chosen
    with st.container(horizontal=True, vertical_alignment="bottom"):
        drug = st.selectbox("Medicine", sorted(other_drugs(), key=_listed), index=None, format_func=_listed,
                            key=f"drug-{key}", width=340)  # fmt: skip
        where = st.segmented_control("Where", list(_PLACES), format_func=_PLACES.__getitem__, key=f"where-{key}")
    with here.see(page.admission.id) as tx:
        here_given = drug if where != "elsewhere" else None
        held = held_now(tx, page.admission, here_given, here.now, plain=True) if here_given else None
        signers = {c.id: c.name for c in physicians(tx, here.by)}
    with frame.place():
        if held is not None:
            st.html(other_held_html(held))
    with st.form(f"other-dose-{key}", enter_to_submit=False, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input("Amount given, mg", min_value=0.0, value=None, step=None, format="%g", key=f"mg-{key}",
                            width=200)  # fmt: skip
            st.date_input("Day (if not today)", value=None, max_value=today, format="YYYY-MM-DD", key=f"day-{key}",
                          width=200)  # fmt: skip
            st.time_input("At (empty: now)", value=None, step=60, key=f"at-{key}", width=180)
        st.text_input("Where, or by whose order", key=f"reason-{key}", placeholder="clinic this morning, Dr Lee")
        with frame.place():
            if (held is not None and not held.clear) or (where != "elsewhere" and _was_held(key)):
                _over_hold(key, signers, here)
        _notes(page, here)
        saving.problems(key)
        st.form_submit_button("Chart this other dose", key=f"save-{key}", on_click=_save_other,
                              args=(key, page.admission.id))  # fmt: skip


def other_held_html(held: Held) -> str:
    """What holds a medicine without a plan: dangers and measured vitals; nothing has to be measured before it."""
    if held.clear:
        return f'<div class="dx-note">Nothing that is known holds {esc(_named(held.word.drug))}.</div>'
    holds = held.looked_at.holds
    said = f'<div class="dx-alert critical"><b>▲▲ Hold this dose.</b> {esc(_told(holds))}</div>' if holds else ""
    return said + withheld_html(held)


def _named(drug: str) -> str:
    return drug.replace("_", " ")


def _listed(drug: str) -> str:
    return drugs.drug(drug).listed


def looked_at_html(found: AdministrationCheck, here: frame.Visit, *, held: bool = False) -> str:
    """Each vital that the dose depends on, its age and its word about the dose; `held` where a danger holds it."""
    if found.row is None:
        return '<div class="dx-note">No vital sign is asked for before this dose.</div>'
    if found.holds:
        said = f'<div class="dx-alert critical"><b>▲▲ Hold this dose.</b> {esc(_told(found.holds))}</div>'
    elif found.gaps:
        said = f'<div class="dx-alert unknown"><b>? Take vitals first.</b> {esc(_told(found.gaps))}</div>'
    elif held:
        said = '<div class="dx-note">The vitals before this dose are recent; what holds it stands above.</div>'
    else:
        said = '<div class="dx-note">Nothing that was measured holds this dose.</div>'
    parts = "".join(_part(one, here) for one in found.checks)
    row = found.row
    return (
        f'{said}<div class="dx-vitals">{parts}</div><div class="dx-quiet">Before this {esc(row.label)}: at most '
        f"{row.minutes:g} min old. {esc(row.source)} [{esc(row.evidence)}]</div>"
    )


def _told(checks: tuple[Check, ...]) -> str:
    return " ".join(one.sentence for one in checks)


def _part(one: Check, here: frame.Visit) -> str:
    look_of, said = _VERDICTS[one.verdict]
    value = one.value
    number = "" if value is None else f"{value:g}" if not isinstance(value, str) else words.code(one.vital, value)
    age = f' <span class="dx-quiet">{words.ago(one.taken_at, here.now)} ago</span>' if one.taken_at else ""
    return f'<span class="dx-val {look_of}">{esc(one.label)} <b>{esc(number)}</b>{said}{age}</span>'


def missed_html() -> str:
    """The tables for missed doses beside each other, with their sources."""
    missed = giving_file().missed
    rows = "".join(
        f"<tr><td>{esc(r.by)}</td><td><b>{esc(r.days)}</b></td><td class='wrap'>{esc(r.then)}</td></tr>"
        for r in missed.rows
    )
    return (
        f'<div class="dx-table"><table><thead><tr><th>Guideline</th><th>Missed</th><th>Then</th></tr></thead>'
        f'<tbody>{rows}</tbody></table></div><div class="dx-quiet">{esc(missed.source)} [{esc(missed.evidence)}]. '
        "The prescriber decides.</div>"
    )


def _vomited_form(page: PatientPage, here: frame.Visit) -> None:
    """A dose of the last day that was brought up again."""
    recent = {
        d.id: d
        for d in reversed(page.doses)
        if d.status == "given" and not d.elsewhere and d.vomited_at is None and here.now - d.given_at <= LAST_DAY
    }
    if not recent:
        return
    key = saving.entry_id(here, page.admission.id, "vomited", len(recent))
    with (
        st.expander("A dose was brought up again", key="vomited-dose"),
        st.form(f"vomited-{key}", enter_to_submit=False, border=False),
    ):
        st.selectbox(
            "Dose", list(recent), index=None, key=f"which-{key}", placeholder="choose",
            format_func=lambda i: (
                f"{_named(recent[i].drug)} {recent[i].dose_mg:g} mg at {wall(recent[i].given_at, here.zone)}"
            ),
        )  # fmt: skip
        st.time_input("Vomited at (empty: now)", value=None, step=60, key=f"at-{key}", width=180)
        st.text_input("What was seen", key=f"note-{key}", placeholder="tablet seen whole, told Dr Reyes")
        st.caption("Whether to give again is the physician's question: guidelines differ.")
        saving.problems(key)
        st.form_submit_button("Chart that it was brought up", key=f"save-{key}", on_click=_save_vomited, args=(key,))


def _save_vomited(key: str) -> None:
    dose_id, clock = st.session_state.get(f"which-{key}"), st.session_state.get(f"at-{key}")
    note = str(st.session_state.get(f"note-{key}") or "")
    here = frame.visit()
    try:
        if dose_id is None:
            raise Refused("Choose the dose that was brought up again.")
        chart_vomited(here.store, here.by, dose_id, saving.moment(clock, here.now, here.zone), note, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _save(key: str, admission_id: str, drug: str) -> None:
    status = st.session_state.get(f"status-{key}")
    amount = st.session_state.get(f"mg-{key}")
    clock = st.session_state.get(f"at-{key}")
    held = list(st.session_state.get(f"held-{key}") or ())
    witness = st.session_state.get(f"witness-{key}")
    physician, secret = st.session_state.get(f"signer-{key}"), str(st.session_state.get(f"signed-pin-{key}") or "")
    reason = " ".join([*held, str(st.session_state.get(f"reason-{key}") or "")]).strip()
    if status is None:
        st.session_state[f"problem-{key}"] = ["Say what happened: given, held or refused."]
        return
    here = frame.visit()
    given_at = saving.moment(clock, here.now, here.zone)
    against = status == "given" and bool(st.session_state.get(f"against-{key}"))
    wanted = Dose(
        key, admission_id, None, drug, float(amount or 0), status, given_at, reason, against_hold=against
    )  # fmt: skip
    try:
        kept = saving.agreed(
            key,
            lambda sure: chart_dose(
                here.store, here.by, wanted, here.now, witness_id=witness, physician_id=physician, secret=secret,
                confirmed=sure,
            ),
        )  # fmt: skip
        if (kept.status, kept.drug) != (status, drug) or (status == "given" and kept.dose_mg != amount):
            raise Conflict(
                f"This form was saved as {kept.dose_mg:g} mg {kept.status} before: look at the list of doses first."
            )
    except DetoxError as error:
        _not_saved(key, error)
    else:
        st.session_state[f"saved-dose-{admission_id}"] = key
        saving.settled(key)


def _save_other(key: str, admission_id: str) -> None:
    drug = str(st.session_state.get(f"drug-{key}") or "")
    amount = float(st.session_state.get(f"mg-{key}") or 0)
    day, clock = st.session_state.get(f"day-{key}"), st.session_state.get(f"at-{key}")
    reason = str(st.session_state.get(f"reason-{key}") or "")
    where = st.session_state.get(f"where-{key}")
    physician, secret = st.session_state.get(f"signer-{key}"), str(st.session_state.get(f"signed-pin-{key}") or "")
    against = bool(st.session_state.get(f"against-{key}"))
    here = frame.visit()
    try:
        if where is None:
            raise Refused("Say whether it was given here by order, or elsewhere.")
        if day is not None and clock is None:
            raise Refused("Enter the time at which it was given on that day.")
        given_at = saving.moment(clock, here.now, here.zone, on=day)
        elsewhere = where == "elsewhere"
        wanted = Dose(
            key, admission_id, None, drug, amount, "given", given_at, reason, elsewhere=elsewhere,
            against_hold=against and not elsewhere,
        )  # fmt: skip
        saving.agreed(
            key,
            lambda sure: chart_other_dose(
                here.store, here.by, wanted, here.now, physician_id=physician, secret=secret, confirmed=sure
            ),
        )
    except DetoxError as error:
        _not_saved(key, error)
    else:
        st.session_state[f"saved-dose-{admission_id}"] = key
        saving.settled(key)


def _not_saved(key: str, error: DetoxError) -> None:
    """What was wrong; after a hold the form offers the ways over it, although nothing may hold a dose of now."""
    if isinstance(error, DoseHeld):
        st.session_state[f"was-held-{key}"] = True
    saving.told(key, error)


def _saved(here: frame.Visit, admission_id: str) -> None:
    """The last dose charted from this screen, as the database has it."""
    last = st.session_state.get(f"saved-dose-{admission_id}")
    if not last:
        return
    with here.see(admission_id) as tx:
        kept = find.dose(tx, last)
    if kept is not None and kept.recorded_at is not None:
        amount = f"{kept.dose_mg:g} mg {kept.drug} given" if kept.status == "given" else f"{kept.drug} {kept.status}"
        st.html(
            f'<div class="px-saved">✓ Saved {wall(kept.recorded_at, here.zone)} by {esc(kept.recorded_by)}: '
            f"{esc(amount)} at {wall(kept.given_at, here.zone, '%H:%M on %a %-d %b')}"
            f"{': ' + esc(kept.reason) if kept.reason else ''}"
            f"{'; over a hold by the word of ' + esc(kept.over_hold) if kept.over_hold else ''}"
            f"{' <b>' + words.AGAINST_HOLD + '</b>' if kept.against_hold else ''}</div>"
        )
