"""What requests of the API may hold, checked before anything runs. Shapes only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serve.answers.answering import DEFAULT, AnswerRequest, ChatMessage
from serve.answers.models import SamplingControls
from serve.service import MOST_HITS

Collection = Annotated[str, Field(max_length=64, pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]*)?$")]
Name = Annotated[str, Field(min_length=1, max_length=300)]
_MOST_CHARS = 400_000


class _Body(BaseModel):
    # Clients send fields of their own making; what is not known changes nothing.
    model_config = ConfigDict(extra="ignore")


class TextPart(_Body):
    """A part of a message; only text is read."""

    type: Literal["text"]
    text: str = Field(max_length=_MOST_CHARS)


class MessageBody(_Body):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[str, Field(max_length=_MOST_CHARS)] | Annotated[list[TextPart], Field(max_length=1000)]

    def said(self) -> ChatMessage:
        """Return it as the service takes it."""
        text = self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)
        return ChatMessage(role="system" if self.role == "developer" else self.role, text=text)


class StreamOptions(_Body):
    """What a stream tells beside the text."""

    include_usage: bool = False


class ChatCompletionBody(_Body):
    """Body of `POST /v1/chat/completions`; `collection`, `passages`, `docs`, `top_k`, `repetition_penalty` are ours."""

    model: Annotated[str, Field(max_length=300)] = DEFAULT
    messages: list[MessageBody] = Field(min_length=1, max_length=1000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1000)
    repetition_penalty: float | None = Field(None, ge=1, le=2)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)
    max_tokens: int | None = Field(None, ge=1, le=100_000)
    max_completion_tokens: int | None = Field(None, ge=1, le=100_000)
    stop: Annotated[str, Field(max_length=200)] | list[Annotated[str, Field(max_length=200)]] | None = None
    n: Literal[1] | None = 1
    tools: Annotated[list[Any], Field(max_length=0)] | None = None
    logprobs: Literal[False] | None = None
    collection: Collection = ""
    passages: int | None = Field(None, ge=1, le=50)
    docs: list[Name] = Field([], max_length=100)

    def request(self) -> AnswerRequest:
        """Return it as the service takes it."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop
        controls = SamplingControls(
            temperature=self.temperature, top_p=self.top_p, top_k=self.top_k,
            repetition_penalty=self.repetition_penalty, seed=self.seed,
            max_tokens=self.max_completion_tokens or self.max_tokens, stop=tuple(stop) if stop else None,
        )  # fmt: skip
        return AnswerRequest(
            conversation=[message.said() for message in self.messages], model=self.model, controls=controls,
            collection=self.collection, passages=self.passages, docs=self.docs,
        )  # fmt: skip


class EmbeddingsBody(_Body):
    """Body of `POST /v1/embeddings`; `input_type` is ours: queries and documents have prefixes of their own."""

    model: Annotated[str, Field(max_length=300)]
    input: (
        Annotated[str, Field(min_length=1, max_length=_MOST_CHARS)]
        | Annotated[
            list[Annotated[str, Field(min_length=1, max_length=_MOST_CHARS)]], Field(min_length=1, max_length=512)
        ]
    )
    encoding_format: Literal["float", "base64"] = "float"
    input_type: Literal["document", "query"] = "document"


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
