"""Which files paths, folders and globs mean, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError, DataError
from rag.ingest.discover import find_files, source_of


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words")
    return folder


def test_files_of_other_types_are_named_and_counted_once(tmp_path: Path) -> None:
    folder = make(tmp_path / "d", "a.txt", "b.csv", "x.bin", "sub/y.BIN", "z.zip", "Makefile", ".hidden", ".git/x.bin")
    found = find_files([folder, folder / "sub"] if (folder / "sub").is_dir() else [folder])
    assert [path.name for path in found.files] == ["a.txt", "b.csv"]
    assert found.note == "4 files of other types were left: bin, no suffix, zip; to read all files: --glob '*'"


def test_a_named_file_is_not_left(tmp_path: Path) -> None:
    folder = make(tmp_path / "d", "a.txt", "x.bin")
    assert find_files([folder, folder / "x.bin"]).note == ""
    assert find_files([folder], "*").note == ""
    assert find_files([make(tmp_path / "e", "a.txt", "x.bin")]).note.startswith("1 file of another type was left: bin;")


def test_a_folder_of_other_types_says_which(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no file of a known type, only bin, zip") as caught:
        find_files([make(tmp_path / "d", "a.bin", "b.zip")])
    assert caught.value.hint.endswith("--glob '*'")
    with pytest.raises(DataError, match=r"holds no file matching '\*\.pdf'"):
        find_files([tmp_path / "d"], "*.pdf")


def test_files_come_once_in_a_stable_order(tmp_path: Path) -> None:
    folder = make(tmp_path / "d", "b.txt", "a.md", "sub/c.html")
    found = find_files([folder, folder / "b.txt", folder / "sub" / ".." / "a.md"])
    assert [path.relative_to(folder).as_posix() for path in found.files] == ["a.md", "b.txt", "sub/c.html"]
    assert found.faults == ()


def test_faults_stop_nobody_unless_there_is_nothing_else(tmp_path: Path) -> None:
    folder = make(tmp_path / "d", "a.txt")
    found = find_files([folder, tmp_path / "gone"])
    assert ([path.name for path in found.files], len(found.faults)) == (["a.txt"], 1)
    with pytest.raises(DataError, match="no such file"):
        find_files([tmp_path / "gone"])
    with pytest.raises(ConfigError, match="no path"):
        find_files([])
    with pytest.raises(ConfigError, match="--glob"):
        find_files([folder], "/a/*")


def test_a_source_is_text_whatever_the_bytes_of_a_name(tmp_path: Path) -> None:
    assert source_of(Path("/d/a.txt")) == "/d/a.txt"
    assert source_of(Path("/d/\udcff.txt")) == "/d/\\xff.txt"


def test_links_that_are_not_followed_and_hidden_documents_are_named(tmp_path: Path) -> None:
    folder = make(tmp_path / "d", "a.txt", "sub/b.txt", ".draft.md", ".git/c.txt", "~$open.docx")
    (folder / "way").symlink_to("sub")
    (folder / "gone.txt").symlink_to("nowhere")
    listing = find_files([folder])
    assert [path.name for path in listing.files] == ["a.txt", "b.txt"]
    assert listing.note == "hidden files and links that were left: .draft.md, gone.txt, way"
