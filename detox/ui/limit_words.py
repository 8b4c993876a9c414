"""Limits of one patient in words, wherever the vital stands: what begins where, until when, set by whom."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from detox.clinical.model import PatientLimit
from detox.clinical.protocols import vitals_file
from detox.ui import words
from detox.ui.words import esc

_SIGNS = {"high": ("▲", "▲▲"), "low": ("▼", "▼▼")}


def note(limits: Iterable[PatientLimit], zone: ZoneInfo, now: datetime, unit: str) -> str:
    """One vital's limits: "limit for this patient: ▲ 180 ▲▲ 200 until 06:00, Dr Reyes". Plain text, not escaped."""
    return "; ".join(
        f"limit for this patient: {values(one, unit)} until {words.when(one.until_at, zone, now)}, {one.set_by}"
        for one in limits
    )


def flag_html(limits: Iterable[PatientLimit], zone: ZoneInfo, now: datetime, unit: str) -> str:
    """The mark of a value that is coloured by a limit of this patient, with the limit as its title; else empty."""
    told = note(limits, zone, now, unit)
    return f' <span title="{esc(told)}">⚑ own limit</span>' if told else ""


def values(limit: PatientLimit, unit: str) -> str:
    """Where warning and critical begin, each behind its sign; what is the ward's is left out."""
    pairs = zip(_SIGNS[limit.side], (limit.warning, limit.critical), strict=True)
    return " ".join(f"{sign} {number(limit.vital, value, unit)}" for sign, value in pairs if value is not None)


def number(vital: str, value: float, unit: str) -> str:
    """A value as it is charted; a temperature in the ward's unit."""
    return words.temperature(value, unit) if vital == "temperature_c" else words.number(value)


def label(vital: str) -> str:
    """The short word of a vital: Systolic, Pulse."""
    return vitals_file().range(vital).word


def line_html(limits: Mapping[str, tuple[PatientLimit, ...]], zone: ZoneInfo, now: datetime, unit: str) -> str:
    """Every limit set for this patient in one line; empty where there is none."""
    told = [f"{label(vital)}: {note(those, zone, now, unit)}" for vital, those in limits.items()]
    return f'<div class="dx-note">⚑ {esc("; ".join(told))}</div>' if told else ""
