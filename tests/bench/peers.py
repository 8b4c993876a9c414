"""Our scales beside other published calculators: do the totals agree, and how many are scored in a second?

Run by hand, in an environment that holds tests/bench/requirements.txt: `python tests/bench/peers.py [--inputs 10000]`.
Installs nothing: a peer that is not there is left out. Each figure is the best of interleaved turns in one run, on one
core, from plain dicts of values to total, band and points of every item (`assess/s`: from vitals already charted). The
ratio is ours/s to theirs/s, both from dicts; read it rather than the absolute numbers.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from detox.clinical import protocols, scales  # noqa: E402
from detox.clinical.model import Vitals  # noqa: E402

TURNS = 5
Values = dict[str, Any]
CONSCIOUS = {"A": "alert", "C": "confusion", "V": "voice", "P": "pain", "U": "unresponsive"}
READINGS: dict[str, Callable[[random.Random], Any]] = {
    "respiratory_rate_per_min": lambda r: r.randint(4, 40),
    "spo2_percent": lambda r: r.randint(70, 100),
    "spo2_scale": lambda r: r.choice((1, 2)),
    "on_oxygen": lambda r: r.random() < 0.5,
    "systolic_mmhg": lambda r: r.randint(60, 250),
    "heart_rate_per_min": lambda r: r.randint(25, 200),
    "consciousness": lambda r: r.choice("AAAAACVPU"),
    "temperature_c": lambda r: r.randint(330, 420) / 10,
}
# Why a total may differ, with the source that decides. A difference that is not listed here fails the run.
EXPLAINED: dict[tuple[str, str], str] = {}


class Peer(NamedTuple):
    """Another calculator for one scale: how our values become its input, and the total that it makes of that."""

    package: str
    scale: str
    turn: Callable[[Values, Values], Any]
    total: Callable[[Any], int]


def ours(scale_id: str) -> Callable[[tuple[Values, Values]], Any]:
    """Our way, from plain dicts. A scale without a measured item is given no vitals."""
    scale = protocols.scale(scale_id)
    if not any(item.measured for item in scale.items):
        return lambda case: scales.assess(scale, case[0])
    return lambda case: scales.assess(scale, case[0], case[1])


def cases(scale_id: str, number: int) -> list[tuple[Values, Values]]:
    """Random answers and vitals of a scale, the same in every run."""
    rng, scale = random.Random(f"{scale_id} 2026"), protocols.scale(scale_id)
    names = [n for i in scale.items if i.measured for n in (i.vital, *(n for v in i.variants for n in v.when))]
    return [
        (
            {i.id: rng.choice(i.values) for i in scale.items if not i.measured},
            {name: READINGS[name](rng) for name in dict.fromkeys(names)},
        )
        for _ in range(number)
    ]


def clincalc_peers() -> Iterator[Peer]:
    """A Rust engine behind one function: a name and a dict in, a dict out."""
    engine = import_module("clincalc")

    def peer(scale: str, name: str, turn: Callable[[Values, Values], Values]) -> Peer:
        fixed = {k: p["const"] for k, p in engine.get_schema(name)["properties"].items() if "const" in p}
        return Peer(
            "clincalc",
            scale,
            lambda answers, vitals: turn(answers, vitals) | fixed,
            lambda given: engine.calculate(name, given)["result"],
        )

    renamed = {
        "sweating": "sweating", "restlessness": "restlessness", "pupil_size": "pupil_size", "tremor": "tremor",
        "bone_joint_aches": "bone_or_joint_aches", "runny_nose_tearing": "runny_nose_or_tearing",
        "gi_upset": "gastrointestinal_upset", "yawning": "yawning", "gooseflesh": "gooseflesh_skin",
        "anxiety_irritability": "anxiety_or_irritability",
    }  # fmt: skip
    ciwa = {
        "nausea_vomiting": "nausea_and_vomiting", "tactile": "tactile_disturbances", "visual": "visual_disturbances",
        "auditory": "auditory_disturbances", "headache": "headache_or_fullness",
        "orientation": "orientation_and_clouding",
    }  # fmt: skip
    yield peer("cows", "cows", lambda a, v: {
        "resting_pulse_rate_bpm": v["heart_rate_per_min"], **{renamed[k]: x for k, x in a.items()}
    })  # fmt: skip
    yield peer("ciwa-ar", "ciwa_ar", lambda a, v: {ciwa.get(k, k): x for k, x in a.items()})
    yield peer("phq-9", "phq9", lambda a, v: {"responses": list(a.values())})
    yield peer("gad-7", "gad7", lambda a, v: {"responses": list(a.values())})
    yield peer("news2", "news2", lambda a, v: {
        "respiratory_rate": v["respiratory_rate_per_min"], "spo2": v["spo2_percent"],
        "spo2_scale": str(v["spo2_scale"]), "on_oxygen": v["on_oxygen"], "systolic_bp": v["systolic_mmhg"],
        "pulse": v["heart_rate_per_min"], "temperature": v["temperature_c"],
        "consciousness": "alert" if v["consciousness"] == "A" else "confusion-or-vpu",
    })  # fmt: skip


def open_medicine_peers() -> Iterator[Peer]:
    """Pydantic models: one class of parameters and one function for each scale. Its items stand in our order."""

    def peer(scale: str, module: str, params: str, function: str, turn: Callable[[list[str], Values, Values], Any]) -> Peer:  # fmt: skip  # noqa: E501
        found = import_module(f"open_medicine.mcp.calculators.{module}")
        model, work = getattr(found, params), getattr(found, function)
        names = list(model.model_fields)
        return Peer(
            "open-medicine", scale, lambda a, v: turn(names, a, v), lambda given: int(work(model(**given)).value)
        )

    def by_order(names: list[str], answers: Values, vitals: Values) -> Values:
        return dict(zip(names, answers.values(), strict=True))

    def with_pulse(names: list[str], answers: Values, vitals: Values) -> Values:
        pulse = scales.implied_points(protocols.scale("cows").item("resting_pulse"), Vitals(**vitals))
        return dict(zip(names, [pulse, *answers.values()], strict=True))

    yield peer("cows", "cows", "COWSParams", "calculate_cows", with_pulse)
    yield peer("ciwa-ar", "ciwa_ar", "CIWAArParams", "calculate_ciwa_ar", by_order)
    yield peer("phq-9", "phq9", "PHQ9Params", "calculate_phq9", by_order)
    yield peer("gad-7", "gad7", "GAD7Params", "calculate_gad7", by_order)
    yield peer("rass", "rass", "RASSParams", "calculate_rass", by_order)
    yield peer("news2", "news2", "NEWS2Params", "calculate_news2", lambda names, a, v: {
        "respiration_rate": v["respiratory_rate_per_min"], "spo2": v["spo2_percent"],
        "spo2_scale": f"scale_{v['spo2_scale']}", "on_supplemental_o2": v["on_oxygen"],
        "systolic_bp": v["systolic_mmhg"], "pulse": v["heart_rate_per_min"],
        "consciousness": CONSCIOUS[v["consciousness"]], "temperature": v["temperature_c"],
    })  # fmt: skip


def vitalscore_peers() -> Iterator[Peer]:
    """Plain dataclasses; NEWS2 only."""
    work = import_module("vitalscore.scores.news2").score_news2

    def total(given: Values) -> int:
        result = work(**given)
        assert result.risk
        return int(result.total)

    yield Peer("vitalscore", "news2", lambda a, v: {
        "respiratory_rate": v["respiratory_rate_per_min"], "spo2": v["spo2_percent"], "on_oxygen": v["on_oxygen"],
        "systolic_bp": v["systolic_mmhg"], "heart_rate": v["heart_rate_per_min"],
        "consciousness": v["consciousness"], "temperature": v["temperature_c"],
        "use_spo2_scale2": v["spo2_scale"] == 2,
    }, total)  # fmt: skip


def per_second(ways: list[tuple[Callable[[Any], Any], list[Any]]]) -> list[float]:
    """The best rate of each way, in turns one after the other so that a slow moment meets all alike."""
    best = [0.0] * len(ways)
    for _ in range(TURNS):
        for place, (work, inputs) in enumerate(ways):
            start = perf_counter()
            for one in inputs:
                work(one)
            best[place] = max(best[place], len(inputs) / (perf_counter() - start))
    return best


def compare(peer: Peer, number: int) -> tuple[str, bool]:
    """One row of the table, and whether every total agrees or is explained."""
    inputs = cases(peer.scale, number)
    own, theirs = ours(peer.scale), [peer.turn(*case) for case in inputs]
    unlike = [
        (case, own(case).total, total)
        for case, total in zip(inputs, map(peer.total, theirs), strict=True)
        if own(case).total != total
    ]
    scale = protocols.scale(peer.scale)
    charted = [(answers, Vitals(**vitals)) for answers, vitals in inputs]
    alone, mine, other = per_second(
        [(lambda case: scales.assess(scale, *case), charted), (own, inputs), (peer.total, theirs)]
    )
    why = EXPLAINED.get((peer.package, peer.scale), "")
    row = f"{peer.scale:9} {peer.package:14} {number:7,} {len(unlike):6,}"
    row += f" {alone:10,.0f} {mine:10,.0f} {other:10,.0f} {mine / other:7.2f}"
    if unlike:
        row += f"\n    first: {unlike[0]}\n    {why or 'NOT EXPLAINED'}"
    return row, not unlike or bool(why)


def main() -> int:
    """Print the table. 0 when each total agrees or is explained, 1 otherwise, 2 when no peer is installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=10_000, help="random inputs for each scale")
    wanted = parser.parse_args()
    peers: list[Peer] = []
    for package, of_package in (
        ("clincalc", clincalc_peers), ("open-medicine", open_medicine_peers), ("vitalscore", vitalscore_peers)
    ):  # fmt: skip
        try:
            peers += of_package()
            print(f"{package} {version(package)}")
        except ImportError as missing:
            print(f"{package}: left out, {missing}")
    if not peers:
        return 2
    rates = "".join(f" {name:>10}" for name in ("assess/s", "ours/s", "theirs/s"))
    print(f"\n{'scale':9} {'peer':14} {'inputs':>7} {'unlike':>6}{rates} {'ratio':>7}")
    sound = True
    for peer in sorted(peers, key=lambda p: p.scale):
        row, agrees = compare(peer, wanted.inputs)
        print(row, flush=True)
        sound &= agrees
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
