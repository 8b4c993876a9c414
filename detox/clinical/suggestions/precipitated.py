"""Rule A15: a score that rises after a dose that can precipitate withdrawal, in the watch of `clinical/watch.py`."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from detox.clinical.drugs import mentioned
from detox.clinical.protocols import scale
from detox.clinical.suggestions.facts import ROUNDED_MIN, Facts
from detox.clinical.suggestions.fired import FiredRule, decide
from detox.clinical.suggestions.readings import Reading, ago
from detox.clinical.suggestions.words import named
from detox.clinical.watch import COWS, Given, Score, Watch, precipitant, watches

NOW = datetime(2000, 1, 1, tzinfo=UTC)
"""The moment that the ages of a case count back from, where they have to be times: any would do."""
FURTHEST_MIN = 10_000_000.0
"""Further from now than any admission is long, in minutes: ages beyond it are told apart no longer."""
NALOXONE = "naloxone"


def precipitated(f: Facts) -> Iterator[FiredRule]:
    """A15: a score that rose in the watch after a dose, by the least rise that the entries allow.

    It stands, however old, until a complete score is back near the reference, or until a physician has answered and it
    was scored again.
    """
    found = watched(f)
    watch = found[-1] if found else None
    if watch is None or not (watch.risen or _answered_only(watch)):
        return
    risen = next(s for s in reversed(watch.scores) if watch.rises(s) and (not watch.risen or s.scale in watch.risen))
    before, name = watch.reference[risen.scale], scale(risen.scale).short_name
    last = next(s for s in reversed(watch.scores) if s.scale == risen.scale)
    now = "" if last is risen else f", {last.words} {_ago(last.at)}"
    yield decide(
        "A15",
        f"{name} {before.words} to {risen.words} ({_ago(risen.at)}{now}), rise {watch.rise_of(risen)}, after "
        f"{watch.words} {_ago(watch.since)}, the score before it {_ago(before.at)}: probable precipitated withdrawal; "
        "neither wait nor give an extra dose on this screen.",
        names=("cows",) if risen.scale == COWS else (),
    )


def watched(f: Facts) -> tuple[Watch, ...]:
    """Every watch for precipitated withdrawal of the case, oldest first, with `NOW` for its now."""
    given = [Given(_at(round((d.h_ago or 0) * 60)), d.drug or "") for d in f.doses if _counts(f, d.drug)]
    given += [
        Given(_at(round((e.h_ago or 0) * 60)), e.drug or "") for e in f.events("external_dose") if not _neither(e.drug)
    ]
    given += [Given(_at(round((e.h_ago or 0) * 60)), NALOXONE) for e in f.events("naloxone_given")]
    used = [_at(round((e.h_ago or 0) * 60)) for e in f.events("return_to_use")]
    scores = [score for r in reversed(f.past) for score in _scores(r)]
    return watches(given, scores, NOW, answered=_answers(f, scores), agonist_use=used)


def _neither(drug: str | None) -> bool:
    """True for a known drug that is no opioid and precipitates nothing; an unknown one may be either."""
    found = mentioned(drug or "")
    return bool(found) and not any(one.drug.opioid or one.drug.precipitant for one in found)


def _counts(f: Facts, drug: str | None) -> bool:
    return precipitant(drug or "") is not None or named(f.words.agonists, drug)


def _scores(r: Reading) -> Iterator[Score]:
    known = None if r.kept_min_ago is None else _at(r.kept_min_ago)
    if r.cows and r.cows.is_cows and r.cows.entry.items is not None:
        yield Score(_at(r.min_ago), COWS, r.cows.at_least, r.cows.total is not None, known)
    for one in r.sows:
        yield Score(_at(r.min_ago), one.scale, one.at_least, one.complete, known)


def _answers(f: Facts, scores: Iterable[Score]) -> Iterator[datetime]:
    """When a physician answered this danger, as `Facts.cleared` reads the answers. One that speaks of COWS speaks of no
    SOWS."""
    names = {"A15"} if any(score.scale != COWS for score in scores) else {"A15", COWS}
    for event in f.events("danger_flag"):
        if event.acknowledged_by_physician and (event.answers is None or names & set(event.answers)):
            later = f.limits.same_moment_min.value if event.answers is None else ROUNDED_MIN
            yield min(_at((event.h_ago or 0) * 60 - later), NOW)


def _answered_only(watch: Watch) -> bool:
    """True when a physician answered a rise, and nobody has scored again since that score."""
    return (
        watch.answered
        and watch.closed_at is not None
        and (watch.scores[-1].at <= watch.closed_at and watch.rises(watch.scores[-1]))
    )


def _at(min_ago: float) -> datetime:
    return NOW - timedelta(minutes=max(-FURTHEST_MIN, min(min_ago, FURTHEST_MIN)))


def _ago(at: datetime) -> str:
    return ago((NOW - at).total_seconds() / 60)
