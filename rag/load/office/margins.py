"""What stands around the cells of a sheet: printed headers and footers, and comments of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.blocks import BlockKind
from core.language.english.printed.pages import PAGE_NUMBER
from rag.load.outline import Element, Run

# Codes of a header: a field (`&P`, `&[Page]`, `&P+1`), a way of writing (`&B`, `&12`, `&K00FF00`, `&"Arial"`), `&&`.
_CODE = re.compile(r'&(?:\[(?P<name>\w+)\]|"[^"]*"|K[0-9A-Fa-f]{6}|\d{1,3}|(?P<letter>[A-Z])(?:[+-]\d+)?|(?P<sign>&))')
_SHEET_NAME, _FILE_NAME = ("A", "Tab"), ("F", "File")
# The author that stands for a thread: its text follows a notice to old programs and a label.
_THREAD = "tc="


def printed(sheet: Any, file_name: str, hidden: str) -> tuple[list[Element], list[Element]]:
    """Return the headers and the footers of a sheet, each text once; bare page numbers are left out.

    Args:
        sheet: An openpyxl worksheet.
        file_name: Of its workbook.
        hidden: Why a viewer does not show the sheet.
    """
    settings = sheet.HeaderFooter
    pages = ["odd", *(["first"] if settings.differentFirst else []), *(["even"] if settings.differentOddEven else [])]
    sides: dict[BlockKind, list[Element]] = {"header": [], "footer": []}
    for kind, elements in sides.items():
        texts: list[str] = []
        for page in pages:
            item = getattr(sheet, f"{page}{kind.capitalize()}")
            texts += [_text(part.text, sheet.title, file_name) for part in (item.left, item.center, item.right)]
        texts = [text for text in dict.fromkeys(texts) if text and not PAGE_NUMBER.fullmatch(text)]
        elements += [Element(runs=(Run(text, hidden),), kind=kind) for text in texts]
    return sides["header"], sides["footer"]


def _text(coded: str | None, sheet_name: str, file_name: str) -> str:
    def shown(code: re.Match[str]) -> str:
        field = code["name"] or code["letter"]
        return sheet_name if field in _SHEET_NAME else file_name if field in _FILE_NAME else code["sign"] or ""

    return " ".join(_CODE.sub(shown, coded or "").split())


def comments(cells: Iterator[Any], hidden: str) -> Iterator[Element]:
    """Yield the comments of cells, each with its place and its author."""
    for cell in cells:
        note = getattr(cell, "comment", None)
        if note is None:
            continue
        author, text = (note.author or "").strip(), (note.text or "").strip()
        if author.startswith(_THREAD):
            author, text = "", text.rpartition("\n\n")[2].partition("\n")[2]
        text = " ".join(text.split()).removeprefix(f"{author}:").strip()
        if text:
            yield Element(runs=(Run(with_author(author, text, place=cell.coordinate), hidden),), kind="annotation")


def with_author(author: str, text: str, *, place: str = "") -> str:
    """Return a comment with who made it, and where."""
    return ": ".join(part for part in (", ".join(filter(None, (place, author))), text) if part)
