"""drugs.toml: every drug once, found by any of its names, and the groups that rules ask for."""

import re
import tomllib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detox.clinical import protocols
from detox.clinical.alerts.folding import alerts_file
from detox.clinical.drugs import (
    DrugsFile,
    chartable,
    class_of,
    drug,
    drugs_file,
    mentioned,
    names_of,
    names_where,
    substance,
)
from detox.clinical.measures import Measurer
from detox.clinical.model import Background, Dose, Observation, Vitals
from detox.clinical.protocols import ROOT, read
from detox.errors import ProtocolError

EVERY = drugs_file().drugs
SPELLED = [(one.id, name) for one in EVERY for name in (one.id, *one.brands)]
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("methadone", "", "methadone"),
        ("Subutex 8 mg sl", "", "buprenorphine"),
        ("  SUBOXONE 8/2 mg film ", "", "buprenorphine"),
        ("buprenorphine/naloxone", "", "buprenorphine"),
        ("Espranor", "", "buprenorphine"),
        ("Temgesic", "", "buprenorphine"),
        ("Buvidal", "", "buprenorphine"),
        ("Sublocade 300 mg", "", "buprenorphine"),
        ("Brixadi", "", "buprenorphine"),
        ("Physeptone", "", "methadone"),
        ("methadone hydrochloride 10 mg/ml oral solution", "", "methadone"),
        ("Methadose", "", "methadone"),
        ("Dolophine", "", "methadone"),
        ("Diskets", "", "methadone"),
        ("L-Polamidon", "", "methadone"),
        ("levomethadone", "", "methadone"),
        ("Catapres", "", "clonidine"),
        ("Catapresan", "", "clonidine"),
        ("Dixarit", "", "clonidine"),
        ("Lucemyra", "", "lofexidine"),
        ("BritLofex", "", "lofexidine"),
        ("Narcan", "", "naloxone"),
        ("Nyxoid", "", "naloxone"),
        ("Prenoxad", "", "naloxone"),
        ("Revia", "", "naltrexone"),
        ("Nalorex", "", "naltrexone"),
        ("Adepend", "", "naltrexone"),
        ("naltrexone", "oral", "naltrexone"),
        ("naltrexone", "depot", "naltrexone_xr"),
        ("naltrexone", "injection", "naltrexone_xr"),
        ("naltrexone 380 mg im", "", "naltrexone_xr"),
        ("naltrexone_xr", "", "naltrexone_xr"),
        ("Vivitrol", "", "naltrexone_xr"),
        ("Valium 5 mg", "", "diazepam"),
        ("Ativan", "", "lorazepam"),
        ("Librium", "", "chlordiazepoxide"),
        ("Serax", "", "oxazepam"),
        ("MST", "", "morphine"),
        ("MS-Contin", "", "morphine"),
        ("ms contin 30", "", "morphine"),
        ("Sevredol", "", "morphine"),
        ("Oramorph", "", "morphine"),
        ("heroin", "", "diamorphine"),
        ("dihydrocodeine", "", "dihydrocodeine"),
        ("codeine", "", "codeine"),
        ("beta blocker", "", "beta_blocker"),
        ("Beta-Blocker", "", "beta_blocker"),
        ("metoprolol", "", "beta_blocker"),
    ],
)
def test_a_name_leads_to_its_substance(text: str, form: str, expected: str) -> None:
    found = substance(text, form)
    assert found is not None
    assert found.id == expected


@pytest.mark.parametrize(
    "text",
    ["", "   ", None, "aspirin", "apomorphine", "methylnaltrexone", "bupropion", "mastocytosis", "oxygen",
     "Subutex and Valium", "methadone and morphine", "naloxone, clonidine"],
)  # fmt: skip
def test_what_is_no_drug_of_the_list_or_two_is_nothing(text: str | None) -> None:
    assert substance(text) is None


def test_two_drugs_in_one_text_are_both_found() -> None:
    assert [one.drug.id for one in mentioned("Valium 5 mg and Subutex")] == ["diazepam", "buprenorphine"]


@settings(max_examples=200)
@given(
    st.sampled_from(SPELLED),
    st.sampled_from(["{}", "  {} ", "{} 8 mg", "{} 8mg sl", "{} hydrochloride", "given {}, 10 mg", "({})"]),
    st.sampled_from([str.upper, str.lower, str.title, str]),
)
def test_case_spaces_doses_and_salts_do_not_matter(spelled: tuple[str, str], around: str, cased: type[str]) -> None:
    wanted, name = spelled
    assert [one.drug.id for one in mentioned(cased(around.format(name)))] == [wanted]


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    assert all(one.drug.id in chartable() for one in mentioned(text))


@pytest.mark.parametrize(
    ("text", "form", "long_acting", "other_mg"),
    [
        ("Buvidal", "depot", True, False),
        ("Sublocade", "depot", True, False),
        ("Brixadi", "depot", True, False),
        ("Subutex 8 mg sl", "sublingual", True, False),
        ("buprenorphine weekly injection", "depot", True, False),
        ("buprenorphine", "", True, False),
        ("Nyxoid nasal spray", "nasal", False, False),
        ("naltrexone", "oral", False, False),
        ("Vivitrol", "depot", True, False),
        ("morphine", "", False, False),
        ("MST", "oral", True, False),
        ("OxyContin", "oral", True, False),
        ("L-Polamidon", "", True, True),
    ],
)
def test_what_a_name_says_beside_the_substance(text: str, form: str, long_acting: bool, other_mg: bool) -> None:
    (found,) = mentioned(text)
    assert (found.form, found.long_acting, found.other_mg) == (form, long_acting, other_mg)


