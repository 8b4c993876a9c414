"""How good the alert rules are: the engine beside three plain policies, on a real unit and on an invented cohort.

Run by hand: `python tests/bench/alert_quality.py [--real PATH] [--admissions N] [--markdown OUT] [--picture OUT.svg]`.
The real data are not part of the project: DETOX_SHARED names the folder that holds data/vitals_real.csv.gz; without
the file its half is left out. The cohort is written down in cohort.py.

**Policies.** NEWS2 of 5 or more; of 7 or more; single limits: each red limit of the threshold table on one reading,
nothing confirmed, no hysteresis. A policy's alert opens when its condition becomes true and closes when it is false
again; what was not measured changes nothing. All of them are interruptive. For a curve NEWS2 of 1 to 12 are run too.

**Alerts of the engine.** Silence is left out throughout: neither source was charted under the ward's recheck
intervals, so their gaps say nothing about the rules. Interruptive is every change that opens an alert as critical or
escalates it to (or within) critical. A critical alert that is resolved and leaves a lesser one of the same problem in
the same moment is a step down, not a new alert.

**Calls** count once what calls somebody to one bed: a call lasts from the first interruptive alert of a patient until
none is open. A NEWS2 policy has one condition and so raises calls only; the engine and the single limits have many,
whose alerts come in bundles.

**One card a patient** counts what the ward hears as new: the first critical problem on a patient's card, each new or
worse one of the class that is never put aside, and whatever comes after the quiet time (clinical/alerts/calls.py).

**NEWS2** is taken from the last known values, none older than 4 h, at each reading that holds one of its vitals; what
is not known counts nothing, so it is a lower bound. Complete sets alone would leave a NEWS2 for few of the real
readings (a temperature is in a quarter of them, oxygen and consciousness in a sixth), and 4 h is the interval at which
a ward would have charted anew. Policies and reference share it, which favours the policies.

**Reference events** on the real data: NEWS2 reaches 7; or one vital scores 3 on two of its readings in a row (the
event is at the second). An event is over after two such readings below, and only then can the next one begin.
- found: a new interruptive alert in the 24 h up to and with the event, or one standing open from before.
- lead: from the earliest new interruptive alert of those 24 h to the event; events without one have no lead.
- fresh: new alerts and their lead once more, for the events that no other event went before: none going on at their
  start or ended within the 24 h up to it, and not at the first reading of the record.
- at quiet readings: the same "found", at readings without event then or in the 24 h after: what chance would find.
- in vain: share of interruptive alerts with no event going on, and none beginning in the 24 h from the alert on. An
  alert whose record ends within those 24 h without an event is not judged.
NEWS2 does not see high pressure: an alert for it is in vain by this reference unless something else follows.

**Cohort.** Found before the limit: any alert that opens or escalates after the onset and before the course passes its
red limit. Interruptive in time: an interruptive one from the onset up to 20 minutes after the first set past the
limit (its confirmation). By chance: "found before the limit" in stable admissions at the same hours. Patients of
the real data are split by a hash of their id; rules may be tuned on one half, the other is the headline.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import statistics
import sys
import tomllib
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import cohort  # noqa: E402

from detox.clinical import protocols, scales  # noqa: E402
from detox.clinical.alerts import calls  # noqa: E402
from detox.clinical.charted import Rejected, read_csv  # noqa: E402
from detox.clinical.model import LEVELS, Alert, Background, Finding, Observation, Vitals  # noqa: E402
from detox.reports.replay import ChangeRow, Row, replay  # noqa: E402

WINDOW = timedelta(hours=24)
KNOWN_FOR = timedelta(hours=4)
CONFIRMED = timedelta(minutes=20)
CURVE = range(1, 13)
ENGINE, SINGLE = "engine", "single red limits"
CARDS = "engine, one card a patient"
AGAIN = timedelta(hours=1)
HALVES = ("tuning", "reporting")
NEVER_WAIT = frozenset(
    {
        "breathing_low_red", "breathing_low_emergency", "oxygen_low_red", "sedation_red", "sedation_emergency",
        "systolic_low_red", "consciousness_red", "consciousness_emergency",
    }
)  # fmt: skip
"""The rules that alarm at once on one reading and may not be loosened (B6.1, B6.5)."""

Key = tuple[str, str]
Charts = dict[Key, list[Observation]]


class Spell(NamedTuple):
    """One alert from where it opened, or last became worse, to where it ended; None while the record lasts.

    What is left of a worse alert is no news.
    """

    start: datetime
    end: datetime | None
    interruptive: bool
    level: str
    kind: str
    what: str
    news: bool = True


class Event(NamedTuple):
    """A reference event: what, from when to when."""

    what: str
    start: datetime
    end: datetime | None


class Score(NamedTuple):
    """NEWS2 at one reading: its lower bound, and the points of each vital measured in this very reading."""

    at: datetime
    points: int
    measured: Mapping[str, int]


Spells = dict[Key, list[Spell]]


# --- what was charted ---------------------------------------------------------------------------------------------


def half_of(patient_id: str) -> str:
    """Tuning or reporting: for good, by the id alone."""
    return HALVES[hashlib.sha256(patient_id.encode()).digest()[0] % 2]


def real_charts(path: Path) -> Charts:
    """The rows of the file that can be kept, by admission, in the order of time."""
    charts: Charts = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        for row in read_csv(lines):
            if not isinstance(row, Rejected):
                charts[row.patient_id, row.admission_id].append(row.observation)
    for seen in charts.values():
        seen.sort(key=lambda one: one.taken_at)
    return dict(charts)


def patient_days(charts: Charts) -> float:
    """From the first to the last reading, summed over admissions."""
    return sum((seen[-1].taken_at - seen[0].taken_at).total_seconds() for seen in charts.values()) / 86400


def news2_course(seen: Sequence[Observation]) -> list[Score]:
    """NEWS2 from the last known values at each reading that holds one of its vitals."""
    scale = protocols.scale("news2")
    vital_of = {item.id: item.vital for item in scale.items}
    known: dict[str, tuple[datetime, object]] = {}
    found: list[Score] = []
    for one in seen:
        here = one.vitals.measured()
        fresh = {name for name in vital_of.values() if name in here}
        known |= {name: (one.taken_at, here[name]) for name in fresh}
        if one.vitals.spo2_scale is not None:
            known["spo2_scale"] = (datetime.max.replace(tzinfo=one.taken_at.tzinfo), one.vitals.spo2_scale)
        if not fresh:
            continue
        values = {name: value for name, (at, value) in known.items() if one.taken_at - at <= KNOWN_FOR}
        score = scales.assess(scale, {}, Vitals(**values))  # type: ignore[arg-type]
        measured = {item: points for item, points in score.items.items() if vital_of[item] in fresh}
        found.append(Score(one.taken_at, score.at_least, measured))
    return found


def reference_events(scores: Sequence[Score]) -> list[Event]:
    """NEWS2 of 7 or more, and each vital that scores 3 on two readings in a row; in the order of their start."""
    found = [Event("NEWS2 7", *span) for span in _spans([(s.at, s.points >= 7) for s in scores], needs=1, ends=2)]
    for item in sorted({item for score in scores for item in score.measured}):
        told = [(s.at, s.measured[item] >= 3) for s in scores if item in s.measured]
        found += [Event(item, *span) for span in _spans(told, needs=2, ends=2)]
    return sorted(found, key=lambda event: event.start)


def _spans(told: Iterable[tuple[datetime, bool]], needs: int, ends: int) -> Iterator[tuple[datetime, datetime | None]]:
    """From where a condition held `needs` readings in a row to where it did not hold on `ends` in a row."""
    start: datetime | None = None
    true = false = 0
    for at, holds in told:
        true, false = (true + 1, 0) if holds else (0, false + 1)
        if start is None and true == needs:
            start = at
        elif start is not None and false == ends:
            yield start, at
            start = None
    if start is not None:
        yield start, None


# --- who raises what ----------------------------------------------------------------------------------------------


def policy_spells(what: str, told: Iterable[tuple[datetime, bool]]) -> list[Spell]:
    """The alerts of a plain policy: open while its condition holds."""
    return [Spell(start, end, True, "critical", "policy", what) for start, end in _spans(told, needs=1, ends=1)]


def news2_spells(scores: Sequence[Score], at_least: int) -> list[Spell]:
    """The alerts of "NEWS2 of so many or more"."""
    return policy_spells(f"NEWS2 {at_least}", ((score.at, score.points >= at_least) for score in scores))


def single_limit_spells(seen: Sequence[Observation]) -> list[Spell]:
    """The alerts of the single red limits: each limit has its own."""
    told: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    for one in seen:
        here = one.vitals.measured()
        for name, past, limit in cohort.RED:
            if name in here and not (name == cohort.SPO2 and one.vitals.spo2_scale == 2):
                value = 0.0 if here[name] == "S" else float(here[name])
                told[f"{name} {past.__name__} {limit:g}"].append((one.taken_at, past(value, limit)))
        if "consciousness" in here:
            told["consciousness"].append((one.taken_at, here["consciousness"] != "A"))
    every = [spell for what, readings in told.items() for spell in policy_spells(what, readings)]
    return sorted(every, key=lambda spell: spell.start)


def engine_spells(charts: Charts, backgrounds: Mapping[str, Background] | None = None) -> Spells:
    """The alerts of the rules in force, by admission; silence apart. `backgrounds` is what is known beside the rows."""
    changes: list[ChangeRow] = []
    rows = (Row(*key, one) for key, seen in charts.items() for one in seen)
    replay(rows, changes.append, backgrounds=backgrounds)
    return spells_of(changes, _problems())


def _problems() -> dict[str, str]:
    return problems_of(tomllib.loads((ROOT / "detox/protocols/alerts.toml").read_text("utf-8")))


def problems_of(content: object) -> dict[str, str]:
    """The problem that each rule belongs to, wherever in the file the rule stands."""
    if isinstance(content, list):
        return {rule: problem for one in content for rule, problem in problems_of(one).items()}
    if not isinstance(content, dict):
        return {}
    here = {content["id"]: content["problem"]} if {"id", "problem"} <= content.keys() else {}
    return here | {rule: problem for one in content.values() for rule, problem in problems_of(one).items()}


def spells_of(changes: Iterable[ChangeRow], problem_of: Mapping[str, str]) -> Spells:
    """The engine's changes as alerts. One problem has one open alert; a step down goes on without being news."""
    done: Spells = defaultdict(list)
    now: dict[tuple[Key, str], Spell] = {}
    for change in changes:
        if change.kind == "silence":
            continue
        key = change.patient_id, change.admission_id
        problem = problem_of.get(change.rule, change.rule)
        before = now.pop((key, problem), None)
        if before is not None:
            done[key].append(before._replace(end=change.taken_at))
        if change.state == "resolved":
            continue
        ended = [s for s in done[key][-8:] if s.end == change.taken_at and problem_of.get(s.what, s.what) == problem]
        lesser = any(LEVELS.index(s.level) > LEVELS.index(change.level) for s in ended)
        now[key, problem] = Spell(
            change.taken_at,
            None,
            change.level == "critical",
            change.level,
            change.kind,
            change.rule,
            news=change.state == "escalated" or not lesser,
        )
    for (key, _), spell in now.items():
        done[key].append(spell)
    return {key: sorted(spells, key=lambda spell: spell.start) for key, spells in done.items()}


