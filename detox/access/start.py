"""Before the first visitor: what must be true, checked and said in a sentence; and what happens when a page fails."""

import gc
import importlib
import logging
import pkgutil
import re
import secrets
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from detox import settings
from detox.errors import DetoxError

_LOG = logging.getLogger("detox")
_LOCAL = ("127.0.0.1", "::1", "localhost")
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-!|~$:<>])")  # a sentence may quote what somebody typed
_SCRIPTS = ("detox.ui.main", "detox.ui.pages", "detox.__main__")


class UnsafeSettings(DetoxError):
    """The server was started in a way that would expose the ward."""


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Check everything, load everything, then open the door."""
    try:
        check_options()
        prepare()
    except DetoxError as error:
        raise SystemExit(f"The dashboard did not start. {error}") from None
    quiet_errors()
    yield


def check_options() -> None:
    """Raise UnsafeSettings unless the server is as closed as .streamlit/config.toml makes it."""
    from streamlit import config

    wanted: dict[str, object] = {
        "browser.gatherUsageStats": False,
        "server.enableAgentApi": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.enableStaticServing": False,
        "client.showErrorDetails": "none",
        "global.developmentMode": False,
    }
    wrong = [f"{name} must be {value!r}" for name, value in wanted.items() if _option(config.get_option(name)) != value]
    address = config.get_option("server.address")
    if address not in _LOCAL and not settings.behind_proxy():
        wrong.append(
            f"server.address must be 127.0.0.1 (it is {address or 'every address'}), or set DETOX_BEHIND_PROXY=1"
        )
    if wrong:
        raise UnsafeSettings(
            "Unsafe settings: "
            + "; ".join(wrong)
            + ". Start it from the project's folder, with its .streamlit/config.toml."
        )


def prepare() -> None:
    """Migrate the ward's database, load the clinical content, import every module, then freeze what stays."""
    from streamlit.runtime.pages_manager import PagesManager

    from detox.care import passwords
    from detox.clinical.files import content_files
    from detox.store import Store

    Store.create(settings.ward_database()).stay_open()
    Store(settings.demo_database()).stay_open()
    if settings.demo_database().exists():
        Store.create(settings.demo_database())
    content_files()  # every one, so that a broken file stops the start
    for name in ("pandas", "plotly.graph_objects", "pyarrow"):
        importlib.import_module(name)
    import_rooms()
    # detox/ui/pages would be taken for Streamlit's old kind of pages, and drawn without the frame, until the first run
    PagesManager.uses_pages_directory = False
    passwords.verify(None, "")  # the first unknown name takes no longer than any other
    gc.collect()
    gc.freeze()


def import_rooms() -> None:
    """Import every module of the house but the scripts that only make sense inside a page."""
    import detox

    for found in pkgutil.walk_packages(detox.__path__, "detox."):
        if not found.name.startswith(_SCRIPTS):
            importlib.import_module(found.name)


def on_script_error(error: Exception) -> bool:
    """Show a reference number in place of a traceback, and log what kind of error it was, without its text."""
    import streamlit as st

    if isinstance(error, DetoxError):
        st.error(_MARKUP.sub(r"\\\1", str(error)))
        return True
    number = secrets.token_hex(3).upper()
    _LOG.error("Reference %s: %s", number, describe(error))
    st.error(
        f"This part of the page could not be shown. What was saved is safe. Reload the page; "
        f"if it happens again, tell the ward manager reference {number}."
    )
    return True


def describe(error: BaseException) -> str:
    """An error's type and where it was raised: no text, which could name a patient."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if str(settings.ROOT / "detox") in frame.filename] or frames
    place = f" at {ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{place}"


def quiet_errors() -> None:
    """Keep the text of errors out of the server's own log: it could hold what somebody typed."""
    logging.getLogger("streamlit.error_util").addFilter(_without_text)


def _without_text(record: logging.LogRecord) -> bool:
    if record.exc_info and record.exc_info[1] is not None:
        record.msg, record.args = "A page stopped: %s", (describe(record.exc_info[1]),)
        record.exc_info = record.exc_text = None
    return True


def _option(value: object) -> object:
    return {"false": False, "true": True}.get(value.lower(), value) if isinstance(value, str) else value
