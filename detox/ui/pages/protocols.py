"""Every clinical number that the product uses: what it is, where it comes from, and who has reviewed it."""

import streamlit as st

from detox.clinical.files import content_file, content_files
from detox.reports import protocols as report
from detox.ui import frame, protocol_tables, review_form, what_if, words
from detox.ui.words import esc

MOST = 80


@st.fragment
def _page() -> None:
    here = frame.visit()
    with here.store.read() as tx:
        states = report.review_states(tx)
    left, right = st.columns(2, vertical_alignment="bottom")  # what a file says has to begin on the first screen
    right.html(protocol_tables.count_html(states, report.count_words(states.values())))
    query = left.text_input(
        "Find a number, a word or a rule in every file", key="find", live="300ms", type="search", bind="query-params",
        placeholder="180, SBP, systolic, sedation_red …", autocomplete="off",
    )  # fmt: skip
    names = {one.id: one.name for one in content_files()}
    with st.container(key="protocol-file"):
        chosen = st.pills(
            "Or read one file", list(names), format_func=names.__getitem__, key="file", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
    if query and query.strip():
        _found(query.strip(), chosen, states)
    elif chosen:
        _file(here, chosen)
    else:
        st.html(protocol_tables.legend_html())
        st.html(protocol_tables.files_html(content_files(), states))


def _found(query: str, chosen: str | None, states: dict[str, report.ReviewState]) -> None:
    only = content_file(chosen) if chosen else None
    hits = report.find_rows(query, only)
    count = sum(len(hit.section.rows) for hit in hits)
    where = f"in {only.name}" if only else "in all files"
    told = f"{count} {'row' if count == 1 else 'rows'} {where} with “{query}”"
    if count > MOST:
        told += f", the first {MOST} shown: add a word to narrow it"
    if not count:
        told = f"No row {where} holds “{query}”. Try one word or number of it{', or all files' if only else ''}."
    st.html(f'<div class="dx-quiet" role="status">{esc(told)}</div>')
    st.html(protocol_tables.hits_html(report.first(hits, MOST), states))


def _file(here: frame.Visit, file_id: str) -> None:
    one = content_file(file_id)
    if one is None:
        st.error("There is no such file.")
        return
    with here.store.read() as tx:
        shown = report.file_report(tx, one)
    st.html(protocol_tables.file_html(shown) + protocol_tables.differs_html(shown, here.zone))
    st.html("".join(protocol_tables.section_html(section, one) for section in shown.sections))
    with st.expander(f"The file itself, as it is in force: {words.plain(one.path)}, SHA-256 {one.sha256[:16]}…"):
        st.code(one.text, language="toml")
    if file_id == "alerts":
        what_if.section(here)
    st.html(protocol_tables.history_html(shown.history, one, here.zone))
    review_form.form(here, shown)


st.html(protocol_tables.sheet())
_page()
