"""The protocols page's own HTML: tables of rows with their sources, reviews, and what differs. Escaped here, once."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from detox.clinical.files import ContentFile, ProtocolReview
from detox.instants import wall
from detox.reports.protocol_changes import Change
from detox.reports.protocol_rows import EVIDENCE, Row, Section, evidence_words
from detox.reports.protocol_scales import NOT_AUTHORS
from detox.reports.protocols import FileReport, Hit, ReviewState
from detox.ui import words
from detox.ui.words import esc

_ADDRESS = re.compile(r"https://[^\s\"'<>|;,)]+|\bdoi:(10\.\d{4,9}/[^\s\"'<>|;,)]+)")
_LONG = 60
_SHOWN = 16


def sheet() -> str:
    """The style element; the colours are those of the page's own sheet."""
    return f"<style>{Path(__file__).with_name('protocols.css').read_text(encoding='utf-8')}</style>"


def count_html(states: Mapping[str, ReviewState], said: str) -> str:
    """How many files nobody has reviewed, first of all."""
    if all(state.reviewed for state in states.values()):
        return f'<div class="dx-alert info"><b>{esc(said)}</b></div>'
    return (
        f'<div class="dx-alert unknown"><b>? {esc(said)}.</b> '
        "Their numbers must not guide care before a named clinician has checked and signed them.</div>"
    )


def legend_html() -> str:
    """What the evidence tags mean."""
    tags = "".join(f"<span{_check(tag)}>[{esc(tag)}] {esc(means)}</span>" for tag, means in EVIDENCE.items())
    return f'<div class="pt-legend"><span>Evidence:</span>{tags}</div>'


def files_html(files: Iterable[ContentFile], states: Mapping[str, ReviewState]) -> str:
    """Every file in one table: version, review, source."""
    rows = "".join(
        f"<tr><td><b>{esc(one.name)}</b><br>{esc(one.file.title)}</td><td>{esc(one.file.version)}</td>"
        f"<td>{state_html(states[one.id])}</td><td class='pt-long'>{_source(one.file.source, one.file.url)}"
        f"{_tags(one.file.evidence)}</td></tr>"
        for one in files
    )
    head = "".join(f"<th>{name}</th>" for name in ("Content", "Version", "Review", "Source and evidence"))
    return f'<div class="pt-table"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def file_html(report: FileReport) -> str:
    """What one file says of itself: title, version, review, source, licence."""
    file = report.one.file
    licence = f"<p><b>Licence</b> {esc(file.licence)}</p>" if file.licence else ""
    return (
        f'<div class="pt-facts"><div class="pt-head"><h2>{esc(file.title)}</h2>'
        f"<span>version <b>{esc(file.version)}</b></span>{state_html(report.state)}</div>"
        f"<p><b>Source</b> {_source(file.source, file.url)}{_tags(file.evidence)}</p>{licence}</div>"
    )


def state_html(state: ReviewState) -> str:
    """NOT YET REVIEWED plain to see, or who has reviewed."""
    return f'<span class="{"pt-reviewed" if state.reviewed else "dx-unreviewed"}">{esc(state.words)}</span>'


def section_html(section: Section, one: ContentFile) -> str:
    """One table; a source that all its rows share stands once above it, any other in the row."""
    shared, file = section.shared, one.file
    above = ""
    if shared == (file.source, file.evidence):
        above = '<span class="pt-of">Source: that of the file, above</span>'
    elif shared:
        above = f'<span class="pt-of">Source: {_source(shared[0], "")}{_tags(shared[1])}</span>'
    return _table(section, f"<h3>{esc(section.title)}</h3>{above}", own_source=not shared)


def hits_html(hits: Iterable[Hit], states: Mapping[str, ReviewState]) -> str:
    """What a search found, each row with its source: the rows that say it, then those whose source does."""
    parts: list[str] = []
    source_told = False
    for hit in hits:
        if hit.in_source and not source_told:
            parts.append('<p class="pt-only"><b>Only the source of these says so:</b></p>')
            source_told = True
        named = f"{esc(hit.one.name)} {esc(hit.one.file.version)}: {esc(hit.section.title)}"
        title = f'<div class="pt-head"><h3>{named}</h3>{state_html(states[hit.one.id])}</div>'
        parts.append(_table(hit.section, title, own_source=True, url=hit.one.file.url))
    return "".join(parts)


