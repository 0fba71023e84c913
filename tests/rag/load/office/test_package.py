from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.office.package import check_package, read_member


def packed(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_media_are_not_counted(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.docx", **{"word/document.xml": b"<x/>", "media/film.mp4": bytes(40 << 20)})
    check_package(path, IngestSettings(memory_mb=256))


def test_xml_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.docx", **{"word/document.XML": bytes(33 << 20)})
    with pytest.raises(DataError, match="unpacks to 33 MiB of XML, more than 32 MiB"):
        check_package(path, IngestSettings(memory_mb=256))
    check_package(path, IngestSettings(memory_mb=1024))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.docx", x=b"text")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match="damaged zip archive"):
        check_package(path, IngestSettings())


def test_a_member_is_read_no_further_than_allowed(tmp_path: Path) -> None:
    with zipfile.ZipFile(packed(tmp_path / "a.zip", x=b"12345")) as archive:
        assert read_member(archive, "x", 5) == b"12345"
        with pytest.raises(ValueError, match="x is longer than"):
            read_member(archive, "x", 4)
        with pytest.raises(KeyError):
            read_member(archive, "y", 4)
