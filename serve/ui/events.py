"""What the handlers of all tabs share: who asks, and failures as a message in the page."""

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
    """Show a failure of ours to the person, with what to do."""
    try:
        yield
    except KbError as error:
        raise gr.Error(page_text(error), title="That did not work", print_exception=False) from error


def requester(request: gr.Request) -> str:
    """Return the name the guard found for who is asking."""
    return str(getattr(request.state, "who", "page"))


def block(value: str = "", **named: Any) -> gr.HTML:
    """Return a place for HTML of our own, without Gradio's rules for running text."""
    return gr.HTML(value, apply_default_css=False, **named)


class RedrawTimer:
    """Tells when to draw again: pieces come faster than a browser needs them.

    Args:
        every_s: Time between two drawings.
    """

    def __init__(self, every_s: float = 0.15) -> None:
        self._every_s = every_s
        self._last = 0.0

    def due(self) -> bool:
        """Return whether it is time, and count from now if it is."""
        now = time.monotonic()
        if now - self._last < self._every_s:
            return False
        self._last = now
        return True


# No handler is an endpoint for others: the API is under /v1. Several people may run each at once.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
# What takes seconds shows that it is at work.
SLOW: dict[str, Any] = {**PRIVATE, "show_progress": "minimal"}
