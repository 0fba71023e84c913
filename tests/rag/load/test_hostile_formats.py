"""Files of formats without pages that were made to fill or stall a parser: refused with a reason, within the limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.process.parse import parse_file

SMALL = IngestSettings(memory_mb=256, page_timeout_s=60)
SHORT = IngestSettings(memory_mb=256, page_timeout_s=2)


def million_rows(path: Path) -> None:
    """A workbook whose one sheet holds more rows than fit into the parser's memory."""
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    row = b"<row><c><v>1</v></c><c><v>2</v></c></row>"
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(b"<sheetData></sheetData>", b"<sheetData>" + row * 400_000 + b"</sheetData>")
                assert len(data) > 1 << 20
            target.writestr(name, data)


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ppt/presentation.xml", b" " * (40 << 20))


def many_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        for number in range(20_001):
            archive.writestr(f"x{number}", "")


def deep_mail(path: Path) -> None:
    inner = b"Subject: x\n\nwords"
    for _ in range(3000):
        inner = b"Content-Type: message/rfc822\n\n" + inner
    path.write_bytes(b"Subject: deep\n" + inner)


def slow_selectors(path: Path) -> None:
    sheet = "".join(f".a{n} ~ * ~ * ~ * ~ .z{n} {{ display: none }}" for n in range(300))
    body = "".join(f"<p class='z{n % 300}'>x</p>" for n in range(4000))
    path.write_text(f"<html><style>{sheet}</style><body>{body}</body></html>", encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("rows.xlsx", million_rows, r"memory|longer than|MiB of XML|more than 1,000,000 cells"),
        ("bomb.pptx", zip_bomb, "unpacks to 40 MiB of XML, more than 32 MiB"),
        ("many.xlsx", many_members, "holds 20,002 files, more than 20,000"),
        ("deep.eml", deep_mail, "damaged message: RecursionError|longer than"),
        ("slow.html", slow_selectors, "longer than 2 s"),
    ],
)
def test_refused_with_a_reason(tmp_path: Path, name: str, make: Callable[[Path], None], reason: str) -> None:
    make(tmp_path / name)
    with pytest.raises(DataError, match=reason):
        parse_file(tmp_path / name, SHORT if "longer than 2 s" in reason else SMALL)
