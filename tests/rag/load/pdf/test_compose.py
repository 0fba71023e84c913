"""Blocks to text: every word once, with its way back to the characters of the page."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.blocks import Block, Cell
from rag.load.pdf.layout.compose import NO_CHAR, compose, moved
from rag.load.pdf.layout.drafts import DraftCell, DraftTable
from rag.load.pdf.layout.glyphs import HYPHEN_MARK
from rag.load.pdf.layout.paragraphs import DraftText
from rag.load.pdf.layout.rows import Segment, Shift, Word, segment_of

Mark = tuple[str, Shift]


class Typesetter:
    """Makes words that follow each other in a page's signs; PDFium's index of a sign is its place plus 100."""

    def __init__(self) -> None:
        self.n_signs = 0

    def line(self, *texts: str | Mark) -> Segment:
        words = []
        for place, item in enumerate(texts):
            text, shift = (item, "") if isinstance(item, str) else item
            x = 50.0 + 30 * place
            words.append(Word(text, self.n_signs, x, 0, x + 20, 10, 8, 10, True, shift))
            self.n_signs += len(text)
        return segment_of(words)

    def index(self) -> range:
        return range(100, 100 + self.n_signs)


def text_block(*lines: Segment, top: float = 0, kind: str = "paragraph", number: str = "") -> DraftText:
    return DraftText(kind, list(lines), 10, top, top + 10 * len(lines), 50, 200, number=number)  # type: ignore[arg-type]


def table(rows: list[list[DraftCell]], n_columns: int, head_rows: int = 0) -> DraftTable:
    return DraftTable(rows, n_columns, head_rows, 10, 0, 10, 50, 200)


def composed(*texts: str | Mark) -> str:
    setter = Typesetter()
    return compose([text_block(setter.line(*texts))], setter.index())[0]


def test_lines_and_blocks() -> None:
    setter = Typesetter()
    first = text_block(setter.line("The", "rent"), setter.line("rose."))
    near, far = text_block(setter.line("It"), top=25), text_block(setter.line("fell."), top=41)
    text, chars, blocks = compose([first, near, far], setter.index())
    assert text == "The rent\nrose.\nIt\n\nfell."
    assert [(block.start, block.end) for block in blocks] == [(0, 14), (15, 17), (19, 24)]
    assert [text[place] for place, char in enumerate(chars) if char == NO_CHAR] == [" ", "\n", "\n", "\n", "\n"]
    assert [char for char in chars if char != NO_CHAR] == list(setter.index())


def test_a_step_back_up_the_page_parts_blocks() -> None:
    setter = Typesetter()
    left, right = text_block(setter.line("left"), top=300), text_block(setter.line("right"), top=100)
    assert compose([left, right], setter.index())[0] == "left\n\nright"


def test_a_hyphen_at_a_line_end_is_marked_and_the_lines_are_joined() -> None:
    setter = Typesetter()
    text, chars, _ = compose([text_block(setter.line("the", "ren-"), setter.line("tal", "law"))], setter.index())
    assert text == f"the ren{HYPHEN_MARK}tal law"
    assert len(chars) == len(text)
    setter = Typesetter()
    dash = text_block(setter.line("the", "rent", "-"), setter.line("tal"))
    assert compose([dash], setter.index())[0] == "the rent -\ntal"
    setter = Typesetter()
    last = text_block(setter.line("ren-"))
    assert compose([last], setter.index())[0] == "ren-"


def test_exponents_belong_to_their_unit_and_notes_stand_apart() -> None:
    assert composed("12", "m", ("2", "raised")) == "12 m²"
    assert composed("10", ("-6", "raised")) == "10⁻⁶"
    assert composed("3×10", ("6", "raised")) == "3×10⁶"
    assert composed("x", ("n", "raised")) == "xⁿ"
    assert composed("1,204", ("3", "raised"), "units") == "1,204 ³ units"
    assert composed("rent", ("1", "raised")) == "rent ¹"
    assert composed("2", ("nd", "raised")) == "2nd"
    assert composed("210", ("2", "raised")) == "210 ²"  # not a power of ten: 2,102 would be another figure
    assert composed("rent", ("*", "raised")) == "rent *"
    assert composed("1,250", ("b", "raised"), "hens") == "1,250 ᵇ hens"
    assert composed("88", "m", ("2d", "raised"), "wide") == "88 m² ᵈ wide"
    assert composed("1,204", ("2d", "raised")) == "1,204 ² ᵈ"
    assert composed("Ca", ("2+", "raised"), "ions") == "Ca²⁺ ions"
    assert composed("4,512", ("1,2", "raised"), "patients") == "4,512 ¹,² patients"


def test_a_sign_and_its_figure_are_one_exponent_whatever_their_fonts() -> None:
    setter = Typesetter()
    line = setter.line("10", ("−", "raised"), ("6", "raised"), "mol", "m", ("−", "raised"), ("2", "raised"))
    line.words[2].spaced = False  # the other figure stands further from its sign
    assert compose([text_block(line)], setter.index())[0] == "10⁻⁶ mol m⁻²"


def test_a_table_with_an_empty_cell_between_and_one_at_the_end() -> None:
    setter = Typesetter()
    rows = [
        [DraftCell([setter.line("Alder")], 0), DraftCell([setter.line("75")], 2)],
        [DraftCell([setter.line("Cedar", "Road")], 0, 2)],
    ]
    text, _, (block,) = compose([table(rows, 3, head_rows=1)], setter.index())
    assert text == "Alder 75\nCedar Road"
    assert [[(cell.start, cell.end, cell.column_span) for cell in row] for row in block.rows] == [
        [(0, 5, 1), (5, 5, 1), (6, 8, 1)],
        [(9, 19, 2), (19, 19, 1)],
    ]
    assert (block.kind, block.start, block.end, block.head_rows) == ("table", 0, 19, 1)


def test_lines_of_a_cell_stand_in_one_line_of_the_text() -> None:
    setter = Typesetter()
    cell = DraftCell([setter.line("Birch"), setter.line("Hill")], 0)
    text, _, (block,) = compose([table([[cell, DraftCell([setter.line("9")], 1)]], 2)], setter.index())
    assert text == "Birch Hill 9"
    assert [text[c.start : c.end] for c in block.rows[0]] == ["Birch Hill", "9"]


def test_the_number_of_a_raised_note_is_spelled_as_in_the_text() -> None:
    setter = Typesetter()
    note = text_block(setter.line(("3", "raised"), "Unaudited"), kind="footnote", number="3")
    text, _, (block,) = compose([note], setter.index())
    assert text == "³ Unaudited"
    assert block.number == "³"


WORD = st.text(alphabet="aB3m-.", min_size=1, max_size=5)
WORDS = st.lists(
    WORD | st.tuples(st.sampled_from(["1", "2", "n", "*", "nd"]), st.just("raised")), min_size=1, max_size=4
)


@settings(max_examples=30)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_every_sign_stands_once_in_order(paragraphs: list[list[list[str | Mark]]]) -> None:
    setter = Typesetter()
    drafts = [text_block(*(setter.line(*line) for line in lines), top=60.0 * at) for at, lines in enumerate(paragraphs)]
    text, chars, blocks = compose(drafts, setter.index())
    assert len(chars) == len(text)
    assert [char for char in chars if char != NO_CHAR] == list(setter.index())
    assert all(text[place].isspace() for place, char in enumerate(chars) if char == NO_CHAR)
    assert "".join(text[block.start : block.end] for block in blocks) == text.replace("\n\n", "")


def test_blocks_follow_a_text_that_was_cleaned() -> None:
    # "a  bc " became "a bc": the second blank and the last one are gone.
    offsets = [0, 1, 2, 2, 3, 4, 4]
    rows = ((Cell(start=0, end=1), Cell(start=3, end=6, column_span=2)),)
    blocks = [Block(kind="table", start=0, end=6, rows=rows), Block(kind="paragraph", start=5, end=6)]
    (block,) = moved(blocks, offsets, "a bc")
    assert (block.start, block.end) == (0, 4)
    assert block.rows == ((Cell(start=0, end=1), Cell(start=2, end=4, column_span=2)),)


def test_blanks_at_the_ends_of_a_block_are_no_part_of_it() -> None:
    block = Block(kind="paragraph", start=0, end=6)
    assert [(b.start, b.end) for b in moved([block], list(range(7)), " rent ")] == [(1, 5)]
    assert moved([block], list(range(7)), "      ") == ()


def test_a_range_is_not_parted_by_its_line_end() -> None:
    setter = Typesetter()
    lines = [setter.line("from", "1998–"), setter.line("2004", "on"), setter.line("1998", "–"), setter.line("then")]
    text, chars, _ = compose([text_block(*lines)], setter.index())
    assert text == "from 1998–2004 on\n1998 –\nthen"
    assert len(chars) == len(text)
