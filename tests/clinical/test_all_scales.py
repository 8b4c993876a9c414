"""The scales that ship: their figures typed a second time, and each way in which a scale file can be broken."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from detox.clinical import protocols, scales
from detox.clinical.content import read
from detox.clinical.model import Vitals
from detox.clinical.protocols import NOT_REVIEWED, ROOT, Scale, VitalsFile
from detox.commands.lines import answer_lines
from detox.commands.scoring import scored
from detox.errors import ProtocolError, Refused

# id: items, least, greatest, lower bound of each band
FIGURES: dict[str, tuple[int, int, int, dict[str, int]]] = {
    "cows": (11, 0, 48, {"none": 0, "mild": 5, "moderate": 13, "moderately_severe": 25, "severe": 37}),
    "sows-handelsman": (16, 0, 64, {"none": 0, "mild": 1, "moderate": 11, "severe": 21}),
    "sows-gossop": (10, 0, 30, {}),
    "oows": (13, 0, 13, {}),
    "ciwa-ar": (10, 0, 67, {"mild": 0, "moderate": 10, "severe": 19}),
    "ciwa-b": (20, 0, 80, {"none": 0, "mild": 1, "moderate": 21, "severe": 41, "very_severe": 61}),
    "news2": (7, 0, 20, {"low": 0, "medium": 5, "high": 7}),
    "pain-nrs": (1, 0, 10, {"none": 0, "mild": 1, "moderate": 4, "severe": 7}),
    "phq-2": (2, 0, 6, {"negative": 0, "positive": 3}),
    "phq-9": (9, 0, 27, {"minimal": 0, "mild": 5, "moderate": 10, "moderately_severe": 15, "severe": 20}),
    "gad-2": (2, 0, 6, {"negative": 0, "positive": 3}),
    "gad-7": (7, 0, 21, {"minimal": 0, "mild": 5, "moderate": 10, "severe": 15}),
    "rass": (1, -5, 4, {
        "unarousable": -5, "deep": -4, "moderate": -3, "light": -2, "drowsy": -1, "alert_calm": 0, "restless": 1,
        "agitated": 2, "very_agitated": 3, "combative": 4,
    }),
    "sedation": (1, 0, 4, {"S": 0, "1": 1, "2": 2, "3": 3, "4": 4}),
    "c-ssrs": (7, 0, 3, {"none": 0, "low": 1, "moderate": 2, "high": 3}),
}  # fmt: skip
SCHEMES = {
    "asam_2020": (0, 10, 19), "sullivan_style_8_15": (0, 8, 16), "camcops": (0, 8, 15), "guide_10_16": (0, 11, 17),
    "calculator_8_19": (0, 9, 20),
}  # fmt: skip
PLAIN = {item for item in FIGURES if item not in ("cows", "news2", "sedation")}


def text_of(scale_id: str) -> str:
    return (ROOT / "scales" / f"{scale_id}.toml").read_text(encoding="utf-8")


def refused(tmp_path: Path, text: str, kind: type[Any] = Scale) -> str:
    path = tmp_path / "broken.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError) as error:
        read(path, kind)
    assert str(error.value).startswith("broken.toml: ")
    return str(error.value)


def changed(scale_id: str, old: str, new: str) -> str:
    text = text_of(scale_id)
    assert old in text, old
    return text.replace(old, new, 1)


# --- what ships ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale_id", FIGURES)
def test_the_figures_of_each_scale(scale_id: str) -> None:
    scale = protocols.scale(scale_id)
    items, least, greatest, bands = FIGURES[scale_id]
    assert (len(scale.items), scale.minimum, scale.maximum) == (items, least, greatest)
    assert {band.id: band.at_least for band in scale.bands} == bands


def test_every_scale_says_where_it_comes_from_who_rates_it_and_what_is_contested() -> None:
    for scale in protocols.scales().values():
        assert scale.source
        assert scale.licence, scale.id
        assert scale.contested, scale.id
        assert scale.review_state == NOT_REVIEWED or scale.reviewed
        assert scale.url.startswith("https://") or scale.evidence == "K", scale.id
        if "confirmed" in scale.licence or "unknown" in scale.licence:
            assert all(len(option.label) < 60 for item in scale.items for option in item.options)


def test_bands_that_are_nobodys_say_whose_convention_they_are() -> None:
    for scale in protocols.scales().values():
        if scale.bands and not any(band.authors for band in scale.bands):
            assert scale.bands_source or scale.schemes, scale.id


def test_the_other_ways_to_cut_ciwa_ar_are_kept_with_their_sources() -> None:
    scale = protocols.scale("ciwa-ar")
    assert scale.band_scheme == "asam_2020"
    assert {s.id: tuple(band.at_least for band in s.bands) for s in scale.schemes} == SCHEMES
    assert all(s.source and s.evidence for s in scale.schemes)


def test_a_ward_chooses_another_scheme_with_one_word(tmp_path: Path) -> None:
    path = tmp_path / "ciwa-ar.toml"
    path.write_text(changed("ciwa-ar", 'band_scheme = "asam_2020"', 'band_scheme = "camcops"'), encoding="utf-8")
    scale = read(path, Scale)
    answers = {item.id: 0 for item in scale.items} | {"tremor": 7, "anxiety": 2}
    assert scales.assess(scale, answers).band == "moderate"
    assert scales.assess(protocols.scale("ciwa-ar"), answers).band == "mild"


def test_a_scale_that_is_a_trend_only_is_named_by_no_rule() -> None:
    trends = {scale.id for scale in protocols.scales().values() if scale.use == "trend"}
    assert "ciwa-b" in trends
    for path in ROOT.rglob("*.toml"):
        if path.parent.name != "scales":
            assert not [name for name in trends if f'"{name}"' in path.read_text(encoding="utf-8")], path.name


def test_the_two_sleep_items_of_ciwa_b_count_from_the_other_end() -> None:
    scale = protocols.scale("ciwa-b")
    assert [item.id for item in scale.items if item.reversed] == ["restful_sleep", "enough_sleep"]
    assert scale.item("restful_sleep").points_of == {0: 4, 1: 3, 2: 2, 3: 1, 4: 0}


def test_sedation_scores_just_the_codes_that_can_be_charted() -> None:
    """Codes of a scale and codes of its vital are the same, so that no code can be charted that is not scored."""
    coded = {c.vital: {code.value for code in c.codes} for c in protocols.vitals_file().coded}
    for scale in protocols.scales().values():
        for item in scale.items:
            if item.vital in coded:
                assert set(item.codes) == coded[item.vital], scale.id


# --- flags --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 1, 2, 3])
def test_item_9_raises_its_flag_at_any_total(value: int) -> None:
    scale = protocols.scale("phq-9")
    for others in (None, 0, 1, 3):
        answers = {item.id: others for item in scale.items} | {"better_off_dead": value}
        raised = [flag.id for flag in scales.flags(scale, scales.assess(scale, answers))]
        assert raised == (["suicide_review"] if value else [])


def test_no_flag_is_raised_by_what_was_not_asked() -> None:
    for scale in protocols.scales().values():
        assert scales.flags(scale, scales.assess(scale)) == ()


# --- triage -------------------------------------------------------------------------------------------------------


def triage_by_the_book(answers: dict[str, int | None]) -> int:
    """The rules of the screener, written out once more: 0 none, 1 low, 2 moderate, 3 high."""
    if answers["intent"] or answers["plan_and_intent"] or answers["behaviour_past_3_months"]:
        return 3
    if answers["method"] or answers["behaviour_lifetime"]:
        return 2
    return 1 if answers["wish_to_be_dead"] or answers["suicidal_thoughts"] else 0


def test_all_2187_ways_to_answer_the_screener() -> None:
    """Each of seven questions no, yes or not asked. There is never a total; a level is given when it is settled."""
    scale = protocols.scale("c-ssrs")
    names = [item.id for item in scale.items]
    for number in range(3**7):
        answers = {name: (0, 1, None)[number // 3**place % 3] for place, name in enumerate(names)}
        made = scales.assess(scale, answers)
        rank = triage_by_the_book(answers)
        open_ = {name for name in names if answers[name] is None}
        if answers["suicidal_thoughts"] == 0:
            open_ -= {"method", "intent", "plan_and_intent"}
        if answers["behaviour_lifetime"] == 0:
            open_ -= {"behaviour_past_3_months"}
        assert made.total is None
        assert made.at_least == rank
        assert set(made.missing) == open_
        assert made.band == (("none", "low", "moderate", "high")[rank] if not open_ or rank == 3 else None)


# --- the score command --------------------------------------------------------------------------------------------


def answered(scale_id: str, *lines: dict[str, Any]) -> list[dict[str, Any]]:
    out = io.BytesIO()
    scale = protocols.scale(scale_id)
    answer_lines([json.dumps(line).encode() for line in lines], out, lambda line: scored(scale, line))
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("scale_id", sorted(PLAIN))
def test_each_scale_is_scored_line_by_line(scale_id: str) -> None:
    scale = protocols.scale(scale_id)
    worst = {item.id: max(item.points_of, key=item.points_of.__getitem__) for item in scale.items}
    first = scale.items[0].id
    whole, part, empty, broken = answered(
        scale_id,
        {"id": "a", "items": worst},
        {"id": "b", "items": {first: worst[first]}},
        {"id": "c", "items": {}},
        {"id": "d", "items": {first: "1"}},
    )
    keys = ["id", "scale", "version", "total", "band", "complete", "missing", "at_least", "items"]
    assert list(whole) == keys + (["flags"] if scale.flags else [])
    assert whole["total"] == (scale.maximum if scale.kind == "sum" else None)
    assert whole["band"] == (scale.bands[-1].id if scale.bands else None)
    assert (whole["complete"], whole["missing"], whole["at_least"]) == (True, [], scale.maximum)
    assert list(whole["items"]) == [item.id for item in scale.items]
    assert part["complete"] == (len(scale.items) == 1)
    assert (empty["total"], empty["band"], empty["complete"]) == (None, None, False)
    assert empty["missing"] == [item.id for item in scale.items]
    assert empty["at_least"] == scale.minimum
    assert broken.keys() == {"id", "error"}


def test_sedation_is_scored_from_the_code_and_has_no_total() -> None:
    deep, asleep, unseen, typed, wrong = answered(
        "sedation",
        {"id": 1, "vitals": {"sedation": "3"}},
        {"id": 2, "vitals": {"sedation": "S"}},
        {"id": 3, "vitals": {}},
        {"id": 4, "items": {"sedation": 1}, "vitals": {"sedation": "3"}},
        {"id": 5, "vitals": {"sedation": "5"}},
    )
    assert (deep["total"], deep["band"], deep["complete"]) == (None, "3", True)
    assert deep["flags"] == ["unacceptable_sedation"]
    assert (asleep["total"], asleep["band"], asleep["flags"]) == (None, "S", [])
    assert (unseen["band"], unseen["complete"], unseen["missing"]) == (None, False, ["sedation"])
    assert "leave it out" in typed["error"]
    assert "error" in wrong


def test_a_vital_that_is_no_number_is_refused() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(Refused, match="is no number"):
            scales.assess(protocols.scale("news2"), {}, Vitals(heart_rate_per_min=value))


# --- what the loader refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale_id", "old", "new", "said"),
    [
        ("gad-7", 'title = "Gen', 'titel = "Gen', "titel: Extra inputs"),
        ("gad-7", 'short_name = "GAD-7"\n', "", "short_name: Field required"),
        ("gad-7", 'source = "Spitzer', 'source = "TODO Spitzer', "source holds placeholder text"),
        ("gad-7", 'source = "Spitzer', '# source = "Spitzer', "source: Field required"),
        ("gad-7", 'label = "minimal"', 'label = "tbd"', "bands[0].label holds placeholder text"),
        ("gad-7", 'label = "minimal"', 'label = " "', "bands.0.label"),
        ("gad-7", 'id = "mild"', 'id = "minimal"', "the band id 'minimal' stands twice"),
        ("gad-7", "at_least = 10", "at_least = 3", "bands must rise from the minimum 0"),
        ("gad-7", "at_least = 15", "at_least = 22", "cannot be reached: the greatest total is 21"),
        ("gad-7", 'id = "restless"', 'id = "nervous"', "an item id stands twice"),
        ("gad-7", '{ value = 2, short = "more', '{ value = 1, short = "more', "duplicate or unsorted option value"),
        ("gad-7", 'short = "nearly daily"', 'short = "not at all"', "two options that read 'not at all'"),
        ("gad-7", 'id = "nervous"', 'id = "nervous"\nreversed = 1', "reversed"),
        ("gad-7", 'id = "irritable"', 'id = "irritable"\nasked_if = "nervous"', "only a triage skips questions"),
        ("gad-7", 'observer = "self-report"', 'observer = "self-report"\nkind = "level"', "a level is one item"),
        ("gad-7", 'observer = "self-report"', 'observer = "self-report"\nkind = "triage"', "a triage has rules"),
        ("gad-7", 'observer = "self-report"', 'observer = "self-report"\nuse = "decide"', "use"),
        ("gad-7", 'observer = "self-report"', 'observer = "self-report"\nimportant_change = 4', "go together"),
        ("gad-7", 'observer = "self-report"', 'observer = "self-report"\nunbanded = "none"', "says why there are no"),
        ("oows", "bands = []\n", "", "bands: Field required"),
        ("oows", "unbanded =", "contested_too =", "contested_too: Extra inputs"),
        ("pain-nrs", "bands_source =", "licence_too =", "licence_too: Extra inputs"),
        ("pain-nrs", "at_least = 7", "at_least = 11", "cannot be reached"),
        ("sows-handelsman", "bands_source = ", "interval = ", "bands that are not the authors' need a bands_source"),
        ("ciwa-ar", 'band_scheme = "asam_2020"', 'band_scheme = "asam"', "bands: Field required"),
        ("ciwa-ar", 'band_scheme = "asam_2020"', "bands = []", "bands must rise from the minimum 0"),
        ("ciwa-ar", 'id = "camcops"', 'id = "asam_2020"', "each named once"),
        ("ciwa-ar", "at_least = 15,", "at_least = 8,", "scheme camcops: bands must rise"),
        ("ciwa-ar", "at_least = 17,", "at_least = 68,", "scheme guide_10_16: bands: 68 cannot be reached"),
        ("ciwa-b", 'id = "tremor"', 'id = "tense"', "an item id stands twice"),
        ("phq-9", 'item = "better_off_dead"', 'item = "item_9"', "flag suicide_review can never be raised"),
        (
            "phq-9",
            'item = "better_off_dead"\nat_least = 1',
            'item = "better_off_dead"\nat_least = 4',
            "never be raised",
        ),
        ("rass", "at_least = -5", "at_least = -4", "bands must rise from the minimum -5"),
        ("rass", "value = -5", "value = -3", "duplicate or unsorted option value"),
        ("sedation", 'vital = "sedation"', 'vital = "drowsiness"', "unknown vital 'drowsiness'"),
        ("sedation", "S = 0, 1 = 1", "S = 1, 1 = 1", "bands must rise from the minimum 1"),
        ("sedation", "2 = 2, 3 = 3", "2 = 2, 3 = 2", "no total from 3 to 3 can be reached"),
        ("c-ssrs", 'band = "low"', 'band = "high"', "the band 'high' has two rules"),
        ("c-ssrs", 'band = "low"', 'band = "mild"', "there is no band 'mild'"),
        ("c-ssrs", '["method", ', '["means", ', "there is no item 'means'"),
        ("c-ssrs", '"intent", "plan_and_intent", ', '"intent", ', "no rule looks at plan_and_intent"),
        ("c-ssrs", 'asked_if = "suicidal_thoughts"', 'asked_if = "intent"', "asked_if names no earlier item"),
        ("c-ssrs", 'kind = "triage"', 'kind = "sum"', "a triage"),
        ("news2", "when = { spo2_scale = 1 }", "when = { spo2_kind = 1 }", "a variant for the unknown vital"),
        ("news2", "[single_item]\npoints = 3", "[single_item]\npoints = 4", "no item reaches 4 points"),
    ],
)
def test_each_kind_of_broken_scale_is_refused(tmp_path: Path, scale_id: str, old: str, new: str, said: str) -> None:
    assert said in refused(tmp_path, changed(scale_id, old, new))


def test_a_band_that_no_total_falls_into_is_refused(tmp_path: Path) -> None:
    """Points 0 and 3 only: a band of 1 and 2 can never be shown."""
    text = (
        'id = "x"\nversion = "2026.1"\ntitle = "X"\nshort_name = "X"\nobserver = "clinician"\n'
        'source = "Invented here"\nevidence = "P"\n'
        'bands = [{ at_least = 0, id = "a", label = "a" }, { at_least = 1, id = "b", label = "b" },\n'
        '{ at_least = 3, id = "c", label = "c" }]\n[[items]]\nid = "i"\nlabel = "I"\n'
        'options = [{ value = 0, short = "no", label = "No" }, { value = 3, short = "yes", label = "Yes" }]\n'
    )
    assert "no total from 1 to 2 can be reached" in refused(tmp_path, text)
    lopsided = text.replace(
        "options = [", 'reversed = true\noptions = [{ value = -1, short = "less", label = "Less" }, '
    )
    assert "cannot be reversed" in refused(tmp_path, lopsided)


def test_options_that_no_item_uses_are_refused(tmp_path: Path) -> None:
    shared = re.search(r"(?s)^options = \[.*?\n\]", text_of("gad-7"), re.MULTILINE)
    assert shared is not None
    assert "no item uses them" in refused(tmp_path, changed("pain-nrs", "[review]", f"{shared.group()}\n\n[review]"))


@pytest.mark.parametrize("text", ["TODO", "tbd", "N/A", " ? ", "XXX", "tba", "see FIXME below", "placeholder", "..."])
@pytest.mark.parametrize("old", ["Item 9 above 0", "Not at all", "Trouble relaxing", "screen negative", "Feeling down"])
def test_placeholder_text_is_refused_wherever_it_stands(tmp_path: Path, old: str, text: str) -> None:
    full = next(t for t in map(text_of, ("phq-9", "gad-7", "gad-2")) if f'"{old}' in t)
    broken = re.sub(f'"{old}[^"]*"', f'"{text}"', full, count=1)
    assert "holds placeholder text" in refused(tmp_path, broken)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('red = { low = "systolic_red_low"', 'red = { low = "systolic_drop_floor"'),
        ('high = "systolic_red_high" }', 'high = "systolic_drift_floor" }'),
    ],
)
def test_a_critical_limit_inside_the_normal_range_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = (ROOT / "vitals.toml").read_text(encoding="utf-8")
    assert old in text
    assert "does not lie inside" in refused(tmp_path, text.replace(old, new, 1), VitalsFile)
