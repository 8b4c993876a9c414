"""Try another limit on the ward's own last 90 days, before anybody proposes it. Looking changes nothing."""

import streamlit as st

from detox.clinical.measure_content import decimals
from detox.errors import DetoxError
from detox.reports import what_if as report
from detox.ui import frame, words
from detox.ui.words import esc

WORDS = {"at_least": "from", "above": "above", "below": "below", "at_most": "up to"}


def section(here: frame.Visit) -> None:
    """Choose a rule and a limit, say another number, see what it would have raised."""
    with st.expander("What if a limit were another? Try it on the last 90 days of this ward", key="what-if"):
        st.caption("Two replays of what was charted here are compared. Nothing is changed and nothing is kept.")
        rules = {rule.id: rule for rule in report.rules_to_try()}
        chosen = st.selectbox(
            "Rule", list(rules), index=None, placeholder="choose a rule", key="what-if-rule",
            format_func=lambda name: f"{name.replace('_', ' ')} ({words.LEVELS[rules[name].level]})",
        )  # fmt: skip
        if chosen is None:
            return
        limits = {c.measure: c for c in report.limits_of(rules[chosen])}
        measure = st.segmented_control(
            "Limit", list(limits), default=next(iter(limits)), required=True, key=f"what-if-measure-{chosen}",
            format_func=lambda name: f"{words.plain(_label(name))}: {limits[name].limit}",
        )  # fmt: skip
        places = decimals(measure)
        now = float(getattr(limits[measure], limits[measure].operator))
        value = st.number_input(
            f"Instead of {now:.{places}f}", value=now, step=10.0**-places, format=f"%.{places}f",
            key=f"what-if-value-{chosen}-{measure}",
        )  # fmt: skip
        if not st.button("Try it", key="what-if-try", type="primary", disabled=value == now):
            return
        try:
            with here.see() as tx:
                found = report.what_if(tx, here.ward.id, chosen, measure, round(value, places), here.now)
        except DetoxError as error:
            st.error(words.plain(error))
            return
        st.html(_html(found))


def _label(measure: str) -> str:
    return measure.replace("_mmhg", "").replace("_per_min", "").replace("_percent", " %").replace("_", " ")


def _html(found: report.WhatIf) -> str:
    """The two replays side by side, and the difference in one sentence."""
    rows = "".join(
        f"<tr><td>{esc(name)}</td><td>{now}</td><td>{then}</td><td><b>{_signed(then - now)}</b></td></tr>"
        for name, now, then in (
            ("▲▲ critical", found.now.critical, found.then.critical),
            ("▲ warning", found.now.warnings, found.then.warnings),
            ("together", found.now.alerts, found.then.alerts),
        )
    )
    head = "".join(f"<th>{h}</th>" for h in ("Alerts opened or worse", "As it is", "As it would be", "Difference"))
    return (
        f'<div class="dx-note"><b>{esc(_sentence(found))}</b></div>'
        f'<div class="dx-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        f'<p class="dx-quiet">{found.only_then} alerts only with the other limit, {found.only_now} only with the one '
        f"in force; {found.admissions} admissions, {found.sets} sets, {found.patient_days:.1f} patient-days. Counted "
        f"are the alerts of the problem “{esc(found.rule.problem.replace('_', ' '))}”, all its rules together. What "
        "nobody charted nobody can replay: a ward that is warned earlier also looks again earlier.</p>"
    )


def _sentence(found: report.WhatIf) -> str:
    if found.extra_per_100 is None:
        return "Nothing was charted in these 90 days: there is nothing to try it on."
    extra = found.extra_per_100
    load = (
        f"{abs(extra):.1f} {'more' if extra > 0 else 'fewer'} alerts per 100 patient-days"
        if extra
        else "As many alerts"
    )
    if not found.earlier_h:
        return f"{load}; where both warn, neither is earlier."
    return f"{load}; where both warn, {abs(found.earlier_h):.1f} h {'earlier' if found.earlier_h > 0 else 'later'}."


def _signed(number: int) -> str:
    return f"+{number}" if number > 0 else str(number).replace("-", "−")
