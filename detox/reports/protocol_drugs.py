"""Every drug with what it is, what it does and what else it is called, as rows to read."""

from collections.abc import Iterator

from detox.clinical.drugs import Drug, DrugsFile, Product
from detox.reports.protocol_rows import Row, Section, lines, others


def drug_sections(file: DrugsFile) -> Iterator[Section]:
    """Each drug; the words that say the form of a dose."""
    yield Section("Drugs", ("Drug", "What it is and does", "Also called"), tuple(_drug(one) for one in file.drugs))
    forms = tuple(
        Row(form, (form, ", ".join(words)), file.source, file.evidence) for form, words in file.form_words.items()
    )
    yield Section("How the form of a dose is written", ("Form", "Words"), forms)
    yield from others(file, {"drugs", "form_words"})


def _drug(one: Drug) -> Row:
    does = {
        "long-acting": one.long_acting,
        "slows the pulse": one.rate_limiting,
        "can precipitate withdrawal": one.precipitant,
        "reverses an opioid": one.reversal,
        "may be prescribed beside supervised diamorphine": one.beside_diamorphine,
    }
    return Row(
        one.id,
        (
            lines(one.label, one.id),
            lines(
                f"{one.drug_class}, {one.agonist} agonist" if one.opioid else one.drug_class,
                ", ".join(said for said, holds in does.items() if holds),
                f"comes as: {', '.join(one.forms)}",
                f"its depot or injection is {one.depot_is}" if one.depot_is else "",
            ),
            lines(", ".join(one.names), *map(_product, one.products)),
        ),
        one.source,
        one.evidence,
    )


def _product(one: Product) -> str:
    said = [
        one.form or "", "slow release" if one.long_acting else "",
        "counted as this drug, but its milligrams are others" if one.other_mg else "",
    ]  # fmt: skip
    return f"{one.name}: {', '.join(filter(None, said))}"
