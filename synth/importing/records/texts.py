"""Plain text as rows to learn as they stand: paragraphs, joined to blocks of some hundred words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from synth.importing.drafts import Draft

# A block is closed by the next blank line once it is this long (about 350 tokens of English), by any line at the
# second length.
_BLOCK_CHARS, _LONGEST_CHARS = 1500, 12_000


def text_blocks(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Draft]]:
    """Yield (line on which it begins, row) of each block.

    Args:
        lines: (1-based line, text).
    """
    start, block, size = 1, list[str](), 0
    for number, line in lines:
        if size >= (_LONGEST_CHARS if line.strip() else _BLOCK_CHARS):
            yield start, _row(block)
            block, size = [], 0
        if line.strip() or block:
            start = start if block else number
            block.append(line.rstrip())
            size += len(line) + 1
    if any(block):
        yield start, _row(block)


def _row(block: list[str]) -> Draft:
    return Draft(question="", answer="\n".join(block).strip(), kind="text")
