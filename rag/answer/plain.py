"""A model's text as plain text, whole or while it streams: keys become sources, nothing else survives but words.

Escape sequences, control and invisible characters, HTML tags, links and images, marks of the prompt and hidden
reasoning are removed, so that no document can make a terminal or a browser do something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from core.reading.passages import KEY_SHAPE, visible

_LONGEST = 400
_SPECIAL = re.compile(
    rf"""(?P<think><think>.*?(?:</think>|\Z))
    | \[{{1,2}}(?P<keys>{KEY_SHAPE}(?:[\s,;]+{KEY_SHAPE})*)\]{{1,2}}
    | \[\[(?P<unknown>[^\[\]\n]{{0,80}})\]\]
    | !?\[(?P<link>[^\[\]\n]{{0,160}})\]\([^()\n]{{0,200}}\)
    | (?P<mark><<[^<>\n]{{0,200}}>>)
    | (?P<tag>(?:</|<(?!think>))[a-zA-Z][^<>\n]{{0,200}}>)
    | (?P<escape>\x1b(?:\[[0-?]*[\x20-/]*[@-Z\\-~]|\][^\x07\x1b\n]{{0,200}}(?:\x07|\x1b\\)|[@-Z\\^_]))""",
    re.VERBOSE | re.DOTALL,
)
_OPENER = re.compile(r"\[|!(?=\[|$)|<(?=[<a-zA-Z/]|$)|\x1b")


def transform(text: str, on_keys: Callable[[list[str]], str]) -> str:
    """Replace every special sequence in `text`; groups of citation keys by what `on_keys` returns (visible signs)."""

    def replacement(match: re.Match[str]) -> str:
        if match["keys"]:
            return on_keys(re.findall(KEY_SHAPE, match["keys"]))
        return match["link"] or ""

    return visible(_SPECIAL.sub(replacement, text))


class Stream:
    """Turns pieces of a model's output into plain text as they come.

    What comes out in total does not depend on where the pieces were cut.

    Args:
        sources: Citation key to what a person reads in its place; a key that is not in it vanishes.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take the next piece; return what can be shown now."""
        self._held += piece
        return self._release(self._safe())

    def end(self) -> str:
        """Return what was held back to the end; reasoning that never closed is dropped."""
        return self._release(len(self._held))

    def _release(self, upto: int) -> str:
        ready, self._held = self._held[:upto], self._held[upto:]
        return transform(ready, self._label)

    def _label(self, keys: list[str]) -> str:
        known = dict.fromkeys(self._sources[key] for key in keys if key in self._sources)
        return f"({'; '.join(known)})" if known else ""

    def _safe(self) -> int:
        """How many characters of the buffer can no longer become part of a special sequence."""
        search_start = 0
        while opener := _OPENER.search(self._held, search_start):
            start = opener.start()
            special = _SPECIAL.match(self._held, start)
            if special is not None and special.end() < len(self._held):
                search_start = special.end()
                continue
            rest = self._held[start:]
            if special is not None or ("\n" not in rest and len(rest) < _LONGEST):
                return start
            search_start = start + 1
        return len(self._held)
