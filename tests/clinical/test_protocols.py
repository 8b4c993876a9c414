"""The loader refuses each kind of broken content with file, key and reason, and all that ships is sound."""

import re
from pathlib import Path

import pytest

from detox.clinical import protocols
from detox.clinical.protocols import NOT_REVIEWED, ROOT, File, Scale, VitalsFile, read
from detox.errors import ProtocolError

COWS = (ROOT / "scales" / "cows.toml").read_text(encoding="utf-8")
NEWS2 = (ROOT / "scales" / "news2.toml").read_text(encoding="utf-8")
VITALS = (ROOT / "vitals.toml").read_text(encoding="utf-8")


def refused(tmp_path: Path, text: str | bytes, kind: type[File] = Scale) -> str:
    path = tmp_path / "broken.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ProtocolError) as error:
        read(path, kind)
    assert str(error.value).startswith("broken.toml: ")
    assert error.value.file == "broken.toml"
    return str(error.value)


def changed(text: str, old: str, new: str, count: int = 1) -> str:
    assert old in text, old
    return text.replace(old, new, count)


def test_what_ships_is_sound() -> None:
    assert {"cows", "news2"} <= set(protocols.scales())
    assert protocols.vitals_file().id == "vitals"


def test_every_scale_names_source_version_evidence_and_a_true_review_state() -> None:
    for scale in protocols.scales().values():
        assert len(scale.source) > 20
        assert re.fullmatch(r"\d{4}\.\d+", scale.version)
        assert scale.reviewed == bool(scale.review.by and scale.review.on and scale.review.version == scale.version)
        assert scale.reviewed or scale.review_state == NOT_REVIEWED


def test_a_review_counts_only_for_the_version_that_was_reviewed(tmp_path: Path) -> None:
    review = '[review]\nby = "Dr Example"\non = "2026-11-01"\nversion = "2026.1"'
    text = re.sub(r'\[review\]\nby = ""\non = ""\nversion = ""', review, COWS)
    path = tmp_path / "cows.toml"
    path.write_text(text)
    assert read(path, Scale).review_state == "reviewed by Dr Example on 2026-11-01"
    path.write_text(changed(text, 'version = "2026.1"\ntitle', 'version = "2026.2"\ntitle'))
    assert read(path, Scale).review_state == NOT_REVIEWED
    path.write_text(changed(text, 'by = "Dr Example"', 'by = ""'))
    assert read(path, Scale).review_state == NOT_REVIEWED


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ProtocolError, match=r"nowhere.toml: the file is missing"):
        read(Path("/nowhere.toml"), Scale)


def test_what_is_no_toml_is_refused(tmp_path: Path) -> None:
    assert "it is not TOML" in refused(tmp_path, "id = = 1")
    assert "it is not TOML" in refused(tmp_path, b"id = '\xff'")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Clinical', 'titel = "Clinical', "titel: Extra inputs are not permitted"),
        ('id = "tremor"', 'id = "tremor"\ncolour = "red"', "colour: Extra inputs"),
        ('version = "2026.1"\n', "", "version: Field required"),
        ('evidence = "S"', 'evidence = "certain"', "evidence: String should match"),
        ('evidence = "S"', 'evidence = ""', "evidence: String should match"),
        ('title = "Clinical Opiate Withdrawal Scale"', 'title = "TODO"', "title holds placeholder text"),
        ('title = "Clinical Opiate Withdrawal Scale"', 'title = ""', "title: String should have at least 1"),
        ("at_least = 5\nid", "at_least = 13\nid", "bands must rise from the minimum 0"),
        ("at_least = 0\nid", "at_least = 1\nid", "bands must rise from the minimum 0"),
        ("at_least = 37\nid", "at_least = 49\nid", "cannot be reached: the greatest total is 48"),
        ("at_least = 5\nid", "at_least = -5\nid", "greater than or equal to 0"),
        ("at_least = 5\nid", "at_least = 5.5\nid", "at_least"),
        ('at_least = 5\nid = "mild"', 'at_least = 5\nup_to = 12\nid = "mild"', "up_to: Extra inputs"),
        ('id = "tremor"', 'id = "yawning"', "an item id stands twice"),
        ('{ value = 2, short = "slight"', '{ value = "2", short = "slight"', "valid integer"),
        ('{ value = 2, short = "slight"', '{ value = true, short = "slight"', "valid integer"),
        ('seen_by = "measured"', 'seen_by = "guessed"', "seen_by"),
        ("{ at_least = 101, points = 2", "{ at_least = 81, points = 2", "must rise by their lower bounds"),
        ("{ points = 0, label", "{ at_least = 10, points = 0, label", "first step has no lower bound"),
        ('observer = "clinician"', 'observer = "nobody"', "observer"),
    ],
)
def test_each_kind_of_broken_scale_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refused(tmp_path, changed(COWS, old, new))


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    assert "source: Field required" in refused(tmp_path, re.sub(r"(?m)^source = .*\n", "", COWS, count=1))


