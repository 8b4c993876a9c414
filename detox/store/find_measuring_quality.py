"""What the ward's own measuring is judged by: numbers in the order of time, without a name of anybody."""

from collections.abc import Iterator
from datetime import datetime

from detox.instants import to_text
from detox.store.connection import Connection

MEASURED = (
    "systolic_mmhg", "diastolic_mmhg", "heart_rate_per_min", "temperature_c", "respiratory_rate_per_min",
    "spo2_percent",
)  # fmt: skip

_ROWS = (
    f"SELECT o.admission_id, o.taken_at, o.recorded_at, o.rowid, {', '.join(f'o.{name}' for name in MEASURED)} "  # noqa: S608 - names only
    "FROM admission a JOIN observation o ON o.admission_id = a.id AND o.replaced_by IS NULL "
    "AND o.taken_at >= ? AND o.taken_at < ? WHERE a.ward_id = ? AND a.discharged_at "
)


def readings(
    tx: Connection, ward_id: str, start: datetime, end: datetime
) -> Iterator[tuple[int, tuple[float | None, ...]]]:
    """Each current set of the ward from `start` up to but not including `end`: with its admission as a number.

    One after the other, in the order of time. The number means nothing outside this answer; who measured is not read.
    """
    first, last = to_text(start), to_text(end)
    rows = tx.execute(
        f"{_ROWS} IS NULL UNION ALL {_ROWS} >= ? ORDER BY 1, 2, 3, 4",
        (first, last, ward_id, first, last, ward_id, first),
    )
    numbers: dict[str, int] = {}
    for row in rows:
        yield numbers.setdefault(row["admission_id"], len(numbers)), tuple(row[name] for name in MEASURED)
