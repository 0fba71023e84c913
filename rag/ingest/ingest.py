"""From files to a searchable catalogue: read, chunk, embed, store, index, with reading and embedding overlapped.

A reader thread turns files into events; the calling thread embeds and commits them batch by batch, so that a
`kill -9` loses seconds of work and the same command resumes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from core.files import Home
from core.settings import Settings
from core.types import Chunk
from rag.catalogue.identity import claim_collection
from rag.catalogue.reader import EmbeddedChunk
from rag.catalogue.writer import Catalogue, Finished
from rag.embed.base import Embedder
from rag.ingest.fetch import is_url
from rag.ingest.place import Here, Pending, Vectors, Workplace, in_order
from rag.ingest.prefetch import prefetched
from rag.ingest.reading import DocumentEnded, FileKept, FileReader, FileRefused, IngestEvent, PageRead, discard_original
from rag.store.base import Store, indexed_text, sync

# One embedding call: enough texts to sort by length, few enough that a commit comes every few seconds.
CHUNKS_PER_BATCH = 384
EVENTS_PER_BATCH = 256
# The index follows the catalogue this many chunks at a time while a long ingest runs.
CHUNKS_PER_SYNC = 20_000
STALE_AFTER = timedelta(days=7)

Status = Literal["indexed", "unchanged", "refused", "no text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """What became of one file.

    Attributes:
        doc: File name.
        source: Absolute path or URL.
        sha256: Hash of its bytes; empty when it could not be read.
        pages: Pages in the catalogue.
        status: `indexed`, `unchanged`, `refused` or `no text`.
        reason: Why, when it is not plainly indexed.
        hidden: Code points removed as hidden text.
        hint: The next step, where one helps: a command to paste.
    """

    doc: str
    source: str
    sha256: str
    pages: int
    status: Status
    reason: str = ""
    hidden: int = 0
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an ingest is.

    Attributes:
        pages: Pages embedded and stored in this run.
        share: Part of all bytes done, 0 to 1.
        doc: File being read.
        stage: `read` or `index`.
    """

    pages: int
    share: float
    doc: str
    stage: Literal["read", "index"]


