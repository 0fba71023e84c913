"""Faults of the disk in a person's words, whoever met them: Python, SQLite, LanceDB or OpenVINO.

Libraries say "no space" in many ways, some by number and some only in their message.
"""

from __future__ import annotations

import errno
import re
import shlex
from pathlib import Path

from core.errors import BackendError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}
# "os error N" is how Rust writes an errno; a C++ stream says only that it failed, which on a local disk means full.
_SAYS_FULL = re.compile(
    r"(?i)no space left|is full|quota exceeded|file too large|iostream error|os error (?:28|122|27)\b"
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
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or _SAYS_FULL.search(str(error)):
        return BackendError(
            f"{path}: the disk is full; what was stored before is kept",
            hint=f"df -h {shlex.quote(str(_nearest(path)))}  # free some space, then the same command again",
        )
    if number in _CLOSED or _SAYS_CLOSED.search(str(error)):
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return BackendError(f"{path}: cannot be written: {said}", hint="KB_HOME=/a/writable/folder kb ingest PATH")
    return None


def _nearest(path: Path) -> Path:
    """Return the folder of a file, or the first of those above that is there."""
    return next((folder for folder in path.parents if folder.is_dir()), path)
