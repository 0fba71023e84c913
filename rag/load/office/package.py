"""Looks at a zip package before it is unpacked: how much it holds, and how far it is packed."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.settings import IngestSettings

_MIB = 1 << 20
_MAX_MEMBERS = 20_000
# Share of a parser's memory that the unpacked XML of a package may have: trees take several times the text.
_MEMORY_SHARE = 8


def check_package(path: Path, limits: IngestSettings) -> None:
    """Refuse a package that would fill the parser's memory.

    Pictures and other media are not counted: no reader unpacks them.

    Raises:
        DataError: It holds too much, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DataError(f"is a damaged zip archive: {error}", path=path) from error
    if len(members) > _MAX_MEMBERS:
        raise DataError(f"holds {len(members):,} files, more than {_MAX_MEMBERS:,}", path=path)
    text_bytes = sum(
        member.file_size for member in members if member.filename.lower().endswith((".xml", ".rels", ".html", ".xhtml"))
    )
    limit = limits.memory_mb * _MIB // _MEMORY_SHARE
    if text_bytes > limit:
        raise DataError(f"unpacks to {text_bytes // _MIB:,} MiB of XML, more than {limit // _MIB} MiB", path=path)


def read_member(archive: zipfile.ZipFile, name: str, limit_bytes: int) -> bytes:
    """Return a member's bytes, whatever size its entry states.

    Raises:
        ValueError: It is longer than `limit_bytes`.
        KeyError: There is no such member.
    """
    with archive.open(name) as handle:
        data = handle.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise ValueError(f"{name} is longer than {limit_bytes // _MIB} MiB")
    return data


def stated_properties(path: Path, properties: Any) -> tuple[str, dict[str, str]]:
    """Return the title and the metadata of an Office package; nothing where a library made them up.

    The libraries give a package without properties some of their own: a title, and the present moment as its date.

    Args:
        path: The package.
        properties: What the library has of it.

    Raises:
        zipfile.BadZipFile: The package is damaged.
        KeyError: It has no list of its parts.
        ValueError: That list is far too long.
    """
    with zipfile.ZipFile(path) as archive:
        if b"metadata/core-properties" not in read_member(archive, "_rels/.rels", _MIB):
            return "", {}
    values = {
        "author": getattr(properties, "author", None) or getattr(properties, "creator", None),
        "subject": properties.subject,
        "keywords": properties.keywords,
        "language": properties.language,
        "created": properties.created,
        "modified": properties.modified,
    }
    stated = {name: value for name, value in values.items() if value}
    return str(properties.title or ""), {
        name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in stated.items()
    }
