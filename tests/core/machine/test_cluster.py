"""Calls on machines of a cluster: what is lost is made again, errors come back, wrong addresses are named."""

from __future__ import annotations

import importlib.util
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from core.errors import BackendError, ConfigError, DataError, MissingExtra
from core.machine.cluster import Cluster, joined
from tests.support.fake_ray import FakeRay


def numbers(count: int) -> Iterator[int]:
    yield from range(count)


def numbers_and_a_fault(count: int) -> Iterator[int]:
    yield from range(count)
    raise DataError("is torn", path="a.pdf", page=3, hint="kb list")


def twice(value: int) -> int:
    if value < 0:
        raise ConfigError("is negative", hint="kb config show")
    return 2 * value


def broken(value: int) -> int:
    raise ZeroDivisionError(value)


def test_a_call_gives_its_result_and_the_errors_of_the_tree() -> None:
    cluster = Cluster(FakeRay())
    assert cluster.call(twice, cluster.put(4), about="four").result() == 8
    with pytest.raises(ConfigError, match=rf"is negative \(on {socket.gethostname()}\)") as caught:
        cluster.call(twice, -1, about="minus one").result()
    assert caught.value.hint == "kb config show"
    with pytest.raises(RuntimeError, match="ZeroDivisionError: 3"):
        cluster.call(broken, 3, about="three").result()
    assert (cluster.n_cpus, cluster.n_machines, cluster.take_notes()) == (4, 2, [])


def test_a_lost_call_is_made_again_and_noted_once() -> None:
    ray = FakeRay(lose={0: 0, 1: 0})
    cluster = Cluster(ray)
    assert cluster.call(twice, 4, about="four").result() == 8
    assert ray.started == ["twice"] * 3
    assert cluster.take_notes() == ["four: begun again, since its machine or process in the Ray cluster ended"] * 2
    assert cluster.take_notes() == []


@pytest.mark.parametrize("lost_after", range(5))
def test_a_stream_that_is_lost_anywhere_gives_each_item_once(lost_after: int) -> None:
    # The end of a stream is an item of its own: 4 is lost after the last number and before the end.
    ray = FakeRay(lose={0: lost_after, 1: lost_after // 2})
    assert list(Cluster(ray).stream(numbers, 4, about="numbers").items()) == [0, 1, 2, 3]
    assert ray.started == ["numbers"] * 3


def test_a_fault_in_a_stream_comes_after_the_items_before_it() -> None:
    items = Cluster(FakeRay()).stream(numbers_and_a_fault, 2, about="numbers").items()
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(DataError, match="is torn") as caught:
        next(items)
    assert (caught.value.path, caught.value.page, caught.value.message) == ("a.pdf", 3, "is torn")


def test_what_loses_machine_after_machine_ends_with_an_error() -> None:
    cluster = Cluster(FakeRay(lose=dict.fromkeys(range(9), 0)))
    with pytest.raises(BackendError, match=r"^big\.pdf: 5 machines or processes"):
        next(cluster.stream(numbers, 4, about="big.pdf").items())


def test_a_wait_ends_when_it_is_not_wanted_or_no_machine_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        next(Cluster(FakeRay(ready=False)).stream(numbers, 1, about="numbers").items(stop))
    with pytest.raises(BackendError, match="no machine with a core"):
        Cluster(FakeRay(ready=False, cores=0)).call(twice, 1, about="one").result()


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "head:", ":6379", "head:port"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(ConfigError, match=f"{address!r} is not the address"), joined(f"ray:{address}"):
        pass


def test_an_address_where_nothing_listens_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        pytest.raises(BackendError, match=f"no Ray cluster answers at 127.0.0.1:{port}"),
        joined(f"ray:127.0.0.1:{port}"),
    ):
        pass


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_extra_is_named() -> None:
    with pytest.raises(MissingExtra, match="a Ray cluster requires the extra 'ray'") as caught, joined("ray"):
        pass
    assert "[ray]" in caught.value.hint


@pytest.mark.slow
def test_without_a_cluster_the_cores_of_this_machine_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with joined("ray") as cluster:
        assert (cluster.n_machines, cluster.n_cpus) == (1, os.cpu_count())
        assert cluster.call(twice, 21, about="a number").result() == 42
        assert list(cluster.stream(numbers, 3, about="numbers").items()) == [0, 1, 2]
        with pytest.raises(DataError, match="is torn"):
            list(cluster.stream(numbers_and_a_fault, 1, about="numbers").items())
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        with joined("ray") as again:  # the one that is joined already
            assert again.n_machines == 1
        assert ray.is_initialized()
    assert not ray.is_initialized()
