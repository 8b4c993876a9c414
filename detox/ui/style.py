"""The looks: one sheet of styles for our own HTML, in light and dark, and the cover for a screen that is not live."""

from pathlib import Path

_LIGHT = {
    "ink": "#16202a", "quiet": "#4c5a67", "line": "#c9d2da", "paper": "#ffffff", "wash": "#f3f6f8",
    "critical": "#a30d1d", "critical-wash": "#fdecee", "warning": "#8a4b00", "warning-wash": "#fff4e0",
    "unknown": "#5a2d91", "unknown-wash": "#f4eefb", "settled": "#2f5d50", "link": "#0b5cad",
}  # fmt: skip
_DARK = {
    "ink": "#eef3f7", "quiet": "#b4c0ca", "line": "#3a4854", "paper": "#151c23", "wash": "#1d262f",
    "critical": "#ff98a2", "critical-wash": "#471219", "warning": "#ffc46b", "warning-wash": "#3d2a08",
    "unknown": "#d3b8ff", "unknown-wash": "#2f1f4a", "settled": "#9fd3c3", "link": "#8cc4ff",
}  # fmt: skip

_SHEET = (Path(__file__).parent / "sheet.css").read_text(encoding="utf-8")


def sheet(*, dark: bool) -> str:
    """The style element of every page."""
    colours = ";".join(f"--{name}: {value}" for name, value in palette(dark=dark).items())
    return f"<style>:root {{ {colours} }}{_SHEET}</style>"


def palette(*, dark: bool) -> dict[str, str]:
    """The colours by name, for light or dark; all text colours stand at 4.5:1 or better on their wash."""
    return _DARK if dark else _LIGHT


def cover(tick: int, as_of: str, after_s: int) -> str:
    """A cover that shows itself `after_s` seconds after the last tick; every tick starts its clock anew.

    It needs no script: the animation's name changes with each tick, and only its end makes the cover visible.
    """
    return (
        f"<style>.dx-cover {{ animation: dx-live-{tick % 2} 0s linear {after_s}s forwards }}</style>"
        f'<div class="dx-cover" role="alert"><b>NOT LIVE since {as_of}</b>'
        "<span>What stood here may be out of date. Use the paper form until this cover goes by itself.</span>"
        '<span>It stays? <a href="/sign-in" target="_self">Sign in again</a></span></div>'
    )
