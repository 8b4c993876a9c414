"""A real server on a free local port and a real Chromium at tablet size."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import hours
import pytest
from help import idle
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from serving import Server
from walk import START, Clock, Walk

from detox.store import Store

CHROMIUM = shutil.which("chromium")
MISSING = (
    "Chromium is not on this machine, so no screen was driven in a real browser: on Debian, apt-get install chromium."
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TABLET = {"width": 1180, "height": 820}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI") or os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(f"This run requires a browser. {MISSING}")
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path, _ward_file: Path) -> Iterator[Server]:
    """A server on a ward that is set up (accounts nurse, physician, manager), with nobody in its beds."""
    path = tmp_path / "ward.db"
    shutil.copyfile(_ward_file, path)
    served = Server(path)
    served.start()
    yield served
    served.kill()


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[Server]:
    """A server that has never been started before."""
    served = Server(tmp_path / "new" / "ward.db")
    served.database.parent.mkdir()
    served.start()
    yield served
    served.kill()


@pytest.fixture
def tablet(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """tablet(): a new person's tablet with a blank page. What its console says of errors is collected on the page."""
    contexts: list[BrowserContext] = []

    def build(**wanted: object) -> Page:
        context = chromium.new_context(
            **{
                "viewport": TABLET, "has_touch": True, "locale": "en-GB", "timezone_id": "Europe/London",
                "accept_downloads": True, **wanted,
            }
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    yield build
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=tmp_path / f"tablet-{number}.png")  # pytest keeps the folder of the last few runs
        context.close()


@pytest.fixture
def sign_in(password: str) -> Callable[[Page, str, str], Page]:
    """sign_in(page, url, "nurse"): through the form, until the board stands."""

    def enter(page: Page, url: str, username: str, secret: str = password) -> Page:
        page.goto(f"{url}/sign-in")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(secret)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector(".dx-counts")
        idle(page)
        return page

    return enter


@pytest.fixture
def walk(tmp_path, _ward_file, chromium):
    """A ward where it is Monday morning, whose clock can be set forward, with nobody in its beds."""
    path = tmp_path / "ward.db"
    shutil.copyfile(_ward_file, path)
    ahead = START - hours.real_now()
    served = Server(path, hours.streamlit(ahead))
    served.start()
    yield Walk(Store(path), Clock(served, ahead), served.url, tmp_path)
    served.kill()


@pytest.fixture
def people(walk, tablet, sign_in):
    """A nurse's and a physician's tablet, signed in; call it again on the next day, when they have been signed out."""
    pages = {}

    def both():
        for name in ("nurse", "physician"):
            if name in pages:
                pages[name].wait_for_url("**/sign-in")
            else:
                pages[name] = tablet()
            sign_in(pages[name], walk.url, name)
        return pages["nurse"], pages["physician"]

    return both
