"""The worker: limits that bite, pages that are lost alone, files that are refused."""

from __future__ import annotations

import importlib.util
import os
import signal
import time
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from core.errors import DataError, MissingExtra
from core.settings import IngestSettings
from core.types import Page
from rag.load.process import supervise
from rag.load.process.parse import parse_file
from tests.support.pdfs import drawn, endless, heavy, line, locked, picture_of, raw_pdf

LIMITS = IngestSettings()


def pages_of(path: Path, limits: IngestSettings = LIMITS, **options: object) -> list[Page]:
    return list(parse_file(path, limits, **options).pages)  # type: ignore[arg-type]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    return drawn(tmp_path / "three_pages.pdf", *(line(f"text of page {number}") for number in (1, 2, 3)))


def test_pages_come_in_order_with_their_facts(three: Path) -> None:
    parsed = parse_file(three, LIMITS)
    assert (parsed.info.kind, parsed.info.unit, parsed.info.n_pages) == ("pdf", "page", 3)
    assert parsed.info.title == "three pages"
    pages = list(parsed.pages)
    assert [(page.index, page.text, page.quality) for page in pages] == [
        (index, f"text of page {index + 1}", "good") for index in range(3)
    ]
    assert pages[0].parser.startswith("pypdfium2")


def test_the_same_file_gives_the_same_pages(three: Path) -> None:
    assert pages_of(three) == pages_of(three)


def test_reading_can_begin_later(three: Path) -> None:
    assert [page.index for page in pages_of(three, first_page=2)] == [2]
    assert pages_of(three, first_page=3) == []


def test_one_worker_serves_many_files(three: Path) -> None:
    pages_of(three)
    before = {worker.pid for worker in supervise.idle()}
    for _ in range(3):
        pages_of(three)
    assert before and {worker.pid for worker in supervise.idle()} == before


def test_leaving_early_ends_the_worker(three: Path) -> None:
    parsed = parse_file(three, LIMITS)
    next(parsed.pages)
    parsed.pages.close()
    assert list(parsed.pages) == []


def test_a_worker_that_died_idle_is_not_blamed_on_the_next_file(three: Path) -> None:
    pages_of(three)
    for worker in supervise.idle():
        os.kill(worker.pid, signal.SIGKILL)
    time.sleep(0.1)
    assert len(pages_of(three)) == 3


def test_a_worker_killed_amid_a_file_costs_no_page(three: Path) -> None:
    before = {worker.pid for worker in supervise.idle()}
    parsed = parse_file(three, LIMITS)
    busy = before - {worker.pid for worker in supervise.idle()}
    first = next(parsed.pages)
    for pid in busy:
        os.kill(pid, signal.SIGKILL)
    rest = list(parsed.pages)
    assert [first.text, *(page.text.strip() for page in rest)] == [f"text of page {number}" for number in (1, 2, 3)]


def test_a_page_that_takes_for_ever_is_lost_alone(tmp_path: Path) -> None:
    pages = pages_of(endless(tmp_path / "e.pdf"), IngestSettings(page_timeout_s=1.5))
    assert [page.quality for page in pages] == ["good", "failed", "good"]
    assert pages[1].reason == "took longer than 1.5 s"
    assert pages[2].text == "third page"


def test_a_page_that_fills_the_memory_is_lost_alone(tmp_path: Path) -> None:
    limits = IngestSettings(memory_mb=256, page_timeout_s=60)
    pages = pages_of(heavy(tmp_path / "h.pdf", 60_000_000), limits)
    assert [page.quality for page in pages] == ["good", "failed", "good"]
    assert "256 MiB" in pages[1].reason


def test_a_file_that_takes_too_long_keeps_the_pages_it_had(tmp_path: Path) -> None:
    pages = pages_of(endless(tmp_path / "e.pdf"), IngestSettings(page_timeout_s=60, file_timeout_s=2.5))
    assert [page.quality for page in pages] == ["good", "failed", "failed"]
    assert pages[2].reason == "the file took longer than 2.5 s"


def test_long_pages_are_cut_and_say_so(tmp_path: Path) -> None:
    def page(canvas: Canvas) -> None:
        for row in range(50):
            line("many words on this line of the page", y=790 - 15 * row)(canvas)

    got = pages_of(drawn(tmp_path / "l.pdf", page), IngestSettings(max_page_chars=1000))[0]
    assert len(got.text) <= 1000
    assert (got.quality, got.reason) == ("poor", "only the first 1,000 characters are kept")


