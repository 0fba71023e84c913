"""A client may make so many requests in a minute, at whichever server of a home they arrive."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.access.rates import RateLimiter
from serve.errors import ServerBusy
from tests.support.serve_state import access_tables

_NUMBERS = itertools.count()


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.integers(1, 30), st.integers(1, 3))
def test_no_window_lets_more_through_than_twice_its_rate(
    tmp_path_factory: pytest.TempPathFactory, pauses: list[float], per_minute: int, servers: int
) -> None:
    now = [0.0]
    root = tmp_path_factory.getbasetemp() / f"rates-{next(_NUMBERS)}"
    tables = [access_tables(root, lambda: now[0]) for _ in range(servers)]
    rates = itertools.cycle([RateLimiter(per_minute, each) for each in tables])
    let: list[float] = []
    for pause in pauses:
        now[0] += pause
        try:
            next(rates).take("a")
        except ServerBusy as error:
            assert error.retry_after_s >= 1
        else:
            let.append(now[0])
    for each in tables:
        each.close()
    # A full bucket and what flows in during the minute.
    assert all(sum(start <= at < start + 60 for at in let) <= 2 * per_minute + 1 for start in let)


def test_who_waits_as_told_is_let_in(tmp_path: Path) -> None:
    now = [0.0]
    rate = RateLimiter(6, access_tables(tmp_path, lambda: now[0]))
    for _ in range(6):
        rate.take("a")
    with pytest.raises(ServerBusy) as caught:
        rate.take("a")
    rate.take("b")
    now[0] += caught.value.retry_after_s
    rate.take("a")


def test_two_servers_count_the_same_requests(tmp_path: Path) -> None:
    here, there = (RateLimiter(4, access_tables(tmp_path, lambda: 0.0)) for _ in range(2))
    for rate in (here, there, here, there):
        rate.take("a")
    for rate in (here, there):
        with pytest.raises(ServerBusy):
            rate.take("a")


def test_a_clock_that_was_set_back_keeps_nobody_out(tmp_path: Path) -> None:
    now = [10_000.0]
    rate = RateLimiter(1, access_tables(tmp_path, lambda: now[0]))
    rate.take("a")
    now[0] -= 5000
    with pytest.raises(ServerBusy) as caught:
        rate.take("a")
    assert caught.value.retry_after_s <= 60
    rate.take("a")


def test_clients_that_are_idle_are_forgotten(tmp_path: Path) -> None:
    now = [0.0]
    tables = access_tables(tmp_path, lambda: now[0])
    RateLimiter(6, tables).take("a")
    now[0] += 3600
    RateLimiter(6, tables).take("b")
    assert [row["client"] for row in tables.run("SELECT client FROM serve_rates")] == ["b"]


def test_no_limit_counts_nothing(tmp_path: Path) -> None:
    tables = access_tables(tmp_path)
    rate = RateLimiter(0, tables)
    for _ in range(50):
        rate.take("a")
    assert not tables.run("SELECT 1 FROM serve_rates")
