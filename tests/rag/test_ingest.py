"""The whole path from real files to a searchable catalogue, with the real parser, embedder and index."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from rag.catalogue.backup import restore_backup, write_backup
from rag.catalogue.forget import forget, forget_missing
from rag.catalogue.writer import Catalogue
from rag.embed.base import Embedder
from rag.ingest.reindex import reindex
from rag.open import open_knowledge, open_store
from rag.store.base import indexed_text
from tests.support.bench import Bench

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PDFS = [EXAMPLES / name for name in ("handbook.pdf", "manual.pdf", "update.pdf")]
pytestmark = pytest.mark.weights


def test_real_pdfs_are_indexed_found_and_true(bench: Bench) -> None:
    results = bench.ingest(*PDFS)
    assert [(r.doc, r.status) for r in results] == [(path.name, "indexed") for path in PDFS]
    counts = bench.catalogue.counts("default")
    assert counts["documents"] == 3
    assert counts["chunks"] == bench.store.count() > 50
    knowledge = open_knowledge(bench.settings, bench.home, "default")
    hits = knowledge.searcher.search("ropeway cabin passengers", 8)
    assert len(hits) == 8
    for hit in hits:
        assert bench.catalogue.page("default", hit.sha256, hit.page).text[hit.start : hit.end] == hit.text
        assert bench.home.original(hit.sha256, hit.doc).read_bytes() == (EXAMPLES / hit.doc).read_bytes()
    assert knowledge.behind == 0


def test_no_embedded_text_is_truncated(bench: Bench) -> None:
    bench.ingest(*PDFS)
    limit = bench.embedder.identity.max_tokens
    for document in bench.catalogue.recipes("default"):
        texts = [indexed_text(row.chunk) for row in bench.catalogue.embedded_chunks(document)]
        assert max(bench.embedder.count_tokens(texts)) <= limit


def test_the_same_content_twice_is_one_document(bench: Bench, tmp_path: Path) -> None:
    copy = tmp_path / "copy.pdf"
    shutil.copy(PDFS[2], copy)
    first = bench.ingest(PDFS[2], copy)
    assert [r.status for r in first] == ["indexed", "unchanged"]
    assert [r.status for r in bench.ingest(PDFS[2], copy)] == ["unchanged", "unchanged"]
    assert bench.catalogue.counts("default")["documents"] == 1


def test_a_changed_file_replaces_its_old_version(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Notes\n\nThe heron nests in the reeds.\n")
    (old,) = bench.ingest(path)
    path.write_text("# Notes\n\nThe heron has moved to the island.\n")
    (new,) = bench.ingest(path)
    assert [d.sha256 for d in bench.catalogue.documents("default")] == [new.sha256]
    assert {i.split(":")[0] for i, _ in bench.store.dense(bench.embedder.embed_query("heron"), 10)} == {new.sha256}
    assert old.sha256 != new.sha256


def test_one_bad_file_stops_nobody(bench: Bench, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_text("this is no PDF")
    empty = tmp_path / "empty.txt"
    empty.write_text("")
    gone = tmp_path / "gone.pdf"
    results = bench.ingest(bad, PDFS[2], empty, gone)
    assert [r.status for r in results] == ["refused", "indexed", results[2].status, "refused"]
    assert results[2].status in {"refused", "no text"}
    assert all(r.reason for r in results if r.status == "refused")
    assert not bench.home.original(results[0].sha256, "bad.pdf").exists()


def test_hidden_text_is_kept_aside_and_never_indexed(bench: Bench) -> None:
    (result,) = bench.ingest(EXAMPLES / "traps" / "hidden-text.pdf")
    assert result.hidden > 0
    page = bench.catalogue.page("default", result.sha256, 0)
    assert "CANARY" in page.hidden_text
    assert "CANARY" not in page.text
    for document in bench.catalogue.recipes("default"):
        for row in bench.catalogue.embedded_chunks(document):
            assert "CANARY" not in indexed_text(row.chunk)
    assert bench.store.bm25("CANARY", 5) == []


def test_collections_are_separate(bench: Bench) -> None:
    bench.ingest(PDFS[2])
    other = Bench(bench.home, bench.embedder)
    other.store = open_store(bench.settings, bench.home, "other", bench.embedder.identity.dimension)
    assert other.ingest(PDFS[2], collection="other")[0].status == "indexed"
    forget(bench.home, bench.catalogue, bench.store, bench.catalogue.resolve("default", "update.pdf"))
    assert bench.store.count() == 0
    kept = bench.catalogue.resolve("other", "update.pdf")
    assert bench.home.original(kept.sha256, kept.doc).exists()
    forget(bench.home, bench.catalogue, other.store, kept)
    assert not bench.home.original(kept.sha256, kept.doc).exists()


def test_sync_forgets_what_is_gone_from_the_folder(bench: Bench, tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out.txt"
    folder.mkdir()
    inside = [folder / "a.txt", folder / "b.txt"]
    for path in [*inside, outside]:
        path.write_text(f"Something about {path.name} and herons.\n")
    bench.ingest(*inside, outside)
    inside[0].unlink()
    outside.unlink()
    count = forget_missing(bench.home, bench.catalogue, bench.store, "default", [folder], [str(inside[1])])
    assert count == 1
    assert [d.doc for d in bench.catalogue.documents("default")] == ["b.txt", "out.txt"]


def test_another_embedder_is_refused_with_the_command(bench: Bench) -> None:
    bench.ingest(PDFS[2])
    bench.catalogue.set_collection("default", {**bench.embedder.identity.to_json(), "model": "another"})
    with pytest.raises(ConfigError, match="embedded by another") as caught:
        bench.ingest(PDFS[1])
    assert "kb reindex" in caught.value.hint
    with pytest.raises(ConfigError, match="embedded by another"):
        open_knowledge(bench.settings, bench.home, "default")


def test_reindex_follows_new_chunking_and_rebuilds_a_lost_index(bench: Bench) -> None:
    bench.ingest(PDFS[2])
    before = bench.store.count()
    shutil.rmtree(bench.home.index)
    settings = Settings.model_validate({"rag": {"chunk_chars": 300}})

    def again(settings: Settings) -> tuple[int, int]:
        store = open_store(bench.settings, bench.home, "default", bench.embedder.identity.dimension)
        return reindex(
            catalogue=bench.catalogue, store=store, embedder=bench.embedder, settings=settings, collection="default"
        )

    assert again(bench.settings) == (0, before)
    embedded, rows = again(settings)
    assert embedded == 1
    assert rows > before


def test_a_backup_restores_elsewhere(bench: Bench, tmp_path: Path) -> None:
    bench.ingest(*PDFS)
    target = tmp_path / "kb.tar.gz"
    write_backup(bench.home, target)
    elsewhere = Home(tmp_path / "elsewhere")
    restore_backup(target, elsewhere)
    restored = Catalogue(elsewhere.catalogue)
    assert restored.documents("default") == bench.catalogue.documents("default")
    assert len(restored.to_index("lancedb", "default")) == 3
    for document in restored.documents("default"):
        assert elsewhere.original(document.sha256, document.doc).exists()
    with pytest.raises(ConfigError, match="already holds"):
        restore_backup(target, elsewhere)


def snapshot(home: Home) -> list[tuple[object, ...]]:
    """Everything that must not depend on how often a run was killed."""
    catalogue = Catalogue(home.catalogue)
    rows: list[tuple[object, ...]] = []
    for document in catalogue.documents("default"):
        rows.append((document.doc, document.sha256, document.title, document.n_pages, document.status))
        rows += [(page.index, page.text, page.hidden_text) for page in catalogue.pages("default", document.sha256)]
    for document_id in catalogue.recipes("default"):
        rows += [(row.chunk.id, row.chunk.header) for row in catalogue.embedded_chunks(document_id)]
    catalogue.close()
    return rows


def spawn(home: Home, *paths: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "kb.cli", "ingest", "--quiet", *map(str, paths)]
    return subprocess.Popen(
        command,
        env={**os.environ, "KB_HOME": str(home.root)},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_kill_9_at_any_moment_ends_in_the_same_catalogue(
    bench: Bench, embedder: Embedder, tmp_path: Path, weights: Path
) -> None:
    undisturbed = Bench(Home(tmp_path / "calm"), embedder)
    started = time.monotonic()
    undisturbed.ingest(*PDFS)
    typical_s = time.monotonic() - started + 1.5
    killed = 0
    rng = random.Random(5)
    for _ in range(5):
        process = spawn(bench.home, *PDFS)
        try:
            process.wait(timeout=rng.uniform(0.3, typical_s))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.communicate()
    process = spawn(bench.home, *PDFS)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr.decode()
    assert killed >= 1
    assert sorted(map(str, snapshot(bench.home))) == sorted(map(str, snapshot(undisturbed.home)))
    assert bench.store.count() == bench.catalogue.counts("default")["chunks"]


def test_two_at_once_both_finish_and_double_nothing(bench: Bench) -> None:
    both = [spawn(bench.home, *PDFS) for _ in range(2)]
    errors = [process.communicate(timeout=300)[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert bench.catalogue.counts("default")["documents"] == 3
    assert bench.store.count() == bench.catalogue.counts("default")["chunks"]
