"""Running headers and footers, and what goes on over a page border."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.blocks import Block, BlockKind, Cell
from core.types import Page
from rag.load.linking import LOOK, linked, open_end

Part = tuple[BlockKind, str]


def page(index: int, *parts: Part, label: str = "") -> Page:
    text, blocks = "", []
    for kind, part in parts:
        text += "\n" if text else ""
        level = 2 if kind == "heading" else 0
        blocks.append(Block(kind=kind, start=len(text), end=len(text) + len(part), level=level))
        text += part
    return Page(index=index, text=text, blocks=tuple(blocks), label=label)


def table(index: int, rows: Sequence[Sequence[str]], head_rows: int) -> Page:
    text, out = "", []
    for row in rows:
        cells = []
        for part in row:
            cells.append(Cell(start=len(text), end=len(text) + len(part)))
            text += part + " "
        out.append(tuple(cells))
    block = Block(kind="table", start=0, end=len(text), rows=tuple(out), head_rows=head_rows)
    return Page(index=index, text=text, blocks=(block,))


def kinds(pages: Sequence[Page]) -> list[list[str]]:
    return [[block.kind for block in got.blocks] for got in linked(pages)]


def test_what_repeats_at_the_edges_is_a_header_and_a_footer() -> None:
    pages = [
        page(
            n, ("paragraph", "ACME annual report"), ("paragraph", f"Story number {n * n}."), ("paragraph", f"A-{n + 7}")
        )
        for n in range(6)
    ]
    assert kinds(pages) == [["header", "paragraph", "footer"]] * 6


def test_odd_and_even_pages_may_have_headers_of_their_own() -> None:
    pages = [
        page(
            n, ("paragraph", "The left title" if n % 2 else "The right title"), ("paragraph", f"{'ab' * n} and so on.")
        )
        for n in range(8)
    ]
    assert all(got[0] == "header" for got in kinds(pages))


def test_chapters_and_first_lines_of_pages_stay() -> None:
    chapters = [page(n, ("heading", f"Chapter {n + 1}"), ("paragraph", "x" * (n + 1) + ".")) for n in range(5)]
    assert all(got[0] == "heading" for got in kinds(chapters))
    letters = [
        page(n, ("paragraph", f"Dear reader number {'abcde'[n]},"), ("paragraph", "y" * n + "z.")) for n in range(5)
    ]
    assert all(got[0] == "paragraph" for got in kinds(letters))


def test_a_page_that_is_all_header_keeps_its_text() -> None:
    pages = [page(n, ("paragraph", "This page is left blank.")) for n in range(4)]
    assert kinds(pages) == [["paragraph"]] * 4


def test_a_lone_page_number_is_a_footer() -> None:
    assert kinds([page(2, ("paragraph", "Only text."), ("paragraph", "- 3 -"))]) == [["paragraph", "footer"]]
    assert kinds([page(2, ("paragraph", "Only text."), ("paragraph", "- 8 -"))]) == [["paragraph", "paragraph"]]


def test_a_sentence_over_a_page_border_is_joined_past_a_lone_header() -> None:
    first, second = linked(
        [
            page(0, ("paragraph", "Swiss law governs."), ("paragraph", "The seat is Geneva and the language of the")),
            page(1, ("paragraph", "ACME contract"), ("paragraph", "proceedings shall be French.")),
        ]
    )
    assert [block.kind for block in second.blocks] == ["header", "paragraph"]
    assert [block.continues for block in second.blocks] == [False, True]
    assert open_end(first, second) == "The seat is Geneva and the language of the"


def test_roman_numbers_of_two_pages_are_footers() -> None:
    pages = [page(n, ("paragraph", f"{'ab' * (n + 1)}."), ("list_item", f"- {'i' * (n + 1)} -")) for n in range(2)]
    assert kinds(pages) == [["paragraph", "footer"]] * 2
    labels = [page(n, ("paragraph", f"{'ab' * (n + 1)}."), ("paragraph", "XV"[n])) for n in range(2)]
    assert kinds(labels) == [["paragraph", "paragraph"]] * 2


@pytest.mark.parametrize(
    ("end", "begin", "joined"),
    [
        ("The chair of the committee is taken by", "Petra Lindqvist until autumn.", True),
        ("He must be told of any damage within", "21 days of delivery.", True),
        ("The chair of the committee is taken by", "Parking", False),
        ("The gate is open to all members", "Petra Lindqvist is the chair.", False),
    ],
)
def test_a_capital_goes_on_what_no_sentence_ends_with(end: str, begin: str, *, joined: bool) -> None:
    first, second = linked([page(0, ("paragraph", end)), page(1, ("paragraph", begin))])
    assert second.blocks[0].continues == joined
    assert open_end(first, second) == (end if joined else "")


def test_a_sentence_goes_on_below_a_table() -> None:
    below: list[Part] = [("caption", "Table 2. Costs"), ("table", "2022 380"), ("paragraph", "project for ten years.")]
    _, second = linked([page(0, ("paragraph", "The partner shall keep the time sheets of the")), page(1, *below)])
    assert [block.continues for block in second.blocks] == [False, False, True]


@pytest.mark.parametrize("end", ["It ends here.", "Does it end?", "So it is:"])
def test_a_sentence_that_has_ended_is_not_joined(end: str) -> None:
    pages = list(linked([page(0, ("paragraph", end)), page(1, ("paragraph", "proceedings of another kind."))]))
    assert not pages[1].blocks[0].continues
    assert open_end(pages[0], pages[1]) == ""


def test_a_section_with_its_own_heading_goes_on_from_nothing() -> None:
    first = page(0, ("list_item", "- 50 MB of disk space"), label="tool > Requirements")
    second = page(1, ("heading", "Installation"), ("paragraph", "pip install tool"), label="tool > Installation")
    got = list(linked([first, second]))
    assert [block.kind for block in got[1].blocks] == ["heading", "paragraph"]
    assert not got[1].blocks[1].continues
    # On pages of a PDF the same line may be a header that interrupts a sentence.
    assert list(linked([first, page(1, ("heading", "Manual"), ("paragraph", "and a screen"))]))[1].blocks[1].continues


def test_a_table_without_heads_gets_those_of_the_page_before() -> None:
    pages = [
        table(0, [["Station", "Wind"], ["Alm", "9"]], 1),
        table(1, [["Berg", "7"]], 0),
        table(2, [["Cima", "5"]], 0),
        table(3, [["Station", "Wind"], ["Dorf", "4"]], 1),
        table(4, [["a", "b", "c"]], 0),
    ]
    got = [linked_page.blocks[0] for linked_page in linked(pages)]
    assert [block.carried_heads for block in got] == [(), (("Station", "Wind"),), (("Station", "Wind"),), (), ()]
    assert [block.continues for block in got] == [False, True, True, True, False]


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_going_on_after_an_interruption_gives_the_same(cut: int) -> None:
    pages = [page(n, ("paragraph", "Head"), ("paragraph", f"and part {n} of it goes on,")) for n in range(7)]
    whole = list(linked(pages))
    assert list(linked(pages[cut:], whole[max(0, cut - LOOK) : cut])) == whole[cut:]


def test_pages_without_blocks_pass_and_few_are_held() -> None:
    taken = 0

    def source():  # type: ignore[no-untyped-def]
        nonlocal taken
        for n in range(1000):
            taken += 1
            yield Page(index=n, text=f"text {n}")

    for n, got in enumerate(linked(source())):
        assert got.index == n
        assert taken <= n + LOOK + 2
