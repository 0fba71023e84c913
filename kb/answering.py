"""Puts a chat model behind a collection: single questions and conversations."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from langchain_core.language_models.chat_models import BaseChatModel

from core.backends import parse_spec
from core.models import EMBEDDED_DEFAULT, open_chat, resolve
from core.reading.extractive import ExtractiveChat
from core.reading.spans.reader import open_span_reader
from core.types import Answer, Page, Retriever
from kb.contradictions import DisagreementCheck
from kb.routing.answerer import RoutedAnswerer, SeenHits
from kb.scope import Scope
from kb.staleness import check_served, learned_by_run
from kb.workspace import Workspace
from rag.answer.answer import Answerer
from rag.answer.quoted import PageOf
from rag.open import Knowledge


def open_answerer(
    workspace: Workspace,
    knowledge: Knowledge,
    *,
    scope: Scope | None = None,
    chat: BaseChatModel | None = None,
    retriever: Retriever | None = None,
    pages: PageOf | None = None,
    model: str = "",
    rng: random.Random | None = None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Answerer:
    """Return what answers questions about the workspace's collection.

    Args:
        knowledge: The open collection.
        scope: The part of it that is searched.
        chat: An open model; opened by `model` if None.
        retriever: Searches in place of the collection's own searcher.
        pages: Gives the pages of what it finds; those of the collection if None.
        model: Spelling of the model; `rag.model` if empty. Of `auto:RUN` every question goes a way of its own.
        rng: Draws citation keys; unguessable by default.
        on_note: Receives what a person should know about the model's prompt.

    Raises:
        KbError: The model cannot be opened, was trained with another prompt, or may not be served.
    """
    spec = str(resolve(model or workspace.settings.rag.model, workspace.settings))
    check_served(workspace.settings, workspace.home, spec, on_note)
    scope = scope or Scope()

    def page_of(sha256: str, page: int) -> Page:
        return pages(sha256, page) if pages else knowledge.catalogue.page(workspace.collection, sha256, page)

    def answerer_of(
        model_chat: BaseChatModel, searcher: Retriever, kind: Callable[..., Answerer] = Answerer
    ) -> Answerer:
        return kind(
            searcher,
            model_chat,
            workspace.settings,
            lambda sha256, page: page_of(sha256, page).text,
            model=spec,
            embedder=knowledge.embedder,
            spans=None if isinstance(model_chat, ExtractiveChat) else open_span_reader(workspace.home),
            page=page_of,
            # What stands in no document of the collection disagrees with none.
            complete=DisagreementCheck(knowledge, workspace.collection)
            if workspace.settings.rag.disagreements and pages is None
            else _as_is,
            rng=rng,
        )

    searcher = retriever or knowledge.narrowed(scope.docs, scope.pages)
    model_chat = chat or open_chat(spec, workspace.settings, workspace.home)
    parsed = parse_spec(spec)
    if parsed.kind == "auto":
        seen = SeenHits(searcher)
        reader = answerer_of(open_chat(EMBEDDED_DEFAULT, workspace.settings, workspace.home), seen)
        learned = partial(learned_by_run, workspace.home, parsed.name)
        answerer = answerer_of(model_chat, searcher, partial(RoutedAnswerer, reader=reader, seen=seen, learned=learned))
    else:
        answerer = answerer_of(model_chat, searcher)
    if answerer.prompt_note:
        on_note(answerer.prompt_note)
    return answerer


def _as_is(answer: Answer) -> Answer:
    return answer


@dataclass(slots=True)
class Conversation:
    """Questions that may point back to earlier ones.

    Attributes:
        answerer: Answers each of them.
        history: Earlier questions and answers, oldest first.
    """

    answerer: Answerer
    history: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, question: str, *, on_token: Callable[[str], None] | None = None) -> Answer:
        """Answer a question in the light of the earlier ones.

        Raises:
            KbError: As `Answerer.ask`.
        """
        answer = self.answerer.ask(question, on_token=on_token, history=self.history)
        self.history.append((question, answer.answer))
        return answer
