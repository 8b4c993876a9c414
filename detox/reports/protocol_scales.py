"""A scale as rows: who rates it, its items with every answer, its bands with the number first, what it cannot tell."""

from collections.abc import Iterator

from detox.clinical.protocols import Band, Item, Option, Scale, Step
from detox.reports.protocol_rows import Row, Section, lines, measure, others, rest, written

NOT_AUTHORS = "not the authors'"
_SHOWN = frozenset({
    "short_name", "observer", "kind", "use", "window", "interval", "bands", "bands_source", "bands_evidence",
    "band_scheme", "schemes", "unbanded", "options", "items", "triage", "flags", "important_change",
    "important_change_up_to", "important_change_source", "does_not_measure", "single_item", "responses", "min_age",
})  # fmt: skip
_ITEM_KEYS = frozenset({
    "id", "label", "short", "window", "seen_by", "options", "reversed", "asked_if", "vital", "decimals", "points",
    "variants", "codes", "objective", "objective_from",
})  # fmt: skip
_KINDS = {
    "sum": "the points of its items are added",
    "level": "one level, never added to anything",
    "triage": "the highest band that one answer gives; it has no total",
}
_OBSERVERS = {"clinician": "a clinician", "self-report": "the patient", "vitals": "nobody: worked out from the vitals"}


def scale_sections(scale: Scale) -> Iterator[Section]:
    """Everything that a scale's file says."""
    yield Section("About", ("What", "Value"), tuple(_about(scale)))
    if scale.important_change is not None:
        up_to = f" to {scale.important_change_up_to}" if scale.important_change_up_to is not None else ""
        cells = ("a change that matters", f"{scale.important_change}{up_to} points")
        row = Row("important_change", cells, scale.important_change_source, scale.evidence)
        yield Section("Important change", ("What", "Value"), (row,))
    yield from _bands(scale)
    items = tuple(Row(i.id, _item(i), scale.source, scale.evidence) for i in scale.items)
    yield Section("Items", ("Item", "How it is seen", "Answers and their points"), items)
    if scale.flags:
        flags = []
        for flag in scale.flags:
            when = f"{_label(scale, flag.item)}: {flag.at_least} or more"
            said = (lines(flag.label, flag.id), when, f"→ {flag.action}")
            flags.append(Row(flag.id, said, flag.source, flag.evidence))
        yield Section("Answers that ask for action by themselves", ("Flag", "When", "What to do"), tuple(flags))
    if scale.responses:
        responses = tuple(
            Row(f"response_{r.risk}", (r.risk, r.monitoring, r.response), scale.source, scale.evidence)
            for r in scale.responses
        )
        yield Section("What a risk asks for", ("Risk", "Monitoring", "Response"), responses)
    yield from others(scale, _SHOWN)


def _about(scale: Scale) -> Iterator[Row]:
    facts = {
        "short name": scale.short_name,
        "rated by": _OBSERVERS.get(scale.observer, scale.observer),
        "result": _KINDS.get(scale.kind, scale.kind),
        "use": "a trend only: it never drives a decision" if scale.use == "trend" else "care",
        "time window": scale.window,
        "interval": scale.interval,
        "totals": f"{scale.minimum} to {scale.maximum}" if scale.kind != "triage" else "",
        "youngest age": f"{scale.min_age} years" if scale.min_age is not None else "",
        "does not measure": ", ".join(scale.does_not_measure),
        "one item alone": (
            f"{scale.single_item.points} points or more for one item: risk {scale.single_item.risk}"
            if scale.single_item
            else ""
        ),
        "no bands": scale.unbanded,
    }
    for name, value in facts.items():
        if value:
            yield Row(name.replace(" ", "_"), (name, value), scale.source, scale.evidence)


def _bands(scale: Scale) -> Iterator[Section]:
    source, tag = scale.bands_source or scale.source, scale.bands_evidence or scale.evidence
    if scale.triage:
        rows = []
        for band in scale.bands:
            asked = next((rule.any_of for rule in scale.triage if rule.band == band.id), ())
            when = " or ".join(_label(scale, name) for name in asked)
            rows.append(_band(band, str(band.at_least), source, tag, f"yes to {when}" if when else "no yes"))
        yield Section("Levels", ("Rank", "Level", "Reached by", "Whose"), tuple(rows))
        return
    for scheme in scale.schemes:
        used = "in use here" if scheme.id == scale.band_scheme else "not in use here"
        rows = [_band(b, t, scheme.source, scheme.evidence) for b, t in _totals(scheme.bands, scale.maximum)]
        yield Section(f"Bands: {scheme.id.replace('_', ' ')}, {used}", ("Total", "Band", "Whose"), tuple(rows))
    if scale.bands and not scale.schemes:
        rows = [_band(b, t, source, tag) for b, t in _totals(scale.bands, scale.maximum)]
        yield Section("Bands", ("Total", "Band", "Whose"), tuple(rows))


def _band(band: Band, total: str, source: str, evidence: str, *more: str) -> Row:
    cells = (total, band.label, *more, "the authors'" if band.authors else NOT_AUTHORS)
    return Row(f"band_{band.id}", cells, source, evidence, "" if band.authors else "unknown")


def _totals(bands: tuple[Band, ...], maximum: int) -> Iterator[tuple[Band, str]]:
    for band, after in zip(bands, [*(b.at_least for b in bands[1:]), maximum + 1], strict=True):
        last = after - 1
        yield band, str(last) if band.at_least == last else f"{band.at_least} to {last}"


def _item(item: Item) -> tuple[str, str, str]:
    seen = lines(
        f"measured: {measure(item.vital)}" if item.vital else item.seen_by,
        item.window,
        f"asked only after a yes to {item.asked_if.replace('_', ' ')}" if item.asked_if else "",
        "counted from the other end: the highest answer gives the fewest points" if item.reversed else "",
        f"a sign that was seen from {item.objective_from} points" if item.objective else "",
        rest(item, _ITEM_KEYS),
    )
    answers = [_option(option, item) for option in item.options]
    answers += [*_steps(item.points, item)]
    for variant in item.variants:
        when = ", ".join(f"{measure(name)} {written(value)}" for name, value in variant.when.items())
        answers += [f"{when}:", *_steps(variant.points, item)]
    answers += [f"{code} → {_points(points)}" for code, points in item.codes.items()]
    short = item.short if item.short and item.short.lower() != item.label.lower() else ""
    return lines(item.label, short), seen, "\n".join(answers)


def _option(option: Option, item: Item) -> str:
    gives = f" → {_points(item.points_of[option.value])}" if item.reversed else ""
    anchor = option.label if option.short in option.label else f"{option.label} ({option.short})"
    return f"{option.value}{gives}: {anchor}"


def _steps(steps: tuple[Step, ...], item: Item) -> Iterator[str]:
    for number, step in enumerate(steps):
        after = steps[number + 1].at_least if number + 1 < len(steps) else None
        low = None if step.at_least is None else f"{step.at_least:.{item.decimals}f}"
        below = None if after is None else f"{after:.{item.decimals}f}"
        if low is None:
            said = f"below {below}" if below else "any value"
        else:
            said = f"from {low} to below {below}" if below else f"{low} or more"
        yield f"{said} → {_points(step.points)}" + (f" ({step.label})" if step.label else "")


def _points(points: int) -> str:
    return f"{points} point" if points == 1 else f"{points} points"


def _label(scale: Scale, item_id: str) -> str:
    return scale.item(item_id).label
