"""What the handlers of all tabs share: who asks, and failures as a message in the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from kb.errors import KbError
from serve.service import told


@contextmanager
def plainly() -> Iterator[None]:
    """Show a failure of ours to the person, with what to do."""
    try:
        yield
    except KbError as error:
        raise gr.Error(told(error), title="That did not work", print_exception=False) from error


def asker(request: gr.Request) -> str:
    """Return the name the guard found for who is asking."""
    return str(getattr(request.state, "who", "page"))


# No handler is an endpoint for others: the API is under /v1. Several people may run each at once.
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
