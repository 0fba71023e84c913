"""Asking a model: replies in order, several at once, none twice, and a run that was cut off goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import BackendError
from synth.generate.ask import CachedChat, ModelRequest
from synth.generate.cache import CallCache, key_of
from tests.support.scripted_chat import Scripted


def asking(chat: Scripted, path: Path, *, concurrency: int = 4, **parameters: Any) -> CachedChat:
    return CachedChat(chat, "scripted", parameters, CallCache(path / "cache.sqlite"), concurrency=concurrency)


def requests(texts: Sequence[str]) -> list[ModelRequest]:
    return [ModelRequest(purpose="test", text=text) for text in texts]


TEXTS = [f"question {at}" for at in range(20)]


def test_replies_come_in_order_and_several_are_under_way(tmp_path):
    chat = Scripted(pause_s=0.01)
    replies = [reply.text for reply in asking(chat, tmp_path, concurrency=3).all(requests(TEXTS))]
    assert replies == [f"reply to {text}" for text in TEXTS]
    assert 1 < chat.busiest <= 3


def test_nothing_is_asked_twice(tmp_path):
    first, second = Scripted(), Scripted()
    once = [reply.call for reply in asking(first, tmp_path).all(requests(TEXTS))]
    again = [reply.call for reply in asking(second, tmp_path).all(requests(TEXTS))]
    assert once == again
    assert len(first.asked) == len(TEXTS)
    assert second.asked == []
    assert once[0].prompt_tokens == 3
    assert once[0].completion_tokens == 2


def test_a_run_that_was_cut_off_asks_only_what_is_left(tmp_path):
    broken, whole = Scripted(fail_after=7), Scripted()
    ask = asking(broken, tmp_path, concurrency=2)
    with pytest.raises(BackendError):
        list(ask.all(requests(TEXTS)))
    ask.close()
    replies = [reply.text for reply in asking(whole, tmp_path).all(requests(TEXTS))]
    assert replies == [f"reply to {text}" for text in TEXTS]
    assert sorted(broken.asked + whole.asked) == sorted(TEXTS)


def test_other_parameters_ask_anew(tmp_path):
    chat = Scripted()
    for seed in (1, 2, 1):
        list(asking(chat, tmp_path, seed=seed).all(requests(TEXTS[:1])))
    assert len(chat.asked) == 2
    assert key_of(model="a", prompt="b") != key_of(model="ab", prompt="")


def test_what_is_not_needed_is_not_read_far_ahead(tmp_path):
    chat = Scripted()
    replies = asking(chat, tmp_path, concurrency=2).all(requests(TEXTS))
    next(replies)
    replies.close()
    assert len(chat.asked) <= 5
