"""One file as pages with their chunks: opened, linked, its language told, cut; nothing is stored here."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.language.detect import detect_language
from core.settings import Settings
from core.types import Chunk, Page
from rag.embed.base import Embedder
from rag.ingest.chunk import Chunker
from rag.ingest.header import chunk_header
from rag.ingest.running import RunningOnce
from rag.load.linking import linked
from rag.load.process.parse import Parsed, parse_file
from rag.load.reader import FileInfo
from rag.load.title import in_words

ReadPage = tuple[Page, list[Chunk]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTask:
    """What of a document is to be read.

    Attributes:
        doc: Name the document has for a person; it stands in the chunks' headers.
        sha256: Hash of its bytes.
        first: 0-based page to begin with.
        before: The pages right before it, at most `rag.load.linking.LOOK`.
        running: Running texts of all pages before it.
    """

    doc: str
    sha256: str
    first: int = 0
    before: tuple[Page, ...] = ()
    running: RunningOnce = field(default_factory=RunningOnce)


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A file that is read.

    Attributes:
        info: What is known of it.
        pages: Its pages with their chunks in order, from the first one asked for; close it when leaving early.
    """

    info: FileInfo
    pages: Generator[ReadPage, None, None]


class DocumentReader:
    """Reads documents one after another on this machine.

    Args:
        settings: Limits and chunking.
        embedder: Counts tokens and says how many fit.
        password: Tried on locked documents.
        ocr: Read pages without a text layer from their image.
    """

    def __init__(
        self, settings: Settings, embedder: Embedder, *, password: str | None = None, ocr: bool = False
    ) -> None:
        self._limits = settings.ingest
        self._chunker = make_chunker(settings, embedder)
        self._password = password
        self._ocr = ocr

    def open(self, path: Path, task: DocumentTask, stop: threading.Event | None = None) -> OpenDocument:
        """Open a file; a wait for one of its pages ends once `stop` is set.

        Raises:
            DataError: It is refused; the message says why.
            MissingExtra: Its format or OCR needs an optional dependency.
        """
        parsed = parse_file(
            path, self._limits, password=self._password, first_page=task.first, ocr=self._ocr, stop=stop
        )
        return OpenDocument(parsed.info, self._pages(parsed, path, task))

    def _pages(self, parsed: Parsed, path: Path, task: DocumentTask) -> Generator[ReadPage, None, None]:
        title = title_of(parsed.info, path, task.doc)
        last = task.before[-1] if task.before else None
        try:
            for read in linked(parsed.pages, task.before):
                page = replace(read, language=detect_language(read.text))
                header = chunk_header(title, task.doc, page, parsed.info.metadata)
                yield page, self._chunker.split(task.sha256, task.running.for_chunks(page), header, last)
                last = page
        finally:
            parsed.pages.close()


def make_chunker(settings: Settings, embedder: Embedder) -> Chunker:
    """Return a chunker whose chunks this embedder reads whole."""
    rag = settings.rag
    return Chunker(
        splitter=rag.splitter,
        chunk_chars=rag.chunk_chars,
        overlap_chars=rag.overlap_chars,
        max_tokens=embedder.identity.max_tokens,
        count_tokens=embedder.count_tokens,
    )


def title_of(info: FileInfo, original: Path, doc: str) -> str:
    """Return a document's title; where that is made of a file name, of its present one."""
    return in_words(doc) if info.title == in_words(original.name) else info.title
