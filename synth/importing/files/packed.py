"""Recognises what a zip archive holds: a workbook, a Slack export, an export of a chat service, or one file."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from core.errors import DataError
from core.shell import quoted

_DATA = (".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".txt", ".md")
_DOCUMENTS = {"word/document.xml": "a Word document", "ppt/presentation.xml": "a presentation"}
# As ChatGPT and Claude name the file of an export.
_CONVERSATIONS = re.compile(r"conversations(?:-\d+)?\.json")


def packed_kind(path: Path) -> tuple[Literal["workbook", "Slack", "file"], str]:
    """Return what an archive is, and the name of its member to read where that is one file.

    Raises:
        DataError: It is damaged, or holds something else; the hint is the next step.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.startswith("__MACOSX") and not name.endswith("/")]
    except zipfile.BadZipFile as error:
        raise DataError(f"damaged zip archive: {error}", path=path, hint="copy the file again") from error
    if "xl/workbook.xml" in names:
        return "workbook", ""
    if document := next((what for name, what in _DOCUMENTS.items() if name in names), ""):
        raise DataError(
            f"{document} is no table of rows", path=path, hint=f"kb ingest {quoted(path)} && kb synth --out DIR"
        )
    if {"content.xml", "mimetype"} <= set(names):
        raise DataError("an OpenDocument file", path=path, hint="save it as .xlsx or CSV, then import that")
    bare = {PurePosixPath(name).name: name for name in names}
    if {"users.json", "channels.json"} & set(bare) and not any(map(_CONVERSATIONS.fullmatch, bare)):
        return "Slack", ""
    conversations = [bare[name] for name in sorted(bare) if _CONVERSATIONS.fullmatch(name)]
    members = conversations or [name for name in names if name.lower().endswith(_DATA)]
    if len(members) == 1:
        return "file", members[0]
    folder = f"{path.with_suffix('')}"
    if not members:
        raise DataError("the zip archive holds no file of rows", path=path, hint=f"unzip -l {quoted(path)}")
    files = " ".join(f"'{folder}/{name}'" for name in members[:8])
    raise DataError(
        f"the zip archive holds {len(members)} files",
        path=path,
        hint=f"unzip {quoted(path)} -d {quoted(folder)} && kb synth import {files} --out DIR",
    )


def open_member(path: Path, name: str) -> IO[bytes]:
    """Open a member of an archive.

    Raises:
        DataError: It is encrypted, or packed in an unknown way.
        zipfile.BadZipFile: It is damaged.
    """
    try:
        # The member keeps the file open when the archive is closed.
        with zipfile.ZipFile(path) as archive:
            return archive.open(name)
    except (RuntimeError, NotImplementedError) as error:
        raise DataError(f"{name} cannot be unpacked: {error}", path=path, hint=f"unzip {quoted(path)}") from error
