"""Every value of the content files as rows that people read: what, how much, from where, on what evidence.

The keys that a section has no column for are written out as they stand in the file, so that no value stays unseen.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from detox.clinical.alerts.rules import OPERATORS, AlertsFile, Condition, Rule
from detox.clinical.content import Content, File
from detox.clinical.measure_content import DERIVED, SCORES, decimals
from detox.clinical.protocols import Coded, Jump, Range, VitalsFile, scales, vitals_file
from detox.clinical.suggestions.content import Limit, SuggestionsFile

EVIDENCE: Mapping[str, str] = {
    "R": "read",
    "R2": "read in a second-hand copy",
    "S": "read in the source named",
    "K": "from general knowledge: to be checked",
    "P": "proposed",
    "?": "not verified",
}
OF_EVERY_FILE = frozenset(File.model_fields) - {"contested"}
_SAME_THING = (
    ("sbp", "systolic", "bp", "blood pressure"), ("dbp", "diastolic", "bp", "blood pressure"),
    ("hr", "heart rate", "pulse"), ("rr", "respiratory rate", "breathing rate"), ("temp", "temperature", "fever"),
    ("spo2", "sats", "oxygen saturation"), ("sedation", "sedated", "poss"), ("bup", "buprenorphine"),
)  # fmt: skip
_GROUPS = tuple((re.compile(rf"\b({'|'.join(names)})\b"), " ".join(names)) for names in _SAME_THING)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Row:
    """One line of a table. `look` is a level, or what else its first cell should show by colour and sign."""

    id: str
    cells: tuple[str, ...]
    source: str
    evidence: str
    look: str = ""

    @cached_property
    def said(self) -> str:
        """What a search looks through: the row's own words, with other names of the same thing."""
        return _searched(" ".join((self.id, *self.cells)))

    @cached_property
    def everything(self) -> str:
        """The same with the source and the evidence."""
        return f"{self.said} {_searched(f'{self.source} {self.evidence}')}"

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number that stands in the row's own words."""
        return frozenset(map(float, _NUMBER.findall(self.said)))

    @cached_property
    def every_number(self) -> frozenset[float]:
        """The same with the source."""
        return frozenset(map(float, _NUMBER.findall(self.everything)))


@dataclass(frozen=True)
class Section:
    """A table: a head for each cell of its rows, or, when `plain`, a list of sentences."""

    title: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    plain: bool = False

    @property
    def shared(self) -> tuple[str, str] | None:
        """Source and evidence when they are the same for every row."""
        pairs = {(row.source, row.evidence) for row in self.rows}
        return pairs.pop() if len(pairs) == 1 else None


def evidence_words(tags: str) -> tuple[str, ...]:
    """`S + P` spelled out: "[S] read in the source named", "[P] proposed"."""
    return tuple(f"[{tag}] {EVIDENCE.get(tag, 'not explained')}" for tag in tags.split(" + "))


def lines(*parts: str) -> str:
    """A cell of several lines; empty ones are left out."""
    return "\n".join(part for part in parts if part)


