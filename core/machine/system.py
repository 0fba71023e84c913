"""What the operating system offers and has free, asked only where it answers: Linux and macOS differ."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

UNSUPPORTED = "Windows is not supported"
UNSUPPORTED_HINT = "run kb in WSL 2 (wsl --install), which is Linux"
_MEMINFO = Path("/proc/meminfo")
# Pages that macOS gives away at once or after dropping what it can read again.
_FREE_PAGES = re.compile(r"^Pages (?:free|inactive|speculative|purgeable):\s+(\d+)\.", re.MULTILINE)
_PAGE_SIZE = re.compile(r"page size of (\d+) bytes")
# Assumed free of the whole memory where nothing says more.
_FREE_SHARE = 0.5
_SMALLEST_BYTES = 4 << 30


def is_supported() -> bool:
    """Tell whether this operating system is one that kb is made for."""
    return sys.platform != "win32"


def usable_cores() -> frozenset[int]:
    """Return the numbers of the cores that this process may use; all of them where the system has no affinity."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def memory_bytes() -> int:
    """Return the memory of the machine; 4 GiB where it cannot be asked."""
    return _pages("SC_PHYS_PAGES") or _SMALLEST_BYTES


def available_bytes() -> int:
    """Return what the system can give without swapping: its own estimate on Linux, free and droppable pages on macOS,
    and half of the memory where nothing says."""
    if _MEMINFO.is_file():
        for line in _MEMINFO.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return _pages("SC_AVPHYS_PAGES") or _vm_stat_bytes() or int(memory_bytes() * _FREE_SHARE)


def _pages(name: str) -> int:
    """Return a count of pages in bytes; 0 where the system does not have this name."""
    if not hasattr(os, "sysconf"):
        return 0
    try:
        return max(0, os.sysconf(name)) * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0


def _vm_stat_bytes() -> int:
    """Return what `vm_stat` of macOS counts as free or droppable; 0 where there is no such program."""
    if sys.platform != "darwin":
        return 0
    try:
        done = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, encoding="utf-8", check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    return free_bytes_of(done.stdout)


def free_bytes_of(vm_stat: str) -> int:
    """Return the free and droppable bytes that an output of `vm_stat` counts; 0 where it is not read."""
    size = _PAGE_SIZE.search(vm_stat)
    return sum(int(count) for count in _FREE_PAGES.findall(vm_stat)) * int(size[1]) if size else 0
