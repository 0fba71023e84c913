"""Numbers of list items and footnotes in HTML, as a browser counts them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NOTE_ID = re.compile(r"(?:fn|ftn|footnote|endnote|cite_note|note)[-_:.]?(?:.*[-_:.])?(?P<number>\d+|[a-z*†‡])", re.I)
_NOTE_ROLE = re.compile(r"\b(?:doc-)?(?:footnote|endnote|rearnote)\b")
_NOTE_TAGS = frozenset({"li", "p", "div", "aside", "dd", "tr"})
_BULLET = "-"


@dataclass(slots=True)
class ListCounter:
    """Where a list is.

    Attributes:
        ordered: Whether its items are numbered.
        number: The number of the next item.
        step: 1, or -1 for a reversed list.
        kind: `1`, `a`, `A`, `i` or `I`.
        delimiter: What follows the number.
    """

    ordered: bool
    number: int = 1
    step: int = 1
    kind: str = "1"
    delimiter: str = "."

    @classmethod
    def of(cls, node: Any) -> ListCounter:
        """Return the counter of an `ol`, `ul` or `menu` element."""
        if node.tag != "ol":
            return cls(ordered=False)
        down = node.get("reversed") is not None
        start = _integer(node.get("start"))
        if start is None:
            start = sum(child.tag == "li" for child in node) if down else 1
        kind, delimiter = node.get("type") or "1", node.get("data-delimiter") or "."
        return cls(ordered=True, number=start, step=-1 if down else 1, kind=kind, delimiter=delimiter[:1])

    def next_mark(self, item: Any) -> str:
        """Return the mark of an item and count on."""
        if not self.ordered:
            return _BULLET
        value = _integer(item.get("value"))
        number = self.number if value is None else value
        self.number = number + self.step
        return spelled(number, self.kind) + self.delimiter


def is_note_reference(node: Any) -> bool:
    """Tell whether a link leads to a note by what its markup says of it."""
    return "noteref" in _role(node)


def _role(node: Any) -> str:
    return (
        f"{node.get('role') or ''} {node.get('epub:type') or ''} {node.get('{http://www.idpf.org/2007/ops}type') or ''}"
    )


def note_number(node: Any, mark: str, cited: Mapping[str, str]) -> str | None:
    """Return the number of a footnote that this element is, `None` where it is none.

    Args:
        node: The element.
        mark: Its number in a list, where it is a list item.
        cited: Ids that raised marks led to so far, with the marks.
    """
    if node.tag not in _NOTE_TAGS:
        return None
    if node.get("id") in cited:
        return cited[node.get("id")]
    role = _role(node)
    by_id = _NOTE_ID.fullmatch(node.get("id") or "")
    classes = (node.get("class") or "").lower().split()
    if not (by_id or _NOTE_ROLE.search(role) or "footnote" in classes or "footnote-item" in classes):
        return None
    in_list = mark.rstrip(".)")
    return in_list if in_list and in_list != _BULLET else by_id["number"] if by_id else "*"


def spelled(number: int, kind: str) -> str:
    """Return a number in digits, letters (`a`, `A`) or Roman numerals (`i`, `I`)."""
    if kind in ("a", "A") and number > 0:
        letters = ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(ord("a") + rest) + letters
        return letters.upper() if kind == "A" else letters
    if kind in ("i", "I") and 0 < number < 4000:
        roman = ""
        for value, letter in zip(
            (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
            ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
            strict=True,
        ):
            count, number = divmod(number, value)
            roman += letter * count
        return roman.upper() if kind == "I" else roman
    return str(number)


def _integer(value: str | None) -> int | None:
    text = (value or "").strip()
    return int(text) if re.fullmatch(r"[+-]?\d{1,9}", text) else None