def raised_by_all(
    charts: Charts, scores: Mapping[Key, Sequence[Score]], backgrounds: Mapping[str, Background] | None = None
) -> dict[str, Spells]:
    """The alerts of the engine and of each policy."""
    raised = {
        ENGINE: engine_spells(charts, backgrounds),
        SINGLE: {key: single_limit_spells(seen) for key, seen in charts.items()},
    }
    for at_least in CURVE:
        raised[f"NEWS2 >= {at_least}"] = {key: news2_spells(course, at_least) for key, course in scores.items()}
    return raised


def calls_of(spells: Spells) -> Spells:
    """The calls to a bed: from the moment when a patient has any interruptive alert open until none is left."""
    found: Spells = {}
    for key, own in spells.items():
        calls: list[Spell] = []
        for spell in filter(interruptive, own):
            if calls and (calls[-1].end is None or spell.start <= calls[-1].end):
                last = calls[-1].end
                calls[-1] = calls[-1]._replace(end=None if last is None or spell.end is None else max(last, spell.end))
            else:
                calls.append(spell._replace(news=True))
        found[key] = calls
    return found


def cards_of(spells: Spells) -> Spells:
    """The calls that the ward hears, one card a patient; nobody answers here."""
    found, problem_of = Spells(), _problems()
    for key, own in spells.items():
        news = {str(n): spell for n, spell in enumerate(own) if spell.interruptive and spell.news}
        alerts = [_as_alert(number, spell, problem_of) for number, spell in news.items()]
        found[key] = [news[call.alert_id] for call in calls.calls_of(alerts) if call.interrupts]
    return found


