from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from core.blocks import Block, BlockKind, Cell
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


def blocks_page(*parts: tuple[BlockKind, str]) -> Page:
    text, blocks = "", []
    for kind, part in parts:
        text += "\n\n" if text else ""
        start = len(text)
        if kind == "table":
            rows = []
            for row in part.split("\n"):
                cells = []
                for cell in row.split("|"):
                    cells.append(Cell(start=len(text), end=len(text) + len(cell)))
                    text += cell + " "
                text = text[:-1] + "\n"
                rows.append(tuple(cells))
            text = text[:-1]
            blocks.append(Block(kind=kind, start=start, end=len(text), rows=tuple(rows), head_rows=1))
            continue
        text += part
        blocks.append(Block(kind=kind, start=start, end=len(text)))
    return Page(index=3, text=text, blocks=tuple(blocks))


LONG = "words of a long paragraph that goes on and on. " * 12
TABLE = "Station|Wind\n" + "\n".join(f"Station {n:03d}|{n * 7}" for n in range(60))


def test_running_headers_are_in_no_chunk_and_headings_travel_with_their_text() -> None:
    page = blocks_page(
        ("header", "ACME report"),
        ("paragraph", "short text. " * 9),
        ("heading", "Scope"),
        ("paragraph", LONG),
        ("footer", "7"),
    )
    chunks = chunker("recursive", 200, 20, 200).split("x", page, "doc")
    assert not any("ACME" in chunk.text or chunk.text == "7" for chunk in chunks)
    [under] = [chunk for chunk in chunks if "Scope" in chunk.text]
    assert under.text.startswith("Scope\n\nwords of")


def test_rows_are_whole_and_later_chunks_repeat_the_heads() -> None:
    page = blocks_page(("paragraph", "Wind by station."), ("table", TABLE), ("paragraph", "The end."))
    rows = {page.text[row[0].start : row[-1].end] for row in page.blocks[1].rows}
    chunks = chunker("recursive", 200, 20, 60).split("x", page, "doc")
    assert all(page.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    lines = [line for chunk in chunks for line in chunk.text.split("\n") if line.startswith("Station")]
    assert set(lines) == rows
    assert all(("Station | Wind" in chunk.header) == ("Station Wind" not in chunk.text) for chunk in chunks[1:-1])
    assert all(three_bytes_a_token([indexed_text(chunk)])[0] <= 60 for chunk in chunks)


def test_what_goes_on_from_the_page_before_has_the_words_before_in_its_header() -> None:
    before = Page(index=2, text="It is so. The language of the", blocks=(Block(kind="paragraph", start=0, end=29),))
    page = Page(index=3, text="court is French.", blocks=(Block(kind="paragraph", start=0, end=16, continues=True),))
    [chunk] = chunker("recursive", 200, 20, 60).split("x", page, "doc", before)
    assert chunk.header == "doc | … The language of the"


def test_the_words_before_go_with_what_goes_on_whatever_stands_above_it() -> None:
    before = Page(index=2, text="It is so. The language of the", blocks=(Block(kind="paragraph", start=0, end=29),))
    note, rest = "A lone line of the margin.", "court is French."
    blocks = (
        Block(kind="paragraph", start=0, end=len(note)),
        Block(kind="paragraph", start=len(note) + 1, end=len(note) + 1 + len(rest), continues=True),
    )
    page = Page(index=3, text=f"{note}\n{rest}", blocks=blocks)
    first, second = chunker("recursive", 30, 0, 60).split("x", page, "doc", before)
    assert (first.header, second.header) == ("doc", "doc | … The language of the")


@given(
    st.lists(
        st.tuples(st.sampled_from(["paragraph", "heading", "table"]), st.text("ab .,", min_size=1, max_size=90)),
        max_size=8,
    )
)
def test_chunks_of_blocks_cover_them(parts: list[tuple[BlockKind, str]]) -> None:
    page = blocks_page(*[(kind, text.replace("|", "") or "x") for kind, text in parts])
    chunks = chunker("recursive", 60, 10, 40).split("x", page, "")
    covered = {at for chunk in chunks for at in range(chunk.start, chunk.end)}
    assert [at for at, sign in enumerate(page.text) if not sign.isspace() and at not in covered] == []
    assert all(page.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
