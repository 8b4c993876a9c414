"""The suggestion as it stands, with everything it rests on, and the physician's decision on it.

Nothing here is chosen beforehand, and nothing changes a dose but a signed decision.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from detox.care import decide
from detox.clinical.model import Decision
from detox.clinical.suggestions.content import content
from detox.errors import Conflict, DetoxError
from detox.instants import from_text
from detox.reports.patient import PatientPage
from detox.reports.protocols import ReviewState, review_states
from detox.ui import frame, note_words, saving, watch_words, words
from detox.ui.words import esc

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

Shown = Mapping[str, object]


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
    """The card itself; all text is escaped here."""
    kind = str(shown["class"])
    rules = _texts(shown.get("rules"))
    action = words.DOSE_ACTIONS.get(str(shown.get("dose_action")), "")
    lines = [
        ("because", _list(_reasons(shown))),
        ("based on", _inputs(shown.get("inputs"))),
        ("missing or too old", _list([*_texts(shown.get("missing")), *_texts(shown.get("stale"))])),
        ("would change", _list(_would_change(shown.get("would_change")))),
        ("instead", _list(_texts(shown.get("alternatives")))),
        ("holds until", _until(shown.get("expires_at"), zone, now)),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in lines if text)
    file, named = content(), esc(words.SUGGESTIONS.get(kind, kind))
    return (
        f'<div class="px-says {look(kind)}"><h3>{sign(kind)}{named}</h3>'
        + (f'<div class="px-do">{esc(action)}</div>' if action else "")
        + f"<div>{esc(shown.get('text') or '')}</div><dl>{listed}</dl>"
        f'<div class="px-foot">{PROMISE} Rule {esc(", ".join(rules) or "none")}, protocol {esc(file.version)}, '
        f'<span class="{"" if review.reviewed else "dx-unreviewed"}">{esc(review.words)}</span></div></div>'
    )


def sources_html(shown: Shown) -> str:
    """Each rule that fired with its words, why it is there, its source and evidence tag; then what is contested."""
    file = content()
    rows = []
    for rule_id in _texts(shown.get("rules")):
        rule = file.rules.get(rule_id)
        if rule is not None:
            rows.append(
                f"<li><b>{esc(rule_id)}</b> {esc(rule.text)} <i>{esc(rule.why)}</i> "
                f'<span class="dx-quiet">Source: {esc(rule.source)} [{esc(rule.evidence)}]</span></li>'
            )
    rows += [f"<li>{esc(text)}</li>" for text in [*(f"Outranked: {text}" for text in _texts(shown.get("blocked")))]]
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
    return "-".join([str(shown["class"]), *_texts(shown.get("rules"))])


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


def _texts(value: object) -> list[str]:
    """Sentences out of a list, a mapping or one text."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [f"{name}: {inner}" for name, inner in value.items() if inner not in (None, "", [])]
    if isinstance(value, Iterable):
        return [" ".join(map(str, one)) if isinstance(one, (list, tuple)) else str(one) for one in value]
    return [str(value)]


def _inputs(value: object) -> str:
    """Every value with unit, age and recorder; what was seen together stands in one line."""
    lines: dict[str, list[str]] = {}
    for one in value if isinstance(value, (list, tuple)) else ():
        if not isinstance(one, Mapping):
            continue
        age, by, source = one.get("age_min"), str(one.get("by") or ""), str(one.get("source") or "")
        amount, unit = _amount(one.get("value"), str(one.get("unit") or ""))
        told = f"{esc(one.get('name'))} <b>{esc(amount)}</b> {esc(unit)}".strip()
        old = isinstance(age, (int, float))
        ago = f"{words.span(timedelta(minutes=round(age)))} ago" if isinstance(age, (int, float)) else ""
        if source == "observation":
            lines.setdefault(f"{ago}, {esc(by)}" if by else ago, []).append(told)
        else:
            lines.setdefault(esc(source), []).append(f"{told} {ago}" if old else told)
    return "<br>".join(f'<span class="dx-quiet">{head}:</span> {" · ".join(all_of)}' for head, all_of in lines.items())


def _amount(value: object, unit: str) -> tuple[str, str]:
    """A value as its field has it, and its unit: hours as time in words, a temperature with its decimal, yes or no."""
    if isinstance(value, bool):
        return ("yes" if value else "no"), unit
    if not isinstance(value, (int, float)):
        return str(value), unit
    if unit == "h":
        return words.span(timedelta(minutes=round(value * 60))), ""
    return (f"{value:.1f}" if unit == "°C" else f"{value:.4g}"), unit


def _reasons(shown: Shown) -> list[str]:
    """Why; what stands elsewhere on the card (newest values, gaps, alternatives) is not said twice."""
    elsewhere = {*_texts(shown.get("alternatives")), *_texts(shown.get("missing"))}
    return [r for r in _texts(shown.get("reasons")) if r not in elsewhere and not r.startswith("Newest ")]


def _would_change(value: object) -> list[str]:
    """The limits that stand nearest, one line for each answer that they would lead to."""
    by_answer: dict[str, list[str]] = {}
    rest = []
    for sentence in _texts(value):
        found = re.fullmatch(r"Would be ([A-Z_]+)(?::| at) (.+)\.", sentence)
        if found and found[1] in words.SUGGESTIONS:
            by_answer.setdefault(words.SUGGESTIONS[found[1]].split(":")[0], []).append(found[2])
        else:
            rest.append(sentence)
    return [f"{answer}: {'; '.join(limits)}" for answer, limits in by_answer.items()] + rest


def _list(sentences: Sequence[str]) -> str:
    if len(sentences) == 1:
        return esc(sentences[0])
    return f"<ul>{''.join(f'<li>{esc(s)}</li>' for s in sentences)}</ul>" if sentences else ""


def _until(value: object, zone: ZoneInfo, now: datetime) -> str:
    if not isinstance(value, str) or not value:
        return ""
    until = from_text(value)
    if until <= now:
        return '<b class="dx-val not_assessed">? expired: record a new set first</b>'
    return f"<b>{esc(words.when(until, zone, now))}</b>, in {esc(words.span(until - now))}"
