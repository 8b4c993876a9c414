"""The protocols page as values: every content file with its rows, its reviews, and what differs since the last one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from zoneinfo import ZoneInfo

from detox.clinical.administration import GivingFile
from detox.clinical.alerts.rules import AlertsFile
from detox.clinical.content import NOT_REVIEWED, Content, File
from detox.clinical.drugs import DrugsFile
from detox.clinical.files import ContentFile, ProtocolReview, content_files
from detox.clinical.limits import LimitsFile
from detox.clinical.medicines import MedicinesFile
from detox.clinical.monitoring.schedule import MonitoringFile
from detox.clinical.protocols import Scale, VitalsFile
from detox.clinical.situations import DischargeFile, SituationsFile
from detox.clinical.suggestions.content import SuggestionsFile
from detox.clinical.taper_content import LaddersFile, Template
from detox.instants import wall
from detox.reports.protocol_changes import Change, changes, values
from detox.reports.protocol_drugs import drug_sections
from detox.reports.protocol_giving import discharge_sections, giving_sections, medicine_sections, situation_sections
from detox.reports.protocol_limits import limit_sections
from detox.reports.protocol_monitoring import monitoring_sections
from detox.reports.protocol_rows import (
    Row,
    Section,
    alert_sections,
    others,
    suggestion_sections,
    vitals_sections,
)
from detox.reports.protocol_scales import scale_sections
from detox.reports.protocol_tapers import ladder_sections, template_sections
from detox.store import Connection, find, find_reviews

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_TITLE_KEYS = frozenset(Content.model_fields) | frozenset(File.model_fields)


@dataclass(frozen=True, slots=True)
class ReviewState:
    """Whether a named person has reviewed exactly what is in force, and what a screen says of it."""

    reviewed: bool
    words: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """One content file as the page shows it. `differs` is None when no reviewed text was ever kept."""

    one: ContentFile
    state: ReviewState
    sections: tuple[Section, ...]
    history: tuple[ProtocolReview, ...]
    differs: tuple[Change, ...] | None

    @property
    def same_text(self) -> bool:
        """True when the newest review is of the text in force."""
        return bool(self.history) and self.history[0].covers(self.one)


@dataclass(frozen=True, slots=True)
class Hit:
    """Rows of one section that a search found; `in_source` when only their source does."""

    one: ContentFile
    section: Section
    in_source: bool


def review_states(tx: Connection) -> dict[str, ReviewState]:
    """For every content file by its id: is this version, this very text, reviewed? A new version is not.

    A review counts when it was recorded here for exactly the version and text in force, or stands in the file itself.
    """
    wards = find.wards(tx)
    zone = ZoneInfo(wards[0].time_zone) if wards else ZoneInfo("UTC")
    return _states(find_reviews.reviews(tx), zone)


def unrecorded_states() -> dict[str, ReviewState]:
    """The same where no review can have been recorded: only what the files say of themselves."""
    return _states([], ZoneInfo("UTC"))


def file_report(tx: Connection, one: ContentFile) -> FileReport:
    """One file whole: rows, review state, history, and what differs from the newest recorded review."""
    history = tuple(kept for kept in find_reviews.reviews(tx) if kept.file_id == one.id)
    before = find_reviews.reviewed_text(tx, history[0].id) if history else None
    differs = None if before is None else changes(before, one.text)
    return FileReport(one, review_states(tx)[one.id], sections_of(one), history, differs)


def sections_of(one: ContentFile) -> tuple[Section, ...]:
    """Every value of one file in force, as tables. Content changes with a release only: worked out once a process."""
    return _sections(one)


def find_rows(query: str, only: ContentFile | None = None) -> list[Hit]:
    """The rows that hold every word of the query; those that say it themselves before those whose source does.

    A number is met by the same number only: 180 by 180 and 180.0, never by 1180.
    """
    words = query.lower().replace("_", " ").split()
    wanted = [only] if only is not None else content_files()
    if not words:
        return []
    found = [
        Hit(one, replace(s, rows=rows), in_source)
        for in_source in (False, True)
        for one in wanted
        for s in sections_of(one)
        if (rows := tuple(_matching(s.rows, words, in_source)))
    ]
    return sorted(found, key=lambda hit: hit.in_source)


def first(hits: Iterable[Hit], most: int) -> list[Hit]:
    """The same up to `most` rows."""
    kept: list[Hit] = []
    for hit in hits:
        rows = hit.section.rows[:most]
        if rows:
            kept.append(replace(hit, section=replace(hit.section, rows=rows)))
        most -= len(rows)
    return kept


def count_words(states: Iterable[ReviewState]) -> str:
    """3 of 20 files are NOT YET REVIEWED; or that all of them are."""
    every = list(states)
    unreviewed = sum(not state.reviewed for state in every)
    if not unreviewed:
        return f"All {len(every)} files are reviewed"
    return f"{unreviewed} of {len(every)} files {'is' if unreviewed == 1 else 'are'} {NOT_REVIEWED}"


def _states(reviews: list[ProtocolReview], zone: ZoneInfo) -> dict[str, ReviewState]:
    states = {}
    for one in content_files():
        kept = next((made for made in reviews if made.covers(one)), None)
        if kept is not None:
            on = wall(kept.reviewed_at, zone, "%-d %b %Y")
            words = f"reviewed by {kept.reviewer_name}, {kept.profession}, on {on}"
            states[one.id] = ReviewState(True, words)
        else:
            states[one.id] = ReviewState(one.file.reviewed, one.file.review_state)
    return states


@cache
def _sections(one: ContentFile) -> tuple[Section, ...]:
    match one.file:
        case LimitsFile():
            return tuple(limit_sections(one.file))
        case AlertsFile():
            return tuple(alert_sections(one.file))
        case VitalsFile():
            return tuple(vitals_sections(one.file))
        case MonitoringFile():
            return tuple(monitoring_sections(one.file))
        case SuggestionsFile():
            return tuple(suggestion_sections(one.file))
        case Scale():
            return tuple(scale_sections(one.file))
        case LaddersFile():
            return tuple(ladder_sections(one.file))
        case Template():
            return tuple(template_sections(one.file))
        case GivingFile():
            return tuple(giving_sections(one.file))
        case DrugsFile():
            return tuple(drug_sections(one.file))
        case SituationsFile():
            return tuple(situation_sections(one.file))
        case MedicinesFile():
            return tuple(medicine_sections(one.file))
        case DischargeFile():
            return tuple(discharge_sections(one.file))
        case _:
            return tuple(_as_it_stands(one))


def _as_it_stands(one: ContentFile) -> Iterator[Section]:
    """A file that no section is written for, key by key."""
    told = {
        key: value if isinstance(value, str) else "; ".join(value)
        for key, value in values(one.text).items()
        if key.split(" ")[0] not in _TITLE_KEYS
    }
    source, tag = one.file.source, one.file.evidence
    rows = [
        Row(key, (key, value), told.get(_beside(key, "source"), source), told.get(_beside(key, "evidence"), tag))
        for key, value in told.items()
    ]
    if rows:
        yield Section("Every value", ("Key", "Value"), tuple(rows))
    yield from others(one.file, set(one.file.model_extra or ()))


def _beside(key: str, name: str) -> str:
    return f"{key.rpartition(' › ')[0]} › {name}"


def _matching(rows: tuple[Row, ...], words: list[str], in_source: bool) -> Iterator[Row]:
    for row in rows:
        own = all(_holds(row.said, row.numbers, word) for word in words)
        if own != in_source and (own or all(_holds(row.everything, row.every_number, word) for word in words)):
            yield row


def _holds(text: str, numbers: frozenset[float], word: str) -> bool:
    if _NUMBER.fullmatch(word):
        return float(word.replace(",", ".").lstrip("+-")) in numbers
    return re.search(rf"(?<![a-z0-9]){re.escape(word)}", text) is not None
