"""The websockets of signed-in browsers: each belongs to one sign-in and ends with it.

Streamlit hands every browser a session id and lets whoever shows that id take the session over, with all it displays.
Here the id is noted when it goes out and only the sign-in that received it may show it again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from detox.access import sessions
from detox.access.sessions import Session
from detox.errors import DetoxError

ASKED_EVERY_S = 3.0
FAREWELL_S = 2.0
REMEMBERED = 5000
_PROTOCOL = "sec-websocket-protocol"

Look = Callable[[str | None], Awaitable[Session | None]]


@dataclass(eq=False, slots=True)
class _Line:
    token_hash: str
    loop: asyncio.AbstractEventLoop
    over: asyncio.Event = field(default_factory=asyncio.Event)
    app_session: str | None = None
    noted: bool = False


class Lines:
    """Every open websocket by the sign-in it belongs to, and to whom each Streamlit session id was given."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._open: dict[str, set[_Line]] = {}
        self._owner: OrderedDict[str, str] = OrderedDict()
        sessions.on_end(self._ended)

    def may_attach(self, scope: Scope, session: Session) -> bool:
        """False when the handshake shows a Streamlit session id that was given to another sign-in."""
        shown = _shown_id(scope)
        return shown is None or self._owner.get(shown, session.token_hash) == session.token_hash

    async def carry(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, cookie: str, session: Session
    ) -> None:
        """Serve the websocket until either side hangs up or the sign-in is over."""
        line = self._opened(scope, session)
        speaking = asyncio.Lock()

        async def hear() -> Message:
            message = await receive()
            return {"type": "websocket.disconnect", "code": 1008} if self._is_over(line) else message

        async def say(message: Message) -> None:
            async with speaking:
                if self._is_over(line):
                    return
                if message["type"] == "websocket.send":
                    self._note(line, message.get("bytes"))
                await send(message)

        serving = asyncio.ensure_future(app(scope, hear, say))
        watching = asyncio.ensure_future(self._watch(line, cookie))
        try:
            await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done() or self._is_over(line):
                line.over.set()
                await _farewell(send, speaking, _way_out(line))
                serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
        finally:
            watching.cancel()
            serving.cancel()
            self._closed(line)

    def _opened(self, scope: Scope, session: Session) -> _Line:
        line = _Line(session.token_hash, asyncio.get_running_loop())
        shown = _shown_id(scope)
        if shown is not None and shown in self._owner:
            line.app_session = shown
        elif shown is not None:
            _forget_id(scope)
        self._open.setdefault(line.token_hash, set()).add(line)
        return line

    def _closed(self, line: _Line) -> None:
        self._open.get(line.token_hash, set()).discard(line)
        if not self._open.get(line.token_hash):
            self._open.pop(line.token_hash, None)
        if self._is_over(line):
            _close_app_session(line.app_session)

    def _is_over(self, line: _Line) -> bool:
        return line.over.is_set() or sessions.is_shut(line.token_hash)

    async def _watch(self, line: _Line, cookie: str) -> None:
        """Return when the sign-in is over: told at once by this process, by the database within seconds."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(line.over.wait(), ASKED_EVERY_S)
            if self._is_over(line):
                return
            with suppress(DetoxError):  # a database that cannot be asked ends nobody's work
                if await self._look(cookie) is None:
                    return

    def _note(self, line: _Line, frame: bytes | None) -> None:
        given = None if line.noted else _given_id(frame)
        if given:
            line.app_session, line.noted = given, True
            self._owner[given] = line.token_hash
            self._owner.move_to_end(given)
            while len(self._owner) > REMEMBERED:
                self._owner.popitem(last=False)

    def _ended(self, token_hash: str) -> None:
        for line in tuple(self._open.get(token_hash, ())):
            line.loop.call_soon_threadsafe(line.over.set)


def _shown_id(scope: Scope) -> str | None:
    """The third entry of the sub-protocol header: the Streamlit session that the browser asks to have back."""
    entries = [part.strip() for part in Headers(scope=scope).get(_PROTOCOL, "").split(",")]
    return entries[2] if len(entries) > 2 and entries[2] else None


def _forget_id(scope: Scope) -> None:
    """Take an unknown session id out of the handshake: the browser gets a new session."""
    entries = [part.strip() for part in Headers(scope=scope).get(_PROTOCOL, "").split(",")][:2]
    rest = [(name, value) for name, value in scope["headers"] if name.lower() != _PROTOCOL.encode()]
    scope["headers"] = [*rest, (_PROTOCOL.encode(), ", ".join(entries).encode("latin-1"))]


def _given_id(frame: bytes | None) -> str | None:
    message = ForwardMsg()
    try:
        message.ParseFromString(frame or b"")
    except Exception:
        return None
    return message.new_session.initialize.session_id if message.HasField("new_session") else None


def _way_out(line: _Line) -> str:
    return "/self-report" if sessions.is_handed_over(line.token_hash) else "/sign-in"


async def _farewell(send: Send, speaking: asyncio.Lock, url: str) -> None:
    """Take the browser to a plain page, so that nobody's data stays on its screen, and hang up."""
    redirect = ForwardMsg()
    redirect.auth_redirect.url = url
    with suppress(Exception):  # the browser may be gone, or too slow to be told
        async with asyncio.timeout(FAREWELL_S), speaking:
            await send({"type": "websocket.send", "bytes": redirect.SerializeToString()})
            await send({"type": "websocket.close", "code": 1008})


def _close_app_session(session_id: str | None) -> None:
    """Drop what Streamlit still keeps of an ended sign-in."""
    from streamlit.runtime import Runtime

    if session_id and Runtime.exists():
        Runtime.instance().close_session(session_id)
