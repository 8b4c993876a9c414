"""Pages under AppTest: a real session row behind the cookie that AppTest cannot carry, and a clock that stands."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from detox.access import sessions
from detox.clinical.model import Clinician, Ward
from detox.store import Store
from detox.ui import clock

MAIN = Path(__file__).resolve().parents[2] / "detox" / "ui" / "main.py"

Open = Callable[..., AppTest]


@pytest.fixture
def visit_as(store: Store, ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[[Clinician], None]:
    """visit_as(nurse): the cookie of a session of that clinician, from now on."""
    monkeypatch.setenv("DETOX_DATABASE", str(store.path))
    monkeypatch.setattr(clock, "now", lambda: now)

    def sign_in(who: Clinician) -> None:
        cookies = {sessions.COOKIE: sessions._open(store, who, now)}
        monkeypatch.setattr(ContextProxy, "cookies", property(lambda _: cookies))

    return sign_in


@pytest.fixture
def open_page(visit_as: Callable[[Clinician], None]) -> Open:
    """open_page(physician, "patient", admission="..."): the page as that clinician sees it, inside the frame."""

    def open_as(who: Clinician, name: str, **query: str) -> AppTest:
        visit_as(who)
        at = AppTest.from_file(str(MAIN), default_timeout=20)
        at.run()
        for key, value in query.items():
            at.query_params[key] = value
        return at.switch_page(f"pages/{name}.py").run()

    return open_as
