"""A rule and the reading that met it, put into plain words: the Finding that people read."""

from collections.abc import Iterator, Mapping

from detox.clinical.measures import NAMES, Seen, Value, decimals
from detox.clinical.model import Assessment, Finding
from detox.clinical.protocols import scale, vitals_file
from detox.clinical.rulebook import Compiled, test_of
from detox.clinical.rules import AlertsFile, Condition, Rule

NOT_MEASURED = "not measured"


def message_of(compiled: Compiled, seen: Seen, *, confirmed: bool = True) -> str:
    """What is said of an observation that meets a rule; `confirmed` is False while a second reading is waited for."""
    said = compiled.rule.says.format_map(_Words(compiled.rule, seen))
    return said if confirmed else f"{said}, not confirmed yet"


def finding_of(
    compiled: Compiled, seen: Seen, file: AlertsFile, also: Mapping[str, str], *, confirmed: bool = True
) -> Finding:
    """The Finding for a rule of `file` that an observation meets, a warning that asks for a repeat until it is
    `confirmed`; `also` are the messages of the other rules of its problem, by rule id."""
    rule = compiled.rule
    values = {name: seen.values[name] for name in rule.measures if name in seen.values}
    wait = None if confirmed else rule.confirm_min
    if wait is not None:
        values["confirm_min"] = wait
    return Finding(
        rule=rule.id,
        problem=rule.problem,
        level=rule.level if wait is None else "warning",
        kind=rule.kind,
        message=message_of(compiled, seen, confirmed=confirmed),
        reason=rule.reason,
        action=rule.what_to_do if wait is None else file.unconfirmed.format(minutes=wait),
        values=values,
        protocol_version=file.version,
        source=rule.source,
        evidence=rule.evidence,
        also=also,
    )


def points_words(assessment: Assessment) -> str:
    """ "14", or "at least 9 (7 of 11)" while items are missing."""
    if assessment.complete:
        return str(assessment.total)
    return f"at least {assessment.at_least} ({len(assessment.items)} of {len(scale(assessment.scale).items)})"


class _Words(dict[str, str]):
    """What the placeholders of a message stand for, each worked out only when it is asked for."""

    def __init__(self, rule: Rule, seen: Seen) -> None:
        super().__init__()
        self._rule = rule
        self._seen = seen

    def __missing__(self, name: str) -> str:
        if name == "limit" or name.startswith("limit_"):
            return self._limit(name.removeprefix("limit").removeprefix("_"))
        if name == "blood_pressure":
            upper, lower = (measure_words(n, self._seen.values) for n in ("systolic_mmhg", "diastolic_mmhg"))
            return f"{'?' if upper == NOT_MEASURED else upper}/{'?' if lower == NOT_MEASURED else lower}"
        if name == "held":
            return " and ".join(self._held())
        if name == "news2_red":
            found = self._seen.observation.assessment("news2")
            most = max(found.items.values()) if found else 0
            labels = [
                scale("news2").item(i).label.lower() for i, p in (found.items if found else {}).items() if p == most
            ]
            return ", ".join(labels)
        if name in ("cows", "news2"):
            found = self._seen.observation.assessment(name)
            return points_words(found) if found else NOT_MEASURED
        return measure_words(name, self._seen.values)

    def _limit(self, measure: str) -> str:
        every = (*self._rule.all, *self._rule.any)
        return next(c.limit for c in every if measure in ("", c.measure))

    def _held(self) -> Iterator[str]:
        for condition in self._rule.any:
            if test_of(condition)(self._seen.values, self._seen.partial):
                yield f"{_word(condition)} {self._held_words(condition)}".strip()

    def _held_words(self, condition: Condition) -> str:
        """The value and the limit; a sign that is there needs neither, and a code no limit."""
        value = measure_words(condition.measure, self._seen.values)
        if any(other.name == condition.measure and other.kind != "number" for other in vitals_file().other):
            return ""
        return value if condition.one_of else f"{value} ({condition.limit})"


def measure_words(measure: str, values: Mapping[str, Value]) -> str:
    """A measured value as it is charted; a code in its own words."""
    value = values.get(measure)
    if value is None:
        return NOT_MEASURED
    for coded in vitals_file().coded:
        if coded.vital == measure:
            label = next(code.label for code in coded.codes if code.value == value)
            return label[0].lower() + label[1:]
    if isinstance(value, (bool, str)):
        return str(value)
    return f"{value:.{decimals(measure)}f}"


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
