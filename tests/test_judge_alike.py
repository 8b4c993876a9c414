"""A line of `judge` and the database answer alike, whatever was charted in which order."""

import shutil
import uuid
from datetime import timedelta
from pathlib import Path

from both_ways import ACTS, STARTS, WALKS, Act, Both, Start, said
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from detox.clinical.model import Ward
from detox.store import Store

ANSWERED_WARNING = [
    Act("set", 100), Act("set", 200, {"systolic_mmhg": 184.0}), Act("physician", 60), Act("set", 300), Act("set", 60),
]  # fmt: skip
"""A red reading that its repeat did not confirm, answered in between: the answer still speaks of it."""


@settings(
    max_examples=WALKS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(start=Start(), acts=ANSWERED_WARNING)
@given(start=STARTS, acts=st.lists(ACTS, min_size=2, max_size=12))
def test_a_line_and_the_database_answer_alike(
    start: Start, acts: list[Act], tmp_path: Path, store: Store, ward: Ward
) -> None:
    path = tmp_path / f"{uuid.uuid4().hex}.db"
    shutil.copyfile(store.path, path)
    both = Both(Store(path), start)
    for act in acts:
        both.chart(act)
    both.now += timedelta(minutes=6)
    assert said(both.by_line()) == said(both.by_store())
