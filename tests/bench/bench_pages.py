"""The board and the patient page against bare Streamlit pages that emit the same elements, side by side.

Run by hand: `python tests/bench/bench_pages.py [--quick] [--profile patient]`. Prints a table and one line of JSON.

What is timed is one run of a page by Streamlit's own script runner, up to the last message turned into bytes: frame,
session check, reading, judging, drawing. Socket and browser are left out: they cost both sides the same for the same
bytes and would only flatter the ratio. The bare page is made from what the page sent: as many elements of the same
kinds, with the same texts, and the same figure already built. Every figure is a median of interleaved turns in one
process after `gc.freeze()`, as in the server; read the ratios.
"""

import argparse
import cProfile
import gc
import json
import logging
import os
import pstats
import random
import statistics
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import parse_qsl, urlencode

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bench_record as history  # noqa: E402
import plotly.io  # noqa: E402
import streamlit as st  # noqa: E402
from inside import inside  # noqa: E402
from streamlit.proto.Block_pb2 import Block  # noqa: E402
from streamlit.proto.Markdown_pb2 import Markdown  # noqa: E402
from streamlit.runtime import Runtime  # noqa: E402
from streamlit.runtime.context import ContextProxy  # noqa: E402
from streamlit.runtime.fragment import MemoryFragmentStorage  # noqa: E402
from streamlit.runtime.media_file_manager import MediaFileManager  # noqa: E402
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage  # noqa: E402
from streamlit.runtime.pages_manager import PagesManager  # noqa: E402
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner  # noqa: E402
from streamlit.runtime.scriptrunner.script_cache import ScriptCache  # noqa: E402
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests  # noqa: E402
from streamlit.runtime.state.safe_session_state import SafeSessionState  # noqa: E402
from streamlit.runtime.state.session_state import SessionState  # noqa: E402
from streamlit.testing.v1.local_script_runner import LocalScriptRunner  # noqa: E402

from detox import care  # noqa: E402
from detox.access import sessions, start  # noqa: E402
from detox.care.dosing import chart_dose  # noqa: E402
from detox.care.tapering import sign_plan, write_plan  # noqa: E402
from detox.clinical.model import Clinician, Dose, Observation, TaperPlan, TaperStep  # noqa: E402
from detox.store import Store, find  # noqa: E402
from detox.ui import clock  # noqa: E402

MAIN = ROOT / "detox" / "ui" / "main.py"
PAGES = ("board", "patient")
CAPTION = Markdown.Type.CAPTION
HORIZONTAL = Block.FlexContainer.Direction.HORIZONTAL


class App:
    """One browser tab on one main script: runs it, and turns what it sends into bytes."""

    def __init__(self, main: Path) -> None:
        self.main = str(main)
        self.cache = ScriptCache()
        self.state = SafeSessionState(SessionState(), lambda: None)
        self.fragments = MemoryFragmentStorage()
        self.pages = PagesManager(self.main, self.cache, setup_watcher=False)

    def run(self, page: str, query: dict[str, str], fragment: str = "") -> list[Any]:
        """The messages of one run of a page, or of one tick of a fragment of it."""
        runner = LocalScriptRunner(self.main, self.state, self.pages, fragment_storage=self.fragments)
        runner._script_cache = self.cache
        runner._requests = ScriptRequests()  # without the full run that it starts with
        ticks = {"fragment_id_queue": [fragment], "is_auto_rerun": True} if fragment else {}
        runner.request_rerun(RerunData(query_string=urlencode(query), page_name=page, **ticks))
        runner.start()
        runner.join()
        if broken := [e for e in runner.event_data if isinstance(e, dict) and e.get("exception")]:
            raise SystemExit(f"The page did not run: {broken}")
        for message in runner.forward_msgs():
            message.SerializeToString()
        return list(runner.forward_msgs())


def deltas(messages: list[Any]) -> list[Any]:
    """The messages that draw something."""
    return [m for m in messages if m.WhichOneof("type") == "delta"]


def kind_of(message: Any) -> str:
    """html, button, plotly_chart, block popover."""
    delta = message.delta
    if delta.WhichOneof("type") == "new_element":
        return str(delta.new_element.WhichOneof("type"))
    return f"block {delta.add_block.WhichOneof('type')}"


def largest_fragment(messages: list[Any]) -> str:
    """The fragment that draws most."""
    found = Counter(m.delta.fragment_id for m in deltas(messages) if m.delta.fragment_id)
    return found.most_common(1)[0][0] if found else ""