def _as_alert(number: str, spell: Spell, problem_of: Mapping[str, str]) -> Alert:
    finding = Finding(
        spell.what,
        problem_of[spell.what],
        "critical",
        "limit",
        "",
        "",
        "",
        {},
        protocol_version="",
        source="",
        evidence="",
    )
    return Alert(number, "", None, finding, spell.start, resolved_at=spell.end)


def back_within(spells: Spells, keys: Iterable[Key], problem_of: Mapping[str, str], hour: timedelta) -> int:
    """How many new critical alerts come within that time of the end of a critical one of the same problem."""
    again = 0
    for key in keys:
        ended: dict[str, datetime] = {}
        for spell in filter(interruptive, spells.get(key, ())):
            problem = problem_of.get(spell.what, spell.what)
            last = ended.get(problem)
            again += spell.news and last is not None and timedelta(0) < spell.start - last <= hour
            if spell.end is not None:
                ended[problem] = max(spell.end, last or spell.end)
    return again


# --- measures on the real data ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quality:
    """What one source of alerts came to. Loads are per 100 patient-days, shares are between 0 and 1 or unknown."""

    load: float
    moments: float
    found: float | None
    found_new: float | None
    quiet: float | None
    lead_h: float | None
    fresh: float | None
    fresh_lead_h: float | None
    in_vain: float | None


def found_by(
    event_at: datetime, starts: Sequence[datetime], spells: Sequence[Spell]
) -> tuple[bool, bool, float | None]:
    """Whether a new alert, and whether one standing from before, goes with a moment; the lead of the earliest new one.

    `starts` are the starts of `spells`, in order.
    """
    first, after = bisect_left(starts, event_at - WINDOW), bisect_right(starts, event_at)
    new = [start for start, spell in zip(starts[first:after], spells[first:after], strict=True) if spell.news]
    stands = any(
        (n < first or not s.news) and (s.end is None or s.end >= event_at) for n, s in enumerate(spells[:after])
    )
    return bool(new), stands, (event_at - new[0]).total_seconds() / 3600 if new else None


