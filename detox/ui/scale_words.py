"""What an assessment says, in words: the number first, the scale's full name and id with it, flags beside any total."""

from detox.clinical import protocols, scales
from detox.clinical.model import Assessment, Observation
from detox.clinical.protocols import Flag, Item, Option, Scale
from detox.ui.words import esc, item_short

OWN_PAGES = ("cows", "news2")
FEW = 3


def others() -> list[Scale]:
    """Every scale that is answered item by item, apart from those with a page of their own; the patients' own first."""
    every = [s for s in protocols.scales().values() if s.observer != "vitals" and s.id not in OWN_PAGES]
    found = [s for s in every if not any(item.measured for item in s.items)]
    return sorted(found, key=lambda s: (s.observer != "self-report", s.short_name.lower()))


def other(observation: Observation) -> list[Assessment]:
    """The assessments of an observation that have no page of their own."""
    return [made for made in observation.assessments if made.scale not in OWN_PAGES]


def full_name(scale_id: str) -> str:
    """The name in full and the id: three different scales are called SOWS."""
    scale = protocols.scales().get(scale_id)
    return f"{scale.title} · {scale.id}" if scale else scale_id


def button(item: Item, option: Option) -> str:
    """Points and anchor on one button; the points are those that count, also where a scale counts backwards."""
    points = str(item.points_of[option.value])
    return option.short if option.short.lstrip("+").startswith(points) else f"{points} {option.short}"


def asked(scale: Scale, answers: dict[str, int]) -> list[Item]:
    """The items to ask: one that depends on an earlier answer only once that was above its lowest value."""
    return [
        item
        for item in scale.items
        if not item.asked_if or answers.get(item.asked_if, -1) > scale.item(item.asked_if).values[0]
    ]


def total(made: Assessment) -> str:
    """The number or level first, then the band and whose it is; a partial sum is never shown as a total. Plain text."""
    scale = protocols.scales().get(made.scale)
    short = scale.short_name if scale else made.scale
    band = _band(scale, made)
    if scale is not None and scale.kind != "sum":
        return f"{short}: {_level(scale, made, band)}"
    if made.total is None:
        return f"{short} at least {made.at_least} ({_so_far(made)})"
    return f"{short} {made.total}{f' {band}' if band else ''}"


def flags(made: Assessment) -> tuple[Flag, ...]:
    """What the scale asks for at once, at any total."""
    scale = protocols.scales().get(made.scale)
    return scales.flags(scale, made) if scale else ()


def says_html(made: Assessment) -> str:
    """Total with full name and id, what it asks for at once, and what it does not do."""
    scale = protocols.scales().get(made.scale)
    lines = [
        f'<div class="dx-cows"><b>{esc(total(made))}</b></div><div class="dx-quiet">{esc(full_name(made.scale))}</div>'
    ]
    lines += [flag_html(flag) for flag in flags(made)]
    if scale is not None and scale.triage and (made.band or made.at_least > scale.minimum):
        lines.append(_triage_html(scale, made))
    if scale is not None and scale.use == "trend":
        lines.append('<div class="dx-quiet">For the trend only: no decision rests on it.</div>')
    return "".join(lines)


def flag_html(flag: Flag) -> str:
    """One flag: what it asks for holds at any total."""
    return f'<div class="dx-alert critical"><b>▲▲ {esc(flag.label)}.</b> {esc(flag.action)}</div>'


def _triage_html(scale: Scale, made: Assessment) -> str:
    """The level a triage has reached so far: never lower than what was answered."""
    reached = scale.band(made.band) if made.band else scale.band_of(made.at_least)
    if reached == scale.bands[0]:
        return ""
    highest = reached == scale.bands[-1]
    sign, look = ("▲▲", "critical") if highest else ("▲", "warning")
    what = ": precautions at once" if highest else ""
    return f'<div class="dx-alert {look}"><b>{sign} Risk level {esc(reached.label)}{what}.</b></div>'


def _level(scale: Scale, made: Assessment, band: str) -> str:
    if band:
        open_items = f" ({_so_far(made)})" if made.missing else ""
        return f"{band}{open_items}"
    reached = scale.band_of(made.at_least).label if made.at_least > scale.minimum else "no level yet"
    least = f"at least {reached}" if made.at_least > scale.minimum else reached
    return f"{least} ({_so_far(made)})"


def _so_far(made: Assessment) -> str:
    of = len(made.items) + len(made.missing)
    names = [item_short(made.scale, name).lower() for name in made.missing]
    left = f", not answered: {', '.join(names)}" if 0 < len(names) <= FEW else ""
    return f"{len(made.items)} of {of}{left}"


def _band(scale: Scale | None, made: Assessment) -> str:
    if made.band is None:
        return ""
    found = next((b for b in scale.bands if b.id == made.band), None) if scale else None
    if found is None:
        return made.band.replace("_", " ")
    return found.label if found.authors else f"{found.label} (a band not the authors')"
