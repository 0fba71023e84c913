"""Turns files into a stream of events: what was read, chunked, kept as it is, or refused, and why.

Runs ahead of the embedding in a thread of its own, with its own connection to the catalogue.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import DataError, MissingExtra
from core.files import Home, atomic_write, sha256_of
from core.machine.disk import disk_fault
from core.originals import keep_original, release_original, remove_original
from core.settings import Settings
from core.types import Chunk, Page
from rag.catalogue.quality import NO_TEXT_LAYER
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue, NewDocument
from rag.embed.base import EmbedderIdentity
from rag.ingest.document import DocumentTask, title_of
from rag.ingest.place import Workplace
from rag.ingest.running import RunningOnce
from rag.load.linking import LOOK
from rag.load.reader import FileInfo

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
        identity: Of the embedder.
        place: Where documents are read.
        ocr: Whether pages without a text layer are read from their image.
        stop: Once set, a wait for a page ends.
    """

    def __init__(
        self,
        *,
        home: Home,
        settings: Settings,
        collection: str,
        identity: EmbedderIdentity,
        place: Workplace,
        ocr: bool = False,
        stop: threading.Event | None = None,
    ) -> None:
        self._home = home
        self._limits = settings.ingest
        self._collection = collection
        self._place = place
        self._ocr = ocr
        self._stop = stop
        self._recipe = recipe_of(settings, identity.to_json())

    def events(self, files: Sequence[tuple[Path, str]]) -> Generator[IngestEvent, None, None]:
        """Yield events for every file, in order; `files` holds the path to read and the source it is known by.

        Raises:
            BackendError: An original cannot be stored, or the catalogue cannot be written.
        """
        catalogue = Catalogue(self._home.catalogue, create=True)
        sizes = [_size_bytes(path) for path, _ in files]
        total = max(1, sum(sizes))
        seen: set[str] = set()
        done = begun = 0
        try:
            for index, ((path, source), size) in enumerate(zip(files, sizes, strict=True)):
                for other, _ in files[max(begun, index) : index + self._place.ahead]:
                    self._begin(catalogue, other)
                begun = index + self._place.ahead
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
            keep_original(self._home, original, sha256)
            task = DocumentTask(doc=doc, sha256=sha256)
            opened = self._place.open(original, task, self._stop)
            try:
                document, first = catalogue.stage(
                    self._collection, new_document(opened.info, original, sha256, doc), recipe(self._recipe, doc)
                )
                if first:
                    opened.pages.close()
                    opened = self._place.open(original, self._resumed(catalogue, task, document, first), self._stop)
                for page, chunks in opened.pages:
                    share = span[0] + (span[1] - span[0]) * (page.index + 1) / max(1, opened.info.n_pages)
                    yield PageRead(
                        doc=doc, source=source, sha256=sha256, share=share, document=document, page=page, chunks=chunks
                    )
            finally:
                opened.pages.close()
            yield DocumentEnded(
                doc=doc,
                source=source,
                sha256=sha256,
                share=span[1],
                document=document,
                title=title_of(opened.info, original, doc),
                metadata=opened.info.metadata,
            )
            seen.add(sha256)
            release_original(self._home, sha256)
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

    def _begin(self, catalogue: Catalogue, path: Path) -> None:
        """Let a new file be read before its turn; what is wrong with it comes out at its turn."""
        doc = showable(path.name)
        try:
            sha256 = self._hashed(path)
            if not self._is_read(catalogue, sha256):
                task = DocumentTask(doc=doc, sha256=sha256)
                self._place.begin(path, self._home_of(doc, sha256), task)
        except DataError:
            return

    def _resumed(self, catalogue: Catalogue, task: DocumentTask, document: int, first: int) -> DocumentTask:
        """Return what is left of a document whose pages before `first` are in the catalogue."""
        before = tuple(catalogue.pages_before(document, first, LOOK))
        running = RunningOnce(catalogue.pages(self._collection, task.sha256))
        return replace(task, first=first, before=before, running=running)

    def _is_read(self, catalogue: Catalogue, sha256: str) -> bool:
        """Tell whether a document is there; with OCR one whose pages have no text layer is read again."""
        if catalogue.find(self._collection, sha256) is None:
            return False
        pages = catalogue.pages(self._collection, sha256) if self._ocr else ()
        return not any(page.quality == "empty" and page.reason == NO_TEXT_LAYER for page in pages)

    def _hashed(self, path: Path) -> str:
        limit_mb = self._limits.max_file_mb
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

    def _home_of(self, doc: str, sha256: str) -> Path:
        """Return where our copy of a file is, or will be."""
        stored = self._home.original(sha256, doc)
        # The same bytes under another suffix are read as another format.
        return stored if stored.suffix.lower() == Path(doc).suffix.lower() else stored.with_name(doc)

    def _stored(self, path: Path, doc: str, sha256: str) -> Path:
        """Return our copy of a file, made under another name first: what has its own name has its bytes."""
        target = self._home_of(doc, sha256)
        if target.exists():
            return target
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
    """Remove a stored original unless a collection still holds the document.

    Raises:
        BackendError: It is in a store that cannot be written.
    """
    if not any(catalogue.find(name, sha256) for name in catalogue.collections()):
        remove_original(home, sha256)


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
