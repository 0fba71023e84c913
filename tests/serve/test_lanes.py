"""Lanes refuse what they have no room for, and no reader holds a worker."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

import pytest

from serve.work.lanes import ReaderGone, ServerBusy, TextFeed, WorkerLane, streamed


@pytest.fixture
def lane():
    made = WorkerLane("test", workers=1, waiting=1)
    yield made
    made.close()


def test_a_full_lane_says_when_to_come_back(lane: WorkerLane) -> None:
    release = threading.Event()
    held = [lane.submit(release.wait), lane.submit(release.wait)]
    with pytest.raises(ServerBusy) as caught:
        lane.submit(release.wait)
    assert caught.value.retry_after_s >= 1
    assert lane.call_count == 2
    release.set()
    assert all(future.result(10) for future in held)
    assert lane.submit(lambda: 7).result(10) == 7


def test_a_closed_lane_refuses(lane: WorkerLane) -> None:
    lane.close()
    with pytest.raises(ServerBusy):
        lane.submit(lambda: 1)
    assert lane.call_count == 0


async def test_pieces_come_before_the_result(lane: WorkerLane) -> None:
    def work(put) -> int:
        put("a")
        put("b")
        return 3

    assert [part async for part in streamed(lane, work)] == ["a", "b", 3]


async def test_a_failure_comes_after_the_pieces(lane: WorkerLane) -> None:
    def work(put) -> int:
        put("a")
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"):
        async for part in streamed(lane, work):
            seen.append(part)
    assert seen == ["a"]


async def test_a_reader_that_waits_holds_no_worker(lane: WorkerLane) -> None:
    def work(put) -> int:
        for _ in range(1000):
            put("x")
        return 1

    parts = streamed(lane, work)
    assert await anext(parts) == "x"
    # The one worker is free for others though 999 pieces were not taken.
    assert await asyncio.wait_for(lane.run(lambda: 5), 10) == 5
    assert len([part async for part in parts]) == 1000


async def test_a_reader_that_leaves_ends_the_work(lane: WorkerLane) -> None:
    ended = threading.Event()
    go_on = threading.Event()

    def work(put) -> int:
        try:
            put("first")
            go_on.wait(10)
            put("second")
        except ReaderGone:
            ended.set()
            raise
        return 1

    async with aclosing(streamed(lane, work)) as parts:
        assert await anext(parts) == "first"
    go_on.set()
    assert await asyncio.to_thread(ended.wait, 10)


async def test_a_feed_that_was_left_refuses_items() -> None:
    feed: TextFeed[str] = TextFeed(asyncio.get_running_loop())
    feed.put("a")
    feed.close()
    with pytest.raises(ReaderGone):
        feed.put("b")
