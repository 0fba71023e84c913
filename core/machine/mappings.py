"""Files that this process has mapped: pages that need not stay in memory, since they are on disk."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable
from pathlib import Path

_MAPS = Path("/proc/self/maps")


def let_go(belongs: Callable[[Path], bool]) -> int:
    """Tell the system that pages of mapped files need not stay in memory; whoever reads them has them again.

    Args:
        belongs: Which files are meant, by their path. Mappings that anyone may write to stay as they are.

    Returns:
        Bytes of the mappings that were let go; 0 where the system does not list its mappings.
    """
    if not _MAPS.is_file() or not hasattr(mmap, "MADV_DONTNEED"):
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    total = 0
    for line in _MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) < 6 or not fields[1].startswith("r--") or not belongs(Path(fields[5])):
            continue
        start, end = (int(place, 16) for place in fields[0].split("-"))
        if libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED) == 0:
            total += end - start
    return total