class Ingest:
    """One run over a list of files into one collection; the caller holds the writer lock.

    Args:
        home: Where state lives.
        catalogue: Open for writing, from this thread.
        store: The derived index.
        embedder: Turns texts into vectors.
        settings: Chunking and limits.
        collection: Made when it does not exist.
        place: Where documents are read and texts embedded; this process if None. What `run` is given of passwords and
            OCR is for this process, so another place has its own.
        on_progress: Called after every commit.
    """

    def __init__(
        self,
        *,
        home: Home,
        catalogue: Catalogue,
        store: Store,
        embedder: Embedder,
        settings: Settings,
        collection: str,
        place: Workplace | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._home = home
        self._catalogue = catalogue
        self._store = store
        self._embedder = embedder
        self._settings = settings
        self._collection = collection
        self._place = place
        self._on_progress = on_progress
        self._results: dict[str, FileResult] = {}
        self._kept: dict[str, str] = {}  # source of content that was there already, and the name it bore
        self._pages = 0
        self._unsynced = 0

    def run(
        self, files: Sequence[tuple[Path, str]], *, password: str | None = None, ocr: bool = False
    ) -> list[FileResult]:
        """Bring files into the collection.

        Args:
            files: Path to read and the source it is known by (an absolute path, or a URL).
            password: Tried on locked documents.
            ocr: Read pages without a text layer from their image (extra: ocr).

        Returns:
            One result per file, in the order given.

        Raises:
            ConfigError: The collection was embedded by another model.
            BackendError: Catalogue or index cannot be written; what was committed stays.
        """
        claim_collection(self._catalogue, self._collection, self._embedder.identity.to_json())
        stop = threading.Event()
        place = self._place or Here(self._settings, self._embedder, password=password, ocr=ocr)
        reader = FileReader(
            home=self._home,
            settings=self._settings,
            collection=self._collection,
            identity=self._embedder.identity,
            place=place,
            ocr=ocr,
            stop=stop,
        )

        def embed(batch: Sequence[IngestEvent]) -> Pending[Vectors]:
            return place.embed([indexed_text(chunk) for chunk in _chunks(batch)])

        with prefetched(reader.events(files), 2 * EVENTS_PER_BATCH, stop) as events:
            for batch, vectors in in_order(_batched(events), embed, place.ahead):
                self._commit(batch, vectors.result())
                if self._unsynced >= CHUNKS_PER_SYNC:
                    self._sync()
        self._settle_names()
        for document in self._catalogue.undescribed(self._collection):
            self._catalogue.describe(document)
        self._sync(final=True)
        self._discard()
        return [self._results[source] for _, source in files]

    def _commit(self, batch: list[IngestEvent], vectors: Vectors) -> None:
        chunks = _chunks(batch)
        embedded = iter([EmbeddedChunk(chunk, vector) for chunk, vector in zip(chunks, vectors, strict=True)])
        with self._catalogue.transaction():
            for event in batch:
                if isinstance(event, PageRead):
                    rows = [next(embedded) for _ in event.chunks]
                    self._catalogue.add_pages(event.document, [event.page], rows)
                    self._pages += 1
                else:
                    self._settle(event)
        self._unsynced += len(chunks)
        last = batch[-1]
        self._on_progress(Progress(pages=self._pages, share=last.share, doc=last.doc, stage="read"))

    def _settle(self, event: IngestEvent) -> None:
        if isinstance(event, FileKept):
            self._keep(event)
        elif isinstance(event, FileRefused):
            if event.document is not None:
                self._catalogue.unstage(event.document)
            self._note(event, sha256=event.sha256, pages=0, status="refused", reason=event.reason, hint=event.hint)
        elif isinstance(event, DocumentEnded):
            self._finish(event)

    def _keep(self, event: FileKept) -> None:
        """Note another source of content that is there; sources of it that are gone from the disk are forgotten."""
        known = self._catalogue.find(self._collection, event.sha256)
        known = known or self._catalogue.revive(self._collection, event.sha256)
        if known is None:  # a copy of a file whose every page turned out unreadable
            self._note(event, sha256=event.sha256, pages=0, status="refused", reason="no page can be read")
            return
        self._kept.setdefault(event.source, known.doc)
        self._catalogue.add_source(self._collection, event.sha256, event.source, event.doc)
        for source in self._catalogue.sources_of(self._collection, event.sha256):
            if source != event.source and not is_url(source) and not Path(source).exists():
                self._catalogue.drop_source(self._collection, source)
        self._note(event, sha256=event.sha256, pages=known.n_pages, status="unchanged")

    def _settle_names(self) -> None:
        """Say of every file that was there already under which other name it is."""
        for source, known_as in self._kept.items():
            result = self._results[source]
            sources = self._catalogue.sources_of(self._collection, result.sha256)
            first = min(sources, key=lambda other: (sources[other] != result.doc, other), default=source)
            document = self._catalogue.find(self._collection, result.sha256)
            if document is None:
                continue
            if document.doc != result.doc:
                reason = f"same content as {document.doc}"
            elif known_as != result.doc:
                reason = f"was {known_as}"
            else:
                reason = f"same content as {first}" if first != source else ""
            self._results[source] = replace(result, reason=reason)

    def _discard(self) -> None:
        """Delete what this run replaced and what older runs left unfinished, with the originals."""
        gone = self._catalogue.discard_retired()
        gone += self._catalogue.discard_stale(self._collection, datetime.now(UTC) - STALE_AFTER)
        for sha256 in gone:
            discard_original(self._home, self._catalogue, sha256)

    def _finish(self, event: DocumentEnded) -> None:
        quality = self._catalogue.quality_of(event.document)
        if quality.pages and len(quality.failed) == quality.pages:
            self._catalogue.unstage(event.document)
            discard_original(self._home, self._catalogue, event.sha256)
            self._note(event, sha256=event.sha256, pages=0, status="refused", reason=quality.describe())
            return
        status: Status = "indexed" if quality.chunks else "no text"
        self._catalogue.finish(
            event.document,
            event.source,
            Finished(title=event.title, profile={}, status=status, n_pages=quality.pages, doc=event.doc),
        )
        self._catalogue.describe(event.document)
        self._note(
            event,
            sha256=event.sha256,
            pages=quality.pages,
            status=status,
            reason=quality.describe(),
            hidden=quality.hidden,
        )

    def _note(
        self,
        event: IngestEvent,
        *,
        sha256: str,
        pages: int,
        status: Status,
        reason: str = "",
        hidden: int = 0,
        hint: str = "",
    ) -> None:
        self._results[event.source] = FileResult(
            doc=event.doc,
            source=event.source,
            sha256=sha256,
            pages=pages,
            status=status,
            reason=reason,
            hidden=hidden,
            hint=hint,
        )

    def _sync(self, *, final: bool = False) -> None:
        self._unsynced = 0
        report = Progress(pages=self._pages, share=1.0 if final else 0.0, doc="", stage="index")
        changed = sync(self._store, self._catalogue, self._collection)
        if changed and final:
            self._on_progress(report)
            self._store.optimize()


def _chunks(batch: Sequence[IngestEvent]) -> list[Chunk]:
    return [chunk for event in batch if isinstance(event, PageRead) for chunk in event.chunks]


def _batched(events: Iterable[IngestEvent]) -> Iterator[list[IngestEvent]]:
    """Group events for one embedding call and one commit."""
    batch: list[IngestEvent] = []
    chunks = 0
    for event in events:
        batch.append(event)
        chunks += len(event.chunks) if isinstance(event, PageRead) else 0
        if chunks >= CHUNKS_PER_BATCH or len(batch) >= EVENTS_PER_BATCH:
            yield batch
            batch, chunks = [], 0
    if batch:
        yield batch
