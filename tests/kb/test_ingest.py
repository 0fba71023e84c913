"""Ingest as a function: what paths lead to, syncing, URLs that cannot be fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DataError
from core.files import Home
from kb.ingest import ingest, ingest_files, plan_ingest
from kb.workspace import open_workspace
from rag.ingest.discover import source_of


def test_a_plan_tells_urls_from_paths(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n")
    plan = plan_ingest([tmp_path, "https://example.org/b.pdf", str(tmp_path / "gone.pdf")])
    assert [path.name for path in plan.listing.files] == ["a.md"] and plan.urls == ("https://example.org/b.pdf",)
    assert len(plan.listing.faults) == 1 and plan.roots == (tmp_path, tmp_path / "gone.pdf")
    assert plan_ingest(["https://example.org/b.pdf"]).listing.files == ()
    with pytest.raises(DataError, match="no such file"):
        plan_ingest([tmp_path / "gone.pdf"])


@pytest.mark.weights
def test_sync_forgets_what_is_gone_unless_a_path_could_not_be_read(own_home: Home, tmp_path: Path) -> None:
    workspace = open_workspace(own_home.root)
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nThe {name} gate closes at ten.\n")
    assert ingest(workspace, plan_ingest([folder])).pages == 2
    (folder / "two.md").unlink()
    notes: list[str] = []
    kept = ingest(workspace, plan_ingest([folder, tmp_path / "gone"]), sync=True, on_note=notes.append)
    assert kept.forgotten == 0 and any("forgets nothing" in note for note in notes)
    assert [result.status for result in kept.files] == ["unchanged", "refused"]
    synced = ingest(workspace, plan_ingest([folder]), sync=True)
    assert (synced.forgotten, synced.pages) == (1, 0)


@pytest.mark.weights
def test_a_url_that_may_not_be_fetched_is_one_refused_result(own_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    path.write_text("# One\n\nThe gate closes at ten.\n")
    results, forgotten = ingest_files(
        open_workspace(own_home.root), [(path, source_of(path))], ["http://127.0.0.1:9/a.pdf"]
    )
    assert [(result.doc, result.status) for result in results] == [
        ("one.md", "indexed"),
        ("http://127.0.0.1:9/a.pdf", "refused"),
    ]
    assert forgotten == 0 and results[1].hint
