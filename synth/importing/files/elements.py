"""Yields the elements of a JSON array of any length one at a time, each with the line on which it begins.

Memory holds one element and one block. A parser of JSON events could stream too, but could neither name a line nor
continue after a broken element.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_MARK = re.compile(r'["\\\[\]{},\n]')


class _Scanner:
    """Where in the array the scan stands: outside an element, inside one, inside a string of one."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.depth = 0
        self.quoted = False
        self.closed = False
        self._parts: list[str] = []
        self._begun = line

    def feed(self, block: str) -> Iterator[tuple[int, str]]:
        """Yield (line, text) of every element that ends in this block."""
        start, skip = 0, -1
        for mark in _MARK.finditer(block):
            offset = mark.start()
            if offset == skip:
                self.line += block[offset] == "\n"
                continue
            char = block[offset]
            if char == "\n":
                self.line += 1
            elif char == "\\":
                # The escaped character may be the first of the next block: see `carry` in `elements`.
                skip = offset + 1
            elif char == '"':
                self.quoted = not self.quoted
            elif not self.quoted and (ended := self._structure(char)):
                self._parts.append(block[start:offset])
                yield from self._take()
                start = offset + 1
                if ended == "array":
                    self.closed = True
                    return
        self._parts.append(block[start:])

    def _structure(self, char: str) -> str:
        """Move through one bracket or comma; say whether it ends an element, or the array."""
        if char in "[{":
            self.depth += 1
        elif char in "]}":
            self.depth -= 1
            if self.depth < 0:
                return "array"
        elif char == "," and self.depth == 0:
            return "element"
        return ""

    def _take(self) -> Iterator[tuple[int, str]]:
        text = "".join(self._parts)
        self._parts.clear()
        before = len(text) - len(text.lstrip())
        line = self._begun + text.count("\n", 0, before)
        self._begun = self.line
        if text.strip():
            yield line, text.strip()

    def rest(self) -> Iterator[tuple[int, str]]:
        """Yield what an array that never closes leaves over."""
        yield from self._take()


def elements(blocks: Iterable[str], *, line: int = 1) -> Iterator[tuple[int, str]]:
    """Yield the text of each element of an array.

    Args:
        blocks: The text after the opening bracket, in pieces of any length; what follows the closing one is ignored.
        line: 1-based line of the opening bracket.

    Yields:
        (1-based line on which the element begins, its text). A file that ends too early yields its last, broken
        element as it stands.
    """
    scanner = _Scanner(line)
    carry = ""
    for block in blocks:
        whole = carry + block
        # A run of backslashes may be cut in two: the last ones wait for what they escape.
        body = whole.rstrip("\\")
        carry = whole[len(body) :]
        yield from scanner.feed(body)
        if scanner.closed:
            return
    yield from scanner.feed(carry)
    yield from scanner.rest()
