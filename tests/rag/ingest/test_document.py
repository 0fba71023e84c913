"""A file as pages with their chunks, from its first page or from one in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import Settings
from rag.embed.base import Embedder
from rag.ingest.document import DocumentReader, DocumentTask
from rag.ingest.running import RunningOnce
from rag.load.linking import LOOK
from tests.rag.ingest.test_reading import WordEmbedder

HANDBOOK = Path(__file__).parents[3] / "examples" / "handbook.pdf"


def _reader() -> DocumentReader:
    embedder: Embedder = WordEmbedder()  # type: ignore[assignment]
    return DocumentReader(Settings(), embedder)


def test_pages_come_with_their_language_and_chunks_of_their_text() -> None:
    opened = _reader().open(HANDBOOK, DocumentTask(doc="handbook.pdf", sha256="a" * 64))
    pages = list(opened.pages)
    assert [page.index for page, _ in pages] == list(range(opened.info.n_pages)) and len(pages) > 4
    assert {page.language for page, _ in pages} == {"en"}
    for page, chunks in pages:
        assert all(page.text[chunk.start : chunk.end] == chunk.text and chunk.page == page.index for chunk in chunks)
        assert all(chunk.sha256 == "a" * 64 and chunk.header.startswith("handbook") for chunk in chunks)


@pytest.mark.parametrize("first", [1, 4])
def test_the_rest_of_a_document_is_read_as_the_whole(first: int) -> None:
    whole = list(_reader().open(HANDBOOK, DocumentTask(doc="handbook.pdf", sha256="a" * 64)).pages)
    before = [page for page, _ in whole[:first]]
    task = DocumentTask(
        doc="handbook.pdf",
        sha256="a" * 64,
        first=first,
        before=tuple(before[-LOOK:]),
        running=RunningOnce(before),
    )
    assert list(_reader().open(HANDBOOK, task).pages) == whole[first:]


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    with pytest.raises(DataError):
        _reader().open(broken, DocumentTask(doc="broken.pdf", sha256="b" * 64))
