"""monitoring.toml as rows that people read: when the next set is due, by which line, for whom, and what is overdue."""

from collections.abc import Iterator

from detox.clinical.monitoring.content import AfterDose, AfterStep, ForPatients, Phase, Recheck, ShortSet, Visits
from detox.clinical.monitoring.schedule import Cadence, Interval, MonitoringFile, words
from detox.clinical.protocols import scales
from detox.reports.protocol_rows import Row, Section, lines, measure, others

_KEYS = frozenset(MonitoringFile.model_fields)
_CLOCKS = {"both": "both clocks, COWS and vitals", "cows": "the clock of COWS", "vitals": "the clock of vitals"}
_DAY_MIN = 1440


def monitoring_sections(file: MonitoringFile) -> Iterator[Section]:
    """Each line with what it applies to and its interval, or the looks that it asks for."""
    head = ("Line", "Applies", "Interval")
    yield Section("Intervals: the shortest that applies wins", head, tuple(_intervals(file)))
    looks = (*(_after_dose(one) for one in file.after_dose), *(_after_step(one) for one in file.after_step))
    yield Section("Looks after a dose, before the next, after a step down", ("Line", "Applies", "Looks"), looks)
    yield Section("Overdue, what counts as a set, orders", ("Line", "What it says"), tuple(_sets(file)))
    yield from others(file, _KEYS)


def _intervals(file: MonitoringFile) -> Iterator[Row]:
    for one in (file.first_set, file.unscored, file.early_warning_incomplete):
        yield _row(one, one.because, _every(one.interval_min))
    for of, clock in ((file.cadence, ""), (file.vitals_by_cows, " (for the vitals)")):
        for row in of:
            yield _row(row, f"{measure(row.measure)}: {row.at_least} or more{clock}", _every(row.interval_min))
    for phase in file.phase:
        said = lines(_every(phase.interval_min), _CLOCKS[phase.clock])
        yield _row(phase, lines(f"{_when(phase)}: {phase.because}", _whom(phase)), said)
    for visit in file.visits:
        until = f"the first {_time(visit.until_min)} of the admission" if visit.until_min else "afterwards"
        yield _row(visit, f"{', '.join(visit.settings)}, {until}: {visit.because}", _every(visit.interval_min))
    for alert in file.alerts:
        said = lines(
            f"new: {_every(alert.recheck_min)}", f"still open: {_every(alert.standing_min)}",
            f"still open, at visits: {_every(alert.visits_min)}",
        )  # fmt: skip
        yield _row(alert, f"an open {alert.level} alert", said, alert.level)


def _when(one: Phase) -> str:
    if one.until_first:
        return f"until the first dose of {', '.join(one.until_first)}"
    until = _time(one.until_min) if one.until_min else ""
    return f"from {_time(one.from_min)} to {until} after the first dose of {', '.join(one.after_first)}"


def _after_dose(one: AfterDose) -> Row:
    kept = [f"doses of the first {_time(one.start_min)} of a course only"] if one.start_min else []
    kept += ["the newest dose only"] if one.last_only else []
    kept += ["until the next was given, held or refused"] if one.until_next else []
    return _looks(one, f"after a dose of {', '.join(one.drugs)}", kept)


def _after_step(one: AfterStep) -> Row:
    return _looks(one, f"after a step down of {', '.join(one.drugs)}", [])


def _looks(one: AfterDose | AfterStep, after: str, kept: list[str]) -> Row:
    looks = lines(
        f"{_times(one.at_min)} later: {one.because}",
        f"done by one from {one.tolerance_min} min before its time on",
        _CLOCKS[one.clock],
        "breathing seen in sleep stands for the vitals" if one.asleep_counts else "",
    )
    return _row(one, lines(after, *kept, _whom(one)), looks)


def _whom(one: ForPatients) -> str:
    told = [f"only {', '.join(map(_plain, one.programmes))}"] if one.programmes else []
    told += [f"not {', '.join(map(_plain, one.except_programmes))}"] if one.except_programmes else []
    told += [f"setting: {', '.join(one.settings)}"] if one.settings else []
    return "; ".join(told)


def _sets(file: MonitoringFile) -> Iterator[Row]:
    late, known, of_set, orders = file.overdue, file.news2_unknown, file.set, file.orders
    said = lines(
        f"warning {words(late.warning_after_min)} after it was due",
        f"critical {late.critical_after_intervals} intervals after the last set",
        late.reason, f"→ {late.action}",
    )  # fmt: skip
    yield Row(late.id, (_named(late.id), said), late.source, late.evidence)
    wanted = [*map(measure, of_set.vitals), *(scales()[name].short_name for name in of_set.scales)]
    said = lines(", ".join(wanted), f"COWS and vitals due within {of_set.together_min} min are one visit")
    yield Row("set", ("A set holds at least one of", said), of_set.source, of_set.evidence)
    short = file.short_set
    said = lines(
        f"{short.because}: {', '.join(map(measure, short.needs))}",
        f"stands for the vitals for {_time(short.interval_min)}",
    )
    yield Row(short.id, (_named(short.id), said), short.source, short.evidence)
    said = f"{_time(file.course.gap_min)} without a dose: the next one counts as the first of a course"
    yield Row("course", ("A new course", said), file.course.source, file.course.evidence)
    said = lines(
        f"from {_time(orders.shortest_min)} to {_time(orders.longest_min)}",
        f"a longer one than the protocol's: for {orders.longest_hours} hours at most, by a physician",
        f"an interval under {_time(orders.from_min)} is not lengthened",
    )
    yield Row(orders.id, (_named(orders.id), said), orders.source, orders.evidence)
    said = lines(f"risk {known.risk}", known.monitoring, f"→ {known.response}")
    yield Row("news2_unknown", ("NEWS2 that is not complete", said), file.source, file.evidence)


Line = Interval | Cadence | Recheck | Phase | Visits | AfterDose | AfterStep | ShortSet


def _row(one: Line, applies: str, said: str, look: str = "") -> Row:
    return Row(one.id, (_named(one.id), applies, said), one.source, one.evidence, look)


def _named(key: str) -> str:
    return lines(_plain(key).capitalize(), key)


def _plain(key: str) -> str:
    return key.replace("_", " ")


def _times(minutes: tuple[int, ...]) -> str:
    """One time in words; several in minutes, with the last in words."""
    if len(minutes) == 1:
        return _time(minutes[0])
    return f"{', '.join(map(str, minutes[:-1]))} and {minutes[-1]} min ({_words(minutes[-1])})"


def _time(minutes: int) -> str:
    return f"{_words(minutes)} ({minutes} min)" if minutes >= 60 else words(minutes)


def _words(minutes: int) -> str:
    days, rest = divmod(minutes, _DAY_MIN)
    return words(minutes) if rest or days < 2 else f"{days} days"


def _every(minutes: int) -> str:
    return f"every {_time(minutes)}"
