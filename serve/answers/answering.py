"""Answers one request of a conversation, from the documents or by the model alone, on the calling thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NoReturn

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from core.backends import BACKENDS, Backend, parse_spec, token_counter
from core.chat.generate import generate
from core.chat.local.base import LocalChat
from core.errors import BackendError, ConfigError
from core.types import Answer, Citation, Statement
from kb.answering import open_answerer
from kb.collections import Collections
from kb.scope import scope_of
from kb.views.as_json import PageLabel, citation_json, page_labels
from kb.workspace import Workspace
from rag.answer.answer import Answerer
from rag.open import Knowledge
from serve.answers.history import ChatMessage, Role, latest_messages, turns, unpaired_count
from serve.answers.json_answers import answer_fault
from serve.answers.limits import TextLimits
from serve.answers.models import BASE, WITH_DOCUMENTS, ModelRegistry, SamplingControls, ServedModel, with_controls
from serve.errors import NotFound, RequestRefused

_MESSAGES: dict[Role, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
DEFAULT = BASE + WITH_DOCUMENTS
# Controls that are applied to the text where a back end has no setting for them.
_OURS = frozenset({"stop", "max_tokens"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequest:
    """One question with the conversation before it.

    Attributes:
        conversation: Oldest first; the last message is the question.
        model: An id of `ModelRegistry`.
        collection: Empty for the server's own.
        passages: Most passages a model reads; the settings' number where None.
        docs: Only these documents: file names, ids or prefixes.
        json_schema: The answer is JSON that keeps to this schema; None for text.
    """

    conversation: Sequence[ChatMessage]
    model: str = DEFAULT
    controls: SamplingControls = field(default_factory=SamplingControls)
    collection: str = ""
    passages: int | None = None
    docs: Sequence[str] = ()
    json_schema: Mapping[str, Any] | None = None

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
        page_labels: Document hash and 0-based page of each citation to the label of the page.
        short_answer: A span of a quote, or a value computed from cells; empty where there is none.
        confidence: Probability that the short answer is right; None where it is not known.
        computed_from: The cells that a value was computed from.
        notes: What a person should know about how the answer was found.
        statements: The sentences of the answer with the indices of their citations.
        route: As `core.types.Answer.route`.
    """

    text: str
    ground: str
    citations: Sequence[Citation]
    model: str
    finish: Literal["stop", "length"]
    prompt_tokens: int
    completion_tokens: int
    page_labels: Mapping[tuple[str, int], str] = field(default_factory=dict)
    short_answer: str = ""
    confidence: float | None = None
    computed_from: Sequence[Citation] = ()
    notes: Sequence[str] = ()
    statements: Sequence[Statement] = ()
    route: Mapping[str, Any] = field(default_factory=dict)

    def sources(self) -> list[dict[str, Any]]:
        """Return the citations as `kb ask --json` prints them; `page` counts from 0."""
        return [self._citation_json(citation) for citation in self.citations]

    def short_form(self) -> dict[str, Any]:
        """Return `short_answer`, `confidence` and `computed_from` as JSON, those that the answer has."""
        fields: dict[str, Any] = {}
        if self.short_answer:
            fields["short_answer"] = self.short_answer
        if self.confidence is not None:
            fields["confidence"] = self.confidence
        if self.computed_from:
            fields["computed_from"] = [self._citation_json(citation) for citation in self.computed_from]
        return fields

    def _citation_json(self, citation: Citation) -> dict[str, Any]:
        return citation_json(
            citation, lambda sha256, page: self.page_labels.get((sha256, page), str(citation.page + 1))
        )


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request that its model can answer.

    Attributes:
        request: With the messages that fit the context of a model that answers alone.
        ignored: Names of what was asked for and the model does not honour.
        n_dropped: Messages that were dropped, the oldest first.
    """

    request: AnswerRequest
    ignored: tuple[str, ...] = ()
    n_dropped: int = 0


class ConversationAnswerer:
    """Answers requests; call it on a worker thread.

    Args:
        workspace: Settings and home of the server.
        models: The models of this server.
        collections: The open collections of each thread.
    """

    def __init__(self, workspace: Workspace, models: ModelRegistry, collections: Collections) -> None:
        self._workspace = workspace
        self._models = models
        self._collections = collections

    def is_quick(self, model: ServedModel) -> bool:
        """Tell whether a model only quotes, so that it need not queue behind models that write.

        Raises:
            KbError: It cannot be opened.
        """
        return not BACKENDS[parse_spec(self._models.open(model)[0]).kind].writes

    def prepared(self, request: AnswerRequest) -> PreparedRequest:
        """Check what a request asks of its model, and drop turns that do not fit its context.

        Raises:
            NotFound: There is no such model.
            RequestRefused: The model cannot keep to a JSON schema.
            KbError: It cannot be opened.
        """
        model = self._models.find(request.model)
        spec, chat = self._models.open(model)
        backend = BACKENDS[parse_spec(spec).kind]
        if request.json_schema is not None:
            _check_schema_support(model, backend, chat)
        honoured = {*backend.controls, *_OURS}
        ignored = sorted(request.controls.given().keys() - honoured)
        if model.documents:
            return PreparedRequest(request, (*ignored, *_ignored_messages(request, backend)))
        ignored += [name for name in ("collection", "docs", "passages") if getattr(request, name)]
        if len(request.conversation) < 2:
            return PreparedRequest(request, tuple(ignored))
        models = self._workspace.settings.models
        room = models.num_ctx - min(request.controls.max_tokens or models.max_tokens, models.num_ctx // 2)
        latest = latest_messages(request.conversation, room, token_counter(chat))
        n_dropped = len(request.conversation) - len(latest)
        return PreparedRequest(replace(request, conversation=latest), tuple(ignored), n_dropped)

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
        limits = _limits(spec, chat, request.controls)
        if model.documents:
            response = self._from_documents(request, spec, chat, limits.stream(on_text))
        else:
            request = self.prepared(request).request
            response = _alone(request, spec, with_controls(spec, chat, request.controls), limits.stream(on_text))
        text, reason = limits.cut(response.text)
        if reason is None:
            return response
        tokens = min(response.completion_tokens, limits.count_tokens(text))
        return replace(response, text=text, finish=reason, completion_tokens=tokens)

    def _from_documents(
        self, request: AnswerRequest, spec: str, chat: BaseChatModel, on_text: Callable[[str], None]
    ) -> AnswerResponse:
        collection, knowledge = self._open(request)
        answerer = self._answerer(request, collection, knowledge, spec, chat)
        question, history = request.conversation[-1].text, turns(request.conversation[:-1])
        system = _instructions(request)
        answer = answerer.ask(question, k=request.passages, on_token=on_text, history=history, instructions=system)
        limit = request.controls.max_tokens or self._workspace.settings.models.max_tokens
        return _response(answer, spec, limit, page_labels(knowledge.catalogue, collection))

    def why(self, request: AnswerRequest, answer: Answer) -> Answer:
        """Return an answer to a request with `why` in its statements.

        Raises:
            KbError: As `reply`.
        """
        spec, chat = self._models.open(self._models.find(request.model))
        collection, knowledge = self._open(request)
        answerer = self._answerer(request, collection, knowledge, spec, chat)
        history = turns(request.conversation[:-1])
        return answerer.why(answer, k=request.passages, history=history, instructions=_instructions(request))

    def _open(self, request: AnswerRequest) -> tuple[str, Knowledge]:
        collection = request.collection or self._workspace.collection
        if not self._collections.has(collection):
            self._no_collection(collection)
        return collection, self._collections.knowledge(collection)

    def _no_collection(self, collection: str) -> NoReturn:
        try:
            self._collections.require(collection)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint, click="add documents under Documents") from error
        raise NotFound(f"unknown collection {collection!r}")

    def _answerer(
        self, request: AnswerRequest, collection: str, knowledge: Knowledge, spec: str, chat: BaseChatModel
    ) -> Answerer:
        """Return this thread's answerer for a model, or a new one where the request has options of its own."""
        workspace = self._workspace.with_rag(collection=collection)
        with_options = with_controls(spec, chat, request.controls)
        if with_options is chat and not request.docs:
            answerers = self._collections.answerers(collection)
            if spec not in answerers:
                answerers[spec] = open_answerer(workspace, knowledge, chat=chat, model=spec)
            return answerers[spec]
        if request.controls.max_tokens:
            models = workspace.settings.models.model_copy(update={"max_tokens": request.controls.max_tokens})
            settings = workspace.settings.model_copy(update={"models": models})
            workspace = Workspace(settings=settings, home=workspace.home)
        scope = scope_of(knowledge, collection, request.docs)
        return open_answerer(workspace, knowledge, scope=scope, chat=with_options, model=spec)


