"""Streamlit under a clock that is set forward: `python ahead.py 3600 run dashboard.py …`, then Streamlit's arguments.

The first argument is by how many seconds the clock is ahead of the real one (behind it where negative) from the start.
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
    ahead = timedelta(seconds=float(sys.argv.pop(1)))
    with time_machine.travel(datetime.now(UTC) + ahead) as traveller:
        time.time()  # it runs from when it is first asked
        threading.Thread(target=follow, args=[traveller], daemon=True).start()
        main()
