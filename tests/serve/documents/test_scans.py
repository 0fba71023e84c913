"""A scan is added without its text, says so without a command, and is read by OCR in a job of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from core.files import Home
from core.settings import Settings
from core.types import Document
from serve.documents.scans import read_scans
from serve.errors import NotFound
from tests.serve.conftest import Running, running, settled
from tests.support.commands import COMMAND
from tests.support.pdfs import drawn

pytestmark = pytest.mark.weights


def _noon(canvas: Canvas) -> None:
    """A sheet of a few words, quick to recognise."""
    canvas.setPageSize((200, 200))
    canvas.setFont("Helvetica", 14)
    canvas.drawString(20, 150, "The boat leaves")
    canvas.drawString(20, 130, "at noon.")


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A PDF whose page is a picture."""
    document = pypdfium2.PdfDocument(drawn(tmp_path / "text.pdf", _noon))
    picture = ImageReader(document[0].render(scale=200 / 72).to_pil())
    document.close()

    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((200, 200))
        canvas.drawImage(picture, 0, 0, 200, 200)

    return drawn(tmp_path / "scan.pdf", draw)


@pytest.fixture
def served(made_home: Home, settings: Settings) -> Iterator[Running]:
    with running(settings, made_home, ("api",)) as server:
        yield server


@pytest.mark.skipif(importlib.util.find_spec("rapidocr") is None, reason="needs kb[ocr]")
def test_a_scan_is_read_by_ocr_where_it_stands(served: Running, scan: Path) -> None:
    with served.client() as client:
        job = client.post("/v1/documents", files={"file": ("scan.pdf", scan.read_bytes())}).json()
        (file,) = settled(served, job["id"])["files"]
        assert (file["status"], file["scanned"]) == ("no text", True)
        assert file["reason"] == "no text layer on page 1" and not COMMAND.search(file["reason"])
        (document,) = client.get("/v1/documents").json()["documents"]
        assert document["status"] == "no text"
        kept = Document(**{key: document[key] for key in _FIELDS}, collection="default", n_pages=1)
        again = read_scans(served.service, kept, "me").to_json()
        assert again["ocr"] and not job["ocr"]
        (file,) = settled(served, again["id"])["files"]
        assert file["status"] == "indexed" and "scanned" not in file, file
        (document,) = client.get("/v1/documents").json()["documents"]
        assert (document["status"], document["source"]) == ("indexed", kept.source)
        text = client.get(f"/v1/documents/{kept.sha256}/pages/0").json()["text"]
        assert "noon" in text
        (file,) = settled(served, read_scans(served.service, kept, "me").id)["files"]
        assert file["status"] == "unchanged"  # nothing is left to read


_FIELDS = ("sha256", "doc", "source", "title", "unit", "metadata", "status", "size_bytes", "ingested_at")


def test_a_document_whose_file_is_gone_cannot_be_read_again(served: Running) -> None:
    gone = Document(
        sha256="0" * 64,
        doc="scan.pdf",
        collection="default",
        source="upload:0/scan.pdf",
        title="",
        unit="page",
        metadata={},
        n_pages=1,
        status="no text",
        size_bytes=1,
        ingested_at="",
    )
    with pytest.raises(NotFound) as caught:
        read_scans(served.service, gone, "me")
    assert "add it again under Documents" in caught.value.click
    assert served.service.jobs.listed() == []
