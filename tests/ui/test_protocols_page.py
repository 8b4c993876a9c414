"""The protocols page: every file and every rule is on it, a search finds the row, a review is kept as typed."""

import tomllib

import pytest
from inside import changing, inside
from page_html import html_of

from detox import care
from detox.clinical.files import content_file, content_files
from detox.reports.protocols import review_states
from detox.ui.protocol_tables import _source
from detox.ui.words import esc

HOSTILE = "<img src=x onerror=alert(1)> **bold** [x](http://evil) <script>1</script>"


def rule_ids(text: str) -> set[str]:
    """The ids of everything that a file numbers, and the names of its limits and rules."""
    raw = tomllib.loads(text)
    entries = [entry for value in raw.values() if isinstance(value, list) for entry in value if isinstance(entry, dict)]
    entries += [value for value in raw.values() if isinstance(value, dict)]
    tables = [raw[name] for name in ("limits",) if isinstance(raw.get(name), dict)]
    tables += [raw["rules"]] if isinstance(raw.get("rules"), dict) else []
    bands = {entry["id"] for entry in (*raw.get("bands", ()), *raw.get("items", ()), *raw.get("schemes", ()))}
    return ({entry["id"] for entry in entries if "id" in entry} - bands) | {name for table in tables for name in table}


def choose(at, file_id):
    at.pills(key="file").set_value(file_id)
    return at.run()


def typed(at, text):
    at.text_input(key="find").set_value(text)
    return at.run()


@pytest.mark.parametrize("role", ["nurse", "physician", "manager"])
def test_everybody_sees_every_file_and_how_many_are_not_reviewed(open_page, request, role):
    at = open_page(request.getfixturevalue(role), "protocols")
    assert not at.exception
    text = html_of(at)
    files = content_files()
    assert f"{len(files)} of {len(files)} files are NOT YET REVIEWED" in text
    for one in files:
        assert esc(one.file.title) in text
        assert esc(one.file.version) in text
    assert "[K] from general knowledge: to be checked" in text


@pytest.mark.parametrize("one", content_files(), ids=lambda one: one.id)
def test_every_rule_of_a_file_is_on_its_page(open_page, nurse, one):
    at = choose(open_page(nurse, "protocols"), one.id)
    assert not at.exception
    text = html_of(at)
    assert "NOT YET REVIEWED" in text
    assert "Never reviewed here" in text
    missing = {name for name in rule_ids(one.text) if esc(name) not in text}
    assert missing == set()
    for item in getattr(one.file, "items", ()):
        assert esc(item.label) in text
        for option in item.options:
            assert esc(option.label) in text
    for band in getattr(one.file, "bands", ()):
        assert esc(band.label) in text
    for note in one.file.contested:
        assert esc(note) in text
    assert at.code[0].value.strip() == one.text.strip()
    assert not at.text_area, "a nurse records no review"


def test_180_leads_to_its_source(open_page, nurse):
    text = html_of(typed(open_page(nurse, "protocols"), "180"))
    assert text.index("systolic_high_red") < text.index("sbp_crisis") < text.index("Only the source of these says so")
    assert "B2: 180/120 crisis convention; clear limit B6.2" in text


def test_what_is_not_there_is_said_and_what_was_typed_is_shown_as_typed(open_page, nurse):
    text = html_of(typed(open_page(nurse, "protocols"), HOSTILE))
    assert f"holds “{esc(HOSTILE)}”" in text
    assert "<img" not in text


def test_a_search_stays_in_the_file_that_was_chosen(open_page, nurse):
    at = typed(choose(open_page(nurse, "protocols"), "vitals"), "systolic")
    text = html_of(at)
    assert "in Vitals with" in text
    assert "systolic_high_red" not in text


def test_an_address_in_a_link_shows_the_rule(visit_as, open_page, nurse):
    at = open_page(nurse, "protocols", find="sedation_red")
    assert "A9: level 3 is unacceptable" in html_of(at)


def test_a_manager_records_a_review_and_it_counts_everywhere(open_page, manager, store, now):
    at = choose(open_page(manager, "protocols"), "alerts")
    next(b for b in at.button if b.label.startswith("Record review")).click()
    at.run()
    assert "has no name" in at.error[0].value
    assert "There is no statement" in at.error[0].value
    given = {"reviewer": "Dr <b>A</b>", "profession": "consultant", "statement": HOSTILE}
    for name, value in given.items():
        next(w for w in (*at.text_input, *at.text_area) if str(w.key).startswith(f"{name}-")).set_value(value)
    next(b for b in at.button if b.label.startswith("Record review")).click()
    at.run()
    assert not at.exception
    text = html_of(at)
    count = len(content_files())
    assert f"{count - 1} of {count} files are NOT YET REVIEWED" in text
    assert f"“{esc(HOSTILE)}”" in text
    assert "<img" not in text
    assert "<b>A</b>" not in text
    assert "✓ Recorded: Alerts version 2026.5, reviewed by Dr &lt;b&gt;A&lt;/b&gt;" in text
    assert "Nothing differs from the last review" in text
    assert not [w for w in at.text_area if w.value], "the form is empty again"
    with inside(store) as tx:
        assert review_states(tx)["alerts"].reviewed


def test_what_differs_is_shown_old_and_new(open_page, manager, store, now):
    one = content_file("vitals")
    older = one.text.replace("absolute = [0, 300]", "absolute = [0, 290]", 1)
    given = {"profession": "physician", "sha256": one.sha256, "review_id": "r1"}
    care.review(store, manager, one.id, one.file.version, "Dr A", "read", now, **given)
    with changing(store) as tx:
        tx.execute("DROP TRIGGER protocol_review_keeps")
        tx.execute("UPDATE protocol_review SET content = ?, sha256 = ? WHERE id = 'r1'", (older, "0" * 64))
    text = html_of(choose(open_page(manager, "protocols"), "vitals"))
    assert "1 value differs from version 2026.4" in text
    assert "ranges systolic_mmhg › absolute" in text
    assert "<del>0, 290</del>" in text
    assert "<ins>0, 300</ins>" in text
    assert "not the text in force" in text
    assert "NOT YET REVIEWED" in text


@pytest.mark.parametrize(
    ("source", "url", "links"),
    [
        ("Paper. doi:10.1000/x.1.", "", ['href="https://doi.org/10.1000/x.1"']),
        ("See https://a.example/b (2020)", "", ['href="https://a.example/b"']),
        ("Paper", "https://a.example/b", ['href="https://a.example/b"']),
        ("Paper", "http://a.example/b", []),
        ("Paper", "javascript:alert(1)", []),
        ("Paper javascript:alert(1)", "https://a.example/'onmouseover='x", []),
        ("<b>Paper</b>", "", []),
    ],
)
def test_only_https_becomes_a_link(source, url, links):
    html = _source(source, url)
    assert html.count("<a ") == len(links)
    for link in links:
        assert link in html
        assert 'rel="noreferrer noopener" target="_blank"' in html
    assert "<b>" not in html
