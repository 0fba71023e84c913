"""Checks what strangers send: names of files and collections, addresses, and the type of a file by its content."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError
from rag.load.sniff import SUFFIXES, kind_of

_MAX_NAME_BYTES = 150
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff<>:\"|?*]")
_WEB_ADDRESS = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_MAX_ADDRESS_CHARS = 2000
_COLLECTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_TYPES = f"choose a file of one of these types: {', '.join(sorted(suffix.lstrip('.') for suffix in SUFFIXES))}"
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that was received.

    Attributes:
        path: Where it was written; the last part is its name.
        sha256: Hex digest of its bytes.
    """

    path: Path
    sha256: str
    size_bytes: int


def is_web_address(text: str) -> bool:
    """Tell whether a text can be fetched from; where it leads is checked when it is fetched."""
    return _WEB_ADDRESS.match(text) is not None and len(text) <= _MAX_ADDRESS_CHARS


def is_collection_name(text: str) -> bool:
    """Tell whether a text can be the name of a collection."""
    return _COLLECTION.fullmatch(text) is not None


def safe_name(name_given: str) -> str:
    """Return a printable file name without path, with the suffix of the given one."""
    name = unicodedata.normalize("NFC", name_given.encode("utf-8", "replace").decode())
    name = "".join(char if char.isprintable() else " " for char in re.split(r"[\\/]", name)[-1])
    name = " ".join(_UNSAFE.sub(" ", name).split()).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    if not stem or stem.casefold() in _RESERVED:
        stem = f"document{'-' + stem if stem else ''}"
    suffix = f".{suffix[:16]}" if suffix else ""
    room = _MAX_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix


async def receive(blocks: AsyncIterator[bytes], name: str, folder: Path) -> ReceivedFile:
    """Write an upload into its own folder, and check by its content that it is a document.

    Args:
        blocks: Its bytes.
        name: File name as the sender gives it.
        folder: Created here; nothing else may lie in it.

    Raises:
        DataError: The type is not supported, or the content does not fit the name.
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True)
    path = folder / safe_name(name)
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("xb") as handle:
        async for block in blocks:
            digest.update(block)
            size_bytes += len(block)
            handle.write(block)
    try:
        kind_of(path)
    except DataError as error:
        raise DataError(f"{path.name}: {error.message}", hint=_TYPES, click=_TYPES) from error
    return ReceivedFile(path=path, sha256=digest.hexdigest(), size_bytes=size_bytes)
