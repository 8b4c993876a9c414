"""The guard in front of everything: what is not named here is refused.

Without a live session only the door itself answers. With one, the dashboard's page, its files and its websocket do.
Uploads, media, metrics and the other machine doors of the server below are shut for everybody. A browser in a patient's
hands reaches its questionnaire, and whatever else it asks for leads back there.
"""

import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from detox.access import first_run, headers, lines, pages, sessions
from detox.access.sessions import COOKIE, Session
from detox.errors import DetoxError, StoreError

HEALTH = "/_stcore/health"
STREAM = "/_stcore/stream"
DOORS = frozenset({"/sign-in", "/set-up", "/demo"})
QUESTIONNAIRE = "/self-report"
PATIENTS = frozenset({QUESTIONNAIRE, f"{QUESTIONNAIRE}/return"})
SHUT = re.compile(
    r"/(_stcore/(upload_file|metrics|agent|script-health-check)|media|component|auth|oauth2callback|app)(/|$)"
)
FILES = re.compile(r"(?!.*\.\.)/(favicon\.png|manifest\.json|index\.html|static/[A-Za-z0-9_./-]+)")
PAGE = re.compile(r"/[a-z0-9_-]*")
FRESH_S = 2.0

Answer = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Pure ASGI middleware; one for the process."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._seen: dict[str, tuple[float, Session]] = {}
        self._set_up = False
        self._asking = CapacityLimiter(4)
        self._policy = headers.dashboard_policy().encode()
        self._everywhere = headers.everywhere()
        self._lines = lines.Lines(self.session)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through, send to the door, or refuse."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, partial(_without_traceback, send))
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            answering = partial(self._with_headers, send)
            answer = await self._decide(scope)
            await answer(scope, receive, answering)

    async def session(self, cookie: str | None) -> Session | None:
        """Whose cookie that is, as the database knew within the last seconds."""
        if cookie is None:
            return None
        known = self._seen.get(cookie)
        if known and not sessions.is_shut(known[1].token_hash) and time.monotonic() - known[0] < FRESH_S:
            return known[1]
        self._seen.pop(cookie, None)
        found = await to_thread.run_sync(sessions.current, cookie, datetime.now(UTC), limiter=self._asking)
        if found is not None:
            if len(self._seen) > 500:
                self._seen.clear()
            self._seen[cookie] = (time.monotonic(), found)
        return found

    async def _decide(self, scope: Scope) -> Answer:
        path, method = scope["path"], scope["method"]
        reading = method in ("GET", "HEAD")
        if SHUT.match(path):
            return PlainTextResponse("Refused.", 403)
        door = path in DOORS and (reading or method == "POST")
        cookie = cookie_of(scope)
        if (path == HEALTH and reading) or (door and cookie is None):
            return self.app
        try:
            session = await self.session(cookie)
            if session is None and await self._is_handed_over(cookie):
                return self._patient(scope, path, reading)
        except DetoxError as error:
            return pages.sentence(503, "The database cannot be reached", str(error))
        if door:
            return self.app
        if session is None:
            return await self._stranger(scope, path, reading)
        return self.app if _for_members(path, method, reading) else _not_here(scope, reading)

    async def _is_handed_over(self, cookie: str | None) -> bool:
        ask = partial(sessions.handed_over, cookie, datetime.now(UTC))
        return cookie is not None and await to_thread.run_sync(ask, limiter=self._asking) is not None

    def _patient(self, scope: Scope, path: str, reading: bool) -> Answer:
        if path in PATIENTS and (reading or scope["method"] == "POST"):
            return self.app
        if path != QUESTIONNAIRE and reading and _navigates(scope):
            return RedirectResponse(QUESTIONNAIRE, 303)
        return PlainTextResponse("This tablet is with a patient.", 403)

    async def _stranger(self, scope: Scope, path: str, reading: bool) -> Answer:
        if path.startswith("/export/"):
            return pages.sentence(
                403, "Sign in first", "This export belongs to a sign-in that has ended: sign in and export again.",
                link="/sign-in", link_words="Sign in",
            )  # fmt: skip
        if path == "/sign-out" or ((reading or path in PATIENTS) and _navigates(scope)):
            return RedirectResponse("/sign-in" if await self._is_set_up() else "/set-up", 303)
        return PlainTextResponse("Sign in first.", 401)

    async def _is_set_up(self) -> bool:
        if not self._set_up:
            try:
                self._set_up = await to_thread.run_sync(first_run.is_set_up, limiter=self._asking)
            except StoreError:
                return True
        return self._set_up

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookie = cookie_of(scope)
        try:
            session = await self.session(cookie) if scope["path"] == STREAM else None
        except DetoxError:
            session = None
        if session is None or cookie is None or not self._lines.may_attach(scope, session):
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._lines.carry(self.app, scope, receive, send, cookie, session)

    async def _with_headers(self, send: Send, message: Message) -> None:
        if message["type"] == "http.response.start":
            found = MutableHeaders(scope=message)
            for name, value in self._everywhere:
                found[name.decode()] = value.decode()
            if "content-security-policy" not in found:
                found["content-security-policy"] = self._policy.decode()
            if found.get("content-type", "").startswith("text/html"):
                found["cache-control"] = "no-store"  # nor does a browser bring it back by its Back button
        await send(message)


def cookie_of(scope: Scope) -> str | None:
    """The session cookie of a request, or None."""
    return HTTPConnection(scope).cookies.get(COOKIE)


def _for_members(path: str, method: str, reading: bool) -> bool:
    if path == "/sign-out" or path in PATIENTS:
        return reading or method == "POST"
    machine = path in (HEALTH, "/_stcore/host-config")
    return reading and bool(machine or path.startswith("/export/") or PAGE.fullmatch(path) or FILES.fullmatch(path))


def _not_here(scope: Scope, reading: bool) -> Response:
    if reading and _navigates(scope):
        return pages.sentence(404, "There is nothing here", "This address leads nowhere: go back to the dashboard.")
    return PlainTextResponse("There is nothing here.", 404)


def _navigates(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("accept", "")


async def _without_traceback(send: Send, message: Message) -> None:
    """A start that was refused says its sentence, without a stack above it."""
    if message["type"] == "lifespan.startup.failed":
        _, refused, sentence = message.get("message", "").rpartition("SystemExit: ")
        message = {**message, "message": sentence.strip()} if refused else message
    await send(message)
