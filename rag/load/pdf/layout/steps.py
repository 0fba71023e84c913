"""Which lines of a table are of one row: told by what is drawn between them, or by wider steps between its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rag.load.pdf.layout.columns import flows
from rag.load.pdf.layout.drafts import DraftCell
from rag.load.pdf.layout.rows import Segment, TextRow
from rag.load.pdf.layout.tables import Grid, is_value

OVERLAP = 0.75  # of the height: baselines closer than this are lines of one row
_TIGHT = 1.15  # of the smallest step between lines of a cell
_WIDE = 1.3
_FEWEST_WIDE = 0.3
_COVER = 0.6  # of the table's width: a drawn line of this length parts rows


@dataclass(slots=True)
class TableLine:
    """One line of a table with its cells."""

    row: TextRow
    cells: list[DraftCell] = field(default_factory=list)

    def cell(self, column: int) -> DraftCell | None:
        """Return the cell that begins at a column."""
        return next((cell for cell in self.cells if cell.column == column), None)

    @property
    def only_label(self) -> bool:
        """Whether it holds a label alone."""
        return len(self.cells) == 1 and self.cells[0].column == 0

    @property
    def has_values(self) -> bool:
        """Whether it holds an amount."""
        return any(is_value(cell.text) for cell in self.cells if cell.column)


def row_numbers(lines: Sequence[TableLine], grid: Grid) -> list[int]:
    """Number the rows of lines, ascending; empty where nothing tells rows apart."""
    return _drawn(lines, grid) or stepped_rows(lines)


def _drawn(lines: Sequence[TableLine], grid: Grid) -> list[int]:
    if len(lines) < 2:
        return []
    left, right = grid.columns[0][0], grid.columns[-1][1]
    inset = (1 - _COVER) / 2 * (right - left)
    heights = grid.rules.crossing(lines[0].row.top, lines[-1].row.bottom, left + inset, right - inset)
    middles = [(line.row.top + line.row.bottom) / 2 for line in lines]
    drawn = [sum(height < middle for height in heights) for middle in middles]
    return drawn if len(set(drawn)) >= max(2, len(lines) // 4) and _are_rows(lines, drawn) else []


def stepped_rows(lines: Sequence[TableLine]) -> list[int]:
    """Number the rows by the steps in each column, empty where they do not tell rows apart.

    Lines of one cell follow each other closely. A row is as high as the highest of its cells, whichever of its lines
    the others stand beside.
    """
    steps = _steps(lines)
    if not steps:
        return []
    tight = min(size for size, _, _ in steps)
    if sum(size > _WIDE * tight for size, _, _ in steps) < _FEWEST_WIDE * len(steps):
        return []
    joined = [
        below.row.base - above.row.base < OVERLAP * min(above.row.height, below.row.height)
        for above, below in pairwise(lines)
    ]
    for size, first, last in steps:
        if size <= _TIGHT * tight:
            joined[first:last] = [True] * (last - first)
    numbers = [0]
    for together in joined:
        numbers.append(numbers[-1] + (not together))
    return numbers if numbers[-1] and _are_rows(lines, numbers) and _tail_off(lines, numbers) else []


def _steps(lines: Sequence[TableLine]) -> list[tuple[float, int, int]]:
    """Return the steps from line to line in each column, with the two lines."""
    steps = []
    last: dict[int, int] = {}
    for index, line in enumerate(lines):
        for cell in line.cells:
            above = last.get(cell.column)
            if above is not None:
                steps.append((line.row.base - lines[above].row.base, above, index))
            last[cell.column] = index
    return steps


def _are_rows(lines: Sequence[TableLine], bands: Sequence[int]) -> bool:
    """Tell whether bands can be rows: no two amounts of one column in a band, and labels that run on."""
    values: set[tuple[int, int]] = set()
    pairs = flowing = 0
    edge = max((line.cells[0].lines[0].x1 for line in lines if line.cells and not line.cells[0].column), default=0.0)
    label: tuple[int, Segment] | None = None
    for line, band in zip(lines, bands, strict=True):
        for cell in line.cells:
            if cell.column and is_value(cell.text):
                if (band, cell.column) in values:
                    return False
                values.add((band, cell.column))
            if cell.column == 0:
                if label and label[0] == band:
                    pairs += 1
                    ended = len(label[1].words) < 3 and label[1].text[-1] in ".!?" and cell.text[0].isupper()
                    flowing += not ended and flows(label[1], cell.lines[0], edge)
                label = band, cell.lines[-1]
    return 2 * flowing >= pairs


def _tail_off(lines: Sequence[TableLine], bands: Sequence[int]) -> bool:
    """Tell whether most bands have more lines in a column than in another, as they do where cells wrap."""
    sizes: dict[int, list[int]] = {}
    counts: dict[int, Counter[int]] = {}
    for line, band in zip(lines, bands, strict=True):
        sizes.setdefault(band, []).append(len(line.cells))
        counts.setdefault(band, Counter()).update(cell.column for cell in line.cells)
    several = [counts[band] for band, of_lines in sizes.items() if len(of_lines) > 1]
    tailing = sum(min(columns.values()) < max(columns.values()) for columns in several)
    return bool(several) and 2 * tailing > len(several)
