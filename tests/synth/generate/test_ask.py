"""Asking a model: replies in order, several at once, none twice, and a run that was cut off goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from core.errors import BackendError
from synth.generate.ask import CachedChat, ModelRequest
from synth.generate.cache import CallCache, key_of


class Scripted(BaseChatModel):
    """A chat model in process that answers by a rule, counts what it is asked, and fails when it is told to."""

    fail_after: int = -1
    pause_s: float = 0.0
    _asked: list[str] = PrivateAttr(default_factory=list)
    _busy: int = PrivateAttr(0)
    _busiest: int = PrivateAttr(0)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def asked(self) -> list[str]:
        return self._asked

    @property
    def busiest(self) -> int:
        return self._busiest

    def reply(self, text: str) -> str:
        return f"reply to {text}"

    def get_num_tokens(self, text: str) -> int:
        return len(text.split())

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = str(messages[-1].content)
        with self._lock:
            if 0 <= self.fail_after <= len(self._asked):
                raise BackendError("the server went away", hint="ollama serve")
            self._asked.append(text)
            self._busy += 1
            self._busiest = max(self._busiest, self._busy)
        time.sleep(self.pause_s)
        with self._lock:
            self._busy -= 1
        usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
        message = AIMessage(self.reply(text), usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=message)])


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
