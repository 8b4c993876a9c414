"""The door's plain pages: rendered here, one inlined style sheet, no script, nothing fetched from elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse

from detox.access.headers import page_policy

_HERE = Path(__file__).parent / "templates"


def page(template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """`template` filled with `context`, kept by no cache."""
    style, policy = _style()
    text = _environment().get_template(template).render(style=Markup(style), **context)  # noqa: S704 - our own file
    return HTMLResponse(text, status, {"content-security-policy": policy, "cache-control": "no-store"})


def sentence(
    status: int, title: str, text: str, *, link: str = "/", link_words: str = "Back to the dashboard"
) -> HTMLResponse:
    """A page that says one thing and where to go next."""
    return page("sentence.html", status, title=title, text=text, link=link, link_words=link_words)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> tuple[str, str]:
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    return style, page_policy(style)
