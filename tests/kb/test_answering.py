"""Scopes, notes about a collection, conversations, and words that no document holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.reading.extractive import ExtractiveChat
from kb.answering import Conversation, Scope, open_answerer, open_collection, scope_of, words_without_document
from kb.maintenance import forget_documents
from kb.workspace import Workspace, open_workspace
from rag.open import Knowledge

pytestmark = pytest.mark.weights


@pytest.fixture
def knowledge(stocked: Workspace) -> Knowledge:
    return open_collection(stocked)


def test_a_scope_names_documents_by_name_or_prefix_and_checks_pages(knowledge: Knowledge) -> None:
    document = knowledge.catalogue.resolve("default", "update.pdf")
    assert scope_of(knowledge, "default") == Scope(None, None)
    assert scope_of(knowledge, "default", ["update.pdf"], [1]) == Scope((document.sha256,), (1,))
    assert scope_of(knowledge, "default", [document.sha256[:12]]).docs == (document.sha256,)
    assert scope_of(knowledge, "default", None, [1]).pages == (1,)
    with pytest.raises(ConfigError, match=r"^no page 9: update\.pdf, has 2 pages$"):
        scope_of(knowledge, "default", ["update.pdf"], [8])
    with pytest.raises(ConfigError, match=r"^no page 2: alder\.md, has 1 page$"):
        scope_of(knowledge, "default", ["alder.md"], [1])
    with pytest.raises(ConfigError, match=r"^no page 3: the longest document, update\.pdf, has 2 pages$"):
        scope_of(knowledge, "default", None, [2])


def test_a_given_model_and_retriever_are_used(stocked: Workspace, knowledge: Knowledge) -> None:
    answerer = open_answerer(stocked, knowledge, chat=ExtractiveChat(), retriever=knowledge.narrowed(), model="smollm2")
    answer = answerer.ask("What is the monthly rent in the Alder lease?")
    assert answer.model == "smollm2" and "1,450" in answer.answer
    with pytest.raises(ConfigError, match="unknown model 'x'"):
        open_answerer(stocked, knowledge, model="x")


def test_a_conversation_keeps_its_turns(stocked: Workspace, knowledge: Knowledge) -> None:
    pieces: list[str] = []
    chat = Conversation(open_answerer(stocked, knowledge))
    answer = chat.ask("What is the monthly rent in the Alder lease?", on_token=pieces.append)
    assert chat.history == [("What is the monthly rent in the Alder lease?", answer.answer)]
    assert "1,450" in "".join(pieces)


def test_words_of_another_language_are_named(knowledge: Knowledge) -> None:
    assert words_without_document(knowledge, "Wie hoch ist die Monatsmiete?")
    assert words_without_document(knowledge, "What is the monthly rent in the Alder lease?") == []


def test_an_empty_collection_is_noted(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    forget_documents(workspace, ["alder.md", "update.pdf"])
    notes: list[str] = []
    open_collection(workspace, on_note=notes.append)
    assert notes[-1] == "collection 'default' is empty; to add documents: kb ingest PATH"


def test_an_index_that_is_gone_is_noted(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    for path in sorted(own_home.index.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    Path(own_home.index).rmdir()
    notes: list[str] = []
    open_collection(workspace, on_note=notes.append)
    assert notes == ["2 documents are not indexed; to index them: kb reindex"]
