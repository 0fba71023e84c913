"""Turns files into a stream of events: what was read, chunked, kept as it is, or refused, and why.

Runs ahead of the embedding in a thread of its own, with its own connection to the catalogue. Embeds nothing and
commits no page.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb.errors import BackendError, DataError
from kb.files import Home, atomic_write, sha256_of
from kb.settings import Settings
from kb.types import Chunk, Page
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue, NewDocument
from rag.chunk import Chunker
from rag.embed.base import Embedder
from rag.header import chunk_header
from rag.load.parse import Parsed, parse_file
from rag.load.reader import FileInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a file.

    Attributes:
        doc: File name.
        source: Absolute path or URL.
        sha256: Hash of its bytes; empty when it could not be read.
        share: Part of all bytes that is done with this event, 0 to 1.
    """

    doc: str
    source: str
    sha256: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Event):
    """One page with its chunks, of the staged document with this row id."""

    document: int
    page: Page
    chunks: Sequence[Chunk]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """The last page of a staged document is in."""

    document: int
    title: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Event):
    """The collection holds this content already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Event):
    """The file cannot be used; `document` is the staged row to drop, if it came so far."""

    reason: str
    document: int | None = None


class Reader:
    """Reads files one after another.

    Args:
        home: Where originals and the catalogue are.
        settings: Limits and chunking.
        collection: Where the documents will go.
        embedder: Counts tokens and says how many fit.
        password: Tried on locked documents.
        ocr: Read pages without a text layer from their image.
    """

    def __init__(
        self,
        *,
        home: Home,
        settings: Settings,
        collection: str,
        embedder: Embedder,
        password: str | None = None,
        ocr: bool = False,
    ) -> None:
        self._home = home
        self._settings = settings
        self._collection = collection
        self._password = password
        self._ocr = ocr
        self._recipe = recipe(settings, embedder.identity.to_json())
        self._chunker = make_chunker(settings, embedder)

    def events(self, files: Sequence[tuple[Path, str]]) -> Generator[Event, None, None]:
        """Yield events for every file, in order; `files` holds the path to read and the source it is known by.

        Raises:
            BackendError: An original cannot be stored, or the catalogue cannot be written.
        """
        catalogue = Catalogue(self._home.catalogue, create=True)
        sizes = [path.stat().st_size if path.is_file() else 0 for path, _ in files]
        total = max(1, sum(sizes))
        seen: set[str] = set()
        done = 0
        try:
            for (path, source), size in zip(files, sizes, strict=True):
                span = (done / total, (done + size) / total)
                yield from self._file(catalogue, path, source, span, seen)
                done += size
        finally:
            catalogue.close()

    def _file(
        self, catalogue: Catalogue, path: Path, source: str, span: tuple[float, float], seen: set[str]
    ) -> Generator[Event, None, None]:
        sha256 = ""
        document: int | None = None
        try:
            sha256 = self._hashed(path)
            if sha256 in seen or catalogue.find(self._collection, sha256):
                yield Kept(doc=path.name, source=source, sha256=sha256, share=span[1])
                return
            # Parsed from our copy: the text then belongs to the bytes that were hashed, whatever happens outside.
            original = self._stored(path, sha256)
            parsed = self._parse(original)
            document, first = catalogue.stage(self._collection, _new(parsed.info, original, sha256), self._recipe)
            if first:
                parsed.pages.close()
                parsed = self._parse(original, first)
            try:
                for page in parsed.pages:
                    share = span[0] + (span[1] - span[0]) * (page.index + 1) / max(1, parsed.info.n_pages)
                    header = chunk_header(parsed.info.title, path.name, page, parsed.info.metadata)
                    yield Read(
                        doc=path.name, source=source, sha256=sha256, share=share,
                        document=document, page=page, chunks=self._chunker.split(sha256, page, header),
                    )  # fmt: skip
            finally:
                parsed.pages.close()
            yield Ended(
                doc=path.name, source=source, sha256=sha256, share=span[1],
                document=document, title=parsed.info.title, metadata=parsed.info.metadata,
            )  # fmt: skip
            seen.add(sha256)
        except DataError as error:
            if sha256:
                discard_original(self._home, catalogue, sha256)
            yield Refused(
                doc=path.name, source=source, sha256=sha256, share=span[1], reason=error.message, document=document
            )

    def _parse(self, original: Path, first_page: int = 0) -> Parsed:
        return parse_file(
            original, self._settings.ingest, password=self._password, first_page=first_page, ocr=self._ocr
        )

    def _hashed(self, path: Path) -> str:
        limit_mb = self._settings.ingest.max_file_mb
        try:
            if path.stat().st_size > limit_mb << 20:
                raise DataError(
                    f"is larger than {limit_mb} MiB",
                    path=path,
                    hint=f"kb ingest --set ingest.max_file_mb={(path.stat().st_size >> 20) + 1} {path}",
                )
            return sha256_of(path)
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path=path) from error

    def _stored(self, path: Path, sha256: str) -> Path:
        target = self._home.original(sha256, path.name)
        if target.exists():
            return target
        try:
            with path.open("rb") as source, atomic_write(target) as copy:
                shutil.copyfileobj(source, copy)
        except OSError as error:
            raise BackendError(f"{target}: cannot be written: {error.strerror}", hint="df -h") from error
        if sha256_of(target) != sha256:
            target.unlink()
            raise DataError("changed while it was read", path=path, hint=f"kb ingest {path}")
        return target


def discard_original(home: Home, catalogue: CatalogueReader, sha256: str) -> None:
    """Remove a stored original unless a collection still holds the document."""
    if not any(catalogue.find(name, sha256) for name in catalogue.collections()):
        shutil.rmtree(home.original(sha256, "any").parent, ignore_errors=True)


def recipe(settings: Settings, identity: Mapping[str, object]) -> dict[str, object]:
    """Return what decides how a document's chunks look; stored with each document."""
    rag = settings.rag
    return {
        "splitter": rag.splitter,
        "chunk_chars": rag.chunk_chars,
        "overlap_chars": rag.overlap_chars,
        "embedder": dict(identity),
    }


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


def _new(info: FileInfo, path: Path, sha256: str) -> NewDocument:
    return NewDocument(
        sha256=sha256, doc=path.name, title=info.title, unit=info.unit, parser=info.parser,
        metadata=info.metadata, n_pages=info.n_pages, size_bytes=path.stat().st_size,
    )  # fmt: skip
