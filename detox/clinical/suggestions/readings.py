"""One observation made ready for the rules: vitals in the ward's short words, and the COWS entry checked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from detox.clinical.case import CowsEntry, SowsEntry
from detox.clinical.model import Vitals
from detox.clinical.protocols import Item, scale
from detox.clinical.scales import implied_points, round_half_up
from detox.clinical.vitals import banded

SHORT = {
    "rr": "RR",
    "spo2": "SpO2",
    "hr": "HR",
    "sbp": "SBP",
    "dbp": "DBP",
    "temp_c": "temp",
    "poss": "POSS",
    "avpu": "AVPU",
    "ciwa_ar": "CIWA-Ar",
    "breath_alcohol_pct": "breath alcohol",
    "cows": "COWS",
}
UNITS = {
    "rr": "/min",
    "spo2": "%",
    "hr": "/min",
    "sbp": "mmHg",
    "dbp": "mmHg",
    "temp_c": "°C",
    "breath_alcohol_pct": "%",
    "cows": "points",
    "ciwa_ar": "points",
}
MODEL = {
    "rr": "respiratory_rate_per_min",
    "spo2": "spo2_percent",
    "hr": "heart_rate_per_min",
    "sbp": "systolic_mmhg",
    "dbp": "diastolic_mmhg",
    "temp_c": "temperature_c",
    "breath_alcohol_pct": "breath_alcohol_percent",
}
VITALS = ("rr", "spo2", "hr", "sbp", "dbp", "temp_c", "poss", "avpu", "breath_alcohol_pct", "ciwa_ar")

Value = float | int | str | bool


def ago(minutes: float) -> str:
    """An age in words: minutes up to two hours, then hours."""
    if minutes < 0:
        return f"{-minutes:g} min in the future"
    return f"{round(minutes)} min ago" if minutes <= 120 else f"{hours(minutes / 60)} ago"


def hours(value: float) -> str:
    """A length of time: 3 h or 7.5 h where one decimal says all of it, else to the minute: 53 min, 3 h 12 min."""
    if round(value, 1) == round(value, 3):
        return f"{round(value, 1):g} h"
    whole, minutes = divmod(round(value * 60), 60)
    return " ".join(filter(None, [f"{whole} h" if whole else "", f"{minutes} min" if minutes or not whole else ""]))


def since(h_ago: float | None) -> str:
    """How long ago, in words. What has no time counts as now for a danger, but nobody is told that it is of now."""
    return "at a time not recorded" if h_ago is None else f"{hours(h_ago)} ago"


@dataclass(frozen=True)
class Cows:
    """A COWS entry, checked: `total` only where every item is there and legal and the typed total agrees."""

    entry: CowsEntry
    items: dict[str, int]
    missing: tuple[Item, ...]
    errors: tuple[str, ...]
    objective: tuple[str, ...]
    pulse_short: int = 0
    """By how many points the pulse item is under what the charted pulse gives, without a stated reason."""

    @property
    def worst(self) -> int:
        """The highest total that an entry which contradicts itself may mean: as typed, or with the pulse's points."""
        typed = self.entry.total or 0
        return max(typed if typed <= scale("cows").maximum else 0, self.at_least + self.pulse_short)

    @property
    def is_cows(self) -> bool:
        """True for COWS or an entry that names no scale: only a named other scale is certainly none."""
        return self.entry.scale is None or self.named

    @property
    def named(self) -> bool:
        """True when the entry says that it is a COWS."""
        return (self.entry.scale or "").strip().upper() == "COWS"

    @property
    def at_least(self) -> int:
        """The points that are certain: items can only add. A typed total counts where no item stands beside it."""
        return sum(self.items.values()) if self.entry.items is not None else self.entry.total or 0

    @property
    def at_most(self) -> int:
        """The total if every missing item had its greatest value."""
        return self.at_least + sum(max(item.values) for item in self.missing)

    @property
    def span(self) -> tuple[int, int] | None:
        """The least and the greatest total that an entry without contradictions allows; None for any other entry."""
        if self.errors or not self.is_cows:
            return None
        if self.entry.items is None:
            return None if self.entry.total is None else (self.entry.total, self.entry.total)
        return self.at_least, self.at_most

    @property
    def total(self) -> int | None:
        """The total; None while an item is missing or the entry contradicts itself."""
        return None if self.missing or self.errors or not self.named else self.at_least


