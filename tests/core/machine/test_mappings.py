"""Mapped files are let go and read again."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from core.machine.mappings import let_go

SIZE = 32 << 20

pytestmark = pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="the system lists no mappings")


def resident(path: Path) -> int:
    """KiB of a mapped file in memory."""
    inside, total = False, 0
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if line.split(maxsplit=1)[0].count("-") == 1 and not line.split(maxsplit=1)[0].endswith(":"):
            inside = line.endswith(str(path))
        elif inside and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def mapped(path: Path, access: int) -> mmap.mmap:
    with path.open("r+b") as handle:
        return mmap.mmap(handle.fileno(), 0, access=access)


@pytest.mark.parametrize("name", ["weights.bin", "with a blank.bin"])
def test_pages_that_are_let_go_are_read_again(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"k" * SIZE)
    with mapped(path, mmap.ACCESS_READ) as view:
        assert view[:] == b"k" * SIZE
        before = resident(path)
        assert let_go(path.__eq__) == SIZE
        assert resident(path) < before / 4
        assert view[:] == b"k" * SIZE


def test_what_somebody_may_write_to_stays(tmp_path: Path) -> None:
    path = tmp_path / "notes.bin"
    path.write_bytes(b"k" * SIZE)
    with mapped(path, mmap.ACCESS_COPY) as view:
        view[5] = ord("b")
        assert let_go(path.__eq__) == 0
        assert view[5] == ord("b")


def test_files_that_are_not_meant_stay(tmp_path: Path) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(b"k" * SIZE)
    with mapped(path, mmap.ACCESS_READ):
        assert let_go(lambda each: each.suffix == ".nothing") == 0
