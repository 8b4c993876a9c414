"""The doors themselves: signing in and out, the demo ward, and files that leave."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from detox.access import exports, first_run, forms, pages, self_report, sessions
from detox.access.demo_door import State, door
from detox.access.sessions import COOKIE, Session
from detox.errors import DetoxError, NotAllowed, NotFound, Refused, StoreError
from detox.store import find

DEMO_ROLES = ("nurse", "physician", "manager")
_STALE_FORM = "The page had been open for too long: nothing was sent. Please try again."
_LOG = logging.getLogger("detox.access")
_hashing = CapacityLimiter(4)  # passwords wait here and not in the threads that serve files

Endpoint = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    """Every address of the front door."""
    return [
        Route("/sign-in", _said(sign_in), methods=["GET", "POST"]),
        Route("/sign-out", _said(sign_out), methods=["GET", "POST"]),
        Route("/set-up", _said(first_run.set_up), methods=["GET", "POST"]),
        Route("/demo", _said(demo), methods=["GET", "POST"]),
        Route("/export/{ticket}", _said(export), methods=["GET"]),
        Route("/self-report", _said(self_report.questionnaire), methods=["GET", "POST"]),
        Route("/self-report/return", _said(self_report.give_back), methods=["GET", "POST"]),
    ]


async def sign_in(request: Request) -> Response:
    """Ask for name and password, open a session, go to the board."""
    if request.method != "POST":
        if await to_thread.run_sync(_session, request):
            return RedirectResponse("/", 303)
        if not await to_thread.run_sync(first_run.is_set_up):
            return RedirectResponse("/set-up", 303)
        return await _sign_in_page(request, {}, {})
    fields = await forms.read(request)
    if not forms.is_ours(request, fields):
        return await _sign_in_page(request, fields, {"": _STALE_FORM}, 403)
    name, password = fields.get("username", ""), fields.get("password", "")
    try:
        token = await to_thread.run_sync(
            sessions.sign_in, sessions.store_of("ward"), name, password, _now(), limiter=_hashing
        )
    except Refused as refused:
        return await _sign_in_page(request, fields, refused.problems, 403)
    return await _enter(request, token)


async def sign_out(request: Request) -> Response:
    """End the session here and everywhere it is shown."""
    response = RedirectResponse("/sign-in", 303)
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return response
    await to_thread.run_sync(sessions.sign_out, request.cookies.get(COOKIE), _now())
    forms.forget_session(response)
    return response


async def demo(request: Request) -> Response:
    """Explain the demo ward, get it ready, and let people in by one of three roles."""
    if request.method != "POST":
        return await _demo_page(request, door.state(_now()))
    fields = await forms.read(request)
    if not forms.is_ours(request, fields):
        return await _demo_page(request, door.state(_now()), _STALE_FORM, 403)
    state = door.open(_now())
    role = fields.get("as", "")
    if state.name != "ready" or role not in DEMO_ROLES:
        return RedirectResponse("/demo", 303)
    try:
        token = await to_thread.run_sync(sessions.sign_in_to_demo, role, _now())
    except Exception as error:
        _LOG.error("The demo ward cannot be used and will be built anew: %s", type(error).__name__)
        door.discard()
        return await _demo_page(
            request, door.state(_now()), "The demo ward cannot be used as it is: get it ready again.", 503
        )
    return await _enter(request, token)


async def export(request: Request) -> Response:
    """Hand over the file of a ticket, once, to whom it was made for."""
    session = await to_thread.run_sync(_session, request)
    if session is None:
        return pages.sentence(
            403, "Sign in first", "This export belongs to a sign-in that has ended: sign in and export again.",
            link="/sign-in", link_words="Sign in",
        )  # fmt: skip
    try:
        name, content = await to_thread.run_sync(exports.redeem, session, request.path_params["ticket"], _now())
    except NotAllowed as error:
        return pages.sentence(403, "Not exported", str(error))
    except NotFound as error:
        return pages.sentence(410, "Not exported", str(error))
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )


def _said(endpoint: Endpoint) -> Endpoint:
    """Turn what goes wrong inside an endpoint into a sentence on a page."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except StoreError as error:
            return pages.sentence(
                503, "The database cannot be used", str(error), link=request.url.path, link_words="Try again"
            )
        except DetoxError as error:
            return pages.sentence(400, "Not done", str(error))
        except Exception as error:
            _LOG.error("%s failed: %s", endpoint.__name__, type(error).__name__)
            text = (
                "Something went wrong here and nothing was changed: try again, and tell the ward manager if it stays."
            )
            return pages.sentence(500, "That did not work", text, link=request.url.path, link_words="Try again")

    return answer


def _now() -> datetime:
    return datetime.now(UTC)


def _session(request: Request) -> Session | None:
    return sessions.current(request.cookies.get(COOKIE), _now())


def _ward_name() -> str:
    with sessions.store_of("ward").read() as tx:
        return " · ".join(ward.name for ward in find.wards(tx))


async def _enter(request: Request, token: str) -> Response:
    await to_thread.run_sync(partial(sessions.sign_out, request.cookies.get(COOKIE), _now()))
    response = RedirectResponse("/", 303)
    forms.remember_session(response, token)
    return response


async def _sign_in_page(
    request: Request, fields: dict[str, str], problems: dict[str, str], status: int = 200
) -> Response:
    ward_name = await to_thread.run_sync(_ward_name)
    return _form_page(
        request, "sign_in.html", status, fields=fields, problems=problems, ward_name=ward_name,
    )  # fmt: skip


async def _demo_page(request: Request, state: State, problem: str = "", status: int = 200) -> Response:
    session = await to_thread.run_sync(_session, request)
    return _form_page(
        request, "demo.html", status, state=state, problem=problem,
        signed_in=session.clinician.name if session and session.place == "ward" else "",
        back="/" if session else "/sign-in",
    )  # fmt: skip


def _form_page(request: Request, template: str, status: int, **context: Any) -> Response:
    cookie, token = forms.seal(request)
    response = pages.page(template, status, form_token=token, **context)
    forms.remember_form(response, cookie)
    return response