@dataclass(frozen=True)
class Reading:
    """One observation without its impossible values; `by` is who is named beside it, `rater` the id of that person."""

    min_ago: float
    by: str
    note: str
    vitals: dict[str, Value]
    cows: Cows | None
    intoxicated: bool | None
    pupils: str
    pulse_reason: str
    kept_min_ago: float | None = None
    rater: str = ""
    sows: tuple[SowsEntry, ...] = ()

    @property
    def when(self) -> str:
        """Age and recorder, for a sentence."""
        return f"({ago(self.min_ago)}, {self.by or 'recorder not stated'})"

    def number(self, name: str) -> float | None:
        """A measured vital as every band reads it, or None. Sentences say it as it was charted."""
        value = self.vitals.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return banded(MODEL[name], value) if name in MODEL else round_half_up(value, 0)

    def say(self, *names: str) -> str:
        """The named vitals in the ward's short form, with age and recorder: 'RR 8, SpO2 88 % (10 min ago, RN-A)'."""
        return f"{', '.join(self._parts(names))} {self.when}"

    def _parts(self, names: Iterable[str]) -> Iterator[str]:
        wanted = [n for n in names if n in self.vitals]
        for name in wanted:
            value = self.vitals[name]
            if name == "sbp" and "dbp" in self.vitals:
                yield f"BP {value:g}/{self.vitals['dbp']:g}"
            elif name == "dbp" and "sbp" in self.vitals:
                if "sbp" not in wanted:
                    yield f"BP {self.vitals['sbp']:g}/{value:g}"
            elif isinstance(value, str):
                yield f"{SHORT[name]} {value}"
            else:
                unit = UNITS[name] if name in ("spo2", "temp_c", "breath_alcohol_pct") else ""
                shown = f"{value:.1f}" if name == "temp_c" and float(value).is_integer() else f"{value:g}"
                yield f"{SHORT[name]} {shown} {unit}".rstrip()

    @property
    def model(self) -> Vitals:
        """The same vitals under the names of the ward's model."""
        return Vitals(
            **{MODEL[n]: v for n, v in self.vitals.items() if n in MODEL},  # type: ignore[arg-type]
            consciousness=str(self.vitals["avpu"]) if "avpu" in self.vitals else None,
        )


def check_cows(entry: CowsEntry, hr: Value | None, pulse_reason: str) -> Cows:
    """The entry with what contradicts it: illegal values, a total that is not the sum, a pulse item off the pulse."""
    items, errors, missing = {}, [], []
    objective: list[str] = []
    for item in scale("cows").items:
        value = getattr(entry.items, item.short) if entry.items else None
        if value is None:
            missing.append(item)
        elif value not in item.values:
            legal = ", ".join(map(str, item.values))
            errors.append(f"COWS item {item.short} {value} is an illegal item value (legal: {legal})")
        else:
            items[item.short] = value
            if item.objective and value >= item.objective_from:
                objective.append(item.short.replace("_", " "))
    cows = Cows(entry, items, tuple(missing), (), tuple(objective))
    errors += _total_errors(cows, errors)
    errors += _pulse_errors(items.get("pulse"), hr, pulse_reason)
    short = _pulse_short(items.get("pulse"), hr, pulse_reason)
    return Cows(entry, items, tuple(missing), tuple(errors), tuple(objective), short)


def _pulse_short(item: int | None, hr: Value | None, reason: str) -> int:
    if item is None or not isinstance(hr, (int, float)) or reason.strip():
        return 0
    implied = implied_points(scale("cows").item("resting_pulse"), Vitals(heart_rate_per_min=float(hr)))
    return max((implied or 0) - item, 0)


def _total_errors(cows: Cows, illegal: list[str]) -> list[str]:
    total = cows.entry.total
    if total is None or not cows.is_cows:
        return []
    if not 0 <= total <= scale("cows").maximum:
        return [f"COWS total {total} is outside 0-{scale('cows').maximum}"]
    if cows.entry.items is None or illegal:
        return []
    if not cows.at_least <= total <= cows.at_most:
        return [f"COWS total {total} does not equal the item sum {cows.at_least} (total != sum of items)"]
    return []


def _pulse_errors(item: int | None, hr: Value | None, reason: str) -> list[str]:
    if item is None or not isinstance(hr, (int, float)):
        return []
    implied = implied_points(scale("cows").item("resting_pulse"), Vitals(heart_rate_per_min=float(hr)))
    if implied is None or item == implied or (item < implied and reason.strip()):
        return []
    if item > implied:
        return [f"COWS pulse item {item} is higher than the charted pulse HR {hr:g} gives ({implied})"]
    return [
        f"COWS pulse item {item} is lower than the charted pulse HR {hr:g} gives ({implied}), without a stated reason"
    ]
