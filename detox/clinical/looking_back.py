"""How far back rules, clocks and forms look, and how far a clock may be ahead: the windows of limits.toml."""

from datetime import timedelta

from detox.clinical.limits import limits_file


def clock_tolerance() -> timedelta:
    """How far a tablet's clock may run ahead of the server's."""
    return timedelta(minutes=limits_file().windows.clock_tolerance_min)


def measure_sets() -> int:
    """How many earlier observations a measure looks back on."""
    return limits_file().windows.measure_sets


def rule_sets() -> int:
    """How many of the newest observations may hold or clear an alert rule."""
    return limits_file().windows.rule_sets


def lookback_sets() -> int:
    """How many of the newest observations a caller of the alert engine needs to pass."""
    return rule_sets() + measure_sets()


def recent_sets() -> int:
    """How many of the newest observations the monitoring clocks and the board look at."""
    return limits_file().windows.recent_sets


def dose_sets() -> int:
    """How many of the newest observations are looked at before a dose."""
    return limits_file().windows.dose_sets


def event_span() -> timedelta:
    """How old an event or a note may be to bear on a suggestion; a danger that nobody answered bears at any age."""
    return timedelta(hours=limits_file().windows.event_h)


def dose_span() -> timedelta:
    """How old a dose may be to bear on the alert rules."""
    return timedelta(hours=limits_file().windows.dose_h)
