import ast
import asyncio
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from inside import inside
from starlette.responses import Response
from streamlit.web.server.app_discovery import discover_asgi_app

from detox import settings
from detox.access import demo_door, first_run, forms, headers, start
from detox.access.demo_door import DemoDoor
from detox.errors import ProtocolError, Refused

CONFIG = tomllib.loads((settings.ROOT / ".streamlit" / "config.toml").read_text())


def test_streamlit_run_finds_the_front_door():
    found = discover_asgi_app(settings.ROOT / "dashboard.py")
    assert found.is_asgi_app
    assert found.app_name == "app"
    call = next(
        node for node in ast.walk(ast.parse((settings.ROOT / "dashboard.py").read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "App"
    )  # fmt: skip
    assert {"routes", "middleware", "lifespan", "on_script_error"} == {k.arg for k in call.keywords}


def test_the_dashboard_starts_without_a_warning(start_server):
    server = start_server(script=settings.ROOT / "dashboard.py").wait()
    said = [line.strip() for line in server.log.read_text().splitlines() if line.strip()]
    assert said == ["You can now view your Streamlit app in your browser.", f"URL: http://127.0.0.1:{server.port}"]


def options(**changed):
    found = {f"{section}.{name}": value for section, lines in CONFIG.items() for name, value in lines.items()}
    return {"global.developmentMode": False, **found, **changed}


def check(monkeypatch, **changed):
    from streamlit import config

    monkeypatch.setattr(config, "get_option", options(**changed).get)
    start.check_options()


def test_the_shipped_settings_are_safe(monkeypatch):
    check(monkeypatch)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("browser.gatherUsageStats", True),
        ("server.enableAgentApi", True),
        ("server.address", None),
        ("server.address", "0.0.0.0"),
        ("client.showErrorDetails", "full"),
        ("server.enableXsrfProtection", False),
    ],
)
def test_an_unsafe_setting_stops_the_start(monkeypatch, name, value):
    with pytest.raises(start.UnsafeSettings, match=name.replace(".", r"\.")):
        check(monkeypatch, **{name: value})


def test_behind_a_proxy_any_address_will_do(monkeypatch):
    monkeypatch.setenv("DETOX_BEHIND_PROXY", "1")
    check(monkeypatch, **{"server.address": "0.0.0.0"})


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_colour_of_the_theme_can_be_read(mode):
    theme = CONFIG["theme"][mode]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"]):
        assert contrast(theme["textColor"], ground) >= 7
        assert contrast(theme["linkColor"], ground) >= 4.5
        assert contrast(theme["borderColor"], ground) >= 2.5
        for name in ("red", "orange", "yellow", "green", "blue", "violet", "gray"):
            assert contrast(theme[f"{name}TextColor"], ground) >= 4.5, name
    for name in ("red", "orange", "yellow", "green", "blue", "violet", "gray"):
        assert contrast(theme[f"{name}TextColor"], theme[f"{name}BackgroundColor"]) >= 4.5, name
        assert contrast(theme["textColor"], theme[f"{name}BackgroundColor"]) >= 4.5, name
    assert contrast("#ffffff", theme["primaryColor"]) >= 4.5


def test_beds_are_a_number_or_labels():
    assert first_run._beds("3") == (["1", "2", "3"], {})
    assert first_run._beds(" 1, 2a ;Side room,") == (["1", "2a", "Side room"], {})
    assert first_run._beds("200")[1] == {}
    assert "beds" in first_run._beds("201")[1]


def test_a_refused_form_makes_no_ward_however_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DETOX_DATABASE", str(tmp_path / "ward.db"))
    from detox.store import Store, find

    store = Store.create(tmp_path / "ward.db")
    fields = first_run._suggested() | {
        "name": "4B", "beds": "2", "manager_name": "A", "username": "aa", "password": "correct horse",
    }  # fmt: skip
    with pytest.raises(Refused) as caught:
        first_run.make_ward(fields | {"password_again": "correct hors"}, datetime.now(UTC))
    assert set(caught.value.problems) == {"password_again"}
    with inside(store) as tx:
        assert not find.has_accounts(tx)


def test_the_zone_of_the_machine_is_offered(tmp_path):
    assert first_run.server_zone(Path("/usr/share/zoneinfo/Europe/Zurich")) == "Europe/Zurich"
    assert first_run.server_zone(Path("/usr/share/zoneinfo/Etc/UTC")) == "Europe/London"
    assert first_run.server_zone(tmp_path / "none") == "Europe/London"


def test_what_is_logged_of_an_error_names_no_patient():
    with pytest.raises(ValueError, match="Silva") as caught:
        raise ValueError("Maria Silva")
    assert start.describe(caught.value).startswith("ValueError at test_start.py:")


def test_https_brings_secure_cookies_and_hsts(monkeypatch):
    assert b"strict-transport-security" not in dict(headers.everywhere())
    monkeypatch.setenv("DETOX_SECURE_COOKIE", "1")
    assert b"strict-transport-security" in dict(headers.everywhere())
    response = Response()
    forms.remember_session(response, "ward.x.1")
    assert "; Secure" in response.headers["set-cookie"]


def test_a_refused_start_is_one_sentence(start_server):
    server = start_server("--browser.gatherUsageStats", "true")
    assert server.process.wait(20) != 0
    text = server.log.read_text()
    assert "The dashboard did not start. Unsafe settings: browser.gatherUsageStats must be False" in text
    assert "Traceback" not in text


def test_a_broken_protocol_stops_the_start_with_its_sentence(tmp_path, monkeypatch):
    from detox.clinical import files

    def broken():
        raise ProtocolError("scales/cows.toml", ["source: it is missing"])

    async def begin():
        async with start.lifespan(None):
            raise AssertionError("it started")

    monkeypatch.setenv("DETOX_DATABASE", str(tmp_path / "ward.db"))
    monkeypatch.setattr(start, "check_options", lambda: None)
    monkeypatch.setattr(files, "content_files", broken)
    with pytest.raises(SystemExit, match="did not start. scales/cows.toml: source: it is missing"):
        asyncio.run(begin())


def test_a_demo_ward_is_made_anew_after_a_day(tmp_path):
    path, now = tmp_path / "demo.db", datetime(2026, 11, 21, tzinfo=UTC)
    assert not demo_door._is_fresh(path, now)
    fresh = tmp_path / "demo.new.db"
    fresh.touch()
    demo_door._put_in_place(fresh, path, now)
    assert demo_door._is_fresh(path, now + timedelta(hours=24, seconds=-1))
    assert not demo_door._is_fresh(path, now + timedelta(hours=24))
    path.unlink()
    assert not demo_door._is_fresh(path, now)


def test_a_demo_that_cannot_be_built_says_so(tmp_path, monkeypatch):
    import sys
    from types import SimpleNamespace

    from detox import care

    def build(path, now, on_progress):
        raise Refused("There are no beds to make.")

    monkeypatch.setenv("DETOX_DATABASE", str(tmp_path / "ward.db"))
    broken = SimpleNamespace(build=build)
    monkeypatch.setitem(sys.modules, "detox.care.demo", broken)
    monkeypatch.setattr(care, "demo", broken, raising=False)
    door, now = DemoDoor(), datetime(2026, 11, 21, tzinfo=UTC)
    assert door.state(now).name == "missing"
    door._build(now)
    assert (door.state(now).name, door.state(now).words) == ("failed", "There are no beds to make.")
