"""The suggestion as it stands, with everything it rests on, and the physician's decision on it.

Nothing here is chosen beforehand, and nothing changes a dose but a signed decision.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from detox.care import decide
from detox.clinical.model import Decision
from detox.clinical.suggestions.content import content
from detox.errors import Conflict, DetoxError
from detox.reports.patient import PatientPage
from detox.reports.protocols import ReviewState, review_states
from detox.ui import frame, note_words, saving, watch_words, words
from detox.ui.suggestion_words import Shown, brief, inputs, listed, reasons, texts, until, would_change
from detox.ui.words import esc

BEHIND = "Every reason, the values, what would change it, what else is open"
PROMISE = "Decision support for supervision. Nothing changes a dose until a physician signs."
_LOOK = {
    "HOLD_CALL": "critical", "NO_SUGGESTION": "unknown", "HOLD_STEP": "warning", "STEP_UP": "warning",
    "START_NOT_MET": "warning",
}  # fmt: skip
_VERDICTS = {"accepted": "Accept", "changed": "Change", "declined": "Decline"}
_STARTS = ("bup_induction", "methadone_start", "alpha2_start", "naltrexone_start")
_REASONS = (
    "patient asks for it", "other cause of the score", "bedside assessment differs", "data are doubtful",
    "comorbidity", "agreed with the team",
)  # fmt: skip


def card(page: PatientPage, shown: Shown | None, zone: ZoneInfo) -> None:
    """What the protocol suggests, why, from what, and until when."""
    if shown is None:
        st.html(
            f'<div class="px-says unknown"><h3>? No suggestion</h3><div>{esc(page.suggestion_problem)}</div>'
            f'<div class="px-foot">{PROMISE}</div></div>'
        )
        _beside(page, zone)
        return
    with frame.visit().store.read() as tx:
        state = review_states(tx)[content().id]
    st.html(card_html(shown, zone, page.as_of, state))
    _beside(page, zone)
    behind(shown)


def behind(shown: Shown) -> None:
    """What stands behind the suggestion, folded: its reasons, values and alternatives, then rules and sources."""
    with st.expander(BEHIND):
        st.html(details_html(shown))
    with st.expander("Rules, sources and known limits"):
        st.html(sources_html(shown))


def _beside(page: PatientPage, zone: ZoneInfo) -> None:
    """Whatever the answer: the watches that passed unseen, and the notes since the last decision."""
    found = page.tile.judgement
    if found is None:
        return
    passed = "".join(watch_words.passed_html(one, zone, page.as_of) for one in found.watches if one.passed)
    if told := passed + note_words.notes_html(found.notes, zone, page.as_of):
        st.html(told)


def card_html(shown: Shown, zone: ZoneInfo, now: datetime, review: ReviewState) -> str:
    """What is read first: what to do, why, what limits the answer, and until when; all text is escaped here."""
    kind = str(shown["class"])
    rules = texts(shown.get("rules"))
    first = content().rules.get(rules[0]) if rules else None
    said_already = first is not None and bool(first.dose) and shown.get("dose_action") == "physician_decides"
    action = "" if said_already else words.DOSE_ACTIONS.get(str(shown.get("dose_action")), "")
    do, why = brief(shown)
    gaps = [*texts(shown.get("missing")), *texts(shown.get("stale"))]
    until_when = until(shown.get("expires_at"), zone, now)
    file, named = content(), esc(words.SUGGESTIONS.get(kind, kind))
    return (
        f'<div class="px-says {look(kind)}"><h3>{sign(kind)}{named}</h3>'
        + (f'<div class="px-do">{esc(action)}</div>' if action else "")
        + f'<div class="px-do">{esc(do)}</div><div>{esc(why)}</div>'
        + "".join(f"<div><b>! {esc(fact)}</b></div>" for fact in texts(shown.get("beside")) if fact not in why)
        + (f"<div>Missing or too old: {esc(' '.join(gaps))}</div>" if gaps else "")
        + (f"<div>Holds until {until_when}</div>" if until_when else "")
        + f'<div class="px-foot">{PROMISE} Rule {esc(", ".join(rules) or "none")}, protocol {esc(file.version)}, '
        f'<span class="{"" if review.reviewed else "dx-unreviewed"}">{esc(review.words)}</span></div></div>'
    )


def details_html(shown: Shown) -> str:
    """What stands behind it: every reason, the values with their ages, what would change it, what else is open."""
    lines = [
        ("because", listed(reasons(shown))),
        ("based on", inputs(shown.get("inputs"))),
        ("would change", listed(would_change(shown))),
        ("instead", listed(texts(shown.get("alternatives")))),
    ]
    told = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in lines if text)
    return f'<div class="px-told"><dl>{told}</dl></div>'


def sources_html(shown: Shown) -> str:
    """Each rule that fired with its words, why it is there, its source and evidence tag; then what is contested."""
    file = content()
    rows = []
    for rule_id in texts(shown.get("rules")):
        rule = file.rules.get(rule_id)
        if rule is not None:
            rows.append(
                f"<li><b>{esc(rule_id)}</b> {esc(rule.text)} <i>{esc(rule.why)}</i> "
                f'<span class="dx-quiet">Source: {esc(rule.source)} [{esc(rule.evidence)}]</span></li>'
            )
    rows += [f"<li>{esc(text)}</li>" for text in [*(f"Outranked: {text}" for text in texts(shown.get("blocked")))]]
    limits = "".join(f"<li>{esc(text)}</li>" for text in file.contested)
    return (
        f"<ul>{''.join(rows)}</ul><p><b>Known limits</b></p><ul>{limits}</ul><p>{esc(file.intended_use)}</p>"
        "<p class='dx-quiet'>Evidence: S score's authors, R read source, R2 second-hand copy, K general knowledge, "
        "P proposed by this project, ? not verified.</p>"
    )


@st.fragment
def decision(
    admission_id: str, shown: Shown, basis: str, plan_id: str | None, last: str, programme: str, *, notes: bool = False
) -> None:
    """Accept, change or decline; for physicians only. `last` is the id of the decision before this one.

    `notes` is True where notes were written since then.
    """
    here = frame.visit()
    if not here.may("decide"):
        st.caption("A physician decides on this: accept, change or decline.")
        return
    key = saving.entry_id(here, admission_id, "decision", last)
    choice = f"{key}-{_mark(shown)}"
    verdict = st.segmented_control(
        "Your decision", list(_VERDICTS), format_func=_VERDICTS.__getitem__, key=f"verdict-{choice}", default=None
    )
    if verdict is not None:
        # one form, so that what was typed and the signature arrive together
        with st.form(f"sign-{choice}", enter_to_submit=False, border=False):
            _answer(verdict, key, choice, shown, programme)
            if notes and verdict == "accepted":
                st.caption(note_words.ACCEPTING)
            saving.signature(here, key)
            saving.problems(key)
            st.form_submit_button(
                f"Sign as {words.plain(here.by.name)}: {_VERDICTS[verdict].lower()}",
                key=f"sign-{key}", type="primary", on_click=_decide, args=(key, admission_id, shown, basis, plan_id),
            )  # fmt: skip
    else:
        saving.problems(key)
    saving.redrawn()


def _answer(verdict: str, key: str, choice: str, shown: Shown, programme: str) -> None:
    """What is done instead, and why; an accepted suggestion asks for neither."""
    if verdict == "changed":
        st.segmented_control(
            "To", _choices(str(shown["class"]), programme), format_func=lambda c: words.SUGGESTIONS[c].split(":")[0],
            key=f"instead-{choice}",
        )  # fmt: skip
    if verdict != "accepted":
        st.pills("Why", list(_REASONS), selection_mode="multi", key=f"chips-{key}")
        st.text_input("Reason in your words", key=f"reason-{key}", placeholder="needed unless a reason above is tapped")


def decided_html(made: Decision, zone: ZoneInfo, now: datetime) -> str:
    """A decision as it was kept: who, when, what, why, and where it moved the plan."""
    was = words.SUGGESTIONS.get(str(made.suggestion.get("class")), str(made.suggestion.get("class")))
    text = f"<b>{esc(made.verdict)}</b> {esc(words.when(made.decided_at, zone, now))} by {esc(made.decided_by)}: "
    text += esc(was if made.verdict == "accepted" else f"suggested {was}")
    if made.verdict == "changed":
        text += f"; chosen <b>{esc(words.SUGGESTIONS.get(made.chosen, made.chosen))}</b>"
    if made.step_to is not None:
        text += f"; plan moved from step {made.step_from} to step <b>{made.step_to}</b>"
    return text + (f"; reason: {esc(made.reason)}" if made.reason else "")


def _decide(key: str, admission_id: str, shown: Shown, basis: str, plan_id: str | None) -> None:
    choice = f"{key}-{_mark(shown)}"
    verdict = st.session_state.get(f"verdict-{choice}")
    instead = st.session_state.get(f"instead-{choice}")
    chips = list(st.session_state.get(f"chips-{key}") or ())
    typed = str(st.session_state.get(f"reason-{key}") or "").strip()
    if verdict == "changed" and instead is None:
        st.session_state[f"problem-{key}"] = ["Choose what is to be done instead."]
        return
    here = frame.visit()
    reason = "; ".join([*chips, *([typed] if typed else [])]) if verdict != "accepted" else ""
    made = Decision(
        id=key, admission_id=admission_id, verdict=verdict,  # type: ignore[arg-type]
        chosen=str({"changed": instead, "declined": "DECLINED"}.get(str(verdict), shown["class"])), reason=reason,
        decided_at=here.now, decided_by=here.by.name, suggestion=shown,
    )  # fmt: skip
    try:
        how = saving.signed(here, key)
        decide(here.store, here.by, made, plan_id, basis, here.now, signed_with=how)
    except DetoxError as error:
        saving.told(key, error)
        if isinstance(error, Conflict):
            st.session_state.pop(f"verdict-{choice}", None)
            saving.redraw()
    else:
        saving.settled(key)


def _mark(shown: Shown) -> str:
    """What is being answered: when another suggestion takes its place, nothing stays chosen."""
    return "-".join([str(shown["class"]), *texts(shown.get("rules"))])


def _choices(suggested: str, programme: str) -> list[str]:
    starts = ("START_MET", "START_NOT_MET") if programme in _STARTS else ()
    every = (*starts, "CONTINUE", "HOLD_STEP", "STEP_DOWN", "STEP_UP", "HOLD_CALL")
    return [c for c in every if c != suggested]


def look(kind: str) -> str:
    """The level by which a class of suggestion is shown."""
    return _LOOK.get(kind, "settled")


def sign(kind: str) -> str:
    """The level's sign before its words."""
    return {"critical": "▲▲ ", "warning": "▲ ", "unknown": "? "}.get(look(kind), "")
