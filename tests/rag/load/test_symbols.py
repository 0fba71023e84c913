"""Signs of symbol fonts by their names."""

from __future__ import annotations

import pytest

from rag.load.symbols import signs_of


@pytest.mark.parametrize(
    ("font", "place", "sign"),
    [
        ("Wingdings", "þ", "☒"),
        ("ABCDEF+Wingdings-Regular", "o", "☐"),
        ("Wingdings2", "R", "☒"),
        ("Wingdings 2", "£", "☐"),
        ("Symbol", "³", "≥"),
    ],
)
def test_a_font_is_known_by_word_and_by_pdf_names(font: str, place: str, sign: str) -> None:
    signs = signs_of(font)
    assert signs is not None
    assert signs[place] == sign


@pytest.mark.parametrize("font", ["", "Times New Roman", "ABCDEF+Helvetica-Bold", "Wingdings 3"])
def test_other_fonts_have_none(font: str) -> None:
    assert signs_of(font) is None
