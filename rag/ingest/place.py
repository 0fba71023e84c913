"""Where the work of an ingest is done: files fetched and read, texts embedded; here, or by another `Workplace`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.settings import Settings
from rag.embed.base import Embedder
from rag.ingest.document import DocumentReader, DocumentTask, OpenDocument
from rag.ingest.fetch import fetch

Item = TypeVar("Item")
Result_co = TypeVar("Result_co", covariant=True)
Value = TypeVar("Value")
Vectors = NDArray[np.float32]


class Pending(Protocol[Result_co]):
    """Something that was begun."""

    def done(self) -> bool:
        """Tell whether `result` returns, or fails, at once."""
        ...

    def result(self) -> Result_co:
        """Wait for what comes of it, or raise why nothing does."""
        ...


class Workplace(Protocol):
    """Does the work whose results one process writes, in the order in which it asks for them.

    Attributes:
        ahead: How many files, downloads or batches of texts may be begun before their turn.
    """

    @property
    def ahead(self) -> int: ...

    def begin(self, path: Path, original: Path, task: DocumentTask) -> None:
        """Begin to read a file whose turn comes later; nothing is promised.

        Args:
            path: The file.
            original: Where its copy will be when its turn comes.
            task: As `open` will be given it.
        """
        ...

    def open(self, path: Path, task: DocumentTask, stop: threading.Event | None = None) -> OpenDocument:
        """Open a file; see `rag.ingest.document.DocumentReader.open`."""
        ...

    def embed(self, texts: Sequence[str]) -> Pending[Vectors]:
        """Embed texts; see `rag.embed.base.Embedder.embed_documents`."""
        ...

    def fetch(self, url: str, folder: Path, *, allow_private: bool) -> Pending[Path]:
        """Download a document; see `rag.ingest.fetch.fetch`."""
        ...

    def take_notes(self) -> list[str]:
        """Return what a person should know that was not returned yet."""
        ...


@dataclass(frozen=True, slots=True)
class Ended(Generic[Value]):
    """Work that was done at once: its value, or the error it ended with."""

    value: Value | None
    error: DataError | None = None

    def done(self) -> bool:
        return True

    def result(self) -> Value:
        if self.error is not None:
            raise self.error
        assert self.value is not None
        return self.value


class Here:
    """This process and the parsers it starts; one thing after another.

    Args:
        settings: Limits and chunking.
        embedder: Embeds, and counts tokens.
        password: Tried on locked documents.
        ocr: Read pages without a text layer from their image.
    """

    ahead = 0

    def __init__(
        self, settings: Settings, embedder: Embedder, *, password: str | None = None, ocr: bool = False
    ) -> None:
        self._limits = settings.ingest
        self._embedder = embedder
        self._reader = DocumentReader(settings, embedder, password=password, ocr=ocr)

    def begin(self, path: Path, original: Path, task: DocumentTask) -> None:
        """Do nothing: each file is read at its turn."""

    def open(self, path: Path, task: DocumentTask, stop: threading.Event | None = None) -> OpenDocument:
        """Open a file."""
        return self._reader.open(path, task, stop)

    def embed(self, texts: Sequence[str]) -> Ended[Vectors]:
        """Embed texts."""
        return Ended(self._embedder.embed_documents(texts))

    def fetch(self, url: str, folder: Path, *, allow_private: bool) -> Ended[Path]:
        """Download a document."""
        try:
            return Ended(fetch(url, folder, self._limits, allow_private=allow_private))
        except DataError as error:
            return Ended(None, error)

    def take_notes(self) -> list[str]:
        """Return nothing: whatever happens here is raised."""
        return []


def in_order(
    items: Iterable[Item], begin: Callable[[Item], Pending[Value]], ahead: int
) -> Iterator[tuple[Item, Pending[Value]]]:
    """Yield items with what was begun for them, in order; the first is yielded when it is done or too many wait.

    Args:
        items: What to work on, taken one by one.
        begin: Begins the work on an item.
        ahead: How many may be under way behind the one that is waited for.
    """
    waiting: deque[tuple[Item, Pending[Value]]] = deque()
    for item in items:
        waiting.append((item, begin(item)))
        while waiting and (len(waiting) > ahead or waiting[0][1].done()):
            yield waiting.popleft()
    yield from waiting
