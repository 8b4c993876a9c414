"""Passwords as argon2id hashes. Two at a time at most: each takes a core and 64 MiB for a tenth of a second."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from detox.errors import Refused

SHORTEST = 8

_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)
_at_once = threading.BoundedSemaphore(2)


def check_new(password: str) -> None:
    """Raise Refused when a password is too short to be worth hashing."""
    if len(password) < SHORTEST:
        raise Refused({"password": f"The password has {len(password)} characters: use at least {SHORTEST}."})


def hash_password(password: str) -> str:
    """The argon2id hash to keep in place of `password`."""
    with _at_once:
        return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """True when `password` belongs to the hash. Without a hash (unknown name) it takes as long and is False."""
    with _at_once:
        try:
            return _hasher.verify(password_hash or _nobodys(), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody signs in with this")
