"""An ingest over a cluster: documents are fetched, read and embedded on its machines, and written by the one that asks.

Files travel as bytes, pages and vectors come back, in the order and the batches in which one machine would have made
them, so that the catalogue is the same byte for byte.
"""

from __future__ import annotations

import hashlib
import shlex
import tempfile
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from core.errors import BackendError, ConfigError, DataError, KbError
from core.files import Home, atomic_write
from core.machine.cluster import Cluster, RemoteCall, RemoteStream, home_there
from core.settings import Settings
from core.telemetry import disable
from core.version import project_version
from rag.embed.base import Embedder
from rag.embed.encoder import OpenVinoEmbedder
from rag.ingest.document import DocumentReader, DocumentTask, OpenDocument, ReadPage
from rag.ingest.fetch import fetch
from rag.ingest.place import Ended, Pending, Vectors
from rag.load.reader import FileInfo
from rag.open import embedder_of

# Few enough that pages come while others are read, enough that a page's share of a message is small.
_PAGES_PER_ITEM = 16
_AHEAD_PER_CPU = 2
_LEAST_AHEAD = 4
_MOST_AHEAD_BYTES = 1 << 30  # of files that are read before their turn
# What decides which text, chunks and vectors come of a file.
DECIDING = (
    *("charset-normalizer", "cssselect2", "langchain-text-splitters", "lxml", "markdown-it-py", "mdit-py-plugins"),
    *("onnxruntime", "openpyxl", "openvino", "py3langid", "pypdf", "pypdfium2", "python-docx", "python-pptx"),
    *("rapidocr", "tinycss2", "tokenizers"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterJob:
    """What every machine is told of an ingest; it may hold a password, and is shown to nobody.

    Attributes:
        settings: As JSON.
        home: Where models lie on the machine that asks.
        identity: Of its embedder, as a text to compare.
        versions: Of what decides the results, there.
        password: Tried on locked documents.
        ocr: Read pages without a text layer from their image.
    """

    settings: str
    home: str
    identity: str
    versions: tuple[tuple[str, str], ...]
    password: str | None = field(default=None, repr=False)
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a process on a machine of the cluster has open."""

    settings: Settings
    embedder: Embedder
    reader: DocumentReader


class Spread:
    """A `rag.ingest.place.Workplace` whose work is done by a cluster.

    Args:
        cluster: Joined by this process.
        settings: Limits, chunking and embedder.
        home: Where models lie.
        embedder: As the settings name it, open here.
        password: Tried on locked documents.
        ocr: Read pages without a text layer from their image.
    """

    def __init__(
        self,
        cluster: Cluster,
        settings: Settings,
        home: Home,
        embedder: Embedder,
        *,
        password: str | None = None,
        ocr: bool = False,
    ) -> None:
        if isinstance(embedder, OpenVinoEmbedder):  # `auto` may mean something else on another CPU
            rag = settings.rag.model_copy(update={"precision": embedder.precision})
            settings = settings.model_copy(update={"rag": rag})
        self.ahead = max(_LEAST_AHEAD, _AHEAD_PER_CPU * cluster.n_cpus)
        self._cluster = cluster
        self._dimension = embedder.identity.dimension
        self._job = cluster.put(
            ClusterJob(
                settings=settings.model_dump_json(),
                home=str(home.root),
                identity=repr(embedder.identity),
                versions=_versions(),
                password=password,
                ocr=ocr,
            )
        )
        self._begun: dict[_Key, tuple[RemoteStream, int]] = {}
        self._met: set[str] = set()  # hashes: of equal files the first alone is read before its turn

    def begin(self, path: Path, original: Path, task: DocumentTask) -> None:
        """Begin to read a file whose turn comes later, unless too many bytes are under way."""
        begun_bytes = sum(size_bytes for _, size_bytes in self._begun.values())
        if task.sha256 in self._met or begun_bytes >= _MOST_AHEAD_BYTES:
            return
        with suppress(OSError):
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == task.sha256:
                self._met.add(task.sha256)
                self._begun[_key(original, task)] = self._stream(data, original, task), len(data)

    def open(self, path: Path, task: DocumentTask, stop: threading.Event | None = None) -> OpenDocument:
        """Take up what was begun of a file, or begin it now.

        Raises:
            DataError: It is refused.
            MissingExtra: Its format or OCR needs what a machine lacks.
            ConfigError: A machine has other versions or another embedder.
            BackendError: The cluster cannot do it.
        """
        begun = self._begun.pop(_key(path, task), None) if task.first == 0 else None
        self._met.add(task.sha256)
        try:
            stream = begun[0] if begun else self._stream(path.read_bytes(), path, task)
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", path=path) from error
        items = stream.items(stop)
        try:
            info = cast(FileInfo, next(items))
        except BaseException:
            stream.cancel()
            raise
        return OpenDocument(info, _pages(stream, items))

    def embed(self, texts: Sequence[str]) -> Pending[Vectors]:
        """Embed texts on some machine."""
        if not texts:  # pages without text, and files that were there
            return Ended(np.zeros((0, self._dimension), dtype=np.float32))
        return self._cluster.call(embed_there, self._job, list(texts), about=f"a batch of {len(texts)} texts")

    def fetch(self, url: str, folder: Path, *, allow_private: bool) -> _Download:
        """Download a document to some machine, and from there to `folder`."""
        return _Download(self._cluster.call(fetch_there, self._job, url, allow_private, about=url), folder)

    def take_notes(self) -> list[str]:
        """Return what was lost with a machine and begun again."""
        return self._cluster.take_notes()

    def close(self) -> None:
        """Give up what was begun and nobody waits for."""
        for stream, _ in self._begun.values():
            stream.cancel()
        self._begun.clear()

    def _stream(self, data: bytes, original: Path, task: DocumentTask) -> RemoteStream:
        stored = self._cluster.put(data)
        return self._cluster.stream(read_there, self._job, task, str(original), stored, about=task.doc)


_Key = tuple[str, str, str]


def _key(original: Path, task: DocumentTask) -> _Key:
    return task.sha256, task.doc, str(original)


def _pages(stream: RemoteStream, items: Iterator[Any]) -> Generator[ReadPage, None, None]:
    ended = False
    try:
        for pages in items:
            yield from cast(list[ReadPage], pages)
        ended = True
    finally:
        if not ended:
            stream.cancel()


class _Download:
    """A document on its way."""

    def __init__(self, call: RemoteCall, folder: Path) -> None:
        self._call, self._folder = call, folder

    def done(self) -> bool:
        return self._call.done()

    def result(self) -> Path:
        name, data = cast(tuple[str, bytes], self._call.result())
        target = self._folder / name
        with atomic_write(target) as handle:
            handle.write(data)
        return target


def read_there(job: ClusterJob, task: DocumentTask, original: str, data: bytes) -> Iterator[FileInfo | list[ReadPage]]:
    """Read a document on the machine where this runs; what is known of the file first, then its pages in groups.

    Args:
        job: What all machines are told.
        task: What to read.
        original: Path of the stored copy where it is written, for its name and for messages.
        data: Its bytes.

    Raises:
        KbError: As `Spread.open`.
    """
    reader = _parts(job).reader
    with _scratch() as folder:
        path = Path(folder, Path(original).name)
        try:
            path.write_bytes(data)
        except OSError as error:
            raise BackendError(f"{path} cannot be written: {error.strerror}", hint="kb doctor") from error
        try:
            opened = reader.open(path, task)
            yield opened.info
            with closing(opened.pages):
                while pages := list(islice(opened.pages, _PAGES_PER_ITEM)):
                    yield pages
        except KbError as error:
            error.message = _renamed(error.message, path, original)
            error.hint = _renamed(error.hint, path, original)
            raise


def embed_there(job: ClusterJob, texts: Sequence[str]) -> Vectors:
    """Embed texts on the machine where this runs.

    Raises:
        KbError: As `Spread.open`.
    """
    return _parts(job).embedder.embed_documents(texts)


def fetch_there(job: ClusterJob, url: str, allow_private: bool) -> tuple[str, bytes]:
    """Download a document on the machine where this runs: its file name and its bytes.

    Raises:
        DataError: As `rag.ingest.fetch.fetch`.
    """
    limits = _parts(job).settings.ingest
    with _scratch() as folder:
        path = fetch(url, Path(folder), limits, allow_private=allow_private)
        return path.name, path.read_bytes()


def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kb-there-", ignore_cleanup_errors=True)


def _renamed(text: str, path: Path, original: str) -> str:
    return text.replace(shlex.quote(str(path)), shlex.quote(original)).replace(str(path), original)


@lru_cache(maxsize=1)
def _parts(job: ClusterJob) -> _Parts:
    """Open what a process needs for a job, once.

    Raises:
        ConfigError: This machine would give other results.
        MissingExtra: The embedder's weights are not here.
    """
    disable()
    here, there = dict(_versions()), dict(job.versions)
    other = [
        f"{name} {here[name] or 'none'}, not {there[name] or 'none'}" for name in there if here[name] != there[name]
    ]
    if other:
        raise ConfigError(
            f"a machine of the cluster would read documents otherwise: it has {'; '.join(other)}",
            hint="install the same versions on every machine (constraints.txt)",
        )
    settings = Settings.model_validate_json(job.settings)
    embedder = embedder_of(settings, home_there(job.home))
    if repr(embedder.identity) != job.identity:
        raise ConfigError(
            f"a machine of the cluster has another embedder: {embedder.identity.model}", hint="kb models list"
        )
    if isinstance(embedder, OpenVinoEmbedder):
        embedder.threads = 1  # a call has one core
    reader = DocumentReader(settings, embedder, password=job.password, ocr=job.ocr)
    return _Parts(settings, embedder, reader)


def _versions() -> tuple[tuple[str, str], ...]:
    return (("kb", project_version()), *((name, _version(name)) for name in DECIDING))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