def test_too_many_pages_are_refused_with_the_setting(three: Path) -> None:
    with pytest.raises(DataError, match="3 pages, more than") as caught:
        parse_file(three, IngestSettings(max_pages=2))
    assert caught.value.hint == f"kb ingest --set ingest.max_pages=3 {three}"


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.pdf"
    with path.open("wb") as handle:
        handle.truncate(3 << 20)
    with pytest.raises(DataError, match="larger"):
        parse_file(path, IngestSettings(max_file_mb=2))


@pytest.mark.parametrize("what", ["absent", "folder", "pipe", "text"])
def test_what_is_no_document_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.pdf"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "text":
        path.write_text("not a PDF at all")
    with pytest.raises(DataError) as caught:
        parse_file(path, LIMITS)
    assert caught.value.path == str(path)


def test_a_locked_file_says_how_to_open_it(tmp_path: Path, three: Path) -> None:
    path = locked(three, tmp_path / "locked.pdf", "sesame")
    with pytest.raises(DataError, match="is locked; pass --password") as caught:
        parse_file(path, LIMITS)
    assert caught.value.hint == f"kb ingest --password PASSWORD {path}"
    with pytest.raises(DataError, match="does not open it"):
        parse_file(path, LIMITS, password="wrong")
    assert pages_of(path, password="sesame")[0].text == "text of page 1"


def test_an_empty_user_password_needs_none(tmp_path: Path, three: Path) -> None:
    assert len(pages_of(locked(three, tmp_path / "l.pdf", ""))) == 3


def test_pypdf_reads_what_pdfium_does_not_open(tmp_path: Path) -> None:
    # PDFium takes no catalogue that is object 0; pypdf does.
    path = raw_pdf(tmp_path / "b.pdf", [b"BT /F 12 Tf 72 700 Td (seen) Tj 3 Tr 0 -20 Td (unseen) Tj ET"])
    body = path.read_bytes().replace(b"\n1 0 obj", b"\n0 0 obj").replace(b"/Root 1 0 R", b"/Root 0 0 R")
    path.write_bytes(body.replace(b"0 1\n0000000000 65535 f \n1 1\n", b"0 1\n"))
    parsed = parse_file(path, LIMITS)
    pages = list(parsed.pages)
    assert [page.text.strip() for page in pages] == ["seen"]
    assert parsed.info.parser.startswith("pypdf ")
    assert dict(pages[0].hidden) == {"render_mode": 6}


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    if importlib.util.find_spec("unstructured"):
        pytest.skip("the loader of .odt is installed")
    path = tmp_path / "a.msg"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(MissingExtra) as caught:
        parse_file(path, LIMITS)
    assert "[community]" in caught.value.hint
    assert path.name not in caught.value.message  # the line that shows it names the file


def test_scans_are_read_where_ocr_is_and_the_extra_is_named_where_not(tmp_path: Path) -> None:
    def notices(canvas: Canvas) -> None:
        for row in range(20):
            line(f"Harbour notice {1000 + row} about the quay and the ferry", y=700 - 20 * row)(canvas)

    picture = picture_of(drawn(tmp_path / "src.pdf", notices))
    path = drawn(tmp_path / "s.pdf", lambda canvas: canvas.drawImage(picture, 0, 0, 600, 800))
    if importlib.util.find_spec("rapidocr"):
        page = pages_of(path, IngestSettings(memory_mb=4096, page_timeout_s=120), ocr=True)[0]
        assert "Harbour notice 1007 about the quay" in page.text
        assert (page.quality, page.reason) == ("poor", "read by OCR")
    else:
        with pytest.raises(MissingExtra) as caught:
            parse_file(path, LIMITS, ocr=True)
        assert "[ocr]" in caught.value.hint


def test_secrets_of_the_environment_stay_with_the_parent(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    worker = supervise.Worker(LIMITS.memory_mb)
    try:
        environment = Path(f"/proc/{worker.pid}/environ")
        if not environment.exists():
            pytest.skip("needs /proc")
        assert b"OPENAI_API_KEY" not in environment.read_bytes()
    finally:
        worker.kill()