def in_vain(spells: Iterable[Spell], events: Sequence[Event], last: datetime) -> list[bool]:
    """For each alert that can be judged, whether no event was going on and none began in the 24 h from it on."""
    judged: list[bool] = []
    for spell in filter(news, spells):
        until = spell.start + WINDOW
        with_event = any(e.start <= until and (e.end is None or e.end > spell.start) for e in events)
        if with_event or until <= last:
            judged.append(not with_event)
    return judged


def quality(
    charts: Charts, events: Mapping[Key, Sequence[Event]], spells: Spells, wanted: Callable[[Spell], bool]
) -> Quality:
    """The measures over the admissions of `charts` for the alerts that are `wanted`."""
    days = patient_days(charts)
    alerts, moments = 0, 0
    new: list[bool] = []
    either: list[bool] = []
    leads: list[float] = []
    fresh: list[bool] = []
    fresh_leads: list[float] = []
    vain: list[bool] = []
    quiet: list[bool] = []
    for key, seen in charts.items():
        own = [spell for spell in spells.get(key, ()) if wanted(spell)]
        starts = [spell.start for spell in own]
        told = [spell.start for spell in own if spell.news]
        alerts, moments = alerts + len(told), moments + len(set(told))
        for event in events[key]:
            is_new, stands, lead = found_by(event.start, starts, own)
            new.append(is_new)
            either.append(is_new or stands)
            leads += [] if lead is None else [lead]
            if is_fresh(event, events[key], seen[0].taken_at):
                fresh.append(is_new)
                fresh_leads += [] if lead is None else [lead]
        for at in quiet_readings(seen, events[key]):
            is_new, stands, _ = found_by(at, starts, own)
            quiet.append(is_new or stands)
        vain += in_vain(own, events[key], seen[-1].taken_at)
    per = 100 / days if days else 0.0
    return Quality(
        load=alerts * per,
        moments=moments * per,
        found=share(either),
        found_new=share(new),
        quiet=share(quiet),
        lead_h=median(leads),
        fresh=share(fresh),
        fresh_lead_h=median(fresh_leads),
        in_vain=share(vain),
    )


def is_fresh(event: Event, events: Iterable[Event], first: datetime) -> bool:
    """Whether the patient had no event in the 24 h up to this one, and was seen before it."""
    since = event.start - WINDOW
    return event.start > first and not any(
        other.start < event.start and (other.end is None or other.end > since) for other in events
    )


def quiet_readings(seen: Sequence[Observation], events: Sequence[Event]) -> list[datetime]:
    """Readings with no event going on and none beginning in the 24 h after, as far as the record reaches."""
    last = seen[-1].taken_at - WINDOW
    return [
        one.taken_at
        for one in seen
        if one.taken_at <= last
        and not any(e.start <= one.taken_at + WINDOW and (e.end is None or e.end > one.taken_at) for e in events)
    ]


