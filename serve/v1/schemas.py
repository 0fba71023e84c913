"""Bodies of the requests under `/v1`, validated before anything runs.

Fields that would change the answer and are not supported are an error; other unknown fields are ignored and reported.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from serve.answers.answering import DEFAULT, AnswerRequest, ChatMessage
from serve.answers.models import WITH_DOCUMENTS, SamplingControls
from serve.errors import RequestRefused
from serve.service import MOST_HITS
from serve.v1.content import called_text, content_text, input_texts, result_text
from serve.v1.structure import ToolDeclaration, forced_tool, format_schema

Collection = Annotated[str, Field(max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")]
Name = Annotated[str, Field(min_length=1, max_length=300)]
_MOST_CHARS = 400_000
_MOST_TOKENS = 100_000
_MOST_TEXTS = 2048
# Fields of OpenAI's that change nothing about the text of an answer.
_HARMLESS = frozenset({"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"})


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TextPart(_Body):
    """A part of a message; only text is supported."""

    type: Literal["text"]
    text: str = Field(max_length=_MOST_CHARS)


Content = Annotated[
    str,
    BeforeValidator(content_text, json_schema_input_type=str | list[TextPart] | None),
    Field(max_length=_MOST_CHARS),
]


class MessageBody(_Body):
    """One message of a conversation; `content` is null in an assistant's message that only called tools."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = ""
    name: str | None = Field(None, max_length=300)
    tool_calls: list[Any] | None = Field(None, max_length=128)

    @property
    def is_about_tools(self) -> bool:
        """Whether it calls tools, or holds what one returned."""
        return self.role in ("tool", "function") or bool(self.tool_calls)

    def message(self) -> ChatMessage:
        """Return it as the service takes it; calls of tools and their results are text."""
        if self.role in ("tool", "function"):
            return ChatMessage(role="user", text=result_text(self.name or "", self.content))
        if self.role == "assistant":
            return ChatMessage(role="assistant", text=self.content or called_text(self.tool_calls or ()))
        return ChatMessage(role="user" if self.role == "user" else "system", text=self.content)


class StreamOptions(_Body):
    """What a stream carries beside the text."""

    include_usage: bool = False


def _stop_list(stop: Any) -> Any:
    return [stop] if isinstance(stop, str) else stop


Stop = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    BeforeValidator(_stop_list, json_schema_input_type=str | list[str]),
    Field(max_length=16),
]


class _AllowedExtra(BaseModel):
    model_config = ConfigDict(extra="allow")