class Bare:
    """A page that emits what another page sent, from values that lie ready."""

    def __init__(self, messages: list[Any]) -> None:
        self.made: dict[tuple[int, ...], Any] = {}
        self.columns: dict[tuple[int, ...], list[float]] = {}
        for message in deltas(messages):
            if kind_of(message) == "block column":
                row = tuple(message.metadata.delta_path)[:-1]
                self.columns.setdefault(row, []).append(message.delta.add_block.column.weight)
        self.steps: list[tuple[str, list[Callable[[], None]]]] = []
        for message in deltas(messages):
            fragment = message.delta.fragment_id
            if not self.steps or self.steps[-1][0] != fragment:
                self.steps.append((fragment, []))
                if fragment:  # a fragment brings the container that it stands in
                    self.made[tuple(message.metadata.delta_path)] = st
                    continue
            self.steps[-1][1].append(self._step(message))
        ticking = sum(m.WhichOneof("type") == "auto_rerun" for m in messages)
        self.silent = ticking - sum(1 for fragment, _ in self.steps if fragment)

    def draw(self) -> None:
        """Emit everything once; what stood in a ticking fragment stands in one."""
        for fragment, steps in self.steps:
            if fragment:
                _ticking(steps)
            else:
                for step in steps:
                    step()
        for _ in range(self.silent):
            _ticking([])

    def _step(self, message: Any) -> Callable[[], None]:
        path = tuple(message.metadata.delta_path)
        emit = self._block(message, path) if kind_of(message).startswith("block") else self._element(message, path)

        def step() -> None:
            made = emit(self.made[path[:-1]] if len(path) > 2 else st)
            self.made[path] = made

        return step

    def _block(self, message: Any, path: tuple[int, ...]) -> Callable[[Any], Any]:
        block, key = message.delta.add_block, "-".join(map(str, path))
        kind = block.WhichOneof("type")
        if kind == "column":
            return lambda at: at[path[-1]]  # its row has made it
        if path in self.columns:
            return lambda at: at.columns(self.columns[path])
        if kind == "flex_container":
            given = {"border": block.flex_container.border, "horizontal": block.flex_container.direction == HORIZONTAL}
            return lambda at: at.container(key=key if block.id else None, **given)
        if kind == "popover":
            return lambda at: at.popover(block.popover.label, key=key)
        if kind == "expandable":
            return lambda at: at.expander(block.expandable.label, key=key)
        raise SystemExit(f"The bare page cannot make a block {kind} yet.")

    def _element(self, message: Any, path: tuple[int, ...]) -> Callable[[Any], Any]:
        kind, key = kind_of(message), "-".join(map(str, path))
        sent = getattr(message.delta.new_element, kind)
        if kind == "html":
            return lambda at: at.html(sent.body)
        if kind == "markdown":
            return (
                (lambda at: at.caption(sent.body))
                if sent.element_type == CAPTION
                else (lambda at: at.markdown(sent.body))
            )
        if kind == "page_link":
            query = dict(parse_qsl(sent.query_string))
            return lambda at: at.page_link("pages/record.py", label=sent.label, query_params=query, width="stretch")
        if kind == "plotly_chart":
            figure = plotly.io.from_json(sent.spec)
            return lambda at: at.plotly_chart(figure, theme=None, key=key, config=json.loads(sent.config))
        if kind == "button_group":
            options = [option.content for option in sent.options]
            return lambda at: at.segmented_control(sent.label, options, default=options[0], required=True, key=key)
        call = {"button": "button", "text_input": "text_input", "checkbox": "toggle", "text_area": "text_area"}.get(
            kind
        )
        if call is None:
            raise SystemExit(f"The bare page cannot make the element {kind} yet.")
        return lambda at: getattr(at, call)(sent.label, key=key)


@st.fragment(run_every=3)
def _ticking(steps: list[Callable[[], None]]) -> None:
    for step in steps:
        step()


NOW_BARE: list[Bare] = []  # what the scripts of the bare app draw when they run


def bare_main() -> None:
    """The main script of the bare app."""
    st.set_page_config(page_title="Bare", page_icon="🏥", layout="wide", initial_sidebar_state="collapsed")
    names = ("board", "record", "patient", "admit", "shift")
    st.navigation(
        [st.Page(f"pages/{n}.py", title=n, url_path=n, default=n == "board") for n in names], position="top"
    ).run()


