"""Ligatures of fonts without names, boxes and ticks of Wingdings."""

from __future__ import annotations

import pytest

from core.clean import clean
from rag.load.pdf.signs import with_signs


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("the \x0cgures of \x0cve boats", "the figures of five boats"),
        ("turned o\x0b, \rat and e\x0ecient, ba\x0fed", "turned off, flat and efficient, baffled"),
        ("in the new code \x1dat \x1cgures di\x1ber", "in the new code flat figures differ"),
    ],
)
def test_ligatures_of_a_font_without_a_name_are_letters(raw: str, read: str) -> None:
    signs = with_signs(raw, lambda place: "")
    assert len(signs) == len(raw)
    assert clean(signs).text == read


def test_line_ends_bullets_and_named_fonts_stay() -> None:
    assert with_signs("one\r\ntwo", lambda place: "") == "one\r\ntwo"
    assert with_signs("\x0f one", lambda place: "") == "\x0f one"
    assert with_signs("one\rtwo", lambda place: "Helvetica") == "one\rtwo"


def test_boxes_of_wingdings_are_boxes() -> None:
    text = "Paid þ Open o  Sent\uf0fe on time"
    symbols = [text.index("þ"), text.index(" o ") + 1, text.index("\uf0fe")]
    signs = with_signs(text, lambda place: "Wingdings-Regular" if place in symbols else "Arial")
    assert signs == "Paid ☒ Open ☐  Sent☒ on time"


def test_letters_of_other_fonts_are_letters() -> None:
    text = "pan o vino, l ý R"
    assert with_signs(text, lambda place: "Arial") == text
