"""A folder that is whole or absent, whatever kills the process that fills it."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def make_folder(path: Path, fill: Callable[[Path], None], *, ready: str) -> None:
    """Have a folder made once.

    One process makes it; others wait and find it made. What a killed process left is removed first.

    Args:
        path: The folder; nothing appears there before it is complete and on disk.
        fill: Called with an empty folder to fill.
        ready: A file in the folder by which a complete one is known.

    Raises:
        OSError: The disk is full or read-only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.parent / f".{path.name}.lock"):
        if (path / ready).is_file():
            return
        for leftover in path.parent.glob(f".{path.name}.part-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        work = _aside(path)
        work.mkdir()
        try:
            fill(work)
            _flush(work)
            work.rename(path)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def delete_folder(path: Path) -> None:
    """Remove a folder so that it is never seen half empty.

    Raises:
        OSError: It is not there or must not be removed.
    """
    aside = _aside(path)
    path.rename(aside)
    shutil.rmtree(aside)


def _aside(path: Path) -> Path:
    return path.parent / f".{path.name}.part-{uuid.uuid4().hex}"


def _flush(folder: Path) -> None:
    """Have every byte on disk before the folder gets its name."""
    for parent, _, names in os.walk(folder):
        for entry in [*(Path(parent) / name for name in names), Path(parent)]:
            descriptor = os.open(entry, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
