"""Real pages under an in-memory search, for tests of what is made of hits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pypdfium2

from core.reading.text.words import terms
from core.types import Hit

EXAMPLES = Path(__file__).parents[2] / "examples"
_CHUNK = 500
_STEP = 400


def pdf_pages(path: Path) -> list[str]:
    """Return the text of every page as PDFium reads it."""
    with pypdfium2.PdfDocument(path) as pdf:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in pdf]


class Shelf:
    """A few documents; finds overlapping chunks by the share of the query's words they hold."""

    def __init__(self, documents: Mapping[str, Sequence[str]]) -> None:
        self._pages: dict[tuple[str, int], str] = {}
        self.names: dict[str, str] = {}
        for name, pages in documents.items():
            sha256 = hashlib.sha256(name.encode()).hexdigest()
            self.names[sha256] = name
            self._pages |= {(sha256, index): text for index, text in enumerate(pages)}

    @classmethod
    def of_examples(cls, *names: str) -> Shelf:
        return cls({name: pdf_pages(EXAMPLES / name) for name in names})

    def page_text(self, sha256: str, page: int) -> str:
        return self._pages[sha256, page]

    def search(self, query: str, k: int) -> list[Hit]:
        wanted = set(terms(query))
        hits = []
        for (sha256, page), text in self._pages.items():
            for start in range(0, len(text), _STEP):
                piece = text[start : start + _CHUNK]
                score = len(wanted & set(terms(piece))) / max(1, len(wanted))
                if score:
                    hits.append(
                        Hit(
                            doc=self.names[sha256],
                            sha256=sha256,
                            page=page,
                            start=start,
                            end=start + len(piece),
                            text=piece,
                            score=score,
                        )
                    )
        return sorted(hits, key=lambda hit: -hit.score)[:k]
