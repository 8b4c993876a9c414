"""Measured or guessed: the ward's habits of the last 30 days, for managers, never by person."""

import streamlit as st

from detox.reports.measuring_quality import Figure, least_readings, ward_honesty
from detox.ui import frame, words
from detox.ui.words import esc

TITLE = "Measured or guessed?"


def draw(here: frame.Visit) -> None:
    """The heading and one line for each habit; nothing about patients or colleagues is read or shown."""
    with here.see() as tx:
        found = ward_honesty(tx, here.ward.id, here.now)
    since = words.when(found.start, here.zone, here.now)
    st.subheader(TITLE)
    st.caption(
        words.plain(
            f"The whole ward, {found.sets} sets since {since}; never by person. A share far above what it is compared "
            "with says that measuring needs time, thermometers that work or the breath timer, not who is to blame."
        )
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Habit", "Found", "To compare with", "Behind it"))
    rows = "".join(_row(figure) for figure in found.figures)
    st.html(
        f'<div class="dx-table" tabindex="0" role="region" aria-label="{TITLE}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(figure: Figure) -> str:
    if figure.share is None:
        found = f'<span class="dx-val wraps not_assessed">? too few to say ({least_readings()} needed)</span>'
        expected = ""
    else:
        found = f"<b>{_percent(figure.share)}</b>"
        if figure.longest:
            found += f"<br>longest runs: {', '.join(map(str, figure.longest))}"
        expected = "nothing" if figure.expected is None else _percent(figure.expected)
    behind = f"{figure.of} {figure.unit}" if figure.share is None else f"{figure.count} of {figure.of} {figure.unit}"
    return (
        f'<tr><th scope="row" class="wrap">{esc(figure.habit)}<div class="dx-was">{esc(figure.source)}</div></th>'
        f"<td>{found}</td><td>{expected}</td><td>{behind}</td></tr>"
    )


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")
