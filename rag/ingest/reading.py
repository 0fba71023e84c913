"""Turns files into a stream of events: what was read, chunked, kept as it is, or refused, and why.

Runs ahead of the embedding in a thread of its own, with its own connection to the catalogue.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import DataError, MissingExtra
from core.files import Home, atomic_write, sha256_of
from core.language.detect import detect_language
from core.machine.disk import disk_fault
from core.settings import Settings
from core.types import Chunk, Page
from rag.catalogue.quality import NO_TEXT_LAYER
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue, NewDocument
from rag.embed.base import Embedder
from rag.ingest.chunk import Chunker
from rag.ingest.header import chunk_header
from rag.ingest.running import RunningOnce
from rag.load.linking import LOOK, linked
from rag.load.process.parse import Parsed, parse_file
from rag.load.reader import FileInfo
from rag.load.title import in_words

# Grows when pages of the same file are read or chunked differently; `reindex` then reads originals again.
READING_VERSION = 3
_BLOCK_BYTES = 1 << 20
# Controls, line and paragraph separators, direction overrides, and the surrogates that stand for undecodable bytes.
_UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestEvent:
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
class PageRead(IngestEvent):
    """One page with its chunks, of the staged document with this row id."""

    document: int
    page: Page
    chunks: Sequence[Chunk]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEnded(IngestEvent):
    """The last page of a staged document is in."""

    document: int
    title: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKept(IngestEvent):
    """The collection holds this content already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRefused(IngestEvent):
    """The file cannot be used; `document` is the staged row to drop, if it came so far."""

    reason: str
    hint: str = ""
    document: int | None = None


class FileReader:
    """Reads files one after another.

    Args:
        home: Where originals and the catalogue are.
        settings: Limits and chunking.
        collection: Where the documents will go.
        embedder: Counts tokens and says how many fit.
        password: Tried on locked documents.
        ocr: Read pages without a text layer from their image.
        stop: Once set, a wait for a page ends.
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
        stop: threading.Event | None = None,
    ) -> None:
        self._home = home
        self._settings = settings
        self._collection = collection
        self._password = password
        self._ocr = ocr
        self._stop = stop
        self._recipe = recipe_of(settings, embedder.identity.to_json())
        self._chunker = make_chunker(settings, embedder)

    def events(self, files: Sequence[tuple[Path, str]]) -> Generator[IngestEvent, None, None]:
        """Yield events for every file, in order; `files` holds the path to read and the source it is known by.

        Raises:
            BackendError: An original cannot be stored, or the catalogue cannot be written.
        """
        catalogue = Catalogue(self._home.catalogue, create=True)
        sizes = [_size_bytes(path) for path, _ in files]
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
    ) -> Generator[IngestEvent, None, None]:
        doc = showable(path.name)
        sha256 = ""
        document: int | None = None
        try:
            sha256 = self._hashed(path)
            if sha256 in seen or self._is_read(catalogue, sha256):
                yield FileKept(doc=doc, source=source, sha256=sha256, share=span[1])
                return
            # Parsed from our copy: the text then belongs to the bytes that were hashed, whatever happens outside.
            original = self._stored(path, doc, sha256)
            parsed = self._parse(original)
            document, first = catalogue.stage(
                self._collection, new_document(parsed.info, original, sha256, doc), recipe(self._recipe, doc)
            )
            if first:
                parsed.pages.close()
                parsed = self._parse(original, first)
            title = title_of(parsed.info, original, doc)
            before = catalogue.pages_before(document, first, LOOK) if first else []
            last = before[-1] if before else None
            running = RunningOnce(catalogue.pages(self._collection, sha256) if first else ())
            try:
                for read in linked(parsed.pages, before):
                    page = replace(read, language=detect_language(read.text))
                    share = span[0] + (span[1] - span[0]) * (page.index + 1) / max(1, parsed.info.n_pages)
                    header = chunk_header(title, doc, page, parsed.info.metadata)
                    chunks = self._chunker.split(sha256, running.for_chunks(page), header, last)
                    yield PageRead(
                        doc=doc, source=source, sha256=sha256, share=share, document=document, page=page, chunks=chunks
                    )
                    last = page
            finally:
                parsed.pages.close()
            yield DocumentEnded(
                doc=doc,
                source=source,
                sha256=sha256,
                share=span[1],
                document=document,
                title=title,
                metadata=parsed.info.metadata,
            )
            seen.add(sha256)
        except (DataError, MissingExtra) as error:
            if isinstance(error, MissingExtra) and self._ocr:
                raise  # asked for by name, and no file will fare better
            if sha256:
                discard_original(self._home, catalogue, sha256)
            yield FileRefused(
                doc=doc,
                source=source,
                sha256=sha256,
                share=span[1],
                document=document,
                reason=error.message,
                hint=_about(error.hint, self._home, sha256, doc, source),
            )

    def _is_read(self, catalogue: Catalogue, sha256: str) -> bool:
        """Tell whether a document is there; with OCR one whose pages have no text layer is read again."""
        if catalogue.find(self._collection, sha256) is None:
            return False
        pages = catalogue.pages(self._collection, sha256) if self._ocr else ()
        return not any(page.quality == "empty" and page.reason == NO_TEXT_LAYER for page in pages)

    def _parse(self, original: Path, first_page: int = 0) -> Parsed:
        return parse_file(
            original,
            self._settings.ingest,
            password=self._password,
            first_page=first_page,
            ocr=self._ocr,
            stop=self._stop,
        )

    def _hashed(self, path: Path) -> str:
        limit_mb = self._settings.ingest.max_file_mb
        try:
            size_mb = -(-path.stat().st_size // (1 << 20))
            if not path.is_file():  # a pipe or a device would never end
                raise DataError("is not a file", path=path)
            if size_mb > limit_mb:
                raise DataError(
                    f"is larger ({size_mb} MiB) than ingest.max_file_mb allows ({limit_mb})",
                    path=path,
                    hint=f"kb ingest --set ingest.max_file_mb={size_mb} {shlex.quote(str(path))}",
                )
            return sha256_of(path)
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path=path) from error

    def _stored(self, path: Path, doc: str, sha256: str) -> Path:
        """Return our copy of a file, made under another name first: what has its own name has its bytes."""
        target = self._home.original(sha256, doc)
        if target.exists() and target.suffix.lower() == Path(doc).suffix.lower():
            return target
        target = target.with_name(doc)  # the same bytes under another suffix are read as another format
        part = target.with_name(".part")
        digest = hashlib.sha256()
        try:
            source = path.open("rb")
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path=path) from error
        try:
            with source, atomic_write(part) as copy:
                while block := source.read(_BLOCK_BYTES):
                    digest.update(block)
                    copy.write(block)
            if digest.hexdigest() == sha256:
                return part.replace(target)
            part.unlink()
        except OSError as error:
            fault = disk_fault(target, error)
            if fault is None:
                raise DataError(f"cannot be copied: {error.strerror}", path=path) from error
            raise fault from error
        raise DataError("changed while it was read", path=path, hint=f"kb ingest {shlex.quote(str(path))}")


def showable(name: str) -> str:
    """Return a name that can be stored and shown on one line: bytes that are no UTF-8 and controls are replaced."""
    return _UNSHOWABLE.sub("\ufffd", name)


def _size_bytes(path: Path) -> int:
    """Return a file's size for the progress bar; 0 when it cannot be told, and reading it will say why."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


