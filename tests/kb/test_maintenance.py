"""Forgetting, rebuilding, restoring, fetching: what is left, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from kb.maintenance import forget_documents, missing_chat_model, rebuild_index, restore
from kb.workspace import open_workspace
from rag.catalogue.backup import write_backup
from rag.catalogue.reader import CatalogueReader
from rag.open import open_knowledge


def names(home: Home) -> list[str]:
    return [document.doc for document in CatalogueReader(home.catalogue).documents("default")]


@pytest.mark.weights
def test_forgetting_is_all_or_nothing_and_removes_the_original(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    with pytest.raises(ConfigError, match=r"nope\.pdf"):
        forget_documents(workspace, ["alder.md", "nope.pdf"])
    assert names(own_home) == ["alder.md", "update.pdf"]
    (document,) = forget_documents(workspace, ["alder.md", "alder.md"])
    assert names(own_home) == ["update.pdf"]
    assert not own_home.original(document.sha256, "alder.md").exists()


@pytest.mark.weights
def test_an_index_is_rebuilt_from_the_vectors_of_the_catalogue(own_home: Home) -> None:
    workspace = open_workspace(own_home.root)
    chunks = CatalogueReader(own_home.catalogue).counts("default")["chunks"]
    shutil.rmtree(own_home.index)
    steps: list[tuple[int, int]] = []
    rebuilt = rebuild_index(workspace, on_progress=lambda done, total: steps.append((done, total)))
    assert (rebuilt.rows, rebuilt.embedded) == (chunks, 0)
    assert open_knowledge(workspace.settings, own_home, "default").behind == 0


@pytest.mark.weights
def test_a_backup_is_restored_and_searchable(stocked_home: Home, weights: Path, tmp_path: Path) -> None:
    write_backup(stocked_home, tmp_path / "kb.tar.gz")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "models").symlink_to(weights)
    workspace = open_workspace(tmp_path / "new")
    restore(workspace, tmp_path / "kb.tar.gz")
    hits = open_knowledge(workspace.settings, workspace.home, "default").searcher.search(
        "rent", 1, docs=None, pages=None
    )
    assert hits[0].doc == "alder.md"
    with pytest.raises(ConfigError):
        restore(workspace, tmp_path / "kb.tar.gz")
    (tmp_path / "broken.tar.gz").write_text("no archive")
    with pytest.raises(DataError):
        restore(open_workspace(tmp_path / "third"), tmp_path / "broken.tar.gz")


def test_a_chat_model_is_missing_only_where_it_could_be_fetched(home: Home) -> None:
    def missing(model: str) -> str:
        return missing_chat_model(open_workspace(flags={"rag.model": model, "rag.ollama_url": "http://127.0.0.1:9"}))

    assert [missing(model) for model in ("smollm2", "ollama:llama3.1", "extractive", "auto", "run:mine")] == [
        "smollm2",
        "ollama:llama3.1",
        "",
        "",
        "",
    ]
    (home.models / "smollm2").mkdir(parents=True)
    assert missing("smollm2") == ""
