"""The watch for precipitated withdrawal, as a line with its countdown on the board and at the head of a patient."""

from datetime import datetime
from zoneinfo import ZoneInfo

from detox.chart.judge import Judgement
from detox.chart.watching import Watched
from detox.clinical.protocols import scale
from detox.ui import words
from detox.ui.words import esc


def lines_html(judgement: Judgement | None, zone: ZoneInfo, now: datetime) -> str:
    """Every watch that somebody has to know of; nothing where there is none."""
    if judgement is None:
        return ""
    return "".join(passed_html(one, zone, now) if one.passed else _running(one, zone, now) for one in judgement.watches)


def passed_html(one: Watched, zone: ZoneInfo, now: datetime) -> str:
    """A window that has passed with nobody looking, as a warning."""
    return f'<div class="dx-alert warning"><b>▲ {_first(one, zone, now)}</b>: {esc(one.unseen)}</div>'


def _first(one: Watched, zone: ZoneInfo, now: datetime) -> str:
    dose = one.first
    return f"{esc(dose.drug.replace('_', ' '))} {dose.dose_mg:g} mg {words.when(dose.given_at, zone, now)}"


def _running(one: Watched, zone: ZoneInfo, now: datetime) -> str:
    watch, given = one.watch, _first(one, zone, now)
    if one.later:
        given += f" and {one.later} more {'dose' if one.later == 1 else 'doses'}"
    until = words.when(watch.until, zone, now)
    told = [f"<b>Watch: {given}</b>"]
    told.append(
        f"until <b>{until}</b>, {words.span(watch.until - now)} left" if watch.open_at(now) else "window closed"
    )
    before = [f"{esc(scale(name).short_name)} before <b>{esc(s.words)}</b>" for name, s in watch.reference.items()]
    told += before or ['<span class="dx-val not_assessed">? no score before the dose</span>']
    told += [f"<b>▲▲ {esc(scale(n).short_name)} +{watch.rise(n)}</b>" for n in sorted(watch.risen)]
    look = one.next_look
    if look is not None:
        told.append(f"next look <b>{'now' if look.due <= now else words.when(look.due, zone, now)}</b>")
    told += [f"likelier: {esc(', '.join(one.likelier))}"] if one.likelier else []
    missed = f"<div><b>▲ {esc(one.unseen)}</b></div>" if one.unseen else ""
    return f'<div class="dx-note">{" · ".join(told)}{missed}</div>'