def _about(hint: str, home: Home, sha256: str, doc: str, source: str) -> str:
    """Return a reader's hint, which names our copy, so that it names the file the person gave."""
    ours = shlex.quote(str(home.original(sha256, doc).absolute()))
    return hint.replace(ours, shlex.quote(source))


def discard_original(home: Home, catalogue: CatalogueReader, sha256: str) -> None:
    """Remove a stored original unless a collection still holds the document."""
    if not any(catalogue.find(name, sha256) for name in catalogue.collections()):
        shutil.rmtree(home.original(sha256, "any").parent, ignore_errors=True)


def recipe_of(settings: Settings, identity: Mapping[str, object]) -> dict[str, object]:
    """Return what decides how a collection's chunks look."""
    rag = settings.rag
    return {
        "reading": READING_VERSION,
        "splitter": rag.splitter,
        "chunk_chars": rag.chunk_chars,
        "overlap_chars": rag.overlap_chars,
        "embedder": dict(identity),
    }


def recipe(common: Mapping[str, object], doc: str) -> dict[str, object]:
    """Return a document's recipe, stored with it: `recipe_of` and the name that stands in its chunks' headers."""
    return {**common, "doc": doc}


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


def new_document(info: FileInfo, original: Path, sha256: str, doc: str) -> NewDocument:
    """Return what the catalogue stores of a document before its first page."""
    return NewDocument(
        sha256=sha256,
        doc=doc,
        title=title_of(info, original, doc),
        unit=info.unit,
        parser=info.parser,
        metadata=info.metadata,
        n_pages=info.n_pages,
        size_bytes=original.stat().st_size,
    )
