"""drugs.toml: every drug that is charted, once, with its other names. A rule asks what a drug is, never its spelling.

A name is found in free words wherever it stands ("Subutex 8 mg sl"), so that a dose counts under its substance
whatever it was called. A word of up to four letters must end where it ends; a longer one may go on.
"""

import re
from functools import cache, lru_cache
from typing import Literal, NamedTuple, Self

from pydantic import Field, model_validator

from detox.clinical.content import ROOT, Content, Evidence, File, Text, read
from detox.errors import ProtocolError

DrugClass = Literal["opioid", "sedative", "alpha2", "antagonist", "other"]
Form = Literal["oral", "sublingual", "depot", "injection", "nasal", "patch"]
AS_DEPOT: tuple[Form, ...] = ("depot", "injection")


class Product(Content):
    """A name that says more than the substance: its form, a slow release, or milligrams that are not comparable."""

    name: Text
    form: Form | None = None
    long_acting: bool = False
    other_mg: bool = False


class Drug(Content):
    """One substance: what it is and does. `agonist` is its effect at the opioid receptor.

    `rate_limiting` slows the pulse, `precipitant` can bring on withdrawal, `reversal` is given to end an opioid's
    effect, `beside_diamorphine` may be prescribed with supervised diamorphine. `depot_is` is the id of its depot.
    """

    id: Text
    label: Text
    drug_class: DrugClass = Field(alias="class")
    agonist: Literal["full", "partial", "none"] = "none"
    long_acting: bool = False
    rate_limiting: bool = False
    precipitant: bool = False
    reversal: bool = False
    beside_diamorphine: bool = False
    forms: tuple[Form, ...] = Field(min_length=1)
    depot_is: Text | None = None
    names: tuple[Text, ...] = ()
    products: tuple[Product, ...] = ()
    source: Text
    evidence: Evidence

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.drug_class == "opioid") != (self.agonist != "none"):
            raise ValueError(f"{self.id}: an opioid is a full or partial agonist, and nothing else is one")
        if unknown := [p.name for p in self.products if p.form and p.form not in self.forms]:
            raise ValueError(f"{self.id}: {', '.join(unknown)} comes in a form that the drug does not have")
        return self

    @property
    def opioid(self) -> bool:
        """True for every full or partial opioid agonist."""
        return self.drug_class == "opioid"

    @property
    def brands(self) -> tuple[str, ...]:
        """Its other names, as written in the file."""
        return (*self.names, *(product.name for product in self.products))

    @property
    def listed(self) -> str:
        """Its label with the other names, so that who searches a list for a brand finds the substance."""
        return f"{self.label} ({', '.join(self.brands)})" if self.brands else self.label


class DrugsFile(File):
    """drugs.toml: the drugs, and the words in which the form of a dose is written."""

    form_words: dict[Form, tuple[Text, ...]]
    drugs: tuple[Drug, ...]

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        spelled = [(_spelling(name), one.id) for one in self.drugs for name in {one.id, *one.brands}]
        owners: dict[str, str] = {}
        for name, owner in spelled:
            if owners.setdefault(name, owner) != owner:
                raise ValueError(f"{name!r} is a name of {owners[name]} and of {owner}")
        ids = {one.id for one in self.drugs}
        if len(ids) != len(self.drugs):
            raise ValueError("a drug stands there twice")
        if unknown := [one.depot_is for one in self.drugs if one.depot_is and one.depot_is not in ids]:
            raise ValueError(f"{', '.join(unknown)} is no drug of the file")
        return self


class Mention(NamedTuple):
    """One drug that a text names, by which name, and what the name or the text says of it."""

    drug: Drug
    name: str
    form: str
    long_acting: bool
    other_mg: bool


@cache
def drugs_file() -> DrugsFile:
    """drugs.toml, checked and typed. Raises ProtocolError naming file, key and reason."""
    return read(ROOT / "drugs.toml", DrugsFile)


def drug(drug_id: str) -> Drug:
    """The drug of that id. Raises ProtocolError for an id that the file does not have."""
    found = _by_id().get(drug_id)
    if found is None:
        raise ProtocolError("drugs.toml", [f"it has no drug {drug_id!r}"])
    return found


def class_of(drug_id: str) -> DrugClass:
    """Opioid, sedative, alpha2, antagonist or other. Raises ProtocolError for an unknown id."""
    return drug(drug_id).drug_class


def chartable() -> tuple[str, ...]:
    """The id of every drug that can be charted, sorted: those from elsewhere count too."""
    return tuple(sorted(_by_id()))