def test_a_given_form_goes_before_what_the_name_says() -> None:
    assert mentioned("Subutex sl", "injection")[0].form == "injection"


def test_what_each_drug_is() -> None:
    assert {one.id for one in EVERY if one.agonist == "partial"} == {"buprenorphine"}
    assert {one.id for one in EVERY if one.precipitant} == {
        "buprenorphine", "naloxone", "nalmefene", "naltrexone", "naltrexone_xr",
    }  # fmt: skip
    assert {one.id for one in EVERY if one.reversal} == {"naloxone", "nalmefene"}
    assert {one.id for one in EVERY if one.beside_diamorphine} == {"methadone", "morphine"}
    assert class_of("lofexidine") == "alpha2"
    assert class_of("naltrexone_xr") == "antagonist"
    assert class_of("diazepam") == "sedative"
    assert class_of("beta_blocker") == "other"
    assert drug("methadone").long_acting
    assert not drug("diamorphine").long_acting
    assert all(one.rate_limiting for one in EVERY if one.drug_class == "alpha2")


def test_the_groups_of_names() -> None:
    assert {"clonidine", "catapres", "tizanidine"} <= set(names_of(drug_class="alpha2"))
    assert "metoprolol" not in names_of(drug_class="alpha2")
    assert {"metoprolol", "beta-blocker", "beta blocker", "betablocker", "clonidine"} <= set(
        names_where("rate_limiting")
    )
    assert {"heroin", "physeptone", "codeine"} <= set(names_where("full"))
    assert not set(names_of(drug_id="buprenorphine")) & set(names_where("full"))
    assert {"mst", "ms contin", "subutex", "methadone"} <= set(names_where("long_acting"))
    assert not {"morphine", "heroin", "valium"} & set(names_where("long_acting"))


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="no drug 'aspirin'"):
        drug("aspirin")


def test_everything_that_other_content_names_is_a_drug_of_the_list() -> None:
    named = set()
    for path in protocols.ROOT.rglob("*.toml"):
        named |= set(_drugs(tomllib.loads(path.read_text(encoding="utf-8")))) if path.name != "drugs.toml" else set()
    assert {"methadone", "naltrexone_xr"} <= named
    assert {name for name in named if substance(name) is None} == set()


def _drugs(value: object) -> list[str]:
    if isinstance(value, list):
        return [name for inner in value for name in _drugs(inner)]
    if not isinstance(value, dict):
        return []
    own = [value[key] for key in ("drug", "drugs") if key in value]
    names = [name for one in own for name in (one if isinstance(one, list) else [one]) if isinstance(name, str)]
    return names + [name for inner in value.values() for name in _drugs(inner)]


# --- measures


def measured(*doses: tuple[str, float]) -> dict[str, object]:
    """The measures of a set at `AT`; each dose was given so many hours before."""
    given_before = tuple(
        Dose(str(n), "a", None, name, 1.0, "given", AT - timedelta(hours=h)) for n, (name, h) in enumerate(doses)
    )
    background = Background(admitted_at=AT - timedelta(days=1), doses=given_before)
    observation = Observation(
        id="o", admission_id="a", taken_at=AT, recorded_at=AT, vitals=Vitals(heart_rate_per_min=60)
    )
    measurer = Measurer(alerts_file(), background)
    measurer.add(observation)
    return dict(measurer.measure(observation, []).values)


def test_measures_count_a_dose_under_any_name() -> None:
    found = measured(("Physeptone", 30), ("Methadose", 4), ("Catapres", 3), ("metoprolol 50 mg", 2))
    assert found["hours_since_methadone"] == 4
    assert found["methadone_day"] == 2
    assert found["hours_since_alpha2"] == 3
    assert found["hours_since_rate_limiting"] == 2


def test_another_drug_belongs_to_no_group() -> None:
    assert not [name for name in measured(("paracetamol", 2), ("Valium", 2)) if name.startswith("hours_since")]


# --- the file


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('class = "alpha2"', 'class = "opioid"', "full or partial agonist"),
        ('agonist = "partial"', 'agonist = "none"', "full or partial agonist"),
        ('names = ["Dilzem", "Cardizem"]', 'names = ["Dilzem", "Valium"]', "is a name of"),
        ('id = "verapamil"', 'id = "diltiazem"', "twice"),
        ('depot_is = "naltrexone_xr"', 'depot_is = "nothing"', "no drug of the file"),
        ('{ name = "Buvidal", form = "depot" }', '{ name = "Buvidal", form = "nasal" }', "a form that the drug"),
        ('forms = ["oral", "injection"]', "forms = []", "forms"),
        ('reversal = true', 'reverses = true', "reverses"),
    ],
)  # fmt: skip
def test_the_file_is_refused_whole(old: str, new: str, reason: str, tmp_path, monkeypatch) -> None:
    text = (ROOT / "drugs.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "drugs.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProtocolError, match=re.escape(reason)):
        read(path, DrugsFile)