class ChatCompletionBody(_AllowedExtra):
    """Body of `POST /v1/chat/completions`.

    `collection`, `passages`, `docs`, `top_k` and `repetition_penalty` are extensions. A negative `seed` means none;
    `max_tokens` above the limit means the limit.
    """

    model: Annotated[str, Field(max_length=300)] = DEFAULT
    messages: list[MessageBody] = Field(min_length=1, max_length=1000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1000)
    repetition_penalty: float | None = Field(None, ge=1, le=2)
    seed: int | None = Field(None, ge=-(2**63), le=2**63 - 1)
    max_tokens: int | None = Field(None, ge=1, le=2**31)
    max_completion_tokens: int | None = Field(None, ge=1, le=2**31)
    stop: Stop | None = None
    n: Literal[1] | None = 1
    tools: list[Any] | None = Field(None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    functions: list[Any] | None = Field(None, max_length=128)
    response_format: dict[str, Any] | None = None
    logprobs: Literal[False] | None = None
    collection: Collection = ""
    passages: int | None = Field(None, ge=1, le=50)
    docs: list[Name] = Field([], max_length=100)

    @field_validator("response_format")
    @classmethod
    def _known_format(cls, response_format: dict[str, Any] | None) -> dict[str, Any] | None:
        format_schema(response_format)
        return response_format

    def ignored_fields(self) -> list[str]:
        """Return names of the given fields that have no effect here; those without effect anywhere are left out."""
        extra = self.model_extra or {}
        names = sorted(name for name, value in extra.items() if value and name not in _HARMLESS)
        if self.model.endswith(WITH_DOCUMENTS) and any(message.is_about_tools for message in self.messages):
            names.append("messages.tool")
        if self.functions:
            names.append("functions")
        if self.tools and self.tool_choice != "none" and self.forced_tool is None:
            names.append("tools")
        return names

    @property
    def forced_tool(self) -> ToolDeclaration | None:
        """The tool that has to be called; None where the model may answer in text.

        Raises:
            RequestRefused: The choice names no tool, or leaves more than one.
        """
        return forced_tool(self.tools or [], self.tool_choice)

    def request(self) -> AnswerRequest:
        """Return it as the service takes it.

        Raises:
            RequestRefused: A tool is to be called that is not there, or its result is all there is to answer.
        """
        messages = self.messages
        if self.model.endswith(WITH_DOCUMENTS):
            if messages[-1].is_about_tools and messages[-1].role != "assistant":
                reason = "results of tools are not read by models that answer from the documents; ask one without +rag"
                last = f"messages.{len(messages) - 1}.role"
                raise RequestRefused(f"{last}: {reason}", status=400, code="unsupported_value", param=last)
            messages = [message for message in messages if message.content or not message.is_about_tools]
            messages = [message for message in messages if message.role not in ("tool", "function")]
        conversation = [message.message() for message in messages]
        tool = self.forced_tool
        return AnswerRequest(
            conversation=[message for message in conversation if message.text or message.role != "assistant"],
            model=self.model,
            controls=_controls(self, self.max_completion_tokens or self.max_tokens),
            collection=self.collection,
            passages=self.passages,
            docs=self.docs,
            json_schema=tool.schema if tool else format_schema(self.response_format),
        )


def _controls(body: Any, max_tokens: int | None) -> SamplingControls:
    stop = getattr(body, "stop", None)
    return SamplingControls(
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=getattr(body, "top_k", None),
        repetition_penalty=getattr(body, "repetition_penalty", None),
        seed=None if body.seed is None or body.seed < 0 else body.seed % 2**31,
        max_tokens=None if max_tokens is None else min(max_tokens, _MOST_TOKENS),
        stop=tuple(text for text in stop if text) or None if stop else None,
    )


class CompletionBody(_AllowedExtra):
    """Body of `POST /v1/completions`: one prompt; `collection`, `passages` and `docs` are extensions."""

    model: Annotated[str, Field(max_length=300)] = DEFAULT
    prompt: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=_MOST_CHARS)]],
        BeforeValidator(input_texts, json_schema_input_type=str | list[str] | list[int]),
        Field(min_length=1, max_length=1),
    ]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    echo: bool | None = False
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1000)
    repetition_penalty: float | None = Field(None, ge=1, le=2)
    seed: int | None = Field(None, ge=-(2**63), le=2**63 - 1)
    max_tokens: int | None = Field(None, ge=1, le=2**31)
    stop: Stop | None = None
    n: Literal[1] | None = 1
    best_of: Literal[1] | None = 1
    collection: Collection = ""
    passages: int | None = Field(None, ge=1, le=50)
    docs: list[Name] = Field([], max_length=100)

    def ignored_fields(self) -> list[str]:
        """Return names of the given fields that have no effect here."""
        extra = self.model_extra or {}
        return sorted(name for name, value in extra.items() if value and name not in _HARMLESS)

    def request(self) -> AnswerRequest:
        """Return it as the service takes it."""
        return AnswerRequest(
            conversation=[ChatMessage(role="user", text=self.prompt[0])],
            model=self.model,
            controls=_controls(self, self.max_tokens),
            collection=self.collection,
            passages=self.passages,
            docs=self.docs,
        )


class EmbeddingsBody(_Body):
    """Body of `POST /v1/embeddings`; `input_type` is an extension: queries and documents have different prefixes."""

    model: Annotated[str, Field(max_length=300)]
    input: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=_MOST_CHARS)]],
        BeforeValidator(input_texts, json_schema_input_type=str | list[str] | list[int] | list[list[int]]),
        Field(min_length=1, max_length=_MOST_TEXTS),
    ]
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["document", "query"] = "document"
    dimensions: int | None = None


class SearchBody(_Body):
    """Body of `POST /v1/search`; `pages` are 0-based."""

    query: str = Field(min_length=1, max_length=10_000, pattern=r"\S")
    k: int = Field(8, ge=1, le=MOST_HITS)
    collection: Collection = ""
    docs: list[Name] = Field([], max_length=100)
    pages: list[Annotated[int, Field(ge=0, le=1_000_000)]] | None = Field(None, max_length=1000)


class FeedbackBody(_Body):
    """Body of `POST /v1/feedback`, as `feedback.jsonl` keeps it: the last one about an answer, none if `withdrawn`."""

    question: str = Field(min_length=1, max_length=20_000, pattern=r"\S")
    answer: str = Field(min_length=1, max_length=_MOST_CHARS, pattern=r"\S")
    rating: Literal["up", "down"]
    correction: str = Field("", max_length=_MOST_CHARS)
    model: str = Field("", max_length=300)
    citations: list[dict[str, Any]] = Field([], max_length=200)
    collection: Collection = ""
    context: str = Field("", max_length=_MOST_CHARS)
    withdrawn: bool = False
