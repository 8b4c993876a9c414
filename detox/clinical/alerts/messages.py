"""A rule and the reading that met it, put into plain words: the Finding that people read."""

from collections.abc import Iterator, Mapping
from functools import cache

from detox.clinical.alerts.book import CompiledRule
from detox.clinical.alerts.conditions import test_of
from detox.clinical.alerts.rules import AlertsFile, Condition, Rule
from detox.clinical.measure_content import NAMES, decimals
from detox.clinical.measures import MeasuredObservation, Value
from detox.clinical.model import Assessment, Finding
from detox.clinical.protocols import scale, vitals_file

NOT_MEASURED = "not measured"


def message_of(compiled: CompiledRule, seen: MeasuredObservation, *, confirmed: bool = True) -> str:
    """What is said of an observation that meets a rule; `confirmed` is False while a second reading is waited for."""
    rule = compiled.rule
    said = "".join([text + _said(name, rule, seen) if name else text for text, name in compiled.says])
    return said if confirmed else f"{said}, not confirmed yet"


def finding_of(
    compiled: CompiledRule,
    seen: MeasuredObservation,
    file: AlertsFile,
    also: Mapping[str, str],
    *,
    confirmed: bool = True,
) -> Finding:
    """The Finding for a rule of `file` that an observation meets, a warning that asks for a repeat until it is
    `confirmed`; `also` are the messages of the other rules of its problem, by rule id."""
    rule = compiled.rule
    values = {name: seen.values[name] for name in rule.measures if name in seen.values}
    wait = None if confirmed else rule.confirm_min
    if wait is not None:
        values["confirm_min"] = wait
    return Finding(
        rule.id,
        rule.problem,
        rule.level if wait is None else "warning",
        rule.kind,
        message_of(compiled, seen, confirmed=confirmed),
        rule.reason,
        rule.what_to_do if wait is None else file.unconfirmed.format(minutes=wait),
        values,
        file.version,
        rule.source,
        rule.evidence,
        also,
    )


def points_words(assessment: Assessment) -> str:
    """ "14", or "at least 9 (7 of 11)" while items are missing."""
    if assessment.complete:
        return str(assessment.total)
    return f"at least {assessment.at_least} ({len(assessment.items)} of {len(scale(assessment.scale).items)})"


def _said(name: str, rule: Rule, seen: MeasuredObservation) -> str:
    """What a placeholder of a message stands for."""
    if name == "blood_pressure":
        upper, lower = (measure_words(n, seen.values) for n in ("systolic_mmhg", "diastolic_mmhg"))
        return f"{'?' if upper == NOT_MEASURED else upper}/{'?' if lower == NOT_MEASURED else lower}"
    if name == "held":
        return " and ".join(_held(rule, seen))
    if name == "news2_red":
        found = seen.news2.assessment if seen.news2 else None
        most = max(found.items.values()) if found else 0
        labels = [scale("news2").item(i).label.lower() for i, p in (found.items if found else {}).items() if p == most]
        return ", ".join(labels)
    if name == "news2" and seen.news2 is not None:
        minutes = seen.news2.oldest.total_seconds() / 60
        older = f" with values up to {minutes:.0f} min old" if minutes else ""
        return points_words(seen.news2.assessment) + older
    if name in ("cows", "news2"):
        found = seen.observation.assessment(name)
        return points_words(found) if found else NOT_MEASURED
    return measure_words(name, seen.values)


def _held(rule: Rule, seen: MeasuredObservation) -> Iterator[str]:
    for condition in rule.any:
        if test_of(condition)(seen.values, seen.partial):
            yield f"{_word(condition)} {_held_words(condition, seen)}".strip()


def _held_words(condition: Condition, seen: MeasuredObservation) -> str:
    """The value and the limit; a sign that is there needs neither, and a code no limit."""
    value = measure_words(condition.measure, seen.values)
    if any(other.name == condition.measure and other.kind not in ("number", "grade") for other in vitals_file().other):
        return ""
    return value if condition.one_of else f"{value} ({condition.limit})"


def measure_words(measure: str, values: Mapping[str, Value]) -> str:
    """A measured value as it is charted; a code in its own words."""
    value = values.get(measure)
    if value is None:
        return NOT_MEASURED
    if measure in _labels():
        label = _labels()[measure][value]
        return label[0].lower() + label[1:]
    if isinstance(value, (bool, str)):
        return str(value)
    return _written(measure) % value


@cache
def _written(measure: str) -> str:
    return f"%.{decimals(measure)}f"


@cache
def _labels() -> dict[str, dict[Value, str]]:
    """The words for each code of a vital that is charted in codes, and for each grade of what is graded."""
    coded: dict[str, dict[Value, str]] = {c.vital: {x.value: x.label for x in c.codes} for c in vitals_file().coded}
    return coded | {o.name: {x.value: x.label for x in o.grades} for o in vitals_file().other if o.grades}


def _word(condition: Condition) -> str:
    """What a measure is called within a sentence."""
    name = condition.measure
    for limits in vitals_file().ranges:
        if limits.vital == name:
            return limits.word if limits.word.isupper() or limits.vital == "spo2_percent" else limits.word.lower()
    for other in vitals_file().other:
        if other.name == name:
            return other.label.lower()
    return NAMES.get(name, name.replace("_", " "))
