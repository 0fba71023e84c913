"""A chat model that answers by a rule, slowly or not at all."""

from __future__ import annotations

import threading
import time
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from core.errors import BackendError


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
        message = AIMessage(self.reply(text), usage_metadata=usage, response_metadata={"finish_reason": "stop"})
        return ChatResult(generations=[ChatGeneration(message=message)])
