"""The page every reader returns: its limit, its grade, and the reason in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.blocks import Block
from core.clean import clean
from core.settings import IngestSettings
from rag.load.page import NO_TEXT_LAYER, failed_page, make_page

LIMITS = IngestSettings(max_page_chars=1000)  # type: ignore[call-arg]


def paragraph(start: int, end: int) -> Block:
    return Block(kind="paragraph", start=start, end=end)


def test_a_good_page_has_no_reason() -> None:
    page = make_page(3, clean("The rent rose."), parser="p 1", limits=LIMITS, label="Rents", blocks=[paragraph(0, 14)])
    assert (page.index, page.text, page.quality, page.reason, page.label, page.parser) == (
        3,
        "The rent rose.",
        "good",
        "",
        "Rents",
        "p 1",
    )
    assert page.blocks == (paragraph(0, 14),)


def test_a_page_at_the_limit_is_whole_and_one_above_it_is_cut() -> None:
    text = "word " * 199 + "words"
    assert len(text) == 1000
    whole = make_page(0, clean(text), parser="p", limits=LIMITS)
    assert (whole.text, whole.quality, whole.reason) == (text, "good", "")
    cut = make_page(0, clean(text + "s"), parser="p", limits=LIMITS)
    assert cut.text == text
    assert (cut.quality, cut.reason) == ("poor", "only the first 1,000 characters are kept")


def test_blocks_beyond_the_limit_are_left_out_and_so_is_one_across_it() -> None:
    text = "word " * 300
    blocks = [paragraph(0, 990), paragraph(991, 1000), paragraph(999, 1001), paragraph(1002, 1400)]
    page = make_page(0, clean(text), parser="p", limits=LIMITS, blocks=blocks)
    assert page.blocks == (paragraph(0, 990), paragraph(991, 1000))


def test_what_a_reader_left_out_itself_is_said() -> None:
    page = make_page(0, clean("short"), parser="p", limits=LIMITS, cut=True, note="read by OCR")
    assert (page.quality, page.reason) == ("poor", "read by OCR; only the first 1,000 characters are kept")


def test_a_note_makes_a_good_text_poor_and_stands_before_what_the_text_shows() -> None:
    assert make_page(0, clean("fine"), parser="p", limits=LIMITS, note="a scan").reason == "a scan"
    page = make_page(0, clean("\ue000" * 30), parser="p", limits=LIMITS, note="a scan")
    assert page.reason == "a scan; characters without a meaning in Unicode"


def test_no_text_and_hidden_text_are_different() -> None:
    blank = make_page(0, clean(" \n\n "), parser="p", limits=LIMITS)
    assert (blank.quality, blank.text, blank.reason) == ("empty", "", NO_TEXT_LAYER)
    named = make_page(0, clean(""), parser="p", limits=LIMITS, blank="an empty sheet", note="unused")
    assert named.reason == "an empty sheet"
    hidden = make_page(0, clean("secret", [(0, 6, "tiny")]), parser="p", limits=LIMITS, blocks=[paragraph(0, 0)])
    assert (hidden.quality, hidden.text, hidden.reason) == ("empty", "", "all text is hidden")
    assert dict(hidden.hidden) == {"tiny": 6}
    assert "secret" in hidden.hidden_text
    assert hidden.blocks == ()


def test_a_failed_page_holds_its_place() -> None:
    page = failed_page(4, "pypdf: KeyError", "pypdf 6")
    assert (page.index, page.text, page.quality, page.reason, page.parser) == (
        4,
        "",
        "failed",
        "pypdf: KeyError",
        "pypdf 6",
    )


@given(st.text(max_size=1500), st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 200)), max_size=5))
def test_no_block_reaches_out_of_the_text(raw: str, spans: list[tuple[int, int]]) -> None:
    cleaned = clean(raw)
    blocks = [paragraph(min(start, len(cleaned.text)), min(start + n, len(cleaned.text))) for start, n in spans]
    page = make_page(0, cleaned, parser="p", limits=LIMITS, blocks=blocks)
    assert len(page.text) <= 1000
    assert all(block.end <= len(page.text) for block in page.blocks)
    assert (page.quality == "good") == (page.reason == "")
    assert cleaned.text.startswith(page.text)
