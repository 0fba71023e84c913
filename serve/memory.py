"""Memory of a server that is idle: freed blocks and mapped weights go back, and so do models that write.

glibc keeps what was freed in an arena for each thread; dozens of worker threads would hold a gigabyte of it.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
import time
from collections.abc import Callable

from core.machine.mappings import let_go

# `man 3 mallopt`.
_M_ARENA_MAX, _M_TRIM_THRESHOLD = -8, -1
_ARENAS, _TRIM_BYTES = 2, 1 << 20
_LOOK_S = 15.0
RELEASE_WEIGHTS_S = 600.0
# Graphs of OpenVINO and what it compiled of them.
_MAPPED_WEIGHTS = frozenset((".bin", ".blob"))


def limit_arenas() -> bool:
    """Let all threads of this process share two arenas; call it before threads start. False without glibc."""
    libc = _glibc()
    if libc is None:
        return False
    return bool(libc.mallopt(_M_ARENA_MAX, _ARENAS)) and bool(libc.mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES))


def give_back() -> None:
    """Collect garbage, and return to the system what was freed or is on disk as well."""
    gc.collect()
    give_back_unused()


def give_back_unused() -> None:
    """Return freed memory to the system and let go of weights that are on disk as well; harmless while work runs."""
    let_go(lambda path: path.suffix in _MAPPED_WEIGHTS)
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def release_engines() -> None:
    """Forget the weights of models that write, if any were loaded; the next question loads them again."""
    engines = sys.modules.get("core.chat.local.genai_engine")
    if engines is not None:
        engines.release_engines()


async def give_back_when_idle(
    work_count: Callable[[], int], *, look_s: float = _LOOK_S, release_s: float = RELEASE_WEIGHTS_S
) -> None:
    """Return memory at each look, more of it when nothing ran; weights of models that write go after a longer rest.

    Args:
        work_count: Number of calls that have been made so far, those that run included.
        look_s: Time between two looks.
        release_s: How long nothing has to run until weights are released; the next question loads them again.
    """
    seen, since, trimmed, released = work_count(), time.monotonic(), False, False
    while True:
        await asyncio.sleep(look_s)
        count = work_count()
        if count != seen:
            seen, since, trimmed, released = count, time.monotonic(), False, False
            await asyncio.to_thread(give_back_unused)
            continue
        if not trimmed:
            await asyncio.to_thread(give_back)
            trimmed = True
        if not released and time.monotonic() - since >= release_s:
            release_engines()
            await asyncio.to_thread(give_back)
            released = True


def _glibc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.malloc_trim  # noqa: B018 - musl has none
    except (OSError, AttributeError):
        return None
    return libc
