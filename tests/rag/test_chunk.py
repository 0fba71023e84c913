from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from core.types import Page
from rag.ingest.chunk import Chunker
from rag.store.base import indexed_text

TEXTS = st.text(alphabet=st.sampled_from(list("ab .\n\té世𝒳-,")), max_size=600)


def three_bytes_a_token(texts: Sequence[str]) -> list[int]:
    return [len(text.encode()) // 3 + 1 for text in texts]


def chunker(kind: str, chars: int, overlap: int, tokens: int) -> Chunker:
    return Chunker(
        splitter=kind,  # type: ignore[arg-type]
        chunk_chars=chars,
        overlap_chars=overlap,
        max_tokens=tokens,
        count_tokens=three_bytes_a_token,
    )


@given(TEXTS, st.sampled_from(["recursive", "plain"]), st.integers(5, 80), st.integers(0, 60), st.integers(6, 40))
def test_chunks_are_spans_that_fit_and_leave_nothing_out(
    text: str, kind: str, chars: int, overlap: int, tokens: int
) -> None:
    page = Page(index=3, text=text)
    chunks = chunker(kind, chars, overlap, tokens).split("x", page, "a head")
    covered: set[int] = set()
    for chunk in chunks:
        assert text[chunk.start : chunk.end] == chunk.text
        assert chunk.page == 3
        assert three_bytes_a_token([indexed_text(chunk)])[0] <= tokens
        covered.update(range(chunk.start, chunk.end))
    assert [i for i, char in enumerate(text) if not char.isspace() and i not in covered] == []


@given(TEXTS)
def test_chunks_come_in_reading_order(text: str) -> None:
    chunks = chunker("recursive", 40, 10, 30).split("x", Page(index=0, text=text), "")
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)


def test_a_repeated_line_is_found_where_it_stands() -> None:
    text = "\n".join(["the same line of words"] * 40)
    chunks = chunker("recursive", 60, 0, 100).split("x", Page(index=0, text=text), "")
    assert len({(chunk.start, chunk.end) for chunk in chunks}) == len(chunks) >= 15


def test_a_long_header_leaves_room_for_text() -> None:
    page = Page(index=0, text="words and more words " * 20)
    chunks = chunker("recursive", 200, 0, 30).split("x", page, "header " * 100)
    assert chunks
    assert all(three_bytes_a_token([chunk.header])[0] <= 10 for chunk in chunks)
