"""Numbers of list items in Word documents, counted as Word counts them from the numbering part."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from docx.oxml.ns import qn

from rag.load.web.lists import spelled

_KINDS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
_PLACE = re.compile(r"%(\d)")
_MAX_BASES = 10


def value_of(node: Any, name: str) -> str | None:
    """Return the `w:val` of a child element, `None` where there is none."""
    child = None if node is None else node.find(qn(name))
    value = None if child is None else child.get(qn("w:val"))
    return None if value is None else str(value)


class Numbering:
    """Counts the list items of a document in order.

    Args:
        part: Root of `word/numbering.xml`, `None` where the package has none.
    """

    def __init__(self, part: Any) -> None:
        self._levels: dict[str, dict[int, Any]] = {}
        self._abstract: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
        if part is None:
            return
        for abstract in part.iter(qn("w:abstractNum")):
            levels = {int(level.get(qn("w:ilvl")) or 0): level for level in abstract.iter(qn("w:lvl"))}
            self._levels[abstract.get(qn("w:abstractNumId")) or ""] = levels
        for num in part.iter(qn("w:num")):
            key = num.get(qn("w:numId")) or ""
            self._abstract[key] = value_of(num, "w:abstractNumId") or ""
            for override in num.iter(qn("w:lvlOverride")):
                start = value_of(override, "w:startOverride")
                if start is not None and start.isdigit():
                    self._starts[key, int(override.get(qn("w:ilvl")) or 0)] = int(start)

    def mark(self, paragraph: Any, styles: Sequence[Any]) -> str | None:
        """Return the mark of a paragraph (`3.`, `b)`, `-`) and count on; `None` where it is no list item.

        Args:
            paragraph: A `w:p` element.
            styles: Its style and those that it is based on, nearest first.
        """
        key, level = _list_of(paragraph, styles)
        if key is None or key == "0" or key not in self._abstract:
            return None
        levels = self._levels.get(self._abstract[key], {})
        definition = levels.get(level)
        if definition is None:
            return None
        kind = value_of(definition, "w:numFmt") or "decimal"
        counts = self._counts[key if (key, level) in self._starts else self._abstract[key]]
        counts[level] = counts.get(level, self._start(key, level, definition) - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]
        if kind in ("bullet", "none"):
            return "-" if kind == "bullet" else None
        text = value_of(definition, "w:lvlText") or f"%{level + 1}."
        return _PLACE.sub(lambda match: self._number(key, levels, counts, int(match[1]) - 1), text).strip()

    def _start(self, key: str, level: int, definition: Any) -> int:
        start = value_of(definition, "w:start")
        return self._starts.get((key, level), int(start) if start is not None and start.isdigit() else 1)

    def _number(self, key: str, levels: dict[int, Any], counts: dict[int, int], level: int) -> str:
        definition = levels.get(level)
        if definition is None:
            return ""
        number = counts.get(level, self._start(key, level, definition))
        return spelled(number, _KINDS.get(value_of(definition, "w:numFmt") or "", "1"))


def _list_of(paragraph: Any, styles: Sequence[Any]) -> tuple[str | None, int]:
    """Return the list and level of a paragraph, its own or its style's."""
    level: str | None = None
    for holder in [paragraph, *styles[:_MAX_BASES]]:
        number = holder.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        if number is None:
            continue
        level = level or value_of(number, "w:ilvl")
        key = value_of(number, "w:numId")
        if key is not None:
            return key, int(level) if level is not None and level.isdigit() else 0
    return None, 0
