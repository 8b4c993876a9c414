"""The list of medicines: every substance is one that the rules know, and every brand leads to its substance."""

import copy

import pytest
from suggestion_cases import base

from detox.clinical.case import read_case
from detox.clinical.content import ROOT, read
from detox.clinical.medicines import MedicinesFile, found_in, medicines_file, with_substances
from detox.clinical.suggestions import suggest
from detox.clinical.suggestions.content import content
from detox.clinical.suggestions.facts import Facts
from detox.clinical.suggestions.words import named
from detox.errors import ProtocolError

FILE = medicines_file()
READ_AS = {
    "beta_blockers": ("slows_the_pulse",),
    "qt_drugs": ("prolong_qt", "qt_drugs"),
    "sedatives": ("sedatives",),
    "alpha2": ("alpha2",),
    "opioids": ("opioid_analgesia", "agonists"),
}


@pytest.mark.parametrize(
    ("name", "group"), [(one.name, group) for one in FILE.medicine for group in one.groups], ids=str
)
def test_the_rules_know_each_substance_as_what_it_is(name, group):
    assert any(named(getattr(content().words, one), name) for one in READ_AS[group])


@pytest.mark.parametrize("group", ["qt_drugs", "sedatives", "alpha2"])
def test_a_substance_that_the_rules_know_stands_in_its_group(group):
    words = getattr(content().words, READ_AS[group][-1])
    assert {one.name for one in FILE.medicine if named(words, one.name)} == {
        one.name for one in FILE.medicine if group in one.groups
    }


@pytest.mark.parametrize(("brand", "name"), [(b, one.name) for one in FILE.medicine for b in one.brands], ids=str)
def test_a_brand_leads_to_its_substance(brand, name):
    assert [one.name for one in found_in(f"{brand.upper()} 1 tab")] == [name]
    assert with_substances(f"{brand} 1 tab") == f"{brand} 1 tab ({name})"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("metoprolol 50 mg", ["metoprolol"]),
        ("Beloc-Zok mite", ["metoprolol"]),
        ("Suboxone and Valium", ["buprenorphine", "diazepam"]),
        ("metoprololol", []),
        ("levomethadone", ["levomethadone"]),
        ("fentanyl patch 25", ["fentanyl patch"]),
        ("", []),
    ],
)
def test_names_are_found_whole(text, names):
    assert [one.name for one in found_in(text)] == names
    assert with_substances("metoprolol (Beloc)") == "metoprolol (Beloc)"


def facts(*medicines):
    case = copy.deepcopy(base("taper"))
    case["patient"]["other_meds"] = list(medicines)
    return Facts(read_case(case), content())


def test_the_rules_read_a_brand_as_its_substance():
    assert facts("Catapres 0.1 mg q6h").on_alpha2
    assert facts("Beloc").pulse_masked_by == "Beloc (metoprolol)"
    assert facts("Zofran").qt_drugs == ("Zofran (ondansetron)",)
    assert not facts("no Catapres").on_alpha2


def test_a_brand_makes_no_answer_milder():
    case = copy.deepcopy(base("taper"))
    case["patient"]["conditions"] = ["alcohol dependence"]
    case["observations"][0]["vitals"]["hr"] = 104
    case["patient"]["other_meds"] = ["Valium"]
    assert "A07" in suggest(read_case(case)).rules


@pytest.mark.parametrize(("listed", "unknown"), [(None, True), ([], False), (["unknown"], True), (["none"], False)])
def test_a_list_that_holds_nothing_known_is_no_record(listed, unknown):
    case = copy.deepcopy(base("taper"))
    case["patient"]["other_meds"] = listed
    assert (Facts(read_case(case), content()).history_unknown == "other medicines") == unknown


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('brands = ["Lopressor"', 'brands = ["Inderal"', "stands twice"),
        ('groups = ["beta_blockers"]', 'groups = ["beta_blocker"]', "no group"),
        ('name = "metoprolol"', 'name = "Metoprolol"', "lower case"),
    ],
)
def test_a_list_that_is_not_sound_is_refused(tmp_path, was, becomes, told):
    text = (ROOT / "medicines.toml").read_text(encoding="utf-8")
    assert was in text
    path = tmp_path / "medicines.toml"
    path.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ProtocolError, match=told):
        read(path, MedicinesFile)
