"""Files that are whole or absent: atomic writes, hashes, and the layout of `KB_HOME`."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Home:
    """Where state lives; directories are made when first written to.

    Attributes:
        root: The folder.
        originals_url: Where originals are kept, if not here; `core.originals` reads and writes there.
    """

    root: Path
    originals_url: str = ""

    @property
    def catalogue(self) -> Path:
        """SQLite file: the truth."""
        return self.root / "catalogue.sqlite"

    @property
    def index(self) -> Path:
        """Vector index, derived from the catalogue."""
        return self.root / "index"

    def search_tuning(self, collection: str) -> Path:
        """What was fitted to the questions of a collection."""
        return self.root / "tuned" / f"{collection}.npz"

    @property
    def originals(self) -> Path:
        """Ingested files by hash; where they are kept elsewhere, copies that may go at any time."""
        return self.cache / "originals" if self.originals_url else self.root / "originals"

    @property
    def models(self) -> Path:
        """Prepared weights, one folder each."""
        return self.root / "models"

    @property
    def runs(self) -> Path:
        """Training runs, one folder each."""
        return self.root / "runs"

    @property
    def cache(self) -> Path:
        """Anything that may be deleted at any time."""
        return self.root / "cache"

    @property
    def writer_lock(self) -> Path:
        """Held by the one process that changes catalogue or index."""
        return self.root / "writer.lock"

    def original(self, sha256: str, doc: str) -> Path:
        """Path of the stored original of a document.

        A stored file keeps the name it came under when the document is renamed: the file of this name, else one
        with its suffix, else any; where none is stored, the path to store it at.
        """
        path = self.originals / sha256[:2] / sha256 / Path(doc).name
        if path.exists() or not path.parent.is_dir():
            return path
        name = alike((other.name for other in path.parent.iterdir()), doc)
        return path.with_name(name) if name else path


def alike(names: Iterable[str], doc: str) -> str:
    """Return the name that fits a document: its own, else the first with its suffix, else the first; empty for none."""
    stored = sorted(name for name in names if not name.startswith("."))
    suffix = Path(doc).suffix.lower()
    return min(stored, key=lambda name: (name != Path(doc).name, Path(name).suffix.lower() != suffix), default="")


def sha256_of(path: Path) -> str:
    """Return the hex SHA-256 of a file's bytes, read in blocks.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Yield a handle whose bytes appear at `path` whole, on success, or not at all.

    The file and its directory are flushed to disk before the rename is reported.

    Raises:
        OSError: The disk is full or the directory is read-only; `path` is then untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
