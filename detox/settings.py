"""Where the databases lie and how the server is reached: read from the environment, decided in one place.

DETOX_DATABASE        the ward's database file; data/ward.db of the project when unset
DETOX_SECURE_COOKIE   1 when browsers reach the dashboard by https: Secure cookies and HSTS
DETOX_BEHIND_PROXY    1 when a proxy on another address stands in front: any server.address is then accepted
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def ward_database() -> Path:
    """The ward's own database."""
    return Path(os.environ.get("DETOX_DATABASE") or ROOT / "data" / "ward.db").resolve()


def demo_database() -> Path:
    """The synthetic ward's database: it lies beside the ward's own and never mixes with it."""
    return ward_database().with_name("demo.db")


def secure_cookie() -> bool:
    """True when browsers come by https only."""
    return _on("DETOX_SECURE_COOKIE")


def behind_proxy() -> bool:
    """True when the server may listen elsewhere than on this machine alone."""
    return _on("DETOX_BEHIND_PROXY")


def _on(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in ("1", "true", "yes", "on")