def substance(text: str | None, form: str = "") -> Drug | None:
    """The one drug that a charted name means, or None for an unknown name or two drugs in one.

    An antagonist in one product with an opioid (buprenorphine/naloxone) is part of it. `form` is that of the dose,
    where it is known: an injection of naltrexone is the extended-release one.
    """
    named = [mention.drug for mention in mentioned(text, form)]
    combined = any(one.opioid for one in named)
    meant = [one for one in named if not (combined and one.drug_class == "antagonist")]
    return meant[0] if len(meant) == 1 else None


@lru_cache(maxsize=4096)
def mentioned(text: str | None, form: str = "") -> tuple[Mention, ...]:
    """Every drug that a text names, in the order of the text, each once."""
    if not text:
        return ()
    pattern, names = _names()
    low = text.lower()
    found: dict[str, Mention] = {}
    for match in pattern.finditer(low):
        one, product = names[match.lastindex or 0]
        said = form or (product.form if product and product.form else "") or _form_said(low)
        if one.depot_is and said in AS_DEPOT:
            one = drug(one.depot_is)
        found.setdefault(
            one.id,
            Mention(
                one,
                match.group(),
                said or (one.forms[0] if len(one.forms) == 1 else ""),
                one.long_acting or bool(product and product.long_acting),
                bool(product and product.other_mg),
            ),
        )
    return tuple(found.values())


@cache
def names_of(*, drug_class: DrugClass | None = None, drug_id: str | None = None) -> tuple[str, ...]:
    """Every name of the drugs of a class, or of one drug, in small letters, for a search in free words."""
    return _spelled(tuple(one for one in drugs_file().drugs if drug_id == one.id or drug_class == one.drug_class))


@cache
def names_where(flag: Literal["full", "rate_limiting", "long_acting"]) -> tuple[str, ...]:
    """Every name of the full opioid agonists, of what slows the pulse, or of long-acting opioids (with the slow
    products of others), in small letters."""
    every = drugs_file().drugs
    if flag == "full":
        return _spelled(tuple(one for one in every if one.agonist == "full"))
    if flag == "long_acting":
        slow = [_spelling(p.name) for one in every if one.opioid for p in one.products if p.long_acting]
        return (*_spelled(tuple(one for one in every if one.opioid and one.long_acting)), *slow)
    return _spelled(tuple(one for one in every if one.rate_limiting))


def _spelled(drugs: tuple[Drug, ...]) -> tuple[str, ...]:
    """Each name with its parts apart, joined by a hyphen, and run together."""
    plain = [_spelling(name) for one in drugs for name in (one.id, *one.brands)]
    joined = ((name, name.replace(" ", "-"), name.replace(" ", "")) for name in plain)
    return tuple(dict.fromkeys(spelled for three in joined for spelled in three))


@cache
def _by_id() -> dict[str, Drug]:
    return {one.id: one for one in drugs_file().drugs}


@cache
def _names() -> tuple[re.Pattern[str], dict[int, tuple[Drug, Product | None]]]:
    """A pattern with a group for each name, the longest first, and whose name each group is."""
    every: dict[str, tuple[Drug, Product | None]] = {}
    for one in drugs_file().drugs:
        every |= {_spelling(name): (one, None) for name in (one.id, *one.names)}
        every |= {_spelling(product.name): (one, product) for product in one.products}
    ordered = sorted(every, key=lambda name: (-len(name), name))
    parts = (f"({_tolerant(name)})" for name in ordered)
    return re.compile(r"(?<![^\W\d_])(?:" + "|".join(parts) + ")"), {
        group: every[name] for group, name in enumerate(ordered, start=1)
    }


def _tolerant(name: str) -> str:
    """The name with any space, hyphen or underscore between its parts."""
    ends = r"(?![^\W\d_])" if len(name) <= 4 else ""
    return r"[\s_-]*".join(re.escape(part) for part in name.split()) + ends


def _spelling(name: str) -> str:
    """A name in small letters, its parts apart by one space."""
    return " ".join(re.split(r"[\s_-]+", name.lower().strip()))


def _form_said(low: str) -> str:
    """The form that a text in small letters writes down, or nothing; a depot before an injection."""
    words = drugs_file().form_words
    for form in sorted(words, key=lambda form: (form != "depot", form)):
        if any(re.search(rf"(?<!\w){_tolerant(_spelling(word))}(?!\w)", low) for word in words[form]):
            return form
    return ""
