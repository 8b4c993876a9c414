"""What a watch for precipitated withdrawal looks back on: the scores, and when an opioid was used again."""

import json
from collections.abc import Collection
from datetime import datetime

from detox.clinical.model import Score
from detox.instants import from_text
from detox.store.connection import Connection


def scores(tx: Connection, admission_id: str, scale_ids: Collection[str]) -> list[Score]:
    """What the current observations say on these scales, oldest first; where nothing was rated it is none."""
    rows = tx.execute(
        "SELECT o.taken_at, o.recorded_at, a.scale, a.at_least, a.missing FROM observation o "
        "JOIN assessment a ON a.observation_id = o.id WHERE o.admission_id = ? AND o.replaced_by IS NULL "
        "AND a.items <> '{}' AND a.scale IN (SELECT value FROM json_each(?)) "
        "ORDER BY o.taken_at, o.recorded_at, o.rowid",
        (admission_id, json.dumps(sorted(scale_ids))),
    )
    return [
        Score(from_text(r["taken_at"]), r["scale"], r["at_least"], r["missing"] == "[]", from_text(r["recorded_at"]))
        for r in rows
    ]


def sign_times(tx: Connection, admission_id: str, name: str) -> list[datetime]:
    """When the current observations of an admission had that sign or event, oldest first."""
    rows = tx.execute(
        "SELECT taken_at FROM observation WHERE admission_id = ? AND replaced_by IS NULL AND other <> '{}' "
        "AND json_extract(other, '$.' || ?) = 1 ORDER BY taken_at",
        (admission_id, name),
    )
    return [from_text(r["taken_at"]) for r in rows]
