"""Snapshots of a collection: taken, listed, searched, compared, restored, removed, and what forgetting leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError
from core.files import Home
from kb.ingest import ingest, plan_ingest
from kb.maintenance import forget_documents
from kb.snapshots.keeping import (
    Snapshot,
    compare_snapshot,
    open_snapshot,
    remove_snapshot,
    require_snapshot,
    restore_snapshot,
    snapshots,
    take_snapshot,
)
from kb.workspace import Workspace, open_workspace
from rag.catalogue.postgres import URL_VARIABLE
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue
from tests.support.documents import put

CEDAR = "# Cedar lease\n\nThe monthly rent of the Cedar house is $990.\n"


@pytest.fixture
def kept(own_home: Home) -> Workspace:
    """A home of its own with the snapshot `may`."""
    workspace = open_workspace(own_home.root, flags={"rag.model": "extractive"})
    take_snapshot(workspace, "may")
    return workspace


def add(workspace: Workspace, folder: Path, name: str = "cedar.md", text: str = CEDAR) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (result,) = ingest(workspace, plan_ingest([folder / name])).files
    assert result.status == "indexed"


def names(workspace: Workspace) -> list[str]:
    catalogue = CatalogueReader(workspace.home.catalogue)
    return [document.doc for document in catalogue.documents(workspace.collection)]


def found(workspace: Workspace, snapshot: str, query: str) -> list[str]:
    hits = open_snapshot(workspace, snapshot).searcher.search(query, 3, docs=None, pages=None)
    return [hit.doc for hit in hits]


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "a/b", "..", "a b", "ü", "x" * 65, "a\n"])
def test_a_name_that_cannot_be_one_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="invalid name of a snapshot"):
        take_snapshot(open_workspace(tmp_path / "home"), name)
    assert not (tmp_path / "home").exists()


def test_without_a_collection_there_is_nothing_to_keep(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path)
    with pytest.raises(ConfigError):
        take_snapshot(workspace, "may")
    assert snapshots(workspace) == []
    with pytest.raises(ConfigError, match=r"no snapshot 'may' of collection 'default' \(there are: none yet\)"):
        require_snapshot(workspace, "may")


def test_a_collection_in_postgres_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "postgresql://localhost/kb")
    with pytest.raises(ConfigError, match="not in PostgreSQL") as raised:
        take_snapshot(open_workspace(tmp_path), "may")
    assert raised.value.hint == "kb backup"


@pytest.mark.weights
def test_a_snapshot_says_what_it_holds(kept: Workspace) -> None:
    snapshot = require_snapshot(kept, "may")
    assert (snapshot.name, snapshot.collection, snapshot.documents, snapshot.pages) == ("may", "default", 2, 3)
    assert snapshot.version > 0  # of the index, which is not copied
    folder = kept.home.root / "snapshots" / "default" / "may"
    assert snapshot.size_bytes == (folder / "catalogue.sqlite").stat().st_size
    assert not (folder / "index").exists()
    with pytest.raises(ConfigError, match="exists already") as raised:
        take_snapshot(kept, "may")
    assert raised.value.hint == "kb snapshot may-2"
    with pytest.raises(ConfigError, match=r"no snapshot 'june' .*\(there are: may\)"):
        require_snapshot(kept, "june")


def recorded(workspace: Workspace, name: str, text: str) -> Path:
    folder = workspace.home.root / "snapshots" / "default" / name
    folder.mkdir(parents=True)
    (folder / "snapshot.json").write_text(text)
    return folder


def record(name: str, created_at: str) -> str:
    fields = {"documents": 1, "pages": 1, "size_bytes": 1, "version": 0}
    return json.dumps({"name": name, "collection": "default", "created_at": created_at, **fields})


def test_snapshots_are_listed_the_oldest_first(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path)
    for name, day in (("a", "2025-03-01"), ("b", "2025-01-01"), ("c", "2025-02-01")):
        recorded(workspace, name, record(name, day))
    assert [snapshot.name for snapshot in snapshots(workspace)] == ["b", "c", "a"]
    assert all(isinstance(snapshot, Snapshot) for snapshot in snapshots(workspace))
    assert snapshots(workspace.with_rag(collection="other")) == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"name": "a", "unknown": 1}', "null"])
def test_a_damaged_record_is_named(tmp_path: Path, text: str) -> None:
    workspace = open_workspace(tmp_path)
    folder = recorded(workspace, "a", text)
    with pytest.raises(DataError, match="cannot be read") as raised:
        snapshots(workspace)
    assert raised.value.path == str(folder / "snapshot.json")
    assert str(folder) in raised.value.hint


@pytest.mark.weights
def test_a_snapshot_is_searched_as_it_was(kept: Workspace, tmp_path: Path) -> None:
    add(kept, tmp_path / "new")
    forget_documents(kept, ["update.pdf"])
    knowledge = open_snapshot(kept, "may")
    assert knowledge.behind == 0
    assert "cedar.md" not in found(kept, "may", "rent of the Cedar house")
    with pytest.raises(ConfigError, match="no snapshot"):
        open_snapshot(kept, "june")


@pytest.mark.weights
def test_what_is_forgotten_goes_out_of_snapshots_and_their_index_is_built_anew(kept: Workspace) -> None:
    (document,) = [d for d in open_snapshot(kept, "may").catalogue.documents("default") if d.doc == "alder.md"]
    notes: list[str] = []
    forget_documents(kept, ["alder.md"], on_note=notes.append)
    assert notes == ["also removed from snapshots: may"]
    folder = kept.home.root / "snapshots" / "default" / "may"
    assert not (folder / "originals" / document.sha256).exists()
    assert b"$1,450" not in (folder / "catalogue.sqlite").read_bytes()
    built: list[str] = []
    knowledge = open_snapshot(kept, "may", on_note=built.append)
    assert built == ["built an index of snapshot 'may' from its own vectors"]
    assert {hit.doc for hit in knowledge.searcher.search("rent", 3, docs=None, pages=None)} == {"update.pdf"}
    again: list[str] = []
    open_snapshot(kept, "may", on_note=again.append)
    assert again == []  # it is kept


@pytest.mark.weights
def test_a_collection_is_brought_back(kept: Workspace, tmp_path: Path) -> None:
    add(kept, tmp_path / "new")
    (update,) = [d for d in CatalogueReader(kept.home.catalogue).documents("default") if d.doc == "update.pdf"]
    # As another program would leave it: out of the catalogue and without its original.
    catalogue = Catalogue(kept.home.catalogue)
    catalogue.forget("default", update.sha256)
    catalogue.close()
    original = kept.home.original(update.sha256, "update.pdf")
    content = original.read_bytes()
    original.unlink()
    difference = restore_snapshot(kept, "may")
    assert (difference.before, difference.after) == ("now", "may")
    assert (difference.added, difference.removed, difference.changed) == (("update.pdf",), ("cedar.md",), ())
    assert names(kept) == ["alder.md", "update.pdf"]
    assert original.read_bytes() == content
    again = restore_snapshot(kept, "may")
    assert (again.added, again.removed) == ((), ())


@pytest.mark.weights
def test_snapshots_are_compared_with_each_other_and_with_now(kept: Workspace, tmp_path: Path) -> None:
    add(kept, tmp_path / "new")
    take_snapshot(kept, "june")
    forget_documents(kept, ["update.pdf"])  # reaches both snapshots
    now = compare_snapshot(kept, "may")
    assert (now.added, now.removed, now.after, now.questions) == (("cedar.md",), (), "now", 0)
    both = compare_snapshot(kept, "june", "may")
    assert (both.before, both.after, both.removed) == ("june", "may", ("cedar.md",))
    for names_given in (("none",), ("may", "none")):
        with pytest.raises(ConfigError, match="no snapshot 'none'"):
            compare_snapshot(kept, *names_given)


@pytest.mark.weights
def test_a_snapshot_is_removed_with_its_version(kept: Workspace) -> None:
    folder = kept.home.root / "snapshots" / "default" / "may"
    remove_snapshot(kept, "may")
    assert not folder.exists()
    assert snapshots(kept) == []
    assert names(kept) == ["alder.md", "update.pdf"]
    with pytest.raises(ConfigError, match="no snapshot 'may'"):
        remove_snapshot(kept, "may")
    take_snapshot(kept, "may")  # the name is free again


@pytest.mark.weights
def test_a_snapshot_of_another_embedder_is_not_searched(weights: Path, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    home.models.symlink_to(weights)
    catalogue = Catalogue(home.catalogue, create=True)
    put(catalogue, "club.pdf", ["The quay is 62 m long."])
    catalogue.close()
    workspace = open_workspace(home.root)
    take_snapshot(workspace, "may")
    with pytest.raises(ConfigError, match="hashed"):
        open_snapshot(workspace, "may")
