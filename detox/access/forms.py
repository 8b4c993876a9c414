"""Forms of the door: a bounded body, and proof that the form came from our own page.

SameSite cookies alone do not cover signing in (there is no cookie yet), so each form carries a token that only the
browser it was shown to can match: an HMAC of a random cookie under a key of this process.
"""

import hashlib
import hmac
import secrets
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from detox import settings
from detox.access.sessions import COOKIE

FORM_COOKIE = "detox_form"
FIELD = "form_token"
LARGEST = 32 * 1024

_key = secrets.token_bytes(32)


def seal(request: Request) -> tuple[str, str]:
    """The browser's form cookie (a new one if it has none) and the token to put into the form."""
    cookie = request.cookies.get(FORM_COOKIE, "")
    if not 20 <= len(cookie) <= 64:
        cookie = secrets.token_urlsafe(32)
    return cookie, _token(cookie)


def is_ours(request: Request, fields: dict[str, str]) -> bool:
    """True when the posted form was shown to this browser by this server."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    cookie = request.cookies.get(FORM_COOKIE, "")
    return bool(cookie) and hmac.compare_digest(fields.get(FIELD, "").encode(), _token(cookie).encode())


async def read(request: Request) -> dict[str, str]:
    """The posted fields, the last value of each. A body that is too large or no form reads as no fields."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return {}
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return {}


def remember_form(response: Response, cookie: str) -> None:
    """Set the form cookie that `seal` chose."""
    response.set_cookie(
        FORM_COOKIE, cookie, httponly=True, samesite="strict", secure=settings.secure_cookie(), path="/"
    )


def remember_session(response: Response, token: str) -> None:
    """Set the session cookie: until the browser closes, and never past its own end."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=settings.secure_cookie(), path="/")


def forget_session(response: Response) -> None:
    """Clear the session cookie."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=settings.secure_cookie(), path="/")


def _token(cookie: str) -> str:
    return hmac.new(_key, cookie.encode(), hashlib.sha256).hexdigest()
