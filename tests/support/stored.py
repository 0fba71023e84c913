"""A document as the catalogue returns it, for tests that need none of its pages."""

from __future__ import annotations

from typing import Any

from core.types import Document


def stored_document(doc: str, **fields: Any) -> Document:
    """Return an indexed document of one page; `fields` replace the defaults."""
    return Document(
        **{
            "sha256": "0" * 64,
            "doc": doc,
            "collection": "default",
            "source": doc,
            "title": doc.removesuffix(".pdf").title(),
            "unit": "page",
            "metadata": {},
            "n_pages": 1,
            "status": "indexed",
            "size_bytes": 1,
            "ingested_at": "2025-01-01T00:00:00Z",
            **fields,
        }
    )
