"""Files made to break readers: each is read, lost page by page, or refused, within the limits and with a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import IngestSettings
from core.types import Page
from rag.load.process import supervise
from rag.load.process.parse import parse_file
from tests.support import hostile_pdfs as hostile
from tests.support.pdfs import raw_pdf

LIMITS = IngestSettings(memory_mb=384, page_timeout_s=6, file_timeout_s=60, max_page_chars=50_000)
# Libraries are shared and not counted by the limit.
_LIBRARIES_MB = 160
MADE = [*((".pdf", build) for build in hostile.PDFS), *hostile.SECTIONED]
# What these hide behind their trick is found all the same.
SEEN = {
    "circular_page_tree",
    "huge_media_box",
    "endless_media_box",
    "many_streams",
    "garbage_images",
    "form_that_draws_itself",
    "forms_that_draw_each_other",
    "object_stream_in_itself",
    "lying_length",
    "huge_size",
    "huge_xref_section",
    "xref_loop",
    "claimed_pages",
    "strange_metadata",
    "word_outside",
    "word_nested_tables",
    "html_hidden",
    "html_styles",
    "html_entities",
    "html_nuls",
    "markdown_links",
    "one_line",
}
REFUSED = {
    "unknown_handler": "only Standard PDF encryption handler",
    "empty_pages": "more than ingest.max_pages allows",
    "cut_off": "is cut off: its end is missing",
    "word_bomb": "unpacks to 400 MiB of XML, more than 48 MiB",
    "word_laughs": "is a damaged Word document",
    "word_deep": "is a damaged Word document",
    "html_deep": "cannot be read whole as HTML",
    "markdown_deep": "nests quotes or lists too deep",
}


@pytest.fixture(autouse=True)
def fresh_workers() -> Iterator[None]:
    yield
    for worker in supervise.idle():
        worker.kill()


def peak_mb() -> float:
    """Return the largest resident size that any living worker ever had, in MiB; 0 where the system does not tell."""
    sizes = [0.0]
    for worker in supervise.idle():
        status = Path(f"/proc/{worker.pid}/status")
        if status.exists():
            sizes += [
                int(row.split()[1]) / 1024
                for row in status.read_text(encoding="utf-8").splitlines()
                if row.startswith("VmHWM")
            ]
    return max(sizes)


def read(path: Path, limits: IngestSettings = LIMITS) -> tuple[list[Page], str]:
    """Return a file's pages, or why it was refused."""
    try:
        parsed = parse_file(path, limits)
    except DataError as error:
        return [], error.message
    pages = list(parsed.pages)
    assert [page.index for page in pages] == list(range(parsed.info.n_pages))
    parsed.info.title.encode()
    return pages, ""


@pytest.mark.parametrize(("suffix", "build"), MADE, ids=[build.__name__ for _, build in MADE])
def test_a_hostile_file_is_read_or_refused_within_the_limits(
    tmp_path: Path, suffix: str, build: Callable[[Path], Path]
) -> None:
    pages, refusal = read(build(tmp_path / f"{build.__name__}{suffix}"))
    assert bool(pages) != bool(refusal)
    for page in pages:
        assert page.reason or page.quality == "good"
        assert len(page.text) <= LIMITS.max_page_chars
        assert len(page.label) <= 1000
        page.text.encode()  # no half of a surrogate pair
        assert not set(page.text) & set("\x00\x1b\u202e\ufeff")
    assert peak_mb() <= LIMITS.memory_mb + _LIBRARIES_MB
    if build.__name__ in SEEN:
        assert any("seen" in page.text for page in pages), refusal
    if build.__name__ in REFUSED:
        assert REFUSED[build.__name__] in refusal
    assert "root:" not in "".join(page.text for page in pages)  # no external entity is followed


def test_after_a_hostile_file_the_next_is_read(tmp_path: Path) -> None:
    good = raw_pdf(tmp_path / "good.pdf", [b"BT /F 12 Tf 72 700 Td (all is well) Tj ET"])
    for build in (hostile.word_bomb, hostile.deep_arrays):
        read(build(tmp_path / f"{build.__name__}{'.docx' if 'word' in build.__name__ else '.pdf'}"))
        assert read(good)[0][0].text == "all is well"


def test_a_page_of_too_many_characters_is_cut(tmp_path: Path) -> None:
    limits = IngestSettings(max_page_chars=50_000, page_timeout_s=120)
    pages, _ = read(hostile.long_page(tmp_path / "long.pdf", 400_000), limits)
    assert len(pages[0].text) <= 50_000
    assert "only the first 50,000 characters are kept" in pages[0].reason


def test_text_deep_in_lists_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "lists.md"
    path.write_text("".join("  " * depth + f"- item {depth}\n" for depth in range(40)))
    text = "\n".join(page.text for page in read(path)[0])
    assert all(f"item {depth}\n" in text + "\n" for depth in range(40))


def test_text_deep_in_elements_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<html><body>" + "<div>" * 600 + "<p>deep</p>" + "</div>" * 600 + "<p>behind</p></body></html>")
    text = "\n".join(page.text for page in read(path)[0])
    assert "deep" in text
    assert "behind" in text
