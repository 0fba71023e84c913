"""Runs an iterator in a thread of its own, a bounded number of items ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def prefetched(source: Generator[T, None, None], ahead: int, stop: threading.Event) -> Iterator[Iterator[T]]:
    """Yield an iterator over `source`, which runs at most `ahead` items in front of it.

    Leaving the block, however it is left, sets `stop` and closes the generator in its own thread before control goes
    on; a generator that waits for something should look at `stop`. What the generator raises is raised where the items
    are taken.
    """
    items: queue.Queue[T | None] = queue.Queue(maxsize=ahead)

    def put(item: T | None) -> None:
        while not stop.is_set():
            with suppress(queue.Full):
                items.put(item, timeout=0.1)
                break

    def produce() -> None:
        try:
            for item in source:
                put(item)
                if stop.is_set():
                    return
        finally:
            source.close()
            put(None)

    def take(made: Future[None]) -> Iterator[T]:
        while (item := items.get()) is not None:
            yield item
        made.result()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="kb-reader") as pool:
        made = pool.submit(produce)
        try:
            yield take(made)
        finally:
            stop.set()
