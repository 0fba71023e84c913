"""Sentences and documents for tests of the English rules."""

from __future__ import annotations

from core.types import Document, Page
from synth.facts.english.naming import Naming
from synth.facts.english.tables.flat import Flat, flatten
from tests.support.stored import stored_document

FILING = Naming(
    "Acme Widgets, Inc.’s Form 10-Q for the quarterly period ended June 25, 2022",
    "Acme Widgets, Inc.",
    ("Company", "Registrant", "Corporation"),
    filing=True,
)
HANDBOOK = Naming("the Staff Handbook of the Rowan Institute", "the Rowan Institute", ("Institute",))


def flat(text: str) -> Flat:
    """A whole text on one line."""
    return flatten(text, 0, len(text))


def document(title: str, **metadata: str) -> Document:
    return stored_document("a.pdf", sha256="a" * 64, title=title, metadata=metadata)


def page(text: str, index: int = 0) -> Page:
    return Page(index=index, text=text)
