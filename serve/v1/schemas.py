"""Bodies of the requests under `/v1`, validated before anything runs.

Fields that would change the answer and are not supported are an error; other unknown fields are ignored and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from serve.answers.answering import DEFAULT, AnswerRequest
from serve.answers.history import ChatMessage
from serve.answers.models import WITH_DOCUMENTS, SamplingControls
from serve.errors import RequestRefused
from serve.service import MOST_HITS
from serve.v1.body import OpenBody, RequestBody
from serve.v1.content import called_text, content_text, input_texts, result_text
from serve.v1.structure import ToolDeclaration, forced_tool, format_schema

Collection = Annotated[str, Field(max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")]
Name = Annotated[str, Field(min_length=1, max_length=300)]
_MOST_CHARS = 400_000
_MOST_TOKENS = 100_000
_MOST_TEXTS = 2048
_LEAST_TOP_P = 1e-4
_MOST_MESSAGES = 20_000
# Fields of messages that say nothing about their text.
_ABOUT_MESSAGES = frozenset({"annotations", "id", "reasoning", "reasoning_content", "status", "type"})


class TextPart(OpenBody):
    """A part of a message; only text is supported."""

    type: Literal["text"]
    text: str = Field(max_length=_MOST_CHARS)


Content = Annotated[
    str,
    BeforeValidator(content_text, json_schema_input_type=str | list[TextPart] | None),
    Field(max_length=_MOST_CHARS),
]


class MessageBody(OpenBody):
    """One message of a conversation; `content` is null in an assistant's message that only called tools or refused."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = ""
    name: str | None = Field(None, max_length=300)
    refusal: Annotated[str, Field(max_length=_MOST_CHARS)] | None = None
    audio: None = None
    tool_calls: list[Any] | None = Field(None, max_length=128)
    tool_call_id: str | None = Field(None, max_length=300)
    function_call: dict[str, Any] | None = None

    @field_validator("audio", mode="before")
    @classmethod
    def _no_audio(cls, audio: Any) -> None:
        if audio is not None:
            raise ValueError("audio is not supported, only text; send its transcript as content")

    @property
    def is_about_tools(self) -> bool:
        """Whether it calls tools, or holds what one returned."""
        return self.role in ("tool", "function") or bool(self.tool_calls or self.function_call)

    @property
    def own_text(self) -> str:
        """The text without the calls of tools: the content, or the refusal in its place."""
        return self.content or self.refusal or ""

    def call_names(self) -> dict[str, str]:
        """Return the ids of the calls in it with the names of their tools."""
        calls = [call for call in self.tool_calls or () if isinstance(call, Mapping)]
        functions = {str(call.get("id")): call.get("function") or call.get("custom") for call in calls}
        return {id_: str(named.get("name", "")) for id_, named in functions.items() if isinstance(named, Mapping)}

    def ignored_fields(self) -> list[str]:
        """Return the names of what is given and has no effect."""
        names = [name for name in self.unknown_fields() if name not in _ABOUT_MESSAGES]
        if self.name and self.role not in ("tool", "function"):
            names.append("name")
        return [f"messages.{name}" for name in names]

    def message(self, call_names: Mapping[str, str] | None = None) -> ChatMessage:
        """Return it as the service takes it; calls of tools and their results are text.

        Args:
            call_names: Of the calls before it.
        """
        if self.role in ("tool", "function"):
            name = self.name or (call_names or {}).get(self.tool_call_id or "", "")
            return ChatMessage(role="user", text=result_text(name, self.content))
        if self.role == "assistant":
            calls = [*(self.tool_calls or ()), *([self.function_call] if self.function_call else ())]
            texts = [text for text in (self.own_text, called_text(calls)) if text]
            return ChatMessage(role="assistant", text="\n".join(texts))
        return ChatMessage(role="user" if self.role == "user" else "system", text=self.content)


class StreamOptions(OpenBody):
    """What a stream carries beside the text."""

    include_usage: bool = False


def _stop_list(stop: Any) -> Any:
    return [stop] if isinstance(stop, str) else stop


Stop = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    BeforeValidator(_stop_list, json_schema_input_type=str | list[str]),
    Field(max_length=16),
]


