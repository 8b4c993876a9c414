"""The product as a person meets it: started by its own command, on one database, on a free local port."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import hours

ROOT = Path(__file__).resolve().parent.parent.parent


class Server:
    """`streamlit run dashboard.py` on one database; it can be killed and started again on the same port.

    `streamlit` is how Python is told to run it, for one whose clock can be set forward (hours.streamlit).
    """

    def __init__(self, database: Path, streamlit: tuple[str, ...] | None = None) -> None:
        self.database, self.streamlit = database, streamlit or hours.streamlit()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, *self.streamlit, "run", "dashboard.py", "--server.port", str(self.port)]
        self.log = self.database.with_suffix(".log").open("ab")
        settings = {**os.environ, "DETOX_DATABASE": str(self.database)}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=settings, stdin=subprocess.PIPE, stdout=self.log, stderr=self.log
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(self.database.with_suffix(".log").read_text())
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                return
            time.sleep(0.1)
        raise TimeoutError("the server did not answer in a minute")

    def kill(self) -> None:
        """As a power cut would: no chance to tidy up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.log.close()
            self.process = None
