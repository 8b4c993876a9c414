"""The protocols page as values: nothing of any file is left out, a search finds it, a difference is told in words."""

import tomllib
from collections.abc import Iterator

import pytest
from inside import inside

from detox.clinical import protocols
from detox.clinical.files import ContentFile, OtherFile, content_file, content_files
from detox.clinical.suggestions.content import filled
from detox.reports.protocol_changes import Change, changes
from detox.reports.protocol_rows import EVIDENCE, evidence_words
from detox.reports.protocols import count_words, find_rows, first, review_states, sections_of, unrecorded_states

FILES = content_files()
AT_THE_HEAD = {"id", "version", "title", "source", "url", "evidence", "licence", "review", "contested"}
SAID_OTHERWISE = {
    "decimals",
    "word",
    "short",
    "seen_by",
    "kind",
    "observer",
    "use",
    "authors",
    "options",
    "band_scheme",
}


def leaves(value: object, key: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value


def said(one: ContentFile) -> str:
    return "\n".join(
        " ".join((s.title, *row.cells, row.id, row.source, row.evidence)) for s in sections_of(one) for row in s.rows
    )


def test_every_file_is_there() -> None:
    there = {path.relative_to(protocols.ROOT).as_posix() for path in protocols.ROOT.rglob("*.toml")}
    assert {one.path for one in FILES} == there
    assert [one.id for one in FILES][:4] == ["limits", "alerts", "vitals", "monitoring"]
    assert {one.id for one in FILES} == set(unrecorded_states())


@pytest.mark.parametrize("one", FILES, ids=lambda one: one.id)
def test_every_text_of_a_file_stands_in_its_rows(one: ContentFile) -> None:
    """Whatever a file says in words, its rows say in the same words."""
    raw = {key: value for key, value in tomllib.loads(one.text).items() if key not in AT_THE_HEAD}
    if one.id == "suggestions":  # its sentences name limits, and are shown with their numbers
        raw = filled(raw)
    text = said(one)
    plain = text.replace("_", " ")
    labels = {v: r.label for r in protocols.vitals_file().ranges for v in [r.vital]}
    missing = [
        (key, value)
        for key, value in leaves(raw)
        if isinstance(value, str) and value and key not in SAID_OTHERWISE
        if value not in text and value.replace("_", " ") not in plain and labels.get(value, value) not in text
        if not _by_name(one, key, value, text)
    ]
    assert missing == []


def _by_name(one: ContentFile, key: str, value: str, text: str) -> bool:
    """True when the value names an item, a vital, a measure or a NEWS2 response, which the rows call by its label."""
    names = {c.vital: c.label for c in protocols.vitals_file().coded}
    names |= {name: scale.short_name for name, scale in protocols.scales().items()}
    names |= {item.id: item.label for item in getattr(one.file, "items", ())}
    names |= {r.risk: r.response for r in protocols.scale("news2").responses} if key == "action_of_news2" else {}
    if key in ("measure", "vital"):
        from detox.reports.protocol_rows import measure

        return measure(value) in text
    return value in names and names[value] in text


@pytest.mark.parametrize("one", FILES, ids=lambda one: one.id)
def test_every_number_of_a_file_stands_in_its_rows(one: ContentFile) -> None:
    raw = {key: value for key, value in tomllib.loads(one.text).items() if key not in AT_THE_HEAD}
    numbers = {n for s in sections_of(one) for row in s.rows for n in row.numbers}
    absent = {
        (key, value)
        for key, value in leaves(raw)
        if isinstance(value, (int, float)) and not isinstance(value, bool)
        if key not in SAID_OTHERWISE | {"objective_from", "spo2_scale", "grade"} and abs(float(value)) not in numbers
    }
    left = {
        (key, value) for key, value in absent
        if not (key in ("critical", "normal", "plausible") and _at_the_edge(one, float(value)))
        if not (key == "at_least" and one.id in ("c-ssrs",))
    }  # fmt: skip
    assert left == set()


def _at_the_edge(one: ContentFile, value: float) -> bool:
    """A critical limit that is the absolute one cannot be passed: the row says never, or the other side alone."""
    return any(value in r.absolute for r in one.file.ranges)


@pytest.mark.parametrize("one", FILES, ids=lambda one: one.id)
def test_every_row_has_a_source_and_evidence_that_is_spelled_out(one: ContentFile) -> None:
    rows = [row for s in sections_of(one) for row in s.rows]
    assert rows
    for row in rows:
        assert row.source.strip()
        for words in evidence_words(row.evidence):
            assert words.split("] ")[1] in EVIDENCE.values()


def test_a_band_says_its_numbers_first_and_whose_it_is() -> None:
    bands = next(s for s in sections_of(content_file("cows")) if s.title == "Bands")
    assert [row.cells for row in bands.rows][:2] == [
        ("0 to 4", "below mild", "not the authors'"),
        ("5 to 12", "mild", "the authors'"),
    ]


@pytest.mark.parametrize("query", ["180", "SBP 180", "systolic 180", "180.0", "systolic_red_high", "bp 180"])
def test_the_limit_of_systolic_180_is_the_first_hit(query: str) -> None:
    hit = find_rows(query)[0]
    row = hit.section.rows[0]
    assert (hit.one.id, row.id, hit.in_source) == ("limits", "systolic_red_high", False)
    assert row.cells[1:] == ("Systolic pressure", "180 mmHg or more", "170 mmHg or less")
    assert row.source.startswith("B2 and updates: 180/120 crisis convention")


def test_an_alert_rule_shows_the_numbers_of_the_limits_that_it_names() -> None:
    row = next(r for s in sections_of(content_file("alerts")) for r in s.rows if r.id == "systolic_high_red")
    assert row.cells[1].startswith(
        "Systolic pressure: 180 mmHg or more (limit systolic red high)\n"
        "clears: Systolic pressure: 170 mmHg or less (limit systolic red high)"
    )


def test_a_number_is_not_found_inside_another() -> None:
    assert not any("1" in row.cells[0] for hit in find_rows("18000") for row in hit.section.rows)
    found = [row for hit in find_rows("80") if not hit.in_source for row in hit.section.rows]
    assert all(80.0 in row.numbers for row in found)


def test_a_search_can_stay_in_one_file_and_finds_nothing_for_nothing() -> None:
    assert {hit.one.id for hit in find_rows("systolic", content_file("vitals"))} == {"vitals"}
    assert find_rows("   ") == []
    assert find_rows("xylophone") == []


def test_rows_whose_source_alone_says_it_come_last() -> None:
    order = [hit.in_source for hit in find_rows("180")]
    assert order == sorted(order)
    assert order[-1]


def test_the_first_rows_of_many() -> None:
    hits = find_rows("a")
    assert sum(len(hit.section.rows) for hit in first(hits, 7)) == 7


def test_differences_are_told_by_the_names_of_things() -> None:
    before = """
        words = ["a", "b"]
        [[rules]]
        id = "one"
        all = [{ measure = "systolic_mmhg", at_least = 180 }]
        [[rules]]
        id = "two"
        level = "warning"
    """
    after = """
        words = ["b", "c"]
        [[rules]]
        id = "one"
        all = [{ measure = "systolic_mmhg", at_least = 170 }]
        grade = 2
    """
    assert changes(before, after) == (
        Change("added", "words", after="c"),
        Change("removed", "words", before="a"),
        Change("changed", "rules one › all systolic_mmhg › at_least", "180", "170"),
        Change("added", "rules one › grade", after="2"),
        Change("removed", "rules two › id", before="two"),
        Change("removed", "rules two › level", before="warning"),
    )


def test_comments_and_order_are_no_difference() -> None:
    assert changes('# old\nx = ["a", "b"]\ny = 1', 'y = 1 # new\nx = ["b", "a"]') == ()


def test_two_ranges_of_one_vital_are_told_apart() -> None:
    text = '[[r]]\nvital = "spo2_percent"\nlow = 96\n[[r]]\nvital = "spo2_percent"\nspo2_scale = 2\nlow = 88'
    (found,) = changes(text, text.replace("low = 88", "low = 87"))
    assert (found.key, found.before, found.after) == ("r spo2_percent scale 2 › low", "88", "87")


def test_a_file_that_nobody_reads_is_shown_key_by_key() -> None:
    text = 'source = "S"\n[limits.fast]\nvalue = 47\nsource = "A road sign"\nevidence = "P"\n'
    file = OtherFile(id="extra", version="1", title="T", source="S", evidence="K", limits={"fast": {}})
    (section,) = sections_of(ContentFile("extra.toml", file, text))
    row = section.rows[0]
    assert row.cells == ("limits › fast › value", "47")
    assert (row.source, row.evidence) == ("A road sign", "P")


def test_what_nobody_has_reviewed_is_counted(store, ward) -> None:
    with inside(store) as tx:
        states = review_states(tx)
    assert states == unrecorded_states()
    assert count_words(states.values()) == f"{len(FILES)} of {len(FILES)} files are NOT YET REVIEWED"
