"""Bodies of the requests under `/v1`, validated before anything runs.

Fields that would change the answer and are not supported are an error; other unknown fields are ignored and reported.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from serve.answers.answering import DEFAULT, AnswerRequest, ChatMessage
from serve.answers.models import SamplingControls
from serve.service import MOST_HITS

Collection = Annotated[str, Field(max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")]
Name = Annotated[str, Field(min_length=1, max_length=300)]
_MOST_CHARS = 400_000
_MOST_TOKENS = 100_000
_MOST_TEXTS = 512
# Fields of OpenAI's that change nothing about the text of an answer.
_HARMLESS = frozenset({"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"})


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class TextPart(_Body):
    """A part of a message; only text is supported."""

    type: Literal["text"]
    text: str = Field(max_length=_MOST_CHARS)


def _content_text(content: Any) -> Any:
    """Return the text of a message's content: a string, or the text parts joined by lines."""
    if content is None:  # an assistant's message that only called tools
        return ""
    if not isinstance(content, list):
        return content
    texts = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != "text" or not isinstance(part.get("text"), str):
            raise ValueError(f"only parts of type 'text' are supported, not {kind!r}")
        texts.append(part["text"])
    return "\n".join(texts)


def _role(role: Any) -> Any:
    if role in ("tool", "function"):
        raise ValueError("tool calls are not supported")
    return role


class MessageBody(_Body):
    """One message of a conversation; `content` is null in an assistant's message that only called tools."""

    role: Annotated[Literal["system", "developer", "user", "assistant"], BeforeValidator(_role)]
    content: Annotated[
        str,
        BeforeValidator(_content_text, json_schema_input_type=str | list[TextPart] | None),
        Field(max_length=_MOST_CHARS),
    ] = ""

    def message(self) -> ChatMessage:
        """Return it as the service takes it."""
        return ChatMessage(role="system" if self.role == "developer" else self.role, text=self.content)


class StreamOptions(_Body):
    """What a stream carries beside the text."""

    include_usage: bool = False


def _stop_list(stop: Any) -> Any:
    return [stop] if isinstance(stop, str) else stop


class ChatCompletionBody(BaseModel):
    """Body of `POST /v1/chat/completions`.

    `collection`, `passages`, `docs`, `top_k` and `repetition_penalty` are extensions. A negative `seed` means none;
    `max_tokens` above the limit means the limit.
    """

    model_config = ConfigDict(extra="allow")

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
    stop: (
        Annotated[
            list[Annotated[str, Field(max_length=200)]],
            BeforeValidator(_stop_list, json_schema_input_type=str | list[str]),
            Field(max_length=16),
        ]
        | None
    ) = None
    n: Literal[1] | None = 1
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    response_format: dict[str, Any] | None = None
    logprobs: Literal[False] | None = None
    collection: Collection = ""
    passages: int | None = Field(None, ge=1, le=50)
    docs: list[Name] = Field([], max_length=100)

    @field_validator("tools", "functions")
    @classmethod
    def _no_tools(cls, tools: list[Any] | None) -> list[Any] | None:
        if tools:
            raise ValueError("tool calls are not supported")
        return tools

    @field_validator("response_format")
    @classmethod
    def _text_only(cls, response_format: dict[str, Any] | None) -> dict[str, Any] | None:
        if response_format and response_format.get("type") != "text":
            raise ValueError("only the format 'text' is supported")
        return response_format

    def ignored_fields(self) -> list[str]:
        """Return names of the given fields that this server does not know; those without effect are left out."""
        extra = self.model_extra or {}
        return sorted(name for name, value in extra.items() if value and name not in _HARMLESS)

    def request(self) -> AnswerRequest:
        """Return it as the service takes it."""
        max_tokens = self.max_completion_tokens or self.max_tokens
        controls = SamplingControls(
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            repetition_penalty=self.repetition_penalty,
            seed=None if self.seed is None or self.seed < 0 else self.seed % 2**31,
            max_tokens=None if max_tokens is None else min(max_tokens, _MOST_TOKENS),
            stop=tuple(self.stop) if self.stop else None,
        )
        messages = [message.message() for message in self.messages]
        return AnswerRequest(
            # An assistant's message without text only called tools, which changes nothing here.
            conversation=[message for message in messages if message.text or message.role != "assistant"],
            model=self.model,
            controls=controls,
            collection=self.collection,
            passages=self.passages,
            docs=self.docs,
        )


def _texts(value: Any) -> Any:
    """Return the texts to embed as a list."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and value and isinstance(value[0], int | list):
        raise ValueError("token ids are not supported; send text (LangChain: check_embedding_ctx_length=False)")
    return value


class EmbeddingsBody(_Body):
    """Body of `POST /v1/embeddings`; `input_type` is an extension: queries and documents have different prefixes."""

    model: Annotated[str, Field(max_length=300)]
    input: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=_MOST_CHARS)]],
        BeforeValidator(_texts, json_schema_input_type=str | list[str]),
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
    """Body of `POST /v1/feedback`, as `feedback.jsonl` keeps it."""

    question: str = Field(min_length=1, max_length=20_000, pattern=r"\S")
    answer: str = Field(min_length=1, max_length=_MOST_CHARS, pattern=r"\S")
    rating: Literal["up", "down"]
    correction: str = Field("", max_length=_MOST_CHARS)
    model: str = Field("", max_length=300)
    citations: list[dict[str, Any]] = Field([], max_length=200)
    collection: Collection = ""
    context: str = Field("", max_length=_MOST_CHARS)
