"""Bounded queues of worker threads for CPU-bound work. A request that finds no room is refused with a time to retry.

A worker writes to a `TextFeed` without waiting, so a client that stops reading occupies no thread.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from serve.errors import ServerBusy

T = TypeVar("T")
# Weight of the latest call in the running mean of call times.
_LATEST = 0.2
_LEAST_RETRY_S, _MOST_RETRY_S = 1, 60


class ReaderGone(Exception):
    """Raised in a worker when its client has disconnected, to end the work."""


class WorkerLane:
    """Worker threads with a bounded queue.

    Args:
        name: For thread names and metrics.
        workers: Number of threads.
        waiting: Calls that may wait beside those that run.
    """

    def __init__(self, name: str, workers: int, waiting: int) -> None:
        self.name = name
        self._workers = workers
        self._room = workers + waiting
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=f"kb-{name}")
        self._lock = threading.Lock()
        self._call_count = 0
        self._total_count = 0
        self._mean_s = 0.5

    @property
    def call_count(self) -> int:
        """Number of calls that run or wait."""
        return self._call_count

    @property
    def total_count(self) -> int:
        """Number of calls so far; it changes while calls are waiting or running, and when they end."""
        return self._total_count

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Queue a call.

        Raises:
            ServerBusy: The queue is full.
        """
        with self._lock:
            if self._call_count >= self._room:
                raise ServerBusy("too many requests are waiting", retry_after_s=self._retry_after_s())
            self._call_count += 1
            self._total_count += 1
        try:
            future = self._pool.submit(self._timed, call)
        except RuntimeError as error:  # the pool is shut down: the server is stopping
            self._leave(None)
            raise ServerBusy("the server is stopping", retry_after_s=_MOST_RETRY_S) from error
        future.add_done_callback(self._leave)
        return future

    async def run(self, call: Callable[[], T]) -> T:
        """Queue a call and wait for its result; a call that still waits is dropped when the caller is cancelled.

        Raises:
            ServerBusy: The queue is full.
        """
        return await asyncio.wrap_future(self.submit(call))

    def every_worker(self, call: Callable[[], object]) -> list[Future[object]]:
        """Run a call once on each thread, past the limit of the queue; for warming up."""
        barrier = threading.Barrier(self._workers)

        def once() -> object:
            barrier.wait()
            return call()

        return [self._pool.submit(once) for _ in range(self._workers)]

    def close(self) -> None:
        """Drop waiting calls and let running ones finish."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, call: Callable[[], T]) -> T:
        started = time.monotonic()
        try:
            return call()
        finally:
            self._mean_s += _LATEST * (time.monotonic() - started - self._mean_s)

    def _leave(self, _: object) -> None:
        with self._lock:
            self._call_count -= 1
            self._total_count += 1

    def _retry_after_s(self) -> int:
        wait_s = self._mean_s * self._call_count / self._workers
        return min(_MOST_RETRY_S, max(_LEAST_RETRY_S, math.ceil(wait_s)))


class TextFeed(Generic[T]):
    """Queue from one worker thread to one coroutine. Unbounded: the length of an answer is bounded."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[T | None] = asyncio.Queue()
        self._closed = False

    def put(self, item: T) -> None:
        """Add an item; called by the worker.

        Raises:
            ReaderGone: The reader has closed the feed.
        """
        if self._closed:
            raise ReaderGone
        self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    def end(self) -> None:
        """Mark the end of the items; any thread may call."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, None)

    def close(self) -> None:
        """Stop reading; the worker gets `ReaderGone` at its next item."""
        self._closed = True

    async def items(self) -> AsyncIterator[T]:
        """Yield items until the end."""
        while (item := await self._queue.get()) is not None:
            yield item


async def streamed(lane: WorkerLane, work: Callable[[Callable[[str], None]], T]) -> AsyncGenerator[str | T]:
    """Run work that writes text as it goes: yield its pieces, then its result.

    Args:
        lane: Runs it.
        work: Receives a function that takes the next piece.

    Raises:
        ServerBusy: The queue is full.
    """
    feed: TextFeed[str] = TextFeed(asyncio.get_running_loop())
    future = lane.submit(lambda: work(feed.put))
    future.add_done_callback(lambda _: feed.end())
    try:
        async for piece in feed.items():
            yield piece
        result: T = await asyncio.wrap_future(future)
        yield result
    finally:
        feed.close()
        future.cancel()
