"""What a chunk is made of: the blocks of a page as units that belong whole to one chunk.

A unit is a paragraph, a heading, or a row of a table; running headers and footers are no units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.blocks import RUNNING, Block
from core.types import Page

_MAX_HEADS_CHARS = 240
_FEWEST_SHARE = 0.5  # of a chunk: a heading begins a new one where the last is at least so full


@dataclass(frozen=True, slots=True)
class Unit:
    """A span of a page that is not cut where it fits a chunk.

    Attributes:
        start: First code point in the page's text.
        end: One past the last.
        table: Which table it is a row of, counted on the page; -1 for other text.
        heading: Whether it names what follows.
        heads: Heads of its table, where the unit stands below them.
    """

    start: int
    end: int
    table: int = -1
    heading: bool = False
    heads: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """Units that follow each other and make one chunk."""

    units: tuple[Unit, ...]

    @property
    def start(self) -> int:
        return self.units[0].start

    @property
    def end(self) -> int:
        return self.units[-1].end


def units_of(page: Page) -> list[list[Unit]]:
    """Return the units of a page's blocks in order, in stretches that nothing running interrupts."""
    stretches: list[list[Unit]] = [[]]
    position = 0
    for number, block in enumerate(page.blocks):
        if block.kind in RUNNING:
            stretches.append([])
        elif block.kind == "table" and block.rows:
            stretches[-1] += _rows(page, block, number)
        else:
            stretches[-1].append(Unit(max(position, block.start), block.end, heading=block.kind == "heading"))
        position = block.end
    return [stretch for stretch in stretches if stretch]


def _rows(page: Page, block: Block, number: int) -> Iterator[Unit]:
    heads = _heads(page, block)
    first = block.head_rows
    for row_index, row in enumerate(block.rows):
        filled = [cell for cell in row if cell.start < cell.end]
        if filled:
            start, end = min(cell.start for cell in filled), max(cell.end for cell in filled)
            yield Unit(start, end, table=number, heading=row_index < first, heads="" if row_index < first else heads)


def _heads(page: Page, block: Block) -> str:
    rows = block.carried_heads or tuple(
        tuple(page.text[cell.start : cell.end] for cell in row) for row in block.rows[: block.head_rows]
    )
    return " | ".join(" ".join(text.split()) for row in rows for text in dict.fromkeys(row) if text)[:_MAX_HEADS_CHARS]


def packs_of(units: Sequence[Unit], chunk_chars: int) -> Iterator[Pack]:
    """Yield units in packs of at most `chunk_chars` code points.

    Headings open a pack rather than end one; a unit that is too long makes a pack with the headings right above it.
    """
    pack: list[Unit] = []
    for unit in units:
        length = unit.end - pack[0].start if pack else 0
        full = length >= _FEWEST_SHARE * chunk_chars
        opens = unit.heading and not (pack and pack[-1].heading) and full
        only_headings = all(known.heading for known in pack)
        if pack and not only_headings and (unit.end - pack[0].start > chunk_chars or opens):
            kept, moved = _before_headings(pack)
            yield Pack(tuple(kept))
            pack = moved
        pack.append(unit)
    if pack:
        yield Pack(tuple(pack))


def _before_headings(pack: list[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Part a pack before the headings it ends with, unless it holds nothing else."""
    cut = len(pack)
    while cut > 0 and pack[cut - 1].heading:
        cut -= 1
    return (pack[:cut], pack[cut:]) if cut else (pack, [])
