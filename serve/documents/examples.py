"""Questions that the documents answer, for a visitor who has none yet.

They come from what the documents state by rules (`synth.facts`), and each was asked once before it is shown.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from core.errors import KbError
from core.types import Document, Fact
from serve.answers.answering import AnswerRequest
from serve.answers.history import ChatMessage
from serve.service import Service
from synth.facts.read import read_facts

_SHOWN = 3
_MOST_TRIED = 8
_PAGES, _DOCUMENTS = 12, 4
_MOST_CHARS = 90
_KINDS = ("quantity", "date", "name", "definition", "table")
_EXTRACTIVE = "extractive+rag"


class ExampleQuestions:
    """Example questions of collections, found once for each state of a collection.

    Args:
        service: Reads the pages and asks.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: dict[tuple[str, ...], list[str]] = {}

    async def questions(self, collection: str = "") -> list[str]:
        """Return up to three questions; none where no rule reads the language of the documents."""
        documents = await self._service.documents(collection)
        key = (collection, *sorted(document.sha256 for document in documents))
        if key not in self._known:
            self._known = {key: await self._found(documents, collection)}
        return self._known[key]

    async def _found(self, documents: Sequence[Document], collection: str) -> list[str]:
        latest = sorted(documents, key=lambda document: document.ingested_at, reverse=True)[:_DOCUMENTS]
        candidates = await self._service.quick.run(lambda: [self._candidates(each, collection) for each in latest])
        shown: list[str] = []
        for question, value in islice(_in_turn(candidates), _MOST_TRIED):
            if question not in shown and await self._is_answered(question, value, collection):
                shown.append(question)
            if len(shown) == _SHOWN:
                break
        return shown

    async def _is_answered(self, question: str, value: str, collection: str) -> bool:
        message = ChatMessage(role="user", text=question)
        try:
            reply = await self._service.reply(
                AnswerRequest(conversation=[message], model=_EXTRACTIVE, collection=collection)
            )
        except KbError:
            return False
        return reply.ground == "cited" and value in reply.text

    def _candidates(self, document: Document, collection: str) -> list[tuple[str, str]]:
        """Return (question, value) of a document's first pages, the kinds that make good questions first."""
        pages = self._service.first_pages(document, _PAGES, collection)
        facts = [fact for fact in islice(read_facts(document, pages), 200) if fact.kind in _KINDS and fact.value]
        random.Random(document.sha256).shuffle(facts)  # noqa: S311 - not a secret
        facts.sort(key=lambda fact: _KINDS.index(fact.kind))
        return [(question, fact.value) for fact in facts if (question := _question(fact))]


def _question(fact: Fact) -> str:
    """Return the shortest phrasing that is short enough to click; empty where none is."""
    short = [question for question in fact.questions if len(question) <= _MOST_CHARS and question.endswith("?")]
    return min(short, key=len, default="")


def _in_turn(lists: Sequence[Sequence[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    """Yield the first of every list, then the second of every list, and so on."""
    for index in range(max(map(len, lists), default=0)):
        yield from (each[index] for each in lists if index < len(each))
