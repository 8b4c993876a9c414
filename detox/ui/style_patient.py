"""The looks of the patient's page and its neighbours, beside the sheet of every page."""

from functools import cache
from pathlib import Path


@cache
def sheet() -> str:
    """The style element; the colours are those of the page's own sheet."""
    return f"<style>{Path(__file__).with_name('patient.css').read_text(encoding='utf-8')}</style>"
