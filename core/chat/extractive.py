"""Opens the built-in reader as a chat back end."""

from __future__ import annotations

from core.backends import ModelSpec
from core.files import Home
from core.reading.extractive import ExtractiveChat
from core.settings import Settings


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> ExtractiveChat:  # noqa: ARG001
    """Return the built-in reader; it has nothing to set."""
    return ExtractiveChat()
