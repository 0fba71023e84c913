"""Sends requests to a chat model: several at once, replies in order, cached replies not requested again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import Runnable
from langchain_core.utils.json import parse_json_markdown
from pydantic import BaseModel, ValidationError

from synth.generate.cache import Call, CallCache, key_of

Schema = TypeVar("Schema", bound=BaseModel)
OnCall = Callable[[Call, bool], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """A request to a chat model.

    Attributes:
        purpose: Its purpose, for reports.
        text: The prompt, sent as one user message.
        schema: Schema of the reply; plain text without one.
    """

    purpose: str
    text: str
    schema: type[BaseModel] | None = None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """The reply to a request."""

    call: Call

    @property
    def text(self) -> str:
        """The reply as text."""
        return self.call.text

    def parsed(self, schema: type[Schema]) -> Schema | None:
        """Return the reply as a value of the schema, None where it is none."""
        try:
            return schema.model_validate(self.value())
        except ValidationError:
            return None

    def value(self) -> Any:
        """Return the JSON of the reply, None where there is none; truncated JSON is completed."""
        try:
            return parse_json_markdown(self.call.text)
        except ValueError:
            return None


class ChatCaller:
    """Puts requests to an open chat model; safe to use from several threads.

    Args:
        chat: The model.
    """

    def __init__(self, chat: BaseChatModel) -> None:
        self._chat = chat
        self._held: dict[type[BaseModel], Runnable[Any, Any]] = {}

    def __call__(self, request: ModelRequest) -> Call:
        """Return the reply to a request.

        Raises:
            KbError: The model did not answer.
        """
        begun = time.perf_counter()
        message = self._model(request.schema).invoke([HumanMessage(request.text)])
        raw = message["raw"] if isinstance(message, dict) else message
        usage = raw.usage_metadata if isinstance(raw, AIMessage) else None
        return Call(
            text=raw.text,
            prompt_tokens=usage["input_tokens"] if usage else 0,
            completion_tokens=usage["output_tokens"] if usage else 0,
            cut=_was_cut(raw),
            seconds=time.perf_counter() - begun,
        )

    def _model(self, schema: type[BaseModel] | None) -> Runnable[Any, Any]:
        """The model constrained to a schema where it supports that, else the model: its prompt shows the JSON."""
        if schema is None:
            return self._chat
        if schema not in self._held:
            try:
                self._held[schema] = self._chat.with_structured_output(schema, include_raw=True)
            except NotImplementedError:
                self._held[schema] = self._chat
        return self._held[schema]


class CachedChat:
    """A chat model behind a cache, with a bounded number of concurrent requests.

    Args:
        chat: The model.
        spec: Its name as given to `--generator`.
        parameters: Generation parameters; part of the cache key.
        cache: Stores the replies.
        concurrency: Number of concurrent requests.
        caller: Puts a request to the model, from several threads; this process does if None.
        on_call: Called in the caller's thread with every reply and whether it came from the cache.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        spec: str,
        parameters: dict[str, Any],
        cache: CallCache,
        *,
        concurrency: int,
        caller: Callable[[ModelRequest], Call] | None = None,
        on_call: OnCall = lambda _call, _cached: None,
    ) -> None:
        self.spec = spec
        self._chat = chat
        self._parameters = parameters
        self._cache = cache
        self._concurrency = concurrency
        self._caller = caller or ChatCaller(chat)
        self._on_call = on_call
        self._pool = ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="ask")

    def all(self, requests: Iterable[ModelRequest]) -> Iterator[ModelReply]:
        """Yield replies in the order of the requests; twice `concurrency` requests are read ahead.

        Raises:
            KbError: A request failed; the concurrent ones are completed and cached first.
        """
        stream = iter(requests)
        waiting: deque[tuple[Future[Call] | Call, bool]] = deque()
        while True:
            while len(waiting) < 2 * self._concurrency and (request := next(stream, None)) is not None:
                waiting.append(self._begin(request))
            if not waiting:
                return
            ahead, cached = waiting.popleft()
            call = ahead if isinstance(ahead, Call) else ahead.result()
            self._on_call(call, cached)
            yield ModelReply(call)

    def known(self, request: ModelRequest) -> bool:
        """Whether the cache holds the reply."""
        return self._cache.get(self._key(request)) is not None

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text has, as the model counts or estimates."""
        return self._chat.get_num_tokens(text)

    def close(self) -> None:
        """Wait for running requests, so that their replies are cached, and cancel the others."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, request: ModelRequest) -> tuple[Future[Call] | Call, bool]:
        key = self._key(request)
        cached_call = self._cache.get(key)
        return (cached_call, True) if cached_call else (self._pool.submit(self._ask, request, key), False)

    def _key(self, request: ModelRequest) -> str:
        schema = request.schema.model_json_schema() if request.schema else None
        return key_of(model=self.spec, parameters=self._parameters, schema=schema, prompt=request.text)

    def _ask(self, request: ModelRequest, key: str) -> Call:
        call = self._caller(request)
        self._cache.put(key, call)
        return call


def _was_cut(message: Any) -> bool:
    metadata = message.response_metadata
    return "length" in (metadata.get("finish_reason"), metadata.get("done_reason"))
