"""The files that were ingested: in a folder of the home, or in an object store that several machines share.

A store holds what the folder holds, under the same names: `ab/<sha256>/<name>` below its address, where `ab` are the
hash's first two digits. What is read from it is copied to the home's cache, and is checked against its hash.
"""

from __future__ import annotations

import hashlib
import importlib.util
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.errors import BackendError, ConfigError, DataError, KbError, MissingExtra
from core.files import Home, alike, atomic_write
from core.machine.disk import disk_fault
from core.machine.install import missing_extra

_BLOCK_BYTES = 1 << 20
_CACHE_BYTES = 2 << 30  # of copies that are kept, the latest ones
_S3 = ("s3", "s3a")


class ObjectStore:
    """Originals at an address that fsspec knows; safe to use from several threads.

    Args:
        url: `s3://BUCKET/PREFIX`, `file:///FOLDER`, or another that fsspec has a file system for. Keys and the endpoint
            of S3 come from where its other tools take them (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, ...).

    Raises:
        ConfigError: It is no such address.
        MissingExtra: Its file system is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._files, self._root = _file_system(url)

    def names(self, sha256: str) -> list[str]:
        """Return the names under which a document is stored, sorted.

        Raises:
            BackendError: The store cannot be read.
        """
        with self._explained("read"):
            try:
                entries = self._files.ls(self._folder(sha256), detail=False)
            except FileNotFoundError:
                return []
        names = (str(entry).rstrip("/").rpartition("/")[2] for entry in entries)
        return sorted(name for name in names if name and not name.startswith("."))

    def put(self, source: Path, sha256: str, name: str) -> None:
        """Store a file whole, unless it is there.

        Raises:
            BackendError: The store cannot be written.
        """
        place = f"{self._folder(sha256)}/{name}"
        with self._explained("written"):
            if name in self.names(sha256) and self._files.size(place) == source.stat().st_size:
                return
            if not self._writes_in_place():  # an object appears when all of it is there
                self._files.put_file(str(source), place)
                return
            self._files.makedirs(self._folder(sha256), exist_ok=True)
            part = f"{self._folder(sha256)}/.{secrets.token_hex(8)}.part"
            try:
                self._files.put_file(str(source), part)
                self._files.mv(part, place)
            finally:
                with suppress(FileNotFoundError):
                    self._files.rm_file(part)

    def get(self, sha256: str, name: str, target: Path) -> None:
        """Copy a stored file to `target`, whole or not at all.

        Raises:
            DataError: What is stored is not what was: its hash is another.
            BackendError: The store cannot be read, or the disk is full.
        """
        place = f"{self._folder(sha256)}/{name}"
        digest = hashlib.sha256()
        with self._explained("read", target), self._files.open(place, "rb") as source, atomic_write(target) as copy:
            while block := source.read(_BLOCK_BYTES):
                digest.update(block)
                copy.write(block)
            if digest.hexdigest() != sha256:
                raise DataError(
                    f"is damaged: the hash of what is stored is {digest.hexdigest()[:12]}..., not {sha256[:12]}...",
                    path=f"{self.url}/{sha256[:2]}/{sha256}/{name}",
                    hint="kb ingest PATH  # of the file itself, once the damaged one is removed",
                )

    def remove(self, sha256: str) -> None:
        """Remove all that is stored of a document.

        Raises:
            BackendError: The store cannot be written.
        """
        with self._explained("written"), suppress(FileNotFoundError):
            self._files.rm(self._folder(sha256), recursive=True)

    def check(self) -> None:
        """Write, read and remove a few bytes.

        Raises:
            BackendError: One of these failed.
        """
        place = f"{self._root}/.check-{secrets.token_hex(8)}"
        with self._explained("written"):
            if self._writes_in_place():
                self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(place, b"kb")
        with self._explained("read"):
            content = self._files.cat_file(place)
        with self._explained("written"):
            self._files.rm_file(place)
        if content != b"kb":
            raise BackendError(f"{self.url} does not give back what was stored", hint="kb config show")

    def _folder(self, sha256: str) -> str:
        return f"{self._root}/{sha256[:2]}/{sha256}"

    def _writes_in_place(self) -> bool:
        return urlsplit(self.url).scheme == "file"

    @contextmanager
    def _explained(self, done: str, target: Path | None = None) -> Iterator[None]:
        """Turn what a file system raises, whose errors have no common base, into one that names the store."""
        try:
            yield
        except KbError:
            raise
        except Exception as error:
            if target is not None and isinstance(error, OSError) and (fault := disk_fault(target, error)):
                raise fault from error
            reason = " ".join(str(error).split()) or type(error).__name__
            raise BackendError(
                f"originals at {self.url} cannot be {done}: {reason}",
                hint="kb doctor",
                click="ask whoever runs this server to check where originals are kept",
            ) from error


@lru_cache(maxsize=4)
def _file_system(url: str) -> tuple[Any, str]:
    """Return the file system of an address and the path below which it keeps things."""
    scheme = urlsplit(url).scheme
    if not scheme:
        raise ConfigError(
            f"ingest.originals = {url!r} is not an address such as s3://BUCKET/PREFIX or file:///FOLDER",
            hint="kb config show",
        )
    if scheme in _S3 and importlib.util.find_spec("s3fs") is None:
        raise missing_extra("keeping originals in S3", "s3")
    from fsspec.core import url_to_fs

    try:
        # Another machine may have written since: nothing is remembered of what is there.
        files, root = url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise MissingExtra(f"ingest.originals = {url!r}: {error}", hint="kb config show") from error
    except ValueError as error:
        raise ConfigError(f"ingest.originals = {url!r}: {error}", hint="kb config show") from error
    if scheme in _S3 and not root.strip("/"):
        raise ConfigError(f"ingest.originals = {url!r} names no bucket: s3://BUCKET/PREFIX", hint="kb config show")
    return files, root.rstrip("/")


def store_of(home: Home) -> ObjectStore | None:
    """Return the store of a home's originals; None where they are in its folder."""
    return ObjectStore(home.originals_url) if home.originals_url else None


