"""What every answer tells the browser to refuse: foreign scripts, frames, sniffing, referrers, sensors."""

import base64
import hashlib
import re
from pathlib import Path

from detox import settings

_ELSEWHERE = "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"


def dashboard_policy() -> str:
    """The content policy of the dashboard's own pages: their files, and the inline script of their index alone."""
    import streamlit

    index = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = " ".join(_source(text) for text in re.findall(r"<script>(.*?)</script>", index, re.DOTALL))
    return (
        f"default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; {_ELSEWHERE}"
    )


def page_policy(style: str) -> str:
    """The content policy of the door's plain pages: one known style sheet, forms, and nothing else at all."""
    return f"default-src 'none'; style-src {_source(style)}; img-src data:; {_ELSEWHERE}"


def everywhere() -> list[tuple[bytes, bytes]]:
    """The headers of every answer, the content policy apart."""
    found = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "permissions-policy": (
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
            "microphone=(), midi=(), payment=(), usb=()"
        ),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if settings.secure_cookie():
        found["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return [(name.encode(), value.encode()) for name, value in found.items()]


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
