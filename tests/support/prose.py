"""Fenced blocks of Markdown pages, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"^(?P<run><!-- run -->\n)?```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_SHELLS = ("", "sh", "bash", "console")
# What may stand before `kb` on a line and is not part of its arguments.
_BEFORE = re.compile(r"^(?:\$ |docker compose run --rm |docker run --rm (?:-v \S+ )*|(?:KB_\w+=\S+ )+)*(?=kb )")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block.

    Attributes:
        place: File and line, for a message.
        language: As the fence names it; may be empty.
        text: Its lines.
        runs: Whether `<!-- run -->` stands before it.
    """

    place: str
    language: str
    text: str
    runs: bool


def blocks(page: Path, root: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        line = text.count("\n", 0, fence.start("text")) + 1
        yield Block(
            place=f"{page.relative_to(root)}:{line}",
            language=fence["language"],
            text=fence["text"],
            runs=bool(fence["run"]),
        )


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the arguments of every `kb` command in a block of shell lines, comments left out."""
    if block.language not in _SHELLS:
        return
    for line in block.text.replace("\\\n", " ").splitlines():
        for part in re.split(r" && | ; | \| ", line):
            found = _BEFORE.match(part.strip())
            if found:
                words = shlex.split(part.strip()[found.end() :], comments=True)
                if words[1:2] and not words[1].startswith("|"):
                    yield words[1:]


def expected_output(block: Block) -> dict[int, list[str]]:
    """Return, for the nth command of a console block, the lines printed below it."""
    expected: dict[int, list[str]] = {}
    count = -1
    for line in block.text.splitlines():
        if line.startswith("$ "):
            count += 1
            expected[count] = []
        elif count >= 0 and line.strip():
            expected[count].append(line)
    return expected
