"""`judge`: one admission a line, and everything that the product would show about it, from the one judgement."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from detox.care.dosing import DRUGS
from detox.care.other_doses import other_drugs
from detox.chart import notes
from detox.chart.danger import Danger
from detox.chart.judge import Judgement
from detox.chart.judge import judge as judged
from detox.chart.standing import level_of, whole
from detox.chart.watching import Watched
from detox.clinical.danger_content import CLASSES
from detox.clinical.looking_back import recent_sets
from detox.clinical.model import Alert, Author, Level, Observation
from detox.clinical.monitoring import schedule
from detox.clinical.monitoring.schedule import Due
from detox.clinical.watch import COWS
from detox.commands.common import binary_in, binary_out, lines_file
from detox.commands.judge_context import charted
from detox.commands.judge_form import read_line
from detox.commands.lines import answer_lines


@click.command()
@lines_file
@click.pass_context
def judge(context: click.Context, file: str) -> None:
    """What the product would show about each admission, as it was charted; one JSON object a line. Nothing is kept.

    Each line of FILE (standard input without one) is one admission at its own `now`; docs/command-line.md has the form.
    Exit status: 0 every line was answered, 1 some line was an error, 2 the call was wrong.
    """
    with binary_in(file) as source:
        context.exit(1 if answer_lines(source, binary_out(), answer) else 0)


def answer(line: Mapping[str, object]) -> dict[str, object]:
    """The answer to one line. Raises Refused with every problem of its form."""
    form = read_line(line)
    known, seen = charted(form)
    made, recent = judged(known), seen[-recent_sets() :]
    standing = [alert for alert in known.alerts if alert.resolved_at is None]
    others = [one for one in made.dangers if one.alert_id not in {alert.id for alert in standing}]
    due = schedule.next_due(recent, standing, known.background)
    clocks = schedule.due_by_clock(recent, standing, known.background)
    return {
        "id": line["id"],
        "level": _level(standing, others, ["warning"] if made.unseen else [], due, known.now, recent),
        "alerts": [*(_alert(made, one) for one in standing), *map(_other, others)],
        "dangers": [_danger(one) for one in made.dangers],
        "doses": {drug: _dose(made, drug) for drug in drugs()},
        "suggestion": made.suggestion.as_dict(known.now),
        "watches": [_watch(one) for one in made.watches],
        "next_due": {clock: _text(at) for clock, at in clocks.items()},
        "notes_unread": [one.note for one in notes.unread_notes(known)],
        "not_understood": list(known.not_understood),
    }


def drugs() -> tuple[str, ...]:
    """Every drug that the ward can chart, by its substance."""
    return tuple(sorted({*DRUGS, *other_drugs()}))


def _level(
    alerts: Sequence[Alert], others: Sequence[Danger], told: Sequence[Level], due: Due, now: datetime,
    recent: Sequence[Observation],
) -> str:  # fmt: skip
    """As the board says it; `info` where nothing but that stands."""
    levels = [*(a.finding.level for a in alerts), *(one.level for one in others), *told]
    seen = [o for o in recent if schedule.tells_of_state(o)]
    return level_of(levels, schedule.overdue_level(due, now), seen=bool(seen), whole=whole(seen))


def _alert(made: Judgement, alert: Alert) -> dict[str, object]:
    return {
        "problem": alert.finding.problem,
        "rule": alert.finding.rule,
        "level": alert.finding.level,
        "since": _text(alert.opened_at),
        "message": alert.finding.message,
        "answered_by": _person(_answered(made, alert)),
    }


def _other(one: Danger) -> dict[str, object]:
    """A danger that is no open alert: what only the suggestion sees, what is past, a dose against a hold."""
    return {
        "problem": one.problem,
        "rule": one.rule,
        "level": one.level,
        "since": _text(one.since),
        "message": one.message,
        "answered_by": _person(one.answered_by),
    }


def _answered(made: Judgement, alert: Alert) -> Author | None:
    """Who has answered an open alert last: a physician before a nurse, as its danger says it."""
    since = min(alert.recorded_at or alert.opened_at, alert.opened_at)
    found = [
        a.by
        for a in made.known.answers
        if a.alert_id == alert.id or (a.problem == alert.finding.problem and a.at >= since)
    ]
    return next((by for by in reversed(found) if by.role == "physician"), found[-1] if found else None)


def _danger(one: Danger) -> dict[str, object]:
    return {
        "problem": one.problem,
        "rule": one.rule,
        "level": one.level,
        "state": one.state,
        "since": _text(one.since),
        "message": one.message,
        "how": one.how,
        "answered_by": _person(one.answered_by),
        **{name: one.giving.to(name) for name in CLASSES},
    }


def _dose(made: Judgement, drug: str) -> dict[str, object]:
    word = made.dose(drug)
    return {"may_give": word.may_give, "because": list(word.because), "take_first": list(word.take_first)}


def _watch(one: Watched) -> dict[str, object]:
    """One watch for precipitated withdrawal: a look is `done` when a score was charted near it, else null."""
    watch = one.watch
    reference = watch.reference.get(COWS)
    return {
        "drug": watch.drug,
        "form": watch.form,
        "since": _text(watch.since),
        "until": _text(watch.until),
        "reference_cows": reference.at_least if reference is not None else None,
        "looks": [
            {"due": _text(look.due), "done": None if look.done_at is None else _text(look.done_at)}
            for look in watch.looks
        ],
        "unseen": one.unseen,
    }


def _person(by: Author | None) -> dict[str, str] | None:
    return None if by is None else {"id": by.id, "name": by.name, "role": by.role}


def _text(at: datetime) -> str:
    return at.isoformat()