def written(value: object) -> str:
    """A value of a file in words: yes and no, numbers as they stand, lists with a semicolon between."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Content):
        return ", ".join(f"{_plain(name)} {written(inner)}" for name, inner in _given(value, ()))
    if isinstance(value, Mapping):
        return ", ".join(f"{_plain(str(name))} {written(inner)}" for name, inner in value.items())
    if isinstance(value, (tuple, list)):
        return "; ".join(map(written, value))
    return str(value)


def rest(model: Content, known: Collection[str]) -> str:
    """Every key that was given and that `known` does not name, one a line: nothing of a file is left out."""
    return "\n".join(f"{_plain(name)}: {written(value)}" for name, value in _given(model, known))


def others(file: File, known: Collection[str]) -> Iterator[Section]:
    """What a file says of itself beyond what stands at its head: its other keys, and what is contested."""
    rows = [
        Row(name, (_plain(name), written(value)), file.source, file.evidence)
        for name, value in _given(file, {*OF_EVERY_FILE, "contested", *known})
    ]
    if rows:
        yield Section("Other values", ("Key", "Value"), tuple(rows))
    if file.contested:
        contested = tuple(
            Row(f"contested_{number}", (text,), file.source, file.evidence)
            for number, text in enumerate(file.contested, start=1)
        )
        yield Section("Contested, and known limits", ("",), contested, plain=True)


def alert_sections(file: AlertsFile) -> Iterator[Section]:
    """Each rule in words: when it opens, when it clears, what it says and asks for."""
    head = ("Rule", "Opens, and clears", "Says, why, what to do")
    yield Section("Alert rules; { } stands for what is measured", head, tuple(_rule(rule, file) for rule in file.rules))
    yield from others(file, {"rules"})


def vitals_sections(file: VitalsFile) -> Iterator[Section]:
    """What a vital can be, usually is and means; the codes; the changes that are asked about."""
    head = ("Vital", "Refused outside", "Asked about outside", "Normal", "Critical")
    yield Section("Ranges", head, tuple(_range(one) for one in file.ranges))
    codes = [row for coded in file.coded for row in _codes(coded)]
    if codes:
        yield Section("Codes", ("Vital", "Code", "Meaning"), tuple(codes))
    jumps = tuple(Row(f"jump_{j.vital}", _jump(j), file.source, file.evidence) for j in file.jumps)
    if jumps:
        yield Section("Changes that are asked about", ("Vital", "Since the last reading"), jumps)
    yield from others(file, {"ranges", "coded", "jumps"})


def suggestion_sections(file: SuggestionsFile) -> Iterator[Section]:
    """Every limit and rule text of the suggestions, then their other words."""
    limits = [
        Row(
            name,
            (
                lines(limit.at, name, limit.named and f"limit {_plain(limit.named)}"),
                f"{limit.value:g} {limit.unit}".strip(),
            ),
            limit.source,
            limit.evidence,
        )
        for name, limit in _given(file.limits, ())
        if isinstance(limit, Limit)
    ]
    yield Section("Limits", ("Limit", "Value"), tuple(limits))
    rules = [
        Row(name, (name, lines(rule.text, rest(rule, {"text", "why", "source", "evidence"})), rule.why),
            rule.source, rule.evidence)
        for name, rule in file.rules.items()
    ]  # fmt: skip
    yield Section("Rules", ("Rule", "Says", "Why"), tuple(rules))
    for title, key, group in (
        ("What else can be chosen", "Choice", file.alternatives), ("Words that are looked for in free text", "Meaning",
         file.words),
    ):  # fmt: skip
        rows = [Row(n, (_plain(n), written(value)), file.source, file.evidence) for n, value in _given(group, ())]
        yield Section(title, (key, "Words"), tuple(rows))
    yield from others(file, {"limits", "rules", "alternatives", "words"})


def measure(name: str) -> str:
    """What a measure is called: Systolic pressure, COWS points."""
    known = vitals_file()
    labels = {coded.vital: coded.label for coded in known.coded} | {one.vital: one.label for one in known.ranges}
    if name in labels:
        return labels[name]
    if name in scales():
        return f"{scales()[name].short_name} points"
    return {**SCORES, **DERIVED}.get(name, "").split(";")[0].removeprefix("the ") or _plain(name)


def condition(one: Condition) -> str:
    """Systolic pressure: 180 mmHg or more."""
    limit = one.limit
    if one.one_of:
        limit = " or ".join(_code(one.measure, value) for value in one.one_of)
    elif unit := next((r.unit for r in vitals_file().ranges if r.vital == one.measure), ""):
        number = f"{getattr(one, one.operator):.{decimals(one.measure)}f}"
        limit = limit.replace(number, f"{number} {unit}")
    more = rest(one, {"measure", "named", *OPERATORS})
    name = f" (limit {_plain(one.named)})" if one.named else ""
    return f"{measure(one.measure)}: {limit}{name}" + (f" ({more})" if more else "")


_RULE_KEYS = frozenset({
    "id", "problem", "level", "grade", "kind", "consecutive", "all", "any", "clear_all", "clear_any", "clear_readings",
    "confirm_min", "at_once_if", "of", "of_problems", "says", "reason", "action", "action_of_news2", "source",
    "evidence",
})  # fmt: skip


def _rule(rule: Rule, file: AlertsFile) -> Row:
    opens = _rests(rule) or _both(rule.all, rule.any)
    opens += f", on {rule.consecutive} readings in a row" if rule.consecutive > 1 else ""
    readings = rule.clear_readings or file.clear_readings
    clears = _both(rule.clear_all, rule.clear_any) or "it no longer holds"
    clears += f", on {readings} readings in a row" if readings > 1 else ""
    name = lines(_name(rule.id), rule.id, f"{rule.kind}, {_plain(rule.problem)}, grade {rule.grade}")
    cells = (
        name,
        lines(opens, f"clears: {clears}", _confirmed(rule), rest(rule, _RULE_KEYS)),
        lines(f"“{rule.says}”", rule.reason, f"→ {rule.what_to_do}"),
    )
    return Row(rule.id, cells, rule.source, rule.evidence, rule.level)


def _rests(rule: Rule) -> str:
    """A rule that rests on others: which, how many of their problems, and its own conditions."""
    if not rule.of:
        return ""
    count = "one" if rule.of_problems == 1 else f"{rule.of_problems} different problems"
    own = f", and {_both(rule.all, rule.any)}" if rule.all or rule.any else ""
    return f"{count} of: {'; '.join(map(_plain, rule.of))}{own}"


def _confirmed(rule: Rule) -> str:
    if rule.confirm_min is None:
        return ""
    at_once = "; ".join(map(condition, rule.at_once_if))
    unless = f", unless {at_once}" if at_once else ""
    return f"a warning until a second reading within {rule.confirm_min} min confirms it{unless}"


def _both(every: tuple[Condition, ...], some: tuple[Condition, ...]) -> str:
    together = " and ".join(map(condition, every))
    either = " or ".join(map(condition, some))
    return f"{together}, and either {either}" if every and some else together or either


_RANGE_KEYS = frozenset({
    "vital", "spo2_scale", "label", "word", "unit", "decimals", "absolute", "plausible", "source",
    "evidence",
})  # fmt: skip


def _range(one: Range) -> Row:
    def number(value: float) -> str:
        return f"{value:.{one.decimals}f}"

    def span(pair: tuple[float, float]) -> str:
        return f"{number(pair[0])} to {number(pair[1])} {one.unit}"

    scale = f"SpO2 scale {one.spo2_scale}" if one.vital == "spo2_percent" else ""
    low = f"below {number(one.critical[0])}" if one.critical[0] > one.absolute[0] else ""
    high = f"above {number(one.critical[1])}" if one.critical[1] < one.absolute[1] else ""
    outside = " or ".join(part for part in (low, high) if part)
    cells = (
        lines(one.label, one.unit, scale, rest(one, _RANGE_KEYS)),
        span(one.absolute),
        span(one.plausible),
        span(one.normal),
        f"{outside} {one.unit}" if outside else "never",
    )
    return Row(one.vital if one.spo2_scale == 1 else f"{one.vital}_{one.spo2_scale}", cells, one.source, one.evidence)


def _codes(coded: Coded) -> Iterator[Row]:
    more = rest(coded, {"vital", "spo2_scale", "label", "codes", "source", "evidence"})
    for code in coded.codes:
        cells = (coded.label, f"{code.value}: {code.short} ({code.label})", lines(_plain(code.meaning), more))
        yield Row(f"{coded.vital}_{code.value}", cells, coded.source, coded.evidence)


def _jump(jump: Jump) -> tuple[str, str]:
    one = next((r for r in vitals_file().ranges if r.vital == jump.vital), None)
    return measure(jump.vital), f"a change of more than {jump.more_than:g} {one.unit if one else ''}".strip()


def _code(vital: str, value: object) -> str:
    for coded in vitals_file().coded:
        for code in coded.codes:
            if (coded.vital, code.value) == (vital, value):
                return f"{code.value} ({code.label})"
    return written(value)


def _name(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _plain(key: str) -> str:
    return key.replace("_", " ")


def _given(model: Content, known: Collection[str]) -> Iterable[tuple[str, object]]:
    for name in (*type(model).model_fields, *(model.model_extra or ())):
        if name in known:
            continue
        value = getattr(model, name)
        field = type(model).model_fields.get(name)
        if field is None or value != field.get_default(call_default_factory=True):
            yield name, value


def _searched(text: str) -> str:
    low = text.lower().replace("_", " ")
    return " ".join([low, *(names for pattern, names in _GROUPS if pattern.search(low))])