def bare_app(folder: Path) -> App:
    """Scripts with nothing in them but the drawing."""
    (folder / "pages").mkdir()
    (folder / "main.py").write_text("import sys\nsys.modules['bench_pages'].bare_main()\n")
    for name in ("board", "record", "patient", "admit", "shift"):
        (folder / "pages" / f"{name}.py").write_text("import sys\nsys.modules['bench_pages'].NOW_BARE[0].draw()\n")
    return App(folder / "main.py")


class Wards:
    """The two databases, each with who is signed in to it and whose page is opened."""

    def __init__(self, folder: Path, years: float) -> None:
        self.opened: dict[str, tuple[Store, str, dict[str, str]]] = {}
        for name, days in (("a week", 7), (f"{years:g} years", int(365 * years))):
            began = perf_counter()
            store, nurse = history.ward(folder / f"{name.replace(' ', '_')}.db")
            here = history.fill(store, nurse, days)
            shown = _tonight(store, nurse, here)
            with inside(store) as tx:
                rows = tx.execute("SELECT count(*) FROM observation").fetchone()[0]
                alerts = tx.execute("SELECT count(*) FROM alert WHERE resolved_at IS NULL").fetchone()[0]
            store.stay_open()
            self.opened[name] = (store, sessions._open(store, nurse, history.NOW), {"admission": shown})
            print(
                f"{name}: {rows} observations, {alerts} open alerts, made in {perf_counter() - began:.1f} s", flush=True
            )

    def sign_in(self, name: str) -> dict[str, str]:
        """From now on every page is that ward's; returns the query of the patient page."""
        store, cookie, query = self.opened[name]
        os.environ["DETOX_DATABASE"] = str(store.path)
        cookies = {sessions.COOKIE: cookie}
        ContextProxy.cookies = property(lambda _: cookies)  # type: ignore[method-assign,assignment]
        return query


def _tonight(store: Store, nurse: Clinician, here: list[str]) -> str:
    """The last sets of everybody through the front door, so that alerts stand; a plan with doses for the one shown."""
    rng = random.Random(23)
    made = history.sets("", rng)
    for hours in (2.0, 0.5):
        for number, admission in enumerate(here):
            answers, vitals = next(made)
            if number % 3 == 0:  # one in three needs somebody
                vitals = replace(vitals, systolic_mmhg=186.0, diastolic_mmhg=104.0, spo2_percent=91.0)
            at = history.NOW - timedelta(hours=hours)
            entry = Observation(uuid.uuid4().hex, admission, at, vitals, {"cows": answers})  # type: ignore[arg-type]
            care.record(store, nurse, entry, at, confirmed=True)
    came = history.NOW - timedelta(days=6)
    with inside(store) as tx:
        manager = next(c for c in find.clinicians(tx) if c.role == "manager")
        most = max(here, key=lambda admission: len(find.open_alerts(tx, admission)))
    doctor = care.add_clinician(
        store, manager, username="doctor", name="D", role="physician", password="only a bench", now=came
    )  # fmt: skip
    steps = tuple(TaperStep(n, mg) for n, mg in enumerate((16.0, 12.0, 8.0, 4.0, 2.0, 0.0), start=1))
    plan = TaperPlan(uuid.uuid4().hex, most, "buprenorphine", steps, 24.0, "D", came)
    write_plan(store, doctor, plan, came)
    sign_plan(store, doctor, plan.id, came)
    for half_day in range(12):
        at = came + timedelta(hours=1 + 12 * half_day)
        dose = Dose(uuid.uuid4().hex, most, plan.id, "buprenorphine", 0.0, "refused", at, "asleep")
        chart_dose(store, nurse, dose, at)
    return most


Run = tuple[App, str, dict[str, str], str, Bare | None]


def runs_of(wards: Wards, folder: Path) -> dict[tuple[str, str, str], Run]:
    """By ward, page and side: the run to time. The bare side is made from what the page sends."""
    found: dict[tuple[str, str, str], Run] = {}
    for number, name in enumerate(wards.opened):
        query = wards.sign_in(name)
        for page in PAGES:
            asked = query if page == "patient" else {}
            ours, plain = App(MAIN), bare_app(_folder(folder / f"{number}-{page}"))
            address = "" if page == "board" else page
            for _ in range(2):
                sent = ours.run(address, asked)
            bare = Bare(sent)
            NOW_BARE[:] = [bare]
            again = plain.run(address, {})
            _same_elements(sent, again, page)
            found[name, page, "ours"] = (ours, address, asked, "", None)
            found[name, page, "bare"] = (plain, address, {}, "", bare)
            if page == "board":
                found[name, "board tick", "ours"] = (ours, address, asked, largest_fragment(sent), None)
                found[name, "board tick", "bare"] = (plain, address, {}, largest_fragment(again), bare)
    return found


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _same_elements(sent: list[Any], again: list[Any], page: str) -> None:
    ours, bare = (Counter(map(kind_of, deltas(messages))) for messages in (sent, again))
    size = [sum(len(m.SerializeToString()) for m in messages) for messages in (sent, again)]
    print(f"  {page}: {sum(ours.values())} elements ({dict(ours.most_common(6))}), {size[0]} bytes, bare {size[1]}")
    if ours != bare:
        raise SystemExit(f"The bare page is not alike: {ours - bare} missing, {bare - ours} too many.")