def median(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return statistics.median(values) if values else None


def share(told: Sequence[bool]) -> float | None:
    """How many are true; None of nothing."""
    return sum(told) / len(told) if told else None


def between(points: Sequence[tuple[float, float]], at: float, pick: Callable[..., float]) -> float | None:
    """y at x = `at` on the line through the points in their order, of several the one picked; None if it is not met."""
    found: list[float] = []
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if min(x0, x1) <= at <= max(x0, x1):
            found.append(pick(y0, y1) if x0 == x1 else y0 + (y1 - y0) * (at - x0) / (x1 - x0))
    return pick(found) if found else None


# --- measures on the cohort ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of the deteriorations of one kind."""

    admissions: int
    with_a_set: int
    found: int
    found_with_a_set: int
    in_time: int
    lead_h: float | None
    by_chance: float | None


def before_limit(spells: Iterable[Spell], onset: datetime, crossed: datetime) -> datetime | None:
    """When the first alert after the onset and before the limit opened or became worse; None if none did."""
    return min((s.start for s in spells if s.news and onset <= s.start < crossed), default=None)


def in_time(spells: Iterable[Spell], onset: datetime, crossed: datetime, seen: Sequence[Observation]) -> bool:
    """Whether an interruptive alert came between the onset and the confirmation of the first set past the limit."""
    first_past = next((one.taken_at for one in seen if one.taken_at >= crossed), crossed)
    return any(s.interruptive and onset <= s.start <= first_past + CONFIRMED for s in spells)


def caught(admissions: Sequence[cohort.Admission], spells: Spells, kind: str) -> Caught:
    """The deteriorations of one kind, and what chance would have found in the stable stays at the same hours."""
    stable = [one for one in admissions if one.deterioration is None]
    found = found_set = with_set = timely = total = 0
    leads: list[float] = []
    chance: list[bool] = []
    for one in admissions:
        what = one.deterioration
        if what is None or what.kind != kind:
            continue
        total += 1
        own = spells.get((one.patient_id, one.admission_id), [])
        a_set = any(what.onset_at <= seen.taken_at < what.crossed_at for seen in one.observations)
        first = before_limit(own, what.onset_at, what.crossed_at)
        found, with_set = found + (first is not None), with_set + a_set
        found_set += first is not None and a_set
        leads += [] if first is None else [(what.crossed_at - first).total_seconds() / 3600]
        timely += in_time(own, what.onset_at, what.crossed_at, one.observations)
        began = one.observations[0].taken_at
        for other in stable[total % 7 :: 7]:
            shift = other.observations[0].taken_at - began
            if what.crossed_at + shift <= other.observations[-1].taken_at:
                theirs = spells.get((other.patient_id, other.admission_id), [])
                chance.append(before_limit(theirs, what.onset_at + shift, what.crossed_at + shift) is not None)
    return Caught(total, with_set, found, found_set, timely, median(leads), share(chance))


# --- the run ------------------------------------------------------------------------------------------------------


def interruptive(spell: Spell) -> bool:
    """Whether somebody is called away for it."""
    return spell.interruptive


def anything(spell: Spell) -> bool:
    """Every alert."""
    return True


def news(spell: Spell) -> bool:
    """Whether it is more than what is left of a worse alert."""
    return spell.news


Rows = list[list[str]]
SOURCES = ("NEWS2 >= 5", "NEWS2 >= 7", SINGLE)


class Report:
    """Text and tables as they are told, kept for a file."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.figures: dict[str, object] = {}

    def say(self, text: str) -> None:
        """A heading or a sentence."""
        print(text, flush=True)
        self.parts.append(text)

    def table(self, rows: Rows) -> None:
        """A table; the first row is its head."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        rows = [
            [c.ljust(w) if n == 0 else c.rjust(w) for n, (c, w) in enumerate(zip(r, widths, strict=True))] for r in rows
        ]
        rule = ["-" * w if n == 0 else "-" * (w - 1) + ":" for n, w in enumerate(widths)]
        self.say("\n" + "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]]) + "\n")


def on_real(path: Path, report: Report) -> dict[str, Quality]:
    """The real half: tables for both halves of the patients; returns the headline."""
    charts = real_charts(path)
    scores = {key: news2_course(seen) for key, seen in charts.items()}
    events = {key: reference_events(course) for key, course in scores.items()}
    raised = raised_by_all(charts, scores)
    headline: dict[str, Quality] = {}
    for half in reversed(HALVES):
        part = {key: seen for key, seen in charts.items() if half_of(key[0]) == half}
        told = [event.what for key in part for event in events[key]]
        fresh = sum(is_fresh(e, events[key], seen[0].taken_at) for key, seen in part.items() for e in events[key])
        quiet = sum(len(quiet_readings(seen, events[key])) for key, seen in part.items())
        report.say(
            f"\n## Real unit, {half} half{' (headline)' if half == 'reporting' else ''}: "
            f"{len({k[0] for k in part})} patients, {patient_days(part):.1f} patient-days, {len(told)} events\n\n"
            f"Events: {', '.join(f'{what} {n}' for what, n in Counter(told).most_common())}. {fresh} of them fresh; "
            f"{quiet} of {sum(map(len, part.values()))} readings quiet."
        )
        found = {name: quality(part, events, spells, interruptive) for name, spells in raised.items()}
        for name in (ENGINE, SINGLE):
            found[f"{name}, calls"] = quality(part, events, calls_of(raised[name]), interruptive)
        found[CARDS] = quality(part, events, cards_of(raised[ENGINE]), interruptive)
        found["engine, any level"] = quality(part, events, raised[ENGINE], anything)
        report.table(
            _quality_rows(found, (ENGINE, CARDS, f"{ENGINE}, calls", *SOURCES, f"{SINGLE}, calls", "engine, any level"))
        )
        _engine_load(part, raised[ENGINE], report)
        _aims_real(found, report)
        _without_choice(part, raised[ENGINE], report)
        if half == "reporting":
            headline = found
            _dominant(part, raised[ENGINE], events, report)
        again = back_within(raised[ENGINE], part, _problems(), AGAIN)
        told = sum(s.interruptive and s.news for key in part for s in raised[ENGINE].get(key, ()))
        report.say(
            f"- Of {told} new critical alerts {again} came within an hour of the end of one of the same problem."
        )
        named = (ENGINE, CARDS, f"{ENGINE}, calls", *SOURCES, f"{SINGLE}, calls")
        report.figures[f"real {half}"] = {name: _plain(found[name]) for name in named}
    return headline


def _quality_rows(found: Mapping[str, Quality], names: Iterable[str]) -> Rows:
    head = (
        "interruptive alerts|per 100 pd|moments|found|found, new|lead h|fresh, new|fresh lead h|quiet readings|in vain"
    )
    rows = [head.split("|")]
    for name in names:
        q = found[name]
        cells = [f"{q.load:.0f}", f"{q.moments:.0f}", _percent(q.found), _percent(q.found_new), _number(q.lead_h)]
        cells += [_percent(q.fresh), _number(q.fresh_lead_h), _percent(q.quiet), _percent(q.in_vain)]
        rows.append([name, *cells])
    return rows


def _engine_load(charts: Charts, spells: Spells, report: Report) -> None:
    days = patient_days(charts)
    here = [spell for key in charts for spell in spells.get(key, ()) if spell.news]
    kinds = sorted({spell.kind for spell in here})
    rows = [["engine, per 100 patient-days", *kinds, "all"]]
    for level in reversed(LEVELS):
        counts = [sum(s.level == level and s.kind == kind for s in here) for kind in kinds]
        rows.append([level, *(f"{100 * n / days:.0f}" for n in (*counts, sum(counts)))])
    report.table(rows)


def _without_choice(charts: Charts, spells: Spells, report: Report) -> None:
    """How much of the load comes from rules that nobody may loosen."""
    days = patient_days(charts)
    here = [s for key in charts for s in spells.get(key, ()) if s.interruptive and s.news]
    at_once = sum(s.what in NEVER_WAIT for s in here)
    limits = sum(s.kind == "limit" for s in here)
    report.say(
        f"- Of the engine's {100 * len(here) / days:.1f}, {100 * limits / days:.1f} are plain limits; "
        f"{100 * at_once / days:.1f} of them those that alarm at once and may not be loosened (B6.1)."
    )


def _dominant(charts: Charts, spells: Spells, events: Mapping[Key, Sequence[Event]], report: Report) -> None:
    """Which rules raise most of the interruptive alerts, and how many of each in vain."""
    every: Counter[str] = Counter()
    judged: dict[str, list[bool]] = defaultdict(list)
    for key, seen in charts.items():
        for spell in filter(interruptive, spells.get(key, ())):
            every[spell.what] += 1
            judged[spell.what] += in_vain([spell], events[key], seen[-1].taken_at)
    days = patient_days(charts)
    rows = [["the engine's most frequent interruptive rules", "per 100 pd", "in vain"]]
    rows += [[rule, f"{100 * n / days:.0f}", _percent(share(judged[rule]))] for rule, n in every.most_common(8)]
    report.table(rows)


def _aims_real(found: Mapping[str, Quality], report: Report) -> None:
    mine, plain = found[ENGINE], found["NEWS2 >= 5"]
    curve = [found[f"NEWS2 >= {k}"] for k in CURVE if k >= 3]
    reaches = (mine.found or 0) >= (plain.found or 0) - 0.005
    report.say(
        f"- Aim, at the sensitivity of NEWS2 >= 5 at most half its interruptive alerts: "
        f"{_met(reaches and mine.load <= plain.load / 2)} (found {_percent(mine.found)} with {mine.load:.0f}; "
        f"NEWS2 >= 5 {_percent(plain.found)} with {plain.load:.0f})."
    )
    calls = found[f"{ENGINE}, calls"]
    report.say(
        f"- The same counted in calls to a bed: {_met(calls.load <= plain.load / 2)} (found {_percent(calls.found)} "
        f"with {calls.load:.0f})."
    )
    same = between([(q.found or 0, q.load) for q in curve], mine.found or 0, min)
    if same is not None:
        report.say(
            f"- At the engine's own sensitivity a NEWS2 limit would raise {same:.0f}, "
            f"{same / mine.load:.2f} times as many."
        )
    lead = between([(q.load, q.lead_h or 0) for q in curve], mine.load, max)
    if lead is None:
        most = max(curve, key=lambda q: q.load)
        lead = most.lead_h or 0
        report.say(f"- No NEWS2 limit raises as many as the engine; the most, {most.load:.0f}, stands in for it below.")
    ahead = (mine.lead_h or 0) - lead
    report.say(
        f"- Aim, at the same load 2 h more lead: {_met(ahead >= 2)} "
        f"(median {_number(mine.lead_h)} h, a NEWS2 limit {_number(lead)} h)."
    )


def on_cohort(count: int, seed: int, report: Report) -> dict[str, dict[str, Caught]]:
    """The cohort half; returns what was caught by source and kind."""
    admissions = list(cohort.cohort(count, seed))
    charts: Charts = {(one.patient_id, one.admission_id): list(one.observations) for one in admissions}
    scores = {key: news2_course(seen) for key, seen in charts.items()}
    raised = raised_by_all(charts, scores, {one.admission_id: one.background for one in admissions})
    stable = {
        (s.patient_id, s.admission_id): charts[s.patient_id, s.admission_id] for s in admissions if not s.deterioration
    }
    report.say(
        f"\n## Cohort: {count} invented admissions, {sum(map(len, charts.values()))} sets, {patient_days(charts):.0f} "
        f"patient-days; {count - len(stable)} with a deterioration"
    )
    found = {
        name: {kind: caught(admissions, raised[name], kind) for kind in cohort.KINDS} for name in (ENGINE, *SOURCES)
    }
    none = dict.fromkeys(stable, [])
    loads = {name: quality(stable, none, raised[name], interruptive) for name in found}
    any_load = quality(stable, none, raised[ENGINE], anything).load
    _caught_tables(found, report)
    rows = [["stable admissions, per 100 patient-days", "interruptive", "moments"]]
    rows += [[name, f"{q.load:.1f}", f"{q.moments:.1f}"] for name, q in loads.items()]
    report.table([*rows, ["engine, any level", f"{any_load:.1f}", ""]])
    _most(stable, raised[ENGINE], report)
    mine = found[ENGINE].values()
    all_, with_set = sum(c.admissions for c in mine), sum(c.with_a_set for c in mine)
    share_all, share_set = (
        sum(c.found for c in mine) / max(all_, 1),
        sum(c.found_with_a_set for c in mine) / max(with_set, 1),
    )
    report.say(
        f"- Aim, 90 % found before the limit: {_met(share_all >= 0.9)} ({share_all:.0%} of {all_}; {share_set:.0%} "
        f"of the {with_set} that had a set between onset and limit)."
    )
    report.say(
        f"- Aim, at most 5 interruptive per 100 patient-days in stable admissions: {_met(loads[ENGINE].load <= 5)} "
        f"({loads[ENGINE].load:.1f})."
    )
    _without_choice(stable, raised[ENGINE], report)
    report.figures["cohort"] = {
        "stable": {name: _plain(q) for name, q in loads.items()},
        "engine caught": {kind: _plain(one) for kind, one in found[ENGINE].items()},
    }
    return found


def _caught_tables(found: Mapping[str, Mapping[str, Caught]], report: Report) -> None:
    head = ["", *cohort.KINDS, "all"]
    engine = found[ENGINE]
    rows = [
        [
            "deteriorations",
            *(str(engine[k].admissions) for k in cohort.KINDS),
            str(sum(c.admissions for c in engine.values())),
        ]
    ]
    rows.append(["... with a set before the limit", *(str(engine[k].with_a_set) for k in cohort.KINDS),
                 str(sum(c.with_a_set for c in engine.values()))])  # fmt: skip
    for what, number in (
        ("found before the limit", lambda c: c.found),
        ("interruptive in time", lambda c: c.in_time),
    ):
        for name, kinds in found.items():
            cells = [_percent(number(one) / one.admissions if one.admissions else None) for one in kinds.values()]
            every = sum(map(number, kinds.values())) / max(sum(c.admissions for c in kinds.values()), 1)
            rows.append([f"{name}: {what}", *cells, _percent(every)])
    for name, kinds in found.items():
        rows.append([f"{name}: by chance", *(_percent(kinds[k].by_chance) for k in cohort.KINDS), ""])
    rows.append(["engine: median lead h", *(_number(engine[k].lead_h) for k in cohort.KINDS), ""])
    report.table([head, *rows])


def _most(charts: Charts, spells: Spells, report: Report) -> None:
    """Which rules raise most in stable admissions, interruptive or not."""
    here = [spell for key in charts for spell in spells.get(key, ()) if spell.news]
    days = patient_days(charts)
    rows = [["the engine's most frequent rules in stable admissions", "level", "per 100 pd"]]
    for level in ("critical", "warning"):
        most = Counter(spell.what for spell in here if spell.level == level).most_common(6)
        rows += [[rule, level, f"{100 * n / days:.1f}"] for rule, n in most]
    report.table(rows)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _met(yes: bool) -> str:
    return "MET" if yes else "NOT MET"


def _plain(one: Quality | Caught) -> dict[str, object]:
    values = {name: getattr(one, name) for name in type(one).__slots__}
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}


