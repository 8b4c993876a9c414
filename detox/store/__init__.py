"""The only room that speaks SQL: open, migrate, keep, find, audit."""

from detox.store.connection import Connection, Store

__all__ = ["Connection", "Store"]
