"""Faults of the disk in a person's words, whoever met them: Python, SQLite, LanceDB or OpenVINO.

Libraries say "no space" in many ways, some by number and some only in their message.
"""

from __future__ import annotations

import errno
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import BackendError, KbError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
# "os error N" is how Rust writes an errno; a C++ stream, torch's writer and numpy say only that writing failed or how
# much was written, which on a local disk means full.
_SAYS_FULL = re.compile(
    r"(?i)no space left|is full|quota exceeded|file too large|iostream error|os error (?:28|122|27)\b"
    r"|PytorchStreamWriter failed|file write failed|unexpected pos \d|\d requested and \d+ written"
)
_SAYS_CLOSED = re.compile(
    r"(?i)read-?only|permission denied|not permitted|unable to open database|os error (?:30|13|1|20)\b"
)


def disk_fault(path: Path, error: Exception) -> BackendError | None:
    """Return what to tell a person of a failed write, or None when the disk is not to blame.

    Args:
        path: What was being written.
        error: What the library raised.
    """
    if fault := full_disk(path, error):
        return fault
    number = error.errno if isinstance(error, OSError) else None
    if number in _CLOSED or _SAYS_CLOSED.search(str(error)):
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return BackendError(f"{path}: cannot be written: {reason}", hint="KB_HOME=/a/writable/folder kb ingest PATH")
    return None


def full_disk(path: Path, error: Exception) -> BackendError | None:
    """Return what to tell a person of a write that met a full disk, or None for any other error.

    Args:
        path: What was being written.
        error: What the library raised.
    """
    number = error.errno if isinstance(error, OSError) else None
    if number not in _FULL and not _SAYS_FULL.search(str(error)):
        return None
    return BackendError(
        f"{path}: the disk is full; what was stored before is kept",
        hint=f"df -h {shlex.quote(str(_nearest(path)))}  # free some space, then the same command again",
    )


@contextmanager
def full_disk_reported(path: Path) -> Iterator[None]:
    """Turn a write that met a full disk into an error for a person; other errors pass.

    Args:
        path: What is written meanwhile.

    Raises:
        BackendError: The disk is full.
    """
    try:
        yield
    except KbError:
        raise
    except Exception as error:
        if fault := full_disk(path, error):
            raise fault from error
        raise


def _nearest(path: Path) -> Path:
    """Return the folder of a file, or the first of those above that is there."""
    return next((folder for folder in (path, *path.parents) if folder.is_dir()), path)
