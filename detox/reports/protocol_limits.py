"""The limits of the vitals as rows to read: which vital, beyond what, and what ends an alert of it."""

from collections.abc import Iterator

from detox.clinical.limits import Edge, LimitsFile, VitalLimit
from detox.clinical.protocols import vitals_file
from detox.reports.protocol_rows import Row, Section, lines, measure, others


def limit_sections(file: LimitsFile) -> Iterator[Section]:
    """Every limit, in the order of the file."""
    head = ("Limit", "Vital", "Beyond it", "Ends at")
    yield Section("Limits of the vitals", head, tuple(map(_row, file.limits)))
    yield from others(file, {"limits"})


def _row(one: VitalLimit) -> Row:
    scale = f"SpO2 scale {one.scale}" if one.scale is not None else ""
    name = one.id.replace("_", " ")
    ends = _words(one, one.clears) if one.clears is not None else ""
    return Row(
        one.id,
        (lines(name, one.id), lines(measure(one.measure), scale), _words(one, one), ends),
        one.source,
        one.evidence,
    )


def _words(one: VitalLimit, edge: Edge) -> str:
    return edge.words(vitals_file().range(one.measure, one.scale).decimals, one.unit)
