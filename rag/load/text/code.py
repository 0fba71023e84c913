"""Reads source code, logs, configuration and other text whose lines mean what they show: every line as it stands."""

from __future__ import annotations

from pathlib import Path

from core.settings import IngestSettings
from rag.load.outline import Element, Outline, Run
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode_file

_BLOCK_CHARS = 1500  # of lines without an empty one between them: a stack trace, a function


def read_code(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a text file without looking for lists or tables in it.

    Raises:
        DataError: It is not text.
    """
    text, note = decode_file(path)
    return SectionReader(path, "text", "plain text", Outline(code_elements(text), note=note), limits)


def code_elements(text: str) -> tuple[Element, ...]:
    """Return runs of lines as paragraphs, cut at empty lines and where they grow long; the text stays as it is."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    elements: list[Element] = []
    block: list[str] = []
    size, newlines = 0, 0
    for line in [*lines, ""]:
        is_empty = not line.strip()
        if block and (is_empty or size + len(line) > _BLOCK_CHARS):
            elements.append(Element(runs=(Run("\n".join(block)),), gap="\n" * newlines))
            block, size, newlines = [], 0, 1
        if is_empty:
            newlines += 1
            continue
        block.append(line)
        size += len(line) + 1
    return tuple(elements)
