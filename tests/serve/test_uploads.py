"""A name that a stranger gives is never more than a name, and content decides what a file is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import DataError
from serve.documents.uploads import is_collection_name, is_web_address, receive, safe_name


@given(st.text(max_size=400))
@example("../../etc/passwd")
@example("..\\..\\boot.ini")
@example("/etc/shadow")
@example("a\x00b.pdf")
@example(".")
@example("..")
@example("con.pdf")
@example("\ud800.pdf")
@example("x" * 500 + ".pdf")
@example("\u202efdp.exe")
def test_a_name_is_one_component(given_name: str) -> None:
    name = safe_name(given_name)
    assert name and name not in {".", ".."}
    assert PurePosixPath(name).name == name
    assert PureWindowsPath(name).name == name
    assert len(name.encode()) <= 170
    assert name.isprintable()
    assert not name.startswith((".", " "))
    assert (Path("/srv/box") / name).resolve().parent == Path("/srv/box")


@pytest.mark.parametrize("suffix", [".pdf", ".docx", ".md", ".html", ".txt"])
def test_a_name_keeps_its_suffix(suffix: str) -> None:
    assert safe_name("x" * 600 + suffix).endswith(suffix)
    assert safe_name(f"über/Größe {suffix}").endswith(suffix)


async def _blocks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_content_decides(tmp_path: Path) -> None:
    got = await receive(_blocks(b"%PDF-1.7\n", b"..."), "../a.pdf", tmp_path / "0")
    assert got.path == tmp_path / "0" / "a.pdf"
    assert got.size_bytes == 12
    for name, content in (("b.pdf", b"MZ not a pdf"), ("c.txt", b"\x7fELF..."), ("d.md", b""), ("e", b"\x89PNG...")):
        with pytest.raises(DataError):
            await receive(_blocks(content), name, tmp_path / name)


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("https://example.org/a.pdf", True),
        ("HTTP://x", True),
        ("ftp://x/y", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("", False),
        ("https://x/" + "y" * 2000, False),
    ],
)
def test_only_web_addresses_are_fetched(address: str, known: bool) -> None:
    assert is_web_address(address) is known


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("default", True),
        ("a.b_c-1", True),
        ("", False),
        ("-a", False),
        ("a b", False),
        ("../a", False),
        ("ä", False),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a\n", False),
    ],
)
def test_names_of_collections(name: str, valid: bool) -> None:
    assert is_collection_name(name) is valid
