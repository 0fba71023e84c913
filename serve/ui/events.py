"""What the handlers of all tabs share: who asks, errors as a message on the page, and when to draw again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from core.errors import KbError
from serve.errors import page_text


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show an error of ours as a message on the page, with the next click."""
    try:
        yield
    except KbError as error:
        raise gr.Error(page_text(error), title="Error", print_exception=False) from error


def requester(request: gr.Request) -> str:
    """Return who sent a request: the name of a key or an address, as the guard found it."""
    return str(getattr(request.state, "who", "page"))


def block(value: str = "", **options: Any) -> gr.HTML:
    """Return a component for HTML of our own, without Gradio's styles for running text."""
    return gr.HTML(value, apply_default_css=False, **options)


class RedrawTimer:
    """Tells when to draw again: pieces of an answer come faster than a browser needs them.

    Args:
        every_s: Least time between two drawings.
    """

    def __init__(self, every_s: float = 0.15) -> None:
        self._every_s = every_s
        self._last = 0.0

    def due(self) -> bool:
        """Return whether it is time to draw; if so, the next interval begins."""
        now = time.monotonic()
        if now - self._last < self._every_s:
            return False
        self._last = now
        return True


# No handler is an endpoint for other programs: the API is under /v1. Several people may run each at once.
# Class of what is drawn and not shown.
NOTHING = "kb-nothing"
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
# For handlers that take seconds: the component shows that it waits.
SLOW: dict[str, Any] = {**PRIVATE, "show_progress": "minimal"}
