"""Answers one request of a conversation, from the documents or by the model alone, on the calling thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any, Literal

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from core.backends import BACKENDS, parse_spec
from core.chat.generate import generate
from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from core.types import Answer, Citation, Retriever
from rag.answer.answer import Answerer
from rag.open import Knowledge
from serve.answers.models import BASE, WITH_DOCUMENTS, ModelRegistry, SamplingControls, ServedModel, with_controls
from serve.documents.collections import ThreadCollections

Role = Literal["system", "user", "assistant"]
_MESSAGES: dict[Role, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
DEFAULT = BASE + WITH_DOCUMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequest:
    """One question with the conversation before it.

    Attributes:
        conversation: Oldest first; the last message is the question.
        model: An id of `ModelRegistry`.
        collection: Empty for the server's own.
        passages: Most passages a model reads; the settings' number where None.
        docs: Only these documents: file names, ids or prefixes.
    """

    conversation: Sequence[ChatMessage]
    model: str = DEFAULT
    controls: SamplingControls = field(default_factory=SamplingControls)
    collection: str = ""
    passages: int | None = None
    docs: Sequence[str] = ()

    @property
    def from_documents(self) -> bool:
        """Whether the answer is to come from the documents."""
        return self.model.endswith(WITH_DOCUMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerResponse:
    """An answer as the API and the page take it.

    Attributes:
        text: The answer; where documents were read, with every unsupported sentence marked.
        ground: `cited`, `ungrounded` or `abstained`; empty for a model alone.
        model: Spelling of the model that wrote it.
        finish: Why it ended.
        short_answer: A span of a quote, or a value computed from cells; empty where there is none.
        confidence: Probability that the short answer is right; None where it is not known.
        computed_from: The cells that a value was computed from.
    """

    text: str
    ground: str
    citations: Sequence[Citation]
    model: str
    finish: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    short_answer: str = ""
    confidence: float | None = None
    computed_from: Sequence[Citation] = ()

    def sources(self) -> list[dict[str, Any]]:
        """Return the citations as JSON: `doc, sha256, page` (0-based), `start, end, quote`."""
        return [asdict(citation) for citation in self.citations]

    def short_form(self) -> dict[str, Any]:
        """Return `short_answer`, `confidence` and `computed_from` as JSON, those that the answer has."""
        fields: dict[str, Any] = {}
        if self.short_answer:
            fields["short_answer"] = self.short_answer
        if self.confidence is not None:
            fields["confidence"] = self.confidence
        if self.computed_from:
            fields["computed_from"] = [asdict(citation) for citation in self.computed_from]
        return fields


class ConversationAnswerer:
    """Answers requests; call it on a worker thread.

    Args:
        settings: The server's.
        home: Where state lives.
        models: The models of this server.
        opened: The collections of each thread.
    """

    def __init__(self, settings: Settings, home: Home, models: ModelRegistry, opened: ThreadCollections) -> None:
        self._settings = settings
        self._home = home
        self._models = models
        self._opened = opened

    def is_quick(self, model: ServedModel) -> bool:
        """Tell whether a model only quotes, so that it need not queue behind models that write.

        Raises:
            KbError: It cannot be opened.
        """
        return not BACKENDS[parse_spec(self._models.open(model)[0]).kind].writes

    def reply(self, request: AnswerRequest, on_text: Callable[[str], None]) -> AnswerResponse:
        """Answer.

        Args:
            request: The question with its options.
            on_text: Receives the text as it is written, before it is checked.

        Raises:
            KbError: Unknown model or collection, a question that is empty or too long, a model that failed.
        """
        model = self._models.find(request.model)
        spec, chat = self._models.open(model)
        if not request.conversation or request.conversation[-1].role != "user":
            raise ConfigError("the last message must be the user's", hint='{"role": "user", "content": "QUESTION"}')
        if model.documents:
            return self._from_documents(request, spec, chat, on_text)
        return _alone(request, spec, with_controls(spec, chat, request.controls), on_text)

    def _from_documents(
        self, request: AnswerRequest, spec: str, chat: BaseChatModel, on_text: Callable[[str], None]
    ) -> AnswerResponse:
        collection = request.collection or self._settings.rag.collection
        knowledge = self._opened.knowledge(collection)
        answerer = self._answerer(request, collection, knowledge, spec, chat)
        question, history = request.conversation[-1].text, turns(request.conversation[:-1])
        answer = answerer.ask(question, k=request.passages, on_token=on_text, history=history)
        limit = request.controls.max_tokens or self._settings.models.max_tokens
        return _checked(answer, spec, limit)

    def _answerer(
        self, request: AnswerRequest, collection: str, knowledge: Knowledge, spec: str, chat: BaseChatModel
    ) -> Answerer:
        adapted = with_controls(spec, chat, request.controls)
        if adapted is chat and not request.docs:
            kept = self._opened.answerers(collection)
            if spec not in kept:
                kept[spec] = self._new(collection, knowledge, knowledge.narrowed(), chat, spec, self._settings)
            return kept[spec]
        hashes = [knowledge.catalogue.resolve(collection, name).sha256 for name in request.docs] or None
        settings = self._settings
        if request.controls.max_tokens:
            models = settings.models.model_copy(update={"max_tokens": request.controls.max_tokens})
            settings = settings.model_copy(update={"models": models})
        return self._new(collection, knowledge, knowledge.narrowed(docs=hashes), adapted, spec, settings)

    def _new(
        self,
        collection: str,
        knowledge: Knowledge,
        retriever: Retriever,
        chat: BaseChatModel,
        spec: str,
        settings: Settings,
    ) -> Answerer:
        def page_text(sha256: str, page: int) -> str:
            return knowledge.catalogue.page(collection, sha256, page).text

        return Answerer(retriever, chat, settings, page_text, model=spec, embedder=knowledge.embedder)


def turns(messages: Sequence[ChatMessage]) -> list[tuple[str, str]]:
    """Return earlier questions with their answers; a question without an answer is left out."""
    return [
        (question.text, answer.text)
        for question, answer in pairwise(messages)
        if question.role == "user" and answer.role == "assistant"
    ]


def _checked(answer: Answer, spec: str, max_tokens: int) -> AnswerResponse:
    completion = answer.tokens.get("completion", 0)
    return AnswerResponse(
        text=answer.answer,
        ground=answer.ground,
        citations=answer.citations,
        model=spec,
        finish="length" if completion >= max_tokens and spec != "extractive" else "stop",
        prompt_tokens=answer.tokens.get("prompt", 0),
        completion_tokens=completion,
    )


def _alone(request: AnswerRequest, spec: str, chat: BaseChatModel, on_text: Callable[[str], None]) -> AnswerResponse:
    """Let the model answer by itself."""
    messages = [_MESSAGES[said.role](content=said.text) for said in request.conversation]
    # Models that have the field carry it already.
    stop = request.controls.stop if request.controls.stop and not hasattr(chat, "stop") else None
    reply = generate(chat, messages, on_text=on_text, stop=stop, cut_loops=False)
    return AnswerResponse(
        text=reply.text,
        ground="",
        citations=(),
        model=spec,
        finish=reply.finish,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
    )
