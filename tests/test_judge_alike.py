"""A line of `judge` and the database answer alike, whatever was charted in which order."""

from pathlib import Path

from both_ways import ACTS, STARTS, WALK, Act, Start, charted_ward, said
from hypothesis import example, given
from hypothesis import strategies as st

from detox.clinical.model import Ward
from detox.store import Store

ANSWERED_WARNING = [
    Act("set", 100), Act("set", 200, {"systolic_mmhg": 184.0}), Act("physician", 60), Act("set", 300), Act("set", 60),
]  # fmt: skip
"""A red reading that its repeat did not confirm, answered in between: the answer still speaks of it."""


@WALK
@example(start=Start(), acts=ANSWERED_WARNING)
@given(start=STARTS, acts=st.lists(ACTS, min_size=2, max_size=12))
def test_a_line_and_the_database_answer_alike(
    start: Start, acts: list[Act], tmp_path: Path, store: Store, ward: Ward
) -> None:
    with charted_ward(store, tmp_path, start, acts) as both:
        assert said(both.by_line()) == said(both.by_store())