def test_bands_that_are_no_bands_are_refused(tmp_path: Path) -> None:
    without = re.sub(r"(?s)\[\[bands\]\].*?(?=\[\[items\]\])", "", COWS)
    assert "bands: Field required" in refused(tmp_path, without)
    assert "bands must rise" in refused(tmp_path, "bands = []\n" + without)


def test_an_item_with_two_ways_or_no_way_to_score_is_refused(tmp_path: Path) -> None:
    both = changed(COWS, 'vital = "heart_rate_per_min"', 'vital = "heart_rate_per_min"\ncodes = { A = 1 }')
    assert "needs exactly one of options, points, variants, codes" in refused(tmp_path, both)
    none = re.sub(r'(?s)(id = "gooseflesh".*?)options = \[.*?\n\]', r"\1", COWS)
    assert "needs exactly one of options, points, variants, codes" in refused(tmp_path, none)


def test_the_options_of_an_item_rise(tmp_path: Path) -> None:
    """Two answers with the same points, or falling ones, are a slip of whoever typed the file."""
    text = changed(COWS, '{ value = 2, short = "slight"', '{ value = 1, short = "slight"')
    assert "tremor" in refused(tmp_path, text)


def test_a_measured_item_names_a_vital_that_there_is(tmp_path: Path) -> None:
    text = changed(COWS, 'vital = "heart_rate_per_min"', 'vital = "heart_rate"')
    assert "heart_rate" in refused(tmp_path, text)


def test_variants_of_news2_rise_as_well(tmp_path: Path) -> None:
    text = changed(NEWS2, "{ at_least = 84, points = 2 }", "{ at_least = 87, points = 2 }")
    assert "must rise by their lower bounds" in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('vital = "systolic_mmhg"\nlabel', 'vital = "systolic"\nlabel', "'systolic' is no vital"),
        ("absolute = [0, 300]", "absolute = [60, 300]", "does not lie inside"),
        ('high = "systolic_amber_high" }', 'high = "systolic_high" }', "limits.toml has no limit 'systolic_high'"),
        ('high = "systolic_amber_high" }', 'high = "diastolic_red_high" }', "is a limit of diastolic_mmhg"),
        ('red = { low = "systolic_red_low"', 'red = { lowest = "systolic_red_low"', "Extra inputs"),
        ('unit = "mmHg"', 'unit = "mmHg"\nunits = "kPa"', "units: Extra inputs"),
        ('meaning = "high"', 'meaning = "rather high"', "meaning"),
        ("decimals = 1", 'decimals = "1"', "decimals"),
        ('{ value = 1, short = "a little"', '{ value = 4, short = "a little"', "do not rise from 0 by 1"),
        ('kind = "grade"', 'kind = "sign"', "a grade alone has grades"),
        ('kind = "sign"', 'kind = "grade"', "a grade alone has grades"),
    ],
)
def test_each_kind_of_broken_vitals_file_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refused(tmp_path, changed(VITALS, old, new), VitalsFile)


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    text = changed(changed(COWS, 'evidence = "S"', 'evidence = "x"'), 'observer = "clinician"', 'observer = "x"')
    said = refused(tmp_path, text)
    assert "evidence" in said
    assert "observer" in said


def test_an_unknown_scale_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(ProtocolError, match=r"there is no scale 'mood': choose one of .*cows.*news2"):
        protocols.scale("mood")


def test_a_scale_stands_in_the_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scales").mkdir()
    (tmp_path / "scales" / "sows.toml").write_text(COWS)
    monkeypatch.setattr(protocols, "ROOT", tmp_path)
    with pytest.raises(ProtocolError, match="'cows' is not the file's name"):
        protocols.scales.__wrapped__()


def test_a_new_scale_is_only_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detox.clinical import scales

    (tmp_path / "scales").mkdir()
    text = (
        'id = "thirst"\nversion = "2026.1"\ntitle = "Thirst"\nshort_name = "Thirst"\nobserver = "self-report"\n'
        'source = "Invented for this test"\nevidence = "P"\n'
        '[[bands]]\nat_least = 0\nid = "none"\nlabel = "none"\n[[bands]]\nat_least = 2\nid = "some"\nlabel = "some"\n'
        '[[items]]\nid = "dry"\nlabel = "Dry mouth"\nseen_by = "reported"\n'
        'options = [{ value = 0, short = "no", label = "No" }, { value = 3, short = "yes", label = "Yes" }]\n'
    )
    (tmp_path / "scales" / "thirst.toml").write_text(text)
    monkeypatch.setattr(protocols, "ROOT", tmp_path)
    thirst = protocols.scales.__wrapped__()["thirst"]
    assert scales.assess(thirst, {"dry": 3}).band == "some"
    assert scales.assess(thirst, {}).band is None
