"""What differs between two texts of a content file, key by key, in words."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Value = str | tuple[str, ...]
_NAMES = ("id", "vital", "value", "risk", "band", "measure", "at_least")


@dataclass(frozen=True, slots=True)
class Change:
    """One key that was added, removed or changed; `before` or `after` is empty where there was or is none."""

    kind: Literal["added", "removed", "changed"]
    key: str
    before: str = ""
    after: str = ""


def changes(before: str, after: str) -> tuple[Change, ...]:
    """From one TOML text to another; empty when only comments, layout or order differ."""
    old, new = values(before), values(after)
    found = [change for key, value in new.items() for change in _change(key, old.get(key), value)]
    return (*found, *(Change("removed", key, _text(value)) for key, value in old.items() if key not in new))


def values(text: str) -> dict[str, Value]:
    """Every value of a TOML text by its key in words: rules systolic_high_red › level."""
    return dict(_flat(tomllib.loads(text)))


def _change(key: str, old: Value | None, new: Value) -> Iterator[Change]:
    if old is None:
        yield Change("added", key, after=_text(new))
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from (Change("added", key, after=one) for one in new if one not in old)
        yield from (Change("removed", key, before=one) for one in old if one not in new)
    elif old != new:
        yield Change("changed", key, _text(old), _text(new))


def _flat(value: object, key: str = "") -> Iterator[tuple[str, Value]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{key} › {name}" if key else str(name))
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        for name, one in zip(_names(value), value, strict=True):
            yield from _flat(one, f"{key} {name}")
    elif isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        yield key, tuple(value)
    else:
        yield key, _scalar(value)


def _names(entries: list[Mapping[str, object]]) -> list[str]:
    """What tells the entries of a list apart: a key that each has and no two share, else their place."""
    for name in _NAMES:
        found = [str(one[name]) + _second(one) for one in entries if name in one]
        if len(set(found)) == len(entries):
            return found
    return [f"no. {number}" for number in range(1, len(entries) + 1)]


def _second(entry: Mapping[str, object]) -> str:
    """Two ranges of one vital differ by their SpO2 scale."""
    return f" scale {entry['spo2_scale']}" if "vital" in entry and "spo2_scale" in entry else ""


def _scalar(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_scalar, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else "; ".join(value)