def measure(wards: Wards, runs: dict[tuple[str, str, str], Run], turns: int) -> dict[tuple[str, str, str], float]:
    """Medians in ms."""
    times: dict[tuple[str, str, str], list[float]] = {key: [] for key in runs}
    for turn in range(turns):
        for key in runs if turn % 2 else reversed(runs):
            app, page, query, fragment, bare = runs[key]
            wards.sign_in(key[0])
            NOW_BARE[:] = [bare] if bare else []
            began = perf_counter()
            app.run(page, query, fragment)
            times[key].append(perf_counter() - began)
    return {key: statistics.median(some) * 1000 for key, some in times.items()}


def profile(wards: Wards, runs: dict[tuple[str, str, str], Run], page: str, turns: int = 30) -> None:
    """Where the time of a page goes."""
    name = next(iter(wards.opened))
    wards.sign_in(name)
    app, address, query, fragment, _ = runs[name, page, "ours"]
    watch, body = cProfile.Profile(), ScriptRunner._run_script

    def watched(self: Any, data: Any) -> None:
        watch.enable()  # the script runs in a thread of its own
        body(self, data)
        watch.disable()

    ScriptRunner._run_script = watched  # type: ignore[method-assign]
    for _ in range(turns):
        app.run(address, query, fragment)
    pstats.Stats(watch).sort_stats("cumulative").print_stats(90)


def serve_nothing() -> None:
    """What a page asks of the server around it: a place for media, the clock of the bench."""
    around = MagicMock(spec=Runtime)
    around.media_file_mgr = MediaFileManager(MemoryMediaFileStorage("/mock/media"))
    Runtime._instance = around
    clock.now = lambda: history.NOW  # type: ignore[assignment]
    sys.modules["bench_pages"] = sys.modules[__name__]
    logging.getLogger("streamlit").setLevel(logging.ERROR)


def told(found: dict[tuple[str, str, str], float], names: list[str], turns: int) -> None:
    """The table, and the ratios as JSON."""
    print(f"\n{'median ms':<14}" + "".join(f"{n:>12}{'bare':>9}{'ratio':>8}" for n in names) + f"{'history':>10}")
    ratios: dict[str, float] = {}
    for page in ("board", "board tick", "patient"):
        line = f"{page:<14}"
        for name in names:
            ours, bare = found[name, page, "ours"], found[name, page, "bare"]
            ratios[f"{page}/bare, {name}"] = round(ours / bare, 2)
            line += f"{ours:>12.1f}{bare:>9.1f}{ours / bare:>7.2f}x"
        grown = found[names[1], page, "ours"] / found[names[0], page, "ours"]
        ratios[f"history {page}"] = round(grown, 2)
        print(f"{line}{grown:>9.2f}x")
    median = {", ".join(key): round(ms, 2) for key, ms in found.items()}
    print(json.dumps({"bench": "pages", "turns": turns, "median_ms": median, "ratios": ratios}))


def main() -> None:
    """Measure, print, and say the ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--years", type=float, default=3)
    parser.add_argument("--quick", action="store_true", help="a third of the turns, a tenth of the history")
    parser.add_argument(
        "--profile", choices=("board", "board tick", "patient"), help="show where the time goes instead"
    )
    given = parser.parse_args()
    turns, years = (given.turns // 3, given.years / 10) if given.quick or given.profile else (given.turns, given.years)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DETOX_DATABASE"] = str(folder / "ward.db")
        serve_nothing()
        wards = Wards(folder, years)
        start.prepare()
        runs = runs_of(wards, folder)
        gc.collect()
        gc.freeze()
        if given.profile:
            profile(wards, runs, given.profile)
            return
        told(measure(wards, runs, turns), list(wards.opened), turns)


if __name__ == "__main__":
    main()
