"""Kinds are told by content; the name breaks ties and is held to its promise."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.errors import DataError
from rag.load.sniff import kind_of
from rag.load.text.encoding import decode_file


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", b"%PDF-1.4\n", "pdf"),
        ("a.txt", b"junk before\n%PDF-1.4\n", "pdf"),
        ("a.md", b"# Title", "markdown"),
        ("a", b"<!DOCTYPE html><html>", "html"),
        ("a.html", b"plain words", "html"),
        ("a.txt", b"<html><body>x</body></html>", "text"),
        ("a.txt", b"\xff\xfeh\x00i\x00", "text"),
        ("a", b"words", "text"),
        ("a.rst", b"Title\n=====", "text"),
    ],
)
def test_kinds(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    assert kind_of(written(tmp_path / name, content)) == kind


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"just words", "not a PDF"),
        ("a.docx", b"just words", "not a Word document"),
        ("a.md", b"", "empty"),
        ("a.bin", b"\0" * 99, "zero bytes"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "image"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old"),
        ("a.txt", b"ab\0\x01\x02cd", "neither text"),
        ("a.docx", b"PK\x03\x04 but broken", "damaged"),
    ],
)
def test_refusals_say_why(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        kind_of(written(tmp_path / name, content))


def test_a_zip_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    for name, member in (("w.bin", "word/document.xml"), ("z.zip", "letter.txt")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "x")
    assert kind_of(tmp_path / "w.bin") == "docx"
    with pytest.raises(DataError, match="unpack"):
        kind_of(tmp_path / "z.zip")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Les élèves déjà allés au café, naïvement."
    assert decode_file(written(tmp_path / "a.txt", text.encode(encoding))) == (text, "")