def _table(section: Section, title: str, *, own_source: bool, url: str = "") -> str:
    if section.plain:
        listed = "".join(f"<li>{_text(row.cells[0])}</li>" for row in section.rows)
        return f'<div class="pt-table">{title}<ul>{listed}</ul></div>'
    head = "".join(f"<th>{esc(name)}</th>" for name in section.head)
    head += "<th>Source, evidence</th>" if own_source else ""
    rows = "".join(_row(row, own_source=own_source, url=url) for row in section.rows)
    return f'<div class="pt-table">{title}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def history_html(history: Iterable[ProtocolReview], one: ContentFile, zone: ZoneInfo) -> str:
    """Every review that was recorded, the newest first: who, when, which version, in which words."""
    entries = "".join(
        f"<li><b>{wall(made.reviewed_at, zone, '%-d %b %Y %H:%M')}</b>, version {esc(made.version)}"
        f"{'' if made.covers(one) else ' (not the text in force)'}: <b>{esc(made.reviewer_name)}</b>, "
        f"{esc(made.profession)}: “{esc(made.statement)}” "
        f'<span class="dx-quiet">recorded by {esc(made.recorded_by)}, {esc(words.ROLES.get(made.role, made.role))}; '
        f"SHA-256 {esc(made.sha256[:_SHOWN])}…</span></li>"
        for made in history
    )
    told = f"<ul>{entries}</ul>" if entries else "<p>No review has been recorded.</p>"
    return f'<div class="pt-table"><h3>Reviews recorded so far</h3>{told}</div>'


def differs_html(report: FileReport, zone: ZoneInfo) -> str:
    """What differs from the text of the newest recorded review, or that there is none to compare with."""
    if report.differs is None:
        return '<p class="pt-only">Never reviewed here: there is no earlier text to compare with.</p>'
    last = report.history[0]
    when = f"version {esc(last.version)}, reviewed {wall(last.reviewed_at, zone, '%-d %b %Y')}"
    if report.same_text:
        return f'<p class="pt-only">Nothing differs from the last review: this is the text of {when}.</p>'
    if not report.differs:
        return f'<p class="pt-only">Only comments, layout or the order of entries differ from {when}.</p>'
    rows = "".join(_change(change) for change in report.differs)
    count = f"{len(report.differs)} {'value differs' if len(report.differs) == 1 else 'values differ'}"
    return (
        f'<div class="pt-table pt-diff"><h3>{count} from {when}</h3>'
        f"<table><thead><tr><th>What</th><th>Key</th><th>Was</th><th>Is</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _change(change: Change) -> str:
    return (
        f"<tr><td><b>{change.kind}</b></td><td>{esc(change.key)}</td>"
        f"<td><del>{esc(change.before)}</del></td><td><ins>{esc(change.after)}</ins></td></tr>"
    )


def _row(row: Row, *, own_source: bool, url: str) -> str:
    first, *more = row.cells
    level = f'<span class="pt-level {row.look}">{words.LEVELS[row.look]}</span><br>' if row.look in _LEVELS else ""
    head, *under = first.split("\n")
    quiet = "".join(f'<br><span class="dx-quiet pt-id">{_text(line)}</span>' for line in under)
    cells = "".join(_cell(cell) for cell in more)
    told = f"<span>{_source(row.source, url)}</span>{_tags(row.evidence)}"
    source = f'<td class="pt-source">{told}</td>' if own_source else ""
    return f"<tr><td>{level}<b>{_text(head)}</b>{quiet}</td>{cells}{source}</tr>"


_LEVELS = ("critical", "warning", "info")


def _cell(text: str) -> str:
    if text == NOT_AUTHORS:
        return f'<td><span class="pt-theirs">{_text(text)}</span></td>'
    return f"<td{' class=pt-long' if len(text) > _LONG else ''}>{_text(text)}</td>"


def _text(text: str) -> str:
    return esc(text).replace("\n", "<br>")


def _source(source: str, url: str) -> str:
    """The source; an https address or a DOI in it is a link, and so is the file's own address."""
    linked, at = "", 0
    for found in _ADDRESS.finditer(source):
        shown = found.group().rstrip(".")
        target = f"https://doi.org/{found.group(1).rstrip('.')}" if found.group(1) else shown
        linked += esc(source[at : found.start()]) + _link(target, shown)
        at = found.start() + len(shown)
    linked += esc(source[at:])
    return linked + (f" {_link(url, url)}" if _is_address(url) and url not in source else "")


def _link(target: str, shown: str) -> str:
    return f'<a href="{esc(target)}" rel="noreferrer noopener" target="_blank">{esc(shown)}</a>'


def _is_address(url: str) -> bool:
    return _ADDRESS.fullmatch(url) is not None and url.startswith("https://")


def _tags(tags: str) -> str:
    told = (
        f"<span{' class=check' if said.startswith(('[K]', '[?]')) else ''}>{esc(said)}</span>"
        for said in evidence_words(tags)
    )
    return f' <span class="pt-tags">{", ".join(told)}</span>'


def _check(tag: str) -> str:
    return ' class="check"' if tag in ("K", "?") else ""
