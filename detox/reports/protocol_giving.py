"""What is looked at before a dose, asked about a patient, and done before the patient leaves, as rows to read."""

from collections.abc import Iterator

from detox.clinical.administration import Before, Counted, GivingFile, Hold
from detox.clinical.limits import limit
from detox.clinical.medicines import MedicinesFile
from detox.clinical.protocols import vitals_file
from detox.clinical.situations import MEDICINES, Answer, DischargeFile, Situation, SituationsFile
from detox.reports.protocol_rows import Row, Section, lines, others


def giving_sections(file: GivingFile) -> Iterator[Section]:
    """Each drug with what it needs and what holds it; two people; locked programmes; missed doses."""
    head = ("Before a dose of", "Needs, at most so old", "Held by")
    yield Section("Before a dose", head, tuple(_before(row) for row in file.before))
    counted = tuple(_counted(row) for row in file.counted)
    yield Section("How doses are counted", ("Drug", "No more than the signed daily dose within", "Daily cap"), counted)
    witness, locked = file.witness, file.jurisdiction
    wards = (
        Row("witness", ("Drugs that may take two people", ", ".join(witness.choices)), witness.source,
            witness.evidence),
        Row("locked", ("Locked until the ward says that it is lawful", _plain(locked.locked)), locked.source,
            locked.evidence),
        Row("asked", ("The ward says whether it is authorised", _plain(locked.asked)), locked.source, locked.evidence),
    )  # fmt: skip
    yield Section("What a ward sets", ("What", "Of"), wards)
    missed = tuple(
        Row(f"missed_{n}", (row.by, row.days, row.then), file.missed.source, file.missed.evidence)
        for n, row in enumerate(file.missed.rows, start=1)
    )
    yield Section("After missed days: shown, never worked out", ("Guideline", "Missed", "Then"), missed)
    yield from others(file, {"before", "counted", "witness", "jurisdiction", "missed"})


def _counted(row: Counted) -> Row:
    within = f"{row.every_h - row.early_h:g} h: {row.every_h:g} h, at most {row.early_h:g} h early"
    cap = row.no_cap or "none that counts over hours"
    if row.cap_h is not None:
        cap = f"over {row.cap_h:g} h and over the day of the ward, whichever holds more"
    if row.cap_h is not None and row.first_day:
        cap = f"over the day of the ward, and over {row.cap_h:g} h from the first dose"
    return Row(f"counted_{row.drugs[0]}", (_plain(row.drugs), within, cap), row.source, row.evidence)


def situation_sections(file: SituationsFile) -> Iterator[Section]:
    """Each question with its answers, what the header shows, and what it changes."""
    rows = tuple(
        Row(
            one.name,
            (
                lines(one.label, one.asks),
                lines(*map(_answer, one.options), "several may be true" if one.several else "", _own_words(one)),
                lines(one.does, *(f"read by the rules as: {', '.join(a.says)}" for a in one.options if a.says)),
            ),
            one.source,
            one.evidence,
        )
        for one in file.situation
    )
    yield Section("Special situations", ("Question", "Answers, and what the header shows", "What it changes"), rows)
    yield from others(file, {"situation"})


def _answer(one: Answer) -> str:
    alone = ", excludes the others" if one.alone else ""
    return f"{one.label} ({one.value}): {one.header or 'nothing in the header'}{alone}"


def _own_words(one: Situation) -> str:
    if one.none is None:
        return ""
    names = "names of medicines.toml" if one.name == MEDICINES else ", ".join(one.names)
    return lines(_answer(one.none), one.some, names, f"in own words: {one.own_words}")


def medicine_sections(file: MedicinesFile) -> Iterator[Section]:
    """Each group with what it changes, then each substance with its brands."""
    groups = tuple(Row(one.id, (lines(one.label, one.id), one.does), one.source, one.evidence) for one in file.group)
    yield Section("Groups of medicines", ("Group", "What it changes"), groups)
    labels = {one.id: one.label for one in file.group}
    rows = tuple(
        Row(f"medicine_{one.name}", (one.name, ", ".join(labels[g] for g in one.groups), ", ".join(one.brands)),
            file.source, file.evidence)
        for one in file.medicine
    )  # fmt: skip
    yield Section("Medicines", ("Substance", "Groups", "Brand names"), rows)
    yield from others(file, {"group", "medicine"})


def discharge_sections(file: DischargeFile) -> Iterator[Section]:
    """The lines of the checklist, and which of them the last step waits for."""
    rows = tuple(
        Row(one.name, (one.label, "before the last dose" if one.before_last_step else "before leaving"), one.source,
            one.evidence)
        for one in file.item
    )  # fmt: skip
    yield Section("Checklist", ("Line", "When"), rows)
    yield from others(file, {"item"})


def _before(row: Before) -> Row:
    needs = ", ".join(_label(vital) for vital in row.needs)
    held = lines(*(_hold(one) for one in row.holds))
    return Row(
        row.id,
        (
            lines(", ".join(row.drugs), row.label, row.id),
            lines(needs, f"{row.minutes:g} min", row.age),
            held,
        ),
        row.source,
        row.evidence,
    )  # fmt: skip


def _hold(hold: Hold) -> str:
    label = _label(hold.vital)
    if hold.codes:
        return f"{label} {', '.join(hold.codes)}"
    other = hold.limit_scale2
    said = f"{label} {_limit(hold.limit)} ({hold.limit})"
    return said + (f"; on SpO2 scale 2 {_limit(other)} ({other})" if other else "")


def _limit(name: str) -> str:
    one = limit(name)
    return f"{one.where} {one.value:g} {one.unit} [{one.evidence}]"


def _label(vital: str) -> str:
    coded = next((one.label for one in vitals_file().coded if one.vital == vital), None)
    return coded or vitals_file().range(vital).label


def _plain(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