class ChatCompletionBody(RequestBody):
    """Body of `POST /v1/chat/completions`.

    `collection`, `passages`, `docs`, `top_k` and `repetition_penalty` are extensions. A negative `seed` or `top_k`
    means none; `max_tokens` above the limit means the limit; `top_p` 0 means the likeliest token.
    """

    model: Annotated[str, Field(max_length=300)] = DEFAULT
    messages: list[MessageBody] = Field(min_length=1, max_length=_MOST_MESSAGES)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    top_k: int | None = Field(None, ge=-1, le=1000)
    repetition_penalty: float | None = Field(None, ge=1, le=2)
    seed: int | None = Field(None, ge=-(2**63), le=2**63 - 1)
    max_tokens: int | None = Field(None, ge=1, le=2**31)
    max_completion_tokens: int | None = Field(None, ge=1, le=2**31)
    stop: Stop | None = None
    n: Literal[1] | None = 1
    tools: list[Any] | None = Field(None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    functions: list[Any] | None = Field(None, max_length=128)
    function_call: str | dict[str, Any] | None = None
    modalities: list[Any] | None = None
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

    @field_validator("function_call")
    @classmethod
    def _free_call(cls, value: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
        if value not in (None, "auto", "none"):
            raise ValueError("a function cannot be forced by function_call; use tools and tool_choice")
        return value

    @field_validator("modalities")
    @classmethod
    def _only_text(cls, value: list[Any] | None) -> list[Any] | None:
        if value and value != ["text"]:
            raise ValueError("only text is supported")
        return value

    def ignored_fields(self) -> list[str]:
        """Return names of the given fields that have no effect here; those without effect anywhere are left out."""
        names = self.unknown_fields()
        names += sorted({name for message in self.messages for name in message.ignored_fields()})
        if self.model.endswith(WITH_DOCUMENTS) and any(message.is_about_tools for message in self.messages):
            names.append("messages.tool")
        if self.functions and self.function_call != "none":
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
                raise tool_result_refused(f"messages.{len(messages) - 1}.role")
            messages = [message for message in messages if message.role not in ("tool", "function")]
            without_calls: dict[str, Any] = {"tool_calls": None, "function_call": None}
            messages = [message.model_copy(update=without_calls) for message in messages]
        call_names = {id_: name for message in messages for id_, name in message.call_names().items()}
        conversation = [message.message(call_names) for message in messages]
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


def tool_result_refused(param: str) -> RequestRefused:
    """Return the error for a result of a tool that is to be answered from the documents."""
    reason = "results of tools are not read by models that answer from the documents; ask one without +rag"
    return RequestRefused(f"{param}: {reason}", status=400, code="unsupported_value", param=param)


def least_top_p(top_p: float | None) -> float | None:
    """Return a `top_p` that back ends take: 0 stands for the likeliest token alone."""
    return None if top_p is None else max(top_p, _LEAST_TOP_P)


def _controls(body: Any, max_tokens: int | None) -> SamplingControls:
    stop, top_k = getattr(body, "stop", None), getattr(body, "top_k", None)
    return SamplingControls(
        temperature=body.temperature,
        top_p=least_top_p(body.top_p),
        top_k=None if top_k is None else max(top_k, 0),
        repetition_penalty=getattr(body, "repetition_penalty", None),
        seed=None if body.seed is None or body.seed < 0 else body.seed % 2**31,
        max_tokens=None if max_tokens is None else min(max_tokens, _MOST_TOKENS),
        stop=tuple(text for text in stop if text) or None if stop else None,
    )


class CompletionBody(RequestBody):
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
    top_p: float | None = Field(None, ge=0, le=1)
    top_k: int | None = Field(None, ge=-1, le=1000)
    repetition_penalty: float | None = Field(None, ge=1, le=2)
    seed: int | None = Field(None, ge=-(2**63), le=2**63 - 1)
    max_tokens: int | None = Field(None, ge=1, le=2**31)
    stop: Stop | None = None
    n: Literal[1] | None = 1
    best_of: Literal[1] | None = 1
    collection: Collection = ""
    passages: int | None = Field(None, ge=1, le=50)
    docs: list[Name] = Field([], max_length=100)

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


class EmbeddingsBody(RequestBody):
    """Body of `POST /v1/embeddings`; `input_type` is an extension: queries and documents have different prefixes."""

    model: Annotated[str, Field(max_length=300)]
    input: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=_MOST_CHARS)]],
        BeforeValidator(input_texts, json_schema_input_type=str | list[str] | list[int] | list[list[int]]),
        Field(min_length=1, max_length=_MOST_TEXTS),
    ]
    encoding_format: Literal["float", "base64"] | None = "float"
    input_type: Literal["document", "query"] | None = "document"
    dimensions: int | None = None


class SearchBody(RequestBody):
    """Body of `POST /v1/search`; `pages` are 0-based."""

    query: str = Field(min_length=1, max_length=10_000, pattern=r"\S")
    k: int = Field(8, ge=1, le=MOST_HITS)
    collection: Collection = ""
    docs: list[Name] = Field([], max_length=100)
    pages: list[Annotated[int, Field(ge=0, le=1_000_000)]] | None = Field(None, max_length=1000)


class FeedbackBody(RequestBody):
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