# --- the picture --------------------------------------------------------------------------------------------------

INK, SOFT, GRID = "#1f2933", "#52606d", "#d9dee3"
COLOURS = {ENGINE: "#0b6e6e", "NEWS2 >= 5": "#8d99a6", "NEWS2 >= 7": "#c3cad1", SINGLE: "#d08a2e"}


def picture(real: Mapping[str, Quality], found: Mapping[str, Mapping[str, Caught]]) -> str:
    """Sensitivity against load on the real data, and what was found of each kind in the cohort, as one SVG."""
    height = 760 if real and found else 390
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" width="900" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="900" height="{height}" fill="#ffffff"/>',
    ]
    if real:
        parts += _scatter(real)
    if found:
        parts += ['<g transform="translate(0 380)">' if real else "<g>", *_bars(found), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, anchor: str = "middle", colour: str = INK, more: str = "") -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">=", "≥").replace(">", "&gt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" {more}>{text}</text>'


def _frame(title: str, under: str, y_of: Callable[[float], float]) -> list[str]:
    parts = [
        _text(60, 24, title, "start", more='font-size="16" font-weight="600"'),
        _text(60, 43, under, "start", SOFT),
    ]
    for tick in range(0, 101, 25):
        y = y_of(tick / 100)
        parts.append(f'<line x1="60" x2="870" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(52, y + 4, f"{tick} %", "end", SOFT))
    return parts


def _scatter(real: Mapping[str, Quality]) -> list[str]:
    most = max(q.load for q in real.values()) * 1.08

    def y_of(value: float) -> float:
        return 320 - 250 * value

    def x_of(load: float) -> float:
        return 60 + 810 * load / most

    parts = _frame(
        "Fresh events found, and what it costs (real unit, reporting half)",
        "share of fresh events with a new alert in the 24 h before, against all alerts; small dots: other NEWS2 limits",
        y_of,
    )
    step = next(s for s in (10, 20, 50, 100, 200, 500, 1000, 2000) if most / s <= 9)
    for load in range(0, int(most) + 1, step):
        parts.append(_text(x_of(load), 340, str(load), colour=SOFT))
    parts.append(_text(465, 362, "alerts per 100 patient-days", colour=SOFT))
    curve = {k: real[f"NEWS2 >= {k}"] for k in range(3, 11)}
    line = " ".join(f"{x_of(q.load):.1f},{y_of(q.fresh or 0):.1f}" for q in curve.values())
    parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS["NEWS2 >= 7"]}" stroke-width="1.5"/>')
    for k, q in curve.items():
        x, y = x_of(q.load), y_of(q.fresh or 0)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS["NEWS2 >= 5"]}"/>')
        if k not in (5, 7):
            parts.append(_text(x, y + 16, str(k), "middle", SOFT, 'font-size="11"'))
    placed: list[tuple[float, float]] = []
    for name, colour in (*COLOURS.items(), ("engine, any level", COLOURS[ENGINE])):
        q = real[name]
        x, y = x_of(q.load), y_of(q.fresh or 0)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}" stroke="{INK}"/>')
        label, left = y + 4, x > 720 or name.startswith("NEWS2")
        while any(abs(label - other) < 16 and abs(x - beside) < 130 for beside, other in placed):
            label += 4
        placed += [] if left else [(x, label)]
        parts.append(_text(x + (-11 if left else 11), label, name, "end" if left else "start"))
    return parts


