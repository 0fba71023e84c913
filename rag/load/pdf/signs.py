"""Characters that a PDF gives by their place in a font alone: ligatures of TeX's bitmap fonts, boxes and ticks."""

from __future__ import annotations

import re
from collections.abc import Callable

from rag.load.symbols import signs_of

# ff, fi, fl, ffi, ffl stand at 11 to 15 in TeX's old text encoding (OT1) and at 27 to 31 in its newer one (T1). A
# carriage return before a line feed is a line end that PDFium wrote.
_PLACES = "\x0b\x0c\x0e\x0f\x1b\x1c\x1d\x1e\x1f"
_LIGATURE = re.compile(rf"[{_PLACES}]|\r(?!\n)")
_LETTERS = str.maketrans("\x0b\x0c\r\x0e\x0f\x1b\x1c\x1d\x1e\x1f", "\ufb00\ufb01\ufb02\ufb03\ufb04" * 2)
# Boxes and ticks of Wingdings; those that are written like letters stand alone.
_BOX = re.compile(r"[\uf020-\uf0ff¨ýþ§£]|(?<!\S)[oûüßàèlPRSTO](?!\S)")


def with_signs(text: str, font_name: Callable[[int], str]) -> str:
    """Return a page's text, its length kept, with the ligatures of fonts that have no name and the signs of Wingdings.

    Args:
        text: Characters as PDFium gives them.
        font_name: Returns the font's name for an offset in `text`, `""` where it has none.
    """

    def sign(match: re.Match[str]) -> str:
        name = font_name(match.start())
        signs = signs_of(name) if "ingdings" in name else None
        return signs.get(chr(ord(match[0]) & 0xFF), match[0]) if signs else match[0]

    return _BOX.sub(sign, _with_ligatures(text, font_name))


def _with_ligatures(text: str, font_name: Callable[[int], str]) -> str:
    def letters(match: re.Match[str]) -> str:
        start, end = match.span()
        beside_letter = text[start - 1 : start].isalpha() or text[end : end + 1].isalpha()
        return match[0].translate(_LETTERS) if beside_letter and not font_name(start) else match[0]

    return _LIGATURE.sub(letters, text)
