"""Opens the built-in reader as a chat back end."""

from __future__ import annotations

from core.backends import ModelSpec
from core.files import Home
from core.reading.extractive import ExtractiveChat
from core.settings import Settings


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> ExtractiveChat:  # noqa: ARG001
    """Return the built-in reader, with the neural span reader where its weights and the embedder's are there."""
    # Loads OpenVINO: only where a question is asked.
    from core.reading.spans.reader import open_span_reader

    return ExtractiveChat(spans=open_span_reader(home))
