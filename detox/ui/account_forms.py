"""Who may sign in: the list of accounts, a new one, and what a manager changes of one."""

import streamlit as st

from detox.access import sessions
from detox.care import add_clinician, change_role, switch_account
from detox.care.importing import USERNAME
from detox.clinical.model import ROLES
from detox.errors import DetoxError, Refused
from detox.store import find
from detox.ui import frame, saving, words
from detox.ui.words import esc


@st.fragment
def accounts() -> None:
    """Everybody who has an account, and a form for one more."""
    here = frame.visit()
    with here.store.read() as tx:
        people = find.clinicians(tx)
    rows = [
        f"<tr><td><b>{esc(c.name)}</b></td><td>{esc(c.username)}</td><td>{esc(words.ROLES[c.role])}</td>"
        f"<td>{'in use' if c.active else 'switched off'}</td></tr>"
        for c in people
    ]
    st.html(words.table(("Name", "User name", "Role", "Account"), rows))
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
def changes() -> None:
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
