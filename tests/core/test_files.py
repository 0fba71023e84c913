from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.files import Home, atomic_write, sha256_of


def test_a_write_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file"
    with atomic_write(target) as handle:
        handle.write(b"abc")
        assert not target.exists()
    assert target.read_bytes() == b"abc"
    assert sha256_of(target) == hashlib.sha256(b"abc").hexdigest()


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic_write(target) as handle:
        handle.write(b"new")
        raise RuntimeError
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_original_keeps_its_name_and_no_folder_of_it(tmp_path: Path) -> None:
    path = Home(tmp_path).original("ab" * 32, "../../etc/Evil.PDF")
    assert path == tmp_path / "originals" / "ab" / ("ab" * 32) / "Evil.PDF"


def test_a_stored_original_is_found_whatever_the_document_is_called_now(tmp_path: Path) -> None:
    home, sha256 = Home(tmp_path), "cd" * 32
    assert home.original(sha256, "a.txt").name == "a.txt"
    folder = home.originals / sha256[:2] / sha256
    folder.mkdir(parents=True)
    (folder / ".part").write_text("x")
    (folder / "a.txt").write_text("x")
    assert home.original(sha256, "renamed.txt").name == "a.txt"
    (folder / "a.md").write_text("x")
    assert home.original(sha256, "renamed.TXT").name == "a.txt"
    assert home.original(sha256, "renamed.md").name == "a.md"
    assert home.original(sha256, "a.md").name == "a.md"
