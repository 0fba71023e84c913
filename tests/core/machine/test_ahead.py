"""Calls on a cluster are begun in order ahead of their results, and no more of them than keep it busy."""

from __future__ import annotations

import pytest

from core.errors import DataError
from core.machine.ahead import CallsAhead
from core.machine.cluster import Cluster
from tests.support.fake_ray import FakeRay


def squared(job: int, item: int) -> int:
    if item < 0:
        raise DataError(f"{item} has no root")
    return job + item * item


def _calls(ray: FakeRay, items: list[int]) -> CallsAhead[int, int]:
    return CallsAhead(Cluster(ray), squared, 100, items, about=str)


def test_results_are_those_of_the_function_whatever_is_lost() -> None:
    ray = FakeRay(lose={0: 0, 3: 0}, cores=1)
    calls = _calls(ray, [1, 2, 1, 3])
    assert [calls(item) for item in (1, 2, 1, 3)] == [101, 104, 101, 109]
    assert len(ray.lost) == 2 and len(ray.started) == 5  # three different items, two of them lost once
    assert calls(7) == 149  # one that was not announced


def test_no_more_is_begun_than_keeps_the_cluster_busy() -> None:
    ray = FakeRay(cores=1, done=False)
    calls = _calls(ray, list(range(9)))
    assert calls(0) == 100 and len(ray.started) == 2
    assert calls(4) == 116 and len(ray.started) == 5


def test_what_a_call_raises_is_raised_here() -> None:
    with pytest.raises(DataError, match="-1 has no root"):
        _calls(FakeRay(), [-1])(-1)
