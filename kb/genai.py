"""`GenAIChat`: a GGUF file as a LangChain chat model, in this process, without torch.

Knows messages, LangChain's streaming and structured output; refuses to know how tokens are made (`kb.engine`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable

from kb.chat_messages import as_roles
from kb.engine import Engine, Piece, Sampling, check_types, engine_for
from kb.errors import ConfigError
from kb.gguf_header import read_header
from kb.settings import ModelSettings
from kb.structured import structured

_SAMPLING_KEYS = frozenset(field.name for field in fields(Sampling)) - {"stop", "json_schema"}


class GenAIChat(BaseChatModel):
    """A chat model in a GGUF file; loaded at the first question and shared by all that name the same file.

    Per call, `invoke(..., temperature=, top_p=, top_k=, repetition_penalty=, seed=, max_tokens=, json_schema=)` go
    before the fields of the same name; `response_format={"type": "json_schema", ...}` is understood too.

    Attributes:
        path: The GGUF file; tensors in F32, F16, BF16 or Q8_0.
        model: Spelling that results carry.
        num_ctx: Longest prompt and answer together, in tokens; the file's own limit, where smaller, wins.
        temperature: 0 is greedy.
        max_tokens: Longest answer, in tokens.
        stop: Strings that end every answer.
        precision: `auto`, `bf16` or `f32`.
    """

    path: Path
    model: str = "gguf"
    num_ctx: int = 8192
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int = 0
    max_tokens: int = 512
    stop: list[str] | None = None
    precision: str = "auto"

    @property
    def _llm_type(self) -> str:
        return "openvino-genai"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "path": str(self.path), "num_ctx": self.num_ctx, "precision": self.precision}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "openvino"
        params["ls_model_name"] = self.model
        return params

    def load(self) -> Engine:
        """Return the engine behind this model, loading the file if no one has.

        Raises:
            DataError: The file cannot be used.
        """
        return engine_for(self.path, self.num_ctx, self.precision)

    def prompt(self, messages: Sequence[BaseMessage]) -> str:
        """Return the text that the model reads, as the file's chat template makes it.

        Raises:
            ConfigError: A message holds more than text.
            DataError: The template refuses the messages.
        """
        return self.load().render(as_roles(messages))

    def get_token_ids(self, text: str) -> list[int]:
        """Return the ids of a text under the file's own tokenizer."""
        return self.load().encode(text)

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """Return the exact length of the prompt, template included.

        Raises:
            ConfigError: Tools were given; this model calls none.
        """
        if tools:
            raise ConfigError(f"{self.model} calls no tools", hint="kb ask --model ollama:NAME")
        return len(self.get_token_ids(self.prompt(messages)))

    def _sampling(self, stop: list[str] | None, overrides: dict[str, Any]) -> Sampling:
        values = {key: getattr(self, key) for key in _SAMPLING_KEYS}
        schema = overrides.pop("json_schema", None)
        wanted = overrides.pop("response_format", None)
        if wanted:
            schema = wanted.get("json_schema", {}).get("schema") or {"type": "object"}
        unknown = sorted(set(overrides) - _SAMPLING_KEYS)
        if unknown:
            known = ", ".join(sorted(_SAMPLING_KEYS))
            message = f"{self.model} does not take {', '.join(unknown)}; it takes {known}"
            raise ConfigError(message, hint="kb config show")
        values |= {key: value for key, value in overrides.items() if value is not None}
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
        sampling = self._sampling(stop, kwargs)
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

    def generate_batch(self, conversations: Sequence[Sequence[BaseMessage]], **kwargs: Any) -> list[str]:
        """Answer many conversations in one batch, in their order; keywords as for `invoke`.

        Raises:
            KbError: One of the prompts does not fit the context; nothing is then generated.
        """
        sampling = self._sampling(kwargs.pop("stop", None), kwargs)
        prompts = [self.get_token_ids(self.prompt(messages)) for messages in conversations]
        return ["".join(piece.text for piece in pieces) for pieces in self.load().generate_many(prompts, sampling)]

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a model whose text is held to a JSON schema, token by token, and parsed.

        Args:
            schema: A pydantic class, a TypedDict or a JSON schema.
            include_raw: Give `{"raw", "parsed", "parsing_error"}` in place of the parsed value.
            kwargs: `method="json_schema"` and `strict` are accepted and change nothing.

        Raises:
            ConfigError: Another method was asked for.
        """
        return structured(self, schema, include_raw=include_raw, method=kwargs.get("method", "json_schema"))


def open_gguf(path: Path, settings: ModelSettings, *, name: str) -> GenAIChat:
    """Open a GGUF file; its head is checked now, its weights are loaded at the first question.

    Args:
        path: The file.
        settings: How it generates.
        name: Spelling that results carry.

    Raises:
        DataError: The file is damaged or holds tensors that would be read wrongly.
    """
    check_types(read_header(path))
    return GenAIChat(
        path=path,
        model=name,
        num_ctx=settings.num_ctx,
        temperature=settings.temperature,
        seed=settings.seed,
        max_tokens=settings.max_tokens,
    )
