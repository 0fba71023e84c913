"""What a question is about, notes about a collection, and words that no document holds."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.maintenance import forget_documents
from kb.scope import Scope, open_collection, scope_of, words_without_document
from kb.workspace import Workspace, open_workspace
from rag.open import Knowledge


@pytest.fixture
def knowledge(stocked: Workspace) -> Knowledge:
    return open_collection(stocked)


def test_searching_loads_no_client_of_a_chat_model() -> None:
    code = "import kb.scope, sys; print(sorted({'langchain_core', 'openai', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.weights
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


@pytest.mark.weights
def test_words_of_another_language_are_named(knowledge: Knowledge) -> None:
    assert words_without_document(knowledge, "Wie hoch ist die Monatsmiete?")
    assert words_without_document(knowledge, "What is the monthly rent in the Alder lease?") == []


@pytest.mark.weights
def test_an_empty_collection_is_noted(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    forget_documents(workspace, ["alder.md", "update.pdf"])
    notes: list[str] = []
    open_collection(workspace, on_note=notes.append)
    assert notes[-1] == "collection 'default' is empty; to add documents: kb ingest PATH"


@pytest.mark.weights
def test_an_index_that_is_gone_is_noted(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    shutil.rmtree(own_home.index)
    notes: list[str] = []
    open_collection(workspace, on_note=notes.append)
    assert notes == ["2 documents are not indexed; to index them: kb reindex"]
