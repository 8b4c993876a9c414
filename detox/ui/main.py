"""The frame around every page: who is signed in, where they can go, and whether the screen is live."""

from detox.ui import frame

frame.run()
