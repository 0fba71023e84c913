"""Files that strangers send: a name that is only a name, a type by content, and a place of their own on disk.

Knows bytes and names; refuses to know what happens to a file then.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError
from rag.load.sniff import kind_of

_MOST_NAME_BYTES = 150
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ud800-\udfff<>:\"|?*]")
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that was received.

    Attributes:
        path: Where it lies; its last part is the name.
        sha256: Of its bytes.
    """

    path: Path
    sha256: str
    size_bytes: int


def safe_name(given: str) -> str:
    """Return a name that is one path component, can be shown, and keeps its suffix."""
    name = unicodedata.normalize("NFC", given.encode("utf-8", "replace").decode())
    name = "".join(char if char.isprintable() else " " for char in re.split(r"[\\/]", name)[-1])
    name = " ".join(_UNSAFE.sub(" ", name).split()).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not dot:
        stem, suffix = name, ""
    if not stem or stem.casefold() in _RESERVED:
        stem = f"document{'-' + stem if stem else ''}"
    suffix = f".{suffix[:16]}" if suffix else ""
    room = _MOST_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix


async def receive(blocks: AsyncIterator[bytes], name: str, folder: Path) -> ReceivedFile:
    """Write an upload into a folder that is its own, and check that its content can be a document.

    Args:
        blocks: Its bytes.
        name: As the sender calls it.
        folder: Made here.

    Raises:
        DataError: It is of no kind that can be read, or not what its name says.
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
        raise DataError(
            f"{path.name}: {error.message}", hint="send a PDF, DOCX, HTML, Markdown or text file"
        ) from error
    return ReceivedFile(path=path, sha256=digest.hexdigest(), size_bytes=size_bytes)
