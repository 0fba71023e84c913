"""Names of documents when files are renamed, moved, rotated, swapped and copied."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import pytest

from core.errors import ConfigError
from rag.catalogue.forget import forget_missing
from rag.ingest.discover import find_files, source_of
from rag.ingest.ingest import FileResult
from rag.ingest.reindex import reindex
from rag.open import open_knowledge
from tests.support.bench import Bench

pytestmark = pytest.mark.weights


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "d"
    path.mkdir()
    return path


def ingest(bench: Bench, folder: Path, *, sync: bool = False) -> dict[str, FileResult]:
    files = find_files([folder]).files
    results = bench.ingest(*files)
    if sync:
        present = [source_of(path) for path in files]
        forget_missing(bench.home, bench.catalogue, bench.store, "default", [folder], present)
    return {result.doc: result for result in results}


def listed(bench: Bench) -> dict[str, str]:
    """Name and text of every document."""
    return {
        document.doc: next(bench.catalogue.pages("default", document.sha256)).text
        for document in bench.catalogue.documents("default")
    }


@pytest.mark.parametrize("sync", [False, True])
def test_a_renamed_file_shows_its_new_name(bench: Bench, folder: Path, sync: bool) -> None:
    (folder / "plant.txt").write_text("The plant makes 40 pumps a day.\n")
    ingest(bench, folder)
    (folder / "plant.txt").rename(folder / "site.txt")
    result = ingest(bench, folder, sync=sync)["site.txt"]
    assert (result.status, result.reason) == ("unchanged", "was plant.txt")
    assert list(listed(bench)) == ["site.txt"]
    assert bench.catalogue.resolve("default", "site.txt").source == str(folder / "site.txt")
    with pytest.raises(ConfigError, match=r"no document 'plant\.txt'"):
        bench.catalogue.resolve("default", "plant.txt")
    hits = open_knowledge(bench.settings, bench.home, "default").searcher.search("pumps", 1)
    assert hits[0].doc == "site.txt"


def test_a_new_name_is_searched_and_shown_at_once(bench: Bench, folder: Path) -> None:
    (folder / "plant-report.txt").write_text("The plant makes 40 pumps a day.\n")
    (folder / "other.txt").write_text("The office has 4 rooms.\n")
    ingest(bench, folder)
    (folder / "plant-report.txt").rename(folder / "zebra_crossing.txt")
    ingest(bench, folder)
    searcher = open_knowledge(bench.settings, bench.home, "default").searcher
    for query in ("How many pumps a day?", "zebra"):
        hit = searcher.search(query, 1)[0]
        assert (hit.doc, hit.title, hit.header) == (
            "zebra_crossing.txt",
            "zebra crossing",
            "zebra crossing | The plant makes 40 pumps a day.",
        )
    assert searcher.explain("zebra", 1).bm25
    assert not searcher.explain("report", 1).bm25
    assert searcher.explain("zebra crossing", 1).named == [hit.sha256]
    # What stands in the vectors follows with the next re-embedding, which knows of it.
    again = reindex(
        catalogue=bench.catalogue,
        store=bench.store,
        embedder=bench.embedder,
        settings=bench.settings,
        collection="default",
        home=bench.home,
    )
    assert again[0] == 1
    assert searcher.search("zebra", 1)[0].header == hit.header


def test_a_copy_that_is_left_alone_gives_its_name_at_once(bench: Bench, folder: Path) -> None:
    (folder / "a.md").write_text("Soup costs 4 euro.\n")
    ingest(bench, folder)
    shutil.copy(folder / "a.md", folder / "menu.md")
    ingest(bench, folder)
    (folder / "a.md").unlink()
    ingest(bench, folder, sync=True)
    searcher = open_knowledge(bench.settings, bench.home, "default").searcher
    hit = searcher.search("menu", 1)[0]
    assert (hit.doc, hit.header) == ("menu.md", "menu | Soup costs 4 euro.")
    assert searcher.explain("menu", 1).bm25


@pytest.mark.parametrize("sync", [False, True])
def test_a_rotated_log_keeps_each_text_under_its_present_name(bench: Bench, folder: Path, sync: bool) -> None:
    log = folder / "log.txt"
    log.write_text("Log one: pump 1 failed.\n")
    ingest(bench, folder)
    log.rename(folder / "log.1.txt")
    log.write_text("Log two: pump 2 failed.\n")
    ingest(bench, folder, sync=sync)
    assert listed(bench) == {"log.1.txt": "Log one: pump 1 failed.", "log.txt": "Log two: pump 2 failed."}
    log.rename(folder / "log.2.txt")
    (folder / "log.1.txt").rename(log)
    (folder / "log.2.txt").rename(folder / "log.1.txt")
    ingest(bench, folder, sync=sync)
    assert listed(bench) == {"log.1.txt": "Log two: pump 2 failed.", "log.txt": "Log one: pump 1 failed."}


def test_a_moved_file_shows_its_new_place(bench: Bench, folder: Path) -> None:
    (folder / "a.txt").write_text("The gate is locked at ten.\n")
    ingest(bench, folder)
    (folder / "sub").mkdir()
    (folder / "a.txt").rename(folder / "sub" / "a.txt")
    ingest(bench, folder)
    (document,) = bench.catalogue.documents("default")
    assert (document.doc, document.source) == ("a.txt", str(folder / "sub" / "a.txt"))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_files_that_swap_names_lose_nothing(bench: Bench, folder: Path, count: int) -> None:
    names = [f"{letter}.txt" for letter in "abcde"[:count]]
    for name in names:
        (folder / name).write_text(f"Version {name}: the total is {ord(name[0])}.\n")
    ingest(bench, folder)
    before = listed(bench)
    ids = bench.catalogue.to_index("none", "default")
    for name in names:
        (folder / name).rename(folder / f"{name}.tmp")
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        (folder / f"{name}.tmp").rename(folder / other)
    results = ingest(bench, folder)
    assert {result.status for result in results.values()} == {"unchanged"}
    after = listed(bench)
    assert sorted(after) == names
    assert after == {other: before[name] for name, other in zip(names, [*names[1:], names[0]], strict=True)}
    assert bench.catalogue.to_index("none", "default") == ids  # nothing was read or embedded again
    assert bench.store.count() == count


def test_a_replaced_version_goes_with_its_original(bench: Bench, folder: Path) -> None:
    (folder / "a.txt").write_text("The rent is 100 euro.\n")
    old = ingest(bench, folder)["a.txt"]
    (folder / "a.txt").write_text("The rent is 200 euro.\n")
    ingest(bench, folder)
    assert listed(bench) == {"a.txt": "The rent is 200 euro."}
    assert not bench.home.original(old.sha256, "a.txt").exists()
    assert bench.store.count() == 1


def test_a_copy_is_found_by_both_names(bench: Bench, folder: Path) -> None:
    (folder / "a.md").write_text("# Soup\n\nSoup costs 4 euro.\n")
    shutil.copy(folder / "a.md", folder / "copy.md")
    results = ingest(bench, folder)
    assert (results["a.md"].status, results["copy.md"].status) == ("indexed", "unchanged")
    assert results["copy.md"].reason == "same content as a.md"
    for _ in range(2):
        assert bench.catalogue.resolve("default", "copy.md") == bench.catalogue.resolve("default", "a.md")
        assert list(listed(bench)) == ["a.md"]
        results = ingest(bench, folder)
        assert (results["a.md"].reason, results["copy.md"].reason) == ("", "same content as a.md")
    (folder / "a.md").unlink()
    ingest(bench, folder)
    assert list(listed(bench)) == ["copy.md"]


def test_copies_of_one_name_in_two_folders_say_where_the_other_lies(bench: Bench, folder: Path) -> None:
    for name in ("x", "y"):
        (folder / name).mkdir()
        (folder / name / "a.txt").write_text("The key hangs in the hall.\n")
    results = bench.ingest(*find_files([folder]).files)
    assert [result.reason for result in results] == ["", f"same content as {folder / 'x' / 'a.txt'}"]


@pytest.mark.parametrize("stored, typed", [("NFD", "NFC"), ("NFC", "NFD")])
def test_names_compare_in_nfc(bench: Bench, folder: Path, stored: str, typed: str) -> None:
    name = "café-menü.md"
    path = folder / unicodedata.normalize(stored, name)  # type: ignore[arg-type]
    path.write_text("# Menu\n\nSoup costs 4 euro.\n")
    bench.ingest(path)
    document = bench.catalogue.resolve("default", unicodedata.normalize(typed, name))  # type: ignore[arg-type]
    assert document.doc == path.name
