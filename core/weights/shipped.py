"""Model weights that are part of the program: the span reader's, and adapters with which SmolLM2 reads and asks."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from core.files import sha256_of
from core.version import project_version
from core.weights.adapter import open_adapter
from core.weights.shelf import StoredModel

_SPAN_READER, _READING_ADAPTER = "span_reader.safetensors", "reading_adapter.safetensors"
_QUESTION_WRITER = "question_writer.safetensors"
_SHIPPED = {
    "span-reader": _SPAN_READER,
    "smollm2-reading": _READING_ADAPTER,
    "question-writer": _QUESTION_WRITER,
}


def span_reader_weights() -> Path:
    """Where the span reader's weights lie; its model card lies beside them."""
    return _path(_SPAN_READER)


def reading_adapter() -> Path:
    """Where the LoRA adapter lies with which SmolLM2 reads passages; its model card lies beside it."""
    return _path(_READING_ADAPTER)


def question_writer_adapter() -> Path:
    """Where the LoRA adapter lies with which SmolLM2 writes questions; its model card lies beside it."""
    return _path(_QUESTION_WRITER)


def passages_at_once(base: str) -> int:
    """Return how many passages the rows showed that a base model learned to read from; 0 where it never did."""
    return open_adapter(reading_adapter()).shown.count if base == "smollm2-reading" else 0


def _path(name: str) -> Path:
    return Path(str(files("core.weights").joinpath(name)))


def shipped_models() -> list[StoredModel]:
    """Return the models that are part of the program and need no fetching."""
    return [_stored(name, path) for name, file in _SHIPPED.items() if (path := _path(file)).is_file()]


def _stored(name: str, path: Path) -> StoredModel:
    return StoredModel(
        name=name,
        source="part of kb",
        version=project_version(),
        sha256=sha256_of(path),
        licence="CC BY-SA 4.0",
        size_bytes=path.stat().st_size,
        files={path.name: sha256_of(path)},
        path=path.parent,
    )