def original_file(home: Home, sha256: str, doc: str, *, most_bytes: int | None = _CACHE_BYTES) -> Path:
    """Return the path of a document's original on this machine, copied from the store where it is not here yet.

    Args:
        home: Where it is, or its copy will be.
        sha256: Of the document.
        doc: Its name.
        most_bytes: Of all copies together; the oldest of more are deleted. None keeps them all.

    Returns:
        As `Home.original`: where none is stored, a path at which nothing is.

    Raises:
        DataError: What is stored is damaged.
        BackendError: The store cannot be read, or the disk is full.
    """
    path = home.original(sha256, doc)
    store = None if path.exists() else store_of(home)
    if store is None:
        return path
    name = alike(store.names(sha256), doc)
    if not name:
        return Home(home.root).original(sha256, doc)  # of before there was a store
    target = path.with_name(name)
    store.get(sha256, name, target)
    if most_bytes is not None:
        _trim(home.originals, target, most_bytes)
    return target


def keep_original(home: Home, path: Path, sha256: str) -> None:
    """Put a document's copy into the store, where there is one.

    Raises:
        BackendError: The store cannot be written.
    """
    store = store_of(home)
    if store is not None:
        store.put(path, sha256, path.name)


def release_original(home: Home, sha256: str) -> None:
    """Drop this machine's copy of what the store holds."""
    if home.originals_url:
        shutil.rmtree(home.original(sha256, "any").parent, ignore_errors=True)


def remove_original(home: Home, sha256: str) -> None:
    """Remove a document's original, here and in the store.

    Raises:
        BackendError: The store cannot be written.
    """
    for place in {home, Home(home.root)}:
        shutil.rmtree(place.original(sha256, "any").parent, ignore_errors=True)
    store = store_of(home)
    if store is not None:
        store.remove(sha256)


def _trim(folder: Path, newest: Path, most_bytes: int) -> None:
    """Delete the oldest copies until the others are few enough; another process may do the same."""
    sized: list[tuple[float, int, Path]] = []
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file() and path != newest:
                stat = path.stat()
                sized.append((stat.st_mtime, stat.st_size, path))
    total = sum(size for _, size, _ in sized)
    for _, size, path in sorted(sized):
        if total <= most_bytes:
            return
        path.unlink(missing_ok=True)
        total -= size
