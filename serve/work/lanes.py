"""Bounded lanes of worker threads: the place where CPU-bound work runs, and where too much of it is refused.

A request that finds no room is told when to come back. What a worker writes while it works goes to a `Feed`, which
never makes it wait: a client that stops reading holds no thread. Refuses to know what the work is.
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
# Weight of the latest call in the running mean of how long one takes.
_LATEST = 0.2
_LEAST_RETRY_S, _MOST_RETRY_S = 1, 60


class ReaderGone(Exception):
    """Raised inside a worker whose reader has gone, to end the work."""


class WorkerLane:
    """Threads with a bounded queue before them.

    Args:
        name: For thread names and figures.
        workers: Threads.
        waiting: Calls that may wait beside those that run.
    """

    def __init__(self, name: str, workers: int, waiting: int) -> None:
        self.name = name
        self._workers = workers
        self._room = workers + waiting
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=f"kb-{name}")
        self._lock = threading.Lock()
        self._held = 0
        self._mean_s = 0.5

    @property
    def held(self) -> int:
        """Calls that run or wait."""
        return self._held

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Queue a call.

        Raises:
            Busy: There is no room.
        """
        with self._lock:
            if self._held >= self._room:
                raise ServerBusy("too many requests are waiting", retry_after_s=self._retry_after_s())
            self._held += 1
        try:
            future = self._pool.submit(self._timed, call)
        except RuntimeError as error:  # the pool is shut: the server is stopping
            self._leave(None)
            raise ServerBusy("the server is stopping", retry_after_s=_MOST_RETRY_S) from error
        future.add_done_callback(self._leave)
        return future

    async def run(self, call: Callable[[], T]) -> T:
        """Queue a call and wait for its result; a caller that goes away takes a waiting call with it.

        Raises:
            Busy: There is no room.
        """
        return await asyncio.wrap_future(self.submit(call))

    def every_worker(self, call: Callable[[], object]) -> list[Future[object]]:
        """Run a call once on each thread, past the queue; for warming up."""
        barrier = threading.Barrier(self._workers)

        def once() -> object:
            barrier.wait()
            return call()

        return [self._pool.submit(once) for _ in range(self._workers)]

    def close(self) -> None:
        """Drop what waits and let what runs come to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, call: Callable[[], T]) -> T:
        begun = time.monotonic()
        try:
            return call()
        finally:
            self._mean_s += _LATEST * (time.monotonic() - begun - self._mean_s)

    def _leave(self, _: object) -> None:
        with self._lock:
            self._held -= 1

    def _retry_after_s(self) -> int:
        wait_s = self._mean_s * self._held / self._workers
        return min(_MOST_RETRY_S, max(_LEAST_RETRY_S, math.ceil(wait_s)))


class TextFeed(Generic[T]):
    """What one worker writes and one coroutine reads; unbounded, since an answer is."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[T | None] = asyncio.Queue()
        self._left = False

    def put(self, item: T) -> None:
        """Hand an item over; called by the worker.

        Raises:
            Abandoned: Nobody reads any more.
        """
        if self._left:
            raise ReaderGone
        self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    def end(self) -> None:
        """Say that nothing more comes; called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, None)

    def leave(self) -> None:
        """Stop reading; the worker is told at its next item."""
        self._left = True

    async def items(self) -> AsyncIterator[T]:
        """Yield items until the end."""
        while (item := await self._queue.get()) is not None:
            yield item


async def streamed(lane: WorkerLane, work: Callable[[Callable[[str], None]], T]) -> AsyncGenerator[str | T]:
    """Run work that writes text as it goes: yield its pieces, then its result.

    Args:
        lane: Where it runs.
        work: Gets a function that takes the next piece.

    Raises:
        Busy: There is no room.
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
        feed.leave()
        future.cancel()
