"""Model weights that are part of the program: the span reader's."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from core.files import sha256_of
from core.weights.shelf import StoredModel

_SPAN_READER = "span_reader.safetensors"


def span_reader_weights() -> Path:
    """Where the span reader's weights lie; its model card lies beside them."""
    return Path(str(files("core.weights").joinpath(_SPAN_READER)))


def shipped_models() -> list[StoredModel]:
    """Return the models that are part of the program and need no fetching."""
    path = span_reader_weights()
    if not path.is_file():
        return []
    return [
        StoredModel(
            name="span-reader",
            source="part of kb",
            version=version("kb"),
            sha256=sha256_of(path),
            licence="CC BY-SA 4.0",
            size_bytes=path.stat().st_size,
            files={path.name: sha256_of(path)},
            path=path.parent,
        )
    ]
