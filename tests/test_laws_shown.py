"""Law: what calls stands on the board at its level, in the inbox and in the shift summary; a settled bed has no card
that calls. Over whole charted admissions on a real database."""

from pathlib import Path

from both_ways import ACTS, STARTS, WALK, Act, Start, charted_ward
from hypothesis import example, given
from hypothesis import strategies as st
from inside import inside

from detox.chart.judge import Judgement
from detox.clinical.model import LEVELS, Ward
from detox.commands.judging import answer
from detox.gate import OPERATOR
from detox.reports import board, inbox, shift, shift_period, suggesting
from detox.store import Store, find


def shown_in_the_inbox(found: Judgement, waiting: inbox.Inbox) -> None:
    """Each danger that nobody has answered waits at its level, or has been put aside by somebody."""
    entries = [*waiting.critical, *waiting.warning, *waiting.aside, *waiting.told]
    shown = [(e.alert.finding.problem, e.alert.finding.level) for e in entries]
    shown += [(c.danger.problem, c.danger.level) for c in waiting.calls]
    for danger in found.dangers:
        if danger.answered is None:
            levels = [LEVELS.index(level) for problem, level in shown if problem == danger.problem]
            assert max(levels, default=-1) >= LEVELS.index(danger.level), danger


@WALK
@example(start=Start(), acts=[Act("set", 100), Act("set", 200, {"respiratory_rate_per_min": 7.0})])
@given(start=STARTS, acts=st.lists(ACTS, min_size=2, max_size=12))
def test_board_inbox_and_shift_show_what_the_card_says(
    start: Start, acts: list[Act], tmp_path: Path, store: Store, ward: Ward
) -> None:
    with charted_ward(store, tmp_path, start, acts) as both:
        found = both.by_store()
        with inside(both.store) as tx:
            seen = board.board(tx, ward.id, both.now)
            waiting = inbox.inbox(tx, ward.id, both.now)
            assert suggesting.judged(tx, find.admission(tx, "a"), both.now).judgement == found
        tile = next(t for t in seen.tiles if t.admission is not None)
        calls = found.suggestion.suggestion_class == "HOLD_CALL"
        if calls:
            assert tile.level in ("critical", "warning")
            assert tile.rank not in ("incomplete", "settled")
        if found.level is not None:
            assert LEVELS.index(tile.level) >= LEVELS.index(found.level)
        if any(danger.answered is None for danger in found.calls):
            assert seen.need_you == 1 or seen.unknown == 1
        if tile.level == "settled":
            assert not found.dangers
        shown_in_the_inbox(found, waiting)
        assert answer(both.line | {"now": both.now.isoformat()})["level"] in (tile.level, "unknown", "info")
        period = shift_period.shift_of(ward, both.now)
        (line,) = shift.summary(both.store, OPERATOR, ward.id, period, both.now).patients
        assert [(d.rule, d.level, d.state) for d in line.dangers] == [(d.rule, d.level, d.state) for d in found.dangers]
