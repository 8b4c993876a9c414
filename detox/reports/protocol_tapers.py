"""Day lists and ladder limits as rows: each day with its doses, what it is held against, and where it leaves that."""

from collections.abc import Iterator

from detox.clinical.taper_content import Day, LaddersFile, StepLimit, Template, ladders_file
from detox.clinical.tapers import leaves, rungs_of
from detox.reports.protocol_rows import Row, Section, lines, others

COURSES = {"withdrawal": "withdrawal (short, inpatient)", "after_maintenance": "coming off maintenance"}
WHAT = {
    "share": "share of the dose that falls away",
    "fall": "fall of the daily dose",
    "last_fall": "last fall, to 0 mg",
    "days": "days from the first dose to 0 mg",
    "stopping_days": "days from the first fall to 0 mg",
}
_OF_A_LIST = {"drug", "programme", "kind", "course", "interval_h", "checked_against", "days"}


def ladder_sections(file: LaddersFile) -> Iterator[Section]:
    """The limits of a ladder's steps, what each drug can be given in, and the shapes."""
    limits = tuple(
        Row(one.id, (lines(f"{', '.join(one.drugs)}: {WHAT[one.what]}", one.id, one.what), COURSES[one.course],
                     limit_words(one), one.cited), one.source, one.evidence)
        for one in file.step_limits
    )  # fmt: skip
    yield Section("Limits of a ladder's steps", ("Limit", "Course", "Value", "Cited as"), limits)
    grains = tuple(Row(f"grain_{g.drug}", (g.drug, f"{g.grain_mg:g} mg"), g.source, g.evidence) for g in file.drugs)
    yield Section("What a daily dose can differ by", ("Drug", "Smallest amount"), grains)
    shapes = tuple(
        Row(f"shape_{name}", (said.label, said.says), said.source, said.evidence)
        for name, said in (("linear", file.shapes.linear), ("proportional", file.shapes.proportional))
    )
    yield Section("Shapes of a ladder", ("Shape", "Means"), shapes)
    yield from others(file, {"shapes", "drugs", "step_limits"})


def template_sections(file: Template) -> Iterator[Section]:
    """A list of days, and what it is held against."""
    rises = "a start: doses rise" if file.kind == "start" else "a taper: doses fall to 0 mg"
    facts = {
        "drug": file.drug,
        "programme": file.programme.replace("_", " "),
        "kind": rises,
        "course": COURSES[file.course],
        "one step in": f"{file.interval_h:g} h",
    }
    about = tuple(Row(f"about_{key}", (key, value), file.source, file.evidence) for key, value in facts.items())
    yield Section("About", ("What", "Value"), about)
    days = tuple(Row(f"day_{one.day}", _day(one), file.source, one.evidence) for one in file.days)
    yield Section("Days", ("Day", "mg a day", "In parts", "Note"), days)
    checked = [one for one in ladders_file().step_limits if one.id in file.checked_against]
    if checked:
        rows = tuple(
            Row(one.id, (lines(WHAT[one.what], one.id), limit_words(one), _left(file, one)), one.source, one.evidence)
            for one in checked
        )
        yield Section("Held against", ("Limit", "Value", "Where it is left"), rows)
    yield from others(file, _OF_A_LIST)


def limit_words(one: StepLimit) -> str:
    """20 % a day at most; 6 days at least, 10 days at most."""
    unit = "days" if one.unit == "d" else one.unit
    within = f" in {one.per_days} days" if one.per_days and one.per_days > 1 else " a day" if one.per_days else ""
    said = {"at least": one.at_least, "at most": one.at_most}
    told = [f"{value:g} {unit}{within} {side}" for side, value in said.items() if value is not None]
    return ", ".join([*told, *([f"under {one.below:g} {unit}{within}"] if one.below is not None else [])])


def _day(one: Day) -> tuple[str, ...]:
    up_to = f" to {one.up_to_mg:g}" if one.up_to_mg is not None else ""
    parts = " + ".join(f"{mg:g}" for mg in one.doses_mg) if len(one.doses_mg) > 1 else ""
    return (f"Day {one.day}", f"{one.dose_mg:g}{up_to}", parts, one.note)


def _left(file: Template, one: StepLimit) -> str:
    left = leaves(rungs_of(file), [one])
    return lines(*(each.sentence.removesuffix(f" ({one.cited}, {one.evidence})") for each in left)) or "kept"
