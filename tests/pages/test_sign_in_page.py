"""The sign-in page, for those who go by the keyboard."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from core.bootstrap import Desk


def test_the_mark_is_no_stop_on_the_way_to_the_fields(desk: Desk, open_app: Callable[..., AppTest]) -> None:
    """Streamlit's own images have a button that fills the screen."""
    at = open_app(None)

    assert not at.get("imgs")
    [mark] = [element.proto.body for element in at.get("html")]
    assert mark.startswith('<img src="data:image/svg+xml;base64,') and 'alt="Answerdesk"' in mark
