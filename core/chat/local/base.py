"""`LocalChat`: a model that writes in this process, as a LangChain chat model."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from core.chat.local.decoding import Piece, Sampling
from core.chat.messages import as_roles
from core.errors import ConfigError

_SAMPLING_KEYS = frozenset(field.name for field in fields(Sampling)) - {"stop", "json_schema"}


class LocalEngine(Protocol):
    """A loaded model: text to ids, messages to a prompt, ids to pieces of text."""

    @property
    def control_tokens(self) -> Sequence[str]:
        """Spellings that steer the model and may not come from a message's content."""
        ...

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Return the prompt of messages (`role`, `content`) under the model's chat template.

        Raises:
            DataError: There is no template, or it refuses these messages.
        """
        ...

    def encode(self, text: str) -> list[int]:
        """Return token ids without added ones."""
        ...

    def stream(self, prompt: Sequence[int], sampling: Sampling) -> Iterator[Piece]:
        """Generate; a consumer that stops iterating stops the generation.

        Raises:
            KbError: The prompt does not fit, or the runtime failed.
        """
        ...


class LocalChat(BaseChatModel):
    """A chat model over a `LocalEngine`, loaded at the first question.

    Per call, `invoke(..., temperature=, top_p=, top_k=, repetition_penalty=, seed=, max_tokens=)` go before the
    fields of the same name.

    Attributes:
        model: Spelling that results carry.
        num_ctx: Longest prompt and answer together, in tokens; the model's own limit, where smaller, wins.
        temperature: 0 is greedy.
        max_tokens: Longest answer, in tokens.
        stop: Strings that end every answer.
    """

    keeps_to_schemas: ClassVar[bool] = False

    model: str
    num_ctx: int = 8192
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 512
    stop: list[str] | None = None

    @abstractmethod
    def load(self) -> LocalEngine:
        """Return the engine behind this model, loading it if no one has."""

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "num_ctx": self.num_ctx, "temperature": self.temperature, "seed": self.seed}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = self._llm_type
        params["ls_model_name"] = kwargs.get("model", self.model)
        return params

    def prompt(self, messages: Sequence[BaseMessage]) -> str:
        """Return the text that the model reads, as its chat template makes it.

        Raises:
            ConfigError: A message holds more than text.
            DataError: The template refuses the messages.
        """
        engine = self.load()
        return engine.render(as_roles(messages, engine.control_tokens))

    def get_token_ids(self, text: str) -> list[int]:
        """Return the ids of a text under the model's own tokenizer."""
        return self.load().encode(text)

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """Return the exact length of the prompt, template included.

        Raises:
            ConfigError: Tools were given; this model calls none.
        """
        if tools:
            raise ConfigError(f"{self.model} does not support tools", hint='kb ask --model ollama:NAME "QUESTION"')
        return len(self.get_token_ids(self.prompt(messages)))

    def sampling(self, stop: list[str] | None, overrides: Mapping[str, Any]) -> Sampling:
        """Return the model's fields with the overrides of one call.

        Raises:
            ConfigError: A keyword that this model does not take.
        """
        given = {key: value for key, value in overrides.items() if value is not None}
        schema = given.pop("json_schema", None)
        response_format = given.pop("response_format", None)
        if response_format:
            schema = response_format.get("json_schema", {}).get("schema") or {"type": "object"}
        unknown = sorted(set(given) - _SAMPLING_KEYS)
        if schema is not None and not self.keeps_to_schemas:
            unknown.append("json_schema")
        if unknown:
            known = ", ".join(sorted(_SAMPLING_KEYS))
            message = f"{self.model} does not take {', '.join(unknown)}; it takes {known}"
            raise ConfigError(message, hint="kb config show")
        values = {key: getattr(self, key) for key in _SAMPLING_KEYS} | given
        return Sampling(**values, stop=tuple(stop or self.stop or ()), json_schema=schema)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        sampling = self.sampling(stop, kwargs)
        prompt = self.get_token_ids(self.prompt(messages))
        unread = len(prompt)
        for piece in self.load().stream(prompt, sampling):
            chunk = self._chunk(piece, n_input=unread)
            unread = 0
            if run_manager:
                run_manager.on_llm_new_token(piece.text, chunk=chunk)
            yield chunk

    def _chunk(self, piece: Piece, n_input: int) -> ChatGenerationChunk:
        message = AIMessageChunk(
            content=piece.text,
            usage_metadata=UsageMetadata(
                input_tokens=n_input, output_tokens=piece.n_tokens, total_tokens=n_input + piece.n_tokens
            ),
        )
        if piece.finish:
            message.chunk_position = "last"
            message.response_metadata = {"finish_reason": piece.finish, "model_name": self.model}
        return ChatGenerationChunk(message=message)
