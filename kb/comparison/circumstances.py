"""What it takes to ask a comparison again: versions, machine, documents and the run."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from typing import Any

from core.types import Document, RunCard
from core.version import project_version

# Packages that an answer may depend on.
_PACKAGES = ("openvino", "openvino-genai", "openvino-tokenizers", "lancedb", "langchain-core", "numpy")


def circumstances(collection: str, documents: Sequence[Document], card: RunCard | None) -> dict[str, Any]:
    """Return what it takes to ask the same again, as JSON values.

    Args:
        collection: Its name.
        documents: What it holds; none where no arm reads them.
        card: Of the run; None without one.
    """
    values: dict[str, Any] = {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": {"system": platform.platform(), "cores": os.cpu_count()},
        "collection": collection,
        "documents": {document.doc: document.sha256 for document in documents},
    }
    if card is not None:
        values["run"] = {
            "name": card.name,
            "base": card.base,
            "method": card.method,
            "recipe": card.recipe,
            "seed": card.seed,
            "data": card.data,
            "data_sha256": card.data_sha256,
            "times_s": dict(card.times_s),
        }
    return values


def _versions() -> dict[str, str]:
    return {"kb": project_version(), **{name: importlib.metadata.version(name) for name in _PACKAGES}}
