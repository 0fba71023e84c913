"""Memory goes back while nothing runs; the weights of models that write, after a longer rest."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from serve import memory


async def _watch(monkeypatch: pytest.MonkeyPatch, counts: list[int], release_s: float) -> list[str]:
    """Return what was given back while the counts were read, one after the other."""
    given: list[str] = []
    monkeypatch.setattr(memory, "give_back", lambda: given.append("memory"))
    monkeypatch.setattr(memory, "release_engines", lambda: given.append("weights"))
    waiting = iter(counts)
    with suppress(StopIteration, RuntimeError):
        await asyncio.wait_for(memory.give_back_when_idle(lambda: next(waiting), look_s=0.001, release_s=release_s), 5)
    return given


async def test_memory_goes_back_once_per_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _watch(monkeypatch, [1, 1, 1, 1, 2, 3, 3, 3], release_s=60) == ["memory", "memory"]


async def test_weights_go_after_a_longer_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _watch(monkeypatch, [1, 1, 1], release_s=0) == ["memory", "weights", "memory"]


def test_both_steps_are_harmless() -> None:
    memory.limit_arenas()
    memory.give_back()
