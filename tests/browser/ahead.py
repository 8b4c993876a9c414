"""Streamlit under a clock that is set forward: `python ahead.py run dashboard.py …`, its arguments as Streamlit's own.

Each line of its input is a number of seconds; the clock of the process goes forward by that much and runs on.
Timers (time.monotonic) run as they are.
"""

import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import time_machine
from streamlit.web.cli import main


def follow(traveller: time_machine.Traveller) -> None:
    for line in sys.stdin:
        traveller.shift(timedelta(seconds=float(line)))


if __name__ == "__main__":
    with time_machine.travel(datetime.now(UTC)) as traveller:
        time.time()  # it runs from when it is first asked
        threading.Thread(target=follow, args=[traveller], daemon=True).start()
        main()
