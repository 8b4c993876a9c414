"""The ward manager's page: accounts, beds, and how much of the clinical content is reviewed."""

import streamlit as st

from detox.care import add_clinician
from detox.clinical.model import ROLES
from detox.errors import DetoxError, Refused
from detox.reports.protocols import count_words, review_states
from detox.store import find
from detox.ui import frame, protocol_tables, saving, style_patient, words
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


def _beds(here: frame.Visit) -> None:
    with here.store.read() as tx:
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
    st.subheader("Clinical content")
    _protocols(here)
    st.subheader("Beds")
    _beds(here)


st.html(style_patient.sheet())
_page()
