from __future__ import annotations

import pytest

from rag.load.raised import lowered, raised


@pytest.mark.parametrize(
    ("before", "mark", "text"),
    [
        ("Sales were 1,204", "3", " ³"),
        ("a rate of 4.5", "12", " ¹²"),
        ("10", "6", "⁶"),
        ("10", "-3", "⁻³"),
        ("2", "8", "⁸"),
        ("40 m", "2", "²"),
        ("x", "2", "²"),
        ("the rent", "1", " ¹"),
        ("end.", "2", " ²"),
        ("the 1", "st", "st"),
        ("M", "me", "me"),
        ("claim.", "[3]", " [3]"),
        ("a ", "3", "3"),
        ("", "3", "3"),
        ("There are 1,250", "b", " ᵇ"),
        ("an area of 88", "b ", " ᵇ "),
        ("Wheat", "a", " ᵃ"),
        ("Wheat", "a, c", " a, c"),
        ("a height of 96", "†", " †"),
        ("7.4", "*", " *"),
        ("12,940", "1)", " 1)"),
        ("88 m²", "d", " ᵈ"),
        ("E = mc", "2", "²"),
        ("the reach of it", "2", " ²"),
        ("in the EU", "2", " ²"),
        ("the 19", "e", "e"),
        ("the XIX", "e", "e"),
        ("at 25", "o", "o"),
        ("D", "r", "r"),
        ("N", "o", "o"),
        ("Acme", "TM", "TM"),
        ("Acme", "®", "®"),
    ],
)
def test_raised(before: str, mark: str, text: str) -> None:
    assert raised(before, mark) == text


def test_a_known_note_is_never_an_exponent() -> None:
    assert raised("12", "1", is_note=True) == " ¹"
    assert raised("word", "a", is_note=True) == " ᵃ"
    assert raised("word ", "4", is_note=True) == "⁴"


def test_lowered() -> None:
    assert lowered("H", "2") == "2"
    assert lowered("1,204", "3") == "_3"
