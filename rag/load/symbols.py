"""Signs of the fonts that boxes, ticks, arrows and Greek letters are usually taken from, by the font's name."""

from __future__ import annotations

import re
from collections.abc import Mapping

# By the Latin-1 character of its place in the font.
_SYMBOLS: Mapping[str, Mapping[str, str]] = {
    "wingdings": dict(zip("o¨ýþûüßàèl§", "☐☐☒☒✗✓←→→●▪", strict=True)),
    "wingdings 2": dict(zip("PRST£O", "✓☒☒☒☐✗", strict=True)),
    "symbol": dict(zip("·®±³£¹»´°abgdDlmpsSW¥", "•→±≥≤≠≈×°αβγδΔλµπσΣΩ∞", strict=True)),
}
# Of fonts as PDF names them: "ABCDEF+Wingdings2-Regular".
_NAME = re.compile(r"(?:[A-Z]{6}\+)?(?P<name>[A-Za-z]+?)[\s-]?(?P<number>\d?)(?:[-,]?Regular)?")


def signs_of(font: str) -> Mapping[str, str] | None:
    """Return the signs of a symbol font, None where it is none.

    Args:
        font: Its name, as a Word document or a PDF spells it.
    """
    match = _NAME.fullmatch(font)
    return _SYMBOLS.get(f"{match['name']} {match['number']}".strip().lower()) if match else None
