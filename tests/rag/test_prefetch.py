from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from rag.ingest.prefetch import prefetched


def counted(made: list[int], count: int) -> Generator[int, None, None]:
    try:
        for number in range(count):
            made.append(number)
            yield number
    finally:
        made.append(-1)


def test_items_come_in_order_and_at_most_so_many_ahead() -> None:
    made: list[int] = []
    with prefetched(counted(made, 50), 3, threading.Event()) as items:
        for expected, number in enumerate(items):
            assert number == expected
            assert len(made) <= number + 6  # three queued, one in hand at either end
    assert made == [*range(50), -1]


def test_leaving_early_closes_the_source() -> None:
    made: list[int] = []
    stop = threading.Event()
    with prefetched(counted(made, 1000), 2, stop) as items:
        assert next(items) == 0
    assert stop.is_set()
    assert made[-1] == -1
    assert len(made) < 20


def test_what_the_source_raises_is_raised_where_items_are_taken() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise ValueError("no more")

    with prefetched(failing(), 2, threading.Event()) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="no more"):
            next(items)
