"""The demo ward behind the second door: made of synthetic patients, built once, and again when it is a day old."""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from detox import settings
from detox.errors import DetoxError
from detox.store import Store

STALE = timedelta(hours=24)
_LOG = logging.getLogger("detox.access")


@dataclass(frozen=True, slots=True)
class State:
    """How far the demo ward is: missing, building, failed or ready."""

    name: str
    fraction: float = 0.0
    words: str = ""


class DemoDoor:
    """Builds the demo database in the background, never twice at once."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._state: State | None = None

    def state(self, now: datetime) -> State:
        """Where the demo ward stands."""
        with self._guard:
            if self._state is not None and self._state.name != "ready":
                return self._state
            return State("ready") if _is_fresh(settings.demo_database(), now) else State("missing")

    def open(self, now: datetime) -> State:
        """Start building unless it is being built or fresh already."""
        with self._guard:
            if self._state is not None and self._state.name == "building":
                return self._state
            if _is_fresh(settings.demo_database(), now):
                self._state = State("ready")
                return self._state
            self._state = State("building", 0.0, "Making the beds")
            threading.Thread(target=self._build, args=(now,), name="demo-ward", daemon=True).start()
            return self._state

    def discard(self) -> None:
        """The demo database turned out not to be usable: the next visitor has it built anew."""
        with self._guard:
            self._state = None
            _note(settings.demo_database()).unlink(missing_ok=True)

    def _build(self, now: datetime) -> None:
        target = settings.demo_database()
        fresh = target.with_name("demo.new.db")
        try:
            from detox.care import demo

            _remove(fresh)
            target.parent.mkdir(parents=True, exist_ok=True)
            demo.build(fresh, now, self._progress)
            _put_in_place(fresh, target, now)
            done = State("ready", 1.0)
        except DetoxError as error:
            done = State("failed", words=str(error))
        except Exception as error:
            _LOG.error("The demo ward could not be built: %s", type(error).__name__)
            done = State("failed", words="The demo ward could not be built: the server's log names the reason.")
        finally:
            _remove(fresh)
        with self._guard:
            self._state = done

    def _progress(self, fraction: float, words: str) -> None:
        with self._guard:
            self._state = State("building", min(max(fraction, 0.0), 1.0), words)


door = DemoDoor()


def _is_fresh(path: Path, now: datetime) -> bool:
    try:
        built_at = datetime.fromisoformat(_note(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    return path.exists() and now - built_at < STALE


def _put_in_place(fresh: Path, target: Path, now: datetime) -> None:
    """Swap the files while no writer of this process is at work; a reader opens the old one or the new one."""
    with Store(target)._lock:
        _remove(target)
        fresh.replace(target)
        _note(target).write_text(now.astimezone(UTC).isoformat(), encoding="ascii")


def _note(path: Path) -> Path:
    return path.with_name(path.name + "-built")


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-built"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
