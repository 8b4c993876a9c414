"""The ward manager's page: accounts, beds, and how much of the clinical content is reviewed."""

import streamlit as st

from detox.access import sessions
from detox.care import add_clinician, allow_programmes, ask_two_people, change_role, set_escalation, switch_account
from detox.care.importing import USERNAME
from detox.clinical.administration import ALLOWED, TWO_PEOPLE, giving_file
from detox.clinical.alerts.escalation import SETTING, answering_file
from detox.clinical.model import ROLES
from detox.errors import DetoxError, Refused
from detox.reports.protocols import count_words, review_states
from detox.reports.since import escalation_minutes
from detox.store import find, orders
from detox.ui import frame, measuring_quality_section, protocol_tables, saving, style_patient, who_saw_section, words
from detox.ui.words import esc


def _table(head: tuple[str, ...], rows: list[str]) -> str:
    return (
        f'<div class="dx-table"><table><thead><tr>{"".join(f"<th>{h}</th>" for h in head)}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


@st.fragment
def _accounts() -> None:
    here = frame.visit()
    with here.store.read() as tx:
        people = find.clinicians(tx)
    rows = [
        f"<tr><td><b>{esc(c.name)}</b></td><td>{esc(c.username)}</td><td>{esc(words.ROLES[c.role])}</td>"
        f"<td>{'in use' if c.active else 'switched off'}</td></tr>"
        for c in people
    ]
    st.html(_table(("Name", "User name", "Role", "Account"), rows))
    key = saving.entry_id(here, "account", len(people))
    if name := st.session_state.get("account-added"):
        added = next((c for c in people if c.id == name), None)
        if added is not None:
            st.html(f'<div class="px-saved">✓ Added: {esc(added.name)}, {esc(words.ROLES[added.role])}</div>')
    with st.form(f"account-{key}", enter_to_submit=False):
        st.markdown("**Add an account**")
        left, right = st.columns(2)
        left.text_input("Name, as colleagues know it", key=f"name-{key}", autocomplete="off")
        right.text_input("User name", key=f"username-{key}", autocomplete="off")
        st.segmented_control("Role", list(ROLES), format_func=words.ROLES.__getitem__, key=f"role-{key}")
        left, right = st.columns(2)
        left.text_input("Password", type="password", key=f"first-{key}", autocomplete="new-password")
        right.text_input("Password again", type="password", key=f"second-{key}", autocomplete="new-password")
        saving.problems(key)
        st.form_submit_button("Add account", key=f"save-{key}", type="primary", on_click=_add, args=(key,))


@st.fragment
def _changes() -> None:
    """Switch an account off or on, or give it another role; its sign-ins end at once, on every tablet."""
    here = frame.visit()
    with here.store.read() as tx:
        people = {c.id: c for c in find.clinicians(tx) if c.id != here.by.id and c.username != USERNAME}
    if not people:
        return
    known = [f"{c.id}{c.active}{c.role}" for c in people.values()]
    key = saving.entry_id(here, "account-change", *known)
    if said := st.session_state.get("account-changed"):
        st.html(f'<div class="px-saved">✓ {esc(said)}</div>')
    with st.form(f"change-{key}", enter_to_submit=False):
        st.markdown("**Change an account** (whoever is signed in with it is signed out)")
        left, right = st.columns(2)
        left.selectbox(
            "Account", list(people), index=None, placeholder="choose", key=f"who-{key}",
            format_func=lambda one: f"{people[one].name}, {people[one].username}" if one in people else one,
        )  # fmt: skip
        right.selectbox("What", list(_CHANGES), index=None, placeholder="choose", key=f"what-{key}")
        saving.problems(key)
        st.form_submit_button("Change account", key=f"change-save-{key}", on_click=_change, args=(key,))


_CHANGES: dict[str, bool | str] = {
    "Switch it off": False, "Switch it on again": True,
    **{f"Make it a {words.ROLES[role]}": role for role in ROLES},
}  # fmt: skip


def _change(key: str) -> None:
    here = frame.visit()
    account_id, what = st.session_state.get(f"who-{key}"), st.session_state.get(f"what-{key}")
    try:
        if account_id is None or what is None:
            raise Refused({"account": "Choose an account and what changes: nothing was changed."})
        wanted = _CHANGES[str(what)]
        if isinstance(wanted, bool):
            ended = switch_account(here.store, here.by, str(account_id), wanted, here.now)
        else:
            ended = change_role(here.store, here.by, str(account_id), wanted, here.now)
        sessions.end_all(ended, here.now)
        with here.store.read() as tx:
            account = find.clinician(tx, str(account_id))
    except DetoxError as error:
        saving.told(key, error)
        return
    state = words.ROLES[account.role] if account.active else "switched off"
    signed_out = f", signed out of {len(ended)}" if ended else ""
    st.session_state["account-changed"] = f"{account.name}: {state}{signed_out}."
    st.session_state.pop(f"problem-{key}", None)
    saving.settled(key)


def _add(key: str) -> None:
    name = str(st.session_state.get(f"name-{key}") or "")
    username = str(st.session_state.get(f"username-{key}") or "")
    role = st.session_state.get(f"role-{key}")
    first = str(st.session_state.get(f"first-{key}") or "")
    second = str(st.session_state.get(f"second-{key}") or "")
    here = frame.visit()
    try:
        problems = {} if role else {"role": "No role was chosen: choose one."}
        if first != second:
            problems["password"] = "The two passwords differ: type both again."
        if problems:
            raise Refused(problems)
        added = add_clinician(
            here.store, here.by, username=username, name=name, role=str(role), password=first, now=here.now
        )
    except DetoxError as error:
        saving.told(key, error)
    else:
        st.session_state["account-added"] = added.id
        st.session_state.pop(f"problem-{key}", None)


@st.fragment
def _escalation() -> None:
    """After how many minutes an unanswered critical alert is with whom."""
    here = frame.visit()
    rule = answering_file().escalation
    with here.store.read() as tx:
        minutes, own = escalation_minutes(tx, here.ward.id), orders.ward_setting(tx, here.ward.id, SETTING)
    key = saving.entry_id(here, "escalation", own or "")
    st.caption("A critical alert that nobody has answered is, after so many minutes, with:")
    with st.form(f"escalation-{key}", enter_to_submit=False):
        for stage, wait, column in zip(rule.stages, minutes, st.columns(len(minutes)), strict=True):
            column.number_input(
                f"{stage.who.capitalize()}, minutes", value=wait, min_value=1, max_value=rule.ward_most_min,
                key=f"{stage.who}-{key}",
            )  # fmt: skip
        saving.problems(key)
        st.form_submit_button("Set for this ward", key=f"save-{key}", on_click=_escalate, args=(key,))
    first = ", ".join(f"{one.who} {one.after_min}" for one in rule.stages)
    state = "Set by this ward; proposed are" if own else "As proposed:"
    st.caption(words.plain(f"{state} {first} ({rule.source})."))


def _escalate(key: str) -> None:
    minutes = [st.session_state.get(f"{one.who}-{key}") for one in answering_file().escalation.stages]
    here = frame.visit()
    try:
        if None in minutes:
            raise Refused("A time is missing: enter the minutes of every stage.")
        set_escalation(here.store, here.by, here.ward.id, [int(one) for one in minutes if one is not None], here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


@st.fragment
def _treatments() -> None:
    """Which treatments are lawful here, and which drugs take two people."""
    here = frame.visit()
    file = giving_file()
    with here.store.read() as tx:
        allowed = orders.ward_setting(tx, here.ward.id, ALLOWED)
        two = orders.ward_setting(tx, here.ward.id, TWO_PEOPLE)
    key = saving.entry_id(here, "treatments", allowed or "", two or "")
    choices = (*file.jurisdiction.locked, *file.jurisdiction.asked)
    with st.form(f"treatments-{key}", enter_to_submit=False):
        st.pills(
            "Lawful and authorised here (nothing is, until somebody says so)", choices, selection_mode="multi",
            format_func=words.PROGRAMMES.__getitem__, default=[c for c in choices if c in (allowed or "").split()],
            key=f"allowed-{key}",
        )  # fmt: skip
        st.caption(words.plain(f"{file.jurisdiction.source} [{file.jurisdiction.evidence}]"))
        st.pills(
            "Drugs that take two people: the second one is charted with the dose", file.witness.choices,
            selection_mode="multi", default=[c for c in file.witness.choices if c in (two or "").split()],
            key=f"two-{key}",
        )  # fmt: skip
        st.caption(words.plain(f"{file.witness.source} [{file.witness.evidence}]"))
        saving.problems(key)
        st.form_submit_button("Set for this ward", key=f"save-{key}", on_click=_set_treatments, args=(key,))


def _set_treatments(key: str) -> None:
    allowed = list(st.session_state.get(f"allowed-{key}") or ())
    two = list(st.session_state.get(f"two-{key}") or ())
    here = frame.visit()
    try:
        allow_programmes(here.store, here.by, here.ward.id, allowed, here.now)
        ask_two_people(here.store, here.by, here.ward.id, two, here.now)
    except DetoxError as error:
        saving.told(key, error)
    else:
        saving.settled(key)


def _beds(here: frame.Visit) -> None:
    with here.see() as tx:
        beds = find.beds(tx, here.ward.id)
        names = {a.id: words.name(a) for a in find.admissions_here(tx, here.ward.id)}
    rows = [
        f"<tr><td><b>{esc(b.label)}</b></td><td>{esc(names.get(b.admission_id or '', 'free'))}</td></tr>" for b in beds
    ]
    st.html(_table(("Bed", "Who lies in it"), rows))
    shifts = ", ".join(f"{s.name} from {s.starts_at}" for s in here.ward.shifts)
    st.caption(words.plain(f"{here.ward.name}; {here.ward.time_zone}; shifts: {shifts}."))


def _protocols(here: frame.Visit) -> None:
    """How much of the clinical content nobody has reviewed, and the way to it."""
    with here.store.read() as tx:
        states = review_states(tx)
    st.html(protocol_tables.count_html(states, count_words(states.values())))
    st.page_link("pages/protocols.py", label="Read, check and sign every number")


def _page() -> None:
    here = frame.visit()
    if not here.may("add_clinician"):
        st.error("Ward managers see this page.")
        return
    st.subheader("Accounts")
    _accounts()
    _changes()
    st.subheader("Clinical content")
    _protocols(here)
    st.subheader("Unanswered alerts")
    _escalation()
    st.subheader("Treatments")
    _treatments()
    st.subheader("Beds")
    _beds(here)
    who_saw_section.draw()
    measuring_quality_section.draw(here)


st.html(style_patient.sheet())
_page()