def _bars(found: Mapping[str, Mapping[str, Caught]]) -> list[str]:
    def y_of(value: float) -> float:
        return 300 - 230 * value

    parts = _frame(
        "Deteriorations found before the red limit (cohort of invented admissions)",
        "bar: any alert after the onset; mark across it: what these hours of a stable admission would find by chance",
        y_of,
    )
    group = 810 / len(cohort.KINDS)
    width = (group - 26) / len(COLOURS)
    for number, kind in enumerate(cohort.KINDS):
        for place, (name, colour) in enumerate(COLOURS.items()):
            one = found[name][kind]
            x, top = 60 + number * group + 13 + place * width, y_of(one.found / max(one.admissions, 1))
            parts.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{width - 3:.1f}" height="{300 - top:.1f}" fill="{colour}"/>'
            )
            y = y_of(one.by_chance or 0)
            parts.append(f'<path d="M{x - 1:.1f} {y:.1f}H{x + width - 2:.1f}" stroke="{INK}" stroke-width="2"/>')
        parts.append(_text(60 + (number + 0.5) * group, 320, kind))
    for place, (name, colour) in enumerate(COLOURS.items()):
        parts.append(f'<rect x="{60 + place * 190}" y="340" width="14" height="14" fill="{colour}"/>')
        parts.append(_text(80 + place * 190, 352, name, "start"))
    return parts


