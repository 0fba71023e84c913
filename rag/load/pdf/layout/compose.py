"""Blocks of a page to its text: every word written once, with the way back to PDFium's characters.

Raised digits are written as the superscript digits of Unicode: behind a unit, a variable or a ten they are exponents
("m²", "10⁶"); elsewhere they are marks and stand apart ("1,204 ³ units"), so that no figure changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.blocks import Block, Cell
from rag.load.pdf.layout.drafts import DraftCell, DraftTable
from rag.load.pdf.layout.glyphs import DASHES, HYPHEN_MARK, HYPHENS
from rag.load.pdf.layout.paragraphs import Draft, DraftText
from rag.load.pdf.layout.rows import Segment, Word
from rag.load.raised import NOTE_LETTERS

NO_CHAR = -1
_SUPERSCRIPT = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_ORDINAL = re.compile(r"[a-z]{2}")
_EXPONENT = re.compile(r"[-−+]?\d{1,3}|n|\d?[-−+]")
_EXPONENT_AND_NOTE = re.compile(r"([-−+]?\d)([a-z*†‡§])")  # "m²ᵃ" as PDFium gives it
_SIGNS = ("-", "−", "+")
_MARKS = re.compile(r"\d{1,2}(?:,\d{1,2})+")  # of several notes
_BASE = re.compile(r"(?:.*[^\d.,])?10")
_UNIT = re.compile(r"(?:.*[^^\W\d_])?(?:[^\W\d_]{1,3})", re.DOTALL)
_LETTERS_AT_END = re.compile(r"[^\W\d_]+\Z")
_MAX_DOTS = 3
_MAX_UNIT = 2  # letters: m, cm, km, x
_BLOCK_GAP = 0.55  # of the height: more space between blocks is a blank line


@dataclass(slots=True)
class Writer:
    """Text as it grows.

    Attributes:
        pieces: What was written.
        chars: PDFium character index of each code point; `NO_CHAR` for blanks that were put between words.
    """

    index: Sequence[int]
    pieces: list[str] = field(default_factory=list)
    chars: list[int] = field(default_factory=list)

    @property
    def position(self) -> int:
        return len(self.chars)

    def blank(self, text: str) -> None:
        """Write blanks that no character stands for."""
        self.pieces.append(text)
        self.chars += [NO_CHAR] * len(text)


def compose(drafts: Sequence[Draft], index: Sequence[int]) -> tuple[str, list[int], list[Block]]:
    """Write blocks one after the other.

    Args:
        drafts: Blocks in reading order.
        index: PDFium character index of each of the page's signs.

    Returns:
        The text, the PDFium index of each of its code points, and the blocks with their spans in it.
    """
    writer = Writer(index)
    blocks: list[Block] = []
    for draft_index, draft in enumerate(drafts):
        if draft_index:
            writer.blank("\n\n" if _apart(drafts[draft_index - 1], draft) else "\n")
        blocks.append(_write_table(writer, draft) if isinstance(draft, DraftTable) else _write_text(writer, draft))
    return "".join(writer.pieces), writer.chars, blocks


def _apart(above: Draft, below: Draft) -> bool:
    if isinstance(above, DraftTable) or isinstance(below, DraftTable):
        return True
    gap = below.top - above.bottom
    return gap > _BLOCK_GAP * min(above.height, below.height) or gap < -above.height


def _write_text(writer: Writer, draft: DraftText) -> Block:
    start = writer.position
    _write_lines(writer, draft.lines, "\n")
    number = draft.number.replace(HYPHEN_MARK, "-")
    if draft.kind == "footnote" and draft.lines[0].words[0].shift == "raised" and _EXPONENT.fullmatch(number):
        number = number.translate(_SUPERSCRIPT)
    return Block(kind=draft.kind, start=start, end=writer.position, level=draft.level, number=number, name=draft.name)


def _write_table(writer: Writer, table: DraftTable) -> Block:
    start = writer.position
    rows = []
    taken: dict[int, int] = {}  # rows that a cell above still takes, by column
    for row_index, row in enumerate(table.rows):
        if row_index:
            writer.blank("\n")
        rows.append(_write_row(writer, row, table.n_columns, {column for column, n in taken.items() if n > 0}))
        taken = {column: n - 1 for column, n in taken.items()}
        for cell in row:
            taken |= dict.fromkeys(range(cell.column, cell.column + cell.column_span), cell.row_span - 1)
    return Block(
        kind="table", start=start, end=writer.position, rows=tuple(rows), head_rows=min(table.head_rows, len(rows))
    )


def _write_row(writer: Writer, row: Sequence[DraftCell], n_columns: int, taken: set[int]) -> tuple[Cell, ...]:
    """Write a row; columns that a cell above takes have no cell, other empty ones an empty cell."""
    cells: list[Cell] = []
    column = 0
    for cell in row:
        n_empty = len(set(range(column, cell.column)) - taken)
        cells += [Cell(start=writer.position, end=writer.position)] * n_empty
        if writer.chars and cell is not row[0]:
            writer.blank(" ")
        start = writer.position
        _write_lines(writer, cell.lines, " ")
        cells.append(Cell(start=start, end=writer.position, row_span=cell.row_span, column_span=cell.column_span))
        column = cell.column + cell.column_span
    cells += [Cell(start=writer.position, end=writer.position)] * len(set(range(column, n_columns)) - taken)
    return tuple(cells)


def _write_lines(writer: Writer, lines: Sequence[Segment], border: str) -> None:
    for line_index, line in enumerate(lines):
        following = lines[line_index + 1].words[0].text if line_index + 1 < len(lines) else ""
        joined = _write_words(writer, line.words, following)
        if following and not joined:
            writer.blank(border)


def _write_words(writer: Writer, words: Sequence[Word], following: str) -> bool:
    """Write a line; return whether the next one goes on, without a blank, from its hyphen or the dash of a range."""
    pieces, chars, index = writer.pieces, writer.chars, writer.index
    last = words[-1].text
    hyphenated = (
        bool(following) and last[-1] in HYPHENS and len(last) > 1 and last[-2].isalnum() and following[0].isalnum()
    )
    in_range = last[-1] in DASHES and last[-2:-1].isdecimal() and following[:1].isdecimal()
    before: Word | None = None
    n_dots = 0
    mark = ""
    for place, word in enumerate(words):
        text = word.text
        if word.shift == "raised" and (before is None or not _of_one_mark(before, word)):
            mark = _mark_at(words, place)
        if text[0] == "." and not text.strip("."):  # dots that lead from a title to its page are written short
            text = text[: max(0, _MAX_DOTS - n_dots)]
            n_dots += len(text)
            if not text:
                continue
        else:
            n_dots = 0
        if before is not None and (_mark_apart(before, word, mark) if word.shift or before.shift else word.spaced):
            pieces.append(" ")
            chars.append(NO_CHAR)
        first = word.first
        if (both := _EXPONENT_AND_NOTE.fullmatch(text)) and word.shift == "raised" and before is not None:
            pieces.append(f"{both[1].translate(_SUPERSCRIPT)} ")
            chars += [*index[first : first + len(both[1])], NO_CHAR]
            text, first = both[2].translate(NOTE_LETTERS), first + len(both[1])
        elif word.shift == "raised" and (_EXPONENT.fullmatch(mark) or _MARKS.fullmatch(mark)):
            text = text.translate(_SUPERSCRIPT)
        elif word.shift == "raised" and len(text) == 1 and before is not None and not _belongs(before.text, text):
            text = text.translate(NOTE_LETTERS)
        elif text[-1] == HYPHEN_MARK:
            text = f"{text[:-1]}-"
        pieces.append(text)
        chars += index[first : first + len(text)]
        before = word
    if hyphenated:
        pieces[-1] = pieces[-1][:-1] + HYPHEN_MARK
    return hyphenated or in_range


def _mark_at(words: Sequence[Word], first: int) -> str:
    """Return the raised words that stand together from a place on: a sign may be of another font than its figure."""
    after = first + 1
    while after < len(words) and _of_one_mark(words[after - 1], words[after]):
        after += 1
    return "".join(word.text for word in words[first:after])


def _of_one_mark(previous: Word, word: Word) -> bool:
    """Tell whether two raised words stand together; the space behind a sign is often wide."""
    return previous.shift == word.shift == "raised" and (not word.spaced or previous.text in _SIGNS)


def _mark_apart(previous: Word, word: Word, mark: str) -> bool:
    """Tell whether a blank belongs between two words of which one is a mark."""
    if word.shift == "raised" and previous.shift != "raised":
        return not _belongs(previous.text, mark)
    if previous.shift == "raised" and word.shift != "raised" and word.text[0].isalnum():
        return True
    return word.spaced and not _of_one_mark(previous, word)


def _belongs(text: str, mark: str) -> bool:
    """Tell whether a raised mark is part of the word before it: an exponent or the ending of an ordinal."""
    if _ORDINAL.fullmatch(mark):
        return text[-1].isdigit()
    both = _EXPONENT_AND_NOTE.fullmatch(mark)
    if not _EXPONENT.fullmatch(both[1] if both else mark):
        return False
    letters = _LETTERS_AT_END.search(text)
    return bool(_BASE.fullmatch(text)) or (letters is not None and len(letters[0]) <= _MAX_UNIT)


def moved(blocks: Sequence[Block], offsets: Sequence[int], text: str) -> tuple[Block, ...]:
    """Return blocks with every offset replaced, ends trimmed of blanks, and those without text left out.

    Args:
        blocks: As `compose` gives them.
        offsets: New offset of each old one, one past the last included.
        text: The text that the new offsets count in.
    """
    if isinstance(offsets, range) and len(offsets) <= len(text) + 1:  # nothing moved; blocks are written without ends
        return tuple(block for block in blocks if block.start < block.end)
    out = []
    for block in blocks:
        start, end = _trimmed(offsets[block.start], offsets[block.end], text)
        if start == end:
            continue
        rows = tuple(tuple(_moved_cell(cell, offsets, text) for cell in row) for row in block.rows)
        out.append(replace(block, start=start, end=end, rows=rows))
    return tuple(out)


def _moved_cell(cell: Cell, offsets: Sequence[int], text: str) -> Cell:
    start, end = _trimmed(offsets[cell.start], offsets[cell.end], text)
    return Cell(start=start, end=end, row_span=cell.row_span, column_span=cell.column_span)


def _trimmed(start: int, end: int, text: str) -> tuple[int, int]:
    end = min(end, len(text))
    start = min(start, end)
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return start, end