def _instructions(request: AnswerRequest) -> str:
    return "\n\n".join(message.text for message in request.conversation if message.role == "system")


def _check_schema_support(model: ServedModel, backend: Backend, chat: BaseChatModel) -> None:
    """Check that a model can be held to a JSON schema.

    Raises:
        RequestRefused: It cannot.
    """
    if model.documents:
        reason = "answers from the documents are quotes and sentences, never JSON; ask the model without +rag"
    elif not backend.schema_keyword or not getattr(chat, "keeps_to_schemas", True):
        reason = f"{model.id} cannot be held to JSON; use smollm2, a run exported to GGUF, or a model of Ollama"
    else:
        return
    raise RequestRefused(f"response_format: {reason}", status=400, code="unsupported_value", param="response_format")


def _limits(spec: str, chat: BaseChatModel, controls: SamplingControls) -> TextLimits:
    """Return the limits that a back end does not apply by itself."""
    native = BACKENDS[parse_spec(spec).kind].controls
    return TextLimits(
        stop=() if "stop" in native else controls.stop or (),
        max_tokens=None if "max_tokens" in native else controls.max_tokens,
        count_tokens=token_counter(chat),
    )


def _schema_options(spec: str, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the keyword of a call that holds a back end to a JSON schema."""
    keyword = BACKENDS[parse_spec(spec).kind].schema_keyword
    if schema is None or not keyword:
        return {}
    if keyword == "response_format":
        return {keyword: {"type": "json_schema", "json_schema": {"name": "answer", "schema": dict(schema)}}}
    return {keyword: dict(schema)}


def _ignored_messages(request: AnswerRequest, backend: Backend) -> list[str]:
    """Return names for the messages that an answer from the documents leaves out."""
    names = []
    if not backend.writes and any(message.role == "system" for message in request.conversation):
        names.append("messages.system")
    if unpaired_count(request.conversation[:-1]):
        names.append("messages.unpaired")
    return names


def _response(answer: Answer, spec: str, max_tokens: int, label: PageLabel) -> AnswerResponse:
    completion = answer.tokens.get("completion", 0)
    return AnswerResponse(
        text=answer.answer,
        ground=answer.ground,
        citations=answer.citations,
        page_labels={
            (cited.sha256, cited.page): label(cited.sha256, cited.page)
            for cited in (*answer.citations, *answer.computed_from)
        },
        short_answer=answer.short_answer,
        confidence=answer.confidence,
        computed_from=answer.computed_from,
        notes=answer.notes,
        statements=answer.statements,
        route=answer.route,
        model=spec,
        finish="length" if completion >= max_tokens and spec != "extractive" else "stop",
        prompt_tokens=answer.tokens.get("prompt", 0),
        completion_tokens=completion,
    )


def _alone(request: AnswerRequest, spec: str, chat: BaseChatModel, on_text: Callable[[str], None]) -> AnswerResponse:
    """Let the model answer without the documents.

    Raises:
        RequestRefused: The back end cannot use the JSON schema, or the answer breaks it.
    """
    messages = [_MESSAGES[message.role](content=message.text) for message in request.conversation]
    # Models that have the field carry it already.
    stop = request.controls.stop if request.controls.stop and not hasattr(chat, "stop") else None
    options = _schema_options(spec, request.json_schema)
    try:
        reply = generate(chat, messages, on_text=on_text, stop=stop, cut_loops=False, options=options)
    except BackendError as error:
        if request.json_schema is None or not isinstance(chat, LocalChat):
            raise
        raise _schema_refused(f"the schema cannot be used: {error}", 400) from error
    if request.json_schema is not None and reply.finish == "stop" and not request.controls.stop:
        fault = answer_fault(reply.text, request.json_schema)
        if fault:  # a part of the schema that the back end passes over
            raise _schema_refused(f"what the model wrote does not keep to the schema: {fault}", 422)
    return AnswerResponse(
        text=reply.text,
        ground="",
        citations=(),
        model=spec,
        finish=reply.finish,
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=reply.completion_tokens,
    )


def _schema_refused(reason: str, status: int) -> RequestRefused:
    message = f"response_format: {reason}"
    return RequestRefused(message, status=status, code="schema_not_kept", param="response_format")