def _page(report: Report, drawn: Path | None) -> str:
    """The tables with what they mean, as one page."""
    version = tomllib.loads((ROOT / "detox/protocols/alerts.toml").read_text("utf-8"))["version"]
    head = f"# How good the alerts are\n\nRules of version {version}, beside plain policies in the same run.\n"
    shown = f"\n![Events found against load, and deteriorations found]({drawn.name})\n" if drawn else ""
    how = "\n".join((__doc__ or "").splitlines()[1:])
    page = f"{head}{shown}\n" + "\n".join(report.parts)
    page += f"\n\n## How it is measured\n{how}\n\n## The cohort\n{cohort.__doc__}"
    return re.sub(r"\n{3,}", "\n\n", page).strip() + "\n"


def main() -> None:
    """Measure, print, write what was asked for."""
    shared = Path(os.environ.get("DETOX_SHARED") or ROOT.parent / "shared")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, default=shared / "data" / "vitals_real.csv.gz")
    parser.add_argument("--admissions", type=int, default=1000, help="size of the cohort; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    parser.add_argument("--picture", type=Path, help="write the picture (SVG) to this file")
    given = parser.parse_args()
    began = perf_counter()
    report = Report()
    real: dict[str, Quality] = {}
    if given.real.exists():
        real = on_real(given.real, report)
    else:
        report.say(f"No real data at {given.real.name}: DETOX_SHARED names no folder with data/vitals_real.csv.gz.")
    found = on_cohort(given.admissions, given.seed, report) if given.admissions else {}
    if given.markdown:
        given.markdown.write_text(_page(report, given.picture), "utf-8")
    if given.picture:
        given.picture.write_text(picture(real, found), "utf-8")
    print(json.dumps({"bench": "alert_quality", "seconds": round(perf_counter() - began, 1)} | report.figures))


if __name__ == "__main__":
    main()
