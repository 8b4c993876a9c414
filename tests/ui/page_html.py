"""What a page under AppTest wrote as HTML."""

from streamlit.testing.v1 import AppTest


def html_of(at: AppTest) -> str:
    """Everything that the page wrote as HTML, except styles."""
    return "\n".join(e.proto.body for e in at.get("html") if "<style>" not in e.proto.body)
