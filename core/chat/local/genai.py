"""`GenAIChat`: a GGUF file as a LangChain chat model, in this process, without torch.

Adds to `LocalChat` what OpenVINO GenAI can do beyond one answer: batches and output held to a JSON schema.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable

from core.backends import ModelSpec
from core.chat.local.base import LocalChat
from core.chat.local.genai_engine import GenAIEngine, engine_for
from core.chat.local.readable import check_readable
from core.chat.local.weights import gguf_path
from core.chat.structured import structured
from core.files import Home
from core.prompt import reads_passages
from core.settings import ModelSettings, Settings
from core.weights.adapter import Adapter, merged_gguf, open_adapter
from core.weights.gguf_header import read_header
from core.weights.shipped import reading_adapter


@dataclass(frozen=True, slots=True)
class ReadingAdapter:
    """An adapter that teaches a model to read passages, and the home whose cache takes the merged file."""

    adapter: Adapter
    home: Home


class GenAIChat(LocalChat):
    """A chat model in a GGUF file; all that name the same file share one copy of its weights.

    Per call it also takes `json_schema=` or `response_format={"type": "json_schema", ...}`.

    Attributes:
        path: The GGUF file; its matrices in F16, Q8_0 or Q4_0.
        reading: What makes it a better reader of passages; None where there is nothing.
        precision: `auto`, `bf16` or `f32`.
        keep_graph: Whether a graph may be kept beside the file from which it takes less memory.
    """

    keeps_to_schemas: ClassVar[bool] = True

    path: Path
    reading: ReadingAdapter | None = None
    model: str = "gguf"
    precision: str = "auto"
    keep_graph: bool = False

    @property
    def _llm_type(self) -> str:
        return "openvino-genai"

    def load(self) -> GenAIEngine:
        """Return the process's engine for this file, loading it if no one has.

        Raises:
            DataError: The file cannot be used.
        """
        return engine_for(self.path, self.num_ctx, self.precision, keep_graph=self.keep_graph)

    def for_passages(self, prompt_digest: str) -> GenAIChat:
        """Return the model for passages under a prompt: with its reading adapter if that was trained under the prompt.

        The first call writes the merged file, which takes seconds.

        Raises:
            DataError: The adapter is damaged or of another model.
            OSError: The disk is full.
        """
        if self.reading is None or self.reading.adapter.prompt_digest != prompt_digest:
            return self
        path = merged_gguf(self.path, self.reading.adapter, self.reading.home)
        return reads_passages(self.model_copy(update={"path": path, "reading": None}), self.reading.adapter.shown)

    def generate_batch(self, conversations: Sequence[Sequence[BaseMessage]], **kwargs: Any) -> list[str]:
        """Answer many conversations in one batch, in their order; keywords as for `invoke`.

        Raises:
            KbError: One of the prompts does not fit the context; nothing is then generated.
        """
        sampling = self.sampling(kwargs.pop("stop", None), kwargs)
        prompts = [self.get_token_ids(self.prompt(messages)) for messages in conversations]
        return self.load().generate_many(prompts, sampling)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        **kwargs: Any,  # noqa: ARG002
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a model whose text is held to a JSON schema, token by token, and parsed.

        Args:
            schema: A pydantic class, a TypedDict or a JSON schema.
            include_raw: Give `{"raw", "parsed", "parsing_error"}` in place of the parsed value.
            kwargs: `method` and `strict` are accepted and change nothing: the schema holds whatever they say.
        """
        return structured(self, schema, include_raw=include_raw)


def open_gguf(path: Path, settings: ModelSettings, *, name: str) -> GenAIChat:
    """Open a GGUF file; its head is checked now, its weights are loaded at the first question.

    Args:
        path: The file.
        settings: How it generates.
        name: Spelling that results carry.

    Raises:
        DataError: The file is damaged or holds matrices that would be read wrongly.
    """
    check_readable(read_header(path))
    return GenAIChat(
        path=path,
        model=name,
        num_ctx=settings.num_ctx,
        temperature=settings.temperature,
        seed=settings.seed,
        max_tokens=settings.max_tokens,
    )


def open_spec(spec: ModelSpec, settings: Settings, home: Home) -> GenAIChat:
    """Open the GGUF file that a spelling names.

    Raises:
        ConfigError: There is no such file or run.
        MissingExtra: The prepared model has not been fetched.
        DataError: The file is damaged.
    """
    chat = open_gguf(gguf_path(spec, home), settings.models, name=str(spec))
    if spec.kind == "smollm2":
        chat.keep_graph = True
        if reading_adapter().is_file():
            chat.reading = ReadingAdapter(open_adapter(reading_adapter()), home)
    return chat
