"""`from kb import KnowledgeBase`: what it returns, that it is quick to import, and that it shares a home."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from core.types import Answer, Document, Hit, Page
from kb import KnowledgeBase
from kb.ingest import ingest, plan_ingest
from kb.workspace import Workspace, open_workspace
from tests.kb.conftest import EXAMPLES


@pytest.fixture
def base(stocked: Workspace) -> KnowledgeBase:
    return KnowledgeBase(stocked.home.root, model="extractive")


def test_importing_the_package_costs_nothing() -> None:
    code = (
        "import sys; import kb\n"
        "heavy = {'pydantic', 'numpy', 'langchain_core', 'openvino', 'lancedb'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "from kb import KnowledgeBase"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    import kb

    with pytest.raises(AttributeError, match="Knowledgebase"):
        _ = kb.Knowledgebase


@pytest.mark.weights
def test_documents_pages_hits_and_answers_are_the_types_of_core(base: KnowledgeBase) -> None:
    with base:
        documents = base.documents()
        assert [(type(one), one.doc) for one in documents] == [(Document, "alder.md"), (Document, "update.pdf")]
        hits = base.search("monthly rent", k=3)
        assert isinstance(hits[0], Hit) and hits[0].doc == "alder.md"
        page = base.page("alder.md", hits[0].page)
        assert isinstance(page, Page) and page.text[hits[0].start : hits[0].end] == hits[0].text
        answer = base.ask("What is the monthly rent in the Alder lease?")
        assert isinstance(answer, Answer) and answer.ground == "cited" and "1,450" in answer.answer
        for citation in answer.citations:
            assert base.page(citation.sha256, citation.page).text[citation.start : citation.end] == citation.quote


@pytest.mark.weights
def test_a_conversation_keeps_its_turns(base: KnowledgeBase) -> None:
    chat = base.chat()
    assert "1,450" in chat.ask("What is the monthly rent in the Alder lease?").answer
    chat.ask("And the deposit?")
    assert [question for question, _ in chat.history] == [
        "What is the monthly rent in the Alder lease?",
        "And the deposit?",
    ]


@pytest.mark.weights
def test_documents_and_pages_narrow_a_question(base: KnowledgeBase) -> None:
    assert {hit.doc for hit in base.search("rent", docs=["update.pdf"])} == {"update.pdf"}
    assert {hit.page for hit in base.search("council", docs=["update.pdf"], pages=[1])} == {1}
    assert base.ask("What is the monthly rent in the Alder lease?", docs=["update.pdf"]).answer.find("1,450") == -1
    with pytest.raises(ConfigError, match=r"no page 9: update\.pdf, has 2 pages"):
        base.ask("What is the monthly rent in the Alder lease?", docs=["update.pdf"], pages=[8])
    with pytest.raises(ConfigError, match=r"no document 'nope\.pdf'"):
        base.search("rent", docs=["nope.pdf"])


@pytest.mark.weights
def test_threads_and_other_processes_share_a_home(own_home: Home, tmp_path: Path) -> None:
    base = KnowledgeBase(own_home.root, model="extractive")
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: base.ask("What is the monthly rent in the Alder lease?").answer, range(6)))
    assert len(set(answers)) == 1
    assert "1,450" in asyncio.run(asyncio.to_thread(base.ask, "What is the monthly rent in the Alder lease?")).answer

    (tmp_path / "cedar.md").write_text("# Cedar lease\n\nThe monthly rent of the Cedar lease is $2,100.\n")
    ingest(open_workspace(own_home.root), plan_ingest([tmp_path / "cedar.md"]))  # as another process would
    assert "2,100" in base.ask("What is the rent of the Cedar lease?").answer
    assert [document.doc for document in base.forget("cedar.md")] == ["cedar.md"]
    assert [document.doc for document in base.documents()] == ["alder.md", "update.pdf"]
    with pytest.raises(ConfigError):
        base.forget("alder.md", "cedar.md")
    assert [document.doc for document in base.documents()] == ["alder.md", "update.pdf"]


@pytest.mark.weights
def test_ingest_reports_every_file(own_home: Home, tmp_path: Path) -> None:
    base = KnowledgeBase(own_home.root, collection="other")
    (tmp_path / "empty.pdf").touch()
    seen = []
    report = base.ingest(EXAMPLES / "update.pdf", tmp_path / "empty.pdf", on_progress=seen.append)
    assert [(result.doc, result.status) for result in report.files] == [
        ("update.pdf", "indexed"),
        ("empty.pdf", "refused"),
    ]
    assert report.pages == 2 and len(report.refused) == 1 and seen
    assert [result.status for result in base.ingest(str(EXAMPLES / "update.pdf")).files] == ["unchanged"]
    with pytest.raises(DataError, match="no such file"):
        base.ingest(tmp_path / "absent.pdf")


def test_settings_are_named_as_in_the_configuration(tmp_path: Path) -> None:
    base = KnowledgeBase(tmp_path, collection="mine", top_k=4, models__timeout_s=60)
    assert (base.home, base.collection) == (tmp_path, "mine")
    assert repr(base) == f"KnowledgeBase({str(tmp_path)!r}, collection='mine')"
    with pytest.raises(ConfigError, match="unknown setting 'topk'"):
        KnowledgeBase(tmp_path, topk=4)
    with pytest.raises(ConfigError, match="use one of models__timeout_s, weaviate__timeout_s"):
        KnowledgeBase(tmp_path, timeout_s=4)
    with pytest.raises(ConfigError, match=r"rag\.top_k"):
        KnowledgeBase(tmp_path, top_k=0)


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing has been ingested") as caught:
        KnowledgeBase(tmp_path).documents()
    assert caught.value.hint == "kb ingest PATH"
